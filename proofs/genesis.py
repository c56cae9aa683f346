"""The base case: every state law holds where histories begin.

In the beginning every row is its table's default, but for those that a deployment chooses: its configuration, who
holds which tokens, which strategies there are. These are any that satisfy what the theory says of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import z3

from proofs.goals import Obligation, Verdict, left_out
from proofs.obligations import Prover
from proofs.paths import Path, Term, UnliftableError, explore, path
from proofs.solving import prove
from proofs.state import Touch, flatten, sum_term
from proofs.symbols import term_of, truth_of

GENESIS: Final = "genesis"
"""The name of the base case where verdicts have the name of a call."""

STEPS_TO_FIND_ONE: Final = 20_000_000
"""The solver steps to find rows that a deployment can choose."""


class _Rows:
    """A table in the beginning: what the deployment chose, or nothing but default rows."""

    def __init__(self, table: Any, chosen: Any, holds: Any) -> None:
        self.table: Final = table
        self.is_chosen: Final = chosen is not None
        self._chosen: Final = chosen
        self._holds: Final = holds
        self.rows: Any = None
        """All tables in the beginning: what is chosen here may depend on what is chosen elsewhere."""

    def get(self, key: Any) -> Any:
        if self._chosen is None:
            return self.table.default
        touch = Touch(self.table, key)
        here = path()
        is_new = touch.identity not in here.touched
        here.touched[touch.identity] = touch
        row = self._chosen.get(key)
        if is_new:
            here.assume(self._says(key, row))
        return row

    def condition(self, key: Any) -> Term:
        """The theory's condition on the row of a key."""
        return self._says(key, self.get(key))

    def _says(self, key: Any, row: Any) -> Term:
        return z3.And(*[truth_of(condition) for condition in self._holds(self.rows, key, row)])


class _Totals:
    """Sums in the beginning: nothing, or whatever is in the rows that the deployment chose."""

    def __init__(self, chosen: set[int]) -> None:
        self._chosen: Final = chosen

    def now(self, total: Any, group: Any) -> Any:
        return self.at_start(total, group)

    def at_start(self, total: Any, group: Any) -> Any:
        if group is None or total.table.index not in self._chosen:
            return 0
        return sum_term(total, group, "!start")


class Beginning:
    """The state in which histories begin, of which nothing is assumed but what the theory says of the rows that a
    deployment chooses: no law of the state before, since there is none, and no law that is proved here.
    """

    def __init__(self, prover: Prover) -> None:
        theory, machine = prover.theory, prover.world.modules["spec.machine"]
        chosen = {table.index: holds for table, holds in theory.genesis.items()}
        tables = [
            _Rows(table, prover.tables[table.index] if table.index in chosen else None, chosen.get(table.index))
            for table in prover.protocol.schema.tables
        ]
        rows = prover.reading(machine.State(tables))
        for table in tables:
            table.rows = rows
        self._prover: Final = prover
        self._view: Final = prover.world.modules["invariants.law"].View(rows, _Totals(set(chosen)))
        self._sums: Final = [
            total
            for total in [*theory.catalogue.sums, *theory.sums.own, *theory.sums.nested]
            if total.table.index not in chosen
        ]
        with self._begins():
            _refuse_what_cannot_be(prover, [table for table in tables if table.is_chosen])

    @contextmanager
    def _begins(self) -> Iterator[None]:
        """There is no past, and no state before."""
        histories = self._prover.world.get("spec.history", "HistoryTable")
        histories.has_past, self._prover.is_beginning = False, True
        try:
            yield
        finally:
            histories.has_past, self._prover.is_beginning = True, False

    def verdict(self, law_id: str) -> Verdict:
        """True if a state law holds in the beginning, at any subject; or that default rows add nothing to a sum."""
        verdict = Verdict(law_id, GENESIS)
        with self._begins():
            total = next((total for total in self._sums if law_id == f"SUM-{total.name}"), None)
            if total is not None:
                _adds_nothing(self._prover, verdict, self._view, total)
                return verdict
            (law,) = self._prover.laws_of([law_id])
            subject = self._prover.subject(law)
            _prove_at(self._prover, verdict, partial(law.holds, self._view, subject))
        return verdict

    def sums(self) -> list[str]:
        """The ids of the verdicts on sums."""
        return [f"SUM-{total.name}" for total in self._sums]


def base_case(prover: Prover, laws: list[Any]) -> list[Verdict]:
    """True if each state law holds in the beginning, and that sums begin with nothing."""
    beginning = Beginning(prover)
    return [beginning.verdict(law_id) for law_id in [*[law.law_id for law in laws], *beginning.sums()]]


def _refuse_what_cannot_be(prover: Prover, tables: "list[_Rows]") -> None:
    """A deployment must be possible: of rows that are chosen alike for every key, a model is found."""
    solver = z3.Solver()
    solver.set("rlimit", STEPS_TO_FIND_ONE)
    for table in tables:
        key = prover.any_key(table.table, f"genesis.{table.table.name}")
        ways = []
        for here, outcome in explore(lambda table=table, key=key: table.condition(key), prunes=False):  # type: ignore[misc]  # mypy infers no type of a lambda with a default
            if not isinstance(outcome, Exception):
                ways.append(z3.And(*here.conditions, *here.facts.values(), outcome))
        solver.add(z3.ForAll(flatten(key), z3.Or(*ways)))
    if solver.check() != z3.sat:
        names = ", ".join(table.table.name for table in tables)
        raise UnliftableError(f"no rows are found that satisfy what the theory says of the beginning: of {names}")


def _prove_at(prover: Prover, verdict: Verdict, program: Callable[[], Any]) -> None:
    """Prove that a program answers yes, whatever a deployment chose; and that some deployment leads there."""
    base = Path(None, [], True)
    paths = list(explore(program, base))
    for here, outcome in paths:
        given = [*here.conditions, *here.facts.values()]
        goal = z3.BoolVal(False) if isinstance(outcome, Exception) else term_of(outcome)
        answer = prover.prove(verdict.law_id, [given], goal)
        verdict.answers.append((Obligation(verdict.law_id, here, goal), answer))
        verdict.scopes.update(here.scopes)
        if not verdict.is_reachable:
            verdict.concern(prove([given], z3.BoolVal(False)).status)
    for whole in left_out(verdict.law_id, base, [here for here, _ in paths]):
        answer = prover.prove(verdict.law_id, [[*whole.here.facts.values()]], whole.goal)
        verdict.answers.append((whole, answer))


def _adds_nothing(prover: Prover, verdict: Verdict, view: Any, total: Any) -> None:
    """Prove that default rows add nothing to a sum, so that it is zero in the beginning."""
    key = prover.any_key(total.table, f"member.{total.name}")
    row = total.table.default

    def adds_nothing() -> Any:
        return total.group(view.rows, key, row) is None or prover.worth(total, view, key, row) == 0

    _prove_at(prover, verdict, adds_nothing)
