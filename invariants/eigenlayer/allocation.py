"""The laws of EigenLayer's allocations: sums of magnitudes, delays of changes, and the order of queued
deallocations.
"""

from typing import Final

from invariants.eigenlayer.state_queries import delay_in_force, settled_magnitudes
from invariants.law import AcceptedStep, AnyStep, Scope, StateLaw, StepLaw, Sum, View, written
from spec.arithmetic import WAD
from spec.eigenlayer.actions import ClearDeallocationQueue, ModifyAllocations, RegisterAsOperator, SetAllocationDelay
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    CONFIG,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    QUEUED_DEALLOCATIONS,
    REGISTRATIONS,
    Allocation,
    OperatorSet,
    Pair,
)
from spec.machine import SINGLETON, Draft


def _change_of_each_allocation(step: AcceptedStep[ModifyAllocations]) -> bool:
    """True if every requested change of a magnitude is stored with the right amount and effect block, and queued if it
    has to wait as a decrease.

    An increase is encumbered at once and takes effect after the allocation delay in force. A decrease of a slashable
    allocation is queued and takes effect after the deallocation delay. Any other decrease takes effect at once.
    """
    call = step.action
    for request in call.requests:
        for position, strategy in enumerate(request.strategies):
            new_magnitude = request.new_magnitudes[position]
            if not _allocation_changes(step, call.operator, request.operator_set, strategy, new_magnitude):
                return False
    return True


def _allocation_changes(
    step: AnyStep, operator: str, operator_set: OperatorSet, strategy: str, new_magnitude: int
) -> bool:
    before, block = step.before.rows, current_block(step.before.rows)
    magnitude, _, _ = settled_magnitudes(before, operator, operator_set, strategy)
    row = step.after.rows.get(ALLOCATIONS, (operator, operator_set, strategy))
    registration = before.get(REGISTRATIONS, (operator, operator_set))
    is_slashable = (
        magnitude > 0
        and before.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
        and (registration.is_registered or block <= registration.slashable_until_block)
    )
    queue = before.get(DEALLOCATION_QUEUES, (operator, strategy))
    queue_after = step.after.rows.get(DEALLOCATION_QUEUES, (operator, strategy))
    if new_magnitude > magnitude:
        delay_blocks = delay_in_force(before, operator) or 0
        expected = (magnitude, new_magnitude - magnitude, block + delay_blocks)
    elif is_slashable:
        delay_blocks = before.get(CONFIG, SINGLETON).deallocation_delay_blocks
        expected = (magnitude, new_magnitude - magnitude, block + delay_blocks + 1)
        last = step.after.rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, queue.end))
        if last.operator_set != operator_set or queue_after.end != queue.end + 1:
            return False
    else:
        settled = settled_magnitudes(step.after.rows, operator, operator_set, strategy)
        return settled == (new_magnitude, 0, False) and queue_after.end == queue.end
    if expected[1] > 0 and queue_after.end != queue.end:
        return False
    return (row.current_magnitude, row.pending_diff_magnitude, row.effect_block) == expected


def _are_changes_apart(step: AcceptedStep[ModifyAllocations]) -> bool:
    """True if the call changes at least one allocation, and names no strategy twice.

    Then every change starts from the state before the call.
    """
    call = step.action
    strategies = [strategy for request in call.requests for strategy in request.strategies]
    return len(strategies) > 0 and (len(strategies) == 1 or len(set(strategies)) == len(strategies))


def _settling_changes_nothing_in_force(step: AnyStep) -> bool:
    """True if each allocation that the step wrote has the same current and pending magnitude as before the step.
    Changes whose effect block is reached are applied in both states before they are compared.
    """
    return all(
        settled_magnitudes(step.before.rows, key[0], key[1], key[2])
        == settled_magnitudes(step.after.rows, key[0], key[1], key[2])
        for key in written(step.delta, ALLOCATIONS)
    )


def _queue_is_in_order(view: View, subject: Pair) -> bool:
    """True if the effect blocks of an operator's queued deallocations in a strategy never decrease along the queue.
    `subject` is (operator, strategy).

    Entries without a pending decrease, which a slash or an early settlement leaves, are skipped.
    """
    queue = view.rows.get(DEALLOCATION_QUEUES, subject)
    last_block = 0
    for position in range(queue.first, queue.end):
        operator_set = view.rows.get(QUEUED_DEALLOCATIONS, (subject[0], subject[1], position)).operator_set
        row = view.rows.get(ALLOCATIONS, (subject[0], operator_set, subject[1]))
        if row.pending_diff_magnitude >= 0:
            continue
        if row.effect_block < last_block:
            return False
        last_block = row.effect_block
    return queue.first <= queue.end


def _delay_changes_later(step: AcceptedStep[RegisterAsOperator | SetAllocationDelay]) -> bool:
    """True if an allocation delay changes in the right block.

    A new operator's delay takes effect at once. A changed delay takes effect after the configuration delay, and the old
    delay stays in force until then.
    """
    call = step.action
    block = current_block(step.before.rows)
    if isinstance(call, RegisterAsOperator):
        return delay_in_force(step.after.rows, call.sender) == call.allocation_delay_blocks
    row = step.after.rows.get(ALLOCATION_DELAYS, call.operator)
    delay_blocks = step.before.rows.get(CONFIG, SINGLETON).allocation_configuration_delay_blocks
    return (
        delay_in_force(step.after.rows, call.operator) == delay_in_force(step.before.rows, call.operator)
        and row.pending_delay_blocks == call.delay_blocks
        and row.effect_block == block + delay_blocks + 1
    )


def _sets_wait_once(view: View, subject: Pair) -> bool:
    """True if no operator set occurs twice in the deallocation queue of an operator and a strategy.

    No queued set may have a pending increase in that strategy.
    """
    operator, strategy = subject
    queue = view.rows.get(DEALLOCATION_QUEUES, subject)
    waiting: list[OperatorSet] = []
    for position in range(queue.first, queue.end):
        operator_set = view.rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set
        # Compared by equality, not by hash: in proofs an operator set's number is a symbolic integer.
        if operator_set in waiting:
            return False
        if view.rows.get(ALLOCATIONS, (operator, operator_set, strategy)).pending_diff_magnitude > 0:
            return False
        waiting.append(operator_set)
    return True


def _zero_means_that_no_allocation_changes(view: View, subject: tuple[str, OperatorSet, str]) -> bool:
    row = view.rows.get(ALLOCATIONS, subject)
    return row.effect_block > 0 or row.pending_diff_magnitude == 0


def _zero_means_that_no_delay_changes(view: View, operator: str) -> bool:
    row = view.rows.get(ALLOCATION_DELAYS, operator)
    return row.effect_block > 0 or row.pending_delay_blocks == row.delay_blocks


def _allocating(_rows: Draft, key: tuple[str, OperatorSet, str], _row: Allocation) -> Pair:
    return (key[0], key[2])


def _allocated_magnitude(row: Allocation) -> int:
    return row.current_magnitude + max(row.pending_diff_magnitude, 0)


ALLOCATED: Final[Sum] = Sum("allocated", ALLOCATIONS, _allocating, _allocated_magnitude)
"""A sum per (operator, strategy): the magnitude allocated to all operator sets, pending increases included."""


def _encumbered_is_allocated(view: View, subject: Pair) -> bool:
    return view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude == view.total(ALLOCATED, subject)


def _magnitudes_are_ordered(view: View, subject: Pair) -> bool:
    encumbered_magnitude = view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude
    return 0 <= encumbered_magnitude <= MAX_MAGNITUDES.latest(view.rows, subject) <= WAD


def _allocation_is_sound(view: View, subject: tuple[str, tuple[str, int], str]) -> bool:
    row = view.rows.get(ALLOCATIONS, subject)
    return row.current_magnitude >= 0 and 0 <= row.current_magnitude + row.pending_diff_magnitude <= WAD


def _max_magnitudes_never_grow(step: AnyStep) -> bool:
    return all(
        MAX_MAGNITUDES.latest(step.after.rows, key) <= MAX_MAGNITUDES.latest(step.before.rows, key)
        for key in written(step.delta, MAX_MAGNITUDES.heads)
    )


def _same(key: object) -> object:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "MAG-01",
        "An operator's encumbered magnitude is the sum of its allocations, pending ones included.",
        "EigenLayer Certora: encumberedMagnitudeEqSumOfCurrentMagnitudesAndPositivePending",
        _encumbered_is_allocated,
        rows={ENCUMBERED_MAGNITUDES: _same},
        sums={ALLOCATED: _same},
    ),
    StateLaw(
        "MAG-02",
        "0 <= encumbered magnitude <= max magnitude <= WAD.",
        "EigenLayer Certora: maxMagnitudeGEencumberedMagnitude, maxMagnitudeLeqWAD",
        _magnitudes_are_ordered,
        rows={ENCUMBERED_MAGNITUDES: _same, MAX_MAGNITUDES.heads: _same},
    ),
    StateLaw(
        "MAG-03",
        "An allocation, now and after its pending change, is between 0 and WAD.",
        "EigenLayer Certora: negativePendingDiffAtMostCurrentMagnitude, sumOfPendingDiff",
        _allocation_is_sound,
        rows={ALLOCATIONS: _same},
    ),
    StateLaw(
        "MAG-05",
        "An operator's queued deallocations take effect in the order of the queue.",
        "EigenLayer Certora: deallocationQueueEffectBlocLessThanCurrBlockNumberPlusDelayPlusOne, ...Ascending",
        _queue_is_in_order,
        rows={DEALLOCATION_QUEUES: lambda key: key, ALLOCATIONS: lambda key: (key[0], key[2])},
        also_reads=(QUEUED_DEALLOCATIONS,),
    ),
    StateLaw(
        "MAG-09",
        "An operator set has at most one queued deallocation, and none while its allocation is to grow.",
        "AllocationManager.modifyAllocations: one change at a time",
        _sets_wait_once,
        rows={DEALLOCATION_QUEUES: lambda key: key, ALLOCATIONS: lambda key: (key[0], key[2])},
        also_reads=(QUEUED_DEALLOCATIONS,),
    ),
    StateLaw(
        "MAG-10",
        "An effect block of zero means that no change of an allocation is pending.",
        "IAllocationManagerTypes.Allocation, effectBlock",
        _zero_means_that_no_allocation_changes,
        rows={ALLOCATIONS: lambda key: key},
    ),
    StateLaw(
        "TIME-04",
        "An effect block of zero means that no change of an allocation delay is pending.",
        "AllocationManager.getAllocationDelay",
        _zero_means_that_no_delay_changes,
        rows={ALLOCATION_DELAYS: lambda key: key},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "MAG-04",
        "An operator's max magnitude never grows.",
        "EigenLayer Certora: maxMagnitudeMonotonicallyDecreasing",
        _max_magnitudes_never_grow,
        scope=Scope(tables=(MAX_MAGNITUDES.heads,)),
    ),
    StepLaw(
        "MAG-06",
        "An allocation grows after the operator's delay; it shrinks after the deallocation delay if it was slashable, "
        "else at once.",
        "AllocationManager.modifyAllocations; EigenLayer Certora: pendingDiffStateTransitions",
        _change_of_each_allocation,
        Scope((ModifyAllocations,)),
        applies_to=_are_changes_apart,
    ),
    StepLaw(
        "MAG-08",
        "Settling an allocation changes no value that is in force.",
        "AllocationManager._getUpdatedAllocation",
        _settling_changes_nothing_in_force,
        Scope((ClearDeallocationQueue,)),
    ),
    StepLaw(
        "TIME-01",
        "An allocation delay changes after the configuration delay, and the old one holds until then.",
        "AllocationManager.setAllocationDelay",
        _delay_changes_later,
        Scope((RegisterAsOperator, SetAllocationDelay)),
    ),
]
