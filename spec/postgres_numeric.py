"""PostgreSQL's type `numeric`, as far as the rewards calculation uses it: exact decimals, and a division that rounds.

A value is an integer and a scale, the number of its decimal digits after the point. Sums and products are exact. A
quotient is rounded half away from zero, at a scale that depends on the leading digits of both numbers. So the floor of
a computed quotient can exceed the floor of the exact quotient: a large quotient has scale zero, and is rounded to an
integer before the floor is taken.
Source: PostgreSQL 15, src/backend/utils/adt/numeric.c: select_div_scale, div_var, round_var.
"""

from typing import Final

import attr

from spec.arithmetic import div_floor, remainder

DIGITS: Final = 4
"""Decimal digits in one digit of PostgreSQL's representation."""

BASE: Final = 10**DIGITS
LEAST_SIGNIFICANT_DIGITS: Final = 16
"""The least number of significant digits of a quotient. Its scale still limits the digits that are computed."""

MOST_SCALE: Final = 1000


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Numeric:
    """The decimal `unscaled / 10 ** scale`."""

    unscaled: Final[int]
    scale: Final[int]

    def __init__(self, unscaled: int, scale: int = 0) -> None:
        self.unscaled = unscaled
        self.scale = scale


def add(a: Numeric, b: Numeric) -> Numeric:
    """The exact sum of `a` and `b`, at the larger of their scales."""
    scale = max(a.scale, b.scale)
    return Numeric(
        a.unscaled * power_of_ten(scale - a.scale) + b.unscaled * power_of_ten(scale - b.scale),
        scale,
    )


def multiply(a: Numeric, b: Numeric) -> Numeric:
    """The exact product of `a` and `b`. Its scale is the sum of their scales."""
    return Numeric(a.unscaled * b.unscaled, a.scale + b.scale)


def divide(a: Numeric, b: Numeric) -> Numeric:
    """The quotient `a / b`, rounded half away from zero at the scale `quotient_scale(a, b)`; `b` is not zero."""
    scale = quotient_scale(a, b)
    numerator = abs(a.unscaled) * power_of_ten(scale + b.scale - a.scale)
    divisor = abs(b.unscaled)
    rounded = div_floor(2 * numerator + divisor, 2 * divisor)
    return Numeric(rounded if (a.unscaled < 0) == (b.unscaled < 0) else -rounded, scale)


def floor(a: Numeric) -> int:
    """The greatest integer that is at most `a`."""
    return div_floor(a.unscaled, power_of_ten(a.scale))


def quotient_scale(a: Numeric, b: Numeric) -> int:
    """The scale of the quotient `a / b`: at least 16 significant digits, and at least the scales of `a` and `b`; at
    most 1000.

    The number of significant digits rests on an estimate of the quotient's weight, from the leading base-10000 digits.
    If the two leading digits are equal, the estimate takes the quotient to be below one.
    """
    weight_a, leading_a = _leading(a)
    weight_b, leading_b = _leading(b)
    weight = weight_a - weight_b
    if leading_a <= leading_b:
        weight -= 1
    return min(max(LEAST_SIGNIFICANT_DIGITS - weight * DIGITS, a.scale, b.scale, 0), MOST_SCALE)


def _leading(a: Numeric) -> tuple[int, int]:
    """The pair (weight, digit) of the leading digit of `a` in base 10000: it counts `digit * BASE ** weight`. (0, 0)
    for zero.
    """
    if a.unscaled == 0:
        return 0, 0
    missing = remainder(-a.scale, DIGITS)
    rest = abs(a.unscaled) * power_of_ten(missing)
    weight = -div_floor(a.scale + missing, DIGITS)
    while rest >= BASE:
        rest = div_floor(rest, BASE)
        weight += 1
    return weight, rest


def power_of_ten(exponent: int) -> int:
    """Ten to the power of a non-negative exponent."""
    power: int = 10**exponent
    return power
