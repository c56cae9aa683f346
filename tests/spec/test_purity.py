"""No transition changes the state it reads, the action it is given, or a row it did not write."""

from pathlib import Path

from harness.protocols import known_protocols
from harness.traces import load_trace
from spec.machine import Delta, Draft, apply


def test_no_step_changes_what_it_reads(golden_trace: Path) -> None:
    """Each step runs twice on one state, which equals a snapshot taken before, and answers the same both times."""
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
