"""Closures of actions: all definitions that an action's rule can reach, with digests that show which of them changed.

A closure must never miss a relevant change, so that no such change is called SAME. Therefore code that is not
understood counts as reached. This includes a dispatch that cannot be split by action, and any code that may change a
definition at import.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from gate.loading import ENGINE, followed
from gate.reading import ALL, REST, Definition, Name, NotReadError, defined, digest, reads
from gate.sources import Module, Sources
from gate.words import is_fileless, is_harmless

MACHINE: Final = "spec.machine"
"""The module that runs every rule."""

FILES: Final[Name] = ("files", "all")
"""All files of a version, as one definition: reached by any code that may read a file."""

TEXTS: Final[Name] = ("modules", "that no import names")
"""All other Python files, as one definition: reached by any code that may find a definition by a string."""

ORDER: Final[Name] = ("order", "of all statements")
"""The order of all modules' statements, as one definition: reached by every action if the order may matter."""


class Closures:
    """The closures of all actions of a protocol, in the version in `folder`: the definitions that each action's rule
    can reach.

    `protocol_at` is the place of the protocol, `module:attribute`. `rules` are the modules that the pack names as those
    of the rules, and `loaded` the modules of the pack itself: they may fill a registry of the rules. `sources`
    are the modules that are read already, if any. Raises NotReadError if the protocol's module is missing.
    """

    def __init__(
        self,
        folder: Path,
        protocol_at: str,
        rules: tuple[str, ...] = (),
        loaded: tuple[str, ...] = (),
        sources: Sources | None = None,
    ) -> None:
        self.sources: Final = sources or Sources(folder)
        self._place: Final = protocol_at.partition(":")
        self._rules: Final = rules
        self._loaded: Final = loaded
        self._edges: Final[dict[Name, tuple[Name, ...]]] = {}
        self._leaves: Final[dict[Name, str | None]] = {}
        if self.sources.module(self._place[0]) is None:
            raise NotReadError(f"{self._place[0]}: there is no such module")

    def has_module(self, name: str) -> bool:
        """True if the version has a module of this name: `FILES` and `ORDER` are in none."""
        return self.sources.module(name) is not None

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """The names of all modules in the version's folder that count, sorted.

        They are those that the protocol or `spec.machine` can import, those of the rules, and `of_pack`.
        """
        return tuple(sorted(self._of_protocol | followed(self.sources, self._rules) | self.of_pack))

    @cached_property
    def _of_protocol(self) -> frozenset[str]:
        """The names of the modules that the protocol or `spec.machine` can import."""
        return followed(self.sources, (self._place[0], MACHINE))

    @cached_property
    def of_pack(self) -> frozenset[str]:
        """The names of the modules that only the pack loads or names, and that may change the rules.

        Of modules that only the pack imports, those count that may change a definition at import, with all that they
        import.
        """
        named = followed(self.sources, self._rules)
        further = followed(self.sources, self._loaded, ENGINE) - named - self._of_protocol
        acting = _Wider(self.sources, self._place, self._of_protocol | named | further).acting(further)
        return (named | followed(self.sources, acting, ENGINE)) - self._of_protocol

    @cached_property
    def _storing(self) -> frozenset[str]:
        """The names of `spec.machine` and of all modules that it imports: the modules that store the rows that calls
        write.
        """
        return followed(self.sources, (MACHINE,))

    @cached_property
    def _always(self) -> list[Name]:
        """The definitions that every action reaches: the whole module `spec.machine`, and some definitions of each
        other module.

        These are the statements outside definitions, names like `__name__`, and definitions that may change another one
        at import. Also classes with methods such as `__eq__`, which Python calls without naming them.
        """
        found: list[Name] = [(MACHINE, ALL)]
        for method, classes in self._methods.items():
            found += classes if _is_hidden(method) else []
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
        """True if a definition may change another one when its module is imported.

        It may by its own code, or by functions that it then calls or passes on. `definition` has the name `name` in
        `module`.
        """
        acts = definition.sets_at_import or self._is_harmful(module, definition.at_import)
        return acts or not self._setters.isdisjoint(self._handed(module, name, definition))

    def _is_harmful(self, module: str, texts: Iterable[str]) -> bool:
        """True if one of these names leads to a member of a library that may change what it is given."""
        outside = [each for text in texts for each in self.sources.leads(module, text).outside]
        return not all(is_harmless(each) for each in outside)

    def _handed(self, module: str, name: str, definition: Definition) -> set[Name]:
        """The definitions that `definition` reads or calls when its module is imported.

        Definitions that are only read count, because any code that receives them may call them. Arguments of the
        protocol's own constructor are excluded: nothing calls the rules before the protocol exists. `definition` has
        the name `name` in `module`.
        """
        is_protocol = (module, name) == self.sources.resolved(self._place[0], self._place[2])
        texts = definition.calls if is_protocol and self._transition() is not None else definition.at_import
        return self._led(module, (*texts, *definition.calls))

    def _led(self, module: str, texts: Iterable[str]) -> set[Name]:
        """All definitions to which these names may lead. `texts` are names as they stand in the module's code."""
        return {name for text in texts for name in self.sources.leads(module, text).names}

    @cached_property
    def _setters(self) -> set[Name]:
        """The definitions that may change others, directly or through the definitions that they read.

        Definitions of `spec.machine`, and of modules that it imports, are excluded.
        """

        def is_one(module: str, definition: Definition) -> bool:
            acts = definition.is_setter or self._is_harmful(module, definition.reads)
            return acts and module not in self._storing

        return self._with_readers(is_one)

    @cached_property
    def _openers(self) -> set[Name]:
        """The definitions that may read a file, directly or through the definitions that they read."""
        return self._with_readers(
            lambda module, definition: definition.is_opener or self._may_look(module, definition.reads)
        )

    def _may_look(self, module: str, texts: Iterable[str]) -> bool:
        """True if one of these names leads to a member of a library that may read a file."""
        return any(not is_fileless(each) for text in texts for each in self.sources.leads(module, text).outside)

    @cached_property
    def _opens_at_import(self) -> bool:
        """True if importing the modules of the protocol may read a file."""
        definitions = [(name[0], self.sources.definition(name)) for name in self._digests]
        return any(
            definition.opens_at_import
            or self._may_look(module, definition.at_import)
            or not self._openers.isdisjoint(self._led(module, definition.calls))
            for module, definition in definitions
            if definition is not None
        )

    def _with_readers(self, is_one: Callable[[str, Definition], bool]) -> set[Name]:
        """The definitions that satisfy the predicate `is_one`, and all definitions that read them, directly or through
        others.

        With a found definition, the result has its module or its enumeration as a name that ends in `*`.
        """
        readers: dict[Name, list[Name]] = {}
        found: set[Name] = set()
        pending: list[Name] = []
        for module, text in self._digests:
            definition = self.sources.definition((module, text))
            if definition is None or not text:
                continue
            for name in self._reached_by(module, definition):
                readers.setdefault(name, []).append((module, text))
            pending += [(module, text)] if is_one(module, definition) else []
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                head, dot, _ = name[1].partition(".")
                pending += readers.get(name, [])
                pending += [] if ALL in name[1] else [(name[0], f"{head}.{ALL}" if dot else ALL)]
        return found

    @cached_property
    def _changers(self) -> dict[Name, set[Name]]:
        """The map from each definition of a value to the definitions that may change the value when they run.

        These name it where they change something in place, or may change anything, and read a value that can be
        changed. What a statement outside definitions binds is the module's REST.
        """
        found: dict[Name, set[Name]] = {}
        for module, text in self._digests:
            definition = self.sources.definition((module, text))
            if definition is None or not text or module in self._storing:
                continue
            changed = self._valued(module, definition.changes)
            if (module, text) in self._setters:
                changed |= {name for name in self._valued(module, definition.reads) if self._is_changeable(name)}
            for name in changed - {(module, text)}:
                found.setdefault(name, set()).add((module, text))
        return found

    def _valued(self, module: str, texts: Iterable[str]) -> set[Name]:
        """The definitions to which names in a module's code may lead, and the REST of each module that may bind one."""
        found: set[Name] = set()
        for name in self._led(module, texts):
            there = self.sources.module(name[0])
            if name[1] != ALL:
                found.add(name)
            elif there is not None and there.bound_by_rest:
                found.add((name[0], REST))
        own = self.sources.module(module)
        is_own = own is not None and not own.bound_by_rest.isdisjoint(texts)
        return found | ({(module, REST)} if is_own else set())

    def _is_changeable(self, name: Name) -> bool:
        """True if a definition has a collection, or an object that may change, for other code to change."""
        definition = self.sources.definition(name)
        if definition is None or name[0] in self._storing:
            return False
        if not name[1] or definition.is_changeable:
            return True
        is_value = not any(isinstance(each, ast.FunctionDef | ast.ClassDef) for each in self.sources.statements(name))
        made = self._led(name[0], definition.calls) if is_value else set()
        return not made.isdisjoint(self._setters) or (is_value and self._is_harmful(name[0], definition.calls))

    @cached_property
    def _methods(self) -> dict[str, list[Name]]:
        """The map from each name of a method, or of a class attribute with a value, to the classes that have it.

        Classes of `spec.machine`, and of modules that it imports, do not count.
        """
        found: dict[str, list[Name]] = {}
        for name in self._digests:
            definition = self.sources.definition(name)
            for method in () if definition is None or name[0] in self._storing else definition.methods:
                found.setdefault(method, []).append(name)
        return found

    def _reached_by(self, module: str, definition: Definition) -> Iterator[Name]:
        """The definitions to which a definition's names may lead, and every class with an attribute that it reads.

        The source does not say of which class an object is, so each class with that attribute counts.
        """
        for text in definition.reads:
            yield from self.sources.leads(module, text).names
        if module in self._storing:
            return
        for member in self._methods if ALL in definition.members else definition.members & self._methods.keys():
            yield from self._methods[member]

    def of(self, action: str) -> dict[Name, str]:
        """The map from every definition that an action's rule can reach, as (module, name), to its digest.

        `action` is the name of the action's class. The statements of a dispatch function for the action have the key
        `FUNCTION of ACTION`.
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
            pending += self._read(place[0], reads(taken if further is None else taken[:-1], self._asks(place[0])))
            pending += self._asked_of_objects(place)
            if further is None:
                found |= self.reach(pending)
                return found | self._read_files(found) | self._order
            place, taken = further
            seen.add(place)

    def _asks(self, module: str) -> bool:
        """True if `isinstance` means in a module what it means in Python: the module does not give the name another
        meaning.
        """
        found = self.sources.module(module)
        return found is not None and found.asks

    def _asked_of_objects(self, place: Name) -> Iterator[Name]:
        """Every class with an attribute that a dispatch function reads of an object; and the function itself if it is
        not understood.
        """
        definition = self.sources.definition(place)
        if definition is not None:
            names = set(self._reached_by(place[0], attrs.evolve(definition, reads=frozenset())))
            yield from names
            yield from [place] if definition.is_door or definition.is_vague else []

    def reach(self, names: Iterable[Name]) -> dict[Name, str]:
        """The map from every definition that the named definitions can reach, including themselves, to its digest.

        A name that ends in `*` stands for all definitions of a module, or for all members of an enumeration.
        """
        found: dict[Name, str] = {}
        whole: set[Name] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            head, dot, member = name[1].partition(".")
            if ALL in (name[1], member):
                if name not in whole:
                    whole.add(name)
                    pending += self._whole(name[0], head if dot else "")
                continue
            definition = self.sources.definition(name)
            if name in found or definition is None:
                continue
            found[name] = definition.digest
            pending += self._next(name, definition)
            if definition.is_door:
                found[TEXTS] = self.sources.texts(self.modules)
        return found

    def _next(self, name: Name, definition: Definition) -> tuple[Name, ...]:
        """The definitions that a definition reaches directly."""
        if name not in self._edges:
            found = {*self._read(name[0], definition.reads), *self._reached_by(name[0], definition)}
            found.update(self._below.get(name, ()))
            found.update(self._changers.get(name, ()))
            if definition.is_door or (definition.is_vague and name[0] not in self._storing):
                found.update((each, ALL) for each in self.modules)
            head, dot, _ = name[1].partition(".")
            found.update([(name[0], head)] if dot else [])
            self._edges[name] = tuple(found)
        return self._edges[name]

    def _whole(self, name: str, enumeration: str) -> Iterator[Name]:
        """All members of an enumeration of a module. Without an enumeration (empty), all that the module defines and
        imports.
        """
        module = self.sources.module(name)
        for each in () if module is None else module.definitions:
            if not enumeration or each.partition(".")[0] == enumeration:
                yield name, each
        if module is not None and not enumeration:
            yield from self._read(name, module.imports)

    def _read(self, module: str, texts: Iterable[str]) -> Iterator[Name]:
        """The definitions to which names in a module's code may refer, and the imports that bind these names.

        `texts` are the names as they stand in the code, such as `f` or `module.f`.
        """
        for text in texts:
            led = self.sources.leads(module, text)
            yield from led.hops
            yield from led.names

    def everything(self) -> dict[Name, str]:
        """The map from every definition of every module that the protocol imports to its digest.

        It has the entries FILES, TEXTS and ORDER as far as they matter. Code may depend on all files, on other Python
        files, or on the order of statements.
        """
        found = self._digests
        has_door = any(of.is_door for name in found if (of := self.sources.definition(name)))
        texts = {TEXTS: self.sources.texts(self.modules)} if has_door else {}
        return found | texts | self._read_files(found) | self._order

    @cached_property
    def _digests(self) -> dict[Name, str]:
        return {
            (name, text): definition.digest
            for name in self.modules
            if (module := self.sources.module(name)) is not None
            for text, definition in module.definitions.items()
        }

    def is_same_as(self, other: "Closures") -> bool:
        """True if two versions with equal Python source behave alike.

        They do if no module of this version may read a file, or if all files are equal. Raises NotReadError if the
        other version has a module that Python could import instead of the source.
        """
        may_open = False
        for name in self.modules:
            module = self.sources.module(name)
            may_open = may_open or (module is not None and (module.may_open or self._looks(name, module)))
            other.sources.refuse_beside(name)
        return not may_open or self.sources.files == other.sources.files

    def _looks(self, name: str, module: Module) -> bool:
        """True if any definition of a module names a member of a library that may read a file."""
        return any(self._may_look(name, definition.reads) for definition in module.definitions.values())

    def _read_files(self, names: Iterable[Name]) -> dict[Name, str]:
        """The entry FILES with the digest of all files, if a named definition, or an import, may read a file; else
        empty.
        """
        is_read = self._opens_at_import or not self._openers.isdisjoint(names)
        return {FILES: self.sources.files} if is_read else {}

    @cached_property
    def _order(self) -> dict[Name, str]:
        """The entry ORDER with the digest of the order of all statements, if the order may matter; else empty."""
        modules = {name: module for name in self.modules if (module := self.sources.module(name)) is not None}
        acts = any(self._acts(name[0], name[1], of) for name in self._digests if (of := self.sources.definition(name)))
        is_in_order = all(module.is_in_order and self.sources.is_clear(name) for name, module in modules.items())
        if not acts and is_in_order:
            return {}
        said = repr([(name, module.order) for name, module in modules.items()])
        return {ORDER: hashlib.sha256(said.encode()).hexdigest()[:16]}

    def _dispatch(self, action: str) -> tuple[Name, list[ast.stmt]]:
        """The protocol's dispatch function, as (module, name), with its statements that concern one action.

        If there is none that can be split by action: the name of the protocol, with the statements that define the
        protocol.
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
        action.

        None if the function does not dispatch by action itself.
        """
        function = self._function(name)
        if function is None:
            return None
        taken = list(self._branch(name[0], function, action))
        return None if len(taken) == len(function.body) else (name, taken)

    def _function(self, name: Name) -> ast.FunctionDef | None:
        """The function with the name `name`; None unless it takes exactly a draft and an action.

        None as well for a function that is decorated, or defined more than once.
        """
        nodes = self.sources.statements(name)
        node = nodes[0] if len(nodes) == 1 else None
        if not isinstance(node, ast.FunctionDef) or node.decorator_list or len(node.args.args) != 2:
            return None
        taken = node.args
        others = (taken.posonlyargs, taken.kwonlyargs, taken.defaults, taken.vararg, taken.kwarg)
        return None if any(others) else node

    def _branch(self, module: str, function: ast.FunctionDef, action: str) -> Iterator[ast.stmt]:
        """The statements of a dispatch function that one action can execute: its own branch, and the statements that
        all actions share.
        """
        parameter = function.args.args[1].arg
        is_rebound = any(isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) for each in ast.walk(function))
        if is_rebound or self._makes_classes or not self._asks(module):
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
        """The name under which the class `text` is defined. None if it has subclasses, is not a plain class, or shares
        its name with another.
        """
        if (module, text) not in self._leaves:
            self._leaves[module, text] = self._leaf_of(self.sources.resolved(module, text))
        return self._leaves[module, text]

    def _leaf_of(self, name: Name | None) -> str | None:
        if name is None or name in self._below or not self._is_plain(name):
            return None
        others = [each for each in self.modules if each != name[0] and self.sources.definition((each, name[1]))]
        return None if others else name[1]

    def _is_plain(self, name: Name) -> bool:
        """True if the class alone decides which objects are its instances.

        Then neither the class nor a base has a metaclass, and no code of the version decorates it.
        """
        nodes = self.sources.statements(name)
        node = nodes[0] if len(nodes) == 1 else None
        if not isinstance(node, ast.ClassDef) or node.keywords or self._led(name[0], reads(node.decorator_list)):
            return False
        for base in node.bases:
            above = self.sources.resolved(name[0], base.id) if isinstance(base, ast.Name) else None
            if above is None or not self._is_plain(above):
                return False
        return True

    @cached_property
    def _makes_classes(self) -> bool:
        """True if any definition may make a class without a class statement, or change the class of an object."""
        return any(of.makes_classes for name in self._digests if (of := self.sources.definition(name)))

    @cached_property
    def _below(self) -> dict[Name, list[Name]]:
        """The map from each class that has subclasses to the definitions whose code derives these subclasses."""
        found: dict[Name, list[Name]] = {}
        for name in self.modules:
            module = self.sources.module(name)
            for statement in [] if module is None else module.tree.body:
                for node in ast.walk(statement):
                    if isinstance(node, ast.ClassDef):
                        for base in self._led(name, reads(node.bases)):
                            found.setdefault(base, []).extend((name, each) for each in defined(statement) or [REST])
        return found

    def _transition(self) -> Name | None:
        """The protocol's transition function. None if the protocol is not built by a plain call of its constructor."""
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


class _Wider(Closures):
    """The closures of a version of which the modules are given, to ask which of them act when they are imported."""

    def __init__(self, sources: Sources, place: tuple[str, str, str], modules: frozenset[str]) -> None:
        super().__init__(sources.folder, "".join(place), sources=sources)
        self._given: Final = modules

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """The names of the given modules, sorted."""
        return tuple(sorted(self._given))

    def acting(self, names: Iterable[str]) -> list[str]:
        """The ones of these modules that may change a definition, of their own or of another module, at import."""
        found = {name: self.sources.module(name) for name in names}
        return [
            name
            for name, module in found.items()
            if module is not None and any(self._acts(name, each, of) for each, of in module.definitions.items())
        ]


def _is_hidden(method: str) -> bool:
    """True if Python calls a method of this name without code that names it, such as `__eq__`."""
    return method.startswith("__") and method.endswith("__")


def _tested(node: ast.stmt, parameter: str) -> set[str] | None:
    """The classes that an `if isinstance(parameter, ...)` statement tests for. None if the statement is no such test,
    or does not always return.
    """
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


__all__ = ["Closures", "Name", "NotReadError"]
