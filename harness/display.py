"""Progress shown during a long run: on the error stream, and only if that is a terminal."""

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
    """The text beside a progress bar."""

    def render(self, task: Shown) -> Text:
        """Nothing for a bar that has no news."""
        return Text(task.fields.get("news", ""))


HEARTBEAT_SECONDS = 30.0
"""The silence of a run between two lines, where there is no terminal."""


class Heartbeat(Progress):
    """The bars as a line now and then, where there is no terminal to show them on."""

    def start(self) -> None:
        """Begin to say how far the run is."""
        self._began = time.monotonic()
        self._is_over = Event()
        Thread(target=self._beat, daemon=True).start()

    def stop(self) -> None:
        """Say no more."""
        self._is_over.set()

    def _beat(self) -> None:
        while not self._is_over.wait(HEARTBEAT_SECONDS):
            self.console.print(self._said(), markup=False, soft_wrap=True)

    def _said(self) -> str:
        """The last bar that is not full; between two of them, the time alone."""
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
    """Show that something long is going on, without how far it is."""
    with live_display() as progress:
        progress.add_task(description, total=None, news="")
        yield


def live_display() -> Progress:
    """Bars that vanish when the run is over; without a terminal, a line now and then."""
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
        # Or what is said meanwhile would go to the terminal, too, where the standard output is a file.
        return Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    # Without a refresh of its own, what is tracked is counted when it is done: a thread that counts would end at once.
    return Heartbeat(console=console, disable=True, auto_refresh=False)


class Gauge:
    """The bar of everything that is drawn: how much is done, how fast, and which laws broke so far."""

    def __init__(self, progress: Progress, total_steps: int) -> None:
        self._progress = progress
        self._bar = progress.add_task("walking", total=total_steps, news="")
        self._begin_time = time.monotonic()
        self._steps = 0
        self._broken: dict[str, None] = {}

    def add(self, task: SuiteTask, summary: Summary) -> None:
        """One more task is done."""
        self._steps += summary.steps
        self._broken |= dict.fromkeys(f"{task.protocol} {law}" for law in summary.broken)
        speed = self._steps / max(time.monotonic() - self._begin_time, 1e-9)
        found = f"broken: {', '.join(self._broken)}" if self._broken else "nothing broken"
        news = f"{self._steps:,} steps, {speed:,.0f}/s, {found}"
        self._progress.update(self._bar, advance=task.runs * task.steps, news=news)
