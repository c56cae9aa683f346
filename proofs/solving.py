"""Whether a goal follows from its hypotheses: several solvers in turn, each limited by its steps, never by seconds."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final

import z3

from proofs.quotients import quotient_lemmas
from proofs.symbols import QUOTIENTS, Term, assert_all

QUICK_STEPS: Final = 100_000
"""What the first attempts may take, on few hypotheses: some tens of milliseconds."""


class Status(Enum):
    """What came of a goal."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Answer:
    """What came of a goal, by which solver, after how many steps; the model that refutes it."""

    def __init__(self, status: Status, solver: str, steps: int, model: Any = None) -> None:
        self.status: Final = status
        self.solver: Final = solver
        self.steps: Final = steps
        self.model: Final = model


def terms_in(formulas: Iterable[Term]) -> list[Term]:
    """Every term that occurs in some formulas, each once."""
    seen: dict[int, Term] = {}
    pending = list(formulas)
    while pending:
        term = pending.pop()
        if term.get_id() not in seen:
            seen[term.get_id()] = term
            pending.extend(term.children())
    return list(seen.values())


def kernel_lemmas(formulas: list[Term]) -> list[Term]:
    """Two facts about each quotient of a product that occurs; `proofs/kernels.py` proves them alone.

    For q = x * y // d with d > 0: if y = d then q = x; if 0 <= x and 0 <= y <= d then 0 <= q <= x.
    """
    lemmas: list[Term] = []
    for term in terms_in(formulas):
        division = QUOTIENTS.by_id.get(term.get_id())
        if division is None:
            continue
        product, divisor = division
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


def _plain(seed: int) -> Callable[[list[Term], int], tuple[Any, int, Any]]:
    def check(formulas: list[Term], steps: int) -> tuple[Any, int, Any]:
        solver = z3.Solver()
        solver.set("rlimit", steps)
        if seed:
            solver.set("random_seed", seed)
        assert_all(solver, formulas)
        return _run(solver)

    return check


def _run(solver: Term) -> tuple[Any, int, Any]:
    result = solver.check()
    statistics = solver.statistics()
    counts = [
        statistics[position][1] for position in range(len(statistics)) if statistics[position][0] == "rlimit count"
    ]
    return result, int(counts[0]) if counts else 0, solver.model() if result == z3.sat else None


def _with_lemmas(formulas: list[Term], steps: int) -> tuple[Any, int, Any]:
    lemmas = [*kernel_lemmas(formulas), *quotient_lemmas(terms_in(formulas))]
    if not lemmas:
        return z3.unknown, 0, None
    solver = z3.Solver()
    solver.set("rlimit", steps)
    assert_all(solver, [*formulas, *lemmas])
    result, spent, _ = _run(solver)
    return (result if result == z3.unsat else z3.unknown), spent, None


def _nonlinear(formulas: list[Term], steps: int) -> tuple[Any, int, Any]:
    solver = z3.SolverFor("QF_UFNIA")
    solver.set("rlimit", steps)
    assert_all(solver, formulas)
    return _run(solver)


PORTFOLIO: Final[tuple[tuple[str, Callable[[list[Term], int], tuple[Any, int, Any]], int], ...]] = (
    ("z3", _plain(0), 300_000),
    ("z3 with kernel lemmas", _with_lemmas, 1_000_000),
    ("z3, more steps", _plain(0), 3_000_000),
    ("z3 QF_UFNIA", _nonlinear, 3_000_000),
    ("z3 with kernel lemmas, more steps", _with_lemmas, 10_000_000),
)
"""The solvers in the order in which they are asked, and the steps that each is given: z3's own count, not seconds."""


def prove(levels: Iterable[list[Term]], goal: Term, effort: int = 1) -> Answer:
    """Ask each solver in turn whether the goal follows, until one knows.

    `levels` are hypotheses, the next more than the one before. All but the last are only asked the first solver, quickly:
    most goals need little, and are lost among much. Only the last can refute. `effort` multiplies the steps.
    """
    if z3.is_true(z3.simplify(goal)):
        return Answer(Status.PROVED, "simplification", 0)
    total = 0
    formulas: list[Term] = []
    for hypotheses in levels:
        if formulas:
            result, spent, _ = _plain(0)(formulas, QUICK_STEPS)
            total += spent
            if result == z3.unsat:
                return Answer(Status.PROVED, "z3", total)
        formulas = [*hypotheses, z3.Not(goal)]
    for name, check, steps in PORTFOLIO:
        result, spent, model = check(formulas, steps * effort)
        total += spent
        if result == z3.unsat:
            return Answer(Status.PROVED, name, total)
        if result == z3.sat:
            return Answer(Status.REFUTED, name, total, model)
    return Answer(Status.UNKNOWN, "", total)
