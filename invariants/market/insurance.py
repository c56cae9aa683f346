"""Laws of the calls about insurance: shares are exchanged at their worth, premiums are exact, and covers stay within
bounds.
"""

from typing import Any, Final

from invariants.law import AcceptedStep, AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw, View, written
from invariants.market.capital import THIS
from spec.arithmetic import WAD, div_floor
from spec.machine import SINGLETON, Draft
from spec.market.actions import AnnounceExit, BuyPolicy, Exit, LimitCover, OpenFund, ReleasePolicy, Underwrite
from spec.market.insurance_state import (
    AFFILIATES,
    COVERS,
    FUND_TERMS,
    FUNDS,
    POLICIES,
    UNDERWRITERS,
    Capital,
    Fund,
    FundTerms,
    Policy,
)
from spec.market.port import Port
from spec.market.state import CLAIMABLES, METERS, RISKS, TREASURY


def fund_of(action: Any) -> Fund:
    """The fund that a call names."""
    return ((action.service, action.pool), action.sponsor)


def is_own(rows: Draft, policy: Policy) -> bool:
    """True if the policy's holder is the insured operator, or an account that the operator has declared as its own."""
    return policy.holder == policy.operator or rows.get(AFFILIATES, (policy.operator, policy.holder)).is_declared


def changed_policies(step: AnyStep) -> list[tuple[Any, Policy, Policy]]:
    """Every place of a policy that a step writes, with the policy before and after."""
    places = written(step.delta, POLICIES.places)
    return [
        (place, step.before.rows.get(POLICIES.places, place), step.after.rows.get(POLICIES.places, place))
        for place in places
    ]


def _terms_are_fixed(step: AnyStep) -> bool:
    funds = written(step.delta, FUND_TERMS)
    return all(
        [
            not step.before.rows.get(FUND_TERMS, fund).is_open
            and step.action.sender == fund[1]
            and isinstance(step.action, OpenFund)
            for fund in funds
        ]
    )


def _no_share_loses(step: AnyStep) -> bool:
    """True if neither a staying nor a leaving share of the fund is worth less than before. Leaving shares have
    announced their exit.
    """
    fund = fund_of(step.action)
    before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
    stays = after.staying_grains * before.staying_shares >= before.staying_grains * after.staying_shares
    return stays and after.leaving_grains * before.leaving_shares >= before.leaving_grains * after.leaving_shares


def _is_floor(found: int, numerator: int, denominator: int) -> bool:
    """True if `found` is `numerator / denominator`, rounded down."""
    return found * denominator <= numerator < (found + 1) * denominator


def _buys(shares: int, grains: int, capital_grains: int, all_shares: int) -> bool:
    """True if `shares` is the number of shares that `grains` buy, rounded down."""
    return shares == grains if all_shares == 0 else _is_floor(shares, grains * all_shares, capital_grains)


def _moves_at_its_worth(step: AnyStep) -> bool:
    """True if an Underwrite, AnnounceExit or Exit exchanges capital and shares at the shares' worth, rounded down."""
    action, fund = step.action, fund_of(step.action)
    before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
    shares = after.staying_shares - before.staying_shares
    staying, leaving = after.staying_grains - before.staying_grains, after.leaving_grains - before.leaving_grains
    leaving_shares = after.leaving_shares - before.leaving_shares
    if isinstance(action, Underwrite):
        is_right = (staying, leaving, leaving_shares) == (action.amount * WAD, 0, 0)
        return is_right and _buys(shares, staying, before.staying_grains, before.staying_shares)
    if isinstance(action, AnnounceExit):
        is_right = shares == -action.shares and staying == -leaving
        is_worth = _is_floor(leaving, action.shares * before.staying_grains, before.staying_shares)
        return is_right and is_worth and _buys(leaving_shares, leaving, before.leaving_grains, before.leaving_shares)
    held = step.before.rows.get(UNDERWRITERS, (fund, action.sender)).leaving_shares
    is_right = (shares, staying, leaving_shares) == (0, 0, -held)
    return is_right and _is_floor(-leaving, held * before.leaving_grains, before.leaving_shares)


def _is_credited(step: AcceptedStep[Exit]) -> bool:
    """True if the leaving underwriter, and no other account, is credited with the capital that leaves the fund."""
    fund, account = fund_of(step.action), step.action.sender
    before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
    credited = step.after.rows.get(CLAIMABLES, account).grains - step.before.rows.get(CLAIMABLES, account).grains
    is_alone = all([other == account for other in written(step.delta, CLAIMABLES)])
    return is_alone and credited == before.leaving_grains - after.leaving_grains


def _leaves_every_cover_backed(step: AcceptedStep[Exit]) -> bool:
    fund = fund_of(step.action)
    after, terms = step.after.rows.get(FUNDS, fund), step.after.rows.get(FUND_TERMS, fund)
    left = after.staying_grains + after.leaving_grains
    return after.cover_grains * WAD <= left * terms.leverage_wad


def _premium_is_of_those_who_stay(step: AcceptedStep[BuyPolicy]) -> bool:
    fund = fund_of(step.action)
    before, after = step.before.rows.get(FUNDS, fund), step.after.rows.get(FUNDS, fund)
    premium = step.after.rows.get(TREASURY, SINGLETON).funded - step.before.rows.get(TREASURY, SINGLETON).funded
    expected = Capital(
        before.staying_grains + premium * WAD,
        before.staying_shares,
        before.leaving_grains,
        before.leaving_shares,
        after.cover_grains,
    )
    return after == expected and 0 <= premium <= step.action.highest_premium


def _premium_is_asked_for(step: AcceptedStep[BuyPolicy]) -> bool:
    """True if the premium is the declared yearly loss plus the charge for scarcity, for the term, times the loading,
    rounded up.

    It may exceed the exact amount by less than one unit, beyond roundings of the yearly rate.
    """
    action, fund = step.action, fund_of(step.action)
    terms, risk = step.before.rows.get(FUND_TERMS, fund), step.before.rows.get(RISKS, fund[0])
    capital = step.before.rows.get(FUNDS, fund)
    premium = step.after.rows.get(TREASURY, SINGLETON).funded - step.before.rows.get(TREASURY, SINGLETON).funded
    all_cover = capital.staying_grains * terms.leverage_wad
    numerator, denominator = _scarcity(terms, (capital.cover_grains + action.cover * WAD) * WAD, all_cover)
    yearly = risk.expected_loss_wad * denominator + numerator
    rounded = div_floor(terms.slope_wad, terms.kink_wad) + div_floor(terms.steep_slope_wad, WAD - terms.kink_wad) + 4
    factor = action.cover * action.term_points * (WAD + terms.loading_wad)
    unit = WAD * WAD * risk.points_per_year * denominator
    return factor * yearly <= premium * unit < factor * (yearly + rounded * denominator) + unit


def _scarcity(terms: FundTerms, used: int, most: int) -> tuple[int, int]:
    """The exact yearly charge for scarcity after a sale, as a fraction (numerator, denominator).

    `used` is all cover sold, and `most` the largest cover that the staying capital backs, in the same unit.
    """
    if used * WAD <= most * terms.kink_wad:
        return terms.slope_wad * used * WAD, most * terms.kink_wad
    denominator = most * (WAD - terms.kink_wad)
    return terms.slope_wad * denominator + terms.steep_slope_wad * (used * WAD - most * terms.kink_wad), denominator


def _is_sold_on_staying_capital(step: AcceptedStep[BuyPolicy]) -> bool:
    fund = fund_of(step.action)
    before, terms = step.before.rows.get(FUNDS, fund), step.before.rows.get(FUND_TERMS, fund)
    return step.after.rows.get(FUNDS, fund).cover_grains * WAD <= before.staying_grains * terms.leverage_wad


def _is_within_the_limit(step: AcceptedStep[BuyPolicy]) -> bool:
    offer = (step.action.service, step.action.pool)
    after = step.after.rows.get(COVERS, offer)
    worth = step.before.rows.get(METERS, offer).stake * step.before.rows.get(RISKS, offer).unit_price_wad
    return after.cover_grains * WAD <= worth * after.limit_wad


def _has_a_limit(step: AcceptedStep[BuyPolicy]) -> bool:
    return step.before.rows.get(COVERS, (step.action.service, step.action.pool)).is_limited


def _own_policy_is_not_used(step: AnyStep) -> bool:
    for place, before, after in changed_policies(step):
        if not after.is_sold or not is_own(step.before.rows, after):
            continue
        is_used = not before.is_sold or after.cover_grains < before.cover_grains
        if is_used and step.before.rows.get(FUND_TERMS, (place[0], after.sponsor)).bars_self_insurance:
            return False
    return True


def _is_declared_by_its_operator(step: AnyStep) -> bool:
    for pair in written(step.delta, AFFILIATES):
        if pair[0] != step.action.sender or not step.after.rows.get(AFFILIATES, pair).is_declared:
            return False
    return True


def _limit_is_the_services(step: AnyStep) -> bool:
    for offer in written(step.delta, COVERS):
        before, after = step.before.rows.get(COVERS, offer), step.after.rows.get(COVERS, offer)
        is_changed = (before.is_limited, before.limit_wad) != (after.is_limited, after.limit_wad)
        if is_changed and not (isinstance(step.action, LimitCover) and step.action.sender == offer[0][0]):
            return False
        if isinstance(step.action, LimitCover) and (after.is_limited, after.limit_wad) != (
            True,
            step.action.fraction_wad,
        ):
            return False
    return True


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


def _can_announce(before: View, action: AnnounceExit) -> bool:
    """True if the underwriter has the shares, and their capital buys at least one leaving share."""
    fund = fund_of(action)
    capital = before.rows.get(FUNDS, fund)
    if not 0 < action.shares <= before.rows.get(UNDERWRITERS, (fund, action.sender)).shares:
        return False
    grains = div_floor(action.shares * capital.staying_grains, capital.staying_shares)
    return grains > 0 and grains * max(capital.leaving_shares, 1) >= capital.leaving_grains


class InsuranceLaws:
    """The step and rejection laws of the calls about insurance above one base protocol."""

    def __init__(self, port: Port) -> None:
        self._port: Final = port

    def _exit_waits(self, step: AnyStep) -> bool:
        """True if an announced exit is due after the cooldown, and an exit happens only when due."""
        fund, now = fund_of(step.action), self._port.now(step.after.rows)
        before = step.before.rows.get(UNDERWRITERS, (fund, step.action.sender))
        after = step.after.rows.get(UNDERWRITERS, (fund, step.action.sender))
        if isinstance(step.action, AnnounceExit):
            return after.due_point == now + step.before.rows.get(FUND_TERMS, fund).cooldown_points
        return before.due_point <= now and after.leaving_shares == 0

    def _is_worth_its_cover(self, step: AcceptedStep[BuyPolicy]) -> bool:
        action, rows = step.action, step.before.rows
        value = self._port.value(rows, self._port.group(action.operator, action.pool), action.sender)
        return action.cover * WAD <= value * rows.get(RISKS, (action.service, action.pool)).unit_price_wad

    def _ends_within_the_cooldown(self, step: AcceptedStep[BuyPolicy]) -> bool:
        """True if exactly the requested policy is sold. It has to begin after the fund's wait and end within its
        cooldown.
        """
        action, now = step.action, self._port.now(step.after.rows)
        terms = step.before.rows.get(FUND_TERMS, fund_of(action))
        sold = changed_policies(step)
        if len(sold) != 1 or sold[0][1].is_sold:
            return False
        policy = sold[0][2]
        start = now + terms.wait_points
        expected = Policy(
            is_sold=True,
            sponsor=action.sponsor,
            holder=action.sender,
            operator=action.operator,
            cover_grains=action.cover * WAD,
            start_point=start,
            end_point=start + action.term_points,
        )
        return policy == expected and policy.end_point <= now + terms.cooldown_points

    def _policy_ends_before_it_is_released(self, step: AnyStep) -> bool:
        """True if policies appear only by BuyPolicy, and disappear only by ReleasePolicy once ended or used up."""
        now = self._port.now(step.before.rows)
        for _place, before, after in changed_policies(step):
            if before.is_sold and not after.is_sold:
                is_over = now >= before.end_point or before.cover_grains == 0
                if not is_over or not isinstance(step.action, ReleasePolicy):
                    return False
            if not before.is_sold and not isinstance(step.action, BuyPolicy):
                return False
        return True

    def _can_leave(self, before: View, action: Exit) -> bool:
        """True if the sender's exit is due, and the remaining capital of the fund backs all its cover."""
        fund = fund_of(action)
        held, capital = before.rows.get(UNDERWRITERS, (fund, action.sender)), before.rows.get(FUNDS, fund)
        if held.leaving_shares == 0 or self._port.now(before.rows) < held.due_point:
            return False
        leaving = div_floor(held.leaving_shares * capital.leaving_grains, capital.leaving_shares)
        left = capital.staying_grains + capital.leaving_grains - leaving
        return capital.cover_grains * WAD <= left * before.rows.get(FUND_TERMS, fund).leverage_wad

    def _has_ended(self, before: View, action: ReleasePolicy) -> bool:
        policy = POLICIES.at(before.rows, (action.service, action.pool), action.place)
        return policy.is_sold and self._port.now(before.rows) >= policy.end_point

    def step_laws(self) -> list[StepLaw]:
        """The step laws of the calls about insurance."""
        buying = Scope((BuyPolicy,))
        return [
            StepLaw(
                "INS-09",
                "The terms of a fund are written once, by its sponsor.",
                THIS,
                _terms_are_fixed,
                Scope(tables=(FUND_TERMS,)),
            ),
            StepLaw(
                "INS-10",
                "No share loses by capital that comes, waits or leaves.",
                THIS,
                _no_share_loses,
                Scope((Underwrite, AnnounceExit, Exit)),
            ),
            StepLaw(
                "INS-11",
                "Capital comes, waits and leaves at what its shares are worth, rounded down, of one who moves.",
                THIS,
                _moves_at_its_worth,
                Scope((Underwrite, AnnounceExit, Exit)),
            ),
            StepLaw(
                "INS-12",
                "What leaves a fund is credited to its underwriter, and to nobody else.",
                THIS,
                _is_credited,
                Scope((Exit,)),
            ),
            StepLaw(
                "INS-13",
                "No underwriter leaves with capital that backs a cover.",
                THIS,
                _leaves_every_cover_backed,
                Scope((Exit,)),
            ),
            StepLaw(
                "INS-14",
                "What is announced leaves when its cooldown is over, and no sooner.",
                THIS,
                lambda step: self._exit_waits(step),
                Scope((AnnounceExit, Exit)),
            ),
            StepLaw(
                "INS-15",
                "A premium is capital of those who stay alone, and no more than its holder allows.",
                THIS,
                _premium_is_of_those_who_stay,
                buying,
            ),
            StepLaw(
                "INS-16",
                "A premium is what the declared expected loss and both slopes ask, loaded, rounded up.",
                "Kaas et al., Modern Actuarial Risk Theory; lending markets",
                _premium_is_asked_for,
                buying,
            ),
            StepLaw(
                "INS-17",
                "No cover is sold beyond the staying capital of its fund, times its leverage.",
                THIS,
                _is_sold_on_staying_capital,
                buying,
            ),
            StepLaw(
                "INS-18",
                "No cover is sold beyond the fraction of its counted stake's worth that the service asks for.",
                "Deb, Raynor, Kannan, STAKESURE",
                _is_within_the_limit,
                buying,
                _has_a_limit,
            ),
            StepLaw(
                "INS-19",
                "No policy covers more than its holder's position is worth when it is sold.",
                THIS,
                lambda step: self._is_worth_its_cover(step),
                buying,
            ),
            StepLaw(
                "INS-20",
                "A policy is sold as it was asked for, begins after the wait and ends within the cooldown.",
                THIS,
                lambda step: self._ends_within_the_cooldown(step),
                buying,
            ),
            StepLaw(
                "INS-21",
                "A policy comes by being sold and goes by being released, once it has ended or paid all of its cover.",
                THIS,
                lambda step: self._policy_ends_before_it_is_released(step),
                Scope(tables=(POLICIES.places,)),
            ),
            StepLaw(
                "INS-22",
                "A fund that bars self-insurance sells and pays an operator, and its declared accounts, nothing for "
                "its own slashes.",
                "Deb, Raynor, Kannan, STAKESURE; this project",
                _own_policy_is_not_used,
                Scope(tables=(POLICIES.places,)),
            ),
            StepLaw(
                "INS-23",
                "An operator declares its own accounts, and takes none back.",
                THIS,
                _is_declared_by_its_operator,
                Scope(tables=(AFFILIATES,)),
            ),
            StepLaw(
                "INS-24",
                "The limit of an offer's cover is what its service said last.",
                THIS,
                _limit_is_the_services,
                Scope(tables=(COVERS,)),
            ),
        ]

    def rejection_laws(self) -> list[RejectionLaw]:
        """The rejection laws of the calls about insurance."""
        return [
            RejectionLaw(
                "INS-31",
                "Whoever has shares that are worth something can announce at any time that they leave.",
                THIS,
                _is_never_right,
                Scope((AnnounceExit,)),
                _can_announce,
            ),
            RejectionLaw(
                "INS-32",
                "Whoever has waited can leave, where what is left covers every policy.",
                THIS,
                _is_never_right,
                Scope((Exit,)),
                lambda before, action: self._can_leave(before, action),
            ),
            RejectionLaw(
                "INS-33",
                "A policy that has ended can be released by anybody.",
                THIS,
                _is_never_right,
                Scope((ReleasePolicy,)),
                lambda before, action: self._has_ended(before, action),
            ),
        ]
