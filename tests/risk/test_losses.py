"""Losses of overlapping commitments: exact values against enumeration, computed and simulated ones against
the exact.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from risk import commitments
from risk.commitments import RULES, Claim, Piece, TooManyOutcomesError, causes_of, losses
from risk.copulas import gaussian_joint, pool_quantile, pool_shortfall, t_joint, t_tail_dependence
from risk.dependence import Beta, Comonotone, Gaussian, Independent, Model, StudentT, gaussian, student_t
from risk.distribution import Distribution, event, independent_sum, mixed
from risk.losses import Sampled, distribution, exact_mean, simulate
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

ONE = Fraction(1)
CAUSES = ("a", "b", "c", "d", "e")
CHANCES: Mapping[str, Fraction] = {name: Fraction(i + 1, 20) for i, name in enumerate(CAUSES)}

Position = list[Piece]


@st.composite
def positions(draw: st.DrawFn) -> Position:
    fraction = st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 5), ONE])
    pieces = []
    for index in range(draw(st.integers(1, 4))):
        claims = [
            Claim(f"s{i}", draw(st.sets(st.sampled_from(CAUSES), min_size=1, max_size=3)), draw(fraction))
            for i in range(draw(st.integers(0, 3)))
        ]
        pieces.append(
            Piece(f"p{index}", Fraction(draw(st.integers(0, 9))), claims, draw(st.sampled_from(sorted(RULES))))
        )
    return pieces


def enumerated(pieces: Position, chance: Callable[[frozenset[str]], Fraction]) -> Distribution:
    """The loss distribution by its definition: every set of causes with its probability and the loss it brings.

    `chance` gives the probability that exactly these causes happen.
    """
    causes = causes_of(pieces)
    cases = [
        frozenset(c for c, hit in zip(causes, hits, strict=True) if hit) for hits in product((0, 1), repeat=len(causes))
    ]
    return mixed((sum((p.loss(case) for p in pieces), Fraction(0)), chance(case)) for case in cases)


def independently(pieces: Position) -> Callable[[frozenset[str]], Fraction]:
    def chance(case: frozenset[str]) -> Fraction:
        total = ONE
        for cause in causes_of(pieces):
            total *= CHANCES[cause] if cause in case else 1 - CHANCES[cause]
        return total

    return chance


Found = Callable[[Position, Model], Distribution | Sampled]


def agrees(found: Found) -> Callable[[Position], None]:
    def prop(pieces: Position) -> None:
        assert found(pieces, Independent(CHANCES)) == enumerated(pieces, independently(pieces))

    return prop


def as_if_not_shared(pieces: Position, _: Model) -> Distribution:
    """Broken: every claim has independent causes, and two slashes of one stake are added up."""
    parts = []
    for piece in pieces:
        for claim in piece.claims:
            spared = ONE
            for cause in claim.causes:
                spared *= 1 - CHANCES[cause]
            parts.append(event(1 - spared, piece.amount * claim.fraction))
    return independent_sum(parts)


def test_overlapping_commitments_are_told_apart_exactly() -> None:
    holds(agrees(distribution), positions(), examples=80)


def test_losses_that_are_only_added_up_are_noticed() -> None:
    breaks(agrees(as_if_not_shared), positions())


def test_a_beta_chance_is_integrated_exactly() -> None:
    def prop(pieces: Position) -> None:
        causes = causes_of(pieces)
        alpha, beta = Fraction(2, 3), Fraction(7, 2)

        def chance(case: frozenset[str]) -> Fraction:
            total = ONE
            for i in range(len(causes)):
                top = alpha + i if i < len(case) else beta + i - len(case)
                total *= top / (alpha + beta + i)
            return total

        assert distribution(pieces, Beta(causes, alpha, beta)) == enumerated(pieces, chance)

    holds(prop, positions())


def test_comonotone_causes_happen_in_the_order_of_their_chances() -> None:
    piece = Piece("p", Fraction(10), [Claim("s", ["a"], Fraction(1, 2)), Claim("t", ["c"], Fraction(1, 4))], "sum")
    loss = distribution([piece], Comonotone(CHANCES))
    assert isinstance(loss, Distribution)
    assert loss.atoms == (
        (Fraction(0), Fraction(17, 20)),
        (Fraction(5, 2), Fraction(2, 20)),
        (Fraction(15, 2), Fraction(1, 20)),
    )


def test_too_many_outcomes_are_refused_and_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitments, "MOST_OUTCOMES", 1000)
    pieces = [Piece(f"p{i}", Fraction(2**i), [Claim("s", [f"c{i}"], ONE)], "sum") for i in range(20)]
    chances = {f"c{i}": Fraction(1, 2) for i in range(20)}
    with pytest.raises(TooManyOutcomesError):
        distribution(pieces, Independent(chances))
    many = [Claim(f"s{i}", [f"c{i}"], Fraction(1, 2 ** (i + 2))) for i in range(20)]
    with pytest.raises(TooManyOutcomesError, match="of p alone"):
        distribution([Piece("p", ONE, many, "sum")], Independent(chances))
    assert exact_mean([Piece("p", ONE, many, "sum")], Independent(chances)) is None
    monkeypatch.setattr(commitments, "MOST_WORK", 50)
    with pytest.raises(TooManyOutcomesError, match="products"):
        distribution(equal(20), Independent(chances))
    monkeypatch.setattr(commitments, "MOST_BRANCHES", 3)
    tangled = [Piece(f"p{i}", ONE, [Claim("s", CAUSES[i : i + 2], ONE)] * 2, "max") for i in range(4)]
    with pytest.raises(TooManyOutcomesError):
        losses(tangled, CHANCES)


def test_the_mean_is_exact_whatever_depends_on_what() -> None:
    def prop(pieces: Position) -> None:
        for model in (Independent(CHANCES), Beta(CAUSES, ONE, ONE), Comonotone(CHANCES)):
            assert exact_mean(pieces, model) == distribution(pieces, model).mean()

    holds(prop, positions(), examples=20)
    assert exact_mean(overlapping(), Gaussian(CHANCES, Fraction(1, 2))) is None


def equal(count: int) -> Position:
    return [Piece(f"p{i}", ONE, [Claim("s", [f"c{i}"], ONE)], "sum") for i in range(count)]


def chances(count: int, p: Fraction) -> dict[str, Fraction]:
    return {f"c{i}": p for i in range(count)}


def test_a_copula_without_correlation_is_the_binomial_within_its_own_error() -> None:
    p = Fraction(1, 20)
    found = distribution(equal(10), Gaussian(chances(10, p), Fraction(0)))
    assert isinstance(found, Sampled)
    exact = [float(comb(10, k) * p**k * (1 - p) ** (10 - k)) for k in range(11)]
    assert np.abs(np.array(exact) - found.probabilities).sum() <= found.error <= 1e-12


@pytest.mark.parametrize("rho", ["1/100", "3/10", "9/10", "99/100"])
def test_one_factor_pairs_have_the_joint_probability_of_the_bivariate_law(rho: str) -> None:
    """The joint probability of two defaults is the same by integration over the factor and by Plackett's identity."""
    p = {"c0": Fraction(1, 20), "c1": Fraction(1, 50)}
    found = distribution(equal(2), Gaussian(p, Fraction(rho)))
    assert isinstance(found, Sampled)
    joint, error = gaussian_joint(0.05, 0.02, float(Fraction(rho)))
    assert found.probabilities[2] == pytest.approx(joint, abs=10 * (found.error + error) + 1e-13)


def test_t_pairs_have_the_joint_probability_of_the_bivariate_law() -> None:
    found = distribution(equal(2), StudentT(chances(2, Fraction(1, 20)), Fraction(3, 10), Fraction(4)))
    assert isinstance(found, Sampled)
    joint, error = t_joint(0.05, 0.05, 0.3, 4.0)
    assert found.probabilities[2] == pytest.approx(joint, abs=10 * (found.error + error) + 1e-10)


def test_the_ends_of_a_copula_are_exact() -> None:
    p = chances(3, Fraction(1, 20))
    assert distribution(equal(3), gaussian(p, Fraction(0))) == distribution(equal(3), Independent(p))
    for model in (gaussian(p, ONE), student_t(p, ONE, Fraction(4))):
        loss = distribution(equal(3), model)
        assert isinstance(loss, Distribution)
        assert loss.atoms == ((Fraction(0), Fraction(19, 20)), (Fraction(3), Fraction(1, 20)))


def test_pairs_at_the_ends_and_in_the_tail() -> None:
    assert gaussian_joint(0.05, 0.02, 1.0)[0] == 0.02
    assert gaussian_joint(0.05, 0.02, -1.0)[0] == pytest.approx(0, abs=1e-14)
    assert gaussian_joint(0.6, 0.7, -1.0)[0] == pytest.approx(0.3, abs=1e-14)
    assert gaussian_joint(0.05, 0.02, 0.0)[0] == pytest.approx(0.001, abs=1e-14)
    assert t_tail_dependence(0.0, 4.0) > 0.07
    worst, _ = pool_shortfall(0.02, 0.15, 0.999)
    assert worst > pool_quantile(0.02, 0.15, 0.999)


MODELS: list[tuple[str, Model]] = [
    ("independent", Independent(CHANCES)),
    ("beta", Beta(CAUSES, Fraction(1), Fraction(9))),
    ("comonotone", Comonotone(CHANCES)),
    ("gaussian", Gaussian(CHANCES, Fraction(3, 10))),
    ("t", StudentT(CHANCES, Fraction(3, 10), Fraction(4))),
]

LEVEL = Fraction(19, 20)


def overlapping() -> Position:
    return [
        Piece("p", Fraction(10), [Claim("s", ["a", "e"], Fraction(1, 2)), Claim("t", ["b"], Fraction(3, 4))], "sum"),
        Piece("q", Fraction(7), [Claim("s", ["c", "e"], Fraction(1, 2)), Claim("t", ["d"], ONE)], "product"),
        Piece("r", Fraction(5), [Claim("u", ["d"], Fraction(1, 5)), Claim("t", ["a"], Fraction(1, 3))], "max"),
    ]


def simulated_agrees(model: Model, other: Model) -> None:
    """Checks that simulated figures of `model` lie within four standard errors of the exact figures of `other`."""
    drawn = simulate(overlapping(), model, 100_000, seed=7)
    found = distribution(overlapping(), other)
    mean, worst = found.mean(), found.expected_shortfall(LEVEL)
    exact = [float(x) if isinstance(x, Fraction) else x.value for x in (mean, worst)]
    for measured, value in zip((drawn.mean(), drawn.expected_shortfall(LEVEL)), exact, strict=True):
        assert abs(measured.value - value) <= 4 * measured.error
    value_at_risk = found.value_at_risk(LEVEL)
    _, low, high = drawn.value_at_risk(LEVEL)
    assert low <= float(value_at_risk if isinstance(value_at_risk, Fraction) else value_at_risk[0]) <= high


@pytest.mark.parametrize("model", [model for _, model in MODELS], ids=[name for name, _ in MODELS])
def test_draws_are_within_four_standard_errors_of_the_exact_value(model: Model) -> None:
    simulated_agrees(model, model)
    with pytest.raises(AssertionError):  # the same draws are far from another model's value
        simulated_agrees(model, Independent({cause: p / 2 for cause, p in CHANCES.items()}))


def test_the_same_seed_draws_the_same() -> None:
    model = MODELS[3][1]
    one, two, other = (simulate(overlapping(), model, 1000, seed).drawn for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


# --- value at risk and expected shortfall ---


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    values = draw(st.lists(st.integers(0, 12), min_size=len(weights), max_size=len(weights)))
    total = sum(weights)
    return mixed((Fraction(x), Fraction(w, total)) for x, w in zip(values, weights, strict=True))


LEVELS = st.integers(1, 19).map(lambda i: Fraction(i, 20))

Shortfall = Callable[[Distribution, Fraction], Fraction]


def coherent(shortfall: Shortfall) -> Callable[[Distribution, Distribution, Fraction], None]:
    """Property P16: expected shortfall is at least the value at risk, minimises Rockafellar and Uryasev's formula, and
    is subadditive.
    """

    def prop(one: Distribution, two: Distribution, level: Fraction) -> None:
        value = shortfall(one, level)
        assert value >= one.value_at_risk(level)
        assert value == min(x + one.stop_loss(x) / (1 - level) for x, _ in one.atoms)
        assert shortfall(independent_sum([one, two]), level) <= value + shortfall(two, level)

    return prop


def mean_of_at_least(one: Distribution, level: Fraction) -> Fraction:
    """Broken: the mean of all losses at or above the value at risk. The atom there is counted whole."""
    value = one.value_at_risk(level)
    atoms = [(x, p) for x, p in one.atoms if x >= value]
    return sum((x * p for x, p in atoms), Fraction(0)) / sum((p for _, p in atoms), Fraction(0))


def mean_of_above(one: Distribution, level: Fraction) -> Fraction:
    """Broken: the mean of all losses above the value at risk."""
    value = one.value_at_risk(level)
    atoms = [(x, p) for x, p in one.atoms if x > value] or [(value, ONE)]
    return sum((x * p for x, p in atoms), Fraction(0)) / sum((p for _, p in atoms), Fraction(0))


def test_p16_expected_shortfall_is_coherent() -> None:
    holds(coherent(Distribution.expected_shortfall), distributions(), distributions(), LEVELS)


@pytest.mark.parametrize("wrong", [mean_of_at_least, mean_of_above])
def test_classic_wrong_shortfalls_are_noticed(wrong: Shortfall) -> None:
    breaks(coherent(wrong), distributions(), distributions(), LEVELS)


def test_value_at_risk_is_not_subadditive() -> None:
    """Each of two independent losses is too rare to count at the level. A loss by either of them is not."""
    rare = event(Fraction(4, 100), Fraction(100))
    assert rare.value_at_risk(LEVEL) == 0
    assert independent_sum([rare, rare]).value_at_risk(LEVEL) == 100


def test_probabilities_that_are_none_are_refused() -> None:
    for wrong in ({Fraction(0): Fraction(1, 2)}, {Fraction(0): Fraction(3, 2), ONE: Fraction(-1, 2)}):
        with pytest.raises(ValueError, match="probabilities"):
            Distribution(wrong)


def test_convolution_is_enumeration() -> None:
    def prop(parts: Sequence[Distribution]) -> None:
        outcomes: list[tuple[Fraction, Fraction]] = [(Fraction(0), ONE)]
        for part in parts:
            outcomes = [(x + y, p * q) for x, p in outcomes for y, q in part.scaled(Fraction(1, 3)).atoms]
        assert independent_sum(part.scaled(Fraction(1, 3)) for part in parts) == mixed(outcomes)

    holds(prop, st.lists(distributions(), max_size=3))


def test_a_level_that_falls_on_a_step_is_said_to_be_uncertain() -> None:
    sampled = Sampled([Fraction(0), ONE], np.array([0.95, 0.05]), 1e-12)
    assert sampled.value_at_risk(Fraction(9, 10)) == (Fraction(0), True)
    assert sampled.value_at_risk(LEVEL)[1] is False
    found: Any = sampled.expected_shortfall(LEVEL)
    assert found.value == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("freedom", ["1/4", "1/2", "1000000"])
def test_an_integral_that_misses_a_part_of_the_whole_is_not_believed(freedom: str) -> None:
    """With these degrees of freedom the quadrature nodes miss part of the density: probabilities sum to 0.89, 0.99 or
    1.05.
    """
    pieces = [Piece(name, Fraction(1), [Claim("s", [name], Fraction(1))], "sum") for name in "ab"]
    model = StudentT(dict.fromkeys("ab", Fraction(1, 100)), Fraction(3, 10), Fraction(freedom))
    with pytest.raises(TooManyOutcomesError, match="the integral over the factor may be off by"):
        distribution(pieces, model)
    drawn = simulate(pieces, model, 100_000, 0).mean()
    assert abs(drawn.value - 0.02) < 4 * drawn.error


def test_a_level_that_is_1_in_floats_has_a_tail() -> None:
    pieces = [Piece("a", Fraction(1), [Claim("s", ["a"], Fraction(1))], "sum")]
    model = Gaussian({"a": Fraction(1, 100)}, Fraction(3, 10))
    level = 1 - Fraction(1, 10**18)
    found = distribution(pieces, model)
    assert not isinstance(found, Distribution)
    assert (
        found.expected_shortfall(level).value == simulate(pieces, model, 1000, 0).expected_shortfall(level).value == 1
    )
