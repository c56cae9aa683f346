"""The modules of a version: their definitions in order, their imports, and the definitions to which a name may lead.

Modules are read as source text, as in `gate/reading.py`. A name that may lead to several definitions leads to each.
"""

import ast
import builtins
import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, TypeGuard

import attrs

from gate.reading import ALL, ASKED, REST, Code, Definition, Name, NotReadError, Words, defined, definition_of, given_in
from gate.words import (
    CALLED_OPENERS,
    CLASS_MAKERS,
    DOORS,
    FILE_MODULES,
    LIBRARY,
    MAKERS,
    OPENERS,
    PATH_OPENERS,
    RECORD_MAKERS,
    VALUE_MAKERS,
)


@attrs.frozen
class Led:
    """The definitions to which a name in a module's code may lead (`names`).

    `hops` are the imports on the way. `outside` are the members of libraries to which the name leads, such as
    `heapq.heappush`.
    """

    names: frozenset[Name]
    hops: frozenset[Name]
    outside: frozenset[str]


class Module:
    """One module of a version: its definitions, and the definitions to which its names refer.

    `module` is its dotted name, `path` its file, and `file` the path for messages. Raises NotReadError for invalid
    source.
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
        """All that each imported name may refer to, by that name."""
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
            openers=self._openers,
            called_openers=CALLED_OPENERS,
            has_paths=self._has_paths,
            doors=DOORS | self._brought_by(DOORS),
            makers=self.builtin(MAKERS | VALUE_MAKERS),
            classes=CLASS_MAKERS | self._brought_by(CLASS_MAKERS),
            records=RECORD_MAKERS | self._brought_by(RECORD_MAKERS),
            asks=self.asks,
        )
        return {name: definition_of(nodes, words) for name, nodes in self._found.items()} | self._brought

    @cached_property
    def _bound(self) -> frozenset[str]:
        """All names that the module gives a meaning anywhere. A class imported from `collections` under its own name
        does not count.
        """
        found = set(self._found)
        for alias, names in self.imports.items():
            found |= {alias for name in names if name != ("collections", alias)}
        return frozenset(found.union(given_in(Code([self.tree]).parts)))

    def builtin(self, names: frozenset[str]) -> frozenset[str]:
        """The ones of `names` that mean in this module what they mean in Python."""
        return names - self._bound

    @property
    def asks(self) -> bool:
        """True if `isinstance` means in this module what it means in Python."""
        return "isinstance" not in self._bound

    @cached_property
    def bound_by_rest(self) -> frozenset[str]:
        """The names that the module's statements outside definitions bind, such as the targets of a loop."""
        return frozenset(given_in(Code(self._found[REST]).parts))

    def binds(self, name: str) -> bool:
        """True if the module defines or imports this name."""
        return name in self._found or name in self.imports

    @property
    def is_in_order(self) -> bool:
        """True if the order of the module's top-level statements cannot matter.

        All statements are then definitions, and no name has two meanings. Two definitions, two imports, or a builtin of
        Python could give it two.
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
        """The names that each top-level statement defines, in order. For an import it is its text, for any other
        statement an empty list.
        """
        return [defined(node) or ([ast.unparse(node)] if _is_import(node) else []) for node in self.tree.body]

    @property
    def may_open(self) -> bool:
        """True if any code of the module may read a file, or imports a name that may."""
        return bool(self._openers - OPENERS - CALLED_OPENERS - PATH_OPENERS) or any(
            each.is_opener for each in self.definitions.values()
        )

    @cached_property
    def _openers(self) -> frozenset[str]:
        """The names that may read a file: those of OPENERS, under the names of the module's imports, too."""
        called = CALLED_OPENERS | PATH_OPENERS if self._has_paths else frozenset()
        return OPENERS | called | self._brought_by(OPENERS | CALLED_OPENERS)

    @property
    def _has_paths(self) -> bool:
        """True if the module imports one that has functions that look at files."""
        return any(origin.partition(".")[0] in FILE_MODULES for names in self.imports.values() for origin, _ in names)

    def _brought_by(self, words: frozenset[str]) -> frozenset[str]:
        """The names under which the module imports any of `words`, or anything from a module whose name
        contains one.
        """
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
        self.folder: Final = folder
        self._modules: Final[dict[str, Module | None]] = {}
        self._looked_over: Final[set[Path]] = set()
        self._led: Final[dict[Name, Led]] = {}

    def module(self, name: str) -> Module | None:
        """The module of this name, or None if the folder has none. Raises NotReadError if it cannot be analysed."""
        if name not in self._modules:
            place = self.folder.joinpath(*name.split("."))
            files = [place / "__init__.py", place.with_suffix(".py")]
            path = next((each for each in files if each.is_file()), None)
            self.refuse_beside(name)
            file = "" if path is None else path.relative_to(self.folder).as_posix()
            self._modules[name] = None if path is None else Module(name, path, file)
        return self._modules[name]

    def refuse_beside(self, name: str) -> None:
        """Raise NotReadError if Python could import something other than the source that is read here.

        That would be a compiled module in the same folder, or a top-level module that shadows a library module.
        """
        folder = self.folder.joinpath(*name.split(".")).parent
        if folder in self._looked_over or not folder.is_dir():
            return
        self._looked_over.add(folder)
        for path in sorted(folder.iterdir()):
            file = path.relative_to(self.folder).as_posix()
            if path.suffix in (".so", ".pyd", ".pyc"):
                raise NotReadError(f"{file}: a compiled module is not understood")
            is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
            if folder == self.folder and is_module and path.stem in LIBRARY:
                raise NotReadError(f"{file}: it stands before the library's module of that name")

    @cached_property
    def files(self) -> str:
        """The digest of all files of the version without `__pycache__`, for code that may read any of them."""
        return self._digest_of("*", frozenset())

    def texts(self, modules: Iterable[str]) -> str:
        """The digest of all Python files other than those of `modules`, for code that may import any of them."""
        return self._digest_of("*.py", frozenset(module.file for name in modules if (module := self.module(name))))

    def _digest_of(self, pattern: str, left_out: frozenset[str]) -> str:
        found = hashlib.sha256()
        for path in sorted(self.folder.rglob(pattern)):
            is_left_out = "__pycache__" in path.parts or path.relative_to(self.folder).as_posix() in left_out
            if path.is_file() and not is_left_out:
                found.update(repr((path.relative_to(self.folder).as_posix(), path.read_bytes())).encode())
        return found.hexdigest()[:16]

    def definition(self, name: Name) -> Definition | None:
        """The definition of this name, or None if its module is not in the folder or does not define it."""
        module = self.module(name[0])
        return None if module is None else module.definitions.get(name[1])

    def resolved(self, module: str, text: str) -> Name | None:
        """The one definition, as (module, name), to which a name used in a module leads, following imports.

        None if there is no such definition in the folder, or if there are several.
        """
        names = self.leads(module, text).names
        return next(iter(names)) if len(names) == 1 else None

    def leads(self, module: str, text: str) -> Led:
        """The definitions to which a name used in a module, such as `f` or `module.f`, may lead.

        A package may define a name that is also one of its modules. Python then takes whichever was bound last, so both
        count. An attribute that a module does not define leads to all of the module's definitions.
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
        """True if a package imports a name from its own module of the same name, by `from package.f import f`.

        `name` is the dotted name of that module. It is loaded first, so the package's attribute `f` is the imported
        one.
        """
        last = name.rpartition(".")[2]
        origins = {origin for origin, imported in package.imports.get(last, ()) if imported}
        return origins == {name} and last not in package.definitions and last not in package.below_top

    def is_clear(self, name: str) -> bool:
        """True if the package of a module gives the module's name no other meaning. Then the order of imports cannot
        matter.
        """
        above, _, last = name.rpartition(".")
        package = self.module(above) if above else None
        if package is None or self._takes_from(package, name):
            return True
        own = {(above, last), (name, REST)}
        return last not in package.definitions and own.issuperset(package.imports.get(last, ()))

    def statements(self, name: Name) -> list[ast.stmt]:
        """The top-level statements of a module that define this name and no other."""
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
    """The names that an import statement binds, each with the module and the definition to which it refers.

    Raises NotReadError for `import *`.
    """
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
    """A copy of an enumeration's class without its members. Code that names no member depends only on this copy."""
    bare = ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)
    return ast.copy_location(bare, node)
