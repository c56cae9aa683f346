"""Scripts for clients: from recorded traces, from random walks, and from runs that Hypothesis draws by a protocol's
rule machine.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from conformance.calls import Calls
from conformance.lockstep import ACCEPTED, Case, Script
from conformance.wire import to_wire
from invariants.choices import Seeded
from invariants.examples import explore_rules
from invariants.rule_machine import LawMachine
from invariants.walker import Walk
from spec.codec import Json, MalformedTrace
from spec.machine import Delta, Draft, Outcome, commit
from spec.protocol import Protocol, Trace


def of_actions(calls: Calls, head: Mapping[str, Json], actions: list[Any], source: str) -> Script:
    """A script with the calls of some actions, in the world of a trace's `head`. `source` is the script's description
    for readers.
    """
    return Script(source, to_wire(dict(head)), calls.write(head, actions))


def of_trace(calls: Calls, trace: Trace, source: str) -> Script:
    """A script with the calls of a trace. The trace's expected results are ignored, since the reference computes them.
    `source` describes the script for readers.
    """
    return of_actions(calls, trace.head, [action for step in trace.steps for action in step.actions], source)


def walk_actions(
    calls: Calls, walk: Walk, seed: int, steps: int, supported: Collection[str] | None
) -> tuple[Walk, list[Any], Counter[Case]]:
    """The walk for a seed, its actions, and the counts, by case, of unsupported actions that are left out.

    `steps` actions are drawn. `supported` are names of actions; None means all. Actions that are left out count among
    the drawn ones, and are not executed.
    """
    walk, choices = walk.of(seed), Seeded(seed)
    state, opening = walk.genesis(), walk.opening()
    actions: list[Any] = []
    dropped: Counter[Case] = Counter()
    for position in range(steps):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if supported is not None and (name := calls.name_of(walk.world, action)) not in supported:
            dropped[(name, _answer(outcome))] += 1
            continue
        actions.append(action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
    return walk, actions, dropped


def of_walk(calls: Calls, walk: Walk, seed: int, steps: int, supported: Collection[str] | None = None) -> Script:
    """The script of a random walk from `seed`, up to the first action that cannot be written as a call.

    `steps` actions are drawn; those not in `supported` (None: all) are left out.
    """
    walk, actions, dropped = walk_actions(calls, walk, seed, steps, supported)
    return Script(f"walk of seed {seed}", to_wire(walk.world), _sayable(calls, walk.world, actions), dropped)


def _sayable(calls: Calls, head: Mapping[str, Json], actions: list[Any]) -> list[Json]:
    """The calls of some actions, up to the first action that cannot be read back. An amount may be too large, for
    example.
    """
    written = calls.write(head, actions)
    history = calls.begin(to_wire(dict(head)))
    for position, call in enumerate(written):
        try:
            history.read(call, "")
        except MalformedTrace:
            return written[:position]
    return written


def of_examples(
    calls: Calls, machine: type[LawMachine], walk: Walk, seed: int, examples: int, steps: int
) -> Iterator[Script]:
    """Scripts of up to `examples` runs, of up to `steps` rules each, that Hypothesis draws by a protocol's rule
    machine.

    The machine's rules favour edge cases. Each script ends before the first action that cannot be written as a call.
    `walk` gives the world and the opening actions; `seed` seeds the drawing.
    """
    runs: list[list[Any]] = []

    def opening() -> list[Any]:
        runs.append([])
        return walk.opening()

    def recorded(draft: Draft, action: Any) -> Outcome:
        if runs:
            runs[-1].append(action)
        return walk.protocol.transition(draft, action)

    protocol: Protocol = walk.protocol.with_transition(recorded)
    lawless = walk.where(lambda _: False).catalogue
    explore_rules(machine, Walk(protocol, lawless, walk.world, opening, walk.next_action), examples, steps, seed)
    for number, actions in enumerate(runs):
        said = _sayable(calls, walk.world, actions)
        yield Script(f"example {number} of seed {seed}", to_wire(dict(walk.world)), said)


def _answer(outcome: Outcome) -> str:
    return ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)
