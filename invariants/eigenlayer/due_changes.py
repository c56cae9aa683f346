"""A scenario around due blocks: calls in the block in which a change takes effect, one before it, and one after it.

The changes are those of an allocation delay, a slasher, an allocation, a membership, or the payout of a slash.
"""

from typing import Final

from invariants.choices import Choices
from invariants.eigenlayer.state_queries import settled_magnitudes, slasher_in_force
from spec.arithmetic import WAD
from spec.eigenlayer import actions
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    OPERATOR_SETS,
    REGISTRATIONS,
    SLASHERS,
    SLASHES,
    OperatorSet,
)
from spec.machine import Draft

OPERATOR: Final = "operator0"
STRATEGY: Final = "strategy0"
AVS: Final = "avs0"
SET: Final[OperatorSet] = (AVS, 1)
SLASHERS_: Final = ("avs0", "operator1")


def opening() -> list[actions.Action]:
    """The walk's opening calls: one operator set, and one operator registered for it, which allocates half of its
    magnitude.
    """
    return [
        actions.UpdateAvsMetadata(AVS, AVS),
        actions.CreateOperatorSets(AVS, AVS, (actions.OperatorSetRequest(1, (STRATEGY,), AVS),)),
        actions.RegisterAsOperator(OPERATOR, ZERO_ADDRESS, 0),
        actions.RegisterForOperatorSets(OPERATOR, OPERATOR, AVS, (1,)),
        actions.DepositIntoStrategy(OPERATOR, STRATEGY, "token0", 10**5),
        _allocates(WAD >> 1),
        actions.SetAllocationDelay(OPERATOR, OPERATOR, 4),
    ]


def _allocates(magnitude: int) -> actions.Action:
    return actions.ModifyAllocations(OPERATOR, OPERATOR, (actions.AllocationRequest(SET, (STRATEGY,), (magnitude,)),))


def _oldest_slash(draft: Draft) -> int:
    """The id of the oldest slash with unpaid shares, among the operator set's last five. If none of them has any, the
    id of the last slash.
    """
    slash_count = draft.get(OPERATOR_SETS, SET).slash_count
    for slash_id in range(max(slash_count - 4, 1), slash_count):
        if draft.get(SLASHES, (SET, slash_id)).strategies:
            return slash_id
    return slash_count


def _pays(choices: Choices, draft: Draft) -> actions.Action:
    """A call that pays out the oldest unpaid slash, seldom the one after it. It pays in all strategies or in one."""
    slash_id = _oldest_slash(draft) + choices.pick((0, 0, 0, 1))
    if choices.one_in(2):
        return actions.ClearBurnOrRedistributableSharesByStrategy("staker0", SET, slash_id, STRATEGY)
    return actions.ClearBurnOrRedistributableShares("staker0", SET, slash_id)


def next_action(choices: Choices, draft: Draft) -> actions.Action:
    """The walk's next action: it requests a change, mines blocks, or makes a call that a change affects.

    It mines as many blocks as are left until some change is due, or one more or one fewer.
    """
    block, kind = current_block(draft), choices.below(14)
    if kind > 11:
        return _pays(choices, draft)
    if kind < 3:
        registration = draft.get(REGISTRATIONS, (OPERATOR, SET))
        slash_id = _oldest_slash(draft)
        due_blocks = [
            draft.get(ALLOCATION_DELAYS, OPERATOR).effect_block,
            draft.get(SLASHERS, SET).effect_block,
            draft.get(ALLOCATIONS, (OPERATOR, SET, STRATEGY)).effect_block,
            registration.slashable_until_block,
            draft.get(SLASHES, (SET, slash_id)).resolution_block,
            draft.get(SLASHES, (SET, slash_id + 1)).resolution_block,
        ]
        missing_blocks = [due_block - block for due_block in due_blocks if due_block > block]
        return actions.MineBlocks(
            max(choices.pick(missing_blocks) + choices.pick((0, 0, 0, -1, 1)), 1) if missing_blocks else 1
        )
    if kind == 3:
        return actions.SetAllocationDelay(OPERATOR, OPERATOR, choices.below(6))
    if kind == 4:
        return actions.UpdateSlasher(AVS, SET, choices.pick(SLASHERS_))
    if kind == 5:
        return actions.ClearDeallocationQueue("staker0", OPERATOR, (STRATEGY,), (1,))
    if kind == 6:
        if draft.get(REGISTRATIONS, (OPERATOR, SET)).is_registered and choices.one_in(3):
            return actions.DeregisterFromOperatorSets(OPERATOR, OPERATOR, AVS, (1,))
        return actions.RegisterForOperatorSets(OPERATOR, OPERATOR, AVS, (1,))
    if kind < 9:
        slasher = choices.pick(SLASHERS_) if choices.one_in(3) else slasher_in_force(draft, SET)
        return actions.SlashOperator(slasher, AVS, OPERATOR, 1, (STRATEGY,), (choices.pick((1, 10**9, WAD // 10)),))
    magnitude = settled_magnitudes(draft, OPERATOR, SET, STRATEGY)[0]
    step_magnitude = choices.pick((1, 1000, WAD // 100))
    return _allocates(magnitude + step_magnitude if choices.one_in(2) else max(magnitude - step_magnitude, 0))
