"""Reading of declared numbers from JSON: exact, bounded, and refused with the place where they stand.

A rational is a JSON integer, or a string: decimal digits, `"p/q"`, or a finite decimal such as `"0.05"`. A JSON float is
refused: what it looks like is not what it is.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

Json = object

_RATIONAL: Final = re.compile(r"-?[0-9]+(/[0-9]+|\.[0-9]+)?")
_LONGEST: Final = 160


class BadInputError(Exception):
    """An input that is refused: where (a path of fields and positions), and what is wrong there."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where: Final = where
        self.problem: Final = problem


def shown(value: Json) -> str:
    """A JSON value in a message: short, however long it is."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def rational(value: Json, where: str, low: int | None = None, high: int | None = None) -> Fraction:
    """A rational number within bounds, both included; or BadInputError."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = Fraction(value)
    elif isinstance(value, str) and len(value) <= _LONGEST and _RATIONAL.fullmatch(value):
        if "/" in value and not int(value.split("/")[1]):
            raise BadInputError(where, f"the denominator of {shown(value)} is zero")
        number = Fraction(value)
    else:
        raise BadInputError(where, f"expected an integer, a decimal string or \"p/q\", found {shown(value)}")
    if low is not None and number < low:
        raise BadInputError(where, f"{shown(value)} is below {low}")
    if high is not None and number > high:
        raise BadInputError(where, f"{shown(value)} is above {high}")
    return number


def probability(value: Json, where: str) -> Fraction:
    """A rational between 0 and 1, both included."""
    return rational(value, where, 0, 1)


def positive(value: Json, where: str) -> Fraction:
    """A rational above 0."""
    number = rational(value, where, 0)
    if not number:
        raise BadInputError(where, "is zero")
    return number


def whole(value: Json, where: str, low: int, high: int) -> int:
    """An integer within bounds, both included."""
    number = rational(value, where, low, high)
    if number.denominator != 1:
        raise BadInputError(where, f"{shown(value)} is no integer")
    return number.numerator


def text(value: Json, where: str) -> str:
    """A string that is not empty and no longer than 200 characters."""
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise BadInputError(where, f"expected a short text, found {shown(value)}")
    return value


def items(value: Json, where: str, most: int = 100_000) -> Sequence[Json]:
    """A JSON list of at most so many items."""
    if not isinstance(value, list):
        raise BadInputError(where, f"expected a list, found {shown(value)}")
    if len(value) > most:
        raise BadInputError(where, f"has {len(value)} items, at most {most} are read")
    return value


def fields(value: Json, where: str, needed: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, Json]:
    """A JSON object with all fields that are needed and none that is unknown."""
    entries = record(value, where)
    for name in needed:
        if name not in entries:
            raise BadInputError(where, f"lacks the field {name!r}")
    for name in entries:
        if name not in needed and name not in optional:
            raise BadInputError(f"{where}.{shown(name)[1:-1]}" if where else shown(name)[1:-1], "is no known field")
    return entries


def record(value: Json, where: str, most: int = 100_000) -> Mapping[str, Json]:
    """A JSON object with any names, at most so many."""
    if not isinstance(value, dict):
        raise BadInputError(where, f"expected an object, found {shown(value)}")
    if len(value) > most:
        raise BadInputError(where, f"has {len(value)} entries, at most {most} are read")
    return value


def written(number: Fraction) -> str:
    """A rational as files write it: an integer, or "p/q" in lowest terms."""
    return str(number)
