"""Slashes: what one takes, of whom, and that all sets together never take more than there is."""

from typing import Any, Final, cast

from invariants.eigenlayer.effects import gained, issued, operator_gained
from invariants.eigenlayer.reading import settled_magnitudes
from invariants.eigenlayer.solvency import queued_in_window
from invariants.law import Scope, StateLaw, StepLaw, Sum, Transition, View, written
from spec.arithmetic import WAD, mul_div_ceil, mul_div_floor
from spec.eigenlayer.actions import (
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    SlashOperator,
)
from spec.eigenlayer.allocation import settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, BURN_ADDRESS, SHARES_OFFSET
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    MAX_MAGNITUDES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    SLASHED_SHARES,
    SLASHES,
    STAKER_SHARES,
    STRATEGIES,
    TOKEN_BALANCES,
    Allocation,
    OperatorSet,
    Pair,
)
from spec.machine import ONLY, Draft


def _allocating(_rows: Draft, key: tuple[str, OperatorSet, str], _row: Allocation) -> Pair:
    return (key[0], key[2])


def _allocated_magnitude(row: Allocation) -> int:
    return row.current_magnitude + max(row.pending_diff_magnitude, 0)


ALLOCATED: Final[Sum] = Sum("allocated", ALLOCATIONS, _allocating, _allocated_magnitude)
"""(operator, strategy) -> magnitude allocated to all its operator sets, pending allocations included."""


def _slash_takes_its_fraction(step: Transition) -> bool:
    """The magnitude taken is the fraction of what was allocated, up to one unit, and leaves all three places alike."""
    action = cast(SlashOperator, step.action)
    block = current_block(step.before.rows)
    for strategy, wad_to_slash in zip(action.strategies, action.wads_to_slash, strict=True):
        of_operator: Pair = (action.operator, strategy)
        key = (action.operator, (action.avs, action.operator_set_id), strategy)
        before = settled_allocation(step.before.rows.get(ALLOCATIONS, key), block)
        after = settled_allocation(step.after.rows.get(ALLOCATIONS, key), block)
        taken_magnitude = before.current_magnitude - after.current_magnitude
        fallen_magnitude = MAX_MAGNITUDES.latest(step.before.rows, of_operator) - MAX_MAGNITUDES.latest(
            step.after.rows, of_operator
        )
        if taken_magnitude != fallen_magnitude:
            return False
        if not 0 <= taken_magnitude * WAD - before.current_magnitude * wad_to_slash < WAD:
            return False
    return True


def _slash_takes_no_more_shares(step: Transition) -> bool:
    """An operator's shares lose at most the fraction by which the max magnitude fell, and at least that less one."""
    action = cast(SlashOperator, step.action)
    for strategy in action.strategies:
        of_operator: Pair = (action.operator, strategy)
        max_magnitude_before = MAX_MAGNITUDES.latest(step.before.rows, of_operator)
        fallen_magnitude = max_magnitude_before - MAX_MAGNITUDES.latest(step.after.rows, of_operator)
        shares_before = step.before.rows.get(OPERATOR_SHARES, of_operator).shares
        taken_shares = shares_before - step.after.rows.get(OPERATOR_SHARES, of_operator).shares
        due_by_magnitude = shares_before * fallen_magnitude
        if not taken_shares * max_magnitude_before <= due_by_magnitude < (taken_shares + 1) * max_magnitude_before:
            return fallen_magnitude == 0 and taken_shares == 0
    return True


def _slash_touches_one_set(step: Transition) -> bool:
    action = cast(SlashOperator, step.action)
    operator_set = (action.avs, action.operator_set_id)
    allocations = [(action.operator, operator_set, strategy) for strategy in action.strategies]
    shares = [(action.operator, strategy) for strategy in action.strategies]
    return (
        all(key in allocations for key in written(step.delta, ALLOCATIONS))
        and all(key in shares for key in written(step.delta, OPERATOR_SHARES))
        and not written(step.delta, STAKER_SHARES)
    )


def _slashed_of(step: Transition, operator_set: OperatorSet, slash_id: int, strategy: str) -> int:
    return step.after.rows.get(SLASHED_SHARES, (operator_set, slash_id, strategy)).shares


def _slash_books_operator_and_queue(step: Transition) -> bool:
    """What is booked is what the operator's shares lost, and what the queue of the last blocks lost in value: its
    value rounded down, what stays of it rounded up.
    """
    call = cast(SlashOperator, step.action)
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
        listed.append(strategy)
        queued_shares = mul_div_floor(queued_in_window(before, call.operator, strategy), magnitude_before, WAD)
        lost = queued_shares - mul_div_ceil(queued_shares, magnitude, magnitude_before)
        taken = -operator_gained(step, call.operator, strategy)
        if not booked == taken + lost == _slashed_of(step, operator_set, slash_id, strategy):
            return False
    return step.after.rows.get(SLASHES, (operator_set, slash_id)).strategies == tuple(listed)


def _slash_shrinks_pending_deallocation(step: Transition) -> bool:
    """A pending deallocation shrinks by the same fraction, rounded up; a pending allocation stays; its block stays."""
    call = cast(SlashOperator, step.action)
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


def _clearing_pays_the_recipient(step: Transition) -> bool:
    """Every share of the slash, or of one strategy of it, is retired and paid once, to the burn address or the set's
    recipient, rounded down.
    """
    call = cast("ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy", step.action)
    before, rows = step.before.rows, step.after.rows
    listed = before.get(SLASHES, (call.operator_set, call.slash_id)).strategies
    is_one = isinstance(call, ClearBurnOrRedistributableSharesByStrategy)
    cleared = [strategy for strategy in listed if not is_one or strategy == cast(Any, call).strategy]
    left = rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies
    if sorted(left) != sorted([strategy for strategy in listed if strategy not in cleared]):
        return False
    recipient = before.get(OPERATOR_SETS, call.operator_set).redistribution_recipient
    amounts: list[int] = []
    received_amounts: dict[str, int] = {}
    for strategy in cleared:
        shares = before.get(SLASHED_SHARES, (call.operator_set, call.slash_id, strategy)).shares
        pool = before.get(STRATEGIES, strategy)
        held = before.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
        amount = mul_div_floor(held + BALANCE_OFFSET, shares, pool.total_shares + SHARES_OFFSET)
        amounts.append(amount)
        if rows.get(SLASHED_SHARES, (call.operator_set, call.slash_id, strategy)).shares != 0:
            return False
        if issued(step, strategy) != -shares:
            return False
        paid = 0 if recipient == strategy else amount  # a set may redistribute to the strategy itself
        if gained(step, pool.underlying_token, strategy) != -paid:
            return False
        received_amounts[pool.underlying_token] = received_amounts.get(pool.underlying_token, 0) + paid
    if any(gained(step, token, recipient) != received for token, received in received_amounts.items()):
        return False
    return step.delta.returns == ((amounts[0] if amounts else 0) if is_one else tuple(amounts))


def _all_sets_take_no_more_than_there_is(view: View, subject: Pair) -> bool:
    """If every set slashed all that is allocated to it, pending allocations included, each rounding against the
    operator, no more would go than its shares.
    """
    allocated_magnitude, max_magnitude = view.total(ALLOCATED, subject), MAX_MAGNITUDES.latest(view.rows, subject)
    if max_magnitude == 0:
        return allocated_magnitude == 0
    shares = view.rows.get(OPERATOR_SHARES, subject).shares
    return 0 <= mul_div_ceil(shares, allocated_magnitude, max_magnitude) <= shares


def _other_sets_keep_their_stake(step: Transition) -> bool:
    """What a unit of magnitude stands for, in shares, does not fall, and rises by the rounding of one share at most."""
    call = cast(SlashOperator, step.action)
    for strategy in call.strategies:
        of_operator: Pair = (call.operator, strategy)
        magnitude_before = MAX_MAGNITUDES.latest(step.before.rows, of_operator)
        magnitude = MAX_MAGNITUDES.latest(step.after.rows, of_operator)
        shares_before = step.before.rows.get(OPERATOR_SHARES, of_operator).shares
        shares = step.after.rows.get(OPERATOR_SHARES, of_operator).shares
        if not 0 <= shares * magnitude_before - shares_before * magnitude < max(magnitude_before, 1):
            return False
    return True


def _only_open_windows_are_hit(step: Transition) -> bool:
    """Whose window closed with the last block is paid as before; whose window closes with this one is paid by what the
    slash left.
    """
    call = cast(SlashOperator, step.action)
    last_block = current_block(step.before.rows) - 1
    before, after = step.before.rows, step.after.rows
    for strategy in call.strategies:
        of_operator: Pair = (call.operator, strategy)
        if MAX_MAGNITUDES.latest(after, of_operator) == MAX_MAGNITUDES.latest(before, of_operator):
            continue
        if MAX_MAGNITUDES.value_at(after, of_operator, last_block) != MAX_MAGNITUDES.value_at(
            before, of_operator, last_block
        ):
            return False
        if MAX_MAGNITUDES.value_at(after, of_operator, last_block + 1) != MAX_MAGNITUDES.latest(after, of_operator):
            return False
    return True


def _legacy_is_burned_whole(step: Transition) -> bool:
    """All that is owed from before slashes had ids is retired, and paid to the burn address at the rate of before,
    rounded down. Nothing is owed any more.
    """
    strategy, before = cast(BurnShares, step.action).strategy, step.before.rows
    pool = before.get(STRATEGIES, strategy)
    held = before.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    shares = pool.legacy_burnable_shares
    amount = mul_div_floor(held + BALANCE_OFFSET, shares, pool.total_shares + SHARES_OFFSET)
    paid = 0 if strategy == BURN_ADDRESS else amount
    return (
        step.after.rows.get(STRATEGIES, strategy).legacy_burnable_shares == 0
        and issued(step, strategy) == -shares
        and gained(step, pool.underlying_token, BURN_ADDRESS) == paid
        and gained(step, pool.underlying_token, strategy) == -paid
    )


def _legacy_never_grows(step: Transition) -> bool:
    return all(
        step.after.rows.get(STRATEGIES, strategy).legacy_burnable_shares
        == step.before.rows.get(STRATEGIES, strategy).legacy_burnable_shares
        for strategy in written(step.delta, STRATEGIES)
        if not isinstance(step.action, BurnShares)
    )


def _window_fits_the_chain(step: Transition) -> bool:
    call = cast(SlashOperator, step.action)
    fits = current_block(step.before.rows) > step.before.rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    return fits or all(
        MAX_MAGNITUDES.latest(step.after.rows, (call.operator, strategy))
        == MAX_MAGNITUDES.latest(step.before.rows, (call.operator, strategy))
        for strategy in call.strategies
    )


CLEARING: Final = Scope((ClearBurnOrRedistributableShares, ClearBurnOrRedistributableSharesByStrategy))
STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "SLASH-07",
        "All operator sets together can take no more than an operator's shares.",
        "ELIP-002, unique stake; EigenLayer Certora: maxMagnitudeGEencumberedMagnitude",
        _all_sets_take_no_more_than_there_is,
        rows={OPERATOR_SHARES: lambda key: key, MAX_MAGNITUDES.heads: lambda key: key},
        sums={ALLOCATED: lambda group: group},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SLASH-01",
        "A slash takes the fraction asked for of what the set had allocated, rounded up to one unit of magnitude.",
        "AllocationManager._slashOperator",
        _slash_takes_its_fraction,
        scope=Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-02",
        "A slash takes no more shares than the fall of the max magnitude, and less than one share less.",
        "EigenLayer Certora: noOverslashingOfOperatorShares",
        _slash_takes_no_more_shares,
        scope=Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-03",
        "A slash changes no allocation to another set, no other operator's shares and no staker's deposit.",
        "ELIP-002, unique stake",
        _slash_touches_one_set,
        scope=Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-04",
        "A slash books what the operator's shares lost and what the withdrawals still in their window lost, no others.",
        "DelegationManager.slashOperatorShares",
        _slash_books_operator_and_queue,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-05",
        "A slash shrinks a pending deallocation by its fraction, rounded up, and leaves a pending allocation alone.",
        "AllocationManager._slashOperator",
        _slash_shrinks_pending_deallocation,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-06",
        "What a slash booked is paid once, in full, to the set's recipient or the burn address.",
        "StrategyManager.clearBurnOrRedistributableShares",
        _clearing_pays_the_recipient,
        CLEARING,
    ),
    StepLaw(
        "SLASH-08",
        "A slash leaves every other operator set the shares that it could take: what a unit of magnitude stands for "
        "does not fall.",
        "ELIP-002, unique stake",
        _other_sets_keep_their_stake,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-09",
        "What was slashed before slashes had ids is burned once, in full, at the rate of then.",
        "StrategyManager.burnShares",
        _legacy_is_burned_whole,
        Scope((BurnShares,)),
    ),
    StepLaw(
        "SLASH-10",
        "What is owed from before slashes had ids changes by its burning alone.",
        "StrategyManager.burnShares",
        _legacy_never_grows,
        Scope(tables=(STRATEGIES,)),
    ),
    StepLaw(
        "SLASH-11",
        "No slash takes anything in the first blocks of a chain, before the window of withdrawals fits.",
        "DelegationManager._getSlashableSharesInQueue",
        _window_fits_the_chain,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "EXIT-04",
        "A slash hits every withdrawal whose window is open in its block, and none whose window was over before.",
        "DelegationManager._getSlashableSharesInQueue; EigenLayer docs, SharesAccounting",
        _only_open_windows_are_hit,
        Scope((SlashOperator,)),
    ),
]
