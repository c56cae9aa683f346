"""The state of Symbiotic: small immutable rows, and the tables that hold them.

Keys are names (of accounts, tokens, vaults), epochs, or tuples of them. A row that was never written is its table's
default, so nothing is ever created or deleted, only written. Stake and withdrawals are amounts of a vault's collateral;
active shares and withdrawal shares are counts of their own; timestamps are in seconds.
"""

from typing import Final

import attr

from spec.history import HistoryTable
from spec.machine import Schema, Table
from spec.symbiotic.config import ZERO_ADDRESS, ZERO_ROOT, VaultConfig

Pair = tuple[str, ...]
"""Names that are a key together. The compiler would unpack a `tuple[str, str]` and build it anew at each use."""

Subnetwork = tuple[str, int]
"""A subnetwork's identity: its network, and the uint96 identifier that the network chose."""

VaultSubnetwork = tuple[str, Subnetwork]
"""A vault, and a subnetwork that it may secure."""

VaultSubnetworkOperator = tuple[str, Subnetwork, str]
"""A vault, a subnetwork, and an operator that works for it with the vault's stake."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Clock:
    """The timestamp of the block in which the next call executes."""

    timestamp: Final[int]

    def __init__(self, timestamp: int = 0) -> None:
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TokenBalance:
    """The balance of one account in one ERC-20 token, in its smallest unit."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allowance:
    """An account's consent that a spender moves its tokens: without limit, or not at all."""

    is_infinite: Final[bool]

    def __init__(self, is_infinite: bool = False) -> None:
        self.is_infinite = is_infinite


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Entity:
    """The membership of an account in a registry; it never ends."""

    is_entity: Final[bool]

    def __init__(self, is_entity: bool = False) -> None:
        self.is_entity = is_entity


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Middleware:
    """The account that may slash for a network in every vault (ZERO_ADDRESS: nobody)."""

    account: Final[str]

    def __init__(self, account: str = ZERO_ADDRESS) -> None:
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DepositPolicy:
    """The deposit policy of a vault: open to all or to a whitelist, and the limit of its active stake, if any."""

    deposit_whitelist: Final[bool]
    is_deposit_limit: Final[bool]
    deposit_limit: Final[int]

    def __init__(self, deposit_whitelist: bool = False, is_deposit_limit: bool = False, deposit_limit: int = 0) -> None:
        self.deposit_whitelist = deposit_whitelist
        self.is_deposit_limit = is_deposit_limit
        self.deposit_limit = deposit_limit


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Depositor:
    """The place of an account on a vault's deposit whitelist."""

    is_whitelisted: Final[bool]

    def __init__(self, is_whitelisted: bool = False) -> None:
        self.is_whitelisted = is_whitelisted


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class WithdrawalBucket:
    """Everything that leaves a vault with one epoch: the collateral, and the shares that divide it.

    Slashes lower the amount until the epoch is over. Claims change neither.
    """

    amount: Final[int]
    shares: Final[int]

    def __init__(self, amount: int = 0, shares: int = 0) -> None:
        self.amount = amount
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Withdrawal:
    """One account's shares of a withdrawal bucket, and whether it has claimed what they are worth."""

    shares: Final[int]
    is_claimed: Final[bool]

    def __init__(self, shares: int = 0, is_claimed: bool = False) -> None:
        self.shares = shares
        self.is_claimed = is_claimed


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class LatestCapture:
    """The latest capture timestamp for which an operator was slashed; an earlier one can be slashed no more."""

    timestamp: Final[int]

    def __init__(self, timestamp: int = 0) -> None:
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashRequestCount:
    """The number of slashes ever requested of a vault's veto slasher: the index of the next."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashRequest:
    """A slash that a network has asked for; completed once it is executed or vetoed.

    It may be vetoed before `veto_deadline_timestamp`, and executed from then on until an epoch after the capture.
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
    """The account that may veto slashes for a subnetwork (ZERO_ADDRESS: none, slashes are executed at once)."""

    account: Final[str]

    def __init__(self, account: str = ZERO_ADDRESS) -> None:
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StakerRewards:
    """One staker rewards contract as created: its vault, and who may claim and who may set the admin fee.

    ZERO_ADDRESS as its vault: there is no such contract. As the holder of a role: nobody holds it.
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
    """The part of every reward that is set aside for the admin, in ten-thousandths."""

    fee_bips: Final[int]

    def __init__(self, fee_bips: int = 0) -> None:
        self.fee_bips = fee_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardAmount:
    """An amount of a token in a rewards contract's books."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardCount:
    """The number of distributions of a list."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsDone:
    """The number of distributions of a list that an account has claimed, and what they paid together.

    The contract keeps the number alone. The amount is for laws, and no rule decides by it.
    """

    count: Final[int]
    paid_amount: Final[int]

    def __init__(self, count: int = 0, paid_amount: int = 0) -> None:
        self.count = count
        self.paid_amount = paid_amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Distribution:
    """One reward. It is shared by whoever had active shares at the end of the second `timestamp`."""

    amount: Final[int]
    timestamp: Final[int]

    def __init__(self, amount: int = 0, timestamp: int = 0) -> None:
        self.amount = amount
        self.timestamp = timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CachedShares:
    """All active shares of a vault at a past second, by which its rewards for that second are divided; 0: not kept."""

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardRoot:
    """The Merkle root in force for a network's rewards, by the name of its tree (ZERO_ROOT: none)."""

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
"""By timestamp: the collateral that is in a vault and not on its way out."""
ACTIVE_SHARES: Final[HistoryTable[str]] = HistoryTable(SCHEMA, "active_shares", 0)
"""By timestamp: the shares that divide a vault's active stake."""
ACTIVE_SHARES_OF: Final[HistoryTable[Pair]] = HistoryTable(SCHEMA, "active_shares_of", 0)
"""By timestamp: the active shares of one account."""
DEPOSITORS: Final[Table[Pair, Depositor]] = SCHEMA.table("depositors", Depositor())
WITHDRAWAL_BUCKETS: Final[Table[tuple[str, int], WithdrawalBucket]] = SCHEMA.table(
    "withdrawal_buckets", WithdrawalBucket()
)
WITHDRAWALS: Final[Table[tuple[str, int, str], Withdrawal]] = SCHEMA.table("withdrawals", Withdrawal())

# Keys: (vault, subnetwork), three times; (vault, subnetwork, operator), twice.
MAX_NETWORK_LIMITS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "max_network_limits", 0)
"""By timestamp: the most stake that a network accepts. Only operator-network-specific delegators look at the past."""
NETWORK_LIMITS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "network_limits", 0)
"""By timestamp: the most stake that a vault gives a subnetwork; never above the maximum of the time."""
TOTAL_OPERATOR_NETWORK_SHARES: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(
    SCHEMA, "total_operator_network_shares", 0
)
"""By timestamp: the sum of the shares of a subnetwork's operators."""
OPERATOR_NETWORK_SHARES: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(
    SCHEMA, "operator_network_shares", 0
)
"""By timestamp: an operator's shares of the stake that a vault gives a subnetwork."""
OPERATOR_NETWORK_LIMITS: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(
    SCHEMA, "operator_network_limits", 0
)
"""By timestamp: the most stake that a vault gives an operator in a subnetwork."""

# Keys: (vault, subnetwork, operator), twice; vault; (vault, index).
CUMULATIVE_SLASHES: Final[HistoryTable[VaultSubnetworkOperator]] = HistoryTable(SCHEMA, "cumulative_slashes", 0)
"""By timestamp: what the slasher has booked against an operator so far; the vault may have lost less."""
LATEST_CAPTURES: Final[Table[VaultSubnetworkOperator, LatestCapture]] = SCHEMA.table("latest_captures", LatestCapture())
SLASH_REQUEST_COUNTS: Final[Table[str, SlashRequestCount]] = SCHEMA.table("slash_request_counts", SlashRequestCount())
SLASH_REQUESTS: Final[Table[tuple[str, int], SlashRequest]] = SCHEMA.table("slash_requests", SlashRequest())

# Keys: (vault, subnetwork); (vault, subnetwork, ordinal).
RESOLVER_ORDINALS: Final[HistoryTable[VaultSubnetwork]] = HistoryTable(SCHEMA, "resolver_ordinals", 0)
"""By timestamp: which of the subnetwork's resolvers is in office, counted from 1; at most one is still to come."""
RESOLVERS: Final[Table[tuple[str, Subnetwork, int], Resolver]] = SCHEMA.table("resolvers", Resolver())

RewardList = tuple[str, str, str]
"""A staker rewards contract, a token and a network: the rewards of a network in one token, in the order paid in."""

RewardClaimer = tuple[str, str, str, str]
"""A list of rewards, by its contract, token and network, and an account that claims them."""

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
"""The amount that a network paid in for its operators and that nobody has claimed."""
OPERATOR_REWARDS_CLAIMED: Final[Table[tuple[str, str, str], RewardAmount]] = SCHEMA.table(
    "operator_rewards_claimed", RewardAmount()
)
"""The amount that an account has claimed of a network's rewards in a token, under all its roots together."""
