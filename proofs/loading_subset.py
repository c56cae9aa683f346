"""The part of Python that may run while a module is loaded, all of it: its constants and classes are made then, before
there are symbols. It runs as Python, so it may do more than on symbols; but it finds nothing that no digest knows, and
does not ask whether it is lifted.
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
"""The attributes of others' modules that a module may use while it is loaded, beside the names that it imports."""
LOADING_ALSO: Final = (
    "Assert BitXor ClassDef Div FormattedValue Import ImportFrom JoinedStr LShift Raise Set SetComp UAdd alias withitem"
)
OF_CLASSES_OF_ATTR: Final = "auto_attribs eq frozen hash init kw_only order repr slots unsafe_hash"
"""The words that a class may say to attrs, which then makes nothing of it that a symbol would not have."""
NUMBERS: Final = "invariants.law:Catalogue.__init__"
"""The function that may change what it did not make while a module is loaded: it numbers sums."""
_AT_LOADING: Final = ("__name__", "dict", "frozenset", "object", "property", "staticmethod")
"""Names that a module may also use while it is loaded, when there are no symbols."""
_NOT_AT_LOADING: Final = frozenset("all any getattr hasattr isinstance len max min range".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""Functions of Python that the lifter replaces, so that a module could tell that it is lifted."""
_SAID_WITHIN: Final = frozenset({*NAMES, *CALLED.split(), *_AT_LOADING})
_CLASSES: Final = frozenset("bool dict frozenset int list object property set staticmethod str tuple".split())  # noqa: SIM905  # quoted, so many words are harder to read
"""Of the functions of Python that may be called while a module is loaded, those that are classes."""
_NODES_AT_LOADING: Final = frozenset({*NODES, *LOADING_ALSO.split()})
_OF_FILES: Final = frozenset({*dir(Path)} - {*dir(PurePath), *dir(str), "group", "owner"})
"""The names by which a path reads files; `group` and `owner` are names of others, too."""
_HIDING: Final = ("json", "pathlib", "sys")
"""Modules that find what no digest knows: nothing of theirs is used while a module is loaded."""
_CALLED_AT_LOADING: Final = ("TypeVar", "cast", "get_args")
"""The names imported from others that a module may call while it is loaded."""
_IMPORTED: Final = ("attr", "collections.abc", "enum", "json", "pathlib", "re", "sys", "typing", "__future__")
"""Modules that are not lifted and may be imported. A function that runs on symbols finds nothing of theirs but what is
in the LIBRARY.
"""
OF_ENGINE: Final = "proofs.histories proofs.history_write_contract proofs.setup"
"""The modules of the engine that may be imported, beside those of a protocol; functions find nothing of them."""


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
    begun = {id(node) for node in beginnings(function)}
    own = _own_names(function)
    places = {id(part) for node in own_nodes(function) if _is_own_file(node, of_others) for part in ast.walk(node)}
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
    own = {*arguments(function), *[node.id for node in named if is_given(node) and id(node) not in targets]}
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
    is_of_python = not is_given(name) and name.id[:2] == "__" and name.id != "__name__"
    return not is_of_python and not UNSAID.fullmatch(name.id) and _may_be_said(name.id, allowed)


def _may_be_said_within(name: ast.Name, is_called: bool) -> bool:
    """True if a function that runs while a module is loaded may use a name: functions of Python's are only called."""
    value = getattr(builtins, name.id, BaseException)
    if name.id in ("getattr", "hasattr", "type") or (name.id.startswith("__") and name.id != "__name__"):
        return False
    return _may_be_said(name.id, _SAID_WITHIN) and (
        is_called or is_given(name) or name.id in _CLASSES or value is BaseException
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
    """True if a name is none of Python's own, or that of an exception, which no function can raise or catch."""
    value = getattr(builtins, name, BaseException)
    return isinstance(value, type) and issubclass(value, BaseException)


def _may_be_imported(name: str, lifted: Callable[[str], bool]) -> bool:
    is_of_protocol = name.startswith("proofs.") and name.count(".") > 1
    return lifted(name) or name in (*_IMPORTED, *OF_ENGINE.split()) or is_of_protocol


def names_defined(module: ast.Module) -> set[str]:
    """The names that a module gives to functions, to fields of its objects, and to what is not within any function."""
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
