"""Laws that long runs may assume: one walk in eleven checks them, and the report says so."""

import json
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from harness.assumed import ONE_IN, checks_every_law, proved_whole
from harness.check import Check, Plan
from harness.evidence import ProofStatus
from harness.protocols import pack_at
from harness.prove import ledger_of
from harness.schedulers import SuiteTask, run_task
from harness.source import fingerprint
from harness.stopping import Stop
from harness.suite import SuiteReport
from harness.summary import checked
from harness.verbs.check import check_command
from invariants.walker import SEEDS_PER_SCENARIO, WORLDS

SEEDS = range(ONE_IN * WORLDS * SEEDS_PER_SCENARIO)


def test_one_seed_in_eleven_checks_every_law_in_each_world_and_scenario() -> None:
    chosen = [seed for seed in SEEDS if checks_every_law(seed)]
    assert len(chosen) == len(SEEDS) // ONE_IN
    assert {seed % WORLDS for seed in chosen} == set(range(WORLDS))
    assert {(seed + 1) % SEEDS_PER_SCENARIO for seed in chosen} == set(range(SEEDS_PER_SCENARIO))


def test_a_law_that_is_assumed_is_checked_on_one_walk_in_eleven() -> None:
    each = SuiteTask("symbiotic", "symbiotic", (), "walk", 0, 10, 60, fingerprint("symbiotic"))
    tenth = run_task(attrs.evolve(each, assumed=("DEP-01",)), lambda: False)
    first = run_task(attrs.evolve(each, runs=1), lambda: False)
    whole = run_task(each, lambda: False)
    assert [seed for seed in range(10) if checks_every_law(seed)] == [0]
    assert (tenth.runs, tenth.steps, tenth.checked["DEP-01"]) == (10, whole.steps, first.checked["DEP-01"])
    assert {**tenth.checked, "DEP-01": 0} == {**whole.checked, "DEP-01": 0}
    assert whole.checked["DEP-01"] > first.checked["DEP-01"] > 0


def test_laws_are_assumed_that_the_ledger_holds_proved_within_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = {
        "WHOLE": ProofStatus(3, (), (), (), ()),
        "BOUNDED": ProofStatus(3, (), (), (), ("a list of length <= 2",)),
        "STALE": ProofStatus(2, (), (), ("Slash",), ()),
        "OPEN": ProofStatus(2, ("Slash",), (), (), ()),
        "MISSING": ProofStatus(2, (), (), (), (), False, ("Slash",)),
        "FALSE": ProofStatus(2, (), (), (), (), True),
        "DOUBTED": ProofStatus(3, (), (), (), (), doubt="rests on what is not proved"),
    }
    monkeypatch.setattr("harness.gathering.proofs_by_law", lambda _rows, _known, _doubts: proofs)
    assert proved_whole(ledger_of(pack_at("symbiotic"))) == ("WHOLE",)


def test_nothing_is_assumed_unless_it_is_asked_for() -> None:
    packs = {"symbiotic": pack_at("symbiotic")}
    for assumes in (False, True):
        check = Check(packs, Plan(400, 0, assumes_proved=assumes), Stop(0.0))
        check.open_ledgers()
        (task, *_) = check.tasks(1)
        assumed = check.suites["symbiotic"].assumed
        assert task.assumed == assumed
        assert ("DEP-01" in assumed, "DEP-04" in assumed) == (assumes, False)


def test_a_report_says_what_is_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = pack_at("symbiotic").walk
    assert walk is not None
    suite = SuiteReport(walk.protocol, walk.catalogue, assumed=("DEP-01", "DEP-02"))
    assert checked(suite) == [
        "nothing",
        "2 laws, in the ledger proved of every call and within no bound, on one random walk in 11 only",
    ]
    monkeypatch.chdir(tmp_path)
    asked = "--protocol symbiotic --law DEP-01 --law SOLV-02 --steps 800 --examples 0 --assume-proved --json"
    report = json.loads(CliRunner().invoke(check_command, asked.split()).stdout)
    assert report["suites"]["symbiotic"]["assumed"] == ["DEP-01"]
    assert "--assume-proved" in report["made_by"]["command"]
