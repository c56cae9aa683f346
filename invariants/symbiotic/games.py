"""Symbiotic's games, laws about all moves of a party together: no free lunch, and no theft by coalition."""

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
"""The fields of actions that name the account that benefits."""

ALONE: Final[tuple[Party, ...]] = tuple([(account,) for account in STAKERS])


def balance(state: State, party: Party) -> int:
    """The sum of the collateral balances of all accounts of a party."""
    rows = Draft(state)
    return sum(rows.get(TOKEN_BALANCES, (COLLATERAL, account)).amount for account in party)


def worth(state: State, account: str) -> int:
    """The value in collateral of an account's shares at current exchange rates: active ones and those in unclaimed
    withdrawals.

    The values are summed exactly, then rounded down. Exchange rates fall only in slashes.
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
    """Let a party withdraw everything, in `state` itself: redeem all shares, wait two epochs, and claim."""
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
    """The game in which one account moves alone, and no slash is made meanwhile."""

    def allows(self, party: Party, action: Any) -> bool:
        """True if time passes, or if the party calls for itself; calls for others could gain the party nothing."""
        if isinstance(action, AdvanceTime):
            return True
        beneficiaries = [getattr(action, field, action.sender) for field in BENEFICIARIES]
        return action.sender in party and all([account == action.sender for account in beneficiaries])

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The account's gain in collateral after it has withdrawn everything.

        The gain is counted from its balance and the worth of its shares before the moves. No allowance for rounding is
        needed: its roundings cost it at least what they leave to others.
        """
        (account,) = party
        left = after.copy()
        leave(self.walk.protocol, left, party)
        return balance(left, party) - balance(before, party) - worth(before, account)


class Coalition(Game):
    """The game of a coalition of operators, networks, middlewares, the burner and stakers.

    One staker stays outside, in a vault whose curator gave no stake to any network.
    """

    def scene(self, choices: Choices) -> list[Any]:
        """The walk's opening calls without those that give stake of the outsider's vault to a network or an
        operator.
        """
        return [action for action in self.walk.opening() if not _commits_stake(action)]

    def allows(self, party: Party, action: Any) -> bool:
        """True for calls of the coalition, and for the outsider's deposits, withdrawals and claims in its own vault.

        Calls that give stake of that vault to a network or an operator are not allowed.
        """
        if isinstance(action, AdvanceTime) or action.sender != OUTSIDER:
            return not _commits_stake(action)
        if isinstance(action, Deposit):
            return action.vault == VETOED and action.on_behalf_of == OUTSIDER
        if isinstance(action, Withdraw | Redeem):
            return action.vault == VETOED and action.claimer == OUTSIDER
        return isinstance(action, Claim) and action.recipient == OUTSIDER

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The coalition's gain of collateral since genesis, after it has withdrawn everything.

        No allowance for the outsider's roundings is needed: in a vault that was never slashed, a share is worth exactly
        one wei.
        """
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        return balance(end, party) - balance(start, party)


class Outsider(Coalition):
    """The coalition's game, measured by the loss of the staker outside instead of the coalition's gain."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The outsider's loss of collateral since genesis. The outsider withdraws after the coalition."""
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        leave(self.walk.protocol, end, (OUTSIDER,))
        return balance(start, (OUTSIDER,)) - balance(end, (OUTSIDER,))


def _commits_stake(action: Any) -> bool:
    """True if the call gives stake of the outsider's vault to a network or an operator."""
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
