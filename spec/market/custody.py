"""Custody: the interface of the base by which a vault of receipts holds a position, in addition to `Port`.

Both bases implement it from their own views, and every write is an action that the base executes. A *base position* is
an account's stake in a pool, counted in units whose number no slash changes. It is withdrawn in *pieces*, the base's
own unit of withdrawals.
"""

from typing import Protocol

from spec.machine import Draft


class Custody(Protocol):
    """The interface to base positions, the stakes of accounts in pools of the base."""

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The actions that deposit `amount` of the sender's tokens as a base position of `account`."""

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """The actions that delegate an account's base positions to an operator.

        The tuple is empty on a base where a pool, not its holders, chooses the operators.
        """

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The exact number of units in the account's base position. A slash does not change it; a deposit adds units
        for its worth.
        """

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The number of pieces in the account's base position: the base's unit of withdrawals. All pieces are equal
        parts of it.
        """

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The current value of the account's base position, in the pool's unit. Rounds down."""

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action that queues `pieces` pieces of the account's base position for withdrawal.

        It is in the holder's name if the base allows it.
        """

    def number(self, draft: Draft, account: str) -> int | None:
        """The number of the account's last withdrawal; None if the base records withdrawals under the holder."""

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """The action that completes a queued withdrawal: paid in tokens, or turned back into the base position.

        None if the base pays the holder itself.
        """

    def token(self, draft: Draft, pool: str) -> str:
        """The token in which a pool's stake is deposited."""
