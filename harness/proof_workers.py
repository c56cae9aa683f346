"""Processes that prove. Each lifts the rules once, and forks a process for each task, which says every verdict as soon
as it knows it.

A process that is killed is no verdict. What it had not said yet is given to another; what kills three of them stays
undone.
"""

import gc
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Final

import attrs

from harness.stopping import Stop, end_with_parent
from proofs.call_task import beginning_of, prepare, prove_laws
from proofs.cross_check import Opinions
from proofs.isolation import EndedError, apart

POLL_SECONDS: Final = 0.2
"""The delay with which an interruption, or the end of the time, is noticed."""

DEATHS: Final = 3
"""The times that the processes of one task may be killed before it is left undone."""


@attrs.define
class ProofTask:
    """Some laws to prove of one call, in plain values, and how often a process was killed while it did so."""

    protocol: str
    place: str
    call: str
    laws: list[str]
    effort: int = 1
    likely: Mapping[str, Sequence[str]] = {}
    opinions: Opinions | None = None
    deaths: int = 0


Heard = Callable[[ProofTask, list[dict[str, Any]]], None]
"""The listener to verdicts, as `proofs.call_task.prove_laws` gives them."""

Ended = Callable[[ProofTask, str | None], None]
"""The listener to the end of a task, with the reason why it cannot be done, or None."""

KILLED: Final = "its process was killed"


@attrs.define(eq=False)
class _Worker:
    """A process that does one task after the other, all of which begin from the same lifted rules."""

    pipe: Connection
    process: Any
    beginning: tuple[str, str]


def run_tasks(tasks: Sequence[ProofTask], jobs: int, stop: Stop, heard: Heard, ended: Ended) -> None:
    """Do tasks in their order, so many at a time, until there are none or the run is to stop: then whatever runs is
    ended at once. All that was said until then is told.
    """
    waiting = list(tasks)
    idle: list[_Worker] = []
    running: dict[Connection, tuple[_Worker, ProofTask]] = {}
    # Or it would be started with the first worker, and unblock what is blocked then.
    resource_tracker.ensure_running()
    try:
        while (waiting or running) and not stop():
            while waiting and len(running) < jobs:
                task = waiting.pop(0)
                worker = _worker_for(task, idle)
                running[worker.pipe] = (worker, task)
            for ready in connection.wait(list(running), POLL_SECONDS):
                assert isinstance(ready, Connection)
                worker, task = running[ready]
                found, last, is_alive = _drained(ready)
                _tell(task, found, heard)
                if last is None:
                    continue
                del running[ready]
                _finish(task, last, waiting, ended)
                if is_alive and any(beginning_of(other.place, other.call) == worker.beginning for other in waiting):
                    idle.append(worker)
                else:
                    ready.close()  # which ends it
                    worker.process.join()
    finally:
        for worker in [*idle, *[worker for worker, _ in running.values()]]:
            worker.process.terminate()
        for worker in idle:
            worker.process.join()
            worker.pipe.close()
        for pipe, (worker, task) in running.items():
            worker.process.join()
            _tell(task, _drained(pipe)[0], heard)
            pipe.close()


def _worker_for(task: ProofTask, idle: list[_Worker]) -> _Worker:
    """A process that has been given the task: an idle one that begins alike, or a new one."""
    beginning = beginning_of(task.place, task.call)
    worker = next((worker for worker in idle if worker.beginning == beginning), None)
    if worker is None:
        worker = _start(beginning)
    else:
        idle.remove(worker)
    with suppress(OSError):  # it was killed while it had nothing to do, which shows when it is listened to
        worker.pipe.send(task)
    return worker


def _tell(task: ProofTask, found: list[dict[str, Any]], heard: Heard) -> None:
    if found:
        said = {each["law"] for each in found}
        task.laws = [law_id for law_id in task.laws if law_id not in said]
        heard(task, found)


def _finish(task: ProofTask, last: str, waiting: list[ProofTask], ended: Ended) -> None:
    if last != KILLED:
        ended(task, last or None)
        return
    task.deaths += 1
    if task.deaths < DEATHS:
        waiting.insert(0, task)
    else:
        ended(task, KILLED)


def _drained(pipe: Connection) -> tuple[list[dict[str, Any]], str | None, bool]:
    """The output of a process by now: its verdicts, and its last word on the task if it has one: nothing, an error, or
    that it was killed. And whether the process lives.
    """
    found: list[dict[str, Any]] = []
    try:
        while pipe.poll():
            said = pipe.recv()
            if isinstance(said, str):
                return found, said, True
            found.append(said)
    except (EOFError, OSError):
        return found, KILLED, False
    return found, None, True


def _start(beginning: tuple[str, str]) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), daemon=True)
    # An interruption is this process's to handle. What is started while it is blocked never hears of it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()
    return _Worker(ours, process, beginning)


def _work(pipe: Connection) -> None:
    """Do each task in a process of its own, which begins where the rules were lifted, until nobody asks any more."""
    end_with_parent()
    gc.disable()
    while True:
        try:
            task: ProofTask = pipe.recv()
        except EOFError:
            return
        try:
            prepare(task.place, task.call)
            apart(partial(_prove, pipe, task))
            last = ""
        except EndedError:
            last = KILLED
        except Exception as error:  # what cannot be lifted names its line; the other tasks go on
            last = f"{type(error).__name__}: {error}"
        pipe.send(last)


def _prove(pipe: Connection, task: ProofTask) -> None:
    for found in prove_laws(task.place, task.call, task.laws, task.effort, task.likely, task.opinions):
        pipe.send(found)
