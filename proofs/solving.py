"""Solving: a goal is proved from hypotheses by several solver configurations in turn, each limited by steps and not by
time.
"""

from collections.abc import Callable, Collection, Iterable
from enum import Enum
from functools import partial
from typing import Any, Final

import z3

from proofs.paths import Term, assert_all
from proofs.quotients import quotient_lemmas
from proofs.symbols import QUOTIENTS

QUICK_STEPS: Final = 100_000
"""The step limit of the first attempts, on few hypotheses: some tens of milliseconds."""


NET_MILLISECONDS: Final = 60_000
"""The time limit of one attempt, a safety net: rarely a single step, on roots of huge polynomials, takes minutes. Then
the next solver is asked. All other limits are steps, so that verdicts do not depend on the load of the machine.
"""


class Status(Enum):
    """The status of a goal: it follows from its hypotheses, a model shows that it does not, or no solver decided."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Answer:
    """The answer to a goal: its status, the solver that gave it (empty if none did), the steps of all solvers together,
    and the model that refutes it, if any.
    """

    def __init__(self, status: Status, solver: str, steps: int, model: Any = None) -> None:
        self.status: Final = status
        self.solver: Final = solver
        self.steps: Final = steps
        self.model: Final = model

    def __getstate__(self) -> dict[str, Any]:
        """The state to pickle, without the model."""
        return {**vars(self), "model": None}


def terms_in(formulas: Iterable[Term]) -> list[Term]:
    """Every subterm of some formulas, the formulas included, each once."""
    seen: dict[int, Term] = {}
    pending = list(formulas)
    while pending:
        term = pending.pop()
        if term.get_id() not in seen:
            seen[term.get_id()] = term
            pending.extend(term.children())
    return list(seen.values())


def kernel_lemmas(formulas: list[Term]) -> list[Term]:
    """Lemmas about the quotients that occur in the formulas: two for each quotient of a product, and some on sums of
    quotients. `proofs/kernels.py` proves them.

    For q = x * y // d with d > 0: if y = d then q = x; if 0 <= x and 0 <= y <= d then 0 <= q <= x.
    """
    quotients = [term for term in terms_in(formulas) if term.get_id() in QUOTIENTS.by_id]
    lemmas = _sums_of_quotients(quotients, formulas)
    for term in quotients:
        product, divisor = QUOTIENTS.by_id[term.get_id()]
        sign = 1
        if z3.is_mul(product) and z3.is_int_value(product.arg(0)) and product.arg(0).as_long() == -1:
            sign, product = -1, z3.simplify(-product)
        if not z3.is_mul(product) or product.num_args() != 2:
            continue
        for x, y in ((product.arg(0), product.arg(1)), (product.arg(1), product.arg(0))):
            quotient = term if sign == 1 else -term
            lemmas.append(z3.Implies(z3.And(divisor > 0, y == divisor), quotient == x))
            lemmas.append(
                z3.Implies(z3.And(x >= 0, y >= 0, y <= divisor, divisor > 0), z3.And(quotient >= 0, quotient <= x))
            )
    return lemmas


def _sums_of_quotients(quotients: list[Term], formulas: list[Term]) -> list[Term]:
    """Lemmas on quotients by one divisor d > 0. If c = a + b, then c // d is a // d + b // d or one more; likewise with
    each multiplied by a factor f >= 0, where the difference is 0 to f. If a >= b, then a // d >= b // d.
    """
    factors: dict[int, Term] = {}
    numbers = {quotient.get_id() for quotient in quotients}
    for term in terms_in(formulas):
        if z3.is_mul(term) and any(argument.get_id() in numbers for argument in term.children()):
            for argument in term.children():
                if argument.get_id() not in numbers and not z3.is_int_value(argument):
                    factors[argument.get_id()] = argument
    lemmas: list[Term] = []
    for whole in quotients:
        dividend, divisor = QUOTIENTS.by_id[whole.get_id()]
        for position, one in enumerate(quotients):
            if one is not whole and QUOTIENTS.by_id[one.get_id()][1].eq(divisor):
                is_more = dividend >= QUOTIENTS.by_id[one.get_id()][0]
                lemmas.append(z3.Implies(z3.And(divisor > 0, is_more), whole >= one))
            for other in quotients[: position + 1]:
                parts = [QUOTIENTS.by_id[part.get_id()] for part in (one, other)]
                if any(part is whole for part in (one, other)) or any(not part[1].eq(divisor) for part in parts):
                    continue
                left = z3.simplify(dividend - parts[0][0] - parts[1][0], som=True)
                if not (z3.is_int_value(left) and left.as_long() == 0):
                    continue
                more = whole - one - other
                lemmas.append(z3.Implies(divisor > 0, z3.And(more >= 0, more <= 1)))
                for factor in factors.values():
                    scaled = [factor * quotient for quotient in (whole, one, other)]
                    gap = scaled[0] - scaled[1] - scaled[2]
                    lemmas.append(z3.Implies(z3.And(divisor > 0, factor >= 0), z3.And(gap >= 0, gap <= factor)))
    return lemmas


Check = Callable[[list[Term], int, int], tuple[Any, int, Any]]
"""A satisfiability check of formulas, with a step limit and a seed. Returns the result, the steps taken, and a model or
None.
"""


def _plain(formulas: list[Term], steps: int, seed: int = 0) -> tuple[Any, int, Any]:
    return _run(z3.Solver(), formulas, steps, seed)


def _plain_anew(formulas: list[Term], steps: int, seed: int = 0) -> tuple[Any, int, Any]:
    return _run_anew(z3.Solver, formulas, steps, seed)


def _run_anew(new_solver: Callable[..., Term], formulas: list[Term], steps: int, seed: int) -> tuple[Any, int, Any]:
    """The result of a new solver on a copy of the formulas, the steps it took, and a model if satisfiable. The copy is
    in a context of its own.

    The solver's steps depend on the numbers of the terms, and so on every term made before. A copy has numbers of its
    own: an answer does not depend on which solvers were asked before. Copies cost too much for goals that are quick.
    """
    context = z3.Context()
    copies = [formula.translate(context) for formula in formulas]
    result, spent, model = _run(new_solver(ctx=context), copies, steps, seed, z3.SimpleSolver(ctx=context))
    return result, spent, None if model is None else model.translate(z3.main_ctx())


_idle: Final = z3.SimpleSolver()


def _run(solver: Term, formulas: list[Term], steps: int, seed: int, counter: Term = _idle) -> tuple[Any, int, Any]:
    """A solver's result on some formulas, the steps it took, and a model if satisfiable. z3 counts steps per context:
    `counter` is an idle solver of the same context.
    """
    solver.set("rlimit", steps)
    solver.set("timeout", NET_MILLISECONDS)
    # Groebner bases cost much and rarely help: without them goals take a fifth less time.
    solver.set("arith.nl.grobner", False)
    if seed:
        solver.set("random_seed", seed)
    assert_all(solver, formulas)
    before = _steps_so_far(counter)
    result = solver.check()
    return result, _steps_so_far(counter) - before, solver.model() if result == z3.sat else None


def _steps_so_far(counter: Term) -> int:
    return next((int(value) for key, value in counter.statistics() if key == "rlimit count"), 0)


def _with_lemmas(formulas: list[Term], steps: int, seed: int = 0) -> tuple[Any, int, Any]:
    lemmas = [*kernel_lemmas(formulas), *quotient_lemmas(terms_in(formulas))]
    if not lemmas:
        return z3.unknown, 0, None
    result, spent, _ = _run_anew(z3.Solver, [*formulas, *lemmas], steps, seed)
    return (result if result == z3.unsat else z3.unknown), spent, None


def _nonlinear(formulas: list[Term], steps: int, seed: int = 0) -> tuple[Any, int, Any]:
    has_all = any(z3.is_quantifier(term) for term in terms_in(formulas))
    return _run_anew(partial(z3.SolverFor, "UFNIA" if has_all else "QF_UFNIA"), formulas, steps, seed)


FIRST: Final = "z3"
"""The solver that is always asked first."""


def _from(seed: int) -> Check:
    return lambda formulas, steps, other: _with_lemmas(formulas, steps, seed + other)


PORTFOLIO: Final[tuple[tuple[str, Check, int], ...]] = (
    (FIRST, _plain, 300_000),
    ("z3 with kernel lemmas", _with_lemmas, 1_000_000),
    ("z3, more steps", _plain_anew, 3_000_000),
    ("z3 with kernel lemmas, more steps", _with_lemmas, 10_000_000),
    ("z3 with kernel lemmas, another seed", _from(1), 10_000_000),
    ("z3 with kernel lemmas, a third seed", _from(2), 10_000_000),
    ("z3 QF_UFNIA", _nonlinear, 3_000_000),
)
"""The solvers in the order in which they are asked, with the step limit of each by z3's own count."""

Proved = Callable[[list[Term], str], None]
"""A callback for contradictory formulas and the solver that showed it."""


Ask = Callable[[Iterable[list[Term]], Term], Answer]
"""A function that decides if a goal follows from levels of hypotheses."""


def prove(
    levels: Iterable[list[Term]],
    goal: Term,
    effort: int = 1,
    likely: Collection[str] = (),
    proved: Proved = lambda _formulas, _solver: None,
) -> Answer:
    """Ask each solver in turn if the goal follows, until one decides.

    `levels` are lists of hypotheses, each a superset of the one before. For all but the last, only the first solver is
    asked, with few steps: most goals need few hypotheses and get harder with many. Only the last level can refute.
    `effort` multiplies the step limits. `likely` solvers are asked right after the first, then the others. `proved` is
    called with the contradictory formulas and the solver's name.

    A goal that simplifies to true is proved without a solver. The answer is UNKNOWN if no solver decides.
    """
    if z3.is_true(z3.simplify(goal)):
        return Answer(Status.PROVED, "simplification", 0)
    total = 0
    formulas: list[Term] = []
    for hypotheses in levels:
        if formulas:
            result, spent, _ = _plain(formulas, QUICK_STEPS)
            total += spent
            if result == z3.unsat:
                proved(formulas, FIRST)
                return Answer(Status.PROVED, FIRST, total)
        formulas = [*hypotheses, z3.Not(goal)]
    for name, check, steps in sorted(PORTFOLIO, key=lambda solver: solver[0] not in {FIRST, *likely}):
        result, spent, model = check(formulas, steps * effort, 0)
        total += spent
        if result == z3.unsat:
            proved(formulas, name)
            return Answer(Status.PROVED, name, total)
        if result == z3.sat:
            return Answer(Status.REFUTED, name, total, model)
    return Answer(Status.UNKNOWN, "", total)


def prove_quickly(levels: Iterable[list[Term]], goal: Term, proved: Proved) -> Answer:
    """The answer of the first solver to a goal, with few steps at each level of hypotheses. If no level proves the
    goal, it is the answer at the last level. `proved` is called with the contradictory formulas and the solver.
    """
    total = 0
    answer = Answer(Status.UNKNOWN, "", 0)
    for hypotheses in levels:
        formulas = [*hypotheses, z3.Not(goal)]
        result, spent, model = _plain(formulas, QUICK_STEPS)
        total += spent
        if result == z3.unsat:
            proved(formulas, FIRST)
            return Answer(Status.PROVED, FIRST, total)
        answer = Answer(Status.REFUTED if result == z3.sat else Status.UNKNOWN, FIRST, total, model)
    return answer


def ask_again(solver: str, formulas: list[Term], seed: int, effort: int) -> str:
    """The result of the solver named `solver` on formulas that it found contradictory: "unsat", "unknown" or "sat". It
    runs again from another seed, with twice the steps times `effort`.
    """
    check, steps = next((check, steps) for name, check, steps in PORTFOLIO if name == solver)
    return str(check(formulas, 2 * steps * effort, seed)[0])
