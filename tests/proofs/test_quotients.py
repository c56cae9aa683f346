"""What is used of quotients is proved alone, of the very formulas that are used; what is nearly true is refuted."""

from collections.abc import Callable

import pytest
import z3

from proofs.quotients import OF_PRODUCTS, SAME_DIVISOR, is_congruent
from proofs.solving import Status, prove
from proofs.symbols import Term

pytestmark = pytest.mark.source

x, y, d, q, p = z3.Ints("x y d q p")


def is_quotient(of: Term, quotient: Term) -> Term:
    return z3.And(quotient * d <= of, of < (quotient + 1) * d)


@pytest.mark.parametrize("law", SAME_DIVISOR)
def test_facts_of_two_quotients_are_proved(law: Callable[..., Term]) -> None:
    given = [d > 0, is_quotient(x, q), is_quotient(y, p)]
    assert prove([given], law(x, q, y, p, d)).status is Status.PROVED


def test_equal_divisions_have_equal_quotients() -> None:
    e = z3.Int("e")
    given = [d > 0, e > 0, is_quotient(x, q), p * e <= y, y < (p + 1) * e]
    assert prove([given], is_congruent(x, q, y, p, d, e)).status is Status.PROVED


@pytest.mark.parametrize("law", OF_PRODUCTS)
def test_facts_of_shares_are_proved(law: Callable[..., Term]) -> None:
    assert prove([[d > 0, is_quotient(x * y, q)]], law(x, y, q, d)).status is Status.PROVED


def test_what_is_nearly_true_is_refuted() -> None:
    given = [d > 0, is_quotient(x, q), is_quotient(y, p)]
    assert prove([given], z3.Implies(y <= x + d + 1, p <= q + 1)).status is Status.REFUTED
    assert prove([[d > 0, is_quotient(x * y, q)]], z3.Implies(z3.And(x >= 0, y + 1 >= d), q >= x)).status is (
        Status.REFUTED
    )
