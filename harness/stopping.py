"""Ends a long run early, at an interruption or when its time is up, without losing results."""

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType
from typing import Any, NoReturn, Self

POLL_SECONDS = 1.0
"""The interval in seconds at which a process polls, for instance if its parent still runs."""


def _nothing() -> None:
    """Do nothing: the default of `Stop.last_words`."""


class Stop:
    """The signal to stop a run. In its `with` block, the first interruption only sets it. The second one calls
    `last_words`, which prints the results so far, and ends the process at once.

    `is_limited` is true if the run has a time limit, reached or not.
    """

    def __init__(self, budget_seconds: float = math.inf) -> None:
        self.is_interrupted = False
        self.last_words: Callable[[], object] = _nothing
        self.is_limited = budget_seconds < math.inf
        self._end_time = time.monotonic() + budget_seconds
        self._handlers: dict[int, Any] = {}

    def __call__(self) -> bool:
        """True if the run was interrupted or its time is up."""
        return self.is_interrupted or self.is_over

    @property
    def is_over(self) -> bool:
        """True if the time is up."""
        return time.monotonic() >= self._end_time

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if not self.is_interrupted:
            self.is_interrupted = True
            return
        for number in self._handlers:
            signal.signal(number, _end)
        with suppress(Exception):  # the run may be in the midst of anything, even of writing
            self.last_words()
        end_at_once()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interruption end the process at once, except inside the `with` block of a Stop."""
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end_at_once() -> NoReturn:
    """End this process as interrupted, with one line of output. No exception is raised: compiled arithmetic that an
    interruption hits in the middle of a multiplication takes an exception for lack of memory, and aborts.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    # A progress bar may have hidden the terminal's cursor or left an unfinished line.
    shown = b"\r\x1b[K\x1b[?25h" if os.isatty(2) else b""
    with suppress(OSError):
        os.write(2, shown + b"interrupted\n")
    os._exit(2)


def _end(_number: int, _frame: FrameType | None) -> None:
    end_at_once()


def end_with_parent() -> None:
    """End this process as soon as its parent process is gone, however that ended: nobody reads its results then."""
    Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    from multiprocessing import connection, parent_process  # here, because most processes watch nobody

    asked_by = parent_process()
    if asked_by is not None:
        connection.wait([asked_by.sentinel])
    while asked_by is None and os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)
