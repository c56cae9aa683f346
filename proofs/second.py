"""A second solver's opinion on the goals of a verdict: cvc5, which shares no code with z3, by way of SMT-LIB text.

cvc5 is an optional dependency. It need not know; what it must not do is disagree.
"""

from collections import Counter
from typing import Any, Final

import z3

from proofs.obligations import Prover, Verdict
from proofs.solving import Status
from proofs.symbols import Term, assert_all

CVC5_STEPS: Final = 20_000
"""cvc5's own count of what it may do for one goal."""


def ask_cvc5(formulas: list[Term], steps: int = CVC5_STEPS) -> str:
    """Whether formulas can be true together: `sat`, `unsat` or `unknown`."""
    import cvc5

    text = z3.SimpleSolver()
    assert_all(text, formulas)
    solver = cvc5.Solver()
    solver.setOption("rlimit", str(steps))
    solver.setOption("nl-ext-tplanes", "true")
    solver.setLogic("QF_UFNIA")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text.to_smt2(), "goal")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        if command.getCommandName() != "set-logic":
            said = str(command.invoke(solver, symbols)).strip() or said
    return said


def opinions(prover: Prover, law: Any, verdict: Verdict) -> Counter[str]:
    """What cvc5 says of each goal of a law that z3 proved: `unsat` agrees, `sat` does not."""
    counts: Counter[str] = Counter()
    extra = [(law, prover.subject(law))] if hasattr(law, "rows") else []
    for obligation, answer in verdict.answers:
        if answer.status is Status.PROVED and answer.solver != "simplification":
            hypotheses, _ = prover.hypotheses(obligation.here, extra)
            counts[ask_cvc5([*hypotheses, z3.Not(obligation.goal)])] += 1
    return counts
