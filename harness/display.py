"""The progress of a long run, on standard error: bars on a terminal, else a line every half minute."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as Shown
from rich.text import Text

from harness.schedulers import SuiteTask
from harness.suite import Summary


class News(ProgressColumn):
    """The column of text beside a progress bar."""

    def render(self, task: Shown) -> Text:
        """The text of the task's `news` field; empty if it has none."""
        return Text(task.fields.get("news", ""))


HEARTBEAT_SECONDS = 30.0
"""The seconds between two progress lines where there is no terminal."""


class Heartbeat(Progress):
    """Progress bars without a terminal: prints the state of the current bar as a line, every `HEARTBEAT_SECONDS`."""

    def start(self) -> None:
        """Start a thread that prints a progress line every `HEARTBEAT_SECONDS`."""
        self._began = time.monotonic()
        self._is_over = Event()
        Thread(target=self._beat, daemon=True).start()

    def stop(self) -> None:
        """Stop the thread that prints progress lines."""
        self._is_over.set()

    def _beat(self) -> None:
        while not self._is_over.wait(HEARTBEAT_SECONDS):
            self.console.print(self._said(), markup=False, soft_wrap=True)

    def _said(self) -> str:
        """The progress line: the last bar that is not full, or only the elapsed time if there is none."""
        running = [task for task in self.tasks if task.total is None or task.completed < task.total]
        if not running:
            return f"still running after {time.monotonic() - self._began:,.0f} s"
        task = running[-1]
        of = "" if task.total is None else f" of {task.total:,.0f}"
        count = f" {task.completed:,.0f}{of}" if task.total is not None or task.completed else ""
        news = task.fields.get("news") or ("" if count else f"{time.monotonic() - self._began:,.0f} s")
        return f"{task.description}{count}{news and ': '}{news}"


@contextmanager
def heard_of(description: str) -> Iterator[None]:
    """A context that shows that a long operation is running, without its degree of completion. `description` is the
    text shown.
    """
    with live_display() as progress:
        progress.add_task(description, total=None, news="")
        yield


def live_display() -> Progress:
    """A progress display: bars that vanish when the run is over, or progress lines where there is no terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        News(),
    )
    if console.is_terminal:
        # Else rich would send output meant for a file to the terminal as well.
        return Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    # No automatic refresh: `track` would start a thread for it, which ends at once on a disabled display.
    return Heartbeat(console=console, disable=True, auto_refresh=False)


class Gauge:
    """The progress bar of a check run's random drawing: steps done, steps per second, and the laws that
    broke so far.
    """

    def __init__(self, progress: Progress, total_steps: int) -> None:
        self._progress = progress
        self._bar = progress.add_task("walking", total=total_steps, news="")
        self._begin_time = time.monotonic()
        self._steps = 0
        self._broken: dict[str, None] = {}

    def add(self, task: SuiteTask, summary: Summary) -> None:
        """Advance the bar by a finished task. The steps and broken laws of its summary are added to the text beside the
        bar.
        """
        self._steps += summary.steps
        self._broken |= dict.fromkeys(f"{task.protocol} {law}" for law in summary.broken)
        speed = self._steps / max(time.monotonic() - self._begin_time, 1e-9)
        found = f"broken: {', '.join(self._broken)}" if self._broken else "nothing broken"
        news = f"{self._steps:,} steps, {speed:,.0f}/s, {found}"
        self._progress.update(self._bar, advance=task.runs * task.steps, news=news)
