"""The gate's judgement: a solver's difference counts only if it replays, and a new version that fails is reported as
failing.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.judging import Budget, Judge, Prove, deciding, shared
from gate.starting import NotRunningError, clean_environment
from gate.subject import subject_of
from gate.verdicts import KINDS, ActionReport, ProtocolReport, verdict_of
from gate.versions import Version
from harness.protocols import pack_at
from harness.shrinking import shrink_by
from tests.gate.prepared import ROOT

pytestmark = pytest.mark.source

POOL = ROOT / "docs" / "third_protocol"
STRICTER = ("    if shares == 0:", "    if shares <= 1:")
SAME_RULE = ("    if shares == 0:", "    if not shares > 0:")
PROVED: dict[str, Any] = {
    "kinds": {"answers": {"PROVED": 3}},
    "labels": {},
    "scope": [],
    "laws": ["POOL-01"],
    "shown": {},
}

Judged = Callable[..., ProtocolReport]


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    """A fixture: a function that applies one change of text to the staking pool, and returns the gate's report with a
    given prover.

    Afterwards the fixture checks that no process of the versions is left.
    """
    monkeypatch.syspath_prepend(str(POOL))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    clean_environment()

    def judge(change: tuple[str, str], prove: Prove, seconds: float = 60.0, answer: float = 20.0) -> ProtocolReport:
        versions = []
        for name in ("base", "head"):
            shutil.copytree(POOL, tmp_path / name)
            versions.append(Version(name, "0" * 40, tmp_path / name))
        path = tmp_path / "head" / "staking_pool.py"
        assert path.read_text().count(change[0]) == 1
        path.write_text(path.read_text().replace(*change))
        budget = Budget(seconds, 1, lambda: False, answer)
        subject = subject_of(pack_at("pool_pack:PACK"), versions[0])
        return Judge(subject, versions[0], versions[1], budget, shrink_by, prove).report()

    yield judge
    assert [
        word
        for word in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.split()
        if word.startswith(str(tmp_path))
    ] == []


def says(answer: dict[str, Any]) -> Prove:
    return lambda *_: answer


def deposits(report: ProtocolReport) -> ActionReport:
    (found,) = [action for action in report.actions if action.verdict != "SAME"]
    assert (report.protocol, found.action, len(report.actions)) == ("staking_pool", "Deposit", 3)
    return found


def test_a_difference_of_the_solver_that_does_not_replay_is_none(judged: Judged) -> None:
    lie = {
        **PROVED,
        "kinds": {"stricter": {"REFUTED": 1}},
        "labels": {"stricter": ["accepted -> NoSharesForAmount"]},
        "shown": {
            "stricter": {
                "label": "accepted -> NoSharesForAmount",
                "state": {},
                "call": {"is": "staking_pool.Deposit", "sender": "staker0", "amount": "5"},
                "question": "(check-sat)",
            }
        },
    }
    found = deposits(judged(SAME_RULE, says(lie)))
    assert (found.verdict, found.differences) == ("UNKNOWN", ())
    assert found.why == "neither proved nor refuted: stricter"
    assert "a difference of the solver's does not replay: stricter, accepted -> NoSharesForAmount" in found.notes


def test_a_field_that_one_version_has_makes_no_difference_of_the_solvers() -> None:
    row: list[Any] = [["pool", "", {"is": "p.Pool", "stake": "0"}, {"is": "p.Pool", "stake": "1"}]]
    more: list[Any] = [["pool", "", {"is": "p.Pool", "stake": "0", "x": "0"}, {"is": "p.Pool", "stake": "1", "x": "2"}]]
    fields = {"pool": ["stake"]}
    base: dict[str, Any] = {"answer": "accepted", "returns": None, "rows": row}
    head: dict[str, Any] = {**base, "rows": more}
    assert shared(base, fields) == shared(head, fields)
    assert shared(base, fields)["rows"] == [["pool", "", {"stake": "0"}, {"stake": "1"}]]
    assert shared({**head, "rows": [["pool", "", more[0][2], {**more[0][2], "x": "1"}]]}, fields)["rows"] == []
    assert shared({**head, "answer": "TooMuch"}, fields) != shared(base, fields)


def test_a_proof_that_a_trace_contradicts_is_not_believed(judged: Judged) -> None:
    found = deposits(judged(STRICTER, says(PROVED)))
    assert found.verdict == "STRICTER"
    assert found.notes == ["stricter: met, where the proof says never"]
    (difference,) = found.differences
    assert difference.witness is not None
    assert (len(difference.witness.calls), difference.witness.answers) == (1, ("accepted", "NoSharesForAmount"))


def test_what_was_not_proved_is_unknown_however_often_it_was_played(judged: Judged) -> None:
    found = deposits(judged(SAME_RULE, says({"unlifted": "nobody knows"})))
    assert (found.verdict, found.why) == ("UNKNOWN", "no proof: nobody knows")
    assert found.calls > 50
    assert found.scripts > 5


def test_an_engine_that_leaves_cases_out_proves_nothing(judged: Judged) -> None:
    cut = {**PROVED, "kinds": {"engine": {"REFUTED": 1}}, "labels": {"engine": ["Deposit: some path is taken"]}}
    found = deposits(judged(SAME_RULE, says(cut)))
    assert (found.verdict, found.why) == ("UNKNOWN", "no proof: not shown of the head: Deposit: some path is taken")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("POOL: Final", "POOL = nothing\nPOOL: Final"), "cannot be run: died: ended with exit code 1"),
        (("POOL: Final", "def (:\nPOOL: Final"), "cannot be read: staking_pool.py:70: invalid syntax"),
    ],
)
def test_a_head_that_does_not_import_is_not_judged(judged: Judged, change: tuple[str, str], said: str) -> None:
    report = judged(change, says(PROVED))
    assert report.problem.startswith(said)
    assert ("POOL = nothing" in report.problem or "NameError" in report.problem) is ("nothing" in change[1])
    assert (report.verdict, report.actions) == ("UNKNOWN", [])


def test_a_head_that_never_returns_is_unknown(judged: Judged) -> None:
    forever = ("    if shares == 0:", "    while action.amount == 7:\n        pass\n    if shares == 0:")
    found = deposits(judged(forever, says({"unlifted": "the time was up"}), 60.0, 1.0))
    assert (found.verdict, found.differences) == ("UNKNOWN", ())
    assert found.why.startswith("the head did not answer: late: no answer to apply within")


def test_a_rule_that_raises_differs(judged: Judged) -> None:
    raising = ("    if shares == 0:", "    assert action.amount != 7\n    if shares == 0:")
    found = deposits(judged(raising, says({"unlifted": "nobody knows"})))
    assert found.verdict == "DIFFERS"
    assert [each.kind for each in found.differences] == ["raises"]


@pytest.mark.parametrize(
    ("kinds", "word"),
    [
        (["stricter"], "STRICTER"),
        (["stricter", "reason"], "STRICTER"),
        (["laxer", "reason"], "LAXER"),
        (["reason"], "DIFFERS"),
        (["stricter", "laxer"], "DIFFERS"),
        (["stricter", "answers"], "DIFFERS"),
        (["raises"], "DIFFERS"),
    ],
)
def test_a_verdict_is_made_of_kinds(kinds: list[str], word: str) -> None:
    assert verdict_of(kinds) == word


@pytest.mark.parametrize(
    ("seen", "open_kinds", "left"),
    [
        ([], ["reason", "answers"], {"reason", "answers"}),
        (["stricter"], ["reason", "laxer", "answers"], {"laxer", "answers"}),
        (["reason"], KINDS, {"stricter", "laxer"}),
        (["answers"], KINDS, set()),
    ],
)
def test_the_open_kinds_that_decide_are_those_that_change_the_verdict(
    seen: list[str], open_kinds: list[str], left: set[str]
) -> None:
    assert deciding(seen, open_kinds) == left


def test_a_proof_that_can_change_no_verdict_is_ended(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.judging.SETTLED_SECONDS", 0.2)

    def prove(*asked: Any) -> dict[str, Any]:
        while not asked[-1]():
            time.sleep(0.05)
        return {"unlifted": "stopped"}

    found = deposits(judged(("    if shares == 0:", "    if shares / 0 == 0:"), prove, seconds=600.0))
    assert (found.verdict, found.proof.why if found.proof else "") == (
        "DIFFERS",
        "no proof: the verdict was settled by what was met",
    )


def test_a_kind_that_is_open_beside_what_was_met_is_told(judged: Judged) -> None:
    still_open = {**PROVED, "kinds": {"answers": {"PROVED": 2, "UNKNOWN": 1}}}
    found = deposits(judged(STRICTER, says(still_open)))
    assert found.verdict == "STRICTER"
    assert "answers: neither proved nor refuted" in found.notes


def test_an_interruption_while_a_run_is_shortened_leaves_the_run_as_it_was_met(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[bool] = []

    def shorten(*_: Any) -> None:
        interrupted.append(True)
        raise NotRunningError("stopped")

    monkeypatch.setattr("gate.judging.shortest", shorten)
    monkeypatch.setattr(Judge, "stops", lambda _judge: bool(interrupted))
    found = deposits(judged(STRICTER, says({"unlifted": "stopped"})))
    (difference,) = found.differences
    assert difference.witness is not None
    assert (found.verdict, difference.witness.answers, difference.witness.claim) == (
        "STRICTER",
        ("accepted", "NoSharesForAmount"),
        "",
    )
