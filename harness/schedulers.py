"""Schedulers of the suite's work: here, over the cores of this machine, or over a Dask cluster.

Work is cut into tasks of plain values, and what comes of a task depends on nothing but the task and the source. So the
sum is the same wherever tasks run and in whatever order they end, and one whose worker was killed is simply run again.
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
"""The time that running tasks may take to end once the run is to stop."""

CONNECT_SECONDS = 5


class SchedulerError(Exception):
    """The work cannot be done, or not be finished; the message says why."""


@attrs.frozen
class SuiteTask:
    """Some runs through one protocol, in plain values: walks or games from neighbouring seeds, examples of Hypothesis.

    `protocol` is the name of what is walked, `place` where any process has the walk, `laws` are the only ones to check
    (none named: all). Those that are `assumed` are checked on one walk in eleven. Each run has `steps` steps at most.
    `source` is the fingerprint of the source that is meant.
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
"""Each task done, with its position among all tasks, and what came of it; in the order in which they end."""


def run_task(task: SuiteTask, stops: Stops) -> Summary:
    """Do a task; of walks, as many as there is time for."""
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
    """Every game once from each seed."""
    summary, games = Summary(), games_of(pack_at(task.place).games, task.laws)
    for seed in range(task.seed, task.seed + task.runs):
        for game in games:
            if stops():
                return summary
            summary += Summary.of_game(game, seed, play(game, Seeded(seed), task.steps))
    return summary


def games_of(games: tuple[Game, ...], laws: tuple[str, ...]) -> tuple[Game, ...]:
    """All games, or those that are asked for."""
    return tuple([game for game in games if not laws or game.law_id in laws])


def repeat(task: SuiteTask, broken: Broken) -> WalkReport:
    """The run in which a law broke once more, with its actions."""
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
    """A rule or a law that raises is an error of theirs, of which the run can give an account."""
    try:
        yield
    except UndeclaredError as error:
        raise SchedulerError(f"{run}: {error}") from error
    except Exception as error:
        problem = explained(error) if is_foreign(error) else f"raised an exception:\n{traceback.format_exc()}"
        raise SchedulerError(f"{run}: {problem}") from error


class Scheduler:
    """A scheduler of tasks, `width` of them at a time. Used in a `with` block, at whose end nothing is left running."""

    width = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give back what the scheduler holds."""

    def __str__(self) -> str:
        return "in one process"

    def run(self, tasks: Iterable[SuiteTask], stops: Stops) -> Results:
        """Do tasks in their order, until there are none or the run is to stop."""
        for position, task in enumerate(tasks):
            if stops():
                return
            yield position, task, run_task(task, stops)


class Workers(Scheduler):
    """Other processes, which are given a few tasks ahead of those that they do."""

    def run(self, tasks: Iterable[SuiteTask], stops: Stops) -> Results:
        """Do tasks. Those that were begun when the run is to stop get a few seconds to end."""
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
        """Hand over a task."""
        raise NotImplementedError

    def _left(self) -> int:
        """The number of tasks that were handed over and are not done."""
        raise NotImplementedError

    def _done(self) -> Iterable[tuple[Numbered, Summary]]:
        """The tasks that have ended, after a moment at most. SchedulerError if one cannot be done."""
        raise NotImplementedError

    def _end_soon(self) -> None:
        """Tell the workers to end their tasks after the walk that they are in."""

    def _abandon(self) -> None:
        """Give up what is running, which may be nothing."""
        raise NotImplementedError


class Cores(Workers):
    """Processes of this machine. They share nothing with this one, so a task reaches them as plain values only."""

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
    """The workers of a Dask cluster, all of which must have the source that is here, for the walks of all places."""

    def __init__(self, address: str, places: Collection[str]) -> None:
        """Connect, and make sure that all workers have this source. SchedulerError if not, within seconds."""
        try:
            self._distributed = importlib.import_module("distributed")
        except ModuleNotFoundError as error:
            raise SchedulerError(f"--scheduler needs {error.name}: pip install 'restaking-spec[dask]'") from error
        # What it would log is what the errors below say.
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
        """Leave the cluster as it is."""
        self._client.close()

    def __str__(self) -> str:
        return f"on {self._workers} Dask workers with {self.width} threads, all with this source"

    def _agree(self, places: Collection[str]) -> None:
        """SchedulerError unless every worker has the source that is here."""
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
        """Dask itself runs a task again whose worker is lost, three times; what it answers in the end is final."""
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
        """Whatever the cluster fails with becomes a SchedulerError, of which the run can give an account."""
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
