"""Decisions, files that accept a difference: what they accept, and when a wrong one fails the run."""

from pathlib import Path

import attrs
import pytest

from gate.changes import Change
from gate.decisions import Decision, DecisionError, Ruling, numbers, read_decisions, rule, version_of, write_decision
from gate.verdicts import ActionReport

pytestmark = pytest.mark.source

CHANGE = Change(("spec.x", "f"), "spec/x.py", 3, 9, ("old", "new"))


def report() -> ActionReport:
    return ActionReport("p", "Deposit", "STRICTER", changes=[CHANGE])


DECISION = Decision(report().fingerprint, "p", "Deposit", "STRICTER", 'as "agreed"\nby all', "2.0")


def ruled(decisions: list[Decision], base: list[Decision], version: str = "1.0") -> tuple[Ruling, ActionReport]:
    found = report()
    by_name = [{f"{each.fingerprint}.toml": each for each in given} for given in (decisions, base)]
    return rule([found], by_name[0], by_name[1], version, frozenset({"p"})), found


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = write_decision(tmp_path / "decisions", DECISION)
    assert read_decisions(path.parent) == {f"{DECISION.fingerprint}.toml": DECISION}
    assert read_decisions(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("why", "", "why: expected text, found None"),
        ("why", 'why = " "', "why: expected text, found ' '"),
        ("until", 'until = "soon"', "until: expected a version, found 'soon'"),
        ("verdict", "verdict = 3", "verdict: expected text, found 3"),
        ("until", 'who = "me"', "who: unknown field"),
        ("fingerprint", 'fingerprint = "xyz"', "fingerprint: expected 12 hexadecimal digits, found 'xyz'"),
        ("fingerprint", 'fingerprint = "000000000000"', "fingerprint: 000000000000 is not the name of the file"),
        ("fingerprint", "fingerprint =", "Invalid value (at line 1, column 14)"),
    ],
)
def test_a_malformed_decision_is_refused_with_its_field(tmp_path: Path, field: str, text: str, said: str) -> None:
    path = write_decision(tmp_path, DECISION)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([text if line.startswith(f"{field} =") else line for line in lines]))
    with pytest.raises(DecisionError) as refused:
        read_decisions(tmp_path)
    assert str(refused.value) == f"{path}: {said}"


def test_a_decision_accepts_its_difference_alone() -> None:
    ruling, found = ruled([DECISION], [])
    assert (ruling, found.accepted_by) == (Ruling((), ()), f"{DECISION.fingerprint}.toml")


def test_a_decision_that_matches_nothing_fails_unless_the_base_has_it() -> None:
    other = attrs.evolve(DECISION, fingerprint="0" * 12)
    ruling, found = ruled([other], [])
    said = "000000000000.toml: matches no difference any more (p Deposit: STRICTER): delete it"
    assert (ruling, found.accepted_by) == (Ruling((said,), ()), "")
    assert ruled([other], [other])[0] == Ruling((), ("000000000000.toml",))
    assert ruled([other], [attrs.evolve(other, why="otherwise")])[0] == Ruling((said,), ())


@pytest.mark.parametrize("field", ["protocol", "action", "verdict"])
def test_a_decision_that_says_another_thing_accepts_nothing(field: str) -> None:
    """Reviewers read a decision's words. So its protocol, action and verdict must be those of the difference that has
    its fingerprint.
    """
    decision = attrs.evolve(DECISION, **{field: "other"})
    ruling, found = ruled([decision], [])
    said = f"{decision.protocol} {decision.action}: {decision.verdict}"
    assert ruling.problems == (f"{found.fingerprint}.toml: says {said}, and is of p Deposit: STRICTER",)
    assert found.accepted_by == ""


@pytest.mark.parametrize(("field", "text"), [("why", ""), ("why", " "), ("until", "soon")])
def test_a_decision_that_could_not_be_read_is_not_written(tmp_path: Path, field: str, text: str) -> None:
    with pytest.raises(DecisionError):
        write_decision(tmp_path / "decisions", attrs.evolve(DECISION, **{field: text}))
    assert not (tmp_path / "decisions").exists()


def test_a_decision_is_past_its_version() -> None:
    said = f"{DECISION.fingerprint}.toml: holds until 2.0, and this is 2.0.1"
    ruling, found = ruled([DECISION], [DECISION], "2.0.1")
    assert (ruling, found.accepted_by) == (Ruling((said,), ()), "")


def test_what_is_unknown_cannot_be_accepted() -> None:
    found = attrs.evolve(report(), verdict="UNKNOWN")
    name = f"{found.fingerprint}.toml"
    decision = attrs.evolve(DECISION, fingerprint=found.fingerprint)
    ruling = rule([found], {name: decision}, {}, "1.0", frozenset({"p"}))
    assert (ruling, found.accepted_by) == (Ruling((f"{name}: what is UNKNOWN cannot be accepted",), ()), "")


def test_a_fingerprint_is_of_what_changed_and_not_of_where_it_stands() -> None:
    moved = ActionReport("p", "Deposit", "STRICTER", changes=[attrs.evolve(CHANGE, line=30, last_line=36)])
    assert moved.fingerprint == report().fingerprint
    for other in (
        ActionReport("p", "Deposit", "LAXER", changes=[CHANGE]),
        ActionReport("p", "Deposit", "STRICTER", changes=[attrs.evolve(CHANGE, digests=("old", "newer"))]),
    ):
        assert other.fingerprint != report().fingerprint


def test_versions_are_compared_by_their_numbers(tmp_path: Path) -> None:
    assert [numbers(text) for text in ("2.10", "v0.4.0", "1.2rc1")] == [[2, 10], [0, 4, 0], [1, 2]]
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "3.1"\n')
    assert version_of(tmp_path) == "3.1"
    assert version_of(tmp_path / "nowhere") == ""
