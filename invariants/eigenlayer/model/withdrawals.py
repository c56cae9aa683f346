"""Model laws of withdrawals: the guards of queueing and completing, and the amounts that they move."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.eigenlayer.model import native_eth
from invariants.eigenlayer.model.staking import joining, paying
from invariants.eigenlayer.movements import gained, issued, joins_unslashed, operator_gained
from invariants.eigenlayer.solvency import QUEUED_AT
from invariants.eigenlayer.state_queries import (
    counted_for_slashes,
    fraction_left_wad,
    held_shares,
    paid_shares,
    scaling_factor_wad,
    withdrawable,
)
from invariants.law import AcceptedStep, AnyStep, Scope, StateLaw, StepLaw, View, written
from spec.arithmetic import UINT32_MAX, UINT224_MAX, UINT256_MAX, WAD, is_multiple, mul_div_floor
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    QueueWithdrawals,
    Redelegate,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    MAX_STAKER_STRATEGY_LIST_LENGTH,
    SHARES_OFFSET,
    ZERO_ADDRESS,
)
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
)
from spec.machine import SINGLETON, Draft


def taking(rows: Draft, staker: str, strategy: str, shares: int) -> Reason | None:
    """The first reason against queueing deposit shares of a staker for withdrawal, or None.

    The operator must have the shares that leave, and its count of queued shares must fit 256 bits. Both are checked
    before the staker's own shares.
    """
    operator, held = rows.get(STAKERS, staker).delegated_to, held_shares(rows, staker, strategy)
    scaled = mul_div_floor(shares, scaling_factor_wad(rows, staker, strategy), WAD)
    if scaled > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    if operator != ZERO_ADDRESS:
        magnitude = MAX_MAGNITUDES.latest(rows, (operator, strategy))
        magnitude = fraction_left_wad(rows, staker, strategy, magnitude)
        counted = counted_for_slashes(rows, scaled, magnitude)
        if CUMULATIVE_SCALED_SHARES.latest(rows, (operator, strategy)) + counted > UINT256_MAX:
            return Reason.ARITHMETIC_PANIC
        leaving_shares = mul_div_floor(scaled, magnitude, WAD)
        if leaving_shares > rows.get(OPERATOR_SHARES, (operator, strategy)).shares:
            return Reason.ARITHMETIC_PANIC
    if strategy == BEACON_CHAIN_ETH:
        return native_eth.taking(held, shares)
    if shares == 0:
        return Reason.SHARES_AMOUNT_ZERO
    return Reason.SHARES_AMOUNT_TOO_HIGH if shares > held else None


def _queue(rows: Draft, call: QueueWithdrawals) -> Reason | None:
    for request in call.requests:
        if len(request.strategies) != len(request.deposit_shares):
            return Reason.INPUT_ARRAY_LENGTH_MISMATCH
        if len(request.strategies) == 0:
            return Reason.INPUT_ARRAY_LENGTH_ZERO
        for position, strategy in enumerate(request.strategies):
            reason = taking(rows, call.sender, strategy, request.deposit_shares[position])
            if reason is not None:
                return reason
    return None


def _completing(
    rows: Draft, sender: str, completion: Completion, listed: tuple[str, ...]
) -> tuple[Reason | None, tuple[str, ...]]:
    """The guards of completing one withdrawal: the first reason to reject it, or None, and the staker's strategy list
    afterwards.

    `listed` is the strategy list before: earlier completions of the same call may have lengthened it.
    """
    staker, nonce = completion.staker, completion.nonce
    withdrawal = rows.get(WITHDRAWALS, (staker, nonce))
    if len(completion.tokens) != withdrawal.strategy_count:
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH, listed
    if sender != staker:
        return Reason.WITHDRAWER_NOT_CALLER, listed
    if completion.is_tampered or not withdrawal.is_pending:
        return Reason.WITHDRAWAL_NOT_QUEUED, listed
    last_block = withdrawal.start_block + rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    if last_block > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC, listed
    if current_block(rows) <= last_block:
        return Reason.WITHDRAWAL_DELAY_NOT_ELAPSED, listed
    for position, token in enumerate(completion.tokens):
        shares = paid_shares(rows, staker, nonce, position)
        strategy = rows.get(QUEUED_SHARES, (staker, nonce, position)).strategy
        if shares == 0:
            continue
        if strategy == BEACON_CHAIN_ETH:
            reason = native_eth.completing(rows, staker, shares, completion.receive_as_tokens)
        elif not completion.receive_as_tokens:
            if strategy not in listed:
                if len(listed) >= MAX_STAKER_STRATEGY_LIST_LENGTH:
                    return Reason.MAX_STRATEGIES_EXCEEDED, listed
                listed = (*listed, strategy)
            reason = joining(rows, staker, strategy, shares)
        elif token != rows.get(STRATEGIES, strategy).underlying_token:
            reason = Reason.ONLY_UNDERLYING_TOKEN
        else:
            reason = paying(rows, strategy, shares)
        if reason is not None:
            return reason, listed
    return None, listed


def _complete(rows: Draft, call: CompleteQueuedWithdrawal) -> Reason | None:
    listed = rows.get(STAKERS, call.completion.staker).strategy_list
    return _completing(rows, call.sender, call.completion, listed)[0]


def _complete_several(rows: Draft, call: CompleteQueuedWithdrawals) -> Reason | None:
    """The first reason to reject a CompleteQueuedWithdrawals call, or None.

    Each completion may lengthen the strategy list of the sender, whose withdrawals all must be; its length is limited.
    """
    listed = rows.get(STAKERS, call.sender).strategy_list
    for completion in call.completions:
        reason, listed = _completing(rows, call.sender, completion, listed)
        if reason is not None:
            return reason
    return None


def _queued_as_held(step: AnyStep) -> bool:
    """True if new withdrawals are stored exactly.

    They start in this block under the staker's next nonces, with the scaled shares that left the staker, rounded down.
    The operator's shares fall by their worth, and its count of queued shares grows by the shares that slashes count.
    """
    call = step.action
    staker = cast(str, call.staker if isinstance(call, Undelegate) else cast(Any, call).sender)
    rows, block = step.after.rows, current_block(step.before.rows)
    before = step.before.rows.get(STAKERS, staker)
    queued = rows.get(STAKERS, staker).withdrawals_queued
    if len(written(step.delta, WITHDRAWALS)) != queued - before.withdrawals_queued:
        return False
    if isinstance(call, QueueWithdrawals) and not (
        step.delta.returns == len(call.requests) == queued - before.withdrawals_queued
    ):
        return False
    scaled_by_strategy: dict[str, int] = {}
    counted: dict[str, int] = {}
    entries: dict[str, int] = {}
    for nonce in range(before.withdrawals_queued, queued):
        withdrawal = rows.get(WITHDRAWALS, (staker, nonce))
        if not withdrawal.is_pending or withdrawal.start_block != block:
            return False
        for position in range(withdrawal.strategy_count):
            entry = rows.get(QUEUED_SHARES, (staker, nonce, position))
            if entry.start_block != block or entry.operator != before.delegated_to:
                return False
            scaled_by_strategy[entry.strategy] = scaled_by_strategy.get(entry.strategy, 0) + entry.scaled_shares
            magnitude = MAX_MAGNITUDES.latest(step.before.rows, (entry.operator, entry.strategy))
            magnitude = fraction_left_wad(step.before.rows, staker, entry.strategy, magnitude)
            counted_shares = counted_for_slashes(rows, entry.scaled_shares, magnitude)
            counted[entry.strategy] = counted.get(entry.strategy, 0) + counted_shares
            entries[entry.strategy] = entries.get(entry.strategy, 0) + 1
    for strategy, scaled in scaled_by_strategy.items():
        is_native = strategy == BEACON_CHAIN_ETH
        factor_wad, left_shares = (
            scaling_factor_wad(step.before.rows, staker, strategy),
            held_shares(rows, staker, strategy),
        )
        taken_shares = held_shares(step.before.rows, staker, strategy) - left_shares
        magnitude = fraction_left_wad(
            step.before.rows, staker, strategy, MAX_MAGNITUDES.latest(step.before.rows, (before.delegated_to, strategy))
        )
        whole = mul_div_floor(taken_shares, factor_wad, WAD)
        if taken_shares < 0 or (taken_shares == 0 and not is_native) or not 0 <= whole - scaled < entries[strategy]:
            return False
        if scaling_factor_wad(rows, staker, strategy) != (factor_wad if left_shares else WAD):
            return False
        if not is_native and (strategy in rows.get(STAKERS, staker).strategy_list) != (left_shares > 0):
            return False
        if before.delegated_to == ZERO_ADDRESS:
            continue
        operator_strategy: Pair = (before.delegated_to, strategy)
        given_up = -operator_gained(step, before.delegated_to, strategy)
        if not 0 <= mul_div_floor(whole, magnitude, WAD) - given_up < 2 * entries[strategy]:
            return False
        if entries[strategy] == 1 and given_up != mul_div_floor(scaled, magnitude, WAD):
            return False
        grown = CUMULATIVE_SCALED_SHARES.latest(rows, operator_strategy) - CUMULATIVE_SCALED_SHARES.latest(
            step.before.rows, operator_strategy
        )
        if not is_counted(strategy, grown, counted[strategy]):
            return False
        if is_native and CUMULATIVE_SCALED_SHARES.latest(rows, operator_strategy) > UINT224_MAX:
            return False
    return True


def is_counted(strategy: str, grown: int, scaled: int) -> bool:
    """True if `grown`, the growth of a strategy's count of scaled shares, equals `scaled`; for native ETH, modulo
    2^224.
    """
    return is_multiple(grown - scaled, UINT224_MAX + 1) if strategy == BEACON_CHAIN_ETH else grown == scaled


def _queued_as_asked(step: AcceptedStep[QueueWithdrawals]) -> bool:
    """True if each request makes one withdrawal that lists the requested strategies, in order.

    Exactly the requested deposit shares leave the staker.
    """
    call = step.action
    before, rows, staker = step.before.rows, step.after.rows, call.sender
    asked_shares: dict[str, int] = {}
    nonce = before.get(STAKERS, staker).withdrawals_queued
    for request in call.requests:
        if rows.get(WITHDRAWALS, (staker, nonce)).strategy_count != len(request.strategies):
            return False
        for position, strategy in enumerate(request.strategies):
            shares = request.deposit_shares[position]
            entry = rows.get(QUEUED_SHARES, (staker, nonce, position))
            factor_wad = scaling_factor_wad(before, staker, strategy)
            if entry.strategy != strategy or entry.scaled_shares != mul_div_floor(shares, factor_wad, WAD):
                return False
            asked_shares[strategy] = asked_shares.get(strategy, 0) + shares
        nonce += 1
    for strategy, shares in asked_shares.items():
        if held_shares(rows, staker, strategy) != held_shares(before, staker, strategy) - shares:
            return False
    return True


def _pays_by_token(step: AnyStep, staker: str, due_shares: dict[str, int], count: int) -> bool:
    """True if a staker receives, in each token, the worth of the due shares at the exchange rates before the call.

    `due_shares` are the shares by strategy. `count` is the number of strategies that the withdrawal lists, repetitions
    included. A strategy listed twice pays twice, each time rounded down, the second time at a rate that is no lower.
    Then the total may differ by up to `count` units.
    """
    before = step.before.rows
    paid_amounts: dict[str, int] = {}
    for strategy, shares in due_shares.items():
        pool = before.get(STRATEGIES, strategy)
        held = before.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
        paid = mul_div_floor(held + BALANCE_OFFSET, shares, pool.total_shares + SHARES_OFFSET)
        paid_amounts[pool.underlying_token] = paid_amounts.get(pool.underlying_token, 0) + paid
    for token, paid in paid_amounts.items():
        received = gained(step, token, staker)
        if received != paid and (count == len(due_shares) or abs(received - paid) > count):
            return False
    return True


def _completion_pays_what_is_due(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    """True if a completed withdrawal pays, of each strategy, the scaled shares times the magnitude at the end of the
    slashing window.

    The payment is in tokens at the current exchange rate, or in deposit shares under the staker's current operator. The
    withdrawal is no longer pending, and its other fields are unchanged.
    """
    call = step.action
    staker, nonce = call.completion.staker, call.completion.nonce
    before, rows = step.before.rows, step.after.rows
    withdrawal, completed = before.get(WITHDRAWALS, (staker, nonce)), rows.get(WITHDRAWALS, (staker, nonce))
    if completed.is_pending or completed.start_block != withdrawal.start_block:
        return False
    if completed.strategy_count != withdrawal.strategy_count:
        return False
    due_shares: dict[str, int] = {}
    for position in range(withdrawal.strategy_count):
        if rows.get(QUEUED_SHARES, (staker, nonce, position)).scaled_shares != 0:
            return False
        strategy = before.get(QUEUED_SHARES, (staker, nonce, position)).strategy
        due_shares[strategy] = due_shares.get(strategy, 0) + paid_shares(before, staker, nonce, position)
    if BEACON_CHAIN_ETH in due_shares and not native_eth.is_paid_or_joined(step, due_shares[BEACON_CHAIN_ETH]):
        return False
    due_shares = {strategy: shares for strategy, shares in due_shares.items() if strategy != BEACON_CHAIN_ETH}
    operator = before.get(STAKERS, staker).delegated_to
    for strategy, shares in due_shares.items():
        joined = 0 if call.completion.receive_as_tokens else shares
        if held_shares(rows, staker, strategy) != held_shares(before, staker, strategy) + joined:
            return False
        if operator_gained(step, operator, strategy) != (0 if operator == ZERO_ADDRESS else joined):
            return False
        if issued(step, strategy) != joined - shares:
            return False
        if (strategy in rows.get(STAKERS, staker).strategy_list) != (held_shares(rows, staker, strategy) > 0):
            return False
        if joined and not (
            withdrawal.strategy_count > 1
            or joins_unslashed(step, staker, strategy, joined, withdrawable(before, staker, strategy))
        ):
            return False
    if call.completion.receive_as_tokens:
        return _pays_by_token(step, staker, due_shares, withdrawal.strategy_count)
    return True


def _several_are_completed_each(step: AcceptedStep[CompleteQueuedWithdrawals]) -> bool:
    """True if all withdrawals of the call are the sender's and complete, with nothing left queued.

    Their shares are retired from the strategy if paid in tokens, and held by the staker if returned. Native ETH is the
    subject of ETH-04 and ETH-05 instead.
    """
    call = step.action
    before, rows, staker = step.before.rows, step.after.rows, call.sender
    retired_shares: dict[str, int] = {}
    joined_shares: dict[str, int] = {}
    for completion in call.completions:
        nonce = completion.nonce
        if completion.staker != staker or rows.get(WITHDRAWALS, (staker, nonce)).is_pending:
            return False
        for position in range(before.get(WITHDRAWALS, (staker, nonce)).strategy_count):
            if rows.get(QUEUED_SHARES, (staker, nonce, position)).scaled_shares != 0:
                return False
            strategy = before.get(QUEUED_SHARES, (staker, nonce, position)).strategy
            if strategy == BEACON_CHAIN_ETH:
                continue
            shares = paid_shares(before, staker, nonce, position)
            if completion.receive_as_tokens:
                retired_shares[strategy] = retired_shares.get(strategy, 0) + shares
            else:
                joined_shares[strategy] = joined_shares.get(strategy, 0) + shares
    for strategy, shares in retired_shares.items():
        if issued(step, strategy) != -shares:
            return False
    for strategy, shares in joined_shares.items():
        if held_shares(rows, staker, strategy) != held_shares(before, staker, strategy) + shares:
            return False
    return True


QUEUEING: Final = Scope((QueueWithdrawals, Undelegate, Redelegate))


def _queue_is_in_history(view: View, subject: tuple[str, str, int]) -> bool:
    """True if the history of queued scaled shares grew in the current block by what was queued in that block.

    The subject is an operator, a strategy and a block. Earlier blocks are not checked, as withdrawals queued in them
    may be complete; in a future block nothing may be queued. Where only whole shares count for slashes, the history of
    a slashed operator may grow by less. Law QUEUE-05 has the bound, QUEUE-01 the exact count of each call.
    """
    operator, strategy, block = subject
    if operator == ZERO_ADDRESS or block < current_block(view.rows):
        return True
    operator_strategy: Pair = (operator, strategy)
    grown = CUMULATIVE_SCALED_SHARES.latest(view.rows, operator_strategy) - CUMULATIVE_SCALED_SHARES.value_at(
        view.rows, operator_strategy, block - 1
    )
    if not view.rows.get(CONFIG, SINGLETON).queue_counts_whole_shares:
        return is_counted(strategy, grown, view.total(QUEUED_AT, subject))
    if strategy == BEACON_CHAIN_ETH:
        return True
    if MAX_MAGNITUDES.latest(view.rows, operator_strategy) == WAD:
        return grown == view.total(QUEUED_AT, subject)
    return grown >= 0


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    QueueWithdrawals: _queue,
    CompleteQueuedWithdrawal: _complete,
    CompleteQueuedWithdrawals: _complete_several,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "QUEUE-02",
        "The cumulative history of queued scaled shares grows in each block by those of the withdrawals queued in it. "
        "Where only whole shares count (v1.13.1), that is so until the operator is slashed.",
        "DelegationManager._addQueuedSlashableShares",
        _queue_is_in_history,
        rows={},
        sums={QUEUED_AT: lambda group: group},
        also_reads=(
            CLOCK,
            CONFIG,
            CUMULATIVE_SCALED_SHARES.heads,
            CUMULATIVE_SCALED_SHARES.checkpoints,
            MAX_MAGNITUDES.heads,
        ),
        harmless={CLOCK: lambda before, after: after.block >= before.block},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "EXIT-03",
        "A completed withdrawal pays its scaled shares by the magnitude at the end of its slashing window, not by "
        "a later one.",
        "DelegationManager._completeQueuedWithdrawal",
        _completion_pays_what_is_due,
        Scope((CompleteQueuedWithdrawal,)),
    ),
    StepLaw(
        "EXIT-05",
        "A staker that completes several withdrawals completes each of them, only its own, for the shares that "
        "each is worth.",
        "DelegationManager.completeQueuedWithdrawals",
        _several_are_completed_each,
        Scope((CompleteQueuedWithdrawals,)),
    ),
    StepLaw(
        "QUEUE-01",
        "A new withdrawal starts in its block and holds the scaled shares that left the staker, rounded down. Its "
        "operator loses what they are worth, and its queue counts them for slashes: all of them (v1.12.0), or those "
        "that the whole shares which left stand for (v1.13.1).",
        "EigenLayer Certora: newWithdrawalsHaveCorrectStartBlock; DelegationManager._removeSharesAndQueueWithdrawal",
        _queued_as_held,
        QUEUEING,
    ),
    StepLaw(
        "QUEUE-03",
        "Queueing takes exactly the deposit shares asked for, each at a position of its own, in the order asked.",
        "DelegationManager.queueWithdrawals",
        _queued_as_asked,
        Scope((QueueWithdrawals,)),
    ),
]
