"""Hypothesis rules for the calls about insurance."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from invariants.choices import Choices
from invariants.edges import SELDOM, Edge
from invariants.market.insurance_walk import HUGE, fund_terms
from invariants.market.shared_rule_machine import AMOUNT, CHOICES, FRACTION, SLACK, MarketRules
from spec.arithmetic import WAD, div_floor
from spec.market.actions import (
    AnnounceExit,
    BuyPolicy,
    DeclareAffiliate,
    Exit,
    LimitCover,
    OpenFund,
    ReleasePolicy,
    Underwrite,
)
from spec.market.insurance_state import FUND_TERMS, FUNDS, POLICIES, UNDERWRITERS, Fund
from spec.market.state import RISKS, Offer

SPONSORS: Final = ("sponsor0", "sponsor1", "sponsor2")
SPONSOR: Final = st.sampled_from(SPONSORS)


class InsuranceRules(MarketRules):
    """Hypothesis rules for calls about insurance: capital, policies with up to the largest cover, and slashes of
    insured operators.
    """

    @rule(choices=CHOICES, sponsor=SPONSOR)
    def open_fund(self, choices: Choices, sponsor: str) -> None:
        """Open the sponsor's fund on drawn terms. The call is rejected if the fund is open."""
        self.call(OpenFund(sponsor, *self.offer(choices), fund_terms(choices)))

    @rule(choices=CHOICES, sponsor=SPONSOR, amount=AMOUNT)
    def underwrite(self, choices: Choices, sponsor: str, amount: Edge) -> None:
        """Underwrite the sponsor's fund with part of the payer's tokens."""
        payer = choices.pick(self.cast.payers)
        self.call(Underwrite(payer, *self.offer(choices), sponsor, amount.of(self.has(payer))))

    @rule(choices=CHOICES, sponsor=SPONSOR, shares=AMOUNT)
    def announce_exit(self, choices: Choices, sponsor: str, shares: Edge) -> None:
        """Announce the exit of part of an underwriter's shares from the sponsor's fund."""
        self._announce(choices, (self.offer(choices), sponsor), shares)

    @rule(choices=CHOICES, sponsor=SPONSOR, shares=AMOUNT, slack=SLACK)
    def leave_a_fund(self, choices: Choices, sponsor: str, shares: Edge, slack: int) -> None:
        """Announce an exit from the sponsor's fund, and exit when the cooldown is over, or a point before or after."""
        fund = (self.first, sponsor)
        payer = self._announce(choices, fund, shares)
        self.wait_until(self.rows.get(UNDERWRITERS, (fund, payer)).due_point, slack)
        self.call(Exit(payer, *fund[0], sponsor))

    @rule(choices=CHOICES, sponsor=SPONSOR)
    def exit(self, choices: Choices, sponsor: str) -> None:
        """Exit from the sponsor's fund, whether the exit is due or not."""
        self.call(Exit(choices.pick(self.cast.payers), *self.offer(choices), sponsor))

    @rule(choices=CHOICES, sponsor=SPONSOR, cover=AMOUNT, slack=SLACK, is_dear=SELDOM)
    def buy_policy(self, choices: Choices, sponsor: str, cover: Edge, slack: int, is_dear: bool) -> None:
        """Buy a policy of the sponsor's fund. `cover` computes the cover from the largest that can be bought.

        The term is the longest, a point less, or a point more. If `is_dear`, the highest accepted premium is 0.
        """
        offer = self.offer(choices)
        operator, holder = self._insurable(choices, offer)
        terms = self.rows.get(FUND_TERMS, (offer, sponsor))
        longest = terms.cooldown_points - terms.wait_points
        most = self._most((offer, sponsor), operator, holder)
        highest = 0 if is_dear else HUGE
        self.call(BuyPolicy(holder, *offer, sponsor, operator, cover.of(most), longest + slack, highest))

    @rule(choices=CHOICES, sponsor=SPONSOR, cover=AMOUNT)
    def slash_the_insured(self, choices: Choices, sponsor: str, cover: Edge) -> None:
        """Buy a policy of the sponsor's fund, wait until it begins, and slash its operator.

        The policy's term is the whole cooldown, so only a fund without a wait can sell it.
        """
        offer = self.first
        operator, holder = self._insurable(choices, offer)
        terms = self.rows.get(FUND_TERMS, (offer, sponsor))
        most = self._most((offer, sponsor), operator, holder)
        bought = BuyPolicy(holder, *offer, sponsor, operator, cover.of(most), terms.cooldown_points, HUGE)
        self.call(bought)
        self.wait(terms.wait_points + 1)
        self.slash(choices, offer, operator)

    @rule(choices=CHOICES, slack=SLACK, is_any=SELDOM)
    def release_policy(self, choices: Choices, slack: int, is_any: bool) -> None:
        """Release a policy when it has ended, or a point before or after.

        If `is_any`, or if no policy was sold, the place is any of the first eight.
        """
        offer = self.offer(choices)
        sold = [place for place, policy in enumerate(POLICIES.members(self.rows, offer)) if policy.is_sold]
        place = choices.below(8) if is_any or not sold else choices.pick(sold)
        self.wait_until(POLICIES.at(self.rows, offer, place).end_point, slack)
        self.call(ReleasePolicy(self.anybody(choices), *offer, place))

    @rule(choices=CHOICES, fraction=FRACTION, is_another=SELDOM)
    def limit_cover(self, choices: Choices, fraction: Edge, is_another: bool) -> None:
        """Limit an offer's cover, as its service or rarely from another account."""
        offer = self.offer(choices)
        sender = self.anybody(choices) if is_another else offer[0][0]
        self.call(LimitCover(sender, *offer, fraction.of(WAD)))

    @rule(choices=CHOICES)
    def declare_affiliate(self, choices: Choices) -> None:
        """Declare a holder as an operator's own account."""
        self.call(DeclareAffiliate(choices.pick(self.cast.operators), choices.pick(self.cast.holders)))

    def _announce(self, choices: Choices, fund: Fund, shares: Edge) -> str:
        """Announce the exit of part of an underwriter's shares, and return the underwriter. If the fund has none, any
        payer announces.
        """
        staying = [payer for payer in self.cast.payers if self.rows.get(UNDERWRITERS, (fund, payer)).shares]
        payer = choices.pick(staying or self.cast.payers)
        mine = self.rows.get(UNDERWRITERS, (fund, payer)).shares
        self.call(AnnounceExit(payer, *fund[0], fund[1], shares.of(mine)))
        return payer

    def _insurable(self, choices: Choices, offer: Offer) -> tuple[str, str]:
        """An operator, and a holder with stake behind this operator in the offer's pool.

        Sometimes any operator and any account, with stake or without.
        """
        pairs = [(operator, holder) for operator in self.cast.operators for holder in self.cast.holders]
        there = [pair for pair in pairs if self.cast.value(self.rows, self.cast.group(pair[0], offer[1]), pair[1])]
        if there and not choices.one_in(4):
            return choices.pick(there)
        return choices.pick(self.cast.operators), self.anybody(choices)

    def _most(self, fund: Fund, operator: str, holder: str) -> int:
        """The largest cover that a holder can buy from a fund for stake behind an operator, in whole units."""
        value = self.cast.value(self.rows, self.cast.group(operator, fund[0][1]), holder)
        worth = div_floor(value * self.rows.get(RISKS, fund[0]).unit_price_wad, WAD)
        capital = self.rows.get(FUNDS, fund)
        backed_grains = div_floor(capital.staying_grains * self.rows.get(FUND_TERMS, fund).leverage_wad, WAD)
        return max(min(worth, div_floor(max(backed_grains - capital.cover_grains, 0), WAD)), 0)
