"""The rows of allocation by policy, behind those of receipts.

A *mandate* is the authority of an account of the market's over the stake of a pool. Its *plan* says between whom that
stake is split: every *target*, a service and an operator, and the caps that bound them.
"""

from typing import Final

import attr

from spec.machine import Table
from spec.market.port import Service
from spec.market.state import SCHEMA

Place = tuple[str, int]
"""A mandate, and the place of a target in its plan."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Target:
    """A service and an operator, between which and others stake is split.

    `loss_rate` is what its governor expects a unit of stake there to lose at each point, in grains.
    """

    service: Final[Service]
    operator: Final[str]
    loss_rate: Final[int]

    def __init__(self, service: Service, operator: str, loss_rate: int = 0) -> None:
        self.service = service
        self.operator = operator
        self.loss_rate = loss_rate


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Cap:
    """A bound of what all targets of some services, or of some operators, get together: a fraction of the stake.

    One name makes it the cap of a service or of an operator; more are a group that is slashed together.
    """

    services: Final[tuple[Service, ...]]
    operators: Final[tuple[str, ...]]
    cap_wad: Final[int]

    def __init__(self, services: tuple[Service, ...], operators: tuple[str, ...], cap_wad: int) -> None:
        self.services = services
        self.operators = operators
        self.cap_wad = cap_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Plan:
    """A plan: a rebalancing moves no more than the fraction `step_wad` of the stake in, and no more out.

    The next one comes `period_points` later at the soonest. A plan without targets is none.
    """

    targets: Final[tuple[Target, ...]]
    caps: Final[tuple[Cap, ...]]
    step_wad: Final[int]
    period_points: Final[int]

    def __init__(
        self,
        targets: tuple[Target, ...] = (),
        caps: tuple[Cap, ...] = (),
        step_wad: int = 0,
        period_points: int = 0,
    ) -> None:
        self.targets = targets
        self.caps = caps
        self.step_wad = step_wad
        self.period_points = period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Mandate:
    """A mandate, fixed when it is opened: whose stake, who proposes plans for it, and how long they wait."""

    is_open: Final[bool]
    governor: Final[str]
    pool: Final[str]
    delay_points: Final[int]

    def __init__(self, is_open: bool = False, governor: str = "", pool: str = "", delay_points: int = 0) -> None:
        self.is_open = is_open
        self.governor = governor
        self.pool = pool
        self.delay_points = delay_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PendingPlan:
    """A plan that was proposed and is not in force, and the point from which it may be."""

    is_pending: Final[bool]
    plan: Final[Plan]
    effect_point: Final[int]

    def __init__(self, is_pending: bool = False, plan: Plan | None = None, effect_point: int = 0) -> None:
        self.is_pending = is_pending
        self.plan = Plan() if plan is None else plan
        self.effect_point = effect_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pace:
    """The last rebalancing of a mandate: the weight that it gave to no target, and when the next one may come."""

    reserve_wad: Final[int]
    next_point: Final[int]

    def __init__(self, reserve_wad: int = 0, next_point: int = 0) -> None:
        self.reserve_wad = reserve_wad
        self.next_point = next_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Weight:
    """The part of the stake that the last rebalancing meant a target to have, of WAD."""

    wad: Final[int]

    def __init__(self, wad: int = 0) -> None:
        self.wad = wad


# Keys: mandate, four times; mandate and place.
MANDATES: Final[Table[str, Mandate]] = SCHEMA.table("market_mandates", Mandate())
PLANS: Final[Table[str, Plan]] = SCHEMA.table("market_plans", Plan())
PENDING_PLANS: Final[Table[str, PendingPlan]] = SCHEMA.table("market_pending_plans", PendingPlan())
PACES: Final[Table[str, Pace]] = SCHEMA.table("market_paces", Pace())
WEIGHTS: Final[Table[Place, Weight]] = SCHEMA.table("market_weights", Weight())
