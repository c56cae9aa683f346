"""Native ETH in delegation: the beacon chain strategy. Slashes of operators and of validators reduce its shares.

A staker's withdrawable shares are

    withdrawable = deposit shares * deposit scaling factor * slashing factor

as in a token strategy. The slashing factor is the operator's max magnitude times the staker's own beacon chain slashing
factor. The rules of delegation, withdrawals and slashing call these functions where native ETH differs from tokens.
"""

from spec.arithmetic import UINT256_MAX, div_wad_floor, is_multiple, mul_div_floor, mul_wad_floor
from spec.eigenlayer.actions import RecordBeaconChainEthBalanceUpdate
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.pods import add_pod_owner_shares
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import deposit_scaling_factor_after, scaled_shares, withdrawable_shares
from spec.eigenlayer.state import (
    BURNABLE_ETH,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    STAKERS,
    BurnableEth,
    OperatorShares,
    Pair,
    PodOwner,
)
from spec.machine import SINGLETON, Delta, Draft


def slashing_factor(draft: Draft, staker: str, strategy: str, max_magnitude: int) -> int:
    """The fraction of a staker's shares that slashing has left, in WAD. For a token strategy it is `max_magnitude`, the
    operator's max magnitude.

    For native ETH it is the max magnitude times the staker's beacon chain slashing factor. That product rounds down,
    against the staker, and may be zero although neither factor is.
    Source: DelegationManager._getSlashingFactor.
    """
    if strategy != BEACON_CHAIN_ETH:
        return max_magnitude
    return mul_wad_floor(max_magnitude, draft.get(POD_OWNERS, staker).beacon_chain_slashing_factor_wad)


def beacon_chain_slashing_factor_after(
    beacon_chain_slashing_factor_wad: int, prev_restaked_balance_wei: int, lost_wei: int
) -> int:
    """The beacon chain slashing factor after a loss of `lost_wei`: it falls in proportion to the balance. Rounds down.

    The previous balance is positive, and the loss at most that balance. Source: EigenPodManager._reduceSlashingFactor.
    """
    return mul_div_floor(
        beacon_chain_slashing_factor_wad, prev_restaked_balance_wei - lost_wei, prev_restaked_balance_wei
    )


def record_beacon_chain_eth_balance_update(draft: Draft, action: RecordBeaconChainEthBalanceUpdate) -> Delta | Reason:
    """Credit a pod owner with shares for a gain, or lower its beacon chain slashing factor for a loss.

    A change of zero writes nothing. Rejects, in order: ONLY_EIGEN_POD unless the owner's pod calls,
    SHARES_NOT_MULTIPLE_OF_GWEI, LEGACY_WITHDRAWALS_NOT_COMPLETED if the owner has a deficit; for a gain
    SHARES_NEGATIVE, ARITHMETIC_PANIC, FULLY_SLASHED, MUL_DIV_OVERFLOW, INVALID_DEPOSIT_SCALING_FACTOR
    (`join_native_shares` says when), for a loss ARITHMETIC_PANIC, MUL_DIV_OVERFLOW (`_lose`). Source:
    EigenPodManager.recordBeaconChainETHBalanceUpdate.
    """
    owner = action.pod_owner
    if not action.is_from_pod or action.sender != owner or not draft.get(PODS, owner).exists:
        return Reason.ONLY_EIGEN_POD
    if not is_multiple(action.balance_delta_wei, GWEI_TO_WEI):
        return Reason.SHARES_NOT_MULTIPLE_OF_GWEI
    if draft.get(POD_OWNERS, owner).deposit_shares < 0:
        return Reason.LEGACY_WITHDRAWALS_NOT_COMPLETED
    rejection: Reason | None = None
    if action.balance_delta_wei > 0:
        rejection = join_native_shares(draft, owner, action.balance_delta_wei)
    elif action.balance_delta_wei < 0:
        rejection = _lose(draft, owner, action.prev_restaked_balance_wei, -action.balance_delta_wei)
    return draft.delta() if rejection is None else rejection


def _lose(draft: Draft, owner: str, prev_restaked_balance_wei: int, lost_wei: int) -> Reason | None:
    """Lower the owner's beacon chain slashing factor, and its operator's shares by the same loss.

    If the owner has no operator, only the factor falls. Further divisions round the operator's loss down, so the
    operator may keep dust. Rejects: ARITHMETIC_PANIC if the loss exceeds the previous balance, or if the operator has
    fewer shares; MUL_DIV_OVERFLOW if the owner's scaled shares exceed uint256. Source:
    EigenPodManager._reduceSlashingFactor, DelegationManager.decreaseDelegatedShares.
    """
    if lost_wei > prev_restaked_balance_wei:
        return Reason.ARITHMETIC_PANIC
    held = draft.get(POD_OWNERS, owner)
    factor_before_wad = held.beacon_chain_slashing_factor_wad
    factor_wad = beacon_chain_slashing_factor_after(factor_before_wad, prev_restaked_balance_wei, lost_wei)
    draft.put(
        POD_OWNERS,
        owner,
        PodOwner(
            deposit_shares=held.deposit_shares,
            deposit_scaling_factor_wad=held.deposit_scaling_factor_wad,
            beacon_chain_slashing_factor_wad=factor_wad,
        ),
    )
    operator = draft.get(STAKERS, owner).delegated_to
    if operator == ZERO_ADDRESS:
        return None
    if scaled_shares(held.deposit_shares, held.deposit_scaling_factor_wad) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    operator_strategy: Pair = (operator, BEACON_CHAIN_ETH)
    max_magnitude = MAX_MAGNITUDES.latest(draft, operator_strategy)
    lost_shares = withdrawable_shares(
        held.deposit_shares,
        held.deposit_scaling_factor_wad,
        mul_wad_floor(max_magnitude, factor_before_wad - factor_wad),
    )
    operator_shares = draft.get(OPERATOR_SHARES, operator_strategy).shares
    if lost_shares > operator_shares:
        return Reason.ARITHMETIC_PANIC
    draft.put(OPERATOR_SHARES, operator_strategy, OperatorShares(operator_shares - lost_shares))
    return None


def join_native_shares(draft: Draft, owner: str, added_shares: int) -> Reason | None:
    """Add native shares to an owner. New shares first repay its deficit, if any; its operator, if any, gets the rest.

    Rejects, in order: SHARES_NEGATIVE if the new shares alone exceed int256, ARITHMETIC_PANIC if the sum does;
    FULLY_SLASHED if slashing leaves nothing of the shares, MUL_DIV_OVERFLOW, ARITHMETIC_PANIC,
    INVALID_DEPOSIT_SCALING_FACTOR if the new scaling factor or the operator's shares overflow or the factor is 0.
    Source: EigenPodManager._addShares, DelegationManager.increaseDelegatedShares.
    """
    deposit_shares_before = add_pod_owner_shares(draft, owner, added_shares)
    if isinstance(deposit_shares_before, Reason):
        return deposit_shares_before
    operator = draft.get(STAKERS, owner).delegated_to
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, BEACON_CHAIN_ETH))
    return increase_native_delegation(
        draft,
        operator,
        owner,
        deposit_shares_before,
        max(draft.get(POD_OWNERS, owner).deposit_shares, 0) - deposit_shares_before,
        slashing_factor(draft, owner, BEACON_CHAIN_ETH, max_magnitude),
    )


def delegate_native_shares(draft: Draft, staker: str, operator: str) -> Reason | None:
    """Add a staker's native ETH shares, after beacon chain losses, to its new operator. The operator's earlier slashes
    do not reduce these shares.

    A staker without native ETH adds nothing, and can delegate even to an operator without magnitude.
    Rejects, in order: MUL_DIV_OVERFLOW if the staker's scaled shares exceed uint256; FULLY_SLASHED if the operator's
    max magnitude is 0; MUL_DIV_OVERFLOW, ARITHMETIC_PANIC, INVALID_DEPOSIT_SCALING_FACTOR if the new scaling factor or
    the operator's shares overflow or the factor is 0. Source: DelegationManager._delegate, getDepositedShares.
    """
    held = draft.get(POD_OWNERS, staker)
    if held.deposit_shares <= 0:
        return None
    if scaled_shares(held.deposit_shares, held.deposit_scaling_factor_wad) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    brought_shares = withdrawable_shares(
        held.deposit_shares, held.deposit_scaling_factor_wad, held.beacon_chain_slashing_factor_wad
    )
    # Written even if no field changes: from now on this row counts for the new operator.
    draft.put(POD_OWNERS, staker, held)
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, BEACON_CHAIN_ETH))
    return increase_native_delegation(draft, operator, staker, 0, brought_shares, max_magnitude)


def increase_native_delegation(
    draft: Draft,
    operator: str,
    staker: str,
    deposit_shares_before: int,
    added_shares: int,
    slashing_factor_wad: int,
) -> Reason | None:
    """Account for a staker's new native shares: update its deposit scaling factor, and add them to its operator's
    total.

    The staker's deposit shares already include the new ones. `deposit_shares_before` are its native shares before the
    addition. A staker without operator only gets the new factor. If `added_shares` is zero, nothing is written. Native
    shares are bounded by int256 alone, so products may overflow. Rejects: FULLY_SLASHED if the slashing factor is 0,
    MUL_DIV_OVERFLOW, ARITHMETIC_PANIC, INVALID_DEPOSIT_SCALING_FACTOR if the new factor is 0. Source:
    DelegationManager._increaseDelegation.
    """
    if slashing_factor_wad == 0:
        return Reason.FULLY_SLASHED
    if added_shares == 0:
        return None
    held = draft.get(POD_OWNERS, staker)
    factor_wad = held.deposit_scaling_factor_wad
    rejection = _rescaling_overflow(factor_wad, deposit_shares_before, added_shares, slashing_factor_wad)
    if rejection is not None:
        return rejection
    factor_wad = deposit_scaling_factor_after(factor_wad, deposit_shares_before, added_shares, slashing_factor_wad)
    if factor_wad == 0:
        return Reason.INVALID_DEPOSIT_SCALING_FACTOR
    draft.put(
        POD_OWNERS,
        staker,
        PodOwner(
            deposit_shares=held.deposit_shares,
            deposit_scaling_factor_wad=factor_wad,
            beacon_chain_slashing_factor_wad=held.beacon_chain_slashing_factor_wad,
        ),
    )
    if operator == ZERO_ADDRESS:
        return None
    operator_strategy: Pair = (operator, BEACON_CHAIN_ETH)
    shares = draft.get(OPERATOR_SHARES, operator_strategy).shares + added_shares
    if shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    draft.put(OPERATOR_SHARES, operator_strategy, OperatorShares(shares))
    return None


def _rescaling_overflow(
    factor_wad: int, deposit_shares_before: int, added_shares: int, slashing_factor_wad: int
) -> Reason | None:
    """The reason of the revert if the computation of a new deposit scaling factor exceeds uint256, else None.

    `factor_wad` is the factor before the `added_shares`.
    Rejects: MUL_DIV_OVERFLOW, ARITHMETIC_PANIC. Source: SlashingLib.update.
    """
    if deposit_shares_before == 0:
        is_too_large = div_wad_floor(factor_wad, slashing_factor_wad) > UINT256_MAX
        return Reason.MUL_DIV_OVERFLOW if is_too_large else None
    if scaled_shares(deposit_shares_before, factor_wad) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    shares = withdrawable_shares(deposit_shares_before, factor_wad, slashing_factor_wad) + added_shares
    if shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    worth_wad = div_wad_floor(shares, deposit_shares_before + added_shares)
    if worth_wad > UINT256_MAX or div_wad_floor(worth_wad, slashing_factor_wad) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    return None


def book_burnable_eth(draft: Draft, shares: int) -> Reason | None:
    """Add slashed native shares to their running total, which never decreases. Rejects: ARITHMETIC_PANIC if it exceeds
    uint256.

    Source: EigenPodManager.increaseBurnOrRedistributableShares.
    """
    burnable_shares = draft.get(BURNABLE_ETH, SINGLETON).shares + shares
    if burnable_shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    draft.put(BURNABLE_ETH, SINGLETON, BurnableEth(burnable_shares))
    return None
