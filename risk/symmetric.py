"""Symmetric networks, with identical operators and identical services: the budget they withstand, in closed form.

Each operator has the same stake, and allocates an equal part of it to each service. An optional base service is secured
by all stake and never turns Byzantine. Source: Bar-Zur and Eyal, arXiv:2503.00170, section on symmetric networks.
"""

from fractions import Fraction
from math import floor

import attrs

from risk.linear import ONE, ZERO


@attrs.frozen
class Symmetric:
    """A symmetric network.

    `stake` is the stake of one operator. `degree` is the sum of its allocations divided by its stake, without the base
    service. `base_prize` is the prize of the base service, None without one.
    """

    operators: int
    services: int
    threshold: Fraction
    prize: Fraction
    stake: Fraction
    degree: Fraction
    base_prize: Fraction | None = None

    def after(self, byzantine: int) -> tuple[Fraction, Fraction, int]:
        """The stake per operator, the allocation per service, and the number of remaining services, after `byzantine`
        services slashed.
        """
        allocation = self.degree * self.stake / self.services if self.services else ZERO
        stake = max(ZERO, self.stake - byzantine * allocation)
        return stake, min(allocation, stake), self.services - byzantine

    def attacks(self, byzantine: int) -> list[tuple[Fraction, Fraction]]:
        """The gain and the cost of every kind of attack after `byzantine` services slashed.

        The kinds differ in the number of attacked services, and in whether the base service is attacked. Whole
        operators attack, and a fraction of one more to reach the threshold exactly.
        """
        stake, allocation, left = self.after(byzantine)
        whole = floor(self.operators * self.threshold)
        part = self.operators * self.threshold - whole
        found = []
        for base in (False, True) if self.base_prize is not None else (False,):
            for attacked in range(left + 1):
                if attacked or base:
                    used = attacked * allocation + (stake if base else ZERO)
                    gain = attacked * self.prize + (self.base_prize or ZERO if base else ZERO)
                    found.append((gain, whole * min(stake, used) + min(part * used, stake)))
        return found

    def largest_budget(self, byzantine: int = 0) -> Fraction:
        """The largest subsidy to attackers under which no attack pays: the least cost minus gain; negative if an attack
        gains.

        It is computed after `byzantine` services slashed.
        """
        return min(cost - gain for gain, cost in self.attacks(byzantine))

    def least_stake(self, byzantine: int = 0, budget: Fraction = ZERO) -> Fraction | None:
        """The least stake per operator with which every attack costs at least `budget` more than it gains.

        `self.stake` is ignored. None if no stake suffices, because Byzantine services take everything.
        """
        attacks = attrs.evolve(self, stake=ONE).attacks(byzantine)
        if any(cost == 0 for _, cost in attacks):
            return None
        return max((gain + budget) / cost for gain, cost in attacks)
