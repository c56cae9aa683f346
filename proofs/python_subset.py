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
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path, PurePath
from types import CodeType, FrameType, ModuleType
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
OF_THE_LIFTER: Final = r"_lifted_\w+|_fold|_while|_tuple|_spread|_turn|_loop\d+"
"""The names that the lifter gives to what it puts into a function."""
RESERVED: Final = re.compile("|".join([*BUILTINS.split(), *CALLED.split(), "cast", "__init__", OF_THE_LIFTER]))
"""The names that mean what Python or the lifter means by them, and so are nobody else's."""
OF_CLASSES: Final = "__init__ __repr__ __slots__"
"""The names with a meaning for Python that a class may define: operators are what Python and attrs make of rows."""
OF_SYMBOLS: Final = (
    "any_item appended different element elements has length listed_as listing made mapped resolve term terms without"
)
"""Attributes of symbols, which what they stand for has not: the lifter asks for them alone, of whom they are."""
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
READS: Final = "spec.machine:Draft.get"
OF_DRAFTS: Final = ("spec.machine:Write.__init__", "spec.machine:Delta.__init__")
"""The classes that a draft alone makes."""

TEXTS: Final = ("format", "format_map")
"""Methods of texts that write down any value."""

_PARTS: Final = frozenset({"arg", "arguments", "comprehension", "keyword", "Load", "Store"})
_NODES: Final = frozenset({*STATEMENTS.split(), *EXPRESSIONS.split(), *OPERATORS.split(), *_PARTS})
_UNSAID: Final = re.compile(f"__init__|{OF_THE_LIFTER}")
_NAMES: Final = frozenset(BUILTINS.split())
_ONLY_CALLED: Final = _NAMES - {"bool", "int", "list", "tuple"}
"""Of functions that come with Python, those that are no values: their texts say what they are."""
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
"""Methods that change a list, a dictionary or a set."""
AT_LOADING: Final = "attr.s attr.frozen re.compile"
"""The attributes of others' modules that a module may use while it is loaded, beside the names that it imports."""
LOADING_ALSO: Final = (
    "Assert BitXor ClassDef Div FormattedValue Import ImportFrom JoinedStr LShift Raise Set SetComp UAdd alias withitem"
)
OF_CLASSES_OF_ATTR: Final = "auto_attribs eq frozen hash init kw_only order repr slots unsafe_hash"
"""The words that a class may say to attrs, which then makes nothing of it that a symbol would not have."""
NUMBERS: Final = "invariants.law:Catalogue.__init__"
"""The function that may change what it did not make while a module is loaded: it numbers sums."""
_AT_LOADING: Final = ("__name__", "dict", "frozenset", "object", "property", "staticmethod")
_NOT_AT_LOADING: Final = frozenset("all any getattr hasattr isinstance len max min range".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""Functions of Python that the lifter replaces, so that a module could tell that it is lifted."""
_SAID_WITHIN: Final = frozenset({*_NAMES, *CALLED.split(), *_AT_LOADING})
_CLASSES: Final = frozenset("bool dict frozenset int list object property set staticmethod str tuple".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""Of the functions of Python that may be called while a module is loaded, those that are classes."""
_NODES_AT_LOADING: Final = frozenset({*_NODES, *LOADING_ALSO.split()})
_OF_FILES: Final = frozenset({*dir(Path)} - {*dir(PurePath), *dir(str), "group", "owner"})
"""The names by which a path reads files; `group` and `owner` are names of others, too."""
_HIDING: Final = ("json", "pathlib", "sys")
"""Modules that find what no digest knows: nothing of theirs is used while a module is loaded."""
_CALLED_AT_LOADING: Final = ("TypeVar", "cast", "get_args")
"""The names imported from others that a module may call while it is loaded."""
"""Names that a module may also use while it is loaded, when there are no symbols."""
_IMPORTED: Final = ("attr", "collections.abc", "enum", "json", "pathlib", "re", "sys", "typing", "__future__")
"""Modules that are not lifted and may be imported. A function that runs on symbols finds nothing of theirs but what is
in the LIBRARY.
"""

OF_ENGINE: Final = "proofs.histories proofs.history_write_contract proofs.setup"
"""The modules of the engine that may be imported, beside those of a protocol; functions find nothing of them."""

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
    called = {id(node.func) for node in own_nodes(function) if isinstance(node, ast.Call)}
    asked = _asked_for_kinds(function)
    begun = {id(node) for node in _beginnings(function)}
    initialised = initialised_by(function)
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
        elif isinstance(node, ast.AugAssign) and not _is_one_place(node.target):
            found.append((line, f"{ast.unparse(node.target)} is changed in place, and may be found twice"))
        elif isinstance(node, ast.Call) and (said := _cast_to(node)) and not _is_said(said):
            found.append((line, f"a cast to {ast.unparse(said)}"))
        elif _is_iterator(node) and id(node) not in gone_through:
            found.append((line, f"{ast.unparse(node)} is kept, and may be gone through twice"))
        elif isinstance(node, ast.Attribute) and node.attr in TEXTS and id(node) in called:
            found.append((line, f"{ast.unparse(node)}, the text of a value,"))
        elif isinstance(node, ast.Name) and node.id in _ONLY_CALLED and not {id(node)} & (called | asked):
            found.append((line, f"{node.id} as a value"))
        elif isinstance(node, ast.Attribute) and node.attr == "__init__" and id(node) not in begun:
            found.append((line, f"{ast.unparse(node)} begins an object again"))
        elif isinstance(node, ast.Attribute) and node.attr in _CHANGING and id(node) not in called:
            found.append((line, f"{ast.unparse(node)} is kept, and may change what it is of"))
        elif isinstance(node, ast.Name) and (RESERVED if _is_given(node) else _UNSAID).fullmatch(node.id):
            found.append((line, f"another meaning of {node.id}"))
        elif isinstance(node, ast.Name) and node.id == initialised and _is_given(node):
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
    """The names in a function, by identity, that say of which kind something is, or by what it is sorted."""
    asked: set[int] = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "cast"):
            asked |= {id(part) for each in node.args for part in ast.walk(each) if getattr(part, "id", "") == "str"}
        elif isinstance(node, ast.Compare):
            asked |= {id(part) for part in [node.left, *node.comparators] if getattr(part, "id", "") == "str"}
        elif isinstance(node, ast.keyword) and node.arg == "key" and getattr(node.value, "id", "str") != "str":
            asked.add(id(node.value))
    return asked


ITERATORS: Final = ("enumerate", "zip")
GOING_THROUGH: Final = ("all", "any", "list", "max", "min", "set", "sorted", "sum", "tuple", *ITERATORS)
"""Functions of Python that make what can be gone through once, and those that go through what they are given."""


def _is_one_place(target: ast.expr) -> bool:
    """True if it can be found twice, where Python finds it once: nothing is called to find it."""
    if isinstance(target, ast.Subscript):
        return all(isinstance(part, _INDEX) for part in [*ast.walk(target.value), *ast.walk(target.slice)])
    return isinstance(target, ast.Name) or (isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name))


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


def _beginnings(function: Function) -> Iterator[ast.AST]:
    """The attributes of an `__init__` whose statements begin what a class is derived from: `super().__init__(...)`."""
    if not initialised_by(function):
        return
    for node in own_nodes(function):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            of = node.value.func.value
            if isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super" and not of.args:
                yield node.value.func


def initialised_by(function: Function) -> str:
    """The name of the object that a function initialises, empty if it does not."""
    if not isinstance(function, ast.FunctionDef) or function.name != "__init__":
        return ""
    return next((each.arg for each in [*function.args.posonlyargs, *function.args.args]), "")


def arguments(function: Function) -> list[str]:
    """The names of a function's arguments."""
    given = function.args
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest]]


def asked_to_change(function: Function) -> list[Untaught]:
    """The globals of which a function asks what a list, a dictionary or a set would be changed by."""
    calls = [node.func for node in own_nodes(function) if isinstance(node, ast.Call) and _changes(node)]
    receivers = [call.value for call in calls if isinstance(call, ast.Attribute)]
    return [(node.lineno, node.id) for node in receivers if isinstance(node, ast.Name) and node.id.isupper()]


def given_by(function: Function) -> set[str]:
    """The names to which a function gives values anywhere in it, and so in each comprehension."""
    named = {node.id for node in own_nodes(function) if isinstance(node, ast.Name) and _is_given(node)}
    return {*named, *arguments(function)}


def _cast_to(node: ast.Call) -> ast.expr | None:
    """The type to which a value is cast, which the lifter leaves out."""
    return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args else None


def _is_said(said: ast.expr) -> bool:
    """True if a type is a text or a name, by whose leaving out nothing is lost but an exception."""
    while isinstance(said, ast.Attribute):
        said = said.value
    return isinstance(said, ast.Name) or (isinstance(said, ast.Constant) and isinstance(said.value, str))


def said_by_casts(function: Function) -> list[Untaught]:
    """The names of types to which a function casts."""
    casts = [(node, _cast_to(node)) for node in own_nodes(function) if isinstance(node, ast.Call)]
    return [(node.lineno, ast.unparse(said)) for node, said in casts if said and not isinstance(said, ast.Constant)]


def is_there(name: str, frame: FrameType) -> bool:
    """True if a function that begins to run finds what its module, or Python, calls by a name with dots."""
    first, *rest = name.split(".")
    code = frame.f_code
    value = frame.f_globals.get(first, getattr(builtins, first, frame))
    for part in rest:
        value = vars(value).get(part, frame) if isinstance(value, ModuleType) else frame
    return value is not frame and first not in (*code.co_varnames, *code.co_cellvars, *code.co_freevars)


def names_with_dots(function: Function) -> list[Untaught]:
    """The names that a function asks for, each with all the attributes that are asked of it at once; but for those of
    types to which it casts, which nothing asks for.
    """
    said = [_cast_to(node) for node in own_nodes(function) if isinstance(node, ast.Call)]
    passed = {id(part) for each in said if each is not None for part in ast.walk(each)}
    longer = {id(node.value): node for node in own_nodes(function) if isinstance(node, ast.Attribute)}
    found: list[Untaught] = []
    for line, node in _lines_of(function):
        if isinstance(node, ast.Name) and not _is_given(node) and id(node) not in passed:
            names, whole = [node.id], longer.get(id(node))
            while whole is not None:
                names.append(whole.attr)
                whole = longer.get(id(whole))
            found.append((line, ".".join(names)))
    return found


def untaught_of_modules(
    frame: FrameType, asked: Collection[Untaught], is_understood: Callable[[Any], bool]
) -> Iterator[Untaught]:
    """The values that a function finds in modules, of those that it is asked for, that are not understood; and modules
    in which it finds nothing.
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


def _is_of_own_object(node: ast.Attribute, function: Function) -> bool:
    """True if it is an attribute of an object that a function initialises."""
    return isinstance(node.value, ast.Name) and node.value.id == initialised_by(function) != ""


def _changes(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGING


def _asks_identity(compare: ast.Compare) -> bool:
    return any(isinstance(operator, ast.Is | ast.IsNot) for operator in compare.ops)


@lru_cache(maxsize=1)
def made_by(function: Function) -> set[str]:
    """The names that only ever stand for lists and dictionaries which the function makes itself."""
    made: set[str] = set()
    otherwise = set(arguments(function))
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
    found: list[Untaught] = _meanings(module)
    of_others = names_of_others(module, lifted)
    allowed = _SAID_WITHIN - _NOT_AT_LOADING
    pending: list[tuple[int, ast.AST]] = [(1, node) for node in module.body]
    while pending:
        outer, node = pending.pop()
        line = getattr(node, "lineno", outer)
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [(line, f"{name} is imported") for name in origin if not _may_be_imported(name, lifted)]
            found += [(line, f"{name} is imported") for name in _modules_in(node)]
        elif isinstance(node, ast.Name) and not _may_be_named(node, allowed):
            found.append((line, node.id))
        else:
            found += [(line, what) for what in _untaught_at_loading(node, of_others)]
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            defaults = [*node.args.defaults, *[each for each in node.args.kw_defaults if each is not None]]
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            pending += [(line, part) for part in [*defaults, *decorators]]
            continue
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        pending.extend((line, child) for child in ast.iter_child_nodes(node) if child is not annotation)
    found += [(node.lineno, type(node).__name__) for node in ast.walk(module) if isinstance(node, ast.AsyncFunctionDef)]
    return sorted({*found, *_called_in_annotations(module)})


def untaught_when_loading(function: Function, name: str, of_others: Mapping[str, str]) -> list[Untaught]:
    """The places of a function that are not understood if it runs while a module is loaded. It runs as Python, so it
    may do more than on symbols; but it finds nothing that no digest knows, and does not ask whether it is lifted.
    """
    begun = {id(node) for node in _beginnings(function)}
    own = _own_names(function)
    places = {id(part) for node in own_nodes(function) if _is_own_file(node, of_others) for part in ast.walk(node)}
    found: list[Untaught] = []
    gone_through = {id(part) for part in _gone_through_at_once(function)}
    called = {id(node.func) for node in own_nodes(function) if isinstance(node, ast.Call)}
    for line, node in _lines_of(function):
        if isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom):
            found.append((line, f"{type(node).__name__} in a function"))
        elif _is_iterator(node) and id(node) not in gone_through:
            found.append((line, f"{ast.unparse(node)} is kept, and may be gone through twice"))
        elif id(node) in places or (isinstance(node, ast.Name) and id(node) in own):
            pass
        elif isinstance(node, ast.Name) and not _may_be_said_within(node, id(node) in called):
            found.append((line, node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if not _is_of_own_object(node, function) and name != NUMBERS:
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif id(node.func if isinstance(node, ast.Call) else node) not in begun:
            found += [(line, what) for what in _untaught_at_loading(node, of_others)]
    return found


def _is_own_file(node: ast.AST, of_others: Mapping[str, str]) -> bool:
    """True if it is `Path(__file__)`: where a module is, at which nothing is read."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and of_others.get(node.func.id) == "pathlib"
        and [ast.unparse(each) for each in node.args] == ["__file__"]
        and not node.keywords
    )


def _own_names(function: Function) -> set[int]:
    """The names, by identity, that a function gives values itself: also within a comprehension, and there alone."""
    nodes = list(own_nodes(function))
    within = [node for node in nodes if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)]
    known: set[int] = set()
    targets: set[int] = set()
    for node in within:
        given = [part for each in node.generators for part in ast.walk(each.target) if isinstance(part, ast.Name)]
        names = {part.id for part in given}
        outside = {id(part) for part in ast.walk(node.generators[0].iter)}
        inside = [part for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in outside]
        known |= {id(part) for part in inside if part.id in names}
        targets |= {id(part) for part in given}
    named = [node for node in nodes if isinstance(node, ast.Name)]
    own = {*arguments(function), *[node.id for node in named if _is_given(node) and id(node) not in targets]}
    return known | {id(node) for node in named if node.id in own}


def _untaught_at_loading(node: ast.AST, of_others: Mapping[str, str]) -> Iterator[str]:
    """The parts that are not understood of what runs while a module is loaded."""
    kind = type(node).__name__
    if kind not in _NODES_AT_LOADING:
        yield f"{kind} while a module is loaded"
    elif isinstance(node, ast.Name) and of_others.get(node.id, "").partition(".")[0] in _HIDING:
        yield f"what {node.id} finds while a module is loaded"
    elif isinstance(node, ast.Attribute) and node.attr in TEXTS and isinstance(node.value, ast.Constant):
        yield f"{ast.unparse(node)}, the text of a value,"
    elif isinstance(node, ast.Attribute) and node.attr in _OF_FILES:
        yield f"{ast.unparse(node)}, which may read a file,"
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mod):
        yield f"{ast.unparse(node)} while a module is loaded"
    elif isinstance(node, ast.Call) and not _may_be_called(node.func, of_others):
        yield f"{ast.unparse(node.func)} while a module is loaded"
    elif isinstance(node, ast.Attribute) and not _may_be_asked(node, of_others):
        yield f"{ast.unparse(node)} while a module is loaded"
    elif (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in AT_LOADING.split()
        and "attr." in ast.unparse(node.func)
    ):
        for said in node.keywords:
            if said.arg not in OF_CLASSES_OF_ATTR.split():
                yield f"{said.arg or '**'} of {ast.unparse(node.func)}"


def names_of_others(module: ast.Module, lifted: Callable[[str], bool]) -> dict[str, str]:
    """The names that a module imports of modules which are not lifted, and of which."""
    return dict(pair for node in ast.walk(module) for pair in _others_in(node, lifted))


def names_of_engine(module: ast.Module, lifted: Callable[[str], bool]) -> set[str]:
    """The names that a module imports of the engine, and of a protocol's modules that are not lifted."""
    imports = [node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    pairs = [
        (alias, (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name)
        for node in imports
        for alias in node.names
    ]
    return {alias.asname or alias.name for alias, of in pairs if of.startswith("proofs.") and not lifted(of)}


def hidden_in(module: ast.Module, lifted: Callable[[str], bool]) -> set[str]:
    """The names by which a module knows other modules that are not lifted, and what it imports from those that find
    what no digest knows.
    """
    of_others = names_of_others(module, lifted)
    modules = {
        each.asname or each.name for node in ast.walk(module) if isinstance(node, ast.Import) for each in node.names
    }
    return {name for name, of in of_others.items() if name in modules or of.partition(".")[0] in _HIDING}


def reached_in(module: ast.Module, lifted: Callable[[str], bool]) -> list[Untaught]:
    """The names that a module asks of what it finds elsewhere, or imports from where they are lifted."""
    found = [(node.lineno, node.attr) for node in ast.walk(module) if isinstance(node, ast.Attribute)]
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and lifted(node.module or ""):
            found += [(node.lineno, alias.name) for alias in node.names]
    return found


def _called_in_annotations(module: ast.Module) -> Iterator[Untaught]:
    """The calls in annotations, which run while a module is loaded."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            said = [node.returns, *[each.annotation for each in given if each is not None]]
        else:
            said = [node.annotation] if isinstance(node, ast.AnnAssign) else []
        for part in (part for annotation in said if annotation is not None for part in ast.walk(annotation)):
            if isinstance(part, ast.Call | ast.Lambda | ast.NamedExpr | ast.ListComp | ast.GeneratorExp):
                yield part.lineno, f"{ast.unparse(part)} in an annotation"


def _may_be_said(name: str, allowed: Collection[str]) -> bool:
    return name in allowed or _is_harmless(name)


def _may_be_named(name: ast.Name, allowed: Collection[str]) -> bool:
    """True if a module may use a name while it is loaded: none of the lifter's, and of Python's what is allowed."""
    is_of_python = not _is_given(name) and name.id[:2] == "__" and name.id != "__name__"
    return not is_of_python and not _UNSAID.fullmatch(name.id) and _may_be_said(name.id, allowed)


def _may_be_said_within(name: ast.Name, is_called: bool) -> bool:
    """True if a function that runs while a module is loaded may use a name: functions of Python's are only called."""
    value = getattr(builtins, name.id, BaseException)
    if name.id in ("getattr", "hasattr", "type") or (name.id.startswith("__") and name.id != "__name__"):
        return False
    return _may_be_said(name.id, _SAID_WITHIN) and (
        is_called or _is_given(name) or name.id in _CLASSES or value is BaseException
    )


def _may_be_called(function: ast.expr, of_others: Collection[str]) -> bool:
    """True if a module may call something while it is loaded: nothing that another call gives, and little of others."""
    if isinstance(function, ast.Name):
        return function.id not in of_others or function.id in _CALLED_AT_LOADING
    return isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Call)


def _may_be_asked(node: ast.Attribute, of_others: Collection[str]) -> bool:
    """True if an attribute may be used while a module is loaded: no class is changed, and nothing of Python's own."""
    is_of_others = isinstance(node.value, ast.Name) and node.value.id in of_others
    is_asked = isinstance(node.ctx, ast.Load) and not node.attr.startswith("__")
    return is_asked and (not is_of_others or ast.unparse(node) in AT_LOADING.split())


def _others_in(node: ast.AST, lifted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The names that are imported of modules which are not lifted, each with its module."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        of = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        names = [(each, of or each.name) for each in node.names]
        yield from (
            (each.asname or each.name, of) for each, of in names if not lifted(of) and not of.startswith("proofs.")
        )


def _modules_in(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that are imported from one which is not lifted, by whatever name it knows them."""
    if isinstance(node, ast.Import) or node.module not in _IMPORTED:
        return []
    if node.module == "sys":
        return [alias.name for alias in node.names]
    origin = import_module(node.module)
    return [alias.name for alias in node.names if isinstance(getattr(origin, alias.name, None), ModuleType)]


def _meanings(module: ast.Module) -> list[Untaught]:
    """The names that a module, or a class of it, gives another meaning than Python and the lifter do."""
    found: list[Untaught] = []
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in module.body]
    while pending:
        node, is_of_class = pending.pop()
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Name) and _is_given(node):
            names.append(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            is_cast = isinstance(node, ast.ImportFrom) and node.module == "typing"
            given = {alias.asname or alias.name: alias.name for alias in node.names}
            names += [name for name, of in given.items() if not (is_cast and name == of == "cast")]
        for name in names:
            is_of_python = (
                name[:2] == name[-2:] == "__" and name not in (OF_CLASSES if is_of_class else "__all__").split()
            )
            if is_of_python or name == "*" or (not is_of_class and RESERVED.fullmatch(name)):
                found.append((getattr(node, "lineno", 0), f"another meaning of {name}"))
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            is_class = is_of_class or isinstance(node, ast.ClassDef)
            pending.extend((child, is_class) for child in ast.iter_child_nodes(node))
    return found


def _is_harmless(name: str) -> bool:
    """True if a name is none of Python's own, or that of an exception, which no function can raise or catch."""
    value = getattr(builtins, name, BaseException)
    return isinstance(value, type) and issubclass(value, BaseException)


def _may_be_imported(name: str, lifted: Callable[[str], bool]) -> bool:
    is_of_protocol = name.startswith("proofs.") and name.count(".") > 1
    return lifted(name) or name in (*_IMPORTED, *OF_ENGINE.split()) or is_of_protocol


def untaught_names(
    frame: FrameType,
    given: Mapping[str, Any],
    defined: Collection[str],
    private: Collection[str],
    is_understood: Callable[[Any], bool],
) -> list[Untaught]:
    """The names and attributes used by a function that begins to run that are not understood.

    `given` is what the lifter gives every module, `defined` the names that lifted modules give to fields and methods,
    `private` those that the function's own module gives; `is_understood` tells of what a global name stands for.
    """
    found: list[Untaught] = []
    for line, is_global, name in _names_in(frame.f_code):
        if not is_global:
            is_dunder = name.startswith("__") and name != "__init__"
            is_own = name in (private if name.startswith("_") else defined)
            if is_dunder or (not is_own and name not in _KNOWN):
                found.append((line, f".{name}"))
        elif name not in frame.f_globals:
            if name not in _NAMES:
                found.append((line, name))
        elif isinstance(frame.f_globals[name], ModuleType):
            pass  # what is found in it is looked at
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
