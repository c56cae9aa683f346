"""Symbiotic's games: no free lunch, and no theft by coalition."""

import math
from fractions import Fraction
from typing import Any, Final

from invariants.choices import Choices
from invariants.game import Game, Party, execute
from invariants.symbiotic.walk import NETWORKS, OPERATORS, STAKERS, VAULT_NAMES, VETOED, WALK
from spec.machine import Draft, State
from spec.protocol import Protocol
from spec.symbiotic.actions import (
    AdvanceTime,
    Claim,
    Deposit,
    Redeem,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    Withdraw,
)
from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    TOKEN_BALANCES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
)

OUTSIDER: Final = STAKERS[-1]
COALITION: Final[Party] = (*STAKERS[:-1], *OPERATORS, *NETWORKS, "burner0")
BENEFICIARIES: Final = ("on_behalf_of", "claimer", "recipient", "to")
"""The fields of a call that say whom it is for."""

ALONE: Final[tuple[Party, ...]] = tuple([(account,) for account in STAKERS])


def balance(state: State, party: Party) -> int:
    """The collateral balance of all accounts of a party."""
    rows = Draft(state)
    return sum(rows.get(TOKEN_BALANCES, (COLLATERAL, account)).amount for account in party)


def worth(state: State, account: str) -> int:
    """The value of all shares of an account at current rates, added up and then rounded down: those it holds, and those
    that wait in buckets to be claimed. No rate ever falls but in a slash.
    """
    rows = Draft(state)
    worths = [
        Fraction(
            ACTIVE_SHARES_OF.latest(rows, (vault, account)) * (ACTIVE_STAKE.latest(rows, vault) + 1),
            ACTIVE_SHARES.latest(rows, vault) + 1,
        )
        for vault in VAULT_NAMES
    ]
    for (vault, epoch, claimer), row in state.rows(WITHDRAWALS).items():
        if claimer == account and not row.is_claimed:
            bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
            worths.append(Fraction(row.shares * (bucket.amount + 1), bucket.shares + 1))
    return math.floor(sum(worths))


def leave(protocol: Protocol, state: State, party: Party) -> None:
    """Let a party take out all it can: everything is redeemed, and claimed when its epoch is over."""
    for account in party:
        for vault in VAULT_NAMES:
            shares = ACTIVE_SHARES_OF.latest(Draft(state), (vault, account))
            execute(protocol, state, Redeem(account, vault, account, shares))
    longest_seconds = max([row.epoch_duration_seconds for row in state.rows(VAULTS).values()])
    execute(protocol, state, AdvanceTime(2 * longest_seconds))
    for vault, epoch, account in list(state.rows(WITHDRAWALS)):
        if account in party:
            execute(protocol, state, Claim(account, vault, account, epoch))


class FreeLunch(Game):
    """One account moves alone, and nobody is slashed meanwhile."""

    def allows(self, party: Party, action: Any) -> bool:
        """True if it is a call of the party for itself, or time that passes. What it gave away it could not gain."""
        if isinstance(action, AdvanceTime):
            return True
        beneficiaries = [getattr(action, field, action.sender) for field in BENEFICIARIES]
        return action.sender in party and all([account == action.sender for account in beneficiaries])

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The collateral that the account takes out, above what it held and its shares were worth when its moves began:
        its roundings cost it at most what they leave to others.
        """
        (account,) = party
        left = after.copy()
        leave(self.walk.protocol, left, party)
        return balance(left, party) - balance(before, party) - worth(before, account)


class Coalition(Game):
    """Operators, networks, their middlewares, the burner and stakers in one hand. One staker is in nobody's, and in a
    vault whose curator gave no network anything.
    """

    def scene(self, choices: Choices) -> list[Any]:
        """The walk's opening, without what the curator of the outsider's vault gives away."""
        return [action for action in self.walk.opening() if not _commits_stake(action)]

    def allows(self, party: Party, action: Any) -> bool:
        """True of all that the coalition does; of the outsider's calls, of deposits, withdrawals and claims for itself
        and in its own vault; of nothing by which its vault's curator would commit stake.
        """
        if isinstance(action, AdvanceTime) or action.sender != OUTSIDER:
            return not _commits_stake(action)
        if isinstance(action, Deposit):
            return action.vault == VETOED and action.on_behalf_of == OUTSIDER
        if isinstance(action, Withdraw | Redeem):
            return action.vault == VETOED and action.claimer == OUTSIDER
        return isinstance(action, Claim) and action.recipient == OUTSIDER

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The coalition's gain since genesis. The outsider loses nothing to rounding: in a vault that was never slashed
        a share is worth exactly one wei.
        """
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        return balance(end, party) - balance(start, party)


class Outsider(Coalition):
    """The same game, seen from the other side of the table."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The outsider's loss since genesis; it leaves last."""
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        leave(self.walk.protocol, end, (OUTSIDER,))
        return balance(start, (OUTSIDER,)) - balance(end, (OUTSIDER,))


def _commits_stake(action: Any) -> bool:
    """True if the curator of the outsider's vault gives stake to a network or an operator."""
    if isinstance(action, SetNetworkLimit | SetOperatorNetworkLimit | SetOperatorNetworkShares):
        return action.vault == VETOED
    return False


GAMES: Final[tuple[Game, ...]] = (
    FreeLunch(
        "GAME-01",
        "No account takes out, by its own calls and while nobody is slashed, more than it held and its shares "
        "were worth.",
        "This project",
        WALK,
        150,
        ALONE,
    ),
    Coalition(
        "GAME-02",
        "A coalition of operators, networks, their middlewares, a burner and stakers never takes out more than it "
        "put in.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
    Outsider(
        "GAME-03",
        "A staker of a vault whose curator gave a network nothing never loses a wei to that network.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
)
