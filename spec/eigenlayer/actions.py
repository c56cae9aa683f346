"""Actions of EigenLayer: one class for each contract call. `sender` is the account that calls.

An account's permissions are the PermissionController's default: only the account itself may act for itself. Every
account in an action is an externally owned account. Calls of one contract by another are no actions.
"""

from typing import Final

import attr

from spec.eigenlayer.rewards_actions import RewardsAction
from spec.eigenlayer.state import OperatorSet


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class MineBlocks:
    """Let time pass: `blocks` empty blocks, which take `seconds` together. Every other action executes in the current
    block, at the current timestamp.
    """

    blocks: Final[int]
    seconds: Final[int]

    def __init__(self, blocks: int, seconds: int = 0) -> None:
        self.blocks = blocks
        self.seconds = seconds


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DepositIntoStrategy:
    """Deposit `amount` of the sender's `token` into a strategy, for shares.

    Source: StrategyManager.depositIntoStrategy.
    """

    sender: Final[str]
    strategy: Final[str]
    token: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, strategy: str, token: str, amount: int) -> None:
        self.sender = sender
        self.strategy = strategy
        self.token = token
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TransferToken:
    """Transfer `amount` of a token to any account. A transfer to a strategy is a donation. Source: ERC20.transfer."""

    sender: Final[str]
    token: Final[str]
    to: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, token: str, to: str, amount: int) -> None:
        self.sender = sender
        self.token = token
        self.to = to
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AddStrategiesToDepositWhitelist:
    """Whitelist strategies for deposits. Source: StrategyManager.addStrategiesToDepositWhitelist."""

    sender: Final[str]
    strategies: Final[tuple[str, ...]]

    def __init__(self, sender: str, strategies: tuple[str, ...]) -> None:
        self.sender = sender
        self.strategies = strategies


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RemoveStrategiesFromDepositWhitelist:
    """Remove strategies from the deposit whitelist. Source: StrategyManager.removeStrategiesFromDepositWhitelist."""

    sender: Final[str]
    strategies: Final[tuple[str, ...]]

    def __init__(self, sender: str, strategies: tuple[str, ...]) -> None:
        self.sender = sender
        self.strategies = strategies


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RegisterAsOperator:
    """Register the sender as an operator, permanently. Source: DelegationManager.registerAsOperator."""

    sender: Final[str]
    delegation_approver: Final[str]
    allocation_delay_blocks: Final[int]

    def __init__(self, sender: str, delegation_approver: str, allocation_delay_blocks: int) -> None:
        self.sender = sender
        self.delegation_approver = delegation_approver
        self.allocation_delay_blocks = allocation_delay_blocks


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ModifyOperatorDetails:
    """Change an operator's delegation approver. Source: DelegationManager.modifyOperatorDetails."""

    sender: Final[str]
    operator: Final[str]
    delegation_approver: Final[str]

    def __init__(self, sender: str, operator: str, delegation_approver: str) -> None:
        self.sender = sender
        self.operator = operator
        self.delegation_approver = delegation_approver


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Approval:
    """An approver's signature over one delegation of the sender: its signer, its salt, and True if it has expired."""

    signer: Final[str]
    salt: Final[int]
    is_expired: Final[bool]

    def __init__(self, signer: str, salt: int, is_expired: bool) -> None:
        self.signer = signer
        self.salt = salt
        self.is_expired = is_expired


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DelegateTo:
    """Delegate all of the sender's shares, present and future, to one operator.

    Source: DelegationManager.delegateTo.
    """

    sender: Final[str]
    operator: Final[str]
    approval: Final[Approval]

    def __init__(self, sender: str, operator: str, approval: Approval) -> None:
        self.sender = sender
        self.operator = operator
        self.approval = approval


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Undelegate:
    """End a staker's delegation and queue all its shares for withdrawal. Source: DelegationManager.undelegate."""

    sender: Final[str]
    staker: Final[str]

    def __init__(self, sender: str, staker: str) -> None:
        self.sender = sender
        self.staker = staker


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Redelegate:
    """Undelegate the sender and delegate it to another operator in one call. Source: DelegationManager.redelegate."""

    sender: Final[str]
    operator: Final[str]
    approval: Final[Approval]

    def __init__(self, sender: str, operator: str, approval: Approval) -> None:
        self.sender = sender
        self.operator = operator
        self.approval = approval


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class WithdrawalRequest:
    """One withdrawal to queue: its strategies, and the deposit shares to withdraw from each."""

    strategies: Final[tuple[str, ...]]
    deposit_shares: Final[tuple[int, ...]]

    def __init__(self, strategies: tuple[str, ...], deposit_shares: tuple[int, ...]) -> None:
        self.strategies = strategies
        self.deposit_shares = deposit_shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class QueueWithdrawals:
    """Queue withdrawals of the sender, one for each request. Source: DelegationManager.queueWithdrawals."""

    sender: Final[str]
    requests: Final[tuple[WithdrawalRequest, ...]]

    def __init__(self, sender: str, requests: tuple[WithdrawalRequest, ...]) -> None:
        self.sender = sender
        self.requests = requests


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Completion:
    """The completion of the queued withdrawal (staker, nonce), paid in tokens or returned as shares.

    `tokens` names one token for each strategy of the withdrawal. `is_tampered`: the withdrawal in the call's arguments
    differs from the queued one, so the contract does not find its root.
    """

    staker: Final[str]
    nonce: Final[int]
    tokens: Final[tuple[str, ...]]
    receive_as_tokens: Final[bool]
    is_tampered: Final[bool]

    def __init__(
        self,
        staker: str,
        nonce: int,
        tokens: tuple[str, ...],
        receive_as_tokens: bool,
        is_tampered: bool = False,
    ) -> None:
        self.staker = staker
        self.nonce = nonce
        self.tokens = tokens
        self.receive_as_tokens = receive_as_tokens
        self.is_tampered = is_tampered


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CompleteQueuedWithdrawal:
    """Complete one queued withdrawal. Source: DelegationManager.completeQueuedWithdrawal."""

    sender: Final[str]
    completion: Final[Completion]

    def __init__(self, sender: str, completion: Completion) -> None:
        self.sender = sender
        self.completion = completion


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CompleteQueuedWithdrawals:
    """Complete several queued withdrawals, all or none. Source: DelegationManager.completeQueuedWithdrawals."""

    sender: Final[str]
    completions: Final[tuple[Completion, ...]]

    def __init__(self, sender: str, completions: tuple[Completion, ...]) -> None:
        self.sender = sender
        self.completions = completions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class UpdateAvsMetadata:
    """Publish an AVS's metadata. Only then can the AVS create operator sets.

    Source: AllocationManager.updateAVSMetadataURI.
    """

    sender: Final[str]
    avs: Final[str]

    def __init__(self, sender: str, avs: str) -> None:
        self.sender = sender
        self.avs = avs


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorSetRequest:
    """One operator set to create: its id, the strategies that it may slash, and its slasher."""

    operator_set_id: Final[int]
    strategies: Final[tuple[str, ...]]
    slasher: Final[str]

    def __init__(self, operator_set_id: int, strategies: tuple[str, ...], slasher: str) -> None:
        self.operator_set_id = operator_set_id
        self.strategies = strategies
        self.slasher = slasher


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateOperatorSets:
    """Create operator sets whose slashed stake is burned. Source: AllocationManager.createOperatorSets."""

    sender: Final[str]
    avs: Final[str]
    requests: Final[tuple[OperatorSetRequest, ...]]

    def __init__(self, sender: str, avs: str, requests: tuple[OperatorSetRequest, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.requests = requests


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateRedistributingOperatorSets:
    """Create operator sets whose slashed stake goes to a recipient, one recipient for each operator set.

    Source: AllocationManager.createRedistributingOperatorSets.
    """

    sender: Final[str]
    avs: Final[str]
    requests: Final[tuple[OperatorSetRequest, ...]]
    recipients: Final[tuple[str, ...]]

    def __init__(
        self,
        sender: str,
        avs: str,
        requests: tuple[OperatorSetRequest, ...],
        recipients: tuple[str, ...],
    ) -> None:
        self.sender = sender
        self.avs = avs
        self.requests = requests
        self.recipients = recipients


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AddStrategiesToOperatorSet:
    """Add strategies that an operator set may slash, with immediate effect.

    Source: AllocationManager.addStrategiesToOperatorSet.
    """

    sender: Final[str]
    avs: Final[str]
    operator_set_id: Final[int]
    strategies: Final[tuple[str, ...]]

    def __init__(self, sender: str, avs: str, operator_set_id: int, strategies: tuple[str, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.operator_set_id = operator_set_id
        self.strategies = strategies


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RemoveStrategiesFromOperatorSet:
    """Remove strategies that an operator set may slash, with immediate effect.

    Source: AllocationManager.removeStrategiesFromOperatorSet.
    """

    sender: Final[str]
    avs: Final[str]
    operator_set_id: Final[int]
    strategies: Final[tuple[str, ...]]

    def __init__(self, sender: str, avs: str, operator_set_id: int, strategies: tuple[str, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.operator_set_id = operator_set_id
        self.strategies = strategies


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class UpdateSlasher:
    """Change an operator set's slasher, with effect after a delay. Source: AllocationManager.updateSlasher."""

    sender: Final[str]
    operator_set: Final[OperatorSet]
    slasher: Final[str]

    def __init__(self, sender: str, operator_set: OperatorSet, slasher: str) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.slasher = slasher


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RegisterForOperatorSets:
    """Register an operator for operator sets of one AVS. Source: AllocationManager.registerForOperatorSets."""

    sender: Final[str]
    operator: Final[str]
    avs: Final[str]
    operator_set_ids: Final[tuple[int, ...]]

    def __init__(self, sender: str, operator: str, avs: str, operator_set_ids: tuple[int, ...]) -> None:
        self.sender = sender
        self.operator = operator
        self.avs = avs
        self.operator_set_ids = operator_set_ids


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DeregisterFromOperatorSets:
    """Deregister an operator from operator sets of one AVS. The operator stays slashable for the deallocation delay.

    Source: AllocationManager.deregisterFromOperatorSets.
    """

    sender: Final[str]
    operator: Final[str]
    avs: Final[str]
    operator_set_ids: Final[tuple[int, ...]]

    def __init__(self, sender: str, operator: str, avs: str, operator_set_ids: tuple[int, ...]) -> None:
        self.sender = sender
        self.operator = operator
        self.avs = avs
        self.operator_set_ids = operator_set_ids


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AllocationRequest:
    """New magnitudes of an operator's allocations to one operator set, one for each strategy."""

    operator_set: Final[OperatorSet]
    strategies: Final[tuple[str, ...]]
    new_magnitudes: Final[tuple[int, ...]]

    def __init__(
        self,
        operator_set: OperatorSet,
        strategies: tuple[str, ...],
        new_magnitudes: tuple[int, ...],
    ) -> None:
        self.operator_set = operator_set
        self.strategies = strategies
        self.new_magnitudes = new_magnitudes


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ModifyAllocations:
    """Change an operator's allocations to operator sets. Source: AllocationManager.modifyAllocations."""

    sender: Final[str]
    operator: Final[str]
    requests: Final[tuple[AllocationRequest, ...]]

    def __init__(self, sender: str, operator: str, requests: tuple[AllocationRequest, ...]) -> None:
        self.sender = sender
        self.operator = operator
        self.requests = requests


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetAllocationDelay:
    """Change the delay of an operator's new allocations. The change itself takes effect after the configuration delay.

    Source: AllocationManager.setAllocationDelay.
    """

    sender: Final[str]
    operator: Final[str]
    delay_blocks: Final[int]

    def __init__(self, sender: str, operator: str, delay_blocks: int) -> None:
        self.sender = sender
        self.operator = operator
        self.delay_blocks = delay_blocks


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClearDeallocationQueue:
    """Complete an operator's deallocations whose effect block has come, up to a given number for each strategy.

    Source: AllocationManager.clearDeallocationQueue.
    """

    sender: Final[str]
    operator: Final[str]
    strategies: Final[tuple[str, ...]]
    numbers_to_clear: Final[tuple[int, ...]]

    def __init__(
        self,
        sender: str,
        operator: str,
        strategies: tuple[str, ...],
        numbers_to_clear: tuple[int, ...],
    ) -> None:
        self.sender = sender
        self.operator = operator
        self.strategies = strategies
        self.numbers_to_clear = numbers_to_clear


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashOperator:
    """Slash an operator's allocations to an operator set, by one fraction for each strategy.

    `wads_to_slash` holds the fractions, in WAD, in the order of `strategies`. Source: AllocationManager.slashOperator.
    """

    sender: Final[str]
    avs: Final[str]
    operator: Final[str]
    operator_set_id: Final[int]
    strategies: Final[tuple[str, ...]]
    wads_to_slash: Final[tuple[int, ...]]

    def __init__(
        self,
        sender: str,
        avs: str,
        operator: str,
        operator_set_id: int,
        strategies: tuple[str, ...],
        wads_to_slash: tuple[int, ...],
    ) -> None:
        self.sender = sender
        self.avs = avs
        self.operator = operator
        self.operator_set_id = operator_set_id
        self.strategies = strategies
        self.wads_to_slash = wads_to_slash


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClearBurnOrRedistributableShares:
    """Burn or redistribute all shares of one slash. Source: StrategyManager.clearBurnOrRedistributableShares."""

    sender: Final[str]
    operator_set: Final[OperatorSet]
    slash_id: Final[int]

    def __init__(self, sender: str, operator_set: OperatorSet, slash_id: int) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.slash_id = slash_id


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClearBurnOrRedistributableSharesByStrategy:
    """Burn or redistribute the shares of one slash in one strategy.

    Source: StrategyManager.clearBurnOrRedistributableSharesByStrategy.
    """

    sender: Final[str]
    operator_set: Final[OperatorSet]
    slash_id: Final[int]
    strategy: Final[str]

    def __init__(self, sender: str, operator_set: OperatorSet, slash_id: int, strategy: str) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.slash_id = slash_id
        self.strategy = strategy


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class BurnShares:
    """Burn a strategy's shares that were slashed in releases without slash ids. Source: StrategyManager.burnShares."""

    sender: Final[str]
    strategy: Final[str]

    def __init__(self, sender: str, strategy: str) -> None:
        self.sender = sender
        self.strategy = strategy


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreatePod:
    """Deploy the sender's EigenPod. Source: EigenPodManager.createPod."""

    sender: Final[str]

    def __init__(self, sender: str) -> None:
        self.sender = sender


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RecordBeaconChainEthBalanceUpdate:
    """Report a change of a pod owner's balance on the beacon chain. A checkpoint or a validator's proof has found it.

    `is_from_pod`: the caller is the pod of `sender`, not `sender` itself. `balance_delta_wei` is a gain or, if
    negative, a loss. `prev_restaked_balance_wei` is the restaked balance before the change.
    Source: EigenPodManager.recordBeaconChainETHBalanceUpdate.
    """

    sender: Final[str]
    pod_owner: Final[str]
    prev_restaked_balance_wei: Final[int]
    balance_delta_wei: Final[int]
    is_from_pod: Final[bool]

    def __init__(
        self,
        sender: str,
        pod_owner: str,
        prev_restaked_balance_wei: int,
        balance_delta_wei: int,
        is_from_pod: bool = False,
    ) -> None:
        self.sender = sender
        self.pod_owner = pod_owner
        self.prev_restaked_balance_wei = prev_restaked_balance_wei
        self.balance_delta_wei = balance_delta_wei
        self.is_from_pod = is_from_pod


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class FundPod:
    """Add ETH to a pod, as counted by a checkpoint. This is an event of the beacon chain, not a contract call.

    `amount_wei` is a multiple of a gwei.
    """

    pod_owner: Final[str]
    amount_wei: Final[int]

    def __init__(self, pod_owner: str, amount_wei: int) -> None:
        self.pod_owner = pod_owner
        self.amount_wei = amount_wei


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PlantPodOwnerDepositShares:
    """Set a staker's native ETH shares from before the slashing release. This is a migrated state, not a contract call.

    In such a state `shares` is negative (a deficit), and the staker has no native ETH shares yet.
    """

    staker: Final[str]
    shares: Final[int]

    def __init__(self, staker: str, shares: int) -> None:
        self.staker = staker
        self.shares = shares


Action = (
    MineBlocks
    | DepositIntoStrategy
    | TransferToken
    | AddStrategiesToDepositWhitelist
    | RemoveStrategiesFromDepositWhitelist
    | RegisterAsOperator
    | ModifyOperatorDetails
    | DelegateTo
    | Undelegate
    | Redelegate
    | QueueWithdrawals
    | CompleteQueuedWithdrawal
    | CompleteQueuedWithdrawals
    | UpdateAvsMetadata
    | CreateOperatorSets
    | CreateRedistributingOperatorSets
    | AddStrategiesToOperatorSet
    | RemoveStrategiesFromOperatorSet
    | UpdateSlasher
    | RegisterForOperatorSets
    | DeregisterFromOperatorSets
    | ModifyAllocations
    | SetAllocationDelay
    | ClearDeallocationQueue
    | SlashOperator
    | ClearBurnOrRedistributableShares
    | ClearBurnOrRedistributableSharesByStrategy
    | BurnShares
    | RewardsAction
    | CreatePod
    | RecordBeaconChainEthBalanceUpdate
    | FundPod
    | PlantPodOwnerDepositShares
)
