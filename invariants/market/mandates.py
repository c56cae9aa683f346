"""Laws of mandates: plans wait, caps hold, each period moves at most one step, and results do not depend on
the caller.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import (
    AcceptedStep,
    AnyRejection,
    AnyStep,
    RejectedCall,
    RejectionLaw,
    Scope,
    StateLaw,
    StepLaw,
    Subject,
    Sum,
    View,
    written,
)
from invariants.market.moves import Ground, Moves
from spec.arithmetic import WAD, div_floor, mul_div_ceil, mul_wad_floor
from spec.layer import beneath, is_of_layer
from spec.machine import Delta, Draft, Outcome, Table
from spec.market.actions import AdoptPlan, EnrolMandate, OpenMandate, ProposePlan, Rebalance
from spec.market.authority import Authority
from spec.market.mandates import account_of, rebalance
from spec.market.mandates_state import (
    CAP_MEMBERS,
    CAPS,
    LATEST_PLANS,
    MANDATES,
    PACES,
    PENDING_PLANS,
    PLAN_PACES,
    PLANS_IN_FORCE,
    TARGET_PLACES,
    TARGETS,
    WEIGHTS,
    Mandate,
    Pace,
    PendingPlan,
    Plan,
    PlanKey,
    PlanNumber,
    Target,
)
from spec.market.plans import MAX_TARGETS, in_force, pending, plan_at, targets_of
from spec.market.port import Port
from spec.market.reasons import Reason
from spec.market.state import COMMISSIONS, METERS, POSITIONS, RISKS, TERMS, Commission, Offer
from spec.market.transition import ACCOUNT

THERE: Final = "This project, docs/allocation.md"
OF_MOVES: Final[tuple[Table[Any, Any], ...]] = (PACES, WEIGHTS)
OF_PROPOSALS: Final[tuple[Table[Any, Any], ...]] = (PLANS_IN_FORCE, PENDING_PLANS)
OF_NEW_PLANS: Final[tuple[Table[Any, Any], ...]] = (
    *(LATEST_PLANS, PLAN_PACES, TARGETS.places, TARGETS.lengths, TARGET_PLACES, CAPS.places, CAPS.lengths),
    *(CAP_MEMBERS.places, CAP_MEMBERS.lengths),
)
"""The tables of a plan's own rows, which are written when the plan is proposed."""
TABLES: Final[tuple[Table[Any, Any], ...]] = (MANDATES, *OF_PROPOSALS, *OF_NEW_PLANS, *OF_MOVES)
SOMEBODY: Final = "somebody who is nobody else"

Executing = Callable[[Draft, Any], Outcome]
"""The type of the base's transition function."""


def _first(_rows: Draft, key: Any, _row: Any) -> object:
    return key[0]


def _same(key: Any) -> Subject:
    return key


def _of_place(key: Any) -> Subject:
    return key[0]


def _is_not_negative(view: View, place: Any) -> bool:
    return view.rows.get(WEIGHTS, place).wad >= 0


def _is_sound(view: View, subject: tuple[PlanKey, int]) -> bool:
    """True if a plan's numbers of targets and caps, its step and its period are within their bounds. An empty plan
    needs no step.

    The target and the cap at one index must be valid too. A target's name leads to its index, so no other index has the
    same target.
    """
    (plan, place), rows = subject, view.rows
    size, pace = rows.get(TARGETS.lengths, plan).count, rows.get(PLAN_PACES, plan)
    caps = rows.get(CAPS.lengths, plan).count
    if size > 0 or caps > 0:
        is_paced = 0 < pace.step_wad <= WAD and pace.period_points > 0
        if not is_paced or size > MAX_TARGETS or caps > MAX_TARGETS:
            return False
    target = rows.get(TARGETS.places, subject)
    found = rows.get(TARGET_PLACES, (plan, (target.service, target.operator)))
    if 0 <= place < size and not (found.is_target and found.place == place and target.loss_rate >= 0):
        return False
    return 0 <= rows.get(CAPS.places, subject).cap_wad <= WAD


def _has_a_mandate(view: View, mandate: str) -> bool:
    """True if a mandate that is not open has no plan and no pace. The plans of an open one, if any, must have
    a target.
    """
    rows = view.rows
    number, waiting = rows.get(PLANS_IN_FORCE, mandate), rows.get(PENDING_PLANS, mandate)
    if rows.get(MANDATES, mandate).is_open:
        is_there = number == PlanNumber() or rows.get(TARGETS.lengths, (mandate, number.number)).count > 0
        is_pending = waiting == PendingPlan() or rows.get(TARGETS.lengths, (mandate, waiting.number)).count > 0
        return rows.get(MANDATES, mandate).delay_points >= 0 and is_there and is_pending
    return number == PlanNumber() and waiting == PendingPlan() and rows.get(PACES, mandate) == Pace()


def _is_fixed(step: AnyStep) -> bool:
    mandates, call = written(step.delta, MANDATES), step.action
    if not isinstance(call, OpenMandate) or mandates != [call.mandate]:
        return False
    expected = Mandate(is_open=True, governor=call.sender, pool=call.pool, delay_points=call.delay_points)
    is_new = not step.before.rows.get(MANDATES, call.mandate).is_open
    return is_new and step.after.rows.get(MANDATES, call.mandate) == expected


def _names(targets: list[Target]) -> list[object]:
    return [(target.service, target.operator) for target in targets]


def _stays_in_place(step: AnyStep) -> bool:
    for mandate in written(step.delta, PLANS_IN_FORCE):
        before = _names(targets_of(step.before.rows, in_force(step.before.rows, mandate)))
        after = _names(targets_of(step.after.rows, in_force(step.after.rows, mandate)))
        if after[: len(before)] != before:
            return False
    return True


def _mandate_of(key: Any) -> Any:
    """The mandate to which a row with this key belongs: the first name in the key, however nested."""
    return _mandate_of(key[0]) if isinstance(key, tuple) else key


def _moves_nothing(step: AnyStep) -> bool:
    tables = [table.index for table in (*OF_PROPOSALS, *OF_NEW_PLANS)]
    return all(
        [write.table.index in tables and _mandate_of(write.key) == step.action.mandate for write in step.delta.writes]
    )


def _plans_written(step: AnyStep) -> list[Any]:
    """The keys of all plans of which a step writes rows."""
    direct: tuple[Table[Any, Any], ...] = (PLAN_PACES, TARGETS.lengths, CAPS.lengths)
    nested: tuple[Table[Any, Any], ...] = (TARGETS.places, TARGET_PLACES, CAPS.places, CAP_MEMBERS.lengths)
    return [
        *[key for table in direct for key in written(step.delta, table)],
        *[key[0] for table in nested for key in written(step.delta, table)],
        *[key[0][0] for key in written(step.delta, CAP_MEMBERS.places)],
    ]


def _is_rebalanced(step: AnyStep) -> bool:
    """True if the step is a Rebalance, and writes weights and paces of the called mandate only."""
    if not isinstance(step.action, Rebalance):
        return False
    mandates = [*[place[0] for place in written(step.delta, WEIGHTS)], *written(step.delta, PACES)]
    return all([mandate == step.action.mandate for mandate in mandates])


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


class MandateLaws:
    """The laws of mandates above one base protocol.

    The port is the base's interface to stake, the authority its interface to a mandate's powers. `ground` computes the
    same stake independently. `execute` is the base's transition.
    """

    def __init__(self, port: Port, authority: Authority, execute: Executing, ground: Ground) -> None:
        self._port: Final = port
        self._authority: Final = authority
        self._execute: Final = execute
        self._ground: Final = ground
        self._weights: Final = Sum("weights", WEIGHTS, _first, lambda row: row.wad)
        self.sums: Final = [self._weights]

    def moves(self, step: AcceptedStep[Rebalance]) -> Moves:
        """The moves of a rebalancing, as its laws and witnesses read them."""
        return Moves(self._port, self._authority, self._ground, step)

    def _is_one(self, view: View, mandate: str) -> bool:
        pace, weights = view.rows.get(PACES, mandate), view.total(self._weights, mandate)
        return weights == 0 if pace == Pace() else pace.reserve_wad >= 0 and weights + pace.reserve_wad == WAD

    def _waits(self, step: AnyStep) -> bool:
        """True if plans are written only by ProposePlan of the governor, as requested, or cleared as pending by
        AdoptPlan.

        ProposePlan writes a plan with a new number, so the rows of a plan are never written again.
        """
        call = step.action
        if isinstance(call, AdoptPlan):
            is_over = [
                step.after.rows.get(PENDING_PLANS, one) == PendingPlan() for one in written(step.delta, PENDING_PLANS)
            ]
            return all(is_over) and not any([written(step.delta, table) for table in OF_NEW_PLANS])
        if not isinstance(call, ProposePlan) or written(step.delta, PENDING_PLANS) != [call.mandate]:
            return False
        rows, row = step.after.rows, step.before.rows.get(MANDATES, call.mandate)
        plan: PlanKey = (call.mandate, step.before.rows.get(LATEST_PLANS, call.mandate).number + 1)
        point = self._port.now(step.before.rows) + row.delay_points
        expected = PendingPlan(is_pending=True, number=plan[1], effect_point=point)
        is_new = rows.get(LATEST_PLANS, call.mandate).number == plan[1]
        is_alone = is_new and all([one == plan for one in _plans_written(step)])
        is_asked = plan_at(rows, plan) == Plan(call.targets, call.caps, call.step_wad, call.period_points)
        is_due = call.sender == row.governor and rows.get(PENDING_PLANS, call.mandate) == expected
        return is_due and is_alone and is_asked

    def _has_waited(self, step: AnyStep) -> bool:
        call = step.action
        if not isinstance(call, AdoptPlan) or written(step.delta, PLANS_IN_FORCE) != [call.mandate]:
            return False
        before, after = step.before.rows, step.after.rows
        waiting = before.get(PENDING_PLANS, call.mandate)
        is_due = waiting.is_pending and self._port.now(before) >= waiting.effect_point
        is_over = after.get(PENDING_PLANS, call.mandate) == PendingPlan()
        return is_due and is_over and in_force(after, call.mandate) == pending(before, call.mandate)

    def _is_enrolled(self, step: AcceptedStep[EnrolMandate]) -> bool:
        """True if the only newly counted position is the mandate's own account at one of its targets, without a
        commission.
        """
        rows, call = step.after.rows, step.action
        operator, pool = account_of(ACCOUNT, call.mandate), rows.get(MANDATES, call.mandate).pool
        position = ((call.service, pool), operator)
        targets = _names(targets_of(rows, in_force(rows, call.mandate)))
        new = [one for one in written(step.delta, POSITIONS) if not step.before.rows.get(POSITIONS, one).is_counted]
        is_a_target = (call.service, operator) in targets
        return is_a_target and new == [position] and rows.get(COMMISSIONS, position) == Commission()

    def _touches_its_own(self, step: AcceptedStep[Rebalance]) -> bool:
        mandate = step.action.mandate
        account, pool = account_of(ACCOUNT, mandate), step.before.rows.get(MANDATES, mandate).pool
        for write in step.delta.writes:
            if not is_of_layer(write) and not self._ground.is_its_own(account, pool, write):
                return False
        others = [table for table in TABLES if table not in OF_MOVES]
        return not any([written(step.delta, table) for table in (*others, TERMS, RISKS)])

    def _stays_inside(self, step: AcceptedStep[Rebalance]) -> bool:
        moves = self.moves(step)
        for places, cap_wad in moves.caps:
            had, has = [sum([counted[place] for place in places]) for counted in (moves.had, moves.has)]
            if has > max(had, mul_wad_floor(moves.whole, cap_wad)):
                return False
        return True

    def _moves_a_step(self, step: AcceptedStep[Rebalance]) -> bool:
        moves, mandate = self.moves(step), step.action.mandate
        taken, given = moves.moved()
        before, after = step.before.rows.get(PACES, mandate), step.after.rows.get(PACES, mandate)
        is_due = before.next_point <= moves.now and after.next_point == moves.now + moves.plan.period_points
        is_told = step.delta.returns == taken + given and (taken + given > 0 or moves.is_put_right())
        return is_due and is_told and max(taken, given) <= moves.step

    def _goes_to_its_goal(self, step: AcceptedStep[Rebalance]) -> bool:
        moves = self.moves(step)
        return all(
            [
                min(had.amount, goal) <= has.amount <= max(had.amount, goal)
                for had, has, goal in zip(moves.before, moves.after, moves.goals, strict=True)
            ]
        )

    def _weighs_within_caps(self, step: AcceptedStep[Rebalance]) -> bool:
        moves = self.moves(step)
        return all([sum([moves.weights[place] for place in places]) <= cap_wad for places, cap_wad in moves.caps])

    def score(self, rows: Draft, mandate: str, target: Target) -> int:
        """The score of a target: its fee rate less its expected loss, in grains per unit of stake and point, at least
        0.

        It is 0 without an open offer, or if the offer's budget does not pay for one more point.
        """
        offer: Offer = (target.service, rows.get(MANDATES, mandate).pool)
        meter, risk = rows.get(METERS, offer), rows.get(RISKS, offer)
        points, burn = self._port.now(rows) - meter.updated_point, meter.rate * meter.stake
        paid = 0 if burn == 0 else min(points, div_floor(meter.budget_grains, burn)) * burn
        if not rows.get(TERMS, offer).is_open or meter.budget_grains - paid < max(burn, meter.rate):
            return 0
        declared = mul_div_ceil(risk.expected_loss_wad, risk.unit_price_wad, WAD * risk.points_per_year)
        return max(meter.rate - max(declared, target.loss_rate), 0)

    def _weighs_fairly(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if each target with a score is limited by a cap, up to rounding, and a target without a score has no
        weight.

        A cap limits a target if it is full, and no other target in it has more weight per score. See
        tests/spec/market/test_splits.py.
        """
        moves, rows, mandate = self.moves(step), step.before.rows, step.action.mandate
        scores = [self.score(rows, mandate, target) for target in moves.plan.targets]
        count, weights = len(scores), moves.weights

        def is_stopped(place: int, places: list[int], cap_wad: int) -> bool:
            is_full = cap_wad - sum([weights[one] for one in places]) < count
            most = (weights[place] + count + 1, scores[place])
            return (
                place in places
                and is_full
                and all([most[0] * scores[one] >= (weights[one] - 1) * most[1] for one in places])
            )

        for place in range(count):
            if scores[place] == 0:
                if weights[place] != 0:
                    return False
            elif not any([is_stopped(place, places, cap_wad) for places, cap_wad in moves.caps]):
                return False
        return True

    def held_by_a_cap(self, moves: Moves, place: int) -> bool:
        """True if the target at index `place` is in a cap that is used up after the rebalancing."""
        for places, cap_wad in moves.caps:
            if place in places and sum([moves.has[one] for one in places]) >= mul_wad_floor(moves.whole, cap_wad):
                return True
        return False

    def _goes_as_far_as_it_can(self, step: AcceptedStep[Rebalance]) -> bool:
        moves = self.moves(step)
        taken, given = moves.moved()
        for place in range(len(moves.goals)):
            had, has, goal = moves.before[place], moves.after[place], moves.goals[place]
            if had.is_fixed or has.amount == goal:
                continue
            if had.amount > goal:
                if taken < moves.step:
                    return False
            elif given < moves.step and has.amount < has.highest and not self.held_by_a_cap(moves, place):
                return False
        return True

    def _gives_what_is_there(self, step: AcceptedStep[Rebalance]) -> bool:
        moves = self.moves(step)
        for had, has, backing in zip(moves.before, moves.after, moves.has_backing, strict=True):
            if has.amount > had.amount and backing < has.amount:
                return False
            if not had.is_fixed and not has.is_fixed and not has.is_backed:
                return False
        return True

    def _is_the_same_for_all(self, step: AcceptedStep[Rebalance]) -> bool:
        draft = beneath(step.before.rows)
        for write in step.before.rows.delta().writes:
            draft.put(write.table, write.key, write.row)
        call = Rebalance(SOMEBODY, step.action.mandate)

        def act(action: object) -> Outcome:
            return self._execute(draft, action)

        if not isinstance(rebalance(self._port, self._authority, draft, call, act, ACCOUNT), Delta):
            return False
        of_calls = [write for write in step.delta.writes if not is_of_layer(write) or write.table in OF_MOVES]
        return all([draft.get(write.table, write.key) == write.row for write in of_calls])

    def _is_due(self, view: View, action: AdoptPlan) -> bool:
        pending = view.rows.get(PENDING_PLANS, action.mandate)
        return pending.is_pending and self._port.now(view.rows) >= pending.effect_point

    def _can_let_go(self, view: View, action: Rebalance) -> bool:
        """True if a period is over, a step is not zero, and a target without a score has an amount that the base lets
        go.
        """
        rows, mandate = view.rows, action.mandate
        row, plan = rows.get(MANDATES, mandate), plan_at(rows, in_force(rows, mandate))
        account = account_of(ACCOUNT, mandate)
        if self._port.now(rows) < rows.get(PACES, mandate).next_point:
            return False
        if mul_wad_floor(self._ground.whole(rows, account, row.pool), plan.step_wad) == 0:
            return False
        for target in plan.targets:
            allocated = self._authority.allocated(rows, account, row.pool, target)
            if self.score(rows, mandate, target) == 0 and allocated.amount > 0 and not allocated.is_fixed:
                return True
        return False

    def state_laws(self) -> list[StateLaw]:
        """The state laws of mandates."""
        return [
            StateLaw(
                "ALC-01",
                "The weights of a mandate, and what it keeps back, are one: exactly.",
                THERE,
                lambda view, subject: self._is_one(view, subject),
                rows={PACES: _same},
                sums={self._weights: _same},
            ),
            StateLaw(
                "ALC-02", "No target has a weight of less than nothing.", THERE, _is_not_negative, {WEIGHTS: _same}
            ),
            StateLaw(
                "ALC-03",
                "A plan has caps, and a step, that are fractions, a period, and each of its few targets once.",
                THERE,
                _is_sound,
                rows={TARGETS.places: _same, CAPS.places: _same},
                also_reads=(PLAN_PACES, TARGETS.lengths, CAPS.lengths, TARGET_PLACES),
            ),
            StateLaw(
                "ALC-04",
                "None but an open mandate has a plan, or has been rebalanced; a plan in force or pending has a target.",
                THERE,
                _has_a_mandate,
                rows={MANDATES: _same, PLANS_IN_FORCE: _same, PENDING_PLANS: _same, PACES: _same},
                also_reads=(TARGETS.lengths,),
            ),
        ]

    def step_laws(self) -> list[StepLaw]:
        """The step laws of the calls about mandates."""
        moving: Final = Scope((Rebalance,))
        return [
            StepLaw(
                "ALC-05",
                "What a mandate is, is written once, as its governor opened it.",
                THERE,
                _is_fixed,
                Scope(tables=(MANDATES,)),
            ),
            StepLaw(
                "ALC-06",
                "A plan is announced by the governor alone, as it asks for it, and waits for the mandate's delay.",
                THERE,
                lambda step: self._waits(step),
                Scope(tables=(PENDING_PLANS, *OF_NEW_PLANS)),
            ),
            StepLaw(
                "ALC-07",
                "A plan comes into force as it was announced, and not before it has waited.",
                THERE,
                lambda step: self._has_waited(step),
                Scope(tables=(PLANS_IN_FORCE,)),
            ),
            StepLaw(
                "ALC-08",
                "A target of a plan stays in its place for good.",
                THERE,
                _stays_in_place,
                Scope(tables=(PLANS_IN_FORCE,)),
            ),
            StepLaw(
                "ALC-09",
                "A plan that is announced, or comes into force, moves nothing by that.",
                THERE,
                _moves_nothing,
                Scope((ProposePlan, AdoptPlan)),
            ),
            StepLaw(
                "ALC-10",
                "Weights are written by a rebalancing of their mandate alone.",
                THERE,
                _is_rebalanced,
                Scope(tables=OF_MOVES),
            ),
            StepLaw(
                "ALC-11",
                "A rebalancing touches nothing but its mandate's.",
                THERE,
                lambda step: self._touches_its_own(step),
                moving,
            ),
            StepLaw(
                "ALC-12",
                "Within a cap a rebalancing stays within it, and beyond it goes no further, whatever still waits.",
                THERE,
                lambda step: self._stays_inside(step),
                moving,
            ),
            StepLaw(
                "ALC-13",
                "A rebalancing takes no more than a step, gives no more than one, and comes a period after the last.",
                THERE,
                lambda step: self._moves_a_step(step),
                moving,
            ),
            StepLaw(
                "ALC-14",
                "What a target has goes towards its weight's part of the whole, and never past it.",
                THERE,
                lambda step: self._goes_to_its_goal(step),
                moving,
            ),
            StepLaw(
                "ALC-15",
                "The weights are within every cap.",
                THERE,
                lambda step: self._weighs_within_caps(step),
                moving,
            ),
            StepLaw(
                "ALC-16",
                "A target with a score is in a full cap, in which none has more for its score; one without has none.",
                THERE,
                lambda step: self._weighs_fairly(step),
                moving,
            ),
            StepLaw(
                "ALC-17",
                "What is not at its goal is held there by the step, a cap, or the base.",
                THERE,
                lambda step: self._goes_as_far_as_it_can(step),
                moving,
            ),
            StepLaw(
                "ALC-18",
                "The same state gives the same moves, whoever calls.",
                THERE,
                lambda step: self._is_the_same_for_all(step),
                moving,
            ),
            StepLaw(
                "ALC-23",
                "What a target is given, its service can take; and what it had, as far as the base allows.",
                THERE,
                lambda step: self._gives_what_is_there(step),
                moving,
            ),
            StepLaw(
                "ALC-19",
                "A mandate enrols its own account alone, for a target of its plan, without commission.",
                THERE,
                lambda step: self._is_enrolled(step),
                Scope((EnrolMandate,)),
            ),
        ]

    def rejection_laws(self) -> list[RejectionLaw]:
        """The rejection laws of the calls about mandates."""
        return [
            RejectionLaw(
                "ALC-20",
                "A plan that has waited can be brought into force by anybody.",
                THERE,
                _is_never_right,
                Scope((AdoptPlan,)),
                lambda view, call: self._is_due(view, call),
            ),
            RejectionLaw(
                "ALC-21",
                "Anybody can rebalance after a period, where a target without a score has what the base lets go.",
                THERE,
                _is_never_right,
                Scope((Rebalance,)),
                lambda view, call: self._can_let_go(view, call),
            ),
            RejectionLaw(
                "ALC-22",
                "No rebalancing asks the base for what it refuses.",
                THERE,
                _is_no_rejection,
                Scope((Rebalance,)),
            ),
        ]


def _is_no_rejection(rejection: RejectedCall[Rebalance]) -> bool:
    return rejection.reason is not Reason.BASE_REFUSES
