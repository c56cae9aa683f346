"""The rows of allocation by plan.

A *mandate* is the authority of one of the market's accounts over the stake of a pool. Its *plan* lists the *targets*
between which that stake is split, and the caps that bound them. A target is a service and an operator. Each plan of a
mandate has a number. Its targets, its caps and the members of each cap are rows of their own, written once.
"""

from typing import Final

import attr

from spec.machine import Table
from spec.market.lists import ListTable
from spec.market.port import Service
from spec.market.state import SCHEMA

Place = tuple[str, int]
"""A key of a mandate, and the index, from 0, of a target in its plan."""

PlanKey = tuple[str, int]
"""A mandate, and the number of one of its plans. The first plan has number 1; 0 stands for no plan."""

TargetName = tuple[Service, str]
"""The service and the operator of a target."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Target:
    """A service and an operator that may get a part of a mandate's stake. It is an argument of a call and a row.

    `loss_rate` is the loss of a unit of stake that the governor expects there, in grains per point.
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
    """A bound on the total part of all targets with one of `services` or one of `operators`: a fraction of the stake.

    With one name it is the cap of a service or of an operator; with several, of a group that is slashed together.
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
    """A whole plan, read from its rows: targets, caps, and the pace.

    A rebalancing raises parts by at most the fraction `step_wad` of the stake in total. It lowers parts by at most as
    much. The next rebalancing is possible after `period_points`. A plan without targets stands for no plan.
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
    """A mandate, fixed when it is opened: its governor, who proposes plans, its pool, and the delay of its plans."""

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
class PlanNumber:
    """The number of a plan of a mandate. 0 stands for no plan."""

    number: Final[int]

    def __init__(self, number: int = 0) -> None:
        self.number = number


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PendingPlan:
    """The number of a proposed plan that is not adopted yet, and the point from which it can be adopted."""

    is_pending: Final[bool]
    number: Final[int]
    effect_point: Final[int]

    def __init__(self, is_pending: bool = False, number: int = 0, effect_point: int = 0) -> None:
        self.is_pending = is_pending
        self.number = number
        self.effect_point = effect_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PlanPace:
    """The pace of a plan: the fraction of the stake that a rebalancing may move, and the least time between two
    rebalancings.
    """

    step_wad: Final[int]
    period_points: Final[int]

    def __init__(self, step_wad: int = 0, period_points: int = 0) -> None:
        self.step_wad = step_wad
        self.period_points = period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TargetPlace:
    """The index `place`, from 0, of a target in a plan. `is_target` is False if service and operator are no target of
    the plan.
    """

    is_target: Final[bool]
    place: Final[int]

    def __init__(self, is_target: bool = False, place: int = 0) -> None:
        self.is_target = is_target
        self.place = place


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CapAmount:
    """The most that the targets of a cap may have together, as a fraction of the stake."""

    cap_wad: Final[int]

    def __init__(self, cap_wad: int = 0) -> None:
        self.cap_wad = cap_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CapMember:
    """One name in a cap: a service if `is_service`, otherwise an operator. The other of the two fields is empty."""

    is_service: Final[bool]
    service: Final[Service]
    operator: Final[str]

    def __init__(self, is_service: bool, service: Service, operator: str) -> None:
        self.is_service = is_service
        self.service = service
        self.operator = operator


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pace:
    """The result of a mandate's last rebalancing: `reserve_wad` is the part of the stake that no target has, in WAD.

    `next_point` is the earliest point of the next rebalancing.
    """

    reserve_wad: Final[int]
    next_point: Final[int]

    def __init__(self, reserve_wad: int = 0, next_point: int = 0) -> None:
        self.reserve_wad = reserve_wad
        self.next_point = next_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Weight:
    """The part of the mandate's stake that the last rebalancing intended for a target, as a fraction of WAD."""

    wad: Final[int]

    def __init__(self, wad: int = 0) -> None:
        self.wad = wad


NO_SERVICE: Final[Service] = ("", 0)

# Keys: mandate, five times; mandate and place; plan, twice; plan and target; plan; plan and the position of a cap.
MANDATES: Final[Table[str, Mandate]] = SCHEMA.table("market_mandates", Mandate())
PLANS_IN_FORCE: Final[Table[str, PlanNumber]] = SCHEMA.table("market_plans_in_force", PlanNumber())
PENDING_PLANS: Final[Table[str, PendingPlan]] = SCHEMA.table("market_pending_plans", PendingPlan())
LATEST_PLANS: Final[Table[str, PlanNumber]] = SCHEMA.table("market_latest_plans", PlanNumber())
PACES: Final[Table[str, Pace]] = SCHEMA.table("market_paces", Pace())
WEIGHTS: Final[Table[Place, Weight]] = SCHEMA.table("market_weights", Weight())
PLAN_PACES: Final[Table[PlanKey, PlanPace]] = SCHEMA.table("market_plan_paces", PlanPace())
TARGETS: Final[ListTable[PlanKey, Target]] = ListTable(SCHEMA, "market_targets", Target(NO_SERVICE, ""))
TARGET_PLACES: Final[Table[tuple[PlanKey, TargetName], TargetPlace]] = SCHEMA.table(
    "market_target_places", TargetPlace()
)
CAPS: Final[ListTable[PlanKey, CapAmount]] = ListTable(SCHEMA, "market_caps", CapAmount())
CAP_MEMBERS: Final[ListTable[tuple[PlanKey, int], CapMember]] = ListTable(
    SCHEMA, "market_cap_members", CapMember(is_service=False, service=NO_SERVICE, operator="")
)
