"""EigenLayer's laws of withdrawals: each is completed once, after the delay, with what was queued."""

from typing import Final, cast

from invariants.eigenlayer.elements import are_elements_apart
from invariants.eigenlayer.movements import operator_gained
from invariants.eigenlayer.solvency import QUEUED_AT, fractions
from invariants.eigenlayer.state_queries import (
    MOST_REPORTABLE,
    held_shares,
    is_native_eth_covered,
    paid_shares,
    scaling_factor_wad,
)
from invariants.law import AcceptedStep, AnyStep, RejectedCall, RejectionLaw, Scope, StateLaw, StepLaw, View, written
from spec.arithmetic import UINT32_MAX, UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    QueueWithdrawals,
    Redelegate,
    SlashOperator,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    QUEUED_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
)
from spec.machine import SINGLETON, Draft


def _completion_waits_and_happens_once(step: AnyStep) -> bool:
    block = current_block(step.before.rows)
    delay_blocks = step.before.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    for key in written(step.delta, WITHDRAWALS):
        before = step.before.rows.get(WITHDRAWALS, key)
        if not before.is_pending or block <= before.start_block + delay_blocks:
            return False
        if step.after.rows.get(WITHDRAWALS, key).is_pending:
            return False
    return True


def _is_due_completion(before: View, action: object) -> bool:
    """True if a staker completes its own withdrawal, as queued, after the delay, with the right tokens."""
    if not isinstance(action, CompleteQueuedWithdrawal) or action.sender != action.completion.staker:
        return False
    completion = action.completion
    withdrawal = before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce))
    if not withdrawal.is_pending or completion.is_tampered or len(completion.tokens) != withdrawal.strategy_count:
        return False
    delay_blocks = before.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    if current_block(before.rows) <= withdrawal.start_block + delay_blocks:
        return False
    for position, token in enumerate(completion.tokens):
        strategy = before.rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        if before.rows.get(STRATEGIES, strategy).underlying_token != token:
            return False
    return True


def _due_completion_is_rejected_with_reason(rejection: RejectedCall[CompleteQueuedWithdrawal]) -> bool:
    """True if a completion that is due is rejected for an allowed reason.

    As shares: the operator is fully slashed, the new scaling factor would be 0, or the staker's strategy list is full.
    As tokens: dust is missing in the strategy, or a payment's numbers exceed 256 bits. In either form: the last block
    of the slashing window exceeds 32 bits.
    """
    rows, completion = rejection.before.rows, rejection.action.completion
    if rejection.reason is Reason.ARITHMETIC_PANIC and _is_window_beyond_uint32(rows, completion):
        return True
    if not completion.receive_as_tokens:
        return rejection.reason in (
            Reason.FULLY_SLASHED,
            Reason.INVALID_DEPOSIT_SCALING_FACTOR,
            Reason.MAX_STRATEGIES_EXCEEDED,
        )
    due_shares: dict[str, int] = {}
    for position in range(len(completion.tokens)):
        strategy = rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        shares = paid_shares(rows, completion.staker, completion.nonce, position)
        due_shares[strategy] = due_shares.get(strategy, 0) + shares
    if rejection.reason is Reason.ARITHMETIC_PANIC:
        return any(_is_payment_too_wide(rows, strategy, shares) for strategy, shares in due_shares.items())
    return rejection.reason is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS and all(
        shares <= rows.get(STRATEGIES, strategy).total_shares + max(fractions(rejection.before, strategy) - 1, 0)
        for strategy, shares in due_shares.items()
    )


def _is_window_beyond_uint32(rows: Draft, completion: Completion) -> bool:
    start_block = rows.get(WITHDRAWALS, (completion.staker, completion.nonce)).start_block
    return start_block + rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks > UINT32_MAX


def _is_payment_too_wide(rows: Draft, strategy: str, shares: int) -> bool:
    """True if there are shares to pay, and their product with the strategy's balance, or its exchange rate, exceeds 256
    bits.
    """
    pool = rows.get(STRATEGIES, strategy)
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    return shares > 0 and ((held + BALANCE_OFFSET) * shares > UINT256_MAX or held + BALANCE_OFFSET > MOST_REPORTABLE)


def _asks_for_what_it_has(before: View, action: QueueWithdrawals) -> bool:
    """True if a staker queues at least one deposit share of each named strategy, and no more than it holds.

    Each strategy is named once, no count of queued shares overflows, and the operator's shares cover native ETH.
    """
    call = action
    rows = before.rows
    if not are_elements_apart(before, call):
        return False
    operator = rows.get(STAKERS, call.sender).delegated_to
    for request in call.requests:
        if not 0 < len(request.strategies) == len(request.deposit_shares):
            return False
        for position, strategy in enumerate(request.strategies):
            shares = request.deposit_shares[position]
            if not 0 < shares <= held_shares(rows, call.sender, strategy):
                return False
            scaled = mul_div_floor(shares, scaling_factor_wad(rows, call.sender, strategy), WAD)
            if CUMULATIVE_SCALED_SHARES.latest(rows, (operator, strategy)) + scaled > UINT256_MAX:
                return False
            if strategy == BEACON_CHAIN_ETH and not is_native_eth_covered(rows, call.sender, shares):
                return False
    return True


def _only_open_windows_are_hit(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash does not change the payout of withdrawals whose slashing window ended before this block.

    It must apply to all others. A withdrawal whose window ends in this block is paid with the magnitude after the
    slash.
    """
    call = step.action
    last_block = current_block(step.before.rows) - 1
    before, after = step.before.rows, step.after.rows
    for strategy in call.strategies:
        operator_strategy: Pair = (call.operator, strategy)
        if MAX_MAGNITUDES.latest(after, operator_strategy) == MAX_MAGNITUDES.latest(before, operator_strategy):
            continue
        if MAX_MAGNITUDES.value_at(after, operator_strategy, last_block) != MAX_MAGNITUDES.value_at(
            before, operator_strategy, last_block
        ):
            return False
        if MAX_MAGNITUDES.value_at(after, operator_strategy, last_block + 1) != MAX_MAGNITUDES.latest(
            after, operator_strategy
        ):
            return False
    return True


def _is_completed_as_queued(step: AnyStep, completion: Completion) -> bool:
    before, key = step.before.rows, (completion.staker, completion.nonce)
    withdrawal = before.get(WITHDRAWALS, key)
    if completion.is_tampered or not withdrawal.is_pending or step.after.rows.get(WITHDRAWALS, key).is_pending:
        return False
    if len(completion.tokens) != withdrawal.strategy_count:
        return False
    for position, token in enumerate(completion.tokens):
        strategy = before.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        if strategy == BEACON_CHAIN_ETH:
            continue
        is_paid = (
            completion.receive_as_tokens and paid_shares(before, completion.staker, completion.nonce, position) > 0
        )
        if is_paid and token != before.get(STRATEGIES, strategy).underlying_token:
            return False
    return True


def _all_are_completed_as_queued(step: AnyStep) -> bool:
    call = step.action
    if isinstance(call, CompleteQueuedWithdrawal):
        return _is_completed_as_queued(step, call.completion)
    for completion in cast(CompleteQueuedWithdrawals, call).completions:
        if not _is_completed_as_queued(step, completion):
            return False
    return True


def _no_more_counts_than_waits(view: View, subject: tuple[str, str, int]) -> bool:
    """True if the shares of one block that count for slashes are at most those queued in that block. `subject` is
    (operator, strategy, block).

    Only blocks whose slashing window is open are checked, as no withdrawal queued in them is completed. The count of
    native ETH is truncated to 224 bits, and may be lower.
    """
    operator, strategy, block = subject
    first_block = current_block(view.rows) - view.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    if operator == ZERO_ADDRESS or block < first_block:
        return True
    operator_strategy: Pair = (operator, strategy)
    counted_before = CUMULATIVE_SCALED_SHARES.value_at(view.rows, operator_strategy, block - 1)
    counted = CUMULATIVE_SCALED_SHARES.value_at(view.rows, operator_strategy, block) - counted_before
    is_cut = strategy == BEACON_CHAIN_ETH and counted < 0
    return is_cut or 0 <= counted <= view.total(QUEUED_AT, subject)


def _positions_queued(step: AnyStep, strategy: str) -> int:
    keys = written(step.delta, QUEUED_SHARES)
    return len([key for key in keys if step.after.rows.get(QUEUED_SHARES, key).strategy == strategy])


def _counts_what_left(step: AnyStep) -> bool:
    """True if the shares counted for slashes, times the magnitude, equal the whole shares that left the operator.

    In newer releases the count may be lower by less than one scaled share for each row queued; in older ones it may
    only be higher. Native ETH is exempt; see law QUEUE-01.
    """
    counts_whole_shares = step.before.rows.get(CONFIG, SINGLETON).queue_counts_whole_shares
    for operator, strategy in written(step.delta, CUMULATIVE_SCALED_SHARES.heads):
        if strategy == BEACON_CHAIN_ETH:
            continue
        operator_strategy: Pair = (operator, strategy)
        counted = CUMULATIVE_SCALED_SHARES.latest(step.after.rows, operator_strategy) - CUMULATIVE_SCALED_SHARES.latest(
            step.before.rows, operator_strategy
        )
        magnitude = MAX_MAGNITUDES.latest(step.before.rows, operator_strategy)
        left_wad = -operator_gained(step, operator, strategy) * WAD
        spared_wad = left_wad - counted * magnitude
        if not counts_whole_shares:
            if spared_wad > 0:
                return False
        elif magnitude == 0:
            if counted != 0:
                return False
        elif not 0 <= spared_wad < magnitude * _positions_queued(step, strategy):
            return False
    return True


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "QUEUE-05",
        "Of no block whose withdrawals are still slashable do slashes count more than is queued.",
        "DelegationManager._addQueuedSlashableShares; ELIP-019",
        _no_more_counts_than_waits,
        rows={},
        sums={QUEUED_AT: lambda group: group},
        also_reads=(CLOCK, CONFIG, CUMULATIVE_SCALED_SHARES.heads, CUMULATIVE_SCALED_SHARES.checkpoints),
        harmless={CLOCK: lambda before, after: after.block >= before.block},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "EXIT-01",
        "A withdrawal is completed once, and only after the withdrawal delay.",
        "EigenLayer Certora: withdrawalDelayIsEnforced",
        _completion_waits_and_happens_once,
        scope=Scope((CompleteQueuedWithdrawal, CompleteQueuedWithdrawals)),
    ),
    StepLaw(
        "EXIT-04",
        "A slash hits every withdrawal whose slashing window is open in its block, and none whose window has closed.",
        "DelegationManager._getSlashableSharesInQueue; EigenLayer docs, SharesAccounting",
        _only_open_windows_are_hit,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "EXIT-07",
        "Every withdrawal that a call names is completed, as it was queued, in the tokens of its strategies.",
        "DelegationManager._completeQueuedWithdrawal: the hash of a withdrawal; StrategyBase, OnlyUnderlyingToken",
        _all_are_completed_as_queued,
        Scope((CompleteQueuedWithdrawal, CompleteQueuedWithdrawals)),
    ),
    StepLaw(
        "QUEUE-06",
        "What a withdrawal counts with for slashes is worth the whole shares that left the operator, but for less than "
        "one scaled share that is not counted (v1.13.1); before that release, no less than these shares.",
        "DelegationManager._removeSharesAndQueueWithdrawal; ELIP-019",
        _counts_what_left,
        Scope((QueueWithdrawals, Undelegate, Redelegate)),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "EXIT-02",
        "After the delay a withdrawal can be completed. As shares, unless the operator is fully slashed or the "
        "staker's list is full; as tokens, unless dust is missing, at most that of SOLV-01, or numbers exceed 256 "
        "bits.",
        "This project; DelegationManager._completeQueuedWithdrawal",
        _due_completion_is_rejected_with_reason,
        Scope((CompleteQueuedWithdrawal,)),
        applies_to=_is_due_completion,
    ),
    RejectionLaw(
        "QUEUE-04",
        "A staker can always queue shares that it holds; native ETH, if its operator's shares cover it.",
        "This project; DelegationManager.queueWithdrawals, with DELEG-01",
        lambda _rejection: False,
        Scope((QueueWithdrawals,)),
        applies_to=_asks_for_what_it_has,
    ),
]
