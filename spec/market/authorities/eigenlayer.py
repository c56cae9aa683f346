"""Authority over the stake of an operator of EigenLayer, which is an account of the market's.

An operator alone allocates its magnitude, so the account of a mandate registers as one, and whoever delegates to it
puts stake under the plan. All targets are its own: operator sets. The whole is its max magnitude in the strategy.
"""

from typing import Final

from spec.eigenlayer.actions import (
    AllocationRequest,
    ClearDeallocationQueue,
    ModifyAllocations,
    RegisterAsOperator,
    RegisterForOperatorSets,
)
from spec.eigenlayer.allocation import effective_allocation_delay, is_operator_slashable, settled_allocation
from spec.eigenlayer.clock import block_after, current_block
from spec.eigenlayer.config import MAX_DEALLOCATIONS_TO_CLEAR, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    AVSS,
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SETS,
    REGISTRATIONS,
)
from spec.machine import SINGLETON, Draft
from spec.market.authority import Allocated
from spec.market.mandates_state import Target

ALLOCATION_DELAY_BLOCKS: Final = 2
"""The delay of each allocation of a mandate's operator: its stakers have had the delay of the plan to leave."""


class EigenLayerAuthority:
    """Authority, by allocations of magnitude."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """The account registers as an operator to whom anybody may delegate."""
        return (RegisterAsOperator(account, ZERO_ADDRESS, ALLOCATION_DELAY_BLOCKS),)

    def can_target(self, account: str, operator: str) -> bool:
        """True of the account itself."""
        return operator == account

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """Deallocations whose block has come are settled, as anybody may ask for."""
        return (ClearDeallocationQueue(account, account, (pool,), (MAX_DEALLOCATIONS_TO_CLEAR,)),)

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The max magnitude: a slash lowers it."""
        return MAX_MAGNITUDES.latest(draft, (account, pool))

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The magnitude of an allocation, with what waits. A deallocation that waits can still be slashed.

        It can be raised by what is not encumbered, if the operator is registered for the set, or can be.
        """
        block = current_block(draft)
        allocation = settled_allocation(draft.get(ALLOCATIONS, (account, target.service, pool)), block)
        amount = allocation.current_magnitude + allocation.pending_diff_magnitude
        free = (
            MAX_MAGNITUDES.latest(draft, (account, pool)) - draft.get(ENCUMBERED_MAGNITUDES, (account, pool)).magnitude
        )
        is_there = draft.get(OPERATOR_SETS, target.service).exists
        is_waiting = allocation.effect_block != 0
        is_registered = draft.get(REGISTRATIONS, (account, target.service)).is_registered
        return Allocated(
            amount=amount,
            exposed=max(allocation.current_magnitude, amount),
            highest=amount + free if can_be_registered(draft, account, target) else amount,
            is_fixed=is_waiting or not is_there or _is_at_the_end_of_time(draft, account, block),
            is_backed=amount == 0 or is_registered or not can_be_registered(draft, account, target),
        )

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """A change of the allocation; unless it is lowered, a registration for its set before, if there is none."""
        service = target.service
        request = AllocationRequest(service, (pool,), (amount,))
        current = self.allocated(draft, account, pool, target).amount
        is_registered = draft.get(REGISTRATIONS, (account, service)).is_registered
        registration = RegisterForOperatorSets(account, account, service[0], (service[1],))
        before = () if is_registered or amount < current else (registration,)
        return before if amount == current else (*before, ModifyAllocations(account, account, (request,)))


def can_be_registered(draft: Draft, account: str, target: Target) -> bool:
    """True if an operator is registered for a target's set, or would be: who left can be once no slash reaches it."""
    if draft.get(REGISTRATIONS, (account, target.service)).is_registered:
        return True
    return draft.get(AVSS, target.service[0]).has_registrar and not is_operator_slashable(
        draft, account, target.service
    )


def _is_at_the_end_of_time(draft: Draft, account: str, block: int) -> bool:
    """True if a change made now would take effect in a block that has no number."""
    allocation_blocks = effective_allocation_delay(draft.get(ALLOCATION_DELAYS, account), block).delay_blocks
    deallocation_blocks = draft.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1
    return isinstance(block_after(block, max(allocation_blocks, deallocation_blocks)), Reason)
