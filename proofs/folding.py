"""The loops of a lifted module, made to run through what cuts them: see `proofs/folds.py`."""

import ast
from typing import Any, Final, cast

from proofs.symbols import UnliftableError

WHILE: Final = "_while"
FOLD: Final = "_fold"
"""The names under which a lifted module finds what its loops run through."""

TUPLE: Final = "_tuple"
"""The name under which it finds what a call of `tuple` calls, which is also the name of a type."""

SPREAD: Final = "_spread"
"""The name under which it finds what makes a tuple of all of another and more."""


class Folding(ast.NodeTransformer):
    """Lets each loop of a module run through `fold`, which hears which names the body carries.

    for item in items:          loop = _fold(items, "module:function:line", "total")
        total += item    ->     for item in loop:
                                    total = loop.carried("total", total)
                                    total += item
                                else:
                                    total = loop.carried("total", total)
    """

    def __init__(self, module: str, has_loops: bool = True) -> None:
        self._module: Final = module
        self._has_loops: Final = has_loops
        self._functions: Final[list[ast.FunctionDef]] = []
        self._loops: Final[dict[str, int]] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function, whose loops are counted."""
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`tuple(...)`, which may be of what a loop has gathered."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "tuple":
            node.func = ast.copy_location(ast.Name(TUPLE, ast.Load()), node.func)
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        """A tuple that begins with all of another."""
        self.generic_visit(node)
        stars = [isinstance(part, ast.Starred) for part in node.elts]
        if stars[:1] != [True] or any(stars[1:]) or not isinstance(node.ctx, ast.Load) or not self._functions:
            return node
        listed = cast(ast.Starred, node.elts[0]).value
        call = ast.Call(ast.Name(SPREAD, ast.Load()), [listed, *node.elts[1:]], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_While(self, node: ast.While) -> Any:
        """A loop that goes on while a condition holds: one that goes on, and asks the condition first."""
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
        carry = ast.parse("\n".join(f"{name} = _loop{number}.carried({name!r}, {name})" for name in names)).body
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
        """A loop, and before it what it runs through."""
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
        carry = [f"{name} = {loop}.carried({name!r}, {name})" for name in names]
        if names and node.orelse:
            raise UnliftableError(f"{site}, line {node.lineno}: a loop with `else` carries {', '.join(names)}")
        node.body = [*ast.parse("\n".join(carry)).body, *node.body]
        node.orelse = node.orelse or ast.parse("\n".join(carry)).body
        for part in (begin, *node.body[: len(carry)], *node.orelse[: len(carry)]):
            for inner in ast.walk(part):
                if not hasattr(inner, "lineno") and "lineno" in getattr(inner, "_attributes", ()):
                    ast.copy_location(inner, node)
        return [ast.fix_missing_locations(ast.copy_location(begin, node)), ast.fix_missing_locations(node)]


def changed_in(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind, or whose value they may change: by a method, an item or an attribute."""
    names: set[str] = set()
    for part in (part for statement in body for part in ast.walk(statement)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(part.id)
        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(_root(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in MUTATING:
            names.add(_root(part.func))
    return names - {""}


MUTATING: Final = frozenset(
    "append extend insert remove pop clear sort reverse update setdefault add discard popitem".split()  # noqa: SIM905
)
"""Methods of Python's containers that change them."""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def bound_before(function: ast.FunctionDef, loop: ast.stmt) -> set[str]:
    """The names of a function that may be bound where a loop begins: its arguments, and what it binds above."""
    arguments = function.args
    names = {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    for part in ast.walk(function):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.lineno < loop.lineno:
            names.add(part.id)
    return names
