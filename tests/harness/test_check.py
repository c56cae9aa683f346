"""A run of all there is to check: what it does, in which order it reports, and what it keeps when it is stopped."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from rich.console import Console
from rich.progress import Progress

from harness import check as checking
from harness import schedulers
from harness.check import PROFILES, STEPS_PER_WALK, Check, Plan, UnknownLawError
from harness.protocols import select_targets
from harness.schedulers import Cores, Scheduler, SchedulerError
from harness.stopping import Stop
from invariants.checking import Violation
from invariants.symbiotic.games import Coalition
from invariants.walker import Walk, WalkReport, walk

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")

POOL = "pool_laws:WALK"


def run(place: str, plan: Plan, scheduler: Scheduler | None = None, stop: Stop | None = None) -> Check:
    check = Check(select_targets([place]), plan, stop or Stop())
    with scheduler or Scheduler() as workers, Progress(console=Console(stderr=True), disable=True) as progress:
        check.run(workers, progress)
    return check


@pytest.mark.parametrize(("steps", "width"), [(0, 1), (1, 1), (399, 2), (400, 2), (401, 2), (4_000, 3), (1_000_000, 8)])
def test_tasks_are_all_walks_once_and_of_all_steps(steps: int, width: int) -> None:
    check = Check(select_targets([POOL]), Plan(steps, 0, seed=7), Stop())
    tasks = list(check.tasks(width))
    seeds = [seed for task in tasks for seed in range(task.seed, task.seed + task.runs)]
    assert seeds == list(range(7, 7 + math.ceil(steps / STEPS_PER_WALK)))
    assert sum(task.runs * task.steps for task in tasks) == steps
    assert max((task.runs for task in tasks), default=1) <= 25
    assert len(tasks) >= min(width, steps // STEPS_PER_WALK)


def test_a_run_that_is_cut_short_has_some_of_each_protocol() -> None:
    check = Check(select_targets(["eigenlayer", "symbiotic"]), Plan(100_000, 0), Stop())
    tasks = [(task.protocol, task.method) for task in check.tasks(2)]
    assert tasks[:4] == [(name, method) for name in ("eigenlayer", "symbiotic") for method in ("walk", "game")]


def test_games_are_played_from_their_own_seeds_and_alone_where_no_other_law_is_asked_for() -> None:
    check = Check(select_targets(["symbiotic"]), Plan(50_001, 0, seed=3, laws=("GAME-02", "GAME-03")), Stop())
    tasks = list(check.tasks(1))
    assert {(task.method, task.steps) for task in tasks} == {("game", 80)}
    assert [seed for task in tasks for seed in range(task.seed, task.seed + task.runs)] == list(range(3, 29))
    suite = run("symbiotic", Plan(4_000, 0, laws=("GAME-02", "GAME-03"))).suites["symbiotic"]
    assert [(row.law, row.kind, row.in_games, row.verdict) for row in suite.rows()] == [
        ("GAME-02", "game", 2, "held"),
        ("GAME-03", "game", 2, "held"),
    ]
    assert (suite.in_games.runs, suite.drawn.runs, suite.is_cut_short) == (4, 0, False)


def test_a_game_that_is_lost_is_named_with_what_plays_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Coalition, "excess", lambda *_: 1)
    suite = run("symbiotic", Plan(6_000, 0, seed=7, laws=("GAME-02",))).suites["symbiotic"]
    finding = suite.findings["GAME-02"]
    assert suite.in_games.broken == {"GAME-02": 3}
    assert (finding.found_by, finding.steps > 0, finding.trace) == ("game of seed 7", True, None)
    again = "restake check --protocol symbiotic --law GAME-02 --seed 7 --steps 2000 --examples 0"
    assert finding.command == again
    assert suite.failures() == ["violated: GAME-02"]


def test_an_audit_walks_ten_million_steps() -> None:
    assert PROFILES["audit"].steps >= 10**7
    assert PROFILES["ci"].steps < PROFILES["dev"].steps < PROFILES["audit"].steps


@pytest.mark.source
def test_the_profiles_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checking.md").read_text()
    for name, plan in PROFILES.items():
        assert re.search(rf"^\| `{name}`.* \| {plan.steps:,} \| {plan.examples:,} \|$", page, re.MULTILINE), name


def test_the_report_is_the_same_wherever_it_is_made(mistaken: "Mistaken") -> None:
    plan = Plan(12_100, 0)
    for place in (POOL, mistaken()):
        here = run(place, plan)
        assert run(place, plan, Cores(2)).as_json() == here.as_json()
        assert here.suites["staking_pool"].on_walks.runs == 31


def test_one_counterexample_of_each_law_is_shown_the_first_by_seed(mistaken: "Mistaken") -> None:
    place = mistaken()
    for scheduler in (Scheduler(), Cores(3)):
        suite = run(place, Plan(24 * 400, 0), scheduler).suites["staking_pool"]
        assert {law: (found.found_by, found.steps) for law, found in suite.findings.items()} == {
            "POOL-01": ("walk of seed 0", 325),
            "POOL-02": ("walk of seed 0", 325),
        }
        again = f"restake check --protocol {place} --law POOL-01 --seed 0 --steps 325 --examples 0"
        assert suite.findings["POOL-01"].command == again
        assert suite.on_walks.broken == {"POOL-01": 18, "POOL-02": 12}
        assert not suite.holds
    alone = run(place, Plan(325, 0, seed=0, laws=("POOL-01",))).suites["staking_pool"]
    assert [finding.steps for finding in alone.findings.values()] == [325]


def test_a_law_that_no_protocol_has_is_refused() -> None:
    with pytest.raises(UnknownLawError, match="unknown law 'POOL-9': known are POOL-01, POOL-02, POOL-03, POOL-W1"):
        Check(select_targets([POOL]), Plan(0, 0, laws=("POOL-01", "POOL-9")), Stop())
    with pytest.raises(UnknownLawError, match="known are none"):
        Check(select_targets(["staking_pool:PROTOCOL"]), Plan(0, 0, laws=("POOL-01",)), Stop())


def test_a_protocol_without_the_law_that_is_asked_for_is_left_out() -> None:
    check = Check(select_targets(["eigenlayer", POOL]), Plan(400, 0, laws=("POOL-01",)), Stop())
    assert (list(check.targets), list(check.walks), list(check.suites)) == (["staking_pool"],) * 3


def test_a_run_is_cut_short_if_anything_is_missing() -> None:
    whole = run(POOL, Plan(4_000, 0))
    assert not whole.is_cut_short
    stopped = run(POOL, Plan(4_000, 0), stop=Stop(0))
    assert stopped.is_cut_short
    assert (stopped.reports, stopped.suites["staking_pool"].steps) == ([], 0)


class Dying(Scheduler):
    """Hands over three tasks, the later ones first, and is lost then."""

    def run(self, tasks: Any, stops: Any) -> Any:
        done = list(super().run(tasks, stops))[:3]
        yield from reversed(done)
        raise SchedulerError("lost")


def test_what_was_handed_over_counts_when_the_scheduler_is_lost(mistaken: "Mistaken") -> None:
    check = Check(select_targets([mistaken()]), Plan(40_000, 0), Stop())
    with Progress(disable=True) as progress, pytest.raises(SchedulerError, match="lost"):
        check.run(Dying(), progress)
    suite = check.suites["staking_pool"]
    assert suite.on_walks.runs == 75
    assert suite.findings["POOL-01"].found_by == "walk of seed 0"
    assert suite.is_cut_short


class Findings:
    """What stands in for the keeping of counterexamples: it writes the name of a law, and finds it again."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace
        self.calls: list[tuple[Any, ...]] = []

    def keep(self, folder: Path, way: Any, law_id: str, subject: Any, found_by: str, actions: list[Any]) -> Path:
        self.calls.append((folder, way.protocol.name, law_id, subject, found_by, len(actions)))
        return self.trace

    def kept(self, folder: Path, protocol: Any) -> list[Path]:
        return [self.trace] if self.calls else []

    def recheck(self, way: Any, path: Path) -> list[Any]:
        return [Violation(way.catalogue.laws()[0], "")]


def test_counterexamples_are_kept_and_tried_first_the_next_time(
    mistaken: "Mistaken", example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = example / "traces" / "slash_between_two_deposits.json"
    findings = Findings(trace)
    monkeypatch.setattr(checking, "findings_module", lambda: findings)
    suite = run(mistaken(), Plan(24 * 400, 0)).suites["staking_pool"]
    assert sorted(findings.calls, key=str) == [
        (Path(".restake"), "staking_pool", "POOL-01", "", "walk of seed 0", 325),
        (Path(".restake"), "staking_pool", "POOL-02", None, "walk of seed 0", 325),
    ]
    found = suite.findings["POOL-01"]
    assert (found.steps, found.trace, found.command) == (6, str(trace), f"restake replay {trace}")
    again = run(POOL, Plan(400, 0)).suites["staking_pool"]
    assert (again.rechecked, list(again.findings), again.findings["POOL-01"].found_by) == (
        1,
        ["POOL-01"],
        "an earlier run",
    )
    assert not again.holds


METHODS = (("rules", 50), ("bytes", 200))


class Machine:
    """What stands in for the part that needs Hypothesis: a walk for each example, told apart by the method's name."""

    RULES: ClassVar[dict[str, None]] = {"staking_pool": None}

    @staticmethod
    def explore_rules(way: Walk, examples: int, steps: int, seed: int) -> WalkReport:
        report = walk(way, seed, steps)
        report.steps, report.checked["POOL-01"] = examples * steps, examples
        return report

    explore_bytes = explore_rules


def test_examples_are_drawn_in_small_tasks_and_counted_apart(
    mistaken: "Mistaken", monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (checking, schedulers):
        monkeypatch.setattr(module, "hypothesis_machine", lambda: Machine)
    check = Check(select_targets([POOL]), Plan(400, 60, seed=5), Stop())
    assert [(task.method, task.seed, task.runs, task.steps) for task in check.tasks(2)] == [
        ("walk", 5, 1, 400),
        *[(method, seed, runs, steps) for seed, runs in ((5, 25), (30, 25), (55, 10)) for method, steps in METHODS],
    ]
    suite = run(POOL, Plan(0, 60)).suites["staking_pool"]
    assert (suite.by_hypothesis.runs, suite.by_hypothesis.steps) == (120, 60 * 50 + 60 * 200)
    assert suite.rows()[0].by_hypothesis == 120
    assert not suite.is_cut_short
    found = run(mistaken(), Plan(0, 60, seed=2)).suites["staking_pool"].findings["POOL-01"]
    assert (found.found_by, found.steps) == ("rules of seed 2", 35)
    assert found.command.endswith("--law POOL-01 --seed 2 --steps 0 --examples 25")
