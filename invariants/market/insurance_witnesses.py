"""Witnesses of the insurance: situations that walks must reach."""

from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Scope, Witness, written
from invariants.market.capital import THIS
from invariants.market.insurance import changed_policies, fund_of, is_own
from invariants.market.payouts import PayoutLaws, credited, paid_by
from spec.arithmetic import WAD
from spec.machine import SINGLETON
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
from spec.market.insurance_state import COVERS, FUND_TERMS, FUNDS, POLICIES
from spec.market.port import Port
from spec.market.state import TREASURY

INSURANCE: Final = (
    OpenFund,
    Underwrite,
    AnnounceExit,
    Exit,
    BuyPolicy,
    ReleasePolicy,
    LimitCover,
    DeclareAffiliate,
)


def _is_beyond_the_kink(step: AcceptedStep[BuyPolicy]) -> bool:
    fund = fund_of(step.action)
    terms, capital = step.before.rows.get(FUND_TERMS, fund), step.before.rows.get(FUNDS, fund)
    most = capital.staying_grains * terms.leverage_wad
    is_asked = terms.steep_slope_wad > 0
    return is_asked and step.after.rows.get(FUNDS, fund).cover_grains * WAD * WAD > most * terms.kink_wad


def _is_limited(step: AcceptedStep[BuyPolicy]) -> bool:
    return step.before.rows.get(COVERS, (step.action.service, step.action.pool)).is_limited


def _takes_a_place_again(step: AcceptedStep[BuyPolicy]) -> bool:
    return len(written(step.delta, POLICIES.lengths)) == 0


def _leaves_covers(step: AcceptedStep[Exit]) -> bool:
    return step.after.rows.get(FUNDS, fund_of(step.action)).cover_grains > 0


class _Payouts:
    """Conditions of witnesses about what policies pay after slashes, above one base protocol."""

    def __init__(self, port: Port) -> None:
        self._laws: Final = PayoutLaws(port)

    def claims(self, step: AnyStep) -> dict[Any, int]:
        """The grains that policies owe for a slash, by the policy's place. Empty if the step contains no slash."""
        if not self._laws.slashes(step):
            return {}
        return {
            place: before.cover_grains - after.cover_grains
            for place, before, after in changed_policies(step)
            if before.cover_grains > after.cover_grains
        }

    def of_fund(self, step: AnyStep) -> bool:
        """True if a fund pays for a slash."""
        return bool(self.claims(step)) and any([paid_by(step, fund) > 0 for fund in written(step.delta, FUNDS)])

    def not_in_full(self, step: AnyStep) -> bool:
        """True if a holder is owed more than it is paid."""
        owed: dict[str, int] = {}
        for place, grains in self.claims(step).items():
            holder = step.before.rows.get(POLICIES.places, place).holder
            owed[holder] = owed.get(holder, 0) + grains
        return any([credited(step, holder) < grains for holder, grains in owed.items()])

    def of_two(self, step: AnyStep) -> bool:
        """True if two policies of one holder both pay for its loss."""
        holders = [step.before.rows.get(POLICIES.places, place).holder for place in self.claims(step)]
        return len({*holders}) < len(holders)

    def leaves_a_part(self, step: AnyStep) -> bool:
        """True if an insured holder bears part of its loss although its cover is not used up."""
        for slashed in self._laws.slashes(step):
            offer = (slashed.service, slashed.pool)
            losses = self._laws.losses(step, slashed)
            for place, grains in self.claims(step).items():
                after = step.after.rows.get(POLICIES.places, place)
                if place[0] == offer and after.cover_grains > 0 and grains < losses[after.holder]:
                    return True
        return False

    def of_leaving(self, step: AnyStep) -> bool:
        """True if a fund's leaving capital, whose exit is announced, decreases."""
        for fund in written(step.delta, FUNDS):
            before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
            if after.leaving_grains < before.leaving_grains:
                return True
        return False

    def of_own(self, step: AnyStep) -> bool:
        """True if an operator, or an affiliate that it declared, is paid for a slash of this operator."""
        return any([is_own(step.before.rows, step.before.rows.get(POLICIES.places, one)) for one in self.claims(step)])

    def spares_own(self, step: AnyStep) -> bool:
        """True if a slashed operator or an affiliate of it holds a policy on this operator, in a fund that bars
        self-insurance.
        """
        rows = step.before.rows
        for slashed in self._laws.slashes(step):
            offer = (slashed.service, slashed.pool)
            losses = self._laws.losses(step, slashed)
            for policy in POLICIES.members(rows, offer):
                is_barred = rows.get(FUND_TERMS, (offer, policy.sponsor)).bars_self_insurance
                is_hit = policy.is_sold and policy.operator == slashed.operator and losses[policy.holder] > 0
                if is_hit and is_barred and is_own(rows, policy):
                    return True
        return False

    def of_slashed_funds(self, step: AnyStep) -> bool:
        """True if slashed stake itself reaches the market and pays an insured loss."""
        funded = step.after.rows.get(TREASURY, SINGLETON).funded - step.before.rows.get(TREASURY, SINGLETON).funded
        return funded > 0 and bool(self.claims(step))


def insurance_witnesses(port: Port) -> list[Witness]:
    """A witness for each call about insurance, and for the situations that their laws are about."""
    payouts, slashing, buying = _Payouts(port), Scope(tables=port.tables_of_slashes()), Scope((BuyPolicy,))
    return [
        *[
            Witness(f"INS-W{number:02}", f"{action.__name__} is accepted.", THIS, lambda _step: True, Scope((action,)))
            for number, action in enumerate(INSURANCE, 1)
        ],
        Witness("INS-W09", "A policy is sold beyond the kink.", THIS, _is_beyond_the_kink, buying),
        Witness("INS-W10", "A policy is sold within a service's limit.", THIS, _is_limited, buying),
        Witness("INS-W11", "A policy takes a place that was released.", THIS, _takes_a_place_again, buying),
        Witness("INS-W12", "Capital leaves, and covers stay.", THIS, _leaves_covers, Scope((Exit,))),
        Witness("INS-W13", "A fund pays for a slash.", THIS, payouts.of_fund, slashing),
        Witness("INS-W14", "A fund cannot pay all that it owes.", THIS, payouts.not_in_full, slashing),
        Witness("INS-W15", "Two policies of a holder share its loss.", THIS, payouts.of_two, slashing),
        Witness("INS-W16", "An insured holder bears its part.", THIS, payouts.leaves_a_part, slashing),
        Witness("INS-W17", "Capital that is leaving bears its part.", THIS, payouts.of_leaving, slashing),
        Witness("INS-W18", "An operator that insures itself is paid.", THIS, payouts.of_own, slashing),
        Witness("INS-W19", "It is paid nothing where the fund bars it.", THIS, payouts.spares_own, slashing),
    ]


def redress_witness(port: Port) -> Witness:
    """The witness that slashed stake pays an insured loss, for a base whose slashes move the slashed stake at once."""
    payouts, slashing = _Payouts(port), Scope(tables=port.tables_of_slashes())
    return Witness("INS-W20", "Slashed funds pay an insured loss.", THIS, payouts.of_slashed_funds, slashing)
