"""EigenLayer's rejection laws: calls that must never be rejected, whatever other accounts did."""

from typing import Final

from invariants.eigenlayer.state_queries import (
    can_slash,
    cannot_be_resolved,
    delay_in_force,
    held_shares,
    held_strategies,
    is_beyond_uint32,
    is_native_eth_covered,
    is_native_slash_in_range,
    scaling_factor_wad,
    settled_magnitudes,
    slasher_in_force,
)
from invariants.law import AnyRejection, RejectionLaw, Scope, View
from spec.arithmetic import UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import DeregisterFromOperatorSets, ModifyAllocations, SlashOperator, Undelegate
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.state import (
    AVSS,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    REGISTRATIONS,
    STAKERS,
    STRATEGIES,
    OperatorSet,
)
from spec.machine import SINGLETON


def _may_undelegate(before: View, action: Undelegate) -> bool:
    """True if the sender may end this delegation: it is the staker, its operator or that operator's approver.

    No count of queued shares may overflow, and the operator's shares must cover the staker's native ETH.
    """
    call, rows = action, before.rows
    operator = rows.get(STAKERS, call.staker).delegated_to
    approver = rows.get(OPERATOR_DETAILS, operator).delegation_approver
    if operator in (ZERO_ADDRESS, call.staker) or call.sender not in (call.staker, operator, approver):
        return False
    for strategy in held_strategies(rows, call.staker):
        shares = held_shares(rows, call.staker, strategy)
        scaled = mul_div_floor(shares, scaling_factor_wad(rows, call.staker, strategy), WAD)
        if CUMULATIVE_SCALED_SHARES.latest(rows, (operator, strategy)) + scaled > UINT256_MAX:
            return False
        if strategy == BEACON_CHAIN_ETH and not is_native_eth_covered(rows, call.staker, shares):
            return False
    return True


def _may_leave_sets(before: View, action: DeregisterFromOperatorSets) -> bool:
    """True if the operator or the AVS ends registrations that exist, naming each operator set once.

    The AVS must have a registrar, and the end of the deallocation delay must fit 32 bits.
    """
    call, rows = action, before.rows
    if call.sender not in (call.operator, call.avs) or not rows.get(AVSS, call.avs).has_registrar:
        return False
    for position, number in enumerate(call.operator_set_ids):
        # Compared by equality, not by hash: in proofs an operator set's number is a symbolic integer.
        if number in call.operator_set_ids[:position]:
            return False
        operator_set: OperatorSet = (call.avs, number)
        is_there = rows.get(OPERATOR_SETS, operator_set).exists
        if not is_there or not rows.get(REGISTRATIONS, (call.operator, operator_set)).is_registered:
            return False
    return not is_beyond_uint32(rows, rows.get(CONFIG, SINGLETON).deallocation_delay_blocks)


def _may_take_back(before: View, action: ModifyAllocations) -> bool:
    """True if the call lowers one allocation that has no pending change, as the operator's only request.

    The end of the deallocation delay must fit 32 bits.
    """
    call, rows = action, before.rows
    if call.sender != call.operator or delay_in_force(rows, call.operator) is None or len(call.requests) != 1:
        return False
    request = call.requests[0]
    if len(request.strategies) != 1 or len(request.new_magnitudes) != 1:
        return False
    magnitude, _, is_pending = settled_magnitudes(rows, call.operator, request.operator_set, request.strategies[0])
    return (
        rows.get(OPERATOR_SETS, request.operator_set).exists
        and not is_pending
        and 0 <= request.new_magnitudes[0] < magnitude
        and not is_beyond_uint32(rows, rows.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1)
    )


def _may_slash(before: View, action: SlashOperator) -> bool:
    """True if the slasher in force makes a valid slash.

    The operator must be slashable by the set. The strategies must be the set's, in the order of their addresses, and
    each fraction must be in (0, WAD]. One withdrawal delay back, there must have been a block, and the block in which
    the slash can be paid must fit 32 bits. The counts of native ETH must be in range.
    """
    call, rows = action, before.rows
    operator_set: OperatorSet = (call.avs, call.operator_set_id)
    if call.sender != slasher_in_force(rows, operator_set) or not rows.get(OPERATOR_SETS, operator_set).exists:
        return False
    if not can_slash(rows, operator_set, call.operator) or len(call.strategies) != len(call.wads_to_slash):
        return False
    last_rank = -1
    for position, strategy in enumerate(call.strategies):
        rank = rows.get(STRATEGIES, strategy).address_rank
        is_in_order = position == 0 or last_rank < rank
        last_rank = rank
        if not is_in_order or not 0 < call.wads_to_slash[position] <= WAD:
            return False
        if not rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
            return False
        if strategy == BEACON_CHAIN_ETH and not is_native_slash_in_range(rows, call.operator):
            return False
    if cannot_be_resolved(rows):
        return False
    return current_block(rows) > rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "LIVE-01",
        "A delegation can always be ended, by the staker, by its operator or by the operator's approver, if the "
        "operator's shares cover the staker's native ETH.",
        "DelegationManager.undelegate",
        _is_never_right,
        Scope((Undelegate,)),
        applies_to=_may_undelegate,
    ),
    RejectionLaw(
        "LIVE-02",
        "An operator can always leave its operator sets, and the AVS can always remove it.",
        "AllocationManager.deregisterFromOperatorSets",
        _is_never_right,
        Scope((DeregisterFromOperatorSets,)),
        applies_to=_may_leave_sets,
    ),
    RejectionLaw(
        "LIVE-03",
        "An operator can always lower an allocation that has no pending change.",
        "AllocationManager.modifyAllocations",
        _is_never_right,
        Scope((ModifyAllocations,)),
        applies_to=_may_take_back,
    ),
    RejectionLaw(
        "LIVE-04",
        "The slasher in force can always slash any operator slashable by its set, in all strategies of the set.",
        "AllocationManager.slashOperator",
        _is_never_right,
        Scope((SlashOperator,)),
        applies_to=_may_slash,
    ),
]
