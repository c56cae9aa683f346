"""Conversions between deposit shares, withdrawable shares and scaled shares, and the operator's total shares.

A slash of the operator does not change a staker's deposit shares. It changes the shares that the staker can withdraw:

    withdrawable = deposit shares * deposit scaling factor * slashing factor.

The slashing factor is the operator's current max magnitude (WAD for an undelegated staker). The deposit scaling factor
offsets the slashes from before each of the staker's deposits. Source: SlashingLib, DelegationManager.
"""

from spec.arithmetic import div_wad_floor, mul_div_ceil, mul_wad_floor
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import OPERATOR_SHARES, STAKER_SHARES, STAKERS, OperatorShares, Pair, StakerShares
from spec.machine import Draft


def scaled_shares(deposit_shares: int, deposit_scaling_factor_wad: int) -> int:
    """The deposit shares times the deposit scaling factor, rounded down. Queued withdrawals store scaled shares.

    Source: SlashingLib.scaleForQueueWithdrawal.
    """
    return mul_wad_floor(deposit_shares, deposit_scaling_factor_wad)


def withdrawable_shares(deposit_shares: int, deposit_scaling_factor_wad: int, slashing_factor_wad: int) -> int:
    """The shares that a staker can withdraw for `deposit_shares`. Each of two divisions rounds down, against the
    staker.

    Source: SlashingLib.calcWithdrawable.
    """
    return mul_wad_floor(scaled_shares(deposit_shares, deposit_scaling_factor_wad), slashing_factor_wad)


def whole_scaled_shares(leaving_shares: int, slashing_factor_wad: int) -> int:
    """The scaled shares of a number of withdrawable shares: `leaving_shares` divided by the slashing factor, rounded
    down.

    So a later slash takes no more than its fraction of the whole shares that left. Zero if the slashing factor is zero.
    Source: DelegationManager._removeSharesAndQueueWithdrawal (ELIP-019).
    """
    return 0 if slashing_factor_wad == 0 else div_wad_floor(leaving_shares, slashing_factor_wad)


def deposit_scaling_factor_after(
    deposit_scaling_factor_wad: int, deposit_shares_before: int, added_shares: int, slashing_factor_wad: int
) -> int:
    """The deposit scaling factor after a deposit of `added_shares`, so that earlier slashes do not reduce the new
    shares.

    Each division rounds down, against the staker; `added_shares` and `slashing_factor_wad` are positive. Source:
    SlashingLib.update.
    """
    if deposit_shares_before == 0:
        return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad)
    current_shares = withdrawable_shares(deposit_shares_before, deposit_scaling_factor_wad, slashing_factor_wad)
    return div_wad_floor(
        div_wad_floor(current_shares + added_shares, deposit_shares_before + added_shares), slashing_factor_wad
    )


def slashed_shares(shares: int, max_magnitude_before: int, max_magnitude_after: int) -> int:
    """The part of `shares` that is slashed when the max magnitude falls. It rounds down, because the rest rounds up.

    `max_magnitude_before` is positive. Source: SlashingLib.calcSlashedAmount.
    """
    return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)


def is_delegated(draft: Draft, staker: str) -> bool:
    """True if the staker is delegated to an operator. Source: DelegationManager.isDelegated."""
    return draft.get(STAKERS, staker).delegated_to != ZERO_ADDRESS


def is_operator(draft: Draft, account: str) -> bool:
    """True if the account is an operator, that is, delegated to itself. Source: DelegationManager.isOperator."""
    return account != ZERO_ADDRESS and draft.get(STAKERS, account).delegated_to == account


def increase_delegation(
    draft: Draft,
    operator: str,
    staker: str,
    strategy: str,
    deposit_shares_before: int,
    added_shares: int,
    slashing_factor_wad: int,
) -> Reason | None:
    """Account for a staker's new shares: update its deposit scaling factor, and add them to its operator's total, if it
    has an operator.

    The staker's deposit shares already include the new ones. Without new shares, nothing changes after the first check.
    Rejects, in order: FULLY_SLASHED if the slashing factor is 0, INVALID_DEPOSIT_SCALING_FACTOR if the new scaling
    factor is 0. Source: DelegationManager._increaseDelegation.
    """
    if slashing_factor_wad == 0:
        return Reason.FULLY_SLASHED
    if added_shares == 0:
        return None
    staker_strategy: Pair = (staker, strategy)
    held = draft.get(STAKER_SHARES, staker_strategy)
    factor_wad = deposit_scaling_factor_after(
        held.deposit_scaling_factor_wad, deposit_shares_before, added_shares, slashing_factor_wad
    )
    if factor_wad == 0:
        return Reason.INVALID_DEPOSIT_SCALING_FACTOR
    draft.put(
        STAKER_SHARES,
        staker_strategy,
        StakerShares(deposit_shares=held.deposit_shares, deposit_scaling_factor_wad=factor_wad),
    )
    if operator != ZERO_ADDRESS:
        operator_strategy: Pair = (operator, strategy)
        shares = draft.get(OPERATOR_SHARES, operator_strategy).shares
        draft.put(OPERATOR_SHARES, operator_strategy, OperatorShares(shares + added_shares))
    return None
