"""Networks where every operator and every service is like every other: the budget they withstand, in closed form.

Each of `operators` has the same stake and allocates the same part of it to each of `services`. A base service, where
there is one, is secured by all stake and never turns Byzantine. Source: Bar-Zur and Eyal, arXiv:2503.00170, section on
symmetric networks.
"""

from fractions import Fraction
from math import floor

import attrs

from risk.linear import ONE, ZERO


@attrs.frozen
class Symmetric:
    """A symmetric network: the stake of one operator, and how often it is promised to services besides the base."""

    operators: int
    services: int
    threshold: Fraction
    prize: Fraction
    stake: Fraction
    degree: Fraction
    base_prize: Fraction | None = None

    def after(self, byzantine: int) -> tuple[Fraction, Fraction, int]:
        """Stake, allocation to a service, and services left, once so many services took all that they may."""
        allocation = self.degree * self.stake / self.services if self.services else ZERO
        stake = max(ZERO, self.stake - byzantine * allocation)
        return stake, min(allocation, stake), self.services - byzantine

    def attacks(self, byzantine: int) -> list[tuple[Fraction, Fraction]]:
        """Gain and cost of every kind of attack after so many services turned Byzantine: by how many services fall, and
        whether the base does.

        Whole operators attack, and the part of one that reaches the threshold.
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
        """The largest subsidy under which no attack pays: what the best attack loses; negative where it gains."""
        return min(cost - gain for gain, cost in self.attacks(byzantine))

    def least_stake(self, byzantine: int = 0, budget: Fraction = ZERO) -> Fraction | None:
        """The least stake of each operator under which no attack gains more than minus the budget, whatever it is now.

        None if none suffices: the Byzantine services take everything.
        """
        attacks = attrs.evolve(self, stake=ONE).attacks(byzantine)
        if any(cost == 0 for _, cost in attacks):
            return None
        return max((gain + budget) / cost for gain, cost in attacks)
