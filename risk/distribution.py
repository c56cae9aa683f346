"""Loss distributions with finitely many outcomes and exact probabilities: moments, quantiles and tails as rationals.

Value at risk at level `a` is the least `x` with `P(loss <= x) >= a`. Expected shortfall is the mean of the worst `1 -
a` of outcomes: `VaR + E[(loss - VaR)+] / (1 - a)`, where an outcome at the level counts in part. Sources: Acerbi and
Tasche 2002; Rockafellar and Uryasev 2000.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final

from risk.linear import ONE, ZERO


class Distribution:
    """A finite loss distribution: distinct losses in ascending order, with positive probabilities that sum to 1.

    Raises ValueError for negative probabilities or another sum.
    """

    def __init__(self, probabilities: Mapping[Fraction, Fraction]) -> None:
        self.atoms: Final = tuple(sorted((loss, p) for loss, p in probabilities.items() if p))
        if any(p < 0 for _, p in self.atoms) or sum((p for _, p in self.atoms), ZERO) != 1:
            raise ValueError("probabilities are negative, or do not sum to 1")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distribution) and self.atoms == other.atoms

    def __hash__(self) -> int:
        return hash(self.atoms)

    def mean(self) -> Fraction:
        """The expected loss."""
        return sum((loss * p for loss, p in self.atoms), ZERO)

    def variance(self) -> Fraction:
        """The variance of the loss."""
        return sum((loss * loss * p for loss, p in self.atoms), ZERO) - self.mean() ** 2

    def at_most(self, loss: Fraction) -> Fraction:
        """The probability that the loss is at most this amount."""
        return sum((p for x, p in self.atoms if x <= loss), ZERO)

    def value_at_risk(self, level: Fraction) -> Fraction:
        """The least loss `x` with `P(loss <= x) >= level`, for a level above 0 and at most 1."""
        below = ZERO
        for loss, p in self.atoms:
            below += p
            if below >= level:
                return loss
        raise ValueError(f"level {level} is not between 0 and 1")

    def expected_shortfall(self, level: Fraction) -> Fraction:
        """The mean of the worst `1 - level` of outcomes, where an outcome at the level
        counts in part; `level` is below 1.
        """
        value = self.value_at_risk(level)
        return value + self.stop_loss(value) / (1 - level)

    def stop_loss(self, retention: Fraction) -> Fraction:
        """The expected loss above a retention, `E[(loss - retention)+]`."""
        return sum(((loss - retention) * p for loss, p in self.atoms if loss > retention), ZERO)

    def exceedance(self) -> list[tuple[Fraction, Fraction, Fraction]]:
        """The steps of the exceedance function `S(x) = P(loss > x)` for `x >= 0`, as (start, end, value)."""
        known = dict(self.atoms)
        left = ONE - self.at_most(ZERO)
        steps = []
        for low, high in pairwise(sorted({ZERO, *(loss for loss in known if loss > 0)})):
            steps.append((low, high, left))
            left -= known[high]
        return steps

    def scaled(self, factor: Fraction) -> "Distribution":
        """The distribution of the loss multiplied by a factor."""
        return mixed((factor * loss, p) for loss, p in self.atoms)


def mixed(outcomes: Iterable[tuple[Fraction, Fraction]]) -> Distribution:
    """The distribution of (loss, probability) pairs; the probabilities of equal losses are added."""
    probabilities: dict[Fraction, Fraction] = {}
    for loss, p in outcomes:
        probabilities[loss] = probabilities.get(loss, ZERO) + p
    return Distribution(probabilities)


NOTHING: Final = Distribution({ZERO: ONE})
"""The distribution of a loss of 0 with certainty."""


def event(probability: Fraction, loss: Fraction) -> Distribution:
    """The distribution of a loss that happens with this probability, else 0."""
    return mixed([(ZERO, ONE - probability), (loss, probability)])


def independent_sum(parts: Iterable[Distribution]) -> Distribution:
    """The distribution of a sum of independent losses, by exact convolution on integers over common denominators."""
    unit, weights, total = 1, {0: 1}, 1
    for part in parts:
        finer = lcm(unit, *(loss.denominator for loss, _ in part.atoms))
        scale = finer // unit
        denominator = lcm(*(p.denominator for _, p in part.atoms))
        steps = [
            (loss.numerator * (finer // loss.denominator), p.numerator * (denominator // p.denominator))
            for loss, p in part.atoms
        ]
        fresh: dict[int, int] = {}
        for loss, weight in weights.items():
            for more, times in steps:
                key = loss * scale + more
                fresh[key] = fresh.get(key, 0) + weight * times
        unit, weights, total = finer, fresh, total * denominator
    return Distribution({Fraction(loss, unit): Fraction(weight, total) for loss, weight in weights.items()})
