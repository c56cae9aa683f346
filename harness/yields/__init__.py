"""Yields: what positions earned from services over a trace, exactly, and where the rest of every payment is.

A pack names a function that goes through a trace (`yields_at`). What it makes of it is the same for all protocols:
earnings of positions, and payments of services, which add up.
"""

from collections.abc import Iterable
from typing import Final

import attrs
from rich.console import Console

from spec.codec import Json


@attrs.frozen
class Earning:
    """The earnings of one position from one service in one token, in its smallest unit.

    `position` is an account and, after a slash, what it earned by: a vault, an operator set. `claimed` is the part of
    `earned` that was paid; the rest can be claimed now.
    """

    position: str
    service: str
    token: str
    earned: int
    claimed: int

    def as_json(self) -> Json:
        """The earning as `--json` writes it: amounts as decimal strings."""
        return {**attrs.asdict(self), "earned": str(self.earned), "claimed": str(self.claimed)}


@attrs.frozen
class Payment:
    """All that one service paid in through one contract in one token: `paid_in` is the sum of the four others.

    `commission` went to admins, operators or the protocol; `earned` is what positions earned; `unassigned` is held for
    nobody in particular yet; `dust` is what roundings left, and is nobody's.
    """

    service: str
    contract: str
    token: str
    paid_in: int
    commission: int
    earned: int
    unassigned: int
    dust: int

    def as_json(self) -> Json:
        """The payment as `--json` writes it: amounts as decimal strings."""
        named = {"service": self.service, "contract": self.contract, "token": self.token}
        return {**named, **{part: str(getattr(self, part)) for part in PARTS}}


PARTS: Final = ("paid_in", "commission", "earned", "unassigned", "dust")


@attrs.frozen
class Yields:
    """The yields over one trace; positions and services that had none are left out."""

    earnings: tuple[Earning, ...]
    payments: tuple[Payment, ...]

    def as_json(self) -> Json:
        """The yields as `--json` writes them."""
        return {
            "earnings": [earning.as_json() for earning in self.earnings],
            "payments": [payment.as_json() for payment in self.payments],
        }


def print_yields(console: Console, yields: Yields) -> None:
    """Two tables, of positions and of services; nothing where nobody paid."""
    _print(console, ("position", "service", "token"), ("earned", "claimed"), yields.earnings)
    _print(console, ("service", "contract", "token"), PARTS, yields.payments)


def _print(
    console: Console, names: tuple[str, ...], amounts: tuple[str, ...], rows: Iterable[Earning | Payment]
) -> None:
    """Plain aligned text, never cut to the width of a terminal: an amount without its end is another one."""
    fields = (*names, *amounts)
    lines = [
        tuple(field.replace("_", " ") for field in fields),
        *[tuple(str(getattr(row, field)) for field in fields) for row in rows],
    ]
    if len(lines) == 1:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(fields))]
    for line in lines:
        cells = [
            f"{text:{width}}" if column < len(names) else f"{text:>{width}}"
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        console.print("  " + "  ".join(cells).rstrip(), markup=False, soft_wrap=True)
