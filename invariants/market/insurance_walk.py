"""Calls about insurance for walks above any base protocol: capital, policies, and slashes of insured operators."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.market.cast import Cast
from spec.arithmetic import WAD, div_floor
from spec.machine import Draft
from spec.market.actions import (
    AnnounceExit,
    BuyPolicy,
    CountPosition,
    DeclareAffiliate,
    Enrol,
    Exit,
    LimitCover,
    OpenFund,
    ReleasePolicy,
    Underwrite,
)
from spec.market.insurance_state import FUND_TERMS, FUNDS, POLICIES, UNDERWRITERS, Fund, FundTerms, Policy
from spec.market.port import Service
from spec.market.state import METERS, POSITIONS, RISKS, Offer

CAPITALS: Final = (10**6, 10**18, 10**9, 1000, 10**17, 5, 10**6, 10**9, 10**20, 1)
SPONSORS: Final = tuple(f"sponsor{number}" for number in range(12))
HUGE: Final = 10**40
"""A number above any balance. As the highest premium that a buyer accepts, it accepts every premium."""


def insurance_action(cast: Cast, choices: Choices, draft: Draft, offer: Offer, operator: str, holder: str) -> Any:
    """The walk's next call about insurance of an open offer, or a slash of an operator whom a policy covers."""
    service, pool = offer
    sponsor = _sponsor(choices, draft, offer)
    fund: Fund = (offer, sponsor)
    if choices.one_in(16):
        return _spoilt(cast, choices, service, pool, sponsor)
    if not draft.get(FUND_TERMS, fund).is_open:
        return OpenFund(sponsor, service, pool, fund_terms(choices))
    kind = choices.below(20)
    if draft.get(FUNDS, fund).staying_grains == 0 or kind < 1:
        return Underwrite(choices.pick(cast.payers[:2]), service, pool, sponsor, choices.pick(CAPITALS))
    if kind < 5:
        return _exit(cast, choices, draft, fund)
    if kind < 6:
        return _rare(cast, choices, draft, offer, operator)
    sold = [policy for policy in POLICIES.members(draft, offer) if policy.is_sold]
    over = _places_that_are_over(cast, draft, offer)
    if over and kind < 10:
        return ReleasePolicy(holder, service, pool, choices.pick(tuple(over)))
    if sold and kind < 14:
        return cast.slash(choices, draft, service, choices.pick(tuple(sold)).operator, pool)
    return _policy(cast, choices, draft, fund, operator, choices.pick((holder, holder, holder, operator)))


def _sponsor(choices: Choices, draft: Draft, offer: Offer) -> str:
    """One of the first two sponsors whose fund has not lost all of its capital, or rarely any sponsor."""
    running: list[str] = []
    for sponsor in SPONSORS:
        capital = draft.get(FUNDS, (offer, sponsor))
        if capital.staying_shares == 0 or capital.staying_grains > 0:
            running.append(sponsor)
        if len(running) == 2:
            break
    return choices.pick(tuple(running)) if running and not choices.one_in(24) else choices.pick(SPONSORS)


def _rare(cast: Cast, choices: Choices, draft: Draft, offer: Offer, operator: str) -> Any:
    """A rare call: a limit of cover, a declaration of an affiliate, or an enrolment or count that the limit needs."""
    service, pool = offer
    if choices.one_in(2):
        barred = [
            policy
            for policy in POLICIES.members(draft, offer)
            if policy.is_sold and draft.get(FUND_TERMS, (offer, policy.sponsor)).bars_self_insurance
        ]
        policy = choices.pick(tuple(barred)) if barred else Policy(operator=operator, holder=cast.holders[-1])
        return DeclareAffiliate(policy.operator, policy.holder)
    if not draft.get(POSITIONS, (offer, operator)).is_counted:
        return Enrol(operator, service, pool, 0)
    if draft.get(METERS, offer).stake == 0 or not choices.one_in(3):
        return CountPosition(operator, service, pool, operator)
    return LimitCover(service[0], service, pool, choices.pick((WAD, WAD // 3, WAD, WAD, WAD, WAD // 1000)))


def fund_terms(choices: Choices) -> FundTerms:
    """Drawn terms of a fund, rarely such that nothing can be sold."""
    return FundTerms(
        is_open=False,
        leverage_wad=choices.pick((WAD, WAD, 10 * WAD, 100 * WAD)),
        deductible_grains=choices.pick((0, 0, 1, WAD, 10**6 * WAD)),
        coinsurance_wad=choices.pick((WAD, WAD, WAD * 4 // 5, WAD // 3)),
        wait_points=choices.pick((0, 0, 2)),
        cooldown_points=choices.pick((40, 100, 15, 40, 100, 15, 40, 1)),
        kink_wad=choices.pick((WAD // 2, WAD * 4 // 5, WAD // 2, 1, WAD // 2, WAD - 1)),
        slope_wad=choices.pick((WAD // 20, 0, WAD // 1000)),
        steep_slope_wad=choices.pick((WAD // 2, 0, WAD // 100)),
        loading_wad=choices.pick((0, WAD // 10, WAD)),
        bars_self_insurance=choices.one_in(2),
    )


def _policy(cast: Cast, choices: Choices, draft: Draft, fund: Fund, operator: str, holder: str) -> Any:
    """A call that buys the largest possible cover, a smaller one, or rarely a larger one.

    If the holder has no stake to insure, the call mostly stakes instead.
    """
    service, pool = fund[0]
    terms, capital = draft.get(FUND_TERMS, fund), draft.get(FUNDS, fund)
    values = [(cast.value(draft, cast.group(one, pool), holder), one) for one in (operator, *cast.operators)]
    value, operator = max(values[0], max(values)) if choices.one_in(2) else values[0]
    worth = div_floor(value * draft.get(RISKS, fund[0]).unit_price_wad, WAD)
    free_grains = div_floor(capital.staying_grains * terms.leverage_wad, WAD) - capital.cover_grains
    if worth == 0 and not choices.one_in(12):
        return cast.stake(draft, holder, operator, pool)
    most = max(min(worth, div_floor(max(free_grains, 0), WAD)), 1)
    cover = choices.pick((most, max(most >> 1, 1), max(most >> 2, 1), most, max(most >> 3, 1), most + 1))
    longest = max(terms.cooldown_points - terms.wait_points, 1)
    term_points = choices.pick((longest, longest, max(longest >> 1, 1), longest, longest, longest + 1))
    return BuyPolicy(holder, service, pool, fund[1], operator, cover, term_points, 0 if choices.one_in(24) else HUGE)


def _exit(cast: Cast, choices: Choices, draft: Draft, fund: Fund) -> Any:
    """An exit that is due, if there is one. Otherwise an underwriter with shares mostly announces its exit."""
    service, pool = fund[0]
    leaving = [payer for payer in cast.payers if draft.get(UNDERWRITERS, (fund, payer)).leaving_shares > 0]
    if leaving and not choices.one_in(4):
        due = [payer for payer in leaving if draft.get(UNDERWRITERS, (fund, payer)).due_point <= cast.now(draft)]
        if due or choices.one_in(4):
            return Exit(choices.pick(tuple(due or leaving)), service, pool, fund[1])
    staying = [payer for payer in cast.payers if draft.get(UNDERWRITERS, (fund, payer)).shares > 0]
    payer = choices.pick(tuple(staying or cast.payers))
    shares = draft.get(UNDERWRITERS, (fund, payer)).shares
    part = choices.pick((shares, shares, shares, shares >> 1, max(shares >> 3, 1), 1, shares + 1))
    return AnnounceExit(payer, service, pool, fund[1], part)


def _places_that_are_over(cast: Cast, draft: Draft, offer: Offer) -> list[int]:
    """The places of sold policies of an offer that have ended, or have paid all of their cover."""
    now = cast.now(draft)
    return [
        place
        for place, policy in enumerate(POLICIES.members(draft, offer))
        if policy.is_sold and (policy.end_point <= now or policy.cover_grains == 0)
    ]


def _spoilt(cast: Cast, choices: Choices, service: Service, pool: str, sponsor: str) -> Any:
    """A call that is mostly rejected: another sender, an amount of zero, or an offer or fund that does not exist."""
    outsider, stranger = choices.pick(cast.payers), (service[0], 77)
    operator = choices.pick(cast.operators)
    calls: tuple[Any, ...] = (
        OpenFund(outsider, stranger, pool, fund_terms(choices)),
        OpenFund(sponsor, service, pool, fund_terms(choices)),
        OpenFund("newcomer", service, pool, FundTerms(kink_wad=choices.pick((0, WAD)))),
        Underwrite(outsider, stranger, pool, sponsor, 1),
        Underwrite(outsider, service, pool, sponsor, 0),
        Underwrite(outsider, service, pool, choices.pick(SPONSORS[:3]), 1),
        Underwrite(outsider, service, pool, sponsor, HUGE),
        AnnounceExit(outsider, stranger, pool, sponsor, 1),
        Exit("nobody", service, pool, sponsor),
        BuyPolicy(outsider, stranger, pool, sponsor, operator, 1, 1, HUGE),
        BuyPolicy(outsider, service, pool, sponsor, operator, 0, 1, HUGE),
        BuyPolicy(outsider, service, pool, sponsor, operator, 1, 1, 0),
        BuyPolicy(operator, service, pool, sponsor, operator, 1, 1, HUGE),
        BuyPolicy("nobody", service, pool, sponsor, operator, 1, 1, HUGE),
        ReleasePolicy(outsider, stranger, pool, 0),
        ReleasePolicy(outsider, service, pool, 0),
        LimitCover(outsider, service, pool, WAD),
        LimitCover(service[0], stranger, pool, WAD),
        LimitCover(service[0], service, pool, WAD + 1),
    )
    return choices.pick(calls)
