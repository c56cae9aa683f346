"""Prices that follow demand: base fee, exponential fee, and a kinked interest rate, as chains and lenders compute them.

Fees are integers, whose divisions round down as in the protocols. The kinked rate is an exact rational.
"""

from collections.abc import Sequence
from fractions import Fraction


def base_fee_update(base_fee: int, target: int, used: int, denominator: int = 8) -> int:
    """The next base fee, after a block that used `used` gas. It changes by `1/denominator` of itself, times the
    relative distance of the use from the target.

    Above the target it rises by at least 1. Divisions round down. Source: EIP-1559, calculation of the base fee.
    """
    if used == target:
        return base_fee
    change = base_fee * abs(used - target) // target // denominator
    return base_fee + max(change, 1) if used > target else base_fee - change


def base_fee_trace(initial: int, target: int, used: Sequence[int], denominator: int = 8) -> list[int]:
    """The base fee after each block, given the gas used in each block. `initial` is the base fee of the first block. A
    block that uses the gas `target` leaves the base fee as it is.
    """
    fees: list[int] = []
    for amount in used:
        initial = base_fee_update(initial, target, amount, denominator)
        fees.append(initial)
    return fees


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """`factor * e^(numerator / denominator)` by its Taylor series; every term and the sum are rounded down.

    The result never exceeds the true value. Source: EIP-4844; EIP-7002 and EIP-7251 price their requests with it.
    """
    term = factor * denominator
    total = 0
    order = 1
    while term:
        total += term
        term = term * numerator // (denominator * order)
        order += 1
    return total // denominator


def kinked_rate(
    utilisation: Fraction, optimum: Fraction, base: Fraction, slope_below: Fraction, slope_above: Fraction
) -> Fraction:
    """The interest rate at a utilisation between 0 and 1. It is `base` at 0, rises by `slope_below` up to the
    utilisation `optimum`, and by `slope_above` from there to 1.

    Source: the interest curve of Aave and Compound. Here it prices cover, and utilisation is cover over stake.
    """
    if utilisation <= optimum:
        return base + slope_below * (utilisation / optimum if optimum else 0)
    return base + slope_below + slope_above * (utilisation - optimum) / (1 - optimum)
