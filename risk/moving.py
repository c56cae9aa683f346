"""An attacker that deposits and opts in at the moment of the attack, against the stake of others at that time.

A *task* is a service, as the source calls it. Source: krzhang and others, "Dynamic" attacks, ethresear.ch 15178.
"""

from collections.abc import Sequence
from fractions import Fraction

import attrs


@attrs.frozen
class Attempt:
    """An attack with this amount of stake: the tasks (services) that it corrupts, by index, and its profit minus the
    stake.
    """

    stake: Fraction
    tasks: tuple[int, ...]
    profit: Fraction


def least_stakes(others: Sequence[Fraction], thresholds: Sequence[Fraction]) -> list[Fraction | None]:
    """The least stake with which an attacker reaches each task's (service's) threshold, beside the stake of others.

    `others` is the stake of others behind each task. None if no stake of the attacker suffices.
    """
    return [
        None if threshold == 1 and stake else threshold * stake / (1 - threshold) if stake else Fraction(0)
        for stake, threshold in zip(others, thresholds, strict=True)
    ]


def attempts(others: Sequence[Fraction], thresholds: Sequence[Fraction], profits: Sequence[Fraction]) -> list[Attempt]:
    """The attacks worth considering, smallest stake first: each stake suffices for one more task (service).

    The parameters have an entry for each task: the others' stake, the threshold, and the profit from corrupting it. A
    stake counts in every task at once.
    """
    reachable = [(stake, task) for task, stake in enumerate(least_stakes(others, thresholds)) if stake is not None]
    found: list[Attempt] = []
    tasks: tuple[int, ...] = ()
    gained = Fraction(0)
    for stake, task in sorted(reachable):
        tasks, gained = (*tasks, task), gained + profits[task]
        found.append(Attempt(stake, tasks, gained - stake))
    return found
