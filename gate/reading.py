"""Static analysis of a version's modules: their definitions, what their names refer to, and what runs at import.

The analysis reads source text only; no code of the version runs. Code that it does not understand counts as reached, so
that a relevant change is never called SAME. Docstrings and comments are ignored, as are annotations of functions, apart
from those of constructors and decorated functions. A name or a text that may lead to several definitions leads to each.
"""

import ast
import builtins
import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, TypeGuard

import attrs

from gate.words import (
    BUILDERS,
    CHANGERS,
    CLASS_MAKERS,
    DOORS,
    FIELD_MAKERS,
    GETTERS,
    LIBRARY,
    MAKERS,
    OPENERS,
    PLAIN_METHODS,
    RECORD_MAKERS,
    SETTERS,
    VALUE_MAKERS,
)
from proofs.digests import canonical

REST: Final = ""
"""The name of a module's statements outside definitions."""

ALL: Final = "*"
"""The name that stands for all definitions of a module; `ENUMERATION.*` stands for all members of an enumeration."""

ASKED: Final = "__class__"
"""The pseudo-member that is read if code only tests for a class, for example with `isinstance`."""

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
    - `is_door`: it may find any definition by a string, or make a class that no class statement declares.
    - `is_vague`: it declares fields or rows without saying of which classes they are.
    - `makes_classes`: it may make a class that no class statement declares, or change the class of an object.
    - `at_import`: all names that are read when the module is imported.
    - `members`: the names of the attributes that it reads; ALL if it finds an attribute by a computed string.
    - `methods`: the names of the methods that it defines if it is a class, and of its attributes with values.
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
    is_vague: bool = False
    makes_classes: bool = False
    at_import: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()


@attrs.frozen
class Led:
    """The definitions to which a name in a module's code may lead: `names`. `hops` are the imports on the way, and
    `outside` the members of libraries, such as `heapq.heappush`.
    """

    names: frozenset[Name]
    hops: frozenset[Name]
    outside: frozenset[str]


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
        self.imports: Final[dict[str, list[Name]]] = {}
        """All that each imported name may refer to."""
        self.always: Final[set[Name]] = set()
        """The imported definitions that every action reaches: imports below the top level, or
        of a name with several meanings.
        """
        self.below_top: Final[set[str]] = set()
        """The names that imports below the top level bind."""
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
        words = Words(
            openers=OPENERS | self._brought_by(OPENERS),
            doors=DOORS | self._brought_by(DOORS),
            makers=self.builtin(MAKERS | VALUE_MAKERS),
            classes=CLASS_MAKERS | self._brought_by(CLASS_MAKERS),
            records=RECORD_MAKERS | self._brought_by(RECORD_MAKERS),
            asks=self.asks,
        )
        return {name: _definition(nodes, words) for name, nodes in self._found.items()} | self._brought

    @cached_property
    def _bound(self) -> frozenset[str]:
        """All names that the module gives a meaning anywhere, other than by importing them from `collections`."""
        found = set(self._found)
        for alias, names in self.imports.items():
            found |= {alias for origin, _ in names if origin != "collections"}
        return frozenset(found.union(_given(Code([self.tree]).parts)))

    def builtin(self, names: frozenset[str]) -> frozenset[str]:
        """Those of `names` that mean in this module what they mean in Python."""
        return names - self._bound

    @property
    def asks(self) -> bool:
        """True if `isinstance` means in this module what it means in Python."""
        return "isinstance" not in self._bound

    def binds(self, name: str) -> bool:
        """True if the module defines or imports this name."""
        return name in self._found or name in self.imports

    @property
    def is_in_order(self) -> bool:
        """True if the order of the module's top-level statements cannot matter: all are definitions, and no name has
        two meanings, be it by two definitions, two imports, or as a builtin of Python.
        """
        named = {name for name, nodes in self._found.items() if nodes}
        return (
            not self._found[REST]
            and all(len(nodes) == 1 for nodes in self._found.values() if nodes)
            and named.isdisjoint(self.imports)
            and all(len(set(names)) == 1 for names in self.imports.values())
            and not any(hasattr(builtins, name) for name in [*named, *self.imports])
        )

    @property
    def order(self) -> list[list[str]]:
        """The names that each top-level statement defines, in order; for an import its text, and an empty list for any
        other statement.
        """
        return [defined(node) or ([ast.unparse(node)] if _is_import(node) else []) for node in self.tree.body]

    @property
    def may_open(self) -> bool:
        """True if any code of the module may read a file."""
        return bool(self._brought_by(OPENERS)) or Code([self.tree]).has(OPENERS)

    def _brought_by(self, words: frozenset[str]) -> frozenset[str]:
        """The names under which the module imports any of `words`, or anything from a module with such a name."""
        return frozenset(
            alias
            for alias, names in self.imports.items()
            for origin, imported in names
            if imported in words or not words.isdisjoint(origin.split("."))
        )

    def _import(self, module: str, path: Path) -> None:
        """Record what each imported name refers to, and add each import as a definition."""
        meant: dict[str, list[tuple[Name, int]]] = {}
        for node in ast.walk(self.tree):
            for alias, name in _imported(node, module, path, self.file):
                line = getattr(node, "lineno", 1)
                self.below_top.update([] if node in self.tree.body else [alias])
                if alias in self._found or alias in self.imports or node not in self.tree.body:
                    self.always.update((name, *self.imports.get(alias, [])))
                if alias == name[0].partition(".")[0] != name[0] and name[1] == REST:
                    self.always.add((name[0], ALL))
                    name = (alias, REST)  # `import a.b` gives the name a
                self.imports.setdefault(alias, []).append(name)
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
        self._led: Final[dict[Name, Led]] = {}

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
        return self._digest_of("*", frozenset())

    def texts(self, modules: Iterable[str]) -> str:
        """The digest of all Python files but those of `modules`, for code that may import any of them."""
        return self._digest_of("*.py", frozenset(module.file for name in modules if (module := self.module(name))))

    def _digest_of(self, pattern: str, left_out: frozenset[str]) -> str:
        found = hashlib.sha256()
        for path in sorted(self._folder.rglob(pattern)):
            is_left_out = "__pycache__" in path.parts or path.relative_to(self._folder).as_posix() in left_out
            if path.is_file() and not is_left_out:
                found.update(repr((path.relative_to(self._folder).as_posix(), path.read_bytes())).encode())
        return found.hexdigest()[:16]

    def definition(self, name: Name) -> Definition | None:
        """The definition of this name, or None if its module is not in the folder or does not define it."""
        module = self.module(name[0])
        return None if module is None else module.definitions.get(name[1])

    def resolved(self, module: str, text: str) -> Name | None:
        """The one definition, as (module, name), to which a name used in a module leads, following imports. None if
        there is none in the folder, or several.
        """
        names = self.leads(module, text).names
        return next(iter(names)) if len(names) == 1 else None

    def leads(self, module: str, text: str) -> Led:
        """The definitions to which a name used in a module may lead, such as `f` or `module.f`.

        A name that a package defines may also be one of its modules: Python takes whichever was bound last. An
        attribute that a module does not define leads to all of its definitions.
        """
        place = (module, text)
        if place not in self._led:
            self._led[place] = self._follow(place)
        return self._led[place]

    def _follow(self, place: Name) -> Led:
        names, hops, outside = set[Name](), set[Name](), set[str]()
        pending, seen = [place], set[Name]()
        while pending:
            here = pending.pop()
            if here in seen:
                continue
            seen.add(here)
            module, text = here
            head, dot, member = text.partition(".")
            found = self.module(module)
            if found is None:
                outside.add(f"{module}.{text}")
                continue
            if head in found.enumerations:
                is_bare = member == ASKED
                is_one = bool(dot) and text in found.definitions
                names.add((module, head if is_bare else text if is_one else f"{head}.{ALL}"))
            elif head in found.definitions:
                names.add((module, head))
            below = f"{module}.{head}"
            if self.module(below) is not None and not self._takes_from(found, below):
                pending += [(below, member)] if dot else []
                names |= set() if dot else {(below, ALL)}
            elif here != place and not found.binds(head) and self.module(below) is None:
                names.add((module, ALL))
            for origin, imported in found.imports.get(head, ()):
                hops.add((module, f"import {head}"))
                whole = f"{origin}.{imported}" if imported else origin
                above, _, last = whole.rpartition(".")
                package, is_module = self.module(above) if above else None, self.module(whole) is not None
                if package is not None and (package.binds(last) or not is_module):
                    pending.append((above, f"{last}{dot}{member}"))
                elif is_module:
                    pending += [(whole, member)] if dot else []
                    names |= set() if dot else {(whole, ALL)}
                else:
                    outside.add(f"{whole}{dot}{member}")
        return Led(frozenset(names), frozenset(hops), frozenset(outside))

    def _takes_from(self, package: Module, name: str) -> bool:
        """True if a package has an attribute with the name of its module `name` that is taken from just that module, by
        `from package.f import f`. The module is loaded before, so that Python binds the attribute last.
        """
        last = name.rpartition(".")[2]
        origins = {origin for origin, imported in package.imports.get(last, ()) if imported}
        return origins == {name} and last not in package.definitions and last not in package.below_top

    def is_clear(self, name: str) -> bool:
        """True if the package of a module gives the module's name no other meaning, so that the order of imports cannot
        matter.
        """
        above, _, last = name.rpartition(".")
        package = self.module(above) if above else None
        if package is None or self._takes_from(package, name):
            return True
        own = {(above, last), (name, REST)}
        return last not in package.definitions and own.issuperset(package.imports.get(last, ()))

    def statements(self, name: Name) -> list[ast.stmt]:
        """The top-level statements of a module that define this name, and no other name with it."""
        module = self.module(name[0])
        return [] if module is None else [node for node in module.tree.body if defined(node) == [name[1]]]

    def imported(self, name: str) -> Iterator[str]:
        """The names of the modules that a module may import, and of the packages that contain them."""
        module = self.module(name)
        brought = [] if module is None else [each for names in module.imports.values() for each in names]
        for origin, imported in [] if module is None else {*brought, *module.always}:
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
    """True for an enumeration whose members do not depend on each other: constants that all differ."""
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    if bases not in (["Enum"], ["Rejection"]) or len(node.bases) != 1 or node.keywords or node.decorator_list:
        return False
    values = [each.value.value for each in node.body if isinstance(each, ast.Assign) and _is_constant(each.value)]
    names = [each.targets for each in node.body if isinstance(each, ast.Assign)]
    return all(_is_member(each) for each in node.body) and len(names) == len(values) == len(set(values))


def _is_constant(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant)


def _is_member(node: ast.stmt) -> bool:
    """True for an enumeration member with a constant value, and for a docstring."""
    is_one = not isinstance(node, ast.Assign) or (len(node.targets) == 1 and isinstance(node.targets[0], ast.Name))
    is_plain = not isinstance(node, ast.Assign) or not ast.unparse(node.targets[0]).startswith("_")
    return is_one and is_plain and isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Constant)


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


class Code:
    """Some syntax trees, with all their nodes and all names and attribute names that occur in them."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self.parts: Final = [part for node in nodes for part in ast.walk(node)]
        names = {part.id for part in self.parts if isinstance(part, ast.Name)}
        self.words: Final = names | {part.attr for part in self.parts if isinstance(part, ast.Attribute)}

    def has(self, words: frozenset[str]) -> bool:
        """True if any of these words occurs as a name or an attribute name."""
        return not words.isdisjoint(self.words)


@attrs.frozen
class Words:
    """The names that have a special meaning in a module (see `gate.words`); `asks` is true if `isinstance` has its
    own meaning there.
    """

    openers: frozenset[str]
    doors: frozenset[str]
    makers: frozenset[str]
    classes: frozenset[str]
    records: frozenset[str]
    asks: bool


def _definition(nodes: list[ast.stmt], words: Words) -> Definition:
    lines = [(node.lineno, node.end_lineno or node.lineno) for node in nodes] or [(1, 1)]
    parts_at_import = [part for node in nodes for part in _at_import(node)]
    code, at_import = Code(nodes), Code(parts_at_import)
    called = [part.func for part in at_import.parts if isinstance(part, ast.Call)]
    # A decorator is called. A base class is notified of each subclass, and may run code then.
    whole = [node for part in nodes if isinstance(part, ast.FunctionDef | ast.ClassDef) for node in part.decorator_list]
    made = [node for part in nodes if isinstance(part, ast.ClassDef) for node in (*part.bases, *part.keywords)]
    makes_classes = _makes_classes(code, words.classes)
    return Definition(
        digest(nodes),
        lines[0][0],
        lines[-1][1],
        reads(nodes, words.asks),
        reads([*called, *whole, *made], words.asks),
        is_setter=_is_setter(code, words.makers),
        sets_at_import=_is_setter(at_import, words.makers),
        is_opener=code.has(words.openers),
        opens_at_import=at_import.has(words.openers),
        is_door=code.has(words.doors) or makes_classes,
        is_vague=code.has(words.records) or any(_is_vague(node) for node in nodes),
        makes_classes=makes_classes,
        at_import=reads(parts_at_import, words.asks),
        members=_members(code),
        methods=frozenset(name for node in nodes if isinstance(node, ast.ClassDef) for name in _methods(node)),
    )


def _at_import(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that run when its module is imported. Annotations of functions that call nothing are
    left out.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from [*node.decorator_list, *node.args.defaults, *[each for each in node.args.kw_defaults if each]]
        yield from [each for each in _annotations(node) if _acts(each)]
    elif isinstance(node, ast.ClassDef):
        yield from [*node.decorator_list, *node.bases, *node.keywords]
        for part in node.body:
            yield from _at_import(part)
    else:
        yield node


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """The annotations of a function's parameters and of its result."""
    taken = node.args
    given = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg]
    return [each for each in (*[arg.annotation for arg in given if arg], node.returns) if each is not None]


def _acts(node: ast.expr) -> bool:
    """True if the evaluation of an annotation calls a function, or binds a name."""
    return any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await | ast.Yield) for part in ast.walk(node))


def _members(code: Code) -> frozenset[str]:
    """The names of the attributes that code reads; ALL if it finds one by a string that is not written there."""
    parts = code.parts
    found = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    if not code.has(GETTERS):
        return frozenset(found)
    calls = [part for part in parts if isinstance(part, ast.Call) and _last(part.func) in GETTERS]
    if len([part for part in parts if _last(part) in GETTERS]) != len(calls):
        found.add(ALL)
    for call in calls:
        texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        found |= {name for text in texts for name in text.split(".")} or {ALL}
    return frozenset(found)


def _last(node: ast.AST) -> str:
    """The last name of an expression such as `f` or `module.f`; empty for any other."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _methods(node: ast.ClassDef) -> Iterator[str]:
    """The methods of a class, and of classes within it, and its attributes with values, without PLAIN_METHODS."""
    for part in ast.walk(node):
        if not isinstance(part, ast.ClassDef):
            continue
        for each in part.body:
            names = (
                [each.name] if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) else _given(Code([each]).parts)
            )
            # A decorator such as `attr.s` makes fields of annotated names: they are the objects' own.
            is_bare = isinstance(each, ast.AnnAssign) and (each.value is None or bool(part.decorator_list))
            yield from [] if is_bare else [name for name in names if name not in PLAIN_METHODS]


def _makes_classes(code: Code, makers: frozenset[str]) -> bool:
    """True if code may make a class without a class statement, or say of which class an object is."""
    parts = code.parts
    types = [part for part in parts if isinstance(part, ast.Name) and part.id == "type"]
    asked = [part for part in parts if isinstance(part, ast.Call) and len(part.args) == 1 and not part.keywords]
    plain = {id(part.func) for part in asked if not isinstance(part.args[0], ast.Starred)}
    plain |= {id(part.value) for part in parts if isinstance(part, ast.Subscript)}
    is_bound = any(isinstance(part, ast.ClassDef) and "__class__" in _given(Code(part.body).parts) for part in parts)
    return is_bound or any(id(part) not in plain for part in types) or code.has(makers)


def _is_vague(node: ast.stmt) -> bool:
    """True if a class does not say of which classes its fields are, or a table without an annotation has an empty row
    by default.
    """
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        call = node.value
        given = [*call.args[1:], *[word.value for word in call.keywords]]
        return _last(call.func) == "table" and any(_is_empty(each) for each in given or [ast.Constant(None)])
    if not isinstance(node, ast.ClassDef):
        return False
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and _says_nothing(part.annotation):
            return True
        made = part.value if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call) else None
        if made is not None and _last(made.func) in FIELD_MAKERS and "type" not in [each.arg for each in made.keywords]:
            return True
        if isinstance(part, ast.FunctionDef) and part.name in ("__init__", "__new__"):
            taken = part.args
            fields = [*[*taken.posonlyargs, *taken.args][1:], *taken.kwonlyargs, taken.vararg, taken.kwarg]
            if any(arg and (arg.annotation is None or _says_nothing(arg.annotation)) for arg in fields):
                return True
    return False


def _is_empty(node: ast.expr) -> bool:
    """True for None and for an empty collection."""
    if isinstance(node, ast.Dict):
        return not node.keys
    is_none = isinstance(node, ast.Constant) and node.value is None
    return is_none or (isinstance(node, ast.Tuple | ast.List) and not node.elts)


def _says_nothing(annotation: ast.expr) -> bool:
    """True if an annotation of a field allows values of any class."""
    parts = list(_parts_of_type(annotation))
    functions = [each for each in parts if isinstance(each, ast.Subscript) and _last(each.value) == "Callable"]
    within = {id(part) for each in functions for part in ast.walk(each.slice)}
    return any(_last(part) in ("Any", "object") and id(part) not in within for part in parts)


def _parts_of_type(annotation: ast.expr) -> Iterator[ast.AST]:
    """All nodes of an annotation, and of the texts within it."""
    for part in ast.walk(annotation):
        yield part
        within = _type_in(part)
        if within is not None:
            yield from _parts_of_type(within)


def _type_in(node: ast.AST) -> ast.expr | None:
    """The annotation that a text may be, such as "Request" in `Optional["Request"]`; None for any other node."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    try:
        within = ast.parse(node.value.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    return None if isinstance(within, ast.Constant) else within


def _is_setter(code: Code, makers: frozenset[str]) -> bool:
    """True if code may change a definition when it runs. Changes of newly made objects do not count."""
    parts = code.parts
    if code.has(SETTERS) or any(isinstance(part, ast.Global | ast.NamedExpr) for part in parts):
        return True
    if not any(_may_change(part) for part in parts):
        return False
    own = _own(parts, lambda value, names: _is_made_here(value, makers, names))
    numbers = _own(parts, lambda value, names: _is_number(value, makers, names))
    made = [part for part in parts if isinstance(part, ast.FunctionDef) and part.name in BUILDERS]
    built = {id(part) for node in made for part in ast.walk(node)}
    fresh = {id(part.func) for part in parts if isinstance(part, ast.Call) and _takes_next(part)}
    for part in parts:
        if isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load):
            is_own = isinstance(part.value, ast.Name) and part.value.id == "self" and id(part) in built
        elif _changes_members(part):
            value = part.value if isinstance(part, ast.Subscript | ast.Attribute) else None
            is_own = isinstance(value, ast.Name) and value.id in own
        elif isinstance(part, ast.AugAssign):
            # In place: what the name is bound to changes, if it is a collection.
            target = part.target
            is_own = isinstance(target, ast.Name) and target.id in own
            is_own = is_own or (_is_number(part.value, makers, numbers) and not isinstance(part.op, ast.Mult))
        elif isinstance(part, ast.Name) and part.id == "next":
            is_own = id(part) in fresh
        elif isinstance(part, ast.Attribute) and part.attr == "__init__":
            is_own = isinstance(part.value, ast.Call) and _last(part.value.func) == "super"
        else:
            continue
        if not is_own:
            return True
    return False


def _may_change(node: ast.AST) -> bool:
    """True if a node may change an object, whichever it is."""
    is_set = isinstance(node, ast.Attribute) and (not isinstance(node.ctx, ast.Load) or node.attr == "__init__")
    is_next = isinstance(node, ast.Name) and node.id == "next"
    return is_set or is_next or isinstance(node, ast.AugAssign) or _changes_members(node)


def _takes_next(node: ast.Call) -> bool:
    """True for a call `next(...)` of an iterator that is made in the call itself."""
    return _last(node.func) == "next" and bool(node.args) and isinstance(node.args[0], ast.GeneratorExp)


def _changes_members(node: ast.AST) -> bool:
    """True if a node changes the members of a collection, or names a method that does."""
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Attribute) and node.attr in CHANGERS


def _given(parts: list[ast.AST]) -> list[str]:
    """Each name that nodes bind, once for each time. Imports and changes in place, such as `x += y`, do not count."""
    in_place = {id(part.target) for part in parts if isinstance(part, ast.AugAssign)}
    found: list[str | None] = []
    for part in parts:
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load) and id(part) not in in_place:
            found.append(part.id)
        elif isinstance(part, ast.arg):
            found.append(part.arg)
        elif isinstance(part, ast.MatchAs | ast.MatchStar | ast.ExceptHandler | ast.FunctionDef | ast.ClassDef):
            found.append(part.name)
        elif isinstance(part, ast.MatchMapping):
            found.append(part.rest)
    return [name for name in found if name]


def _own(parts: list[ast.AST], is_own: Callable[[ast.expr, set[str]], bool]) -> set[str]:
    """The names that are only ever bound to values that satisfy the predicate, which also takes the names that do."""
    bound: dict[str, list[ast.expr]] = {}
    for part in parts:
        if isinstance(part, ast.Assign):
            pairs = [pair for target in part.targets for pair in _paired(target, part.value)]
        elif isinstance(part, ast.AnnAssign) and part.value is not None:
            pairs = [*_paired(part.target, part.value)]
        elif isinstance(part, ast.For | ast.comprehension) and isinstance(part.iter, ast.Call):
            is_range = isinstance(part.iter.func, ast.Name) and part.iter.func.id == "range"
            pairs = [*_paired(part.target, part.iter)] if is_range else []
        else:
            pairs = []
        for name, value in pairs:
            bound.setdefault(name, []).append(value)
    given = _given(parts)
    own = {name for name, values in bound.items() if len(values) == given.count(name)}
    while left := {name for name in own if not all(is_own(value, own) for value in bound[name])}:
        own -= left
    return own


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names that an assignment binds, each with its value, as far as the syntax pairs them."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        is_starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
        for each, part in zip(target.elts, [] if is_starred else value.elts, strict=False):
            yield from _paired(each, part)


def _is_number(node: ast.expr, makers: frozenset[str], own: set[str]) -> bool:
    """True if an expression is a number, or one of the names in `own`. A loop over `range` binds numbers."""
    if isinstance(node, ast.BinOp):
        is_one = _is_number(node.left, makers, own) or _is_number(node.right, makers, own)
        return is_one and isinstance(node.op, ast.Add | ast.Sub | ast.FloorDiv)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("abs", "int", "len", "range", "ord") and node.func.id in makers
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    return is_number or (isinstance(node, ast.Name) and node.id in own)


def _is_made_here(node: ast.expr, makers: frozenset[str], own: set[str]) -> bool:
    """True if an expression is a new object, a constant, or one of the names in `own`. Operators make new objects."""
    if isinstance(node, ast.IfExp):
        return _is_made_here(node.body, makers, own) and _is_made_here(node.orelse, makers, own)
    made = ast.List | ast.Dict | ast.Set | ast.Tuple | ast.ListComp | ast.DictComp | ast.SetComp
    plain = ast.Constant | ast.JoinedStr | ast.Compare | ast.BinOp | ast.UnaryOp
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers
    return isinstance(node, made | plain) or is_call or (isinstance(node, ast.Name) and node.id in own)


def reads(nodes: Iterable[ast.AST], asks: bool = True) -> frozenset[str]:
    """The names that nodes read; `name.member` if a member is accessed directly. Annotations of functions are left out,
    apart from those of constructors and decorated functions. `asks` is true if `isinstance` has its own meaning.
    """
    found: set[str] = set()
    pending = [(node, False) for node in nodes]  # with True for what is within a function
    while pending:
        node, is_within = pending.pop()
        further: list[ast.AST] = []
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant):
            within = None if is_within else _type_in(node)
            further = [] if within is None else [within]
        elif isinstance(node, ast.arg) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            pass
        elif isinstance(node, ast.FunctionDef):
            pending += [(each, True) for each in node.body]
            further = [node.args, *node.decorator_list]
            if node.decorator_list or node.name in ("__init__", "__new__"):
                further += _annotations(node)
        elif isinstance(node, ast.AnnAssign) and not is_within:
            further = [node.target, node.annotation, *([node.value] if node.value else [])]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            further = [node.target, node.value]
        elif asks and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            further = [node.func, *node.args[:1]]
            found |= {name for each in node.args[1:] for name in _asked(each)}
        elif isinstance(node, ast.AnnAssign):
            found |= {*_asked(node.annotation), *reads([node.target])}
        elif isinstance(node, ast.ClassDef):
            pending += [(each, False) for each in ast.iter_child_nodes(node)]
        else:
            further = list(ast.iter_child_nodes(node))
        pending += [(each, is_within) for each in further]
    return frozenset(found)


def _asked(node: ast.expr) -> Iterator[str]:
    """The names in an expression that is only used to test for classes, each with the member ASKED."""
    for name in reads([node]):
        yield name if "." in name else f"{name}.{ASKED}"


def digest(nodes: Iterable[ast.AST]) -> str:
    """The digest of these syntax trees, as 16 hexadecimal digits."""
    text = "\n".join(canonical(node) for node in nodes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
