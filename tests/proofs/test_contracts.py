"""The contracts of histories are kept by their source; a source that breaks them is noticed, and a contract that says
something else.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import z3

import proofs.histories
from proofs.contracts import HistoryProof, prove_history
from proofs.obligations import Prover
from proofs.proving import CallProof
from proofs.pushes import PushProof, prove_changes
from proofs.solving import Answer, Status, prove

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]


def unproved(parts: dict[str, list[tuple[Any, Answer]]]) -> set[str]:
    return {part for part, answers in parts.items() if {answer.status for _, answer in answers} != {Status.PROVED}}


def test_the_history_keeps_its_contract() -> None:
    parts = prove_history()
    assert list(parts) == ["look-up", "split", "checkpoints", "present", "push", "order"]
    assert unproved(parts) == set()


def test_the_history_keeps_the_contract_of_pushes_at_later_points_and_of_pops() -> None:
    parts = prove_changes()
    assert len(parts) == 3 + 3 * (2 + 4) + 4
    assert unproved(parts) == set()


@pytest.fixture
def broken(source_copy: "SourceCopy", monkeypatch: pytest.MonkeyPatch) -> "SourceCopy":
    monkeypatch.syspath_prepend(str(source_copy.folder))
    return source_copy


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(key, middle)).point > point", "(key, middle)).point >= point"),
        ("(key, low)).point > point", "(key, low)).point < point"),
        ("low = middle + 1", "low = middle"),
        ("(key, low - 1)).value", "(key, low)).value"),
        ("if low == 0:", "if low == 1:"),
        ("low = max(low + 1, 0)", "low = max(low + 1, 1)"),
        ("(key, high)).point <= point", "(key, high)).point < point"),
        ("            return head.latest\n", "            return self.default\n"),
        ("            return self.default\n", "            return head.latest\n"),
    ],
)
def test_a_look_up_that_is_wrong_is_not_proved(right: str, wrong: str, broken: "SourceCopy") -> None:
    broken.replace("spec/history.py", right, wrong)
    proof = HistoryProof(prove)
    assert unproved({"look-up": proof.look_up(), "checkpoints": proof.checkpoints()}) != set()


PUSHES = {
    "two checkpoints at one point": ("            count -= 1\n", "            count -= 0\n"),
    "never overwrites": (".point == point:\n            count -= 1", ".point == point + 1:\n            count -= 1"),
    "overwrites what is earlier": (".point == point:\n            count -= 1", ".point <= point:\n            count -= 1"),
    "looks at the first": ("(key, count - 1)).point == point:", "(key, 0)).point == point:"),
    "at the next point": ("Checkpoint(point, value))", "Checkpoint(point + 1, value))"),
    "another value": ("Checkpoint(point, value))", "Checkpoint(point, value + 1))"),
    "counts one more": ("History(count + 1, value))", "History(count + 2, value))"),
    "no new head": ("        draft.put(self.heads, key, History(count + 1, value))\n", ""),
    "another latest value": ("History(count + 1, value))", "History(count + 1, self.default))"),
    "another key": ("draft.put(self.checkpoints, (key, count), Checkpoint(", "draft.put(self.checkpoints, (key, 0), Checkpoint("),
}
POPS = {
    "takes two": ("(self.heads, key).count - 1\n        value", "(self.heads, key).count - 2\n        value"),
    "takes none": ("(self.heads, key).count - 1\n        value", "(self.heads, key).count\n        value"),
    "keeps the latest value": ("History(count, value))", "History(count, draft.get(self.heads, key).latest))"),
    "forgets all": ("value = self.default if count == 0 else", "value = self.default if count >= 0 else"),
    "forgets the default": ("value = self.default if count == 0 else", "value = 0 if count == 0 else"),
    "the value of the first": ("else draft.get(self.checkpoints, (key, count - 1)).value\n", "else draft.get(self.checkpoints, (key, 0)).value\n"),
    "clears one too few": ("(key, count), self.checkpoints.default)", "(key, count - 1), self.checkpoints.default)"),
}


@pytest.mark.parametrize("wrong", PUSHES)
def test_a_push_that_is_wrong_is_not_proved(wrong: str, broken: "SourceCopy") -> None:
    broken.replace("spec/history.py", *PUSHES[wrong])
    print(of("push"))
    assert of("push") != set()


@pytest.mark.parametrize("wrong", POPS)
def test_a_pop_that_is_wrong_is_not_proved(wrong: str, broken: "SourceCopy") -> None:
    broken.replace("spec/history.py", *POPS[wrong])
    print(of("pop"))
    assert of("pop") != set()


def of(change: str) -> set[str]:
    """The parts about one push or pop that are not proved."""
    proof = PushProof(prove)
    return unproved(
        {
            "rows": proof.rows((change,)),
            "order": proof.order((change,)),
            "answers": proof.answers((change,)),
            "meaning": proof.meaning(change),
            "others": proof.others(change),
        }
    )
