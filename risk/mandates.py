"""Risk figures of a market's mandates in one state: the caps that are exceeded, the plans that wait to be adopted, and
the stake that a rebalancing would move.

The base says which stake a target has. The rule itself is run on a copy of the state to see what a rebalancing moves.
docs/risk_losses.md says what each figure means.
"""

from typing import Final

import attrs

from spec.arithmetic import mul_wad_floor
from spec.machine import Delta, Draft, State, commit
from spec.market.actions import Rebalance
from spec.market.authority import Authority
from spec.market.mandates import account_of, cap_on
from spec.market.mandates_state import MANDATES, PACES, PENDING_PLANS, WEIGHTS, Cap, Mandate, Pace, Plan, Target
from spec.market.plans import in_force, plan_at
from spec.market.port import Port
from spec.protocol import Protocol

ANYBODY: Final = "anybody"


@attrs.frozen
class TargetFigures:
    """A target (a service and an operator) of a mandate's plan, in the present state.

    `weight_wad` is the part of the mandate's stake intended for it at the last rebalancing, in WAD. `amount` is its
    stake after all pending changes, and `exposed` the most that its service can slash until then. `next_amount` is its
    stake after a rebalancing now. `is_backed` is True if its service can slash all of `amount`, or as much as the base
    allows.
    """

    target: Target
    weight_wad: int
    amount: int
    exposed: int
    is_backed: bool
    next_amount: int


@attrs.frozen
class CapFigures:
    """A cap that is exceeded: the stake that it allows its targets together, and the stake that their services can
    slash (`exposed`).
    """

    cap: Cap | None
    """None stands for the bound of all targets together: the whole stake of the mandate."""
    allowed: int
    exposed: int


@attrs.frozen
class MandateFigures:
    """The figures of one mandate. `plan` is the plan in force; it has no targets if none is.

    `whole` is the mandate's whole stake, and `reserve_wad` the part of it, in WAD, that no target has. `beyond` are the
    exceeded caps. `waits_until` is the point from which an announced plan can be adopted; None if no plan waits.
    `next_point` is the earliest point of the next rebalancing. `moved` is the stake that a rebalancing would move in
    the present state. It is None if the rule rejects it, for the reason `rejected_for`.
    """

    name: str
    mandate: Mandate
    plan: Plan
    whole: int
    reserve_wad: int
    targets: tuple[TargetFigures, ...]
    beyond: tuple[CapFigures, ...]
    waits_until: int | None
    next_point: int
    moved: int | None
    rejected_for: str | None

    @property
    def is_within_caps(self) -> bool:
        """True if no cap is exceeded."""
        return not self.beyond


class Mandates:
    """The mandates of a market on one base, read by the rules of `protocol` and the base's port and authority.
    `account` is the market's account in the base.
    """

    def __init__(self, protocol: Protocol, port: Port, authority: Authority, account: str) -> None:
        self._protocol: Final = protocol
        self._port: Final = port
        self._authority: Final = authority
        self._account: Final = account

    def figures(self, state: State) -> tuple[MandateFigures, ...]:
        """The figures of every open mandate, sorted by name."""
        return tuple([self._figures(state, name) for name in sorted(state.rows(MANDATES))])

    def _figures(self, state: State, name: str) -> MandateFigures:
        draft = Draft(state)
        mandate, plan, pace = draft.get(MANDATES, name), plan_at(draft, in_force(draft, name)), draft.get(PACES, name)
        pending, account = draft.get(PENDING_PLANS, name), account_of(self._account, name)
        outcome, after = self._rebalanced(state, name)
        shares = [self._authority.allocated(draft, account, mandate.pool, target) for target in plan.targets]
        then = [self._authority.allocated(after, account, mandate.pool, target) for target in plan.targets]
        whole = self._authority.whole(draft, account, mandate.pool)
        return MandateFigures(
            name=name,
            mandate=mandate,
            plan=plan,
            whole=whole,
            reserve_wad=pace.reserve_wad,
            targets=tuple(
                TargetFigures(
                    target=target,
                    weight_wad=draft.get(WEIGHTS, (name, place)).wad,
                    amount=shares[place].amount,
                    exposed=shares[place].exposed,
                    is_backed=shares[place].is_backed,
                    next_amount=then[place].amount,
                )
                for place, target in enumerate(plan.targets)
            ),
            beyond=_beyond(plan, whole, [share.exposed for share in shares]),
            waits_until=pending.effect_point if pending.is_pending else None,
            next_point=max(pace.next_point, self._port.now(draft)),
            moved=outcome if isinstance(outcome, int) else None,
            rejected_for=outcome if isinstance(outcome, str) else None,
        )

    def _rebalanced(self, state: State, name: str) -> tuple[int | str, Draft]:
        """The answer to a rebalancing now, as if its period were over, and the state that it leaves.

        The answer is the stake that it moves, or the name of the reason of its rejection. `state` itself does not
        change.
        """
        copy = state.copy()
        pace = copy.rows(PACES).get(name)
        if pace is not None:
            copy.rows(PACES)[name] = Pace(reserve_wad=pace.reserve_wad, next_point=0)
        outcome = self._protocol.transition(Draft(copy), Rebalance(ANYBODY, name))
        if not isinstance(outcome, Delta):
            return outcome.value, Draft(copy)
        commit(copy, outcome)
        assert isinstance(outcome.returns, int)
        return outcome.returns, Draft(copy)


def _beyond(plan: Plan, whole: int, exposed: list[int]) -> tuple[CapFigures, ...]:
    """The caps that are exceeded. `exposed` is the stake that each target's service can slash, in the plan's order.

    The bound of all targets together, which is the mandate's whole stake `whole`, comes first.
    """
    bounds: list[tuple[Cap | None, list[int], int]] = [(None, list(range(len(exposed))), whole)]
    bounds += [(cap, *cap_on(plan, cap, mul_wad_floor(whole, cap.cap_wad))) for cap in plan.caps]
    sums = [(cap, allowed, sum([exposed[place] for place in places])) for cap, places, allowed in bounds]
    return tuple([CapFigures(cap, allowed, together) for cap, allowed, together in sums if together > allowed])
