"""Clearing, cross-holdings and distress: compared with their definitions, with brute force, and with each other."""

from collections.abc import Callable
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy import optimize

from risk.contagion import ClaimError, Clearing, clear, cross_holdings, is_clearing
from risk.debtrank import debtrank, linear_debtrank, systemic_loss
from risk.linear import SingularMatrixError, settled, solve
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

ONE = Fraction(1)
HALF = Fraction(1, 2)


def rationals(*values: int | str) -> tuple[Fraction, ...]:
    return tuple(Fraction(value) for value in values)


Claims = tuple[list[list[Fraction]], list[Fraction]]


@st.composite
def claims(draw: st.DrawFn) -> Claims:
    size = draw(st.integers(1, 4))
    amount = st.sampled_from([0, 0, 0, 1, 2, 5, 9]).map(Fraction)
    owed = [[Fraction(0) if i == j else draw(amount) for j in range(size)] for i in range(size)]
    return owed, [draw(st.sampled_from([0, 0, 1, 3, 8]).map(Fraction)) for _ in range(size)]


RECOVERIES = st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(3, 4), ONE])

Clear = Callable[..., Clearing]


def brute_force(owed: list[list[Fraction]], external: list[Fraction], alpha: Fraction, beta: Fraction) -> list[Any]:
    """Every clearing vector, found by solving for the payments under each possible set of defaulters.

    `owed` are the debts by debtor and creditor, `external` the external assets. In default, `alpha` is the fraction of
    external assets that is recovered, and `beta` that of claims.
    """
    size = len(owed)
    totals = [sum(row, Fraction(0)) for row in owed]
    shares = [[beta * x / t if t else Fraction(0) for x in row] for row, t in zip(owed, totals, strict=True)]
    found = []
    for short in chain.from_iterable(combinations(range(size), count) for count in range(size + 1)):
        try:
            payments = settled(totals, [alpha * e for e in external], shares, short)
        except SingularMatrixError:
            continue
        if min(payments) >= 0 and is_clearing(payments, owed, external, alpha, beta):
            found.append(payments)
    return found


def clears(clear: Clear) -> Callable[[Claims, Fraction, Fraction], None]:
    def prop(drawn: Claims, alpha: Fraction, beta: Fraction) -> None:
        owed, external = drawn
        greatest = clear(owed, external, alpha, beta)
        least = clear(owed, external, alpha, beta, greatest=False)
        known = brute_force(owed, external, alpha, beta)
        for answer in (greatest, least):
            assert is_clearing(answer.payments, owed, external, alpha, beta)
            assert all(0 <= paid <= sum(row) for paid, row in zip(answer.payments, owed, strict=True))
            assert sum(answer.equity) + answer.lost_in_default == sum(external)
        assert list(greatest.payments) in known
        for payments in known:
            assert all(
                low <= p <= high for low, p, high in zip(least.payments, payments, greatest.payments, strict=True)
            )

    return prop


def test_both_ends_clear_and_lie_around_every_other_clearing_vector() -> None:
    holds(clears(clear), claims(), RECOVERIES, RECOVERIES, examples=60)


def without_cascade(*args: Any, **named: Any) -> Clearing:
    """Broken: only those default that could not pay even if all their debtors paid in full."""
    right = clear(*args, **named)
    owed, external = args[0], args[1]
    paid = [min(sum(row), external[i] + sum(other[i] for other in owed)) for i, row in enumerate(owed)]
    return Clearing(paid, right.equity, right.defaulted, 1, True, right.lost_in_default)


def least_from_the_greatest(*args: Any, **_: Any) -> Clearing:
    """Broken: returns the greatest clearing vector in place of the least."""
    return clear(*args)


@pytest.mark.parametrize("broken", [without_cascade, least_from_the_greatest])
def test_a_wrong_clearing_is_noticed(broken: Clear) -> None:
    breaks(clears(broken), claims(), RECOVERIES, RECOVERIES)


def conserves(clear: Clear) -> Callable[[Claims, int], None]:
    """Property P15: without default costs, equity sums to the external assets. More assets never lower a payment."""

    def prop(drawn: Claims, extra: int) -> None:
        owed, external = drawn
        before = clear(owed, external)
        assert sum(before.equity) == sum(external)
        after = clear(owed, [external[0] + extra, *external[1:]])
        assert all(more >= less for more, less in zip(after.payments, before.payments, strict=True))

    return prop


def test_p15_equity_sums_to_the_assets_outside() -> None:
    holds(conserves(clear), claims(), st.integers(0, 5))
    breaks(conserves(lambda owed, external: clear(owed, external, HALF)), claims(), st.integers(0, 5))


def test_the_greatest_clearing_is_the_linear_program_s() -> None:
    def prop(drawn: Claims) -> None:
        owed, external = drawn
        totals = np.array([float(sum(row)) for row in owed])
        shares = np.array([[float(x) for x in row] for row in owed]) / np.where(totals, totals, 1)[:, None]
        found = optimize.linprog(
            -np.ones(len(owed)),
            np.eye(len(owed)) - shares.T,
            [float(e) for e in external],
            bounds=list(zip(0 * totals, totals, strict=True)),
        )
        assert np.allclose(found.x, [float(p) for p in clear(owed, external).payments], atol=1e-7)

    holds(prop, claims(), examples=25)


def test_a_ring_without_assets_clears_at_both_ends() -> None:
    ring = [[Fraction(x) for x in row] for row in ([0, 4, 0], [0, 0, 4], [4, 0, 0])]
    nothing = [Fraction(0)] * 3
    assert clear(ring, nothing).payments == rationals(4, 4, 4)
    assert clear(ring, nothing, greatest=False).payments == rationals(0, 0, 0)
    assert clear(ring, nothing, greatest=False).defaulted == (0, 1, 2)


def test_costs_of_default_make_a_cliff() -> None:
    """Just below the boundary payments drop from the whole to about half: the discontinuity of Rogers and Veraart."""
    owed = [[Fraction(0), Fraction(10)], [Fraction(0), Fraction(0)]]
    assert clear(owed, [Fraction(10), Fraction(0)], HALF, HALF).payments == rationals(10, 0)
    assert clear(owed, [Fraction("9.99"), Fraction(0)], HALF, HALF).payments == rationals("4.995", 0)


def test_what_is_no_system_of_claims_is_refused() -> None:
    one = [[Fraction(0)]]
    for owed, external, words in (
        ([[Fraction(1)]], [ONE], "owes itself"),
        ([[Fraction(0), Fraction(-1)], [Fraction(0)] * 2], [ONE, ONE], "negative"),
        (one, [Fraction(-1)], "negative"),
        (one, [ONE, ONE], "no 2 by 2 table"),
    ):
        with pytest.raises(ClaimError, match=words):
            clear(owed, external)
    with pytest.raises(ClaimError, match="alpha"):
        clear(one, [ONE], Fraction(2))


def test_a_failed_holding_is_counted_once() -> None:
    """If none fails, the market values sum to the assets. A failure's cost is subtracted once, not again by its
    holders.
    """
    holdings = [[Fraction(0), Fraction(1, 5)], [Fraction(1, 10), Fraction(0)]]
    found = cross_holdings(holdings, [Fraction(10), Fraction(20)], [Fraction(1)] * 2, [Fraction(5)] * 2)
    assert (sum(found.market_values), found.failed, found.rounds) == (30, (), 0)
    found = cross_holdings(holdings, [Fraction(10), Fraction(20)], [Fraction(12), Fraction(18)], [Fraction(5)] * 2)
    assert (sum(found.market_values), found.failed) == (20, (0, 1))
    with pytest.raises(ClaimError):
        cross_holdings([[Fraction(0), ONE], [Fraction(0), Fraction(0)]], [ONE, ONE], [ONE, ONE], [ONE, ONE])


Impacts = tuple[list[list[Fraction]], list[Fraction]]


@st.composite
def impacts(draw: st.DrawFn) -> Impacts:
    size = draw(st.integers(2, 4))
    part = st.sampled_from([0, 0, 1, 2, 4, 6]).map(lambda x: Fraction(x, 4))
    table = [[Fraction(0) if i == j else min(ONE, draw(part)) for j in range(size)] for i in range(size)]
    return table, [draw(st.sampled_from([0, 1, 2, 4]).map(lambda x: Fraction(x, 4))) for _ in range(size)]


def spreads(linear: Callable[..., Any]) -> Callable[[Impacts], None]:
    """Linear distress is a fixed point and the limit of its iteration. It is never less than DebtRank's value."""

    def prop(drawn: Impacts) -> None:
        table, shock = drawn
        found = linear(table, shock)
        size = len(shock)
        for i in range(size):
            assert found[i] == min(ONE, shock[i] + sum(table[j][i] * found[j] for j in range(size)))
        levels = np.array([float(x) for x in shock])
        weights = np.array([[float(x) for x in row] for row in table])
        for _ in range(400):
            levels = np.minimum(1, np.array([float(x) for x in shock]) + weights.T @ levels)
        assert np.allclose(levels, [float(x) for x in found], atol=2e-2)
        assert all(once <= always for once, always in zip(debtrank(table, shock).levels, found, strict=True))

    return prop


def test_linear_distress_is_the_limit_and_at_least_debtrank() -> None:
    holds(spreads(linear_debtrank), impacts(), examples=25)
    breaks(spreads(lambda table, shock: debtrank(table, shock).levels), impacts())


def test_systemic_loss_leaves_out_the_shock() -> None:
    assert systemic_loss([ONE, Fraction(0)], [ONE, HALF], [Fraction(3), Fraction(4)]) == 2


def test_a_system_without_one_solution_is_refused() -> None:
    with pytest.raises(SingularMatrixError):
        solve([[ONE, ONE], [ONE, ONE]], [ONE, ONE])
