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
from proofs.paths import Path, Term, UnliftableError, explore, path
from proofs.prover import Prover, answer_of
from proofs.solving import Status, prove
from proofs.state import Touch, flatten, sum_term
from proofs.symbols import term_of, truth_of

SINGLETON: Final = ""
"""The key of the only row of a table."""

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
            here.assume(self.says(key, row))
        return row

    def condition(self, key: Any) -> Term:
        """The theory's condition on the row of a key."""
        return self.says(key, self.get(key))

    def says(self, key: Any, row: Any) -> Term:
        """The theory's condition on a row of a key."""
        return z3.And(*[truth_of(condition) for condition in self._holds(self.rows, key, row)])


class _Totals:
    """Sums in the beginning: nothing, or whatever is in the rows that the deployment chose."""

    def __init__(self, chosen: set[int], refuse_other_groups: Callable[[Any, Any], None]) -> None:
        self._chosen: Final = chosen
        self._refuse_other_groups: Final = refuse_other_groups

    def now(self, total: Any, group: Any) -> Any:
        return self.at_start(total, group)

    def at_start(self, total: Any, group: Any) -> Any:
        if group is None:
            return 0
        self._refuse_other_groups(total, group)
        if total.table.index not in self._chosen:
            return 0
        return sum_term(total, group, "!start")


class Beginning:
    """The state in which histories begin, of which nothing is assumed but what the theory says of the rows that a
    deployment chooses: no law of the state before, since there is none, and no law that is proved here.
    """

    def __init__(self, prover: Prover) -> None:
        theory, machine = prover.theory, prover.world.modules["spec.machine"]
        chosen = {table.index: holds for table, holds in theory.genesis.items()}
        for history in prover.histories():
            if {history.heads.index, history.checkpoints.index} & chosen.keys():
                raise UnliftableError(
                    f"{history.heads.name}: a deployment chooses rows of a history, which has no past"
                )
        tables = [
            _Rows(table, prover.tables[table.index] if table.index in chosen else None, chosen.get(table.index))
            for table in prover.protocol.schema.tables
        ]
        rows = prover.reading(machine.State(tables))
        for table in tables:
            table.rows = rows
        self._prover: Final = prover
        self._view: Final = prover.world.modules["invariants.law"].View(
            rows, _Totals(set(chosen), prover.groups.refuse_others)
        )
        self._sums: Final = [*theory.catalogue.sums, *theory.sums.own, *theory.sums.nested]
        with self._begins():
            _refuse_what_cannot_be(prover, [table for table in tables if table.is_chosen])
            _refuse_what_excludes_default_rows(prover, [table for table in tables if table.is_chosen])

    @contextmanager
    def _begins(self) -> Iterator[None]:
        """There is no past, and no state before."""
        histories = self._prover.world.get("spec.history", "HistoryTable")
        histories._has_past, self._prover.is_beginning = False, True
        try:
            yield
        finally:
            histories._has_past, self._prover.is_beginning = True, False

    def verdict(self, law_id: str) -> Verdict:
        """True if a state law holds in the beginning, at any subject; or that default rows add nothing to a sum, now
        and whenever the laws hold.
        """
        verdict = Verdict(law_id, GENESIS)
        total = next((total for total in self._sums if law_id == f"SUM-{total.name}"), None)
        if total is not None:
            _adds_nothing(self._prover, verdict, total)
            return verdict
        with self._begins():
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


def _refuse_what_excludes_default_rows(prover: Prover, tables: "list[_Rows]") -> None:
    """A deployment writes finitely many rows: of all others what the theory says of the beginning must hold, too."""
    for table in tables:
        key = prover.any_key(table.table, f"genesis.{table.table.name}")
        # A deployment does write the only row of a table that has one.
        is_other = z3.Or(*[part != term_of(SINGLETON) for part in flatten(key)])
        for here, outcome in explore(partial(table.says, key, table.table.default), prunes=False):
            holds = z3.BoolVal(False) if isinstance(outcome, Exception) else outcome
            given = [is_other, *here.conditions, *here.facts.values()]
            if prove([given], holds).status is not Status.PROVED:
                raise UnliftableError(
                    f"what the theory says of the beginning excludes default rows of {table.table.name}"
                )


def _prove_at(prover: Prover, verdict: Verdict, program: Callable[[], Any]) -> None:
    """Prove that a program answers yes, whatever a deployment chose; and that some deployment leads there."""
    base = Path(None, [], True)
    paths = list(explore(program, base))
    for here, outcome in paths:
        given = [*here.conditions, *here.facts.values()]
        goal = z3.BoolVal(False) if isinstance(outcome, Exception) else answer_of(outcome)
        answer = prover.prove(verdict.law_id, [given], goal)
        verdict.answers.append((Obligation(verdict.law_id, here, goal), answer))
        verdict.scopes.update(here.scopes)
        if not verdict.is_reachable:
            verdict.concern(prove([given], z3.BoolVal(False)).status)
    for whole in left_out(verdict.law_id, base, [here for here, _ in paths]):
        answer = prover.prove(verdict.law_id, [[*whole.here.facts.values()]], whole.goal)
        verdict.answers.append((whole, answer))


def _adds_nothing(prover: Prover, verdict: Verdict, total: Any) -> None:
    """Prove that default rows add nothing to a sum in any state that satisfies the laws. So it is the sum of the rows
    that were ever written.
    """
    key, default = prover.any_key(total.table, f"member.{total.name}"), total.table.default
    view = prover.before

    def adds_nothing(row: Any) -> Any:
        return total.group(view.rows, key, row) is None or prover.worth(total, view, key, row) == 0

    def adds_nothing_if_it_is_default() -> Any:
        row = view.rows.get(total.table, key)
        return adds_nothing(row) if row == default else True

    for program in (partial(adds_nothing, default), adds_nothing_if_it_is_default):
        found = Verdict(verdict.law_id, GENESIS)
        _prove_of_any(prover, found, program)
        if found.status == "PROVED":
            break
    verdict.join(found)


def _prove_of_any(prover: Prover, verdict: Verdict, program: Callable[[], Any]) -> None:
    """Prove that a program answers yes in any state that satisfies the laws."""
    base = Path(None, [], True)
    paths = list(explore(program, base))
    for here, outcome in paths:
        goal = z3.BoolVal(False) if isinstance(outcome, Exception) else answer_of(outcome)
        answer = prover.prove(verdict.law_id, prover.levels(here, [], verdict.scopes), goal)
        verdict.answers.append((Obligation(verdict.law_id, here, goal), answer))
        verdict.scopes.update(here.scopes)
    for whole in left_out(verdict.law_id, base, [here for here, _ in paths]):
        answer = prover.prove(verdict.law_id, [[*whole.here.facts.values()]], whole.goal)
        verdict.answers.append((whole, answer))
    verdict.is_reachable = True
