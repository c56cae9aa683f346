"""Tasks in several processes or on several machines give the results that one process gives, also if workers die."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from harness.schedulers import Cluster, Cores, Scheduler, SchedulerError, SuiteTask, repeat, run_task
from harness.source import fingerprint
from harness.suite import Summary

if TYPE_CHECKING:
    from tests.conftest import SourceCopy
    from tests.harness.conftest import Mistaken

pytestmark = [pytest.mark.usefixtures("example"), pytest.mark.serial]

POOL = "pool_laws:WALK"


def tasks(place: str, walks: int, size: int, steps: int = 200) -> list[SuiteTask]:
    starts = range(0, walks, size)
    return [SuiteTask("staking_pool", place, (), "walk", seed, size, steps, fingerprint(place)) for seed in starts]


def never() -> bool:
    return False


def total(scheduler: Scheduler, work: list[SuiteTask]) -> Summary:
    """The sum of the summaries of all tasks, after asserting that the scheduler did each task."""
    with scheduler:
        done = sorted(scheduler.run(work, never), key=lambda each: each[0])
    assert [task for _, task, _ in done] == work
    return sum((summary for _, _, summary in done), Summary())


def test_the_sum_is_the_same_in_any_number_of_processes_and_tasks(mistaken: "Mistaken") -> None:
    place = mistaken()
    here = total(Scheduler(), tasks(place, 24, 24))
    assert (here.runs, here.broken) == (24, {"POOL-01": 13, "POOL-02": 9})
    assert (here.first["POOL-01"].seed, here.first["POOL-01"].step) == (2, 35)
    assert total(Cores(2), tasks(place, 24, 6)) == here
    assert total(Cores(3), tasks(place, 24, 1)) == here


def test_a_broken_run_can_be_repeated(mistaken: "Mistaken") -> None:
    (task,) = tasks(mistaken(), 24, 24)
    broken = run_task(task, never).first["POOL-01"]
    report = repeat(task, broken)
    assert (report.seed, len(report.actions)) == (broken.seed, broken.step)
    assert "POOL-01" in {violation.law.law_id for violation in report.violations}


def test_a_killed_worker_loses_nothing() -> None:
    work = tasks(POOL, 60, 5)
    done: list[tuple[int, SuiteTask, Summary]] = []
    strangers = set(multiprocessing.active_children())
    with Cores(2) as cores:
        for each in cores.run(work, never):
            done.append(each)
            if len(done) in (2, 6):
                (victim, *_) = set(multiprocessing.active_children()) - strangers
                assert victim.pid is not None
                os.kill(victim.pid, signal.SIGKILL)
    assert sorted(position for position, _, _ in done) == list(range(12))
    in_order = [summary for _, _, summary in sorted(done, key=lambda each: each[0])]
    assert sum(in_order, Summary()) == total(Scheduler(), work)
    assert set(multiprocessing.active_children()) == strangers


def test_a_task_that_kills_its_worker_every_time_ends_the_run_with_its_name(mistaken: "Mistaken") -> None:
    """A mistake kills each process that meets it. The run ends with an error that names the task; results of other
    tasks are kept.
    """
    place = mistaken("if pool.stake == 17: os.kill(os.getpid(), signal.SIGKILL)")
    done: list[int] = []
    with Cores(2) as cores:
        results = cores.run([*tasks(POOL, 4, 1), *tasks(place, 20, 20)], never)
        done += [next(results)[0] for _ in range(4)]
        with pytest.raises(SchedulerError, match=r"killed 3 times in a row, while doing 20 runs .* from seed 0"):
            next(results)
    assert sorted(done) == [0, 1, 2, 3]


def test_a_law_or_a_rule_that_raises_is_named_with_its_walk(mistaken: "Mistaken") -> None:
    place = mistaken("if pool.stake == 17: raise KeyError('seventeen')")
    for scheduler in (Scheduler(), Cores(2)):
        with scheduler, pytest.raises(SchedulerError, match=r"(?s)walk of seed \d+ through staking_pool.*'seventeen'"):
            list(scheduler.run(tasks(place, 20, 20), never))


def test_walks_that_were_done_when_the_run_is_stopped_count(mistaken: "Mistaken", tmp_path: Path) -> None:
    """A task of a million walks is told to stop. It ends after its current walk, and returns the summary of the walks
    so far.
    """
    begun = tmp_path / "begun"
    place = mistaken(f"os.path.exists({str(begun)!r}) or open({str(begun)!r}, 'w').close()")
    (task,) = tasks(place, 1_000_000, 1_000_000)
    with Cores(1) as cores:
        ((_, _, summary),) = cores.run([task], begun.exists)
    assert 0 < summary.runs < 1_000_000
    assert summary == run_task(attrs.evolve(task, runs=summary.runs), never)


def test_no_task_begins_after_the_run_is_stopped() -> None:
    for scheduler in (Scheduler(), Cores(2)):
        with scheduler:
            assert list(scheduler.run(tasks(POOL, 4, 1), lambda: True)) == []


def test_a_worker_is_born_without_an_ear_for_interruptions(tmp_path: Path, mistaken: "Mistaken") -> None:
    """A worker process starts with SIGINT blocked; otherwise an interruption during its start would print a
    traceback.
    """
    said = tmp_path / "blocked"
    mistake = f"open({str(said)!r}, 'w').write(repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    total(Cores(1), tasks(mistaken(mistake), 1, 1))
    assert "SIGINT" in said.read_text()


WORKS = f"""
from harness.schedulers import Cores
from tests.harness.test_schedulers import tasks
with Cores(2) as cores:
    results = cores.run(tasks("{POOL}", 10_000, 25), lambda: False)
    next(results)
    print("begins", flush=True)
    for _ in results:
        pass
"""


@pytest.mark.source
@pytest.mark.serial
def test_no_worker_outlives_a_parent_that_is_killed() -> None:
    """Regression: workers whose parent was killed waited for their next task for ever."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-P", "-c", WORKS]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begins\n"
        running.kill()
    for _ in range(100):
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGKILL)
    pytest.fail("a worker is there after ten seconds")


def test_a_worker_with_another_source_refuses() -> None:
    (task,) = tasks(POOL, 1, 1)
    with pytest.raises(SchedulerError, match=r"this is restaking-spec .* what was asked for is 0\.0\.0"):
        run_task(attrs.evolve(task, source="0.0.0"), never)


def test_rules_of_a_pack_that_has_none_are_not_drawn_as_bytes() -> None:
    (task,) = tasks(POOL, 1, 1)
    with pytest.raises(
        SchedulerError, match=r"^1 runs of .* \(rules\) from seed 0: pool_laws:WALK has no rule machine$"
    ):
        run_task(attrs.evolve(task, method="rules"), never)


def test_the_fingerprint_is_of_rules_laws_and_the_module_of_a_place(mistaken: "Mistaken") -> None:
    """The fingerprint of the source is the same in another process, and differs after a change of one comment."""
    program = "import sys; from harness.source import fingerprint; print(fingerprint(sys.argv[1]))"
    for place in ("eigenlayer", POOL):
        command = [sys.executable, "-c", program, place]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        there = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()
        assert there == fingerprint(place)
    assert len({fingerprint(place) for place in ("eigenlayer", "symbiotic", POOL)}) == 3
    assert fingerprint(mistaken("pass")) != fingerprint(mistaken("pass  # and nothing else"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A fixture: the address of a small Dask cluster in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_gives_the_same_sum(address: str, mistaken: "Mistaken") -> None:
    place = mistaken()
    with Cluster(address, [place, POOL]) as cluster:
        assert (cluster.width, str(cluster)) == (2, "on 2 Dask workers with 2 threads, all with this source")
        assert total(cluster, tasks(place, 24, 5)[:4]) == total(Scheduler(), tasks(place, 20, 20))


def test_a_cluster_is_left_when_the_run_is_stopped(address: str) -> None:
    done: list[int] = []
    with Cluster(address, [POOL]) as cluster:
        for position, _, _ in cluster.run(tasks(POOL, 100_000, 5), lambda: bool(done)):
            done.append(position)
    assert 0 < len(done) < 20_000


def test_a_walk_that_raises_on_a_cluster_is_named(address: str, mistaken: "Mistaken") -> None:
    place = mistaken("if pool.stake == 17: raise KeyError('seventeen')")
    with Cluster(address, [place]) as cluster, pytest.raises(SchedulerError, match=r"walk of seed \d+ through staking"):
        list(cluster.run(tasks(place, 20, 20), never))


CLUSTER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.mark.source
def test_a_cluster_whose_workers_have_another_source_is_refused(source_copy: "SourceCopy", example: Path) -> None:
    """The source of the cluster's workers differs in one constant of a rule."""
    source_copy.replace("spec/eigenlayer/config.py", "SHARES_OFFSET: Final = 10**3", "SHARES_OFFSET: Final = 10**4")
    program = source_copy.folder / "cluster.py"
    program.write_text(CLUSTER)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(source_copy.folder), str(example)])}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, program], stdin=pipe, stdout=pipe, text=True, env=environment) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        there = running.stdout.readline().strip()
        with pytest.raises(SchedulerError, match=r"Dask worker tcp://\S+ has restaking-spec 0\S* \(source \w+\); here"):
            Cluster(there, [POOL])
        running.stdin.close()


def test_a_scheduler_that_is_not_there_is_refused_within_seconds() -> None:
    started = time.monotonic()
    with pytest.raises(SchedulerError, match=r"no Dask scheduler at 'tcp://127\.0\.0\.1:9'"):
        Cluster("tcp://127.0.0.1:9", [POOL])
    with pytest.raises(SchedulerError, match="no Dask scheduler at 'nowhere'"):
        Cluster("nowhere", [POOL])
    assert time.monotonic() - started < 60


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SchedulerError, match=r"--scheduler needs distributed: pip install 'restaking-spec\[dask\]'"):
        Cluster("tcp://127.0.0.1:9", [POOL])
