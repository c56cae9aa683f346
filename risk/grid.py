"""Bounds for distributions with too many losses: the losses rounded down, and rounded up, to a grid.

Each independent component is rounded once, by less than a step. Probabilities are floats. Their total error is bounded
by the number of operations, and widens every bound.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

import attrs
import numpy as np

from risk.commitments import Enumeration, Piece, TooManyOutcomesError
from risk.dependence import Independent
from risk.losses import Sampled

STEPS: Final = 1 << 18
"""The number of grid steps up to the largest possible loss."""
MOST_CASES: Final = 64
MOST_SUMS: Final = 4_000_000_000
"""The largest number of additions, which take some seconds."""
ROUNDING: Final = 2.0**-52
"""The largest relative error of one operation, as a fraction of the total probability."""


@attrs.frozen
class Between:
    """Exact lower and upper bounds of a number."""

    at_least: Fraction
    at_most: Fraction


class _Grid(Enumeration):
    """An enumeration whose distributions are arrays of probabilities, indexed by step of the grid. `is_down` rounds
    losses down to the grid, otherwise up.
    """

    def __init__(self, chances: Mapping[str, float], step: Fraction, is_down: bool) -> None:
        super().__init__(chances, 1.0)
        self.most_branches = MOST_CASES
        self.step: Final = step
        self.is_down: Final = is_down
        self.operations = 0
        self.sums = 0

    def kept(self, weights: dict[Fraction, Any]) -> Any:
        """The distribution of one piece's loss, rounded to the grid."""
        positions = [(floor if self.is_down else ceil)(loss / self.step) for loss in weights]
        found = np.zeros(max(positions) + 1)
        for position, weight in zip(positions, weights.values(), strict=True):
            found[position] += weight
        self.operations += 4 * len(weights) + 4
        return found

    def mixed(self, yes: Any, no: Any, chance: Any) -> Any:
        """The mixture of the distributions with and without a cause, which happens with probability `chance`. `yes` is
        the distribution if the cause happens, `no` the one if it does not.
        """
        found = np.zeros(max(len(yes), len(no)))
        found[: len(yes)] += yes * chance
        found[: len(no)] += no * (1.0 - chance)
        self.operations += 4
        return found

    def convolved(self, left: Any, right: Any) -> Any:
        """The distribution of the sum of two independent losses: shifted copies of one, one for each possible loss of
        the other.

        The other is the one with fewer possible losses. Raises TooManyOutcomesError beyond MOST_SUMS additions.
        """
        if np.count_nonzero(left) < np.count_nonzero(right):
            left, right = right, left
        shifts = np.flatnonzero(right)
        self.sums += len(left) * len(shifts)
        self.operations += 2 * len(shifts)
        if self.sums > MOST_SUMS:
            raise TooManyOutcomesError(f"more than {MOST_SUMS:,} sums of probabilities")
        total = np.zeros(len(left) + len(right) - 1)
        for shift in shifts:
            total[shift : shift + len(left)] += left * right[shift]
        return total


class Bounded:
    """The total loss of the pieces for independent causes, computed twice: with all losses rounded down to a grid, and
    with all rounded up. Its risk measures are bounds of the exact ones.
    """

    def __init__(self, pieces: Sequence[Piece], model: Independent) -> None:
        chances, _ = model.chances()
        total = sum((piece.amount for piece in pieces), Fraction(0))
        step = max(total, Fraction(1)) / STEPS
        # The operations of each claim: the probability that it is spared, and the states of its piece before and after.
        for_claims = sum(8 + 4 * len(claim.causes) for piece in pieces for claim in piece.claims)
        self.ends: Final[list[Sampled]] = []
        for is_down in (True, False):
            grid = _Grid({cause: float(chance) for cause, chance in chances.items()}, step, is_down)
            weights = grid.of([(piece, piece.claims) for piece in pieces], frozenset())
            known = np.flatnonzero(weights)
            # Each operation's error is relative to its operand, which is at most the total probability. The last term
            # counts the sums over all losses that compute a tail or a mean.
            error = (grid.operations + for_claims * (grid.branches + 1) + 2 * len(known)) * ROUNDING
            self.ends.append(Sampled([int(n) * step for n in known], weights[known], error))

    def value_at_risk(self, level: Fraction) -> Between:
        """Bounds of the least loss that is not exceeded with probability `level`."""
        low, high = self.ends
        below, above = (level + sign * Fraction(end.error) for sign, end in ((-1, low), (1, high)))
        return Between(
            low.value_at_risk(below)[0] if below > 0 else Fraction(0),
            high.value_at_risk(above)[0] if above < 1 else high.losses[-1],
        )

    def expected_shortfall(self, level: Fraction) -> Between:
        """Bounds of the mean of the worst `1 - level` of outcomes. An outcome at the level counts in part."""
        low, high = (end.expected_shortfall(level) for end in self.ends)
        return Between(max(Fraction(0), Fraction(low.value - low.error)), Fraction(high.value + high.error))
