"""The edges of cases: scripts whose last call has a number at a value where the answer changes, one script for each
side.

A check that is off by one, or by one second, gives correct answers everywhere else. Time that passes before a call
counts as one of its numbers. For a list, the variant repeats its last item.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs

from conformance.calls import Calls
from conformance.lockstep import ACCEPTED, Script
from conformance.scripts import of_actions
from spec.codec import MalformedTrace
from spec.machine import Delta, Draft, State, commit

POWERS: Final = tuple(16**power for power in range(1, 33))
"""The powers of 16 up to 2^128: the numbers to probe for edges, in addition to those near the call's own number."""

Actions = tuple[Any, ...]
Key = tuple[str, str, str, str]
"""The key of an edge's side: the action's name, the changed field, the answer on this side, and that on the other."""


@attrs.frozen
class Run:
    """A script with its actions: those of all calls but the last, and those of the last call."""

    script: Script
    before: Actions
    last: Actions


def edges(calls: Calls, scripts: Sequence[Script]) -> Iterator[Script]:
    """The scripts of all edges at the ends of the given scripts. An edge is where the answer to the last call changes
    with a number.

    Each script is based on the shortest given script with that edge. An edge gives one script for each of its two
    sides. One side must have an accepted call. All calls must be such that they can be written and read back.
    `read_orders` covers the order of checks.
    """
    runs = sorted([_run(calls, script) for script in scripts], key=lambda run: len(run.script.calls))
    waits = {type(action): action for run in runs for action in run.last if not hasattr(action, "sender")}
    known: set[Key] = set()
    for run in runs:
        head = calls.head(run.script.head)
        state = calls.begin(run.script.head).genesis.copy()
        _execute(calls, state, run.before)
        name = calls.name_of(head, run.last[-1])
        for field, answers, last in _changed(calls, state, run.last, list(waits.values())):
            key = (name, field, *answers)
            if last and ACCEPTED in answers and key not in known and _can_be_said(calls, run, last):
                known.add(key)
                yield of_actions(calls, head, [*run.before, *last], f"edge of {name}, {field}: {' / '.join(answers)}")


def _run(calls: Calls, script: Script) -> Run:
    history = calls.begin(script.head)
    read = [history.read(call, "call")[0] for call in script.calls]
    return Run(script, tuple(action for actions in read[:-1] for action in actions), tuple(read[-1]))


def _changed(
    calls: Calls, state: State, last: Actions, waits: Sequence[Any]
) -> Iterator[tuple[str, tuple[str, str], Actions]]:
    """The variants of the last call that lie at an edge. In a variant, one number is changed, or the last item of a
    list is repeated.

    Each is given as the changed field, the pair of answers, and the variant's actions. The pair is the answer to the
    variant, and that on the edge's other side. `state` is the state before the last call. `waits` are actions by which
    time passes, one of each class; each is also tried before the call.
    """
    for wait in waits:
        if not any(type(wait) is type(action) for action in last):
            last = (*[next(make(0) for _, _, make in _numbers(wait))], *last)
    for position, action in enumerate(last):
        for field, number, make in _numbers(action):

            def called(number: int, position: int = position, make: Callable[[int], Any] = make) -> Actions:
                changed = (*last[:position], make(number), *last[position + 1 :])
                return tuple(each for each in changed if not _is_idle(each))

            def answer(number: int, called: Callable[[int], Actions] = called) -> str:
                return _answer(calls, state, called(number))

            for low, high in _boundaries(answer, number):
                yield f"{type(action).__name__}.{field}", (answer(low), answer(high)), called(low)
                yield f"{type(action).__name__}.{field}", (answer(high), answer(low)), called(high)
    plain = tuple(each for each in last if not _is_idle(each))
    if plain and _answer(calls, state, plain) == ACCEPTED:
        for field, twice in _doubled(last[-1]):
            repeated = (*plain[:-1], twice)
            yield f"{type(twice).__name__}.{field} twice", (_answer(calls, state, repeated), ACCEPTED), repeated


def _is_idle(action: Any) -> bool:
    """True if an action lets no time pass."""
    return not hasattr(action, "sender") and all(number == 0 for _, number, _ in _numbers(action))


def _boundaries(answer: Callable[[int], str], number: int) -> Iterator[tuple[int, int]]:
    """Pairs (n, n + 1) at which the answer changes. `answer` returns the answer to the call with another number in
    place of `number`.

    Probed are `number`, its neighbours and double, small numbers and POWERS. Bisection goes on between neighbouring
    probes with different answers.
    """
    probes = sorted({0, 1, 2, 3, max(number - 1, 0), number, number + 1, 2 * number, *POWERS})
    said = [answer(probe) for probe in probes]
    for position in range(1, len(probes)):
        low, high = probes[position - 1], probes[position]
        if said[position - 1] == said[position]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if answer(middle) == said[position - 1] else (low, middle)
        yield low, high


def _execute(calls: Calls, state: State, actions: Sequence[Any]) -> None:
    for action in actions:
        outcome = calls.protocol.transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)


def _answer(calls: Calls, state: State, actions: Sequence[Any]) -> str:
    """The answer to the last of some actions, executed on a copy of the state; an empty string without actions."""
    if not actions:
        return ""
    if len(actions) > 1:
        state = state.copy()
        _execute(calls, state, actions[:-1])
    outcome = calls.protocol.transition(Draft(state), actions[-1])
    return ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)


def _can_be_said(calls: Calls, run: Run, last: Actions) -> bool:
    """True if the actions can be written as calls and read back: no number exceeds its type."""
    actions = [*run.before, *last]
    history = calls.begin(run.script.head)
    try:
        written = calls.write(calls.head(run.script.head), actions)
        return [each for call in written for each in history.read(call, "")[0]] == actions
    except MalformedTrace:
        return False


def _numbers(value: Any) -> Iterator[tuple[str, int, Callable[[int], Any]]]:
    """The integers in an action at any depth: the field's path, the integer, and a function that returns the action
    with another integer there.
    """
    if type(value) is int:
        yield "", value, lambda number: number
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            for field, number, make in _numbers(item):

                def at(number: int, position: int = position, make: Callable[[int], Any] = make) -> tuple[Any, ...]:
                    return (*value[:position], make(number), *value[position + 1 :])

                yield field, number, at
    elif attrs.has(type(value)):
        for name in [field.name for field in attrs.fields(type(value))]:
            for field, number, make in _numbers(getattr(value, name)):

                def within(number: int, name: str = name, make: Callable[[int], Any] = make) -> Any:
                    return attrs.evolve(value, **{name: make(number)})

                yield f"{name}.{field}" if field else name, number, within


def _doubled(action: Any) -> Iterator[tuple[str, Any]]:
    """The variants of an action in which one list has its last item twice, each with the field's name."""
    for name in [field.name for field in attrs.fields(type(action))]:
        items = getattr(action, name)
        if isinstance(items, tuple) and items and len({type(item) for item in items}) == 1:
            yield name, attrs.evolve(action, **{name: (*items, items[-1])})
