"""Draws the cases of a protocol, which are its actions with each possible answer: long random walks meet them, and
shrinking keeps a short script for each.

Run by `make cases`, after an action or a reason is added to a protocol.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from conformance.calls import Calls
from conformance.cases import (
    Document,
    Order,
    Reached,
    accepted_until,
    can_be_said,
    cases_of,
    read_cases,
    read_orders,
    survey,
    write_cases,
)
from conformance.edges import edges
from conformance.lockstep import ACCEPTED, Case, Script
from conformance.wire import to_wire
from harness.drawing_orders import SEEDS as SEEDS_OF_ORDERS
from harness.drawing_orders import draw_orders, shows
from harness.failing_checks import FailingChecks
from harness.pack import ProtocolPack
from harness.protocols import select_packs
from harness.shrinking import Break, shrink_by
from invariants.walker import Walk
from spec.codec import Json, MalformedTrace, as_object
from spec.machine import Delta
from spec.protocol import execute

SEEDS: Final = 2_000
STEPS: Final = 300
SHRINKING_STEPS: Final = 300_000


def draw_cases(calls: Calls, walk: Walk, seeds: int = SEEDS, steps: int = STEPS) -> list[Reached]:
    """Every case that the walks of the first `seeds` seeds meet in `steps` steps. Each comes with the shortest run
    found that reaches it.

    Walks of different seeds may be in different worlds. The run is moved to the world of `walk` if it reaches the case
    there.
    """
    return [shortened(calls, walk, reached) for reached in survey(calls, walk, seeds, steps).values()]


def shortened(calls: Calls, walk: Walk, reached: Reached) -> Reached:
    """The case with a shorter run that reaches it. The run is in the world of `walk` if possible, else in the world in
    which the case was met. Unchanged if a trace can express the run in neither world.
    """
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


def written(document: Document) -> str:
    """A file of cases as text, with one line for each world and each case, so that changes show as changed lines."""
    lists = [
        f"{json.dumps(name)}:[\n" + ",\n".join(json.dumps(part, separators=(",", ":")) for part in parts) + "\n]"
        for name, parts in document.items()
    ]
    return "{" + ",".join(lists) + "}\n"


def ends_with(calls: Calls, case: Case, script: Script) -> bool:
    """True if the last call of the script is of this case's action and gets its answer under the current rules. The
    case is an action with an answer. False if the script can no longer be read.
    """
    history = calls.begin(script.head)
    state, answer = history.genesis.copy(), ""
    try:
        for number, call in enumerate(script.calls):
            actions, _ = history.read(call, f"calls[{number}]")
            outcome = execute(calls.protocol.transition, state, actions)
            answer = ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)
    except MalformedTrace:
        return False
    return as_object(script.calls[-1], "calls[-1]")["action"] == case[0] and answer == case[1]


def with_known(calls: Calls, drawn: Mapping[str, list[Json]], known: Path) -> dict[str, list[Json]]:
    """The drawn cases, with their worlds. Cases of the earlier file `known` that walks did not meet are added, if their
    scripts still reach them.
    """
    worlds, cases = [*drawn["worlds"]], [as_object(case, "cases") for case in drawn["cases"]]
    met = {(case["action"], case["answer"]) for case in cases}
    for case, script in read_cases(known):
        if case not in met and ends_with(calls, case, script):
            if script.head not in worlds:
                worlds.append(script.head)
            world = worlds.index(script.head)
            cases.append({"action": case[0], "answer": case[1], "world": world, "calls": [*script.calls]})
    return {"worlds": worlds, "cases": [*sorted(cases, key=lambda case: (str(case["action"]), str(case["answer"])))]}


def with_orders(pack: ProtocolPack, document: Document, known: Path, seeds: int = SEEDS_OF_ORDERS) -> Document:
    """A file of cases (`document`) with orders of checks added. An order is a call that fails two checks, whose answer
    shows which check comes first.

    Added are the orders that walks of the first `seeds` seeds meet. Orders in the earlier file `known` are added if the
    current rules still show them.
    """
    assert pack.walk is not None
    failing = FailingChecks(pack.protocol.transition)
    worlds = [*document["worlds"]]
    found: dict[Order, tuple[Json, Sequence[Json]]] = {
        order: (to_wire(dict(walk.world)), pack.calls.write(walk.world, actions))
        for order, (walk, actions) in draw_orders(pack.calls, pack.walk, seeds).items()
    }
    for order, script in read_orders(known):
        if order not in found and shows(pack.calls, failing, order, script):
            found[order] = (script.head, script.calls)
    written: list[Json] = []
    for (action, answer, also), (world, calls) in sorted(found.items(), key=lambda each: each[0]):
        if world not in worlds:
            worlds.append(world)
        place = {"world": worlds.index(world), "calls": [*calls]}
        written.append({"action": action, "answer": answer, "also": also, **place})
    return {**document, "worlds": worlds, "orders": written}


def with_edges(calls: Calls, document: Document) -> Document:
    """A file of cases (`document`) with edges added: calls on either side of a value at which the answer changes."""
    scripts = [script for _, script in cases_of(document)]
    found = [
        {"edge": edge.source, "world": document["worlds"].index(edge.head), "calls": [*edge.calls]}
        for edge in edges(calls, scripts)
    ]
    return {**document, "edges": [*found]}


def main(asked: Sequence[str]) -> None:
    """Write the file of cases of each requested pack, or of every known pack if none is requested. Packs without such a
    file or without a walk are skipped.

    A case of the existing file that no walk meets is kept, as long as its script still reaches it.
    """
    for pack in select_packs(asked).values():
        if pack.walk is not None and pack.cases is not None:
            drawn = write_cases(pack.calls, draw_cases(pack.calls, pack.walk))
            document: Document = with_known(pack.calls, drawn, Path(pack.cases))
            document = with_edges(pack.calls, with_orders(pack, document, Path(pack.cases)))
            Path(pack.cases).write_text(written(document), encoding="utf-8")
            click.echo(
                f"{pack.cases}: {len(document['cases'])} cases, {len(drawn['cases'])} of them by walks; "
                f"{len(document['orders'])} orders of checks, {len(document['edges'])} edges"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
