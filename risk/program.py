"""A claim about a network as an integer program, which the solver relaxes and certificate trees are grown from.

A *column* is one use of one stake by an attacker. `risk/verify.py` enumerates the uses in the same order, and shares
nothing else with this file: it reads the network itself. All amounts are integers, in units of 1/`unit`.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations
from math import ceil, lcm, prod
from typing import Final

import attrs

from risk.network import Losses, Network


@attrs.frozen
class Column:
    """One use of a stake by an attacker: its loss (`cost`), and the indices of the commitments that it uses (`rows`).

    An option excludes all other columns of its stake. Columns that are not options (items) add up.
    """

    cost: int
    rows: tuple[int, ...]
    is_option: bool


@attrs.frozen
class Claim:
    """A claim about every attack that corrupts all `forced` services: (1 + gamma) * profit - loss is at most `at_most`.

    With `is_strict` the difference is less than `at_most`. Without `counts_profits` only the loss counts. An attack
    corrupts at least one service.
    """

    at_most: Fraction = Fraction(0)
    gamma: Fraction = Fraction(0)
    is_strict: bool = False
    counts_profits: bool = True
    forced: tuple[str, ...] = ()

    @property
    def factor(self) -> Fraction:
        """The factor of the profits in the claim: 1 + gamma, or 0 if profits do not count."""
        return 1 + self.gamma if self.counts_profits else Fraction(0)

    def as_json(self) -> dict[str, object]:
        """The claim as JSON, in the format of a verdict."""
        return {
            "at_most": str(self.at_most),
            "strict": self.is_strict,
            "profits": str(self.factor),
            "forced": list(self.forced),
        }


def loss(losses: Losses, value: Fraction, parts: Iterable[Fraction]) -> Fraction:
    """The loss of a stake of this value when services slash the amounts `parts` of it, by the rule `losses`."""
    if losses == "full":
        return value if [*parts] else Fraction(0)
    if losses == "sum":
        return min(value, sum(parts, Fraction(0)))
    if losses == "max" or value == 0:
        return max(parts, default=Fraction(0))
    return value * (1 - prod((1 - part / value for part in parts), start=Fraction(1)))


class Program:
    """The integer program of a network, with the objective of one claim."""

    def __init__(self, network: Network, claim: Claim) -> None:
        self.network: Final = network
        self.claim: Final = claim
        weights = network.weights
        # Commitments without weight change nothing. The checker drops them too, so positions agree.
        kept = [position for position, weight in enumerate(weights) if weight > 0]
        self.commitments: Final = [network.commitments[position] for position in kept]
        terms = network.terms
        self.services: Final = list(terms)
        number = {service: position for position, service in enumerate(self.services)}
        self.service_of: Final = [number[row.service] for row in self.commitments]
        weight = [weights[position] for position in kept]
        lost = [w * terms[row.service].slash for w, row in zip(weight, self.commitments, strict=True)]
        profit = [claim.factor * terms[service].profit for service in self.services]
        behind = network.secured_by
        need = [behind[service] * terms[service].threshold for service in self.services]
        pools = self._pools(weight, lost)
        numbers = [*profit, *weight, *(cost for pool in pools for cost, _, _ in pool)]
        if network.is_divisible:
            numbers += need
        self.unit: Final = lcm(*(n.denominator for n in numbers))
        self.gain: Final = [int(n * self.unit) for n in profit]
        self.need: Final = [ceil(n * self.unit) for n in need]
        self.weight: Final = [int(n * self.unit) for n in weight]
        self.columns: Final[list[Column]] = []
        self.pools: Final[list[tuple[range, range]]] = []
        """The ranges of column positions of each stake: its options, then its items."""
        for pool in pools:
            start = len(self.columns)
            options = sum(is_option for _, _, is_option in pool)
            self.columns.extend(Column(int(cost * self.unit), rows, is_option) for cost, rows, is_option in pool)
            self.pools.append((range(start, start + options), range(start + options, len(self.columns))))
        self.limit: Final = claim.at_most * self.unit
        self.carriers: Final[list[dict[int, int]]] = [{} for _ in self.services]
        """The weight that each column adds to a service, by service position, then column position."""
        for j, column in enumerate(self.columns):
            for e in column.rows:
                carriers = self.carriers[self.service_of[e]]
                carriers[j] = carriers.get(j, 0) + self.weight[e]
        self.rows_of: Final[list[list[int]]] = [[] for _ in self.services]
        """The positions of the commitments of each service, by service position."""
        for e, service in enumerate(self.service_of):
            self.rows_of[service].append(e)

    def _pools(
        self, weight: list[Fraction], lost: list[Fraction]
    ) -> list[list[tuple[Fraction, tuple[int, ...], bool]]]:
        network = self.network
        of_stake: dict[str, list[int]] = {stake.stake_id: [] for stake in network.stakes}
        for position, row in enumerate(self.commitments):
            of_stake[row.stake_id].append(position)
        values = network.values
        pools = []
        for stake_id, rows in of_stake.items():
            value = values[stake_id]
            choices = [tuple(rows)] if rows else []
            items: list[tuple[Fraction, tuple[int, ...], bool]] = []
            if network.losses == "sum":
                items = [(lost[e], (e,), False) for e in rows]
                if sum((lost[e] for e in rows), Fraction(0)) <= value:
                    choices = []
            elif network.losses == "max":
                levels = sorted({lost[e] for e in rows})
                choices = [tuple(e for e in rows if lost[e] <= level) for level in levels]
            elif network.losses == "product":
                choices = [chosen for size in range(1, len(rows) + 1) for chosen in combinations(rows, size)]
            options = [(loss(network.losses, value, [lost[e] for e in chosen]), chosen, True) for chosen in choices]
            pools.append([*options, *items])
        return pools
