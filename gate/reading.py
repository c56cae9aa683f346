"""Static analysis of a version's modules: their definitions, what their names refer to, and what runs at import.

The analysis reads source text only; no code of the version runs. Code that it does not understand counts as reached, so
that a relevant change is never called SAME. Docstrings, comments and annotations of functions are ignored.
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
"""The name of a module's statements outside definitions."""

ALL: Final = "*"
"""The name that stands for all definitions of a module; `ENUMERATION.*` stands for all members of an enumeration."""

ASKED: Final = "__class__"
"""The pseudo-member that is read if code only tests for a class, for example with `isinstance`."""

DOORS: Final = frozenset(
    {"eval", "exec", "globals", "vars", "__import__", "importlib", "import_module", "modules", "builtins"}
    | {"__builtins__", "__globals__", "__subclasses__", "_getframe", "currentframe", "resolve_name", "runpy"}
)
"""Names and attributes that can find any definition by a string. A definition that reads one reaches everything."""

SETTERS: Final = DOORS | {"setattr", "delattr", "setitem", "delitem", "iadd", "ior", "__setattr__", "__dict__"}
"""Names that can rebind another definition. Assignments to attributes and items can do so too."""

CHANGERS: Final = frozenset(
    {"__setitem__", "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"difference_update", "intersection_update", "symmetric_difference_update", "reverse", "setdefault", "sort"}
    | {"update", "appendleft", "extendleft", "rotate", "move_to_end", "subtract", "register"}
    | {"__delitem__", "__iadd__", "__iand__", "__ior__", "__isub__", "__ixor__"}
)
"""Methods that mutate a collection, or register an implementation of a generic function. Code that calls such a method,
or passes it on, may change a definition.
"""

BUILDERS: Final = frozenset({"__init__", "__attrs_pre_init__", "__attrs_post_init__"})
"""Constructor methods: nothing else refers to their `self` yet, so they may assign to it."""

MAKERS: Final = frozenset({"bytearray", "defaultdict", "deque", "dict", "list", "set", "sorted"})
"""Functions that return a new collection, to which nothing else refers."""

OPENERS: Final = frozenset(
    {"open", "read_bytes", "read_text", "get_data", "resources", "fileinput", "linecache", "runpy", "mmap"}
    | {"ConfigParser", "RawConfigParser", "ZipFile", "ElementTree", "sqlite3", "subprocess", "popen", "system"}
    | {"listdir", "scandir", "iterdir", "glob", "rglob", "is_file", "is_dir", "stat", "getsize"}
)
"""Names that can read files. If a version reads one file, all its files count."""

LIBRARY: Final = sys.stdlib_module_names - {"test"} | {"attr", "attrs", "z3"}
"""Top-level modules that a version may not define: Python would import them instead of the library's."""

Name = tuple[str, str]
"""A definition as (module, name); a member's name is `Reason.NAME`, an import's name is `import f`."""


class NotReadError(Exception):
    """The source of a version cannot be analysed; the message names the file and the line."""


@attrs.frozen
class Definition:
    """The facts about one definition: the digest of its syntax tree, its first and last
    line, and the names that it reads.

    - `calls`: the names that are called when the module is imported.
    - `is_setter`: it may change another definition when it runs; `sets_at_import`: it may do so at import.
    - `is_opener`: it may read a file when it runs; `opens_at_import`: it may do so at import.
    - `is_door`: it may find any definition by a string.
    - `at_import`: all names that are read when the module is imported.
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
    """One module of a version: its definitions, and what its names refer to. `module` is its dotted name, `path` its
    file, and `file` the path for messages. Raises NotReadError for invalid source.
    """

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
        """The imported definitions that every action reaches: imports below the top level, or
        of a name with several meanings.
        """
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
        """The module's definitions by name, including its imports and its statements outside definitions."""
        openers, doors = OPENERS | self._brought_by(OPENERS), DOORS | self._brought_by(DOORS)
        return {name: _definition(nodes, openers, doors) for name, nodes in self._found.items()} | self._brought

    @property
    def is_in_order(self) -> bool:
        """True if the order of the module's top-level statements cannot matter: all are definitions, and no name is
        defined twice.
        """
        return not self._found[REST] and all(len(nodes) == 1 for nodes in self._found.values() if nodes)

    @property
    def order(self) -> list[list[str]]:
        """The names that each top-level statement defines or imports, in order; an empty list for other statements."""
        return [defined(node) or [alias.name for alias in getattr(node, "names", [])] for node in self.tree.body]

    @property
    def may_open(self) -> bool:
        """True if any code of the module may read a file."""
        return bool(self._brought_by(OPENERS)) or _has_word([self.tree], OPENERS)

    def _brought_by(self, words: frozenset[str]) -> frozenset[str]:
        """The names under which the module imports any of `words`, or anything from a module with such a name."""
        return frozenset(
            alias
            for alias, (origin, imported) in self.imports.items()
            if imported in words or not words.isdisjoint(origin.split("."))
        )

    def _import(self, module: str, path: Path) -> None:
        """Record what each imported name refers to, and add each import as a definition."""
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
    """The modules in a version's folder; each is parsed when it is first requested."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._modules: Final[dict[str, Module | None]] = {}
        self._looked_over: Final[set[Path]] = set()

    def module(self, name: str) -> Module | None:
        """The module of this name, or None if the folder has none. Raises NotReadError if it cannot be analysed."""
        if name not in self._modules:
            place = self._folder.joinpath(*name.split("."))
            files = [place / "__init__.py", place.with_suffix(".py")]
            path = next((each for each in files if each.is_file()), None)
            self.refuse_beside(name)
            file = "" if path is None else path.relative_to(self._folder).as_posix()
            self._modules[name] = None if path is None else Module(name, path, file)
        return self._modules[name]

    def refuse_beside(self, name: str) -> None:
        """Raise NotReadError if Python could import something other than the source that is read here.

        This is a compiled module in the same folder, or a top-level module that shadows a library module.
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
        """The digest of all files of the version without `__pycache__`, for code that may read any of them."""
        found = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(repr((path.relative_to(self._folder).as_posix(), path.read_bytes())).encode())
        return found.hexdigest()[:16]

    def definition(self, name: Name) -> Definition | None:
        """The definition of this name, or None if its module is not in the folder or does not define it."""
        module = self.module(name[0])
        return None if module is None else module.definitions.get(name[1])

    def resolved(self, module: str, text: str) -> Name | None:
        """The definition, as (module, name), that a name used in a module refers to, following imports; None if it is
        not in the folder.
        """
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
        """The top-level statements of a module that define this name, and no other name with it."""
        module = self.module(name[0])
        return [] if module is None else [node for node in module.tree.body if defined(node) == [name[1]]]

    def imported(self, name: str) -> Iterator[str]:
        """The names of the modules that a module may import, and of the packages that contain them."""
        module = self.module(name)
        for origin, imported in [] if module is None else {*module.imports.values(), *module.always}:
            for each in (origin, f"{origin}.{imported}"):
                parts = each.removesuffix(".").split(".")
                yield from [".".join(parts[: length + 1]) for length in range(len(parts))]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _imported(node: ast.AST, module: str, path: Path, file: str) -> Iterator[tuple[str, Name]]:
    """The names that an import statement binds, each with what it refers to. Raises NotReadError for `import *`."""
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
    """True for an enumeration member with a constant value, and for a docstring."""
    is_one = not isinstance(node, ast.Assign) or (len(node.targets) == 1 and isinstance(node.targets[0], ast.Name))
    return is_one and isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Constant)


def _without_members(node: ast.ClassDef) -> ast.ClassDef:
    """A copy of an enumeration's class without its members: all that code depends on if it names no member."""
    bare = ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)
    return ast.copy_location(bare, node)


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines; empty if the statement is not a definition."""
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
    # A decorator is called. A base class is notified of each subclass, and may run code then.
    whole = [node for part in nodes if isinstance(part, ast.FunctionDef | ast.ClassDef) for node in part.decorator_list]
    made = [node for part in nodes if isinstance(part, ast.ClassDef) for node in (*part.bases, *part.keywords)]
    calls = reads([*called, *whole, *made])
    place = (lines[0][0], lines[-1][1])
    opens = (_has_word(nodes, openers), _has_word(at_import, openers))
    acts = (_is_setter(nodes), _is_setter(at_import), *opens, _has_word(nodes, doors))
    return Definition(digest(nodes), *place, reads(nodes), calls, *acts, at_import=reads(at_import))


def _at_import(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that run when its module is imported."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from [*node.decorator_list, *node.args.defaults, *[each for each in node.args.kw_defaults if each]]
    elif isinstance(node, ast.ClassDef):
        yield from [*node.decorator_list, *node.bases, *node.keywords]
        for part in node.body:
            yield from _at_import(part)
    else:
        yield node


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    """All names and attribute names that occur in these syntax trees."""
    parts = [part for node in nodes for part in ast.walk(node)]
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return names | {part.attr for part in parts if isinstance(part, ast.Attribute)}


def _is_setter(nodes: Iterable[ast.AST]) -> bool:
    """True if these nodes may change a definition when they run. Changes of newly made objects do not count."""
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
    """True if a node changes the members of a collection, or names a method that does."""
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Attribute) and node.attr in CHANGERS


def _has_word(nodes: Iterable[ast.AST], words: frozenset[str]) -> bool:
    """True if any of these words occurs in the nodes as a name or an attribute name."""
    return not words.isdisjoint(_words(nodes))


def _own(parts: Iterable[ast.AST]) -> set[str]:
    """The names to which the nodes `parts` bind nothing but collections that they make."""
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
    """The names that nodes read, without annotations of functions; `name.member` if a member is accessed directly."""
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
    """The names in an expression that is only used to test for classes, each with the member ASKED."""
    for name in reads([node]):
        yield name if "." in name else f"{name}.{ASKED}"


def digest(nodes: Iterable[ast.AST]) -> str:
    """The digest of these syntax trees, as 16 hexadecimal digits."""
    text = "\n".join(canonical(node) for node in nodes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
