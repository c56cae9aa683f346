"""Prices that follow demand: base fee, exponential fee, and a rate with a kink, as chains and lenders compute them.

Amounts are integers and every division rounds down where the protocol's does.
"""

from collections.abc import Sequence
from fractions import Fraction


def base_fee_update(base_fee: int, target: int, used: int, denominator: int = 8) -> int:
    """The next base fee: up to `1/denominator` more or less, by how far use was from its target.

    Above the target it rises by 1 at least. Source: EIP-1559, calculation of the base fee.
    """
    if used == target:
        return base_fee
    change = base_fee * abs(used - target) // target // denominator
    return base_fee + max(change, 1) if used > target else base_fee - change


def base_fee_trace(initial: int, target: int, used: Sequence[int], denominator: int = 8) -> list[int]:
    """The base fee after each block."""
    fees: list[int] = []
    for amount in used:
        initial = base_fee_update(initial, target, amount, denominator)
        fees.append(initial)
    return fees


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """`factor * e^(numerator / denominator)` from its Taylor series, every term rounded down, and the sum too.

    Never above the true value. Source: EIP-4844; EIP-7002 and EIP-7251 price their requests with it.
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
    """A rate with two slopes: `slope_below` is earned up to the optimum, `slope_above` from there to full use.

    Source: the interest curve of Aave and Compound; here as a price of cover, utilisation being cover over stake.
    """
    if utilisation <= optimum:
        return base + slope_below * (utilisation / optimum if optimum else 0)
    return base + slope_below + slope_above * (utilisation - optimum) / (1 - optimum)
