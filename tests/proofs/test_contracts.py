"""The source of histories keeps its contract. A source that breaks the contract is noticed, and so is a false
contract.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import proofs.histories
import proofs.state
from proofs.call_task import beginning_of, prover_of
from proofs.contracts import HistoryProof, prove_history
from proofs.history_write_contract import PushProof, prove_changes
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.solving import Answer, Status, prove

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]

THEORY = "proofs.symbiotic.theory:THEORY"

Answers = list[tuple[Any, Answer]]
Parts = dict[str, Answers]


def statuses(parts: Parts) -> set[Status]:
    return {answer.status for answers in parts.values() for _, answer in answers}


def has_refuted(parts: Iterable[Answers]) -> bool:
    """True if some obligation is refuted; the parts after it are not evaluated."""
    return any(answer.status is Status.REFUTED for answers in parts for _, answer in answers)


def test_the_history_keeps_its_contract() -> None:
    parts = prove_history()
    assert list(parts) == [
        *("beginning", "replaced", "look-up", "split", "checkpoints", "present", "push", "order", "rows")
    ]
    assert statuses(parts) == {Status.PROVED}


PLAIN = {
    "writes no checkpoint": ("        draft.put(self.checkpoints, (key, place), self._checkpoint(point, value))\n", ""),
    "another point": ("self._checkpoint(point, value))", "self._checkpoint(point + 1, value))"),
    "another place": ("self._head(place + 1, value))", "self._head(place + 2, value))"),
}


@pytest.mark.parametrize("wrong", PLAIN)
def test_a_plain_contract_that_writes_other_rows_is_refuted(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(str(proofs.state.__file__)).read_text()
    right, broken = PLAIN[wrong]
    assert source.count(right) == 1
    names: dict[str, Any] = {"__name__": "proofs.state"}
    exec(source.replace(right, broken), names)
    monkeypatch.setattr(proofs.state.History, "push", names["History"].push)
    for pushes in (1, 2):
        assert Status.REFUTED in statuses({"rows": HistoryProof(prove).rows(pushes)})


def test_the_history_keeps_the_contract_of_pushes_at_later_points_and_of_pops() -> None:
    parts = prove_changes()
    assert len(parts) == 3 + 3 * (2 + 4) + 4
    assert statuses(parts) == {Status.PROVED}


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
    assert statuses({"look-up": proof.look_up(), "checkpoints": proof.checkpoints()}) != {Status.PROVED}


PUSHES = {
    "two checkpoints at one point": ("            count -= 1\n", "            count -= 0\n"),
    "overwrites at another point": (".point == point:\n            count", ".point == point + 1:\n            count"),
    "overwrites what is earlier": (".point == point:\n            count", ".point <= point:\n            count"),
    "looks at the first": ("(key, count - 1)).point == point:", "(key, 0)).point == point:"),
    "a point later": ("Checkpoint(point, value))", "Checkpoint(point + 1, value))"),
    "another value": ("Checkpoint(point, value))", "Checkpoint(point, value + 1))"),
    "counts two": ("History(count + 1, value))", "History(count + 2, value))"),
    "writes no head": ("        draft.put(self.heads, key, History(count + 1, value))\n", ""),
    "another latest value": ("History(count + 1, value))", "History(count + 1, self.default))"),
    "overwrites the first": ("(key, count), Checkpoint(", "(key, 0), Checkpoint("),
}

POPS = {
    "takes two": ("(self.heads, key).count - 1\n        value", "(self.heads, key).count - 2\n        value"),
    "takes none": ("(self.heads, key).count - 1\n        value", "(self.heads, key).count\n        value"),
    "keeps the latest value": ("History(count, value))", "History(count, draft.get(self.heads, key).latest))"),
    "forgets all": ("value = self.default if count == 0 else", "value = self.default if count >= 0 else"),
    "forgets the default": ("value = self.default if count == 0 else", "value = 0 if count == 0 else"),
    "goes back to the first": ("(key, count - 1)).value\n        draft", "(key, 0)).value\n        draft"),
    "clears one too few": ("(key, count), self.checkpoints.default)", "(key, count - 1), self.checkpoints.default)"),
}


@pytest.mark.parametrize(
    ("change", "right", "wrong"),
    [
        *[pytest.param("push", *places, id=f"push: {name}") for name, places in PUSHES.items()],
        *[pytest.param("pop", *places, id=f"pop: {name}") for name, places in POPS.items()],
    ],
)
def test_a_push_or_a_pop_that_is_wrong_is_refuted(change: str, right: str, wrong: str, broken: "SourceCopy") -> None:
    broken.replace("spec/history.py", right, wrong)
    assert has_refuted(of_change(PushProof(prove), change))


WRONG_CONTRACTS = {
    "holds a point too late": ("if point >= row._point:", "if point > row._point:"),
    "holds always": ("if point >= row._point:", "if point >= row._point - 1:"),
    "what was is forgotten": ("                row = row._before\n", "                return row._before.latest\n"),
    "demands nothing of a push": ("z3.Or(count == 0, last_point <= at)", "z3.BoolVal(True)"),
    "demands too little of a push": ("last_point <= at)", "last_point <= at + 1)"),
    "demands nothing of a pop": ("term_of(before.count) > 0)", "z3.BoolVal(True))"),
    "never overwrites": (
        "z3.And(count > 0, last_point == at), count - 1",
        "z3.And(count < 0, last_point == at), count - 1",
    ),
    "counts none": ("Changed(place + 1, value, point, before)", "Changed(place, value, point, before)"),
    "a pop holds from now on": ("point = self.latest_point(draft, key)", "point = self.latest_point(draft, key) + 1"),
    "a default that is none": ("z3.Implies(count == 0, value == default)", "z3.Implies(count <= 1, value == default)"),
    "the latest value too early": (
        "is_latest = at >= term_of(last.point)",
        "is_latest = at >= term_of(one_before.point)",
    ),
    "the default too late": ("z3.And(count == 1, z3.Not(is_latest))", "z3.And(count >= 1, z3.Not(is_latest))"),
    "one before too early": ("z3.Not(is_latest), at >= term_of(one_before.point)", "z3.Not(is_latest)"),
    "replaces more": (
        "        _reads: Any = None\n",
        "        _reads: Any = None\n        latest = searched.is_empty\n",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_CONTRACTS)
def test_a_contract_that_says_what_the_source_does_not_do_is_refuted(wrong: str) -> None:
    source = Path(str(proofs.histories.__file__)).read_text()
    right, broken = WRONG_CONTRACTS[wrong]
    assert source.count(right) == 1
    names: dict[str, Any] = {"__name__": "proofs.histories"}
    exec(source.replace(right, broken), names)
    proof = PushProof(prove, names["use_exact_contract"])
    assert has_refuted(of_changes(proof))


def of_changes(proof: PushProof) -> Iterator[Answers]:
    """The answers about any change of a history, about a push and about a pop, part by part. Each part is proved only
    when the iterator reaches it.
    """
    yield proof.replaced()
    yield proof.past()
    yield from of_change(proof, "push")
    yield from of_change(proof, "pop")


def of_change(proof: PushProof, change: str) -> Iterator[Answers]:
    """The answers about one change of a history, "push" or "pop", part by part. Each part is proved only when the
    iterator reaches it.
    """
    yield proof.rows((change,))
    yield proof.order((change,))
    yield proof.answers((change,))
    yield proof.meaning(change)
    yield proof.others(change)


@pytest.mark.parametrize(
    ("action", "file", "right", "wrong", "demanded"),
    [
        (
            "OptInVault",
            "opt_in.py",
            "opt_ins.push(draft, opt_in, current_timestamp(draft), 1)",
            "opt_ins.push(draft, opt_in, current_timestamp(draft) - 1, 1)",
            "operator_vault_opt_ins is written after all that it holds",
        ),
        (
            "SetResolver",
            "slashing.py",
            "    RESOLVER_ORDINALS.push(draft, vault_subnetwork, timestamp, ordinal)\n",
            "    RESOLVER_ORDINALS.push(draft, vault_subnetwork, 0, ordinal)\n",
            "resolver_ordinals is written after all that it holds",
        ),
        (
            "SetResolver",
            "slashing.py",
            "    RESOLVER_ORDINALS.pop(draft, vault_subnetwork)\n",
            "    RESOLVER_ORDINALS.pop(draft, vault_subnetwork)\n" * 2,
            "resolver_ordinals has a checkpoint to take back",
        ),
    ],
)
def test_what_the_contract_demands_is_an_obligation_of_the_calls(
    action: str, file: str, right: str, wrong: str, demanded: str, broken: "SourceCopy"
) -> None:
    assert demanded_of(action, demanded) == {Status.PROVED}
    broken.replace(f"spec/symbiotic/{file}", right, wrong)
    assert Status.REFUTED in demanded_of(action, demanded)


def demanded_of(action: str, demanded: str) -> set[Status]:
    """The statuses of the obligations with the label `demanded`, in the verdict on TOTAL for one call."""
    prover = Prover(THEORY, proofs.histories.EXACT)
    total = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action)).total()
    return {answer.status for obligation, answer in total.answers if obligation.label == demanded}


def test_nothing_but_the_class_writes_its_rows() -> None:
    """Only `spec/history.py` writes the tables of histories. The other modules that name them, all listed here, only
    read them.
    """
    naming = [file for file in (ROOT / "spec").rglob("*.py") if re.search(r"\.(heads|checkpoints)\b", file.read_text())]
    readers = {
        "spec/eigenlayer/observation.py",
        "spec/symbiotic/security.py",
        "spec/symbiotic/staker_rewards.py",
    }
    places = [f"{folder}{base}" for folder in ("", "recourses/") for base in ("eigenlayer", "symbiotic")]
    watchers = {f"spec/market/{place}.py" for place in places}  # they see which rows a step wrote
    assert {str(file.relative_to(ROOT)) for file in naming} == {"spec/history.py", *readers, *watchers}
    assert [one for one in watchers if re.search(r"\.(put|push|pop)\(", (ROOT / one).read_text())] == []
    for reader in readers:
        named = [
            line for line in (ROOT / reader).read_text().splitlines() if re.search(r"\.(heads|checkpoints)\b", line)
        ]
        assert [line for line in named if not re.search(r"\.(get|rows)\(", line)] == [], reader


def test_no_call_writes_a_head_but_by_the_contract_and_none_more_than_twice() -> None:
    """Each call changes one history at most twice, so that a proof about two changes in a row covers every call."""
    changes: dict[str, set[int]] = {}
    provers: dict[tuple[str, str], Prover] = {}
    for action in prover_of(THEORY, "Deposit").protocol.actions:
        name = action.__name__
        beginning = beginning_of(THEORY, name)
        prover = provers[beginning] = provers.get(beginning) or prover_of(THEORY, name)
        heads = {history.heads.index for history in prover.histories()}
        _, _, paths = prover.paths(next(kind for kind in prover.protocol.actions if kind.__name__ == name))
        writes = [write for _, outcome in paths if prover.is_delta(outcome) for write in outcome.writes]
        changes[name] = {changed(write.row) for write in writes if write.table.index in heads}
    assert changes.pop("SetResolver") == {1, 2}
    assert set().union(*changes.values()) == {1}


def changed(row: Any) -> int:
    """The number of changes of a history in a step: those that led from the state before to this head row."""
    return 1 + changed(row._before) if hasattr(row, "_before") else 0
