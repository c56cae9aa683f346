"""A second solver, and a second way of running the source on symbols, agree with the engine."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proofs.obligations import Prover
from proofs.proving import CallProof
from proofs.second import Opinions, ask_cvc5, ask_everybody, smt_lib
from tests.proofs.broken_rules import BROKEN_RULES

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("theory", "action", "law_ids"),
    [
        ("tests.proofs.toy:THEORY", "Move", ["SIGN", "SUM"]),
        ("proofs.eigenlayer:THEORY", "DepositIntoStrategy", ["CONS-01", "DELEG-01", "LEMMA-backed"]),
        ("proofs.eigenlayer:THEORY", "Undelegate", ["DELEG-01", "QUEUE-01", "LIST-02"]),
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
    """A program that calls itself a z3, and answers every question alike."""
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


CONFIRMED = "Confirmed over all paths."
PROTOCOLS = ("eigenlayer", "symbiotic")


def contracts_module(subject: str) -> str:
    return f"tests.proofs.{subject}_contracts"


def contracts_of(module: str) -> list[str]:
    """The names of a module's contracts: its functions that promise something."""
    functions = vars(importlib.import_module(module)).items()
    return [name for name, function in functions if "post: " in (function.__doc__ or "")]


def crosshair(module_or_contract: str, folder: Path = ROOT) -> list[str]:
    """What CrossHair says of each contract. To find nothing wrong is not enough: only `Confirmed` counts.

    The seconds are many times what any contract takes, so that a busy machine says the same.
    """
    options = ["--report_all", "--analysis_kind=PEP316", "--per_condition_timeout=300", "--per_path_timeout=60"]
    command = [sys.executable, "-m", "crosshair", "check", *options, module_or_contract]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return re.findall(r"^.+:\d+: \w+: (.+)$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("subject", ["kernel", *PROTOCOLS])
def test_crosshair_confirms_every_contract(subject: str) -> None:
    pytest.importorskip("crosshair")
    module = contracts_module(subject)
    assert crosshair(module) == [CONFIRMED] * len(contracts_of(module))


@pytest.mark.parametrize(
    ("contract", "file", "right", "wrong"), BROKEN_RULES, ids=[broken[0] for broken in BROKEN_RULES]
)
def test_crosshair_refutes_a_contract_whose_rule_is_broken(
    contract: str, file: str, right: str, wrong: str, source_copy: "SourceCopy"
) -> None:
    pytest.importorskip("crosshair")
    shutil.copytree(ROOT / "tests" / "proofs", source_copy.folder / "tests" / "proofs")
    source_copy.replace(f"spec/{file}", right, wrong)
    subject, name = contract.split(".")
    (said,) = crosshair(f"{contracts_module(subject)}.{name}", source_copy.folder)
    assert f" when calling {name}(" in said


def test_every_contract_of_a_call_is_tried_on_a_broken_rule() -> None:
    contracts = {f"{protocol}.{name}" for protocol in PROTOCOLS for name in contracts_of(contracts_module(protocol))}
    assert {contract for contract, _, _, _ in BROKEN_RULES} - {"kernel.ceils"} == contracts
