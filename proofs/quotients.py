"""Lemmas about quotients with one divisor and about shares of a pool. `proofs/kernels.py` proves each alone; the solver
gets those that fit a goal.

A solver with products of unknowns rarely finds them among other facts. Each is stated once, for `q = x // d` and `p = y
// d`, or for `q = x * y // d`, so that the lemma proved is the lemma used.
"""

from collections.abc import Callable
from typing import Final

import z3

from proofs.paths import Term
from proofs.symbols import QUOTIENTS


def is_congruent(x: Term, q: Term, y: Term, p: Term, d: Term, e: Term) -> Term:
    """With q = x // d and p = y // e: if x = y and d = e, then q = p."""
    return z3.Implies(z3.And(x == y, d == e), q == p)


def is_monotone(x: Term, q: Term, y: Term, p: Term, d: Term) -> Term:
    """With q = x // d and p = y // d: if x <= y, then q <= p; if y <= x + d, then p <= q + 1."""
    return z3.And(z3.Implies(x <= y, q <= p), z3.Implies(y <= x + d, p <= q + 1))


def grows_with_its_rate(x: Term, y: Term, q: Term, d: Term) -> Term:
    """With q = x * y // d: if x >= 0 and y >= d, then q >= x."""
    return z3.Implies(z3.And(x >= 0, y >= d), q >= x)


def leaves_the_rest(x: Term, y: Term, q: Term, d: Term) -> Term:
    """With q = x * y // d: if x <= d and y <= d, then q >= x + y - d."""
    return z3.Implies(z3.And(x <= d, y <= d), q >= x + y - d)


def is_worth_the_amount(s: Term, t: Term, d: Term, b: Term, x: Term, q: Term, p: Term) -> Term:
    """A holder of s shares who exchanges b of them, of a pool's d shares, for x of its t assets loses a worth of x or x
    + 1.

    With q = s * t // d before, and p = (s - b) * (t - x) // (d - b) after: q - x - 1 <= p <= q - x, if 0 <= s <= d, b
    <= s and x * d <= b * t < x * d + d. The last condition holds at a rate of at most one asset per share, with
    rounding against the holder. A deposit has negative b and x.
    """
    is_at_its_rate = z3.And(x * d <= b * t, b * t < x * d + d)
    is_holding = z3.And(s >= 0, s <= d, b <= s)
    return z3.Implies(z3.And(is_holding, is_at_its_rate), z3.And(p >= q - x - 1, p <= q - x))


def gains_by_rounding(s: Term, t: Term, d: Term, b: Term, x: Term, q: Term, p: Term) -> Term:
    """The s shares of another holder gain a worth of 0 or 1, by rounding, when b of d shares are exchanged for x of t
    assets.

    With q = s * t // d before and p = s * (t - x) // (d - b) after: q <= p <= q + 1, under the condition of
    `is_worth_the_amount` and if 0 <= s <= d - b.
    """
    is_at_its_rate = z3.And(x * d <= b * t, b * t < x * d + d)
    return z3.Implies(z3.And(s >= 0, s <= d - b, is_at_its_rate), z3.And(p >= q, p <= q + 1))


SAME_DIVISOR: Final[list[Callable[[Term, Term, Term, Term, Term], Term]]] = [is_monotone]
OF_PRODUCTS: Final[list[Callable[[Term, Term, Term, Term], Term]]] = [grows_with_its_rate, leaves_the_rest]


def _difference(one: Term, other: Term) -> Term | None:
    """The difference of two terms if it is a single non-constant monomial, else None."""
    left = z3.simplify(one - other, som=True)
    return None if z3.is_add(left) or z3.is_int_value(left) else left


def _pool_lemmas(found: list[tuple[Term, Term, Term]]) -> list[Term]:
    """The lemmas `is_worth_the_amount` and `gains_by_rounding` for each pair of quotients that may be worths of shares
    in one pool before and after an exchange. `found` are (quotient, dividend, divisor).

    Two pools match if their total shares differ by one unknown and their assets by another. Two keys may be equal
    without being written alike, so equality of the shares is a premise of each lemma.
    """
    lemmas: list[Term] = []
    products = [
        (q, left, right, d)
        for q, x, d in found
        if z3.is_mul(x) and x.num_args() == 2
        for left, right in (tuple(x.children()), tuple(reversed(x.children())))
    ]
    for q, s, t, d in products:
        for p, s_after, t_after, d_after in products:
            b, x = _difference(d, d_after), _difference(t, t_after)
            if b is not None and x is not None:
                is_pool = z3.And(d > 0, d_after > 0)
                holds, stays = is_worth_the_amount(s, t, d, b, x, q, p), gains_by_rounding(s, t, d, b, x, q, p)
                lemmas.append(z3.Implies(z3.And(is_pool, s - s_after == b), holds))
                lemmas.append(z3.Implies(z3.And(is_pool, s == s_after), stays))
    return lemmas


def quotient_lemmas(terms: list[Term]) -> list[Term]:
    """The lemmas of this module, as formulas, for all quotients among some terms."""
    found = [(term, *QUOTIENTS.by_id[term.get_id()]) for term in terms if term.get_id() in QUOTIENTS.by_id]
    lemmas = _pool_lemmas(found)
    for position, (q, x, d) in enumerate(found):
        for p, y, other in found[:position]:
            if not d.eq(other):
                lemmas.append(z3.Implies(z3.And(d > 0, other > 0), is_congruent(x, q, y, p, d, other)))
            else:
                lemmas += [z3.Implies(d > 0, law(x, q, y, p, d)) for law in SAME_DIVISOR]
                lemmas += [z3.Implies(d > 0, law(y, p, x, q, d)) for law in SAME_DIVISOR]
        if z3.is_mul(x) and x.num_args() == 2:
            for left, right in ((x.arg(0), x.arg(1)), (x.arg(1), x.arg(0))):
                lemmas += [z3.Implies(d > 0, law(left, right, q, d)) for law in OF_PRODUCTS]
    return lemmas
