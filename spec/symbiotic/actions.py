"""Actions of Symbiotic: one class for each contract call. `sender` is the account that calls.

Every sender is an externally owned account. Calls of one contract by another, and calls by signature, are no actions. A
call of a function that the vault's delegator or slasher does not have is rejected with EmptyRevert. So is a call of a
staker rewards contract that does not exist.
"""

from typing import Final

import attr

from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import Subnetwork


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AdvanceTime:
    """Let `seconds` seconds pass. Every other action executes at the current timestamp."""

    seconds: Final[int]

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TransferCollateral:
    """Transfer `amount` of the token `collateral` to any account. A transfer to a vault issues no shares. Source:
    ERC20.transfer.
    """

    sender: Final[str]
    to: Final[str]
    amount: Final[int]
    collateral: Final[str]

    def __init__(self, sender: str, to: str, amount: int, collateral: str = COLLATERAL) -> None:
        self.sender = sender
        self.to = to
        self.amount = amount
        self.collateral = collateral


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RegisterOperator:
    """Register the sender as an operator, permanently. Source: OperatorRegistry.registerOperator."""

    sender: Final[str]

    def __init__(self, sender: str) -> None:
        self.sender = sender


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RegisterNetwork:
    """Register the sender as a network, permanently. Source: NetworkRegistry.registerNetwork."""

    sender: Final[str]

    def __init__(self, sender: str) -> None:
        self.sender = sender


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetMiddleware:
    """Set the account that slashes for the sender's network, with immediate effect.

    Source: NetworkMiddlewareService.setMiddleware.
    """

    sender: Final[str]
    middleware: Final[str]

    def __init__(self, sender: str, middleware: str) -> None:
        self.sender = sender
        self.middleware = middleware


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OptInVault:
    """Opt the sender, an operator, in to a vault. Source: OptInService.optIn, operators to vaults."""

    sender: Final[str]
    vault: Final[str]

    def __init__(self, sender: str, vault: str) -> None:
        self.sender = sender
        self.vault = vault


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OptOutVault:
    """Opt the sender, an operator, out of a vault, from now on. Source: OptInService.optOut, operators to vaults."""

    sender: Final[str]
    vault: Final[str]

    def __init__(self, sender: str, vault: str) -> None:
        self.sender = sender
        self.vault = vault


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OptInNetwork:
    """Opt the sender, an operator, in to a network. Source: OptInService.optIn, operators to networks."""

    sender: Final[str]
    network: Final[str]

    def __init__(self, sender: str, network: str) -> None:
        self.sender = sender
        self.network = network


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OptOutNetwork:
    """Opt the sender, an operator, out of a network, from now on.

    Source: OptInService.optOut, operators to networks.
    """

    sender: Final[str]
    network: Final[str]

    def __init__(self, sender: str, network: str) -> None:
        self.sender = sender
        self.network = network


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Deposit:
    """Deposit the sender's collateral into a vault, for active shares of `on_behalf_of`. Source: Vault.deposit."""

    sender: Final[str]
    vault: Final[str]
    on_behalf_of: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, on_behalf_of: str, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.on_behalf_of = on_behalf_of
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetDepositWhitelist:
    """Restrict deposits into a vault to its whitelist if `status`, otherwise lift the restriction. Source:
    Vault.setDepositWhitelist.
    """

    sender: Final[str]
    vault: Final[str]
    status: Final[bool]

    def __init__(self, sender: str, vault: str, status: bool) -> None:
        self.sender = sender
        self.vault = vault
        self.status = status


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetDepositorWhitelistStatus:
    """Add an account to a vault's deposit whitelist if `status`, otherwise remove it. Source:
    Vault.setDepositorWhitelistStatus.
    """

    sender: Final[str]
    vault: Final[str]
    account: Final[str]
    status: Final[bool]

    def __init__(self, sender: str, vault: str, account: str, status: bool) -> None:
        self.sender = sender
        self.vault = vault
        self.account = account
        self.status = status


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetIsDepositLimit:
    """Switch a vault's deposit limit on if `status`, otherwise off. Source: Vault.setIsDepositLimit."""

    sender: Final[str]
    vault: Final[str]
    status: Final[bool]

    def __init__(self, sender: str, vault: str, status: bool) -> None:
        self.sender = sender
        self.vault = vault
        self.status = status


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetDepositLimit:
    """Change the maximum active stake that a vault accepts while its limit is on. Source: Vault.setDepositLimit."""

    sender: Final[str]
    vault: Final[str]
    limit: Final[int]

    def __init__(self, sender: str, vault: str, limit: int) -> None:
        self.sender = sender
        self.vault = vault
        self.limit = limit


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Withdraw:
    """Withdraw `amount` of collateral through the next epoch's withdrawal bucket, for `claimer`.

    Source: Vault.withdraw.
    """

    sender: Final[str]
    vault: Final[str]
    claimer: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, claimer: str, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.claimer = claimer
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Redeem:
    """Withdraw the value of active shares through the next epoch's withdrawal bucket, for `claimer`.

    Source: Vault.redeem.
    """

    sender: Final[str]
    vault: Final[str]
    claimer: Final[str]
    shares: Final[int]

    def __init__(self, sender: str, vault: str, claimer: str, shares: int) -> None:
        self.sender = sender
        self.vault = vault
        self.claimer = claimer
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claim:
    """Send the sender's withdrawal of a finished epoch to `recipient`. Source: Vault.claim."""

    sender: Final[str]
    vault: Final[str]
    recipient: Final[str]
    epoch: Final[int]

    def __init__(self, sender: str, vault: str, recipient: str, epoch: int) -> None:
        self.sender = sender
        self.vault = vault
        self.recipient = recipient
        self.epoch = epoch


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimBatch:
    """Send the sender's withdrawals of several finished epochs to `recipient`, all or none.

    Source: Vault.claimBatch.
    """

    sender: Final[str]
    vault: Final[str]
    recipient: Final[str]
    epochs: Final[tuple[int, ...]]

    def __init__(self, sender: str, vault: str, recipient: str, epochs: tuple[int, ...]) -> None:
        self.sender = sender
        self.vault = vault
        self.recipient = recipient
        self.epochs = epochs


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetMaxNetworkLimit:
    """Set the maximum stake of a vault that the sender's subnetwork with number `identifier` accepts.

    Source: BaseDelegator.setMaxNetworkLimit.
    """

    sender: Final[str]
    vault: Final[str]
    identifier: Final[int]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, identifier: int, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.identifier = identifier
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetNetworkLimit:
    """Set the maximum stake that a vault gives a subnetwork. Source: setNetworkLimit of delegator types 0, 1 and 2."""

    sender: Final[str]
    vault: Final[str]
    subnetwork: Final[Subnetwork]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, subnetwork: Subnetwork, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.subnetwork = subnetwork
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorNetworkShares:
    """Change an operator's shares of a subnetwork's stake.

    Source: NetworkRestakeDelegator.setOperatorNetworkShares.
    """

    sender: Final[str]
    vault: Final[str]
    subnetwork: Final[Subnetwork]
    operator: Final[str]
    shares: Final[int]

    def __init__(self, sender: str, vault: str, subnetwork: Subnetwork, operator: str, shares: int) -> None:
        self.sender = sender
        self.vault = vault
        self.subnetwork = subnetwork
        self.operator = operator
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorNetworkLimit:
    """Set the maximum stake that a vault gives an operator in a subnetwork.

    Source: FullRestakeDelegator.setOperatorNetworkLimit.
    """

    sender: Final[str]
    vault: Final[str]
    subnetwork: Final[Subnetwork]
    operator: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, subnetwork: Subnetwork, operator: str, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.subnetwork = subnetwork
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slash:
    """Slash an operator by at most `amount` of collateral, for an offence at `capture_timestamp`. Source:
    Slasher.slash.
    """

    sender: Final[str]
    vault: Final[str]
    subnetwork: Final[Subnetwork]
    operator: Final[str]
    amount: Final[int]
    capture_timestamp: Final[int]

    def __init__(
        self, sender: str, vault: str, subnetwork: Subnetwork, operator: str, amount: int, capture_timestamp: int
    ) -> None:
        self.sender = sender
        self.vault = vault
        self.subnetwork = subnetwork
        self.operator = operator
        self.amount = amount
        self.capture_timestamp = capture_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RequestSlash:
    """Request a slash of at most `amount` of collateral for an offence at `capture_timestamp`. A resolver may veto it.

    Source: VetoSlasher.requestSlash.
    """

    sender: Final[str]
    vault: Final[str]
    subnetwork: Final[Subnetwork]
    operator: Final[str]
    amount: Final[int]
    capture_timestamp: Final[int]

    def __init__(
        self, sender: str, vault: str, subnetwork: Subnetwork, operator: str, amount: int, capture_timestamp: int
    ) -> None:
        self.sender = sender
        self.vault = vault
        self.subnetwork = subnetwork
        self.operator = operator
        self.amount = amount
        self.capture_timestamp = capture_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ExecuteSlash:
    """Execute a requested slash. `slash_index` counts the vault's requests from 0. Source: VetoSlasher.executeSlash."""

    sender: Final[str]
    vault: Final[str]
    slash_index: Final[int]

    def __init__(self, sender: str, vault: str, slash_index: int) -> None:
        self.sender = sender
        self.vault = vault
        self.slash_index = slash_index


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class VetoSlash:
    """Veto a requested slash, which ends it. `slash_index` counts the vault's requests from 0. Source:
    VetoSlasher.vetoSlash.
    """

    sender: Final[str]
    vault: Final[str]
    slash_index: Final[int]

    def __init__(self, sender: str, vault: str, slash_index: int) -> None:
        self.sender = sender
        self.vault = vault
        self.slash_index = slash_index


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetResolver:
    """Set the account that may veto the slashes of the sender's subnetwork with number `identifier`.

    Source: VetoSlasher.setResolver.
    """

    sender: Final[str]
    vault: Final[str]
    identifier: Final[int]
    resolver: Final[str]

    def __init__(self, sender: str, vault: str, identifier: int, resolver: str) -> None:
        self.sender = sender
        self.vault = vault
        self.identifier = identifier
        self.resolver = resolver


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TransferReward:
    """Transfer `amount` of any token to any account. A transfer to a rewards contract adds nothing to what any account
    can claim.

    Source: ERC20.transfer.
    """

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
class DistributeStakerRewards:
    """Distribute a reward to the holders of active shares at the past timestamp `timestamp`.

    The admin fee is set aside if it is at most `max_admin_fee_bips`; otherwise the call is rejected. The hints are
    positions of checkpoints, from 0, or NO_HINT: those of the active shares and the active stake at that timestamp.
    Source: DefaultStakerRewards.distributeRewards.
    """

    sender: Final[str]
    contract: Final[str]
    network: Final[str]
    token: Final[str]
    amount: Final[int]
    timestamp: Final[int]
    max_admin_fee_bips: Final[int]
    active_shares_hint: Final[int]
    active_stake_hint: Final[int]

    def __init__(
        self,
        sender: str,
        contract: str,
        network: str,
        token: str,
        amount: int,
        timestamp: int,
        max_admin_fee_bips: int,
        active_shares_hint: int,
        active_stake_hint: int,
    ) -> None:
        self.sender = sender
        self.contract = contract
        self.network = network
        self.token = token
        self.amount = amount
        self.timestamp = timestamp
        self.max_admin_fee_bips = max_admin_fee_bips
        self.active_shares_hint = active_shares_hint
        self.active_stake_hint = active_stake_hint


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimStakerRewards:
    """Claim the sender's parts of its next rewards from one network in one token, of at most `max_rewards` rewards.

    `active_shares_of_hints` is empty, or has a hint for each reward: the position, from 0, of the checkpoint with the
    sender's active shares at the rewarded timestamp, or NO_HINT.
    Source: DefaultStakerRewards.claimRewards.
    """

    sender: Final[str]
    contract: Final[str]
    recipient: Final[str]
    token: Final[str]
    network: Final[str]
    max_rewards: Final[int]
    active_shares_of_hints: Final[tuple[int, ...]]

    def __init__(
        self,
        sender: str,
        contract: str,
        recipient: str,
        token: str,
        network: str,
        max_rewards: int,
        active_shares_of_hints: tuple[int, ...],
    ) -> None:
        self.sender = sender
        self.contract = contract
        self.recipient = recipient
        self.token = token
        self.network = network
        self.max_rewards = max_rewards
        self.active_shares_of_hints = active_shares_of_hints


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimAdminFee:
    """Claim the whole admin fee that is set aside in one token. Source: DefaultStakerRewards.claimAdminFee."""

    sender: Final[str]
    contract: Final[str]
    recipient: Final[str]
    token: Final[str]

    def __init__(self, sender: str, contract: str, recipient: str, token: str) -> None:
        self.sender = sender
        self.contract = contract
        self.recipient = recipient
        self.token = token


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetAdminFee:
    """Change the admin fee on later rewards. Source: DefaultStakerRewards.setAdminFee."""

    sender: Final[str]
    contract: Final[str]
    fee_bips: Final[int]

    def __init__(self, sender: str, contract: str, fee_bips: int) -> None:
        self.sender = sender
        self.contract = contract
        self.fee_bips = fee_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DistributeOperatorRewards:
    """Pay in an amount, possibly 0, and set a new Merkle root of operators' rewards.

    `root` is the name of the root's tree, or ZERO_ROOT. Source: DefaultOperatorRewards.distributeRewards.
    """

    sender: Final[str]
    network: Final[str]
    token: Final[str]
    amount: Final[int]
    root: Final[str]

    def __init__(self, sender: str, network: str, token: str, amount: int, root: str) -> None:
        self.sender = sender
        self.network = network
        self.token = token
        self.amount = amount
        self.root = root


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimOperatorRewards:
    """Claim the sender's operator rewards under a root: `total_claimable`, less the amount that it claimed before.

    The proof is not hashed: `proof_root` is the root that the leaf (sender, total_claimable) and the proof hash to. It
    is the name of the root's tree, or ZERO_ROOT for an unknown root.
    Source: DefaultOperatorRewards.claimRewards.
    """

    sender: Final[str]
    recipient: Final[str]
    network: Final[str]
    token: Final[str]
    total_claimable: Final[int]
    proof_root: Final[str]

    def __init__(
        self,
        sender: str,
        recipient: str,
        network: str,
        token: str,
        total_claimable: int,
        proof_root: str,
    ) -> None:
        self.sender = sender
        self.recipient = recipient
        self.network = network
        self.token = token
        self.total_claimable = total_claimable
        self.proof_root = proof_root


Action = (
    AdvanceTime
    | TransferCollateral
    | RegisterOperator
    | RegisterNetwork
    | SetMiddleware
    | OptInVault
    | OptOutVault
    | OptInNetwork
    | OptOutNetwork
    | Deposit
    | SetDepositWhitelist
    | SetDepositorWhitelistStatus
    | SetIsDepositLimit
    | SetDepositLimit
    | Withdraw
    | Redeem
    | Claim
    | ClaimBatch
    | SetMaxNetworkLimit
    | SetNetworkLimit
    | SetOperatorNetworkShares
    | SetOperatorNetworkLimit
    | Slash
    | RequestSlash
    | ExecuteSlash
    | VetoSlash
    | SetResolver
    | TransferReward
    | DistributeStakerRewards
    | ClaimStakerRewards
    | ClaimAdminFee
    | SetAdminFee
    | DistributeOperatorRewards
    | ClaimOperatorRewards
)
