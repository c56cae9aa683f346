"""A base of which nothing is known: time goes on, and any stake and any weight may become any other at any call.

It stands for every base: the port's answers are rows of their own here, and a call that writes one is observed.
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
from spec.market.mandates_state import Mandate, Pace, Place, Target, Weight
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

Pair = tuple[str, ...]
Stake = tuple[Service, str, str]


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Moment:
    """The point at which the next call executes."""

    point: Final[int]

    def __init__(self, point: int = 0) -> None:
        self.point = point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Amount:
    """An amount of a token, of stake or of weight."""

    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


SCHEMA: Final = Schema()
NOW: Final[Table[str, Moment]] = SCHEMA.table("now", Moment())
BALANCES: Final[Table[Pair, Amount]] = SCHEMA.table("balances", Amount())
LASTING: Final[Table[Stake, Amount]] = SCHEMA.table("lasting", Amount())
WEIGHTS: Final[Table[Stake, Amount]] = SCHEMA.table("weights", Amount())
"""By holder, operator and pool. All rows that are observed have keys of one shape, as symbols want it."""

STAKED: Final[Table[Pair, Amount]] = SCHEMA.table("staked", Amount())
GAINS: Final[Table[Pair, Amount]] = SCHEMA.table("gains", Amount())
"""By account and pool: its position, and what the next deposit adds to it, of which nothing is known."""

ALLOTTED: Final[Table[Stake, Amount]] = SCHEMA.table("allotted", Amount())
"""By service, operator and pool: what a mandate has given."""

REACHED: Final[Table[tuple[Stake, int], Amount]] = SCHEMA.table("reached", Amount())
"""By service, operator and pool, and a point: what could be slashed for it, if nothing ever had been."""

TAKEN: Final[Table[Stake, Amount]] = SCHEMA.table("taken", Amount())
"""By service, operator and pool: all that ever was slashed."""

UNTRIED: Final = (mandates.PLANS.name, mandates.PENDING_PLANS.name)
"""Tables whose rows are lists of lists, of which the engine knows no shape. No call that is proved reads them."""


def _known(table: Table[Any, Any]) -> Table[Any, Any]:
    return Table(table.name, table.index, Moment()) if table.name in UNTRIED else table


# Lifted, a market's tables begin behind these nine (`contracts.py`).
SCHEMA.tables.extend([_known(table) for table in market.SCHEMA.tables[9:]])

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
PLANS: Final[Table[str, Moment]] = _known(mandates.PLANS)
PENDING_PLANS: Final[Table[str, Moment]] = _known(mandates.PENDING_PLANS)
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
    """Points pass."""

    points: Final[int]

    def __init__(self, points: int) -> None:
        self.points = points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pay:
    """An account pays another."""

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
    """The stake that a service can slash of an operator becomes another, whatever it was."""

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
    """Another amount comes within reach for a point: a larger one at any time, any once the window is over."""

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
    """A service slashes an operator."""

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
class ChangeWeight:
    """The weight of a holder becomes another, whatever it was."""

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
    """A sender's tokens become a part of an account's position, whichever the base says."""

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
    """A part of the sender's position leaves."""

    sender: Final[str]
    pool: Final[str]
    pieces: Final[int]

    def __init__(self, sender: str, pool: str, pieces: int) -> None:
        self.sender = sender
        self.pool = pool
        self.pieces = pieces


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allot:
    """A target of a mandate comes to have an amount."""

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


def any_window(_pool: str) -> int:
    """The window of a pool, of which nothing is known (`contracts.py`)."""
    return 0


def weight_key(group: Group, holder: str) -> Stake:
    """The key of a holder's weight in a group."""
    return ((holder, 0), group[0], group[1])


# What the market is given is declared to hold nothing: else a loop of any length would refuse it as unknown.


@attr.s(init=False, eq=False)
class FreePort:
    """The port, of rows that anybody may change."""

    def now(self, draft: Draft) -> int:
        """The point at which this call executes."""
        return draft.get(NOW, SINGLETON).point

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """Any stake."""
        amount = draft.get(LASTING, (service, operator, pool)).amount
        return Slashable(amount, None, amount)

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """Its row."""
        return ((LASTING.name, (service, operator, pool)),)

    def group(self, operator: str, pool: str) -> Group:
        """The group of an operator in a pool."""
        return (operator, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """Any weight."""
        return draft.get(WEIGHTS, weight_key(group, holder)).amount

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """Its row."""
        return ((WEIGHTS.name, weight_key(group, holder)),)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """Its weight."""
        return self.weight(draft, group, holder)

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """None: a slash is a change of stake."""
        return ()

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """A payment."""
        return Pay(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The balance of an account."""
        return draft.get(BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[Any, Any], ...]:
        """One."""
        return (LASTING,)

    def tables_of_slashes(self) -> tuple[Table[Any, Any], ...]:
        """None."""
        return ()

    def tables_of_weight(self) -> tuple[Table[Any, Any], ...]:
        """One."""
        return (WEIGHTS,)


@attr.s(init=False, eq=False)
class FreeCustody:
    """Custody, of positions to which a deposit adds any part."""

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """A payment to the pool, and what it adds."""
        return (PutIn(sender, account, pool, amount),)

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """None."""
        return ()

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """Any position."""
        return draft.get(STAKED, (account, pool)).amount

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The same."""
        return draft.get(STAKED, (account, pool)).amount

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The same: a slash is a change of what a deposit adds."""
        return draft.get(STAKED, (account, pool)).amount

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """Pieces leave."""
        return TakeOut(account, pool, pieces)

    def number(self, draft: Draft, account: str) -> int | None:
        """None: the base pays the holder."""
        return None

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """None."""
        return None

    def token(self, draft: Draft, pool: str) -> str:
        """The token of a pool has its name."""
        return pool


@attr.s(init=False, eq=False)
class FreeAuthority:
    """Authority of anybody over any pool, of which the whole is the account's position."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """None to be done."""
        return ()

    def can_target(self, account: str, operator: str) -> bool:
        """True of every operator."""
        return True

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """None."""
        return ()

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The account's position."""
        return draft.get(STAKED, (account, pool)).amount

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The amount that it was given, which can be raised without end."""
        amount = draft.get(ALLOTTED, (target.service, target.operator, pool)).amount
        return Allocated(amount, amount, self.whole(draft, account, pool), is_fixed=False, is_backed=True)

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """Another amount."""
        return (Allot(account, pool, target.service, target.operator, amount),)


@attr.s(init=False, eq=False)
class FreeRecourse:
    """Recourse for any window: the promise that a base makes, and nothing else (`change_reach`)."""

    def window(self, draft: Draft, pool: str) -> int:
        """Any number of points, but the same at all times."""
        return any_window(pool)

    def reference(self, draft: Draft) -> int:
        """The point at which this call executes."""
        return draft.get(NOW, SINGLETON).point

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that was within reach, less all that was slashed."""
        stake = (service, operator, pool)
        return max(draft.get(REACHED, (stake, point)).amount - draft.get(TAKEN, stake).amount, 0)

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """All of it."""
        return amount

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The stake of an operator that a service can slash."""
        return (service, operator, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """None."""
        return ()

    def dust(self, roundings: int) -> int:
        """None."""
        return 0

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """None."""
        return ()

    def tables_of_recourse(self) -> tuple[Table[Any, Any], ...]:
        """One, and time."""
        return (NOW, REACHED, TAKEN)


PORT: Final = FreePort()
CUSTODY: Final = FreeCustody()
AUTHORITY: Final = FreeAuthority()
RECOURSE: Final = FreeRecourse()


def pay(draft: Draft, action: Pay) -> Delta | Reason:
    """Move tokens. Rejects: PAYMENT_FAILED."""
    held = draft.get(BALANCES, (action.token, action.sender)).amount
    if action.amount > held:
        return Reason.PAYMENT_FAILED
    draft.put(BALANCES, (action.token, action.sender), Amount(held - action.amount))
    received = draft.get(BALANCES, (action.token, action.to)).amount
    draft.put(BALANCES, (action.token, action.to), Amount(received + action.amount))
    return draft.delta()


def put_in(draft: Draft, action: PutIn) -> Delta | Reason:
    """Add to an account's position what is next, for tokens paid to the pool. Rejects: PAYMENT_FAILED."""
    paid = pay(draft, Pay(action.sender, action.pool, action.pool, action.amount))
    if isinstance(paid, Reason):
        return paid
    key = (action.account, action.pool)
    draft.put(STAKED, key, Amount(draft.get(STAKED, key).amount + draft.get(GAINS, key).amount))
    return draft.delta()


def take_out(draft: Draft, action: TakeOut) -> Delta | Reason:
    """Take pieces out of the sender's position. Rejects: NOT_ENOUGH_SHARES."""
    key = (action.sender, action.pool)
    held = draft.get(STAKED, key).amount
    if not 0 < action.pieces <= held:
        return Reason.NOT_ENOUGH_SHARES
    draft.put(STAKED, key, Amount(held - action.pieces))
    return draft.delta()


def change_reach(draft: Draft, action: ChangeReach) -> Delta | Reason:
    """The promise of a base: within the window nothing goes out of reach. Rejects: TOO_EARLY."""
    key = ((action.service, action.operator, action.pool), action.reached_point)
    is_over = draft.get(NOW, SINGLETON).point > action.reached_point + any_window(action.pool)
    if not is_over and action.amount < draft.get(REACHED, key).amount:
        return Reason.TOO_EARLY
    draft.put(REACHED, key, Amount(action.amount))
    return draft.delta()


def take_stake(draft: Draft, action: TakeStake) -> Delta:
    """A slash, which takes from every point alike; what tables count of it is noted."""
    stake = (action.service, action.operator, action.pool)
    draft.put(TAKEN, stake, Amount(draft.get(TAKEN, stake).amount + action.amount))
    note_slash(RECOURSE, draft, Slashed(action.service, action.operator, action.pool, action.amount))
    return draft.delta()


def base_transition(draft: Draft, action: Any) -> Delta | Reason:
    """The base's calls, observed by the market."""
    if isinstance(action, Pay):
        return pay(draft, action)
    if isinstance(action, PutIn):
        return put_in(draft, action)
    if isinstance(action, TakeOut):
        return take_out(draft, action)
    if isinstance(action, Allot):
        draft.put(ALLOTTED, (action.service, action.operator, action.pool), Amount(action.amount))
        return draft.delta()
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
    """The door to the base, of one call."""
    return lambda action: base_transition(draft, action)
