"""Proofs in several processes. A worker lifts the rules, which loads them so that they run on symbols, and forks a
child for each task. The child sends every verdict as soon as it has it. A killed process gives no verdict.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

from harness.stopping import Stop
from harness.workers import Heard, KilledError, Processes, Say, Stops
from proofs.call_task import beginning_of, prepare, prove_laws
from proofs.cross_check import Opinions
from proofs.isolation import EndedError, apart


@attrs.define
class ProofTask:
    """Some laws to prove of one call; `place` is that of the protocol's theory. It is sent to a worker process, so it
    can be pickled.

    `effort` multiplies the solvers' steps. `likely` has the solvers that answered in the last proof of each law, and
    `opinions` the other solvers to ask, if any.
    """

    protocol: str
    place: str
    call: str
    laws: list[str]
    effort: int = 1
    likely: Mapping[str, Sequence[str]] = {}
    opinions: Opinions | None = None


Listener = Callable[[ProofTask, list[dict[str, Any]]], None]
"""The callback for verdicts, in the form that `proofs.call_task.prove_laws` yields them."""

Ended = Callable[[ProofTask, str | None], None]
"""The callback for the end of a task, with the reason if the task could not be done, else None."""

KILLED: Final = "its process was killed"


def run_tasks(tasks: Sequence[ProofTask], jobs: int, stop: Stop, listener: Listener, ended: Ended) -> None:
    """Run tasks in their order, `jobs` at a time, until all are done or the run is to stop; then end running ones at
    once.

    Every verdict received by then is passed to `listener`, and the end of each finished task to `ended`.
    """

    def tell(heard: Heard[ProofTask]) -> None:
        task, said = heard.task, heard.said
        if not heard.is_last:
            task.laws = [law_id for law_id in task.laws if law_id != said["law"]]
            listener(task, [said])
        else:
            ended(task, KILLED if isinstance(said, KilledError) else said)

    processes = Processes[ProofTask](jobs, _work, lambda task: beginning_of(task.place, task.call))
    for task in tasks:
        processes.submit(task)
    try:
        while processes.left and not stop():
            for heard in processes.heard():
                tell(heard)
    finally:
        for heard in processes.end():
            tell(heard)


def _work(task: ProofTask, say: Say, _stops: Stops) -> str | None:
    """Run a task in a forked process, where the rules are already loaded for symbols. Returns the reason if it cannot
    be done, else None. Raises KilledError if the process that proves was killed.
    """
    gc.disable()
    try:
        prepare(task.place, task.call)
        apart(partial(_prove, say, task))
    except EndedError as error:
        raise KilledError(KILLED) from error
    except Exception as error:  # rules that cannot be lifted leave this task open; the others go on
        return f"{type(error).__name__}: {error}"
    return None


def _prove(say: Say, task: ProofTask) -> None:
    for found in prove_laws(task.place, task.call, task.laws, task.effort, task.likely, task.opinions):
        say(found)
