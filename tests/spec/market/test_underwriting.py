"""Funds and their underwriters, call by call: whole rows, and each reason of rejection in its order."""

from typing import Any

import attr
import pytest

from spec.machine import SINGLETON
from spec.market.actions import AnnounceExit, BuyPolicy, ClaimFees, Exit, OpenFund, OpenOffer, ReleasePolicy, Underwrite
from spec.market.insurance_state import FUND_TERMS, FUNDS, UNDERWRITERS, Capital, FundTerms, Underwritten
from spec.market.reasons import Reason
from spec.market.state import CLAIMABLES, TREASURY, Claimable, Treasury
from spec.market.transition import ACCOUNT
from spec.symbiotic.actions import AdvanceTime, Slash
from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import TOKEN_BALANCES
from tests.spec.market.conftest import FUND, PRICED, SERVICE, VAULT, WAD, Chain, fund_terms, insured, terms

OPEN = OpenOffer("network", SERVICE, VAULT, terms(), PRICED)


def of_fund(kind: Any, sender: str, *arguments: int) -> Any:
    """A call of this kind by the sender on the sponsor's fund."""
    return kind(sender, SERVICE, VAULT, "sponsor", *arguments)


def test_a_fund_opens_empty(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(OPEN)
    assert chain.try_(OpenFund("sponsor", SERVICE, VAULT, fund_terms())) is None
    assert chain.now.get(FUND_TERMS, FUND) == attr.evolve(fund_terms(), is_open=True)
    assert chain.now.get(FUNDS, FUND) == Capital()


@pytest.mark.parametrize(
    "changed",
    [
        {"leverage_wad": WAD - 1},
        {"deductible_grains": -1},
        {"coinsurance_wad": 0},
        {"coinsurance_wad": WAD + 1},
        {"kink_wad": 0},
        {"kink_wad": WAD},
        {"slope_wad": -1},
        {"steep_slope_wad": -1},
        {"loading_wad": -1},
        {"wait_points": -1},
        {"wait_points": 50},
    ],
)
def test_what_a_fund_is_refused_for(on_symbiotic: Chain, changed: dict[str, int]) -> None:
    chain, bad = on_symbiotic, fund_terms(**changed)
    assert chain.try_(OpenFund("sponsor", SERVICE, VAULT, bad)) is Reason.NO_SUCH_OFFER
    chain.do(OPEN)
    assert chain.try_(OpenFund("sponsor", SERVICE, VAULT, bad)) is Reason.INVALID_FUND
    chain.do(OpenFund("sponsor", SERVICE, VAULT, fund_terms()))
    assert chain.try_(OpenFund("sponsor", SERVICE, VAULT, bad)) is Reason.FUND_IS_OPEN


def test_capital_is_paid_in_for_shares(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(OPEN)
    assert chain.try_(of_fund(Underwrite, "network", 0)) is Reason.NO_SUCH_FUND
    chain.do(OpenFund("sponsor", SERVICE, VAULT, FundTerms(False, WAD, 0, WAD, 0, 50, WAD // 2)))
    assert chain.try_(of_fund(Underwrite, "network", 0)) is Reason.NOTHING_TO_PAY_IN
    assert chain.try_(of_fund(Underwrite, "network", -1)) is Reason.NOTHING_TO_PAY_IN
    assert chain.try_(of_fund(Underwrite, "network", 10**6 + 1)) is Reason.PAYMENT_FAILED
    assert chain.do(of_fund(Underwrite, "network", 300)) == 300 * WAD
    assert chain.do(of_fund(Underwrite, "staker", 100)) == 100 * WAD
    assert chain.now.get(FUNDS, FUND) == Capital(400 * WAD, 400 * WAD)
    assert chain.now.get(UNDERWRITERS, (FUND, "staker")) == Underwritten(100 * WAD)
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded=400, paid=0)
    assert chain.now.get(TOKEN_BALANCES, (COLLATERAL, ACCOUNT)).amount == 400


def test_who_leaves_waits_and_is_paid_what_it_is_worth_by_then(on_symbiotic: Chain) -> None:
    """A second announcement adds to the first, and restarts the waiting period for both."""
    chain = on_symbiotic
    insured(chain, cover=0)
    assert chain.try_(of_fund(Exit, "network")) is Reason.NOTHING_IS_LEAVING
    assert chain.try_(of_fund(AnnounceExit, "network", 0)) is Reason.NOT_ENOUGH_SHARES
    assert chain.try_(of_fund(AnnounceExit, "network", 1000 * WAD + 1)) is Reason.NOT_ENOUGH_SHARES
    assert chain.do(of_fund(AnnounceExit, "network", 300 * WAD)) == 300 * WAD
    chain.do(AdvanceTime(10))
    assert chain.do(of_fund(AnnounceExit, "network", 100 * WAD)) == 100 * WAD
    assert chain.now.get(FUNDS, FUND) == Capital(600 * WAD, 600 * WAD, 400 * WAD, 400 * WAD)
    assert chain.now.get(UNDERWRITERS, (FUND, "network")) == Underwritten(600 * WAD, 400 * WAD, 1060)
    chain.do(AdvanceTime(49))
    assert chain.try_(of_fund(Exit, "network")) is Reason.TOO_EARLY
    chain.do(AdvanceTime(1))
    assert chain.do(of_fund(Exit, "network")) == 400 * WAD
    assert chain.now.get(FUNDS, FUND) == Capital(600 * WAD, 600 * WAD)
    assert chain.now.get(UNDERWRITERS, (FUND, "network")) == Underwritten(600 * WAD)
    assert chain.now.get(CLAIMABLES, "network") == Claimable(400 * WAD)
    assert chain.do(ClaimFees("network")) == 400
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded=1000, paid=400)


def test_premiums_are_of_those_who_stay_and_losses_of_all(on_symbiotic: Chain) -> None:
    """Four tenths of the capital are leaving. They get no premium, and bear four tenths of the loss, rounded down."""
    chain = on_symbiotic
    insured(chain, cover=0)
    chain.do(of_fund(AnnounceExit, "network", 400 * WAD))
    chain.do(BuyPolicy("staker", SERVICE, VAULT, "sponsor", "operator", 500, 40, 10**6))
    premium = chain.now.get(TREASURY, SINGLETON).funded - 1000
    assert chain.now.get(FUNDS, FUND) == Capital((600 + premium) * WAD, 600 * WAD, 400 * WAD, 400 * WAD, 500 * WAD)
    chain.do(AdvanceTime(5), Slash("middleware", VAULT, SERVICE, "operator", 300, 1004))
    of_leaving = 300 * WAD * 400 // (1000 + premium)
    assert chain.now.get(FUNDS, FUND) == Capital(
        (300 + premium) * WAD + of_leaving, 600 * WAD, 400 * WAD - of_leaving, 400 * WAD, 200 * WAD
    )
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(300 * WAD)


def test_no_capital_leaves_that_backs_a_cover(on_symbiotic: Chain) -> None:
    """All capital is announced to leave while 500 are covered. It can leave after the policy has ended and was
    released.
    """
    chain = on_symbiotic
    insured(chain, cover=500)
    chain.do(of_fund(AnnounceExit, "network", 1000 * WAD), AdvanceTime(50))
    assert chain.try_(of_fund(Exit, "network")) is Reason.CAPITAL_BACKS_COVER
    chain.do(ReleasePolicy("anybody", SERVICE, VAULT, 0))
    chain.do(of_fund(Exit, "network"))
    assert chain.now.get(FUNDS, FUND) == Capital()


def test_a_fund_that_lost_everything_takes_no_more_capital(on_symbiotic: Chain) -> None:
    """The cover is three times the capital, and a loss takes all of it. An underwriter that leaves then is paid
    nothing.
    """
    chain = on_symbiotic
    insured(chain, cover=900, capital=300, leverage_wad=4 * WAD)
    leaving = chain.do(of_fund(AnnounceExit, "network", 100 * WAD))
    assert leaving == 117 * WAD  # with its part of a premium of 51
    chain.do(AdvanceTime(5), Slash("middleware", VAULT, SERVICE, "operator", 500, 1004))
    assert chain.now.get(FUNDS, FUND) == Capital(0, 200 * WAD, 0, 117 * WAD, 400 * WAD)
    assert chain.try_(of_fund(Underwrite, "network", 1)) is Reason.FUND_IS_LOST
    assert chain.try_(of_fund(AnnounceExit, "network", 200 * WAD)) is Reason.NOT_ENOUGH_SHARES
    chain.do(AdvanceTime(50))
    assert chain.try_(of_fund(Exit, "network")) is Reason.CAPITAL_BACKS_COVER
    chain.do(ReleasePolicy("anybody", SERVICE, VAULT, 0))
    assert chain.do(of_fund(Exit, "network")) == 0
    assert chain.now.get(FUNDS, FUND) == Capital(0, 200 * WAD)


def test_all_that_is_leaving_is_lost_with_the_rest(on_symbiotic: Chain) -> None:
    """All capital was leaving, and all is lost. The fund accepts no more capital, since its shares would have
    no price.
    """
    chain = on_symbiotic
    insured(chain, cover=900, capital=300, leverage_wad=4 * WAD)
    chain.do(of_fund(AnnounceExit, "network", 300 * WAD))
    chain.do(AdvanceTime(5), Slash("middleware", VAULT, SERVICE, "operator", 500, 1004))
    capital = chain.now.get(FUNDS, FUND)
    assert (capital.staying_grains, capital.staying_shares, capital.leaving_grains) == (0, 0, 0)
    assert chain.try_(of_fund(Underwrite, "network", 1)) is Reason.FUND_IS_LOST
