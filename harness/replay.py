"""Replay a recorded trace through the specification and compare everything, step by step.

Compared at every step are acceptance or error, the return value, and the whole state; at the end, the recorded final
state. The first step that differs ends the replay, because later steps would differ as a consequence.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from spec.codec import Json
from spec.machine import Delta
from spec.protocol import Protocol, Trace, execute

ABSENT: Final = "(absent)"


@attrs.frozen
class Difference:
    """One place at which the specification and the recording disagree: its path and both values."""

    path: str
    expected: Json
    actual: Json


@attrs.frozen
class Mismatch:
    """The first disagreement of a trace: its step, and every difference there. `step` is None before the first step or
    after the last.
    """

    step: int | None
    action: str
    sender: str | None
    arguments: Json
    differences: tuple[Difference, ...]


def is_same(one: Json, other: Json) -> bool:
    """True if two JSON values are equal and of equal types. In Python 1, 1.0 and True are equal; here they are not."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all([is_same(value, other[key]) for key, value in one.items()])
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all([is_same(*pair) for pair in zip(one, other, strict=True)])
    return one == other


def differences(expected: Json, actual: Json, path: str = "") -> Iterator[Difference]:
    """The leaves at which two JSON values differ, sorted by key and index. `path` is the path of the values themselves.
    A missing key has the value "(absent)", and lists of different lengths are one leaf.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            yield from differences(
                expected.get(key, ABSENT), actual.get(key, ABSENT), f"{path}.{key}" if path else str(key)
            )
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for position, (expected_item, actual_item) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(expected_item, actual_item, f"{path}[{position}]")
    elif not is_same(expected, actual):
        yield Difference(path, expected, actual)


def replay(protocol: Protocol, trace: Trace) -> Mismatch | None:
    """The first disagreement between the trace and the specification; None if they agree.

    Raises MalformedTrace if a recorded state is not in the trace format.
    """
    state = trace.genesis.copy()
    initial = protocol.observe(state, trace.world, None)
    if not is_same(trace.initial, initial):
        protocol.check_post(trace.initial, trace.world, trace.initial_field)
        return Mismatch(None, "initial state", None, None, tuple(differences(trace.initial, initial)))
    for position, step in enumerate(trace.steps):
        outcome = execute(protocol.transition, state, step.actions)
        expected = {"error": step.error, "returns": step.returns, "post": step.post}
        actual = {
            "error": None if isinstance(outcome, Delta) else outcome.value,
            "returns": protocol.write_returns(step.actions[-1], outcome.returns)
            if isinstance(outcome, Delta)
            else None,
            "post": protocol.observe(state, trace.world, step.context),
        }
        if not is_same(expected, actual):
            protocol.check_post(step.post, trace.world, f"steps[{position}].post")
            found = tuple(differences(expected, actual))
            return Mismatch(position, step.action_name, step.sender, step.arguments, found)
    final = protocol.observe_final(state, trace.world)
    if not is_same(trace.final, final):
        return Mismatch(None, "final state", None, None, tuple(differences(trace.final, final)))
    return None
