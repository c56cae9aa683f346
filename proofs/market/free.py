"""The free base: a base in which time passes, and any call may set any stake and any weight to any amount.

It stands for every base: the port's answers are rows of their own, and the market observes the calls that write them.
"""

from typing import Any, Final

import attr

from spec.layer import Act
from spec.machine import SINGLETON, Delta, Draft, Schema, Table, Write
from spec.market import chains_state as chains
from spec.market import insurance_state as insurance
from spec.market import mandates_state as mandates
from spec.market import receipts_state as receipts
from spec.market import state as market
from spec.market.actions import OpenReceiptVault
from spec.market.authority import Allocated
from spec.market.chains import note_slash
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
from spec.market.counting import observe_rows
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
from spec.market.losses import observe_slashes
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
from spec.market.port import Group, RowKey, Service, Slashable, Slashed
from spec.market.reasons import Reason
from spec.market.receipts_state import Held, Receipt, Receipts, ReceiptVault, Redemption, Withdrawn
from spec.market.recourse import Forgone
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
from spec.market.transition import ACCOUNT

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
    """The part of a mandate's stake that a target has, `amount`, and how far the base can follow.

    `waiting_amount` was taken from it and can still be slashed, `missing_amount` is the part of `amount` that its
    service cannot slash, and `room_amount` is what the base would let it have besides. A base that `has_delays` allows
    no further change (`is_fixed`) after one, and lets what is taken wait. If it is `stuck`, the base cannot back it.
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
"""The map from (account, pool) to the unknown amount that the next deposit adds to the account's position. The position
itself is in STAKED, under the same key.
"""

ALLOTTED: Final[Table[Stake, Allotment]] = SCHEMA.table("allotted", Allotment())
"""The map from (service, operator, pool) to what a mandate has allocated."""

HORIZON: Final[Table[str, Amount]] = SCHEMA.table("horizon", Amount())
"""One number, which may be any. No call reads or writes it. So what is proved of an offer whose index is at this number
holds at every index.
"""

REACHED: Final[Table[tuple[Stake, int], Amount]] = SCHEMA.table("reached", Amount())
"""The map from ((service, operator, pool), point) to the amount slashable for that point if nothing had ever been
slashed.
"""

PRICES: Final[Table[Pair, Amount]] = SCHEMA.table("prices", Amount())
"""The map from a group to the number by which the values of its holders' positions differ from those of before."""

TAKEN: Final[Table[Stake, Amount]] = SCHEMA.table("taken", Amount())
"""The map from (service, operator, pool) to the total ever slashed."""


def _known(table: Table[Any, Any]) -> Table[Any, Any]:
    """The table; an unused one with rows of which the engine has symbols."""
    return Table(table.name, table.index, Moment()) if table.default is None else table


# After these eleven tables come the unused ones below the market's, which begin at index 64.
SCHEMA.tables.extend([_known(table) for table in market.SCHEMA.tables[11:]])

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


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PassTime:
    """Let a number of points of the base's time pass."""

    points: Final[int]

    def __init__(self, points: int) -> None:
        self.points = points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pay:
    """Pay an amount of a token from the sender to the account `to`."""

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
class ChangeStake:
    """Set the stake in a pool that a service can slash of an operator to any amount."""

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, service: Service, operator: str, pool: str, amount: int) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeReach:
    """Set the amount that a service can slash of an operator for an earlier point, had nothing been slashed: to a
    larger one at any time, to any once the pool's window for that point is over.
    """

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    reached_point: Final[int]
    amount: Final[int]

    def __init__(self, service: Service, operator: str, pool: str, reached_point: int, amount: int) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.reached_point = reached_point
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TakeStake:
    """Slash an amount of an operator's stake in a pool, for a service.

    What each holder's position is worth becomes any other amount: `price` stands for it. An amount `redress` of a token
    goes to the market's account.
    """

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]
    price: Final[int]
    token: Final[str]
    redress: Final[int]

    def __init__(
        self, service: Service, operator: str, pool: str, amount: int, price: int, token: str, redress: int
    ) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount
        self.price = price
        self.token = token
        self.redress = redress


@attr.s(auto_attribs=True, init=False, eq=False)
class Earlier:
    """The state before a slash: that of a draft, but for the price of a group and the market's balance of a token."""

    rows: Final[Draft]
    group: Final[Group]
    price: Final[Amount]
    token: Final[str]
    held: Final[Amount]

    def __init__(self, rows: Draft, group: Group, price: Amount, token: str, held: Amount) -> None:
        self.rows = rows
        self.group = group
        self.price = price
        self.token = token
        self.held = held

    def get(self, table: Table[Any, Any], key: Any) -> Any:
        """The row of a key before the slash."""
        if table is PRICES and key == self.group:
            return self.price
        if table is BALANCES and key == (self.token, ACCOUNT):
            return self.held
        return self.rows.get(table, key)


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeWeight:
    """Set the weight of a holder in the group of an operator in a pool to any amount."""

    operator: Final[str]
    pool: Final[str]
    holder: Final[str]
    amount: Final[int]

    def __init__(self, operator: str, pool: str, holder: str, amount: int) -> None:
        self.operator = operator
        self.pool = pool
        self.holder = holder
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PutIn:
    """Deposit a sender's tokens into an account's position, which grows by the amount that the base chooses."""

    sender: Final[str]
    account: Final[str]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, account: str, pool: str, amount: int) -> None:
        self.sender = sender
        self.account = account
        self.pool = pool
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TakeOut:
    """Withdraw a number of pieces of the sender's position in a pool."""

    sender: Final[str]
    pool: Final[str]
    pieces: Final[int]

    def __init__(self, sender: str, pool: str, pieces: int) -> None:
        self.sender = sender
        self.pool = pool
        self.pieces = pieces


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allot:
    """Set the amount that a mandate, whose account is the sender, allocates to a target, that is, to a service and an
    operator.
    """

    sender: Final[str]
    pool: Final[str]
    service: Final[Service]
    operator: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, pool: str, service: Service, operator: str, amount: int) -> None:
        self.sender = sender
        self.pool = pool
        self.service = service
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenVault:
    """Open a receipt vault, as `OpenReceiptVault`: on the pool if `is_on_pool`, else on the vault beneath; without an
    operator unless `is_delegated`. The names of a proved call are not empty, so it says by these which of them count.
    """

    sender: Final[str]
    vault: Final[str]
    pool: Final[str]
    operator: Final[str]
    beneath: Final[str]
    mark_period_points: Final[int]
    is_on_pool: Final[bool]
    is_delegated: Final[bool]

    def __init__(
        self,
        sender: str,
        vault: str,
        pool: str,
        operator: str,
        beneath: str,
        mark_period_points: int,
        is_on_pool: bool,
        is_delegated: bool,
    ) -> None:
        self.sender = sender
        self.vault = vault
        self.pool = pool
        self.operator = operator
        self.beneath = beneath
        self.mark_period_points = mark_period_points
        self.is_on_pool = is_on_pool
        self.is_delegated = is_delegated

    def call(self) -> OpenReceiptVault:
        """The call of the market."""
        return OpenReceiptVault(
            self.sender,
            self.vault,
            self.pool if self.is_on_pool else "",
            self.operator if self.is_delegated else "",
            "" if self.is_on_pool else self.beneath,
            self.mark_period_points,
        )


def any_value(_holder: str, _weight: int, price: int) -> int:
    """The value of a position; a trusted contract replaces this by an unknown function (`contracts.py`)."""
    return price


def any_window(_pool: str) -> int:
    """The window of a pool; a trusted contract replaces this by an unknown function (`contracts.py`)."""
    return 0


def weight_key(group: Group, holder: str) -> Stake:
    """The key, in the table WEIGHTS, of a holder's weight in a group."""
    return ((holder, 0), group[0], group[1])


# attrs declares that these objects have no fields: else a loop over a list of any length would refuse them.


@attr.s(init=False, eq=False)
class FreePort:
    """The port of the free base, whose answers are rows that calls may set to anything."""

    def now(self, draft: Draft) -> int:
        """The point of time at which this call executes, from the table NOW."""
        return draft.get(NOW, SINGLETON).point

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The operator's amount in the table LASTING. All of it can still be slashed; none of it is leaving."""
        amount = draft.get(LASTING, (service, operator, pool)).amount
        return Slashable(amount, None, amount)

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """The (table, key) of the one row that holds the stake, in the table LASTING."""
        return ((LASTING.name, (service, operator, pool)),)

    def group(self, operator: str, pool: str) -> Group:
        """The group of an operator in a pool: the pair of both."""
        return (operator, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """The weight of a holder in a group, its amount in the table WEIGHTS."""
        return draft.get(WEIGHTS, weight_key(group, holder)).amount

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """The (table, key) of the one row that holds the weight, in the table WEIGHTS."""
        return ((WEIGHTS.name, weight_key(group, holder)),)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The value of a holder's position: any, by its weight and the price of its group."""
        return any_value(holder, self.weight(draft, group, holder), draft.get(PRICES, group).amount)

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slashes among the writes: those that take stake."""
        taken: list[Any] = [write for write in writes if write.table is TAKEN]
        return tuple([Slashed(write.key[0], write.key[1], write.key[2], write.row.amount) for write in taken])

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The action by which the sender pays an amount of a token to the recipient."""
        return Pay(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The account's balance of a token, its amount in the table BALANCES."""
        return draft.get(BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[Any, Any], ...]:
        """The one table that `slashable` reads: LASTING."""
        return (LASTING,)

    def tables_of_slashes(self) -> tuple[Table[Any, Any], ...]:
        """The one table that every slash writes: TAKEN."""
        return (TAKEN,)

    def tables_of_weight(self) -> tuple[Table[Any, Any], ...]:
        """The one table that `weight` reads: WEIGHTS."""
        return (WEIGHTS,)


@attr.s(init=False, eq=False)
class FreeCustody:
    """The custody of the free base: a deposit adds any amount to a position."""

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The one action for a deposit of `amount`: the sender pays the pool, and the account's position grows."""
        return (PutIn(sender, account, pool, amount),)

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """No actions: the free base has no delegation, so nothing has to be done for it."""
        return ()

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The account's position in a pool, its amount in the table STAKED."""
        return draft.get(STAKED, (account, pool)).amount

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The account's position in pieces, which is the position itself: a piece is one unit of it."""
        return draft.get(STAKED, (account, pool)).amount

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The worth of a position, which is the position itself: a slash appears as a change of what a deposit adds."""
        return draft.get(STAKED, (account, pool)).amount

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action that withdraws pieces of the account's position in a pool. The base names no holder."""
        return TakeOut(account, pool, pieces)

    def number(self, draft: Draft, account: str) -> int | None:
        """None: the free base keeps no queue of withdrawals, and pays the holder itself."""
        return None

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """None: no withdrawal has to be completed, since the free base pays the holder itself."""
        return None

    def token(self, draft: Draft, pool: str) -> str:
        """The token of a pool, which has the pool's name."""
        return pool


@attr.s(init=False, eq=False)
class FreeAuthority:
    """The authority of the free base: any account may split its position in any pool."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """No actions: every account has the authority."""
        return ()

    def can_target(self, account: str, operator: str) -> bool:
        """True: in the free base an account may allocate to every operator."""
        return True

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """No actions: the free base has no pending changes to apply before a split."""
        return ()

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The amount that an account can split in a pool: its whole position."""
        return draft.get(STAKED, (account, pool)).amount

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part of a target, from the table ALLOTTED."""
        row = draft.get(ALLOTTED, (target.service, target.operator, pool))
        return Allocated(
            amount=row.amount,
            exposed=row.amount + row.waiting_amount,
            highest=row.amount + row.room_amount,
            is_fixed=row.is_fixed,
            is_backed=row.missing_amount == 0 or row.is_stuck,
        )

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """The one action that sets the target's allocation to `amount`."""
        return (Allot(account, pool, target.service, target.operator, amount),)


@attr.s(init=False, eq=False)
class FreeGround:
    """The base as laws of mandates see it: what `FreeAuthority` says, from the same rows."""

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """The account's whole position in the pool."""
        return rows.get(STAKED, (account, pool)).amount

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The amount that the target has, with what was taken from it and can still be slashed."""
        row = rows.get(ALLOTTED, (target.service, target.operator, pool))
        return row.amount + row.waiting_amount

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The part of the target's amount that its service can slash."""
        row = rows.get(ALLOTTED, (target.service, target.operator, pool))
        return row.amount - row.missing_amount

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if the row is of an allocation in the pool."""
        key: Any = write.key
        return write.table.index == ALLOTTED.index and key[2] == pool


@attr.s(init=False, eq=False)
class FreeRecourse:
    """The recourse of the free base for any window: it keeps the promise in `change_reach`, and nothing else."""

    def window(self, draft: Draft, pool: str) -> int:
        """The window of a pool: any number of points, which does not change over time."""
        return any_window(pool)

    def reference(self, draft: Draft) -> int:
        """The last point whose slashable stake no further call can change: here the point at which
        this call executes.
        """
        return draft.get(NOW, SINGLETON).point

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a service can slash from an operator now, for an offence at `point`: that of the table
        REACHED less all that was slashed, and at least 0.
        """
        stake = (service, operator, pool)
        return max(draft.get(REACHED, (stake, point)).amount - draft.get(TAKEN, stake).amount, 0)

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators can take together: the whole sum `amount` of
        what each can lose.
        """
        return amount

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the stake that a slash takes from: service, operator and pool, so no two stakes share one."""
        return (service, operator, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """No groups: no Delta changes a stake by a rounded amount."""
        return ()

    def dust(self, roundings: int) -> int:
        """Zero: the free base rounds nothing, so no rounding loses anything."""
        return 0

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """Nothing: no service gives up recourse by a Delta of the free base."""
        return ()

    def tables_of_recourse(self) -> tuple[Table[Any, Any], ...]:
        """The tables that `left` reads, and the clock."""
        return (NOW, REACHED, TAKEN)


PORT: Final = FreePort()
CUSTODY: Final = FreeCustody()
AUTHORITY: Final = FreeAuthority()
GROUND: Final = FreeGround()
RECOURSE: Final = FreeRecourse()


def pay(draft: Draft, action: Pay) -> Delta | Reason:
    """Move tokens from the sender to another account. Rejects, if the sender has too few: PAYMENT_FAILED."""
    held = draft.get(BALANCES, (action.token, action.sender)).amount
    if action.amount > held:
        return Reason.PAYMENT_FAILED
    draft.put(BALANCES, (action.token, action.sender), Amount(held - action.amount))
    received = draft.get(BALANCES, (action.token, action.to)).amount
    draft.put(BALANCES, (action.token, action.to), Amount(received + action.amount))
    return draft.delta()


def put_in(draft: Draft, action: PutIn) -> Delta | Reason:
    """Take the sender's payment for a deposit and add the amount in the table GAINS to the account's position. Rejects,
    if the sender has too few tokens: PAYMENT_FAILED.
    """
    paid = pay(draft, Pay(action.sender, action.pool, action.pool, action.amount))
    if isinstance(paid, Reason):
        return paid
    key = (action.account, action.pool)
    draft.put(STAKED, key, Amount(draft.get(STAKED, key).amount + draft.get(GAINS, key).amount))
    return draft.delta()


def take_out(draft: Draft, action: TakeOut) -> Delta | Reason:
    """Take pieces out of the sender's position. Rejects, unless there are so many and at least one:
    NOT_ENOUGH_SHARES.
    """
    key = (action.sender, action.pool)
    held = draft.get(STAKED, key).amount
    if not 0 < action.pieces <= held:
        return Reason.NOT_ENOUGH_SHARES
    draft.put(STAKED, key, Amount(held - action.pieces))
    return draft.delta()


def allot(draft: Draft, action: Allot) -> Delta | Reason:
    """Give a target an amount, and back it unless the amount is lowered. Rejects what the base does not allow now:
    BASE_REFUSES.
    """
    key = (action.service, action.operator, action.pool)
    row = draft.get(ALLOTTED, key)
    if row.is_fixed or action.amount < 0 or action.amount > row.amount + row.room_amount:
        return Reason.BASE_REFUSES
    taken = row.amount - action.amount
    if taken > 0:
        after = Allotment(
            amount=action.amount,
            waiting_amount=row.waiting_amount + taken if row.has_delays else row.waiting_amount,
            missing_amount=min(row.missing_amount, action.amount),
            room_amount=row.room_amount if row.has_delays or row.is_stuck else row.room_amount + taken,
            is_fixed=row.has_delays,
            is_stuck=row.is_stuck,
            has_delays=row.has_delays,
        )
    else:
        after = Allotment(
            amount=action.amount,
            waiting_amount=max(row.waiting_amount + taken, 0),
            missing_amount=row.missing_amount if row.is_stuck else 0,
            room_amount=row.room_amount + taken,
            is_fixed=row.has_delays and taken < 0,
            is_stuck=row.is_stuck,
            has_delays=row.has_delays,
        )
    draft.put(ALLOTTED, key, after)
    return draft.delta()


def change_reach(draft: Draft, action: ChangeReach) -> Delta | Reason:
    """Set the amount within reach for a point. It may not fall within the window: this is the promise of a base.
    Rejects: TOO_EARLY.
    """
    key = ((action.service, action.operator, action.pool), action.reached_point)
    is_over = draft.get(NOW, SINGLETON).point > action.reached_point + any_window(action.pool)
    if not is_over and action.amount < draft.get(REACHED, key).amount:
        return Reason.TOO_EARLY
    draft.put(REACHED, key, Amount(action.amount))
    return draft.delta()


def take_stake(draft: Draft, action: TakeStake) -> Delta:
    """Slash an operator, which reduces what is left for every point alike. The market pays what it insures, and notes
    the slash for stake tables.
    """
    stake, group = (action.service, action.operator, action.pool), (action.operator, action.pool)
    held = draft.get(BALANCES, (action.token, ACCOUNT))
    before: Any = Earlier(draft, group, draft.get(PRICES, group), action.token, held)
    draft.put(TAKEN, stake, Amount(draft.get(TAKEN, stake).amount + action.amount))
    draft.put(PRICES, group, Amount(action.price))
    draft.put(BALANCES, (action.token, ACCOUNT), Amount(held.amount + action.redress))
    writes = [*draft.delta().writes]
    observe_slashes(PORT, before, draft, writes, ACCOUNT)
    note_slash(RECOURSE, draft, Slashed(action.service, action.operator, action.pool, action.amount))
    return draft.delta()


def base_transition(draft: Draft, action: Any) -> Delta | Reason:
    """The transition of the base's calls: their outcome on a draft. A change of stake or weight is observed by the
    market.
    """
    if isinstance(action, Pay):
        return pay(draft, action)
    if isinstance(action, PutIn):
        return put_in(draft, action)
    if isinstance(action, TakeOut):
        return take_out(draft, action)
    if isinstance(action, Allot):
        return allot(draft, action)
    if isinstance(action, PassTime):
        draft.put(NOW, SINGLETON, Moment(draft.get(NOW, SINGLETON).point + action.points))
        return draft.delta()
    if isinstance(action, ChangeReach):
        return change_reach(draft, action)
    if isinstance(action, TakeStake):
        return take_stake(draft, action)
    if isinstance(action, ChangeStake):
        draft.put(LASTING, (action.service, action.operator, action.pool), Amount(action.amount))
    else:
        draft.put(WEIGHTS, weight_key((action.operator, action.pool), action.holder), Amount(action.amount))
    writes = [*draft.delta().writes]
    observe_rows(PORT, draft, writes)
    return draft.delta()


def act_in(draft: Draft) -> Act:
    """The function by which the market executes actions of the base on the draft of one call. It returns the outcome of
    each.
    """
    return lambda action: base_transition(draft, action)
