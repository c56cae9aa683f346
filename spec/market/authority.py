"""Authority: all that a mandate has to know of the base to split the stake of a pool, beside the port.

Both bases implement it from their own views, and every write is an action that the base itself executes.
"""

from typing import Final, Protocol

import attr

from spec.machine import Draft
from spec.market.mandates_state import Target


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allocated:
    """The part of a mandate's stake that a target has, in the unit of the whole.

    `amount` is what it will have once all that waits has come; `exposed` the most that its service can count on until
    then; `highest` the most to which the base lets it be raised now. Nothing can be changed while it `is_fixed`. It
    `is_backed` if its service can take all of it, or as much as the base allows.
    """

    amount: Final[int]
    exposed: Final[int]
    highest: Final[int]
    is_fixed: Final[bool]
    is_backed: Final[bool]

    def __init__(self, amount: int, exposed: int, highest: int, is_fixed: bool, is_backed: bool) -> None:
        self.amount = amount
        self.exposed = exposed
        self.highest = highest
        self.is_fixed = is_fixed
        self.is_backed = is_backed


class Authority(Protocol):
    """The power of an account to split the stake of a pool between targets."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """The actions by which an account comes to have it; None if it cannot."""

    def can_target(self, account: str, operator: str) -> bool:
        """True if an operator's stake can be the account's to split."""

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """The actions by which what waited and has come is settled, before anything is split."""

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """All that there is to split."""

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part that a target has."""

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """The actions by which a target comes to have an amount, after the base's own delays, and has it backed; of the
        amount that it has, what is missing for that.
        """
