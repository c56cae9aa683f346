"""Closures of rules: by action, all definitions that its rule can reach, of which digests say if any of them changed.

Read from the text alone: nothing of a version runs. What is not understood counts as reached, so that nothing that may
matter is ever called the same: statements of a module outside of definitions, and the whole of a dispatch that is none.
Docstrings, comments and annotations count for nothing.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from proofs.digests import canonical

REST: Final = ""
"""The name of a module's statements outside of definitions."""

MACHINE: Final = "spec.machine"
"""The module that every rule runs on."""

Name = tuple[str, str]
"""A definition: its module, and its name there; of a member of an enumeration `Reason.NAME`."""


class NotReadError(Exception):
    """A version whose text cannot be read; the message names the file and the line."""


@attrs.frozen
class Definition:
    """A definition: the digest of its syntax tree, its first and last line, and the names that it reads."""

    digest: str
    line: int
    last_line: int
    reads: frozenset[str]


@attrs.frozen
class Change:
    """A definition that differs: its module and name, its file, and its lines in the head (the base's if it is gone).

    `digests` are those of the base and the head; empty where it is not there.
    """

    name: Name
    file: str
    line: int
    last_line: int
    digests: tuple[str, str]

    @property
    def shown(self) -> str:
        """The definition as people read it."""
        return f"{self.name[0]}:{self.name[1] or 'module'}"


class _Module:
    """One module of a version: what it defines, and what its names stand for."""

    def __init__(self, module: str, path: Path, file: str) -> None:
        try:
            self.tree: Final = ast.parse(path.read_bytes(), file)
        except SyntaxError as error:
            raise NotReadError(f"{file}:{error.lineno}: {error.msg}") from error
        except ValueError as error:
            raise NotReadError(f"{file}: {error}") from error
        self.file: Final = file
        self.imports: Final[dict[str, Name]] = {}
        self.enumerations: Final[set[str]] = set()
        found: dict[str, list[ast.stmt]] = {}
        rest: list[ast.stmt] = []
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imports[alias.asname or alias.name.partition(".")[0]] = (alias.name, REST)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.name == "*":
                        raise NotReadError(f"{file}:{node.lineno}: what `import *` brings is not understood")
                    self.imports[alias.asname or alias.name] = (_origin(module, path, node), alias.name)
            elif isinstance(node, ast.ClassDef) and _is_enumeration(node):
                self.enumerations.add(node.name)
                found.setdefault(node.name, []).append(_without_members(node))
                for member in node.body:
                    if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
                        found.setdefault(f"{node.name}.{member.targets[0].id}", []).append(member)
            elif names := _defined(node):
                for name in names:
                    found.setdefault(name, []).append(node)
            elif not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
                rest.append(node)
        self.definitions: Final = {name: _definition(nodes) for name, nodes in found.items()}
        self.definitions[REST] = _definition(rest)


class Sources:
    """The modules of a version that are in its folder, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._modules: Final[dict[str, _Module | None]] = {}

    def module(self, name: str) -> _Module | None:
        """A module; None if this folder has none of that name. NotReadError if it cannot be read."""
        if name not in self._modules:
            place = self._folder.joinpath(*name.split("."))
            files = [place / "__init__.py", place.with_suffix(".py")]
            path = next((each for each in files if each.is_file()), None)
            file = "" if path is None else path.relative_to(self._folder).as_posix()
            self._modules[name] = None if path is None else _Module(name, path, file)
        return self._modules[name]

    def definition(self, name: Name) -> Definition | None:
        """A definition, wherever it is imported from. None if it is not in this folder."""
        module = self.module(name[0])
        return None if module is None else module.definitions.get(name[1])

    def resolved(self, module: str, text: str) -> Name | None:
        """The definition that a name of a module stands for; None if it is not in this folder."""
        seen: set[Name] = set()
        while (found := self.module(module)) is not None and (module, text) not in seen:
            seen.add((module, text))
            head, dot, member = text.partition(".")
            if text in found.definitions or (head in found.definitions and not dot):
                return module, text
            if head in found.definitions:
                return (module, text) if head in found.enumerations else (module, head)
            if head not in found.imports:
                return None
            origin, imported = found.imports[head]
            if self.module(f"{origin}.{imported}") is not None and imported:
                origin, imported = f"{origin}.{imported}", REST
            if imported == REST:
                if not dot:
                    return None
                module, text = origin, member
            else:
                module, text = origin, f"{imported}{dot}{member}"
        return None

    def imported(self, name: str) -> Iterator[str]:
        """The modules that a module imports, of those in this folder, and the packages around them."""
        module = self.module(name)
        for origin, imported in [] if module is None else module.imports.values():
            for each in (origin, f"{origin}.{imported}"):
                parts = each.split(".")
                yield from [".".join(parts[: length + 1]) for length in range(len(parts))]


class Closures:
    """The closures of one protocol's actions in one version."""

    def __init__(self, folder: Path, protocol_at: str) -> None:
        self.sources: Final = Sources(folder)
        self._place: Final = protocol_at.partition(":")
        if self.sources.module(self._place[0]) is None:
            raise NotReadError(f"{self._place[0]}: there is no such module")

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Every module that the protocol can import, of those in the folder."""
        pending, seen = [self._place[0], MACHINE], set[str]()
        while pending:
            name = pending.pop()
            if name not in seen and self.sources.module(name) is not None:
                seen.add(name)
                pending.extend(self.sources.imported(name))
        return tuple(sorted(seen))

    def of(self, action: str) -> dict[Name, str]:
        """Every definition that an action's rule can reach, with its digest."""
        seen: set[Name] = set()
        pending: list[Name] = [(module, REST) for module in self.modules]
        machine = self.sources.module(MACHINE)
        pending += [] if machine is None else [(MACHINE, name) for name in machine.definitions]
        found: dict[Name, str] = {}
        place, taken = self._dispatch(action)
        while True:
            found[(place[0], f"{place[1]} of {action}" if place[1] else REST)] = _digest(taken)
            text = _hands_on(taken[-1]) if taken else None
            other = None if text is None else self.sources.resolved(place[0], text)
            further = None if other is None or other in seen else self._handed_on(other, action)
            reads = _reads(taken if further is None else taken[:-1])
            pending += [name for each in reads if (name := self.sources.resolved(place[0], each)) is not None]
            if further is None:
                return {**found, **self.reach(pending)}
            place, taken = further
            seen.add(place)

    def reach(self, names: Iterable[Name]) -> dict[Name, str]:
        """Every definition that some can reach, with its digest; themselves among them."""
        found: dict[Name, str] = {}
        pending = list(names)
        while pending:
            name = pending.pop()
            definition = self.sources.definition(name)
            if name in found or definition is None:
                continue
            found[name] = definition.digest
            for text in definition.reads:
                other = self.sources.resolved(name[0], text)
                if other is not None:
                    pending.append(other)
            head, dot, _ = name[1].partition(".")
            pending += [(name[0], head)] if dot else []
        return found

    def everything(self) -> dict[Name, str]:
        """Every definition of every module that the protocol imports."""
        return {
            (name, text): definition.digest
            for name in self.modules
            if (module := self.sources.module(name)) is not None
            for text, definition in module.definitions.items()
        }

    def _dispatch(self, action: str) -> tuple[Name, list[ast.stmt]]:
        """The place where calls are told apart, and of it what concerns one action; all of the protocol's definition if
        there is no such place.
        """
        name = self._transition()
        if name is not None and (function := self._function(name)) is not None:
            return name, list(self._branch(name[0], function, action))
        module = self.sources.module(self._place[0])
        return (self._place[0], self._place[2]), [
            node for node in ([] if module is None else module.tree.body) if _defined(node) == [self._place[2]]
        ]

    def _handed_on(self, name: Name, action: str) -> tuple[Name, list[ast.stmt]] | None:
        """The function that a dispatch hands a call on to, and of it what concerns one action; None if it is no
        dispatch of its own.
        """
        function = self._function(name)
        if function is None:
            return None
        taken = list(self._branch(name[0], function, action))
        return None if len(taken) == len(function.body) else (name, taken)

    def _function(self, name: Name) -> ast.FunctionDef | None:
        """The one function of a name that takes a draft and an action."""
        module = self.sources.module(name[0])
        nodes = [] if module is None else [each for each in module.tree.body if _defined(each) == [name[1]]]
        node = nodes[0] if len(nodes) == 1 else None
        return node if isinstance(node, ast.FunctionDef) and len(node.args.args) == 2 else None

    def _branch(self, module: str, function: ast.FunctionDef, action: str) -> Iterator[ast.stmt]:
        """The statements of a dispatch that an action can come to: its own branch, and no other's."""
        parameter = function.args.args[1].arg
        if any(isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) for each in ast.walk(function)):
            yield from function.body  # it may tell another action apart than it was given
            return
        for node in function.body:
            tested = _tested(node, parameter)
            if tested is None or not all(self._is_class(module, name) for name in tested):
                yield node
            elif action in tested:
                yield node
                return

    def _is_class(self, module: str, text: str) -> bool:
        """True if a name stands for a class, and not for several."""
        name = self.sources.resolved(module, text)
        found = None if name is None else self.sources.module(name[0])
        nodes = (
            [] if found is None or name is None else [each for each in found.tree.body if _defined(each) == [name[1]]]
        )
        return len(nodes) == 1 and isinstance(nodes[0], ast.ClassDef)

    def _transition(self) -> Name | None:
        """The function that a protocol is made with."""
        place = self.sources.resolved(self._place[0], self._place[2])
        module = None if place is None else self.sources.module(place[0])
        for node in [] if module is None or place is None else module.tree.body:
            if _defined(node) == [place[1] if place else ""] and isinstance(node, ast.Assign | ast.AnnAssign):
                given = {word.arg: word.value for word in getattr(node.value, "keywords", [])}
                transition = given.get("transition")
                if isinstance(transition, ast.Name) and place is not None:
                    return self.sources.resolved(place[0], transition.id)
        return None


def changes(base: Closures, head: Closures, mine: Mapping[Name, str], others: Mapping[Name, str]) -> list[Change]:
    """The definitions in which two closures, or all that two versions define, differ.

    One that is only reached now, or no longer, is not among them if any other differs.
    """
    found = _differing(base, head, mine, others)
    changed = [change for change in found if not _is_in_both(base, head, change)]
    return changed or found


def _is_in_both(base: Closures, head: Closures, change: Change) -> bool:
    """True if both versions define the same, whichever of them reaches it."""
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
    """The classes that a branch asks a parameter for, if it does nothing else for others."""
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
    """The function to which a statement hands a draft and an action on, and that is all it does."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Call) or node.value.keywords:
        return None
    call = node.value
    if not isinstance(call.func, ast.Name) or not all(isinstance(each, ast.Name) for each in call.args):
        return None
    return (
        call.func.id if [each.id for each in call.args if isinstance(each, ast.Name)] == ["draft", "action"] else None
    )


def _origin(module: str, path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _is_enumeration(node: ast.ClassDef) -> bool:
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return bool(bases & {"Enum", "Rejection"}) and all(isinstance(each, ast.Assign | ast.Expr) for each in node.body)


def _without_members(node: ast.ClassDef) -> ast.ClassDef:
    """An enumeration as whoever asks for no single member of it sees it."""
    bare = ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)
    return ast.copy_location(bare, node)


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines, if it does nothing else."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _definition(nodes: list[ast.stmt]) -> Definition:
    lines = [(node.lineno, node.end_lineno or node.lineno) for node in nodes] or [(1, 1)]
    return Definition(_digest(nodes), lines[0][0], lines[-1][1], _reads(nodes))


def _reads(nodes: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that statements read, annotations of arguments aside; with a member if one is asked for at once."""
    found: set[str] = set()
    pending: list[ast.AST] = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.arg):
            pass
        elif isinstance(node, ast.FunctionDef):
            pending += [node.args, *node.body, *node.decorator_list]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pending += [node.target, node.value]
        else:
            pending += ast.iter_child_nodes(node)
    return frozenset(found)


def _digest(nodes: Iterable[ast.stmt]) -> str:
    text = "\n".join(canonical(node) for node in nodes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
