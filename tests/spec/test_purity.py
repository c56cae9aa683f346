"""No transition changes the state it reads, its action, or a row that it did not write."""

from pathlib import Path

from harness.protocols import known_protocols
from harness.traces import load_trace
from spec.machine import Delta, Draft, apply


def test_no_step_changes_what_it_reads(golden_trace: Path) -> None:
    """Each step runs twice on one state. The state still equals its copy, and both runs have the same outcome."""
    protocol, trace = load_trace(golden_trace, known_protocols())
    state = trace.genesis
    for step in trace.steps:
        for action in step.actions:
            snapshot, shown = state.copy(), repr(action)
            first = protocol.transition(Draft(state), action)
            second = protocol.transition(Draft(state), action)
            assert state.tables == snapshot.tables
            assert repr(action) == shown
            assert repr(first) == repr(second)
            if isinstance(first, Delta):
                state = apply(state, first)
