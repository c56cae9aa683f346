"""Processes of this machine that do tasks: so many at a time, each one task after the other.

What a process finds it says at once. If it is killed, its task is given to another; what kills three stays undone. An
interruption is for the process that asks. The others never hear of it, and end with it, however it ends.
"""

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
"""The delay with which an interruption, or the end of the time, is noticed."""

DEATHS: Final = 3
"""The times that the processes of one task may be killed before it is left undone."""

Task = TypeVar("Task")
Stops = Callable[[], bool]
Say = Callable[[Any], None]
Work = Callable[[Any, Say, Stops], Any]
"""A task's work, in another process. What it returns or raises is its last word. It may say more before."""


class KilledError(Exception):
    """A process was killed, and what it had not said is lost."""


@attrs.frozen
class Heard(Generic[Task]):
    """A word of a process on its task. The last one is the result, or the exception with which the work ended."""

    task: Task
    said: Any
    is_last: bool


@attrs.define
class _Job(Generic[Task]):
    task: Task
    deaths: int = 0


@attrs.define(eq=False)
class _Worker(Generic[Task]):
    """A process, the kind of its tasks, and its current task."""

    pipe: Connection
    process: Any
    kind: object
    job: _Job[Task]


class Processes(Generic[Task]):
    """The processes. Each does tasks of one kind, which begin alike. `end` comes last and leaves nothing running."""

    def __init__(self, width: int, work: Work, kind_of: Callable[[Task], object] = lambda _: None) -> None:
        self._width: Final = width
        self._work: Final = work
        self._kind_of: Final = kind_of
        self._context: Final = get_context("spawn")
        self._is_over: Final = self._context.RawValue("b", 0)  # no lock, which one might die with
        self._waiting: Final[list[_Job[Task]]] = []
        self._idle: Final[list[_Worker[Task]]] = []
        self._running: Final[dict[Connection, _Worker[Task]]] = {}
        # Or it would be started with the first process, and unblock what is blocked then.
        resource_tracker.ensure_running()

    @property
    def left(self) -> int:
        """The number of tasks that are not done."""
        return len(self._waiting) + len(self._running)

    def submit(self, task: Task) -> None:
        """Add a task, to be begun after those before it."""
        self._waiting.append(_Job(task))

    def heard(self) -> list[Heard[Task]]:
        """The next words of any process, after a moment at most."""
        while self._waiting and len(self._running) < self._width:
            self._begin(self._waiting.pop(0))
        ready = connection.wait(list(self._running), POLL_SECONDS)
        return [heard for pipe, worker in list(self._running.items()) if pipe in ready for heard in self._ask(worker)]

    def end_soon(self) -> None:
        """Begin no other task, and tell the work that it is to stop."""
        self._waiting.clear()
        self._is_over.value = True

    def end(self) -> list[Heard[Task]]:
        """End all processes at once. The answer is all that they had said until then."""
        workers = [*self._idle, *self._running.values()]
        for worker in workers:
            worker.process.terminate()
            worker.process.join()
        said = [heard for worker in self._running.values() for heard in _drained(worker)]
        for worker in workers:
            worker.pipe.close()
        return [heard for heard in said if not isinstance(heard.said, KilledError)]

    def _begin(self, job: _Job[Task]) -> None:
        """Give a task to an idle process of its kind, or to a new one."""
        kind = self._kind_of(job.task)
        worker = next((worker for worker in self._idle if worker.kind == kind), None)
        if worker is not None:
            self._idle.remove(worker)
        elif len(self._running) + len(self._idle) >= self._width:
            _end(self._idle.pop(0))
        worker = worker or self._start(kind, job)
        worker.job = job
        self._running[worker.pipe] = worker
        with suppress(OSError):  # it was killed while it had nothing to do, which shows when it is listened to
            worker.pipe.send(job.task)

    def _start(self, kind: object, job: _Job[Task]) -> _Worker[Task]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work, self._is_over), daemon=True)
        # What is started while an interruption is blocked never hears of it.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        return _Worker(ours, process, kind, job)

    def _ask(self, worker: _Worker[Task]) -> list[Heard[Task]]:
        """The words of a process by now. After the last one on a task it is idle."""
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
    """All that a process has said and nobody has heard, up to the end of its task."""
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
    """Do one task after the other, until nobody asks any more."""
    end_with_parent()
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            last = work(task, lambda said: pipe.send((False, said)), lambda: bool(is_over.value))
        except Exception as error:  # whatever a task raises is told to who asked, who raises it again or keeps it
            last = error
        try:
            pipe.send((True, last))
        except (AttributeError, TypeError, ValueError):  # an exception with something in it that cannot be sent
            pipe.send((True, RuntimeError("".join(traceback.format_exception(last)))))
