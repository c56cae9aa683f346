"""EigenLayer's laws of slashing: its amounts, its limits, and the payout of slashed shares."""

from typing import Any, Final, cast

from invariants.eigenlayer.allocation import ALLOCATED
from invariants.eigenlayer.movements import gained, issued
from invariants.law import AcceptedStep, AnyStep, Scope, StateLaw, StepLaw, View, written
from spec.arithmetic import mul_div_ceil, mul_div_floor
from spec.eigenlayer.actions import (
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    SlashOperator,
)
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
    Pair,
)
from spec.machine import SINGLETON


def _slash_takes_no_more_shares(step: AcceptedStep[SlashOperator]) -> bool:
    """True if an operator's shares fall by the fraction by which its max magnitude fell, rounded down.

    If the operator had no magnitude left in a strategy before, nothing is taken.
    """
    action = step.action
    for strategy in action.strategies:
        operator_strategy: Pair = (action.operator, strategy)
        max_magnitude_before = MAX_MAGNITUDES.latest(step.before.rows, operator_strategy)
        fallen_magnitude = max_magnitude_before - MAX_MAGNITUDES.latest(step.after.rows, operator_strategy)
        shares_before = step.before.rows.get(OPERATOR_SHARES, operator_strategy).shares
        taken_shares = shares_before - step.after.rows.get(OPERATOR_SHARES, operator_strategy).shares
        due_by_magnitude = shares_before * fallen_magnitude
        is_floor = taken_shares * max_magnitude_before <= due_by_magnitude < (taken_shares + 1) * max_magnitude_before
        if not is_floor and (fallen_magnitude != 0 or taken_shares != 0):
            return False
    return True


def _slash_touches_one_set(step: AcceptedStep[SlashOperator]) -> bool:
    action = step.action
    operator_set = (action.avs, action.operator_set_id)
    strategies = set(action.strategies)
    allocations, shares = written(step.delta, ALLOCATIONS), written(step.delta, OPERATOR_SHARES)
    return (
        all(key[:2] == (action.operator, operator_set) and key[2] in strategies for key in allocations)
        and all(key[0] == action.operator and key[1] in strategies for key in shares)
        and not written(step.delta, STAKER_SHARES)
    )


def _clearing_pays_the_recipient(
    step: AcceptedStep[ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy],
) -> bool:
    """True if a payout retires and pays all shares of the slash, or those of one strategy, exactly once.

    The payment goes to the set's redistribution recipient or the burn address, rounded down to tokens, and only after
    the resolution block.
    """
    call = step.action
    before, rows = step.before.rows, step.after.rows
    if current_block(before) <= before.get(SLASHES, (call.operator_set, call.slash_id)).resolution_block:
        return False
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
    """True if slashes of all allocated magnitude, pending increases included, could take at most the operator's shares.

    The shares taken are rounded up.
    """
    allocated_magnitude, max_magnitude = view.total(ALLOCATED, subject), MAX_MAGNITUDES.latest(view.rows, subject)
    if max_magnitude == 0:
        return allocated_magnitude == 0
    shares = view.rows.get(OPERATOR_SHARES, subject).shares
    return 0 <= mul_div_ceil(shares, allocated_magnitude, max_magnitude) <= shares


def _other_sets_keep_their_stake(step: AcceptedStep[SlashOperator]) -> bool:
    """True if the operator's shares per unit of magnitude do not fall in a slash, and rise only by rounding, less than
    one share in all.
    """
    call = step.action
    for strategy in call.strategies:
        operator_strategy: Pair = (call.operator, strategy)
        magnitude_before = MAX_MAGNITUDES.latest(step.before.rows, operator_strategy)
        magnitude = MAX_MAGNITUDES.latest(step.after.rows, operator_strategy)
        shares_before = step.before.rows.get(OPERATOR_SHARES, operator_strategy).shares
        shares = step.after.rows.get(OPERATOR_SHARES, operator_strategy).shares
        if not 0 <= shares * magnitude_before - shares_before * magnitude < max(magnitude_before, 1):
            return False
    return True


def _legacy_is_burned_whole(step: AcceptedStep[BurnShares]) -> bool:
    """True if BurnShares retires all legacy burnable shares, and pays them to the burn address, rounded down.

    Legacy shares are those slashed before slashes had ids. They are paid at the exchange rate before the call.
    """
    strategy, before = step.action.strategy, step.before.rows
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


def _legacy_never_grows(step: AnyStep) -> bool:
    return all(
        step.after.rows.get(STRATEGIES, strategy).legacy_burnable_shares
        == step.before.rows.get(STRATEGIES, strategy).legacy_burnable_shares
        for strategy in written(step.delta, STRATEGIES)
        if not isinstance(step.action, BurnShares)
    )


def _window_fits_the_chain(step: AcceptedStep[SlashOperator]) -> bool:
    call = step.action
    fits = current_block(step.before.rows) > step.before.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    return fits or all(
        MAX_MAGNITUDES.latest(step.after.rows, (call.operator, strategy))
        == MAX_MAGNITUDES.latest(step.before.rows, (call.operator, strategy))
        for strategy in call.strategies
    )


def _nothing_is_paid_early(step: AnyStep) -> bool:
    """True if the unpaid shares of a slash do not fall before its resolution block is over, by any call."""
    before = step.before.rows
    for key in written(step.delta, SLASHED_SHARES):
        has_fallen = step.after.rows.get(SLASHED_SHARES, key).shares < before.get(SLASHED_SHARES, key).shares
        if has_fallen and current_block(before) <= before.get(SLASHES, key[:2]).resolution_block:
            return False
    return True


def _resolution_block_stays(step: AnyStep) -> bool:
    """True if a slash's resolution block is set with its first strategy, and kept until its last strategy is paid.

    Then it is 0 again. In releases without a resolution delay it is always 0.
    """
    before, block = step.before.rows, current_block(step.before.rows)
    delay_blocks = before.get(CONFIG, SINGLETON).slash_resolution_delay_blocks
    for key in written(step.delta, SLASHES):
        row, left = before.get(SLASHES, key), step.after.rows.get(SLASHES, key)
        if len(left.strategies) == 0 or delay_blocks == 0:
            resolution_block = 0
        elif len(row.strategies) == 0:
            resolution_block = block + delay_blocks
        else:
            resolution_block = row.resolution_block
        if left.resolution_block != resolution_block:
            return False
    return True


CLEARING: Final = Scope((ClearBurnOrRedistributableShares, ClearBurnOrRedistributableSharesByStrategy))


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "SLASH-07",
        "All operator sets together can take at most an operator's shares.",
        "ELIP-002, unique stake; EigenLayer Certora: maxMagnitudeGEencumberedMagnitude",
        _all_sets_take_no_more_than_there_is,
        rows={OPERATOR_SHARES: lambda key: key, MAX_MAGNITUDES.heads: lambda key: key},
        sums={ALLOCATED: lambda group: group},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SLASH-02",
        "A slash takes at most the shares that the fall of the max magnitude stands for, and less than one share "
        "fewer.",
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
        "SLASH-06",
        "The shares that a slash booked are paid once, in full, after its resolution block, to the set's recipient or "
        "the burn address.",
        "StrategyManager.clearBurnOrRedistributableShares",
        _clearing_pays_the_recipient,
        CLEARING,
    ),
    StepLaw(
        "SLASH-08",
        "A slash leaves every other operator set the shares that it could take: the shares for a unit of "
        "magnitude do not fall.",
        "ELIP-002, unique stake",
        _other_sets_keep_their_stake,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-09",
        "Shares slashed before slashes had ids are burned once, in full, at the rate of the burning.",
        "StrategyManager.burnShares",
        _legacy_is_burned_whole,
        Scope((BurnShares,)),
    ),
    StepLaw(
        "SLASH-10",
        "The shares owed from before slashes had ids change by their burning alone.",
        "StrategyManager.burnShares",
        _legacy_never_grows,
        Scope(tables=(STRATEGIES,)),
    ),
    StepLaw(
        "SLASH-11",
        "No slash takes anything in a chain's first blocks, before the slashing window of withdrawals fits.",
        "DelegationManager._getSlashableSharesInQueue",
        _window_fits_the_chain,
        Scope((SlashOperator,)),
    ),
    StepLaw(
        "SLASH-12",
        "A slash is not paid before its resolution block is over.",
        "StrategyManager.clearBurnOrRedistributableShares; ELIP-016",
        _nothing_is_paid_early,
        Scope(tables=(SLASHED_SHARES,)),
    ),
    StepLaw(
        "SLASH-13",
        "A slash is given its resolution block as it is booked, the delay after its own, and keeps it until its last "
        "strategy is paid. Where the release has no delay there is none.",
        "StrategyManager.increaseBurnOrRedistributableShares; ELIP-016",
        _resolution_block_stays,
        Scope(tables=(SLASHES,)),
    ),
]
