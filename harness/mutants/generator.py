"""Generated mutants: every small change of several kinds, at every place in the rules.

Each mutation operator is a function from one node of a module's syntax tree to texts that could replace it. The rest of
the source stays unchanged. Mutants come in the order of the source, so ids are stable while a function is unchanged.
"""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import accumulate

import attrs

from harness.mutants.mutant import SHARED, Mutant, MutantError, file_of, protocols_of, read_source
from harness.pack import ProtocolPack
from harness.protocols import known_packs

Packs = Collection[ProtocolPack]


def rule_files(packs: Packs) -> list[str]:
    """The files that mutants are made of: the rules, the modules they run on, and the views.

    Excluded are classes of rows and calls, which have no behaviour; constants, which are protocol parameters; the
    dispatch from calls to rules; and codecs and observations, on which no rule depends.
    """
    return [*[f"{name}.py" for name in SHARED], *[file_of(module) for pack in packs for module in pack.rules]]


WITHOUT_RULES = ("apply", "step", "run", "own", "_flat")
"""Functions of the state machine that no rule and no law runs on; they run steps for other callers."""

COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ROUNDED = ("div_floor", "mul_div_floor", "mul_div_ceil", "mul_wad_floor", "mul_wad_ceil", "div_wad_floor")
SYMMETRIC = (
    *("mul_div_floor", "mul_div_ceil", "mul_wad_floor", "mul_wad_ceil"),
    *(
        "scaled_shares",
        "shares_after_slashing",
        "withdrawable_shares",
        "slashed_magnitude",
        "block_after",
        "operator_part",
    ),
)
"""Functions whose first two arguments are factors or summands, so that swapping them changes nothing."""


@attrs.frozen
class Known:
    """Facts about the rest of the source that mutation operators need.

    `parameters` has the types of parameters, by function or class name. `fields` has the types of fields by class, in
    order, and `rows` the row class of each table.
    """

    parameters: dict[str, list[str]]
    fields: dict[str, dict[str, str]]
    rows: dict[str, str]


@attrs.frozen
class Place:
    """The surroundings of a syntax node: the facts about the rest of the source, and the class of each name in the
    node's function.
    """

    known: Known
    classes: Mapping[str, str]


Change = tuple[ast.AST, str]
"""A syntax node, and the text that replaces it."""

Operator = Callable[[ast.AST, Place], Iterator[Change]]


def compared(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutations of a comparison: its bound moved by one, or for an equality or a
    membership, the condition negated.
    """
    if isinstance(node, ast.Compare):
        for position, operator in enumerate(node.ops):
            if type(operator) in COMPARISONS:
                other = COMPARISONS[type(operator)]()
                operators = [*node.ops[:position], other, *node.ops[position + 1 :]]
                yield node, ast.unparse(ast.Compare(node.left, operators, node.comparators))


def added(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of a sum or a difference, also in `+=` and `-=`: plus becomes minus, and minus plus."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield node, ast.unparse(ast.BinOp(node.left, _other_sign(node.op), node.right))
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        yield node, ast.unparse(ast.AugAssign(node.target, _other_sign(node.op), node.value))


def _other_sign(operator: ast.operator) -> ast.operator:
    return ast.Sub() if isinstance(operator, ast.Add) else ast.Add()


def counted(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutations of a constant: a number one larger or, if it is positive, one smaller; or the other boolean."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield node, str(not node.value)
        elif isinstance(node.value, int):
            yield node, str(node.value + 1)
            if node.value > 0:
                yield node, str(node.value - 1)


def rounded(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of a division: rounded in the other direction."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ROUNDED:
        first, *others = (ast.unparse(argument) for argument in node.args)
        yield node, f"(-{node.func.id}({', '.join([f'-({first})', *others])}))"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        yield node, f"(-(-({ast.unparse(node.left)}) // ({ast.unparse(node.right)})))"


def bounded(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of `min` and `max`: one replaced by the other."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        yield node.func, "max" if node.func.id == "min" else "min"


def negated(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of the condition of an `if` or of a conditional expression: negated.

    Conditions that narrow a type are left out. So are equalities and memberships, which the operator `compared` negates
    already.
    """
    if isinstance(node, ast.If | ast.IfExp) and not (_is_turned_by_compared(node.test) or _narrows(node.test)):
        yield node.test, f"not ({ast.unparse(node.test)})"


def _is_turned_by_compared(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn)
    )


def _narrows(test: ast.expr) -> bool:
    """True if a condition narrows a type: the type checker would refuse its negation anyway."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.Is | ast.IsNot)
    return isinstance(test, ast.Call) and _names(test.func, "isinstance")


def joined(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutations of `and` and `or`: one replaced by the other, or one operand dropped."""
    if isinstance(node, ast.BoolOp):
        other: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, f"({ast.unparse(ast.BoolOp(other, node.values))})"
        for position in range(len(node.values)):
            left = [*node.values[:position], *node.values[position + 1 :]]
            yield node, f"({ast.unparse(left[0] if len(left) == 1 else ast.BoolOp(node.op, left))})"


def unwritten(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of a statement that is only a call, such as the writing of a row: dropped."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield node, "pass"


def unchecked(node: ast.AST, _: Place) -> Iterator[Change]:
    """The mutation of a check that may reject: dropped, or its result ignored."""
    if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse and not _asks_for_reason(node.test):
        (statement,) = node.body
        if isinstance(statement, ast.Return) and statement.value is not None and _is_rejection(statement.value):
            yield node.test, "False"
    if isinstance(node, ast.IfExp) and not _asks_for_reason(node.test):
        if _is_reason(node.body):
            yield node, f"({ast.unparse(node.orelse)})"
        if _is_reason(node.orelse) or _names(node.orelse, "rejection"):
            yield node, f"({ast.unparse(node.body)})"


def _asks_for_reason(test: ast.expr) -> bool:
    """True if a condition distinguishes a value from a rejection: without it, the code after it would get a
    wrong type.
    """
    return isinstance(test, ast.Call) and _names(test.func, "isinstance")


def _is_rejection(value: ast.expr) -> bool:
    return _is_reason(value) or isinstance(value, ast.Name)


def _is_reason(value: ast.expr) -> bool:
    return isinstance(value, ast.Attribute) and _names(value.value, "Reason")


def _names(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.Name) and value.id == name


def swapped(node: ast.AST, place: Place) -> Iterator[Change]:
    """The mutations of a call: two neighbouring arguments of the same type swapped."""
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    types, named = place.known.parameters.get(name, []), [keyword.arg for keyword in node.keywords]
    # Rows are made by the names of their fields, in their order.
    if named and (node.args or named != [*place.known.fields.get(name, {})][: len(named)]):
        return
    values = [*node.args, *[keyword.value for keyword in node.keywords]]
    for position in range(min(len(values), len(types)) - 1):
        first, second = values[position : position + 2]
        if types[position] != types[position + 1] or ast.dump(first) == ast.dump(second):
            continue
        if not (name in SYMMETRIC and position == 0):
            swapped = [*values[:position], second, first, *values[position + 2 :]]
            keywords = [ast.keyword(arg, value) for arg, value in zip(named, swapped, strict=True)] if named else []
            yield node, ast.unparse(ast.Call(node.func, [] if named else swapped, keywords))


def mistaken(node: ast.AST, place: Place) -> Iterator[Change]:
    """The mutation of a field access: the previous field of the same type instead."""
    if isinstance(node, ast.Attribute):
        fields = place.known.fields.get(_class_of(node.value, place) or "", {})
        names = [name for name, type in fields.items() if type == fields.get(node.attr)]
        position = names.index(node.attr) if node.attr in names else 0
        if position > 0:
            yield node, f"{ast.unparse(node.value)}.{names[position - 1]}"


def _class_of(value: ast.expr, place: Place) -> str | None:
    """The class of the value of an expression: a name, an attribute, or a row read from a draft; None if unknown."""
    if isinstance(value, ast.Name):
        return place.classes.get(value.id)
    if isinstance(value, ast.Attribute):
        return place.known.fields.get(_class_of(value.value, place) or "", {}).get(value.attr)
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("draft.get") and value.args:
        return place.known.rows.get(ast.unparse(value.args[0]))
    return None


OPERATORS: Mapping[str, Operator] = {
    "compare": compared,
    "sign": added,
    "constant": counted,
    "round": rounded,
    "bound": bounded,
    "negate": negated,
    "join": joined,
    "unwritten": unwritten,
    "unchecked": unchecked,
    "swap": swapped,
    "field": mistaken,
}


def generated(packs: Packs | None = None) -> list[Mutant]:
    """Every mutant that the operators make of the rules; each distinct text once."""
    packs = known_packs().values() if packs is None else packs
    files = rule_files(packs)
    known = {folder: _known(files, folder) for folder in dict.fromkeys([_folder(file) for file in files])}
    return [
        mutant
        for file in files
        for mutant in generated_from(file, read_source(file), known[_folder(file)], protocols_of(file, packs))
    ]


def generated_from(file: str, source: str, known: Known, protocols: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """The generated mutants of one file with this source, each distinct text once. `known` are facts about other
    source, and `protocols` are those whose laws judge the mutants.
    """
    seen, whole = {source}, source.encode()
    for qualified, function in _functions(ast.parse(source)):
        counts: dict[str, int] = {}
        place = Place(known, _classes_in(function, known))
        for node in _body_nodes(function):
            for operator, changes in OPERATORS.items():
                for changed, wrong in changes(node, place):
                    counts[operator] = counts.get(operator, 0) + 1
                    start, end = _span(whole, changed)
                    right = " ".join(whole[start:end].decode().split())
                    text = (whole[:start] + wrong.encode() + whole[end:]).decode()
                    if text in seen:
                        continue
                    seen.add(text)
                    name = f"{file.removesuffix('.py').replace('/', '.')}.{qualified}.{operator}.{counts[operator]}"
                    bug = f"{right} became {wrong}"
                    yield Mutant(name, protocols, file, operator, right, wrong, bug, "generated", text)


def _span(source: bytes, node: ast.AST) -> tuple[int, int]:
    """The start and end of a node in the source, as byte offsets."""
    assert isinstance(node, ast.expr | ast.stmt)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def _functions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions and methods with behaviour, with their qualified names; constructors and `__repr__` are
    left out.
    """
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name not in WITHOUT_RULES:
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name not in ("__init__", "__repr__"):
                    yield f"{node.name}.{method.name}", method


def _body_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function's body, each before its children, in the order of `ast`'s fields. Annotations of
    assignments, and constants that stand alone such as docstrings, are left out.
    """
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.AnnAssign):
            children.remove(node.annotation)
        waiting += reversed(children)


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def _is_there(file: str) -> bool:
    """True if the source of a module exists: not every folder of rules has each of the declaring modules."""
    try:
        read_source(file)
    except MutantError:
        return False
    return True


def _known(files: list[str], folder: str) -> Known:
    """The facts declared by the modules of a folder of rules, and by the shared modules among `files`."""
    known = Known({}, {}, {})
    declared = [f"{folder}/{name}.py" for name in ("state", "config", "actions")] if folder else []
    for file in [*[file for file in files if _folder(file) in (folder, "")], *filter(_is_there, declared)]:
        for node in ast.parse(read_source(file)).body:
            _learn(known, node)
    return known


def _learn(known: Known, node: ast.stmt) -> None:
    if isinstance(node, ast.FunctionDef):
        known.parameters[node.name] = _types(node)
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        table = ast.unparse(node.annotation)
        if table.startswith("Final[Table["):
            known.rows[node.target.id] = table.removesuffix("]]").rpartition(", ")[2]
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, ast.FunctionDef):
                name = node.name if member.name == "__init__" else member.name
                known.parameters[name] = _types(member)[1:]
            if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                type = ast.unparse(member.annotation).removeprefix("Final[").removesuffix("]")
                known.fields.setdefault(node.name, {})[member.target.id] = type


def _types(function: ast.FunctionDef) -> list[str]:
    return ["" if a.annotation is None else ast.unparse(a.annotation) for a in function.args.args]


def _classes_in(function: ast.FunctionDef, known: Known) -> dict[str, str]:
    """The class of each name in a function, as far as its signature, assignments and loops tell."""
    classes = {a.arg: ast.unparse(a.annotation) for a in function.args.args if a.annotation is not None}
    for node in ast.walk(function):
        target, found = None, None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, found = node.targets[0], _class_of(node.value, Place(known, classes))
        if isinstance(node, ast.For):
            target, found = node.target, _class_of(node.iter, Place(known, classes))
            found = found and found.removeprefix("tuple[").removesuffix(", ...")
        if isinstance(target, ast.Name) and found:
            classes[target.id] = found
    return classes
