"""Consensus thresholds when restaked weight is lost: shares, quorums, and the cheapest attacking coalition.

Shares are fractions of consensus weight. Offline weight (slashed but not yet exited) still counts in the total; exited
weight does not. Sources: Casper FFG (Buterin and Griffith 2017); weigh_justification_and_finalization.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Final

from risk.linear import ZERO

THIRD: Final = Fraction(1, 3)
TWO_THIRDS: Final = Fraction(2, 3)


def finalises(total: Fraction, offline: Fraction, removed: Fraction = ZERO) -> bool:
    """True if at least two thirds of the counted weight votes. `total`, `offline` and `removed` are weights; offline
    weight is counted and does not vote, removed weight does neither.
    """
    return (total - offline - removed) * 3 >= (total - removed) * 2


def removal_until(attacker: Fraction, threshold: Fraction) -> Fraction:
    """The fraction of the total weight to remove from honest validators until the attacker's share reaches `threshold`.

    `attacker` is the attacker's fraction of the total. The result is 0 if that is at least the threshold already.
    """
    return max(ZERO, 1 - attacker / threshold)


def attacker_share(total: Fraction, restaked: Fraction, slashed: Fraction, attacker: Fraction) -> Fraction:
    """The attacker's share of the remaining weight, after the fraction `slashed` of the `restaked` weight is slashed
    and ejected.

    The restaked weight is all honest. `attacker` is the attacker's weight, of which nothing is slashed.
    """
    return attacker / (total - restaked * slashed)


def slashable_overlap(quorum: Fraction, drift: Fraction = ZERO) -> Fraction:
    """The least fraction of weight that voted for both of two conflicting quorums, minus the drift; at least 0.

    `drift` is the fraction by which the validator set may have changed between the two votes.
    """
    return max(ZERO, 2 * quorum - 1 - drift)


class Cheapest:
    """A coalition that reaches the needed weight: its members, its cost, and a lower bound on any coalition's cost.

    It is the cheapest if cost and bound are equal.
    """

    def __init__(self, members: Sequence[int], cost: Fraction, at_least: Fraction) -> None:
        self.members: Final = tuple(members)
        self.cost: Final = cost
        self.at_least: Final = at_least

    @property
    def is_exact(self) -> bool:
        """True if the coalition is proved to be the cheapest."""
        return self.cost == self.at_least


def weight_needed(weights: Sequence[int], threshold: Fraction) -> int:
    """The least integer weight that is at least the fraction `threshold` of the total: rounded up."""
    return ceil(threshold * sum(weights))


def cheapest_coalition(
    weights: Sequence[int], costs: Sequence[Fraction], needed: int, most_states: int = 1 << 15
) -> Cheapest | None:
    """The cheapest members, as indices in `weights`, whose weights sum to `needed` or more; None if all together have
    less.

    Branch and bound over members in order of cost per weight. It keeps undominated partial sums whose fractional
    relaxation may still beat the best known coalition. Beyond `most_states` sums the result is a coalition and a lower
    bound, perhaps not the cheapest.
    """
    if sum(weights) < needed:
        return None
    order = sorted((i for i in range(len(weights)) if weights[i]), key=lambda i: (costs[i] / weights[i], -weights[i]))
    best_members, best = _greedy(weights, costs, needed, order)
    root = _filled_up(weights, costs, needed, order)
    states: list[tuple[int, Fraction, tuple[int, ...]]] = [(0, ZERO, ())]
    for position, member in enumerate(order):
        fresh = []
        for weight, cost, chosen in states:
            more = (weight + weights[member], cost + costs[member], (*chosen, member))
            if more[0] >= needed:
                if more[1] < best:
                    best_members, best = more[2], more[1]
            else:
                fresh.append(more)
        rest = order[position + 1 :]
        states = _undominated([*states, *fresh])
        states = [state for state in states if _may_beat(state[0], state[1], weights, costs, needed, rest, best)]
        if len(states) > most_states:
            return Cheapest(sorted(best_members), best, best if root is None else min(root, best))
    return Cheapest(sorted(best_members), best, best)


def _greedy(
    weights: Sequence[int], costs: Sequence[Fraction], needed: int, order: Sequence[int]
) -> tuple[tuple[int, ...], Fraction]:
    """A first coalition, as indices in `weights`, and its cost.

    Members are added in `order`, cheapest per weight first, until they have `needed` weight. Then superfluous ones are
    removed, dearest first.
    """
    chosen: list[int] = []
    weight = 0
    for member in order:
        if weight >= needed:
            break
        chosen.append(member)
        weight += weights[member]
    for member in sorted(chosen, key=lambda i: -costs[i]):
        if weight - weights[member] >= needed:
            chosen.remove(member)
            weight -= weights[member]
    return tuple(chosen), sum((costs[i] for i in chosen), ZERO)


def _filled_up(weights: Sequence[int], costs: Sequence[Fraction], needed: int, rest: Sequence[int]) -> Fraction | None:
    """The cost of the weight `needed`, taken from the members in the order of `rest`. None if they have less together.

    A part of the last member may be taken, for the same part of its cost.
    """
    cost = ZERO
    for member in rest:
        if needed <= 0:
            break
        part = min(needed, weights[member])
        cost += costs[member] * Fraction(part, weights[member])
        needed -= part
    return cost if needed <= 0 else None


def _may_beat(
    weight: int,
    cost: Fraction,
    weights: Sequence[int],
    costs: Sequence[Fraction],
    needed: int,
    rest: Sequence[int],
    best: Fraction,
) -> bool:
    more = _filled_up(weights, costs, needed - weight, rest)
    return more is not None and cost + more < best


def _undominated(
    states: list[tuple[int, Fraction, tuple[int, ...]]],
) -> list[tuple[int, Fraction, tuple[int, ...]]]:
    """The states (weight, cost, members) without those that another state matches or exceeds in weight at no
    more cost.
    """
    kept: list[tuple[int, Fraction, tuple[int, ...]]] = []
    for state in sorted(states, key=lambda s: (s[1], -s[0])):
        if not kept or state[0] > kept[-1][0]:
            kept.append(state)
    return kept
