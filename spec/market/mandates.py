"""Allocation by plan: a mandate splits the stake of a pool between targets, by a plan that is announced beforehand.

The governor proposes a plan, which waits for the mandate's delay. Then any account can adopt it, and any account can
rebalance. A rebalancing weighs each target by its fee less its expected loss, within caps. It moves the targets' parts
towards these weights. First it lowers parts, then it raises parts; all parts together by at most one step each time. It
uses the base's own calls, sent by the mandate's account. Changes that the base does not allow yet are left for the next
rebalancing.
"""

from spec.arithmetic import WAD, mul_wad_floor
from spec.layer import Act
from spec.machine import Delta, Draft
from spec.market import fees
from spec.market.actions import AdoptPlan, Enrol, EnrolMandate, OpenMandate, ProposePlan, Rebalance
from spec.market.authority import Authority
from spec.market.mandates_state import (
    MANDATES,
    PACES,
    PENDING_PLANS,
    PLANS_IN_FORCE,
    TARGET_PLACES,
    WEIGHTS,
    Cap,
    Mandate,
    Pace,
    PendingPlan,
    Plan,
    PlanNumber,
    PlanPace,
    Target,
    Weight,
)
from spec.market.plans import add_cap, add_target, has_all_targets, in_force, new_plan, plan_at
from spec.market.port import Port
from spec.market.rates import advanced, break_even_rate
from spec.market.reasons import Reason
from spec.market.splits import CapOn, room_of, score_of, split
from spec.market.state import METERS, RISKS, TERMS, Offer


def account_of(account: str, mandate: str) -> str:
    """The base account of a mandate: `account/mandates/mandate`, below the market's account `account`."""
    return account + "/mandates/" + mandate


def open_mandate(authority: Authority, draft: Draft, action: OpenMandate, act: Act, account: str) -> Delta | Reason:
    """Open a mandate, without a plan. The sender becomes its governor. The mandate's configuration never changes.

    `act` executes a base action, and `account` is the market's account. Rejects, in order: MANDATE_IS_OPEN;
    INVALID_MANDATE without a name, or with a negative delay; NO_AUTHORITY if the base does not give the mandate's
    account the power; BASE_REFUSES if the base rejects an action that would give it.
    """
    if draft.get(MANDATES, action.mandate).is_open:
        return Reason.MANDATE_IS_OPEN
    if action.mandate == "" or action.delay_points < 0:
        return Reason.INVALID_MANDATE
    opening = authority.opening(draft, account_of(account, action.mandate), action.pool)
    if opening is None:
        return Reason.NO_AUTHORITY
    if not _all(act, opening):
        return Reason.BASE_REFUSES
    draft.put(
        MANDATES,
        action.mandate,
        Mandate(is_open=True, governor=action.sender, pool=action.pool, delay_points=action.delay_points),
    )
    return draft.delta()


def _all(act: Act, actions: tuple[object, ...]) -> bool:
    """Execute base actions in order. Returns False at the first that the base rejects."""
    return all(isinstance(act(action), Delta) for action in actions)


def propose_plan(port: Port, authority: Authority, draft: Draft, action: ProposePlan, account: str) -> Delta | Reason:
    """Propose a plan. It waits for the mandate's delay, and replaces an earlier proposal. No stake moves.

    A plan has at least one target, and at most MAX_TARGETS targets and as many caps. Each target is named once, has a
    permitted operator and a loss rate that is not negative. The caps and the step are fractions, and the period is
    positive. Every target of the adopted plan must be in the new plan, at the same index. So a target with stake cannot
    be dropped: a cap of 0 lowers its part instead.

    `account` is the market's account. Rejects, in order: NO_SUCH_MANDATE, NOT_THE_GOVERNOR, INVALID_PLAN.
    """
    row = draft.get(MANDATES, action.mandate)
    if not row.is_open:
        return Reason.NO_SUCH_MANDATE
    if action.sender != row.governor:
        return Reason.NOT_THE_GOVERNOR
    if not 0 < action.step_wad <= WAD or action.period_points <= 0:
        return Reason.INVALID_PLAN
    plan = new_plan(draft, action.mandate, PlanPace(action.step_wad, action.period_points))
    for target in action.targets:
        if not authority.can_target(account_of(account, action.mandate), target.operator):
            return Reason.INVALID_PLAN
        if not add_target(draft, plan, target):
            return Reason.INVALID_PLAN
    for cap in action.caps:
        if not add_cap(draft, plan, cap):
            return Reason.INVALID_PLAN
    if not has_all_targets(draft, plan):
        return Reason.INVALID_PLAN
    effect_point = port.now(draft) + row.delay_points
    draft.put(PENDING_PLANS, action.mandate, PendingPlan(is_pending=True, number=plan[1], effect_point=effect_point))
    return draft.delta()


def adopt_plan(port: Port, draft: Draft, action: AdoptPlan) -> Delta | Reason:
    """Adopt the pending plan of a mandate, in place of the old one. No stake moves.

    Rejects, in order: NO_PLAN_PENDING, TOO_EARLY until the mandate's delay is over.
    """
    waiting = draft.get(PENDING_PLANS, action.mandate)
    if not waiting.is_pending:
        return Reason.NO_PLAN_PENDING
    if port.now(draft) < waiting.effect_point:
        return Reason.TOO_EARLY
    draft.put(PLANS_IN_FORCE, action.mandate, PlanNumber(waiting.number))
    draft.put(PENDING_PLANS, action.mandate, PendingPlan())
    return draft.delta()


def enrol_mandate(port: Port, draft: Draft, action: EnrolMandate, account: str) -> Delta | Reason:
    """Enrol a mandate's account in a service's offer. Both together must be a target of the adopted plan.

    Returns the counted stake. The account keeps no commission, so all fees go to its stakers. `account` is the market's
    account. Rejects, in order: NO_SUCH_TARGET in the adopted plan, the reasons of `fees.enrol`.
    """
    operator = account_of(account, action.mandate)
    plan, name = in_force(draft, action.mandate), (action.service, operator)
    if not draft.get(TARGET_PLACES, (plan, name)).is_target:
        return Reason.NO_SUCH_TARGET
    return fees.enrol(port, draft, Enrol(operator, action.service, draft.get(MANDATES, action.mandate).pool, 0))


def cap_on(plan: Plan, cap: Cap, amount: int) -> CapOn:
    """A cap as a pair: the indices in the plan of the targets that it bounds, and `amount`, the most that they get
    together.
    """
    places = [
        place
        for place in range(len(plan.targets))
        if plan.targets[place].service in cap.services or plan.targets[place].operator in cap.operators
    ]
    return places, amount


def score_at(port: Port, draft: Draft, pool: str, target: Target) -> int:
    """The current score of a target, its fee less its expected loss, in grains per unit of stake and point.

    The score is 0 without an offer. It is 0, too, if the budget cannot pay the counted stake for one more point. At
    least one unit of stake is assumed.
    """
    offer: Offer = (target.service, pool)
    if not draft.get(TERMS, offer).is_open:
        return 0
    meter = advanced(draft.get(METERS, offer), port.now(draft))
    if meter.budget_grains < meter.rate * max(meter.stake, 1):
        return 0
    risk = draft.get(RISKS, offer)
    declared_loss_rate = break_even_rate(risk.expected_loss_wad, risk.unit_price_wad, risk.points_per_year)
    return score_of(meter.rate, declared_loss_rate, target.loss_rate)


def rebalance(
    port: Port, authority: Authority, draft: Draft, action: Rebalance, act: Act, account: str
) -> Delta | Reason:
    """Weigh the targets of the adopted plan, and move each target's part towards its weight. Returns the amount moved.

    The amount is in the base's unit of stake, lowered and raised parts together. `account` is the market's account.
    Rejects, in order: NO_PLAN_IN_FORCE, TOO_EARLY within the period of the last one, BASE_REFUSES, NOTHING_TO_MOVE.
    """
    mandate, plan = action.mandate, plan_at(draft, in_force(draft, action.mandate))
    if len(plan.targets) == 0:
        return Reason.NO_PLAN_IN_FORCE
    now = port.now(draft)
    if now < draft.get(PACES, mandate).next_point:
        return Reason.TOO_EARLY
    pool, of_mandate = draft.get(MANDATES, mandate).pool, account_of(account, mandate)
    scores = [score_at(port, draft, pool, target) for target in plan.targets]
    weights = split(WAD, scores, [cap_on(plan, cap, cap.cap_wad) for cap in plan.caps])
    if not _all(act, authority.preparations(of_mandate, pool)):
        return Reason.BASE_REFUSES
    moved = _move(authority, draft, act, of_mandate, pool, plan, weights)
    if isinstance(moved, Reason):
        return moved
    if moved is None:
        return Reason.NOTHING_TO_MOVE
    for place in range(len(weights)):
        draft.put(WEIGHTS, (mandate, place), Weight(weights[place]))
    draft.put(PACES, mandate, Pace(reserve_wad=WAD - sum(weights), next_point=now + plan.period_points))
    return draft.delta(moved)


def _move(
    authority: Authority, draft: Draft, act: Act, account: str, pool: str, plan: Plan, weights: list[int]
) -> int | Reason | None:
    """Lower the parts above their goals, in the plan's order, then raise the parts below their goals. Returns the
    amount moved.

    All parts together are lowered by at most one step, and raised by at most one. No part is raised beyond a cap or
    beyond the most that the base allows. Each goal rounds down. If a service cannot slash a part, the missing actions
    are made too, where the base allows them. `account` is the mandate's account; `weights` are fractions of WAD, by
    target. Returns None if there was nothing to do. Rejects: BASE_REFUSES.
    """
    whole = authority.whole(draft, account, pool)
    goals = [mul_wad_floor(whole, weight) for weight in weights]
    step = mul_wad_floor(whole, plan.step_wad)
    bounds: list[CapOn] = [(list(range(len(goals))), whole)]
    bounds += [cap_on(plan, cap, mul_wad_floor(whole, cap.cap_wad)) for cap in plan.caps]
    lowered = 0
    for place in range(len(goals)):
        target = plan.targets[place]
        allocated = authority.allocated(draft, account, pool, target)
        amount = max(goals[place], allocated.amount - (step - lowered))
        if allocated.is_fixed or amount >= allocated.amount:
            continue
        if not _all(act, authority.changes(draft, account, pool, target, amount)):
            return Reason.BASE_REFUSES
        lowered += allocated.amount - amount
    exposed = [authority.allocated(draft, account, pool, target).exposed for target in plan.targets]
    raised = 0
    is_idle = lowered == 0
    for place in range(len(goals)):
        target = plan.targets[place]
        allocated = authority.allocated(draft, account, pool, target)
        room = min(step - raised, room_of(place, exposed, bounds))
        amount = max(min(goals[place], allocated.amount + room, allocated.highest), allocated.amount)
        if allocated.is_fixed or (amount == allocated.amount and allocated.is_backed):
            continue
        if not _all(act, authority.changes(draft, account, pool, target, amount)):
            return Reason.BASE_REFUSES
        raised += amount - allocated.amount
        exposed[place] += amount - allocated.amount
        is_idle = False
    return None if is_idle else lowered + raised
