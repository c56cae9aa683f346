"""The rows of the receipts.

A *vault of receipts* holds a base position, or receipts of the vault beneath it. A base position is stake of the
vault's account in a pool of the base. The vault issues receipts of its own, each an equal part of its holdings.
"""

from typing import Final

import attr

from spec.machine import Table
from spec.market.state import SCHEMA

Held = tuple[str, str]
"""A key of a vault that issued receipts, and their owner: a holder, or a vault above that vault."""

Withdrawn = tuple[str, int]
"""A key of a vault, and the number of a withdrawal of its account."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ReceiptVault:
    """A vault of receipts, fixed when it is opened: its pool and operator in the base, or the vault whose receipts it
    holds (`beneath`).

    A vault with a positive `mark_period_points` is priced by its mark, which can be set anew after each such period. A
    vault with 0 is priced by its holdings.
    """

    is_open: Final[bool]
    pool: Final[str]
    operator: Final[str]
    beneath: Final[str]
    mark_period_points: Final[int]

    def __init__(
        self,
        is_open: bool = False,
        pool: str = "",
        operator: str = "",
        beneath: str = "",
        mark_period_points: int = 0,
    ) -> None:
        self.is_open = is_open
        self.pool = pool
        self.operator = operator
        self.beneath = beneath
        self.mark_period_points = mark_period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Receipts:
    """The number of receipts of a vault that are issued and not redeemed; and the mark, for a vault that has one.

    The mark is `marked_worth`: the value of the vault at `marked_point`, plus payments in and less payments out since
    then.
    """

    amount: Final[int]
    marked_worth: Final[int]
    marked_point: Final[int]

    def __init__(self, amount: int = 0, marked_worth: int = 0, marked_point: int = 0) -> None:
        self.amount = amount
        self.marked_worth = marked_worth
        self.marked_point = marked_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Receipt:
    """The number of receipts of one vault that a holder has, or a vault above that vault."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Redemption:
    """The holder for whose redemption a withdrawal was queued; empty if the vault did not request the withdrawal."""

    holder: Final[str]

    def __init__(self, holder: str = "") -> None:
        self.holder = holder


# Keys: vault, twice; vault and holder; vault and vault above; vault and number.
RECEIPT_VAULTS: Final[Table[str, ReceiptVault]] = SCHEMA.table("market_receipt_vaults", ReceiptVault())
ISSUED: Final[Table[str, Receipts]] = SCHEMA.table("market_issued", Receipts())
RECEIPTS: Final[Table[Held, Receipt]] = SCHEMA.table("market_receipts", Receipt())
RECEIPTS_OF_VAULTS: Final[Table[Held, Receipt]] = SCHEMA.table("market_receipts_of_vaults", Receipt())
REDEMPTIONS: Final[Table[Withdrawn, Redemption]] = SCHEMA.table("market_redemptions", Redemption())
