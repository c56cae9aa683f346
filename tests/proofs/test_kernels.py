"""The facts about quotients that the solvers are given are true."""

import pytest
import z3

from proofs.kernels import kernel_facts, prove_kernel_facts
from proofs.paths import Term
from proofs.solving import Status, prove

pytestmark = pytest.mark.source

x, y, d, q, p = z3.Ints("x y d q p")


def is_quotient(of: Term, quotient: Term) -> Term:
    return z3.And(quotient * d <= of, of < (quotient + 1) * d)


def test_each_fact_about_quotients_is_proved() -> None:
    assert {name: answer.status for name, (_, answer) in prove_kernel_facts().items()} == dict.fromkeys(
        kernel_facts(), Status.PROVED
    )


def test_no_fact_is_proved_from_a_contradiction() -> None:
    for name, (hypotheses, _) in kernel_facts().items():
        assert prove([hypotheses], z3.BoolVal(False)).status is Status.REFUTED, name


def test_what_is_nearly_true_is_refuted() -> None:
    given = [d > 0, is_quotient(x, q), is_quotient(y, p)]
    assert prove([given], z3.Implies(y <= x + d + 1, p <= q + 1)).status is Status.REFUTED
    assert prove([[d > 0, is_quotient(x * y, q)]], z3.Implies(z3.And(x >= 0, y + 1 >= d), q >= x)).status is (
        Status.REFUTED
    )
