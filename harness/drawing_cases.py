"""Drawing the cases of a protocol: long walks to meet them, and shrinking to keep of each the shortest run.

`make cases` runs this module, after a call or a reason is added to a protocol.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from conformance.calls import Calls
from conformance.cases import Reached, accepted_until, can_be_said, survey, write_cases
from conformance.lockstep import Case
from harness.protocols import select_packs
from harness.shrinking import Break, shrink_by
from invariants.walker import Walk
from spec.codec import Json

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


def written(document: Mapping[str, Sequence[Json]]) -> str:
    """A file of cases as text: a line for each world and each case, so that a change of one is a change of one line."""
    lists = [
        f"{json.dumps(name)}:[\n" + ",\n".join(json.dumps(part, separators=(",", ":")) for part in parts) + "\n]"
        for name, parts in document.items()
    ]
    return "{" + ",".join(lists) + "}\n"


def main(asked: Sequence[str]) -> None:
    """Write the file of cases of each pack that has one; of all known packs, or of those asked for."""
    for pack in select_packs(asked).values():
        if pack.walk is not None and pack.cases is not None:
            cases = draw_cases(pack.calls, pack.walk)
            Path(pack.cases).write_text(written(write_cases(pack.calls, cases)), encoding="utf-8")
            click.echo(f"{pack.cases}: {len(cases)} cases")


if __name__ == "__main__":
    main(sys.argv[1:])
