"""Joint probabilities and large pools under one-factor Gaussian and t copulas, in floats with estimated errors.

An event with probability `p` happens if its latent variable is at most the `p` quantile of its distribution.
Sources: Li 2000; Vasicek 2002; Embrechts, McNeil and Straumann 2002. The derivative of a bivariate distribution in
its correlation is Plackett's.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from risk.quadrature import Floats, integral

Kernel = Callable[[Floats], Floats]


def normal_cdf(x: float) -> float:
    """The cumulative distribution function of a standard normal variable: P(X <= x)."""
    return float(special.ndtr(x))


def normal_quantile(p: float) -> float:
    """The quantile of a standard normal variable: the x with P(X <= x) = p."""
    return float(special.ndtri(p))


def t_cdf(x: float, freedom: float) -> float:
    """The cumulative distribution function of Student's t with `freedom` degrees of freedom: P(T <= x)."""
    return float(special.stdtr(freedom, x))


def t_quantile(p: float, freedom: float) -> float:
    """The quantile of Student's t with `freedom` degrees of freedom: the x with P(T <= x) = p."""
    return float(special.stdtrit(freedom, p))


def gaussian_joint(p: float, q: float, correlation: float) -> tuple[float, float]:
    """The probability that two events, of probabilities `p` and `q`, both happen under a Gaussian copula, and its
    estimated error.

    `correlation` is that of the latent variables of the events.
    """
    return _joint(p, q, normal_quantile(p), normal_quantile(q), correlation, _gaussian_kernel)


def t_joint(p: float, q: float, correlation: float, freedom: float) -> tuple[float, float]:
    """The probability that two events, of probabilities `p` and `q`, both happen under a t copula, and its estimated
    error.

    `correlation` is that of the latent variables, and `freedom` the number of degrees of freedom. At correlation 0 the
    probability is not `p q`.
    """

    def kernel(distance: Floats) -> Floats:
        return np.power(1 + distance / freedom, -freedom / 2)

    return _joint(p, q, t_quantile(p, freedom), t_quantile(q, freedom), correlation, kernel)


def _gaussian_kernel(distance: Floats) -> Floats:
    return np.exp(-distance / 2)


def _joint(p: float, q: float, a: float, b: float, correlation: float, kernel: Kernel) -> tuple[float, float]:
    """The probability that two events both happen, and its estimated error: an integral over the angle whose sine is
    the correlation.

    `p` and `q` are the events' probabilities, `a` and `b` the quantiles of these. `kernel` is the copula's density, up
    to a factor, as a function of the squared distance. Integration starts at correlation -1, where the probability of
    both is `max(0, p + q - 1)`.
    """
    if not (0 < p < 1 and 0 < q < 1):
        return (min(p, q) if p >= 1 or q >= 1 else 0.0), 0.0
    if correlation >= 1:
        return min(p, q), 0.0

    def density(angle: Floats) -> Floats:
        cosine = np.maximum(np.cos(angle), 1e-150)
        return kernel((a * a + b * b - 2 * a * b * np.sin(angle)) / (cosine * cosine))

    value, error = integral(density, -math.pi / 2, math.asin(correlation))
    return max(0.0, p + q - 1) + value / (2 * math.pi), error


def indicator_correlation(p: float, q: float, joint: float) -> float:
    """The correlation of two events' indicators (0 or 1). `p` and `q` are their probabilities, and `joint` is the
    probability of both.

    For rare events it is well below the correlation of their latent variables. `p` and `q` may not be 0 or 1.
    """
    return (joint - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))


def t_tail_dependence(correlation: float, freedom: float) -> float:
    """The tail dependence of the t copula with `freedom` degrees of freedom: the limit of the probability of one event
    given the other, as both become rare.

    A Gaussian copula has none for correlations below 1.
    """
    return 2 * t_cdf(-math.sqrt((freedom + 1) * (1 - correlation) / (1 + correlation)), freedom + 1)


def pool_quantile(p: float, correlation: float, level: float) -> float:
    """The quantile at `level` of the slashed fraction of an infinitely fine pool. Each part of the pool is slashed with
    probability `p`, under a Gaussian copula with a correlation below 1.
    """
    threshold = normal_quantile(p) + math.sqrt(correlation) * normal_quantile(level)
    return normal_cdf(threshold / math.sqrt(1 - correlation))


def pool_shortfall(p: float, correlation: float, level: float) -> tuple[float, float]:
    """The expected shortfall at `level` of the slashed fraction of an infinitely fine pool, and its estimated error.
    Each part of the pool is slashed with probability `p`, under a Gaussian copula.
    """
    joint, error = gaussian_joint(p, 1 - level, math.sqrt(correlation))
    return joint / (1 - level), error / (1 - level)
