"""Calls about mandates for walks above any base protocol: plans that wait and replace one another, losses, and
rebalancing.
"""

from typing import Any, Final

from invariants.choices import Choices
from invariants.market.cast import Cast
from spec.arithmetic import WAD
from spec.machine import Draft
from spec.market.actions import (
    AdoptPlan,
    EnrolMandate,
    FundOffer,
    OpenMandate,
    OpenOffer,
    ProposePlan,
    Rebalance,
    StepRate,
)
from spec.market.mandates import account_of
from spec.market.mandates_state import MANDATES, PENDING_PLANS, TARGETS, Cap, Target
from spec.market.plans import in_force
from spec.market.port import Service
from spec.market.rates import BASE_FEE
from spec.market.state import METERS, TERMS, Risk, Terms
from spec.market.transition import ACCOUNT

MANDATE: Final = "main"
MANDATED: Final = account_of(ACCOUNT, MANDATE)
GOVERNOR: Final = "governor"
DELAY_POINTS: Final = 3
RATES: Final = (10**9, 3 * 10**9, 7 * 10**8)
LOSSES: Final = (0, 0, 10**8, 5 * 10**8, 4 * 10**9)
CAPS_WAD: Final = (WAD // 2, WAD // 3, WAD // 5, WAD, 0, WAD // 10 + 7)
STEPS_WAD: Final = (WAD, WAD // 4, WAD // 10, WAD // 3)
PERIODS: Final = (1, 3, 6)
BUDGETS: Final = (10**18, 10**12, 10**15, 1)
RISKS: Final = (Risk(), Risk(10, 20, 0, 2 * 10**7, 1), Risk(WAD // 10**10, WAD // 10**9, 0, WAD, 1))


def open_for_mandates(cast: Cast) -> list[Any]:
    """Calls that open and fund an offer of each service, and then open a mandate. All services but the first declare a
    loss.
    """
    calls: list[Any] = []
    for service, rate, risk in zip(_services(cast), RATES, RISKS, strict=False):
        calls.append(OpenOffer(service[0], service, cast.pools[0], _terms(rate), risk))
        calls.append(FundOffer(cast.payers[0], service, cast.pools[0], BUDGETS[0]))
    return [*calls, OpenMandate(GOVERNOR, MANDATE, cast.pools[0], DELAY_POINTS)]


def _services(cast: Cast) -> tuple[Any, ...]:
    return tuple(dict.fromkeys([target.service for target in cast.targets]))


def _terms(rate: int) -> Terms:
    return Terms(
        is_open=False,
        curve=BASE_FEE,
        target_stake=5 * 10**17,
        divisor=2,
        floor_rate=rate,
        cap_rate=4 * rate,
        max_step_wad=WAD // 2,
        period_points=2,
    )


def mandated_offer(choices: Choices, service: Service, pool: str) -> Any:
    """A call that opens an offer of a service for a pool, with a drawn rate and risk."""
    return OpenOffer(service[0], service, pool, _terms(choices.pick(RATES)), choices.pick(RISKS))


def mandates_action(cast: Cast, choices: Choices, draft: Draft, pool: str) -> Any:
    """The walk's next call about a mandate over a pool, or one that gives the mandate something to do. Mostly
    accepted.
    """
    caller = choices.pick((*cast.holders, *cast.operators))
    target = choices.pick(cast.targets)
    if choices.one_in(20):
        return _spoilt(cast, choices, caller, pool)
    if not draft.get(MANDATES, MANDATE).is_open:
        return OpenMandate(GOVERNOR, MANDATE, pool, DELAY_POINTS)
    pending = draft.get(PENDING_PLANS, MANDATE)
    if pending.is_pending and not choices.one_in(4):
        is_due = cast.now(draft) >= pending.effect_point or choices.one_in(4)
        return AdoptPlan(caller, MANDATE) if is_due else cast.wait(1)
    if TARGETS.size(draft, in_force(draft, MANDATE)) == 0:
        return plan_action(cast, choices, draft)
    kind = choices.below(20)
    if kind < 8:
        return Rebalance(caller, MANDATE)
    if kind < 11:
        return cast.wait(choices.pick((1, 3, 1, 6, 12)))
    if kind < 13:
        return plan_action(cast, choices, draft)
    if kind < 15:
        return cast.slash(choices, draft, target.service, target.operator, pool)
    if kind < 16:
        return EnrolMandate(caller, MANDATE, target.service)
    if kind < 17:
        return cast.stake(draft, choices.pick(cast.holders), target.operator, pool)
    if kind < 18:
        offer = (target.service, pool)
        if not draft.get(TERMS, offer).is_open:
            return mandated_offer(choices, target.service, pool)
        if draft.get(METERS, offer).budget_grains < WAD * BUDGETS[1]:
            return FundOffer(choices.pick(cast.payers), target.service, pool, choices.pick(BUDGETS))
        return StepRate(caller, target.service, pool)
    return cast.unsettle(choices, draft, target, pool)


def plan_action(cast: Cast, choices: Choices, draft: Draft) -> Any:
    """A call that proposes a plan with all targets of the plan in force, sometimes with more targets.

    Losses, caps, step and period of the plan are drawn.
    """
    there = TARGETS.size(draft, in_force(draft, MANDATE))
    count = max(there, 2)
    if there > 0 and choices.one_in(4):
        count = min(there + 1 + choices.below(2), len(cast.targets))
    targets = tuple([Target(target.service, target.operator, choices.pick(LOSSES)) for target in cast.targets[:count]])
    caps = tuple([_cap(cast, choices) for _ in range(choices.below(4))])
    return ProposePlan(GOVERNOR, MANDATE, targets, caps, choices.pick(STEPS_WAD), choices.pick(PERIODS))


def _cap(cast: Cast, choices: Choices) -> Cap:
    """A cap on a service, on an operator, on two services, or on a service and an operator."""
    service, operator = choices.pick(cast.targets).service, choices.pick(cast.targets).operator
    cap_wad, kind = choices.pick(CAPS_WAD), choices.below(4)
    if kind == 0:
        return Cap((service,), (), cap_wad)
    if kind == 1:
        return Cap((), (operator,), cap_wad)
    if kind == 2:
        return Cap((service, choices.pick(cast.targets).service), (), cap_wad)
    return Cap((service,), (operator,), cap_wad)


def _spoilt(cast: Cast, choices: Choices, caller: str, pool: str) -> Any:
    """A call that is mostly rejected: a missing mandate, a wrong sender, a wrong time, or an invalid plan."""
    targets = cast.targets
    calls: tuple[Any, ...] = (
        OpenMandate(caller, MANDATE, pool, 0),
        OpenMandate(caller, "", pool, 0),
        OpenMandate(caller, "crooked", pool, -1),
        OpenMandate(caller, "powerless", cast.pools[1], 0),
        ProposePlan(caller, MANDATE, targets, (), WAD, 1),
        ProposePlan(caller, MANDATE, targets, (), WAD >> 1, 3),
        ProposePlan(GOVERNOR, "nothing", targets, (), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, (), (), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, (*targets, targets[0]), (), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, targets[:1], (), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, tuple(reversed(targets)), (), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, targets, (Cap((), (), WAD + 1),), WAD, 1),
        ProposePlan(GOVERNOR, MANDATE, targets, (), WAD + 1, 1),
        ProposePlan(GOVERNOR, MANDATE, targets, (), WAD, 0),
        AdoptPlan(caller, "nothing"),
        Rebalance(caller, "nothing"),
        EnrolMandate(caller, MANDATE, ("nobody", 1)),
        EnrolMandate(caller, MANDATE, targets[-1].service),
        EnrolMandate(caller, MANDATE, targets[-1].service),
    )
    return choices.pick(calls)
