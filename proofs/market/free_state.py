"""The rows of the free base, and those of the market above it."""

from typing import Any, Final

import attr

from spec.machine import Schema, Table
from spec.market import chains_state as chains
from spec.market import insurance_state as insurance
from spec.market import mandates_state as mandates
from spec.market import receipts_state as receipts
from spec.market import state as market
from spec.market.chains_state import (
    Certificate,
    Channel,
    ChannelTerms,
    ChannelUse,
    Entry,
    EntryKey,
    ForgoneSoFar,
    Purse,
    RoundedSoFar,
    SlashedSoFar,
    StakeTable,
    TableKey,
)
from spec.market.insurance_state import (
    Affiliate,
    Capital,
    Covered,
    Declared,
    Fund,
    FundTerms,
    Policy,
    Underwriter,
    Underwritten,
)
from spec.market.lists import Length
from spec.market.mandates_state import (
    CapAmount,
    CapMember,
    Mandate,
    Pace,
    PendingPlan,
    Place,
    PlanKey,
    PlanNumber,
    PlanPace,
    Target,
    TargetName,
    TargetPlace,
    Weight,
)
from spec.market.port import Group, RowKey, Service
from spec.market.receipts_state import Held, Receipt, Receipts, ReceiptVault, Redemption, Withdrawn
from spec.market.state import (
    Claimable,
    Commission,
    Counted,
    Holding,
    ListedHolding,
    ListedPosition,
    Meter,
    Offer,
    Position,
    Risk,
    Settings,
    Shared,
    Terms,
    Treasury,
)

Pair = tuple[str, ...]
Stake = tuple[Service, str, str]


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Moment:
    """A row of the table NOW: the point of the base's time at which the next call executes."""

    point: Final[int]

    def __init__(self, point: int = 0) -> None:
        self.point = point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Amount:
    """An amount of a token, of stake or of weight."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allotment:
    """The part of a mandate's stake that a target has (`amount`), and how far the base can follow a change of it.

    `waiting_amount` was taken from the target and can still be slashed. `missing_amount` is the part of `amount` that
    the service cannot slash. `room_amount` is how much more the base would let it have. If the base `has_delays`, a
    change is the last one for now (`is_fixed`), and what is taken waits. If the allotment `is_stuck`, the base cannot
    let the service slash what is missing.
    """

    amount: Final[int]
    waiting_amount: Final[int]
    missing_amount: Final[int]
    room_amount: Final[int]
    is_fixed: Final[bool]
    is_stuck: Final[bool]
    has_delays: Final[bool]

    def __init__(
        self,
        amount: int = 0,
        waiting_amount: int = 0,
        missing_amount: int = 0,
        room_amount: int = 0,
        is_fixed: bool = False,
        is_stuck: bool = False,
        has_delays: bool = False,
    ) -> None:
        self.amount = amount
        self.waiting_amount = waiting_amount
        self.missing_amount = missing_amount
        self.room_amount = room_amount
        self.is_fixed = is_fixed
        self.is_stuck = is_stuck
        self.has_delays = has_delays


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Queue:
    """The withdrawals of an account: the base either pays holders itself, or keeps a queue (`is_kept`) of withdrawals
    with numbers, of which `latest` is the last.
    """

    is_kept: Final[bool]
    latest: Final[int]

    def __init__(self, is_kept: bool = False, latest: int = 0) -> None:
        self.is_kept = is_kept
        self.latest = latest


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Waiting:
    """A withdrawal in a queue: a number of pieces, until it is completed."""

    is_waiting: Final[bool]
    pieces: Final[int]

    def __init__(self, is_waiting: bool = False, pieces: int = 0) -> None:
        self.is_waiting = is_waiting
        self.pieces = pieces


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Quotient:
    """The value of a unit of a position, as a fraction."""

    numerator: Final[int]
    denominator: Final[int]

    def __init__(self, numerator: int = 1, denominator: int = 1) -> None:
        self.numerator = numerator
        self.denominator = denominator


SCHEMA: Final = Schema()
NOW: Final[Table[str, Moment]] = SCHEMA.table("now", Moment())
BALANCES: Final[Table[Pair, Amount]] = SCHEMA.table("balances", Amount())
LASTING: Final[Table[Stake, Amount]] = SCHEMA.table("lasting", Amount())
WEIGHTS: Final[Table[Stake, Amount]] = SCHEMA.table("weights", Amount())
"""Weights by (holder with number 0, operator, pool). Keys of all observed rows have one shape, which symbolic execution
needs.
"""

STAKED: Final[Table[Pair, Amount]] = SCHEMA.table("staked", Amount())
GAINS: Final[Table[Pair, Amount]] = SCHEMA.table("gains", Amount())
"""The map from (account, pool) to the unknown amount that a deposit adds to the account's position, and that a
completed withdrawal pays. The position itself is in STAKED, under the same key.
"""

ALLOTTED: Final[Table[Stake, Allotment]] = SCHEMA.table("allotted", Allotment())
"""The map from (service, operator, pool) to what a mandate has allocated."""

REACHED: Final[Table[tuple[Stake, int], Amount]] = SCHEMA.table("reached", Amount())
"""The map from ((service, operator, pool), point) to the amount slashable for that point if nothing had ever been
slashed.
"""

PRICES: Final[Table[Pair, Amount]] = SCHEMA.table("prices", Amount())
"""The map from a group to the number by which the values of its holders' positions differ from those of before."""

TAKEN: Final[Table[Stake, Amount]] = SCHEMA.table("taken", Amount())
"""The map from (service, operator, pool) to the total ever slashed."""

QUEUES: Final[Table[str, Queue]] = SCHEMA.table("queues", Queue())
"""The map from an account to its withdrawals."""

WAITING: Final[Table[tuple[str, int], Waiting]] = SCHEMA.table("waiting", Waiting())
"""The map from (account, number) to a withdrawal in a queue."""

OWED: Final[Table[Pair, Amount]] = SCHEMA.table("owed", Amount())
"""The map from (holder, pool) to the pieces that the base pays the holder itself."""

VALUES: Final[Table[str, Quotient]] = SCHEMA.table("values", Quotient())
"""The map from a pool to what a unit of a position in it is worth."""

GIVEN_UP: Final[Table[Stake, Amount]] = SCHEMA.table("given_up", Amount())
"""The map from (service, operator, pool) to the point before which the service has given up all recourse. The operator
is ANY_OPERATOR for all of the pool.
"""

LEAVING: Final[Table[Stake, Amount]] = SCHEMA.table("leaving", Amount())
"""The map from (service, operator, pool) to what can still be slashed beside the lasting stake, on its way out."""


CHANGED: Final[Table[Stake, Amount]] = SCHEMA.table("changed", Amount())
"""The map from a key of LASTING or WEIGHTS to the amount that its last change wrote. Proofs alone read it: in the
middle of a change they see the stake or weight as it was counted, and find here what it is.
"""


def _known(table: Table[Any, Any]) -> Table[Any, Any]:
    """The table itself. An unused one, which has no default row, gets a row that the engine can make of symbols."""
    return Table(table.name, table.index, Moment()) if table.default is None else table


# After these seventeen tables come the unused ones below the market's, which begin at index 64.
SCHEMA.tables.extend([_known(table) for table in market.SCHEMA.tables[17:]])

SETTINGS: Final[Table[str, Settings]] = market.SETTINGS
TERMS: Final[Table[Offer, Terms]] = market.TERMS
RISKS: Final[Table[Offer, Risk]] = market.RISKS
METERS: Final[Table[Offer, Meter]] = market.METERS
POSITIONS: Final[Table[Position, Counted]] = market.POSITIONS
COMMISSIONS: Final[Table[Position, Commission]] = market.COMMISSIONS
GROUPS: Final[Table[Group, Shared]] = market.GROUPS
HOLDINGS: Final[Table[Holding, Counted]] = market.HOLDINGS
CLAIMABLES: Final[Table[str, Claimable]] = market.CLAIMABLES
TREASURY: Final[Table[str, Treasury]] = market.TREASURY
FUND_TERMS: Final[Table[Fund, FundTerms]] = insurance.FUND_TERMS
FUNDS: Final[Table[Fund, Capital]] = insurance.FUNDS
UNDERWRITERS: Final[Table[Underwriter, Underwritten]] = insurance.UNDERWRITERS
COVERS: Final[Table[Offer, Covered]] = insurance.COVERS
AFFILIATES: Final[Table[Affiliate, Declared]] = insurance.AFFILIATES
POLICIES: Final[Table[tuple[Offer, int], Policy]] = insurance.POLICIES.places
POLICIES_OF_OFFER: Final[Table[Offer, Length]] = insurance.POLICIES.lengths
POSITIONS_BY_ROW: Final[Table[tuple[RowKey, int], ListedPosition]] = market.POSITIONS_BY_ROW.places
POSITIONS_OF_ROW: Final[Table[RowKey, Length]] = market.POSITIONS_BY_ROW.lengths
HOLDINGS_BY_ROW: Final[Table[tuple[RowKey, int], ListedHolding]] = market.HOLDINGS_BY_ROW.places
HOLDINGS_OF_ROW: Final[Table[RowKey, Length]] = market.HOLDINGS_BY_ROW.lengths
RECEIPT_VAULTS: Final[Table[str, ReceiptVault]] = receipts.RECEIPT_VAULTS
ISSUED: Final[Table[str, Receipts]] = receipts.ISSUED
RECEIPTS: Final[Table[Held, Receipt]] = receipts.RECEIPTS
RECEIPTS_OF_VAULTS: Final[Table[Held, Receipt]] = receipts.RECEIPTS_OF_VAULTS
REDEMPTIONS: Final[Table[Withdrawn, Redemption]] = receipts.REDEMPTIONS
MANDATES: Final[Table[str, Mandate]] = mandates.MANDATES
PLANS_IN_FORCE: Final[Table[str, PlanNumber]] = mandates.PLANS_IN_FORCE
PENDING_PLANS: Final[Table[str, PendingPlan]] = mandates.PENDING_PLANS
LATEST_PLANS: Final[Table[str, PlanNumber]] = mandates.LATEST_PLANS
PLAN_PACES: Final[Table[PlanKey, PlanPace]] = mandates.PLAN_PACES
TARGETS: Final[Table[tuple[PlanKey, int], Target]] = mandates.TARGETS.places
TARGETS_OF_PLAN: Final[Table[PlanKey, Length]] = mandates.TARGETS.lengths
TARGET_PLACES: Final[Table[tuple[PlanKey, TargetName], TargetPlace]] = mandates.TARGET_PLACES
CAPS: Final[Table[tuple[PlanKey, int], CapAmount]] = mandates.CAPS.places
CAPS_OF_PLAN: Final[Table[PlanKey, Length]] = mandates.CAPS.lengths
CAP_MEMBERS: Final[Table[tuple[tuple[PlanKey, int], int], CapMember]] = mandates.CAP_MEMBERS.places
MEMBERS_OF_CAP: Final[Table[tuple[PlanKey, int], Length]] = mandates.CAP_MEMBERS.lengths
PACES: Final[Table[str, Pace]] = mandates.PACES
MANDATE_WEIGHTS: Final[Table[Place, Weight]] = mandates.WEIGHTS
CHANNELS: Final[Table[Channel, ChannelTerms]] = chains.CHANNELS
CHANNEL_USES: Final[Table[Channel, ChannelUse]] = chains.CHANNEL_USES
STAKE_TABLES: Final[Table[TableKey, StakeTable]] = chains.STAKE_TABLES
ENTRIES: Final[Table[EntryKey, Entry]] = chains.ENTRIES
CERTIFICATES: Final[Table[tuple[Channel, int], Certificate]] = chains.CERTIFICATES
SLASHED_OF_PURSES: Final[Table[Purse, SlashedSoFar]] = chains.SLASHED_OF_PURSES
ROUNDED_OF_GROUPS: Final[Table[Group, RoundedSoFar]] = chains.ROUNDED_OF_GROUPS
FORGONE: Final[Table[Purse, ForgoneSoFar]] = chains.FORGONE
FEEDS: Final[Table[tuple[Group, int], ListedPosition]] = market.FEEDS.places
FEEDS_OF_GROUP: Final[Table[Group, Length]] = market.FEEDS.lengths
