"""Authority over stake on EigenLayer: a mandate's account is an operator.

Only an operator allocates its magnitude. So the account of a mandate registers as an operator. Stakers that delegate to
it put their stake under the plan. All targets have this operator, with different operator sets. The total to split is
its max magnitude in the strategy.
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
"""The allocation delay of a mandate's operator. It is short, as stakers can leave during the plan's own delay."""


class EigenLayerAuthority:
    """Authority on EigenLayer: an operator's allocations of magnitude."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """The actions that give an account authority over its own magnitude: it registers as an operator without
        approver, with the allocation delay ALLOCATION_DELAY_BLOCKS.
        """
        return (RegisterAsOperator(account, ZERO_ADDRESS, ALLOCATION_DELAY_BLOCKS),)

    def can_target(self, account: str, operator: str) -> bool:
        """True if a mandate of `account` may have targets with this operator: only with the account itself.

        An operator allocates only its own magnitude.
        """
        return operator == account

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """The action that runs before a split: a `ClearDeallocationQueue`, which completes deallocations whose effect
        block has come.
        """
        return (ClearDeallocationQueue(account, account, (pool,), (MAX_DEALLOCATIONS_TO_CLEAR,)),)

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The total that the account can split: the operator's max magnitude in the strategy `pool`, a fraction of WAD
        that slashes reduce.
        """
        return MAX_MAGNITUDES.latest(draft, (account, pool))

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part that a target has: the magnitude allocated to its operator set, after a pending change.

        A pending deallocation is still exposed to slashes. The magnitude that is not encumbered can raise the part, if
        the operator is or can be registered.
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
        """The actions that change the magnitude allocated to the target's operator set to `amount`.

        Unless the amount is lowered, a registration for the operator set comes first, if the operator is not
        registered. Without a change of the amount, this registration is all.
        """
        service = target.service
        request = AllocationRequest(service, (pool,), (amount,))
        current = self.allocated(draft, account, pool, target).amount
        is_registered = draft.get(REGISTRATIONS, (account, service)).is_registered
        registration = RegisterForOperatorSets(account, account, service[0], (service[1],))
        before = () if is_registered or amount < current else (registration,)
        return before if amount == current else (*before, ModifyAllocations(account, account, (request,)))


def can_be_registered(draft: Draft, account: str, target: Target) -> bool:
    """True if an operator is registered for a target's operator set, or can be registered now.

    It can be if the AVS has a registrar, and no earlier registration still lets the set slash the operator.
    """
    if draft.get(REGISTRATIONS, (account, target.service)).is_registered:
        return True
    return draft.get(AVSS, target.service[0]).has_registrar and not is_operator_slashable(
        draft, account, target.service
    )


def _is_at_the_end_of_time(draft: Draft, account: str, block: int) -> bool:
    """True if a change made now could take effect only in a block beyond uint32."""
    allocation_blocks = effective_allocation_delay(draft.get(ALLOCATION_DELAYS, account), block).delay_blocks
    deallocation_blocks = draft.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1
    return isinstance(block_after(block, max(allocation_blocks, deallocation_blocks)), Reason)
