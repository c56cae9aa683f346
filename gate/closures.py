"""Closures of actions: all definitions that an action's rule can reach, with digests that show which of them changed.

Code that is not understood counts as reached, so that a relevant change is never called SAME. This includes a dispatch
that cannot be split by action, and any code that may change a definition at import.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from gate.reading import ALL, REST, Definition, Name, NotReadError, Sources, defined, digest, reads

MACHINE: Final = "spec.machine"
"""The module that runs every rule."""

FILES: Final[Name] = ("files", "all")
"""All files of a version, as one definition: reached by any code that may read a file."""

ORDER: Final[Name] = ("order", "of all statements")
"""The order of all modules' statements, as one definition: reached by every action if the order may matter."""


@attrs.frozen
class Change:
    """A definition that differs between base and head: its name, its file, and its lines in the head.

    The lines are the base's if the head lacks the definition. `digests` are those of base and head; that of a version
    without the definition is empty.
    """

    name: Name
    file: str
    line: int
    last_line: int
    digests: tuple[str, str]

    @property
    def shown(self) -> str:
        """The name of the definition for display: `module:name`, or `module:module` for statements outside
        definitions.
        """
        return f"{self.name[0]}:{self.name[1] or 'module'}"


class Closures:
    """The closures of all actions of a protocol, in the version in `folder`. `protocol_at` is the place of the
    protocol, `module:attribute`. Raises NotReadError if the protocol's module is missing.
    """

    def __init__(self, folder: Path, protocol_at: str) -> None:
        self.sources: Final = Sources(folder)
        self._place: Final = protocol_at.partition(":")
        if self.sources.module(self._place[0]) is None:
            raise NotReadError(f"{self._place[0]}: there is no such module")

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """The names of all modules in the version's folder that the protocol or `spec.machine` can import, sorted."""
        pending, seen = [self._place[0], MACHINE], set[str]()
        while pending:
            name = pending.pop()
            if name not in seen and self.sources.module(name) is not None:
                seen.add(name)
                pending.extend(self.sources.imported(name))
        return tuple(sorted(seen))

    @cached_property
    def _always(self) -> list[Name]:
        """The definitions that every action reaches: the whole module `spec.machine`; and of each module the statements
        outside definitions, the names like `__name__`, and definitions that may change another one at import.
        """
        found: list[Name] = [(MACHINE, ALL)]
        for name in self.modules:
            module = self.sources.module(name)
            if module is not None:
                found += [(name, REST), *sorted(module.always)]
                found += [(name, each) for each in module.definitions if each.startswith("__") and each.endswith("__")]
                found += [
                    (name, each) for each, of in module.definitions.items() if each and self._acts(name, each, of)
                ]
        return found

    def _acts(self, module: str, name: str, definition: Definition) -> bool:
        """True if a definition may change another one when its module is imported: by its own code, or by the functions
        that it then calls or passes on. `definition` has the name `name` in `module`.
        """
        return definition.sets_at_import or not self._setters.isdisjoint(self._handed(module, name, definition))

    def _handed(self, module: str, name: str, definition: Definition) -> set[Name | None]:
        """The definitions that `definition` reads or calls when its module is imported. Those that it only reads count
        because any code that receives them may call them.

        Arguments of the protocol's own constructor are excluded: nothing calls the rules before the protocol exists.
        `definition` has the name `name` in `module`.
        """
        is_protocol = (module, name) == self.sources.resolved(self._place[0], self._place[2])
        texts = definition.calls if is_protocol and self._transition() is not None else definition.at_import
        return {self.sources.resolved(module, text) for text in (*texts, *definition.calls)}

    def _called(self, module: str, definition: Definition) -> set[Name | None]:
        """The definitions that `definition` calls when its module is imported; None stands for all names outside the
        version's folder.
        """
        return {self.sources.resolved(module, text) for text in definition.calls}

    @cached_property
    def _setters(self) -> set[Name | None]:
        """The definitions that may change others, directly or through what they read; those of `spec.machine` are
        excluded.
        """
        return self._with_readers(lambda module, definition: definition.is_setter and module != MACHINE)

    @cached_property
    def _openers(self) -> set[Name | None]:
        """The definitions that may read a file, directly or through what they read."""
        return self._with_readers(lambda _, definition: definition.is_opener)

    @cached_property
    def _opens_at_import(self) -> bool:
        """True if importing the modules of the protocol may read a file."""
        definitions = [(name[0], self.sources.definition(name)) for name in self._defined()]
        return any(
            definition.opens_at_import or not self._openers.isdisjoint(self._called(module, definition))
            for module, definition in definitions
            if definition is not None
        )

    def _with_readers(self, is_one: Callable[[str, Definition], bool]) -> set[Name | None]:
        """The definitions that satisfy the predicate, and all that read them, directly or through others."""
        readers: dict[Name, list[Name]] = {}
        found: set[Name | None] = set()
        pending: list[Name] = []
        for module, text in self._defined():
            definition = self.sources.definition((module, text))
            if definition is None or not text:
                continue
            for each in definition.reads:
                name = self.sources.resolved(module, each)
                if name is not None:
                    readers.setdefault(name, []).append((module, text))
            pending += [(module, text)] if is_one(module, definition) else []
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += readers.get(name, [])
        return found

    def of(self, action: str) -> dict[Name, str]:
        """The map from every definition that an action's rule can reach, as (module, name), to its digest. `action` is
        the name of the action's class. The dispatch's statements for the action stand under `FUNCTION of ACTION`.
        """
        seen: set[Name] = set()
        # The action's own class is always included: a dispatch need not name it.
        pending: list[Name] = [*self._always, *[(name, action) for name in self.modules]]
        found: dict[Name, str] = {}
        place, taken = self._dispatch(action)
        while True:
            found[(place[0], f"{place[1]} of {action}" if place[1] else REST)] = digest(taken)
            text = _hands_on(taken[-1]) if taken else None
            other = None if text is None else self.sources.resolved(place[0], text)
            further = None if other is None or other in seen else self._handed_on(other, action)
            pending += self._read(place[0], reads(taken if further is None else taken[:-1]))
            pending += [place] if self._is_door(place) else []
            if further is None:
                found |= self.reach(pending)
                return found | self._read_files(found) | self._order
            place, taken = further
            seen.add(place)

    def _is_door(self, place: Name) -> bool:
        definition = self.sources.definition(place)
        return definition is not None and definition.is_door

    def reach(self, names: Iterable[Name]) -> dict[Name, str]:
        """The map from every definition that the named ones can reach, including themselves, to its digest. A name that
        ends in `*` stands for all definitions of a module or members of an enumeration.
        """
        found: dict[Name, str] = {}
        pending = list(names)
        while pending:
            name = pending.pop()
            head, dot, member = name[1].partition(".")
            if ALL in (name[1], member):
                module = self.sources.module(name[0])
                there = () if module is None else module.definitions
                pending += [(name[0], each) for each in there if not dot or each.partition(".")[0] == head]
                continue
            definition = self.sources.definition(name)
            if name in found or definition is None:
                continue
            found[name] = definition.digest
            pending += self._read(name[0], definition.reads)
            pending += [(each, ALL) for each in self.modules if definition.is_door]
            pending += [(name[0], head)] if dot else []
        return found

    def _read(self, module: str, texts: Iterable[str]) -> Iterator[Name]:
        """The definitions that names in a module's code refer to, with the imports that bind them. `texts` are the
        names as the code has them, such as `f` or `module.f`.
        """
        for text in texts:
            yield module, f"import {text.partition('.')[0]}"
            name = self.sources.resolved(module, text)
            if name is not None:
                yield name

    def everything(self) -> dict[Name, str]:
        """The map from every definition of every module that the protocol imports to its digest, with the entries FILES
        and ORDER if these matter.
        """
        found = self._defined()
        return found | self._read_files(found) | self._order

    def _defined(self) -> dict[Name, str]:
        return {
            (name, text): definition.digest
            for name in self.modules
            if (module := self.sources.module(name)) is not None
            for text, definition in module.definitions.items()
        }

    def is_same_as(self, other: "Closures") -> bool:
        """True if two versions with equal Python source behave alike: no module of this version may read a file, or all
        files are equal. Raises NotReadError if the other version has a module that Python could import instead of the
        source.
        """
        may_open = False
        for name in self.modules:
            module = self.sources.module(name)
            may_open = may_open or (module is not None and module.may_open)
            other.sources.refuse_beside(name)
        return not may_open or self.sources.files == other.sources.files

    def _read_files(self, names: Iterable[Name]) -> dict[Name, str]:
        """The entry FILES with the digest of all files, if any of the named definitions, or an import, may read a file;
        else empty.
        """
        is_read = self._opens_at_import or not self._openers.isdisjoint(names)
        return {FILES: self.sources.files} if is_read else {}

    @cached_property
    def _order(self) -> dict[Name, str]:
        """The entry ORDER with the digest of the order of all statements, if the order may matter; else empty."""
        modules = {name: module for name in self.modules if (module := self.sources.module(name)) is not None}
        acts = any(
            self._acts(name[0], name[1], of) for name in self._defined() if (of := self.sources.definition(name))
        )
        if not acts and all(module.is_in_order for module in modules.values()):
            return {}
        said = repr([(name, module.order) for name, module in modules.items()])
        return {ORDER: hashlib.sha256(said.encode()).hexdigest()[:16]}

    def _dispatch(self, action: str) -> tuple[Name, list[ast.stmt]]:
        """The protocol's dispatch function, as (module, name), with its statements that concern one action. If none is
        found: the name of the protocol, with the statements that define the protocol.
        """
        name = self._transition()
        if name is not None and (function := self._function(name)) is not None:
            return name, list(self._branch(name[0], function, action))
        module = self.sources.module(self._place[0])
        return (self._place[0], self._place[2]), [
            node for node in ([] if module is None else module.tree.body) if defined(node) == [self._place[2]]
        ]

    def _handed_on(self, name: Name, action: str) -> tuple[Name, list[ast.stmt]] | None:
        """The function `name`, to which a dispatch function passes the call, with its statements that concern one
        action. None if it does not dispatch by action itself.
        """
        function = self._function(name)
        if function is None:
            return None
        taken = list(self._branch(name[0], function, action))
        return None if len(taken) == len(function.body) else (name, taken)

    def _function(self, name: Name) -> ast.FunctionDef | None:
        """The function of this name, if it takes exactly a draft and an action, and is neither
        decorated nor redefined; else None.
        """
        nodes = self.sources.statements(name)
        node = nodes[0] if len(nodes) == 1 else None
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or len(node.args.args) != 2:
            return None
        taken = node.args
        others = (taken.posonlyargs, taken.kwonlyargs, taken.defaults, taken.vararg, taken.kwarg)
        return None if any(others) else node

    def _branch(self, module: str, function: ast.FunctionDef, action: str) -> Iterator[ast.stmt]:
        """The statements of a dispatch function that one action can execute: its own
        branch, and what all actions share.
        """
        parameter = function.args.args[1].arg
        if any(isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) for each in ast.walk(function)):
            yield from function.body  # a rebound name may make it dispatch on another action than it was given
            return
        for node in function.body:
            tested = _tested(node, parameter)
            classes = None if tested is None else [self._leaf(module, name) for name in tested]
            if classes is None or None in classes:
                yield node
            elif action in classes:
                yield node
                return

    def _leaf(self, module: str, text: str) -> str | None:
        """The defining name of the class that `text` refers to; None if it has subclasses or is not a plain class."""
        name = self.sources.resolved(module, text)
        nodes = [] if name is None else self.sources.statements(name)
        is_one = len(nodes) == 1 and isinstance(nodes[0], ast.ClassDef) and name not in self._bases
        is_one = is_one and isinstance(nodes[0], ast.ClassDef) and not nodes[0].keywords
        return name[1] if name is not None and is_one else None

    @cached_property
    def _bases(self) -> set[Name | None]:
        """The classes that have subclasses, as (module, name), and None for those outside of the folder."""
        return {
            self.sources.resolved(name, text)
            for name in self.modules
            if (module := self.sources.module(name)) is not None
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
            for text in reads(node.bases)
        }

    def _transition(self) -> Name | None:
        """The protocol's transition function; None if the protocol is not built by a plain constructor call."""
        place = self.sources.resolved(self._place[0], self._place[2])
        nodes = [] if place is None else self.sources.statements(place)
        if place is None or len(nodes) != 1 or not isinstance(nodes[0], ast.Assign | ast.AnnAssign):
            return None
        value = nodes[0].value
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return None
        made = self.sources.resolved(place[0], value.func.id)
        if made is not None and not all(isinstance(each, ast.ClassDef) for each in self.sources.statements(made)):
            return None
        transition = {word.arg: word.value for word in value.keywords}.get("transition")
        return self.sources.resolved(place[0], transition.id) if isinstance(transition, ast.Name) else None


def changes(base: Closures, head: Closures, mine: Mapping[Name, str], others: Mapping[Name, str]) -> list[Change]:
    """The definitions in which `mine`, of the base, and `others`, of the head, differ. Both map definitions to digests:
    a closure's, or all of a version's.

    Definitions that both versions define alike, but only one reaches, are omitted if any other differs.
    """
    found = _differing(base, head, mine, others)
    changed = [change for change in found if not _is_in_both(base, head, change)]
    return changed or found


def _is_in_both(base: Closures, head: Closures, change: Change) -> bool:
    """True if both versions have the changed definition with equal digests, even if only one of them reaches it."""
    one, other = (closures.sources.definition(change.name) for closures in (base, head))
    return one is not None and other is not None and one.digest == other.digest


def _differing(base: Closures, head: Closures, mine: Mapping[Name, str], others: Mapping[Name, str]) -> list[Change]:
    found = []
    for name in sorted({*mine, *others}):
        digests = (mine.get(name, ""), others.get(name, ""))
        if digests[0] != digests[1]:
            closures = head if digests[1] else base
            written = (name[0], name[1].partition(" of ")[0])
            module, definition = closures.sources.module(name[0]), closures.sources.definition(written)
            lines = (1, 1) if definition is None else (definition.line, definition.last_line)
            found.append(Change(name, "" if module is None else module.file, *lines, digests))
    return found


def _tested(node: ast.stmt, parameter: str) -> set[str] | None:
    """The classes that an `if isinstance(parameter, ...)` branch tests for, if it always returns; else None."""
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.test, ast.Call):
        return None
    test = node.test
    if not isinstance(test.func, ast.Name) or test.func.id != "isinstance" or len(test.args) != 2:
        return None
    if not isinstance(test.args[0], ast.Name) or test.args[0].id != parameter:
        return None
    if not node.body or not isinstance(node.body[-1], ast.Return):
        return None
    return {each.id for each in ast.walk(test.args[1]) if isinstance(each, ast.Name)}


def _hands_on(node: ast.stmt) -> str | None:
    """The function to which a statement `return f(draft, action)` passes the call; None for any other statement."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call) or node.value.keywords:
        return None
    call = node.value
    if not isinstance(call.func, ast.Name) or not all(isinstance(each, ast.Name) for each in call.args):
        return None
    return (
        call.func.id if [each.id for each in call.args if isinstance(each, ast.Name)] == ["draft", "action"] else None
    )


__all__ = ["Change", "Closures", "Name", "NotReadError", "changes"]
