"""The current security graph of EigenLayer. A stake is an operator's stake in one strategy; a service is an operator
set.

Allocations are exclusive: all operator sets together can slash no more than the operator's stake. The stake is the
delegated shares, and the queued shares that are still slashable. Amounts are shares of the strategy.
"""

from spec.arithmetic import mul_wad_floor
from spec.eigenlayer.allocation import is_operator_slashable, settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.opt_in import effective_slasher
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import slashed_shares
from spec.eigenlayer.slashing import new_resolution_block, queued_scaled_shares
from spec.eigenlayer.state import (
    ALLOCATIONS,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    REGISTRATIONS,
    SLASHERS,
    Allocation,
    OperatorSet,
    Registration,
)
from spec.machine import Draft, State
from spec.security import Commitment, Security, Stake


def service_name(operator_set: OperatorSet) -> str:
    """An operator set as one name: `avs/id`."""
    return f"{operator_set[0]}/{operator_set[1]}"


def slashable_amounts(draft: Draft, operator: str, strategy: str, magnitude: int) -> tuple[int, int]:
    """The delegated and the queued shares that a slash of `magnitude` from the operator's max magnitude would take now.

    Both round down. Both are 0 if the max magnitude is 0, and in blocks where every slash reverts. These are the first
    blocks of a chain, and the last uint32 blocks if slashes are paid after a delay.
    Source: DelegationManager.slashOperatorShares.
    """
    scaled_shares = queued_scaled_shares(draft, operator, strategy)
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    if isinstance(scaled_shares, Reason) or isinstance(new_resolution_block(draft), Reason) or max_magnitude == 0:
        return 0, 0
    left_magnitude = max_magnitude - magnitude
    delegated = draft.get(OPERATOR_SHARES, (operator, strategy)).shares
    queued = mul_wad_floor(scaled_shares, max_magnitude)
    return (
        slashed_shares(delegated, max_magnitude, left_magnitude),
        slashed_shares(queued, max_magnitude, left_magnitude),
    )


def slashable_until(registration: Registration, allocation: Allocation) -> int | None:
    """The last block in which all of a settled allocation can be slashed. None if neither the registration nor the
    allocation has a scheduled end.
    """
    until = None if registration.is_registered else registration.slashable_until_block
    if allocation.pending_diff_magnitude < 0:
        last_block = allocation.effect_block - 1
        until = last_block if until is None else min(until, last_block)
    return until


def security(state: State) -> Security:
    """The security graph: each allocation that its operator set could slash now, and the stakes behind them.

    An operator set can slash if the operator is registered, or deregistered at most the deallocation delay ago; if the
    strategy is in the set; and if the set has a slasher. A deallocation counts until its effect block, an allocation
    from its effect block on. An allocation of which a slash would take no shares is left out. Source:
    AllocationManager.slashOperator.
    """
    draft = Draft(state)
    block = current_block(draft)
    stakes: dict[tuple[str, str], Stake] = {}
    commitments: list[Commitment] = []
    for operator, operator_set, strategy in sorted(state.rows(ALLOCATIONS)):
        allocation = settled_allocation(draft.get(ALLOCATIONS, (operator, operator_set, strategy)), block)
        slasher = effective_slasher(draft.get(SLASHERS, operator_set), block)
        if (
            not is_operator_slashable(draft, operator, operator_set)
            or not draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
            or slasher == ZERO_ADDRESS
        ):
            continue
        delegated, queued = slashable_amounts(draft, operator, strategy, allocation.current_magnitude)
        if delegated + queued == 0:
            continue
        stake_id = f"{operator}/{strategy}"
        registration = draft.get(REGISTRATIONS, (operator, operator_set))
        commitments.append(
            Commitment(
                stake_id=stake_id,
                operator=operator,
                service=service_name(operator_set),
                amount=delegated + queued,
                slasher=slasher,
                until=slashable_until(registration, allocation),
                vetoer=None,
            )
        )
        all_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
        all_delegated, all_queued = slashable_amounts(draft, operator, strategy, all_magnitude)
        stakes[(operator, strategy)] = Stake(
            stake_id=stake_id, token=strategy, amount=all_delegated + all_queued, leaving=all_queued
        )
    services = [service_name(operator_set) for operator_set, row in state.rows(OPERATOR_SETS).items() if row.exists]
    return Security(
        stakes=tuple([stakes[key] for key in sorted(stakes)]),
        commitments=tuple(commitments),
        services=tuple(sorted(services)),
    )
