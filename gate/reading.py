"""Static analysis of one definition of a version: the names that it reads, what it may change, and what runs at import.

The analysis reads source text only; no code of the version runs. Code that is not understood counts as reached, so that
a relevant change is never called SAME. Docstrings and comments are ignored. So are annotations of functions, apart from
those of constructors and decorated functions. A name or a text that may lead to several definitions leads to each.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from gate.in_place import changed_names, is_changeable
from gate.words import (
    BUILDERS,
    CHANGERS,
    FIELD_MAKERS,
    GETTERS,
    PLAIN_METHODS,
    SETTERS,
)
from proofs.digests import canonical

REST: Final = ""
"""The name of a module's statements outside definitions."""

ALL: Final = "*"
"""The name that stands for all definitions of a module; `ENUMERATION.*` stands for all members of an enumeration."""

ASKED: Final = "__class__"
"""The pseudo-member that a definition reads of a class if it only tests objects for the class, as `isinstance` does."""

Name = tuple[str, str]
"""A definition as (module, name); a member's name is `Reason.NAME`, an import's name is `import f`."""


class NotReadError(Exception):
    """The exception for source of a version that cannot be analysed; the message names the file and the line."""


@attrs.frozen
class Definition:
    """The facts about one definition: the digest of its syntax tree, its first and last line, and the names that it
    reads.

    - `calls`: the names that are called when the module is imported.
    - `is_setter`: it may change another definition when it runs; `sets_at_import`: it may do so at import.
    - `is_opener`: it may read a file when it runs; `opens_at_import`: it may do so at import.
    - `is_door`: it may find any definition by a string, or make a class that no class statement declares.
    - `is_vague`: it declares fields or rows without saying of which classes their values are.
    - `makes_classes`: it may make a class that no class statement declares, or change the class of an object.
    - `at_import`: all names that are read when the module is imported.
    - `members`: the names of the attributes that it reads; ALL if it finds an attribute by a computed string.
    - `methods`: if it is a class, the names of its methods and of its attributes with values.
    - `changes`: the names whose values it may change, as they stand in its code.
    - `is_changeable`: it has a collection, which other code may change.
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
    changes: frozenset[str] = frozenset()
    is_changeable: bool = False


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
    """The names with a special meaning in a module (see `gate.words`).

    `called_openers` may read a file where they are called as methods. `has_paths` is true if the module imports one
    with functions that look at files. `asks` is true if `isinstance` means in the module what it means in Python.
    """

    openers: frozenset[str]
    called_openers: frozenset[str]
    has_paths: bool
    doors: frozenset[str]
    makers: frozenset[str]
    classes: frozenset[str]
    records: frozenset[str]
    asks: bool


def definition_of(nodes: list[ast.stmt], words: Words) -> Definition:
    """The facts about one definition. `nodes` are the statements that define it, and `words` the module's names with a
    special meaning.
    """
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
        is_opener=_is_opener(code, words),
        opens_at_import=_is_opener(at_import, words),
        is_door=code.has(words.doors) or makes_classes,
        is_vague=code.has(words.records) or any(_is_vague(node) for node in nodes),
        makes_classes=makes_classes,
        at_import=reads(parts_at_import, words.asks),
        members=_members(code),
        methods=frozenset(name for node in nodes if isinstance(node, ast.ClassDef) for name in _methods(node)),
        changes=changed_names(code.parts),
        is_changeable=any(is_changeable(node) for node in nodes),
    )


def _at_import(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that run when its module is imported. An annotation of a function counts only if it
    calls something.
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
    """The names of the attributes that code reads; ALL if it finds an attribute by a string that is not a literal in
    the code.
    """
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
                [each.name]
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                else given_in(Code([each]).parts)
            )
            # A decorator such as `attr.s` makes fields of annotated names: they are the objects' own.
            is_bare = isinstance(each, ast.AnnAssign) and (each.value is None or bool(part.decorator_list))
            yield from [] if is_bare else [name for name in names if name not in PLAIN_METHODS]


def _makes_classes(code: Code, makers: frozenset[str]) -> bool:
    """True if code may make a class without a class statement, or decide of which class an object is."""
    parts = code.parts
    types = [part for part in parts if isinstance(part, ast.Name) and part.id == "type"]
    asked = [part for part in parts if isinstance(part, ast.Call) and len(part.args) == 1 and not part.keywords]
    plain = {id(part.func) for part in asked if not isinstance(part.args[0], ast.Starred)}
    plain |= {id(part.value) for part in parts if isinstance(part, ast.Subscript)}
    is_bound = any(isinstance(part, ast.ClassDef) and "__class__" in given_in(Code(part.body).parts) for part in parts)
    return is_bound or any(id(part) not in plain for part in types) or code.has(makers)


def _is_vague(node: ast.stmt) -> bool:
    """True if a statement declares values of unknown classes.

    That is a class with a field whose class is not declared. It is also a table without an annotation whose default row
    is empty.
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
    """All nodes of an annotation, and of the annotations that are written as strings within it."""
    for part in ast.walk(annotation):
        yield part
        within = _type_in(part)
        if within is not None:
            yield from _parts_of_type(within)


def _type_in(node: ast.AST) -> ast.expr | None:
    """The annotation that a string in an annotation stands for, such as "Request" in `Optional["Request"]`. None for
    any other node.
    """
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    try:
        within = ast.parse(node.value.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    return None if isinstance(within, ast.Constant) else within


def _is_opener(code: Code, words: Words) -> bool:
    """True if code has a name that may read a file, finds one as a text, or calls one."""
    if code.has(words.openers) or not (words.openers | words.called_openers).isdisjoint(_texts_of_members(code)):
        return True
    return any(_calls_opener(part, words) for part in code.parts if isinstance(part, ast.Call))


def _calls_opener(call: ast.Call, words: Words) -> bool:
    """True if a call is of a method that may read a file, or may be one of a path whose name is computed.

    `resolve` and `realpath` do so if they are told to be strict.
    """
    if isinstance(call.func, ast.Call):
        return words.has_paths and _finds_by_computed_text(call.func)
    is_strict = _last(call.func) in ("resolve", "realpath") and bool(call.keywords)
    is_strict = is_strict or (_last(call.func) == "resolve" and bool(call.args))
    return is_strict or (isinstance(call.func, ast.Attribute) and call.func.attr in words.called_openers)


def _texts_of_members(code: Code) -> frozenset[str]:
    """The names of members that code finds by constant strings, as `getattr(path, "exists")` does."""
    calls = [part for part in code.parts if isinstance(part, ast.Call) and _last(part.func) in GETTERS]
    texts = [each.value for call in calls for each in call.args if isinstance(each, ast.Constant)]
    return frozenset(name for text in texts if isinstance(text, str) for name in text.split("."))


def _is_setter(code: Code, makers: frozenset[str]) -> bool:
    """True if code may change a definition when it runs. Changes of newly made objects do not count."""
    parts = code.parts
    if code.has(SETTERS) or any(isinstance(part, ast.Global | ast.NamedExpr) for part in parts):
        return True
    if any(_gets_changer(part) for part in parts):
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


def _gets_changer(node: ast.AST) -> bool:
    """True if an expression finds a method that mutates a collection by the method's name as a string.

    True as well if it calls a method whose name is a computed string.
    """
    if not isinstance(node, ast.Call):
        return False
    if _last(node.func) in GETTERS:
        return any(isinstance(each, ast.Constant) and each.value in CHANGERS for each in node.args)
    return isinstance(node.func, ast.Call) and _finds_by_computed_text(node.func)


def _finds_by_computed_text(call: ast.Call) -> bool:
    """True if a call finds a member of an object by a string that is not a constant."""
    if _last(call.func) not in GETTERS:
        return False
    texts = call.args[1:] if _last(call.func) == "getattr" else call.args
    return not all(isinstance(each, ast.Constant) for each in texts)


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


def given_in(parts: list[ast.AST]) -> list[str]:
    """The names that the nodes bind, each as often as it is bound. Imports and changes in place, such as `x += y`, do
    not count.
    """
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
    """The names that are only ever bound to values that satisfy the predicate `is_own`.

    The predicate gets a value, and the set of names for which this is assumed.
    """
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
    given = [*given_in(parts), *[each.asname or each.name for each in parts if isinstance(each, ast.alias)]]
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
    """True if an expression is a number, or one of the names in `own`. A call of `range` counts, because a loop over it
    binds numbers.
    """
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
    """The names that nodes read; `name.member` if a member is accessed directly.

    Annotations of functions are left out, apart from those of constructors and decorated functions. `asks` is true if
    `isinstance` means what it means in Python.
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
    """The names in an expression that is only used to test for classes. Each has the member ASKED, as in
    `Deposit.__class__`.
    """
    for name in reads([node]):
        yield name if "." in name else f"{name}.{ASKED}"


def digest(nodes: Iterable[ast.AST]) -> str:
    """The digest of these syntax trees, as 16 hexadecimal digits."""
    text = "\n".join(canonical(node) for node in nodes)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
