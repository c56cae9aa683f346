"""Rewards that discourage over-commitment: a service pays nothing to operators with too high a degree.

An operator's degree is the sum of its allocations divided by its stake. Source: Bar-Zur and Eyal, arXiv:2503.00170,
and their published simulations.
"""

from collections.abc import Sequence
from fractions import Fraction

from risk.linear import ONE, ZERO, Matrix, Vector


def degrees(allocations: Matrix, stakes: Vector) -> list[Fraction]:
    """The degree of each operator: its total allocation divided by its stake; 0 without stake."""
    return [sum(row, ZERO) / stake if stake else ZERO for row, stake in zip(allocations, stakes, strict=True)]


def capped_rewards(allocations: Matrix, stakes: Vector, rewards: Vector, caps: Vector) -> list[Fraction]:
    """The reward of each operator: its share of each service's allocations, times the service's reward.

    A service pays only operators with a degree within its cap. `allocations` has a row for each operator and a column
    for each service. Operators above the cap still dilute the others; their shares go to nobody.
    """
    held = degrees(allocations, stakes)
    earned = [ZERO] * len(stakes)
    for service, (reward, cap) in enumerate(zip(rewards, caps, strict=True)):
        allocated = sum((row[service] for row in allocations), ZERO)
        for operator, row in enumerate(allocations):
            if allocated and held[operator] <= cap:
                earned[operator] += row[service] / allocated * reward
    return earned


def equilibrium_allocations(stakes: Vector, rewards: Vector, degree: Fraction) -> list[list[Fraction]]:
    """The symmetric equilibrium, as the allocation of each operator to each service.

    Each operator allocates `degree` times its stake in total, in proportion to the services' rewards.
    """
    total = sum(rewards, ZERO)
    return [[degree * reward / total * stake for reward in rewards] for stake in stakes]


def split_by_cap(caps: Vector, rewards: Vector, stake: Fraction) -> list[tuple[Fraction, list[Fraction]]]:
    """The division of a stake among groups of services, in proportion to the groups' rewards. A group has one cap of
    the degree.

    The result has one pair per group, lowest cap first: the group's stake, and the allocation to each service per unit
    of that stake.
    """
    total = sum(rewards, ZERO)
    splits = []
    for cap in sorted(set(caps)):
        group = [service for service, other in enumerate(caps) if other == cap]
        reward = sum((rewards[service] for service in group), ZERO)
        filled = _filled(cap, [rewards[service] for service in group])
        allocation = [ZERO] * len(caps)
        for service, amount in zip(group, filled, strict=True):
            allocation[service] = amount
        splits.append((stake * reward / total, allocation))
    return splits


def _filled(degree: Fraction, rewards: Sequence[Fraction]) -> list[Fraction]:
    """The total allocation `degree`, per unit of stake, divided in proportion to rewards, at most 1 per service.

    Any excess goes to the other services, in proportion to their rewards.
    """
    amounts = [ZERO] * len(rewards)
    waiting = [service for service, reward in enumerate(rewards) if reward]
    left = degree
    while waiting and left:
        total = sum((rewards[service] for service in waiting), ZERO)
        full = [service for service in waiting if left * rewards[service] / total >= ONE]
        if not full:
            for service in waiting:
                amounts[service] = left * rewards[service] / total
            break
        for service in full:
            amounts[service] = ONE
        left -= len(full)
        waiting = [service for service in waiting if service not in full]
    return amounts
