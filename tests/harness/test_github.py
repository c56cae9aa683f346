"""Annotations that GitHub shows beside the files of a run."""

from pathlib import Path

import attrs
import pytest

from harness.github import annotations
from harness.outcome import Provenance, RunOutcome
from harness.protocols import load_walk
from harness.replay import Difference, Mismatch
from harness.report import TraceReport
from harness.suite import Finding, SuiteReport, Summary
from harness.traces import bundled_traces
from spec.codec import MalformedTrace

pytestmark = pytest.mark.usefixtures("example")

MADE_BY = Provenance(
    version="0",
    commit="",
    built="compiled",
    python="3",
    solver="z3",
    profile="ci",
    seed=0,
    laws=(),
    processes="in one process",
    drawn_steps=0,
    steps_per_second=0,
    seconds=1.0,
    command="restake check",
    began="2026-01-01 00:00 UTC",
)


def outcome(reports: list[TraceReport], suites: list[SuiteReport], problem: str | None = None) -> RunOutcome:
    """The outcome of a run with these trace reports and suites. `problem` says why it ended early, if it did."""
    return RunOutcome(
        reports=reports, suites=suites, code=1, problem=problem, unfinished=None, left_out=(), made_by=MADE_BY
    )


def test_each_failure_is_an_annotation_in_one_line_at_its_file() -> None:
    walk = load_walk("pool_laws:WALK")
    suite = SuiteReport(walk.protocol, walk.catalogue, on_walks=Summary(1, 9, checked={"POOL-01": 5, "POOL-03": 1}))
    trace = ".restake/staking_pool-POOL-03.json"
    suite.findings["POOL-03"] = Finding("POOL-03", "All.", "", "walk of seed 7", 4, trace, f"restake replay {trace}")
    suite.unjudged.append("POOL-99 in a.json")
    good = TraceReport(bundled_traces() / "eigenlayer" / "good.json", 3)
    mismatch = Mismatch(2, "slash", "service", {}, (Difference("post.stake", "1", "100%"),))
    bad = attrs.evolve(good, path=Path("bad,1.json"), mismatch=mismatch)
    none = attrs.evolve(good, malformed=MalformedTrace("steps", "expected a list"))
    assert list(annotations(outcome([good, bad, none], [suite], "interrupted"))) == [
        "::error file=bad%2C1.json,title=trace differs::step 2: slash%0Apost.stake: expected 1, is 100%25",
        "::error title=trace cannot be read::steps: expected a list",
        f"::error file={trace},title=staking_pool%3A POOL-03 is violated::All.%0A4 steps, found by walk of seed 7%0A"
        f"reproduce: restake replay {trace}",
        "::error title=staking_pool::never checked: POOL-02",
        "::error title=staking_pool%3A not finished::kept counterexamples of laws in no catalogue: POOL-99 in a.json",
        "::error title=not finished::interrupted",
    ]


def test_a_known_violation_is_a_notice() -> None:
    walk = load_walk("symbiotic")
    (law_id,) = list(walk.catalogue.known_violations)[:1]
    suite = SuiteReport(walk.protocol, walk.only((law_id,)).catalogue, on_walks=Summary(1, 9, checked={law_id: 5}))
    (notice,) = annotations(outcome([], [suite]))
    assert notice.startswith(f"::notice title=symbiotic%3A {law_id} is a known violation::")
    assert "True instead: " in notice
