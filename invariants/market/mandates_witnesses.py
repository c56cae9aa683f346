"""Witnesses of mandates: situations that walks must reach."""

from typing import Final

from invariants.law import AcceptedStep, Scope, Witness
from invariants.market.mandates import THERE, MandateLaws
from spec.arithmetic import mul_wad_floor
from spec.market.actions import AdoptPlan, EnrolMandate, OpenMandate, ProposePlan, Rebalance
from spec.market.mandates_state import PACES
from spec.market.plans import in_force

CALLS: Final = (OpenMandate, ProposePlan, AdoptPlan, Rebalance)


class _Seen:
    """Conditions of witnesses that need a base's laws of mandates, and so the stake of that base."""

    def __init__(self, laws: MandateLaws) -> None:
        self._laws: Final = laws

    def is_capped(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if a cap on part of the targets is full, and a target outside of the cap has weight."""
        moves = self._laws.moves(step)
        for places, cap_wad in moves.caps[1:]:
            weight_wad = sum([moves.weights[place] for place in places])
            if 0 < weight_wad == cap_wad < sum(moves.weights):
                return True
        return False

    def is_grouped(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if a cap that names several services or operators is full, with weight on several targets."""
        moves = self._laws.moves(step)
        for cap, (places, cap_wad) in zip(moves.plan.caps, moves.caps[1:], strict=True):
            weights = [moves.weights[place] for place in places if moves.weights[place] > 0]
            if len(cap.services) + len(cap.operators) > 1 and len(weights) > 1 and sum(weights) == cap_wad:
                return True
        return False

    def is_held_by_the_step(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if the largest step per period was too small for all targets to reach their goals."""
        moves = self._laws.moves(step)
        return 0 < moves.step == moves.moved()[1] and any(
            [has.amount < goal for has, goal in zip(moves.after, moves.goals, strict=True)]
        )

    def takes_and_gives(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if the amount of one target falls and that of another rises."""
        return min(self._laws.moves(step).moved()) > 0

    def is_beyond_a_cap(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if targets together had more than a cap allows before the call, as after a loss or under
        another plan.
        """
        moves = self._laws.moves(step)
        return any(
            [sum([moves.had[one] for one in places]) > mul_wad_floor(moves.whole, cap) for places, cap in moves.caps]
        )

    def is_held_by_the_base(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if a target stays below its goal because the base allows no more."""
        moves = self._laws.moves(step)
        for has, goal in zip(moves.after, moves.goals, strict=True):
            if has.amount < goal and (has.amount == has.highest):
                return True
        return False

    def is_kept_back(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if part of the stake stays unassigned although some target has a weight."""
        return step.after.rows.get(PACES, step.action.mandate).reserve_wad > 0 and any(self._laws.moves(step).weights)

    def still_waits(self, step: AcceptedStep[Rebalance]) -> bool:
        """True if the call moves stake while a target's amount taken earlier can still be slashed."""
        return any([had.exposed > had.amount for had in self._laws.moves(step).before])


def _follows_another(step: AcceptedStep[AdoptPlan]) -> bool:
    return in_force(step.before.rows, step.action.mandate)[1] > 0


def mandate_witnesses(laws: MandateLaws) -> list[Witness]:
    """A witness for each call about mandates, and for the situations that their laws are about."""
    seen, moving = _Seen(laws), Scope((Rebalance,))
    return [
        *[
            Witness(f"ALC-W{number:02}", f"{action.__name__} is accepted.", THERE, lambda _step: True, Scope((action,)))
            for number, action in enumerate(CALLS, 1)
        ],
        Witness("ALC-W05", "A plan takes the place of another.", THERE, _follows_another, Scope((AdoptPlan,))),
        Witness("ALC-W06", "A cap is full, and others go on.", THERE, seen.is_capped, moving),
        Witness("ALC-W07", "A group of several targets is full.", THERE, seen.is_grouped, moving),
        Witness("ALC-W08", "A step is too small for all.", THERE, seen.is_held_by_the_step, moving),
        Witness("ALC-W09", "One target has less, and another more.", THERE, seen.takes_and_gives, moving),
        Witness("ALC-W10", "Targets have more than a cap.", THERE, seen.is_beyond_a_cap, moving),
        Witness("ALC-W11", "The base gives a target no more.", THERE, seen.is_held_by_the_base, moving),
        Witness("ALC-W12", "A part of the stake stays back.", THERE, seen.is_kept_back, moving),
    ]


def waiting_witnesses(laws: MandateLaws) -> list[Witness]:
    """The witnesses for a base with delays, where accounts of mandates are operators."""
    return [
        Witness(
            "ALC-W13",
            "Something moves while what was taken before can still be slashed.",
            THERE,
            _Seen(laws).still_waits,
            Scope((Rebalance,)),
        ),
        Witness("ALC-W14", "EnrolMandate is accepted.", THERE, lambda _step: True, Scope((EnrolMandate,))),
    ]
