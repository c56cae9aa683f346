"""EigenLayer's games, laws about all moves of a party together: no free lunch, and no theft by coalition."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.eigenlayer.solvency import left_a_slashed_operator
from invariants.eigenlayer.state_queries import paid_shares, withdrawable
from invariants.eigenlayer.walk import OPERATORS, POOLS, STAKERS_, TOKEN_WALK, TOKENS
from invariants.game import Game, Party, execute
from spec.arithmetic import mul_div_floor
from spec.eigenlayer.actions import (
    ClearBurnOrRedistributableShares,
    CompleteQueuedWithdrawal,
    Completion,
    DepositIntoStrategy,
    MineBlocks,
    QueueWithdrawals,
    SlashOperator,
    TransferToken,
    WithdrawalRequest,
)
from spec.eigenlayer.config import BALANCE_OFFSET, SHARES_OFFSET
from spec.eigenlayer.state import (
    CONFIG,
    OPERATOR_SETS,
    QUEUED_SHARES,
    SLASHED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
)
from spec.machine import SINGLETON, Draft, State
from spec.protocol import Protocol

OUTSIDER: Final = STAKERS_[-1]
COALITION: Final[Party] = (*STAKERS_[:-1], *OPERATORS, "recipient")
ALONE: Final[tuple[Party, ...]] = tuple([(account,) for account in (*STAKERS_, *OPERATORS)])


def balance(state: State, token: str, party: Party) -> int:
    """The sum of a token's balances over all accounts of a party."""
    rows = Draft(state)
    return sum(rows.get(TOKEN_BALANCES, (token, account)).amount for account in party)


def worth(state: State, strategy: str, shares: int) -> int:
    """The value of a strategy's shares in tokens at the current exchange rate, rounded down. The rate never falls."""
    rows = Draft(state)
    pool = rows.get(STRATEGIES, strategy)
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    return mul_div_floor(shares, held + BALANCE_OFFSET, pool.total_shares + SHARES_OFFSET)


def claimed_shares(state: State, account: str, strategy: str) -> int:
    """The shares of a strategy that an account can claim.

    These are its withdrawable shares, its queued ones, and unpaid slashed shares of operator sets whose redistribution
    recipient it is.
    """
    rows = Draft(state)
    waiting = [
        paid_shares(rows, account, nonce, position)
        for (staker, nonce, position), row in state.rows(QUEUED_SHARES).items()
        if staker == account and row.strategy == strategy
    ]
    return withdrawable(rows, account, strategy) + sum(waiting) + sum(_to_be_paid(state, strategy, (account,)))


def _to_be_paid(state: State, strategy: str, recipients: Party) -> list[int]:
    """The unpaid slashed shares of a strategy, one number for each slash whose redistribution recipient is in
    `recipients`. Zeros are left out.
    """
    rows = Draft(state)
    return [
        row.shares
        for (operator_set, _, slashed), row in state.rows(SLASHED_SHARES).items()
        if slashed == strategy
        and row.shares > 0
        and rows.get(OPERATOR_SETS, operator_set).redistribution_recipient in recipients
    ]


def payments_to_others(state: State, account: str, strategy: str) -> int:
    """The number of pending payments of a strategy's slashed shares to accounts other than `account`. Anybody may
    trigger them.

    Burnable shares left from before the release with redistribution count as one payment.
    """
    others = {row.redistribution_recipient for row in state.rows(OPERATOR_SETS).values()} - {account}
    is_legacy_owed = Draft(state).get(STRATEGIES, strategy).legacy_burnable_shares > 0
    return len(_to_be_paid(state, strategy, tuple(others))) + (1 if is_legacy_owed else 0)


def claims_of(state: State, account: str, strategy: str) -> int:
    """The number of an account's claims on a strategy that round separately.

    Its deposit shares are one claim. Each listing of the strategy in a pending withdrawal is another claim.
    """
    rows = Draft(state)
    waiting = [
        key
        for key, row in state.rows(QUEUED_SHARES).items()
        if key[0] == account and row.strategy == strategy and rows.get(WITHDRAWALS, key[:2]).is_pending
    ]
    return len(waiting) + (1 if strategy in rows.get(STAKERS, account).strategy_list else 0)


def leave(protocol: Protocol, state: State, party: Party) -> None:
    """Let a party withdraw everything it can, in `state` itself.

    First, slashes are paid out. Then the party queues all shares, waits for the delay, and completes the withdrawals as
    tokens. Withdrawals that are rejected, for lack of dust in the strategy, are completed as shares. These are queued
    again, at most as many as the strategy has issued.
    """
    execute(protocol, state, MineBlocks(Draft(state).get(CONFIG, SINGLETON).slash_resolution_delay_blocks + 1))
    for operator_set, details in list(state.rows(OPERATOR_SETS).items()):
        for slash_id in range(1, details.slash_count + 1):
            execute(protocol, state, ClearBurnOrRedistributableShares(party[0], operator_set, slash_id))
    for account in party:
        _queue_what_is_there(protocol, state, account)
    _wait(protocol, state)
    refused = [(account, nonce) for account in party for nonce in _complete_all(protocol, state, account)]
    for account, nonce in refused:
        execute(protocol, state, CompleteQueuedWithdrawal(account, _completion(state, account, nonce, False)))
        _queue_what_is_there(protocol, state, account)
        _wait(protocol, state)
        _complete_all(protocol, state, account)


def _queue_what_is_there(protocol: Protocol, state: State, account: str) -> None:
    """Queue all of an account's deposit shares in each strategy, for withdrawal.

    If they are worth more shares than the strategy has issued, only the issued number is queued.
    """
    rows = Draft(state)
    requests: list[WithdrawalRequest] = []
    for strategy in rows.get(STAKERS, account).strategy_list:
        shares = rows.get(STAKER_SHARES, (account, strategy)).deposit_shares
        issued_shares = rows.get(STRATEGIES, strategy).total_shares
        if withdrawable(rows, account, strategy) > issued_shares:
            shares = min(shares, issued_shares)
        if shares > 0:
            requests.append(WithdrawalRequest((strategy,), (shares,)))
    execute(protocol, state, QueueWithdrawals(account, tuple(requests)))


def _wait(protocol: Protocol, state: State) -> None:
    execute(protocol, state, MineBlocks(Draft(state).get(CONFIG, SINGLETON).min_withdrawal_delay_blocks + 1))


def _complete_all(protocol: Protocol, state: State, account: str) -> list[int]:
    """Complete all pending withdrawals of an account as tokens. Returns the nonces of those that are rejected."""
    return [
        nonce
        for nonce in range(Draft(state).get(STAKERS, account).withdrawals_queued)
        if Draft(state).get(WITHDRAWALS, (account, nonce)).is_pending
        and not execute(protocol, state, CompleteQueuedWithdrawal(account, _completion(state, account, nonce, True)))
    ]


def _completion(state: State, account: str, nonce: int, receive_as_tokens: bool) -> Completion:
    rows = Draft(state)
    count = rows.get(WITHDRAWALS, (account, nonce)).strategy_count
    strategies = [rows.get(QUEUED_SHARES, (account, nonce, position)).strategy for position in range(count)]
    return Completion(account, nonce, tuple([TOKENS[strategy] for strategy in strategies]), receive_as_tokens)


class FreeLunch(Game):
    """The game in which one account moves alone, and no slash is made meanwhile."""

    def allows(self, party: Party, action: Any) -> bool:
        """True if the action is a call of the party other than SlashOperator, or time that passes."""
        if isinstance(action, MineBlocks):
            return True
        return action.sender in party and not isinstance(action, SlashOperator)

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The account's largest gain in the token of any strategy, after it has withdrawn everything.

        The gain is counted from its token balance and the worth of its claims before the moves. The account's own
        roundings gain it nothing: they cost it at least what they leave to others. Each payment to another account may
        gain it less than one unit; one unit each is deducted.
        """
        (account,) = party
        left = after.copy()
        leave(self.walk.protocol, left, party)
        return max(
            [
                balance(left, token, party)
                - balance(before, token, party)
                - worth(before, strategy, claimed_shares(before, account, strategy))
                - payments_to_others(before, account, strategy)
                for strategy, token in TOKENS.items()
            ]
        )


class Coalition(Game):
    """The game of a coalition of operators, services, slashers, a redistribution recipient and stakers.

    One staker is outside of it and delegates to nobody.
    """

    def scene(self, choices: Choices) -> list[Any]:
        """The opening calls of the game. In half of the games, a small deposit and a donation follow, which make a
        strategy's shares expensive.
        """
        if choices.one_in(2):
            return self.walk.opening()
        strategy = choices.pick(POOLS)
        return [
            *self.walk.opening(),
            DepositIntoStrategy(STAKERS_[0], strategy, TOKENS[strategy], choices.pick((1, 3, 50, 1000))),
            TransferToken(OPERATORS[0], TOKENS[strategy], strategy, 10 ** choices.pick((4, 6, 9, 18))),
        ]

    def allows(self, party: Party, action: Any) -> bool:
        """True for time that passes and for every call of the coalition. The outsider's calls are restricted.

        The outsider may only deposit, queue, and complete withdrawals as tokens.
        """
        if isinstance(action, MineBlocks) or action.sender != OUTSIDER:
            return True
        if isinstance(action, CompleteQueuedWithdrawal):
            return action.completion.receive_as_tokens and action.completion.staker == OUTSIDER
        return isinstance(action, DepositIntoStrategy | QueueWithdrawals)

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The coalition's largest gain in any token since genesis, after it has withdrawn everything, less the
        allowance for rounding.
        """
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        return max(
            [
                balance(end, token, party) - balance(start, token, party) - allowance(end, strategy, moves)
                for strategy, token in TOKENS.items()
            ]
        )


class Outsider(Coalition):
    """The coalition's game, measured by the loss of the staker outside instead of the coalition's gain."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The outsider's largest loss in any token since genesis. The outsider withdraws after the coalition.

        The allowance for rounding is deducted, and one unit of the token for each of the outsider's claims.
        """
        start, end = self.walk.genesis(), after.copy()
        leave(self.walk.protocol, end, party)
        alone = end.copy()
        leave(self.walk.protocol, alone, (OUTSIDER,))
        return max(
            [
                balance(start, token, (OUTSIDER,))
                - balance(alone, token, (OUTSIDER,))
                - allowance(end, strategy, moves)
                - claims_of(end, OUTSIDER, strategy)
                for strategy, token in TOKENS.items()
            ]
        )


def allowance(end: State, strategy: str, moves: list[Any]) -> int:
    """The allowance for rounding of one strategy after these moves, in tokens at the exchange rate of the state `end`.

    That rate is the last, and therefore the highest. One share is allowed for each withdrawal queued from an operator
    slashed before, since slashes may count such a withdrawal twice (law SOLV-01). A withdrawal that lists the strategy
    twice counts twice.

    One share is also allowed for each deposit of the outsider, and one token unit for each of its completed
    withdrawals. These round against the outsider (law ROUND-02).
    """
    rows = Draft(end)
    positions = [(key, row) for key, row in end.rows(QUEUED_SHARES).items() if row.strategy == strategy]
    fractions = len([1 for _, row in positions if left_a_slashed_operator(rows, row)])
    deposits = [
        move
        for move in moves
        if isinstance(move, DepositIntoStrategy) and (move.sender, move.strategy) == (OUTSIDER, strategy)
    ]
    completed = len([1 for key, _ in positions if key[0] == OUTSIDER and not rows.get(WITHDRAWALS, key[:2]).is_pending])
    return worth(end, strategy, fractions + len(deposits)) + completed


GAMES: Final[tuple[Game, ...]] = (
    FreeLunch(
        "GAME-01",
        "No account takes out, by its own calls and while nobody is slashed, more than it held and its claims "
        "were worth, but for less than one unit of a token for each payment of slashed shares to others.",
        "This project",
        TOKEN_WALK,
        150,
        ALONE,
    ),
    Coalition(
        "GAME-02",
        "A coalition of an operator, its services, their slashers and recipient, and stakers never takes out more "
        "than it put in, but for one share for each position queued from a slashed operator and each deposit of "
        "others, and one unit of a token for each payment to these.",
        "This project",
        TOKEN_WALK,
        0,
        (COALITION,),
    ),
    Outsider(
        "GAME-03",
        "A staker that never delegated loses nothing to operators and services, but for one share for each "
        "position queued from a slashed operator and each deposit of its own, and one unit of a token for each "
        "payment to it.",
        "This project",
        TOKEN_WALK,
        0,
        (COALITION,),
    ),
)
