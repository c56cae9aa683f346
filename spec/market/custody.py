"""Custody: all that a vault of receipts has to know of the base to hold a position in it, beside the port.

Both bases implement it from their own views, and every write is an action that the base itself executes. A *position*
is counted in units of which no slash moves the number, and is taken out in *pieces*, the base's own.
"""

from typing import Protocol

from spec.machine import Draft


class Custody(Protocol):
    """Positions of accounts in pools of the base."""

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The actions by which a sender's tokens become a position of an account."""

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """The actions by which an account's positions stand behind an operator; none where pools themselves do."""

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The account's part of its pool, exact: no slash moves it, a deposit adds to it what it is a part of."""

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The position in pieces, of which each is as large a part of it as any other."""

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The worth of the position now, in the pool's unit. Rounds down."""

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action by which pieces enter the base's queue, for a holder where the base knows it there."""

    def number(self, draft: Draft, account: str) -> int | None:
        """The number of the account's last withdrawal; None where the base has it for the holder itself."""

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """The action by which a withdrawal leaves the base's queue, in tokens or into the position again.

        None where the base pays the holder itself.
        """

    def token(self, draft: Draft, pool: str) -> str:
        """The token of a pool."""
