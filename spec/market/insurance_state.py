"""The rows of the insurance.

A *fund* insures stake of an offer's pool against slashes of the offer's service. A sponsor opens it, underwriters own
its capital by shares, and holders buy *policies* from it. Its money is in grains. A loss is valued at the
offer's price of a unit of stake, so its value is an exact product.
"""

from typing import Final

import attr

from spec.arithmetic import WAD
from spec.machine import Table
from spec.market.lists import ListTable
from spec.market.state import SCHEMA, Offer

Fund = tuple[Offer, str]
"""A fund's identity: the offer against whose slashes it insures, and its sponsor."""

Underwriter = tuple[Fund, str]
"""An underwriter's identity: the fund, and the account that provides capital."""

Affiliate = tuple[str, str]
"""A pair of an operator and an account that the operator declares to be its own."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class FundTerms:
    """The terms of a fund, fixed when it is opened.

    All policies together may cover `leverage_wad` times its capital; at WAD it is *fully collateralised*. Of each loss,
    a policy pays the fraction `coinsurance_wad` of the excess over `deductible_grains`. A policy takes effect
    `wait_points` after its sale, and ends within `cooldown_points` of its sale. `cooldown_points` is also the time for
    which a leaving underwriter stays at risk.

    The yearly premium is the declared expected loss, plus a part for scarcity, plus the loading `loading_wad` on both.
    Up to the utilisation `kink_wad`, the part for scarcity rises by `slope_wad`. From there to full utilisation it
    rises by `steep_slope_wad`.
    """

    is_open: Final[bool]
    leverage_wad: Final[int]
    deductible_grains: Final[int]
    coinsurance_wad: Final[int]
    wait_points: Final[int]
    cooldown_points: Final[int]
    kink_wad: Final[int]
    slope_wad: Final[int]
    steep_slope_wad: Final[int]
    loading_wad: Final[int]
    bars_self_insurance: Final[bool]

    def __init__(
        self,
        is_open: bool = False,
        leverage_wad: int = WAD,
        deductible_grains: int = 0,
        coinsurance_wad: int = WAD,
        wait_points: int = 0,
        cooldown_points: int = 0,
        kink_wad: int = 0,
        slope_wad: int = 0,
        steep_slope_wad: int = 0,
        loading_wad: int = 0,
        bars_self_insurance: bool = False,
    ) -> None:
        self.is_open = is_open
        self.leverage_wad = leverage_wad
        self.deductible_grains = deductible_grains
        self.coinsurance_wad = coinsurance_wad
        self.wait_points = wait_points
        self.cooldown_points = cooldown_points
        self.kink_wad = kink_wad
        self.slope_wad = slope_wad
        self.steep_slope_wad = steep_slope_wad
        self.loading_wad = loading_wad
        self.bars_self_insurance = bars_self_insurance


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Capital:
    """The running account of a fund: its capital, the shares of it, and the cover that its policies can still use.

    `leaving_grains` belong to underwriters that have announced their exit. They are still at risk, but no new policy is
    sold on them, and they get no premium. `cover_grains` is the unused cover of all policies that are sold and not
    released.
    """

    staying_grains: Final[int]
    staying_shares: Final[int]
    leaving_grains: Final[int]
    leaving_shares: Final[int]
    cover_grains: Final[int]

    def __init__(
        self,
        staying_grains: int = 0,
        staying_shares: int = 0,
        leaving_grains: int = 0,
        leaving_shares: int = 0,
        cover_grains: int = 0,
    ) -> None:
        self.staying_grains = staying_grains
        self.staying_shares = staying_shares
        self.leaving_grains = leaving_grains
        self.leaving_shares = leaving_shares
        self.cover_grains = cover_grains


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Underwritten:
    """An underwriter's shares of a fund: the staying ones, and the leaving ones, which it may take out from `due_point`
    on.
    """

    shares: Final[int]
    leaving_shares: Final[int]
    due_point: Final[int]

    def __init__(self, shares: int = 0, leaving_shares: int = 0, due_point: int = 0) -> None:
        self.shares = shares
        self.leaving_shares = leaving_shares
        self.due_point = due_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Policy:
    """A policy: it pays its holder's losses by slashes of `operator`, from `start_point` until before `end_point`.

    `sponsor` is the sponsor of the fund that pays. `cover_grains` is the most that the policy can still pay, over all
    slashes. A released policy leaves its place in the offer's list free for another.
    """

    is_sold: Final[bool]
    sponsor: Final[str]
    holder: Final[str]
    operator: Final[str]
    cover_grains: Final[int]
    start_point: Final[int]
    end_point: Final[int]

    def __init__(
        self,
        is_sold: bool = False,
        sponsor: str = "",
        holder: str = "",
        operator: str = "",
        cover_grains: int = 0,
        start_point: int = 0,
        end_point: int = 0,
    ) -> None:
        self.is_sold = is_sold
        self.sponsor = sponsor
        self.holder = holder
        self.operator = operator
        self.cover_grains = cover_grains
        self.start_point = start_point
        self.end_point = end_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Covered:
    """The unused cover of all policies of an offer. If `is_limited`, no sale may raise it above a part of the counted
    stake's value.

    That part is the fraction `limit_wad`.
    """

    cover_grains: Final[int]
    is_limited: Final[bool]
    limit_wad: Final[int]

    def __init__(self, cover_grains: int = 0, is_limited: bool = False, limit_wad: int = 0) -> None:
        self.cover_grains = cover_grains
        self.is_limited = is_limited
        self.limit_wad = limit_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Declared:
    """A declaration about an operator and an account: `is_declared` is True if the operator has declared the account to
    be its own.
    """

    is_declared: Final[bool]

    def __init__(self, is_declared: bool = False) -> None:
        self.is_declared = is_declared


# Keys: fund, twice; underwriter; offer; affiliate.
FUND_TERMS: Final[Table[Fund, FundTerms]] = SCHEMA.table("market_fund_terms", FundTerms())
FUNDS: Final[Table[Fund, Capital]] = SCHEMA.table("market_funds", Capital())
UNDERWRITERS: Final[Table[Underwriter, Underwritten]] = SCHEMA.table("market_underwriters", Underwritten())
COVERS: Final[Table[Offer, Covered]] = SCHEMA.table("market_covers", Covered())
AFFILIATES: Final[Table[Affiliate, Declared]] = SCHEMA.table("market_affiliates", Declared())

POLICIES: Final[ListTable[Offer, Policy]] = ListTable(SCHEMA, "market_policies", Policy())
"""By offer: the policies of all funds of the offer, each at its own place in the list."""
