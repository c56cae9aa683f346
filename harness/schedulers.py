"""Schedulers of the suite's work: here, over the cores of this machine, or over a Dask cluster.

Work is cut into tasks of plain values, and what comes of a task depends on nothing but the task and the source. So the
sum is the same wherever tasks run and in whatever order they end, and one whose worker was killed is simply run again.
"""

import importlib
import logging
import math
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Any, Self

import attrs

from harness.mistakes import explained, is_foreign
from harness.protocols import load_walk, pack_at
from harness.source import fingerprint
from harness.stopping import end_with_parent
from harness.suite import Broken, Method, Summary
from invariants.choices import Seeded
from invariants.game import Game, play
from invariants.law import UndeclaredError
from invariants.walker import Walk, WalkReport, random_walk

POLL_SECONDS = 0.2
GRACE_SECONDS = 3.0
"""The time that running tasks may take to end once the run is to stop."""

DEATHS_IN_A_ROW = 3
"""The times that a worker may be killed, without one task done in between, before the run gives up."""

CONNECT_SECONDS = 5


class SchedulerError(Exception):
    """The work cannot be done, or not be finished; the message says why."""


class WorkerDied(Exception):
    """A worker was killed, and what it was doing is lost."""


@attrs.frozen
class SuiteTask:
    """Some runs through one protocol, in plain values: walks or games from neighbouring seeds, examples of Hypothesis.

    `protocol` is the name of what is walked, `place` where any process has the walk, `laws` are the only ones to check
    (none named: all); each run has `steps` steps at most, and `source` is the fingerprint of the source that is meant.
    """

    protocol: str
    place: str
    laws: tuple[str, ...]
    method: Method
    seed: int
    runs: int
    steps: int
    source: str

    def __str__(self) -> str:
        return f"{self.runs} runs of {self.protocol} ({self.method}) from seed {self.seed}"


Stops = Callable[[], bool]
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
    summary = Summary()
    for seed in range(task.seed, task.seed + task.runs):
        if stops():
            break
        summary += Summary.of(_walked(walk, seed, task.steps), "walk")
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
        """Do tasks, and once more those that are lost with a worker. Those that were begun when the run is to stop get
        a few seconds to end.
        """
        fresh = enumerate(tasks)
        lost: list[tuple[int, SuiteTask]] = []
        running: dict[Any, tuple[int, SuiteTask]] = {}
        deaths, give_up_time = 0, math.inf
        try:
            while True:
                if give_up_time == math.inf and stops():
                    give_up_time = time.monotonic() + GRACE_SECONDS
                    self._end_soon()
                while give_up_time == math.inf and len(running) < 2 * self.width:
                    numbered = lost.pop(0) if lost else next(fresh, None)
                    if numbered is None:
                        break
                    running[self._submit(numbered[1])] = numbered
                if not running or time.monotonic() > give_up_time:
                    return
                died = False
                for handle in self._wait(running):
                    position, task = running.pop(handle)
                    try:
                        summary = self._result(handle)
                    except WorkerDied:
                        lost.append((position, task))
                        died = True
                    else:
                        deaths = 0
                        yield position, task, summary
                if died:
                    lost = sorted([*lost, *running.values()], key=_position)
                    running.clear()
                    deaths += 1
                    if deaths == DEATHS_IN_A_ROW:
                        doing = "; ".join(str(task) for _, task in lost)
                        raise SchedulerError(f"workers were killed {deaths} times in a row, while doing {doing}")
                    self._renew()
        finally:
            self._abandon(running)

    def _submit(self, task: SuiteTask) -> Any:
        """Hand over a task; answers with a handle for it."""
        raise NotImplementedError

    def _wait(self, running: Collection[Any]) -> Collection[Any]:
        """The handles of tasks that have ended, after a moment at most."""
        raise NotImplementedError

    def _result(self, handle: Any) -> Summary:
        """The result of a task that has ended. WorkerDied if it is lost."""
        raise NotImplementedError

    def _renew(self) -> None:
        """Get new workers, after one has died."""

    def _end_soon(self) -> None:
        """Tell the workers to end their tasks after the walk that they are in."""

    def _abandon(self, running: Collection[Any]) -> None:
        """Give up what is running, which may be nothing."""
        raise NotImplementedError


def _position(numbered: tuple[int, SuiteTask]) -> int:
    return numbered[0]


class Cores(Workers):
    """Processes of this machine. They share nothing with this one, so a task reaches them as plain values only."""

    def __init__(self, jobs: int) -> None:
        self.width = jobs
        methods = multiprocessing.get_all_start_methods()
        self._context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        self._is_over: Any = None
        self._pool: ProcessPoolExecutor | None = None
        self._strangers = set(multiprocessing.active_children())
        # Or it would be started with the first worker, and unblock what is blocked then.
        resource_tracker.ensure_running()

    def __str__(self) -> str:
        return f"in {self.width} processes"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _submit(self, task: SuiteTask) -> Any:
        # An interruption is this process's to handle. What is started while it is blocked never hears of it.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._opened().submit(_run_in_worker, task)
        except BrokenProcessPool as error:
            failed: futures.Future[Summary] = futures.Future()
            failed.set_exception(error)
            return failed
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _wait(self, running: Collection[Any]) -> Collection[Any]:
        return futures.wait(running, POLL_SECONDS, futures.FIRST_COMPLETED).done

    def _result(self, handle: Any) -> Summary:
        try:
            summary: Summary = handle.result()
        except BrokenProcessPool as error:
            raise WorkerDied from error
        return summary

    def _renew(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None

    def _end_soon(self) -> None:
        if self._is_over is not None:
            self._is_over.value = True

    def _abandon(self, running: Collection[Any]) -> None:
        if running:
            for child in set(multiprocessing.active_children()) - self._strangers:
                child.terminate()

    def _opened(self) -> ProcessPoolExecutor:
        """The pool, with a flag of its own that tells its workers to end: without a lock, which one might die with."""
        if self._pool is None:
            self._is_over = self._context.RawValue("b", False)
            self._pool = ProcessPoolExecutor(self.width, self._context, _begin_worker, (self._is_over,))
        return self._pool


_is_over: Any = None
"""In a worker: the flag that the process shares with the one that started it."""


def _begin_worker(is_over: Any) -> None:
    global _is_over
    _is_over = is_over
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _run_in_worker(task: SuiteTask) -> Summary:
    return run_task(task, lambda: bool(_is_over.value))


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

    def _submit(self, task: SuiteTask) -> Any:
        with self._asking():
            return self._client.submit(_run_on_cluster, task, pure=False)

    def _wait(self, running: Collection[Any]) -> Collection[Any]:
        with self._asking(), self._client.as_current():
            try:
                done: Collection[Any] = self._distributed.wait(list(running), POLL_SECONDS, "FIRST_COMPLETED").done
            except TimeoutError:
                return []
        return done

    def _result(self, handle: Any) -> Summary:
        """Dask itself runs a task again whose worker is lost, three times; what it answers in the end is final."""
        with self._asking():
            summary: Summary = handle.result()
        return summary

    def _abandon(self, running: Collection[Any]) -> None:
        if running and self._client.status == "running":
            self._client.cancel(list(running))

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
