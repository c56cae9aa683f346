"""The cases of a protocol: each action with each answer that a caller can meet, and a short script that ends with it.

A file of cases says what a lane has to reach, and how. Where one script reaches a case and another does not, walks
would have to be long; so the file is drawn once from many long walks, and each script is shrunk.
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
"""An action, the answer to it, and the reason of a later check for which the same call would be refused, too."""


@attrs.frozen
class Reached:
    """A case, and the shortest run that is known to end with it: the walk whose world it is in, and its actions."""

    case: Case
    walk: Walk
    actions: Sequence[Any]


def survey(calls: Calls, walk: Walk, seeds: int, steps: int) -> dict[Case, Reached]:
    """Every case that walks of so many seeds meet, each with the shortest beginning of one that ends with it.

    A world without an extension goes before a shorter run: a client may know no extension, and meets the case then.
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
    """True if calls in a world can say these actions: no amount is too large for its type, no name unknown."""
    history = calls.begin(to_wire(dict(walk.world)))
    try:
        return [each for call in calls.write(walk.world, actions) for each in history.read(call, "")[0]] == [*actions]
    except MalformedTrace:
        return False


def accepted_until(calls: Calls, walk: Walk, case: Case, actions: Sequence[Any]) -> list[bool] | None:
    """The answers of a run up to the first action that meets a case: True for each accepted one. None if none does."""
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
    """A file of cases: each world once, each case with its world and its calls."""
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
"""A file of cases, read: `worlds`, `cases`, and where they are known `orders` and `edges`."""


def read_document(path: Path) -> Document:
    """A file of cases, whole."""
    return cast(Document, json.loads(path.read_text(encoding="utf-8")))


def read_cases(path: Path) -> Iterator[tuple[Case, Script]]:
    """The cases of a file that comes with a protocol, each with its script."""
    return cases_of(read_document(path))


def cases_of(document: Document) -> Iterator[tuple[Case, Script]]:
    """The cases of a file that was read, each with its script."""
    for each in _records(document, "cases"):
        case = (str(each["action"]), str(each["answer"]))
        yield case, _script(document, each, f"case {case[0]}: {case[1]}")


def read_orders(path: Path) -> Iterator[tuple[Order, Script]]:
    """The orders of checks in a file of cases, each with a script that ends with a call which fails for both."""
    document = read_document(path)
    for each in _records(document, "orders"):
        order = (str(each["action"]), str(each["answer"]), str(each["also"]))
        yield order, _script(document, each, f"order {order[0]}: {order[1]} before {order[2]}")


def read_edges(path: Path) -> Iterator[Script]:
    """The edges in a file of cases."""
    document = read_document(path)
    for each in _records(document, "edges"):
        yield _script(document, each, str(each["edge"]))


def _records(document: Document, name: str) -> Iterator[dict[str, Json]]:
    yield from cast("Sequence[dict[str, Json]]", document.get(name, ()))


def _script(document: Document, record: Mapping[str, Json], source: str) -> Script:
    return Script(source, document["worlds"][cast(int, record["world"])], cast("list[Json]", record["calls"]))
