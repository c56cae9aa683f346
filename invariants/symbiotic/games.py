"""Symbiotic's games: no free lunch, and no theft by coalition."""

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
from spec.symbiotic.state import ACTIVE_SHARES_OF, TOKEN_BALANCES, VAULTS, WITHDRAWALS

OUTSIDER: Final = STAKERS[-1]
COALITION: Final[Party] = (*STAKERS[:-1], *OPERATORS, *NETWORKS, "burner0")
ALONE: Final[tuple[Party, ...]] = tuple([(account,) for account in STAKERS])


def balance(state: State, party: Party) -> int:
    """What a party's accounts hold of the collateral."""
    rows = Draft(state)
    return sum(rows.get(TOKEN_BALANCES, (COLLATERAL, account)).amount for account in party)


def claims_of(state: State, account: str) -> int:
    """How many separately rounded claims an account has: vaults it has shares of, and buckets it waits in."""
    rows = Draft(state)
    held = [vault for vault in VAULT_NAMES if ACTIVE_SHARES_OF.latest(rows, (vault, account))]
    waits = [key for key, row in state.rows(WITHDRAWALS).items() if key[2] == account and not row.is_claimed]
    return len(held) + len(waits)


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
        """Its own calls, and time."""
        return isinstance(action, AdvanceTime) or action.sender in party

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the account has more of the collateral, above one wei for each claim that it had when its moves
        began. A share is never worth more than a wei.
        """
        left_before, left_after = before.copy(), after.copy()
        leave(self.way.protocol, left_before, party)
        leave(self.way.protocol, left_after, party)
        claims = sum(claims_of(before, account) for account in party)
        return balance(left_after, party) - balance(left_before, party) - claims


class Coalition(Game):
    """Operators, networks, their middlewares, the burner and stakers in one hand. One staker is in nobody's, and in a
    vault whose curator gave no network anything.
    """

    def scene(self, choices: Choices) -> list[Any]:
        """The walk's opening, without what the curator of the outsider's vault gives away."""
        return [action for action in self.way.opening() if not _commits_stake(action)]

    def allows(self, party: Party, action: Any) -> bool:
        """Everything the coalition does; of the outsider, deposits, withdrawals and claims, for itself and in its own
        vault; nothing by which its vault's curator would commit stake.
        """
        if isinstance(action, AdvanceTime) or action.sender != OUTSIDER:
            return not _commits_stake(action)
        if isinstance(action, Deposit):
            return action.vault == VETOED and action.on_behalf_of == OUTSIDER
        if isinstance(action, Withdraw | Redeem):
            return action.vault == VETOED and action.claimer == OUTSIDER
        return isinstance(action, Claim) and action.recipient == OUTSIDER

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the coalition has more than at genesis, above one wei for each call of the outsider's."""
        start, end = self.way.genesis(), after.copy()
        leave(self.way.protocol, end, party)
        calls = len([1 for move in moves if not isinstance(move, AdvanceTime) and move.sender == OUTSIDER])
        return balance(end, party) - balance(start, party) - calls


class Outsider(Coalition):
    """The same game, seen from the other side of the table."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the outsider has less than at genesis, above one wei for each of its calls; it leaves last."""
        start, end = self.way.genesis(), after.copy()
        leave(self.way.protocol, end, party)
        leave(self.way.protocol, end, (OUTSIDER,))
        calls = len([1 for move in moves if not isinstance(move, AdvanceTime) and move.sender == OUTSIDER])
        return balance(start, (OUTSIDER,)) - balance(end, (OUTSIDER,)) - calls


def _commits_stake(action: Any) -> bool:
    """Whether the curator of the outsider's vault gives stake to a network or an operator."""
    if isinstance(action, SetNetworkLimit | SetOperatorNetworkLimit | SetOperatorNetworkShares):
        return action.vault == VETOED
    return False


GAMES: Final[tuple[Game, ...]] = (
    FreeLunch(
        "GAME-01",
        "Nobody gains by own calls alone, while nobody is slashed, more than one wei for each claim it began with.",
        "This project",
        WALK,
        150,
        ALONE,
    ),
    Coalition(
        "GAME-02",
        "Operators, networks, their middlewares, a burner and stakers, together, never take out more than they put in, "
        "but for one wei for each call of others.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
    Outsider(
        "GAME-03",
        "Who is in a vault whose curator gave a network nothing never loses by what that network does, but for one wei "
        "for each call of its own.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
)
