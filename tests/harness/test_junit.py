"""The JUnit report, as continuous integration services read it."""

from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest

from harness.junit import junit
from harness.protocols import load_walk
from harness.replay import Difference, Mismatch
from harness.report import TraceReport
from harness.suite import Finding, SuiteReport, Summary
from harness.traces import bundled_traces
from spec.codec import MalformedTrace

pytestmark = pytest.mark.usefixtures("example")

POOL = "pool_laws:WALK"

CHECKED = {"POOL-01": 5, "POOL-02": 4}


def suite(summary: Summary) -> SuiteReport:
    walk = load_walk(POOL)
    return SuiteReport(walk.protocol, walk.catalogue, on_walks=summary)


def outcomes(document: str, name: str) -> dict[str | None, tuple[str, str | None]]:
    """For each test case of the suite `name` in a JUnit document: its outcome, and the text of the outcome. A passed
    case has the text None.
    """
    found = ElementTree.fromstring(document).find(f"testsuite[@name='{name}']")
    assert found is not None
    return {
        case.get("name"): ("passed", None) if len(case) == 0 else (case[0].tag, case[0].text)
        for case in found.iter("testcase")
    }


def test_what_was_asked_for_by_name_and_not_reached_is_a_failure() -> None:
    report = attrs.evolve(suite(Summary(1, 9)), out_of_reach={"POOL-01": "a", "POOL-02": "a"})
    asked = attrs.evolve(report, asked=("POOL-01", "POOL-W1"))
    names = ("POOL-01", "POOL-02", "POOL-W1")
    found = [outcomes(junit([], [one], None), "staking_pool") for one in (report, asked)]
    assert [[cases[name][0] for name in names] for cases in found] == [
        ["skipped", "skipped", "skipped"],
        ["failure", "skipped", "failure"],
    ]


def test_every_law_and_witness_is_a_case() -> None:
    report = suite(Summary(1, 9, checked=CHECKED, broken={"POOL-02": 3}))
    command = "restake replay '.restake/it''s <here>.json'"
    report.findings["POOL-02"] = Finding("POOL-02", "", "('a', 1)", "walk of seed 7", 4, "x", command)
    document = junit([], [report], None)
    assert outcomes(document, "run") == {"is finished": ("passed", None)}
    assert outcomes(document, "staking_pool") == {
        "POOL-01": ("passed", None),
        "POOL-02": (
            "failure",
            "Only a slash lowers what a share is worth.\nof ('a', 1)\n4 steps, found by walk of seed 7\n"
            f"reproduce: {command}",
        ),
        "POOL-03": ("failure", "never checked: Whoever holds shares can withdraw them at any time."),
        "POOL-W1": ("skipped", "never seen: Everything is slashed, and shares are left that are worth nothing."),
        "every action is accepted": ("skipped", "not: Deposit, Withdraw, Slash"),
        "every reason is given": (
            "skipped",
            "not: NoSharesForAmount, NotEnoughShares, NotTheService, InvalidFraction",
        ),
        "what was found before is judged": ("passed", None),
    }
    root = ElementTree.fromstring(document)
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "2",
        "errors": "0",
        "skipped": "3",
    }


def test_what_was_not_reached_fails_where_it_is_judged_and_vacuity_not_where_the_run_was_cut_short() -> None:
    report = suite(Summary(1, 9, checked=CHECKED))
    report.judges_coverage = report.is_cut_short = True
    found = {name: outcome for name, (outcome, _) in outcomes(junit([], [report], None), "staking_pool").items()}
    assert found == {
        "POOL-01": "passed",
        "POOL-02": "passed",
        "POOL-03": "skipped",
        "POOL-W1": "failure",
        "every action is accepted": "failure",
        "every reason is given": "failure",
        "what was found before is judged": "passed",
    }


def test_a_run_that_was_not_finished_is_an_error_whatever_it_found() -> None:
    document = junit([], [], "lost \x00 the cluster\nand more")
    assert outcomes(document, "run") == {"is finished": ("error", "lost ? the cluster\nand more")}
    assert ElementTree.fromstring(document).get("errors") == "1"


def test_every_trace_is_a_case() -> None:
    good = TraceReport(bundled_traces() / "eigenlayer" / "good.json", 3, seconds=0.25)
    mismatch = Mismatch(2, "slash", "service", {}, (Difference("post.stake", "1", "2"),))
    document = junit(
        [
            good,
            attrs.evolve(good, path=Path("bad.json"), mismatch=mismatch),
            attrs.evolve(good, path=Path.cwd() / "none.json", malformed=MalformedTrace("steps", "expected a list")),
            attrs.evolve(good, path=Path("/elsewhere/deep/read.json"), is_compared=False),
        ],
        [],
        None,
        2.5,
    )
    assert outcomes(document, "traces") == {
        "eigenlayer/good.json": ("passed", None),
        "bad.json": ("failure", "step 2: slash\npost.stake: expected 1, is 2"),
        "none.json": ("error", "steps: expected a list"),
        "deep/read.json": ("skipped", "not compared"),
    }
    root = ElementTree.fromstring(document)
    times = [case.get("time") for case in root.iter("testcase")]
    assert (root.get("time"), times) == ("2.500", ["2.500", *["0.250"] * 4])


def test_a_known_violation_is_skipped_and_says_why() -> None:
    """Regression: a known violation was listed as a passed test case."""
    walk = load_walk("symbiotic")
    law_id, known = next(iter(walk.catalogue.known_violations.items()))
    catalogue = walk.only((law_id,)).catalogue
    (law,) = catalogue.laws()
    report = SuiteReport(walk.protocol, catalogue, on_walks=Summary(1, 9, checked={law_id: 5}))
    assert outcomes(junit([], [report], None), "symbiotic")[law_id] == (
        "skipped",
        f"known violation: {law.sentence}\n{known.meaning}\ntrue instead: {known.instead}",
    )
