"""A second solver, and a second way of running the source on symbols, agree with the engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proofs.obligations import Prover
from proofs.proving import CallProof
from proofs.second import ask_cvc5, opinions

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
    prover = Prover(theory)
    catalogue = prover.theory.catalogue
    laws: dict[str, Any] = {law.law_id: law for law in [*prover.theory.state_laws(), *catalogue.step_laws]}
    proof = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))
    for law_id in law_ids:
        verdict = proof.verdict(laws[law_id])
        assert verdict.status == "PROVED"
        said = opinions(prover, laws[law_id], verdict)
        assert said["sat"] == 0, law_id
        assert 2 * said["unsat"] >= sum(said.values()), (law_id, said)


def test_cvc5_is_asked_in_earnest() -> None:
    pytest.importorskip("cvc5")
    import z3

    x, y = z3.Ints("x y")
    assert ask_cvc5([x * y == 6, x > 1, y > 1]) == "sat"
    assert ask_cvc5([x > y, y > x]) == "unsat"


def crosshair(file: Path) -> list[str]:
    """What CrossHair says of each contract in a file. To find nothing wrong is not enough: only `Confirmed` counts."""
    command = [sys.executable, "-m", "crosshair", "check", "--report_all", "--analysis_kind=PEP316", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [line.rpartition(": ")[2].strip() for line in done.stdout.splitlines() if ": " in line]


def test_crosshair_confirms_the_kernels() -> None:
    pytest.importorskip("crosshair")
    said = crosshair(Path(__file__).parent / "kernel_contracts.py")
    assert said
    assert set(said) == {"Confirmed over all paths."}


def test_crosshair_refutes_a_kernel_that_rounds_the_wrong_way(tmp_path: Path) -> None:
    pytest.importorskip("crosshair")
    source = (Path(__file__).parent / "kernel_contracts.py").read_text()
    assert source.count("return mul_div_ceil(") == 1
    wrong = tmp_path / "wrong_kernels.py"
    wrong.write_text(source.replace("return mul_div_ceil(", "return mul_div_floor("))
    assert any("false when calling" in line or "error" in line for line in crosshair(wrong))
