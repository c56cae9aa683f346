"""A trace as a pytest file, which runs against the installed package and asserts every answer and every state."""

import json
from collections.abc import Mapping
from typing import Final

from harness.interchange.values import as_list
from spec.codec import Json

PAGE: Final = '''"""A trace, written by restake export: what another implementation, or the specification, answered.

Run it with pytest where restaking-spec is installed. The history is executed once; each step is a test of its own.
"""

import json

import pytest

from harness.protocols import pack_at
from harness.replay import is_same
from harness.traces import read_kept
from spec.machine import Delta
from spec.protocol import execute

PROTOCOL = {place}

REST = json.loads(
    {rest}
)

STEPS = [
    json.loads(text)
    for text in (
{steps}
    )
]


@pytest.fixture(scope="module")
def answers():
    """What the specification has at the beginning, answers to each step, and has at the end, beside the trace."""
    protocol = pack_at(PROTOCOL).protocol
    _, trace, _ = read_kept(json.loads(json.dumps({{**REST, "steps": STEPS}})), {{protocol.name: protocol}})
    state = trace.genesis.copy()
    found = {{"initial": (protocol.observe(state, trace.world, None), trace.initial)}}
    for position, step in enumerate(trace.steps):
        outcome = execute(protocol.transition, state, step.actions)
        is_accepted = isinstance(outcome, Delta)
        error = None if is_accepted else outcome.value
        returns = protocol.write_returns(step.actions[-1], outcome.returns) if is_accepted else None
        found[position] = (error, returns, protocol.observe(state, trace.world, step.context)), step
    found["final"] = (protocol.observe_final(state, trace.world), trace.final)
    return found


@pytest.mark.parametrize("end", ["initial", "final"])
def test_state(answers, end):
    actual, expected = answers[end]
    assert is_same(actual, expected), (actual, expected)


NAMES = [f"{{position}}-{{step['action']}}" for position, step in enumerate(STEPS)]


@pytest.mark.parametrize("position", range(len(STEPS)), ids=NAMES)
def test_step(answers, position):
    (error, returns, post), expected = answers[position]
    assert (error is None) == (expected.error is None), ("outcome", error, expected.error)
    assert error == expected.error, "reason"
    assert is_same(returns, expected.returns), ("returns", returns, expected.returns)
    assert post == expected.post, "state"
    assert is_same(post, expected.post), ("types in the state", post, expected.post)
'''


def write_pytest(document: Mapping[str, Json], place: str) -> str:
    """The pytest file, with the whole trace as data, one line per step. `place` is the place of the protocol's pack."""
    rest = {key: value for key, value in document.items() if key != "steps"}
    steps = as_list(document["steps"], "steps")
    return PAGE.format(
        place=ascii(place),
        rest=ascii(json.dumps(rest)),
        steps="\n".join([f"        {json.dumps(step)!a}," for step in steps]),
    )
