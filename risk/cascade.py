"""Cascades: the stake lost in total when a shock destroys stake and attacks pay that did not pay before.

Losses are full, as in the literature: an attack loses every stake that it uses entirely. All attacks of a cascade
together are one attack on the network after the shock. So the worst loss needs no nested search. Source: Durvasula and
Roughgarden, Corollary 1.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import lcm
from typing import Final

import attrs

from risk.network import Network

MAX_TRIED: Final = 8_000_000
"""The largest number of coalitions that an enumeration tries, over all shocks and attacks."""


@attrs.frozen
class Strike:
    """One attack of a cascade: the corrupted services and the stakes used."""

    services: tuple[str, ...]
    stakes: tuple[str, ...]


@attrs.frozen
class Worst:
    """The worst case of a shock that destroys at most the fraction `psi` of all stake.

    `paper` is the measure of Durvasula and Roughgarden: psi plus the largest fraction of all stake that attacks lose
    after such a shock. `realised` is the largest fraction that shock and attacks lose together, never more than
    `paper`. `shock` and `strikes` attain `realised`.
    """

    psi: Fraction
    paper: Fraction
    realised: Fraction
    shock: tuple[str, ...]
    strikes: tuple[Strike, ...]


class TooLargeError(Exception):
    """The exception for a network with too many stakes, or too many coalitions, to enumerate."""


def bound(gamma: Fraction, psi: Fraction) -> Fraction | None:
    """The upper bound (1 + 1/gamma) * psi on the fraction of all stake that a cascade loses. No cascade reaches it.

    `psi` is the largest fraction that the shock destroys, and every attack loses (1 + gamma) times its profit. None if
    gamma is not positive. Source: Durvasula and Roughgarden, Theorem 1.
    """
    return (1 + 1 / gamma) * psi if gamma > 0 else None


class Masks:
    """A network in which every slash takes the whole stake, with integers for values and weights. Sets of stakes and
    sets of services are bit masks.
    """

    def __init__(self, network: Network) -> None:
        self.stakes: Final = [stake.stake_id for stake in network.stakes]
        self.services: Final = list(network.terms)
        values, weights = network.values, network.weights
        thresholds = [terms.threshold for terms in network.terms.values()]
        profits = [terms.profit for terms in network.terms.values()]
        unit = lcm(*(n.denominator for n in [*values.values(), *weights, *profits]))
        self.value: Final = [int(values[stake] * unit) for stake in self.stakes]
        self.profit: Final = [int(profit * unit) for profit in profits]
        self.parts: Final = [(threshold.numerator, threshold.denominator) for threshold in thresholds]
        number = {stake: position for position, stake in enumerate(self.stakes)}
        of_service = {service: position for position, service in enumerate(self.services)}
        self.weight: Final = [[0] * len(self.stakes) for _ in self.services]
        for row, weight in zip(network.commitments, weights, strict=True):
            self.weight[of_service[row.service]][number[row.stake_id]] += int(weight * unit)
        self.everything: Final = (1 << len(self.stakes)) - 1

    def tabulate(self) -> tuple[list[int], list[list[int]]]:
        """The value of every set of stakes; and, for each service, the weight of every set behind it. Both are indexed
        by the set's bit mask.
        """
        return self._sums(self.value), [self._sums(row) for row in self.weight]

    def _sums(self, numbers: Sequence[int]) -> list[int]:
        found = [0]
        for number in numbers:
            found += [total + number for total in found]
        return found

    def names(self, mask: int) -> tuple[str, ...]:
        """The ids of the stakes in a bit mask: bit i is the i-th stake."""
        return tuple(stake for position, stake in enumerate(self.stakes) if mask >> position & 1)

    def service_names(self, mask: int) -> tuple[str, ...]:
        """The names of the services in a bit mask: bit i is the i-th service."""
        return tuple(service for position, service in enumerate(self.services) if mask >> position & 1)


def subsets(mask: int) -> Iterator[int]:
    """An iterator over all subsets of a bit mask, from the mask itself down to the empty set."""
    chosen = mask
    while True:
        yield chosen
        if not chosen:
            return
        chosen = (chosen - 1) & mask


class Cascades:
    """Every cascade of a network, by enumeration. Raises TooLargeError for more than 16 stakes."""

    def __init__(self, network: Network) -> None:
        self.masks: Final = Masks(network.whole())
        if len(self.masks.stakes) > 16:
            raise TooLargeError(f"{len(self.masks.stakes)} stakes are too many to enumerate")
        self.value, self.weights = self.masks.tabulate()
        self.total: Final = self.value[self.masks.everything]
        self.profits: Final = [0]
        for profit in self.masks.profit:
            self.profits.extend([total + profit for total in self.profits])
        self.all_services: Final = (1 << len(self.masks.services)) - 1
        self.tried = 0

    def fallen(self, removed: int, coalition: int) -> int:
        """The services that the stakes `coalition` corrupt once the stakes `removed` are gone; all three are bit masks.

        A service without weight falls to any coalition. Raises TooLargeError once more than MAX_TRIED coalitions were
        tried.
        """
        self.tried += 1
        if self.tried > MAX_TRIED:
            raise TooLargeError(f"{len(self.masks.stakes)} stakes: more than {MAX_TRIED:,} coalitions to try")
        found = 0
        for service, (above, below) in enumerate(self.masks.parts):
            weights = self.weights[service]
            if weights[coalition] * below >= above * (weights[-1] - weights[removed]):
                found |= 1 << service
        return found

    def shocks(self, psi: Fraction) -> list[int]:
        """The sets of stakes worth at most the fraction psi of all stake, as bit masks."""
        return [mask for mask, value in enumerate(self.value) if value <= psi * self.total]

    def worst(self, psi: Fraction) -> Worst:
        """The worst cascade after any shock of at most the fraction psi of all stake."""
        if self.total == 0:
            return Worst(psi, psi, Fraction(0), (), ())
        lost_to_attacks = 0
        realised, shock, coalition = -1, 0, 0
        for removed in self.shocks(psi):
            if self.value[removed] > realised:
                realised, shock, coalition = self.value[removed], removed, 0
            for attackers in subsets(self.masks.everything & ~removed):
                lost = self.value[attackers]
                if lost <= lost_to_attacks and lost + self.value[removed] <= realised:
                    continue
                if lost >= self.profits[self.all_services]:
                    continue
                if self.profits[self.fallen(removed, attackers)] > lost:
                    lost_to_attacks = max(lost_to_attacks, lost)
                    if lost + self.value[removed] > realised:
                        realised, shock, coalition = lost + self.value[removed], removed, attackers
        return Worst(
            psi,
            psi + Fraction(lost_to_attacks, self.total),
            Fraction(realised, self.total),
            self.masks.names(shock),
            self.story(shock, coalition),
        )

    def story(self, removed: int, coalition: int) -> tuple[Strike, ...]:
        """A cascade that loses the stakes `coalition` after the shock that destroys the stakes `removed`, both bit
        masks. It is split into as many successive attacks as the search finds; empty without a coalition.
        """
        if not coalition:
            return ()
        steps = self._steps(removed, coalition, self.all_services)
        assert steps is not None, "the whole coalition is one step"
        return tuple(Strike(self.masks.service_names(services), self.masks.names(stakes)) for services, stakes in steps)

    def _steps(self, removed: int, coalition: int, open_services: int) -> list[tuple[int, int]] | None:
        """The coalition as successive attacks after the stakes `removed` are gone; each is a pair of bit masks
        (services, stakes).

        The cheapest possible attack comes first. None if the coalition is no profitable attack. `open_services` are the
        services that no earlier attack corrupted.
        """
        for attackers in sorted(subsets(coalition), key=lambda mask: (self.value[mask], mask)):
            services = self.fallen(removed, attackers) & open_services
            if not attackers or self.profits[services] <= self.value[attackers]:
                continue
            if attackers == coalition:
                return [(services, attackers)]
            for chosen in self._smallest(services, self.value[attackers]):
                rest = self._steps(removed | attackers, coalition & ~attackers, open_services & ~chosen)
                if rest is not None:
                    return [(chosen, attackers), *rest]
        return None

    def _smallest(self, services: int, loss: int) -> list[int]:
        """The minimal sets of services, as bit masks, whose joint profit exceeds `loss`.

        Without any one member, the profit of a set does not exceed it. The sets contain only services of the bit mask
        `services`.
        """
        paying = [chosen for chosen in subsets(services) if self.profits[chosen] > loss]
        return [
            chosen
            for chosen in paying
            if all(self.profits[chosen & ~(1 << s)] <= loss for s in range(len(self.masks.services)) if chosen >> s & 1)
        ]

    def longest(self, psi: Fraction) -> int:
        """The length of the longest cascade: the most attacks in sequence after a shock of at most
        the fraction psi of all stake.
        """

        @cache
        def steps(removed: int, used: int) -> int:
            most = 0
            for attackers in subsets(self.masks.everything & ~removed):
                if self.value[attackers] >= self.profits[self.all_services & ~used]:
                    continue
                services = self.fallen(removed, attackers) & ~used
                if self.profits[services] > self.value[attackers]:
                    for chosen in self._smallest(services, self.value[attackers]):
                        most = max(most, 1 + steps(removed | attackers, used | chosen))
            return most

        return max(steps(removed, 0) for removed in self.shocks(psi))

    def exclusive(self, coalition: Sequence[str]) -> int:
        """The stakes that secure services of the coalition and no others, as a bit mask."""
        inside = {self.masks.services.index(service) for service in coalition}
        found = 0
        for stake in range(len(self.masks.stakes)):
            served = {s for s in range(len(self.masks.services)) if self.masks.weight[s][stake]}
            if served and served <= inside:
                found |= 1 << stake
        return found

    def local(self, coalition: Sequence[str], psi: Fraction, only_stable: bool = True) -> Fraction:
        """Psi plus the largest fraction of a coalition's exclusive stake that attacks lose after any local shock.

        Exclusive stake secures only services of the coalition. A local shock destroys at most the fraction psi of the
        exclusive stake, and any amount of other stake. An attack is stable if it would gain less with fewer services or
        stakes; `only_stable` ignores the others. The result is psi if the coalition has no exclusive stake.
        """
        own = self.exclusive(coalition)
        if self.value[own] == 0:
            return psi

        @cache
        def lost(removed: int, used: int) -> int:
            most = 0
            for attackers in subsets(self.masks.everything & ~removed):
                if self.value[attackers] >= self.profits[self.all_services & ~used]:
                    continue
                services = self.fallen(removed, attackers) & ~used
                if self.profits[services] <= self.value[attackers]:
                    continue
                for chosen in subsets(services):
                    if self.profits[chosen] > self.value[attackers] and (
                        not only_stable or self._is_stable(removed, attackers, chosen)
                    ):
                        after = lost(removed | attackers, used | chosen)
                        most = max(most, self.value[attackers & own] + after)
            return most

        shocks = [mask for mask in range(len(self.value)) if self.value[mask & own] <= psi * self.value[own]]
        return psi + Fraction(max(lost(removed, 0) for removed in shocks), self.value[own])

    def _is_stable(self, removed: int, attackers: int, services: int) -> bool:
        """True if the attack would gain less with fewer stakes, whichever are left out.

        The attack takes `services` with the stakes `attackers` once `removed` are gone. All three are bit masks.
        """
        for fewer in subsets(attackers):
            kept = self.fallen(removed, fewer) & services
            if (fewer, kept) != (attackers, services) and (
                self.value[attackers & ~fewer] >= self.profits[services & ~kept]
            ):
                return False
        return True
