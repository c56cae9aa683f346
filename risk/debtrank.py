"""Distress that spreads before anybody defaults: DebtRank, as published and in its linear form.

`impacts[j][i]` is how much of `i`'s equity is gone when all of `j`'s is; distress is the part of its equity that a
member has lost. Sources: Battiston et al., Scientific Reports 2:541, 2012; Bardoscia et al., PLoS ONE, 2015.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from risk.linear import ONE, ZERO, Matrix, Vector, greatest_fixed_point


class Distress:
    """The part of its equity that each member has lost in the end, and the number of steps."""

    def __init__(self, levels: Sequence[Fraction], steps: int) -> None:
        self.levels: Final = tuple(levels)
        self.steps: Final = steps


def debtrank(impacts: Matrix, shock: Vector) -> Distress:
    """Distress after a shock where each member hands its distress on once, the step after it was first distressed.

    What a member suffers afterwards it keeps to itself: on cycles this counts less than the linear form does.
    """
    size = len(shock)
    levels = list(shock)
    spreading = [i for i in range(size) if levels[i]]
    done: set[int] = set()
    steps = 0
    while spreading:
        steps += 1
        levels = [min(ONE, levels[i] + sum((impacts[j][i] * levels[j] for j in spreading), ZERO)) for i in range(size)]
        done.update(spreading)
        spreading = [i for i in range(size) if levels[i] and i not in done]
    return Distress(levels, steps)


def linear_debtrank(impacts: Matrix, shock: Vector) -> tuple[Fraction, ...]:
    """The limit of distress where every increase is handed on: the least `h` with `h = min(1, shock + inflow(h))`.

    Where nobody is wiped out this is `(I - impacts)^-1 shock`. Who is reached by no distress has none, and on the
    others the solution is unique: the map is monotone, concave and positive where distress begins.
    """
    size = len(shock)
    reached = {i for i in range(size) if shock[i]}
    waiting = list(reached)
    while waiting:
        spreads = waiting.pop()
        fresh = {i for i in range(size) if impacts[spreads][i]} - reached
        reached |= fresh
        waiting.extend(fresh)
    cap = [ONE if i in reached else ZERO for i in range(size)]
    levels, _, _ = greatest_fixed_point(cap, [min(ONE, level) for level in shock], impacts)
    return tuple(levels)


def systemic_loss(before: Vector, after: Vector, values: Vector) -> Fraction:
    """The value lost to contagion: distress after, less the shock itself, weighted by each member's value."""
    return sum((value * (b - a) for value, a, b in zip(values, before, after, strict=True)), ZERO)
