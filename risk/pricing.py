"""The price of bearing a loss: premium principles, net yield, and the capital of a fund.

Premiums are exact rationals where the principle is rational; deviation, exponential and Wang premiums are floats.
Sources: Kaas et al., Modern Actuarial Risk Theory; Wang 2000.
"""

import math
from fractions import Fraction
from statistics import NormalDist

from risk.distribution import Distribution

_NORMAL = NormalDist()


def expected_value_premium(loss: Distribution, loading: Fraction) -> Fraction:
    """The expected value premium: (1 + loading) times the expected loss."""
    return (1 + loading) * loss.mean()


def variance_premium(loss: Distribution, loading: Fraction) -> Fraction:
    """The variance premium: the expected loss plus `loading` times the variance."""
    return loss.mean() + loading * loss.variance()


def deviation_premium(loss: Distribution, loading: float) -> float:
    """The standard deviation premium: the expected loss plus `loading` times the standard deviation."""
    return float(loss.mean()) + loading * math.sqrt(loss.variance())


def exponential_premium(loss: Distribution, aversion: float) -> float:
    """The exponential premium `ln E[e^(a loss)] / a` of constant risk aversion `a`; the expected loss if `a` is 0."""
    if aversion == 0:
        return float(loss.mean())
    largest = max(aversion * float(x) for x, _ in loss.atoms)
    total = math.fsum(float(p) * math.exp(aversion * float(x) - largest) for x, p in loss.atoms)
    return (largest + math.log(total)) / aversion


def wang_premium(loss: Distribution, shift: float) -> float:
    """The Wang premium: the integral of `Phi(Phi^-1(P(loss > x)) + shift)` over x, for losses of at least 0. `Phi` is
    the standard normal distribution function; a positive `shift` loads the premium.
    """
    return math.fsum(float(high - low) * _distorted(above, shift) for low, high, above in loss.exceedance())


def _distorted(chance: Fraction, shift: float) -> float:
    return float(chance) if chance in (0, 1) else _NORMAL.cdf(_NORMAL.inv_cdf(float(chance)) + shift)


def cost_of_capital_premium(loss: Distribution, level: Fraction, cost: Fraction) -> Fraction:
    """The cost-of-capital premium: the expected loss plus `cost` times (expected shortfall - expected loss)."""
    mean = loss.mean()
    return mean + cost * (loss.expected_shortfall(level) - mean)


def break_even_fee(expected_loss: Fraction, shortfall: Fraction, cost_of_capital: Fraction) -> Fraction:
    """The fee at which a commitment breaks even, as a fraction of the stake.

    It is the expected loss plus the cost of capital on the unexpected loss (shortfall - expected loss).
    """
    return expected_loss + cost_of_capital * (shortfall - expected_loss)


def net_yield(
    base_yield: Fraction, fee: Fraction, expected_loss: Fraction, shortfall: Fraction, cost_of_capital: Fraction
) -> Fraction:
    """The net yield after risk: base yield plus fee, minus the break-even fee. All are fractions of the stake, for one
    period.
    """
    return base_yield + fee - break_even_fee(expected_loss, shortfall, cost_of_capital)


def fund_capital(claims: Distribution, level: Fraction) -> Fraction:
    """The least capital that pays all claims with probability `level`."""
    return claims.value_at_risk(level)


def ruin_probability(claims: Distribution, capital: Fraction) -> Fraction:
    """The probability that the claims exceed the capital."""
    return 1 - claims.at_most(capital)
