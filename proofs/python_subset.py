"""The part of Python that the lifter understands, all of it. A function that does anything else is refused when symbols
run it.

Symbols follow a program by what it asks of them: they fork where it compares, and divide where it divides. A program
that finds its answer another way, by the hash, the identity, the type or the text of a value, would get one that holds
for the symbol and not for what it stands for. So nothing is followed but what stands here, and `docs/proofs.md` repeats
it. What is refused is refused by file and line, and cannot be caught by what is lifted.
"""

import ast
import builtins
import dis
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, Final

STATEMENTS: Final = "AnnAssign Assign AugAssign Break Continue Expr For FunctionDef If Pass Return While"
EXPRESSIONS: Final = (
    "Attribute BinOp BoolOp Call Compare Constant Dict DictComp GeneratorExp IfExp Lambda List ListComp Name Slice "
    "Starred Subscript Tuple UnaryOp"
)
OPERATORS: Final = (
    "Add And BitAnd BitOr Eq FloorDiv Gt GtE In Is IsNot Lt LtE Mod Mult Not NotEq NotIn Or Pow RShift Sub USub"
)
BUILTINS: Final = (
    "abs all any bool enumerate getattr hasattr int isinstance len list max min range sorted str sum super tuple zip"
)
CALLED: Final = "set type"
"""Of functions that come with Python, those that may be called only: `type` of calls and rows."""
METHODS: Final = "append extend index items values"
"""Of lists, tuples and dictionaries. `append` and `extend` are of a list that the same function has made."""
LIBRARY: Final = "attr.fields typing.cast"
"""The unlifted functions that a function may call; beside annotations, which nothing runs."""
_OF_LIBRARY: Final = {name.partition(".")[2] for name in LIBRARY.split()}
_KNOWN: Final = {"__init__", "carries", "carried", "is_cut", "gone", *METHODS.split(), *_OF_LIBRARY}

CHANGES: Final = "spec.machine:Draft.put"
"""The function that may change what it did not make: a draft takes the rows that it is given, if it is of this path."""
BEGINS: Final = "spec.machine:Draft.__init__"
CLOSES: Final = "spec.machine:Draft.delta"
OF_DRAFTS: Final = ("spec.machine:Write.__init__", "spec.machine:Delta.__init__")
"""The classes that a draft alone makes."""

_PARTS: Final = frozenset({"arg", "arguments", "comprehension", "keyword", "Load", "Store"})
_NODES: Final = frozenset({*STATEMENTS.split(), *EXPRESSIONS.split(), *OPERATORS.split(), *_PARTS})
_NAMES: Final = frozenset(BUILTINS.split())
_DEFAULTS: Final = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
_CONSTANTS: Final = (int, str, bool, type(None))
_CHANGING: Final = frozenset(
    name
    for kind in (list, dict, set)
    for name in dir(kind)
    if not name.startswith("_")
    and name not in {*dir(tuple), *dir(frozenset), "get", "items", "keys", "values", "copy", "fromkeys"}
)
"""Methods that change a list, a dictionary or a set."""
_AT_LOADING: Final = ("__name__", "dict", "frozenset", "object", "property", "staticmethod")
"""Names that a module may also use while it is loaded, when there are no symbols."""
_IMPORTED: Final = ("attr", "collections.abc", "enum", "pathlib", "re", "sys", "typing", "__future__")
"""Modules that are not lifted and may be imported. A function that runs on symbols finds nothing of theirs but what is
in the LIBRARY.
"""

Function = ast.FunctionDef | ast.Lambda
Untaught = tuple[int, str]
"""A line, and what stands there that is not understood."""


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function, without annotations, and without the functions within it."""
    yield from (node for _, node in _lines_of(function))


@lru_cache(maxsize=1)
def _lines_of(function: Function) -> list[tuple[int, ast.AST]]:
    """The nodes of a function, each with its line, or with that of what it is a part of. Whoever changes the
    function has asked all before.
    """
    found: list[tuple[int, ast.AST]] = []
    parts: list[ast.AST] = list(function.body) if isinstance(function, ast.FunctionDef) else [function.body]
    parts += [*function.args.defaults, *[default for default in function.args.kw_defaults if default is not None]]
    parts += function.decorator_list if isinstance(function, ast.FunctionDef) else []
    pending = [(function.lineno, part) for part in parts]
    while pending:
        outer, node = pending.pop()
        line = getattr(node, "lineno", outer)
        found.append((line, node))
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        pending.extend((line, child) for child in ast.iter_child_nodes(node) if child is not annotation)
    return found


def untaught_syntax(function: Function, name: str) -> list[Untaught]:
    """The places of a function that are not understood, whatever its names mean. `name` is "module:qualified name"."""
    found: list[Untaught] = []
    made = made_by(function)
    gone_through = {id(part) for part in _gone_through_at_once(function)}
    for line, node in _lines_of(function):
        kind = type(node).__name__
        if kind not in _NODES:
            found.append((line, kind))
        elif isinstance(node, ast.Compare) and len(node.ops) > 1 and _asks_identity(node):
            found.append((line, "a chain with `is`"))
        elif isinstance(node, ast.Constant) and type(node.value) not in _CONSTANTS:
            found.append((line, f"the constant {node.value!r}"))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and name != CHANGES:
            if not _is_of_own_object(node, function):
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and name != CHANGES:
            if not isinstance(node.value, ast.Name) or node.value.id not in made:
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif _is_iterator(node) and id(node) not in gone_through:
            found.append((line, f"{ast.unparse(node)} is kept, and may be gone through twice"))
        elif isinstance(node, ast.Attribute) and node.attr == "__init__" and not _is_of_super(node):
            found.append((line, f"{ast.unparse(node)} begins an object again"))
        elif isinstance(node, ast.GeneratorExp) and (change := _change_within(node)):
            found.append((line, f"{change} within what `any` or `all` may not go through to its end"))
        elif isinstance(node, ast.Dict) and None in node.keys:
            found.append((line, "a dictionary within a dictionary"))
        elif isinstance(node, ast.Call) and _changes(node) and name != CHANGES:
            receiver = node.func.value  # type: ignore[attr-defined]  # `_changes` has seen that it is an attribute
            if not isinstance(receiver, ast.Name) or (receiver.id not in made and not receiver.id.isupper()):
                found.append((line, f"{ast.unparse(node.func)} changes what this function has not made"))
    decorators = function.decorator_list if isinstance(function, ast.FunctionDef) else []
    found += [(node.lineno, f"the decorator {ast.unparse(node)}") for node in decorators]
    for default in [*function.args.defaults, *[one for one in function.args.kw_defaults if one is not None]]:
        if not all(isinstance(part, _DEFAULTS) for part in ast.walk(default)):
            found.append((default.lineno, f"the default {ast.unparse(default)}"))
    return sorted(found)


ITERATORS: Final = ("enumerate", "zip")
GOING_THROUGH: Final = ("all", "any", "list", "max", "min", "set", "sorted", "sum", "tuple", *ITERATORS)
"""Functions of Python that make what can be gone through once, and those that go through what they are given."""


def _is_iterator(node: ast.AST) -> bool:
    """True if it can be gone through once."""
    is_made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ITERATORS
    return is_made or isinstance(node, ast.GeneratorExp)


def _gone_through_at_once(function: Function) -> Iterator[ast.AST]:
    """The values of a function that are gone through where they are made."""
    for node in own_nodes(function):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GOING_THROUGH:
            yield from node.args
        elif isinstance(node, ast.Starred):
            yield node.value


def _is_of_super(node: ast.Attribute) -> bool:
    """True if it is the `__init__` of what a class is derived from."""
    of = node.value
    return isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"


def asked_to_change(function: Function) -> list[Untaught]:
    """The globals of which a function asks what a list, a dictionary or a set would be changed by."""
    calls = [node.func for node in own_nodes(function) if isinstance(node, ast.Call) and _changes(node)]
    receivers = [call.value for call in calls if isinstance(call, ast.Attribute)]
    return [(node.lineno, node.id) for node in receivers if isinstance(node, ast.Name) and node.id.isupper()]


def _is_of_own_object(node: ast.Attribute, function: Function) -> bool:
    """True if it is an attribute of an object that a function initialises."""
    is_initialising = isinstance(function, ast.FunctionDef) and function.name == "__init__"
    return is_initialising and isinstance(node.value, ast.Name) and node.value.id == function.args.args[0].arg


def _changes(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGING


def _asks_identity(compare: ast.Compare) -> bool:
    return any(isinstance(operator, ast.Is | ast.IsNot) for operator in compare.ops)


@lru_cache(maxsize=1)
def made_by(function: Function) -> set[str]:
    """The names that only ever stand for lists and dictionaries which the function makes itself."""
    made: set[str] = set()
    given = function.args
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    otherwise = {each.arg for each in [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest]}
    for node in own_nodes(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            is_made = isinstance(node.value, ast.List | ast.ListComp | ast.Dict | ast.DictComp)
            for target in targets:
                names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name) and _is_given(part)}
                (made if is_made and isinstance(target, ast.Name) else otherwise).update(names)
        elif isinstance(node, ast.For | ast.comprehension):
            otherwise |= {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
    return made - otherwise


def _change_within(generator: ast.GeneratorExp) -> str:
    """The change of a list while a generator is gone through, if there is any."""
    calls = [part for part in ast.walk(generator) if isinstance(part, ast.Call) and _changes(part)]
    return ast.unparse(calls[0].func) if calls else ""


def _is_given(name: ast.Name) -> bool:
    """True if a name is given a value, rather than asked for its own."""
    return isinstance(name.ctx, ast.Store)


def untaught_loading(module: ast.Module, lifted: Callable[[str], bool]) -> list[Untaught]:
    """The imports and uses of a module while it is loaded that may hide values from symbols: a cache, say."""
    found: list[Untaught] = []
    allowed = {*_NAMES, *CALLED.split(), *_AT_LOADING}
    pending: list[ast.AST] = [*module.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [(node.lineno, f"{name} is imported") for name in origin if not _may_be_imported(name, lifted)]
        elif isinstance(node, ast.Name) and node.id not in allowed and not _is_harmless(node.id):
            found.append((node.lineno, node.id))
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        pending.extend(child for child in ast.iter_child_nodes(node) if child is not annotation)
    return sorted(found)


def _is_harmless(name: str) -> bool:
    """True if a name is none of Python's own, or that of an exception, which no function can raise or catch."""
    value = getattr(builtins, name, BaseException)
    return isinstance(value, type) and issubclass(value, BaseException)


def _may_be_imported(name: str, lifted: Callable[[str], bool]) -> bool:
    return lifted(name) or name in _IMPORTED or name.partition(".")[0] == "proofs"


def untaught_names(
    frame: FrameType, given: Mapping[str, Any], defined: Collection[str], is_understood: Callable[[Any], bool]
) -> list[Untaught]:
    """The names and attributes used by a function that begins to run that are not understood.

    `given` is what the lifter gives every module, `defined` the names that lifted modules give to fields and methods;
    `is_understood` tells of what a global name stands for.
    """
    found: list[Untaught] = []
    for line, is_global, name in _names_in(frame.f_code):
        if not is_global:
            is_dunder = name.startswith("__") and name != "__init__"
            if is_dunder or (name not in defined and name not in _KNOWN):
                found.append((line, f".{name}"))
        elif name not in frame.f_globals:
            if name not in _NAMES:
                found.append((line, name))
        elif not (frame.f_globals[name] is given.get(name) or is_understood(frame.f_globals[name])):
            found.append((line, name))
    return sorted(found)


def _names_in(code: CodeType) -> Iterator[tuple[int, bool, str]]:
    """The line, whether it is global, and the name, of each global and each attribute that some code looks up; the
    code of comprehensions is part of it, and of the sides of `and` and `or`.
    """
    for instruction in dis.get_instructions(code):
        line = (instruction.positions and instruction.positions.lineno) or code.co_firstlineno
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield line, True, instruction.argval
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "STORE_ATTR"):
            yield line, False, instruction.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType) and inner.co_name in ("<listcomp>", "<genexpr>", "<dictcomp>", "<lambda>"):
            yield from _names_in(inner)


def names_defined(module: ast.Module) -> set[str]:
    """The names that a module gives to functions, to fields of its objects, and to what is not within any function."""
    names: set[str] = set()
    pending: list[tuple[ast.AST, bool]] = [(module, False)]
    while pending:
        node, is_within = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and _is_given(node) and not is_within:
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        is_inner = is_within or isinstance(node, ast.FunctionDef | ast.Lambda)
        pending.extend((child, is_inner) for child in ast.iter_child_nodes(node))
    return names
