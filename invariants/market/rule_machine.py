"""The market's Hypothesis state machine above any base protocol: a rule for each of its actions, and calls of the base.

The modules in `rule_machines/` give it a base.
"""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from invariants.choices import Choices, Drawn
from invariants.market.chains_rule_machine import ChainRules
from invariants.market.fees_rule_machine import FeeRules
from invariants.market.insurance_rule_machine import SPONSORS, InsuranceRules
from invariants.market.layered_walk import base_action
from invariants.market.mandates_rule_machine import MandateRules
from invariants.market.mandates_walk import DELAY_POINTS, GOVERNOR, MANDATE, mandated_offer
from invariants.market.receipts_rule_machine import ReceiptRules
from invariants.market.receipts_walk import ACCOUNTS, open_vaults
from invariants.market.shared_rule_machine import CHOICES
from invariants.market.walk import open_for_insurance
from spec.arithmetic import WAD
from spec.market.actions import Enrol, FundOffer, Join, Mint, OpenFund, OpenMandate, ProposePlan, Underwrite
from spec.market.chains_actions import OpenChannel
from spec.market.chains_state import ChannelTerms
from spec.market.insurance_state import FundTerms

STEP: Final = st.binary(min_size=32, max_size=32).map(Drawn)
"""A Hypothesis strategy for the random decisions behind one call of the base's walk."""


class MarketMachine(FeeRules, InsuranceRules, ReceiptRules, MandateRules, ChainRules):
    """Hypothesis rules for every action of the market. They aim at existing objects, at available amounts, and at edge
    cases.

    `call_the_base` makes any call that the base's walk draws. A few rules make a certain call of the base: a slash, a
    delegation, the passing of time.
    """

    @initialize()
    def open(self) -> None:
        """Make the calls of the walk's opening."""
        self.begin()

    def furnish(self) -> None:
        """Make one object of each part of the market.

        These are an offer with a budget and counted operators and holders, two funds, one of which bars self-insurance,
        receipt vaults, a mandate with a pending plan, and a channel within the slashing window.
        """
        cast, (service, pool) = self.cast, self.first
        self.call(open_for_insurance(cast))
        self.call(FundOffer(cast.payers[0], service, pool, WAD))
        for operator in cast.operators:
            self.call(Enrol(operator, service, pool, WAD // 10))
            for holder in cast.holders[:2]:
                self.call(Join(holder, cast.group(operator, pool)))
        for sponsor, bars in zip(SPONSORS, (True, False), strict=False):
            terms = FundTerms(cooldown_points=30, kink_wad=WAD // 2, slope_wad=WAD // 20, bars_self_insurance=bars)
            self.call(OpenFund(sponsor, service, pool, terms))
            self.call(Underwrite(cast.payers[1], service, pool, sponsor, WAD))
        for action in open_vaults(cast):
            self.call(action)
        self.call(Mint(cast.payers[0], "liquid", WAD, 1))
        self.call(Mint(cast.payers[1], "marked", WAD, 1))
        for target in cast.targets[:3]:
            self.call(mandated_offer(Drawn(b""), target.service, cast.mandated))
            self.call(FundOffer(cast.payers[0], target.service, cast.mandated, WAD))
        self.call(OpenMandate(GOVERNOR, MANDATE, cast.mandated, DELAY_POINTS))
        self.call(ProposePlan(GOVERNOR, MANDATE, cast.targets[:2], (), WAD // 2, 1))
        staleness = cast.recourse.window(self.rows, pool) - 2
        within = ChannelTerms(delay_points=1, staleness_points=staleness, reaction_points=1, is_bounded=True)
        self.call(OpenChannel(service[0], service, pool, "rollup", within))

    @rule(sender=st.one_of(st.none(), st.integers(0, 7)))
    def the_same_again(self, sender: int | None) -> None:
        """Repeat the last call. If `sender` is a number, the holder or operator with this number sends it instead."""
        accounts = (*self.cast.holders, *self.cast.operators)
        self.call_again(None if sender is None else accounts[sender % len(accounts)])

    @rule(choices=STEP)
    def call_the_base(self, choices: Choices) -> None:
        """Make a call that the base's walk draws."""
        self.call(base_action(self.above, self.above.base, self.cast.mandated, choices, self.rows))

    @rule(points=st.sampled_from((1, 2, 3, 5, 12, 20, 30)))
    def pass_time(self, points: int) -> None:
        """Let some points pass."""
        self.wait(points)

    @rule(choices=CHOICES)
    def slash_somebody(self, choices: Choices) -> None:
        """Let a service slash an operator."""
        self.slash(choices, self.offer(choices), choices.pick(self.cast.operators))

    @rule(choices=CHOICES)
    def stake(self, choices: Choices) -> None:
        """Let a holder put stake behind an operator, or add to it."""
        _, pool = self.offer(choices)
        holder, operator = choices.pick(self.cast.holders), choices.pick(self.cast.operators)
        self.call(self.cast.stake(self.rows, holder, operator, pool))

    @rule(choices=CHOICES)
    def unsettle(self, choices: Choices) -> None:
        """Change the stake that a target of a mandate can have, or end a receipt vault's delegation."""
        if self.cast.send_away is not None and choices.one_in(4):
            self.call(self.cast.send_away(choices, self.rows, choices.pick(ACCOUNTS)))
            return
        self.call(self.cast.unsettle(choices, self.rows, choices.pick(self.cast.targets), self.cast.mandated))
