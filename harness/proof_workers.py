"""Proofs in several processes. Each lifts the rules once, and forks one for each task, which says every verdict as soon
as it knows it. A process that is killed is no verdict.
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
    """Some laws to prove of one call, in plain values."""

    protocol: str
    place: str
    call: str
    laws: list[str]
    effort: int = 1
    likely: Mapping[str, Sequence[str]] = {}
    opinions: Opinions | None = None


Listener = Callable[[ProofTask, list[dict[str, Any]]], None]
"""The listener to verdicts, as `proofs.call_task.prove_laws` gives them."""

Ended = Callable[[ProofTask, str | None], None]
"""The listener to the end of a task, with the reason why it cannot be done, or None."""

KILLED: Final = "its process was killed"


def run_tasks(tasks: Sequence[ProofTask], jobs: int, stop: Stop, listener: Listener, ended: Ended) -> None:
    """Do tasks in their order, so many at a time, until there are none or the run is to stop: then whatever runs is
    ended at once. All that was said until then is told.
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
    """Do a task in a process of its own, which begins where the rules were lifted. The answer is why it cannot be."""
    gc.disable()
    try:
        prepare(task.place, task.call)
        apart(partial(_prove, say, task))
    except EndedError as error:
        raise KilledError(KILLED) from error
    except Exception as error:  # what cannot be lifted names its line, and is left open: the other tasks go on
        return f"{type(error).__name__}: {error}"
    return None


def _prove(say: Say, task: ProofTask) -> None:
    for found in prove_laws(task.place, task.call, task.laws, task.effort, task.likely, task.opinions):
        say(found)
