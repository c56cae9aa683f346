"""Hypothesis rules for the calls about mandates."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from invariants.choices import Choices
from invariants.edges import SELDOM, Edge
from invariants.market.mandates_walk import (
    BUDGETS,
    DELAY_POINTS,
    GOVERNOR,
    MANDATE,
    mandated_offer,
    plan_action,
)
from invariants.market.shared_rule_machine import CHOICES, FRACTION, SLACK, MarketRules
from spec.arithmetic import WAD
from spec.market.actions import AdoptPlan, EnrolMandate, FundOffer, OpenMandate, ProposePlan, Rebalance
from spec.market.mandates_state import PACES, PENDING_PLANS, Cap
from spec.market.plans import in_force, targets_of

NAME: Final = st.sampled_from((MANDATE, MANDATE, MANDATE, MANDATE, "nothing"))


class MandateRules(MarketRules):
    """Hypothesis rules for calls about mandates: plans are proposed and adopted, stake is rebalanced, and targets
    change.
    """

    @rule(
        choices=CHOICES, mandate=st.sampled_from((MANDATE, "", "powerless")), delay=st.sampled_from((DELAY_POINTS, -1))
    )
    def open_mandate(self, choices: Choices, mandate: str, delay: int) -> None:
        """Open a mandate over the mandated pool, or another one over any pool. The call is rejected if the mandate is
        open.
        """
        pool = self.cast.mandated if mandate == MANDATE else choices.pick(self.cast.pools)
        self.call(OpenMandate(GOVERNOR, mandate, pool, delay))

    @rule(choices=CHOICES, slack=SLACK)
    def follow_another_plan(self, choices: Choices, slack: int) -> None:
        """Propose a plan, adopt it when it is due or a point before or after, and rebalance."""
        self.call(plan_action(self.cast, choices, self.rows))
        self.wait_until(self.rows.get(PENDING_PLANS, MANDATE).effect_point, slack)
        self.call(AdoptPlan(self.anybody(choices), MANDATE))
        self.call(Rebalance(self.anybody(choices), MANDATE))

    @rule(choices=CHOICES, cap=FRACTION, step=FRACTION, period=st.integers(0, 3), is_another=SELDOM)
    def propose_plan(self, choices: Choices, cap: Edge, step: Edge, period: int, is_another: bool) -> None:
        """Propose a plan with the current targets, or the first two of the cast if there are none.

        `cap` and `step` compute a cap and a step that are mostly valid fractions.
        """
        targets = tuple(targets_of(self.rows, in_force(self.rows, MANDATE))) or self.cast.targets[:2]
        caps = (Cap((choices.pick(targets).service,), (choices.pick(targets).operator,), cap.of(WAD)),)
        sender = self.anybody(choices) if is_another else GOVERNOR
        self.call(ProposePlan(sender, MANDATE, targets, caps, step.of(WAD), period))

    @rule(choices=CHOICES, mandate=NAME, slack=SLACK)
    def adopt_plan(self, choices: Choices, mandate: str, slack: int) -> None:
        """Adopt a pending plan when it is due, or a point before or after."""
        self.wait_until(self.rows.get(PENDING_PLANS, mandate).effect_point, slack)
        self.call(AdoptPlan(self.anybody(choices), mandate))

    @rule(choices=CHOICES, mandate=NAME, slack=SLACK)
    def rebalance(self, choices: Choices, mandate: str, slack: int) -> None:
        """Rebalance at the end of the period, or a point before or after."""
        self.wait_until(self.rows.get(PACES, mandate).next_point, slack)
        self.call(Rebalance(self.anybody(choices), mandate))

    @rule(choices=CHOICES, mandate=NAME)
    def enrol_mandate(self, choices: Choices, mandate: str) -> None:
        """Enrol the mandate's account in the offer of a target's service."""
        self.call(EnrolMandate(self.anybody(choices), mandate, choices.pick(self.cast.targets).service))

    @rule(choices=CHOICES)
    def pay_a_target(self, choices: Choices) -> None:
        """Open an offer of a target's service, and fund it."""
        service = choices.pick(self.cast.targets).service
        self.call(mandated_offer(choices, service, self.cast.mandated))
        self.call(FundOffer(self.cast.payers[0], service, self.cast.mandated, choices.pick(BUDGETS)))

    @rule(choices=CHOICES)
    def slash_a_target(self, choices: Choices) -> None:
        """Let a target's service slash its operator."""
        target = choices.pick(self.cast.targets)
        self.slash(choices, (target.service, self.cast.mandated), target.operator)
