"""An attacker that may deposit and opt in at the moment of the attack, against what others have staked by then.

Source: krzhang and others, "Dynamic" attacks, ethresear.ch 15178.
"""

from collections.abc import Sequence
from fractions import Fraction

import attrs


@attrs.frozen
class Attempt:
    """One amount of stake to bring: the tasks that it corrupts, and what that gains."""

    stake: Fraction
    tasks: tuple[int, ...]
    profit: Fraction


def least_stakes(others: Sequence[Fraction], thresholds: Sequence[Fraction]) -> list[Fraction | None]:
    """The stake that an attacker must bring to hold each task's threshold beside the others' stake; None if nothing
    suffices.
    """
    return [
        None if threshold == 1 and stake else threshold * stake / (1 - threshold) if stake else Fraction(0)
        for stake, threshold in zip(others, thresholds, strict=True)
    ]


def attempts(others: Sequence[Fraction], thresholds: Sequence[Fraction], profits: Sequence[Fraction]) -> list[Attempt]:
    """Each amount worth bringing, the smallest first: enough for one more task. The same stake counts in every task."""
    reachable = [(stake, task) for task, stake in enumerate(least_stakes(others, thresholds)) if stake is not None]
    found: list[Attempt] = []
    tasks: tuple[int, ...] = ()
    gained = Fraction(0)
    for stake, task in sorted(reachable):
        tasks, gained = (*tasks, task), gained + profits[task]
        found.append(Attempt(stake, tasks, gained - stake))
    return found
