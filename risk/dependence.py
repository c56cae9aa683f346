"""Dependence models for the causes of slashing.

In every model the causes are independent, given something common. That is nothing (independent), the probability itself
(beta), or one factor (Gaussian and t copulas). A model gives the probability of each cause under this condition. It
averages probabilities over the condition, and draws causes at random.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from risk.commitments import Weight
from risk.copulas import normal_quantile, t_quantile
from risk.linear import ONE, ZERO
from risk.quadrature import Floats, refined, rule

Draws = NDArray[np.bool_]


class Polynomial:
    """A polynomial with rational coefficients, lowest power first: a probability as a function of the unknown
    probability.
    """

    def __init__(self, coefficients: Sequence[Fraction]) -> None:
        self.coefficients: Final = tuple(coefficients)

    def __add__(self, other: "Polynomial") -> "Polynomial":
        longer, shorter = sorted((self.coefficients, other.coefficients), key=len, reverse=True)
        return Polynomial([*(a + b for a, b in zip(longer, shorter, strict=False)), *longer[len(shorter) :]])

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -1 * other

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        product = [ZERO] * (len(self.coefficients) + len(other.coefficients) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(other.coefficients):
                product[i + j] += a * b
        return Polynomial(product)

    def __rmul__(self, factor: int) -> "Polynomial":
        return Polynomial([factor * a for a in self.coefficients])


class Independent:
    """Independent causes, each with its own probability; exact.

    A common shock needs no dependence model: it is one cause that several claims name.
    """

    exact: Final = True

    def __init__(self, probabilities: Mapping[str, Fraction]) -> None:
        self.probabilities: Final = probabilities

    def chances(self) -> tuple[Mapping[str, Weight], Weight]:
        """The probability of each cause, and the probability 1 in the same type."""
        return self.probabilities, ONE

    def average(self, weight: Weight) -> Fraction:
        """The probability `weight` itself, as a rational: with independent causes there is nothing to average over."""
        return Fraction(weight)

    def draw(self, causes: Sequence[str], draws: int, random: np.random.Generator) -> Draws:
        """Random draws: an array with one row per draw, True where the cause of the column happens."""
        limits = np.array([float(self.probabilities[cause]) for cause in causes])
        return np.asarray(random.random((draws, len(causes))) < limits)


class Beta:
    """Causes that share one unknown probability, distributed as Beta(alpha, beta); exact for rational parameters.

    The number of causes that happen is beta-binomial. Any two causes have correlation `1 / (alpha + beta + 1)`.
    """

    exact: Final = True

    def __init__(self, causes: Sequence[str], alpha: Fraction, beta: Fraction) -> None:
        self.causes: Final = tuple(causes)
        self.alpha: Final = alpha
        self.beta: Final = beta

    def chances(self) -> tuple[Mapping[str, Weight], Weight]:
        """The unknown probability of each cause, as a polynomial in itself, and the probability 1 as a polynomial."""
        return dict.fromkeys(self.causes, Polynomial([ZERO, ONE])), Polynomial([ONE])

    def average(self, weight: Weight) -> Fraction:
        """The expected value of a polynomial in the unknown probability, from the moments of the beta distribution."""
        total, moment = ZERO, ONE
        for power, coefficient in enumerate(weight.coefficients):
            total += coefficient * moment
            moment *= (self.alpha + power) / (self.alpha + self.beta + power)
        return total

    def draw(self, causes: Sequence[str], draws: int, random: np.random.Generator) -> Draws:
        """Random draws: an array with one row per draw, True where the cause of the column happens."""
        chance = random.beta(float(self.alpha), float(self.beta), (draws, 1))
        return np.asarray(random.random((draws, len(causes))) < chance)


class Gaussian:
    """The one-factor Gaussian copula, with factor Z and correlation rho.

    Cause `i` happens if `sqrt(rho) Z + sqrt(1 - rho) e_i` is at most the normal quantile of its probability.
    """

    exact: Final = False

    def __init__(self, probabilities: Mapping[str, Fraction], correlation: Fraction) -> None:
        self.probabilities: Final = probabilities
        self.correlation: Final = correlation

    def grid(self, panels: int) -> tuple[Mapping[str, Floats], Floats]:
        """The conditional probability of each cause at each quadrature node of the factor, and the weight of each node.
        `panels` is the number of panels of the quadrature rule.
        """
        z, weights = rule(-9.5, 9.5, panels)
        rho = float(self.correlation)
        chances = {
            cause: special.ndtr((_quantile(p, normal_quantile) - math.sqrt(rho) * z) / math.sqrt(1 - rho))
            for cause, p in self.probabilities.items()
        }
        return chances, weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    def draw(self, causes: Sequence[str], draws: int, random: np.random.Generator) -> Draws:
        """Random draws: an array with one row per draw, True where the cause of the column happens."""
        latent = _latent(float(self.correlation), draws, len(causes), random)
        limits = np.array([_quantile(self.probabilities[cause], normal_quantile) for cause in causes])
        return np.asarray(latent <= limits)

    start: Final = 8
    most: Final = 512


class StudentT:
    """The one-factor t copula: the Gaussian model with all latent variables divided by one common `sqrt(W / freedom)`.

    `W` is chi-squared. Joint rare events keep a positive tail dependence, even at correlation 0.
    """

    exact: Final = False

    def __init__(self, probabilities: Mapping[str, Fraction], correlation: Fraction, freedom: Fraction) -> None:
        self.probabilities: Final = probabilities
        self.correlation: Final = correlation
        self.freedom: Final = freedom

    def grid(self, panels: int) -> tuple[Mapping[str, Floats], Floats]:
        """The conditional probability of each cause at each node of the two factors, and the weight of each node.
        `panels` is the number of panels of the quadrature rule for either factor.
        """
        freedom, rho = float(self.freedom), float(self.correlation)
        z, over_z = rule(-9.5, 9.5, panels)
        over_z = over_z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        high = math.sqrt(2 * float(special.gammainccinv(freedom / 2, 1e-17)))
        chi, over_chi = rule(0.0, high, panels)
        log_density = (freedom - 1) * np.log(chi) - chi * chi / 2 - (freedom / 2 - 1) * math.log(2)
        over_chi = over_chi * np.exp(log_density - float(special.gammaln(freedom / 2)))
        chances = {}
        for cause, p in self.probabilities.items():
            limit = _quantile(p, lambda chance: t_quantile(chance, freedom)) / math.sqrt(freedom)
            shifted = (limit * chi[:, None] - math.sqrt(rho) * z[None, :]) / math.sqrt(1 - rho)
            chances[cause] = special.ndtr(shifted).ravel()
        return chances, (over_chi[:, None] * over_z[None, :]).ravel()

    def draw(self, causes: Sequence[str], draws: int, random: np.random.Generator) -> Draws:
        """Random draws: an array with one row per draw, True where the cause of the column happens."""
        freedom = float(self.freedom)
        latent = _latent(float(self.correlation), draws, len(causes), random)
        latent /= np.sqrt(random.chisquare(freedom, (draws, 1)) / freedom)
        limits = np.array([_quantile(self.probabilities[cause], lambda p: t_quantile(p, freedom)) for cause in causes])
        return np.asarray(latent <= limits)

    start: Final = 4
    most: Final = 32


class Comonotone:
    """Full dependence: one uniform draw decides all causes, so a cause happens whenever a less probable one does.

    Exact: its cases are enumerated. It is the limit of Gaussian and t copulas as the correlation goes to 1.
    """

    exact: Final = True

    def __init__(self, probabilities: Mapping[str, Fraction]) -> None:
        self.probabilities: Final = probabilities

    def cases(self) -> list[tuple[frozenset[str], Fraction]]:
        """The sets of causes that happen together, with their probabilities."""
        cases: list[tuple[frozenset[str], Fraction]] = []
        low = ZERO
        for high in sorted({ONE, *self.probabilities.values()}):
            if high > low:
                cases.append((frozenset(c for c, p in self.probabilities.items() if p >= high), high - low))
                low = high
        return cases

    def draw(self, causes: Sequence[str], draws: int, random: np.random.Generator) -> Draws:
        """Random draws: an array with one row per draw, True where the cause of the column happens."""
        limits = np.array([float(self.probabilities[cause]) for cause in causes])
        return np.asarray(random.random((draws, 1)) < limits)


Factor = Gaussian | StudentT
Model = Independent | Beta | Comonotone | Factor


def gaussian(probabilities: Mapping[str, Fraction], correlation: Fraction) -> Model:
    """The one-factor Gaussian copula; at correlation 0 and 1 the exact model that equals it."""
    if correlation == 0:
        return Independent(probabilities)
    return Comonotone(probabilities) if correlation == 1 else Gaussian(probabilities, correlation)


def student_t(probabilities: Mapping[str, Fraction], correlation: Fraction, freedom: Fraction) -> Model:
    """The one-factor t copula; at correlation 1 the exact model that equals it."""
    return Comonotone(probabilities) if correlation == 1 else StudentT(probabilities, correlation, freedom)


def averaged(model: Factor, weights_on: Any) -> tuple[Any, float]:
    """The average of `weights_on(chances, one)` over the model's factor, as an array with one entry per outcome, and
    its estimated error.

    `weights_on` returns one row per outcome and one column per quadrature node.
    """

    def compute(panels: int) -> Any:
        chances, weights = model.grid(panels)
        return weights_on(chances, np.ones_like(weights)) @ weights

    return refined(compute, model.start, model.most)


def _quantile(p: Fraction, quantile: Any) -> float:
    return -math.inf if p <= 0 else math.inf if p >= 1 else float(quantile(float(p)))


def _latent(correlation: float, draws: int, causes: int, random: np.random.Generator) -> Floats:
    factor = random.standard_normal((draws, 1))
    own = random.standard_normal((draws, causes))
    return math.sqrt(correlation) * factor + math.sqrt(1 - correlation) * own
