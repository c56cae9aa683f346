"""EigenLayer's games: no free lunch, and no theft by coalition."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.eigenlayer.solvency import left_a_slashed_operator
from invariants.eigenlayer.walk import OPERATORS, POOLS, STAKERS_, TOKENS, WALK
from invariants.game import Game, Party, execute
from spec.arithmetic import mul_div_ceil
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    ClearBurnOrRedistributableShares,
    CompleteQueuedWithdrawal,
    Completion,
    DepositIntoStrategy,
    MineBlocks,
    QueueWithdrawals,
    SlashOperator,
    TransferToken,
    Undelegate,
    WithdrawalRequest,
)
from spec.eigenlayer.config import BALANCE_OFFSET, SHARES_OFFSET
from spec.eigenlayer.state import (
    CONFIG,
    OPERATOR_SETS,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
)
from spec.eigenlayer.views import queued_shares_of
from spec.machine import ONLY, Draft, State
from spec.protocol import Protocol

OUTSIDER: Final = STAKERS_[-1]
COALITION: Final[Party] = (*STAKERS_[:-1], *OPERATORS, "recipient")
ALONE: Final[tuple[Party, ...]] = tuple([(account,) for account in (*STAKERS_, *OPERATORS)])


def balance(state: State, token: str, party: Party) -> int:
    """What a party's accounts hold of a token."""
    rows = Draft(state)
    return sum(rows.get(TOKEN_BALANCES, (token, account)).amount for account in party)


def share_price(state: State, strategy: str) -> int:
    """What one share of a strategy is worth in tokens, rounded up. It never falls, so the last price is the highest."""
    rows = Draft(state)
    pool = rows.get(STRATEGIES, strategy)
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    return mul_div_ceil(1, held + BALANCE_OFFSET, pool.total_shares + SHARES_OFFSET)


def claims_of(state: State, account: str) -> int:
    """How many separately rounded claims an account has: strategies held, and positions of pending withdrawals."""
    rows = Draft(state)
    staker = rows.get(STAKERS, account)
    pending = [rows.get(WITHDRAWALS, (account, nonce)) for nonce in range(staker.withdrawals_queued)]
    return len(staker.strategy_list) + sum(row.strategy_count for row in pending if row.is_pending)


def leave(protocol: Protocol, state: State, party: Party, sponsor: str | None = None) -> None:
    """Let a party take out all it can: slashes are paid out, everything is queued, and completed as tokens after the
    delay. A sponsor, if there is one, deposits what a completion lacks.
    """
    for operator_set, details in list(state.rows(OPERATOR_SETS).items()):
        for slash_id in range(1, details.slash_count + 1):
            execute(protocol, state, ClearBurnOrRedistributableShares(party[0], operator_set, slash_id))
    for account in party:
        rows = Draft(state)
        requests = [
            WithdrawalRequest((strategy,), (rows.get(STAKER_SHARES, (account, strategy)).deposit_shares,))
            for strategy in rows.get(STAKERS, account).strategy_list
        ]
        execute(protocol, state, QueueWithdrawals(account, tuple(requests)))
    execute(protocol, state, MineBlocks(Draft(state).get(CONFIG, ONLY).min_withdrawal_delay_blocks + 1))
    for account in party:
        for nonce in range(Draft(state).get(STAKERS, account).withdrawals_queued):
            _complete(protocol, state, account, nonce, sponsor)


def _complete(protocol: Protocol, state: State, account: str, nonce: int, sponsor: str | None) -> None:
    rows = Draft(state)
    tokens: list[str] = []
    for position in range(rows.get(WITHDRAWALS, (account, nonce)).strategy_count):
        strategy = rows.get(QUEUED_SHARES, (account, nonce, position)).strategy
        tokens.append(TOKENS[strategy])
        missing_shares = queued_shares_of(rows, account, nonce, position) - rows.get(STRATEGIES, strategy).total_shares
        if sponsor is not None and missing_shares > 0:
            # Nobody can deposit where deposits are closed, or while delegated to a fully slashed operator.
            execute(protocol, state, AddStrategiesToDepositWhitelist("whitelister", (strategy,)))
            execute(protocol, state, Undelegate(sponsor, sponsor))
            amount = missing_shares * share_price(state, strategy)
            execute(protocol, state, DepositIntoStrategy(sponsor, strategy, TOKENS[strategy], amount))
    execute(protocol, state, CompleteQueuedWithdrawal(account, Completion(account, nonce, tuple(tokens), True)))


class FreeLunch(Game):
    """One account moves alone, and nobody is slashed meanwhile."""

    def allows(self, party: Party, action: Any) -> bool:
        """Its own calls, and time."""
        if isinstance(action, MineBlocks):
            return True
        return action.sender in party and not isinstance(action, SlashOperator)

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the account has more of a token, above one unit for each claim that it had when its moves began: each
        payment is rounded down, and no other rounding can be undone.
        """
        protocol = self.way.protocol
        left_before, left_after = before.copy(), after.copy()
        leave(protocol, left_before, party)
        leave(protocol, left_after, party)
        claims = sum(claims_of(before, account) for account in party)
        return max(
            [
                balance(left_after, token, party) - balance(left_before, token, party) - claims
                for token in TOKENS.values()
            ]
        )


class Coalition(Game):
    """Operators, services, slashers, the redistribution recipient and stakers in one hand, beside one staker who is in
    nobody's and delegates to nobody.
    """

    def scene(self, choices: Choices) -> list[Any]:
        """In half of the games a share is made expensive first, by a donation to a strategy that has few."""
        if choices.one_in(2):
            return self.way.opening()
        strategy = choices.pick(POOLS)
        return [
            *self.way.opening(),
            DepositIntoStrategy(STAKERS_[0], strategy, TOKENS[strategy], choices.pick((1, 3, 50, 1000))),
            TransferToken(OPERATORS[0], TOKENS[strategy], strategy, 10 ** choices.pick((4, 6, 9, 18))),
        ]

    def allows(self, party: Party, action: Any) -> bool:
        """Everything the coalition does; of the outsider, deposits, and withdrawals for tokens."""
        if isinstance(action, MineBlocks) or action.sender != OUTSIDER:
            return True
        if isinstance(action, CompleteQueuedWithdrawal):
            return action.completion.receive_as_tokens and action.completion.staker == OUTSIDER
        return isinstance(action, DepositIntoStrategy | QueueWithdrawals)

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the coalition has more of a token than at genesis, above the allowance."""
        start, end = self.way.genesis(), after.copy()
        leave(self.way.protocol, end, party)
        return max(
            [
                balance(end, token, party) - balance(start, token, party) - allowance(end, strategy, moves)
                for strategy, token in TOKENS.items()
            ]
        )


class Outsider(Coalition):
    """The same game, seen from the other side of the table."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """What the outsider has less of a token than at genesis, above the allowance: it leaves last, and what somebody
        must deposit to let it leave counts as lost.
        """
        start, end = self.way.genesis(), after.copy()
        leave(self.way.protocol, end, party)
        sponsor = STAKERS_[0]
        sponsored = end.copy()
        leave(self.way.protocol, sponsored, (OUTSIDER,), sponsor)
        return max(
            [
                balance(start, token, (OUTSIDER,))
                - balance(sponsored, token, (OUTSIDER,))
                + balance(end, token, (sponsor,))
                - balance(sponsored, token, (sponsor,))
                - allowance(end, strategy, moves)
                for strategy, token in TOKENS.items()
            ]
        )


def allowance(end: State, strategy: str, moves: list[Any]) -> int:
    """The dust, in tokens: one share for each position that was queued from an operator slashed before, which slashes
    may count twice (SOLV-01); one for each deposit of the outsider's, and one unit of the token for each withdrawal,
    which round against it (ROUND-02).
    """
    rows = Draft(end)
    positions = [row for row in end.rows(QUEUED_SHARES).values() if row.strategy == strategy]
    fractions = len([1 for row in positions if left_a_slashed_operator(rows, row)])
    calls = [move for move in moves if not isinstance(move, MineBlocks) and move.sender == OUTSIDER]
    deposits = len([1 for move in calls if isinstance(move, DepositIntoStrategy) and move.strategy == strategy])
    withdrawals = claims_of(end, OUTSIDER) + len([1 for move in calls if isinstance(move, CompleteQueuedWithdrawal)])
    return (fractions + deposits) * share_price(end, strategy) + withdrawals


GAMES: Final[tuple[Game, ...]] = (
    FreeLunch(
        "GAME-01",
        "Nobody gains by own calls alone, while nobody is slashed, more than one unit of a token for each claim it "
        "began with.",
        "This project",
        WALK,
        150,
        ALONE,
    ),
    Coalition(
        "GAME-02",
        "An operator, its services, their slashers and recipient, and stakers of theirs, together, never take out more "
        "than they put in, but for one share for each position queued from a slashed operator and each deposit of "
        "others.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
    Outsider(
        "GAME-03",
        "Who never delegated never loses by what operators and services do, but for one share for each position queued "
        "from a slashed operator and each deposit of its own.",
        "This project",
        WALK,
        0,
        (COALITION,),
    ),
)
