"""Drawing the cases of a protocol: long walks to meet them, and shrinking to keep of each the shortest run."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from conformance.calls import Calls
from conformance.cases import Reached, ends_with, survey
from conformance.lockstep import Case
from conformance.wire import to_wire
from harness.shrinking import Break, shrink_by
from invariants.walker import Walk
from spec.codec import MalformedTrace

SEEDS: Final = 2_000
STEPS: Final = 300
SHRINKING_STEPS: Final = 300_000


def draw_cases(calls: Calls, walk: Walk, seeds: int = SEEDS, steps: int = STEPS) -> list[Reached]:
    """Every case that so many walks meet, each with a run about as short as there is, in the first world if it can."""
    return [shortened(calls, walk, reached) for reached in survey(calls, walk, seeds, steps).values()]


def shortened(calls: Calls, walk: Walk, reached: Reached) -> Reached:
    """The same case by a shorter run."""
    for way in (walk, reached.way):
        if (
            can_be_said(calls, way, reached.actions)
            and ends_with(calls, way, reached.case, reached.actions) is not None
        ):
            breaks = _meets(calls, way, reached.case)
            return Reached(reached.case, way, shrink_by(way, breaks, reached.actions, lambda: False, SHRINKING_STEPS))
    return reached


def can_be_said(calls: Calls, way: Walk, actions: Sequence[Any]) -> bool:
    """Whether a world has all that the actions name."""
    history = calls.begin(to_wire(dict(way.world)))
    try:
        return [each for call in calls.write(way.world, actions) for each in history.read(call, "")[0]] == [*actions]
    except MalformedTrace:
        return False


def _meets(calls: Calls, way: Walk, case: Case) -> Callable[[Sequence[Any]], Break | None]:
    def meets(actions: Sequence[Any]) -> Break | None:
        position = ends_with(calls, way, case, actions)
        return None if position is None else Break(position, None, [True] * len(actions))

    return meets
