"""The market as a layer: the dispatch of each action to its rule, and the observer of the base's calls."""

from typing import Any, Final, get_args

from spec.layer import Act, Layer
from spec.machine import Delta, Draft, Write
from spec.market import chains, counting, fees, losses, mandates, policies, receipts, underwriting
from spec.market.actions import (
    Action,
    AdoptPlan,
    AnnounceExit,
    ApplyCommission,
    BuyPolicy,
    ClaimFees,
    CountHolding,
    CountPosition,
    DeclareAffiliate,
    Enrol,
    EnrolMandate,
    Exit,
    FundOffer,
    Give,
    Join,
    LimitCover,
    Mint,
    OpenFund,
    OpenMandate,
    OpenOffer,
    OpenReceiptVault,
    ProposeCommission,
    ProposePlan,
    Rebalance,
    RedeemReceipts,
    ReleasePolicy,
    Revalue,
    Settle,
    StepRate,
    Underwrite,
)
from spec.market.authority import Authority
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, SendTable
from spec.market.custody import Custody
from spec.market.port import Port
from spec.market.reasons import Reason
from spec.market.recourse import Recourse
from spec.market.state import SCHEMA

ACCOUNT: Final = "market"
"""The market's account in the base, which holds the fee tokens. Accounts of vaults and mandates have names below it
(`market/...`).
"""


class Market:
    """The market's rules above a base.

    `port` is its interface to the base. `custody` holds base positions, `authority` splits stake, and `recourse` gives
    the stake that can be slashed for an earlier point.
    """

    def __init__(self, port: Port, custody: Custody, authority: Authority, recourse: Recourse) -> None:
        self.port: Final = port
        self.custody: Final = custody
        self.authority: Final = authority
        self.recourse: Final = recourse

    def rule(self, draft: Draft, action: Any, act: Act) -> Delta | Reason:
        """Execute one call of the market. Returns its Delta, or the reason of the first failed check."""
        port = self.port
        if isinstance(action, CountPosition):
            return fees.count_position(port, draft, action)
        if isinstance(action, CountHolding):
            return fees.count_holding(port, draft, action)
        if isinstance(action, ClaimFees):
            return fees.claim_fees(port, draft, action, act, ACCOUNT)
        if isinstance(action, StepRate):
            return fees.step_rate(port, draft, action)
        if isinstance(action, FundOffer):
            return fees.fund_offer(port, draft, action, act, ACCOUNT)
        if isinstance(action, ProposeCommission):
            return fees.propose_commission(port, draft, action)
        if isinstance(action, ApplyCommission):
            return fees.apply_commission(port, draft, action)
        if isinstance(action, Enrol):
            return fees.enrol(port, draft, action)
        if isinstance(action, Join):
            return fees.join(port, draft, action)
        if isinstance(action, OpenOffer):
            return fees.open_offer(port, draft, action)
        return self._insure(draft, action, act)

    def _insure(self, draft: Draft, action: Any, act: Act) -> Delta | Reason:
        """Execute one call about funds and policies, or pass any other call on to `_issue`."""
        port = self.port
        if isinstance(action, BuyPolicy):
            return policies.buy_policy(port, draft, action, act, ACCOUNT)
        if isinstance(action, ReleasePolicy):
            return policies.release_policy(port, draft, action)
        if isinstance(action, Underwrite):
            return underwriting.underwrite(port, draft, action, act, ACCOUNT)
        if isinstance(action, AnnounceExit):
            return underwriting.announce_exit(port, draft, action)
        if isinstance(action, Exit):
            return underwriting.take_out(port, draft, action)
        if isinstance(action, LimitCover):
            return policies.limit_cover(draft, action)
        if isinstance(action, DeclareAffiliate):
            return policies.declare_affiliate(draft, action)
        if isinstance(action, OpenFund):
            return underwriting.open_fund(draft, action)
        return self._issue(draft, action, act)

    def _issue(self, draft: Draft, action: Any, act: Act) -> Delta | Reason:
        """Execute one call about vaults of receipts, or pass any other call on to `_allocate`."""
        port, custody = self.port, self.custody
        if isinstance(action, Mint):
            return receipts.mint(port, custody, draft, action, act, ACCOUNT)
        if isinstance(action, RedeemReceipts):
            return receipts.redeem(custody, draft, action, act, ACCOUNT)
        if isinstance(action, Give):
            return receipts.give(custody, draft, action, act, ACCOUNT)
        if isinstance(action, Settle):
            return receipts.settle(port, custody, draft, action, act, ACCOUNT)
        if isinstance(action, Revalue):
            return receipts.revalue(port, custody, draft, action, ACCOUNT)
        if isinstance(action, OpenReceiptVault):
            return receipts.open_vault(port, custody, draft, action, act, ACCOUNT)
        return self._allocate(draft, action, act)

    def _allocate(self, draft: Draft, action: Any, act: Act) -> Delta | Reason:
        """Execute one call about mandates, or pass any other call on to `_cross`."""
        port, authority = self.port, self.authority
        if isinstance(action, Rebalance):
            return mandates.rebalance(port, authority, draft, action, act, ACCOUNT)
        if isinstance(action, ProposePlan):
            return mandates.propose_plan(port, authority, draft, action, ACCOUNT)
        if isinstance(action, AdoptPlan):
            return mandates.adopt_plan(port, draft, action)
        if isinstance(action, EnrolMandate):
            return mandates.enrol_mandate(port, draft, action, ACCOUNT)
        if isinstance(action, OpenMandate):
            return mandates.open_mandate(authority, draft, action, act, ACCOUNT)
        return self._cross(draft, action)

    def _cross(self, draft: Draft, action: Any) -> Delta | Reason:
        """Execute one call about tables of stake, at home or on the other chain."""
        port, recourse = self.port, self.recourse
        if isinstance(action, SendTable):
            return chains.send_table(port, recourse, draft, action)
        if isinstance(action, DeliverTable):
            return chains.deliver_table(port, draft, action)
        if isinstance(action, CheckCertificate):
            return chains.check_certificate(port, draft, action)
        if isinstance(action, DisableTable):
            return chains.disable_table(draft, action)
        return chains.open_channel(recourse, draft, action)

    def observe(self, before: Draft, draft: Draft, writes: list[Write]) -> None:
        """Update the market's rows after a base call: counted positions and holdings, payouts for losses, and tables of
        stake.

        `before` is the state before the call, and `writes` are the rows that the base wrote.
        """
        counting.observe_rows(self.port, draft, writes)
        losses.observe_slashes(self.port, before, draft, writes, ACCOUNT)
        chains.observe_stake(self.port, self.recourse, before, draft, writes)


def market_layer(port: Port, custody: Custody, authority: Authority, recourse: Recourse) -> Layer:
    """The market as a layer on the base to which these four interfaces belong."""
    market = Market(port, custody, authority, recourse)
    return Layer("market", SCHEMA, get_args(Action), market.rule, market.observe, ACCOUNT)
