"""Reading of a version's modules: what each defines, what its names stand for, and what happens when it is imported.

Read from the text alone: nothing of a version runs. What is not understood counts as reached, so that nothing that may
matter is ever called the same. Docstrings and comments count for nothing, and nothing is reached by annotations of
functions.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from proofs.digests import canonical

REST: Final = ""
"""The name of a module's statements outside of definitions."""

ALL: Final = "*"
"""The name of all that a module defines; after an enumeration's name and a dot, of all its members."""

ASKED: Final = "__class__"
"""The member that is read of a class that is only asked for, as by `isinstance`."""

DOORS: Final = frozenset(
    {"eval", "exec", "globals", "vars", "__import__", "importlib", "import_module", "modules", "builtins"}
    | {"__builtins__", "__globals__", "__subclasses__", "_getframe", "currentframe", "resolve_name", "runpy"}
)
"""Names, or attributes, by which any definition is found by a text: a definition that reads one reaches all."""

SETTERS: Final = DOORS | {"setattr", "delattr", "setitem", "delitem", "iadd", "ior", "__setattr__", "__dict__"}
"""Names by which a definition is given another value; assignments to attributes and parts do it, too."""

CHANGERS: Final = frozenset(
    {"__setitem__", "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"difference_update", "intersection_update", "symmetric_difference_update", "reverse", "setdefault", "sort"}
    | {"update", "appendleft", "extendleft", "rotate", "move_to_end", "subtract", "register"}
    | {"__delitem__", "__iadd__", "__iand__", "__ior__", "__isub__", "__ixor__"}
)
"""Methods by which a collection is given other members, or a function of many another one; called or handed on."""

BUILDERS: Final = frozenset({"__init__", "__attrs_pre_init__", "__attrs_post_init__"})
"""Methods whose `self` nobody else has yet."""

MAKERS: Final = frozenset({"bytearray", "defaultdict", "deque", "dict", "list", "set", "sorted"})
"""Functions that make a collection of their own, which nobody else has."""

OPENERS: Final = frozenset(
    {"open", "read_bytes", "read_text", "get_data", "resources", "fileinput", "linecache", "runpy", "mmap"}
    | {"ConfigParser", "RawConfigParser", "ZipFile", "ElementTree", "sqlite3", "subprocess", "popen", "system"}
    | {"listdir", "scandir", "iterdir", "glob", "rglob", "is_file", "is_dir", "stat", "getsize"}
)
"""Names by which a file is read. Of a version that reads one, every file counts."""

LIBRARY: Final = sys.stdlib_module_names - {"test"} | {"attr", "attrs", "z3"}
"""Modules of which a version may bring none of its own: ours and the library's own imports would take it."""

Name = tuple[str, str]
"""A definition: its module, and its name there; of a member `Reason.NAME`, of an import `import f`."""


class NotReadError(Exception):
    """A version whose text cannot be read; the message names the file and the line."""


@attrs.frozen
class Definition:
    """A definition: the digest of its syntax tree, its first and last line, and the names that it reads.

    `calls` are those that are called when its module is imported. `is_setter` is true if it may change another one,
    and `sets_at_import` if it does so by itself; `is_opener` and `opens_at_import` say the same of reading files.
    A door may find any definition by a text. `at_import` are all names that are read when its module is imported.
    """

    digest: str
    line: int
    last_line: int
    reads: frozenset[str]
    calls: frozenset[str] = frozenset()
    is_setter: bool = False
    sets_at_import: bool = False
    is_opener: bool = False
    opens_at_import: bool = False
    is_door: bool = False
    at_import: frozenset[str] = frozenset()


class Module:
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
        self.always: Final[set[Name]] = set()
        """Imports that are not at the top, or of a name that has another meaning, too: every action reaches them."""
        self.enumerations: Final[set[str]] = set()
        found: dict[str, list[ast.stmt]] = {}
        rest: list[ast.stmt] = []
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and _is_enumeration(node):
                self.enumerations.add(node.name)
                found.setdefault(node.name, []).append(_without_members(node))
                for member in node.body:
                    if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
                        found.setdefault(f"{node.name}.{member.targets[0].id}", []).append(member)
            elif names := defined(node):
                for name in names:
                    found.setdefault(name, []).append(node)
            elif not _is_import(node) and (not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant)):
                rest.append(node)
        self._found: Final = {**found, REST: rest}
        self._brought: Final[dict[str, Definition]] = {}
        self._import(module, path)

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Each definition by its name; an import is one, and so are the statements outside of definitions."""
        openers, doors = OPENERS | self._brought_by(OPENERS), DOORS | self._brought_by(DOORS)
        return {name: _definition(nodes, openers, doors) for name, nodes in self._found.items()} | self._brought

    @property
    def is_in_order(self) -> bool:
        """True if it does not matter in which order the module defines what it does."""
        return not self._found[REST] and all(len(nodes) == 1 for nodes in self._found.values() if nodes)

    @property
    def order(self) -> list[list[str]]:
        """The names that each statement at the top defines or imports, in their order; of another, none."""
        return [defined(node) or [alias.name for alias in getattr(node, "names", [])] for node in self.tree.body]

    @property
    def may_open(self) -> bool:
        """True if anything of the module may read a file."""
        return bool(self._brought_by(OPENERS)) or _has_word([self.tree], OPENERS)

    def _brought_by(self, words: frozenset[str]) -> frozenset[str]:
        """The names under which the module imports any of `words`, or anything from a module of that name."""
        return frozenset(
            alias
            for alias, (origin, imported) in self.imports.items()
            if imported in words or not words.isdisjoint(origin.split("."))
        )

    def _import(self, module: str, path: Path) -> None:
        """Note what each imported name stands for, as if the name were defined here."""
        meant: dict[str, list[tuple[Name, int]]] = {}
        for node in ast.walk(self.tree):
            for alias, name in _imported(node, module, path, self.file):
                line = getattr(node, "lineno", 1)
                if alias in self._found or alias in self.imports or node not in self.tree.body:
                    self.always.update((name, self.imports.get(alias, name)))
                if alias == name[0].partition(".")[0] != name[0] and name[1] == REST:
                    self.always.add((name[0], ALL))
                    name = (alias, REST)  # `import a.b` gives the name a
                self.imports[alias] = name
                meant.setdefault(alias, []).append((name, line))
        for alias, names in meant.items():
            said = hashlib.sha256(repr(sorted(name for name, _ in names)).encode()).hexdigest()[:16]
            lines = [line for _, line in names]
            self._brought[f"import {alias}"] = Definition(said, min(lines), max(lines), frozenset())


class Sources:
    """The modules of a version that are in its folder, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._modules: Final[dict[str, Module | None]] = {}
        self._looked_over: Final[set[Path]] = set()

    def module(self, name: str) -> Module | None:
        """A module; None if this folder has none of that name. NotReadError if it cannot be read."""
        if name not in self._modules:
            place = self._folder.joinpath(*name.split("."))
            files = [place / "__init__.py", place.with_suffix(".py")]
            path = next((each for each in files if each.is_file()), None)
            self.refuse_beside(name)
            file = "" if path is None else path.relative_to(self._folder).as_posix()
            self._modules[name] = None if path is None else Module(name, path, file)
        return self._modules[name]

    def refuse_beside(self, name: str) -> None:
        """NotReadError if Python may take something else than the text of a module that is read here: a compiled one
        in its folder, or a module in the place of one of the library.
        """
        folder = self._folder.joinpath(*name.split(".")).parent
        if folder in self._looked_over or not folder.is_dir():
            return
        self._looked_over.add(folder)
        for path in sorted(folder.iterdir()):
            file = path.relative_to(self._folder).as_posix()
            if path.suffix in (".so", ".pyd", ".pyc"):
                raise NotReadError(f"{file}: a compiled module is not understood")
            is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
            if folder == self._folder and is_module and path.stem in LIBRARY:
                raise NotReadError(f"{file}: it stands before the library's module of that name")

    @cached_property
    def files(self) -> str:
        """The digest of all files of the version: the text of a module may be read as well."""
        found = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(repr((path.relative_to(self._folder).as_posix(), path.read_bytes())).encode())
        return found.hexdigest()[:16]

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
            if head in found.enumerations:
                bare = member == ASKED
                return module, head if bare else text if dot and text in found.definitions else f"{head}.{ALL}"
            if head in found.definitions:
                return module, head
            if head not in found.imports:
                below = f"{module}.{head}"
                return None if self.module(below) is None else (below, ALL)
            origin, imported = found.imports[head]
            if self.module(f"{origin}.{imported}") is not None and imported:
                origin, imported = f"{origin}.{imported}", REST
            if imported == REST and not dot:
                return None if self.module(origin) is None else (origin, ALL)
            module, text = (origin, member) if imported == REST else (origin, f"{imported}{dot}{member}")
        return None

    def statements(self, name: Name) -> list[ast.stmt]:
        """The statements at the top of a module that define a name."""
        module = self.module(name[0])
        return [] if module is None else [node for node in module.tree.body if defined(node) == [name[1]]]

    def imported(self, name: str) -> Iterator[str]:
        """The modules that a module imports, of those in this folder, and the packages around them."""
        module = self.module(name)
        for origin, imported in [] if module is None else {*module.imports.values(), *module.always}:
            for each in (origin, f"{origin}.{imported}"):
                parts = each.removesuffix(".").split(".")
                yield from [".".join(parts[: length + 1]) for length in range(len(parts))]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _imported(node: ast.AST, module: str, path: Path, file: str) -> Iterator[tuple[str, Name]]:
    """The names that an import gives, and what each stands for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], (alias.name, REST)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if alias.name == ALL:
                raise NotReadError(f"{file}:{node.lineno}: what `import *` brings is not understood")
            yield alias.asname or alias.name, (_origin(module, path, node), alias.name)


def _origin(module: str, path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _is_enumeration(node: ast.ClassDef) -> bool:
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return bool(bases & {"Enum", "Rejection"}) and all(_is_member(each) for each in node.body)


def _is_member(node: ast.stmt) -> bool:
    """True for a member that counts on no other, and for a docstring."""
    is_one = not isinstance(node, ast.Assign) or (len(node.targets) == 1 and isinstance(node.targets[0], ast.Name))
    return is_one and isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Constant)


def _without_members(node: ast.ClassDef) -> ast.ClassDef:
    """An enumeration without its members. Code that names none of them depends on no more."""
    bare = ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)
    return ast.copy_location(bare, node)


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines, if it does nothing else."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _definition(nodes: list[ast.stmt], openers: frozenset[str], doors: frozenset[str]) -> Definition:
    lines = [(node.lineno, node.end_lineno or node.lineno) for node in nodes] or [(1, 1)]
    at_import = [part for node in nodes for part in _at_import(node)]
    called = [part.func for node in at_import for part in ast.walk(node) if isinstance(part, ast.Call)]
    # What decorates is called; what a class is made from is told of it, and may answer.
    whole = [node for part in nodes if isinstance(part, ast.FunctionDef | ast.ClassDef) for node in part.decorator_list]
    made = [node for part in nodes if isinstance(part, ast.ClassDef) for node in (*part.bases, *part.keywords)]
    calls = reads([*called, *whole, *made])
    place = (lines[0][0], lines[-1][1])
    opens = (_has_word(nodes, openers), _has_word(at_import, openers))
    acts = (_is_setter(nodes), _is_setter(at_import), *opens, _has_word(nodes, doors))
    return Definition(digest(nodes), *place, reads(nodes), calls, *acts, at_import=reads(at_import))


def _at_import(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are executed as its module is imported."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from [*node.decorator_list, *node.args.defaults, *[each for each in node.args.kw_defaults if each]]
    elif isinstance(node, ast.ClassDef):
        yield from [*node.decorator_list, *node.bases, *node.keywords]
        for part in node.body:
            yield from _at_import(part)
    else:
        yield node


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    """All names, and names of attributes, in some nodes."""
    parts = [part for node in nodes for part in ast.walk(node)]
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return names | {part.attr for part in parts if isinstance(part, ast.Attribute)}


def _is_setter(nodes: Iterable[ast.AST]) -> bool:
    """True if nodes, executed or called, may give a definition another value. What they make themselves is none."""
    whole = list(nodes)
    parts = [part for node in whole for part in ast.walk(node)]
    if _words(whole) & SETTERS or any(isinstance(part, ast.Global | ast.NamedExpr) for part in parts):
        return True
    own = _own(parts)
    made = [part for part in parts if isinstance(part, ast.FunctionDef) and part.name in BUILDERS]
    built = {id(part) for node in made for part in ast.walk(node)}
    for part in parts:
        if isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load):
            is_own = isinstance(part.value, ast.Name) and part.value.id == "self" and id(part) in built
        elif _changes_members(part):
            value = part.value if isinstance(part, ast.Subscript | ast.Attribute) else None
            is_own = isinstance(value, ast.Name) and value.id in own
        else:
            continue
        if not is_own:
            return True
    return False


def _changes_members(node: ast.AST) -> bool:
    """True if a node gives a collection other members, or names the method that does."""
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Attribute) and node.attr in CHANGERS


def _has_word(nodes: Iterable[ast.AST], words: frozenset[str]) -> bool:
    """True if one of some names is in nodes, also as one of an attribute."""
    return not words.isdisjoint(_words(nodes))


def _own(parts: Iterable[ast.AST]) -> set[str]:
    """The names that stand for nothing but collections that were made here."""
    made: list[str] = []
    given: list[str] = []
    for part in parts:
        if isinstance(part, ast.Assign | ast.AnnAssign) and _is_made_here(part.value):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            made += [target.id for target in targets if isinstance(target, ast.Name)]
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            given.append(part.id)
        elif isinstance(part, ast.arg):
            given.append(part.arg)
    return {name for name in made if made.count(name) == given.count(name)}


def _is_made_here(node: ast.expr | None) -> bool:
    made = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS
    return isinstance(node, made) or is_call


def reads(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that nodes read, annotations of functions aside; with a member if one is asked for at once."""
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
        elif isinstance(node, ast.ClassDef):
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            found |= {name for each in fields for name in _asked(each.annotation)}
            pending += ast.iter_child_nodes(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            pending += [node.func, *node.args[:1]]
            found |= {name for each in node.args[1:] for name in _asked(each)}
        elif isinstance(node, ast.AnnAssign):
            found |= {*_asked(node.annotation), *reads([node.target])}
        else:
            pending += ast.iter_child_nodes(node)
    return frozenset(found)


def _asked(node: ast.expr) -> Iterator[str]:
    """The names of an expression that only asks for classes."""
    for name in reads([node]):
        yield name if "." in name else f"{name}.{ASKED}"


def digest(nodes: Iterable[ast.AST]) -> str:
    """The digest of syntax trees, as sixteen hexadecimal digits."""
    text = "\n".join(canonical(node) for node in nodes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
