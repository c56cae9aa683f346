"""Bounds on loss distributions with too many outcomes to enumerate: they enclose the exact value."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest

from risk import grid
from risk.commitments import Claim, Piece, TooManyOutcomesError
from risk.dependence import Independent
from risk.distribution import Distribution
from risk.grid import Bounded
from risk.losses import Sampled, distribution
from tests.risk.canaries import breaks, holds
from tests.risk.test_losses import CHANCES, LEVELS, Position, positions

pytestmark = pytest.mark.source  # nothing here is compiled

Bound = Callable[[Sequence[Piece], Independent], Bounded]


def encloses(bound: Bound) -> Callable[[Position, Fraction], None]:
    def prop(pieces: Position, level: Fraction) -> None:
        loss, found = distribution(pieces, Independent(CHANCES)), bound(pieces, Independent(CHANCES))
        assert isinstance(loss, Distribution)
        for exact, between in (
            (loss.value_at_risk(level), found.value_at_risk(level)),
            (loss.expected_shortfall(level), found.expected_shortfall(level)),
        ):
            assert between.at_least <= exact <= between.at_most

    return prop


class Nearest(Bounded):
    """Broken: both bounds are the lower one, without any error."""

    def __init__(self, pieces: Sequence[Piece], model: Independent) -> None:
        super().__init__(pieces, model)
        low = self.ends[0]
        self.ends[:] = [Sampled(low.losses, low.probabilities, 0.0)] * 2


@pytest.mark.parametrize("steps", [7, 1024])
def test_the_exact_value_is_between_the_bounds(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "STEPS", steps)
    holds(encloses(Bounded), positions(), LEVELS)
    breaks(encloses(Nearest), positions(), LEVELS)


def test_bounds_are_as_far_apart_as_pieces_are_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "STEPS", 10_000)
    pieces = [Piece(f"p{n}", Fraction(3**n), [Claim("s", [f"c{n}", "all"], Fraction(2, 3))], "sum") for n in range(20)]
    model = Independent({"all": Fraction(1, 500), **{f"c{n}": Fraction(1, n + 9) for n in range(20)}})
    found = Bounded(pieces, model)
    total = sum((piece.amount for piece in pieces), Fraction(0))
    for between in (found.value_at_risk(Fraction(19, 20)), found.expected_shortfall(Fraction(19, 20))):
        assert 0 < between.at_most - between.at_least <= 20 * total / 10_000


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [Piece(f"p{n}", Fraction(1), [Claim("s", [f"c{n}"], Fraction(1))], "sum") for n in range(5)]
    monkeypatch.setattr(grid, "MOST_SUMS", 10)
    with pytest.raises(TooManyOutcomesError, match="sums"):
        Bounded(pieces, Independent({f"c{n}": Fraction(1, 2) for n in range(5)}))
