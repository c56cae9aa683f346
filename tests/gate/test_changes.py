"""Prepared changes, each with the verdict that a person who knows it would give. Refactorings are EQUIVALENT by proof;
every other change has a difference that replays.

All of them take most of an hour and run every night; otherwise two are judged.
"""

import os
from pathlib import Path

import pytest

from tests.gate.prepared import Prepared, found, judged, prepared

pytestmark = [pytest.mark.source, pytest.mark.serial]

CHANGES = prepared()
FEW = ("R-03", "C-15")
"""The ids of the changes that are judged in every test run, in a few seconds each."""

IS_LONG = os.environ.get("RESTAKE_LONG") == "1"


def test_there_are_enough_of_each() -> None:
    refactorings = [change for change in CHANGES if change.change_id.startswith("R-")]
    assert (len(CHANGES), len(refactorings)) == (32, 15)
    assert {word for change in refactorings for word in change.expect.values()} == {"EQUIVALENT"}
    assert {word for change in CHANGES for word in change.expect.values()} == {
        "EQUIVALENT",
        "STRICTER",
        "LAXER",
        "DIFFERS",
    }
    assert {change.protocol for change in refactorings} == {"eigenlayer", "symbiotic"}


@pytest.mark.parametrize(
    "change",
    [change for change in CHANGES if IS_LONG or change.change_id in FEW],
    ids=lambda change: change.change_id,
)
def test_a_change_is_judged_as_by_a_person(change: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    report = judged(change, tmp_path, 900.0)
    assert (report.problem, found(report)) == ("", change.expect)
    for action in report.actions:
        assert action.proof is None or action.verdict != "EQUIVALENT" or not action.proof.why
        assert action.is_harmless or action.differences
        assert all(each.witness is not None or each.shown is not None for each in action.differences)
