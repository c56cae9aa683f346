"""A long run while it goes on, where there is no terminal."""

import time

import pytest

from harness import display
from harness.display import live_display


def test_without_a_terminal_a_line_now_and_then_says_how_far_a_run_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Missed: a run of an hour was silent, and a service that waits for output ended it."""
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 0.01)
    with live_display() as progress:
        progress.add_task("done", total=1, completed=1)
        bar = progress.add_task("walking", total=4_000, news="nothing broken")
        progress.update(bar, advance=1_500)
        while not (said := capfd.readouterr().err):
            time.sleep(0.01)
    assert said.splitlines()[0] == "walking 1,500 of 4,000: nothing broken"
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 60.0)
    with live_display() as progress:
        progress.add_task("walking", total=4_000)
    assert [progress.console.is_terminal, capfd.readouterr().out] == [False, ""]
