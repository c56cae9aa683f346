"""The state of EigenLayer: small immutable rows, and the tables that hold them.

Keys are names (of accounts, tokens, strategies) or tuples of them. A key that was never written reads as its table's
default row, so rows are never created or deleted. Shares are a strategy's shares. Magnitudes and factors are fractions
of WAD. Blocks are block numbers.
"""

from typing import Final

import attr

from spec.arithmetic import WAD
from spec.eigenlayer.config import BURN_ADDRESS, ZERO_ADDRESS, Config
from spec.eigenlayer.presets import MAINNET
from spec.eigenlayer.rewards_config import RewardsConfig
from spec.eigenlayer.rewards_state import (
    AddressRank,
    Claimed,
    Claimer,
    Distribution,
    OperatorSetCount,
    Permission,
    RewardedOperator,
    RewardedStrategy,
    RewardsSettings,
    Root,
    Split,
    Submission,
    SubmissionCount,
    SubmissionNonce,
)
from spec.history import HistoryTable
from spec.machine import Schema, Table

Pair = tuple[str, ...]
"""A key of two names. Its type is not `tuple[str, str]`, which the compiler would unpack and rebuild at each use."""

OperatorSet = tuple[str, int]
"""An operator set's identity: the AVS that created it, and its uint32 id."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Clock:
    """The block in which the next call executes, and its timestamp in seconds."""

    block: Final[int]
    timestamp: Final[int]

    def __init__(self, block: int = 0, timestamp: int = 0) -> None:
        self.block = block
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TokenBalance:
    """The balance of one account in one ERC-20 token, in the token's smallest unit."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allowance:
    """An account's ERC-20 allowance for the StrategyManager: infinite or zero."""

    is_infinite: Final[bool]

    def __init__(self, is_infinite: bool = False) -> None:
        self.is_infinite = is_infinite


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Strategy:
    """A strategy: a pool of one token that issues shares.

    `address_rank` orders strategies as their addresses do. `is_whitelisted` is True if deposits into it are allowed.
    `total_shares` changes only when tokens enter or leave the
    strategy. `legacy_burnable_shares` were slashed in releases without slash ids, and never grow.
    """

    underlying_token: Final[str]
    address_rank: Final[int]
    is_whitelisted: Final[bool]
    total_shares: Final[int]
    legacy_burnable_shares: Final[int]

    def __init__(
        self,
        underlying_token: str = "",
        address_rank: int = 0,
        is_whitelisted: bool = False,
        total_shares: int = 0,
        legacy_burnable_shares: int = 0,
    ) -> None:
        self.underlying_token = underlying_token
        self.address_rank = address_rank
        self.is_whitelisted = is_whitelisted
        self.total_shares = total_shares
        self.legacy_burnable_shares = legacy_burnable_shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Staker:
    """A staker. `delegated_to` is its operator, ZERO_ADDRESS if it has none, or the staker itself if it is an operator.

    `withdrawals_queued` is the number of withdrawals that it has ever queued. `strategy_list` has the strategies of its
    deposit shares, in the contract's storage order.
    """

    delegated_to: Final[str]
    withdrawals_queued: Final[int]
    strategy_list: Final[tuple[str, ...]]

    def __init__(
        self,
        delegated_to: str = ZERO_ADDRESS,
        withdrawals_queued: int = 0,
        strategy_list: tuple[str, ...] = (),
    ) -> None:
        self.delegated_to = delegated_to
        self.withdrawals_queued = withdrawals_queued
        self.strategy_list = strategy_list


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StakerShares:
    """A staker's deposit shares in one strategy, and their deposit scaling factor.

    Withdrawable shares are deposit shares times the deposit scaling factor times the operator's max magnitude. The max
    magnitude reflects all slashes of the operator. The factor offsets the slashes from before the staker's deposits or
    delegation.
    """

    deposit_shares: Final[int]
    deposit_scaling_factor_wad: Final[int]

    def __init__(self, deposit_shares: int = 0, deposit_scaling_factor_wad: int = WAD) -> None:
        self.deposit_shares = deposit_shares
        self.deposit_scaling_factor_wad = deposit_scaling_factor_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Withdrawal:
    """A queued withdrawal: the number of its strategies, the block in which it was queued, and True while it is
    pending.

    The default row stands for an unknown withdrawal, which a caller makes up: one strategy, not pending.
    """

    strategy_count: Final[int]
    start_block: Final[int]
    is_pending: Final[bool]

    def __init__(self, strategy_count: int = 1, start_block: int = 0, is_pending: bool = False) -> None:
        self.strategy_count = strategy_count
        self.start_block = start_block
        self.is_pending = is_pending


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class QueuedShares:
    """One strategy's part of a queued withdrawal. `scaled_shares` are the withdrawn deposit shares, times the deposit
    scaling factor.

    `operator` is the staker's operator at the time of queueing. Its slashes reduce the part up to and including
    `start_block` plus the withdrawal delay. The row repeats the withdrawal's start block, so that it is complete by
    itself. After completion it has zero shares.
    """

    operator: Final[str]
    strategy: Final[str]
    start_block: Final[int]
    scaled_shares: Final[int]

    def __init__(
        self,
        operator: str = ZERO_ADDRESS,
        strategy: str = "",
        start_block: int = 0,
        scaled_shares: int = 0,
    ) -> None:
        self.operator = operator
        self.strategy = strategy
        self.start_block = start_block
        self.scaled_shares = scaled_shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorDetails:
    """The account that must sign each delegation to an operator (ZERO_ADDRESS: no signature is needed)."""

    delegation_approver: Final[str]

    def __init__(self, delegation_approver: str = ZERO_ADDRESS) -> None:
        self.delegation_approver = delegation_approver


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AllocationDelay:
    """The delay of an operator's new allocations in blocks, and a pending change of the delay with its effect block."""

    delay_blocks: Final[int]
    is_set: Final[bool]
    pending_delay_blocks: Final[int]
    effect_block: Final[int]

    def __init__(
        self,
        delay_blocks: int = 0,
        is_set: bool = False,
        pending_delay_blocks: int = 0,
        effect_block: int = 0,
    ) -> None:
        self.delay_blocks = delay_blocks
        self.is_set = is_set
        self.pending_delay_blocks = pending_delay_blocks
        self.effect_block = effect_block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorShares:
    """The shares of one strategy that are delegated to an operator, after slashing."""

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class EncumberedMagnitude:
    """The allocated part of an operator's max magnitude. A pending deallocation is part of it until it is cleared."""

    magnitude: Final[int]

    def __init__(self, magnitude: int = 0) -> None:
        self.magnitude = magnitude


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allocation:
    """The magnitude that an operator allocates to one operator set in one strategy, with its pending change and effect
    block.

    The row is as stored: a change whose effect block has come stays pending until a call writes the allocation.
    """

    current_magnitude: Final[int]
    pending_diff_magnitude: Final[int]
    effect_block: Final[int]

    def __init__(self, current_magnitude: int = 0, pending_diff_magnitude: int = 0, effect_block: int = 0) -> None:
        self.current_magnitude = current_magnitude
        self.pending_diff_magnitude = pending_diff_magnitude
        self.effect_block = effect_block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DeallocationQueue:
    """One operator's queue of pending deallocations in one strategy: its first position, and its next free position."""

    first: Final[int]
    end: Final[int]

    def __init__(self, first: int = 0, end: int = 0) -> None:
        self.first = first
        self.end = end


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class QueuedDeallocation:
    """One entry of a deallocation queue: the operator set of the deallocation."""

    operator_set: Final[OperatorSet]

    def __init__(self, operator_set: OperatorSet = ("", 0)) -> None:
        self.operator_set = operator_set


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Registration:
    """An operator's registration for an operator set, and the last block in which it is slashable after
    deregistration.
    """

    is_registered: Final[bool]
    slashable_until_block: Final[int]

    def __init__(self, is_registered: bool = False, slashable_until_block: int = 0) -> None:
        self.is_registered = is_registered
        self.slashable_until_block = slashable_until_block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Avs:
    """An AVS. `has_metadata` is True if it has published metadata, without which it cannot create operator sets.
    `has_registrar` is True if it has a registrar.

    The specification assumes that a registrar accepts every operator. Without a registrar the contract calls the AVS
    itself. The AVS is an externally owned account here, so that call reverts.
    """

    has_metadata: Final[bool]
    has_registrar: Final[bool]

    def __init__(self, has_metadata: bool = False, has_registrar: bool = False) -> None:
        self.has_metadata = has_metadata
        self.has_registrar = has_registrar


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorSetDetails:
    """An operator set: its existence, the recipient of its slashed stake, and the number of its slashes so far."""

    exists: Final[bool]
    redistribution_recipient: Final[str]
    slash_count: Final[int]

    def __init__(
        self,
        exists: bool = False,
        redistribution_recipient: str = BURN_ADDRESS,
        slash_count: int = 0,
    ) -> None:
        self.exists = exists
        self.redistribution_recipient = redistribution_recipient
        self.slash_count = slash_count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slasher:
    """The account that may slash for an operator set, and a pending change of it with its effect block."""

    slasher: Final[str]
    pending_slasher: Final[str]
    effect_block: Final[int]

    def __init__(
        self,
        slasher: str = ZERO_ADDRESS,
        pending_slasher: str = ZERO_ADDRESS,
        effect_block: int = 0,
    ) -> None:
        self.slasher = slasher
        self.pending_slasher = pending_slasher
        self.effect_block = effect_block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Membership:
    """The membership of a strategy in an operator set: `is_member` is True if the set may slash the strategy."""

    is_member: Final[bool]

    def __init__(self, is_member: bool = False) -> None:
        self.is_member = is_member


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slash:
    """One slash. `strategies` are those with shares still to burn or redistribute, in the contract's storage order.

    `resolution_block` is the last block in which the shares cannot be paid yet. It is zero if no shares are left, or if
    the release has no such delay.
    """

    strategies: Final[tuple[str, ...]]
    resolution_block: Final[int]

    def __init__(self, strategies: tuple[str, ...] = (), resolution_block: int = 0) -> None:
        self.strategies = strategies
        self.resolution_block = resolution_block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashedShares:
    """The shares of one slash in one strategy that are still to be burned or redistributed."""

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pod:
    """An EigenPod: its existence, the ETH that withdrawals may pay out, and its total ETH.

    `withdrawable_gwei` backs the owner's shares. ETH that no checkpoint has counted yet is not part of it.
    """

    exists: Final[bool]
    withdrawable_gwei: Final[int]
    balance_wei: Final[int]

    def __init__(self, exists: bool = False, withdrawable_gwei: int = 0, balance_wei: int = 0) -> None:
        self.exists = exists
        self.withdrawable_gwei = withdrawable_gwei
        self.balance_wei = balance_wei


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PodOwner:
    """A staker's native ETH: deposit shares in wei, their scaling factor, and the beacon chain slashing factor.

    The beacon chain slashing factor is the fraction of WAD that losses on the beacon chain have left. It never grows.
    Negative `deposit_shares` are a deficit from before the slashing release. Completed withdrawals repay the deficit
    first.
    """

    deposit_shares: Final[int]
    deposit_scaling_factor_wad: Final[int]
    beacon_chain_slashing_factor_wad: Final[int]

    def __init__(
        self,
        deposit_shares: int = 0,
        deposit_scaling_factor_wad: int = WAD,
        beacon_chain_slashing_factor_wad: int = WAD,
    ) -> None:
        self.deposit_shares = deposit_shares
        self.deposit_scaling_factor_wad = deposit_scaling_factor_wad
        self.beacon_chain_slashing_factor_wad = beacon_chain_slashing_factor_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class EthBalance:
    """The ETH that pods have paid to one account, in wei. It omits the account's earlier balance and gas."""

    amount_wei: Final[int]

    def __init__(self, amount_wei: int = 0) -> None:
        self.amount_wei = amount_wei


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class BurnableEth:
    """All native ETH shares ever slashed, in wei. They never decrease."""

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SpentSalt:
    """The use of an approver's salt: `is_spent` is True if it has been used. Each salt can be used once."""

    is_spent: Final[bool]

    def __init__(self, is_spent: bool = False) -> None:
        self.is_spent = is_spent


SCHEMA: Final = Schema()

CONFIG: Final[Table[str, Config]] = SCHEMA.table("config", MAINNET)
CLOCK: Final[Table[str, Clock]] = SCHEMA.table("clock", Clock())

# Keys: (token, account); account; strategy.
TOKEN_BALANCES: Final[Table[Pair, TokenBalance]] = SCHEMA.table("token_balances", TokenBalance())
ALLOWANCES: Final[Table[str, Allowance]] = SCHEMA.table("allowances", Allowance())
STRATEGIES: Final[Table[str, Strategy]] = SCHEMA.table("strategies", Strategy())

# Keys: staker; (staker, strategy); (staker, nonce); (staker, nonce, position).
STAKERS: Final[Table[str, Staker]] = SCHEMA.table("stakers", Staker())
STAKER_SHARES: Final[Table[Pair, StakerShares]] = SCHEMA.table("staker_shares", StakerShares())
WITHDRAWALS: Final[Table[tuple[str, int], Withdrawal]] = SCHEMA.table("withdrawals", Withdrawal())
QUEUED_SHARES: Final[Table[tuple[str, int, int], QueuedShares]] = SCHEMA.table("queued_shares", QueuedShares())

# Keys: operator; (approver, salt); (operator, strategy), twice.
OPERATOR_DETAILS: Final[Table[str, OperatorDetails]] = SCHEMA.table("operator_details", OperatorDetails())
SPENT_SALTS: Final[Table[tuple[str, int], SpentSalt]] = SCHEMA.table("spent_salts", SpentSalt())
OPERATOR_SHARES: Final[Table[Pair, OperatorShares]] = SCHEMA.table("operator_shares", OperatorShares())
CUMULATIVE_SCALED_SHARES: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "cumulative_scaled_shares", 0)
"""By block: the total scaled shares ever queued for withdrawal by stakers of the operator."""

# Keys: operator; (operator, strategy), twice; (operator, operator set, strategy); (operator, strategy), position.
ALLOCATION_DELAYS: Final[Table[str, AllocationDelay]] = SCHEMA.table("allocation_delays", AllocationDelay())
MAX_MAGNITUDES: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "max_magnitudes", WAD)
"""By block: the fraction of delegated stake left after slashing. It is WAD until the first slash, and never grows."""
ENCUMBERED_MAGNITUDES: Final[Table[Pair, EncumberedMagnitude]] = SCHEMA.table(
    "encumbered_magnitudes", EncumberedMagnitude()
)
ALLOCATIONS: Final[Table[tuple[str, OperatorSet, str], Allocation]] = SCHEMA.table("allocations", Allocation())
DEALLOCATION_QUEUES: Final[Table[Pair, DeallocationQueue]] = SCHEMA.table("deallocation_queues", DeallocationQueue())
QUEUED_DEALLOCATIONS: Final[Table[tuple[str, str, int], QueuedDeallocation]] = SCHEMA.table(
    "queued_deallocations", QueuedDeallocation()
)

# Keys: AVS; operator set, twice; (operator, operator set); (operator set, strategy).
AVSS: Final[Table[str, Avs]] = SCHEMA.table("avss", Avs())
OPERATOR_SETS: Final[Table[OperatorSet, OperatorSetDetails]] = SCHEMA.table("operator_sets", OperatorSetDetails())
SLASHERS: Final[Table[OperatorSet, Slasher]] = SCHEMA.table("slashers", Slasher())
REGISTRATIONS: Final[Table[tuple[str, OperatorSet], Registration]] = SCHEMA.table("registrations", Registration())
OPERATOR_SET_STRATEGIES: Final[Table[tuple[OperatorSet, str], Membership]] = SCHEMA.table(
    "operator_set_strategies", Membership()
)

# Keys: (operator set, slash id); (operator set, slash id, strategy).
SLASHES: Final[Table[tuple[OperatorSet, int], Slash]] = SCHEMA.table("slashes", Slash())
SLASHED_SHARES: Final[Table[tuple[OperatorSet, int, str], SlashedShares]] = SCHEMA.table(
    "slashed_shares", SlashedShares()
)

# Rewards. Keys: account, six times; AVS; (account, nonce); (account, nonce, position), twice.
REWARDS_CONFIG: Final[Table[str, RewardsConfig]] = SCHEMA.table("rewards_config", RewardsConfig())
REWARDS_SETTINGS: Final[Table[str, RewardsSettings]] = SCHEMA.table("rewards_settings", RewardsSettings())
ADDRESS_RANKS: Final[Table[str, AddressRank]] = SCHEMA.table("address_ranks", AddressRank())
REWARDS_ALLOWANCES: Final[Table[str, Permission]] = SCHEMA.table("rewards_allowances", Permission())
REWARDS_FOR_ALL_SUBMITTERS: Final[Table[str, Permission]] = SCHEMA.table("rewards_for_all_submitters", Permission())
OPTED_IN_FOR_PROTOCOL_FEE: Final[Table[str, Permission]] = SCHEMA.table("opted_in_for_protocol_fee", Permission())
OPERATOR_SET_COUNTS: Final[Table[str, OperatorSetCount]] = SCHEMA.table("operator_set_counts", OperatorSetCount())
SUBMISSION_COUNT: Final[Table[str, SubmissionCount]] = SCHEMA.table("submission_count", SubmissionCount())
SUBMISSION_NONCES: Final[Table[str, SubmissionNonce]] = SCHEMA.table("submission_nonces", SubmissionNonce())
SUBMISSIONS: Final[Table[tuple[str, int], Submission]] = SCHEMA.table("submissions", Submission())
REWARDED_STRATEGIES: Final[Table[tuple[str, int, int], RewardedStrategy]] = SCHEMA.table(
    "rewarded_strategies", RewardedStrategy()
)
REWARDED_OPERATORS: Final[Table[tuple[str, int, int], RewardedOperator]] = SCHEMA.table(
    "rewarded_operators", RewardedOperator()
)

# Keys: operator; (operator, AVS); (operator, operator set); number of the root; earner; (earner, token).
OPERATOR_PI_SPLITS: Final[Table[str, Split]] = SCHEMA.table("operator_pi_splits", Split())
OPERATOR_AVS_SPLITS: Final[Table[Pair, Split]] = SCHEMA.table("operator_avs_splits", Split())
OPERATOR_SET_SPLITS: Final[Table[tuple[str, OperatorSet], Split]] = SCHEMA.table("operator_set_splits", Split())
DISTRIBUTION: Final[Table[str, Distribution]] = SCHEMA.table("distribution", Distribution())
ROOTS: Final[Table[int, Root]] = SCHEMA.table("roots", Root())
CLAIMERS: Final[Table[str, Claimer]] = SCHEMA.table("claimers", Claimer())
CLAIMED: Final[Table[Pair, Claimed]] = SCHEMA.table("claimed", Claimed())
# Keys: owner, twice; account; SINGLETON.
PODS: Final[Table[str, Pod]] = SCHEMA.table("pods", Pod())
POD_OWNERS: Final[Table[str, PodOwner]] = SCHEMA.table("pod_owners", PodOwner())
ETH_BALANCES: Final[Table[str, EthBalance]] = SCHEMA.table("eth_balances", EthBalance())
BURNABLE_ETH: Final[Table[str, BurnableEth]] = SCHEMA.table("burnable_eth", BurnableEth())
