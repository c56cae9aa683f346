"""Symbolic calls: calls in which every argument is unknown, and every list has any length up to a bound."""

import inspect
import typing
from collections.abc import Mapping
from typing import Any

import attr
import z3

from proofs.paths import Path, Term, refuse
from proofs.shapes import fresh, held, shape_of
from proofs.symbols import SymInt, SymList, SymName, term_of


def made(kind: type[Any], values: list[Any]) -> Any:
    """A call, or a record within a call, built from `values` by its class `kind`.

    Refused if the object does not hold exactly these values, or if its constructor reads or branches.
    """
    alone = Path(None, [], False)
    with alone:
        value = kind(*values)
    own, given = held(value), dict(zip(inspect.signature(kind).parameters, values, strict=True))
    is_given = own.keys() == given.keys() and all([own[name] is one for name, one in given.items()])
    if not is_given or alone.conditions or alone.touched:
        refuse(f"a value of type {kind.__name__} holds something else than it is given")
    return value


def symbolic_call(
    action: type[Any],
    bounds: Mapping[str, int],
    facts: list[Term],
    name: str = "call",
    within: str = "",
    signed: tuple[str, ...] = (),
) -> Any:
    """A call in which every argument is a symbol and every list has any length up to its bound. `bounds` maps
    "ACTION.field" or "field" to the maximum length, 1 by default. For a record within a call, `within` is the name of
    the call's class.

    Appends to `facts` that the call's integers are not negative and its names not empty. The `signed` integers, each
    "ACTION.field", may be negative.
    """
    hints = typing.get_type_hints(action.__init__)
    owner = within or action.__name__
    values = [
        _argument(
            hints[argument], f"{name}.{argument}", bounds, [] if f"{owner}.{argument}" in signed else facts, owner
        )
        for argument in inspect.signature(action).parameters
    ]
    return made(action, values)


def _argument(annotation: Any, name: str, bounds: Mapping[str, int], facts: list[Term], owner: str) -> Any:
    arguments = typing.get_args(annotation)
    if arguments[1:] == (Ellipsis,):
        field = name.rpartition(".")[2]
        bound = bounds.get(f"{owner}.{field}", bounds.get(field, 1))
        elements = [_argument(arguments[0], f"{name}[{position}]", bounds, facts, owner) for position in range(bound)]
        return SymList(f"{owner}.{field}", z3.Int(f"{name}!length"), bound, elements.__getitem__)
    if attr.has(annotation):
        return symbolic_call(annotation, bounds, facts, name, owner)
    value = fresh(shape_of(annotation), name)
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, SymInt):
            facts.append(part.term >= 0)
        elif isinstance(part, SymName):
            facts.append(part.term != term_of(""))
    return value
