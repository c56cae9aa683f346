"""The state of Symbiotic: small immutable rows, and the tables that hold them.

Keys are names (of accounts, tokens, vaults), epochs, or tuples of them. A key that was never written reads as its
table's default row, so rows are never created or deleted. Stake and withdrawals are amounts of a vault's collateral.
Active shares and withdrawal shares have units of their own. Timestamps are in seconds.
"""

from typing import Final

import attr

from spec.history import HistoryTable
from spec.machine import Schema, Table
from spec.symbiotic.config import ZERO_ADDRESS, ZERO_ROOT, VaultConfig

Pair = tuple[str, ...]
"""A key of two or three names. Its type has no fixed length: the compiler would rebuild a fixed tuple at each use."""

Subnetwork = tuple[str, int]
"""A subnetwork's identity: its network, and the uint96 identifier that the network chose."""

VaultSubnetwork = tuple[str, Subnetwork]
"""A key of a vault and a subnetwork that it may secure."""

VaultSubnetworkOperator = tuple[str, Subnetwork, str]
"""A key of a vault, a subnetwork, and an operator that works for the subnetwork with the vault's stake."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Clock:
    """The timestamp of the block in which the next call executes."""

    timestamp: Final[int]

    def __init__(self, timestamp: int = 0) -> None:
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TokenBalance:
    """The balance of one account in one ERC-20 token, in the token's smallest unit."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allowance:
    """An account's ERC-20 allowance for one spender: infinite or zero."""

    is_infinite: Final[bool]

    def __init__(self, is_infinite: bool = False) -> None:
        self.is_infinite = is_infinite


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Entity:
    """The registration of an account: `is_entity` is True if it is in the registry, where it stays permanently."""

    is_entity: Final[bool]

    def __init__(self, is_entity: bool = False) -> None:
        self.is_entity = is_entity


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Middleware:
    """The account that may slash for a network, in every vault (ZERO_ADDRESS: none)."""

    account: Final[str]

    def __init__(self, account: str = ZERO_ADDRESS) -> None:
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DepositPolicy:
    """A vault's deposit policy. `deposit_whitelist` is True if only accounts on its whitelist may deposit. If
    `is_deposit_limit`, a deposit may not raise the active stake above `deposit_limit`.
    """

    deposit_whitelist: Final[bool]
    is_deposit_limit: Final[bool]
    deposit_limit: Final[int]

    def __init__(self, deposit_whitelist: bool = False, is_deposit_limit: bool = False, deposit_limit: int = 0) -> None:
        self.deposit_whitelist = deposit_whitelist
        self.is_deposit_limit = is_deposit_limit
        self.deposit_limit = deposit_limit


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Depositor:
    """An account's place on a vault's deposit whitelist: `is_whitelisted` is True if the account is on the list."""

    is_whitelisted: Final[bool]

    def __init__(self, is_whitelisted: bool = False) -> None:
        self.is_whitelisted = is_whitelisted


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class WithdrawalBucket:
    """The withdrawals of one epoch of a vault: the collateral, and the withdrawal shares that divide it.

    Slashes reduce the amount until the epoch is over. Claims change neither field.
    """

    amount: Final[int]
    shares: Final[int]

    def __init__(self, amount: int = 0, shares: int = 0) -> None:
        self.amount = amount
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Withdrawal:
    """One account's shares of a withdrawal bucket, and True if it has claimed their value."""

    shares: Final[int]
    is_claimed: Final[bool]

    def __init__(self, shares: int = 0, is_claimed: bool = False) -> None:
        self.shares = shares
        self.is_claimed = is_claimed


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class LatestCapture:
    """The latest capture timestamp for which an operator was slashed. Earlier captures can no longer be slashed."""

    timestamp: Final[int]

    def __init__(self, timestamp: int = 0) -> None:
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashRequestCount:
    """The number of slashes ever requested from a vault's veto slasher. It is the next request's index."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashRequest:
    """A requested slash. It is completed once it is executed or vetoed.

    The resolver can veto it before `veto_deadline_timestamp`. It can be executed from then on, at once if there is no
    resolver, until one epoch after the capture. `amount` is the most that it takes.
    """

    subnetwork: Final[Subnetwork]
    operator: Final[str]
    amount: Final[int]
    capture_timestamp: Final[int]
    veto_deadline_timestamp: Final[int]
    is_completed: Final[bool]

    def __init__(
        self,
        subnetwork: Subnetwork = (ZERO_ADDRESS, 0),
        operator: str = ZERO_ADDRESS,
        amount: int = 0,
        capture_timestamp: int = 0,
        veto_deadline_timestamp: int = 0,
        is_completed: bool = False,
    ) -> None:
        self.subnetwork = subnetwork
        self.operator = operator
        self.amount = amount
        self.capture_timestamp = capture_timestamp
        self.veto_deadline_timestamp = veto_deadline_timestamp
        self.is_completed = is_completed


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Resolver:
    """The account that may veto slashes for a subnetwork (ZERO_ADDRESS: none, requests can be executed at once)."""

    account: Final[str]

    def __init__(self, account: str = ZERO_ADDRESS) -> None:
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StakerRewards:
    """One staker rewards contract as created: its vault, the admin fee's claimer, and the admin fee's setter.

    A contract with ZERO_ADDRESS as vault does not exist. A role with ZERO_ADDRESS as holder is held by no account.
    """

    vault: Final[str]
    admin_fee_claimer: Final[str]
    admin_fee_setter: Final[str]

    def __init__(
        self,
        vault: str = ZERO_ADDRESS,
        admin_fee_claimer: str = ZERO_ADDRESS,
        admin_fee_setter: str = ZERO_ADDRESS,
    ) -> None:
        self.vault = vault
        self.admin_fee_claimer = admin_fee_claimer
        self.admin_fee_setter = admin_fee_setter


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AdminFee:
    """The admin fee: the part of every reward that is set aside for the admin, in ten-thousandths (bips)."""

    fee_bips: Final[int]

    def __init__(self, fee_bips: int = 0) -> None:
        self.fee_bips = fee_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardAmount:
    """An amount of one token in a rewards contract's books, in the token's smallest unit. The table says of what: fees
    set aside, a network's balance, or the total that an account has claimed.
    """

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardCount:
    """The number of rewards that were distributed for one staker rewards contract, token and network."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsDone:
    """The rewards of one contract, token and network that an account has claimed: their number, which includes rewards
    that paid it nothing, and the sum that it was paid.

    The contract stores the number alone. The sum is for laws; no rule depends on it.
    """

    count: Final[int]
    paid_amount: Final[int]

    def __init__(self, count: int = 0, paid_amount: int = 0) -> None:
        self.count = count
        self.paid_amount = paid_amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Distribution:
    """One distributed reward. The holders of active shares at the end of the second `timestamp` share it."""

    amount: Final[int]
    timestamp: Final[int]

    def __init__(self, amount: int = 0, timestamp: int = 0) -> None:
        self.amount = amount
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CachedShares:
    """A vault's total active shares at a past timestamp, which divide the rewards for that timestamp; 0: not cached
    yet.
    """

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardRoot:
    """The current Merkle root of a network's operator rewards, as the name of its tree (ZERO_ROOT: none)."""

    root: Final[str]

    def __init__(self, root: str = ZERO_ROOT) -> None:
        self.root = root


SCHEMA: Final = Schema()

CLOCK: Final[Table[str, Clock]] = SCHEMA.table("clock", Clock())

# Keys: (token, account); (token, owner, spender).
TOKEN_BALANCES: Final[Table[Pair, TokenBalance]] = SCHEMA.table("token_balances", TokenBalance())
ALLOWANCES: Final[Table[Pair, Allowance]] = SCHEMA.table("allowances", Allowance())

# Keys: operator; network; vault; network.
OPERATOR_REGISTRY: Final[Table[str, Entity]] = SCHEMA.table("operator_registry", Entity())
NETWORK_REGISTRY: Final[Table[str, Entity]] = SCHEMA.table("network_registry", Entity())
VAULT_FACTORY: Final[Table[str, Entity]] = SCHEMA.table("vault_factory", Entity())
MIDDLEWARES: Final[Table[str, Middleware]] = SCHEMA.table("middlewares", Middleware())

# Keys: (operator, vault); (operator, network).
OPERATOR_VAULT_OPT_INS: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "operator_vault_opt_ins", 0)
"""By timestamp: 1 while the operator is opted in to the vault, else 0."""
OPERATOR_NETWORK_OPT_INS: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "operator_network_opt_ins", 0)
"""By timestamp: 1 while the operator is opted in to the network, else 0."""

# Keys: vault, four times; (vault, account), twice; (vault, epoch); (vault, epoch, account).
VAULTS: Final[Table[str, VaultConfig]] = SCHEMA.table("vaults", VaultConfig())
DEPOSIT_POLICIES: Final[Table[str, DepositPolicy]] = SCHEMA.table("deposit_policies", DepositPolicy())
ACTIVE_STAKE: Final[HistoryTable[str]] = HistoryTable(SCHEMA, "active_stake", 0)
"""By timestamp: a vault's collateral without its withdrawals."""
ACTIVE_SHARES: Final[HistoryTable[str]] = HistoryTable(SCHEMA, "active_shares", 0)
"""By timestamp: the shares that divide a vault's active stake."""
ACTIVE_SHARES_OF: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "active_shares_of", 0)
"""By timestamp: the active shares of one account in one vault."""
DEPOSITORS: Final[Table[Pair, Depositor]] = SCHEMA.table("depositors", Depositor())
WITHDRAWAL_BUCKETS: Final[Table[tuple[str, int], WithdrawalBucket]] = SCHEMA.table(
    "withdrawal_buckets", WithdrawalBucket()
)
WITHDRAWALS: Final[Table[tuple[str, int, str], Withdrawal]] = SCHEMA.table("withdrawals", Withdrawal())

# Keys: (vault, subnetwork), three times; (vault, subnetwork, operator), twice.
MAX_NETWORK_LIMITS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "max_network_limits", 0)
"""By timestamp: the maximum stake that a network accepts. Only operator-network-specific delegators read
past values.
"""
NETWORK_LIMITS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "network_limits", 0)
"""By timestamp: the maximum stake that a vault gives a subnetwork. It never exceeds the network's own maximum."""
TOTAL_OPERATOR_NETWORK_SHARES: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(
    SCHEMA, "total_operator_network_shares", 0
)
"""By timestamp: the sum of the operators' shares in a subnetwork."""
OPERATOR_NETWORK_SHARES: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(
    SCHEMA, "operator_network_shares", 0
)
"""By timestamp: an operator's shares of the stake that a vault gives a subnetwork."""
OPERATOR_NETWORK_LIMITS: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(
    SCHEMA, "operator_network_limits", 0
)
"""By timestamp: the maximum stake that a vault gives an operator in a subnetwork."""

# Keys: (vault, subnetwork, operator), twice; vault; (vault, index).
CUMULATIVE_SLASHES: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(SCHEMA, "cumulative_slashes", 0)
"""By timestamp: the total of an operator's slashes in the slasher's accounts. The vault may have lost less."""
LATEST_CAPTURES: Final[Table[VaultSubnetworkOperator, LatestCapture]] = SCHEMA.table("latest_captures", LatestCapture())
SLASH_REQUEST_COUNTS: Final[Table[str, SlashRequestCount]] = SCHEMA.table("slash_request_counts", SlashRequestCount())
SLASH_REQUESTS: Final[Table[tuple[str, int], SlashRequest]] = SCHEMA.table("slash_requests", SlashRequest())

# Keys: (vault, subnetwork); (vault, subnetwork, ordinal).
RESOLVER_ORDINALS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "resolver_ordinals", 0)
"""By timestamp: the ordinal of the subnetwork's current resolver, from 1. At most one pending change follows it."""
RESOLVERS: Final[Table[tuple[str, Subnetwork, int], Resolver]] = SCHEMA.table("resolvers", Resolver())

RewardList = tuple[str, str, str]
"""The key of a list of rewards: a staker rewards contract, a token and a network. A list is in the order of payment."""

RewardClaimer = tuple[str, str, str, str]
"""The key of one account's claims from a list of rewards: contract, token, network, account."""

# Keys: contract, twice; (contract, token); list of rewards; (list of rewards, index); list of rewards and account;
# (contract, timestamp).
STAKER_REWARDS: Final[Table[str, StakerRewards]] = SCHEMA.table("staker_rewards", StakerRewards())
ADMIN_FEES: Final[Table[str, AdminFee]] = SCHEMA.table("admin_fees", AdminFee())
CLAIMABLE_ADMIN_FEES: Final[Table[Pair, RewardAmount]] = SCHEMA.table("claimable_admin_fees", RewardAmount())
DISTRIBUTION_COUNTS: Final[Table[RewardList, RewardCount]] = SCHEMA.table("distribution_counts", RewardCount())
DISTRIBUTIONS: Final[Table[tuple[RewardList, int], Distribution]] = SCHEMA.table("distributions", Distribution())
REWARDS_DONE: Final[Table[RewardClaimer, RewardsDone]] = SCHEMA.table("rewards_done", RewardsDone())
CACHED_SHARES: Final[Table[tuple[str, int], CachedShares]] = SCHEMA.table("cached_shares", CachedShares())

# Keys: (network, token), twice; (network, token, account).
OPERATOR_ROOTS: Final[Table[Pair, RewardRoot]] = SCHEMA.table("operator_roots", RewardRoot())
OPERATOR_REWARD_BALANCES: Final[Table[Pair, RewardAmount]] = SCHEMA.table("operator_reward_balances", RewardAmount())
"""The amount that a network paid in for its operators, less the amounts claimed."""
OPERATOR_REWARDS_CLAIMED: Final[Table[tuple[str, str, str], RewardAmount]] = SCHEMA.table(
    "operator_rewards_claimed", RewardAmount()
)
"""The total amount that an account has claimed of a network's rewards in one token, under all roots."""
