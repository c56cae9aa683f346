"""Withdrawals: shares are queued, stay slashable for the withdrawal delay, and are then paid as tokens or as shares.

A withdrawal queued in block b is slashable up to and including block b + MIN_WITHDRAWAL_DELAY_BLOCKS. It can be
completed from the next block on. The operator's max magnitude at the end of that window fixes the amount paid. For
native ETH, the staker's losses on the beacon chain until completion reduce it further.
"""

from spec.arithmetic import UINT256_MAX, low_224_bits, mul_wad_floor
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    QueueWithdrawals,
)
from spec.eigenlayer.clock import block_after, current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.native_eth import join_native_shares, slashing_factor
from spec.eigenlayer.pods import remove_pod_owner_shares, withdraw_shares_as_eth
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import increase_delegation, scaled_shares, whole_scaled_shares, withdrawable_shares
from spec.eigenlayer.staking import add_deposit_shares, remove_deposit_shares
from spec.eigenlayer.state import (
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    POD_OWNERS,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    OperatorShares,
    Pair,
    QueuedShares,
    Staker,
    Withdrawal,
)
from spec.eigenlayer.strategies import redeem_shares
from spec.machine import SINGLETON, Delta, Draft


def shares_after_slashing(scaled: int, slashing_factor_wad: int) -> int:
    """The shares that `scaled` scaled shares of the queue are worth at a slashing factor. Rounds down, against the
    staker.

    Source: SlashingLib.scaleForCompleteWithdrawal.
    """
    return mul_wad_floor(scaled, slashing_factor_wad)


def queue_withdrawals(draft: Draft, action: QueueWithdrawals) -> Delta | Reason:
    """Queue one withdrawal of the sender's shares for each request. Returns the number of withdrawals.

    Rejects, for each request in turn: INPUT_ARRAY_LENGTH_MISMATCH unless there is a number of shares for each strategy,
    INPUT_ARRAY_LENGTH_ZERO without a strategy; for each of its strategies SHARES_AMOUNT_ZERO, SHARES_AMOUNT_TOO_HIGH,
    or another reason of `_queue_shares`.
    Source: DelegationManager.queueWithdrawals.
    """
    operator = draft.get(STAKERS, action.sender).delegated_to
    for request in action.requests:
        if len(request.strategies) != len(request.deposit_shares):
            return Reason.INPUT_ARRAY_LENGTH_MISMATCH
        if len(request.strategies) == 0:
            return Reason.INPUT_ARRAY_LENGTH_ZERO
        rejection = queue_withdrawal(draft, action.sender, operator, request.strategies, request.deposit_shares)
        if rejection is not None:
            return rejection
    return draft.delta(len(action.requests))


def queue_withdrawal(
    draft: Draft, staker: str, operator: str, strategies: tuple[str, ...], deposit_shares: tuple[int, ...]
) -> Reason | None:
    """Queue one withdrawal under the staker's next nonce. `operator` is the staker's operator, or ZERO_ADDRESS.

    A strategy may appear more than once; each appearance sees the shares that the one before it left.
    Rejects, for each strategy: SHARES_AMOUNT_ZERO, SHARES_AMOUNT_TOO_HIGH, or another reason of `_queue_shares`.
    Source: DelegationManager._removeSharesAndQueueWithdrawal.
    """
    nonce = draft.get(STAKERS, staker).withdrawals_queued
    for position in range(len(strategies)):
        rejection = _queue_shares(
            draft, staker, nonce, position, operator, strategies[position], deposit_shares[position]
        )
        if rejection is not None:
            return rejection
    row = draft.get(STAKERS, staker)
    draft.put(
        STAKERS,
        staker,
        Staker(delegated_to=row.delegated_to, withdrawals_queued=nonce + 1, strategy_list=row.strategy_list),
    )
    draft.put(
        WITHDRAWALS,
        (staker, nonce),
        Withdrawal(strategy_count=len(strategies), start_block=current_block(draft), is_pending=True),
    )
    return None


def _queue_shares(
    draft: Draft, staker: str, nonce: int, position: int, operator: str, strategy: str, deposit_shares: int
) -> Reason | None:
    """Remove deposit shares of one strategy from a delegation, and store them, scaled, in a withdrawal.

    `position` is the strategy's index in the withdrawal. Slashes compute the slashable queue from the history of
    cumulative scaled shares. It grows by all scaled shares, or by those of whole shares only, as the release's
    `queue_counts_whole_shares` says. The history stores 224 bits, which only native ETH can exceed. Rejects, in order:
    MUL_DIV_OVERFLOW if the scaled shares exceed uint256; ARITHMETIC_PANIC if the cumulative scaled shares do, or the
    operator has fewer shares than leave; for a token SHARES_AMOUNT_ZERO, SHARES_AMOUNT_TOO_HIGH; for native ETH
    INT256_OVERFLOW, ARITHMETIC_PANIC, SHARES_NEGATIVE.
    """
    is_native = strategy == BEACON_CHAIN_ETH
    if is_native:
        factor_wad = draft.get(POD_OWNERS, staker).deposit_scaling_factor_wad
    else:
        factor_wad = draft.get(STAKER_SHARES, (staker, strategy)).deposit_scaling_factor_wad
    operator_strategy: Pair = (operator, strategy)
    slashing_factor_wad = slashing_factor(draft, staker, strategy, MAX_MAGNITUDES.latest(draft, operator_strategy))
    scaled = scaled_shares(deposit_shares, factor_wad)
    if scaled > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    block = current_block(draft)
    if operator != ZERO_ADDRESS:
        leaving_shares = withdrawable_shares(deposit_shares, factor_wad, slashing_factor_wad)
        counted = scaled
        if draft.get(CONFIG, SINGLETON).queue_counts_whole_shares:
            counted = whole_scaled_shares(leaving_shares, slashing_factor_wad)
        cumulative_scaled_shares = CUMULATIVE_SCALED_SHARES.latest(draft, operator_strategy) + counted
        if cumulative_scaled_shares > UINT256_MAX:
            return Reason.ARITHMETIC_PANIC
        if is_native:
            cumulative_scaled_shares = low_224_bits(cumulative_scaled_shares)
        CUMULATIVE_SCALED_SHARES.push(draft, operator_strategy, block, cumulative_scaled_shares)
        operator_shares = draft.get(OPERATOR_SHARES, operator_strategy).shares
        if leaving_shares > operator_shares:
            return Reason.ARITHMETIC_PANIC
        draft.put(OPERATOR_SHARES, operator_strategy, OperatorShares(operator_shares - leaving_shares))
    draft.put(
        QUEUED_SHARES,
        (staker, nonce, position),
        QueuedShares(operator=operator, strategy=strategy, start_block=block, scaled_shares=scaled),
    )
    if is_native:
        return remove_pod_owner_shares(draft, staker, deposit_shares)
    return remove_deposit_shares(draft, staker, strategy, deposit_shares)


def complete_queued_withdrawal(draft: Draft, action: CompleteQueuedWithdrawal) -> Delta | Reason:
    """Complete one queued withdrawal, in tokens or in shares, as the call asks.

    Rejects, in order: INPUT_ARRAY_LENGTH_MISMATCH unless there is a token for each strategy, WITHDRAWER_NOT_CALLER,
    WITHDRAWAL_NOT_QUEUED, ARITHMETIC_PANIC if the last block of the slashable window is no uint32,
    WITHDRAWAL_DELAY_NOT_ELAPSED; for each strategy any reason for which `_complete_shares` cannot pay it.
    Source: DelegationManager.completeQueuedWithdrawal.
    """
    rejection = _complete(draft, action.sender, action.completion)
    return draft.delta() if rejection is None else rejection


def complete_queued_withdrawals(draft: Draft, action: CompleteQueuedWithdrawals) -> Delta | Reason:
    """Complete several queued withdrawals in order, all or none.

    Rejects, for each withdrawal: the reasons of `complete_queued_withdrawal`.
    Source: DelegationManager.completeQueuedWithdrawals.
    """
    for completion in action.completions:
        rejection = _complete(draft, action.sender, completion)
        if rejection is not None:
            return rejection
    return draft.delta()


def _complete(draft: Draft, sender: str, completion: Completion) -> Reason | None:
    """Complete one withdrawal after its slashable window: every strategy in tokens, or every strategy in shares.

    Rejects, in order: INPUT_ARRAY_LENGTH_MISMATCH unless there is a token for each strategy, WITHDRAWER_NOT_CALLER,
    WITHDRAWAL_NOT_QUEUED, ARITHMETIC_PANIC if the window's last block is no uint32, WITHDRAWAL_DELAY_NOT_ELAPSED; for
    each strategy any reason for which `_complete_shares` cannot pay it. Source:
    DelegationManager._completeQueuedWithdrawal.
    """
    staker = completion.staker
    withdrawal = draft.get(WITHDRAWALS, (staker, completion.nonce))
    if len(completion.tokens) != withdrawal.strategy_count:
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if sender != staker:
        return Reason.WITHDRAWER_NOT_CALLER
    if completion.is_tampered or not withdrawal.is_pending:
        return Reason.WITHDRAWAL_NOT_QUEUED
    slashable_until_block = block_after(
        withdrawal.start_block, draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    )
    if isinstance(slashable_until_block, Reason):
        return slashable_until_block
    if current_block(draft) <= slashable_until_block:
        return Reason.WITHDRAWAL_DELAY_NOT_ELAPSED
    draft.put(
        WITHDRAWALS,
        (staker, completion.nonce),
        Withdrawal(strategy_count=withdrawal.strategy_count, start_block=withdrawal.start_block, is_pending=False),
    )
    for position in range(withdrawal.strategy_count):
        rejection = _complete_shares(draft, completion, position, slashable_until_block)
        if rejection is not None:
            return rejection
    return None


def _complete_shares(draft: Draft, completion: Completion, position: int, slashable_until_block: int) -> Reason | None:
    """Pay the strategy at index `position` of a withdrawal: its tokens, or deposit shares under the staker's current
    operator.

    A strategy without shares after slashing pays nothing.
    Rejects a payment in tokens for a reason of `redeem_shares`, and one in ETH for a reason of
    `withdraw_shares_as_eth`. Rejects one in shares with MAX_STRATEGIES_EXCEEDED, FULLY_SLASHED or
    INVALID_DEPOSIT_SCALING_FACTOR, and one in native shares for a reason of `join_native_shares`.
    """
    staker = completion.staker
    queued = draft.get(QUEUED_SHARES, (staker, completion.nonce, position))
    strategy = queued.strategy
    max_magnitude = MAX_MAGNITUDES.value_at(draft, (queued.operator, strategy), slashable_until_block)
    slashing_factor_wad = slashing_factor(draft, staker, strategy, max_magnitude)
    shares = shares_after_slashing(queued.scaled_shares, slashing_factor_wad)
    draft.put(
        QUEUED_SHARES,
        (staker, completion.nonce, position),
        QueuedShares(operator=queued.operator, strategy=strategy, start_block=queued.start_block, scaled_shares=0),
    )
    if shares == 0:
        return None
    if strategy == BEACON_CHAIN_ETH:
        if completion.receive_as_tokens:
            return withdraw_shares_as_eth(draft, staker, shares)
        return join_native_shares(draft, staker, shares)
    if completion.receive_as_tokens:
        amount = redeem_shares(draft, strategy, completion.tokens[position], staker, shares)
        return amount if isinstance(amount, Reason) else None
    deposit_shares_before = add_deposit_shares(draft, staker, strategy, shares)
    if isinstance(deposit_shares_before, Reason):
        return deposit_shares_before
    operator = draft.get(STAKERS, staker).delegated_to
    return increase_delegation(
        draft,
        operator,
        staker,
        strategy,
        deposit_shares_before,
        shares,
        MAX_MAGNITUDES.latest(draft, (operator, strategy)),
    )
