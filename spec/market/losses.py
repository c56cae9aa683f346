"""Payouts after a slash: the part of the insurance that the observer executes.

A holder's loss is the fall in value of its stake over the call, at the offer's price. Its policies pay in the order of
their places. Each policy owes its part of the loss that the earlier ones have left. So together they never owe more
than the loss. A claim is first paid from slashed funds, if the slash itself sends tokens to the market's account. Then
the capital of the policy's fund pays, pro rata if it is not enough. The part that a fund cannot pay is never paid
later. The slashed funds that remain belong to the service.
"""

from spec.arithmetic import WAD
from spec.machine import SINGLETON, Draft, Write
from spec.market.counting import credit
from spec.market.insurance_state import FUND_TERMS, FUNDS, POLICIES, Capital, Fund, Policy
from spec.market.policies import is_own, lower_cover
from spec.market.port import Port, Slashed
from spec.market.premiums import claim_of, pro_rata, worth_of
from spec.market.state import RISKS, SETTINGS, TREASURY, Offer, Treasury

Claims = dict[int, int]
"""The grains that each policy owes, by the place of the policy in its offer's list."""


def observe_slashes(port: Port, before: Draft, draft: Draft, writes: list[Write], account: str) -> None:
    """Pay every insured loss from the slashes of a base call. Slashed funds that remain are credited to the service.

    Slashed funds are tokens that the slash itself sent to `account`, the market's account.
    """
    slashes = port.slashes(before, draft, writes)
    if len(slashes) == 0:
        return
    redress_grains = _redress(port, before, draft, account)
    for slashed in slashes:
        claims = claims_of(port, before, draft, slashed)
        redress_grains -= _pay(draft, (slashed.service, slashed.pool), claims, redress_grains)
    if redress_grains > 0:
        credit(draft, slashes[0].service[0], redress_grains)


def _redress(port: Port, before: Draft, draft: Draft, account: str) -> int:
    """The slashed funds: the grains of the fee token that the call sent to `account`, the market's account; 0 if its
    balance fell.

    They are recorded as paid in.
    """
    token = draft.get(SETTINGS, SINGLETON).fee_token
    amount = max(port.balance(draft, token, account) - port.balance(before, token, account), 0)
    if amount > 0:
        treasury = draft.get(TREASURY, SINGLETON)
        draft.put(TREASURY, SINGLETON, Treasury(funded=treasury.funded + amount, paid=treasury.paid))
    return amount * WAD


def loss_of(port: Port, before: Draft, draft: Draft, slashed: Slashed, holder: str) -> int:
    """The grains that a slash took from a holder: the fall in value of its stake in the pool, at the offer's price.

    0 if the value has not fallen. `before` is the state before the slash, and `draft` the state after it.
    """
    group = port.group(slashed.operator, slashed.pool)
    lost = max(port.value(before, group, holder) - port.value(draft, group, holder), 0)
    return lost * draft.get(RISKS, (slashed.service, slashed.pool)).unit_price_wad


def claims_of(port: Port, before: Draft, draft: Draft, slashed: Slashed) -> Claims:
    """The grains that each policy in effect owes for a slash, from each holder's actual loss."""
    losses: dict[str, int] = {}
    offer: Offer = (slashed.service, slashed.pool)
    for policy in POLICIES.members(draft, offer):
        if policy.holder not in losses:
            losses[policy.holder] = loss_of(port, before, draft, slashed, policy.holder)
    return claims_on(draft, port.now(draft), offer, slashed.operator, losses)


def claims_on(draft: Draft, now: int, offer: Offer, operator: str, losses: dict[str, int]) -> Claims:
    """The grains that each policy in effect at `now` owes for a slash of `operator`. `losses` gives each holder's loss.

    Earlier policies of a holder come first; a policy owes only from the loss that they have left. A policy of the
    operator's own accounts owes nothing if its fund bars self-insurance.
    """
    left: dict[str, int] = {}
    claims: Claims = {}
    for place, policy in enumerate(POLICIES.members(draft, offer)):
        terms = draft.get(FUND_TERMS, (offer, policy.sponsor))
        if policy.operator != operator or not policy.start_point <= now < policy.end_point:
            continue
        if terms.bars_self_insurance and is_own(draft, policy.operator, policy.holder):
            continue
        loss_grains = left.get(policy.holder, losses[policy.holder])
        claim_grains = claim_of(loss_grains, terms.deductible_grains, terms.coinsurance_wad, policy.cover_grains)
        left[policy.holder] = loss_grains - claim_grains
        claims[place] = claim_grains
    return claims


def _pay(draft: Draft, offer: Offer, claims: Claims, redress_grains: int) -> int:
    """Pay claims from slashed funds (`redress_grains`), and then from each fund's capital.

    Returns the grains taken from the slashed funds.
    """
    all_grains = 0
    for claim_grains in claims.values():
        all_grains += claim_grains
    taken_grains = 0
    rest: Claims = {}
    sponsors: dict[int, str] = {}
    funds: dict[Fund, None] = {}
    for place, claim_grains in claims.items():
        policy = POLICIES.at(draft, offer, place)
        fund: Fund = (offer, policy.sponsor)
        redressed_grains = pro_rata(claim_grains, redress_grains, all_grains)
        taken_grains += redressed_grains
        credit(draft, policy.holder, redressed_grains)
        POLICIES.replace(draft, offer, place, _used(policy, claim_grains))
        lower_cover(draft, fund, claim_grains)
        sponsors[place] = policy.sponsor
        funds[fund] = None
        rest[place] = claim_grains - redressed_grains
    for fund in funds:
        owed = {place: grains for place, grains in rest.items() if sponsors[place] == fund[1]}
        _pay_of_fund(draft, fund, owed)
    return taken_grains


def _used(policy: Policy, grains: int) -> Policy:
    """A copy of the policy whose unused cover is reduced by `grains`."""
    return Policy(
        is_sold=True,
        sponsor=policy.sponsor,
        holder=policy.holder,
        operator=policy.operator,
        cover_grains=policy.cover_grains - grains,
        start_point=policy.start_point,
        end_point=policy.end_point,
    )


def _pay_of_fund(draft: Draft, fund: Fund, owed: Claims) -> None:
    """Pay a fund's claims from its capital, pro rata if it is not enough. The capital that is leaving bears its share,
    rounded down.
    """
    capital = draft.get(FUNDS, fund)
    assets_grains = capital.staying_grains + capital.leaving_grains
    owed_grains = 0
    for grains in owed.values():
        owed_grains += grains
    paid_grains = 0
    for place, grains in owed.items():
        part_grains = pro_rata(grains, assets_grains, owed_grains)
        credit(draft, POLICIES.at(draft, fund[0], place).holder, part_grains)
        paid_grains += part_grains
    if paid_grains == 0:
        return
    of_leaving_grains = worth_of(paid_grains, capital.leaving_grains, assets_grains)
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains - (paid_grains - of_leaving_grains),
            staying_shares=capital.staying_shares,
            leaving_grains=capital.leaving_grains - of_leaving_grains,
            leaving_shares=capital.leaving_shares,
            cover_grains=capital.cover_grains,
        ),
    )
