"""Model laws of slashes: the guards of slashing and of paying out, and the amounts that a slash takes and books."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.eigenlayer.model import native_eth
from invariants.eigenlayer.model.staking import paying
from invariants.eigenlayer.movements import operator_gained
from invariants.eigenlayer.solvency import queued_in_window
from invariants.eigenlayer.state_queries import can_slash, cannot_be_resolved, settled_magnitudes, slasher_in_force
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.arithmetic import WAD, mul_div_ceil, mul_div_floor
from spec.eigenlayer.actions import (
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    SlashOperator,
)
from spec.eigenlayer.allocation import settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, BEACON_CHAIN_ETH, SHARES_OFFSET
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    SLASHED_SHARES,
    SLASHES,
    STRATEGIES,
    TOKEN_BALANCES,
    OperatorSet,
    Pair,
)
from spec.machine import SINGLETON, Draft


def _slash(rows: Draft, call: SlashOperator) -> Reason | None:
    """The guards of SlashOperator: the first reason to reject the call, or None.

    In a chain's first blocks no allocation can be slashed: the slashing window reaches back before the first block. If
    the release delays payouts, no allocation can be slashed in the last blocks either: the resolution block would
    exceed 32 bits. Native ETH has no resolution block, as it is never paid out.
    """
    operator_set = (call.avs, call.operator_set_id)
    if len(call.strategies) != len(call.wads_to_slash):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not rows.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if not can_slash(rows, operator_set, call.operator):
        return Reason.OPERATOR_NOT_SLASHABLE
    if call.sender != slasher_in_force(rows, operator_set):
        return Reason.INVALID_CALLER
    last_rank = -1
    for position, strategy in enumerate(call.strategies):
        rank = rows.get(STRATEGIES, strategy).address_rank
        if position > 0 and rank <= last_rank:
            return Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER
        last_rank = rank
        if not 1 <= call.wads_to_slash[position] <= WAD:
            return Reason.INVALID_WAD_TO_SLASH
        if not rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET
        is_hit = settled_magnitudes(rows, call.operator, operator_set, strategy)[0] != 0
        is_early = current_block(rows) <= rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
        is_native = strategy == BEACON_CHAIN_ETH
        if is_hit and (is_early or (cannot_be_resolved(rows) and not is_native)):
            return Reason.ARITHMETIC_PANIC
        if is_hit and is_native and native_eth.is_slash_too_wide(rows, call, position):
            return Reason.ARITHMETIC_PANIC
    return None


def _clear(
    rows: Draft,
    call: ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy,
    strategies: tuple[str, ...],
) -> Reason | None:
    """The first reason to reject paying out a slash, or None: the resolution block is over, and each strategy can pay.

    If the recipient is itself a strategy, it may receive its own token earlier in the call.
    """
    if rows.get(SLASHES, (call.operator_set, call.slash_id)).resolution_block >= current_block(rows):
        return Reason.SLASH_RESOLUTION_DELAY_NOT_ELAPSED
    recipient = rows.get(OPERATOR_SETS, call.operator_set).redistribution_recipient
    paid: list[tuple[str, int]] = []
    for strategy in strategies:
        shares = rows.get(SLASHED_SHARES, (call.operator_set, call.slash_id, strategy)).shares
        if shares == 0:
            continue
        pool = rows.get(STRATEGIES, strategy)
        is_recipient = recipient == strategy
        received = sum([amount for token, amount in paid if is_recipient and token == pool.underlying_token])
        reason = paying(rows, strategy, shares, received)
        if reason is not None:
            return reason
        virtual_balance = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount + received + BALANCE_OFFSET
        amount = mul_div_floor(virtual_balance, shares, pool.total_shares + SHARES_OFFSET)
        paid.append((pool.underlying_token, amount))
    return None


def _clear_slash(rows: Draft, call: ClearBurnOrRedistributableShares) -> Reason | None:
    return _clear(rows, call, rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies)


def _clear_strategy(rows: Draft, call: ClearBurnOrRedistributableSharesByStrategy) -> Reason | None:
    is_listed = call.strategy in rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies
    return _clear(rows, call, (call.strategy,) if is_listed else ())


def _burn(rows: Draft, call: BurnShares) -> Reason | None:
    shares = rows.get(STRATEGIES, call.strategy).legacy_burnable_shares
    return paying(rows, call.strategy, shares) if shares > 0 else None


def _slash_takes_its_fraction(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash takes the requested fraction of the allocation, rounded up to a unit of magnitude.

    The allocation and the max magnitude must fall by the same amount.
    """
    action = step.action
    block = current_block(step.before.rows)
    for strategy, wad_to_slash in zip(action.strategies, action.wads_to_slash, strict=True):
        operator_strategy: Pair = (action.operator, strategy)
        key = (action.operator, (action.avs, action.operator_set_id), strategy)
        before = settled_allocation(step.before.rows.get(ALLOCATIONS, key), block)
        after = settled_allocation(step.after.rows.get(ALLOCATIONS, key), block)
        taken_magnitude = before.current_magnitude - after.current_magnitude
        fallen_magnitude = MAX_MAGNITUDES.latest(step.before.rows, operator_strategy) - MAX_MAGNITUDES.latest(
            step.after.rows, operator_strategy
        )
        if taken_magnitude != fallen_magnitude:
            return False
        if not 0 <= taken_magnitude * WAD - before.current_magnitude * wad_to_slash < WAD:
            return False
    return True


def _slashed_of(step: AnyStep, operator_set: OperatorSet, slash_id: int, strategy: str) -> int:
    return step.after.rows.get(SLASHED_SHARES, (operator_set, slash_id, strategy)).shares


def _slash_books_operator_and_queue(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash books the shares lost by the operator, and those lost by withdrawals queued within the slashing
    window.

    The value of these withdrawals is rounded down, and the value that they keep is rounded up.
    """
    call = step.action
    before, operator_set = step.before.rows, (call.avs, call.operator_set_id)
    slash_id, shares = cast("tuple[int, tuple[int, ...]]", step.delta.returns)
    if slash_id != before.get(OPERATOR_SETS, operator_set).slash_count + 1:
        return False
    if step.after.rows.get(OPERATOR_SETS, operator_set).slash_count != slash_id:
        return False
    listed: list[str] = []
    if len(shares) != len(call.strategies):
        return False
    for strategy, booked in zip(call.strategies, shares, strict=True):
        magnitude_before = MAX_MAGNITUDES.latest(before, (call.operator, strategy))
        magnitude = MAX_MAGNITUDES.latest(step.after.rows, (call.operator, strategy))
        if magnitude == magnitude_before:
            if booked != 0:
                return False
            continue
        if strategy != BEACON_CHAIN_ETH:
            listed.append(strategy)
        queued_shares = mul_div_floor(queued_in_window(before, call.operator, strategy), magnitude_before, WAD)
        lost = queued_shares - mul_div_ceil(queued_shares, magnitude, magnitude_before)
        taken = -operator_gained(step, call.operator, strategy)
        in_books = (
            native_eth.burnable_growth(step)
            if strategy == BEACON_CHAIN_ETH
            else _slashed_of(step, operator_set, slash_id, strategy)
        )
        if not booked == taken + lost == in_books:
            return False
    return step.after.rows.get(SLASHES, (operator_set, slash_id)).strategies == tuple(listed)


def _slash_shrinks_pending_deallocation(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a pending deallocation shrinks by the slashed fraction, rounded up, and a pending increase stays as it
    is.

    The effect block must not change.
    """
    call = step.action
    operator_set = (call.avs, call.operator_set_id)
    for strategy, wad_to_slash in zip(call.strategies, call.wads_to_slash, strict=True):
        key = (call.operator, operator_set, strategy)
        magnitude, pending, is_pending = settled_magnitudes(step.before.rows, call.operator, operator_set, strategy)
        _, pending_after, is_pending_after = settled_magnitudes(step.after.rows, call.operator, operator_set, strategy)
        if magnitude == 0:
            continue
        slashed = mul_div_ceil(-pending, wad_to_slash, WAD) if pending < 0 else 0
        if (pending_after, is_pending_after) != (pending + slashed, is_pending):
            return False
        if is_pending and (
            step.after.rows.get(ALLOCATIONS, key).effect_block != step.before.rows.get(ALLOCATIONS, key).effect_block
        ):
            return False
    return True


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    SlashOperator: _slash,
    ClearBurnOrRedistributableShares: _clear_slash,
    ClearBurnOrRedistributableSharesByStrategy: _clear_strategy,
    BurnShares: _burn,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SLASH-01",
        "A slash takes the fraction asked for of the set's allocation, rounded up to one unit of magnitude.",
        "AllocationManager._slashOperator",
        _slash_takes_its_fraction,
        scope=Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-04",
        "A slash books the shares lost by the operator and by withdrawals still in their slashing window, and no "
        "others.",
        "DelegationManager.slashOperatorShares",
        _slash_books_operator_and_queue,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-05",
        "A slash shrinks a pending deallocation by its fraction, rounded up, and leaves a pending increase alone.",
        "AllocationManager._slashOperator",
        _slash_shrinks_pending_deallocation,
        Scope((SlashOperator,)),
    ),
]
