"""What stays true of a row for as long as it is there: what waits, what a zero says, and what never becomes nothing."""

from typing import Final

from invariants.eigenlayer.reading import is_operator
from invariants.law import Scope, StateLaw, StepLaw, Transition, View, written
from spec.eigenlayer.config import MAX_STAKER_STRATEGY_LIST_LENGTH, MAX_TOTAL_SHARES, ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    DEALLOCATION_QUEUES,
    OPERATOR_SETS,
    QUEUED_DEALLOCATIONS,
    SLASHERS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    OperatorSet,
    Pair,
)


def _factor_is_positive(view: View, subject: Pair) -> bool:
    return view.rows.get(STAKER_SHARES, subject).deposit_scaling_factor_wad > 0


def _shares_are_at_most_the_maximum(view: View, strategy: str) -> bool:
    return view.rows.get(STRATEGIES, strategy).total_shares <= MAX_TOTAL_SHARES


def _lists_no_more_than_the_maximum(view: View, staker: str) -> bool:
    return len(view.rows.get(STAKERS, staker).strategy_list) <= MAX_STAKER_STRATEGY_LIST_LENGTH


def _has_a_slasher(view: View, operator_set: OperatorSet) -> bool:
    if not view.rows.get(OPERATOR_SETS, operator_set).exists:
        return True
    row = view.rows.get(SLASHERS, operator_set)
    return row.slasher != ZERO_ADDRESS and row.pending_slasher != ZERO_ADDRESS


def _sets_wait_once(view: View, subject: Pair) -> bool:
    """No two positions of a queue are of one operator set, and none of a set that is to get more."""
    operator, strategy = subject
    queue = view.rows.get(DEALLOCATION_QUEUES, subject)
    waiting: list[OperatorSet] = []
    for position in range(queue.first, queue.end):
        operator_set = view.rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set
        # Compared, and not looked up by hash: a set's number is an unknown integer where this is proved.
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


def _zero_means_that_no_slasher_changes(view: View, operator_set: OperatorSet) -> bool:
    row = view.rows.get(SLASHERS, operator_set)
    return row.effect_block > 0 or row.pending_slasher == row.slasher


def _operators_stay_operators(step: Transition) -> bool:
    return all(
        is_operator(step.after.rows, account) or not is_operator(step.before.rows, account)
        for account in written(step.delta, STAKERS)
    )


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "DELEG-11",
        "A deposit scaling factor is never zero, so that no deposit is worth nothing for good.",
        "DelegationManager._increaseDelegation, InvalidDepositScalingFactor; SlashingLib, which reads zero as WAD",
        _factor_is_positive,
        rows={STAKER_SHARES: lambda key: key},
    ),
    StateLaw(
        "DEP-03",
        "A strategy never has more than 10^38 - 1 shares, so that their products fit 256 bits.",
        "StrategyBase.MAX_TOTAL_SHARES",
        _shares_are_at_most_the_maximum,
        rows={STRATEGIES: lambda key: key},
    ),
    StateLaw(
        "LIST-03",
        "A staker lists at most 32 strategies, so that leaving an operator is never too long for a block.",
        "StrategyManager.MAX_STAKER_STRATEGY_LIST_LENGTH",
        _lists_no_more_than_the_maximum,
        rows={STAKERS: lambda key: key},
    ),
    StateLaw(
        "SET-04",
        "A set that exists has a slasher, now and after every change that is pending.",
        "AllocationManager._updateSlasher, InputAddressZero",
        _has_a_slasher,
        rows={SLASHERS: lambda key: key, OPERATOR_SETS: lambda key: key},
    ),
    StateLaw(
        "MAG-09",
        "An operator set waits at most once in a deallocation queue, and never for more magnitude.",
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
    StateLaw(
        "TIME-05",
        "An effect block of zero means that no change of a slasher is pending.",
        "AllocationManager.getSlasher",
        _zero_means_that_no_slasher_changes,
        rows={SLASHERS: lambda key: key},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DELEG-12",
        "Who is an operator is one for ever.",
        "EigenLayer Certora: operatorCannotUnregister; DelegationManager.undelegate, OperatorsCannotUndelegate",
        _operators_stay_operators,
        Scope(tables=(STAKERS,)),
        concerns=lambda step: any(is_operator(step.before.rows, account) for account in written(step.delta, STAKERS)),
    ),
]
