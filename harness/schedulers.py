"""Schedulers that run tasks of `restake check`: in this process, in worker processes, or on a Dask cluster.

A task is plain values, and its result depends only on the task and the source. The merged result is therefore the same
wherever and in whatever order tasks run, and a task whose worker was killed is run again.
"""

import importlib
import logging
import math
import time
import traceback
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import attrs

from harness.assumed import checks_every_law
from harness.mistakes import explained, is_foreign
from harness.protocols import load_walk, pack_at
from harness.source import fingerprint
from harness.suite import Broken, Method, Summary
from harness.workers import DEATHS, POLL_SECONDS, KilledError, Processes, Say, Stops
from invariants.choices import Seeded
from invariants.game import Game, play
from invariants.law import UndeclaredError
from invariants.walker import Walk, WalkReport, random_walk

GRACE_SECONDS = 3.0
"""The seconds that running tasks may take to end once the run is to stop."""

CONNECT_SECONDS = 5


class SchedulerError(Exception):
    """The exception for work that cannot be done or finished; the message says why."""


@attrs.frozen
class SuiteTask:
    """Some runs through one protocol, as plain values: walks or games from consecutive seeds, or Hypothesis examples.

    `protocol` is the protocol's name, and `place` the place of its pack for any process. `laws` are the only laws to
    check, or empty for all. The laws `assumed` are checked on one walk in eleven. `steps` is the most steps of each
    run. `source` is the fingerprint that the worker's source must have.
    """

    protocol: str
    place: str
    laws: tuple[str, ...]
    method: Method
    seed: int
    runs: int
    steps: int
    source: str
    assumed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.runs} runs of {self.protocol} ({self.method}) from seed {self.seed}"


Numbered = tuple[int, SuiteTask]
Results = Generator[tuple[int, SuiteTask, Summary], None, None]
"""An iterator over finished tasks in the order in which they end. Each item is the task's index among all tasks, the
task, and its result.
"""


def run_task(task: SuiteTask, stops: Stops) -> Summary:
    """Run a task and return the summary of its runs; stops between walks or games once `stops` is true.

    Raises SchedulerError if the source is not the one that the task names. It is also raised if a rule or law raises an
    exception in a walk or an example.
    """
    if task.source != fingerprint(task.place):
        raise SchedulerError(f"this is restaking-spec {fingerprint(task.place)}, what was asked for is {task.source}")
    if task.method == "game":
        return _played(task, stops)
    walk = load_walk(task.place).only(task.laws)
    if task.method != "walk":
        return Summary.of(_drawn(walk, task), task.method, task.runs)
    summary, fewer = Summary(), walk.where(lambda law_id: law_id not in task.assumed) if task.assumed else walk
    for seed in range(task.seed, task.seed + task.runs):
        if stops():
            break
        walked = walk if checks_every_law(seed) else fewer
        summary += Summary.of(_walked(walked, seed, task.steps), "walk")
    return summary


def _played(task: SuiteTask, stops: Stops) -> Summary:
    """The summary of every game of a task, played once from each seed, until `stops` is true."""
    summary, games = Summary(), games_of(pack_at(task.place).games, task.laws)
    for seed in range(task.seed, task.seed + task.runs):
        for game in games:
            if stops():
                return summary
            summary += Summary.of_game(game, seed, play(game, Seeded(seed), task.steps))
    return summary


def games_of(games: tuple[Game, ...], laws: tuple[str, ...]) -> tuple[Game, ...]:
    """The games with the ids in `laws`; all games if it is empty."""
    return tuple([game for game in games if not laws or game.law_id in laws])


def repeat(task: SuiteTask, broken: Broken) -> WalkReport:
    """Repeat the run of a task in which a law broke, checking that law alone, and return its report with its actions.
    All examples of the task are drawn again if it drew examples.
    """
    walk = load_walk(task.place).only((broken.law,))
    return _walked(walk, broken.seed, broken.step) if task.method == "walk" else _drawn(walk, task)


def _walked(walk: Walk, seed: int, steps: int) -> WalkReport:
    with _naming(f"the walk of seed {seed} through {walk.protocol.name}"):
        return random_walk(walk, seed, steps)


def _drawn(walk: Walk, task: SuiteTask) -> WalkReport:
    from invariants.examples import explore_bytes, explore_rules  # here, because Hypothesis takes long to import

    if task.method == "bytes":
        with _naming(str(task)):
            return explore_bytes(walk, task.runs, task.steps, task.seed)
    machine = pack_at(task.place).rule_machine
    if machine is None:
        raise SchedulerError(f"{task}: {task.place} has no rule machine")
    with _naming(str(task)):
        return explore_rules(machine, machine.home(walk), task.runs, task.steps, task.seed)


@contextmanager
def _naming(run: str) -> Iterator[None]:
    """Turn an exception raised by a rule or a law into a SchedulerError that names the run."""
    try:
        yield
    except UndeclaredError as error:
        raise SchedulerError(f"{run}: {error}") from error
    except Exception as error:
        problem = explained(error) if is_foreign(error) else f"raised an exception:\n{traceback.format_exc()}"
        raise SchedulerError(f"{run}: {problem}") from error


class Scheduler:
    """A scheduler that runs tasks, `width` at a time. In a `with` block, no task is left running at the end."""

    width = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Release the scheduler's resources, of which this one has none."""

    def __str__(self) -> str:
        return "in one process"

    def run(self, tasks: Iterable[SuiteTask], stops: Stops) -> Results:
        """Run tasks one after the other in this process, until all are done or the run is to stop."""
        for position, task in enumerate(tasks):
            if stops():
                return
            yield position, task, run_task(task, stops)


class Workers(Scheduler):
    """A scheduler with other processes, for each of which it keeps up to two tasks submitted."""

    def run(self, tasks: Iterable[SuiteTask], stops: Stops) -> Results:
        """Run tasks. Tasks that are running when the run is to stop get `GRACE_SECONDS` to end."""
        fresh = enumerate(tasks)
        give_up_time = math.inf
        try:
            while True:
                if give_up_time == math.inf and stops():
                    give_up_time = time.monotonic() + GRACE_SECONDS
                    self._end_soon()
                while give_up_time == math.inf and self._left() < 2 * self.width:
                    numbered = next(fresh, None)
                    if numbered is None:
                        break
                    self._submit(numbered)
                if not self._left() or time.monotonic() > give_up_time:
                    return
                for (position, task), summary in self._done():
                    yield position, task, summary
        finally:
            self._abandon()

    def _submit(self, numbered: Numbered) -> None:
        """Submit a task to the workers."""
        raise NotImplementedError

    def _left(self) -> int:
        """The number of submitted tasks that are not done."""
        raise NotImplementedError

    def _done(self) -> Iterable[tuple[Numbered, Summary]]:
        """The tasks that ended, after waiting a moment at most. Raises SchedulerError if one failed."""
        raise NotImplementedError

    def _end_soon(self) -> None:
        """Tell the workers to end their tasks after the current walk. By default they are told nothing, and have
        `GRACE_SECONDS` anyway.
        """

    def _abandon(self) -> None:
        """Cancel the running tasks, if any."""
        raise NotImplementedError


class Cores(Workers):
    """A scheduler with processes on this machine, which share no memory with this one."""

    def __init__(self, jobs: int) -> None:
        self.width = jobs
        self._processes: Processes[Numbered] = Processes(jobs, _run_in_worker)

    def __str__(self) -> str:
        return f"in {self.width} processes"

    def _submit(self, numbered: Numbered) -> None:
        self._processes.submit(numbered)

    def _left(self) -> int:
        return self._processes.left

    def _done(self) -> Iterable[tuple[Numbered, Summary]]:
        for heard in self._processes.heard():
            if isinstance(heard.said, KilledError):
                raise SchedulerError(f"workers were killed {DEATHS} times in a row, while doing {heard.task[1]}")
            if isinstance(heard.said, Exception):
                raise heard.said
            yield heard.task, heard.said

    def _end_soon(self) -> None:
        self._processes.end_soon()

    def _abandon(self) -> None:
        self._processes.end()


def _run_in_worker(numbered: Numbered, _say: Say, stops: Stops) -> Summary:
    return run_task(numbered[1], stops)


class Cluster(Workers):
    """A scheduler with the workers of a Dask cluster; all must have this process's source."""

    def __init__(self, address: str, places: Collection[str]) -> None:
        """Connect to the scheduler at `address`. Raises SchedulerError if it cannot be reached or has no workers within
        `CONNECT_SECONDS`. It is also raised if a worker has another source for one of the packs at `places`.
        """
        try:
            self._distributed = importlib.import_module("distributed")
        except ModuleNotFoundError as error:
            raise SchedulerError(f"--scheduler needs {error.name}: pip install 'restaking-spec[dask]'") from error
        # The errors below say what it would log.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            self._client = self._distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:
            raise SchedulerError(f"no Dask scheduler at {address!r}: {error or repr(error)}") from error
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            self._agree(places)
        except TimeoutError as error:
            self._client.close()
            raise SchedulerError(f"the Dask scheduler at {address!r} has no workers") from error
        except SchedulerError:
            self._client.close()
            raise
        threads = self._client.nthreads()
        self._workers, self.width = len(threads), sum(threads.values())
        self._running: dict[Any, Numbered] = {}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connection; the cluster keeps running."""
        self._client.close()

    def __str__(self) -> str:
        return f"on {self._workers} Dask workers with {self.width} threads, all with this source"

    def _agree(self, places: Collection[str]) -> None:
        """Raise SchedulerError unless every worker has this process's source, for each of the packs at `places`."""
        for place in places:
            answers = self._client.run(fingerprint, place, on_error="return")
            for worker, answer in sorted(answers.items()):
                if answer != fingerprint(place):
                    has = answer if isinstance(answer, str) else f"not: {answer!r}"
                    raise SchedulerError(
                        f"Dask worker {worker} has restaking-spec {has}; here is {fingerprint(place)}: install the same"
                    )

    def _submit(self, numbered: Numbered) -> None:
        with self._asking():
            self._running[self._client.submit(_run_on_cluster, numbered[1], pure=False)] = numbered

    def _left(self) -> int:
        return len(self._running)

    def _done(self) -> Iterable[tuple[Numbered, Summary]]:
        """The tasks that ended. Dask itself repeats a task whose worker is lost, three times; its last
        answer is final.
        """
        with self._asking(), self._client.as_current():
            try:
                done = self._distributed.wait(list(self._running), POLL_SECONDS, "FIRST_COMPLETED").done
            except TimeoutError:
                return
        for handle in done:
            numbered = self._running.pop(handle)
            with self._asking():
                summary: Summary = handle.result()
            yield numbered, summary

    def _abandon(self) -> None:
        if self._running and self._client.status == "running":
            self._client.cancel(list(self._running))
        self._running.clear()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn any failure of the cluster into a SchedulerError with a readable message."""
        try:
            yield
        except SchedulerError:
            raise
        except Exception as error:
            is_lost = self._client.status != "running"
            what = "the connection to the scheduler is lost" if is_lost else f"{error!r}"
            raise SchedulerError(f"the Dask cluster failed: {what}") from error


def _run_on_cluster(task: SuiteTask) -> Summary:
    return run_task(task, lambda: False)
