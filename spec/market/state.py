"""The market's state: small immutable rows, and the tables that hold them, with indices above those of any base.

Money is counted in *grains*: WAD of them are one unit of the fee token, so that accrual needs no division. Stake is in
the pool's own unit. A point is a block or a timestamp. A rate is in grains per unit of stake and point.
"""

from typing import Final

import attr

from spec.layer import layer_schema
from spec.machine import Table
from spec.market.lists import ListTable
from spec.market.port import Group, RowKey, Service

Offer = tuple[Service, str]
"""An offer's identity: the service that pays, and the pool for whose stake it pays."""

Position = tuple[Offer, str]
"""A position's identity: the offer, and the operator whose stake is counted."""

Holding = tuple[Group, str]
"""A holding's identity: the group, and the holder whose weight is counted."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Settings:
    """The market's configuration: the token in which every service pays, and the delay of a new commission."""

    fee_token: Final[str]
    commission_delay_points: Final[int]

    def __init__(self, fee_token: str = "", commission_delay_points: int = 0) -> None:
        self.fee_token = fee_token
        self.commission_delay_points = commission_delay_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Terms:
    """The terms of an offer, fixed when it is opened: the curve of its rate, and the bounds of the rate.

    `target_stake` is the counted stake that the service wants. `divisor` dampens the curve. With BASE_FEE, a gap of the
    whole target changes the rate by the fraction `1/divisor`. With EXPONENTIAL, a shortfall of `divisor` multiplies the
    rate by e. A step moves the rate by at most the fraction `max_step_wad` of it, or by one. Steps are at least
    `period_points` apart.
    """

    is_open: Final[bool]
    curve: Final[str]
    target_stake: Final[int]
    divisor: Final[int]
    floor_rate: Final[int]
    cap_rate: Final[int]
    max_step_wad: Final[int]
    period_points: Final[int]

    def __init__(
        self,
        is_open: bool = False,
        curve: str = "",
        target_stake: int = 0,
        divisor: int = 0,
        floor_rate: int = 0,
        cap_rate: int = 0,
        max_step_wad: int = 0,
        period_points: int = 0,
    ) -> None:
        self.is_open = is_open
        self.curve = curve
        self.target_stake = target_stake
        self.divisor = divisor
        self.floor_rate = floor_rate
        self.cap_rate = cap_rate
        self.max_step_wad = max_step_wad
        self.period_points = period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Risk:
    """The risk of its slashes that a service declares: the yearly loss of stake, as fractions of WAD.

    `expected_loss_wad` is the mean, `shortfall_wad` the mean of the worst cases. `capital_cost_wad` is the yearly cost
    of capital for the difference of these two. `unit_price_wad` is the value of a unit of stake in units of the fee
    token, times WAD.
    """

    expected_loss_wad: Final[int]
    shortfall_wad: Final[int]
    capital_cost_wad: Final[int]
    unit_price_wad: Final[int]
    points_per_year: Final[int]

    def __init__(
        self,
        expected_loss_wad: int = 0,
        shortfall_wad: int = 0,
        capital_cost_wad: int = 0,
        unit_price_wad: int = 0,
        points_per_year: int = 1,
    ) -> None:
        self.expected_loss_wad = expected_loss_wad
        self.shortfall_wad = shortfall_wad
        self.capital_cost_wad = capital_cost_wad
        self.unit_price_wad = unit_price_wad
        self.points_per_year = points_per_year


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Meter:
    """The running account of an offer: its money, its rate, and the index, the total of grains that each unit of stake
    earned so far.

    `budget_grains` can still be earned. `reserved_grains` are earned, and not yet credited. `stake` is the total
    counted stake. The index is as of `updated_point`; the last step of the rate was at `stepped_point`. `shortfall` is
    for EXPONENTIAL: the sum over all steps of the missing stake, less the excess stake. Each step keeps it from 0 to
    MAX_EXPONENT times the divisor.
    """

    budget_grains: Final[int]
    reserved_grains: Final[int]
    index: Final[int]
    rate: Final[int]
    shortfall: Final[int]
    stake: Final[int]
    updated_point: Final[int]
    stepped_point: Final[int]

    def __init__(
        self,
        budget_grains: int = 0,
        reserved_grains: int = 0,
        index: int = 0,
        rate: int = 0,
        shortfall: int = 0,
        stake: int = 0,
        updated_point: int = 0,
        stepped_point: int = 0,
    ) -> None:
        self.budget_grains = budget_grains
        self.reserved_grains = reserved_grains
        self.index = index
        self.rate = rate
        self.shortfall = shortfall
        self.stake = stake
        self.updated_point = updated_point
        self.stepped_point = stepped_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Counted:
    """The stored row of a position or a holding: its counted stake or weight (`amount`), and the `index` up to which
    its fees are credited.

    The index of an offer or a group is the earnings so far of one unit of stake or weight.
    """

    is_counted: Final[bool]
    amount: Final[int]
    index: Final[int]

    def __init__(self, is_counted: bool = False, amount: int = 0, index: int = 0) -> None:
        self.is_counted = is_counted
        self.amount = amount
        self.index = index


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Commission:
    """The part of a position's fees that its operator keeps, and an announced change of this part.

    The change can be applied from the point `effect_point` on.
    """

    fraction_wad: Final[int]
    is_pending: Final[bool]
    pending_fraction_wad: Final[int]
    effect_point: Final[int]

    def __init__(
        self,
        fraction_wad: int = 0,
        is_pending: bool = False,
        pending_fraction_wad: int = 0,
        effect_point: int = 0,
    ) -> None:
        self.fraction_wad = fraction_wad
        self.is_pending = is_pending
        self.pending_fraction_wad = pending_fraction_wad
        self.effect_point = effect_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Shared:
    """A group's account: its total counted weight, its index, and the grains not yet credited to its holdings
    (`held_grains`).

    The index is the total of grains given to each unit of weight so far. `carried_grains` are a part of the held
    grains. They were too few to give each unit of weight a whole grain, and wait for the next division.
    """

    weight: Final[int]
    index: Final[int]
    held_grains: Final[int]
    carried_grains: Final[int]

    def __init__(self, weight: int = 0, index: int = 0, held_grains: int = 0, carried_grains: int = 0) -> None:
        self.weight = weight
        self.index = index
        self.held_grains = held_grains
        self.carried_grains = carried_grains


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claimable:
    """The grains that are credited to an account and not paid yet."""

    grains: Final[int]

    def __init__(self, grains: int = 0) -> None:
        self.grains = grains


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Treasury:
    """The totals ever paid in to and paid out of the market's account, in units of the fee token."""

    funded: Final[int]
    paid: Final[int]

    def __init__(self, funded: int = 0, paid: int = 0) -> None:
        self.funded = funded
        self.paid = paid


NOBODY: Final[Position] = ((("", 0), ""), "")


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ListedPosition:
    """An entry of a list of positions: the identity of one position."""

    position: Final[Position]

    def __init__(self, position: Position = NOBODY) -> None:
        self.position = position


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ListedHolding:
    """An entry of a list of holdings: the identity of one holding."""

    holding: Final[Holding]

    def __init__(self, holding: Holding = (("", ""), "")) -> None:
        self.holding = holding


SCHEMA: Final = layer_schema()

SETTINGS: Final[Table[str, Settings]] = SCHEMA.table("market_settings", Settings())

# Keys: offer, three times; position, twice.
TERMS: Final[Table[Offer, Terms]] = SCHEMA.table("market_terms", Terms())
RISKS: Final[Table[Offer, Risk]] = SCHEMA.table("market_risks", Risk())
METERS: Final[Table[Offer, Meter]] = SCHEMA.table("market_meters", Meter())
POSITIONS: Final[Table[Position, Counted]] = SCHEMA.table("market_positions", Counted())
COMMISSIONS: Final[Table[Position, Commission]] = SCHEMA.table("market_commissions", Commission())

# Keys: group; holding; account; SINGLETON.
GROUPS: Final[Table[Group, Shared]] = SCHEMA.table("market_groups", Shared())
HOLDINGS: Final[Table[Holding, Counted]] = SCHEMA.table("market_holdings", Counted())
CLAIMABLES: Final[Table[str, Claimable]] = SCHEMA.table("market_claimables", Claimable())
TREASURY: Final[Table[str, Treasury]] = SCHEMA.table("market_treasury", Treasury())

POSITIONS_BY_ROW: Final[ListTable[RowKey, ListedPosition]] = ListTable(
    SCHEMA, "market_positions_by_row", ListedPosition()
)
"""By row of the base: the positions whose stake depends on it."""
HOLDINGS_BY_ROW: Final[ListTable[RowKey, ListedHolding]] = ListTable(SCHEMA, "market_holdings_by_row", ListedHolding())
"""By row of the base: the holdings whose weight depends on it."""
FEEDS: Final[ListTable[Group, ListedPosition]] = ListTable(SCHEMA, "market_feeds", ListedPosition())
"""By group: the positions whose fees the group shares."""
