"""Stopping of a long run before it is done: at an interruption, or when its time is up. Nothing found is lost by it."""

import math
import os
import signal
import time
from threading import Thread
from types import FrameType
from typing import Any, Self

POLL_SECONDS = 1.0
"""The time that a process may outlive the one that started it."""


class Stop:
    """The signal to stop. In its `with` block the first interruption only sets this; a second one raises, as ever.

    `is_limited` says whether there is a time at which to stop, still to come or past.
    """

    def __init__(self, budget_seconds: float = math.inf) -> None:
        self.is_interrupted = False
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
        if self.is_interrupted:
            raise KeyboardInterrupt
        self.is_interrupted = True


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
