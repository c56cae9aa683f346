"""The nodes of a function, the names in it, and what it goes through: what both lists of understood Python read."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

Function = ast.FunctionDef | ast.Lambda
Untaught = tuple[int, str]
"""A line, and what stands there that is not understood."""


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function, without annotations, and without the functions within it."""
    yield from (node for _, node in lines_of(function))


@lru_cache(maxsize=1)
def lines_of(function: Function) -> list[tuple[int, ast.AST]]:
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


ITERATORS: Final = ("enumerate", "zip")
GOING_THROUGH: Final = ("all", "any", "list", "max", "min", "set", "sorted", "sum", "tuple", *ITERATORS)
"""Functions of Python that make what can be gone through once, and those that go through what they are given."""


def is_iterator(node: ast.AST) -> bool:
    """True if it can be gone through once."""
    is_made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ITERATORS
    return is_made or isinstance(node, ast.GeneratorExp)


def gone_through_at_once(function: Function) -> Iterator[ast.AST]:
    """The values of a function that are gone through where they are made."""
    for node in own_nodes(function):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GOING_THROUGH:
            yield from node.args
        elif isinstance(node, ast.Starred):
            yield node.value


def beginnings(function: Function) -> Iterator[ast.AST]:
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


def given_by(function: Function) -> set[str]:
    """The names to which a function gives values anywhere in it, and so in each comprehension."""
    named = {node.id for node in own_nodes(function) if isinstance(node, ast.Name) and is_given(node)}
    return {*named, *arguments(function)}


def is_of_own_object(node: ast.Attribute, function: Function) -> bool:
    """True if it is an attribute of an object that a function initialises."""
    return isinstance(node.value, ast.Name) and node.value.id == initialised_by(function) != ""


def is_given(name: ast.Name) -> bool:
    """True if a name is given a value, rather than asked for its own."""
    return isinstance(name.ctx, ast.Store)
