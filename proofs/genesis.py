"""The base case: every state law holds at genesis.

At genesis every row is its table's default, except rows that a deployment chooses: its configuration, token balances,
strategies. These are arbitrary rows that satisfy the theory's conditions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import z3

from proofs.goals import Obligation, Verdict, left_out
from proofs.paths import Path, Term, UnliftableError, explore, path
from proofs.prover import Prover, answer_of
from proofs.shapes import flatten
from proofs.solving import Status, prove
from proofs.state import Touch
from proofs.symbols import term_of, truth_of
from proofs.totals import sum_term

SINGLETON: Final = ""
"""The key of a table's only row."""

GENESIS: Final = "genesis"
"""The name under which verdicts on the base case are stored, in place of the name of a call."""

STEPS_TO_FIND_ONE: Final = 20_000_000
"""The solver steps to find rows that a deployment can choose."""


class _Rows:
    """A table at genesis. It has unknown rows that satisfy the theory's conditions if a deployment chooses them
    (`chosen`), else default rows only.
    """

    def __init__(self, table: Any, chosen: Any, holds: Any) -> None:
        self.table: Final = table
        self.is_chosen: Final = chosen is not None
        self._chosen: Final = chosen
        self._holds: Final = holds
        self.rows: Any = None
        """The draft of all tables at genesis, since conditions on rows may depend on other tables."""

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
        """The theory's condition on the row that is at a key at genesis, as one term."""
        return self.says(key, self.get(key))

    def says(self, key: Any, row: Any) -> Term:
        """The theory's condition on the given row at a key at genesis, as one term."""
        return z3.And(*[truth_of(condition) for condition in self._holds(self.rows, key, row)])


class _Totals:
    """The totals of sums at genesis: zero, or unknown if the deployment chose rows of the summed table."""

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
    """The state at genesis. Assumed are only the theory's conditions on the rows that a deployment chooses. No law is
    assumed, of this state or an earlier one.
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
        """A context for the base case: histories have no past, and no laws are assumed of rows."""
        histories = self._prover.world.get("spec.history", "HistoryTable")
        histories._has_past, self._prover.is_beginning = False, True
        try:
            yield
        finally:
            histories._has_past, self._prover.is_beginning = True, False

    def verdict(self, law_id: str) -> Verdict:
        """The verdict that a state law holds at genesis, at any subject. For `SUM-...` it is that default rows add
        nothing to the sum, in any state that satisfies the laws.
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
        """The ids of the verdicts on the sums of the catalogue and the theory, "SUM-" and the sum's name."""
        return [f"SUM-{total.name}" for total in self._sums]


def base_case(prover: Prover, laws: list[Any]) -> list[Verdict]:
    """The verdicts that each of some state laws holds at genesis, and that default rows add nothing to any sum."""
    beginning = Beginning(prover)
    return [beginning.verdict(law_id) for law_id in [*[law.law_id for law in laws], *beginning.sums()]]


def _refuse_what_cannot_be(prover: Prover, tables: "list[_Rows]") -> None:
    """Raise UnliftableError unless some deployment is possible: a model gives rows that satisfy the theory's conditions
    at every key.
    """
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
    """Raise UnliftableError if the theory's conditions exclude the default row of a table. A deployment writes finitely
    many rows, so all others are default rows. A table's only row, at SINGLETON, is exempt.
    """
    for table in tables:
        key = prover.any_key(table.table, f"genesis.{table.table.name}")
        # A deployment does write the only row of a table with a single one.
        is_other = z3.Or(*[part != term_of(SINGLETON) for part in flatten(key)])
        for here, outcome in explore(partial(table.says, key, table.table.default), prunes=False):
            holds = z3.BoolVal(False) if isinstance(outcome, Exception) else outcome
            given = [is_other, *here.conditions, *here.facts.values()]
            if prove([given], holds).status is not Status.PROVED:
                raise UnliftableError(
                    f"what the theory says of the beginning excludes default rows of {table.table.name}"
                )


def _prove_at(prover: Prover, verdict: Verdict, program: Callable[[], Any]) -> None:
    """Prove that a program returns true at genesis, whatever rows the deployment chose. Adds the answers to the
    verdict, and records if some deployment is possible.
    """
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
    """Prove that default rows add nothing to a sum, in any state that satisfies the laws. So a total is that of the
    rows ever written. The answers are added to the verdict.
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
        _prove_of_any(prover.with_sign_facts(), found, program)
        if found.status == "PROVED":
            break
    verdict.join(found)


def _prove_of_any(prover: Prover, verdict: Verdict, program: Callable[[], Any]) -> None:
    """Prove that a program returns true in any state that satisfies the laws. Adds the answers to the verdict."""
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
