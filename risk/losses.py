"""The loss of a position: exact where probabilities are rational, computed over a factor, or simulated.

A position is pieces of stake with claims on them (`risk.commitments`) and a model of how their causes depend on one
another (`risk.dependence`). Every answer says how it was found, and how far it may be off.
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
    """Losses with float probabilities, in ascending order; `error` is how far all probabilities together may be off."""

    def __init__(self, losses_: Sequence[Fraction], probabilities: Floats, error: float) -> None:
        self.losses: Final = tuple(losses_)
        self.probabilities: Final = probabilities
        self.error: Final = error
        self.values: Final = np.array([float(loss) for loss in losses_])
        self.largest: Final = float(np.max(np.abs(self.values)))

    def mean(self) -> Measured:
        """The expected loss."""
        return Measured(float(self.values @ self.probabilities), self.largest * self.error)

    def variance(self) -> Measured:
        """The mean square distance from the mean."""
        mean = self.mean().value
        return Measured(float((self.values - mean) ** 2 @ self.probabilities), self.largest**2 * self.error)

    def value_at_risk(self, level: Fraction) -> tuple[Fraction, bool]:
        """The least loss not exceeded with probability `level`, and whether the error leaves no other answer."""
        below = np.cumsum(self.probabilities)
        found = int(np.searchsorted(below, float(level)))
        found = min(found, len(self.losses) - 1)
        near = float(np.min(np.abs(below[:-1] - float(level)))) if len(below) > 1 else 1.0
        return self.losses[found], near > self.error

    def stop_loss(self, retention: float) -> Measured:
        """The expected loss above a retention."""
        above = np.maximum(self.values - retention, 0.0)
        return Measured(float(above @ self.probabilities), self.largest * self.error)

    def expected_shortfall(self, level: Fraction) -> Measured:
        """The mean of the worst `1 - level` of outcomes. A wrong value at risk would change it by no more than `error`
        does, because shortfall is flat there.
        """
        tail = float(1 - level)  # a level near 1 is 1 in floats
        value = float(self.value_at_risk(level)[0])
        return Measured(value + self.stop_loss(value).value / tail, self.largest * self.error / tail)


MOST_DRAWN: Final = 5_000_000
"""So many causes are drawn at a time: some tens of megabytes."""

MOST_ERROR: Final = 1e-3
"""Probabilities that may be off by more than this together are of no use: draws are better."""

LARGEST: Final = 10**150
"""Floats hold no square of more; exact distributions know no such bound."""


def _check_floats(pieces: Sequence[Piece]) -> None:
    """OverflowError if amounts are too large for floats."""
    if sum((piece.amount for piece in pieces), Fraction(0)) > LARGEST:
        raise OverflowError("amounts are too large for floats")


def distribution(pieces: Sequence[Piece], model: Model) -> Distribution | Sampled:
    """The distribution of the loss of all pieces together: exact, or with float probabilities under a factor model.

    TooManyOutcomesError where there are too many outcomes or cases for that: simulate, or count in a coarser unit.
    OverflowError where floats are needed and amounts are too large for them.
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
    # Whatever else an integral misses, it misses of the whole too, which is known to be 1.
    error = max(error, abs(1 - float(np.sum(probabilities))))
    if not error <= MOST_ERROR:
        raise TooManyOutcomesError(f"the integral over the factor may be off by {error:.2g}")
    return Sampled(found, probabilities, error)


def exact_mean(pieces: Sequence[Piece], model: Model) -> Fraction | None:
    """The expected loss, also of positions whose distribution is too large: means add up, whatever depends on what.

    None where the model is not exact, or one piece alone has too many outcomes.
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
    """Losses drawn at random, the smallest first, with the seed that draws them again."""

    def __init__(self, drawn: Floats, seed: int) -> None:
        self.drawn: Final = np.sort(drawn)
        self.draws: Final = len(drawn)
        self.seed: Final = seed

    def mean(self) -> Measured:
        """The mean of the draws, and its standard error."""
        return Measured(float(np.mean(self.drawn)), float(np.std(self.drawn)) / math.sqrt(self.draws))

    def value_at_risk(self, level: Fraction) -> tuple[float, float, float]:
        """The quantile of the draws, and the draws four standard errors of the rank below and above it."""
        rank = math.ceil(level * self.draws) - 1
        spread = 4 * math.sqrt(self.draws * float(level) * (1 - float(level)))
        low, high = max(0, math.floor(rank - spread)), min(self.draws - 1, math.ceil(rank + spread))
        return float(self.drawn[rank]), float(self.drawn[low]), float(self.drawn[high])

    def expected_shortfall(self, level: Fraction) -> Measured:
        """The mean of the worst `1 - level` of the draws, and its standard error."""
        tail = float(1 - level)  # a level near 1 is 1 in floats
        value = self.value_at_risk(level)[0]
        above = np.maximum(self.drawn - value, 0.0)
        return Measured(value + float(np.mean(above)) / tail, float(np.std(above)) / (tail * math.sqrt(self.draws)))


def simulate(pieces: Sequence[Piece], model: Model, draws: int, seed: int) -> Simulation:
    """Losses of all pieces together, drawn from the model; the same seed draws the same losses."""
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
