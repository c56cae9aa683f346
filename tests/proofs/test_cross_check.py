"""A second solver confirms the verdicts of the engine."""

from pathlib import Path
from typing import Any

import pytest

from harness.prove import ProofQuestion, Proving
from proofs.cross_check import Opinions, ask_cvc5, ask_everybody, smt_lib
from proofs.digests import snapshot
from proofs.ledger import Ledger
from proofs.prover import Prover
from proofs.proving import CallProof

pytestmark = pytest.mark.source


@pytest.mark.parametrize(
    ("theory", "action", "law_ids"),
    [
        ("tests.proofs.toy:THEORY", "Move", ["SIGN", "SUM"]),
        ("proofs.eigenlayer.theory:THEORY", "DepositIntoStrategy", ["CONS-01", "DELEG-01", "LEMMA-backed"]),
        pytest.param(
            *("proofs.eigenlayer.theory:THEORY", "Undelegate", ["DELEG-01", "LIST-02"]), marks=pytest.mark.nightly
        ),
        pytest.param(*("proofs.eigenlayer.theory:THEORY", "QueueWithdrawals", ["QUEUE-01"]), marks=pytest.mark.nightly),
    ],
)
def test_cvc5_disagrees_with_nothing_that_is_proved(theory: str, action: str, law_ids: list[str]) -> None:
    pytest.importorskip("cvc5")
    opinions = Opinions()
    prover = Prover(theory)
    prover.hears = opinions.hear
    catalogue = prover.theory.catalogue
    laws: dict[str, Any] = {law.law_id: law for law in [*prover.theory.state_laws(), *catalogue.step_laws]}
    proof = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))
    for law_id in law_ids:
        verdict = proof.verdict(laws[law_id])
        assert verdict.status == "PROVED"
    assert opinions.disputed == []
    for law_id in law_ids:
        for who in opinions.who:
            said = opinions.counts[law_id][who]
            assert 2 * said["agree"] >= sum(said.values()) > 0, (law_id, who, said)


def test_cvc5_is_asked_in_earnest() -> None:
    pytest.importorskip("cvc5")
    import z3

    x, y = z3.Ints("x y")
    assert ask_cvc5(smt_lib([x * y == 6, x > 1, y > 1])) == "sat"
    assert ask_cvc5(smt_lib([x > y, y > x])) == "unsat"
    assert ask_cvc5(smt_lib([x * x * x + y * y * y == 33 * x * y + 1, x > 99, y > x]), 10) == "unknown"


def other_z3(folder: Path, answer: str) -> str:
    """The path of a shell script that poses as another z3 and gives the same answer to every question."""
    program = folder / "z3"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Z3 version 0.0.1 - 64 bit" || echo {answer}\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("answer", "counted"), [("unsat", "agree"), ("sat", "disagree"), ("timeout", "no_answer"), ("", "no_answer")]
)
def test_what_another_z3_says_is_counted_and_what_it_disputes_is_kept(
    answer: str, counted: str, tmp_path: Path
) -> None:
    pytest.importorskip("cvc5")
    import z3

    x = z3.Int("x")
    opinions = Opinions(other_z3=other_z3(tmp_path, answer))
    opinions.hear("LAW", [x > 0, x < 0], "z3")
    everybody = {who: {"agree": 1} for who in opinions.who[:2]}
    assert opinions.as_plain() == {"LAW": {**everybody, "z3 0.0.1": {counted: 1}}}
    assert [(kept["law"], kept["who"]) for kept in opinions.disputed] == [("LAW", "z3 0.0.1")] * (answer == "sat")
    for kept in opinions.disputed:
        file = tmp_path / "kept.smt2"
        file.write_text(kept["text"])
        assert set(ask_everybody(file).values()) == {"unsat"}


def proved(folder: Path, of_others: dict[str, dict[str, int]]) -> Proving:
    """The work of `restake prove` on a verdict that the ledger records as proved. `of_others` counts the answers of
    other solvers in an earlier run.
    """
    place = "proofs.eigenlayer.theory:THEORY"
    ledger = Ledger("eigenlayer", place, [folder])
    said = {"verdict": "PROVED", "goals": 2, "digest": "0123abcd", "solvers": {"z3": 2}, "steps": 9, "most_steps": 4}
    ran = ["spec.eigenlayer.strategies:transfer"]
    ledger.record("TransferToken", ran, snapshot(place), {"CONS-01": {"scope": [], **said}}, {"CONS-01": of_others})
    return ProofQuestion(["CONS-01"], ["TransferToken"]).of(Ledger("eigenlayer", place, [folder]))


def test_a_dispute_of_an_earlier_run_fails_until_it_is_settled(tmp_path: Path) -> None:
    # Nobody proved here what this verdict rests on: exit code 2, and no dispute.
    silent = proved(tmp_path, {})
    assert (silent.disputes(), silent.exit_code) == ([], 2)
    agreed = proved(tmp_path, {"cvc5 0": {"agree": 1, "no_answer": 1}})
    assert (agreed.disputes(), agreed.exit_code) == ([], 2)
    disputed = proved(tmp_path, {"cvc5 0": {"agree": 1, "disagree": 1}})
    assert disputed.disputes() == [("CONS-01", "TransferToken", "cvc5 0")]
    assert (disputed.left(), disputed.exit_code) == ([], 1)


@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_nobody_disputes_what_the_ledgers_hold(protocol: str) -> None:
    # Whoever was not asked yet disputes nothing: that a dispute is seen, the test above shows.
    assert ProofQuestion().of(Ledger(protocol, f"proofs.{protocol}.theory:THEORY")).disputes() == []
