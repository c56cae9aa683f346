"""Runs on receipt vaults: the order of redemptions, the clearing of risk/contagion.py, and the numeric cases."""

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from invariants.choices import Seeded
from invariants.market import eigenlayer, symbiotic
from invariants.market.receipts import ReceiptLaws
from risk.contagion import clear
from spec.machine import Delta, Draft, State, commit
from spec.market import eigenlayer as on_eigenlayer_base
from spec.market import symbiotic as on_symbiotic_base
from spec.market.actions import Mint, OpenReceiptVault, RedeemReceipts
from spec.market.receipts_state import ISSUED, RECEIPT_VAULTS, RECEIPTS, RECEIPTS_OF_VAULTS
from spec.symbiotic.actions import AdvanceTime, Claim, Slash
from tests.spec.market.cases import case
from tests.spec.market.conftest import SERVICE, VAULT, Chain

NAMES = ("liquid", "above", "higher")
RUNS = list(permutations((("staker", "higher"), ("other", "liquid"), ("staker", "above"), ("other", "higher"))))
UNIT = 10**9
"""The number of units of stake for each unit in the numeric cases, so that rounding by a few units does not matter."""


def opened(chain: Chain) -> None:
    """Opens three vaults, each on the one before, of which two holders each have receipts."""
    chain.do(OpenReceiptVault("anybody", "liquid", VAULT, "", ""))
    chain.do(*[OpenReceiptVault("anybody", NAMES[level], "", "", NAMES[level - 1]) for level in (1, 2)])
    for holder, amounts in (("staker", (900, 900, 600)), ("other", (800, 500, 500))):
        chain.do(*[Mint(holder, vault, amount * UNIT, 1) for vault, amount in zip(NAMES, amounts, strict=True)])


def redeem(chain: Chain, holder: str, vault: str) -> None:
    """Redeems all receipts that a holder has of a vault, vault by vault, down to the base protocol's queue."""
    level = NAMES.index(vault)
    receipts = chain.now.get(RECEIPTS, (vault, holder)).amount
    for name in reversed(NAMES[: level + 1]):
        paid = chain.do(RedeemReceipts(holder, name, receipts, 1))
        assert isinstance(paid, int)
        receipts = paid


def owed(chain: Chain) -> list[list[Fraction]]:
    """Liabilities before a loss between five members: the three vaults, and the two holders, who owe nothing."""
    now = chain.now
    liabilities = [[Fraction(0)] * 5 for _ in range(5)]
    for level, vault in enumerate(NAMES):
        for place, holder in ((3, "staker"), (4, "other")):
            liabilities[level][place] = Fraction(now.get(RECEIPTS, (vault, holder)).amount)
        if level < 2:
            above = now.get(RECEIPTS_OF_VAULTS, (vault, NAMES[level + 1])).amount
            liabilities[level][level + 1] = Fraction(above)
    return liabilities


@pytest.mark.parametrize("order", RUNS[::3])
def test_a_run_clears_as_claims_do_in_every_order(on_symbiotic: Chain, order: tuple[tuple[str, str], ...]) -> None:
    chain = on_symbiotic
    opened(chain)
    liabilities = owed(chain)
    chain.do(AdvanceTime(1), Slash("middleware", VAULT, SERVICE, "operator", 500 * UNIT, 1000))
    left = Fraction(on_symbiotic_base.CUSTODY.worth(chain.now, "market/liquid", VAULT))
    assert left < 1700 * UNIT
    cleared = clear(liabilities, [left, *[Fraction(0)] * 4])
    for holder, vault in order:
        if chain.now.get(RECEIPTS, (vault, holder)).amount > 0:
            redeem(chain, holder, vault)
    chain.do(AdvanceTime(200))
    for place, holder in ((3, "staker"), (4, "other")):
        paid = chain.do(Claim(holder, VAULT, holder, 1))
        assert isinstance(paid, int)
        assert abs(cleared.equity[place] - paid) < 4  # either way: the base rounds for those who stay in its pool
    assert sum(cleared.equity) == left


@pytest.mark.parametrize("base", ["symbiotic", "eigenlayer"])
def test_looked_through_all_claims_are_no_more_than_what_is_there(base: str) -> None:
    """After walks, the holders' claims at every level, traced to the lowest vaults, do not exceed the stake
    of these.
    """
    bases: dict[str, Any] = {
        "symbiotic": (symbiotic, on_symbiotic_base.CUSTODY, on_symbiotic_base.PORT),
        "eigenlayer": (eigenlayer, on_eigenlayer_base.CUSTODY, on_eigenlayer_base.PORT),
    }
    module, custody, port = bases[base]
    walk, laws, deep = module.WALK.scenarios[1], ReceiptLaws(port, custody), 0
    for seed in range(3):
        state, choices = walk.genesis(), Seeded(seed)
        opening = walk.opening()
        for position in range(len(opening) + 400):
            action = opening[position] if position < len(opening) else walk.next_action(choices, Draft(state))
            outcome = walk.protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
            if position % 25 == 0:
                deep += looked_through(state, laws.pieces)
    assert deep > 5


def looked_through(state: State, pieces: Callable[[Draft, str], int]) -> int:
    """The greatest number of receipt vaults stacked below the vault of a receipt.

    First checks that all receipts together claim no more than the pieces of each lowest vault. `pieces` counts them.
    """
    now, deepest = Draft(state), 0
    claims: dict[str, Fraction] = {}
    for (vault, _), row in state.rows(RECEIPTS).items():
        part, name, depth = Fraction(1), vault, 0
        while row.amount > 0:
            issued, beneath = now.get(ISSUED, name).amount, now.get(RECEIPT_VAULTS, name).beneath
            part *= Fraction(row.amount if name == vault else 1, issued) * (pieces(now, name) if beneath == "" else 1)
            if beneath == "":
                claims[name] = claims.get(name, Fraction(0)) + part
                deepest = max(deepest, depth)
                break
            part *= now.get(RECEIPTS_OF_VAULTS, (beneath, name)).amount
            name, depth = beneath, depth + 1
    assert [name for name, claim in claims.items() if claim > pieces(now, name)] == []
    return deepest


def test_who_mints_before_a_slash_bears_it_and_who_mints_after_it_does_not(on_symbiotic: Chain) -> None:
    inputs, expected = case("lrt_nav_slash_deposit_order")
    assets, deposit = inputs["assets"] * UNIT, inputs["deposit"] * UNIT
    held = on_symbiotic_base.CUSTODY
    for order in ("mint_then_slash", "slash_then_mint"):
        chain = Chain(on_symbiotic.protocol, on_symbiotic.state, "collateral")
        chain.do(OpenReceiptVault("anybody", "liquid", VAULT, "", ""), Mint("staker", "liquid", assets, 1))
        if order == "mint_then_slash":
            chain.do(Mint("other", "liquid", deposit, 1))
        of_all = chain.now.get(ISSUED, "liquid").amount + 1000
        chain.do(AdvanceTime(1), Slash("middleware", VAULT, SERVICE, "operator", of_all // 10, 1000))
        if order == "slash_then_mint":
            chain.do(Mint("other", "liquid", deposit, 1))
        minted, issued = chain.now.get(RECEIPTS, ("liquid", "other")).amount, chain.now.get(ISSUED, "liquid").amount
        worth = held.worth(chain.now, "market/liquid", VAULT)
        assert abs(minted - Fraction(expected[order]["minted"]) * UNIT) < 3
        assert abs(Fraction(worth * UNIT, issued) - Fraction(expected[order]["nav"]) * UNIT) < 3
        assert abs(Fraction(worth * minted, issued) - Fraction(expected[order]["depositor_value"]) * UNIT) < 3


@pytest.mark.parametrize("period", [0, 50])
def test_a_bank_run_is_first_come_at_a_stale_mark_and_fair_without_one(on_symbiotic: Chain, period: int) -> None:
    inputs, expected = case("lrt_bank_run_first_come")
    chain, held = on_symbiotic, on_symbiotic_base.CUSTODY
    chain.do(OpenReceiptVault("anybody", "bank", VAULT, "", "", period))
    chain.do(*[Mint("staker", "bank", receipts * UNIT, 1) for receipts in inputs["withdrawals"]])
    of_all = inputs["shares"] * UNIT + 1000
    lost = of_all * (inputs["shares"] - inputs["assets_true"]) // inputs["shares"]
    chain.do(AdvanceTime(1), Slash("middleware", VAULT, SERVICE, "operator", lost, 1000))
    paid: list[int] = []
    for receipts in inputs["withdrawals"]:
        before = held.worth(chain.now, "market/bank", VAULT)
        chain.do(RedeemReceipts("staker", "bank", receipts * UNIT, 1))
        paid.append(before - held.worth(chain.now, "market/bank", VAULT))
    fair = [Fraction(expected["fair_each"]) * receipts for receipts in inputs["withdrawals"]]
    wanted = [Fraction(each) for each in expected["paid"]] if period > 0 else fair
    assert all(abs(each - amount * UNIT) < 4 for each, amount in zip(paid, wanted, strict=True))
