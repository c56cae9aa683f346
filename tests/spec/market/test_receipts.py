"""Receipt vaults, call by call: whole rows, and each reason of rejection in its order."""

import itertools
from typing import Any

import pytest

from invariants.checking import Checker
from invariants.market import symbiotic
from spec.eigenlayer import actions as el
from spec.eigenlayer.state import ALLOWANCES, STAKERS, TOKEN_BALANCES, Allowance
from spec.machine import Delta, Draft
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.eigenlayer import CUSTODY as ON_EIGENLAYER
from spec.market.reasons import Reason
from spec.market.receipts_state import (
    ISSUED,
    RECEIPT_VAULTS,
    RECEIPTS,
    RECEIPTS_OF_VAULTS,
    REDEMPTIONS,
    Receipt,
    Receipts,
    ReceiptVault,
    Redemption,
)
from spec.market.symbiotic import CUSTODY as ON_SYMBIOTIC
from spec.symbiotic import actions as sym
from tests.spec.market.conftest import SERVICE, VAULT, WAD, Chain

ACCOUNT = "market/liquid"
BASE = OpenReceiptVault("anybody", "liquid", VAULT, "", "")
ABOVE = OpenReceiptVault("anybody", "above", "", "", "liquid")
MARKED = OpenReceiptVault("anybody", "marked", VAULT, "", "", 10)
ON_STRATEGY = OpenReceiptVault("anybody", "liquid", "strategy0", "operator", "")


def amounts(now: Draft, vault: str, *holders: str) -> tuple[int, ...]:
    """The amount of all receipts of a vault, followed by the amounts of the given holders."""
    return (now.get(ISSUED, vault).amount, *[now.get(RECEIPTS, (vault, holder)).amount for holder in holders])


def slash(chain: Chain, amount: int) -> None:
    chain.do(sym.AdvanceTime(1))
    chain.do(sym.Slash("middleware", VAULT, SERVICE, "operator", amount, 1000))


@pytest.fixture
def strategy(on_eigenlayer: Chain) -> Chain:
    """A fixture: the chain on EigenLayer, where the vault's account has approved the strategy manager as any staker
    must.
    """
    on_eigenlayer.state.rows(ALLOWANCES)[ACCOUNT] = Allowance(True)
    return on_eigenlayer


def test_a_vault_opens_empty_and_for_good(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    for bad in (
        OpenReceiptVault("anybody", "", VAULT, "", ""),
        OpenReceiptVault("anybody", "liquid", VAULT, "", "", -1),
        OpenReceiptVault("anybody", "liquid", "", "", ""),
        OpenReceiptVault("anybody", "liquid", VAULT, "", "other"),
        OpenReceiptVault("anybody", "liquid", "", "operator", "other"),
        OpenReceiptVault("anybody", "liquid", "", "", "other", 10),
    ):
        assert chain.try_(bad) is Reason.INVALID_VAULT
    assert chain.try_(ABOVE) is Reason.NO_SUCH_VAULT
    assert chain.try_(BASE) is None
    assert chain.try_(ABOVE) is None
    assert chain.try_(MARKED) is None
    assert chain.try_(OpenReceiptVault("anybody", "liquid", "", "", "")) is Reason.VAULT_IS_OPEN
    assert chain.now.get(RECEIPT_VAULTS, "liquid") == ReceiptVault(True, VAULT)
    assert chain.now.get(RECEIPT_VAULTS, "above") == ReceiptVault(True, "", "", "liquid")
    assert chain.now.get(RECEIPT_VAULTS, "marked") == ReceiptVault(True, VAULT, "", "", 10)
    assert chain.now.get(ISSUED, "marked") == Receipts(0, 0, 1000)


def test_receipts_are_minted_at_net_value(on_symbiotic: Chain) -> None:
    """After a loss of a tenth a new holder gets more receipts for the same stake. Nobody's share of the rest
    shrinks.
    """
    chain = on_symbiotic
    assert chain.try_(Mint("staker", "liquid", 100, 0)) is Reason.NO_SUCH_VAULT
    chain.do(BASE)
    assert chain.try_(Mint("staker", "liquid", 0, 0)) is Reason.NOTHING_TO_PAY_IN
    assert chain.try_(Mint("staker", "liquid", 10**31, 0)) is Reason.BASE_REFUSES
    assert chain.try_(Mint("staker", "liquid", 1000, 1001)) is Reason.TOO_LITTLE
    assert chain.do(Mint("staker", "liquid", 1000, 1000)) == 1000
    slash(chain, 200)
    assert chain.do(Mint("other", "liquid", 900, 1)) == 999  # a thousand, but that the base rounds down
    assert amounts(chain.now, "liquid", "staker", "other") == (1999, 1000, 999)
    assert ON_SYMBIOTIC.worth(chain.now, ACCOUNT, VAULT) == 1799


def test_a_redemption_enters_the_bases_queue(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(BASE, Mint("staker", "liquid", 600, 1), Mint("other", "liquid", 400, 1))
    for number in (0, 401, -1):
        assert chain.try_(RedeemReceipts("other", "liquid", number, 0)) is Reason.NOT_ENOUGH_RECEIPTS
    assert chain.try_(RedeemReceipts("other", "liquid", 100, 101)) is Reason.TOO_LITTLE
    assert chain.do(RedeemReceipts("other", "liquid", 100, 100)) == 100
    assert amounts(chain.now, "liquid", "staker", "other") == (900, 600, 300)
    assert chain.now.get(REDEMPTIONS, ("liquid", 0)) == Redemption()
    chain.do(sym.AdvanceTime(200))
    assert chain.do(sym.Claim("other", VAULT, "other", 1)) == 100
    assert chain.try_(Settle("other", "liquid", 0)) is Reason.NO_SUCH_REDEMPTION
    assert chain.try_(Settle("other", "nothing", 0)) is Reason.NO_SUCH_VAULT


def test_what_is_worth_nothing_is_not_redeemed(on_symbiotic: Chain) -> None:
    """Half of three units is lost. One receipt is then worth less than a unit, and the base protocol rejects its
    redemption.
    """
    chain = on_symbiotic
    chain.do(BASE, Mint("staker", "liquid", 3, 1))
    slash(chain, 502)
    assert chain.try_(RedeemReceipts("staker", "liquid", 1, 0)) is Reason.BASE_REFUSES
    assert chain.do(RedeemReceipts("staker", "liquid", 2, 0)) == 2


def test_a_gift_is_everybodys(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(Give("other", "liquid", 1)) is Reason.NO_SUCH_VAULT
    chain.do(BASE, Mint("staker", "liquid", 600, 1), Mint("other", "liquid", 400, 1))
    assert chain.try_(Give("other", "liquid", 0)) is Reason.NOTHING_TO_PAY_IN
    assert chain.try_(Give("other", "liquid", 10**31)) is Reason.BASE_REFUSES
    assert chain.try_(Give("other", "liquid", 500)) is None
    assert amounts(chain.now, "liquid", "staker", "other") == (1000, 600, 400)
    assert chain.do(RedeemReceipts("staker", "liquid", 599, 1)) == 898


def test_whoever_mints_first_has_what_was_given_before(on_symbiotic: Chain) -> None:
    """Nobody is diluted: there were no receipts. Tokens that the vault's account had before it opened stay where they
    are. A strict checker finds that no law is broken.
    """
    checker = Checker(symbiotic.CATALOGUE, on_symbiotic.state, is_strict=True)
    given = (
        sym.TransferCollateral("other", ACCOUNT, 7),
        BASE,
        Give("other", "liquid", 500),
        Mint("staker", "liquid", 100, 100),
        RedeemReceipts("staker", "liquid", 100, 600),
    )
    for action in given:
        outcome = on_symbiotic.protocol.transition(Draft(checker.state), action)
        assert isinstance(outcome, Delta), action
        assert checker.accept(action, outcome) == []
    assert amounts(Draft(checker.state), "liquid", "staker") == (0, 0)


def test_who_gives_first_cannot_take_what_comes(on_symbiotic: Chain) -> None:
    """One receipt and a gift of 100 make the next receipt cost 101. A minimum of expected receipts protects the
    depositor.
    """
    chain = on_symbiotic
    chain.do(BASE, Mint("other", "liquid", 1, 1), Give("other", "liquid", 100))
    assert chain.try_(Mint("staker", "liquid", 100, 0)) is Reason.TOO_LITTLE
    assert chain.try_(Mint("staker", "liquid", 201, 201)) is Reason.TOO_LITTLE
    assert chain.do(Mint("staker", "liquid", 201, 0)) == 1


def test_receipts_back_receipts_to_any_depth(on_symbiotic: Chain) -> None:
    """Four vaults, each on the one before. A slash or gift in one reaches every vault above it, exactly once."""
    chain = on_symbiotic
    names = ["liquid", "above", "higher", "highest"]
    chain.do(BASE, *[OpenReceiptVault("anybody", above, "", "", name) for name, above in itertools.pairwise(names)])
    assert chain.try_(Mint("staker", "above", 1, 1)) is Reason.NOT_ENOUGH_RECEIPTS
    chain.do(*[Mint("staker", name, 1000, 1) for name in names])
    assert amounts(chain.now, "liquid", "staker") == (1000, 0)
    assert chain.now.get(RECEIPTS_OF_VAULTS, ("liquid", "above")) == Receipt(1000)
    chain.do(Mint("other", "liquid", 1000, 1), Give("other", "above", 500))
    assert chain.try_(Give("other", "above", 501)) is Reason.NOT_ENOUGH_RECEIPTS
    slash(chain, 300)  # of 3000 in all
    assert chain.do(*[RedeemReceipts("staker", name, 1000, 1) for name in reversed(names[1:])]) == 1500
    assert chain.do(RedeemReceipts("staker", "liquid", 1500, 1)) == 1500
    chain.do(sym.AdvanceTime(200))
    assert chain.do(sym.Claim("staker", VAULT, "staker", 1)) == 1350
    assert amounts(chain.now, "liquid", "other") == (500, 500)
    assert chain.now.get(ISSUED, "above") == Receipts(0, 0, 1000)


def test_a_vault_of_which_nothing_is_left_takes_no_more(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(BASE, Mint("staker", "liquid", 10, 1))
    chain.do(sym.Redeem(ACCOUNT, VAULT, "staker", 10))  # as if the base had lost it
    assert chain.try_(Mint("staker", "liquid", 0, 0)) is Reason.VAULT_IS_LOST
    assert chain.try_(RedeemReceipts("staker", "liquid", 10, 0)) is Reason.TOO_LITTLE


def test_a_mark_is_stale_until_it_is_set_anew(on_symbiotic: Chain) -> None:
    """Half of 2000 is lost. A holder that redeems 400 of 1000 receipts at the old mark takes the price from before the
    loss.

    It leaves 100 to the other 600 receipts.
    """
    chain = on_symbiotic
    assert chain.try_(Revalue("anybody", "marked")) is Reason.NO_SUCH_VAULT
    chain.do(BASE, MARKED, Mint("staker", "marked", 600, 1), Mint("other", "marked", 400, 1))
    assert chain.now.get(ISSUED, "marked") == Receipts(1000, 1000, 1000)
    assert chain.try_(Revalue("anybody", "liquid")) is Reason.NO_SUCH_VAULT
    assert chain.try_(Revalue("anybody", "marked")) is Reason.TOO_EARLY
    slash(chain, 1000)
    assert chain.do(RedeemReceipts("other", "marked", 400, 1)) == 800
    assert chain.now.get(ISSUED, "marked") == Receipts(600, 600, 1000)
    assert ON_SYMBIOTIC.worth(chain.now, "market/marked", VAULT) == 100
    assert chain.do(Mint("other", "marked", 60, 1)) == 59
    chain.do(sym.AdvanceTime(9))
    assert chain.do(Revalue("anybody", "marked")) == 159
    assert chain.now.get(ISSUED, "marked") == Receipts(659, 159, 1010)
    assert chain.do(RedeemReceipts("staker", "marked", 600, 1)) == 288
    assert chain.now.get(ISSUED, "marked") == Receipts(59, 15, 1010)


def test_a_mark_pays_no_more_than_there_is(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(MARKED, Mint("staker", "marked", 600, 1), Mint("other", "marked", 400, 1))
    slash(chain, 1000)
    assert chain.do(RedeemReceipts("staker", "marked", 600, 1)) == 1000
    assert chain.try_(RedeemReceipts("other", "marked", 400, 0)) is Reason.TOO_LITTLE
    assert chain.try_(Mint("other", "marked", 1, 0)) is Reason.VAULT_IS_LOST


def test_a_vault_that_is_empty_again_begins_a_new_mark(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(MARKED, Mint("staker", "marked", 600, 1), Give("other", "marked", 60), sym.AdvanceTime(3))
    assert chain.do(RedeemReceipts("staker", "marked", 600, 1)) == 600
    assert chain.do(Mint("other", "marked", 40, 1)) == 40
    assert chain.now.get(ISSUED, "marked") == Receipts(40, 100, 1003)


def test_on_eigenlayer_a_redemption_waits_in_the_queue_of_the_vault(strategy: Chain) -> None:
    chain = strategy
    assert chain.try_(OpenReceiptVault("anybody", "liquid", "strategy0", "nobody", "")) is Reason.BASE_REFUSES
    chain.do(ON_STRATEGY)
    assert chain.now.get(STAKERS, ACCOUNT).delegated_to == "operator"
    assert chain.do(Mint("staker", "liquid", 600, 1)) == 600
    assert chain.do(Mint("other", "liquid", 400, 1)) == 400
    chain.do(el.SlashOperator("slasher", "avs", "operator", 1, ("strategy0",), (WAD // 10,)))
    assert ON_EIGENLAYER.worth(chain.now, ACCOUNT, "strategy0") == 900
    assert chain.do(Mint("other", "liquid", 90, 1)) == 99  # a hundred, but that the factor of EigenLayer rounds down
    assert chain.do(RedeemReceipts("staker", "liquid", 600, 1)) == 595
    assert chain.now.get(REDEMPTIONS, ("liquid", 0)) == Redemption("staker")
    assert chain.try_(Settle("anybody", "liquid", 0)) is Reason.BASE_REFUSES
    chain.do(el.MineBlocks(20))
    before = chain.now.get(TOKEN_BALANCES, ("token0", "staker")).amount
    paid: Any = chain.do(Settle("anybody", "liquid", 0))
    assert paid == 540
    assert chain.now.get(TOKEN_BALANCES, ("token0", "staker")).amount - before == paid
    assert chain.now.get(TOKEN_BALANCES, ("token0", ACCOUNT)).amount == 0
    assert chain.now.get(REDEMPTIONS, ("liquid", 0)) == Redemption()
    assert chain.try_(Settle("anybody", "liquid", 0)) is Reason.BASE_REFUSES


def test_what_an_operator_sends_away_comes_back(strategy: Chain) -> None:
    """An operator can undelegate the vault. The vault has no stake until the withdrawal completes, and no operator
    after it.
    """
    chain = strategy
    chain.do(ON_STRATEGY, Mint("staker", "liquid", 600, 1), el.Undelegate("operator", ACCOUNT))
    assert chain.try_(Mint("staker", "liquid", 600, 1)) is Reason.VAULT_IS_LOST
    assert chain.try_(RedeemReceipts("staker", "liquid", 600, 0)) is Reason.TOO_LITTLE
    chain.do(el.MineBlocks(20))
    assert chain.do(Settle("anybody", "liquid", 0)) == 0
    assert chain.do(RedeemReceipts("staker", "liquid", 600, 600)) == 600
    assert chain.now.get(REDEMPTIONS, ("liquid", 1)) == Redemption("staker")
