"""Yields: the exact amounts that stake earned from services over a trace, and the rest of every payment.

A pack names a function that computes the yields of a trace (`yields_at`). The result has one form for all protocols:
earnings of *positions* and payments of services, which add up. A position is here an account, or for Symbiotic's
stakers an account in one vault.
"""

from collections.abc import Iterable
from typing import Final

import attrs
from rich.console import Console

from spec.codec import Json


@attrs.frozen
class Earning:
    """The earnings of one position from one service in one token, in the token's smallest unit.

    `position` is an account, or `ACCOUNT / VAULT` for Symbiotic's stakers. `claimed` is the part of `earned` that was
    paid out; the rest can be claimed now.
    """

    position: str
    service: str
    token: str
    earned: int
    claimed: int

    def as_json(self) -> Json:
        """The earnings as `--json` writes them, with amounts as decimal strings."""
        return {**attrs.asdict(self), "earned": str(self.earned), "claimed": str(self.claimed)}


@attrs.frozen
class Payment:
    """The payments of one service through one contract in one token, in the token's smallest unit. `paid_in` is the sum
    of the four other amounts.

    `commission` went to admins, operators or the protocol. `earned` is what positions earned. `unassigned` is not yet
    assigned to anyone. `dust` is lost to rounding.
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
        """The payments as `--json` writes them, with amounts as decimal strings."""
        named = {"service": self.service, "contract": self.contract, "token": self.token}
        return {**named, **{part: str(getattr(self, part)) for part in PARTS}}


PARTS: Final = ("paid_in", "commission", "earned", "unassigned", "dust")


@attrs.frozen
class Yields:
    """The yields over one trace. Left out are accounts that earned nothing, and services that paid nothing."""

    earnings: tuple[Earning, ...]
    payments: tuple[Payment, ...]

    def as_json(self) -> Json:
        """The yields as `--json` writes them."""
        return {
            "earnings": [earning.as_json() for earning in self.earnings],
            "payments": [payment.as_json() for payment in self.payments],
        }


def print_yields(console: Console, yields: Yields) -> None:
    """Print a table of earnings and a table of services' payments; nothing if no service paid."""
    _print(console, ("position", "service", "token"), ("earned", "claimed"), yields.earnings)
    _print(console, ("service", "contract", "token"), PARTS, yields.payments)


def _print(
    console: Console, names: tuple[str, ...], amounts: tuple[str, ...], rows: Iterable[Earning | Payment]
) -> None:
    """Print a table as plain aligned text, never cut to the console's width, since an amount must not lose digits."""
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
