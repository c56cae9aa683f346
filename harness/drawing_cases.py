"""Drawing the cases of a protocol: long walks to meet them, and shrinking to keep of each the shortest run."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from conformance.calls import Calls
from conformance.cases import Reached, accepted_until, can_be_said, survey
from conformance.lockstep import Case
from harness.shrinking import Break, shrink_by
from invariants.walker import Walk

SEEDS: Final = 2_000
STEPS: Final = 300
SHRINKING_STEPS: Final = 300_000


def draw_cases(calls: Calls, walk: Walk, seeds: int = SEEDS, steps: int = STEPS) -> list[Reached]:
    """Every case that so many walks meet, each with a run about as short as there is, in the first world if it can."""
    return [shortened(calls, walk, reached) for reached in survey(calls, walk, seeds, steps).values()]


def shortened(calls: Calls, walk: Walk, reached: Reached) -> Reached:
    """The same case by a shorter run."""
    for taken in (walk, reached.walk):
        meets = _meets(calls, taken, reached.case)
        if can_be_said(calls, taken, reached.actions) and meets(reached.actions) is not None:
            return Reached(
                reached.case, taken, shrink_by(taken, meets, reached.actions, lambda: False, SHRINKING_STEPS)
            )
    return reached


def _meets(calls: Calls, walk: Walk, case: Case) -> Callable[[Sequence[Any]], Break | None]:
    def meets(actions: Sequence[Any]) -> Break | None:
        accepted = accepted_until(calls, walk, case, actions)
        return None if accepted is None else Break(len(accepted) - 1, None, accepted)

    return meets
