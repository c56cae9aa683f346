"""Kernels of the fees: functions on integers. The docstring of a function that rounds says how.

The curves are those of Ethereum's fee markets, reversed: there a full block raises the price of gas, here missing stake
raises the price of stake.
"""

from typing import Final

from spec.arithmetic import WAD, div_floor, mul_div_ceil, mul_div_floor, mul_wad_ceil, mul_wad_floor
from spec.market.state import Meter, Terms

BASE_FEE: Final = "base_fee"
"""The curve of EIP-1559: each step changes the rate by a fraction of itself, in proportion to the gap."""

EXPONENTIAL: Final = "exponential"
"""The curve of EIP-4844: the rate is exponential in the sum of the stake that was missing at all steps so far."""

CURVES: Final = (BASE_FEE, EXPONENTIAL)

MAX_EXPONENT: Final = 64
"""The largest exponent of e: the stored shortfall is at most this many times the divisor. e^64 is above 10^27."""


def base_fee_step(rate: int, target: int, used: int, divisor: int) -> int:
    """The base fee that follows `rate` if the amount `used` was used. The change rounds down, twice.

    If `used` is 0 or twice the target, the change is `1/divisor` of the rate. Otherwise it is in proportion to the
    distance from the target. Above the target the fee rises by 1 at least. `target` and `divisor` are positive.
    Source: EIP-1559, the calculation of the base fee.
    """
    if used == target:
        return rate
    if used > target:
        return rate + max(div_floor(mul_div_floor(rate, used - target, target), divisor), 1)
    return rate - div_floor(mul_div_floor(rate, target - used, target), divisor)


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """`factor * e^(numerator / denominator)` by its Taylor series. Every term rounds down, and so does the sum.

    The result never exceeds the exact value. `denominator` is positive. Source: EIP-4844, fake_exponential.
    """
    term = factor * denominator
    total = 0
    order = 1
    while term > 0:
        total += term
        term = mul_div_floor(term, numerator, denominator * order)
        order += 1
    return div_floor(total, denominator)


def shortfall_after(shortfall: int, target_stake: int, stake: int, divisor: int) -> int:
    """The shortfall of the curve EXPONENTIAL after its rate has moved once: `shortfall + target_stake - stake`, at
    least 0 and at most `MAX_EXPONENT * divisor`. Source: EIP-4844, calc_excess_blob_gas.
    """
    return min(max(shortfall + target_stake - stake, 0), MAX_EXPONENT * divisor)


def proposed_rate(terms: Terms, rate: int, shortfall: int, stake: int) -> int:
    """The next rate by the curve of the terms alone, without their bounds. Rounds down, in favour of the service.

    For the curve BASE_FEE, the used amount is `2 * target - stake`, at least 0. So missing stake raises the rate.
    """
    if terms.curve == BASE_FEE:
        used = max(terms.target_stake + terms.target_stake - stake, 0)
        return base_fee_step(rate, terms.target_stake, used, terms.divisor)
    return fake_exponential(terms.floor_rate, shortfall, terms.divisor)


def next_rate(terms: Terms, rate: int, shortfall: int, stake: int) -> int:
    """The rate after a step from `rate`: the curve's rate, within all bounds of the terms. The largest step rounds
    down, to 1 at least.

    `stake` is the counted stake, and `shortfall` the sum that the curve EXPONENTIAL uses (see `Meter`). Below the
    target stake the rate does not fall, and above it does not rise. At the target it stays.
    """
    step = max(mul_wad_floor(rate, terms.max_step_wad), 1)
    highest = min(rate + step, terms.cap_rate) if stake < terms.target_stake else rate
    lowest = max(rate - step, terms.floor_rate) if stake > terms.target_stake else rate
    return max(min(proposed_rate(terms, rate, shortfall, stake), highest), lowest)


def advanced(meter: Meter, point: int) -> Meter:
    """A copy of the meter at a later point. Each unit of counted stake earns the rate for each whole point that the
    budget can pay.

    The number of points rounds down, in favour of the service; no grain is lost. Once the budget cannot pay one more
    point, nothing is earned.
    Source: the accumulators of MasterChef and of Synthetix's StakingRewards.
    """
    points = point - meter.updated_point
    burn = meter.rate * meter.stake
    if burn == 0:
        points = 0
    elif burn * points > meter.budget_grains:
        points = div_floor(meter.budget_grains, burn)
    return Meter(
        budget_grains=meter.budget_grains - burn * points,
        reserved_grains=meter.reserved_grains + burn * points,
        index=meter.index + meter.rate * points,
        rate=meter.rate,
        shortfall=meter.shortfall,
        stake=meter.stake,
        updated_point=point,
        stepped_point=meter.stepped_point,
    )


def break_even_wad(expected_loss_wad: int, shortfall_wad: int, capital_cost_wad: int) -> int:
    """The yearly fee at which a unit of stake breaks even, as a fraction of its value. Rounds up, in favour of those
    who carry the risk.

    It is the expected loss, plus the cost of capital for the shortfall above the expected loss. The shortfall is at
    least the expected loss.

    Source: expected loss plus cost of capital times (ES - EL), as in solvency rules; Kaas et al., Modern Actuarial Risk
    Theory.
    """
    return expected_loss_wad + mul_wad_ceil(shortfall_wad - expected_loss_wad, capital_cost_wad)


def break_even_rate(fee_wad: int, unit_price_wad: int, points_per_year: int) -> int:
    """The rate for the yearly fee `fee_wad` on the value of a unit of stake. It is in grains per unit of stake and
    point.

    Rounds up, in favour of those who carry the risk.
    """
    return mul_div_ceil(fee_wad, unit_price_wad, WAD * points_per_year)


def commission_of(earned_grains: int, fraction_wad: int) -> int:
    """The operator's commission on a position's fees. Rounds down, in favour of the holders."""
    return mul_wad_floor(earned_grains, fraction_wad)


def share_of_each(grains: int, weight: int) -> int:
    """The grains for each unit of `weight` when `grains` are divided. Rounds down; the group keeps the remainder for
    the next division.
    """
    return div_floor(grains, weight)


def payable(grains: int) -> int:
    """The whole units of the fee token in `grains`. Rounds down; the claimant keeps the remainder as a claim."""
    return div_floor(grains, WAD)
