"""Worker processes on this machine, a given number of them, each doing one task after the other.

A process sends results while it works. If it is killed, its task is given to another process; a task whose process is
killed three times stays undone. Interruptions reach only the parent process; its workers end when it does, however it
ends.
"""

import gc
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Final, Generic, TypeVar

import attrs

from harness.stopping import end_with_parent

POLL_SECONDS: Final = 0.2
"""The interval in seconds at which a run looks for interruptions and for the end of its time."""

DEATHS: Final = 3
"""The number of times that a task's process may be killed before the task is left undone."""

NEW_OBJECTS: Final = 100_000
"""The number of new objects after which a worker looks for reference cycles. Walks make none: at Python's own number,
700, they spent a tenth of their time on the search.
"""

Task = TypeVar("Task")
Stops = Callable[[], bool]
Say = Callable[[Any], None]
Work = Callable[[Any, Say, Stops], Any]
"""The function that does a task in a worker process. It may send messages by `Say`; its return value or exception is
the last message.
"""


class KilledError(Exception):
    """The exception for a worker process that was killed; its unsent results are lost."""


@attrs.frozen
class Heard(Generic[Task]):
    """A message from a worker about its task. The last message of a task is its result, or the exception
    that ended it.
    """

    task: Task
    said: Any
    is_last: bool


@attrs.define
class _Job(Generic[Task]):
    task: Task
    deaths: int = 0


@attrs.define(eq=False)
class _Worker(Generic[Task]):
    """A worker process, the kind of tasks that it does, and its current task."""

    pipe: Connection
    process: Any
    kind: object
    job: _Job[Task]


class Processes(Generic[Task]):
    """Worker processes for tasks, at most `width`, which do each by `work`. A process does only tasks of one kind, so
    that it can reuse its preparation; `kind_of` gives a task's kind, by default the same for all.

    `end` must be called last, and leaves no process running.
    """

    def __init__(self, width: int, work: Work, kind_of: Callable[[Task], object] = lambda _: None) -> None:
        self._width: Final = width
        self._work: Final = work
        self._kind_of: Final = kind_of
        self._context: Final = get_context("spawn")
        self._is_over: Final = self._context.RawValue("b", 0)  # no lock: a process might be killed holding it
        self._waiting: Final[list[_Job[Task]]] = []
        self._idle: Final[list[_Worker[Task]]] = []
        self._running: Final[dict[Connection, _Worker[Task]]] = {}
        # Otherwise it would start with the first process, and unblock the signals that are blocked then.
        resource_tracker.ensure_running()

    @property
    def left(self) -> int:
        """The number of submitted tasks that have not ended, waiting ones included."""
        return len(self._waiting) + len(self._running)

    def submit(self, task: Task) -> None:
        """Add a task to the end of the queue."""
        self._waiting.append(_Job(task))

    def heard(self) -> list[Heard[Task]]:
        """The next messages from any worker, after waiting a moment at most."""
        while self._waiting and len(self._running) < self._width:
            self._begin(self._waiting.pop(0))
        ready = connection.wait(list(self._running), POLL_SECONDS)
        return [heard for pipe, worker in list(self._running.items()) if pipe in ready for heard in self._ask(worker)]

    def end_soon(self) -> None:
        """Start no further task, and tell running tasks to stop."""
        self._waiting.clear()
        self._is_over.value = True

    def end(self) -> list[Heard[Task]]:
        """End all processes at once. Returns the messages that they had sent by then."""
        workers = [*self._idle, *self._running.values()]
        for worker in workers:
            worker.process.terminate()
            worker.process.join()
        said = [heard for worker in self._running.values() for heard in _drained(worker)]
        for worker in workers:
            worker.pipe.close()
        return [heard for heard in said if not isinstance(heard.said, KilledError)]

    def _begin(self, job: _Job[Task]) -> None:
        """Give a task to an idle process of its kind. If there is none, start a new process."""
        kind = self._kind_of(job.task)
        worker = next((worker for worker in self._idle if worker.kind == kind), None)
        if worker is not None:
            self._idle.remove(worker)
        elif len(self._running) + len(self._idle) >= self._width:
            _end(self._idle.pop(0))
        worker = worker or self._start(kind, job)
        worker.job = job
        self._running[worker.pipe] = worker
        with suppress(OSError):  # it was killed while idle, which shows when its pipe is read
            worker.pipe.send(job.task)

    def _start(self, kind: object, job: _Job[Task]) -> _Worker[Task]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work, self._is_over), daemon=True)
        # A process that starts while an interruption is blocked never receives one.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        return _Worker(ours, process, kind, job)

    def _ask(self, worker: _Worker[Task]) -> list[Heard[Task]]:
        """The messages of a worker so far. After the last message on its task it becomes idle; if it was killed, its
        task is queued again.
        """
        said = _drained(worker)
        if not said or not said[-1].is_last:
            return said
        del self._running[worker.pipe]
        if not isinstance(said[-1].said, KilledError):
            self._idle.append(worker)
            return said
        _end(worker)
        worker.job.deaths += 1
        if worker.job.deaths == DEATHS:
            return said
        self._waiting.insert(0, worker.job)
        return said[:-1]


def _end(worker: _Worker[Any]) -> None:
    worker.pipe.close()  # it reads no other task
    worker.process.join()


def _drained(worker: _Worker[Task]) -> list[Heard[Task]]:
    """All unread messages of a worker, up to the end of its task."""
    heard: list[Heard[Task]] = []
    try:
        while worker.pipe.poll():
            is_last, said = worker.pipe.recv()
            heard.append(Heard(worker.job.task, said, is_last))
            if is_last:
                break
    except (EOFError, OSError):
        heard.append(Heard(worker.job.task, KilledError("its process was killed"), is_last=True))
    return heard


def _serve(pipe: Connection, work: Work, is_over: Any) -> None:
    """Run tasks from the pipe one after the other, until the pipe is closed."""
    end_with_parent()
    gc.set_threshold(NEW_OBJECTS)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            last = work(task, lambda said: pipe.send((False, said)), lambda: bool(is_over.value))
        except Exception as error:  # any exception of a task is sent to the parent process, which raises or keeps it
            last = error
        try:
            pipe.send((True, last))
        except (AttributeError, TypeError, ValueError):  # an exception with something in it that cannot be sent
            pipe.send((True, RuntimeError("".join(traceback.format_exception(last)))))
