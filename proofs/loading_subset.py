"""The complete list of the Python that may run while a lifted module is imported, when its constants and classes are
made and no symbols exist. It runs as plain Python, so more is allowed than on symbols. But it must not read anything
that no digest covers, nor detect that it is lifted.
"""

import ast
import builtins
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import Final

from proofs.python_subset import CALLED, NAMES, NODES, OF_CLASSES, RESERVED, TEXTS, UNSAID
from proofs.syntax import (
    Function,
    Untaught,
    arguments,
    beginnings,
    gone_through_at_once,
    is_given,
    is_iterator,
    is_of_own_object,
    lines_of,
    own_nodes,
)

AT_LOADING: Final = "attr.s attr.frozen re.compile"
"""The attributes of modules outside the lifted ones that may be used at import time, beside names imported directly."""
LOADING_ALSO: Final = (
    "Assert BitXor ClassDef Div FormattedValue Import ImportFrom JoinedStr LShift Raise Set SetComp UAdd alias withitem"
)
OF_CLASSES_OF_ATTR: Final = "auto_attribs eq frozen hash init kw_only order repr slots unsafe_hash"
"""The keyword arguments that a class may give to attrs: none of them gives a class behaviour that a symbol lacks."""
NUMBERS: Final = "invariants.law:Catalogue.__init__"
"""The one function that may change objects it did not make at import time: it numbers the sums of a catalogue."""
_AT_LOADING: Final = ("__name__", "dict", "frozenset", "object", "property", "staticmethod")
"""Further builtins and special names that a module may use at import time."""
_NOT_AT_LOADING: Final = frozenset("all any getattr hasattr isinstance len max min range".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""The builtins that the lifter replaces, forbidden at import time: their results would show that a module is lifted."""
_SAID_WITHIN: Final = frozenset({*NAMES, *CALLED.split(), *_AT_LOADING})
_CLASSES: Final = frozenset("bool dict frozenset int list object property set staticmethod str tuple".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""The builtins callable at import time that are classes."""
_NODES_AT_LOADING: Final = frozenset({*NODES, *LOADING_ALSO.split()})
_OF_FILES: Final = frozenset({*dir(Path)} - {*dir(PurePath), *dir(str), "group", "owner"})
"""The attributes by which a `Path` reads files. `group` and `owner` are left out, since other objects have them too."""
_OF_SETS: Final = ("difference", "intersection", "symmetric_difference", "union")
"""The methods that make a set, whose order may differ between processes."""
_HIDING: Final = ("json", "pathlib", "sys")
"""The modules that can read what no digest covers: nothing of them may be used at import time."""
_CALLED_AT_LOADING: Final = ("TypeVar", "cast", "get_args")
"""The functions imported from outside the lifted modules that may be called at import time."""
_IMPORTED: Final = ("attr", "collections.abc", "enum", "json", "pathlib", "re", "sys", "typing", "__future__")
"""The modules outside the lifted ones that may be imported. A function that runs on symbols may use nothing of them but
what `LIBRARY` lists.
"""
OF_ENGINE: Final = "proofs.histories proofs.history_write_contract proofs.setup"
"""The modules of the engine that a lifted module may import, beside those of a protocol. Functions may use nothing of
them.
"""


def untaught_loading(module: ast.Module, lifted: Callable[[str], bool]) -> list[Untaught]:
    """The imports and expressions of a module, as (line, description), that may not run at import time. They might hide
    values from the symbols, as a cache does. `lifted` is true of the name of a lifted module, a private copy that runs
    on symbols.
    """
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
    """The places in a function, as (line, description), that are not accepted if it is called while modules are
    imported. It runs as plain Python then, but must not read what no digest covers, nor detect that it is lifted.

    `name` is the function's "module:qualified name". `of_others` are the names imported from modules that are not
    lifted.
    """
    begun = {id(node) for node in beginnings(function)}
    own = _own_names(function)
    places = {id(part) for node in own_nodes(function) if is_own_file(node, of_others) for part in ast.walk(node)}
    found: list[Untaught] = []
    gone_through = {id(part) for part in gone_through_at_once(function)}
    called = {id(node.func) for node in own_nodes(function) if isinstance(node, ast.Call)}
    for line, node in lines_of(function):
        if isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom):
            found.append((line, f"{type(node).__name__} in a function"))
        elif is_iterator(node) and id(node) not in gone_through:
            found.append((line, f"{ast.unparse(node)} is kept, and may be gone through twice"))
        elif id(node) in places or (isinstance(node, ast.Name) and id(node) in own):
            pass
        elif isinstance(node, ast.Name) and not _may_be_said_within(node, id(node) in called):
            found.append((line, node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if not is_of_own_object(node, function) and name != NUMBERS:
                found.append((line, f"{ast.unparse(node)} is changed"))
        elif id(node.func if isinstance(node, ast.Call) else node) not in begun:
            found += [(line, what) for what in _untaught_at_loading(node, of_others)]
    return found


def is_own_file(node: ast.AST, of_others: Mapping[str, str]) -> bool:
    """True if a node is the call `Path(__file__)`, a module's own place, for which the engine puts an opaque value
    (`proofs/places.py`). `of_others` maps names to the modules from which they are imported.
    """
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and of_others.get(node.func.id) == "pathlib"
        and [ast.unparse(each) for each in node.args] == ["__file__"]
        and not node.keywords
    )


def _own_names(function: Function) -> set[int]:
    """The `id()` of each AST name that refers to a local of the function, or to a comprehension's variable within that
    comprehension.
    """
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
    own = {*arguments(function), *[node.id for node in named if is_given(node) and id(node) not in targets]}
    return known | {id(node) for node in named if node.id in own}


def _untaught_at_loading(node: ast.AST, of_others: Mapping[str, str]) -> Iterator[str]:
    """The descriptions of what is not accepted in one node of code that runs at import time."""
    kind = type(node).__name__
    if kind not in _NODES_AT_LOADING:
        yield f"{kind} while a module is loaded"
    elif isinstance(node, ast.Name) and of_others.get(node.id, "").partition(".")[0] in _HIDING:
        yield f"what {node.id} finds while a module is loaded"
    elif isinstance(node, ast.Attribute) and node.attr in TEXTS:
        yield f"{ast.unparse(node)}, the text of a value,"
    elif isinstance(node, ast.Call) and any(_is_str(each) for each in _passed(node)):
        yield f"str as a value in {ast.unparse(node)}"
    elif (isinstance(node, ast.Attribute) and node.attr in _OF_SETS) or _makes_set(node):
        yield f"{ast.unparse(node)}, a set of any order,"
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


def _passed(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call that the called function might call in turn. There are none for the functions in
    `_CALLED_AT_LOADING`, which get types.
    """
    is_type = isinstance(call.func, ast.Name) and call.func.id in _CALLED_AT_LOADING
    return [] if is_type else [*call.args, *[each.value for each in call.keywords]]


def _is_str(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "str"


def _makes_set(node: ast.AST) -> bool:
    """True if a node is an operator that makes a set of a dictionary's keys or items."""
    return isinstance(node, ast.BinOp) and any(
        isinstance(side, ast.Call) and isinstance(side.func, ast.Attribute) and side.func.attr in ("items", "keys")
        for side in (node.left, node.right)
    )


def names_of_others(module: ast.Module, lifted: Callable[[str], bool]) -> dict[str, str]:
    """The map from each name that a module imports from an unlifted module to that module. Names from `proofs` are left
    out. `lifted` is true of the name of a lifted module.
    """
    return dict(pair for node in ast.walk(module) for pair in _others_in(node, lifted))


def names_of_engine(module: ast.Module, lifted: Callable[[str], bool]) -> set[str]:
    """The names that a module imports from the engine, or from modules of a protocol's proofs that are not lifted."""
    imports = [node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    pairs = [
        (alias, (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name)
        for node in imports
        for alias in node.names
    ]
    return {alias.asname or alias.name for alias, of in pairs if of.startswith("proofs.") and not lifted(of)}


def hidden_in(module: ast.Module, lifted: Callable[[str], bool]) -> set[str]:
    """The names that a module gives to imported modules that are not lifted, and all names that it imports from modules
    of `_HIDING`.
    """
    of_others = names_of_others(module, lifted)
    modules = {
        each.asname or each.name for node in ast.walk(module) if isinstance(node, ast.Import) for each in node.names
    }
    return {name for name, of in of_others.items() if name in modules or of.partition(".")[0] in _HIDING}


def reached_in(module: ast.Module, lifted: Callable[[str], bool]) -> list[Untaught]:
    """The (line, name) of each attribute that a module reads, and of each name that it imports from a lifted module.
    `lifted` is true of the name of a lifted module.
    """
    found = [(node.lineno, node.attr) for node in ast.walk(module) if isinstance(node, ast.Attribute)]
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and lifted(node.module or ""):
            found += [(node.lineno, alias.name) for alias in node.names]
    return found


def _called_in_annotations(module: ast.Module) -> Iterator[Untaught]:
    """The calls, lambdas, comprehensions and assignments within annotations, which run at import time, as (line,
    description).
    """
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
    """True if a module may use a name at import time. It must not be reserved by the engine; of the builtins it must be
    in `allowed`.
    """
    is_of_python = not is_given(name) and name.id[:2] == "__" and name.id != "__name__"
    return not is_of_python and not UNSAID.fullmatch(name.id) and _may_be_said(name.id, allowed)


def _may_be_said_within(name: ast.Name, is_called: bool) -> bool:
    """True if a function that is called at import time may use a name. A builtin that is no class may be called, but
    not used as a value.
    """
    value = getattr(builtins, name.id, BaseException)
    if name.id in ("getattr", "hasattr", "type") or (name.id.startswith("__") and name.id != "__name__"):
        return False
    return _may_be_said(name.id, _SAID_WITHIN) and (
        is_called or is_given(name) or name.id in _CLASSES or value is BaseException
    )


def _may_be_called(function: ast.expr, of_others: Collection[str]) -> bool:
    """True if a module may call an expression at import time. It must not be the result of another call. Of functions
    imported from unlifted modules, only `_CALLED_AT_LOADING` may be called.
    """
    if isinstance(function, ast.Name):
        return function.id not in of_others or function.id in _CALLED_AT_LOADING
    return isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Call)


def _may_be_asked(node: ast.Attribute, of_others: Collection[str]) -> bool:
    """True if an attribute may be used at import time: it is read, and no special name. Of what is imported from
    unlifted modules, only `AT_LOADING` may be read.
    """
    is_of_others = isinstance(node.value, ast.Name) and node.value.id in of_others
    is_asked = isinstance(node.ctx, ast.Load) and not node.attr.startswith("__")
    return is_asked and (not is_of_others or ast.unparse(node) in AT_LOADING.split())


def _others_in(node: ast.AST, lifted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The names imported by a statement from modules that are not lifted, each with its module. Names from `proofs` are
    left out.
    """
    if isinstance(node, ast.Import | ast.ImportFrom):
        of = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        names = [(each, of or each.name) for each in node.names]
        yield from (
            (each.asname or each.name, of) for each, of in names if not lifted(of) and not of.startswith("proofs.")
        )


def _modules_in(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The names in an import statement that are themselves modules, imported from a module that is not lifted."""
    if isinstance(node, ast.Import) or node.module not in _IMPORTED:
        return []
    if node.module == "sys":
        return [alias.name for alias in node.names]
    origin = import_module(node.module)
    return [alias.name for alias in node.names if isinstance(getattr(origin, alias.name, None), ModuleType)]


def _meanings(module: ast.Module) -> list[Untaught]:
    """The names to which a module, or a class in it, gives a meaning other than Python's or the engine's, as (line,
    description).
    """
    found: list[Untaught] = []
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in module.body]
    while pending:
        node, is_of_class = pending.pop()
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Name) and is_given(node):
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
    """True if a name is no builtin, or that of an exception: no lifted function can raise or catch exceptions."""
    value = getattr(builtins, name, BaseException)
    return isinstance(value, type) and issubclass(value, BaseException)


def _may_be_imported(name: str, lifted: Callable[[str], bool]) -> bool:
    is_of_protocol = name.startswith("proofs.") and name.count(".") > 1
    return lifted(name) or name in (*_IMPORTED, *OF_ENGINE.split()) or is_of_protocol


def names_defined(module: ast.Module) -> set[str]:
    """The names that a module gives to functions, classes and fields, and to variables outside of functions."""
    names: set[str] = set()
    pending: list[tuple[ast.AST, bool]] = [(module, False)]
    while pending:
        node, is_within = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and is_given(node) and not is_within:
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        is_inner = is_within or isinstance(node, ast.FunctionDef | ast.Lambda)
        pending.extend((child, is_inner) for child in ast.iter_child_nodes(node))
    return names
