"""A rule is broken on purpose, and a law is refuted by a state that replays on the broken rules."""

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

PROGRAM = """
import json, sys
from proofs.call_task import run_call
result = run_call("proofs.eigenlayer.theory:THEORY", sys.argv[1], [sys.argv[2]], 1)
verdict = result["verdicts"][sys.argv[2]]
print(json.dumps([verdict["verdict"], verdict.get("counterexample", {}).get("broken", [])]))
"""

# The bug, the call and the law whose proof must fail.
BREAKS = {
    "slash takes shares rounded up": (
        "TE-08",
        "SlashOperator",
        "SLASH-02",
    ),
    "slashed magnitude rounds down": (
        "EM-17",
        "SlashOperator",
        "SLASH-01",
    ),
    "slash forgets the encumbered magnitude": (
        "EM-21",
        "SlashOperator",
        "MAG-01",
    ),
    "pending deallocation is not slashed": (
        "TE-09",
        "SlashOperator",
        "SLASH-05",
    ),
    "payment rounds up": (
        "TE-10",
        "ClearBurnOrRedistributableSharesByStrategy",
        "ROUND-01",
    ),
    "transfer does not see that it pays itself": (
        "TE-11",
        "TransferToken",
        "CONS-01",
    ),
    "withdrawal can be completed again": (
        "EM-48",
        "CompleteQueuedWithdrawal",
        "EXIT-01",
    ),
    "withdrawal can be completed one block early": (
        "EM-44",
        "CompleteQueuedWithdrawal",
        "EXIT-01",
    ),
    "scaling factor is not reset": (
        "EM-57",
        "QueueWithdrawals",
        "LIST-02",
    ),
    "deposit ignores earlier slashes": (
        "EM-40",
        "DepositIntoStrategy",
        "DEP-01",
    ),
    "operator keeps shares that were queued": (
        "EM-49",
        "QueueWithdrawals",
        "QUEUE-01",
    ),
    "allocation exceeds the max magnitude": (
        "TE-12",
        "ModifyAllocations",
        "MAG-02",
    ),
    "window of the queue one block short": (
        "EM-24",
        "SlashOperator",
        "SLASH-04",
    ),
    "history is written one block late": (
        "EM-22",
        "SlashOperator",
        "TOTAL",
    ),
}

LONG = {"slash takes shares rounded up", "window of the queue one block short", "history is written one block late"}
"""The bugs whose refutation takes minutes each. They are tried only with RESTAKE_LONG=1, as in the weekly workflow."""

SLOW = {"pending deallocation is not slashed", "slashed magnitude rounds down"}

NAMES = [
    pytest.param(name, marks=pytest.mark.nightly) if name in SLOW else name
    for name in BREAKS
    if name not in LONG or "RESTAKE_LONG" in os.environ
]


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_rule_is_refuted(name: str, source_copy: "SourceCopy") -> None:
    bug, action, law_id = BREAKS[name]
    source_copy.plant(bug)
    verdict, broken = json.loads(source_copy.run(PROGRAM, action, law_id))
    assert verdict == "REFUTED"
    assert broken if law_id == "TOTAL" else law_id in broken


def test_the_unbroken_copy_is_proved(source_copy: "SourceCopy") -> None:
    assert json.loads(source_copy.run(PROGRAM, "TransferToken", "CONS-01"))[0] == "PROVED"
