"""Optimal delegation: the least expected shortfall at a given return, or the largest return within a shortfall limit.

HiGHS solves the linear program of Rockafellar and Uryasev in floats. Its answer is only a proposal: weights are made
rational and checked against every constraint, and their shortfall is computed exactly. The multipliers give an exact
bound that no delegation can beat. Source: Rockafellar and Uryasev 2000.
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
"""The margin by which constraints are tightened for a second attempt, if rational weights violate one."""

SNAP: Final = Fraction(1, 10**7)
"""The relative distance to an end of its range within which a multiplier is moved to that end."""


@attrs.frozen
class Group:
    """A group of operators, as indices in the problem's `operators`. Together they may have at most the fraction `cap`
    of the delegated stake.
    """

    name: str
    members: frozenset[int]
    cap: Fraction


@attrs.frozen
class Choice:
    """The delegation problem: each operator's return per unit of stake and its cap, the caps of groups, loss scenarios,
    and the confidence level. A cap is the largest part of the delegated stake.
    """

    operators: tuple[str, ...]
    returns: tuple[Fraction, ...]
    caps: tuple[Fraction, ...]
    groups: tuple[Group, ...]
    scenarios: Scenarios
    level: Fraction

    def is_allowed(self, weights: Vector) -> bool:
        """True if the weights sum to 1, none is negative, and they respect every cap of an operator or a group."""
        return (
            sum(weights, ZERO) == 1
            and all(0 <= weight <= cap for weight, cap in zip(weights, self.caps, strict=True))
            and all(sum((weights[i] for i in group.members), ZERO) <= group.cap for group in self.groups)
        )

    def mean_return(self, weights: Vector) -> Fraction:
        """The mean return before losses, per unit of delegated stake. Operator i has the part `weights[i]` of it."""
        return sum((w * r for w, r in zip(weights, self.returns, strict=True)), ZERO)

    def loss(self, weights: Vector) -> Distribution:
        """The distribution of the loss, as a fraction of the delegated stake. Operator i has the part `weights[i]` of
        that stake.
        """
        outcomes = zip(self.scenarios.losses, self.scenarios.probabilities, strict=True)
        return mixed((_product(weights, row), p) for row, p in outcomes)

    def shortfall(self, weights: Vector) -> Fraction:
        """The exact expected shortfall at the problem's confidence level, as a fraction of the delegated stake.

        Operator i has the part `weights[i]` of that stake.
        """
        return self.loss(weights).expected_shortfall(self.level)

    def tail(self, weights: Vector) -> list[Fraction]:
        """The probability of each scenario, given that the outcome is among the worst `1 - level`. The probabilities
        sum to 1.

        A scenario whose loss exceeds the value at risk counts in full, one at the value at risk in part.
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
        """The contribution of each operator to the expected shortfall: its weight times its mean loss in the worst
        outcomes.

        The contributions sum to the shortfall.
        """
        tail = self.tail(weights)
        return [weights[i] * self._mean_loss(tail, i) for i in range(len(weights))]

    def _mean_loss(self, tail: Vector, operator: int) -> Fraction:
        return sum((q * row[operator] for q, row in zip(tail, self.scenarios.losses, strict=True) if q), ZERO)


@attrs.frozen
class Delegation:
    """The result of an optimisation: `value` is the exact shortfall or return of `weights`, and `bound` the best that
    is possible.

    No allowed weights beat the bound. `verdict` is OPTIMAL if value and bound are equal, and CERTIFIED if they differ.
    INFEASIBLE: it is proved that no weights satisfy the constraints. UNKNOWN: no weights were found. In the last two
    cases `weights` and `value` are None. The bound of INFEASIBLE is the best possible value of the constrained
    quantity; that of UNKNOWN may be None.
    """

    verdict: str
    weights: tuple[Fraction, ...] | None
    value: Fraction | None
    bound: Fraction | None


def least_shortfall(choice: Choice, minimum_return: Fraction) -> Delegation:
    """The result for the weights with the least expected shortfall whose mean return is at least `minimum_return`."""
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
    """The result for the weights with the largest mean return whose expected shortfall is at most `shortfall_limit`."""
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
    """The solver's proposal: the weights of the operators, and the multipliers of the constraints.

    `tail` are the multipliers of the scenarios, `groups` those of the groups' caps. `price` is the multiplier of the
    minimum return, or of the shortfall limit.
    """

    weights: Sequence[float]
    tail: Sequence[float]
    groups: Sequence[float]
    price: float


def _solve(choice: Choice, minimum_return: float | None, limit: float | None, slack: float) -> _Solved | None:
    """The solver's solution of the linear program in floats; None if it finds none.

    Exactly one of `minimum_return` (least shortfall wanted) and `limit` (largest return wanted) is not None. `slack`
    tightens the caps of groups. The variables are the weights, then the value at risk, then the excess loss over it in
    each scenario.
    """
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
    """The proposed multipliers as exact tail probabilities: each within its scenario's range, summing to 1.

    A multiplier close to an end of its range is set to that end. The remaining difference is spread over the others.
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
    """The least sum of `prices[i] * weights[i]` over weights that sum to 1 and respect the operators' caps.

    The cheapest operators come first. Caps of groups are ignored.
    """
    left, cost = ONE, ZERO
    for i in sorted(range(len(prices)), key=lambda i: prices[i]):
        part = min(left, choice.caps[i])
        cost += part * prices[i]
        left -= part
    return cost


def _bound(choice: Choice, prices: Sequence[Fraction], groups: Sequence[float]) -> Fraction:
    """A lower bound of the sum of `prices[i] * weights[i]` over all allowed weights. `groups` are multipliers of the
    groups' caps; the bound is valid for any, and negative ones count as 0.
    """
    multipliers = [max(ZERO, Fraction(float(m))) for m in groups]
    charged = [
        price + sum((m for m, group in zip(multipliers, choice.groups, strict=True) if i in group.members), ZERO)
        for i, price in enumerate(prices)
    ]
    paid = sum((m * group.cap for m, group in zip(multipliers, choice.groups, strict=True)), ZERO)
    return _filled(choice, charged) - paid


def _lower_bound(choice: Choice, solved: _Solved, minimum_return: Fraction) -> Fraction:
    """A lower bound of the shortfall of all allowed weights with the minimum return."""
    tail = _tail_weights(choice, solved.tail)
    reward = max(ZERO, Fraction(solved.price))
    prices = [choice._mean_loss(tail, i) - reward * r for i, r in enumerate(choice.returns)]
    return _bound(choice, prices, solved.groups) + reward * minimum_return


def _upper_bound(choice: Choice, solved: _Solved, limit: Fraction) -> Fraction:
    """An upper bound of the return of all allowed weights within the shortfall limit."""
    price = max(ZERO, Fraction(solved.price))
    scale = solved.price or 1.0
    tail = _tail_weights(choice, [y / scale for y in solved.tail])
    prices = [price * choice._mean_loss(tail, i) - r for i, r in enumerate(choice.returns)]
    return -_bound(choice, prices, solved.groups) + price * limit


def _most_possible_return(choice: Choice) -> Fraction:
    """An upper bound of the return of all allowed weights. Some weights attain it if no cap of a group matters."""
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
    """Allowed rational weights close to the proposed ones, smallest denominators first. Optima often have small
    denominators.
    """
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
