"""Laws of slashes with insurance: a loss is paid once, in order, by the policies that owe it."""

from typing import Final

from invariants.law import AnyStep, Scope, StepLaw, written
from invariants.market.capital import THIS
from invariants.market.insurance import changed_policies, is_own
from spec.arithmetic import WAD, mul_div_floor
from spec.machine import SINGLETON, Draft
from spec.market.insurance_state import FUND_TERMS, FUNDS, POLICIES, Fund, FundTerms, Policy
from spec.market.policies import MAX_POLICIES
from spec.market.port import Port, Slashed
from spec.market.state import CLAIMABLES, COMMISSIONS, HOLDINGS, POSITIONS, RISKS, TREASURY, Offer


def used(step: AnyStep, offer: Offer, place: int) -> int:
    """The cover of a policy that a step uses up, in grains."""
    before = POLICIES.at(step.before.rows, offer, place).cover_grains
    return before - POLICIES.at(step.after.rows, offer, place).cover_grains


def credited(step: AnyStep, account: str) -> int:
    """The grains credited to an account by a call of the base, without the fees that the call settles."""
    before, after = step.before.rows, step.after.rows
    grains = after.get(CLAIMABLES, account).grains - before.get(CLAIMABLES, account).grains
    for holding in written(step.delta, HOLDINGS):
        if holding[1] == account:
            counted = before.get(HOLDINGS, holding)
            grains -= (after.get(HOLDINGS, holding).index - counted.index) * counted.amount
    for position in written(step.delta, POSITIONS):
        if position[1] == account:
            counted = before.get(POSITIONS, position)
            earned = (after.get(POSITIONS, position).index - counted.index) * counted.amount
            grains -= mul_div_floor(earned, before.get(COMMISSIONS, position).fraction_wad, WAD)
    return grains


def assets(rows: Draft, fund: Fund) -> int:
    """The total capital of a fund, in grains: staying and leaving."""
    capital = rows.get(FUNDS, fund)
    return capital.staying_grains + capital.leaving_grains


def paid_by(step: AnyStep, fund: Fund) -> int:
    """The decrease of a fund's capital in a step, in grains."""
    return assets(step.before.rows, fund) - assets(step.after.rows, fund)


def _owes(policy: Policy, terms: FundTerms, left: int, owed: int) -> bool:
    """True if `owed` is the policy's part of the remaining loss `left`, rounded down, or all of its cover if that is
    less.

    The part is the loss above the fund's deductible, times its coinsurance. Amounts are in grains.
    """
    share = max(left - terms.deductible_grains, 0) * terms.coinsurance_wad
    if share >= policy.cover_grains * WAD:
        return owed == policy.cover_grains
    return owed * WAD <= share < (owed + 1) * WAD


def _capital_bears_alike(step: AnyStep) -> bool:
    """True if leaving capital bears its part of what each fund pays, rounded down, and no shares change."""
    for fund in written(step.delta, FUNDS):
        before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
        had, paid = assets(step.before.rows, fund), paid_by(step, fund)
        if (before.staying_shares, before.leaving_shares) != (after.staying_shares, after.leaving_shares):
            return False
        borne = before.leaving_grains - after.leaving_grains
        if paid > 0 and not borne * had <= paid * before.leaving_grains < (borne + 1) * had:
            return False
    return True


class PayoutLaws:
    """The laws of slashes with insurance above one base protocol."""

    def __init__(self, port: Port) -> None:
        self._port: Final = port

    def slashes(self, step: AnyStep) -> tuple[Slashed, ...]:
        """The slashes of a step, as the base's port reports them."""
        return self._port.slashes(step.before.rows, step.after.rows, step.delta.writes)

    def losses(self, step: AnyStep, slashed: Slashed) -> dict[str, int]:
        """The loss of the slashed stake for each policy holder of the slashed offer, by holder, in grains; 0 if the
        position has not lost value.
        """
        offer: Offer = (slashed.service, slashed.pool)
        before, after, group = step.before.rows, step.after.rows, self._port.group(slashed.operator, slashed.pool)
        price = before.get(RISKS, offer).unit_price_wad
        found: dict[str, int] = {}
        for policy in POLICIES.members(before, offer):
            if policy.is_sold:
                lost = self._port.value(before, group, policy.holder) - self._port.value(after, group, policy.holder)
                found[policy.holder] = max(lost, 0) * price
        return found

    def _pays_no_more_than_the_loss(self, step: AnyStep) -> bool:
        """True if all policies of one holder, of any fund, owe together at most the holder's loss."""
        for slashed in self.slashes(step):
            offer: Offer = (slashed.service, slashed.pool)
            owed: dict[str, int] = {}
            for place, policy in enumerate(POLICIES.members(step.before.rows, offer)):
                owed[policy.holder] = owed.get(policy.holder, 0) + used(step, offer, place)
            for holder, loss in self.losses(step, slashed).items():
                if owed[holder] > loss:
                    return False
        return True

    def _flows_down_in_order(self, step: AnyStep) -> bool:
        """True if each policy in force owes its part of the loss that earlier policies leave, and no other
        policy owes.
        """
        now = self._port.now(step.before.rows)
        for slashed in self.slashes(step):
            offer: Offer = (slashed.service, slashed.pool)
            losses = self.losses(step, slashed)
            left: dict[str, int] = {}
            for place, policy in enumerate(POLICIES.members(step.before.rows, offer)):
                terms = step.before.rows.get(FUND_TERMS, (offer, policy.sponsor))
                owed = used(step, offer, place)
                is_in_force = policy.operator == slashed.operator and policy.start_point <= now < policy.end_point
                if terms.bars_self_insurance and is_own(step.before.rows, policy):
                    is_in_force = False
                if not is_in_force:
                    if owed != 0:
                        return False
                    continue
                loss = left.get(policy.holder, losses[policy.holder])
                if not _owes(policy, terms, loss, owed):
                    return False
                left[policy.holder] = loss - owed
        return True

    def _owed(self, step: AnyStep) -> tuple[dict[str, int], dict[Fund, int], bool]:
        """The grains that a step owes, per holder and per fund, and True if every fund has enough capital."""
        holders: dict[str, int] = {}
        funds: dict[Fund, int] = {}
        for place, before, after in changed_policies(step):
            owed = before.cover_grains - after.cover_grains
            fund: Fund = (place[0], before.sponsor)
            holders[before.holder] = holders.get(before.holder, 0) + owed
            funds[fund] = funds.get(fund, 0) + owed
        return holders, funds, all([assets(step.before.rows, fund) >= owed for fund, owed in funds.items()])

    def _pays_what_is_owed(self, step: AnyStep) -> bool:
        """True if each holder is credited with at most what it is owed, and exactly that if all funds have enough.

        A service that is a holder itself may have up to all slashed funds besides, which are its own.
        """
        slashes = self.slashes(step)
        if not slashes:
            return True
        holders, _funds, is_enough = self._owed(step)
        funded = step.after.rows.get(TREASURY, SINGLETON).funded - step.before.rows.get(TREASURY, SINGLETON).funded
        for holder, owed in holders.items():
            paid, besides = credited(step, holder), funded * WAD if holder == slashes[0].service[0] else 0
            if not 0 <= paid <= owed + besides or (is_enough and paid < owed):
                return False
        return True

    def _fund_pays_while_it_can(self, step: AnyStep) -> bool:
        """True if a fund pays at most what it owes, and a holder stays unpaid only if the fund is used up.

        The latter is checked if one fund alone owes. It counts as used up with at most MAX_POLICIES grains left, one
        for the rounding of each policy.
        """
        if not self.slashes(step):
            return True
        holders, funds, _is_enough = self._owed(step)
        unpaid = sum([max(owed - credited(step, holder), 0) for holder, owed in holders.items()])
        for fund, owed in funds.items():
            paid = paid_by(step, fund)
            if not 0 <= paid <= owed:
                return False
            if len(funds) == 1 and unpaid > 0 and assets(step.after.rows, fund) > MAX_POLICIES:
                return False
        return True

    def _insured_come_first(self, step: AnyStep) -> bool:
        """True if slashed funds that reach the market pay insured losses first, and the service gets only the rest.

        A step in which the service is itself an insured holder is not judged. Less than MAX_POLICIES grains may go to
        the service by rounding although funds pay.
        """
        slashes = self.slashes(step)
        if not slashes:
            return True
        holders, funds, _is_enough = self._owed(step)
        service = slashes[0].service[0]
        if service in holders:
            return True
        funded = step.after.rows.get(TREASURY, SINGLETON).funded - step.before.rows.get(TREASURY, SINGLETON).funded
        of_funds = sum([paid_by(step, fund) for fund in funds])
        of_insured = sum([credited(step, holder) for holder in holders])
        left = credited(step, service)
        if left != funded * WAD - (of_insured - of_funds):
            return False
        return of_funds == 0 or left < MAX_POLICIES

    def step_laws(self) -> list[StepLaw]:
        """The step laws of slashes, scoped to the tables that slashes write."""
        slashing = Scope(tables=self._port.tables_of_slashes())
        return [
            StepLaw(
                "INS-25",
                "A slash owes no holder more than its position has lost, over all of its policies.",
                THIS,
                lambda step: self._pays_no_more_than_the_loss(step),
                slashing,
            ),
            StepLaw(
                "INS-26",
                "Each policy in force owes its part of what those before it have left of a loss, and no other owes.",
                THIS,
                lambda step: self._flows_down_in_order(step),
                slashing,
            ),
            StepLaw(
                "INS-27",
                "A holder is credited with all that it is owed, where its funds have it; with more only as the "
                "service, of slashed funds.",
                THIS,
                lambda step: self._pays_what_is_owed(step),
                slashing,
            ),
            StepLaw(
                "INS-28",
                "A fund pays no more than it owes, and all that it has before anybody is owed more.",
                THIS,
                lambda step: self._fund_pays_while_it_can(step),
                slashing,
            ),
            StepLaw(
                "INS-29",
                "Of what a fund pays, the capital that is leaving bears its part, rounded down.",
                THIS,
                _capital_bears_alike,
                slashing,
            ),
            StepLaw(
                "INS-30",
                "Slashed funds that reach the market are the insured's first, and the service has what they leave.",
                "Deb, Raynor, Kannan, STAKESURE",
                lambda step: self._insured_come_first(step),
                slashing,
            ),
        ]
