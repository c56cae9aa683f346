"""To whom to delegate: the least expected shortfall at a given return, or the most return under a limit on it.

Rockafellar and Uryasev's linear program, solved by HiGHS in floats. Nothing of its answer is believed: the weights are
made rational and checked against every constraint, their shortfall is computed exactly, and multipliers give a bound
that no delegation can beat, exactly too. Source: Rockafellar and Uryasev 2000.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import attrs
import numpy as np
from scipy import optimize, sparse

from risk.distribution import Distribution, mixed
from risk.linear import ONE, ZERO, Vector
from risk.scenarios import Scenarios

TIGHTENED: Final = 1e-7
"""If rational weights miss a constraint, the program is solved again with constraints tighter by this."""

SNAP: Final = Fraction(1, 10**7)
"""A multiplier this near to an end of its range is meant to be there."""


@attrs.frozen
class Group:
    """Operators that may have no more than `cap` of the position together."""

    name: str
    members: frozenset[int]
    cap: Fraction


@attrs.frozen
class Choice:
    """The options of a choice: each operator's return and cap, caps of groups, and the scenarios and level of risk."""

    operators: tuple[str, ...]
    returns: tuple[Fraction, ...]
    caps: tuple[Fraction, ...]
    groups: tuple[Group, ...]
    scenarios: Scenarios
    level: Fraction

    def is_allowed(self, weights: Vector) -> bool:
        """True if weights sum to 1 and respect every cap."""
        return (
            sum(weights, ZERO) == 1
            and all(0 <= weight <= cap for weight, cap in zip(weights, self.caps, strict=True))
            and all(sum((weights[i] for i in group.members), ZERO) <= group.cap for group in self.groups)
        )

    def mean_return(self, weights: Vector) -> Fraction:
        """The mean return of a position that is delegated by these weights, before losses."""
        return sum((w * r for w, r in zip(weights, self.returns, strict=True)), ZERO)

    def loss(self, weights: Vector) -> Distribution:
        """The distribution of what weights lose, as a part of the position."""
        outcomes = zip(self.scenarios.losses, self.scenarios.probabilities, strict=True)
        return mixed((_product(weights, row), p) for row, p in outcomes)

    def shortfall(self, weights: Vector) -> Fraction:
        """The expected shortfall of weights, exactly."""
        return self.loss(weights).expected_shortfall(self.level)

    def tail(self, weights: Vector) -> list[Fraction]:
        """The weight of each scenario in the worst `1 - level`, summing to 1: above the value at risk all of it, at it
        in proportion.
        """
        losses = [_product(weights, row) for row in self.scenarios.losses]
        value = self.loss(weights).value_at_risk(self.level)
        chances = self.scenarios.probabilities
        rest = 1 - self.level
        above = sum((p for loss, p in zip(losses, chances, strict=True) if loss > value), ZERO)
        edge = sum((p for loss, p in zip(losses, chances, strict=True) if loss == value), ZERO)
        part = (rest - above) / edge
        return [
            (p if loss > value else p * part if loss == value else ZERO) / rest
            for loss, p in zip(losses, chances, strict=True)
        ]

    def contributions(self, weights: Vector) -> list[Fraction]:
        """The contribution of each operator to the shortfall: its part of the loss in the tail. They sum to the
        shortfall.
        """
        tail = self.tail(weights)
        return [weights[i] * self._mean_loss(tail, i) for i in range(len(weights))]

    def _mean_loss(self, tail: Vector, operator: int) -> Fraction:
        return sum((q * row[operator] for q, row in zip(tail, self.scenarios.losses, strict=True) if q), ZERO)


@attrs.frozen
class Delegation:
    """An answer. `value` is the shortfall or the return of `weights`, exactly; `bound` is what none can beat.

    `verdict`: OPTIMAL where both are equal, CERTIFIED where they differ, INFEASIBLE where a certificate says that no
    weights do what is asked, UNKNOWN where neither was found.
    """

    verdict: str
    weights: tuple[Fraction, ...] | None
    value: Fraction | None
    bound: Fraction | None


def least_shortfall(choice: Choice, minimum_return: Fraction) -> Delegation:
    """The least expected shortfall at a mean return of at least `minimum_return`."""
    most = _most_possible_return(choice)
    if most < minimum_return:
        return Delegation("INFEASIBLE", None, None, most)
    bound: Fraction | None = None
    for slack in (0.0, TIGHTENED):
        solved = _solve(choice, float(minimum_return) + slack, None, slack)
        if solved is None:
            continue
        found = _lower_bound(choice, solved, minimum_return)
        bound = found if bound is None else max(bound, found)
        allowed = [w for w in _rational(choice, solved.weights) if choice.mean_return(w) >= minimum_return]
        if allowed:
            best = min(allowed, key=choice.shortfall)
            return _delegation(best, choice.shortfall(best), bound)
    return Delegation("UNKNOWN", None, None, bound)


def most_return(choice: Choice, shortfall_limit: Fraction) -> Delegation:
    """The most mean return at an expected shortfall of at most `shortfall_limit`."""
    safest = least_shortfall(choice, min(choice.returns))
    if safest.bound is not None and safest.bound > shortfall_limit:
        return Delegation("INFEASIBLE", None, None, safest.bound)
    bound: Fraction | None = None
    for slack in (0.0, TIGHTENED):
        solved = _solve(choice, None, float(shortfall_limit) - slack, slack)
        if solved is None:
            continue
        found = _upper_bound(choice, solved, shortfall_limit)
        bound = found if bound is None else min(bound, found)
        allowed = [w for w in _rational(choice, solved.weights) if choice.shortfall(w) <= shortfall_limit]
        if allowed:
            best = max(allowed, key=choice.mean_return)
            return _delegation(best, choice.mean_return(best), bound)
    return Delegation("UNKNOWN", None, None, bound)


def _delegation(weights: Sequence[Fraction], value: Fraction, bound: Fraction) -> Delegation:
    return Delegation("OPTIMAL" if value == bound else "CERTIFIED", tuple(weights), value, bound)


@attrs.frozen
class _Solved:
    """The solver's proposal: weights, and multipliers of scenarios, groups, the return and the limit."""

    weights: Sequence[float]
    tail: Sequence[float]
    groups: Sequence[float]
    price: float


def _solve(choice: Choice, minimum_return: float | None, limit: float | None, slack: float) -> _Solved | None:
    """The program in floats: weights, then the value at risk, then the loss above it in each scenario."""
    count, cases = len(choice.operators), len(choice.scenarios.probabilities)
    losses = np.array([[float(x) for x in row] for row in choice.scenarios.losses])
    chances = np.array([float(p) for p in choice.scenarios.probabilities])
    returns = np.array([float(r) for r in choice.returns])
    shortfall = np.concatenate([np.zeros(count), [1.0], chances / (1 - float(choice.level))])
    mean = np.concatenate([returns, np.zeros(cases + 1)])
    rows: list[Any] = [sparse.hstack([losses, -np.ones((cases, 1)), -sparse.identity(cases)])]
    right = [np.zeros(cases)]
    for group in choice.groups:
        rows.append(sparse.csr_matrix([[float(i in group.members) for i in range(count)] + [0.0] * (cases + 1)]))
        right.append(np.array([float(group.cap) - slack]))
    if minimum_return is not None:
        rows.append(sparse.csr_matrix(-mean))
        right.append(np.array([-minimum_return]))
        objective = shortfall
    else:
        rows.append(sparse.csr_matrix(shortfall))
        right.append(np.array([limit]))
        objective = -mean
    sums = np.concatenate([np.ones(count), np.zeros(cases + 1)])
    bounds = [(0.0, float(cap)) for cap in choice.caps] + [(None, None)] + [(0.0, None)] * cases
    result: Any = optimize.linprog(
        objective, sparse.vstack(rows), np.concatenate(right), sums[None, :], np.ones(1), bounds, method="highs"
    )
    if result.status != 0:
        return None
    multipliers = -result.ineqlin.marginals
    return _Solved(result.x[:count], multipliers[:cases], multipliers[cases:-1], float(multipliers[-1]))


def _tail_weights(choice: Choice, proposed: Sequence[float]) -> list[Fraction]:
    """Multipliers as parts of a tail: none above what its scenario can be of it, summing to 1.

    Those at an end are meant to be there exactly; what is then too much or too little is spread over the others.
    """
    most = [p / (1 - choice.level) for p in choice.scenarios.probabilities]
    parts = []
    for y, cap in zip(proposed, most, strict=True):
        part = min(cap, max(ZERO, Fraction(float(y))))
        parts.append(ZERO if part < SNAP * cap else cap if part > (1 - SNAP) * cap else part)
    missing = 1 - sum(parts, ZERO)
    between = [i for i, (part, cap) in enumerate(zip(parts, most, strict=True)) if 0 < part < cap]
    for i in (*between, *range(len(parts))):
        change = max(-parts[i], min(missing, most[i] - parts[i]))
        parts[i] += change
        missing -= change
    return parts


def _filled(choice: Choice, prices: Sequence[Fraction]) -> Fraction:
    """The least of `prices * weights` over weights that sum to 1 within the caps of operators: cheapest first."""
    left, cost = ONE, ZERO
    for i in sorted(range(len(prices)), key=lambda i: prices[i]):
        part = min(left, choice.caps[i])
        cost += part * prices[i]
        left -= part
    return cost


def _bound(choice: Choice, prices: Sequence[Fraction], groups: Sequence[float]) -> Fraction:
    """A lower bound of `prices * weights` over all allowed weights: whatever the multipliers of groups, it holds."""
    multipliers = [max(ZERO, Fraction(float(m))) for m in groups]
    charged = [
        price + sum((m for m, group in zip(multipliers, choice.groups, strict=True) if i in group.members), ZERO)
        for i, price in enumerate(prices)
    ]
    paid = sum((m * group.cap for m, group in zip(multipliers, choice.groups, strict=True)), ZERO)
    return _filled(choice, charged) - paid


def _lower_bound(choice: Choice, solved: _Solved, minimum_return: Fraction) -> Fraction:
    """A bound below the shortfall of any allowed weights with the return."""
    tail = _tail_weights(choice, solved.tail)
    reward = max(ZERO, Fraction(solved.price))
    prices = [choice._mean_loss(tail, i) - reward * r for i, r in enumerate(choice.returns)]
    return _bound(choice, prices, solved.groups) + reward * minimum_return


def _upper_bound(choice: Choice, solved: _Solved, limit: Fraction) -> Fraction:
    """A bound above the return of any allowed weights within the limit."""
    price = max(ZERO, Fraction(solved.price))
    scale = solved.price or 1.0
    tail = _tail_weights(choice, [y / scale for y in solved.tail])
    prices = [price * choice._mean_loss(tail, i) - r for i, r in enumerate(choice.returns)]
    return -_bound(choice, prices, solved.groups) + price * limit


def _most_possible_return(choice: Choice) -> Fraction:
    """A bound above the return of any allowed weights; it is reached where groups do not bind."""
    plain = -_filled(choice, [-r for r in choice.returns])
    if not choice.groups:
        return plain
    rows = [[float(i in group.members) for i in range(len(choice.operators))] for group in choice.groups]
    result: Any = optimize.linprog(
        [-float(r) for r in choice.returns],
        rows,
        [float(group.cap) for group in choice.groups],
        [[1.0] * len(choice.operators)],
        [1.0],
        [(0.0, float(cap)) for cap in choice.caps],
        method="highs",
    )
    if result.status != 0:
        return plain
    return min(plain, -_bound(choice, [-r for r in choice.returns], [-m for m in result.ineqlin.marginals]))


def _rational(choice: Choice, proposed: Sequence[float]) -> Iterator[list[Fraction]]:
    """Allowed rational weights near the proposed ones: coarse denominators first, as optima often have them."""
    for denominator in (10**3, 10**6, 10**9, 10**12):
        weights = [
            min(cap, max(ZERO, Fraction(float(x)).limit_denominator(denominator)))
            for x, cap in zip(proposed, choice.caps, strict=True)
        ]
        missing = 1 - sum(weights, ZERO)
        for i in sorted(range(len(weights)), key=lambda i: -weights[i]):
            change = max(-weights[i], min(missing, choice.caps[i] - weights[i]))
            weights[i] += change
            missing -= change
        if choice.is_allowed(weights):
            yield weights


def _product(weights: Vector, losses: Vector) -> Fraction:
    return sum((w * x for w, x in zip(weights, losses, strict=True) if w and x), ZERO)
