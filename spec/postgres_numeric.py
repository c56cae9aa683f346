"""PostgreSQL's type `numeric`, as far as rewards are calculated with it: exact decimals, and a division that rounds.

A value is an integer and a scale: how many of its decimal digits stand after the point. Sums and products are exact. A
quotient is rounded half away from zero, at a scale that depends on the leading digits of both numbers. So the floor of
a quotient is not the quotient rounded down: of a large one no digit after the point is left to round down.
Source: PostgreSQL 15, src/backend/utils/adt/numeric.c: select_div_scale, div_var, round_var.
"""

from typing import Final

import attr

from spec.arithmetic import div_floor, remainder

DIGITS: Final = 4
"""Decimal digits in one digit of PostgreSQL's representation."""

BASE: Final = 10**DIGITS
LEAST_SIGNIFICANT_DIGITS: Final = 16
"""A quotient has at least so many significant digits, but none is computed beyond what its scale says."""

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
    """The exact sum, at the larger scale."""
    scale = max(a.scale, b.scale)
    return Numeric(
        a.unscaled * power_of_ten(scale - a.scale) + b.unscaled * power_of_ten(scale - b.scale),
        scale,
    )


def multiply(a: Numeric, b: Numeric) -> Numeric:
    """The exact product; scales add up."""
    return Numeric(a.unscaled * b.unscaled, a.scale + b.scale)


def divide(a: Numeric, b: Numeric) -> Numeric:
    """The quotient, rounded half away from zero at `quotient_scale`; the divisor is not zero."""
    scale = quotient_scale(a, b)
    numerator = abs(a.unscaled) * power_of_ten(scale + b.scale - a.scale)
    divisor = abs(b.unscaled)
    rounded = div_floor(2 * numerator + divisor, 2 * divisor)
    return Numeric(rounded if (a.unscaled < 0) == (b.unscaled < 0) else -rounded, scale)


def floor(a: Numeric) -> int:
    """The greatest integer that is not more."""
    return div_floor(a.unscaled, power_of_ten(a.scale))


def quotient_scale(a: Numeric, b: Numeric) -> int:
    """The scale of a quotient: at least sixteen significant digits by a guess of its leading one, at least the scale of
    either number, at most a thousand. Where leading digits are equal, the guess is that the quotient is below one.
    """
    weight_a, leading_a = _leading(a)
    weight_b, leading_b = _leading(b)
    weight = weight_a - weight_b
    if leading_a <= leading_b:
        weight -= 1
    return min(max(LEAST_SIGNIFICANT_DIGITS - weight * DIGITS, a.scale, b.scale, 0), MOST_SCALE)


def _leading(a: Numeric) -> tuple[int, int]:
    """The leading digit to base ten thousand, and the power of the base that it counts; both zero for zero."""
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
    """Ten to the power of a number that is not negative."""
    power: int = 10**exponent
    return power
