"""Pairs and pools of events that share one factor: Gaussian and t copulas, in floats with an estimate of the error.

An event with probability `p` happens when its latent variable is at most the `p` quantile of its law. Sources: Li 2000;
Vasicek 2002; Embrechts, McNeil and Straumann 2002. The derivative of a bivariate law in its correlation is Plackett's.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from risk.quadrature import Floats, integral

Kernel = Callable[[Floats], Floats]


def normal_cdf(x: float) -> float:
    """P(X <= x) of a standard normal variable."""
    return float(special.ndtr(x))


def normal_quantile(p: float) -> float:
    """The x with P(X <= x) = p of a standard normal variable."""
    return float(special.ndtri(p))


def t_cdf(x: float, freedom: float) -> float:
    """P(T <= x) of Student's t."""
    return float(special.stdtr(freedom, x))


def t_quantile(p: float, freedom: float) -> float:
    """The x with P(T <= x) = p of Student's t."""
    return float(special.stdtrit(freedom, p))


def gaussian_joint(p: float, q: float, correlation: float) -> tuple[float, float]:
    """The probability that both events happen, under a Gaussian copula; and its error."""
    return _joint(p, q, normal_quantile(p), normal_quantile(q), correlation, _gaussian_kernel)


def t_joint(p: float, q: float, correlation: float, freedom: float) -> tuple[float, float]:
    """The probability that both events happen, under a t copula; and its error. Not `p q` at correlation 0."""

    def kernel(distance: Floats) -> Floats:
        return np.power(1 + distance / freedom, -freedom / 2)

    return _joint(p, q, t_quantile(p, freedom), t_quantile(q, freedom), correlation, kernel)


def _gaussian_kernel(distance: Floats) -> Floats:
    return np.exp(-distance / 2)


def _joint(p: float, q: float, a: float, b: float, correlation: float, kernel: Kernel) -> tuple[float, float]:
    """From correlation -1, where both happen with `max(0, p + q - 1)`, along the angle whose sine it is."""
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
    """The correlation of two events as zeros and ones: well below that of their latent variables."""
    return (joint - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))


def t_tail_dependence(correlation: float, freedom: float) -> float:
    """The limit, for ever rarer events, of the chance of one given the other. A Gaussian copula has none below 1."""
    return 2 * t_cdf(-math.sqrt((freedom + 1) * (1 - correlation) / (1 + correlation)), freedom + 1)


def pool_quantile(p: float, correlation: float, level: float) -> float:
    """The slashed part of a large pool that is exceeded with probability `1 - level`; the correlation is below 1."""
    threshold = normal_quantile(p) + math.sqrt(correlation) * normal_quantile(level)
    return normal_cdf(threshold / math.sqrt(1 - correlation))


def pool_shortfall(p: float, correlation: float, level: float) -> tuple[float, float]:
    """The expected shortfall of the slashed part of an infinitely fine pool; and its error."""
    joint, error = gaussian_joint(p, 1 - level, math.sqrt(correlation))
    return joint / (1 - level), error / (1 - level)
