"""Counts of runs add up, and verdicts follow from the counts."""

from typing import TYPE_CHECKING

import attrs
import pytest

from harness.protocols import load_walk
from harness.suite import Broken, Finding, SuiteReport, Summary
from harness.summary import checked, not_reached
from invariants.law import Catalogue, KnownViolation
from invariants.walker import random_walk

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")

POOL = "pool_laws:WALK"


def summary(seed: int, law: str = "LAW-01") -> Summary:
    """A summary of one run of which every count depends on `seed`."""
    return Summary(
        1,
        seed,
        2 * seed,
        {"Deposit": seed, f"Only{seed}": 1},
        {"Slash": {"NotYou": seed, f"Only{seed}": 1}},
        {law: seed},
        {"SEEN": 1},
        {law: 1},
        {law: Broken(law, "'x'", "walk", seed, 7)},
    )


def test_summaries_add_up_and_keep_the_first_that_broke() -> None:
    first, second, third = summary(1), summary(20), summary(300, "LAW-02")
    assert first + second + third == Summary(
        3,
        321,
        642,
        {"Deposit": 321, "Only1": 1, "Only20": 1, "Only300": 1},
        {"Slash": {"NotYou": 321, "Only1": 1, "Only20": 1, "Only300": 1}},
        {"LAW-01": 21, "LAW-02": 300},
        {"SEEN": 3},
        {"LAW-01": 2, "LAW-02": 1},
        {"LAW-01": Broken("LAW-01", "'x'", "walk", 1, 7), "LAW-02": Broken("LAW-02", "'x'", "walk", 300, 7)},
    )
    assert (first + second) + third == first + (second + third)
    assert first + Summary() == Summary() + first == first
    assert (first + second + third).by_reason() == {"NotYou": 321, "Only1": 1, "Only20": 1, "Only300": 1}


def suite(on_walks: Summary, is_cut_short: bool = False) -> SuiteReport:
    walk = load_walk(POOL)
    return SuiteReport(walk.protocol, walk.catalogue, on_walks=on_walks, is_cut_short=is_cut_short)


CHECKED = {"POOL-01": 5, "POOL-02": 4, "POOL-03": 1}
ACCEPTED = {"Deposit": 3, "Withdraw": 2, "Slash": 1}
REJECTED = {"Slash": {"NotTheService": 2, "InvalidFraction": 1}, "Withdraw": {"NotEnoughShares": 1}}
GOOD = Summary(2, 10, 2, ACCEPTED, REJECTED, CHECKED, {"POOL-W1": 6})


def test_the_matrix_says_what_the_counts_say() -> None:
    report = suite(GOOD)
    report.on_traces = Summary(1, 4, 1, checked={"POOL-01": 2}, seen={"POOL-W1": 0})
    report.by_hypothesis = Summary(3, 30, 3, checked={"POOL-02": 9}, seen={"POOL-W1": 1})
    rows = [attrs.astuple(row)[:2] + attrs.astuple(row)[4:] for row in report.rows()]
    assert rows == [
        ("POOL-01", "state", 6, 2, 5, 0, 0, 0, "held", None, None, {}),
        ("POOL-02", "step", None, 0, 4, 9, 0, 0, "held", None, None, {}),
        ("POOL-03", "rejection", None, 0, 1, 0, 0, 0, "held", None, None, {}),
        ("POOL-W1", "witness", None, 0, 6, 1, 0, 0, "reached", None, None, {}),
    ]
    assert report.holds


def test_a_broken_law_is_violated_and_one_that_was_never_checked_is_vacuous() -> None:
    report = suite(attrs.evolve(GOOD, checked={"POOL-01": 1, "POOL-03": 1}, broken={"POOL-03": 2}, seen={}))
    assert [row.verdict for row in report.rows()] == ["held", "VACUOUS", "VIOLATED", "NOT REACHED"]
    assert [row.broken for row in report.rows()] == [0, 0, 2, 0]
    assert report.failures() == ["violated: POOL-03", "never checked: POOL-02"]
    assert not report.holds


def test_vacuity_is_a_failure_unless_the_run_was_cut_short() -> None:
    vacuous = attrs.evolve(GOOD, checked={"POOL-01": 1})
    assert not suite(vacuous).holds
    assert suite(vacuous, is_cut_short=True).holds
    assert not suite(attrs.evolve(vacuous, broken={"POOL-01": 1}), is_cut_short=True).holds


def test_what_an_earlier_run_found_and_still_breaks_is_violated() -> None:
    report = suite(GOOD)
    report.findings["POOL-02"] = Finding("POOL-02", "", "", "an earlier run", 3, "x.json", "restake replay x.json")
    assert [row.verdict for row in report.rows()] == ["held", "VIOLATED", "held", "reached"]
    assert not report.holds


@pytest.mark.parametrize(
    ("summary", "gaps"),
    [
        (GOOD, {"reasons never given": ["NoSharesForAmount"]}),
        (attrs.evolve(GOOD, rejected={"Deposit": {"NoSharesForAmount": 1}, **REJECTED}), {}),
        (
            attrs.evolve(GOOD, accepted={"Deposit": 1}, rejected={}, seen={}),
            {
                "actions never accepted": ["Withdraw", "Slash"],
                "reasons never given": ["NoSharesForAmount", "NotEnoughShares", "NotTheService", "InvalidFraction"],
                "witnesses never seen": ["POOL-W1"],
            },
        ),
    ],
)
def test_what_never_happened_is_named_and_a_failure_only_where_it_is_judged(
    summary: Summary, gaps: dict[str, list[str]]
) -> None:
    report = suite(summary)
    assert {what: names for what, names in report.gaps().items() if names} == gaps
    assert report.holds
    report.judges_coverage = True
    assert report.failures() == [f"{what}: {', '.join(names)}" for what, names in gaps.items()]
    assert report.holds == (not gaps)


def test_what_is_out_of_reach_is_no_gap() -> None:
    whole = suite(Summary(accepted={"Deposit": 3}))
    assert {what: len(names) for what, names in whole.gaps().items()}["actions never accepted"] == 2
    without = attrs.evolve(whole, out_of_reach={"Withdraw": "a", whole.gaps()["reasons never given"][0]: "b"})
    assert without.gaps()["actions never accepted"] == ["Slash"]
    assert without.gaps()["reasons never given"] == whole.gaps()["reasons never given"][1:]
    assert whole.failures() == ["never checked: POOL-01, POOL-02, POOL-03"]
    assert attrs.evolve(whole, out_of_reach={"POOL-01": "a", "POOL-03": "a"}).failures() == ["never checked: POOL-02"]


def test_what_was_asked_for_by_name_must_be_reached() -> None:
    """Regression: a law that was asked for by name, and that no run need reach, was never checked and called held."""
    whole = suite(Summary(accepted={"Deposit": 3}, checked={"POOL-02": 1, "POOL-03": 1}))
    excused = attrs.evolve(whole, out_of_reach={"POOL-01": "a"})
    asked = attrs.evolve(excused, asked=("POOL-01",))
    assert (excused.failures(), excused.excused()) == ([], {"a": ["POOL-01"]})
    assert (asked.failures(), asked.excused()) == (["never checked: POOL-01"], {})
    assert attrs.evolve(asked, is_cut_short=True).failures() == []
    witness = attrs.evolve(excused, asked=("POOL-W1",))
    assert witness.failures() == ["witnesses never seen: POOL-W1"]
    assert [line.partition(":")[0] for line in not_reached(witness)] == [
        "actions never accepted",
        "reasons never given",
        "(no failure",
    ]
    assert attrs.evolve(witness, is_cut_short=True).failures() == []


def test_what_need_not_be_reached_is_told_with_why_if_it_was_not() -> None:
    whole = suite(Summary(accepted={"Deposit": 3}))
    excused = attrs.evolve(whole, out_of_reach={"Withdraw": "a", "POOL-01": "a", "Deposit": "b"})
    assert excused.excused() == {"a": ["Withdraw", "POOL-01"]}
    assert checked(excused)[1:] == ["not reached, a: Withdraw, POOL-01"]
    assert excused.as_json()["out_of_reach"] == {"Withdraw": "a", "POOL-01": "a", "Deposit": "b"}


def test_coverage_counts_traces_and_what_is_drawn_apart() -> None:
    report = suite(GOOD)
    report.on_traces = Summary(1, 4, 1, {"Slash": 2}, {"Slash": {"InvalidFraction": 1}})
    slash = report.actions()[2]
    assert attrs.astuple(slash) == ("Slash", 2, 1, 1, 3)
    assert (slash.is_accepted, slash.acceptance_rate) == (True, 0.25)
    assert report.actions()[0].acceptance_rate == 1
    assert [attrs.astuple(row) for row in report.reasons()] == [
        ("NoSharesForAmount", 0, 0),
        ("NotEnoughShares", 0, 1),
        ("NotTheService", 0, 2),
        ("InvalidFraction", 1, 1),
    ]
    assert attrs.evolve(slash, accepted=0, rejected=0).acceptance_rate is None


def test_only_some_laws_are_checked_and_no_other_one_ends_the_walk(mistaken: "Mistaken") -> None:
    walk = load_walk(mistaken())
    assert walk.only(()) is walk
    assert {violation.law.law_id for violation in random_walk(walk, 2, 400).violations} == {"POOL-01", "POOL-02"}
    report = random_walk(walk.only(("POOL-03", "POOL-W1")), 2, 400)
    assert (report.violations, report.steps, set(report.checked), set(report.seen)) == (
        [],
        400,
        {"POOL-03"},
        {"POOL-W1"},
    )


def test_a_law_that_is_known_to_be_false_is_neither_green_nor_red() -> None:
    known = load_walk(POOL).catalogue
    false = {"POOL-02": KnownViolation("POOL-01", "x.json", "Nothing.")}
    catalogue = Catalogue(known.sums, known.state_laws, known.step_laws, known.rejection_laws, known.witnesses, false)
    report = SuiteReport(load_walk(POOL).protocol, catalogue, on_walks=attrs.evolve(GOOD, known_broken={"POOL-02": 3}))
    assert [(row.verdict, row.broken) for row in report.rows()] == [
        ("held", 0),
        ("known violation", 3),
        ("held", 0),
        ("reached", 0),
    ]
    assert report.holds
    never = SuiteReport(report.protocol, catalogue, on_walks=attrs.evolve(GOOD, checked={"POOL-01": 1, "POOL-03": 1}))
    assert never.failures() == ["never checked: POOL-02"]
