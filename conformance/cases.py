"""The cases of a protocol: each action with each answer that a caller can get, and a short script that ends with it.

A file of cases says which cases a lane (a size of a conformance run) must reach. It has a script for each. Walks that
reach every case would be long. So the cases are collected once from many long walks, and each script is shrunk.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs

from conformance.calls import Calls
from conformance.lockstep import ACCEPTED, Case, Script
from conformance.wire import to_wire
from invariants.choices import Seeded
from invariants.walker import Walk
from spec.codec import Json, MalformedTrace
from spec.machine import Delta, Draft, commit

Order = tuple[str, str, str]
"""An order of two checks: an action's name, the reason of the first check, and that of a later check. A call that fails
both must be rejected for the first.
"""


@attrs.frozen
class Reached:
    """A case, and the shortest known run that ends with it: the walk whose world it uses, and its actions. The last
    action of `actions` is that of the case.
    """

    case: Case
    walk: Walk
    actions: Sequence[Any]


def survey(calls: Calls, walk: Walk, seeds: int, steps: int) -> dict[Case, Reached]:
    """Every case in the walks of the first `seeds` seeds, each with the shortest walk prefix that ends with it.

    A walk has `steps` actions. Cases whose actions cannot be written as calls are left out (`can_be_said`). A world
    without an extension of the protocol is preferred, even with a longer prefix. A client may not support extensions.
    """
    found: dict[Case, Reached] = {}
    for seed in range(seeds):
        taken, choices = walk.of(seed), Seeded(seed)
        state, opening = taken.genesis(), taken.opening()
        actions: list[Any] = []
        for position in range(steps):
            draft = Draft(state)
            action = opening[position] if position < len(opening) else taken.next_action(choices, draft)
            outcome = taken.protocol.transition(draft, action)
            actions.append(action)
            case = (
                calls.name_of(taken.world, action),
                ACCEPTED if isinstance(outcome, Delta) else str(outcome.value),
            )
            is_better = case not in found or _cost(taken, actions) < _cost(found[case].walk, found[case].actions)
            if is_better and can_be_said(calls, taken, actions):
                found[case] = Reached(case, taken, tuple(actions))
            if isinstance(outcome, Delta):
                commit(state, outcome)
    return found


def _cost(walk: Walk, actions: Sequence[Any]) -> tuple[bool, int]:
    return "extension" in walk.world, len(actions)


def can_be_said(calls: Calls, walk: Walk, actions: Sequence[Any]) -> bool:
    """True if the actions can be written as calls and read back: no amount exceeds its type, and every name is declared
    in the world.
    """
    history = calls.begin(to_wire(dict(walk.world)))
    try:
        return [each for call in calls.write(walk.world, actions) for each in history.read(call, "")[0]] == [*actions]
    except MalformedTrace:
        return False


def accepted_until(calls: Calls, walk: Walk, case: Case, actions: Sequence[Any]) -> list[bool] | None:
    """For each action up to and including the first in the case `case`, True if it is accepted. None if no action is in
    that case.

    An action is in the case if it has the case's action name and answer. The actions start at the walk's genesis.
    """
    state = walk.genesis()
    accepted: list[bool] = []
    for action in actions:
        outcome = walk.protocol.transition(Draft(state), action)
        accepted.append(isinstance(outcome, Delta))
        answer = ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)
        if answer == case[1] and calls.name_of(walk.world, action) == case[0]:
            return accepted
        if isinstance(outcome, Delta):
            commit(state, outcome)
    return None


def write_cases(calls: Calls, reached: Sequence[Reached]) -> dict[str, list[Json]]:
    """The content of a file of cases, as two lists.

    `worlds` has each world once. `cases` has each case with the index of its world and its calls, sorted by action and
    answer.
    """
    worlds: list[Mapping[str, Json]] = []
    written: list[Json] = []
    for each in sorted(reached, key=lambda each: each.case):
        if each.walk.world not in worlds:
            worlds.append(each.walk.world)
        action, answer = each.case
        written.append(
            {
                "action": action,
                "answer": answer,
                "world": worlds.index(each.walk.world),
                "calls": calls.write(each.walk.world, each.actions),
            }
        )
    return {"worlds": [to_wire(dict(world)) for world in worlds], "cases": written}


Document = Mapping[str, Sequence[Json]]
"""The content of a file of cases: the lists `worlds` (heads of traces) and `cases`, and the lists `orders` and `edges`
if present. Each entry of these three has a world's index and calls.
"""


def read_document(path: Path) -> Document:
    """The content of a file of cases, a JSON file. It is trusted: its form is not checked."""
    return cast(Document, json.loads(path.read_text(encoding="utf-8")))


def read_cases(path: Path) -> Iterator[tuple[Case, Script]]:
    """The cases in a file of cases, in its order, each with the script that ends with it."""
    return cases_of(read_document(path))


def cases_of(document: Document) -> Iterator[tuple[Case, Script]]:
    """The cases in the content of a file of cases, in its order. Each comes with the script that ends with it."""
    for each in _records(document, "cases"):
        case = (str(each["action"]), str(each["answer"]))
        yield case, _script(document, each, f"case {case[0]}: {case[1]}")


def read_orders(path: Path) -> Iterator[tuple[Order, Script]]:
    """The entries `orders` of a file of cases, each with a script whose last call fails two checks.

    An entry is an action with the reasons of the earlier and of the later check.
    """
    document = read_document(path)
    for each in _records(document, "orders"):
        order = (str(each["action"]), str(each["answer"]), str(each["also"]))
        yield order, _script(document, each, f"order {order[0]}: {order[1]} before {order[2]}")


def read_edges(path: Path) -> Iterator[Script]:
    """The scripts of the edges in a file of cases. At an edge, the answer changes with a number of the script's last
    call.
    """
    document = read_document(path)
    for each in _records(document, "edges"):
        yield _script(document, each, str(each["edge"]))


def _records(document: Document, name: str) -> Iterator[dict[str, Json]]:
    yield from cast("Sequence[dict[str, Json]]", document.get(name, ()))


def _script(document: Document, record: Mapping[str, Json], source: str) -> Script:
    return Script(source, document["worlds"][cast(int, record["world"])], cast("list[Json]", record["calls"]))
