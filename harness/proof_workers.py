"""Processes that prove: each does one task, and says every verdict as soon as it knows it.

A process that is killed is no verdict. What it had not said yet is given to another; what kills three of them stays
undone.
"""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Final

import attrs

from harness.stopping import Stop, end_with_parent
from proofs.call_task import prove_laws
from proofs.cross_check import Opinions
from proofs.isolation import EndedError

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


def run_tasks(tasks: Sequence[ProofTask], jobs: int, stop: Stop, heard: Heard, ended: Ended) -> None:
    """Do tasks in their order, so many at a time, until there are none or the run is to stop: then whatever runs is
    ended at once. All that was said until then is told.
    """
    waiting = list(tasks)
    running: dict[Connection, tuple[Any, ProofTask]] = {}
    # Or it would be started with the first worker, and unblock what is blocked then.
    resource_tracker.ensure_running()
    try:
        while (waiting or running) and not stop():
            while waiting and len(running) < jobs:
                task = waiting.pop(0)
                pipe, process = _start(task)
                running[pipe] = (process, task)
            for ready in connection.wait(list(running), POLL_SECONDS):
                assert isinstance(ready, Connection)
                process, task = running[ready]
                found, last = _drained(ready)
                _tell(task, found, heard)
                if last is not None:
                    del running[ready]
                    _finish(task, last, waiting, ended)
                    ready.close()
                    process.join()
    finally:
        for process, _ in running.values():
            process.terminate()
        for pipe, (process, task) in running.items():
            process.join()
            _tell(task, _drained(pipe)[0], heard)
            pipe.close()


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


def _drained(pipe: Connection) -> tuple[list[dict[str, Any]], str | None]:
    """The output of a process by now: its verdicts, and its last word if it has ended: nothing, an error, or that it
    was killed.
    """
    found: list[dict[str, Any]] = []
    try:
        while pipe.poll():
            said = pipe.recv()
            if isinstance(said, str):
                return found, said
            found.append(said)
    except (EOFError, OSError):
        return found, KILLED
    return found, None


def _start(task: ProofTask) -> tuple[Connection, Any]:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, task), daemon=True)
    # An interruption is this process's to handle. What is started while it is blocked never hears of it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()
    return ours, process


def _work(pipe: Connection, task: ProofTask) -> None:
    end_with_parent()
    last = ""
    try:
        for found in prove_laws(task.place, task.call, task.laws, task.effort, task.likely, task.opinions):
            pipe.send(found)
    except EndedError:
        os._exit(1)  # and so is known to be ended
    except Exception as error:  # what cannot be lifted names its line; the other tasks go on
        last = f"{type(error).__name__}: {error}"
    pipe.send(last)
