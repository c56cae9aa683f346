"""The rewriting of a lifted module's syntax tree: each function reports to the listener when it begins, and identity,
hashing, `%`, `and` and `or` are replaced by the lifter's versions.
"""

import ast
import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from proofs.builtin import CALLED
from proofs.listener import (
    ALL_OF,
    ATTRIBUTE,
    BOTH,
    DICT,
    EITHER,
    MACHINE,
    MOD,
    NOT,
    OWN,
    PLACE,
    RAN,
    SAME,
    TEXT,
    UNORDERED,
    WRITES,
    Listener,
    Site,
)
from proofs.loading_subset import is_own_file
from proofs.python_subset import BUILTINS, OF_SYMBOLS, made_by

ORDERING: Final = ("frozenset", "len", "set", "sorted")
"""The builtins whose result does not depend on the order of a set that they are given."""


class Rewriting(ast.NodeTransformer):
    """The transformer of a lifted module's syntax tree. Each function first calls the `Listener`. What symbols cannot
    do as plain Python goes to the engine's versions: identity, hashing, `%`, `and`, `or`, some calls and attributes.
    Line numbers are kept.
    """

    def __init__(self, module: str, file: str, listener: Listener, of_others: Mapping[str, str]) -> None:
        self._of_others: Final = of_others
        self._module: Final = module
        self._file: Final = file
        self._listener: Final = listener
        self._within: Final[list[str]] = []
        self._function = ""
        self._made: Final[list[set[str]]] = []
        """For each enclosing function, the names of the lists that it makes."""
        self._shortcuts: Final[set[int]] = set()
        self._ordered: Final[set[int]] = set()
        """The `id()` of each expression whose elements are used in no order, or sorted."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Record the class name as part of its methods' qualified names."""
        self._within.append(node.name)
        self.generic_visit(node)
        self._within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Insert a first statement into a function that reports it to the `Listener` as it begins to run."""
        outer = self._function
        self._function = outer or f"{self._module}:{'.'.join([*self._within, node.name])}"
        note = ast.copy_location(ast.Expr(self._note(node)), node)
        self._made.append(made_by(node))
        self.generic_visit(node)
        self._made.pop()
        self._function = outer
        node.body.insert(1 if ast.get_docstring(node, clean=False) is not None else 0, note)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Make a lambda report to the `Listener` before it evaluates its body."""
        note = self._note(node)
        self._made.append(made_by(node))
        self.generic_visit(node)
        self._made.pop()
        node.body = ast.copy_location(ast.BoolOp(ast.Or(), [note, node.body]), node.body)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Read an attribute through the engine if symbols have one of this name, if it is private, or if its name is
        `writes`.
        """
        self.generic_visit(node)
        is_private = node.attr.startswith("_") and not node.attr.startswith("__") and self._module != MACHINE
        is_asked = is_private or node.attr in (WRITES, *OF_SYMBOLS.split())
        if not self._made or not isinstance(node.ctx, ast.Load) or not is_asked:
            return node
        call = ast.Call(ast.Name(ATTRIBUTE, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace `Path(__file__)` by an opaque `proofs.places.Place`, and calls of `set` and `type` by the engine's
        versions. Wrap the arguments of `str` and the first iterable of `all`, and drop the type argument of `cast`.
        """
        if is_own_file(node, self._of_others):
            return ast.copy_location(ast.Call(_named(PLACE, node), [], []), node)
        of = node.func.id if isinstance(node.func, ast.Name) else ""
        if of in ORDERING:
            self._ordered.update([id(each) for each in node.args])
        is_set = of in ("set", "frozenset") and id(node) not in self._ordered
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in CALLED and self._made:
            node.func.id = f"_lifted_{node.func.id}"
        if isinstance(node.func, ast.Name) and node.func.id == "str":
            node.args = [self._text(each) for each in node.args]
            for keyword in node.keywords:
                keyword.value = self._text(keyword.value)
        is_of_all = isinstance(node.func, ast.Name) and node.func.id == "all" and bool(self._made)
        if is_of_all and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            first = node.args[0].generators[0]
            first.iter = ast.copy_location(ast.Call(_named(ALL_OF, first.iter), [first.iter], []), first.iter)
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args:
            node.args[0] = ast.copy_location(ast.Constant(None), node.args[0])
        return self._unordered(node) if is_set else node

    def visit_Set(self, node: ast.Set) -> ast.AST:
        """Wrap a set display in a check, if its elements may be iterated over in an order that differs between
        processes.
        """
        self.generic_visit(node)
        return node if id(node) in self._ordered else self._unordered(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        """Wrap a set comprehension in a check, if its elements may be iterated over in an order that differs between
        processes.
        """
        self.generic_visit(node)
        return node if id(node) in self._ordered else self._unordered(node)

    def _unordered(self, value: ast.expr) -> ast.expr:
        return ast.copy_location(ast.Call(_named(UNORDERED, value), [value], []), value)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """Wrap a value in an f-string, so that its conversion to text is checked."""
        self.generic_visit(node)
        node.value = self._text(node.value)
        return node

    def _text(self, value: ast.expr) -> ast.expr:
        """A call that checks a value before it becomes text, in the place of the value."""
        return ast.copy_location(ast.Call(_named(TEXT, value), [value], []), value)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Replace `and` and `or` by a version that does not split the path, if each operand can be evaluated early. An
        `is` that only shortcuts the `==` after it is kept as it is.
        """
        for one, other in pairwise(node.values):
            if isinstance(node.op, ast.Or) and isinstance(one, ast.Compare) and isinstance(other, ast.Compare):
                is_shortcut = isinstance(one.ops[0], ast.Is) and isinstance(other.ops[0], ast.Eq)
                if is_shortcut and _sides(one) == _sides(other) and not _calls(one):
                    self._shortcuts.add(id(one))
        is_joined = bool(self._made) and all(can_be_asked(value) for value in node.values)
        self.generic_visit(node)
        return joined(node) if is_joined else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Replace `is` and `is not` by a call of the engine's version, which refuses what symbols cannot tell. They
        stay where they only shortcut the `==` after them.
        """
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            self._ordered.update([id(each) for each in node.comparators])
        self.generic_visit(node)
        if not isinstance(node.ops[0], ast.Is | ast.IsNot) or id(node) in self._shortcuts:
            return node
        call = ast.Call(ast.Name(SAME, ast.Load()), [node.left, *node.comparators], [])
        asked = ast.UnaryOp(ast.Not(), call) if isinstance(node.ops[0], ast.IsNot) else call
        return ast.copy_location(asked, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Add a check to an in-place change: it refuses a list that the function did not make. Also replace `%=`, as
        its left side may be text.
        """
        self.generic_visit(node)
        is_made = isinstance(node.target, ast.Name) and bool(self._made) and node.target.id in self._made[-1]
        if not self._made:
            return node
        known = copy.deepcopy(node.target)
        known.ctx = ast.Load()
        changed: ast.expr
        if isinstance(node.op, ast.Mod):
            changed = ast.Call(ast.Name(MOD, ast.Load()), [known, node.value], [])
        elif is_made:
            return node
        else:
            changed = ast.BinOp(ast.Call(ast.Name(OWN, ast.Load()), [known], []), node.op, node.value)
        return ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], changed), node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Replace `%` by the engine's version, since it formats text if its left operand is a `str`."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.Mod):
            return node
        return ast.copy_location(ast.Call(_named(MOD, node), [node.left, node.right], []), node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """Replace a dictionary display within a function by a call of the engine's version, which compares keys
        symbolically.
        """
        self.generic_visit(node)
        keys = [key for key in node.keys if key is not None]
        if not self._made or len(keys) < len(node.keys):
            return node
        pairs = [ast.Tuple([key, value], ast.Load()) for key, value in zip(keys, node.values, strict=True)]
        return self._dict(node, ast.List(list[ast.expr](pairs), ast.Load()))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """Replace a dictionary comprehension within a function by a call of the engine's version, which compares keys
        symbolically.
        """
        self.generic_visit(node)
        if not self._made:
            return node
        return self._dict(node, ast.ListComp(ast.Tuple([node.key, node.value], ast.Load()), node.generators))

    def _dict(self, node: ast.expr, items: ast.expr) -> ast.AST:
        call = ast.Call(ast.Name(DICT, ast.Load()), [items], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _note(self, node: ast.FunctionDef | ast.Lambda) -> ast.Call:
        name = self._function or f"{self._module}:"
        self._listener.sites.append(Site(name, self._file, node, self._of_others))
        note = ast.Call(ast.Name(RAN, ast.Load()), [ast.Constant(len(self._listener.sites) - 1)], [])
        for part in ast.walk(note):
            ast.copy_location(part, node)
        return note


def _named(name: str, node: ast.AST) -> ast.Name:
    """A name node for a name that the engine reserves, with the line and column of a node of the source."""
    return ast.copy_location(ast.Name(name, ast.Load()), node)


_ASKED: Final = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Load, ast.Tuple, ast.BoolOp, ast.And, ast.Or, ast.Not, ast.UnaryOp),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.USub),
)
_FOUND_OUT: Final = frozenset([*BUILTINS.split(), *CALLED])
"""The builtins that inspect a value further than a comparison does, so that their calls are not evaluated early."""


def can_be_asked(node: ast.expr) -> bool:
    """True if the engine may evaluate an expression before it is known that Python arrives there.

    It consists of names, fields, comparisons, arithmetic and calls by name. If it raises or writes in this evaluation,
    it is evaluated again on the paths where Python reaches it.
    """
    return all(
        isinstance(part, _ASKED)
        or (isinstance(part, ast.Compare) and len(part.ops) == 1)
        or (isinstance(part, ast.Call) and not part.keywords and _is_question(part.func))
        for part in ast.walk(node)
    )


def _is_question(called: ast.expr) -> bool:
    """True if a call is of a plain function name that is no builtin, or of a method named `get`."""
    if isinstance(called, ast.Name):
        return called.id not in _FOUND_OUT
    return isinstance(called, ast.Attribute) and called.attr == "get"


def joined(node: ast.BoolOp) -> ast.Call:
    """A call that evaluates `and` or `or` without splitting the path: all operands but the first are passed as
    lambdas.
    """
    first, *others = [_joined_not(value) for value in node.values]
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    asked = [ast.copy_location(ast.Lambda(nothing, other), other) for other in others]
    name = ast.Name(BOTH if isinstance(node.op, ast.And) else EITHER, ast.Load())
    return ast.fix_missing_locations(ast.copy_location(ast.Call(name, [first, *asked], []), node))


def _joined_not(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return ast.copy_location(ast.Call(ast.Name(NOT, ast.Load()), [value.operand], []), value)
    return value


def _calls(compare: ast.Compare) -> bool:
    """True if a side of a comparison contains a call, which might return another value the second time."""
    return any(isinstance(part, ast.Call) for part in ast.walk(compare))


def _sides(compare: ast.Compare) -> list[str]:
    return [ast.dump(side) for side in (compare.left, *compare.comparators)]
