"""Every recorded trace replays: acceptance, reason of rejection, return values, all rows after each step, and
histories.
"""

from pathlib import Path

from harness.protocols import known_protocols
from harness.replay import replay
from harness.traces import load_trace


def test_the_specification_agrees_with_the_recording(golden_trace: Path) -> None:
    protocol, trace = load_trace(golden_trace, known_protocols())
    assert trace.steps
    assert replay(protocol, trace) is None
