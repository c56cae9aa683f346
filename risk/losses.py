"""The loss distribution of a position: exact if probabilities are rational, integrated over a factor, or simulated.

A position is a set of pieces of stake with claims on them (`risk.commitments`). A dependence model (`risk.dependence`)
joins the causes of slashes. Every result states its method and its error.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from risk.commitments import RULES, Piece, TooManyOutcomesError, causes_of, losses
from risk.dependence import Beta, Comonotone, Independent, Model, averaged
from risk.distribution import Distribution, mixed
from risk.quadrature import Floats

EXACT: Final = "exact"
COMPUTED: Final = "computed"
SIMULATED: Final = "simulated"


class Measured:
    """A float with its error: the estimated error of an integral, or the standard error of a simulation."""

    def __init__(self, value: float, error: float) -> None:
        self.value: Final = value
        self.error: Final = error

    def __repr__(self) -> str:
        return f"{self.value:.12g} +- {self.error:.2g}"


class Sampled:
    """Losses in ascending order with float probabilities; `error` is the summed error of all probabilities."""

    def __init__(self, losses_: Sequence[Fraction], probabilities: Floats, error: float) -> None:
        self.losses: Final = tuple(losses_)
        self.probabilities: Final = probabilities
        self.error: Final = error
        self.values: Final = np.array([float(loss) for loss in losses_])
        self.largest: Final = float(np.max(np.abs(self.values)))

    def mean(self) -> Measured:
        """The expected loss, with an estimate of its error: the largest loss times the summed error of all
        probabilities.
        """
        return Measured(float(self.values @ self.probabilities), self.largest * self.error)

    def variance(self) -> Measured:
        """The variance of the loss, with an estimate of its error: the square of the largest loss, times the summed
        error of all probabilities.
        """
        mean = self.mean().value
        return Measured(float((self.values - mean) ** 2 @ self.probabilities), self.largest**2 * self.error)

    def value_at_risk(self, level: Fraction) -> tuple[Fraction, bool]:
        """The least loss not exceeded with probability `level`, and True if the error cannot change that answer."""
        below = np.cumsum(self.probabilities)
        found = int(np.searchsorted(below, float(level)))
        found = min(found, len(self.losses) - 1)
        near = float(np.min(np.abs(below[:-1] - float(level)))) if len(below) > 1 else 1.0
        return self.losses[found], near > self.error

    def stop_loss(self, retention: float) -> Measured:
        """The expected loss above a retention, `E[(loss - retention)+]`, and its error."""
        above = np.maximum(self.values - retention, 0.0)
        return Measured(float(above @ self.probabilities), self.largest * self.error)

    def expected_shortfall(self, level: Fraction) -> Measured:
        """The mean of the worst `1 - level` of outcomes.

        The error of the probabilities may move the value at risk. That changes the mean by no more than the error
        itself, because the mean is flat there.
        """
        tail = float(1 - level)  # a level close to 1 would round to 1 as a float
        value = float(self.value_at_risk(level)[0])
        return Measured(value + self.stop_loss(value).value / tail, self.largest * self.error / tail)


MOST_DRAWN: Final = 5_000_000
"""The number of causes drawn at a time; a batch takes some tens of megabytes."""

MOST_ERROR: Final = 1e-3
"""The largest total error of probabilities that is accepted; beyond it, simulation is better."""

LARGEST: Final = 10**150
"""The largest total amount for floats, which cannot hold larger squares; exact distributions have no limit."""


def _check_floats(pieces: Sequence[Piece]) -> None:
    """Raise OverflowError if the amounts are too large for floats."""
    if sum((piece.amount for piece in pieces), Fraction(0)) > LARGEST:
        raise OverflowError("amounts are too large for floats")


def distribution(pieces: Sequence[Piece], model: Model) -> Distribution | Sampled:
    """The distribution of the total loss of the pieces: exact, or with float probabilities under a factor model.

    Raises TooManyOutcomesError if there are too many outcomes or cases, or the integral is too inexact; then simulate
    or use a coarser unit. Raises OverflowError if floats are needed and the amounts are too large for them.
    """
    if isinstance(model, Comonotone):
        return mixed(
            (sum((p.loss(happened) for p in pieces), Fraction(0)), chance) for happened, chance in model.cases()
        )
    if isinstance(model, Independent | Beta):
        chances, one = model.chances()
        return mixed((loss, model.average(weight)) for loss, weight in losses(pieces, chances, one).items())
    _check_floats(pieces)
    found: list[Fraction] = []

    def weights_on(chances: Any, one: Any) -> Any:
        weights = losses(pieces, chances, one)
        found[:] = sorted(weights)
        return np.array([weights[loss] for loss in found])

    probabilities, error = averaged(model, weights_on)
    # The probabilities should sum to 1: what is missing from that sum is also an error of the integral.
    error = max(error, abs(1 - float(np.sum(probabilities))))
    if not error <= MOST_ERROR:
        raise TooManyOutcomesError(f"the integral over the factor may be off by {error:.2g}")
    return Sampled(found, probabilities, error)


def exact_mean(pieces: Sequence[Piece], model: Model) -> Fraction | None:
    """The expected loss as the sum of the pieces' means, which holds for any dependence; feasible even for large
    positions.

    None if the model is not exact, or if one piece alone has too many outcomes.
    """
    total = Fraction(0)
    for piece in pieces:
        try:
            found = distribution([piece], model)
        except TooManyOutcomesError:
            return None
        if not isinstance(found, Distribution):
            return None
        total += found.mean()
    return total


class Simulation:
    """Simulated losses in ascending order, with the seed that reproduces them."""

    def __init__(self, drawn: Floats, seed: int) -> None:
        self.drawn: Final = np.sort(drawn)
        self.draws: Final = len(drawn)
        self.seed: Final = seed

    def mean(self) -> Measured:
        """The mean of the draws, and its standard error."""
        return Measured(float(np.mean(self.drawn)), float(np.std(self.drawn)) / math.sqrt(self.draws))

    def value_at_risk(self, level: Fraction) -> tuple[float, float, float]:
        """The quantile of the draws, with a lower and a higher draw as its error: four standard errors of the rank
        away.
        """
        rank = math.ceil(level * self.draws) - 1
        spread = 4 * math.sqrt(self.draws * float(level) * (1 - float(level)))
        low, high = max(0, math.floor(rank - spread)), min(self.draws - 1, math.ceil(rank + spread))
        return float(self.drawn[rank]), float(self.drawn[low]), float(self.drawn[high])

    def expected_shortfall(self, level: Fraction) -> Measured:
        """The mean of the worst `1 - level` of the draws, and its standard error."""
        tail = float(1 - level)  # a level close to 1 would round to 1 as a float
        value = self.value_at_risk(level)[0]
        above = np.maximum(self.drawn - value, 0.0)
        return Measured(value + float(np.mean(above)) / tail, float(np.std(above)) / (tail * math.sqrt(self.draws)))


def simulate(pieces: Sequence[Piece], model: Model, draws: int, seed: int) -> Simulation:
    """A simulation of the total loss of the pieces under the model; a seed always gives identical losses."""
    _check_floats(pieces)
    random = np.random.Generator(np.random.PCG64(seed))
    causes = causes_of(pieces)
    batch = max(64, min(1 << 16, MOST_DRAWN // max(1, len(causes))))
    column = {cause: index for index, cause in enumerate(causes)}
    drawn = np.empty(draws)
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        happened = model.draw(causes, size, random)
        total = np.zeros(size)
        for piece in pieces:
            taken = np.zeros(size)
            for claim in piece.claims:
                hit = happened[:, [column[cause] for cause in claim.causes]].any(axis=1)
                taken = np.where(hit, _VECTOR_RULES[piece.rule](taken, float(claim.fraction)), taken)
            total += float(piece.amount) * taken
        drawn[start : start + size] = total
    return Simulation(drawn, seed)


_VECTOR_RULES: Final[dict[str, Any]] = {
    "full": lambda taken, more: ((taken > 0) | (more > 0)).astype(float),
    "sum": lambda taken, more: np.minimum(1.0, taken + more),
    "max": np.maximum,
    "product": lambda taken, more: 1 - (1 - taken) * (1 - more),
}
assert _VECTOR_RULES.keys() == RULES.keys()
