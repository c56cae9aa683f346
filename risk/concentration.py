"""The distribution of stake: concentration among operators, and overlap of services. All exact and dimensionless.

Each function is the standard definition of its name.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from risk.linear import ZERO


def herfindahl(stakes: Sequence[Fraction]) -> Fraction:
    """The Herfindahl index: the sum of squared shares. It is 1 for one holder, `1/n`
    for n equal ones, 0 without stake.
    """
    total = sum(stakes, ZERO)
    return sum((stake * stake for stake in stakes), ZERO) / (total * total) if total else ZERO


def effective_number(stakes: Sequence[Fraction]) -> Fraction:
    """The effective number of holders: 1 divided by the Herfindahl index; 0 without stake."""
    index = herfindahl(stakes)
    return 1 / index if index else ZERO


def gini(stakes: Sequence[Fraction]) -> Fraction:
    """The Gini coefficient: half the mean difference of two holders, divided by the mean stake.

    It is 0 if all are equal, or if no holder has stake.
    """
    total, holders = sum(stakes, ZERO), len(stakes)
    if not total:
        return ZERO
    ranked = sum((rank * stake for rank, stake in enumerate(sorted(stakes), start=1)), ZERO)
    return 2 * ranked / (holders * total) - Fraction(holders + 1, holders)


def nakamoto(stakes: Sequence[Fraction], threshold: Fraction) -> int:
    """The Nakamoto coefficient: the fewest holders with at least the fraction `threshold` of the total together; 0
    without stake.
    """
    needed, held = threshold * sum(stakes, ZERO), ZERO
    for count, stake in enumerate(sorted(stakes, reverse=True), start=1):
        held += stake
        if held >= needed and needed:
            return count
    return 0


class Overlap:
    """The overlap of services, where each operator's whole stake secures every service that it opted in to."""

    def __init__(self, stakes: Mapping[str, Fraction], opted_in: Mapping[str, Sequence[str]]) -> None:
        self.stakes = stakes
        self.total = sum(stakes.values(), ZERO)
        self.members: dict[str, set[str]] = {}
        for operator, services in opted_in.items():
            for service in services:
                self.members.setdefault(service, set()).add(operator)
        self.degrees = {operator: len(set(opted_in.get(operator, ()))) for operator in stakes}

    def secured(self, service: str) -> Fraction:
        """The total stake of the operators behind a service."""
        return sum((self.stakes[operator] for operator in self.members.get(service, ())), ZERO)

    def rehypothecation(self) -> Fraction:
        """The rehypothecation ratio: the sum of all services' stake, divided by the total stake.

        It is also the mean number of services per operator, weighted by stake.
        """
        counted = sum((self.secured(service) for service in self.members), ZERO)
        return counted / self.total if self.total else ZERO

    def jaccard(self, service: str, other: str) -> Fraction:
        """The weighted Jaccard index: the stake behind both of two services, divided by the stake behind at
        least one.
        """
        both, either = self.members[service] & self.members[other], self.members[service] | self.members[other]
        shared = sum((self.stakes[operator] for operator in both), ZERO)
        whole = sum((self.stakes[operator] for operator in either), ZERO)
        return shared / whole if whole else ZERO
