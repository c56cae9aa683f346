"""Calls about fees and insurance for walks through the market, above any base protocol."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.market.cast import Cast
from invariants.market.insurance_walk import insurance_action
from spec.arithmetic import WAD
from spec.machine import Draft
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
from spec.market.port import Service
from spec.market.rates import BASE_FEE, EXPONENTIAL
from spec.market.state import CLAIMABLES, COMMISSIONS, HOLDINGS, METERS, POSITIONS, TERMS, Risk, Terms

RATES: Final = (WAD // 10**6, 1, WAD // 10**3, 10**6, WAD)
TARGETS: Final = (5 * 10**17, 10**18, 10**20, 1000, 3 * 10**18)
BUDGETS: Final = (1000, 10**18, 5, 10**12, 10**19, 0, 10**30)
COMMISSIONS_WAD: Final = (WAD // 10, 0, WAD, WAD // 3, 1, WAD + 1)
RISKS: Final = (
    Risk(),
    Risk(0, WAD, WAD, 10**9, 1),
    Risk(WAD // 200, WAD // 10, WAD // 8, 10**6, 2_629_800),
    Risk(2, 1, 0, 0, 1),
)
PRICED: Final = (Risk(0, 0, 0, WAD, 100), Risk(WAD // 50, WAD // 10, WAD // 8, 10**9, 10**6), Risk(0, 0, 0, 4 * WAD, 1))
"""Risks with a unit price, so that stake of their offers can be insured."""


def market_action(cast: Cast, choices: Choices, draft: Draft) -> Any:
    """The walk's next call about fees or insurance, mostly one that is accepted."""
    service, pool = choices.pick(cast.services), choices.pick(cast.pools)
    operator, holder = choices.pick(cast.operators), choices.pick(cast.holders)
    offer, group = (service, pool), cast.group(operator, pool)
    if choices.one_in(24):
        return _spoilt(cast, choices, service, pool, operator)
    if not draft.get(TERMS, offer).is_open:
        return OpenOffer(service[0], service, pool, offer_terms(choices), choices.pick((*PRICED, *PRICED, *RISKS)))
    insured = (cast.services[0], choices.pick(cast.pools[:2]))
    if draft.get(TERMS, insured).is_open and choices.one_in(2):
        return insurance_action(cast, choices, draft, insured, operator, holder)
    position = (offer, operator)
    if not draft.get(POSITIONS, position).is_counted:
        return Enrol(operator, service, pool, choices.pick(COMMISSIONS_WAD))
    if draft.get(METERS, offer).budget_grains == 0 and not choices.one_in(4):
        return FundOffer(choices.pick(cast.payers), service, pool, choices.pick(BUDGETS))
    kind = choices.below(20)
    if kind < 4:
        return CountPosition(holder, service, pool, operator)
    if kind < 8:
        if not draft.get(HOLDINGS, (group, holder)).is_counted and not choices.one_in(3):
            return Join(holder, group)
        return CountHolding(operator, group, holder)
    if kind < 12:
        return StepRate(holder, service, pool)
    if kind < 16:
        rich = [account for account in (*cast.holders, *cast.operators) if draft.get(CLAIMABLES, account).grains >= WAD]
        return ClaimFees(choices.pick(rich) if rich else holder)
    if kind < 18:
        if draft.get(COMMISSIONS, position).is_pending and not choices.one_in(4):
            return ApplyCommission(holder, service, pool, operator)
        return ProposeCommission(operator, service, pool, choices.pick(COMMISSIONS_WAD))
    return FundOffer(choices.pick(cast.payers), service, pool, choices.pick(BUDGETS))


def open_for_insurance(cast: Cast) -> Any:
    """A call that opens an offer whose stake can be insured, with a unit of stake worth a unit of the fee token."""
    service, pool = cast.services[0], cast.pools[0]
    terms = Terms(
        is_open=False,
        curve=BASE_FEE,
        target_stake=10**18,
        divisor=8,
        floor_rate=1,
        cap_rate=WAD,
        max_step_wad=WAD,
        period_points=1,
    )
    return OpenOffer(service[0], service, pool, terms, PRICED[0])


def insured_action(cast: Cast, choices: Choices, draft: Draft) -> Any:
    """The next call of the insurance scenario: mostly about insurance, sometimes about fees, or time passes."""
    if choices.one_in(8):
        return cast.wait(choices.pick((1, 3, 12, 30)))
    if choices.one_in(12):
        return market_action(cast, choices, draft)
    offer = (cast.services[0], cast.pools[0])
    return insurance_action(cast, choices, draft, offer, choices.pick(cast.operators), choices.pick(cast.holders))


def offer_terms(choices: Choices) -> Terms:
    """Drawn terms of an offer, rarely invalid ones."""
    target, floor = choices.pick(TARGETS), choices.pick(RATES)
    curve = choices.pick((BASE_FEE, EXPONENTIAL, BASE_FEE, EXPONENTIAL, BASE_FEE, EXPONENTIAL, "steep"))
    return Terms(
        is_open=False,
        curve=curve,
        target_stake=target,
        divisor=choices.pick((8, 2)) if curve == BASE_FEE else target * choices.pick((4, 16)),
        floor_rate=floor,
        cap_rate=floor * choices.pick((4, 1000, 1)),
        max_step_wad=choices.pick((WAD // 8, WAD, WAD // 8, WAD // 100, WAD // 8, WAD, WAD // 100, 0)),
        period_points=choices.pick((3, 1, 10)),
    )


def _spoilt(cast: Cast, choices: Choices, service: Service, pool: str, operator: str) -> Any:
    """A call that is mostly rejected: another sender, a wrong time, or an offer that does not exist."""
    outsider, stranger = choices.pick(cast.payers), (service[0], 77)
    calls: tuple[Any, ...] = (
        OpenOffer(outsider, service, pool, offer_terms(choices), RISKS[0]),
        OpenOffer(service[0], service, pool, offer_terms(choices), choices.pick(RISKS)),
        FundOffer(outsider, stranger, pool, 1),
        FundOffer(outsider, service, pool, 10**30),
        StepRate(outsider, stranger, pool),
        Enrol(operator, stranger, pool, 0),
        Enrol(operator, service, pool, 0),
        CountPosition(outsider, stranger, pool, operator),
        ProposeCommission(operator, stranger, pool, 0),
        ApplyCommission(outsider, stranger, pool, operator),
        Join(outsider, cast.group(operator, pool)),
        CountHolding(outsider, cast.group(operator, pool), "nobody"),
        ClaimFees("nobody"),
    )
    return choices.pick(calls)
