"""The base case: every state law holds where histories begin.

In the beginning every row is its table's default, but for those that a deployment chooses: its configuration, who
holds which tokens, which strategies there are. These are any that satisfy what the theory says of them.
"""

from functools import partial
from typing import Any, Final

import z3

from proofs.obligations import Obligation, Prover, Verdict
from proofs.state import Touch, sum_term
from proofs.symbols import Path, explore, path, term_of

GENESIS: Final = "genesis"
"""The name of the base case where verdicts have the name of a call."""


class _Rows:
    """A table in the beginning: what the deployment chose, or nothing but default rows."""

    def __init__(self, table: Any, chosen: Any, holds: Any) -> None:
        self._table: Final = table
        self._chosen: Final = chosen
        self._holds: Final = holds
        self.rows: Any = None
        """All tables in the beginning: what is chosen here may depend on what is chosen elsewhere."""

    def get(self, key: Any) -> Any:
        if self._chosen is None:
            return self._table.default
        touch = Touch(self._table, key)
        here = path()
        is_new = touch.identity not in here.touched
        here.touched[touch.identity] = touch
        row = self._chosen.get(key)
        if is_new:
            here.assume(z3.And(*[term_of(condition) for condition in self._holds(self.rows, key, row)]))
        return row


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


def base_case(prover: Prover, laws: list[Any]) -> list[Verdict]:
    """Whether each state law holds in the beginning, at any subject."""
    theory, machine = prover.theory, prover.world.modules["spec.machine"]
    chosen = {table.index: holds for table, holds in theory.genesis.items()}
    tables = [
        _Rows(table, prover.tables[table.index] if table.index in chosen else None, chosen.get(table.index))
        for table in prover.protocol.schema.tables
    ]
    rows = machine.Draft(machine.State(tables))
    for table in tables:
        table.rows = rows
    view = prover.world.modules["invariants.law"].View(rows, _Totals(set(chosen)))
    histories = prover.world.get("spec.history", "HistoryTable")
    verdicts: list[Verdict] = []
    histories.has_past = False
    try:
        for law in laws:
            verdict = Verdict(law.law_id, GENESIS)
            subject = prover.subject(law)
            for here, outcome in explore(partial(law.holds, view, subject), Path(None, [], True)):
                if isinstance(outcome, Exception):
                    goal: Any = z3.BoolVal(False)
                else:
                    goal = z3.BoolVal(outcome) if isinstance(outcome, bool) else outcome.term
                obligation = Obligation(law.law_id, here, goal)
                verdict.answers.append(
                    (obligation, prover.prove(verdict.law_id, [[*here.conditions, *here.facts.values()]], goal))
                )
                verdict.scopes.update(here.scopes)
            verdict.is_reachable = True
            verdicts.append(verdict)
        empty = [total for total in [*theory.catalogue.sums, *theory.sums] if total.table.index not in chosen]
        verdicts += [_adds_nothing(prover, view, total) for total in empty]
    finally:
        histories.has_past = True
    return verdicts


def _adds_nothing(prover: Prover, view: Any, total: Any) -> Verdict:
    """That default rows add nothing to a sum, so that it is zero in the beginning."""
    verdict = Verdict(f"SUM-{total.name}", GENESIS)
    key = prover.any_key(total.table, f"member.{total.name}")
    row = total.table.default

    def adds_nothing() -> Any:
        return total.group(view.rows, key, row) is None or total.worth(view.rows, row) == 0

    for here, outcome in explore(adds_nothing, Path(None, [], True)):
        goal = z3.BoolVal(False) if isinstance(outcome, Exception) else outcome
        goal = z3.BoolVal(goal) if isinstance(goal, bool) else getattr(goal, "term", goal)
        verdict.answers.append(
            (
                Obligation(total.name, here, goal),
                prover.prove(verdict.law_id, [[*here.conditions, *here.facts.values()]], goal),
            )
        )
    verdict.is_reachable = True
    return verdict
