"""What the solvers are told about quotients is true."""

import pytest
import z3

from proofs.kernels import kernel_facts, prove_kernel_facts
from proofs.solving import Status, prove

pytestmark = pytest.mark.source


def test_each_fact_about_quotients_is_proved() -> None:
    assert {name: answer.status for name, answer in prove_kernel_facts().items()} == dict.fromkeys(
        kernel_facts(), Status.PROVED
    )


def test_no_fact_is_proved_from_a_contradiction() -> None:
    for name, (hypotheses, _) in kernel_facts().items():
        assert prove([hypotheses], z3.BoolVal(False)).status is Status.REFUTED, name
