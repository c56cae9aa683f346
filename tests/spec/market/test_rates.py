"""The arithmetic of fees: the numeric cases in integers, and the stated direction of each rounding."""

from fractions import Fraction
from itertools import accumulate

import pytest

from spec.market import rates
from spec.market.fees import break_even_rate_of
from spec.market.rates import BASE_FEE, EXPONENTIAL, MAX_EXPONENT, advanced, next_rate, shortfall_after
from spec.market.state import Meter, Risk, Terms
from tests.spec.market.cases import WAD, case, in_wad


def test_fee_fake_exponential() -> None:
    inputs, expected = case("fee_fake_exponential_eip7002")
    found = [rates.fake_exponential(inputs["factor"], excess, inputs["denominator"]) for excess in inputs["excess"]]
    assert found == expected["fee"]
    inputs, expected = case("fee_fake_exponential_blob")
    assert rates.fake_exponential(inputs["factor"], inputs["numerator"], inputs["denominator"]) == expected["fee"]


def test_fee_eip1559_trace() -> None:
    inputs, expected = case("fee_eip1559_trace")

    def step(fee: int, used: int) -> int:
        return rates.base_fee_step(fee, inputs["target"], used, inputs["denominator"])

    assert list(accumulate(inputs["used"], step, initial=inputs["initial"]))[1:] == expected["trace"]


def test_fee_eip1559_trace_is_that_of_stake_which_is_missing_as_much_as_gas_was_too_much() -> None:
    """EIP-1559's trace is reproduced if stake falls short of its target by as much as gas exceeds its own.

    The step and the bounds of the rate are too wide to matter.
    """
    inputs, expected = case("fee_eip1559_trace")
    terms = Terms(True, BASE_FEE, inputs["target"], inputs["denominator"], 1, 10**9, WAD, 1)
    rate, found = inputs["initial"], []
    for used in inputs["used"]:
        rate = next_rate(terms, rate, 0, 2 * inputs["target"] - used)
        found.append(rate)
    assert found == expected["trace"]


def test_pricing_break_even_fee() -> None:
    inputs, expected = case("pricing_break_even_fee")
    wads = [in_wad(inputs[name]) for name in ("expected_loss", "es99", "cost_of_capital")]
    assert rates.break_even_wad(*wads) == in_wad(expected["break_even_fee_vs_base"])


def test_pricing_actuarially_fair_fee() -> None:
    """Without a cost of capital the break-even rate is the fair fee. The case's loading acts as a cost of capital."""
    inputs, expected = case("pricing_actuarially_fair_fee")
    loss_wad = in_wad(inputs["p"]) * in_wad(inputs["slash"]) // WAD
    assert inputs["stake"] * rates.break_even_wad(loss_wad, loss_wad, 0) == in_wad(expected["fair"])
    loaded_wad = rates.break_even_wad(loss_wad, 2 * loss_wad, in_wad(inputs["loading"]))
    assert inputs["stake"] * loaded_wad == in_wad(expected["loaded"])


@pytest.mark.parametrize("points_per_year", [1, 7, 2_629_800, 31_557_600])
def test_a_break_even_rounds_up_for_those_who_carry_the_risk(points_per_year: int) -> None:
    risk = Risk(WAD // 200 + 1, WAD // 10, WAD // 7, 3 * WAD + 1, points_per_year)
    exact = Fraction(risk.expected_loss_wad) + Fraction((risk.shortfall_wad - risk.expected_loss_wad) * (WAD // 7), WAD)
    rate = exact * risk.unit_price_wad / (WAD * points_per_year)
    assert rate <= break_even_rate_of(risk) < rate + 5


def test_the_curve_of_missing_stake_is_exponential_and_bounded() -> None:
    terms = Terms(True, EXPONENTIAL, 100, 1000, 10**6, 10**12, WAD, 1)
    assert shortfall_after(0, 100, 160, 1000) == 0
    assert shortfall_after(70, 100, 60, 1000) == 110
    assert shortfall_after(MAX_EXPONENT * 1000, 100, 0, 1000) == MAX_EXPONENT * 1000
    assert rates.proposed_rate(terms, 1, 1000, 0) == 2_718_281
    assert rates.proposed_rate(terms, 1, 0, 0) == 10**6


@pytest.mark.parametrize(
    ("rate", "shortfall", "stake", "expected"),
    [
        (1000, 0, 100, 1000),  # at the target nothing moves, whatever the curve says
        (1000, 10**6, 100, 1000),
        (1000, 10**6, 99, 1100),  # below it the rate rises, by a tenth at most
        (1950, 10**6, 99, 2000),  # not above the cap
        (1000, 0, 99, 1000),  # and does not fall although the curve is below
        (1000, 0, 101, 900),  # above it the rate falls, by a tenth at most
        (1000, 10**6, 101, 1000),  # and does not rise
        (55, 0, 101, 50),  # nor below the floor
        (52, 0, 101, 50),
    ],
)
def test_the_rate_moves_within_every_bound(rate: int, shortfall: int, stake: int, expected: int) -> None:
    terms = Terms(True, EXPONENTIAL, 100, 1000, 50, 2000, WAD // 10, 1)
    assert next_rate(terms, rate, shortfall, stake) == expected


def test_a_meter_pays_whole_points_as_long_as_its_budget_lasts() -> None:
    meter = Meter(budget_grains=100, reserved_grains=5, index=3, rate=2, stake=7, updated_point=10, stepped_point=9)
    assert advanced(meter, 10) == meter
    assert advanced(meter, 13) == Meter(58, 47, 9, 2, 0, 7, 13, 9)
    assert advanced(meter, 17) == Meter(2, 103, 17, 2, 0, 7, 17, 9)
    assert advanced(meter, 99) == Meter(2, 103, 17, 2, 0, 7, 99, 9)
    assert advanced(Meter(100, rate=2, updated_point=1), 50) == Meter(100, rate=2, updated_point=50)


def test_each_division_rounds_as_it_says() -> None:
    assert (rates.commission_of(99, WAD // 10), rates.commission_of(99, WAD)) == (9, 99)
    assert (rates.share_of_each(99, 10), rates.share_of_each(9, 10)) == (9, 0)
    assert (rates.payable(WAD - 1), rates.payable(2 * WAD - 1), rates.payable(2 * WAD)) == (0, 1, 2)
