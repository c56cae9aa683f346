"""Helpers on the AST of one function: its nodes, its names and what it iterates over, for `python_subset` and
`loading_subset`.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

Function = ast.FunctionDef | ast.Lambda
Untaught = tuple[int, str]
"""A line number, and a description of the construct there that is not accepted."""


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The AST nodes of a function, without annotations and without the bodies of nested functions."""
    yield from (node for _, node in lines_of(function))


@lru_cache(maxsize=1)
def lines_of(function: Function) -> list[tuple[int, ast.AST]]:
    """The AST nodes of a function, each with its own line or that of its parent. The result for the last function is
    cached, so its tree may be rewritten only after all queries.
    """
    found: list[tuple[int, ast.AST]] = []
    parts: list[ast.AST] = list(function.body) if isinstance(function, ast.FunctionDef) else [function.body]
    parts += _run_outside(function)
    pending = [(function.lineno, part) for part in parts]
    while pending:
        outer, node = pending.pop()
        line = getattr(node, "lineno", outer)
        found.append((line, node))
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            pending.extend((line, part) for part in _run_outside(node))
            continue
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        pending.extend((line, child) for child in ast.iter_child_nodes(node) if child is not annotation)
    return found


def _run_outside(function: Function) -> list[ast.AST]:
    """The parts of a function that Python evaluates where it is defined: its defaults and its decorators."""
    parts: list[ast.AST] = [*function.args.defaults, *[each for each in function.args.kw_defaults if each is not None]]
    return [*parts, *function.decorator_list] if isinstance(function, ast.FunctionDef) else parts


ITERATORS: Final = ("enumerate", "zip")
GOING_THROUGH: Final = ("all", "any", "list", "max", "min", "set", "sorted", "sum", "tuple", *ITERATORS)
"""The builtins that return an iterator (`ITERATORS`), and those that consume their arguments."""


def is_iterator(node: ast.AST) -> bool:
    """True if a node is a generator expression or a call that makes an iterator, which can be consumed only once."""
    is_made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ITERATORS
    return is_made or isinstance(node, ast.GeneratorExp)


def gone_through_at_once(function: Function) -> Iterator[ast.AST]:
    """The expressions of a function whose elements are all consumed by the statement or call in which they stand."""
    for node in own_nodes(function):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GOING_THROUGH:
            yield from node.args
        elif isinstance(node, ast.Starred):
            yield node.value


def beginnings(function: Function) -> Iterator[ast.AST]:
    """The `super().__init__` nodes of the statements in an `__init__` that call a base class's initializer."""
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
    """The name of an `__init__`'s first argument, such as "self"; an empty string for any other function."""
    if not isinstance(function, ast.FunctionDef) or function.name != "__init__":
        return ""
    return next((each.arg for each in [*function.args.posonlyargs, *function.args.args]), "")


def arguments(function: Function) -> list[str]:
    """The names of a function's arguments of every kind, `*args` and `**kwargs` included."""
    given = function.args
    rest = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [each.arg for each in [*given.posonlyargs, *given.args, *given.kwonlyargs, *rest]]


def given_by(function: Function) -> set[str]:
    """The names that a function assigns anywhere, comprehensions included, and its arguments."""
    named = {node.id for node in own_nodes(function) if isinstance(node, ast.Name) and is_given(node)}
    return {*named, *arguments(function)}


def is_of_own_object(node: ast.Attribute, function: Function) -> bool:
    """True if an attribute belongs to the object that this function, an `__init__`, initializes."""
    return isinstance(node.value, ast.Name) and node.value.id == initialised_by(function) != ""


def is_given(name: ast.Name) -> bool:
    """True if a name is assigned here, rather than read."""
    return isinstance(name.ctx, ast.Store)
