"""Hypothesis rules for the calls about fees."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from invariants.choices import Choices
from invariants.edges import Edge
from invariants.market.shared_rule_machine import AMOUNT, CHOICES, FRACTION, SLACK, MarketRules
from invariants.market.walk import PRICED, RISKS, offer_terms
from spec.arithmetic import WAD
from spec.market.actions import (
    ApplyCommission,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    FundOffer,
    Join,
    OpenOffer,
    ProposeCommission,
    StepRate,
)
from spec.market.state import COMMISSIONS, METERS, TERMS


class FeeRules(MarketRules):
    """Hypothesis rules for calls about fees. They aim at existing offers, and at amounts and times near the limits."""

    @rule(choices=CHOICES)
    def open_offer(self, choices: Choices) -> None:
        """Open an offer of any service on drawn terms. The call is rejected if the offer is open."""
        service, pool = self.service(choices), choices.pick(self.cast.pools)
        risk = choices.pick((*PRICED, *RISKS))
        self.call(OpenOffer(service[0], service, pool, offer_terms(choices), risk))

    @rule(choices=CHOICES, amount=AMOUNT)
    def fund_offer(self, choices: Choices, amount: Edge) -> None:
        """Fund an offer with part of the payer's tokens."""
        offer, payer = self.offer(choices), choices.pick(self.cast.payers)
        self.call(FundOffer(payer, *offer, amount.of(self.has(payer))))

    @rule(choices=CHOICES, slack=SLACK)
    def step_rate(self, choices: Choices, slack: int) -> None:
        """Step an offer's rate at the end of its period, or a point before or after."""
        offer = self.offer(choices)
        period = self.rows.get(TERMS, offer).period_points
        self.wait_until(self.rows.get(METERS, offer).stepped_point + period, slack)
        self.call(StepRate(self.anybody(choices), *offer))

    @rule(choices=CHOICES, fraction=FRACTION)
    def enrol(self, choices: Choices, fraction: Edge) -> None:
        """Enrol an operator in an offer. `fraction` computes its commission, which is mostly valid."""
        operator = choices.pick(self.cast.operators)
        self.call(Enrol(operator, *self.offer(choices), fraction.of(WAD)))

    @rule(choices=CHOICES)
    def count_position(self, choices: Choices) -> None:
        """Count an operator's stake for an offer, called by any account."""
        offer = self.offer(choices)
        self.call(CountPosition(self.anybody(choices), *offer, choices.pick(self.cast.operators)))

    @rule(choices=CHOICES, fraction=FRACTION, slack=SLACK, announces=st.booleans())
    def change_commission(self, choices: Choices, fraction: Edge, slack: int, announces: bool) -> None:
        """Apply a proposed commission when it is due, or a point before or after.

        The operator first proposes one, if `announces` is true or if none is pending.
        """
        offer, operator = self.offer(choices), choices.pick(self.cast.operators)
        position = (offer, operator)
        if announces or not self.rows.get(COMMISSIONS, position).is_pending:
            self.call(ProposeCommission(operator, *offer, fraction.of(WAD)))
        self.wait_until(self.rows.get(COMMISSIONS, position).effect_point, slack)
        self.call(ApplyCommission(self.anybody(choices), *offer, operator))

    @rule(choices=CHOICES)
    def join(self, choices: Choices) -> None:
        """Let a holder join the group of holders behind an operator."""
        _, pool = self.offer(choices)
        group = self.cast.group(choices.pick(self.cast.operators), pool)
        self.call(Join(choices.pick(self.cast.holders), group))

    @rule(choices=CHOICES)
    def count_holding(self, choices: Choices) -> None:
        """Count a holder's stake in a group, called by any account."""
        _, pool = self.offer(choices)
        group = self.cast.group(choices.pick(self.cast.operators), pool)
        self.call(CountHolding(self.anybody(choices), group, choices.pick(self.cast.holders)))

    @rule(choices=CHOICES)
    def claim_fees(self, choices: Choices) -> None:
        """Claim fees, as a holder or an operator."""
        self.call(ClaimFees(self.anybody(choices)))

    @rule(choices=CHOICES, points=st.integers(1, 6))
    def earn(self, choices: Choices, points: int) -> None:
        """Fund an offer, let fees be earned for `points` points, and let an operator and a holder claim theirs."""
        offer, operator, holder = (
            self.offer(choices),
            choices.pick(self.cast.operators),
            choices.pick(self.cast.holders),
        )
        self.call(FundOffer(self.cast.payers[0], *offer, WAD))
        self.wait(points)
        self.call(CountPosition(holder, *offer, operator))
        self.call(CountHolding(holder, self.cast.group(operator, offer[1]), holder))
        self.call(ClaimFees(operator))
        self.call(ClaimFees(holder))
