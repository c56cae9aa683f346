"""Numbers as the verbs of `restake risk` show them: each says how it was found, and how far it may be off."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

import attrs

from risk.losses import Measured
from spec.codec import Json

EXACT: Final = "exact"
"""A rational number, with no error."""
BOUND: Final = "bound"
"""A rational number that the true one cannot be beyond."""
COMPUTED: Final = "computed"
"""A float from an integral; its error is estimated from the last refinement."""
SIMULATED: Final = "simulated"
"""A float from draws; its error is one standard error."""


@attrs.frozen
class Number:
    """A value, how it was found, and its error where it has one."""

    value: Fraction | int | float
    how: str = EXACT
    error: float | None = None

    def as_json(self) -> Json:
        """Rationals as "p/q", floats as JSON numbers."""
        if self.how in (EXACT, BOUND):
            return {"value": str(Fraction(self.value)), "how": self.how}
        return {"value": self.value, "how": self.how, "error": self.error}

    def text(self) -> str:
        """The value in decimals, and how it was found."""
        if self.error is None:
            return f"{decimal(self.value)}  {self.how}"
        return f"{decimal(self.value)} +- {self.error:.1g}  {self.how}"


def decimal(value: Fraction | int | float, digits: int = 12) -> str:
    """A number in decimals, rounded to so many significant digits; never in a float."""
    exact = Fraction(value)
    context = Context(prec=digits)
    quotient = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))  # the one rounding
    rounded = quotient.normalize(context)
    return f"{rounded:f}" if -12 < rounded.adjusted() < 40 else str(rounded)


def brief(value: Fraction | int | float, digits: int = 5) -> str:
    """A number that has little room: large ones by powers of ten, as 2.923e24."""
    said = decimal(value, digits)
    if len(said) <= 11:
        return said
    mantissa, _, power = f"{Decimal(said):.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def measured(found: Measured, how: str = COMPUTED) -> Number:
    """A float with its error."""
    return Number(found.value, how, found.error)


Rows = Mapping[str, Number | str]
"""The numbers shown, by name: numbers, and words that need no explanation."""


def lines(rows: Rows, indent: str = "") -> Iterable[str]:
    """Rows as text, names in a column."""
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        yield f"{indent}{name:<{width}}  {value.text() if isinstance(value, Number) else value}"


def as_json(rows: Rows) -> dict[str, Json]:
    """Rows as JSON."""
    return {name: value.as_json() if isinstance(value, Number) else value for name, value in rows.items()}
