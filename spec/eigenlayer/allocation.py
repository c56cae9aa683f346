"""Allocation of an operator's stake: the magnitudes allocated to operator sets, and the delays of their changes.

For one operator and one strategy, `max_magnitude` (WAD at first) is the total to allocate. `encumbered_magnitude` is
the allocated part. An allocation takes effect after the operator's allocation delay. The deallocation of a slashable
allocation takes effect after DEALLOCATION_DELAY, and stays slashable until then. Its magnitude becomes free when the
deallocation queue is cleared.
"""

from spec.arithmetic import UINT64_MAX
from spec.eigenlayer.actions import AllocationRequest, ClearDeallocationQueue, ModifyAllocations, SetAllocationDelay
from spec.eigenlayer.clock import block_after, current_block
from spec.eigenlayer.config import MAX_DEALLOCATIONS_TO_CLEAR
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import is_operator
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    CONFIG,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    QUEUED_DEALLOCATIONS,
    REGISTRATIONS,
    Allocation,
    AllocationDelay,
    DeallocationQueue,
    EncumberedMagnitude,
    OperatorSet,
    Pair,
    QueuedDeallocation,
)
from spec.machine import SINGLETON, Delta, Draft


def settled_allocation(allocation: Allocation, block: int) -> Allocation:
    """The allocation as of `block`: a pending change whose effect block has come is part of the current magnitude.

    An allocation whose effect block has not come is returned unchanged. Source:
    AllocationManager._getUpdatedAllocation.
    """
    if block < allocation.effect_block:
        return allocation
    return Allocation(
        current_magnitude=allocation.current_magnitude + allocation.pending_diff_magnitude,
        pending_diff_magnitude=0,
        effect_block=0,
    )


def settled_encumbered_magnitude(encumbered_magnitude: int, allocation: Allocation, block: int) -> int:
    """The encumbered magnitude as of `block`: a deallocation whose effect block has come frees its magnitude.

    `encumbered_magnitude` and `allocation` are the stored values. A pending increase already counts, from the call that
    makes it. Source: AllocationManager._getUpdatedAllocation.
    """
    if block < allocation.effect_block:
        return encumbered_magnitude
    return encumbered_magnitude + min(allocation.pending_diff_magnitude, 0)


def effective_allocation_delay(delay: AllocationDelay, block: int) -> AllocationDelay:
    """The allocation delay as of `block`. A pending change applies if its effect block has come.

    Source: AllocationManager.getAllocationDelay.
    """
    if delay.effect_block == 0 or block < delay.effect_block:
        return delay
    return AllocationDelay(
        delay_blocks=delay.pending_delay_blocks,
        is_set=True,
        pending_delay_blocks=delay.pending_delay_blocks,
        effect_block=delay.effect_block,
    )


def is_operator_slashable(draft: Draft, operator: str, operator_set: OperatorSet) -> bool:
    """True if the operator set can slash the operator: it is registered, or was deregistered at most DEALLOCATION_DELAY
    blocks ago.

    Source: AllocationManager.isOperatorSlashable.
    """
    registration = draft.get(REGISTRATIONS, (operator, operator_set))
    return registration.is_registered or current_block(draft) <= registration.slashable_until_block


def modify_allocations(draft: Draft, action: ModifyAllocations) -> Delta | Reason:
    """Set the magnitudes that an operator allocates to operator sets. The operator need not be registered for them.

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, UNINITIALIZED_ALLOCATION_DELAY; then for each
    request INPUT_ARRAY_LENGTH_MISMATCH unless there is a magnitude for each strategy, INVALID_OPERATOR_SET unless the
    set exists, and for each of its strategies MODIFICATION_ALREADY_PENDING, SAME_MAGNITUDE, UINT64_OVERFLOW,
    INSUFFICIENT_MAGNITUDE, ARITHMETIC_PANIC (`_modify_allocation` says when).
    Source: AllocationManager.modifyAllocations.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    delay = effective_allocation_delay(draft.get(ALLOCATION_DELAYS, action.operator), current_block(draft))
    if not delay.is_set:
        return Reason.UNINITIALIZED_ALLOCATION_DELAY
    for request in action.requests:
        rejection = _modify_allocations_to_set(draft, action.operator, delay.delay_blocks, request)
        if rejection is not None:
            return rejection
    return draft.delta()


def _modify_allocations_to_set(
    draft: Draft, operator: str, delay_blocks: int, request: AllocationRequest
) -> Reason | None:
    if len(request.strategies) != len(request.new_magnitudes):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not draft.get(OPERATOR_SETS, request.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    for position in range(len(request.strategies)):
        rejection = _modify_allocation(
            draft,
            operator,
            delay_blocks,
            request.operator_set,
            request.strategies[position],
            request.new_magnitudes[position],
        )
        if rejection is not None:
            return rejection
    return None


def _modify_allocation(
    draft: Draft, operator: str, delay_blocks: int, operator_set: OperatorSet, strategy: str, new_magnitude: int
) -> Reason | None:
    """Set one allocation's magnitude, after clearing the strategy's deallocations whose effect block has come.

    A decrease enters the deallocation queue if the allocation is slashable, and is immediate otherwise. An increase is
    encumbered at once, and slashable after the delay.
    Rejects, in order: MODIFICATION_ALREADY_PENDING, SAME_MAGNITUDE; for an increase UINT64_OVERFLOW,
    INSUFFICIENT_MAGNITUDE; ARITHMETIC_PANIC if the effect block is no uint32.
    """
    _clear_deallocation_queue(draft, operator, strategy, MAX_DEALLOCATIONS_TO_CLEAR)
    block = current_block(draft)
    operator_strategy: Pair = (operator, strategy)
    stored = draft.get(ALLOCATIONS, (operator, operator_set, strategy))
    encumbered_magnitude = settled_encumbered_magnitude(
        draft.get(ENCUMBERED_MAGNITUDES, operator_strategy).magnitude, stored, block
    )
    allocation = settled_allocation(stored, block)
    current_magnitude = allocation.current_magnitude
    if allocation.effect_block != 0:
        return Reason.MODIFICATION_ALREADY_PENDING
    diff_magnitude = new_magnitude - current_magnitude
    if diff_magnitude == 0:
        return Reason.SAME_MAGNITUDE
    if diff_magnitude > 0:
        encumbered_magnitude += diff_magnitude
        if encumbered_magnitude > UINT64_MAX:
            return Reason.UINT64_OVERFLOW
        if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, operator_strategy):
            return Reason.INSUFFICIENT_MAGNITUDE
        effect_block = block_after(block, delay_blocks)
    elif _is_allocation_slashable(draft, operator, operator_set, strategy, current_magnitude):
        effect_block = block_after(block, draft.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1)
        queue = draft.get(DEALLOCATION_QUEUES, operator_strategy)
        draft.put(QUEUED_DEALLOCATIONS, (operator, strategy, queue.end), QueuedDeallocation(operator_set))
        draft.put(DEALLOCATION_QUEUES, operator_strategy, DeallocationQueue(first=queue.first, end=queue.end + 1))
    else:
        encumbered_magnitude += diff_magnitude
        current_magnitude = new_magnitude
        diff_magnitude = 0
        effect_block = block
    if isinstance(effect_block, Reason):
        return effect_block
    draft.put(ENCUMBERED_MAGNITUDES, operator_strategy, EncumberedMagnitude(encumbered_magnitude))
    draft.put(
        ALLOCATIONS,
        (operator, operator_set, strategy),
        Allocation(
            current_magnitude=current_magnitude, pending_diff_magnitude=diff_magnitude, effect_block=effect_block
        ),
    )
    return None


def _is_allocation_slashable(
    draft: Draft, operator: str, operator_set: OperatorSet, strategy: str, current_magnitude: int
) -> bool:
    return (
        current_magnitude != 0
        and draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
        and is_operator_slashable(draft, operator, operator_set)
    )


def clear_deallocation_queue(draft: Draft, action: ClearDeallocationQueue) -> Delta | Reason:
    """Complete an operator's deallocations whose effect block has come, oldest first. Any account may call it.

    Rejects: INPUT_ARRAY_LENGTH_MISMATCH unless there is a number for each strategy. Source:
    AllocationManager.clearDeallocationQueue.
    """
    if len(action.strategies) != len(action.numbers_to_clear):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    for position in range(len(action.strategies)):
        _clear_deallocation_queue(
            draft, action.operator, action.strategies[position], action.numbers_to_clear[position]
        )
    return draft.delta()


def _clear_deallocation_queue(draft: Draft, operator: str, strategy: str, number_to_clear: int) -> None:
    """Complete deallocations from the front of one queue, up to the first whose effect block has not come.

    At most `number_to_clear` entries are completed. Source: AllocationManager._clearDeallocationQueue.
    """
    block = current_block(draft)
    queue = draft.get(DEALLOCATION_QUEUES, (operator, strategy))
    first = queue.first
    end = min(queue.end, first + number_to_clear)
    while first < end:
        operator_set = draft.get(QUEUED_DEALLOCATIONS, (operator, strategy, first)).operator_set
        if not _settle_deallocation(draft, operator, operator_set, strategy, block):
            break
        first += 1
    if first != queue.first:
        draft.put(DEALLOCATION_QUEUES, (operator, strategy), DeallocationQueue(first=first, end=queue.end))


def _settle_deallocation(draft: Draft, operator: str, operator_set: OperatorSet, strategy: str, block: int) -> bool:
    """Apply an allocation's pending change and return True if its effect block has come. Otherwise return False.

    A slash may have applied the change already: then nothing changes, and the result is True.
    """
    stored = draft.get(ALLOCATIONS, (operator, operator_set, strategy))
    if block < stored.effect_block:
        return False
    encumbered_magnitude = draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
    draft.put(
        ENCUMBERED_MAGNITUDES,
        (operator, strategy),
        EncumberedMagnitude(settled_encumbered_magnitude(encumbered_magnitude, stored, block)),
    )
    draft.put(ALLOCATIONS, (operator, operator_set, strategy), settled_allocation(stored, block))
    return True


def set_allocation_delay(draft: Draft, action: SetAllocationDelay) -> Delta | Reason:
    """Change the operator's allocation delay, effective ALLOCATION_CONFIGURATION_DELAY + 1 blocks from now.

    An earlier pending change is applied first if its effect block has come, and replaced otherwise.
    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, INVALID_OPERATOR unless it is registered,
    ARITHMETIC_PANIC if the effect block is no uint32.
    Source: AllocationManager.setAllocationDelay.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(draft, action.operator):
        return Reason.INVALID_OPERATOR
    block = current_block(draft)
    delay = effective_allocation_delay(draft.get(ALLOCATION_DELAYS, action.operator), block)
    effect_block = block_after(block, draft.get(CONFIG, SINGLETON).allocation_configuration_delay_blocks + 1)
    if isinstance(effect_block, Reason):
        return effect_block
    draft.put(
        ALLOCATION_DELAYS,
        action.operator,
        AllocationDelay(
            delay_blocks=delay.delay_blocks,
            is_set=delay.is_set,
            pending_delay_blocks=action.delay_blocks,
            effect_block=effect_block,
        ),
    )
    return draft.delta()


def initialise_allocation_delay(draft: Draft, operator: str, delay_blocks: int) -> None:
    """Set a new operator's allocation delay, effective at once. Source: AllocationManager._setAllocationDelay."""
    draft.put(
        ALLOCATION_DELAYS,
        operator,
        AllocationDelay(
            delay_blocks=delay_blocks, is_set=True, pending_delay_blocks=delay_blocks, effect_block=current_block(draft)
        ),
    )
