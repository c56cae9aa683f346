"""The transition of EigenLayer: it dispatches each action to its rule."""

from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    CreateOperatorSets,
    CreatePod,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    FundPod,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.allocation import clear_deallocation_queue, modify_allocations, set_allocation_delay
from spec.eigenlayer.clock import mine_blocks
from spec.eigenlayer.delegation import (
    delegate_to,
    modify_operator_details,
    redelegate,
    register_as_operator,
    undelegate,
)
from spec.eigenlayer.native_eth import record_beacon_chain_eth_balance_update
from spec.eigenlayer.opt_in import (
    add_strategies_to_operator_set,
    create_operator_sets,
    create_redistributing_operator_sets,
    deregister_from_operator_sets,
    register_for_operator_sets,
    remove_strategies_from_operator_set,
    update_avs_metadata,
    update_slasher,
)
from spec.eigenlayer.pods import create_pod, fund_pod, plant_pod_owner_deposit_shares
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_transition import rewards_transition
from spec.eigenlayer.slashing import (
    clear_burn_or_redistributable_shares,
    clear_burn_or_redistributable_shares_by_strategy,
    slash_operator,
)
from spec.eigenlayer.staking import (
    add_strategies_to_deposit_whitelist,
    deposit_into_strategy,
    remove_strategies_from_deposit_whitelist,
)
from spec.eigenlayer.strategies import burn_shares, transfer_token
from spec.eigenlayer.withdrawals import complete_queued_withdrawal, complete_queued_withdrawals, queue_withdrawals
from spec.machine import Delta, Draft


def transition(draft: Draft, action: Action) -> Delta | Reason:
    """Execute one call in the current block. Returns its Delta, or the reason of the first failed check."""
    if isinstance(action, DepositIntoStrategy):
        return deposit_into_strategy(draft, action)
    if isinstance(action, QueueWithdrawals):
        return queue_withdrawals(draft, action)
    if isinstance(action, CompleteQueuedWithdrawal):
        return complete_queued_withdrawal(draft, action)
    if isinstance(action, DelegateTo):
        return delegate_to(draft, action)
    if isinstance(action, Undelegate):
        return undelegate(draft, action)
    if isinstance(action, Redelegate):
        return redelegate(draft, action)
    if isinstance(action, SlashOperator):
        return slash_operator(draft, action)
    if isinstance(action, ModifyAllocations):
        return modify_allocations(draft, action)
    if isinstance(action, MineBlocks):
        return mine_blocks(draft, action)
    if isinstance(action, TransferToken):
        return transfer_token(draft, action)
    if isinstance(action, AddStrategiesToDepositWhitelist):
        return add_strategies_to_deposit_whitelist(draft, action)
    if isinstance(action, RemoveStrategiesFromDepositWhitelist):
        return remove_strategies_from_deposit_whitelist(draft, action)
    if isinstance(action, RegisterAsOperator):
        return register_as_operator(draft, action)
    if isinstance(action, ModifyOperatorDetails):
        return modify_operator_details(draft, action)
    if isinstance(action, CompleteQueuedWithdrawals):
        return complete_queued_withdrawals(draft, action)
    if isinstance(action, UpdateAvsMetadata):
        return update_avs_metadata(draft, action)
    if isinstance(action, CreateOperatorSets):
        return create_operator_sets(draft, action)
    if isinstance(action, CreateRedistributingOperatorSets):
        return create_redistributing_operator_sets(draft, action)
    if isinstance(action, AddStrategiesToOperatorSet):
        return add_strategies_to_operator_set(draft, action)
    if isinstance(action, RemoveStrategiesFromOperatorSet):
        return remove_strategies_from_operator_set(draft, action)
    if isinstance(action, UpdateSlasher):
        return update_slasher(draft, action)
    if isinstance(action, RegisterForOperatorSets):
        return register_for_operator_sets(draft, action)
    if isinstance(action, DeregisterFromOperatorSets):
        return deregister_from_operator_sets(draft, action)
    if isinstance(action, SetAllocationDelay):
        return set_allocation_delay(draft, action)
    if isinstance(action, ClearDeallocationQueue):
        return clear_deallocation_queue(draft, action)
    if isinstance(action, ClearBurnOrRedistributableShares):
        return clear_burn_or_redistributable_shares(draft, action)
    if isinstance(action, ClearBurnOrRedistributableSharesByStrategy):
        return clear_burn_or_redistributable_shares_by_strategy(draft, action)
    if isinstance(action, BurnShares):
        return burn_shares(draft, action)
    if isinstance(action, RecordBeaconChainEthBalanceUpdate):
        return record_beacon_chain_eth_balance_update(draft, action)
    if isinstance(action, CreatePod):
        return create_pod(draft, action)
    if isinstance(action, FundPod):
        return fund_pod(draft, action)
    if isinstance(action, PlantPodOwnerDepositShares):
        return plant_pod_owner_deposit_shares(draft, action)
    return rewards_transition(draft, action)
