"""The bound on staleness, delay and reaction is exact: z3 is asked about the rules' own functions in both
directions.
"""

from typing import Any

import pytest
import z3

from spec.market.chains import answered_by, is_within
from spec.market.chains_state import ChannelTerms

pytestmark = pytest.mark.source


def unknown_terms() -> tuple[Any, Any, Any]:
    """The row of a channel whose three times are symbols, its staleness, and the condition under which such a channel
    can be opened.
    """
    delay, staleness, reaction = z3.Ints("delay staleness reaction")
    terms: Any = ChannelTerms(True, delay, staleness, reaction)
    is_possible = z3.And(delay > 0, reaction >= 0, z3.Or(staleness == 0, staleness >= delay))
    return terms, staleness, is_possible


def fits(terms: Any, window: Any) -> Any:
    """`is_within` for symbols: true if the staleness is positive and the answer is due within the window."""
    found: Any = answered_by(terms, terms.staleness_points) <= window
    return z3.And(terms.staleness_points > 0, found)


def test_the_bound_is_exact_for_numbers_of_any_size() -> None:
    """The terms fit the window exactly if every certificate that can be accepted is answered within the window.

    z3 finds no numbers that contradict either direction.
    """
    terms, staleness, is_possible = unknown_terms()
    window, reference, point = z3.Ints("window reference point")
    is_fresh = z3.Or(staleness == 0, point <= reference + staleness)
    can_be_accepted = z3.And(point >= reference + terms.delay_points, is_fresh)
    is_answered = answered_by(terms, point) <= reference + window
    always = z3.ForAll([point, reference], z3.Implies(can_be_accepted, is_answered))
    solver = z3.Solver()
    solver.add(is_possible, fits(terms, window) != always)
    assert solver.check() == z3.unsat
    one_less = z3.Solver()  # the check is seen to fail: a bound of one point more is not exact
    one_less.add(is_possible, fits(terms, window + 1) != always)
    assert one_less.check() == z3.sat


@pytest.mark.parametrize("staleness", range(4))
def test_what_z3_was_asked_is_what_the_rule_says(staleness: int) -> None:
    for delay in range(1, 4):
        for reaction in range(3):
            for window in range(9):
                terms = ChannelTerms(True, delay, staleness, reaction)
                asked = z3.simplify(fits(ChannelTerms(True, delay, z3.IntVal(staleness), reaction), window))
                assert z3.is_true(asked) is is_within(terms, window)
