"""The engine on EigenLayer: true laws of a call are proved, and rules broken on purpose are refuted."""

from typing import Any

import pytest

from proofs.ledger import Ledger
from proofs.parts import SHORT
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.solving import Status

pytestmark = pytest.mark.source


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover("proofs.eigenlayer.theory:THEORY")


def law(prover: Prover, law_id: str) -> object:
    catalogue = prover.theory.catalogue
    return next(
        law
        for law in [*prover.theory.state_laws(), *catalogue.step_laws, *catalogue.rejection_laws]
        if law.law_id == law_id
    )


def proof(prover: Prover, action: str) -> CallProof:
    return CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))


def test_laws_of_a_deposit_are_proved(prover: Prover) -> None:
    of_deposit = proof(prover, "DepositIntoStrategy")
    for law_id in ("MAG-01", "MAG-02", "MAG-03", "MAG-04", "CONS-01", "DELEG-01", "ROUND-01"):
        assert of_deposit.verdict(law(prover, law_id)).status == "PROVED", law_id
    assert of_deposit.total().status == "PROVED"


def test_of_a_refuted_law_only_refuted_goals_are_sought_again(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = proof(Prover("tests.proofs.toy:THEORY"), "MoveThirteen")
    of_all = toy.prove_part((SHORT, "SUM")).answers
    refuted = {one.label_and_words for one, answer in of_all if answer.status is Status.REFUTED}
    assert 0 < len(refuted) < len(of_all)
    asked: list[str] = []
    prove = Prover.prove

    def noting(prover: Prover, law_id: str, levels: Any, goal: Any) -> Any:
        asked.append(law_id)
        return prove(prover, law_id, levels, goal)

    monkeypatch.setattr(Prover, "prove", noting)
    again = toy.sought((SHORT, "SUM"), refuted).answers
    assert {one.label_and_words for one, _ in again} == refuted
    assert len(asked) == len(again) < len(of_all)


def test_what_is_said_of_a_slash_is_proved_of_two_strategies() -> None:
    verdicts = Ledger("eigenlayer", "proofs.eigenlayer.theory:THEORY").verdicts("SlashOperator")
    lists = {
        law_id: [words for words in verdicts[law_id]["scope"] if words.startswith("SlashOperator.strategies")]
        for law_id in verdicts
    }
    assert lists["SLASH-01"] == ["SlashOperator.strategies of length <= 2"]
