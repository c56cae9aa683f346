"""Numbers as the verbs of `restake risk` print them: each with its origin and its possible error."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

import attrs

from risk.losses import Measured
from spec.codec import Json

EXACT: Final = "exact"
"""The origin of an exact rational number."""
BOUND: Final = "bound"
"""The origin of a rational number that bounds the true one."""
COMPUTED: Final = "computed"
"""The origin of a float computed by quadrature; its error is estimated from the last refinement."""
SIMULATED: Final = "simulated"
"""The origin of a float from simulated draws; its error is one standard error."""


@attrs.frozen
class Number:
    """A number, its origin (EXACT, BOUND, COMPUTED or SIMULATED), and its error, if any."""

    value: Fraction | int | float
    how: str = EXACT
    error: float | None = None

    def as_json(self) -> Json:
        """The number as JSON: rationals as "p/q", floats as JSON numbers."""
        if self.how in (EXACT, BOUND):
            return {"value": str(Fraction(self.value)), "how": self.how}
        return {"value": self.value, "how": self.how, "error": self.error}

    def text(self) -> str:
        """The number in decimals, with its error and origin."""
        if self.error is None:
            return f"{decimal(self.value)}  {self.how}"
        return f"{decimal(self.value)} +- {self.error:.1g}  {self.how}"


def decimal(value: Fraction | int | float, digits: int = 12) -> str:
    """A number in decimals, rounded to `digits` significant digits, without float arithmetic. Very large and very small
    numbers have an exponent.
    """
    exact = Fraction(value)
    context = Context(prec=digits)
    quotient = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))  # the one rounding
    rounded = quotient.normalize(context)
    return f"{rounded:f}" if -12 < rounded.adjusted() < 40 else str(rounded)


def brief(value: Fraction | int | float, digits: int = 5) -> str:
    """A number in at most about eleven characters: large ones with a power of ten, such as 2.923e24."""
    said = decimal(value, digits)
    if len(said) <= 11:
        return said
    mantissa, _, power = f"{Decimal(said):.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def measured(found: Measured, how: str = COMPUTED) -> Number:
    """A float from an estimator, with its error, as a Number; `how` is its origin, COMPUTED or SIMULATED."""
    return Number(found.value, how, found.error)


Rows = Mapping[str, Number | str]
"""Named results: numbers, and words such as "yes"."""


def lines(rows: Rows, indent: str = "") -> Iterable[str]:
    """The lines of named results, each after `indent`, with values aligned in a column."""
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        yield f"{indent}{name:<{width}}  {value.text() if isinstance(value, Number) else value}"


def as_json(rows: Rows) -> dict[str, Json]:
    """Named results as JSON."""
    return {name: value.as_json() if isinstance(value, Number) else value for name, value in rows.items()}
