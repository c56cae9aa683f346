"""Delegations with the least expected shortfall: compared with a grid of all delegations, and with a solver
that lies.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy import optimize

from risk.allocation import Choice, Delegation, Group, least_shortfall, most_return
from risk.commitments import Claim, Piece
from risk.dependence import Beta, Comonotone, Gaussian, Independent
from risk.scenarios import Scenarios, scenarios
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

ZERO, ONE = Fraction(0), Fraction(1)
GRID = 10


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    count = draw(st.integers(2, 3))
    part = st.integers(0, 10).map(lambda i: Fraction(i, 10))
    weights = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    rows = tuple(tuple(draw(part) for _ in range(count)) for _ in weights)
    cases = Scenarios(tuple(Fraction(w, sum(weights)) for w in weights), rows, None)
    caps = tuple(draw(st.sampled_from([Fraction(1, 2), Fraction(7, 10), ONE])) for _ in range(count))
    groups = (Group("g", frozenset({0, 1}), Fraction(9, 10)),) if count == 3 and draw(st.booleans()) else ()
    returns = tuple(Fraction(draw(st.integers(0, 10)), 100) for _ in range(count))
    return Choice(
        tuple("abc"[:count]), returns, caps, groups, cases, draw(st.sampled_from([Fraction(1, 2), Fraction(4, 5)]))
    )


def grid(choice: Choice) -> Iterator[list[Fraction]]:
    """Every allowed delegation whose weights are multiples of one tenth."""
    count = len(choice.operators)
    for parts in np.ndindex(*[GRID + 1] * (count - 1)):
        rest = GRID - sum(parts)
        weights = [Fraction(part, GRID) for part in (*parts, rest)]
        if rest >= 0 and choice.is_allowed(weights):
            yield weights


Least = Callable[[Choice, Fraction], Delegation]


def least(find: Least) -> Callable[[Choice, int], None]:
    def prop(choice: Choice, wanted: int) -> None:
        minimum = Fraction(wanted, 100)
        found = find(choice, minimum)
        known = [choice.shortfall(w) for w in grid(choice) if choice.mean_return(w) >= minimum]
        if found.verdict in ("OPTIMAL", "CERTIFIED"):
            assert found.weights is not None
            assert found.value is not None
            assert found.bound is not None
            assert choice.is_allowed(found.weights)
            assert choice.mean_return(found.weights) >= minimum
            assert choice.shortfall(found.weights) == found.value
            assert sum(choice.contributions(found.weights)) == found.value
            assert all(found.bound <= other for other in known)
            assert 0 <= found.value - found.bound <= Fraction(1, 10**6)
        elif found.verdict == "INFEASIBLE":
            assert known == []

    return prop


def equally(choice: Choice, _: Fraction) -> Delegation:
    """Broken: delegates equally to all operators, and calls this the optimum."""
    weights = (Fraction(1, len(choice.operators)),) * len(choice.operators)
    return Delegation("OPTIMAL", weights, choice.shortfall(weights), choice.shortfall(weights))


def test_no_delegation_loses_less() -> None:
    holds(least(least_shortfall), choices(), st.integers(0, 10))
    breaks(least(equally), choices(), st.integers(0, 10))


def test_no_delegation_returns_more_within_the_limit() -> None:
    def prop(choice: Choice, tenths: int) -> None:
        limit = Fraction(tenths, 10)
        found = most_return(choice, limit)
        known = [choice.mean_return(w) for w in grid(choice) if choice.shortfall(w) <= limit]
        if found.weights is not None:
            assert found.value is not None
            assert found.bound is not None
            assert choice.is_allowed(found.weights)
            assert choice.shortfall(found.weights) <= limit
            assert choice.mean_return(found.weights) == found.value
            assert all(found.bound >= other for other in known)
            assert 0 <= found.bound - found.value <= Fraction(1, 10**6)
        elif found.verdict == "INFEASIBLE":
            assert known == []

    holds(prop, choices(), st.integers(0, 10))


def two() -> Choice:
    cases = Scenarios((Fraction(9, 10), Fraction(1, 10)), ((ZERO, ZERO), (ONE, Fraction(1, 2))), None)
    return Choice(("a", "b"), (Fraction(1, 10), Fraction(1, 20)), (ONE, ONE), (), cases, Fraction(4, 5))


LIES: list[Callable[[Any], Any]] = [
    lambda right: SimpleNamespace(status=0, x=right.x * 0 + 5, ineqlin=right.ineqlin),
    lambda right: SimpleNamespace(status=0, x=right.x[::-1], ineqlin=right.ineqlin),
    lambda right: SimpleNamespace(
        status=0, x=right.x, ineqlin=SimpleNamespace(marginals=-np.ones_like(right.ineqlin.marginals))
    ),
    lambda right: SimpleNamespace(
        status=0, x=right.x, ineqlin=SimpleNamespace(marginals=np.ones_like(right.ineqlin.marginals) * 1e9)
    ),
]


@pytest.mark.parametrize("lie", LIES)
def test_a_solver_that_lies_is_not_believed(lie: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the solver returns, the result has allowed weights, their true value, and a valid lower bound."""
    truth = least_shortfall(two(), Fraction(3, 40))
    assert truth.value is not None
    right = optimize.linprog
    monkeypatch.setattr(optimize, "linprog", lambda *a, **k: lie(right(*a, **k)))
    found = least_shortfall(two(), Fraction(3, 40))
    assert found.bound is None or found.bound <= truth.value
    if found.weights is not None:
        assert two().is_allowed(found.weights)
        assert found.value == two().shortfall(found.weights)
        assert found.value >= truth.value


def test_a_solver_that_fails_leaves_the_answer_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimize, "linprog", lambda *_, **__: SimpleNamespace(status=4))
    assert least_shortfall(two(), Fraction(3, 40)) == Delegation("UNKNOWN", None, None, None)


def test_what_cannot_be_returned_or_kept_within_is_infeasible() -> None:
    assert least_shortfall(two(), Fraction(1, 2)).verdict == "INFEASIBLE"
    assert most_return(two(), Fraction(1, 100)).verdict == "INFEASIBLE"


def test_an_atom_at_the_level_is_counted_in_part() -> None:
    """Half of the worst fifth of outcomes is the loss, which has probability a tenth. The other half is part of the
    outcome without a loss.
    """
    assert two().tail([ONE, ZERO]) == [Fraction(1, 2), Fraction(1, 2)]
    assert two().contributions([ONE, ZERO]) == [Fraction(1, 2), ZERO]


def test_scenarios_are_exact_where_they_can_be() -> None:
    chances = {"a": Fraction(1, 10), "b": Fraction(1, 5)}
    pieces = [Piece(name, ONE, [Claim("s", [name], Fraction(1, 2))], "sum") for name in chances]
    exact = scenarios(pieces, Independent(chances), 100, 1)
    assert exact.seed is None
    assert dict(zip(exact.losses, exact.probabilities, strict=True))[(Fraction(1, 2), Fraction(1, 2))] == Fraction(
        1, 50
    )
    mixed = scenarios(pieces, Beta(["a", "b"], ONE, ONE), 100, 1)
    assert mixed.probabilities == (Fraction(1, 3), Fraction(1, 6), Fraction(1, 6), Fraction(1, 3))
    assert scenarios(pieces, Comonotone(chances), 100, 1).probabilities == (
        Fraction(4, 5),
        Fraction(1, 10),
        Fraction(1, 10),
    )
    drawn = scenarios(pieces, Gaussian(chances, Fraction(1, 2)), 5000, 1)
    assert drawn.seed == 1
    both = dict(zip(drawn.losses, drawn.probabilities, strict=True))
    assert sum(both.values()) == 1
    hit = sum(p for losses, p in both.items() if losses[0])
    assert abs(float(hit) - 0.1) < 4 * (0.09 / 5000) ** 0.5
