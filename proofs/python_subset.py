"""The complete list of the Python that the lifter accepts in functions that run on symbolic values. A function that
uses anything else is refused when it begins to run.

Symbolic execution follows a program through the operations that it applies to symbols: comparisons fork, divisions
divide. A program that depends on a value's hash, identity, type or text would get an answer that is true of the symbol
and not of the value that it stands for. So only the constructs listed here are accepted, and `docs/proofs.md` repeats
the list. A refusal names file and line, and lifted code cannot catch it.
"""

import ast
import builtins
import dis
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from proofs.syntax import (
    Function,
    Untaught,
    arguments,
    beginnings,
    gone_through_at_once,
    initialised_by,
    is_given,
    is_iterator,
    is_of_own_object,
    lines_of,
    own_nodes,
)

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
"""The builtins that may be called and not used as values. `type` may be called on calls and rows only."""
OF_THE_LIFTER: Final = r"_lifted_\w+|_fold|_while|_tuple|_spread|_turn|_loop\d+"
"""A regular expression for the names that the lifter inserts into a function."""
RESERVED: Final = re.compile("|".join([*BUILTINS.split(), *CALLED.split(), "cast", "__init__", OF_THE_LIFTER]))
"""The names that a function may not redefine, because the lifter relies on Python's or its own meaning of them."""
OF_CLASSES: Final = "__init__ __repr__ __slots__"
"""The special names that a class may define. Operators are left to Python and attrs."""
OF_SYMBOLS: Final = (
    "any_item appended different element elements has length listed_as listing made mapped resolve term terms without"
)
"""The attributes that symbols have and the values they stand for do not. Only the lifter reads them, where the type has
them.
"""
METHODS: Final = "append extend index items values"
"""The methods of lists, tuples and dictionaries that may be called; `append` and `extend` only on a list that the
function made.
"""
LIBRARY: Final = "attr.fields typing.cast"
"""The functions outside lifted modules that a function may call. Annotations may use others, since they never run."""
_OF_LIBRARY: Final = {name.partition(".")[2] for name in LIBRARY.split()}
_KNOWN: Final = {"__init__", "carries", "carried", "is_cut", "gone", *METHODS.split(), *_OF_LIBRARY}
CHANGES: Final = "spec.machine:Draft.put"
"""The one function that may change an object it did not make: it adds a row to a draft of the current path."""
BEGINS: Final = "spec.machine:Draft.__init__"
CLOSES: Final = "spec.machine:Draft.delta"
READS: Final = "spec.machine:Draft.get"
OF_DRAFTS: Final = ("spec.machine:Write.__init__", "spec.machine:Delta.__init__")
"""The classes that only a draft may instantiate."""
TEXTS: Final = ("format", "format_map")
"""The methods of `str` that turn any value into text."""
_PARTS: Final = frozenset({"arg", "arguments", "comprehension", "keyword", "Load", "Store"})
NODES: Final = frozenset({*STATEMENTS.split(), *EXPRESSIONS.split(), *OPERATORS.split(), *_PARTS})
UNSAID: Final = re.compile(f"__init__|{OF_THE_LIFTER}")
NAMES: Final = frozenset(BUILTINS.split())
_ONLY_CALLED: Final = NAMES - {"bool", "int", "list", "tuple"}
"""The builtin functions that may be called and not used as values, since their texts would reveal the lifter."""
_DEFAULTS: Final = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
_INDEX: Final = (ast.Name, ast.Constant, ast.Tuple, ast.Load)
_CONSTANTS: Final = (int, str, bool, type(None))
_CHANGING: Final = frozenset(
    name
    for kind in (list, dict, set)
    for name in dir(kind)
    if not name.startswith("_")
    and name not in {*dir(tuple), *dir(frozenset), "get", "items", "keys", "values", "copy", "fromkeys"}
)
"""The methods that change a list, a dictionary or a set in place."""


def untaught_syntax(function: Function, name: str) -> list[Untaught]:
    """The places in a function whose syntax the engine does not accept, whatever the names in it refer to, as sorted
    (line, description). `name` is "module:qualified name" of the function.
    """
    found: list[Untaught] = []
    made = made_by(function)
    gone_through = {id(part) for part in gone_through_at_once(function)}
    called = {id(node.func) for node in own_nodes(function) if isinstance(node, ast.Call)}
    asked = _asked_for_kinds(function)
    begun = {id(node) for node in beginnings(function)}
    initialised = initialised_by(function)
    for line, node in lines_of(function):
        kind = type(node).__name__
        if kind not in NODES:
            found.append((line, kind))
        elif isinstance(node, ast.Compare) and len(node.ops) > 1 and _asks_identity(node):
            found.append((line, "a chain with `is`"))
        elif isinstance(node, ast.Constant) and type(node.value) not in _CONSTANTS:
            found.append((line, f"the constant {node.value!r}"))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and name != CHANGES:
            if not is_of_own_object(node, function):
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and name != CHANGES:
            if not isinstance(node.value, ast.Name) or node.value.id not in made:
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif isinstance(node, ast.AugAssign) and not _is_one_place(node.target):
            found.append((line, f"{ast.unparse(node.target)} is changed in place, and may be found twice"))
        elif isinstance(node, ast.Call) and (said := _cast_to(node)) and not _is_said(said):
            found.append((line, f"a cast to {ast.unparse(said)}"))
        elif is_iterator(node) and id(node) not in gone_through:
            found.append((line, f"{ast.unparse(node)} is kept, and may be gone through twice"))
        elif isinstance(node, ast.Attribute) and node.attr in TEXTS:
            found.append((line, f"{ast.unparse(node)}, the text of a value,"))
        elif isinstance(node, ast.Name) and node.id[:2] == "__" == node.id[-2:] and node.id != "__name__":
            found.append((line, f"{node.id}, which Python sets,"))
        elif isinstance(node, ast.Name) and node.id in _ONLY_CALLED and not {id(node)} & (called | asked):
            found.append((line, f"{node.id} as a value"))
        elif isinstance(node, ast.Attribute) and node.attr == "__init__" and id(node) not in begun:
            found.append((line, f"{ast.unparse(node)} begins an object again"))
        elif isinstance(node, ast.Attribute) and node.attr in _CHANGING and id(node) not in called:
            found.append((line, f"{ast.unparse(node)} is kept, and may change what it is of"))
        elif isinstance(node, ast.Name) and (RESERVED if is_given(node) else UNSAID).fullmatch(node.id):
            found.append((line, f"another meaning of {node.id}"))
        elif isinstance(node, ast.Name) and node.id == initialised and is_given(node):
            found.append((line, f"another value of {node.id}"))
        elif isinstance(node, ast.FunctionDef) and RESERVED.fullmatch(node.name):
            found.append((line, f"another meaning of {node.name}"))
        elif isinstance(node, ast.GeneratorExp) and (change := _change_within(node)):
            found.append((line, f"{change} within what `any` or `all` may not go through to its end"))
        elif isinstance(node, ast.Dict) and None in node.keys:
            found.append((line, "a dictionary within a dictionary"))
        elif isinstance(node, ast.Call) and _changes(node) and name != CHANGES:
            receiver = node.func.value  # type: ignore[attr-defined]  # `_changes` has seen that it is an attribute
            if not isinstance(receiver, ast.Name) or (receiver.id not in made and not receiver.id.isupper()):
                found.append((line, f"{ast.unparse(node.func)} changes what this function has not made"))
    found += [
        (function.lineno, f"another meaning of {given}") for given in arguments(function) if RESERVED.fullmatch(given)
    ]
    decorators = function.decorator_list if isinstance(function, ast.FunctionDef) else []
    found += [(node.lineno, f"the decorator {ast.unparse(node)}") for node in decorators]
    for default in [*function.args.defaults, *[one for one in function.args.kw_defaults if one is not None]]:
        if not all(isinstance(part, _DEFAULTS) for part in ast.walk(default)):
            found.append((default.lineno, f"the default {ast.unparse(default)}"))
    return sorted(found)


def _asked_for_kinds(function: Function) -> set[int]:
    """The `id()` of each name node that may stand without being called. These are `str` in `isinstance`, `cast` and
    comparisons, and any other name given as `key=`.
    """
    asked: set[int] = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "cast"):
            asked |= {id(part) for each in node.args for part in ast.walk(each) if getattr(part, "id", "") == "str"}
        elif isinstance(node, ast.Compare):
            asked |= {id(part) for part in [node.left, *node.comparators] if getattr(part, "id", "") == "str"}
        elif isinstance(node, ast.keyword) and node.arg == "key" and getattr(node.value, "id", "str") != "str":
            asked.add(id(node.value))
    return asked


def _is_one_place(target: ast.expr) -> bool:
    """True if the target of an augmented assignment is a name, an attribute of a name, or a subscript of names,
    constants and tuples alone. The lifter evaluates it twice, and Python once: of these, both find the same place.
    """
    if isinstance(target, ast.Subscript):
        return all(isinstance(part, _INDEX) for part in [*ast.walk(target.value), *ast.walk(target.slice)])
    return isinstance(target, ast.Name) or (isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name))


def asked_to_change(function: Function) -> list[Untaught]:
    """The (line, name) of each upper-case global on which a function calls a method that changes a list, a dictionary
    or a set.
    """
    calls = [node.func for node in own_nodes(function) if isinstance(node, ast.Call) and _changes(node)]
    receivers = [call.value for call in calls if isinstance(call, ast.Attribute)]
    return [(node.lineno, node.id) for node in receivers if isinstance(node, ast.Name) and node.id.isupper()]


def _cast_to(node: ast.Call) -> ast.expr | None:
    """The type argument of a call of `cast`, which the engine removes; None for other calls."""
    return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args else None


def _is_said(said: ast.expr) -> bool:
    """True if the type argument of a `cast` is a string or a (dotted) name, so that removing it loses nothing but a
    NameError.
    """
    while isinstance(said, ast.Attribute):
        said = said.value
    return isinstance(said, ast.Name) or (isinstance(said, ast.Constant) and isinstance(said.value, str))


def said_by_casts(function: Function) -> list[Untaught]:
    """The (line, dotted name) of each type to which a function casts, strings left out."""
    casts = [(node, _cast_to(node)) for node in own_nodes(function) if isinstance(node, ast.Call)]
    return [(node.lineno, ast.unparse(said)) for node, said in casts if said and not isinstance(said, ast.Constant)]


def is_there(name: str, frame: FrameType) -> bool:
    """True if a dotted name is found as a global of its module or a builtin when a function begins to run, and is no
    local name of it. `frame` is the function's.
    """
    first, *rest = name.split(".")
    code = frame.f_code
    value = frame.f_globals.get(first, getattr(builtins, first, frame))
    for part in rest:
        value = vars(value).get(part, frame) if isinstance(value, ModuleType) else frame
    return value is not frame and first not in (*code.co_varnames, *code.co_cellvars, *code.co_freevars)


def names_with_dots(function: Function) -> list[Untaught]:
    """The (line, dotted name) of each name that a function reads, with the attributes read from it in one expression.
    Type arguments of `cast` are left out, since nothing evaluates them.
    """
    said = [_cast_to(node) for node in own_nodes(function) if isinstance(node, ast.Call)]
    passed = {id(part) for each in said if each is not None for part in ast.walk(each)}
    longer = {id(node.value): node for node in own_nodes(function) if isinstance(node, ast.Attribute)}
    found: list[Untaught] = []
    for line, node in lines_of(function):
        if isinstance(node, ast.Name) and not is_given(node) and id(node) not in passed:
            names, whole = [node.id], longer.get(id(node))
            while whole is not None:
                names.append(whole.attr)
                whole = longer.get(id(whole))
            found.append((line, ".".join(names)))
    return found


def untaught_of_modules(
    frame: FrameType, asked: Collection[Untaught], is_understood: Callable[[Any], bool]
) -> Iterator[Untaught]:
    """The (line, dotted name) of each name that a function looks up in an imported module and whose value is not
    accepted. A name that ends at a module, or at nothing, is yielded too. `asked` are the dotted names, `frame` is the
    function's.
    """
    code = frame.f_code
    own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    for line, name in asked:
        first, *rest = name.split(".")
        value = None if first in own else frame.f_globals.get(first)
        if not isinstance(value, ModuleType):
            continue
        found = first
        for part in rest:
            if not isinstance(value, ModuleType):
                break
            found = f"{found}.{part}"
            value = vars(value).get(part, frame)
        if value is frame or isinstance(value, ModuleType) or not is_understood(value):
            yield line, found


def _changes(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGING


def _asks_identity(compare: ast.Compare) -> bool:
    return any(isinstance(operator, ast.Is | ast.IsNot) for operator in compare.ops)


@lru_cache(maxsize=1)
def made_by(function: Function) -> set[str]:
    """The local variables of a function that are only ever assigned list or dictionary displays and comprehensions of
    its own.
    """
    made: set[str] = set()
    otherwise = set(arguments(function))
    for node in own_nodes(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            is_made = isinstance(node.value, ast.List | ast.ListComp | ast.Dict | ast.DictComp)
            for target in targets:
                names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name) and is_given(part)}
                (made if is_made and isinstance(target, ast.Name) else otherwise).update(names)
        elif isinstance(node, ast.For | ast.comprehension):
            otherwise |= {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
    return made - otherwise


def _change_within(generator: ast.GeneratorExp) -> str:
    """The source text of a call within a generator expression that changes a list, dictionary or set; empty if there is
    none.
    """
    calls = [part for part in ast.walk(generator) if isinstance(part, ast.Call) and _changes(part)]
    return ast.unparse(calls[0].func) if calls else ""


def untaught_names(
    frame: FrameType,
    given: Mapping[str, Any],
    defined: Collection[str],
    private: Collection[str],
    is_understood: Callable[[Any], bool],
) -> list[Untaught]:
    """The (line, name) of each global and attribute that a function uses and that is not accepted, checked as it begins
    to run.

    `given` holds the names that the engine injects into every module. `defined` are the names that lifted modules give
    to fields and methods, `private` those of the function's own module. `is_understood` is true of the value of a
    global that is accepted.
    """
    found: list[Untaught] = []
    for line, is_global, name in _names_in(frame.f_code):
        if not is_global:
            is_dunder = name.startswith("__") and name != "__init__"
            is_own = name in (private if name.startswith("_") else defined)
            if is_dunder or (not is_own and name not in _KNOWN):
                found.append((line, f".{name}"))
        elif name not in frame.f_globals:
            if name not in NAMES:
                found.append((line, name))
        elif isinstance(frame.f_globals[name], ModuleType):
            pass  # untaught_of_modules checks what is looked up in it
        elif not (frame.f_globals[name] is given.get(name) or is_understood(frame.f_globals[name])):
            found.append((line, name))
    return sorted(found)


def _names_in(code: CodeType) -> Iterator[tuple[int, bool, str]]:
    """The (line, is global, name) of each global and attribute that a code object looks up. Comprehensions and lambdas
    within it are included, since the engine makes lambdas of the operands of `and` and `or`.
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
