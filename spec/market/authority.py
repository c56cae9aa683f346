"""Authority: the interface of the base by which a mandate splits the stake of a pool, in addition to `Port`.

Both bases implement it from their own views, and every write is an action that the base executes.
"""

from typing import Final, Protocol

import attr

from spec.machine import Draft
from spec.market.mandates_state import Target


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allocated:
    """The part of a mandate's stake that one target has, in the unit of `Authority.whole`.

    `amount` is the part after all pending changes. `exposed` is the most that the target's service can slash until they
    take effect. `highest` is the most to which the base allows a raise now. `is_fixed` is True if the base allows no
    change now. `is_backed` is True if the service can slash all of the part, or as much as the base allows.
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
        """The actions that give an account this power over the pool; None if the account cannot get it."""

    def can_target(self, account: str, operator: str) -> bool:
        """True if a mandate of the account may have targets with this operator."""

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """The base actions that run before a split: they apply pending changes that are due."""

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The total that `account` can split between targets, in the base's unit: an operator's magnitude, or a vault's
        collateral.
        """

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part of the stake that `target` has, with its pending changes and its bounds."""

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """The actions that give a target the part `amount`, and let its service slash this part. The base's own delays
        apply.

        If the target has `amount` already, only the actions that its service still needs for slashing.
        """
