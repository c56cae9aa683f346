"""Losses that are too many to tell apart, on a grid: rounded down, and rounded up. The true ones lie between.

Each independent component is rounded once, by less than a step. Probabilities are floats; how far all of them together
may be off is bounded from how many operations there were, and widens every bound.
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
"""Of the grid, up to all that there is."""
MOST_CASES: Final = 64
MOST_SUMS: Final = 4_000_000_000
"""So many additions take some seconds."""
ROUNDING: Final = 2.0**-52
"""One operation is off by no more than this part of the probabilities that it is about, which sum to 1."""


@attrs.frozen
class Between:
    """A number between two, which it cannot be beyond."""

    at_least: Fraction
    at_most: Fraction


class _Grid(Enumeration):
    """Arrays of probabilities by steps of the grid, in place of losses."""

    def __init__(self, chances: Mapping[str, float], step: Fraction, is_down: bool) -> None:
        super().__init__(chances, 1.0)
        self.most_branches = MOST_CASES
        self.step: Final = step
        self.is_down: Final = is_down
        self.operations = 0
        self.sums = 0

    def kept(self, weights: dict[Fraction, Any]) -> Any:
        """The losses of one piece, rounded."""
        positions = [(floor if self.is_down else ceil)(loss / self.step) for loss in weights]
        found = np.zeros(max(positions) + 1)
        for position, weight in zip(positions, weights.values(), strict=True):
            found[position] += weight
        self.operations += 4 * len(weights) + 4
        return found

    def mixed(self, yes: Any, no: Any, chance: Any) -> Any:
        """The losses when a cause has happened, with its chance, and when it has not."""
        found = np.zeros(max(len(yes), len(no)))
        found[: len(yes)] += yes * chance
        found[: len(no)] += no * (1.0 - chance)
        self.operations += 4
        return found

    def convolved(self, left: Any, right: Any) -> Any:
        """The probabilities of the sum of two independent losses: a shift for each that is possible."""
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
    """Bounds on the loss of all pieces together, whose causes are independent."""

    def __init__(self, pieces: Sequence[Piece], model: Independent) -> None:
        chances, _ = model.chances()
        total = sum((piece.amount for piece in pieces), Fraction(0))
        step = max(total, Fraction(1)) / STEPS
        # Of each claim, what spares it, and the states of its piece before and after.
        for_claims = sum(8 + 4 * len(claim.causes) for piece in pieces for claim in piece.claims)
        self.ends: Final[list[Sampled]] = []
        for is_down in (True, False):
            grid = _Grid({cause: float(chance) for cause, chance in chances.items()}, step, is_down)
            weights = grid.of([(piece, piece.claims) for piece in pieces], frozenset())
            known = np.flatnonzero(weights)
            # Each operation is off by a part of what it is about, and none is about more than everything. The last are
            # the sums over all losses by which a tail or a mean is found.
            error = (grid.operations + for_claims * (grid.branches + 1) + 2 * len(known)) * ROUNDING
            self.ends.append(Sampled([int(n) * step for n in known], weights[known], error))

    def value_at_risk(self, level: Fraction) -> Between:
        """The least loss that is not exceeded with this probability."""
        low, high = self.ends
        below, above = (level + sign * Fraction(end.error) for sign, end in ((-1, low), (1, high)))
        return Between(
            low.value_at_risk(below)[0] if below > 0 else Fraction(0),
            high.value_at_risk(above)[0] if above < 1 else high.losses[-1],
        )

    def expected_shortfall(self, level: Fraction) -> Between:
        """The mean over the worst outcomes, of probability `1 - level` together; the one at the edge counts in part."""
        low, high = (end.expected_shortfall(level) for end in self.ends)
        return Between(max(Fraction(0), Fraction(low.value - low.error)), Fraction(high.value + high.error))
