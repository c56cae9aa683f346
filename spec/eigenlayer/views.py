"""View functions of the contracts, evaluated in the current block."""

from spec.arithmetic import div_wad_floor, mul_wad_floor
from spec.eigenlayer.allocation import effective_allocation_delay, settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.native_eth import slashing_factor
from spec.eigenlayer.opt_in import effective_slasher
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import withdrawable_shares
from spec.eigenlayer.slashing import queued_scaled_shares
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    CONFIG,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    POD_OWNERS,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    SLASHERS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    Allocation,
    AllocationDelay,
    OperatorSet,
)
from spec.eigenlayer.withdrawals import shares_after_slashing
from spec.machine import SINGLETON, Draft


def withdrawable_shares_of(draft: Draft, staker: str, strategy: str) -> int:
    """The shares of a strategy that a staker could withdraw if it queued them now and no further slash occurred.

    Source: DelegationManager.getWithdrawableShares.
    """
    operator = draft.get(STAKERS, staker).delegated_to
    if strategy == BEACON_CHAIN_ETH:
        owner = draft.get(POD_OWNERS, staker)
        max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
        return withdrawable_shares(
            max(owner.deposit_shares, 0),
            owner.deposit_scaling_factor_wad,
            slashing_factor(draft, staker, strategy, max_magnitude),
        )
    held = draft.get(STAKER_SHARES, (staker, strategy))
    return withdrawable_shares(
        held.deposit_shares, held.deposit_scaling_factor_wad, MAX_MAGNITUDES.latest(draft, (operator, strategy))
    )


def queued_shares_of(draft: Draft, staker: str, nonce: int, position: int) -> int:
    """The shares that the strategy at index `position` of a queued withdrawal would pay now. They are fixed after its
    slashable window.

    For native ETH, losses on the beacon chain still reduce them until completion.
    Source: DelegationManager.getQueuedWithdrawals.
    """
    queued = draft.get(QUEUED_SHARES, (staker, nonce, position))
    start_block = draft.get(WITHDRAWALS, (staker, nonce)).start_block
    slashable_until_block = start_block + draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    max_magnitude = MAX_MAGNITUDES.value_at(draft, (queued.operator, queued.strategy), slashable_until_block)
    slashing_factor_wad = slashing_factor(draft, staker, queued.strategy, max_magnitude)
    return shares_after_slashing(queued.scaled_shares, slashing_factor_wad)


def slashable_shares_in_queue(draft: Draft, operator: str, strategy: str) -> int:
    """The shares in the withdrawal queue that left an operator and are still slashable: the loss in a slash of
    everything.

    0 where the contract's own view reverts, as in the first blocks of a chain.
    Source: DelegationManager.getSlashableSharesInQueue.
    """
    scaled_shares = queued_scaled_shares(draft, operator, strategy)
    if isinstance(scaled_shares, Reason):
        return 0
    return mul_wad_floor(scaled_shares, MAX_MAGNITUDES.latest(draft, (operator, strategy)))


def slash_resolution_block_of(draft: Draft, operator_set: OperatorSet, slash_id: int) -> int:
    """The last block in which a slash cannot be paid yet; 0 for a slash without delay, a paid slash or an unknown one.

    Source: StrategyManager.getSlashResolutionBlock.
    """
    return draft.get(SLASHES, (operator_set, slash_id)).resolution_block


def allocation_of(draft: Draft, operator: str, operator_set: OperatorSet, strategy: str) -> Allocation:
    """An allocation, with its pending change applied if its effect block has come.

    Source: AllocationManager.getAllocation.
    """
    return settled_allocation(draft.get(ALLOCATIONS, (operator, operator_set, strategy)), current_block(draft))


def allocated_stake(draft: Draft, operator: str, operator_set: OperatorSet, strategy: str) -> int:
    """The delegated shares behind an allocation now. A pending deallocation still counts. Rounds down, twice.

    Source: AllocationManager.getAllocatedStake.
    """
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    if max_magnitude == 0:
        return 0
    current_magnitude = allocation_of(draft, operator, operator_set, strategy).current_magnitude
    shares = draft.get(OPERATOR_SHARES, (operator, strategy)).shares
    return mul_wad_floor(shares, div_wad_floor(current_magnitude, max_magnitude))


def encumbered_magnitude_of(draft: Draft, operator: str, strategy: str) -> int:
    """The encumbered (allocated) magnitude, as if every deallocation whose effect block has come were cleared.

    Source: AllocationManager.getEncumberedMagnitude.
    """
    encumbered_magnitude = draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
    queue = draft.get(DEALLOCATION_QUEUES, (operator, strategy))
    for position in range(queue.first, queue.end):
        operator_set = draft.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set
        stored = draft.get(ALLOCATIONS, (operator, operator_set, strategy))
        if current_block(draft) < stored.effect_block:
            break
        encumbered_magnitude += stored.pending_diff_magnitude
    return encumbered_magnitude


def allocatable_magnitude_of(draft: Draft, operator: str, strategy: str) -> int:
    """The magnitude that an operator could allocate now. Source: AllocationManager.getAllocatableMagnitude."""
    return MAX_MAGNITUDES.latest(draft, (operator, strategy)) - encumbered_magnitude_of(draft, operator, strategy)


def allocation_delay_of(draft: Draft, operator: str) -> AllocationDelay:
    """The operator's current allocation delay. Source: AllocationManager.getAllocationDelay."""
    return effective_allocation_delay(draft.get(ALLOCATION_DELAYS, operator), current_block(draft))


def slasher_of(draft: Draft, operator_set: OperatorSet) -> str:
    """The account that may slash for an operator set now. Source: AllocationManager.getSlasher."""
    return effective_slasher(draft.get(SLASHERS, operator_set), current_block(draft))
