"""Proofs of the lemmas about quotients that `proofs/solving.py` adds for the solver, each proved alone for any
integers.
"""

import z3

from proofs.paths import Term
from proofs.quotients import OF_PRODUCTS, SAME_DIVISOR, gains_by_rounding, is_congruent, is_worth_the_amount
from proofs.solving import Answer, Ask, prove


def kernel_facts() -> dict[str, tuple[list[Term], Term]]:
    """The map from the name of each lemma on quotients to its hypotheses and its conclusion, over unknown integers."""
    x, y, d, e, m = z3.Ints("x y d e m")
    a, b = z3.Ints("a b")
    of_a, of_b, of_c, of_product, of_negative = z3.Ints("of_a of_b of_c of_product of_negative")
    shares, assets, leaving_shares, leaving_assets = z3.Ints("shares assets leaving_shares leaving_assets")
    pool = (shares, assets, d, leaving_shares, leaving_assets, of_a, of_b)

    def is_quotient(quotient: Term, dividend: Term, divisor: Term = d) -> Term:
        remainder = dividend - quotient * divisor
        return z3.And(divisor > 0, remainder >= 0, remainder < divisor)

    def is_after(holding: Term) -> list[Term]:
        before = is_quotient(of_a, shares * assets)
        return [before, is_quotient(of_b, holding * (assets - leaving_assets), d - leaving_shares)]

    product = is_quotient(of_product, x * y)
    negative = is_quotient(of_negative, -(x * y))
    parts = [is_quotient(of_a, a), is_quotient(of_b, b), is_quotient(of_c, a + b)]
    more = of_c - of_a - of_b
    within = z3.And(x >= 0, y >= 0, y <= d)
    return {
        "x * d // d is x": ([product, y == d], of_product == x),
        "x * d // d is x, rounded up": ([negative, y == d], -of_negative == x),
        "a fraction is between nothing and the whole": ([product, within], z3.And(of_product >= 0, of_product <= x)),
        "the same, rounded up": ([negative, within], z3.And(-of_negative >= 0, -of_negative <= x)),
        "a sum's quotient is that of its parts, or one more": (parts, z3.And(more >= 0, more <= 1)),
        "the same times a factor": (
            [more >= 0, more <= 1, m >= 0],
            z3.And(m * of_c - m * of_a - m * of_b >= 0, m * of_c - m * of_a - m * of_b <= m),
        ),
        "what is more has no less a quotient": ([*parts[:2], a >= b], of_a >= of_b),
        "what is equal has equal quotients": (
            [parts[0], e > 0, of_b * e <= b, b < (of_b + 1) * e],
            is_congruent(a, of_a, b, of_b, d, e),
        ),
        is_worth_the_amount.__name__: (is_after(shares - leaving_shares), is_worth_the_amount(*pool)),
        gains_by_rounding.__name__: (is_after(shares), gains_by_rounding(*pool)),
        **{law.__name__: (parts[:2], law(a, of_a, b, of_b, d)) for law in SAME_DIVISOR},
        **{law.__name__: ([product], law(x, y, of_product, d)) for law in OF_PRODUCTS},
    }


def prove_kernel_facts(ask: Ask = prove) -> dict[str, tuple[Term, Answer]]:
    """The map from the name of each lemma on quotients to its conclusion and the solver's answer. `ask` is the function
    that decides a goal.
    """
    return {name: (goal, ask([hypotheses], goal)) for name, (hypotheses, goal) in kernel_facts().items()}
