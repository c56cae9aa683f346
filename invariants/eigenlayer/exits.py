"""Exits: what is queued, when it can be completed, and what it pays."""

from typing import Any, Final, cast

from invariants.eigenlayer.calls import MOST_REPORTABLE, are_elements_apart
from invariants.eigenlayer.effects import gained, held_shares, issued, joins_unslashed, operator_gained, withdrawable
from invariants.eigenlayer.reading import paid_shares
from invariants.eigenlayer.solvency import fractions
from invariants.law import LivenessLaw, Refusal, Scope, StepLaw, Transition, View, written
from spec.arithmetic import UINT32_MAX, UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    QueueWithdrawals,
    Redelegate,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, SHARES_OFFSET, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
)
from spec.machine import ONLY, Draft


def _queued_as_held(step: Transition) -> bool:
    """New withdrawals begin now, under the next nonces, with what left the staker scaled and rounded down; the
    operator gives up what they could be withdrawn for, and its queue grows by their scaled shares.
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
            entries[entry.strategy] = entries.get(entry.strategy, 0) + 1
    for strategy, scaled in scaled_by_strategy.items():
        row = step.before.rows.get(STAKER_SHARES, (staker, strategy))
        left = rows.get(STAKER_SHARES, (staker, strategy))
        taken_shares = row.deposit_shares - left.deposit_shares
        magnitude = MAX_MAGNITUDES.latest(step.before.rows, (before.delegated_to, strategy))
        whole = mul_div_floor(taken_shares, row.deposit_scaling_factor_wad, WAD)
        if taken_shares <= 0 or not 0 <= whole - scaled < entries[strategy]:
            return False
        if left.deposit_scaling_factor_wad != (row.deposit_scaling_factor_wad if left.deposit_shares else WAD):
            return False
        if (strategy in rows.get(STAKERS, staker).strategy_list) != (left.deposit_shares > 0):
            return False
        if before.delegated_to == ZERO_ADDRESS:
            continue
        of_operator: Pair = (before.delegated_to, strategy)
        given_up = -operator_gained(step, before.delegated_to, strategy)
        if not 0 <= mul_div_floor(whole, magnitude, WAD) - given_up < 2 * entries[strategy]:
            return False
        if entries[strategy] == 1 and given_up != mul_div_floor(scaled, magnitude, WAD):
            return False
        grown = CUMULATIVE_SCALED_SHARES.latest(rows, of_operator) - CUMULATIVE_SCALED_SHARES.latest(
            step.before.rows, of_operator
        )
        if grown != scaled:
            return False
    return True


def _queued_as_asked(step: Transition) -> bool:
    """One withdrawal for each request, with one position for each strategy of it; of each strategy exactly the deposit
    shares leave that were asked for.
    """
    call = cast(QueueWithdrawals, step.action)
    before, rows, staker = step.before.rows, step.after.rows, call.sender
    asked_shares: dict[str, int] = {}
    nonce = before.get(STAKERS, staker).withdrawals_queued
    for request in call.requests:
        if rows.get(WITHDRAWALS, (staker, nonce)).strategy_count != len(request.strategies):
            return False
        for position, strategy in enumerate(request.strategies):
            shares = request.deposit_shares[position]
            entry = rows.get(QUEUED_SHARES, (staker, nonce, position))
            factor_wad = before.get(STAKER_SHARES, (staker, strategy)).deposit_scaling_factor_wad
            if entry.strategy != strategy or entry.scaled_shares != mul_div_floor(shares, factor_wad, WAD):
                return False
            asked_shares[strategy] = asked_shares.get(strategy, 0) + shares
        nonce += 1
    for strategy, shares in asked_shares.items():
        if held_shares(rows, staker, strategy) != held_shares(before, staker, strategy) - shares:
            return False
    return True


def _completion_waits_and_happens_once(step: Transition) -> bool:
    block = current_block(step.before.rows)
    delay_blocks = step.before.rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    for key in written(step.delta, WITHDRAWALS):
        before = step.before.rows.get(WITHDRAWALS, key)
        if not before.is_pending or block <= before.start_block + delay_blocks:
            return False
        if step.after.rows.get(WITHDRAWALS, key).is_pending:
            return False
    return True


def _pays_by_token(step: Transition, staker: str, due_shares: dict[str, int], count: int) -> bool:
    """Whether a staker gets what shares of strategies are worth at the rates of before, of each token in all.

    A strategy that occurs twice pays twice, each time rounded down, the second at a rate no worse.
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


def _completion_pays_what_is_due(step: Transition) -> bool:
    """Each position pays its scaled shares by the magnitude at the end of its window: as tokens at the rate of now, or
    as deposit shares under whoever is operator now. The withdrawal pends no more, and is else as it was queued.
    """
    call = cast(CompleteQueuedWithdrawal, step.action)
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


def _several_are_completed_each(step: Transition) -> bool:
    """All are the sender's own, pend no more, and leave nothing behind. What they are worth is retired, of those
    that are paid in tokens, and held, of those that come back as shares.
    """
    call = cast(CompleteQueuedWithdrawals, step.action)
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


def _is_due_completion(before: View, action: object) -> bool:
    """Whether somebody completes a withdrawal of its own, as it was queued, after the delay, with the right tokens."""
    if not isinstance(action, CompleteQueuedWithdrawal) or action.sender != action.completion.staker:
        return False
    completion = action.completion
    withdrawal = before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce))
    if not withdrawal.is_pending or completion.is_tampered or len(completion.tokens) != withdrawal.strategy_count:
        return False
    delay_blocks = before.rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    if current_block(before.rows) <= withdrawal.start_block + delay_blocks:
        return False
    for position, token in enumerate(completion.tokens):
        strategy = before.rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        if before.rows.get(STRATEGIES, strategy).underlying_token != token:
            return False
    return True


def _due_completion_is_refused_with_reason(refusal: Refusal) -> bool:
    """As shares: today's operator, or the staker's own list, has no room for them. As tokens: dust has left too few, or
    a payment's numbers do not fit 256 bits. The last block of its window may have no number of 32 bits.
    """
    rows, completion = refusal.before.rows, cast(CompleteQueuedWithdrawal, refusal.action).completion
    if refusal.reason is Reason.ARITHMETIC_PANIC and _is_window_beyond_uint32(rows, completion):
        return True
    if not completion.receive_as_tokens:
        return refusal.reason in (
            Reason.FULLY_SLASHED,
            Reason.INVALID_DEPOSIT_SCALING_FACTOR,
            Reason.MAX_STRATEGIES_EXCEEDED,
        )
    due_shares: dict[str, int] = {}
    for position in range(len(completion.tokens)):
        strategy = rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        shares = paid_shares(rows, completion.staker, completion.nonce, position)
        due_shares[strategy] = due_shares.get(strategy, 0) + shares
    if refusal.reason is Reason.ARITHMETIC_PANIC:
        return any(_is_payment_too_wide(rows, strategy, shares) for strategy, shares in due_shares.items())
    return refusal.reason is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS and all(
        shares <= rows.get(STRATEGIES, strategy).total_shares + max(fractions(refusal.before, strategy) - 1, 0)
        for strategy, shares in due_shares.items()
    )


def _is_window_beyond_uint32(rows: Draft, completion: Completion) -> bool:
    start_block = rows.get(WITHDRAWALS, (completion.staker, completion.nonce)).start_block
    return start_block + rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks > UINT32_MAX


def _is_payment_too_wide(rows: Draft, strategy: str, shares: int) -> bool:
    """Whether shares of a strategy are more than nothing and its balance so large that their product, or the rate, may
    not fit.
    """
    pool = rows.get(STRATEGIES, strategy)
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    return shares > 0 and ((held + BALANCE_OFFSET) * shares > UINT256_MAX or held + BALANCE_OFFSET > MOST_REPORTABLE)


def _asks_for_what_it_has(before: View, action: object) -> bool:
    """Whether somebody queues at least one deposit share of each strategy named, once, and no more than it holds; and
    nothing of that overflows.
    """
    call = cast(QueueWithdrawals, action)
    rows = before.rows
    if not are_elements_apart(before, call):
        return False
    operator = rows.get(STAKERS, call.sender).delegated_to
    for request in call.requests:
        if not 0 < len(request.strategies) == len(request.deposit_shares):
            return False
        for position, strategy in enumerate(request.strategies):
            shares, held = request.deposit_shares[position], rows.get(STAKER_SHARES, (call.sender, strategy))
            if not 0 < shares <= held.deposit_shares:
                return False
            scaled = mul_div_floor(shares, held.deposit_scaling_factor_wad, WAD)
            if CUMULATIVE_SCALED_SHARES.latest(rows, (operator, strategy)) + scaled > UINT256_MAX:
                return False
    return True


QUEUEING: Final = Scope((QueueWithdrawals, Undelegate, Redelegate))
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "QUEUE-01",
        "A new withdrawal begins now and holds what left the staker, scaled and rounded down; its operator gives up "
        "what that is worth.",
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
    StepLaw(
        "EXIT-01",
        "A withdrawal is completed once, and only after the withdrawal delay.",
        "EigenLayer Certora: withdrawalDelayIsEnforced",
        _completion_waits_and_happens_once,
        scope=Scope((CompleteQueuedWithdrawal, CompleteQueuedWithdrawals)),
    ),
    StepLaw(
        "EXIT-03",
        "A completed withdrawal pays its scaled shares by the magnitude at the end of its window, no later one.",
        "DelegationManager._completeQueuedWithdrawal",
        _completion_pays_what_is_due,
        Scope((CompleteQueuedWithdrawal,)),
    ),
    StepLaw(
        "EXIT-05",
        "Who completes several withdrawals completes each of them, its own alone, for the shares that it is worth.",
        "DelegationManager.completeQueuedWithdrawals",
        _several_are_completed_each,
        Scope((CompleteQueuedWithdrawals,)),
    ),
]
LIVENESS_LAWS: Final[list[LivenessLaw]] = [
    LivenessLaw(
        "EXIT-02",
        "After the delay a withdrawal can be completed: as shares unless the operator is fully slashed or the "
        "staker's list is full, as tokens unless dust is missing, at most SOLV-01's, or numbers do not fit 256 bits.",
        "This project; DelegationManager._completeQueuedWithdrawal",
        _due_completion_is_refused_with_reason,
        Scope((CompleteQueuedWithdrawal,)),
        concerns=_is_due_completion,
    ),
    LivenessLaw(
        "QUEUE-04",
        "Queueing what one has is never refused.",
        "This project; DelegationManager.queueWithdrawals, with DELEG-01",
        lambda _refusal: False,
        Scope((QueueWithdrawals,)),
        concerns=_asks_for_what_it_has,
    ),
]
