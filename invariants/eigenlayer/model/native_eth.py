"""Model laws of native ETH: the guards of pods, balance reports and moves of native shares, and their effects.

The other model files use this one for native ETH, as the rules of delegation, withdrawals and slashing do.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.movements import operator_gained
from invariants.eigenlayer.solvency import queued_in_window
from invariants.eigenlayer.state_queries import fraction_left_wad, held_shares, settled_magnitudes, worth
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.arithmetic import (
    INT256_MAX,
    INT256_MIN,
    UINT64_MAX,
    UINT256_MAX,
    WAD,
    div_floor,
    is_multiple,
    mul_div_ceil,
    mul_div_floor,
)
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CreatePod,
    DelegateTo,
    FundPod,
    PlantPodOwnerDepositShares,
    RecordBeaconChainEthBalanceUpdate,
    RegisterAsOperator,
    SlashOperator,
)
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    BURNABLE_ETH,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    STAKERS,
    WITHDRAWALS,
    Pair,
    Pod,
)
from spec.machine import SINGLETON, Draft


def _magnitude(rows: Draft, staker: str) -> int:
    """The magnitude in native ETH, in WAD, of a staker's operator; WAD if the staker has no operator."""
    return MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, BEACON_CHAIN_ETH))


def taking(held: int, shares: int) -> Reason | None:
    """The first reason against taking native shares from a staker that holds `held`, or None.

    The staker must hold as many; taking zero shares is allowed. The shares taken, and the number left, must fit signed
    256 bits.
    """
    if shares > INT256_MAX:
        return Reason.INT256_OVERFLOW
    if held - shares < INT256_MIN:
        return Reason.ARITHMETIC_PANIC
    return Reason.SHARES_NEGATIVE if held < shares else None


def _rescaling(factor_wad: int, shares_before: int, joined_shares: int, fraction_wad: int) -> Reason | None:
    """The first reason against the new scaling factor of shares that others join, or None: a number beyond 256 bits, or
    a factor of zero.

    `factor_wad` is the old factor. `fraction_wad` is the fraction that slashing has left, in WAD, and is positive.
    """
    if shares_before > 0:
        scaled = mul_div_floor(shares_before, factor_wad, WAD)
        if scaled > UINT256_MAX:
            return Reason.MUL_DIV_OVERFLOW
        worth_shares = mul_div_floor(scaled, fraction_wad, WAD) + joined_shares
        if worth_shares > UINT256_MAX:
            return Reason.ARITHMETIC_PANIC
        factor_wad = mul_div_floor(worth_shares, WAD, shares_before + joined_shares)
        if factor_wad > UINT256_MAX:
            return Reason.MUL_DIV_OVERFLOW
    factor_wad = mul_div_floor(factor_wad, WAD, fraction_wad)
    if factor_wad > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    return Reason.INVALID_DEPOSIT_SCALING_FACTOR if factor_wad == 0 else None


def _is_operator_full(rows: Draft, operator: str, joined_shares: int) -> bool:
    shares = rows.get(OPERATOR_SHARES, (operator, BEACON_CHAIN_ETH)).shares
    return operator != ZERO_ADDRESS and shares + joined_shares > UINT256_MAX


def joined(rows: Draft, staker: str, added_shares: int) -> int:
    """The number of added native shares that count as joined: those left after they repay the staker's deficit."""
    held = held_shares(rows, staker, BEACON_CHAIN_ETH)
    return max(held + added_shares, 0) - max(held, 0)


def _joining(rows: Draft, staker: str, added_shares: int) -> Reason | None:
    """The first reason against adding native shares to a staker, or None.

    The new sum must fit signed 256 bits, and the staker must not be fully slashed. The scaling factor and the
    operator's shares must fit 256 bits.
    """
    held = held_shares(rows, staker, BEACON_CHAIN_ETH)
    if added_shares > INT256_MAX:
        return Reason.SHARES_NEGATIVE
    if held + added_shares > INT256_MAX:
        return Reason.ARITHMETIC_PANIC
    fraction_wad = fraction_left_wad(rows, staker, BEACON_CHAIN_ETH, _magnitude(rows, staker))
    if fraction_wad == 0:
        return Reason.FULLY_SLASHED
    joined_shares = joined(rows, staker, added_shares)
    if joined_shares == 0:
        return None
    factor_wad = rows.get(POD_OWNERS, staker).deposit_scaling_factor_wad
    reason = _rescaling(factor_wad, max(held, 0), joined_shares, fraction_wad)
    if reason is not None:
        return reason
    is_full = _is_operator_full(rows, rows.get(STAKERS, staker).delegated_to, joined_shares)
    return Reason.ARITHMETIC_PANIC if is_full else None


def brought(rows: Draft, staker: str) -> int:
    """The native shares that a staker brings to an operator: its deposit shares, scaled, less its beacon
    chain losses.
    """
    row = rows.get(POD_OWNERS, staker)
    return worth(row.deposit_shares, row.deposit_scaling_factor_wad, row.beacon_chain_slashing_factor_wad)


def delegating(rows: Draft, staker: str, operator: str) -> Reason | None:
    """The first reason against bringing a staker's native shares to an operator, or None.

    The operator must have magnitude left in native ETH. A staker whose shares are all lost is not rejected for that.
    """
    row = rows.get(POD_OWNERS, staker)
    if row.deposit_shares <= 0:
        return None
    if mul_div_floor(row.deposit_shares, row.deposit_scaling_factor_wad, WAD) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    magnitude = MAX_MAGNITUDES.latest(rows, (operator, BEACON_CHAIN_ETH))
    if magnitude == 0:
        return Reason.FULLY_SLASHED
    brought_shares = brought(rows, staker)
    if brought_shares == 0:
        return None
    reason = _rescaling(row.deposit_scaling_factor_wad, 0, brought_shares, magnitude)
    if reason is not None:
        return reason
    return Reason.ARITHMETIC_PANIC if _is_operator_full(rows, operator, brought_shares) else None


def _due_gwei(rows: Draft, staker: str, shares: int) -> int:
    """The amount in gwei that a pod pays for a staker's native shares. The shares repay the staker's deficit first.

    The rest is rounded down to gwei, and reduced to 64 bits.
    """
    rest = shares + min(held_shares(rows, staker, BEACON_CHAIN_ETH), 0)
    return low_64(div_floor(max(rest, 0), GWEI_TO_WEI))


def low_64(amount: int) -> int:
    """The low 64 bits of an amount."""
    return amount - div_floor(amount, UINT64_MAX + 1) * (UINT64_MAX + 1)


def completing(rows: Draft, staker: str, shares: int, is_paid: bool) -> Reason | None:
    """The first reason against completing a withdrawal of `shares` native shares, or None. `shares` is positive.

    If not `is_paid`, the staker gets the shares back, with the reasons of `_joining`. If `is_paid`, the shares first
    fill the staker's deficit. The staker's pod pays the rest as ETH: it must exist and hold enough.
    """
    if not is_paid:
        return _joining(rows, staker, shares)
    held = held_shares(rows, staker, BEACON_CHAIN_ETH)
    if shares > INT256_MAX:
        return Reason.SHARES_NEGATIVE
    if held == INT256_MIN:
        return Reason.ARITHMETIC_PANIC
    if shares + min(held, 0) <= 0:
        return None
    pod = rows.get(PODS, staker)
    if not pod.exists:
        return Reason.EMPTY_REVERT
    is_short = pod.withdrawable_gwei < _due_gwei(rows, staker, shares)
    return Reason.INSUFFICIENT_WITHDRAWABLE_BALANCE if is_short else None


def is_slash_too_wide(rows: Draft, call: SlashOperator, position: int) -> bool:
    """True if a slash of native ETH overflows a count: the queued shares in the slashing window are negative, or the
    burnable shares would exceed 256 bits.

    `position` is the index of native ETH among the strategies of `call`. The strategy is read from the call, so that a
    proof sees the very rows that the rule reads.
    """
    strategy = call.strategies[position]
    key: Pair = (call.operator, strategy)
    queued = queued_in_window(rows, call.operator, strategy)
    if queued < 0:
        return True
    operator_set = (call.avs, call.operator_set_id)
    allocated = settled_magnitudes(rows, call.operator, operator_set, strategy)[0]
    before = MAX_MAGNITUDES.latest(rows, key)
    left = before - mul_div_ceil(allocated, call.wads_to_slash[position], WAD)
    taken = 0
    for shares in (rows.get(OPERATOR_SHARES, key).shares, mul_div_floor(queued, before, WAD)):
        taken += shares - mul_div_ceil(shares, left, before)
    return rows.get(BURNABLE_ETH, SINGLETON).shares + taken > UINT256_MAX


def burnable_growth(step: AnyStep) -> int:
    """The increase of burnable native shares, those slashed and not yet burned, in a step."""
    return step.after.rows.get(BURNABLE_ETH, SINGLETON).shares - step.before.rows.get(BURNABLE_ETH, SINGLETON).shares


def _create(rows: Draft, call: CreatePod) -> Reason | None:
    return Reason.EIGEN_POD_ALREADY_EXISTS if rows.get(PODS, call.sender).exists else None


def _record(rows: Draft, call: RecordBeaconChainEthBalanceUpdate) -> Reason | None:
    """The first reason to reject a balance report, or None.

    The report must come from the owner's pod, in whole gwei, and the owner must have no deficit. A gain has the reasons
    of `_joining`. A loss must not exceed the balance before. The owner's operator must then have all shares that the
    owner gives up, and products must fit 256 bits.
    """
    owner, delta_wei = call.pod_owner, call.balance_delta_wei
    if not (call.is_from_pod and call.sender == owner and rows.get(PODS, owner).exists):
        return Reason.ONLY_EIGEN_POD
    if not is_multiple(delta_wei, GWEI_TO_WEI):
        return Reason.SHARES_NOT_MULTIPLE_OF_GWEI
    held = held_shares(rows, owner, BEACON_CHAIN_ETH)
    if held < 0:
        return Reason.LEGACY_WITHDRAWALS_NOT_COMPLETED
    if delta_wei > 0:
        return _joining(rows, owner, delta_wei)
    if delta_wei == 0:
        return None
    if -delta_wei > call.prev_restaked_balance_wei:
        return Reason.ARITHMETIC_PANIC
    operator = rows.get(STAKERS, owner).delegated_to
    if operator == ZERO_ADDRESS:
        return None
    if mul_div_floor(held, rows.get(POD_OWNERS, owner).deposit_scaling_factor_wad, WAD) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    is_short = _given_up(rows, call) > rows.get(OPERATOR_SHARES, (operator, BEACON_CHAIN_ETH)).shares
    return Reason.ARITHMETIC_PANIC if is_short else None


def _factor_after(rows: Draft, call: RecordBeaconChainEthBalanceUpdate) -> int:
    """The beacon chain slashing factor after a report, rounded down; a gain leaves it unchanged."""
    factor_wad = rows.get(POD_OWNERS, call.pod_owner).beacon_chain_slashing_factor_wad
    if call.balance_delta_wei >= 0:
        return factor_wad
    left_wei = call.prev_restaked_balance_wei + call.balance_delta_wei
    return mul_div_floor(factor_wad, left_wei, call.prev_restaked_balance_wei)


def _given_up(rows: Draft, call: RecordBeaconChainEthBalanceUpdate) -> int:
    """The shares that the owner's operator gives up for a reported loss, rounded down."""
    row = rows.get(POD_OWNERS, call.pod_owner)
    lost_wad = row.beacon_chain_slashing_factor_wad - _factor_after(rows, call)
    fraction_wad = mul_div_floor(_magnitude(rows, call.pod_owner), lost_wad, WAD)
    return worth(row.deposit_shares, row.deposit_scaling_factor_wad, fraction_wad)


def _factor_joined(rows: Draft, staker: str, shares_before: int, joined_shares: int, fraction_wad: int) -> int:
    """The scaling factor of a staker after native shares have joined those before, with each division rounded down.

    `fraction_wad` is the fraction that slashing has left, in WAD. The factor is unchanged if no shares join, or if
    slashing has left nothing.
    """
    factor_wad = rows.get(POD_OWNERS, staker).deposit_scaling_factor_wad
    if joined_shares == 0 or fraction_wad == 0:
        return factor_wad
    if shares_before > 0:
        worth_shares = worth(shares_before, factor_wad, fraction_wad) + joined_shares
        factor_wad = mul_div_floor(worth_shares, WAD, shares_before + joined_shares)
    return mul_div_floor(factor_wad, WAD, fraction_wad)


def _has_joined(step: AnyStep, staker: str, added_shares: int) -> bool:
    """True if added native shares have given a staker the exact deposit shares, scaling factor and operator shares."""
    before, after = step.before.rows, step.after.rows
    operator, held = before.get(STAKERS, staker).delegated_to, held_shares(before, staker, BEACON_CHAIN_ETH)
    joined_shares = joined(before, staker, added_shares)
    fraction_wad = fraction_left_wad(before, staker, BEACON_CHAIN_ETH, _magnitude(before, staker))
    row = after.get(POD_OWNERS, staker)
    return (
        row.deposit_shares == held + added_shares
        and row.deposit_scaling_factor_wad == _factor_joined(before, staker, max(held, 0), joined_shares, fraction_wad)
        and row.beacon_chain_slashing_factor_wad == before.get(POD_OWNERS, staker).beacon_chain_slashing_factor_wad
        and operator_gained(step, operator, BEACON_CHAIN_ETH) == (0 if operator == ZERO_ADDRESS else joined_shares)
    )


def paid_wei(step: AnyStep, account: str) -> int:
    """The ETH that pods paid to an account in a step, in wei."""
    return (
        step.after.rows.get(ETH_BALANCES, account).amount_wei - step.before.rows.get(ETH_BALANCES, account).amount_wei
    )


def is_paid_or_joined(step: AcceptedStep[CompleteQueuedWithdrawal], shares: int) -> bool:
    """True if a completed withdrawal's native shares first repaid a deficit and the pod paid the rest, or if the shares
    were returned to the staker.

    Withdrawals that list several strategies are not judged: each listing of native ETH would be rounded by itself.
    """
    staker, completion = step.action.completion.staker, step.action.completion
    before, after = step.before.rows, step.after.rows
    count = before.get(WITHDRAWALS, (staker, completion.nonce)).strategy_count
    if count > 1:
        return True
    if not completion.receive_as_tokens:
        return shares == 0 or _has_joined(step, staker, shares)
    held = held_shares(before, staker, BEACON_CHAIN_ETH)
    repaid = min(shares, max(-held, 0))
    paid_gwei = _due_gwei(before, staker, shares)
    pod, pod_after = before.get(PODS, staker), after.get(PODS, staker)
    return (
        held_shares(after, staker, BEACON_CHAIN_ETH) == held + repaid
        and paid_wei(step, staker) == paid_gwei * GWEI_TO_WEI
        and pod.withdrawable_gwei - pod_after.withdrawable_gwei == paid_gwei
        and pod.balance_wei - pod_after.balance_wei == paid_gwei * GWEI_TO_WEI
    )


def _report_is_booked(step: AcceptedStep[RecordBeaconChainEthBalanceUpdate]) -> bool:
    """True if a balance report changes the owner's and the operator's shares exactly.

    A gain joins the owner's shares. A loss lowers the owner's beacon chain slashing factor in proportion to the
    balance, and the operator gives up the worth of that; both round down. A report without a change does nothing.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    if call.balance_delta_wei > 0:
        return _has_joined(step, call.pod_owner, call.balance_delta_wei)
    row, row_after = before.get(POD_OWNERS, call.pod_owner), after.get(POD_OWNERS, call.pod_owner)
    operator = before.get(STAKERS, call.pod_owner).delegated_to
    given_up = 0 if operator == ZERO_ADDRESS else _given_up(before, call)
    return (
        row_after.beacon_chain_slashing_factor_wad == _factor_after(before, call)
        and row_after.deposit_shares == row.deposit_shares
        and row_after.deposit_scaling_factor_wad == row.deposit_scaling_factor_wad
        and operator_gained(step, operator, BEACON_CHAIN_ETH) == -given_up
    )


def _delegation_brings_native_eth(step: AcceptedStep[DelegateTo | RegisterAsOperator]) -> bool:
    """True if a delegating staker brings to the operator its native shares less its beacon chain losses.

    Earlier slashes of the operator must not reduce them: the scaling factor makes up for these.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    operator = call.operator if isinstance(call, DelegateTo) else call.sender
    row, row_after = before.get(POD_OWNERS, call.sender), after.get(POD_OWNERS, call.sender)
    brought_shares = brought(before, call.sender) if row.deposit_shares > 0 else 0
    magnitude = MAX_MAGNITUDES.latest(before, (operator, BEACON_CHAIN_ETH))
    factor_wad = row.deposit_scaling_factor_wad
    if brought_shares > 0 and magnitude > 0:
        factor_wad = mul_div_floor(factor_wad, WAD, magnitude)
    return (
        operator_gained(step, operator, BEACON_CHAIN_ETH) == brought_shares
        and row_after.deposit_shares == row.deposit_shares
        and row_after.beacon_chain_slashing_factor_wad == row.beacon_chain_slashing_factor_wad
        and row_after.deposit_scaling_factor_wad == factor_wad
    )


def _pod_is_as_told(step: AcceptedStep[CreatePod | FundPod | PlantPodOwnerDepositShares]) -> bool:
    """True if a new pod is empty, arriving ETH is added to the pod's balance, and a planted deficit is stored as given.

    The withdrawable amount of a pod grows by the arriving amount in gwei, rounded down.
    """
    action, before, after = step.action, step.before.rows, step.after.rows
    if isinstance(action, CreatePod):
        return after.get(PODS, action.sender) == Pod(exists=True)
    if isinstance(action, PlantPodOwnerDepositShares):
        row, row_after = before.get(POD_OWNERS, action.staker), after.get(POD_OWNERS, action.staker)
        return (
            row_after.deposit_shares == action.shares
            and row_after.deposit_scaling_factor_wad == row.deposit_scaling_factor_wad
            and row_after.beacon_chain_slashing_factor_wad == row.beacon_chain_slashing_factor_wad
        )
    pod, pod_after = before.get(PODS, action.pod_owner), after.get(PODS, action.pod_owner)
    amount_wei = action.amount_wei if pod.exists else 0
    return (
        pod_after.balance_wei == pod.balance_wei + amount_wei
        and pod_after.withdrawable_gwei == pod.withdrawable_gwei + div_floor(amount_wei, GWEI_TO_WEI)
        and pod_after.exists == pod.exists
    )


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    CreatePod: _create,
    RecordBeaconChainEthBalanceUpdate: _record,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "ETH-10",
        "A reported gain joins its owner as shares. A reported loss lowers the owner's beacon chain slashing factor as "
        "the balance fell, and takes from its operator what that is worth. All round down.",
        "EigenPodManager.recordBeaconChainETHBalanceUpdate, DelegationManager.decreaseDelegatedShares",
        _report_is_booked,
        Scope((RecordBeaconChainEthBalanceUpdate,)),
    ),
    StepLaw(
        "ETH-11",
        "A staker that delegates brings its native ETH less its losses on the beacon chain, and earlier slashes of the "
        "operator hit none of it.",
        "DelegationManager._delegate",
        _delegation_brings_native_eth,
        Scope((DelegateTo, RegisterAsOperator)),
    ),
    StepLaw(
        "ETH-12",
        "A new pod is empty, and ETH that arrives at a pod is counted to the wei.",
        "EigenPodManager.createPod, EigenPod.receive",
        _pod_is_as_told,
        Scope((CreatePod, FundPod, PlantPodOwnerDepositShares)),
    ),
]
