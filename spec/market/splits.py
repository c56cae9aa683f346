"""Kernels of allocation: functions on integers. The docstring of a function that rounds says how.

The rule is weighted max-min fairness, by progressive filling. All targets grow together, each in proportion to its
score, until a cap is full. The cap's members stop there, and the others go on.
Source: Bertsekas and Gallager, Data Networks, section 6.5.2; without caps it is Hamilton's method of largest
remainders.
"""

from spec.arithmetic import mul_div_floor, remainder

CapOn = tuple[list[int], int]
"""A bound on several targets: their indices in the list of targets, and the most that they get together."""


def score_of(fee_rate: int, declared_loss_rate: int, expected_loss_rate: int) -> int:
    """The score of a target, in grains per unit of stake and point: the fee less the loss, at least 0. The loss is the
    larger of what the service declares and what the governor expects.
    """
    return max(fee_rate - max(declared_loss_rate, expected_loss_rate), 0)


def split(whole: int, scores: list[int], caps: list[CapOn]) -> list[int]:
    """The parts of `whole` for each target, in proportion to scores, within each cap. If caps leave no room, a part of
    `whole` is not given out.

    Each part rounds down. Then the parts with the largest remainders get one more each, where every cap has room. Among
    equal remainders, the first part comes first.
    """
    bounds = [(list(range(len(scores))), whole), *caps]
    parts = [0 for _ in scores]
    free = [score > 0 for score in scores]
    for _ in scores:
        tightest = _tightest(parts, free, scores, bounds)
        if tightest is None:
            break
        parts = _filled(tightest, parts, free, scores, bounds)
        free = [free[place] and place not in tightest[0] for place in range(len(free))]
    return parts


def _tightest(parts: list[int], free: list[bool], scores: list[int], bounds: list[CapOn]) -> CapOn | None:
    """The bound with the least room per unit of score of its free targets; None if no target is free. Among equals, the
    first.

    `parts` are the amounts given to the targets so far. `free` tells which targets can still grow.
    """
    found: CapOn | None = None
    found_room, found_score = 0, 0
    for bound in bounds:
        score = sum([scores[place] for place in bound[0] if free[place]])
        if score == 0:
            continue
        room = bound[1] - sum([parts[place] for place in bound[0]])
        if found is None or room * found_score < found_room * score:
            found, found_room, found_score = bound, room, score
    return found


def _filled(bound: CapOn, parts: list[int], free: list[bool], scores: list[int], bounds: list[CapOn]) -> list[int]:
    """The parts after the remaining room of `bound` is divided among its free targets, in proportion to score.

    `parts` are the amounts given to the targets so far. Each share rounds down. Units left over go one by one to the
    largest remainders, where every bound has room.
    """
    places = [place for place in bound[0] if free[place]]
    score = sum([scores[place] for place in places])
    room = bound[1] - sum([parts[place] for place in bound[0]])
    filled = [
        mul_div_floor(room, scores[place], score) if place in places else parts[place] for place in range(len(parts))
    ]
    left = room - sum([filled[place] for place in places])
    waiting = places
    for _ in places:
        if left <= 0:
            break
        best = waiting[0]
        for place in waiting:
            if remainder(room * scores[place], score) > remainder(room * scores[best], score):
                best = place
        waiting = [place for place in waiting if place != best]
        if has_room(best, filled, bounds):
            filled[best] += 1
            left -= 1
    return filled


def has_room(place: int, parts: list[int], bounds: list[CapOn]) -> bool:
    """True if a target's part can grow by one within every bound. `place` is the target's index, and `parts` are the
    amounts given to all targets so far.
    """
    return all([place not in bound[0] or sum([parts[one] for one in bound[0]]) < bound[1] for bound in bounds])


def room_of(place: int, parts: list[int], bounds: list[CapOn]) -> int:
    """The most by which a target's part can grow within every bound; negative if a bound is exceeded already.

    Some bound contains the target. `place` is the target's index, and `parts` are the amounts given to all targets so
    far.
    """
    return min([bound[1] - sum([parts[one] for one in bound[0]]) for bound in bounds if place in bound[0]])
