"""Cross-checks of everything that z3 proves, by other solvers: cvc5, which shares no code with it, through SMT-LIB
text; z3 from another seed; and, if given, another z3 program.

They may fail to decide. If one disagrees, the text is kept, so that all solvers can be asked again.
"""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Final

import z3

from proofs.paths import Term, assert_all
from proofs.solving import NET_MILLISECONDS, ask_again

CVC5_STEPS: Final = 20_000
"""The step limit for one goal, by cvc5's own count."""

SEED: Final = 7
"""The random seed for z3's second run; other runs use seed 0."""

OTHER_Z3_STEPS: Final = 1_000_000

ANSWERS: Final = {"unsat": "agree", "unknown": "no_answer", "sat": "disagree"}
"""The meaning of an answer for formulas that z3 found contradictory."""


def smt_lib(formulas: list[Term]) -> str:
    """The question if some formulas are satisfiable together, as SMT-LIB text."""
    solver = z3.SimpleSolver()
    assert_all(solver, formulas)
    return str(solver.to_smt2())


def ask_cvc5(text: str, steps: int = CVC5_STEPS) -> str:
    """The answer of cvc5 to a question in SMT-LIB: "sat", "unsat" or "unknown". Raises ImportError if cvc5 is not
    installed.
    """
    import cvc5

    solver = cvc5.Solver()
    solver.setOption("rlimit", str(steps))
    solver.setOption("tlimit-per", str(NET_MILLISECONDS))
    solver.setOption("nl-ext-tplanes", "true")
    solver.setLogic("UFNIA" if "(forall " in text else "QF_UFNIA")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "goal")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        if command.getCommandName() != "set-logic":
            said = str(command.invoke(solver, symbols)).strip() or said
    return said.split(" ")[0]  # the first word, without the reason for "unknown"


def cvc5_version() -> str:
    """The version of the installed cvc5. Raises ImportError if there is none."""
    import cvc5

    return f"cvc5 {cvc5.__version__}"


def ask_program(program: str, text: str, steps: int = OTHER_Z3_STEPS) -> str:
    """The answer of another z3 to a question in SMT-LIB: "sat", "unsat" or "unknown". `program` is its command."""
    limits = [f"rlimit={steps}", f"timeout={NET_MILLISECONDS}"]
    done = subprocess.run([program, "-in", "-smt2", *limits], input=text, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return lines[0] if lines and lines[0] in ANSWERS else "unknown"


def program_version(program: str) -> str:
    """The z3 version of a program, or the program's name if its output is not z3's. Raises OSError
    if it cannot be run.
    """
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()
    return f"z3 {said[2]}" if said[:2] == ["Z3", "version"] else program


class Opinions:
    """The other solvers' answers to the goals of one call, counted by law and solver. A question is disputed, and kept,
    if another solver finds a model where ours proved the goal.

    `effort` multiplies the step limits, `other_z3` is the command of a further z3. Raises ImportError if cvc5 is not
    installed.
    """

    def __init__(self, effort: int = 1, other_z3: str | None = None) -> None:
        self._effort: Final = effort
        self._other_z3: Final = other_z3
        self._cvc5: Final = cvc5_version()
        self._again: Final = f"z3 from seed {SEED}"
        self._program: Final = "" if other_z3 is None else program_version(other_z3)
        self.who: Final = [name for name in (self._cvc5, self._again, self._program) if name]
        """The names of the solvers that are asked."""
        self.counts: Final[dict[str, dict[str, Counter[str]]]] = {}
        self.disputed: Final[list[dict[str, str]]] = []

    def hear(self, law_id: str, formulas: list[Term], solver: str) -> None:
        """Ask all other solvers about formulas that one of ours, named `solver`, found contradictory, and count their
        answers under the law `law_id`.
        """
        text = smt_lib(formulas)
        said = {
            self._cvc5: ask_cvc5(text, CVC5_STEPS * self._effort),
            self._again: ask_again(solver, formulas, SEED, self._effort),
        }
        if self._other_z3 is not None:
            said[self._program] = ask_program(self._other_z3, text, OTHER_Z3_STEPS * self._effort)
        for who, answer in said.items():
            counts = self.counts.setdefault(law_id, {}).setdefault(who, Counter())
            counts[ANSWERS[answer]] += 1
            if answer == "sat":
                self.disputed.append({"law": law_id, "who": who, "text": text})

    def take(self) -> tuple[dict[str, dict[str, int]], list[dict[str, str]]]:
        """The counts of answers by solver, and the disputed questions with `law`, `who` and `text`, since the last call
        of this method. Both are then forgotten.
        """
        total = {who: Counter[str]() for who in self.who}
        for by in self.counts.values():
            for who, counts in by.items():
                total[who].update(counts)
        disputed = list(self.disputed)
        self.counts.clear()
        self.disputed.clear()
        return {who: dict(counts) for who, counts in total.items()}, disputed

    def as_plain(self) -> dict[str, Any]:
        """The counts of the answers "agree", "no_answer" and "disagree", by law and solver."""
        return {law: {who: dict(counts) for who, counts in by.items()} for law, by in sorted(self.counts.items())}


def ask_everybody(file: Path) -> dict[str, str]:
    """The answers of z3 and of cvc5 to a question stored in an SMT-LIB file, by solver and version. The answer is "not
    installed" for a missing cvc5.
    """
    text = file.read_text()
    solver = z3.Solver()
    solver.from_string(text)
    said = {f"z3 {z3.get_version_string()}": str(solver.check())}
    try:
        said[cvc5_version()] = ask_cvc5(text)
    except ImportError:
        said["cvc5"] = "not installed"
    return said
