"""The spread of stake: concentration among operators, and overlap among services. All exact, all without unit.

Sources: standard definitions, each given with its function.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from risk.linear import ZERO


def herfindahl(stakes: Sequence[Fraction]) -> Fraction:
    """The sum of squared shares: 1 where one holds everything, `1/n` where n hold the same. 0 of no stake."""
    total = sum(stakes, ZERO)
    return sum((stake * stake for stake in stakes), ZERO) / (total * total) if total else ZERO


def effective_number(stakes: Sequence[Fraction]) -> Fraction:
    """The number of equal holders that would be as concentrated: 1 over the Herfindahl index. 0 of no stake."""
    index = herfindahl(stakes)
    return 1 / index if index else ZERO


def gini(stakes: Sequence[Fraction]) -> Fraction:
    """Half the mean difference of two holders over the mean stake: 0 where all hold the same. 0 of no stake."""
    total, holders = sum(stakes, ZERO), len(stakes)
    if not total:
        return ZERO
    ranked = sum((rank * stake for rank, stake in enumerate(sorted(stakes), start=1)), ZERO)
    return 2 * ranked / (holders * total) - Fraction(holders + 1, holders)


def nakamoto(stakes: Sequence[Fraction], threshold: Fraction) -> int:
    """The fewest holders that together have at least this part of all; 0 of no stake."""
    needed, held = threshold * sum(stakes, ZERO), ZERO
    for count, stake in enumerate(sorted(stakes, reverse=True), start=1):
        held += stake
        if held >= needed and needed:
            return count
    return 0


class Overlap:
    """The overlap of services: which operators' whole stake secures which, and how often it is counted."""

    def __init__(self, stakes: Mapping[str, Fraction], opted_in: Mapping[str, Sequence[str]]) -> None:
        self.stakes = stakes
        self.total = sum(stakes.values(), ZERO)
        self.members: dict[str, set[str]] = {}
        for operator, services in opted_in.items():
            for service in services:
                self.members.setdefault(service, set()).add(operator)
        self.degrees = {operator: len(set(opted_in.get(operator, ()))) for operator in stakes}

    def secured(self, service: str) -> Fraction:
        """The stake behind a service."""
        return sum((self.stakes[operator] for operator in self.members.get(service, ())), ZERO)

    def rehypothecation(self) -> Fraction:
        """Stake as services count it, over the stake there is. It is the mean degree, weighted by stake."""
        counted = sum((self.secured(service) for service in self.members), ZERO)
        return counted / self.total if self.total else ZERO

    def jaccard(self, service: str, other: str) -> Fraction:
        """The stake behind both of two services over the stake behind either."""
        both, either = self.members[service] & self.members[other], self.members[service] | self.members[other]
        shared = sum((self.stakes[operator] for operator in both), ZERO)
        whole = sum((self.stakes[operator] for operator in either), ZERO)
        return shared / whole if whole else ZERO
