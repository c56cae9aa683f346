"""Plans of mandates, read from rows and written to rows. The rows of a plan are written when it is proposed, and never
change.
"""

from typing import Final

from spec.arithmetic import WAD
from spec.machine import Draft
from spec.market.mandates_state import (
    CAP_MEMBERS,
    CAPS,
    LATEST_PLANS,
    NO_SERVICE,
    PENDING_PLANS,
    PLAN_PACES,
    PLANS_IN_FORCE,
    TARGET_PLACES,
    TARGETS,
    Cap,
    CapAmount,
    CapMember,
    PendingPlan,
    Plan,
    PlanKey,
    PlanNumber,
    PlanPace,
    Target,
    TargetPlace,
)

MAX_TARGETS: Final = 16
"""The most targets of a plan, and the most caps. It bounds the work of a rebalancing."""


def in_force(draft: Draft, mandate: str) -> PlanKey:
    """The key of a mandate's adopted plan; its number is 0 if there is none."""
    return mandate, draft.get(PLANS_IN_FORCE, mandate).number


def pending(draft: Draft, mandate: str) -> PlanKey:
    """The key of a mandate's pending plan; its number is 0 if there is none."""
    return mandate, draft.get(PENDING_PLANS, mandate).number


def plan_at(draft: Draft, plan: PlanKey) -> Plan:
    """The whole plan with the key `plan`. It is empty if there is no such plan."""
    pace = draft.get(PLAN_PACES, plan)
    return Plan(tuple(targets_of(draft, plan)), tuple(caps_of(draft, plan)), pace.step_wad, pace.period_points)


def targets_of(draft: Draft, plan: PlanKey) -> list[Target]:
    """The targets of a plan, in order."""
    return [TARGETS.at(draft, plan, place) for place in range(TARGETS.size(draft, plan))]


def caps_of(draft: Draft, plan: PlanKey) -> list[Cap]:
    """The caps of a plan, in order."""
    return [_cap_at(draft, plan, place) for place in range(CAPS.size(draft, plan))]


def _cap_at(draft: Draft, plan: PlanKey, place: int) -> Cap:
    """The cap at index `place` of a plan, with the services and the operators that it names."""
    named = members_of(draft, plan, place)
    return Cap(
        tuple([member.service for member in named if member.is_service]),
        tuple([member.operator for member in named if not member.is_service]),
        CAPS.at(draft, plan, place).cap_wad,
    )


def members_of(draft: Draft, plan: PlanKey, place: int) -> list[CapMember]:
    """The services, then the operators, that the cap at index `place` of a plan names."""
    cap = (plan, place)
    return [CAP_MEMBERS.at(draft, cap, number) for number in range(CAP_MEMBERS.size(draft, cap))]


def new_plan(draft: Draft, mandate: str, pace: PlanPace) -> PlanKey:
    """Begin a new plan of a mandate, with the next number and without targets. The mandate's earlier proposal is no
    longer pending.

    Returns the new plan's key.
    """
    plan: PlanKey = (mandate, draft.get(LATEST_PLANS, mandate).number + 1)
    draft.put(LATEST_PLANS, mandate, PlanNumber(plan[1]))
    draft.put(PLAN_PACES, plan, pace)
    draft.put(PENDING_PLANS, mandate, PendingPlan())
    return plan


def add_target(draft: Draft, plan: PlanKey, target: Target) -> bool:
    """Append a target to a new plan. Returns False, without a change, if the target is not allowed.

    It is not allowed in a plan with MAX_TARGETS targets, or with this target already. It needs a loss rate of at least
    0. Its index must not be that of another target of the plan in force.
    """
    mandate, place = plan[0], TARGETS.size(draft, plan)
    name = (target.service, target.operator)
    if place >= MAX_TARGETS or target.loss_rate < 0 or draft.get(TARGET_PLACES, (plan, name)).is_target:
        return False
    earlier = in_force(draft, mandate)
    if place < TARGETS.size(draft, earlier):
        there = TARGETS.at(draft, earlier, place)
        if there.service != target.service or there.operator != target.operator:
            return False
    TARGETS.append(draft, plan, target)
    draft.put(TARGET_PLACES, (plan, name), TargetPlace(is_target=True, place=place))
    return True


def add_cap(draft: Draft, plan: PlanKey, cap: Cap) -> bool:
    """Append a cap to a new plan. Returns False if the plan has MAX_TARGETS caps, or if the cap is not a fraction from
    0 to WAD.
    """
    place = CAPS.size(draft, plan)
    if place >= MAX_TARGETS or not 0 <= cap.cap_wad <= WAD:
        return False
    CAPS.append(draft, plan, CapAmount(cap.cap_wad))
    for service in cap.services:
        CAP_MEMBERS.append(draft, (plan, place), CapMember(is_service=True, service=service, operator=""))
    for operator in cap.operators:
        CAP_MEMBERS.append(draft, (plan, place), CapMember(is_service=False, service=NO_SERVICE, operator=operator))
    return True


def has_all_targets(draft: Draft, plan: PlanKey) -> bool:
    """True if a new plan has at least one target, and no fewer targets than the plan in force."""
    size = TARGETS.size(draft, plan)
    return size > 0 and TARGETS.size(draft, in_force(draft, plan[0])) <= size
