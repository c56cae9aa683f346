"""Distress that spreads before any default: DebtRank as published, and its linear form.

`impacts[j][i]` is the fraction of member i's equity that is lost if all of j's equity is. The distress of a member is
the fraction of its equity that it has lost. Sources: Battiston et al., Scientific Reports 2:541, 2012; Bardoscia et
al., PLoS ONE, 2015.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from risk.linear import ONE, ZERO, Matrix, Vector, greatest_fixed_point


class Distress:
    """The final distress of each member (fraction of equity lost), and the number of steps until it is reached."""

    def __init__(self, levels: Sequence[Fraction], steps: int) -> None:
        self.levels: Final = tuple(levels)
        self.steps: Final = steps


def debtrank(impacts: Matrix, shock: Vector) -> Distress:
    """The distress after the initial distress `shock`. Each member propagates its distress once, in the step after it
    is first distressed.

    Later distress of that member is not propagated, so cycles count less than in the linear form.
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
    """The limit of distress if every increase is propagated: the least `h` with `h = min(1, shock + inflow(h))`.

    If nobody is wiped out, this is `(I - impacts)^-1 shock`. Members that no distress reaches have none. For the others
    the solution is unique: the map is monotone, concave, and positive where distress begins.
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
    """The value lost to contagion alone: over all members, the value in `values` times the increase of distress.

    The increase is the distress `after` contagion minus the distress `before` contagion, which the shock alone causes.
    """
    return sum((value * (b - a) for value, a, b in zip(values, before, after, strict=True)), ZERO)
