"""The security graph of EigenLayer now: a stake is what an operator can lose in one strategy, a service an operator
set.

An allocation is unique: all operator sets together can take no more than the operator has. Stake counts that is
delegated, and what waits in the withdrawal queue and is still slashable; amounts are shares of the strategy.
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
    """An operator set as one name: its AVS and its number."""
    return f"{operator_set[0]}/{operator_set[1]}"


def slashable_amounts(draft: Draft, operator: str, strategy: str, magnitude: int) -> tuple[int, int]:
    """Delegated and queued shares that taking `magnitude` off the operator's max magnitude takes now.

    Both round down. None in the first blocks of a chain, and in the last ones if slashes are paid after a delay, where
    every slash reverts; nor of what was slashed whole.
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
    """The last block in which all of a settled allocation can be slashed; None while neither it nor the registration
    ends.
    """
    until = None if registration.is_registered else registration.slashable_until_block
    if allocation.pending_diff_magnitude < 0:
        last_block = allocation.effect_block - 1
        until = last_block if until is None else min(until, last_block)
    return until


def security(state: State) -> Security:
    """Every allocation that its operator set could slash now, and the stakes behind them.

    It can slash if the operator is registered with it or left no longer than the deallocation delay ago, if the
    strategy is one of its own, and if it has a slasher. A deallocation counts until its block has come, an allocation
    from then on. Source: AllocationManager.slashOperator.
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
