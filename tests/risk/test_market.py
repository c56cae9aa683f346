"""The figures of the market agree with what the rules then do. The verb shows them."""

import json
from fractions import Fraction
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.protocols import pack_at
from harness.verbs.new_trace import first_actions
from risk.market import FundFigures, Market, OfferFigures, TableFigures, VaultFigures
from spec.market.actions import (
    BuyPolicy,
    Enrol,
    FundOffer,
    Mint,
    OpenFund,
    OpenOffer,
    OpenReceiptVault,
    RedeemReceipts,
    Underwrite,
)
from spec.market.chains_actions import DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.chains_state import ChannelTerms
from spec.market.insurance_state import FUND_TERMS, FUNDS, Capital
from spec.market.recourses.symbiotic import RECOURSE
from spec.market.state import Risk
from spec.market.symbiotic import CUSTODY, PORT
from spec.market.transition import ACCOUNT
from spec.symbiotic.actions import AdvanceTime, Redeem, Slash
from tests.spec.market.conftest import FUND, OFFER, SERVICE, VAULT, WAD, Chain, fund_terms, insured, on_symbiotic, terms

__all__ = ["on_symbiotic"]
MARKET = Market(PORT, CUSTODY, RECOURSE, ACCOUNT)


def slash(amount: int) -> Slash:
    """A slash of this amount from the operator, for a capture one second ago."""
    return Slash("middleware", VAULT, SERVICE, "operator", amount, 1000)


def test_an_offer_pays_for_its_risk_or_does_not(on_symbiotic: Chain) -> None:
    chain, risk = on_symbiotic, Risk(WAD // 10, WAD // 2, WAD // 4, WAD, 200)
    chain.do(
        OpenOffer("network", SERVICE, VAULT, terms(), risk),
        FundOffer("network", SERVICE, VAULT, 100),
        Enrol("operator", SERVICE, VAULT, 0),
    )
    (found,) = MARKET.offers(chain.state)
    assert found == OfferFigures(
        offer=OFFER,
        rate=WAD // 1000,
        break_even_rate=WAD // 1000,  # a tenth, and a quarter of four tenths, of a year of two hundred points
        target_stake=2000,
        counted_stake=1000,
        slashable_stake=1000,
        lasting_stake=1000,
        budget_grains=100 * WAD,
        yearly_yield=Fraction(1, 5),
        paid_points=100,
    )
    assert found.carries_its_risk
    chain.do(AdvanceTime(30))
    (later,) = MARKET.offers(chain.state)
    assert (later.budget_grains, later.paid_points) == (70 * WAD, 70)
    assert chain.now.get(FUND_TERMS, FUND).is_open is False


def test_an_offer_that_nobody_serves_earns_nothing_and_what_has_no_price_has_no_yield(on_symbiotic: Chain) -> None:
    on_symbiotic.do(OpenOffer("network", SERVICE, VAULT, terms(), Risk()))
    (found,) = MARKET.offers(on_symbiotic.state)
    assert (found.counted_stake, found.yearly_yield, found.paid_points) == (0, None, None)


def test_a_fund_owes_what_a_slash_then_takes_of_it(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, 150, capital=1000, deductible_grains=40 * WAD)
    chain.do(AdvanceTime(1))
    (found,) = MARKET.funds(chain.state, WAD // 10)
    before = chain.now.get(FUNDS, FUND)
    chain.do(slash(100))
    after = chain.now.get(FUNDS, FUND)
    assert found.owed == (("operator", 60 * WAD),)  # a hundred lost, less the deductible
    assert before.staying_grains - after.staying_grains == 60 * WAD
    assert found.unpaid_grains == 0


def test_a_fund_with_leverage_cannot_pay_everything(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, 600, capital=300, leverage_wad=3 * WAD)
    (found,) = MARKET.funds(chain.state, WAD)
    capital = chain.now.get(FUNDS, FUND)
    assert found == FundFigures(
        fund=FUND,
        terms=chain.now.get(FUND_TERMS, FUND),
        capital=capital,
        assets_grains=capital.staying_grains,
        utilisation=Fraction(600 * WAD, 3 * capital.staying_grains),
        owed=(("operator", 600 * WAD),),
    )
    assert found.unpaid_grains == 600 * WAD - capital.staying_grains > 0
    (milder,) = MARKET.funds(chain.state, WAD // 4)
    assert (milder.owed, milder.unpaid_grains) == ((("operator", 250 * WAD),), 0)
    chain.do(AdvanceTime(1), slash(1000))
    assert chain.now.get(FUNDS, FUND) == Capital(0, capital.staying_shares, 0, 0, 0)


def test_two_policies_of_one_holder_owe_no_more_than_its_loss(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    insured(chain, 100)
    chain.do(BuyPolicy("staker", SERVICE, VAULT, "sponsor", "operator", 100, 40, 10**6))
    assert [found.owed for found in MARKET.funds(chain.state, 15 * WAD // 100)] == [(("operator", 150 * WAD),)]


def test_a_vault_at_an_old_mark_pays_the_first_to_leave_too_much(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(
        OpenReceiptVault("anybody", "marked", VAULT, "", "", 50),
        OpenReceiptVault("anybody", "lender", "", "", "marked"),
    )
    chain.do(Mint("staker", "marked", 600, 600), Mint("staker", "lender", 150, 150), AdvanceTime(1), slash(400))
    marked = VaultFigures("marked", "", VAULT, 600, Fraction(450), marked_worth=600, first_gain=Fraction(1, 3))
    lender = VaultFigures("lender", "marked", "", 150, Fraction(225, 2), marked_worth=None, first_gain=None)
    assert MARKET.vaults(chain.state) == (lender, marked)
    assert (marked.receipt_worth, lender.receipt_worth) == (Fraction(3, 4), Fraction(3, 4))
    chain.do(RedeemReceipts("staker", "lender", 150, 1), RedeemReceipts("staker", "marked", 600, 1))
    assert [(found.worth, found.receipt_worth) for found in MARKET.vaults(chain.state)] == [(Fraction(0), None)] * 2


def test_a_stale_table_is_worth_less_than_it_says(on_symbiotic: Chain) -> None:
    """A channel's tables stay fresh for longer than an epoch. All stake leaves after a table, and a quarter is
    slashed.
    """
    chain, channel = on_symbiotic, (SERVICE, VAULT, "rollup")
    chain.do(OpenChannel("network", *channel, ChannelTerms(delay_points=3, staleness_points=200, reaction_points=37)))
    assert MARKET.tables(chain.state) == ()
    chain.do(AdvanceTime(100), SendTable("network", *channel, ("operator",)))
    chain.do(Redeem("staker", VAULT, "staker", 1000), AdvanceTime(59), DeliverTable("anybody", *channel, 1099))
    whole = TableFigures(channel, 1099, is_good=True, is_within_window=False, says=1000, left=1000)
    assert MARKET.tables(chain.state) == (whole,)
    chain.do(AdvanceTime(39), Slash("middleware", VAULT, SERVICE, "operator", 250, 1099))
    (slashed,) = MARKET.tables(chain.state)
    assert (slashed, slashed.is_worth_it) == (attrs.evolve(whole, left=750), False)
    chain.do(AdvanceTime(2))
    (gone,) = MARKET.tables(chain.state)
    assert (gone.says, gone.left, gone.is_good) == (1000, 0, True)
    chain.do(DisableTable("network", *channel, 1099))
    (disabled,) = MARKET.tables(chain.state)
    assert (disabled.is_good, disabled.is_worth_it) == (False, True)


def code_of(*arguments: object) -> object:
    """The exit code that the command returns."""
    words = ["risk", "market", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(cli, words, standalone_mode=False).return_value


def asked(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["risk", "market", *(str(argument) for argument in arguments)])


def test_the_exit_code_says_whether_every_fund_could_pay(tmp_path: Path) -> None:
    """A fund whose cover is twice its capital can pay for a small slash, but not for a slash of everything."""
    walk = pack_at("market_on_symbiotic").walk
    assert walk is not None
    service, vault = ("network0", 0), "vault0"
    calls = [
        *walk.opening(),
        OpenOffer("network0", service, vault, terms(), Risk(0, 0, 0, WAD, 10**6)),
        OpenFund("sponsor", service, vault, fund_terms(leverage_wad=4 * WAD)),
        Underwrite("staker0", service, vault, "sponsor", 10**15),
        BuyPolicy("staker0", service, vault, "sponsor", "operator0", 2 * 10**15, 40, 10**18),
    ]
    path = tmp_path / "leveraged.json"
    path.write_text(json.dumps(walk.protocol.write_trace(walk.world, calls)))
    assert [code_of(path, "--psi", psi) for psi in ("1/100000", "1")] == [0, 1]
    assert "can pay                 NO" in asked(path).stdout


@pytest.fixture(params=["eigenlayer", "symbiotic"])
def trace(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A fixture: the file of a trace of a walk through a market."""
    walk = pack_at(f"market_on_{request.param}").walk
    assert walk is not None
    path = tmp_path / "market.json"
    path.write_text(json.dumps(walk.protocol.write_trace(walk.world, first_actions(walk, 3, 200))))
    return path


def test_the_verb_reads_a_market_of_any_base_by_the_name_in_its_trace(trace: Path) -> None:
    result = asked(trace, "--psi", "1/2", "--json")
    found = json.loads(result.stdout)
    assert code_of(trace, "--psi", "1/2") == (1 if "NO" in result.stdout else 0)
    assert set(found) == {"digests", "point", "psi", "offers", "funds", "vaults", "tables", "mandates"}
    assert found["offers"] != {}
    assert found["funds"] != {}
    assert next(set(rows) for rows in found["vaults"].values()) >= {"issued", "worth", "worth of a receipt"}
    text = asked(trace)
    assert text.stdout.startswith("point ")
    assert "offer " in text.stdout
    first, kinds = asked(f"{trace}@0"), ("offers", "funds", "vaults", "tables")
    assert first.stdout.splitlines()[1:] == [f"{kind}: none" for kind in (*kinds, "mandates")]
    assert code_of(f"{trace}@0") == 0


def test_what_is_no_trace_of_a_market_is_refused(trace: Path, tmp_path: Path) -> None:
    walk = pack_at("symbiotic").walk
    assert walk is not None
    path = tmp_path / "base.json"
    path.write_text(json.dumps(walk.protocol.write_trace(walk.world, first_actions(walk, 0, 5))))
    refused = asked(path)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "symbiotic has no market; market_on_eigenlayer, market_on_symbiotic have one" in refused.stderr
    assert "there is no step 99999" in asked(f"{trace}@99999").stderr
    beyond = asked(trace, "--psi", "2")
    assert (beyond.exit_code, "more than everything" in beyond.stderr) == (2, True)
