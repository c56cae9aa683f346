"""Premiums, insurance, fees and leverage: relations that all of them satisfy, and comparisons with brute force."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st

from risk import fees, insurance, leverage, pricing, rewards
from risk.distribution import Distribution, event, independent_sum
from risk.linear import SingularMatrixError
from risk.symmetric import Symmetric
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

ZERO, ONE = Fraction(0), Fraction(1)

EVENTS = st.lists(st.tuples(st.integers(1, 19), st.integers(0, 30)), min_size=1, max_size=4)


def loss_of(rows: list[tuple[int, int]]) -> Distribution:
    return independent_sum(event(Fraction(p, 20), Fraction(x)) for p, x in rows)


def loaded(wang: Callable[[Distribution, float], float]) -> Callable[[list[tuple[int, int]]], None]:
    """Every premium principle asks at least the mean loss; the bounded ones ask at most the worst loss."""

    def prop(rows: list[tuple[int, int]]) -> None:
        loss = loss_of(rows)
        mean, worst = float(loss.mean()), float(loss.atoms[-1][0])
        assert mean - 1e-9 <= wang(loss, 0.5) <= worst + 1e-9
        assert wang(loss, 0.0) == pytest.approx(mean)
        assert mean - 1e-9 <= pricing.exponential_premium(loss, 0.02) <= worst + 1e-9
        assert pricing.exponential_premium(loss, 1e-6) == pytest.approx(mean, rel=1e-3, abs=1e-6)
        capital = pricing.cost_of_capital_premium(loss, Fraction(9, 10), Fraction(1, 10))
        assert loss.mean() <= capital <= loss.expected_shortfall(Fraction(9, 10))

    return prop


def of_the_chance_of_at_least(loss: Distribution, shift: float) -> float:
    """Broken: adds one to Wang's premium, as if it integrated the chance of a loss of at least x instead of more than
    x.
    """
    return pricing.wang_premium(loss, shift) + 1


def test_premiums_are_loaded() -> None:
    holds(loaded(pricing.wang_premium), EVENTS)
    breaks(loaded(of_the_chance_of_at_least), EVENTS)


def test_an_exponential_premium_of_large_losses_does_not_overflow() -> None:
    loss = event(Fraction(1, 10), Fraction(10**6))
    assert pricing.exponential_premium(loss, 1.0) == pytest.approx(10**6 + math.log(0.1))


def test_stop_loss_is_convex_decreasing_and_begins_at_the_mean() -> None:
    def prop(rows: list[tuple[int, int]]) -> None:
        loss = loss_of(rows)
        curve = [loss.stop_loss(Fraction(x)) for x in range(40)]
        slopes = [b - a for a, b in pairwise(curve)]
        assert curve[0] == loss.mean()
        assert all(slope <= 0 for slope in slopes)
        assert all(b >= a for a, b in pairwise(slopes))

    holds(prop, EVENTS, examples=20)


def test_fund_capital_is_the_least_that_pays() -> None:
    claims = independent_sum(event(Fraction(1, 20), Fraction(10)) for _ in range(6))
    capital = pricing.fund_capital(claims, Fraction(99, 100))
    assert pricing.ruin_probability(claims, capital) <= Fraction(1, 100)
    assert pricing.ruin_probability(claims, capital - 1) > Fraction(1, 100)


def test_a_fee_above_break_even_pays_and_no_other() -> None:
    expected, worst, cost = Fraction(1, 200), Fraction(1, 10), Fraction(1, 8)
    fee = pricing.break_even_fee(expected, worst, cost)
    assert pricing.net_yield(Fraction(3, 100), fee, expected, worst, cost) == Fraction(3, 100)


Waterfall = Callable[..., tuple[dict[str, Fraction], Fraction]]


def flows(waterfall: Waterfall) -> Callable[[int, list[int]], None]:
    """Property P14: the layers' payments sum to the loss. No layer exceeds its limit or pays before earlier ones are
    exhausted.
    """

    def prop(loss: int, limits: list[int]) -> None:
        layers = [(str(i), Fraction(limit)) for i, limit in enumerate(limits)]
        paid, left = waterfall(Fraction(loss), layers)
        assert sum(paid.values(), ZERO) + left == loss
        full = True
        for name, limit in layers:
            assert 0 <= paid[name] <= limit
            assert full or paid[name] == 0
            full = full and paid[name] == limit
        assert left == 0 or full

    return prop


def in_proportion(loss: Fraction, layers: list[tuple[str, Fraction]]) -> tuple[dict[str, Fraction], Fraction]:
    """Broken: every layer pays its proportion of the loss at once. Returns the payments by layer, and the
    unpaid loss.
    """
    total = sum((limit for _, limit in layers), ZERO)
    part = min(ONE, loss / total) if total else ZERO
    return {name: limit * part for name, limit in layers}, loss - total * part


def test_p14_a_waterfall_sums_to_the_loss() -> None:
    amounts = st.lists(st.integers(0, 9), max_size=4)
    holds(flows(insurance.waterfall), st.integers(0, 30), amounts)
    breaks(flows(in_proportion), st.integers(0, 30), amounts)


Redress = Callable[..., tuple[dict[str, Fraction], Fraction]]


def redresses(redress: Redress) -> Callable[[int, list[tuple[int, int]]], None]:
    """Properties P13 and P14: slashed stake is paid out or burned. Payments never exceed the pool, a cover or
    a loss.
    """

    def prop(pool: int, rows: list[tuple[int, int]]) -> None:
        covers = {str(i): Fraction(cover) for i, (cover, _) in enumerate(rows)}
        losses = {str(i): Fraction(loss) for i, (_, loss) in enumerate(rows)}
        paid, burned = redress(Fraction(pool), covers, losses)
        assert sum(paid.values(), ZERO) + burned == pool
        assert burned >= 0
        assert all(0 <= paid[name] <= min(covers[name], losses[name]) for name in covers)
        short = any(paid[name] < min(covers[name], losses[name]) for name in covers)
        assert not short or burned == 0

    return prop


def paid_in_full(pool: Fraction, covers: Any, losses: Any) -> tuple[dict[str, Fraction], Fraction]:
    """Broken: every claim is paid in full, even beyond the pool. Returns the payments by claimant, and the burned
    amount.
    """
    paid = {name: min(cover, losses[name]) for name, cover in covers.items()}
    return paid, pool - sum(paid.values(), ZERO)


def test_p13_what_is_slashed_is_paid_or_burned() -> None:
    rows = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4)
    holds(redresses(insurance.redress), st.integers(0, 20), rows)
    breaks(redresses(paid_in_full), st.integers(0, 20), rows)


def test_safe_is_strict_and_secure_against_harm_is_not() -> None:
    assert not insurance.is_safe(Fraction(11), Fraction(11))
    assert insurance.harm_before_redress(Fraction(30), Fraction(10), Fraction(35)) == 120
    assert insurance.harm_before_redress(Fraction(30), Fraction(10), Fraction(30)) == 90


def test_an_unlimited_policy_pays_any_loss_above_its_deductible() -> None:
    assert insurance.payout(Fraction(100), Fraction(10), None, Fraction(1, 2)) == 45


def test_a_fake_exponential_is_never_above_the_true_one() -> None:
    for numerator in range(0, 300, 7):
        fee = fees.fake_exponential(1, numerator, 17)
        assert fee <= math.exp(numerator / 17) * (1 + 1e-12)
        assert fee >= math.exp(numerator / 17) * 0.9 - 2
    assert fees.fake_exponential(1, 200, 17) == 128_545  # every term rounded down; e^(200/17) is 128,631


def test_a_base_fee_rises_above_its_target_even_from_nothing() -> None:
    assert fees.base_fee_update(1, 15, 16) == 2
    assert fees.base_fee_update(1, 15, 14) == 1
    assert fees.base_fee_update(0, 15, 30) == 1


def test_loops_tend_to_their_limit() -> None:
    limit = leverage.looped(Fraction(7, 10))
    gaps = [limit.exposure - leverage.looped(Fraction(7, 10), loops).exposure for loops in range(30)]
    assert all(b == a * Fraction(7, 10) for a, b in pairwise(gaps))
    assert leverage.looped(Fraction(7, 10), 0).exposure == 1
    assert limit.liquidation_price(Fraction(4, 5)) == Fraction(7, 8)


def test_tokens_upon_tokens_are_looked_through_to_what_they_rest_on() -> None:
    """An LRT holds nine tenths LST and one tenth ETH; the LST holds ETH. A second LRT borrows to hold twice
    its value.
    """
    direct = [[ONE], [Fraction(1, 10)]]
    assert leverage.looked_through(direct, [[ZERO, ZERO], [Fraction(9, 10), ZERO]]) == [[ONE], [ONE]]
    assert leverage.looked_through(direct, [[ZERO, ZERO], [Fraction(19, 10), ZERO]]) == [[ONE], [Fraction(2)]]
    for circle in ([[ZERO, ONE], [ONE, ZERO]], [[ZERO, Fraction(2)], [ONE, ZERO]]):
        with pytest.raises(SingularMatrixError):
            leverage.looked_through(direct, circle)


def test_a_run_pays_no_more_than_there_is() -> None:
    run = leverage.run_on(Fraction(900), Fraction(1000), ONE, [Fraction(400)] * 3)
    assert run.paid == (Fraction(400), Fraction(400), Fraction(100))
    assert run.last_recovery == Fraction(1, 4)


def test_whoever_deposits_before_a_loss_is_recognised_shares_it() -> None:
    early, late = (
        leverage.deposit_around_slash(Fraction(1000), Fraction(1000), Fraction(100), Fraction(1, 10), first)
        for first in (False, True)
    )
    assert [early.value, late.value] == [90, 100]


def test_rewards_of_whoever_promised_too_often_are_paid_to_nobody() -> None:
    allocations = [[ONE, ONE], [ONE, ZERO]]
    earned = rewards.capped_rewards(allocations, [ONE, ONE], [Fraction(2), Fraction(3)], [Fraction(3, 2)] * 2)
    assert earned == [ZERO, ONE]


def test_a_split_fills_services_up_to_one_each() -> None:
    ((part, row),) = rewards.split_by_cap([Fraction(2)] * 3, [Fraction(8), Fraction(1), Fraction(1)], ONE)
    assert part == 1
    assert row == [ONE, Fraction(1, 2), Fraction(1, 2)]


def test_a_byzantine_service_takes_its_allocation_from_everybody() -> None:
    network = Symmetric(3, 2, Fraction(1, 3), ONE, Fraction(4), Fraction(2))
    assert network.after(1) == (ZERO, ZERO, 1)
    assert network.largest_budget(1) == -1
