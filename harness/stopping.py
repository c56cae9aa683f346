"""Stopping of a long run before it is done: at an interruption, or when its time is up. Nothing found is lost by it."""

import math
import signal
import time
from types import FrameType
from typing import Any, Self


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
