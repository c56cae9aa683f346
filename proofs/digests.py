"""Digests of the source on which a proof rests, computed from syntax trees so that they are equal on every version of
Python.

A proof rests on the functions of `spec` that it ran, on the code of their modules outside of functions, and on all of
the laws, the theory and the engine. The modules are found by following imports from engine and theory.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import z3

ENGINE: Final = "proofs.call_task"
"""The module that returns verdicts: it and everything that it imports decide them."""

OURS: Final = ("spec", "invariants", "proofs")
"""The packages whose source decides verdicts. `docs/proofs.md` names everything else that does."""

RULES: Final = "spec."
"""The prefix of modules of which only the functions that ran count."""

MACHINE: Final = "spec.machine"
"""The module that stores a call's writes, in code that runs in no proof."""

WORDLESS: Final = frozenset({"kind", "type_comment", "type_ignores"})
"""The fields of syntax trees that only record notation."""


def solver_version() -> str:
    """The name and version of the solver that decides, such as "z3 4.13.0"."""
    return f"z3 {z3.get_version_string()}"


def canonical(node: Any) -> str:
    """A syntax tree as text that is equal on every version of Python.

    Empty fields are left out, so that fields added by later versions do not matter; so are line numbers and docstrings.
    Adjacent texts in an f-string are joined, since versions split them differently.
    """
    if isinstance(node, list):
        return f"[{','.join([canonical(each) for each in node])}]"
    if isinstance(node, str):
        return ascii(node)
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__}:{node!a}"
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, []) and name not in WORDLESS}
    if isinstance(node, ast.Constant):
        fields["value"] = canonical(node.value) if isinstance(node.value, str) else [node.value]
    elif isinstance(node, ast.JoinedStr):
        fields["values"] = _joined(node.values)
    elif isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
        if not _joined(node.format_spec.values):
            del fields["format_spec"]
    elif isinstance(fields.get("body"), list):
        fields["body"] = [each for each in fields["body"] if not _is_word(each)]
    return f"{type(node).__name__}({','.join([f'{name}={canonical(fields[name])}' for name in sorted(fields)])})"


def _is_word(node: ast.AST) -> bool:
    """True if a statement is a docstring, or another constant without effect."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _joined(values: list[ast.expr]) -> list[ast.AST]:
    """The parts of an f-string, with adjacent texts joined and empty ones left out."""
    parts: list[ast.AST] = []
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            before = parts[-1] if parts else None
            if isinstance(before, ast.Constant) and isinstance(before.value, str):
                parts[-1] = ast.Constant(before.value + value.value)
            elif value.value:
                parts.append(value)
        else:
            parts.append(value)
    return parts


def functions_of(source: str) -> dict[str, str]:
    """The map from the qualified name of each function in a source to its digest, and from "" to the digest of
    everything else.

    Functions that share a name, such as a property and its setter, share a digest. A nested function counts as a part
    of the outer one.
    """
    found: dict[str, list[str]] = {}

    class Cut(ast.NodeTransformer):
        within: list[str] = []  # noqa: RUF012  # one list for one visit: the class is made anew in each call

        def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
            self.within.append(node.name)
            self.generic_visit(node)
            self.within.pop()
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            found.setdefault(".".join([*self.within, node.name]), []).append(canonical(node))
            node.body = []
            return node

    found[""] = [canonical(Cut().visit(ast.parse(source)))]
    return {name: _hashed(*texts) for name, texts in found.items()}


def _hashed(*texts: str) -> str:
    total = hashlib.sha256()
    for text in texts:
        total.update(f"{len(text)} {text}".encode())
    return total.hexdigest()


@cache
def source_of(module: str) -> str | None:
    """The source of a module when this process first read it; None if there is no such module."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    if found is None or found.origin is None:
        return None
    place = Path(found.origin)
    file = place if place.suffix == ".py" else place.with_name(f"{place.name.split('.')[0]}.py")
    return importlib.util.decode_source(file.read_bytes())  # heeds an encoding comment, as Python does


@cache
def _functions(module: str) -> dict[str, str]:
    """The digests of a module's functions, by name; empty if there is no such module."""
    source = source_of(module)
    return {} if source is None else functions_of(source)


def names_in(module: str) -> list[str]:
    """All functions and methods of a module, as "module:qualified name"; empty if there is no such module."""
    return [f"{module}:{name}" for name in _functions(module) if name]


def _origin(module: str, node: ast.ImportFrom) -> str:
    """The absolute name of the module from which a statement imports."""
    if node.level == 0:
        return node.module or ""
    found = importlib.util.find_spec(module)
    package = module if found is not None and found.submodule_search_locations else module.rpartition(".")[0]
    return importlib.util.resolve_name("." * node.level + (node.module or ""), package)


def _imported(module: str, roots: Collection[str]) -> Iterator[str]:
    """The modules below the packages `roots` that a module imports anywhere, also within functions. The packages that
    contain these are included.
    """
    named: list[str] = []
    for node in ast.walk(ast.parse(source_of(module) or "")):
        if isinstance(node, ast.Import):
            named += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            named += [origin, *[f"{origin}.{alias.name}" for alias in node.names]]
    for name in named:
        parts = name.split(".")
        if parts[0] in roots:
            yield from (".".join(parts[: length + 1]) for length in range(len(parts)))


@cache
def modules_behind(place: str) -> tuple[str, ...]:
    """Every module that can decide a verdict of the theory at `place` (`module:attribute`), sorted. These are the
    engine and the theory, with what they import from `OURS` and from the setup's `lifted`.
    """
    from proofs.setup import setup_of  # imported here, so that digests of text need only the standard library

    roots = {*OURS, *[name.partition(".")[0] for name in setup_of(place).lifted]}
    return _behind([ENGINE, place.partition(":")[0]], roots)


@cache
def storing() -> tuple[str, ...]:
    """The modules that a digest counts whole, since they store what calls write and run in no proof: `spec.machine` and
    all that it imports.
    """
    return _behind([MACHINE], OURS)


def _behind(first: list[str], roots: Collection[str]) -> tuple[str, ...]:
    """The modules in `first`, and all that they import below the packages `roots`, however deep, in
    alphabetical order.
    """
    pending, seen = [*first], set[str]()
    while pending:
        module = pending.pop()
        if module not in seen and source_of(module) is not None:
            seen.add(module)
            pending.extend(_imported(module, roots))
    return tuple(sorted(seen))


@cache
def snapshot(place: str) -> str:
    """A digest of the solver's version and of the files behind the theory at `place`, as this process read them. It is
    equal in any process that read equal files.
    """
    return _hashed(solver_version(), *[f"{name}\n{source_of(name)}" for name in modules_behind(place)])


@cache
def _ground(place: str) -> str:
    """The digest of everything on which all verdicts of a theory rest: laws, theory, engine, and the rules' code
    outside of functions.
    """
    lines: list[str] = []
    whole = storing()
    for module in modules_behind(place):
        of_module = _functions(module)
        names = [""] if module.startswith(RULES) and module not in whole else sorted(of_module)
        lines += [f"{module}:{name} {of_module[name]}" for name in names]
    return _hashed(*lines)


def digest(functions: Iterable[str], place: str) -> str:
    """The digest of some functions ("module:name") and of everything else that decides verdicts of the theory at
    `place`: 16 hexadecimal digits. The solver's version is not included.
    """
    lines = [place, _ground(place)]
    for function in sorted(functions):
        module, _, name = function.partition(":")
        lines.append(f"{function} {_functions(module).get(name, '')}")
    return _hashed(*lines)[:16]
