"""Policies and payouts, call by call: whole rows, each reason of rejection in its order, and who bears a loss."""

from typing import Any

import attrs
import pytest

from spec.eigenlayer import actions as el
from spec.machine import SINGLETON
from spec.market.actions import (
    BuyPolicy,
    DeclareAffiliate,
    Enrol,
    LimitCover,
    OpenFund,
    OpenOffer,
    ReleasePolicy,
    Underwrite,
)
from spec.market.insurance_state import AFFILIATES, COVERS, FUNDS, POLICIES, Capital, Covered, Declared, Policy
from spec.market.policies import MAX_POLICIES
from spec.market.reasons import Reason
from spec.market.state import CLAIMABLES, TREASURY, Claimable, Risk, Treasury
from spec.market.symbiotic import PORT as SYMBIOTIC
from spec.market.transition import ACCOUNT
from spec.symbiotic.actions import AdvanceTime, Deposit, Slash
from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import VAULTS
from tests.spec.market.conftest import FUND, OFFER, PRICED, SERVICE, VAULT, WAD, Chain, fund_terms, insured, terms


def buy(
    holder: str,
    cover: int,
    term_points: int = 40,
    highest: int = 10**6,
    sponsor: str = "sponsor",
    operator: str = "operator",
) -> BuyPolicy:
    return BuyPolicy(holder, SERVICE, VAULT, sponsor, operator, cover, term_points, highest)


def slash(amount: int, capture_timestamp: int) -> Slash:
    return Slash("middleware", VAULT, SERVICE, "operator", amount, capture_timestamp)


def second_fund(chain: Chain, capital: int, **changed: int) -> None:
    chain.do(
        OpenFund("other", SERVICE, VAULT, fund_terms(**changed)),
        Underwrite("network", SERVICE, VAULT, "other", capital),
    )


def test_a_policy_is_paid_for_at_once(on_symbiotic: Chain) -> None:
    """At four tenths of capacity the rate is a twentieth a year, plus half as loading.

    A cover of 400 for 40 of a year's 100 points then costs 12.
    """
    chain = on_symbiotic
    insured(chain, cover=0, wait_points=3)
    assert chain.try_(buy("staker", 400, highest=11)) is Reason.PREMIUM_TOO_HIGH
    assert chain.do(buy("staker", 400, highest=12)) == 0
    assert chain.now.get(FUNDS, FUND) == Capital(1012 * WAD, 1000 * WAD, cover_grains=400 * WAD)
    assert POLICIES.members(chain.now, OFFER) == [
        Policy(True, "sponsor", "staker", "operator", 400 * WAD, 1003, 1043),
    ]
    assert chain.now.get(COVERS, OFFER) == Covered(400 * WAD)
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded=1012, paid=0)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (buy("operator", 0, 0, sponsor="other"), Reason.NO_SUCH_FUND),
        (buy("operator", 0, 0), Reason.NOTHING_TO_COVER),
        (buy("operator", 2000, 0), Reason.INVALID_TERM),
        (buy("operator", 2000, 48), Reason.INVALID_TERM),
        (buy("operator", 2000, 47), Reason.SELF_INSURANCE),
        (buy("friend", 2000), Reason.SELF_INSURANCE),
        (buy("friend", 2000, operator="partner"), Reason.COVER_ABOVE_VALUE),
        (buy("staker", 1001), Reason.COVER_ABOVE_VALUE),
        (buy("staker", 901, highest=0), Reason.COVER_ABOVE_CAPITAL),
        (buy("staker", 801, highest=0), Reason.COVER_ABOVE_LIMIT),
        (buy("staker", 800, highest=0), Reason.PREMIUM_TOO_HIGH),
        (buy("staker", 800), None),
    ],
)
def test_what_a_policy_is_refused_for(on_symbiotic: Chain, action: BuyPolicy, reason: Reason | None) -> None:
    chain = on_symbiotic
    insured(chain, cover=0, capital=900, wait_points=3, bars_self_insurance=True)
    chain.do(
        Enrol("operator", SERVICE, VAULT, 0),
        LimitCover("network", SERVICE, VAULT, WAD * 4 // 5),
        DeclareAffiliate("operator", "friend"),
    )
    assert chain.now.get(AFFILIATES, ("operator", "friend")) == Declared(True)
    answer = chain.try_(action)
    assert answer is reason if reason is not None else answer == 0


def test_a_premium_that_cannot_be_paid(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, cover=0, slope_wad=10**30 * WAD)
    assert chain.try_(buy("staker", 1000, highest=10**60)) is Reason.PAYMENT_FAILED


def test_an_offer_has_so_many_policies_and_a_place_is_taken_again(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, cover=0)
    for place in range(MAX_POLICIES):
        assert chain.do(buy("staker", 1, 40 if place else 10)) == place
    assert chain.try_(buy("staker", 1)) is Reason.NO_PLACE_FREE
    assert chain.try_(ReleasePolicy("anybody", SERVICE, VAULT, MAX_POLICIES)) is Reason.NO_SUCH_POLICY
    chain.do(AdvanceTime(9))
    assert chain.try_(ReleasePolicy("anybody", SERVICE, VAULT, 0)) is Reason.TOO_EARLY
    chain.do(AdvanceTime(1), ReleasePolicy("anybody", SERVICE, VAULT, 0))
    assert chain.try_(ReleasePolicy("anybody", SERVICE, VAULT, 0)) is Reason.NO_SUCH_POLICY
    assert chain.now.get(COVERS, OFFER) == Covered((MAX_POLICIES - 1) * WAD)
    assert chain.do(buy("staker", 1)) == 0
    assert POLICIES.size(chain.now, OFFER) == MAX_POLICIES


def test_a_service_limits_what_is_sold_from_now_on(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(LimitCover("outsider", SERVICE, VAULT, WAD + 1)) is Reason.NOT_THE_SERVICE
    assert chain.try_(LimitCover("network", SERVICE, VAULT, WAD + 1)) is Reason.NO_SUCH_OFFER
    insured(chain, cover=100)
    assert chain.try_(LimitCover("network", SERVICE, VAULT, WAD + 1)) is Reason.INVALID_FRACTION
    assert chain.try_(LimitCover("network", SERVICE, VAULT, -1)) is Reason.INVALID_FRACTION
    chain.do(Enrol("operator", SERVICE, VAULT, 0), LimitCover("network", SERVICE, VAULT, WAD // 20))
    assert chain.now.get(COVERS, OFFER) == Covered(100 * WAD, True, WAD // 20)
    assert chain.try_(buy("staker", 1)) is Reason.COVER_ABOVE_LIMIT


def test_a_slash_of_one_unit_that_two_share_is_paid_to_each(on_symbiotic: Chain) -> None:
    """Worths are whole units: each of two holders loses one unit by a slash of one unit in all.

    The game law COAL-01 therefore allows one unit for each slash and insured holder.
    """
    chain = on_symbiotic
    chain.do(Deposit("other", VAULT, "other", 1000))
    insured(chain, cover=100)
    chain.do(buy("other", 100), AdvanceTime(5), slash(1, 1004))
    assert [chain.now.get(CLAIMABLES, holder) for holder in ("staker", "other")] == [Claimable(WAD)] * 2


def test_a_slash_pays_the_insured_and_nobody_else(on_symbiotic: Chain) -> None:
    """A quarter of the vault is lost. The policy pays four fifths of the staker's loss of 250 above a
    deductible of 50.
    """
    chain = on_symbiotic
    chain.do(Deposit("other", VAULT, "other", 1000))
    insured(chain, cover=300, deductible_grains=50 * WAD, coinsurance_wad=WAD * 4 // 5)
    capital = chain.now.get(FUNDS, FUND).staying_grains
    chain.do(AdvanceTime(5), slash(500, 1004))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(160 * WAD)
    assert chain.now.get(CLAIMABLES, "other") == Claimable(0)
    assert POLICIES.at(chain.now, OFFER, 0) == Policy(True, "sponsor", "staker", "operator", 140 * WAD, 1000, 1040)
    assert chain.now.get(FUNDS, FUND) == Capital(capital - 160 * WAD, 1000 * WAD, cover_grains=140 * WAD)
    chain.do(slash(500, 1004))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(300 * WAD)
    chain.do(ReleasePolicy("anybody", SERVICE, VAULT, 0))
    assert chain.now.get(COVERS, OFFER) == Covered(0)


@pytest.mark.parametrize(
    ("waited", "operator", "paid"),
    [(4, "operator", 0), (5, "operator", 100), (44, "operator", 100), (45, "operator", 0), (10, "partner", 0)],
)
def test_a_policy_is_in_force_from_its_start_until_its_end(
    on_symbiotic: Chain, waited: int, operator: str, paid: int
) -> None:
    chain = on_symbiotic
    insured(chain, cover=0, wait_points=5)
    chain.do(buy("staker", 500, operator=operator), AdvanceTime(waited), slash(100, 999 + waited))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(paid * WAD)


def test_policies_of_one_loss_never_pay_more_than_it(on_symbiotic: Chain) -> None:
    """Each policy pays on the loss that earlier ones left, even if they belong to different funds."""
    chain = on_symbiotic
    insured(chain, cover=300)
    second_fund(chain, 1000, coinsurance_wad=WAD // 2)
    assert [chain.do(buy("staker", 1000, sponsor="other")), chain.do(buy("staker", 500))] == [1, 2]
    chain.do(AdvanceTime(5), slash(700, 1004))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(700 * WAD)
    covers = [policy.cover_grains for policy in POLICIES.members(chain.now, OFFER)]
    assert covers == [0, 800 * WAD, 300 * WAD]


def test_a_leveraged_fund_pays_pro_rata_and_owes_once(on_symbiotic: Chain) -> None:
    """Two holders claim 500 each from a fund of 301. Each is paid 150.5, and a later slash pays no more."""
    chain = on_symbiotic
    chain.do(Deposit("other", VAULT, "other", 1000))
    insured(chain, cover=0, capital=301, leverage_wad=4 * WAD, slope_wad=0, steep_slope_wad=0)
    chain.do(buy("staker", 600), buy("other", 600))
    assert chain.now.get(FUNDS, FUND) == Capital(301 * WAD, 301 * WAD, cover_grains=1200 * WAD)
    chain.do(AdvanceTime(5), slash(1000, 1004))
    assert [chain.now.get(CLAIMABLES, holder).grains for holder in ("staker", "other")] == [301 * WAD // 2] * 2
    assert chain.now.get(FUNDS, FUND) == Capital(0, 301 * WAD, cover_grains=200 * WAD)
    assert [policy.cover_grains for policy in POLICIES.members(chain.now, OFFER)] == [100 * WAD, 100 * WAD]
    chain.do(slash(1000, 1004))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(301 * WAD // 2)


def redressed(chain: Chain) -> None:
    """Makes the vault send its slashed funds to the market's account."""
    vaults: Any = chain.state.rows(VAULTS)
    vaults[VAULT] = attrs.evolve(vaults[VAULT], burner=ACCOUNT)


def test_slashed_funds_go_to_the_insured_first(on_symbiotic: Chain) -> None:
    """A unit of stake is worth two tokens, so that 400 of slashed funds pay half of the claims. The funds pay the rest.

    After the policies have ended, slashed funds go to the service.
    """
    chain = on_symbiotic
    redressed(chain)
    chain.do(Deposit("other", VAULT, "other", 3000))
    chain.do(
        OpenOffer("network", SERVICE, VAULT, terms(), Risk(0, 0, 0, 2 * WAD, 100)),
        OpenFund("sponsor", SERVICE, VAULT, fund_terms()),
        Underwrite("network", SERVICE, VAULT, "sponsor", 1000),
    )
    second_fund(chain, 1000)
    chain.do(buy("staker", 200, 10), buy("other", 600, 10, sponsor="other"))
    before = [chain.now.get(FUNDS, fund).staying_grains for fund in (FUND, (OFFER, "other"))]
    chain.do(AdvanceTime(5), slash(400, 1004))
    assert [chain.now.get(CLAIMABLES, holder).grains for holder in ("staker", "other")] == [200 * WAD, 600 * WAD]
    after = [chain.now.get(FUNDS, fund).staying_grains for fund in (FUND, (OFFER, "other"))]
    assert after == [before[0] - 100 * WAD, before[1] - 300 * WAD]
    assert chain.now.get(CLAIMABLES, "network") == Claimable(0)
    funded = chain.now.get(TREASURY, SINGLETON).funded
    chain.do(AdvanceTime(10), slash(400, 1014))
    assert chain.now.get(CLAIMABLES, "network") == Claimable(400 * WAD)
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded + 400, 0)


def self_insured(chain: Chain, **changed: int) -> int:
    """Tokens that an operator is paid after a slash of its own stake, less the premium. It has tried to insure itself
    in full.

    The stake that it loses is not subtracted. `changed` replaces terms of the fund.
    """
    chain.do(Deposit("other", VAULT, "operator", 1000), SYMBIOTIC.payment(COLLATERAL, "network", "operator", 100))
    insured(chain, cover=0, capital=2000, **changed)
    bought = chain.try_(buy("operator", 1000))
    premium = chain.now.get(TREASURY, SINGLETON).funded - 2000
    assert (bought, premium > 0) in ((0, True), (Reason.SELF_INSURANCE, False))
    chain.do(AdvanceTime(5), slash(2000, 1004))
    return chain.now.get(CLAIMABLES, "operator").grains // WAD - premium


def test_an_operator_that_insures_itself_gains_where_the_rule_against_it_is_off(on_symbiotic: Chain) -> None:
    """The operator loses a stake of 1000 and is paid 1000, for a premium of 38."""
    assert self_insured(on_symbiotic) == 1000 - 38


def test_it_gains_nothing_where_the_rule_is_on(on_symbiotic: Chain) -> None:
    assert self_insured(on_symbiotic, bars_self_insurance=True) == 0


def test_an_account_declared_later_is_paid_nothing_from_then_on(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, cover=1000, bars_self_insurance=True)
    chain.do(AdvanceTime(5), slash(100, 1004), DeclareAffiliate("operator", "staker"), slash(100, 1004))
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(100 * WAD)
    assert POLICIES.at(chain.now, OFFER, 0).cover_grains == 900 * WAD


def test_a_slash_on_eigenlayer_is_a_loss_of_shares(on_eigenlayer: Chain) -> None:
    """Queued shares are slashed too, but are not insured. A tenth of the remaining 600 shares is paid."""
    chain, service, pool = on_eigenlayer, ("avs", 1), "strategy0"
    chain.do(
        OpenOffer("avs", service, pool, terms(), PRICED),
        OpenFund("sponsor", service, pool, fund_terms(slope_wad=0)),
        Underwrite("avs", service, pool, "sponsor", 2000),
        BuyPolicy("staker", service, pool, "sponsor", "operator", 1000, 40, 0),
        el.QueueWithdrawals("staker", (el.WithdrawalRequest((pool,), (400,)),)),
        el.SlashOperator("slasher", "avs", "operator", 1, (pool,), (WAD // 10,)),
    )
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(60 * WAD)
    assert chain.now.get(FUNDS, ((service, pool), "sponsor")) == Capital(1940 * WAD, 2000 * WAD, cover_grains=940 * WAD)
