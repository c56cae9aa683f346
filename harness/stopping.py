"""Stopping of a long run before it is done: at an interruption, or when its time is up. Nothing found is lost by it."""

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
"""The time that a process may outlive the one that started it."""


def _nothing() -> None:
    """No last words."""


class Stop:
    """The signal to stop. In its `with` block the first interruption only sets this. A second one says the last words,
    which are what was found until then, and ends the process at once.

    `is_limited` says whether there is a time at which to stop, still to come or past.
    """

    def __init__(self, budget_seconds: float = math.inf) -> None:
        self.is_interrupted = False
        self.last_words: Callable[[], object] = _nothing
        self.is_limited = budget_seconds < math.inf
        self._end_time = time.monotonic() + budget_seconds
        self._handlers: dict[int, Any] = {}

    def __call__(self) -> bool:
        """True if either has come."""
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
    """Let an interruption end the process at once, but where a Stop hears of it."""
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end_at_once() -> NoReturn:
    """End this process as interrupted, with a line. It raises nothing: compiled arithmetic, which an interruption may
    meet in the midst of a multiplication, takes an exception for want of memory, and aborts.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    # The terminal may be without a cursor, and in the midst of a line.
    shown = b"\r\x1b[K\x1b[?25h" if os.isatty(2) else b""
    with suppress(OSError):
        os.write(2, shown + b"interrupted\n")
    os._exit(2)


def _end(_number: int, _frame: FrameType | None) -> None:
    end_at_once()


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended: nobody hears it then."""
    Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    from multiprocessing import connection, parent_process  # here, because most processes watch nobody

    asked_by = parent_process()
    if asked_by is not None:
        connection.wait([asked_by.sentinel])
    while asked_by is None and os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)
