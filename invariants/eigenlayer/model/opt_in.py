"""Model laws of operator sets and registrations: the guards of changes, and the rows that they set."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.eigenlayer.state_queries import can_slash, is_beyond_uint32, is_operator, slasher_in_force
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DeregisterFromOperatorSets,
    MineBlocks,
    OperatorSetRequest,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    AVSS,
    CONFIG,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    REGISTRATIONS,
    SLASHERS,
    STRATEGIES,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft


def _its_own_avs(_rows: Draft, call: UpdateAvsMetadata) -> Reason | None:
    return None if call.sender == call.avs else Reason.INVALID_PERMISSIONS


def _creating(rows: Draft, avs: str, request: OperatorSetRequest, is_burning: bool) -> Reason | None:
    """The first reason against creating an operator set, or None.

    The set must be new, name each strategy once, and have a slasher. A set with native ETH must burn slashed shares,
    which `is_burning` says.
    """
    if rows.get(OPERATOR_SETS, (avs, request.operator_set_id)).exists:
        return Reason.INVALID_OPERATOR_SET
    for position, strategy in enumerate(request.strategies):
        if strategy == BEACON_CHAIN_ETH and not is_burning:
            return Reason.INVALID_STRATEGY
        if strategy in request.strategies[:position]:
            return Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    return Reason.INPUT_ADDRESS_ZERO if request.slasher == ZERO_ADDRESS else None


def _create_operator_sets(rows: Draft, call: CreateOperatorSets) -> Reason | None:
    if call.sender != call.avs:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(AVSS, call.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for request in call.requests:
        reason = _creating(rows, call.avs, request, is_burning=True)
        if reason is not None:
            return reason
    return None


def _create_redistributing_operator_sets(rows: Draft, call: CreateRedistributingOperatorSets) -> Reason | None:
    if call.sender != call.avs:
        return Reason.INVALID_PERMISSIONS
    if len(call.requests) != len(call.recipients):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not rows.get(AVSS, call.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for position, request in enumerate(call.requests):
        recipient = call.recipients[position]
        if recipient == ZERO_ADDRESS:
            return Reason.INPUT_ADDRESS_ZERO
        if recipient == BURN_ADDRESS:
            return Reason.INVALID_REDISTRIBUTION_RECIPIENT
        reason = _creating(rows, call.avs, request, is_burning=False)
        if reason is not None:
            return reason
    return None


def _change_strategies(
    rows: Draft, sender: str, operator_set: OperatorSet, strategies: tuple[str, ...], are_members: bool
) -> Reason | None:
    """The first reason against adding or removing strategies of an operator set, or None.

    Only the AVS may do so. `are_members` is False to add strategies, which must be new, and True to remove them. Native
    ETH may only be added to a set that burns slashed shares.
    """
    if sender != operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    is_burning = rows.get(OPERATOR_SETS, operator_set).redistribution_recipient == BURN_ADDRESS
    for strategy in strategies:
        if strategy == BEACON_CHAIN_ETH and not are_members and not is_burning:
            return Reason.INVALID_STRATEGY
        if rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member != are_members:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET if are_members else Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    return None


def _add_strategies(rows: Draft, call: AddStrategiesToOperatorSet) -> Reason | None:
    return _change_strategies(rows, call.sender, (call.avs, call.operator_set_id), call.strategies, False)


def _remove_strategies(rows: Draft, call: RemoveStrategiesFromOperatorSet) -> Reason | None:
    return _change_strategies(rows, call.sender, (call.avs, call.operator_set_id), call.strategies, True)


def _update_slasher(rows: Draft, call: UpdateSlasher) -> Reason | None:
    if call.sender != call.operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(OPERATOR_SETS, call.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if call.slasher == ZERO_ADDRESS:
        return Reason.INPUT_ADDRESS_ZERO
    row = rows.get(SLASHERS, call.operator_set)
    is_proposed_already = call.slasher == row.pending_slasher and current_block(rows) < row.effect_block
    delay_blocks = rows.get(CONFIG, SINGLETON).slasher_configuration_delay_blocks
    is_late = not is_proposed_already and is_beyond_uint32(rows, delay_blocks + 1)
    return Reason.ARITHMETIC_PANIC if is_late else None


def _join_sets(rows: Draft, call: RegisterForOperatorSets) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(rows, call.operator):
        return Reason.INVALID_OPERATOR
    for number in call.operator_set_ids:
        if not rows.get(OPERATOR_SETS, (call.avs, number)).exists:
            return Reason.INVALID_OPERATOR_SET
        if can_slash(rows, (call.avs, number), call.operator):
            return Reason.ALREADY_MEMBER_OF_SET
    return None if rows.get(AVSS, call.avs).has_registrar else Reason.EMPTY_REVERT


def _leave_sets(rows: Draft, call: DeregisterFromOperatorSets) -> Reason | None:
    if call.sender not in (call.operator, call.avs):
        return Reason.INVALID_CALLER
    for number in call.operator_set_ids:
        if not rows.get(OPERATOR_SETS, (call.avs, number)).exists:
            return Reason.INVALID_OPERATOR_SET
        if not rows.get(REGISTRATIONS, (call.operator, (call.avs, number))).is_registered:
            return Reason.NOT_MEMBER_OF_SET
        if is_beyond_uint32(rows, rows.get(CONFIG, SINGLETON).deallocation_delay_blocks):
            return Reason.ARITHMETIC_PANIC
    return None if rows.get(AVSS, call.avs).has_registrar else Reason.EMPTY_REVERT


def _set_is_as_asked(step: AcceptedStep[CreateOperatorSets | CreateRedistributingOperatorSets]) -> bool:
    """True if each new operator set of the call has the requested strategies, slasher and recipient, and no slashes."""
    call = step.action
    rows = step.after.rows
    for position, request in enumerate(call.requests):
        created = (call.avs, request.operator_set_id)
        recipient = call.recipients[position] if isinstance(call, CreateRedistributingOperatorSets) else BURN_ADDRESS
        details = rows.get(OPERATOR_SETS, created)
        if (details.exists, details.redistribution_recipient, details.slash_count) != (True, recipient, 0):
            return False
        if slasher_in_force(rows, created) != request.slasher:
            return False
        if not all(rows.get(OPERATOR_SET_STRATEGIES, (created, strategy)).is_member for strategy in request.strategies):
            return False
    return True


def _switch_is_thrown(step: AnyStep) -> bool:
    """True if the flag that a call names has the requested value afterwards, such as a strategy's membership of a set.

    For MineBlocks, the current block must have grown by the requested number of blocks.
    """
    call, rows = step.action, step.after.rows
    if isinstance(call, UpdateAvsMetadata):
        return rows.get(AVSS, call.avs).has_metadata
    if isinstance(call, AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist):
        is_open = isinstance(call, AddStrategiesToDepositWhitelist)
        return all(rows.get(STRATEGIES, strategy).is_whitelisted == is_open for strategy in call.strategies)
    if isinstance(call, MineBlocks):
        return current_block(rows) == current_block(step.before.rows) + call.blocks
    changed = cast("AddStrategiesToOperatorSet | RemoveStrategiesFromOperatorSet", call)
    is_added = isinstance(call, AddStrategiesToOperatorSet)
    operator_set = (changed.avs, changed.operator_set_id)
    return all(
        rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member == is_added
        for strategy in changed.strategies
    )


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    UpdateAvsMetadata: _its_own_avs,
    CreateOperatorSets: _create_operator_sets,
    CreateRedistributingOperatorSets: _create_redistributing_operator_sets,
    AddStrategiesToOperatorSet: _add_strategies,
    RemoveStrategiesFromOperatorSet: _remove_strategies,
    UpdateSlasher: _update_slasher,
    RegisterForOperatorSets: _join_sets,
    DeregisterFromOperatorSets: _leave_sets,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SET-01",
        "A new operator set is as the call asks, and has no slashes.",
        "AllocationManager._createOperatorSet",
        _set_is_as_asked,
        Scope((CreateOperatorSets, CreateRedistributingOperatorSets)),
    ),
    StepLaw(
        "SET-02",
        "A flag that a call sets is set as asked, and the clock moves by the blocks mined.",
        "StrategyManager, AllocationManager",
        _switch_is_thrown,
        Scope(
            (
                MineBlocks,
                UpdateAvsMetadata,
                AddStrategiesToDepositWhitelist,
                RemoveStrategiesFromDepositWhitelist,
                AddStrategiesToOperatorSet,
                RemoveStrategiesFromOperatorSet,
            )
        ),
    ),
]
