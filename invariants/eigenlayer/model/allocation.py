"""Model laws of EigenLayer's allocations: the guards of changes, and the effect of clearing a queue."""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.state_queries import (
    can_slash_allocation,
    delay_in_force,
    due_magnitude,
    is_beyond_uint32,
    is_operator,
    settled_magnitudes,
)
from invariants.law import AcceptedStep, Scope, StepLaw
from spec.arithmetic import UINT64_MAX
from spec.eigenlayer.actions import ClearDeallocationQueue, ModifyAllocations, SetAllocationDelay
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SETS,
    QUEUED_DEALLOCATIONS,
)
from spec.machine import SINGLETON, Draft


def _set_allocation_delay(rows: Draft, call: SetAllocationDelay) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(rows, call.operator):
        return Reason.INVALID_OPERATOR
    delay_blocks = rows.get(CONFIG, SINGLETON).allocation_configuration_delay_blocks
    return Reason.ARITHMETIC_PANIC if is_beyond_uint32(rows, delay_blocks + 1) else None


def _modify_allocations(rows: Draft, call: ModifyAllocations) -> Reason | None:
    """The guards of ModifyAllocations: the first reason to reject the call, or None.

    After an increase, the encumbered magnitude must not exceed the max magnitude; deallocations that are due no longer
    count in it. No effect block may exceed 32 bits.
    """
    operator = call.operator
    if call.sender != operator:
        return Reason.INVALID_PERMISSIONS
    delay_blocks = delay_in_force(rows, operator)
    if delay_blocks is None:
        return Reason.UNINITIALIZED_ALLOCATION_DELAY
    for request in call.requests:
        if len(request.strategies) != len(request.new_magnitudes):
            return Reason.INPUT_ARRAY_LENGTH_MISMATCH
        if not rows.get(OPERATOR_SETS, request.operator_set).exists:
            return Reason.INVALID_OPERATOR_SET
        for position, strategy in enumerate(request.strategies):
            magnitude, _, is_pending = settled_magnitudes(rows, operator, request.operator_set, strategy)
            if is_pending:
                return Reason.MODIFICATION_ALREADY_PENDING
            added_magnitude = request.new_magnitudes[position] - magnitude
            if added_magnitude == 0:
                return Reason.SAME_MAGNITUDE
            if added_magnitude > 0:
                encumbered_magnitude = rows.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
                encumbered_magnitude += added_magnitude - due_magnitude(rows, operator, strategy)
                if encumbered_magnitude > UINT64_MAX:
                    return Reason.UINT64_OVERFLOW
                if encumbered_magnitude > MAX_MAGNITUDES.latest(rows, (operator, strategy)):
                    return Reason.INSUFFICIENT_MAGNITUDE
                if is_beyond_uint32(rows, delay_blocks):
                    return Reason.ARITHMETIC_PANIC
            elif can_slash_allocation(rows, operator, request.operator_set, strategy, magnitude) and (
                is_beyond_uint32(rows, rows.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1)
            ):
                return Reason.ARITHMETIC_PANIC
    return None


def _clear_deallocations(_rows: Draft, call: ClearDeallocationQueue) -> Reason | None:
    is_matched = len(call.strategies) == len(call.numbers_to_clear)
    return None if is_matched else Reason.INPUT_ARRAY_LENGTH_MISMATCH


def _clearing_settles_what_is_due(step: AcceptedStep[ClearDeallocationQueue]) -> bool:
    """True if due deallocations are cleared, oldest first, up to the requested number or the first that is not due.

    If the requested number covers all due ones, clearing again must free no magnitude. Calls that name a strategy twice
    are not judged.
    """
    call = step.action
    before, block = step.before.rows, current_block(step.before.rows)
    if len(set(call.strategies)) != len(call.strategies):
        return True
    for strategy, number in zip(call.strategies, call.numbers_to_clear, strict=True):
        queue = before.get(DEALLOCATION_QUEUES, (call.operator, strategy))
        due = 0
        for position in range(queue.first, queue.end):
            operator_set = before.get(QUEUED_DEALLOCATIONS, (call.operator, strategy, position)).operator_set
            if before.get(ALLOCATIONS, (call.operator, operator_set, strategy)).effect_block > block:
                break
            due += 1
        after = step.after.rows.get(DEALLOCATION_QUEUES, (call.operator, strategy))
        if (after.first, after.end) != (queue.first + min(due, number), queue.end):
            return False
        if number >= due and due_magnitude(step.after.rows, call.operator, strategy) != 0:
            return False
    return True


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    SetAllocationDelay: _set_allocation_delay,
    ModifyAllocations: _modify_allocations,
    ClearDeallocationQueue: _clear_deallocations,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "MAG-07",
        "Clearing settles due deallocations, oldest first, up to the number asked for.",
        "AllocationManager._clearDeallocationQueue",
        _clearing_settles_what_is_due,
        Scope((ClearDeallocationQueue,)),
    ),
]
