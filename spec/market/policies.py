"""Policies: cover that holders buy from a fund against slashes of an operator, and its bounds.

A fund sells at most the cover that its staying capital backs. A holder buys at most the value of its stake in the pool.
A service may limit the total cover to a fraction of the value of its counted stake. A premium is paid at once, and then
is capital.
"""

from typing import Final

from spec.arithmetic import WAD
from spec.layer import Act
from spec.machine import Delta, Draft
from spec.market.actions import BuyPolicy, DeclareAffiliate, LimitCover, ReleasePolicy
from spec.market.insurance_state import (
    AFFILIATES,
    COVERS,
    FUND_TERMS,
    FUNDS,
    POLICIES,
    Capital,
    Covered,
    Declared,
    Fund,
    FundTerms,
    Policy,
)
from spec.market.port import Port
from spec.market.premiums import loaded_wad, premium_of, two_slopes_wad, utilisation_wad
from spec.market.reasons import Reason
from spec.market.state import METERS, RISKS, TERMS, Offer, Risk
from spec.market.underwriting import pay_in

MAX_POLICIES: Final = 32
"""The most policies of an offer, over all of its funds. It bounds the work of a slash."""

NO_PLACE: Final = -1


def is_own(draft: Draft, operator: str, holder: str) -> bool:
    """True if the holder is the operator itself, or an account that the operator has declared to be its own."""
    return holder == operator or draft.get(AFFILIATES, (operator, holder)).is_declared


def yearly_premium_wad(terms: FundTerms, risk: Risk, capital: Capital, cover_grains: int) -> int:
    """The yearly premium on a unit of cover, as a fraction of WAD, if the fund's sold cover is `cover_grains`.

    It is the declared expected loss, plus a part that grows with the fund's utilisation, plus the loading on both.
    Rounds up, three times.
    """
    used_wad = utilisation_wad(cover_grains, capital.staying_grains, terms.leverage_wad)
    scarcity_wad = two_slopes_wad(used_wad, terms.kink_wad, terms.slope_wad, terms.steep_slope_wad)
    return loaded_wad(risk.expected_loss_wad + scarcity_wad, terms.loading_wad)


def buy_policy(port: Port, draft: Draft, action: BuyPolicy, act: Act, account: str) -> Delta | Reason:
    """Sell the sender a policy of a fund. Returns the index of the policy in the offer's list.

    The premium depends on the fund's utilisation after the sale of this policy. It is paid to `account`, the market's
    account, by `act`, which executes a base action.

    Rejects, in order: NO_SUCH_FUND, NOTHING_TO_COVER, INVALID_TERM unless it is positive and, with the fund's wait,
    ends within the cooldown, SELF_INSURANCE if the fund bars it, COVER_ABOVE_VALUE of the sender's stake,
    COVER_ABOVE_CAPITAL for staying capital times leverage, COVER_ABOVE_LIMIT of the service, NO_PLACE_FREE,
    PREMIUM_TOO_HIGH, PAYMENT_FAILED if the base rejects the transfer.
    """
    offer: Offer = (action.service, action.pool)
    fund: Fund = (offer, action.sponsor)
    terms, risk = draft.get(FUND_TERMS, fund), draft.get(RISKS, offer)
    if not terms.is_open:
        return Reason.NO_SUCH_FUND
    if action.cover <= 0:
        return Reason.NOTHING_TO_COVER
    if action.term_points <= 0 or terms.wait_points + action.term_points > terms.cooldown_points:
        return Reason.INVALID_TERM
    if terms.bars_self_insurance and is_own(draft, action.operator, action.sender):
        return Reason.SELF_INSURANCE
    cover_grains = action.cover * WAD
    value = port.value(draft, port.group(action.operator, action.pool), action.sender)
    if cover_grains > value * risk.unit_price_wad:
        return Reason.COVER_ABOVE_VALUE
    capital, covered = draft.get(FUNDS, fund), draft.get(COVERS, offer)
    sold_grains = capital.cover_grains + cover_grains
    if sold_grains * WAD > capital.staying_grains * terms.leverage_wad:
        return Reason.COVER_ABOVE_CAPITAL
    all_grains = covered.cover_grains + cover_grains
    worth_grains = draft.get(METERS, offer).stake * risk.unit_price_wad
    if covered.is_limited and all_grains * WAD > worth_grains * covered.limit_wad:
        return Reason.COVER_ABOVE_LIMIT
    place = _free_place(draft, offer)
    if place == NO_PLACE:
        return Reason.NO_PLACE_FREE
    yearly_wad = yearly_premium_wad(terms, risk, capital, sold_grains)
    premium = premium_of(cover_grains, yearly_wad, action.term_points, risk.points_per_year)
    if premium > action.highest_premium:
        return Reason.PREMIUM_TOO_HIGH
    if not pay_in(port, draft, act, account, action.sender, premium):
        return Reason.PAYMENT_FAILED
    start_point = port.now(draft) + terms.wait_points
    policy = Policy(
        is_sold=True,
        sponsor=action.sponsor,
        holder=action.sender,
        operator=action.operator,
        cover_grains=cover_grains,
        start_point=start_point,
        end_point=start_point + action.term_points,
    )
    if place == POLICIES.size(draft, offer):
        POLICIES.append(draft, offer, policy)
    else:
        POLICIES.replace(draft, offer, place, policy)
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains + premium * WAD,
            staying_shares=capital.staying_shares,
            leaving_grains=capital.leaving_grains,
            leaving_shares=capital.leaving_shares,
            cover_grains=sold_grains,
        ),
    )
    draft.put(COVERS, offer, Covered(all_grains, covered.is_limited, covered.limit_wad))
    return draft.delta(place)


def _free_place(draft: Draft, offer: Offer) -> int:
    """The first free place for a policy of an offer, or NO_PLACE if all MAX_POLICIES places are taken."""
    size = POLICIES.size(draft, offer)
    for place in range(size):
        policy = POLICIES.at(draft, offer, place)
        if not policy.is_sold:
            return place
    return size if size < MAX_POLICIES else NO_PLACE


def release_policy(port: Port, draft: Draft, action: ReleasePolicy) -> Delta | Reason:
    """Release a policy: its unused cover and its place in the offer's list become free.

    Rejects, in order: NO_SUCH_POLICY, TOO_EARLY unless it has ended or its cover is used up.
    """
    offer: Offer = (action.service, action.pool)
    policy = POLICIES.at(draft, offer, action.place)
    if not policy.is_sold:
        return Reason.NO_SUCH_POLICY
    if port.now(draft) < policy.end_point and policy.cover_grains > 0:
        return Reason.TOO_EARLY
    POLICIES.replace(draft, offer, action.place, Policy())
    lower_cover(draft, (offer, policy.sponsor), policy.cover_grains)
    return draft.delta()


def lower_cover(draft: Draft, fund: Fund, grains: int) -> None:
    """Reduce the recorded cover of a fund, and that of its offer, by `grains`."""
    capital, covered = draft.get(FUNDS, fund), draft.get(COVERS, fund[0])
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains,
            staying_shares=capital.staying_shares,
            leaving_grains=capital.leaving_grains,
            leaving_shares=capital.leaving_shares,
            cover_grains=capital.cover_grains - grains,
        ),
    )
    draft.put(COVERS, fund[0], Covered(covered.cover_grains - grains, covered.is_limited, covered.limit_wad))


def limit_cover(draft: Draft, action: LimitCover) -> Delta | Reason:
    """Limit the cover that is sold from now on to a fraction of the value of the offer's counted stake. Sold cover
    stays.

    Rejects, in order: NOT_THE_SERVICE, NO_SUCH_OFFER, INVALID_FRACTION.
    """
    offer: Offer = (action.service, action.pool)
    if action.sender != action.service[0]:
        return Reason.NOT_THE_SERVICE
    if not draft.get(TERMS, offer).is_open:
        return Reason.NO_SUCH_OFFER
    if not 0 <= action.fraction_wad <= WAD:
        return Reason.INVALID_FRACTION
    draft.put(COVERS, offer, Covered(draft.get(COVERS, offer).cover_grains, True, action.fraction_wad))
    return draft.delta()


def declare_affiliate(draft: Draft, action: DeclareAffiliate) -> Delta | Reason:
    """Declare an account to be the sender's own, permanently. The call is never rejected.

    A fund that bars self-insurance then sells the account no policy against slashes of the sender, and pays it none.
    """
    draft.put(AFFILIATES, (action.sender, action.account), Declared(True))
    return draft.delta()
