"""Facts about quotients that share a divisor, and about shares of a pool; each is proved alone, and used where it fits.

A solver that multiplies unknowns rarely finds them among other things. Each is stated once, for `q = x // d` and
`p = y // d`, or for `q = x * y // d`, so that what is proved alone is what is used.
"""

from collections.abc import Callable
from typing import Final

import z3

from proofs.paths import Term
from proofs.symbols import QUOTIENTS


def is_congruent(x: Term, q: Term, y: Term, p: Term, d: Term, e: Term) -> Term:
    """Equals divided by equals are equal."""
    return z3.Implies(z3.And(x == y, d == e), q == p)


def is_monotone(x: Term, q: Term, y: Term, p: Term, d: Term) -> Term:
    """A smaller dividend gives no larger quotient; one smaller by at most the divisor, at most one less."""
    return z3.And(z3.Implies(x <= y, q <= p), z3.Implies(y <= x + d, p <= q + 1))


def grows_with_its_rate(x: Term, y: Term, q: Term, d: Term) -> Term:
    """A part of something is worth at least itself where the rate is at least one."""
    return z3.Implies(z3.And(x >= 0, y >= d), q >= x)


def leaves_the_rest(x: Term, y: Term, q: Term, d: Term) -> Term:
    """At a rate of at most one, a part loses at most what the whole loses."""
    return z3.Implies(z3.And(x <= d, y <= d), q >= x + y - d)


def is_worth_the_amount(s: Term, t: Term, d: Term, b: Term, x: Term, q: Term, p: Term) -> Term:
    """A payment from a pool at its rate costs the holder that amount, or one more: b of d shares go for x of t assets.

    With b and x negative it joins. The rate is at most one, and rounding is at the holder's expense.
    """
    is_at_its_rate = z3.And(x * d <= b * t, b * t < x * d + d)
    is_holding = z3.And(s >= 0, s <= d, b <= s)
    return z3.Implies(z3.And(is_holding, is_at_its_rate), z3.And(p >= q - x - 1, p <= q - x))


def gains_by_rounding(s: Term, t: Term, d: Term, b: Term, x: Term, q: Term, p: Term) -> Term:
    """The rounding of another's exit adds at most one to the worth of the same shares."""
    is_at_its_rate = z3.And(x * d <= b * t, b * t < x * d + d)
    return z3.Implies(z3.And(s >= 0, s <= d - b, is_at_its_rate), z3.And(p >= q, p <= q + 1))


SAME_DIVISOR: Final[list[Callable[[Term, Term, Term, Term, Term], Term]]] = [is_monotone]
OF_PRODUCTS: Final[list[Callable[[Term, Term, Term, Term], Term]]] = [grows_with_its_rate, leaves_the_rest]


def _difference(one: Term, other: Term) -> Term | None:
    """One unknown by which two terms differ, if that is all."""
    left = z3.simplify(one - other, som=True)
    return None if z3.is_add(left) or z3.is_int_value(left) else left


def _pool_lemmas(found: list[tuple[Term, Term, Term]]) -> list[Term]:
    """The facts about pairs of quotients that are shares of one pool, before and after some shares went for assets.

    Two pools are one, before and after, where all shares differ by one unknown, and all assets by another. Who holds
    the shares may go by two names, so that it is a condition whether it is the same.
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
    """The facts about all quotients among some terms."""
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
