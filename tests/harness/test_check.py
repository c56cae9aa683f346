"""A whole run of `restake check`: its results, the order of its reports, and what is kept when it is stopped."""

import io
import json
import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import settings
from rich.console import Console
from rich.progress import Progress

from harness import findings
from harness.check import PROFILES, STEPS_PER_WALK, Check, Plan, UnknownLawError, methods_of, register_profiles
from harness.junit import junit
from harness.pack import ProtocolPack
from harness.protocols import known_packs, pack_at, select_packs
from harness.report import judged
from harness.schedulers import Cores, Scheduler, SchedulerError
from harness.stopping import Stop
from harness.suite import SuiteReport
from harness.summary import print_block
from harness.traces import KEPT, load_kept
from invariants.symbiotic.games import Coalition

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")

POOL = "pool_laws:WALK"


def run(
    place: str, plan: Plan, scheduler: Scheduler | None = None, stop: Stop | None = None, forgets: bool = True
) -> Check:
    """Do a whole run of a plan on the protocol whose walk is at `place`. Findings kept by earlier runs are removed
    first, unless `forgets` is False.
    """
    if forgets:
        shutil.rmtree(KEPT, ignore_errors=True)
    check = Check(select_packs([place]), plan, stop or Stop())
    with scheduler or Scheduler() as workers, Progress(console=Console(stderr=True), disable=True) as progress:
        check.run(workers, progress)
    return check


@pytest.mark.parametrize(("steps", "width"), [(0, 1), (1, 1), (399, 2), (400, 2), (401, 2), (4_000, 3), (1_000_000, 8)])
def test_tasks_are_all_walks_once_and_of_all_steps(steps: int, width: int) -> None:
    check = Check(select_packs([POOL]), Plan(steps, 0, seed=7), Stop())
    tasks = list(check.tasks(width))
    seeds = [seed for task in tasks for seed in range(task.seed, task.seed + task.runs)]
    assert seeds == list(range(7, 7 + math.ceil(steps / STEPS_PER_WALK)))
    assert sum(task.runs * task.steps for task in tasks) == steps
    assert max((task.runs for task in tasks), default=1) <= 25
    assert len(tasks) >= min(width, steps // STEPS_PER_WALK)


def test_a_run_that_is_cut_short_has_some_of_each_protocol() -> None:
    check = Check(select_packs(["eigenlayer", "symbiotic"]), Plan(100_000, 0), Stop())
    tasks = [(task.protocol, task.method) for task in check.tasks(2)]
    assert tasks[:4] == [(name, method) for name in ("eigenlayer", "symbiotic") for method in ("walk", "game")]


def test_games_are_played_from_their_own_seeds_and_alone_where_no_other_law_is_asked_for() -> None:
    check = Check(select_packs(["symbiotic"]), Plan(25_001, 0, seed=3, laws=("GAME-02", "GAME-03")), Stop())
    tasks = list(check.tasks(1))
    assert {(task.method, task.steps) for task in tasks} == {("game", 80)}
    assert [seed for task in tasks for seed in range(task.seed, task.seed + task.runs)] == list(range(3, 29))
    suite = run("symbiotic", Plan(2_000, 0, laws=("GAME-02", "GAME-03"))).suites["symbiotic"]
    assert [(row.law, row.kind, row.in_games, row.verdict) for row in suite.rows()] == [
        ("GAME-02", "game", 2, "held"),
        ("GAME-03", "game", 2, "held"),
    ]
    assert (suite.in_games.runs, suite.drawn.runs, suite.is_cut_short) == (4, 0, False)


@pytest.mark.source  # a compiled class cannot be changed
def test_a_game_that_is_lost_is_shrunk_and_kept_and_lost_again_next_time() -> None:
    def excess(_game: Coalition, _party: Any, _before: Any, _after: Any, moves: list[Any]) -> int:
        return sum(type(move).__name__ == "Deposit" for move in moves)

    plan = Plan(3_000, 0, seed=7, laws=("GAME-02",))
    with pytest.MonkeyPatch.context() as mistaken:
        mistaken.setattr(Coalition, "excess", excess)
        suite = run("symbiotic", plan).suites["symbiotic"]
        again = run("symbiotic", plan, forgets=False).suites["symbiotic"]
    finding = suite.findings["GAME-02"]
    assert suite.in_games.broken == {"GAME-02": 3}
    assert (finding.found_by, finding.steps) == ("game of seed 7", 1)
    assert finding.command == f"restake replay {finding.trace}"
    assert suite.failures() == ["violated: GAME-02"]
    assert (again.rechecked, again.findings["GAME-02"].found_by) == (1, "an earlier run (game of seed 7)")
    fixed = run("symbiotic", plan, forgets=False).suites["symbiotic"]
    assert (fixed.rechecked, fixed.findings) == (1, {})


@pytest.mark.source
def test_where_nothing_can_be_written_a_lost_game_is_named_with_what_plays_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Coalition, "excess", lambda *_: 1)
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.write_text("no folder")
    plan = Plan(1_000, 0, seed=7, laws=("GAME-02",))
    finding = run("symbiotic", plan, forgets=False).suites["symbiotic"].findings["GAME-02"]
    assert (finding.found_by, finding.steps > 0, finding.trace) == ("game of seed 7", True, None)
    assert finding.command == "restake check --protocol symbiotic --law GAME-02 --seed 7 --steps 1000 --examples 0"


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
            "POOL-01": ("walk of seed 0", 2),
            "POOL-02": ("walk of seed 0", 2),
        }
        kept = suite.findings["POOL-01"]
        assert kept.command == f"restake replay {kept.trace} --protocol {place}"
        assert suite.on_walks.broken == {"POOL-01": 18, "POOL-02": 12}
        assert not suite.holds
    alone = run(place, Plan(325, 0, seed=0, laws=("POOL-01",))).suites["staking_pool"]
    assert [finding.steps for finding in alone.findings.values()] == [2]


def test_a_law_that_no_protocol_has_is_refused() -> None:
    with pytest.raises(UnknownLawError, match="unknown law 'POOL-9': known are POOL-01, POOL-02, POOL-03, POOL-W1"):
        Check(select_packs([POOL]), Plan(0, 0, laws=("POOL-01", "POOL-9")), Stop())
    with pytest.raises(UnknownLawError, match="known are none"):
        Check(select_packs(["staking_pool:PROTOCOL"]), Plan(0, 0, laws=("POOL-01",)), Stop())


def test_a_protocol_without_the_law_that_is_asked_for_is_left_out() -> None:
    check = Check(select_packs(["eigenlayer", POOL]), Plan(400, 0, laws=("POOL-01",)), Stop())
    assert (list(check.packs), list(check.walks), list(check.suites)) == (["staking_pool"],) * 3


def test_a_run_is_cut_short_if_anything_is_missing() -> None:
    whole = run(POOL, Plan(4_000, 0))
    assert not whole.is_cut_short
    stopped = run(POOL, Plan(4_000, 0), stop=Stop(0))
    assert stopped.is_cut_short
    assert (stopped.reports, stopped.suites["staking_pool"].steps) == ([], 0)


class Dying(Scheduler):
    """A scheduler that yields the results of its first three tasks, the last one first, and then fails."""

    def run(self, tasks: Any, stops: Any) -> Any:
        done = list(super().run(tasks, stops))[:3]
        yield from reversed(done)
        raise SchedulerError("lost")


def test_what_was_handed_over_counts_when_the_scheduler_is_lost(mistaken: "Mistaken") -> None:
    check = Check(select_packs([mistaken()]), Plan(40_000, 0), Stop())
    with Progress(disable=True) as progress, pytest.raises(SchedulerError, match="lost"):
        check.run(Dying(), progress)
    suite = check.suites["staking_pool"]
    assert suite.on_walks.runs == 75
    assert suite.findings["POOL-01"].found_by == "walk of seed 0"
    assert suite.is_cut_short


def test_counterexamples_are_kept_and_tried_first_the_next_time(mistaken: "Mistaken") -> None:
    place = mistaken()
    found = run(place, Plan(24 * 400, 0)).suites["staking_pool"].findings
    (first, second) = sorted(KEPT.iterdir())
    assert {law: (finding.trace, finding.steps) for law, finding in found.items()} == {
        "POOL-01": (str(first), 2),
        "POOL-02": (str(second), 2),
    }
    again = run(place, Plan(0, 0), forgets=False).suites["staking_pool"]
    assert again.rechecked == 2
    assert again.findings["POOL-01"] == attrs.evolve(found["POOL-01"], found_by="an earlier run (walk of seed 0)")
    assert again.findings["POOL-01"].command == f"restake replay {first} --protocol {place}"
    assert not again.holds
    fixed = run(POOL, Plan(400, 0), forgets=False).suites["staking_pool"]
    assert (fixed.rechecked, fixed.findings, fixed.holds) == (2, {}, True)
    only_one = run(place, Plan(400, 0, laws=("POOL-02",)), forgets=False).suites["staking_pool"]
    assert (only_one.rechecked, list(only_one.findings)) == (1, ["POOL-02"])


def test_each_law_that_broke_is_kept_before_any_is_shrunk(
    mistaken: "Mistaken", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a second Ctrl-C while the first finding was shrunk lost the other findings, and ended in a KeyError
    with --junit.
    """

    def interrupted(*_: object) -> list[Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(findings, "shrink", interrupted)
    check = Check(select_packs([mistaken()]), Plan(2_400, 0), Stop())
    with pytest.raises(KeyboardInterrupt), Progress(disable=True) as progress:
        check.run(Scheduler(), progress)
    suite = check.suites["staking_pool"]
    assert [row.law for row in suite.rows() if row.verdict == "VIOLATED"] == ["POOL-01", "POOL-02"]
    kept = {finding.law: finding.trace for finding in suite.findings.values()}
    assert sorted(map(str, KEPT.iterdir())) == sorted(map(str, kept.values()))
    assert sorted(kept) == ["POOL-01", "POOL-02"]
    suite.findings.clear()
    assert junit([], [suite], "interrupted").count("<failure ") == 2


def test_enough_failures_end_the_run(mistaken: "Mistaken") -> None:
    check = Check(select_packs([mistaken()]), Plan(400_000, 0), Stop(), most_failures=1)
    with Progress(disable=True) as progress:
        check.run(Scheduler(), progress)
    suite = check.suites["staking_pool"]
    assert check.unfinished == f"stopped at {len(suite.findings)} failures before everything was done"
    assert suite.on_walks.runs <= 25
    assert judged(check.reports, [suite], check.unfinished is not None) == 1


def test_a_file_that_another_check_has_shrunk_meanwhile_is_passed_over(
    mistaken: "Mistaken", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: of two runs in one folder, one reported a file as malformed that the other had just replaced."""
    place = mistaken()
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(findings, "kept", lambda *_: [KEPT / "gone.json"])
        check = run(place, Plan(2_400, 0))
    assert [report.verdict for report in check.reports] == ["agrees"]

    def and_removed(*_: object) -> list[Any]:
        for path in KEPT.iterdir():
            path.unlink()
        return actions

    walk, path = pack_at(place).walk, Path(check.suites["staking_pool"].findings["POOL-01"].trace or "")
    assert walk is not None
    _, trace, _ = load_kept(path, {walk.protocol.name: walk.protocol})
    actions = [action for step in trace.steps for action in step.actions]
    monkeypatch.setattr(findings, "shrink", and_removed)
    first, last = findings.keep(KEPT, walk, "POOL-01", "walk", [*actions, actions[0]], lambda: False)
    assert first.path != last.path
    assert list(KEPT.iterdir()) == [last.path]


def test_a_kept_counterexample_whose_law_is_gone_is_said_and_the_run_not_green(mistaken: "Mistaken") -> None:
    """Regression: a kept counterexample of a law that no longer exists was skipped silently, so renaming a law made a
    run pass.
    """
    run(mistaken(), Plan(24 * 400, 0, laws=("POOL-01",)))
    (path,) = KEPT.iterdir()
    document = json.loads(path.read_text())
    document["finding"]["law"] = "POOL-99"
    path.write_text(json.dumps(document))
    check = run(POOL, Plan(8_000, 0), forgets=False)
    suite = check.suites["staking_pool"]
    reason = f"kept counterexamples of laws in no catalogue: POOL-99 in {path}"
    assert (suite.rechecked, suite.failures(), suite.unfinished()) == (0, [], [reason])
    assert judged(check.reports, [suite], check.is_cut_short) == 2
    shown = suite.as_json()
    assert (shown["unjudged"], shown["unfinished"]) == ([f"POOL-99 in {path}"], [reason])
    assert block(suite).startswith(f"\nstaking_pool: not finished\n  not finished {reason}\n")
    assert f'<error message="of laws in no catalogue: POOL-99 in {path}">' in junit([], [suite], None)
    only = run(POOL, Plan(8_000, 0, laws=("POOL-01",)), forgets=False)
    assert judged(only.reports, only.suites.values(), only.is_cut_short) == 0


def block(suite: SuiteReport) -> str:
    """The text that the report's first screen prints about one protocol."""
    said = io.StringIO()
    print_block(Console(file=said, width=400), suite)
    return said.getvalue()


def test_a_protocol_does_not_hold_whose_traces_differ_or_cannot_be_read(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the run failed because of its traces, but the report said that its only protocol holds."""
    (recorded,) = (example / "traces").glob("*.json")
    right, path = recorded.read_text(), tmp_path / "recorded" / "trace.json"
    path.parent.mkdir()
    monkeypatch.setattr(ProtocolPack, "traces", path.parent)
    for written, code, verdict, reason in (
        (right, 0, "holds", None),
        (right.replace('"666"', '"667"'), 1, "FAILED", "  failure      traces that differ: recorded/trace.json"),
        (right[:-9], 2, "not finished", f"  not finished cannot be read: {path}"),
    ):
        path.write_text(written)
        check = run(POOL, Plan(8_000, 0))
        suite = check.suites["staking_pool"]
        lines = block(suite).splitlines()
        assert (lines[1], judged(check.reports, [suite])) == (f"staking_pool: {verdict}", code)
        assert lines[2] == reason or not (reason or suite.failures() or suite.unfinished())


def test_what_is_announced_and_cannot_be_had_makes_no_success() -> None:
    """Regression: a pack that an entry point announces and that cannot be loaded was reported on standard error only,
    and the run succeeded.
    """
    problem = "entry point broken: cannot load protocol 'no_such_package:PACK'"
    check = Check(select_packs([POOL]), Plan(8_000, 0), Stop(), left_out=[problem])
    with Scheduler() as workers, Progress(console=Console(stderr=True), disable=True) as progress:
        check.run(workers, progress)
    assert (check.is_cut_short, check.unfinished) == (False, f"left out: {problem}")


def test_a_kept_file_that_cannot_be_read_is_named_and_hides_no_other(mistaken: "Mistaken") -> None:
    place = mistaken()
    run(place, Plan(400, 0))
    (KEPT / "staking_pool-POOL-01-000000000000.json").write_text("{")
    check = run(place, Plan(0, 0), forgets=False)
    assert [report.verdict for report in check.reports] == ["malformed", "agrees"]
    assert check.suites["staking_pool"].rechecked == 2


def test_where_nothing_can_be_written_the_run_that_was_found_is_shown_again(mistaken: "Mistaken") -> None:
    KEPT.write_text("a file where a folder should be")
    place = mistaken()
    found = run(place, Plan(400, 0), forgets=False).suites["staking_pool"].findings["POOL-01"]
    again = f"restake check --protocol {place} --law POOL-01 --seed 0 --steps 325 --examples 0"
    assert (found.trace, found.steps, found.command) == (None, 325, again)


METHODS = (("rules", 50), ("bytes", 200))


def test_the_profiles_are_known_to_hypothesis() -> None:
    register_profiles()
    for name, plan in PROFILES.items():
        profile = settings.get_profile(name)
        assert (profile.max_examples, profile.stateful_step_count, profile.deadline) == (plan.examples, 50, None)


def test_rules_are_for_the_world_they_speak_of() -> None:
    for name, pack in known_packs().items():
        assert methods_of(pack) == ["rules", "bytes"]
        assert pack.rule_machine is not None
        variant = pack_at(f"invariants.{name}.walk:WALK")
        assert methods_of(variant) == ["rules", "bytes"]
        assert variant.rule_machine is pack.rule_machine
        assert methods_of(pack_at(f"invariants.{name}.bounded_model:BOUNDED_MODEL")) == ["bytes"]


@pytest.mark.parametrize("place", ["eigenlayer", "symbiotic"])
def test_our_protocols_are_drawn_in_every_way(place: str) -> None:
    check = Check(select_packs([place]), Plan(400, 60, seed=5), Stop())
    tasks = [(task.method, task.seed, task.runs, task.steps) for task in check.tasks(2)]
    assert ("game", 5, 1, 80) in tasks
    assert [task for task in tasks if task[0] != "game"] == [
        ("walk", 5, 1, 400),
        *[(method, seed, runs, steps) for seed, runs in ((5, 25), (30, 25), (55, 10)) for method, steps in METHODS],
    ]


def test_examples_are_drawn_in_small_tasks_and_counted_apart() -> None:
    check = Check(select_packs([POOL]), Plan(0, 60, seed=5), Stop())
    assert [(task.method, task.seed, task.runs) for task in check.tasks(2)] == [
        ("bytes", 5, 25),
        ("bytes", 30, 25),
        ("bytes", 55, 10),
    ]
    suite = run(POOL, Plan(0, 60)).suites["staking_pool"]
    assert (suite.by_hypothesis.runs, suite.on_walks.runs, suite.is_cut_short) == (60, 0, False)
    assert suite.by_hypothesis.steps >= 60 * 200
    assert suite.rows()[0].by_hypothesis > 5_000


def test_what_hypothesis_finds_is_kept_and_can_be_found_again(mistaken: "Mistaken") -> None:
    place = mistaken()
    for scheduler in (Scheduler(), Cores(2)):
        found = run(place, Plan(0, 200), scheduler).suites["staking_pool"].findings["POOL-01"]
        assert found.found_by.startswith("bytes of seed ")
        assert found.steps == 2
    seed = int(found.found_by.split()[-1])
    again = run(place, Plan(0, 25, seed=seed, laws=("POOL-01",))).suites["staking_pool"].findings["POOL-01"]
    assert again == found, "the name of the trace is of its content"
