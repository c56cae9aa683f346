"""Loops over lists of any length: a law that each iteration keeps is proved, one that only the first keeps is not."""

from collections.abc import Callable
from typing import Any

import pytest

from proofs import folded, paths, solving
from proofs.call_task import prove_laws
from proofs.cross_check import Opinions
from proofs.eigenlayer.listings import prove_without
from proofs.folded import FoldedProof
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.solving import Status

pytestmark = pytest.mark.source


def call_proof(action: str, theory: str = "THEORY") -> CallProof:
    prover = Prover(f"tests.proofs.loops:{theory}")
    return CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))


def statuses(proof: CallProof) -> dict[str, str]:
    laws = proof.prover.theory.state_laws()
    return {"TOTAL": proof.total().status, **{law.law_id: proof.verdict(law).status for law in laws}}


ALL: dict[str, str] = dict.fromkeys(["TOTAL", "MADE", "LOST", "FLAG", "ONCE", "FLAGS"], "PROVED")


@pytest.mark.parametrize("action", ["PayTogether", "Drop"])
def test_what_each_element_keeps_is_proved_of_lists_of_any_length(action: str) -> None:
    proof = call_proof(action)
    assert statuses(proof) == ALL
    assert proof.folded is not None
    scopes = [proof.verdict(law).scopes for law in proof.prover.theory.state_laws()]
    assert scopes == [set()] * len(scopes)


@pytest.mark.parametrize(
    ("action", "theory", "unproved"),
    [
        pytest.param("PaySecond", "THEORY", {"MADE"}, id="only the second element breaks it"),
        pytest.param("PayAfter", "THEORY", {"MADE"}, id="an element reads what an earlier one wrote"),
        pytest.param("PayGroupsAfter", "THEORY", {"MADE"}, id="written before an inner list"),
        pytest.param("PayOnce", "THEORY", {"MADE"}, id="a list names one account twice"),
        pytest.param("PayTogetherLess", "THEORY", {"MADE"}, id="a local is carried"),
        pytest.param("PayAndStop", "THEORY", {"LOST"}, id="a return in the middle"),
        pytest.param("DropStale", "THEORY", {"FLAG", "TOTAL"}, id="a list that the body changes, read before"),
        pytest.param("PayTogether", "WITHOUT", {"MADE"}, id="the laws do not hold in the middle"),
        pytest.param("PayTogether", "FORGETTING", {"TOTAL"}, id="a fold gives back other rows"),
        pytest.param("PayTogether", "HASTENING", {"TOTAL"}, id="a fold knows what one element keeps"),
    ],
)
def test_what_one_element_keeps_and_two_do_not_is_not_proved(action: str, theory: str, unproved: set[str]) -> None:
    """Each law holds for lists with one element, so that only the induction over the list can fail."""
    proof = call_proof(action, theory)
    found = {law_id for law_id, status in statuses(proof).items() if status != "PROVED"}
    assert found >= unproved
    laws = [law for law in proof.prover.theory.state_laws() if law.law_id in unproved]
    assert [proof.state_law(law).status for law in laws] == ["PROVED"] * len(laws)
    assert set(statuses(proof).values()) <= {"PROVED", "UNKNOWN"}


def test_a_number_of_a_call_that_may_be_negative_may_be_so_beside_lists_of_any_length() -> None:
    """Calls with negative amounts are included. Otherwise a law would be proved of only half of the calls."""
    assert {law_id for law_id, status in statuses(call_proof("Grant")).items() if status == "REFUTED"} == {"MADE"}


@pytest.mark.parametrize("action", ["PayGathered", "PayAliased"])
def test_a_list_that_a_loop_fills_is_not_read(action: str) -> None:
    proof = call_proof(action)
    with pytest.raises(UnliftableError, match=r"gathered is counted|may change in a loop unnoticed"):
        assert proof.folded


def test_what_is_not_listed_is_not_taken_out() -> None:
    assert call_proof("DropTwice").folded.total().status == "UNKNOWN"  # type: ignore[union-attr]  # there is one


@pytest.fixture
def first_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture: only the first solver is asked. The others would search long for proofs that do not exist."""
    monkeypatch.setattr(solving, "PORTFOLIO", solving.PORTFOLIO[:1])


@pytest.mark.usefixtures("first_solver")
def test_that_a_name_is_taken_out_of_a_list_is_proved_of_the_source() -> None:
    prover = Prover("tests.proofs.loops:THEORY")
    assert prove_without(prover).status == "PROVED"


@pytest.mark.usefixtures("first_solver")
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda listed, _removed: listed[:-1], id="the last goes"),
        pytest.param(lambda listed, removed: tuple([removed for _ in listed[:-1]]), id="it stays"),
        pytest.param(lambda listed, _removed: tuple([listed[-1] for _ in listed[:-1]]), id="the others go"),
    ],
)
def test_another_way_to_take_a_name_out_is_not_proved(wrong: Callable[[Any, Any], Any]) -> None:
    prover = Prover("tests.proofs.loops:THEORY")
    prover.world.modules["spec.eigenlayer.staking"].__dict__["without_by_source"] = wrong
    assert prove_without(prover).status != "PROVED"


def test_a_second_element_that_breaks_a_law_is_refuted_where_lists_of_two_are_tried() -> None:
    proof = call_proof("PaySecond")
    proof.prover.theory.limits.lists["PaySecond.accounts"] = 2
    longer = CallProof(proof.prover, proof.action)
    law = next(law for law in proof.prover.theory.state_laws() if law.law_id == "MADE")
    assert longer.verdict(law).status == "REFUTED"


def test_a_loop_that_is_not_known_to_write_a_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken engine, which ignores the tables written by a loop's body, proves a false law. So the tests above see
    that these tables are noted.
    """
    monkeypatch.setattr(FoldedProof, "note_written", lambda *_: None)
    proof = call_proof("PayAfter")
    law = next(law for law in proof.prover.theory.state_laws() if law.law_id == "MADE")
    assert proof.verdict(law).status == "PROVED"  # so the test above sees that it is noted


def test_what_a_wrong_cut_would_prove_is_refuted_by_a_short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken engine, which treats loops wrongly, proves a false law. On short lists, whose loops are run in full, it
    is refuted.
    """
    monkeypatch.setattr(FoldedProof, "note_written", lambda *_: None)
    theories = ("THEORY", "OF_TWO")
    others = Opinions()
    found = [
        next(prove_laws(f"tests.proofs.loops:{name}", "PayAfter", ["MADE"], 1, opinions=others))["verdict"]
        for name in theories
    ]
    assert [each["verdict"] for each in found] == ["PROVED", "REFUTED"]
    assert found[1]["counterexample"]["broken"] == ["MADE"]


def test_a_case_that_short_lists_leave_out_is_noticed_though_nothing_is_left_out_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Regression: laws of steps are proved on short lists, but nobody checked that all paths of calls with such lists
    were followed.
    """
    followed = Prover.paths

    def forgetful(self: Prover, action: type[Any], bounds: Any) -> Any:
        call, base, paths = followed(self, action, bounds)
        return call, base, paths[:-1]

    monkeypatch.setattr(Prover, "paths", forgetful)
    proof = call_proof("Pay")
    assert proof.folded is not None
    assert proof.folded.total().status == "PROVED"
    assert proof.total().status == "REFUTED"


def test_a_case_that_is_left_out_after_a_cut_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = paths.explore

    def forgetful(program: Any, base: Any = None, **asked: Any) -> Any:
        paths = list(followed(program, base, **asked))
        return paths[:-1] if len(paths) > 2 else paths

    monkeypatch.setattr(folded, "explore", forgetful)
    proof = call_proof("Pay")
    assert proof.folded is not None
    answers = proof.folded.total().answers
    missed = [o.label for o, answer in answers if answer.status is not Status.PROVED]
    assert missed == ["TOTAL: some path is taken"]
