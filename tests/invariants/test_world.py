"""Whatever a walk can do is a trace: it can be written, read again, and replayed without a difference."""

from typing import Any

import pytest

from harness.protocols import WALKS
from harness.replay import replay
from invariants.choices import Seeded
from invariants.walker import Walk
from spec.machine import Draft
from spec.protocol import execute


def drawn(way: Walk, seed: int, steps: int) -> list[Any]:
    """The actions of a walk."""
    choices, state, actions = Seeded(seed), way.genesis(), way.opening()
    for action in actions:
        execute(way.protocol.transition, state, [action])
    while len(actions) < steps:
        actions.append(way.next_action(choices, Draft(state)))
        execute(way.protocol.transition, state, [actions[-1]])
    return actions


@pytest.mark.parametrize("protocol", WALKS)
@pytest.mark.parametrize("seed", range(4))
def test_a_walk_is_a_trace(protocol: str, seed: int) -> None:
    way = WALKS[protocol]
    actions = drawn(way, seed, 400)
    trace = way.protocol.read_trace(way.protocol.write_trace(way.world, actions))
    assert [action for step in trace.steps for action in step.actions] == actions
    assert trace.head == way.world
    assert replay(way.protocol, trace) is None


@pytest.mark.parametrize("protocol", WALKS)
def test_a_genesis_is_nobody_elses(protocol: str) -> None:
    way = WALKS[protocol]
    first, second = way.genesis(), way.genesis()
    assert first.tables == second.tables
    for rows in first.tables:
        rows.clear()
    assert way.genesis().tables == second.tables != first.tables
