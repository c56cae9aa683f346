"""The rewriting of loops in a lifted module, so that they iterate over `proofs/folds.py`'s loops, which may cut the
run.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from proofs.paths import UnliftableError
from proofs.python_subset import BUILTINS, CALLED

WHILE: Final = "_while"
FOLD: Final = "_fold"
"""The names under which a lifted module finds the replacements for its loops."""

TUPLE: Final = "_tuple"
"""The name under which a lifted module finds the replacement for calls of `tuple`; the name `tuple` itself also denotes
a type.
"""

SPREAD: Final = "_spread"
"""The name under which a lifted module finds the replacement for tuple displays that begin with a starred value."""


class Folding(ast.NodeTransformer):
    """A transformer that makes each loop iterate over `_fold(...)`, which may cut the run. It is told the variables
    that the body may carry from one element to the next.

    for item in items:          loop = _fold(items, "module:function", "total")
        total += item    ->     for item in loop:
                                    if loop.carries("total"):
                                        total = loop.carried("total")
                                    total += item
                                else:
                                    if loop.carries("total"):
                                        total = loop.carried("total")
                                    if loop.is_cut:
                                        item = loop.gone
    """

    def __init__(self, module: str, has_loops: bool = True) -> None:
        self._module: Final = module
        self._has_loops: Final = has_loops
        self._functions: Final[list[ast.FunctionDef]] = []
        self._loops: Final[dict[str, int]] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rewrite the loops in a function's body. They are numbered within this function, and their sites bear its
        name.
        """
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a call of `tuple`, whose argument may be a list that a loop has appended to."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "tuple":
            node.func = ast.copy_location(ast.Name(TUPLE, ast.Load()), node.func)
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        """Replace a tuple display that begins with a starred value, since that value may be a list of any length."""
        self.generic_visit(node)
        stars = [isinstance(part, ast.Starred) for part in node.elts]
        if stars[:1] != [True] or any(stars[1:]) or not isinstance(node.ctx, ast.Load) or not self._functions:
            return node
        listed = cast(ast.Starred, node.elts[0]).value
        first = ast.Call(ast.Name(SPREAD, ast.Load()), [listed], [])  # evaluated before the further items
        call = ast.Call(ast.Name(SPREAD, ast.Load()), [first, *node.elts[1:]], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_While(self, node: ast.While) -> Any:
        """Rewrite a `while` loop as a `for` loop over `endless(...)`, whose body first tests the condition."""
        if not self._functions or not self._has_loops:
            return self.generic_visit(node)
        function = self._functions[-1]
        names = sorted(changed_in(node.body) & bound_before(function, node))
        if node.orelse:
            raise UnliftableError(f"{self._module}:{function.name}, line {node.lineno}: a loop with `else`")
        number = self._loops[function.name] = self._loops.get(function.name, 0) + 1
        site = f"{self._module}:{function.name}" + ("" if number == 1 else f"#{number}")
        self.generic_visit(node)
        begin = ast.parse(f"_loop{number} = {WHILE}({', '.join(map(repr, [site, *names]))})").body
        carry = carries(f"_loop{number}", names)
        stop = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
        turns = ast.For(
            ast.Name("_turn", ast.Store()), ast.Name(f"_loop{number}", ast.Load()), [*carry, stop, *node.body], []
        )
        for part in (*begin, *carry, stop, turns):
            for inner in ast.walk(part):
                if not hasattr(inner, "lineno") and "lineno" in getattr(inner, "_attributes", ()):
                    ast.copy_location(inner, node)
        return [ast.fix_missing_locations(ast.copy_location(part, node)) for part in (*begin, turns)]

    def visit_For(self, node: ast.For) -> Any:
        """Rewrite a `for` loop, so that it iterates over `_fold(...)`, which is assigned to a variable before it."""
        if not self._functions or not self._has_loops:
            return self.generic_visit(node)
        function = self._functions[-1]
        names = sorted(changed_in(node.body) & bound_before(function, node))
        number = self._loops[function.name] = self._loops.get(function.name, 0) + 1
        site = f"{self._module}:{function.name}" + ("" if number == 1 else f"#{number}")
        self.generic_visit(node)
        loop = f"_loop{number}"
        begin = ast.parse(f"{loop} = {FOLD}(None, {', '.join(map(repr, [site, *names]))})").body[0]
        assert isinstance(begin, ast.Assign)
        assert isinstance(begin.value, ast.Call)
        begin.value.args[0] = node.iter
        node.iter = ast.Name(loop, ast.Load())
        carry = carries(loop, names)
        if names and node.orelse:
            raise UnliftableError(f"{site}, line {node.lineno}: a loop with `else` carries {', '.join(names)}")
        after = [*carries(loop, names), *gone(loop, sorted(changed_in([ast.Expr(node.target)])))]
        node.body = [*carry, *node.body]
        node.orelse = [*after, *node.orelse]
        for part in (begin, *carry, *after):
            for inner in ast.walk(part):
                if not hasattr(inner, "lineno") and "lineno" in getattr(inner, "_attributes", ()):
                    ast.copy_location(inner, node)
        return [ast.fix_missing_locations(ast.copy_location(begin, node)), ast.fix_missing_locations(node)]


def carries(loop: str, names: list[str]) -> list[ast.stmt]:
    """Statements that give an arbitrary value to each variable that the loop carries, if it was bound where the loop
    begins. `loop` is the name of the loop's variable, `names` those of the carried ones.
    """
    return ast.parse(
        "\n".join(f"if {loop}.carries({name!r}):\n    {name} = {loop}.carried({name!r})" for name in names)
    ).body


def gone(loop: str, names: list[str]) -> list[ast.stmt]:
    """Statements that make the loop variables `names` unusable after a loop that was cut. `loop` is the name under
    which the code holds the loop.
    """
    return ast.parse("\n".join(f"if {loop}.is_cut:\n    {name} = {loop}.gone" for name in names)).body


@cache
def calls_alone(file: str) -> frozenset[tuple[int | None, ...]]:
    """The calls in a file during which the calling function holds no intermediate value of an expression. There, local
    variables describe all that a run needs to continue. Each is given as (line, end line, column, end column).
    """
    try:
        tree = ast.parse(Path(file).read_bytes())
    except OSError:
        return frozenset()
    roots = [
        getattr(node, field)
        for node in ast.walk(tree)
        for field in ("value", "test", "iter")
        if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return | ast.If | ast.While | ast.For)
        and getattr(node, field, None) is not None
    ]
    found = {(c.lineno, c.end_lineno, c.col_offset, c.end_col_offset) for root in roots for c in _alone(root)}
    return frozenset(found)


_OF_PYTHON: Final = frozenset([*BUILTINS.split(), *CALLED.split()])
"""The builtins that hold values of their own while they call other functions."""


def _alone(node: ast.expr) -> Iterator[ast.Call]:
    """The calls in an expression during which Python holds no other intermediate value of the expression."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call):
        is_of_list = isinstance(node.func, ast.Attribute) and node.func.attr in dir(list)
        if not is_of_list and not (isinstance(node.func, ast.Name) and node.func.id in _OF_PYTHON):
            yield node
        parts = node.args[:1] if isinstance(node.func, ast.Name) else []
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.IfExp):
        parts = [node.test, node.body, node.orelse]
    elif isinstance(node, ast.Compare | ast.BinOp):
        parts = [node.left]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        parts = [node.value]
    elif isinstance(node, ast.Tuple | ast.List):
        parts = node.elts[:1]
    for part in parts:
        yield from _alone(part)


def changed_in(body: list[ast.stmt]) -> set[str]:
    """The names of the variables that statements bind, or whose value they may change by a method, an item or an
    attribute.
    """
    names: set[str] = set()
    for part in (part for statement in body for part in ast.walk(statement)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(part.id)
        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(_root(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in MUTATING:
            names.add(_root(part.func))
        elif isinstance(part, ast.FunctionDef):
            names.add(part.name)
    return names - {""}


MUTATING: Final = frozenset(
    "append extend insert remove pop clear sort reverse update setdefault add discard popitem".split()  # noqa: SIM905  # nineteen quoted words would be harder to read
)
"""The methods that change a builtin container in place."""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def bound_before(function: ast.FunctionDef, loop: ast.stmt) -> set[str]:
    """The names of a function's variables that may be bound where a loop begins: arguments, assignments above it, and
    those in a loop around it.
    """
    arguments = function.args
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    names = {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]}
    within = {id(part) for part in ast.walk(loop)}
    around = [part for part in ast.walk(function) if isinstance(part, ast.For | ast.While) and id(part) not in within]
    turns = {id(part) for outer in around if any(part is loop for part in ast.walk(outer)) for part in ast.walk(outer)}
    for part in ast.walk(function):
        is_before = getattr(part, "lineno", loop.lineno) < loop.lineno or id(part) in turns
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and is_before and id(part) not in within:
            names.add(part.id)
        elif isinstance(part, ast.FunctionDef) and part is not function and is_before and id(part) not in within:
            names.add(part.name)
    return names
