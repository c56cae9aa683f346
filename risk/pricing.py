"""The cost of bearing a loss: premium principles, the return after risk, the capital of a fund.

Principles that are rational stay rational; exponential and Wang premiums are floats. Sources: Kaas et al., Modern
Actuarial Risk Theory; Wang 2000.
"""

import math
from fractions import Fraction
from statistics import NormalDist

from risk.distribution import Distribution

_NORMAL = NormalDist()


def expected_value_premium(loss: Distribution, loading: Fraction) -> Fraction:
    """The mean, and a part of the mean."""
    return (1 + loading) * loss.mean()


def variance_premium(loss: Distribution, loading: Fraction) -> Fraction:
    """The mean, and a part of the variance."""
    return loss.mean() + loading * loss.variance()


def deviation_premium(loss: Distribution, loading: float) -> float:
    """The mean, and a part of the standard deviation."""
    return float(loss.mean()) + loading * math.sqrt(loss.variance())


def exponential_premium(loss: Distribution, aversion: float) -> float:
    """The premium of an insurer with constant aversion to risk: `ln E[e^(a loss)] / a`; the mean where `a` is 0."""
    if aversion == 0:
        return float(loss.mean())
    largest = max(aversion * float(x) for x, _ in loss.atoms)
    total = math.fsum(float(p) * math.exp(aversion * float(x) - largest) for x, p in loss.atoms)
    return (largest + math.log(total)) / aversion


def wang_premium(loss: Distribution, shift: float) -> float:
    """The mean under a distorted tail: the integral of `Phi(Phi^-1(P(loss > x)) + shift)`, losses being at least 0."""
    return math.fsum(float(high - low) * _distorted(above, shift) for low, high, above in loss.exceedance())


def _distorted(chance: Fraction, shift: float) -> float:
    return float(chance) if chance in (0, 1) else _NORMAL.cdf(_NORMAL.inv_cdf(float(chance)) + shift)


def cost_of_capital_premium(loss: Distribution, level: Fraction, cost: Fraction) -> Fraction:
    """The mean, and the cost of capital on what the shortfall exceeds it by."""
    mean = loss.mean()
    return mean + cost * (loss.expected_shortfall(level) - mean)


def break_even_fee(expected_loss: Fraction, shortfall: Fraction, cost_of_capital: Fraction) -> Fraction:
    """The fee above which a commitment pays, as a part of the stake: its expected loss and the cost of capital for the
    unexpected one.
    """
    return expected_loss + cost_of_capital * (shortfall - expected_loss)


def net_yield(
    base_yield: Fraction, fee: Fraction, expected_loss: Fraction, shortfall: Fraction, cost_of_capital: Fraction
) -> Fraction:
    """The return after risk: the yield and the fee, less what the fee must cover."""
    return base_yield + fee - break_even_fee(expected_loss, shortfall, cost_of_capital)


def fund_capital(claims: Distribution, level: Fraction) -> Fraction:
    """The least capital that pays all claims with probability `level`."""
    return claims.value_at_risk(level)


def ruin_probability(claims: Distribution, capital: Fraction) -> Fraction:
    """The chance that claims exceed the capital."""
    return 1 - claims.at_most(capital)
