"""Elastic restaking: any part of an allocation may attack and is lost, and a service that misbehaves stretches the rest.

Source: Bar-Zur and Eyal, Elastic Restaking Networks; their code for what the wording leaves open. An attack counts
there when its profit is at least minus the budget.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import floor

import attrs

ZERO = Fraction(0)
MAX_ENUMERATED_VALIDATORS = 16
MAX_ENUMERATED_SERVICES = 12

Row = tuple[Fraction, ...]


@attrs.frozen
class Elastic:
    """Stakes by validator, prizes and thresholds by service, allocations by validator and service.

    The base service, if there is one, never misbehaves.
    """

    stakes: Row
    prizes: Row
    thresholds: Row
    allocations: tuple[Row, ...]
    base_service: int | None = None


@attrs.frozen
class Best:
    """The best attack: its profit, the services that fall, and the validators that are all in."""

    profit: Fraction
    services: tuple[int, ...]
    all_in: tuple[int, ...]


@attrs.frozen
class Robustness:
    """The least share of weight (prize / threshold) that must misbehave before an attack counts, and by whom."""

    weight: Fraction
    byzantine: tuple[int, ...]


def degrees(stakes: Sequence[Fraction], allocations: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """Each validator's restaking degree: what it allocates over what it has; 0 if it has nothing."""
    return [sum(row, ZERO) / stake if stake else ZERO for stake, row in zip(stakes, allocations, strict=True)]


def stretch(
    stakes: Sequence[Fraction], allocations: Sequence[Sequence[Fraction]], byzantine: Sequence[int]
) -> tuple[list[Fraction], list[list[Fraction]]]:
    """What is left when services slash all that is allocated to them: stakes, and allocations to the other services."""
    left = [
        max(ZERO, stake - sum((row[s] for s in byzantine), ZERO))
        for stake, row in zip(stakes, allocations, strict=True)
    ]
    kept = [
        [min(amount, stake) for s, amount in enumerate(row) if s not in byzantine]
        for stake, row in zip(left, allocations, strict=True)
    ]
    return left, kept


def profit_with(network: Elastic, all_in: Sequence[int], services: Sequence[int] | None = None) -> Best:
    """The best attack on some services (one at least) where these validators lose everything and others what they use.

    Without `services`: on those that gain, or the one that loses least.
    """
    paid = sum((network.stakes[v] for v in all_in), ZERO)
    gains = []
    for s, (prize, threshold) in enumerate(zip(network.prizes, network.thresholds, strict=True)):
        column = [row[s] for row in network.allocations]
        missing = threshold * sum(column, ZERO) - sum((column[v] for v in all_in), ZERO)
        gains.append(prize - max(ZERO, missing))
    if services is None:
        services = [s for s, gain in enumerate(gains) if gain > 0] or [max(range(len(gains)), key=gains.__getitem__)]
    return Best(sum((gains[s] for s in services), ZERO) - paid, tuple(services), tuple(all_in))


def best_attack(network: Elastic) -> Best:
    """The best attack on one service at least, by trying every set of validators that are all in."""
    if len(network.stakes) > MAX_ENUMERATED_VALIDATORS:
        raise ValueError(f"more than {MAX_ENUMERATED_VALIDATORS} validators are not enumerated")
    validators = range(len(network.stakes))
    sets = (chosen for size in range(len(network.stakes) + 1) for chosen in combinations(validators, size))
    return max((profit_with(network, chosen) for chosen in sets), key=lambda best: best.profit)


def robustness(network: Elastic, budget: Fraction) -> Robustness:
    """How much must misbehave before an attack counts for this budget; all of it if nothing less does."""
    services = [s for s in range(len(network.prizes)) if s != network.base_service]
    if len(services) > MAX_ENUMERATED_SERVICES:
        raise ValueError(f"more than {MAX_ENUMERATED_SERVICES} services are not enumerated")
    weights = {s: network.prizes[s] / network.thresholds[s] for s in services}
    total = sum(weights.values(), ZERO)
    sets = [chosen for size in range(len(services) + 1) for chosen in combinations(services, size)]
    for chosen in sorted(sets, key=lambda chosen: (sum((weights[s] for s in chosen), ZERO), len(chosen))):
        others = [s for s in range(len(network.prizes)) if s not in chosen]
        stakes, allocations = stretch(network.stakes, network.allocations, chosen)
        left = Elastic(
            tuple(stakes),
            tuple(network.prizes[s] for s in others),
            tuple(network.thresholds[s] for s in others),
            tuple(tuple(row) for row in allocations),
        )
        if not others or best_attack(left).profit >= -budget:
            share = sum((weights[s] for s in chosen), ZERO) / total if total else ZERO
            return Robustness(share, chosen)
    raise AssertionError("with every service misbehaving, something counts")


@attrs.frozen
class Symmetric:
    """Equal validators that allocate equally to equal services; maybe a base service that has all of every stake."""

    validators: int
    services: int
    threshold: Fraction
    degree: Fraction
    prize: Fraction
    base_prize: Fraction | None = None

    def attacks(self, stake: Fraction, byzantine: int) -> list[tuple[Fraction, Fraction]]:
        """Prize and cost of every kind of attack after some services misbehaved: by how many fall, and if the base does.

        A coalition of whole validators, and the part of one that reaches the threshold.
        """
        allocation = self.degree * stake / self.services
        left = max(ZERO, stake - byzantine * allocation)
        allocation = min(allocation, left)
        whole = floor(self.validators * self.threshold)
        part = self.validators * self.threshold - whole
        found = []
        for count in range(self.services - byzantine + 1):
            for base in (0, 1) if self.base_prize is not None else (0,):
                if count or base:
                    used = count * allocation + base * left
                    cost = whole * min(left, used) + min(part * used, left)
                    found.append((count * self.prize + base * (self.base_prize or ZERO), cost))
        return found

    def least_stake(self, byzantine: int, budget: Fraction) -> Fraction | None:
        """The least stake of each validator so that no attack gains more than minus the budget; None if none suffices."""
        found = []
        for prize, cost in self.attacks(Fraction(1), byzantine):
            if cost == 0:
                return None
            found.append((prize + budget) / cost)
        return max(found)

    def greatest_budget(self, stake: Fraction, byzantine: int) -> Fraction:
        """The largest budget so that every attack gains at most minus that; negative if one gains."""
        return min(cost - prize for prize, cost in self.attacks(stake, byzantine))


def capped_rewards(
    stakes: Sequence[Fraction],
    allocations: Sequence[Sequence[Fraction]],
    rewards: Sequence[Fraction],
    caps: Sequence[Fraction],
) -> list[Fraction]:
    """What each validator is paid: its part of a service's reward by allocation, nothing above the service's degree.

    Who is above it still dilutes the others; that part is not paid.
    """
    totals = [sum((row[s] for row in allocations), ZERO) for s in range(len(rewards))]
    return [
        sum(
            (row[s] / totals[s] * rewards[s] for s in range(len(rewards)) if totals[s] and degree <= caps[s]),
            ZERO,
        )
        for row, degree in zip(allocations, degrees(stakes, allocations), strict=True)
    ]


def equilibrium(stakes: Sequence[Fraction], rewards: Sequence[Fraction], degree: Fraction) -> list[list[Fraction]]:
    """The symmetric equilibrium: everyone allocates to services as they reward, up to one degree."""
    total = sum(rewards, ZERO)
    return [[degree * reward / total * stake for reward in rewards] for stake in stakes]
