"""Elastic restaking: attackers may use any part of an allocation; misbehaving services reduce the remaining stake.

Source: Bar-Zur and Eyal, Elastic Restaking Networks, and their code where the text is ambiguous. An attack counts if
its profit is at least minus the budget.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import attrs

from risk.linear import ZERO

MAX_ENUMERATED_VALIDATORS = 16
MAX_ENUMERATED_SERVICES = 12

Row = tuple[Fraction, ...]


@attrs.frozen
class Elastic:
    """An elastic network: stakes by validator, prizes and thresholds by service, allocations by validator and service.

    `base_service` is the index of a service that never misbehaves, or None.
    """

    stakes: Row
    prizes: Row
    thresholds: Row
    allocations: tuple[Row, ...]
    base_service: int | None = None


@attrs.frozen
class Best:
    """The best attack: its profit, the corrupted services, and the validators that lose their whole stake."""

    profit: Fraction
    services: tuple[int, ...]
    all_in: tuple[int, ...]


@attrs.frozen
class Robustness:
    """The least weight of misbehaving services after which some attack counts, relative to the weight of all services.

    An attack counts if its profit is at least minus the budget. `byzantine` are the misbehaving services. A service's
    weight is its prize divided by its threshold.
    """

    weight: Fraction
    byzantine: tuple[int, ...]


def stretch(
    stakes: Sequence[Fraction], allocations: Sequence[Sequence[Fraction]], byzantine: Sequence[int]
) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The stakes and the allocations that remain after Byzantine services slash everything allocated to them.

    Each stake is reduced, at least to 0; each allocation to another service is capped at the remaining stake.
    """
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
    """The best attack if the validators `all_in` lose their whole stake and the others lose only what they use.

    It attacks `services`, at least one. By default it attacks all services that gain, or the one that loses least.
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
    """The most profitable attack on at least one service, by enumerating all sets of validators that lose everything.

    Raises ValueError for more than MAX_ENUMERATED_VALIDATORS validators.
    """
    if len(network.stakes) > MAX_ENUMERATED_VALIDATORS:
        raise ValueError(f"more than {MAX_ENUMERATED_VALIDATORS} validators are not enumerated")
    validators = range(len(network.stakes))
    sets = (chosen for size in range(len(network.stakes) + 1) for chosen in combinations(validators, size))
    return max((profit_with(network, chosen) for chosen in sets), key=lambda best: best.profit)


def robustness(network: Elastic, budget: Fraction) -> Robustness:
    """The least misbehaving weight after which the profit of some attack is at least minus `budget`.

    It is all weight if no less suffices. Raises ValueError for more than MAX_ENUMERATED_SERVICES services or
    MAX_ENUMERATED_VALIDATORS validators.
    """
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
