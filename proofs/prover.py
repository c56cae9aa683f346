"""The `Prover`: a protocol's calls on a symbolic state, and the laws that may be assumed of that state.

State (`proofs/state.py`) and call are symbolic; the transition is the lifted source, explored path by path. Laws of the
state before are assumed only at the subjects to which the rows that were read lead: assuming less than what holds is
sound. A row that the Delta does not write has not changed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from fractions import Fraction
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any, Final

import z3

from proofs.builtin import bound_ranges
from proofs.dependencies import tables_of
from proofs.goals import Instance, TotalRead
from proofs.lifting import LiftedModules, lift
from proofs.paths import Path, Term, UnliftableError, explore, path, refuse
from proofs.running_world import refuse_another_world
from proofs.setup import Contracts, setup_of
from proofs.shapes import fresh, has_shape, identity, key_shapes, shape_like
from proofs.solving import Answer, prove, prove_quickly
from proofs.state import SymbolicRows, Touch, read_only, watched
from proofs.sum_facts import SignFacts, SumFacts
from proofs.sum_groups import SumGroups
from proofs.symbolic_calls import symbolic_call
from proofs.symbols import SymBool, SymInt, SymName, truth_of
from proofs.theory_checks import (
    refuse_names_given_twice,
    refuse_protocol,
    refuse_what_is_not_understood,
    refuse_what_nothing_proves,
)
from proofs.totals import Totals, TotalsAfter, view_before_step

DEPTH: Final = 2
"""The depth of hypotheses: laws at the rows that were read, then laws at the rows that those laws read."""


class Prover:
    """The lifted copy of one protocol, which runs on symbols, its symbolic state, and the laws that may be assumed of
    that state. `theory` is the place `module:attribute` of its theory. `contracts` are the trusted contracts, by
    default those of the theory's setup. Raises UnliftableError for a theory that the engine does not accept, and if
    the modules that run hold other values than their lifted copies.
    """

    def __init__(self, theory: str, contracts: Contracts | None = None) -> None:
        module, _, name = theory.partition(":")
        setup = setup_of(theory)
        if contracts is None:
            contracts = setup.contracts
        self.world: Final[LiftedModules] = lift(module, contracts, setup.lifted)
        refuse_another_world(self.world.modules)
        self.theory: Final = self.world.get(module, name)
        self.protocol: Final = self.theory.protocol
        machine = self.world.modules["spec.machine"]
        laws = self.world.modules["invariants.law"]
        self._draft: Final = machine.Draft
        self._watched: Final = watched(machine.Draft)
        self.reading: Final = read_only(machine.Draft)
        self._delta: Final = machine.Delta
        self._view: Final = laws.View
        self.accepted_step: Final = laws.AcceptedStep
        self.rejected_call: Final = laws.RejectedCall
        refuse_protocol(self.protocol, self.world)
        refuse_names_given_twice(self.theory)
        refuse_what_nothing_proves(self.theory)
        refuse_what_is_not_understood(self.theory, self.world)
        bound_ranges(self.theory.limits.lists)
        self.shapes: Final = key_shapes(self.world.modules[self.theory.state_module], self.theory.keys)
        for table in self.protocol.schema.tables:
            if table.name not in self.shapes:
                raise UnliftableError(
                    f"no shape is known of the keys of {table.name}, which {self.theory.state_module} does not declare"
                )
        self.tables: Final = [
            SymbolicRows(table, self.shapes[table.name], self.theory.limits.lists, self._note_read)
            for table in self.protocol.schema.tables
        ]
        self.state: Final = machine.State(self.tables)
        self.world.rows.update(
            {id(table): rows for table, rows in zip(self.protocol.schema.tables, self.tables, strict=True)}
        )
        self.totals: Final = Totals(self._note_sum)
        self.groups: Final = SumGroups(self)
        self.totals.refuse_other_groups = self.groups.refuse_others
        self.before: Final = self._view(self.reading(self.state), self.totals)
        histories = self.world.get("spec.history", "HistoryTable")
        histories._reads = staticmethod(lambda touch: (path().reader or self._note_read)(touch))
        self._by_contract: set[int] = set()
        """The indices of the tables of which a trusted contract defines only what a push writes. No law may
        read them.
        """
        self.is_beginning = False
        """True during the base case, in which no law may be assumed of any row."""
        self.scopes: Mapping[Any, Any] = self.theory.limits.scopes
        """The restrictions on rows, by table: a description, and a predicate on the row."""
        self.seen: tuple[Any, Callable[[Any, Any], Any]] | None = None
        """In the middle of a loop: the `Seen` of the theory, and the replacement rows for a draft and a subject."""
        self.effort = 1
        """The factor by which the solvers' step limits are multiplied."""
        self.likely: Mapping[str, Collection[str]] = {}
        """The map from law to the solvers that answered its goals the last time."""
        self.hears: Callable[[str, list[Term], str], None] = lambda _law_id, _formulas, _solver: None
        """The callback for each proved goal: the law, the contradictory formulas, and the solver."""
        self.laws: Final = self.theory.assumed()
        self._instances: Final[dict[object, tuple[Any, Instance]]] = {}
        self._closures: Final[dict[tuple[object, int], list[Instance]]] = {}
        self.sum_facts: Final = SumFacts(self, {})
        self._subjects: Final[dict[str, Any]] = {}
        with Path(None, [], False) as here:
            histories._now = self.theory.now(self.before.rows)
        if here.conditions or here.facts or here.scopes:
            raise UnliftableError("the theory's `now` is another in other states, which is not understood")
        self.groups.learn([*self.theory.catalogue.sums, *self.theory.sums.own, *self.theory.sums.nested])
        tables = [table for one in self.histories() for table in (one.heads, one.checkpoints)]
        self.world.of_histories.update([id(table) for table in tables])
        self._refuse_contracts_about_rules()
        self._refuse_bounds_that_are_not_said()

    def _refuse_bounds_that_are_not_said(self) -> None:
        """Raise UnliftableError if the theory declares a law `bounded` (proved of short lists only) that iterates over
        no bounded list.
        """
        for law in self.laws_of(self.theory.induction.bounded):
            if not self.instance(law, self.subject(law)).scopes:
                raise UnliftableError(f"{law.law_id} goes through no list, and is not proved of short ones alone")

    def _refuse_contracts_about_rules(self) -> None:
        """Raise UnliftableError if the theory declares a law `by_contract` (kept by the trusted contract of histories)
        that reads other tables than those of histories.
        """
        own = {table.index for history in self.histories() for table in (history.heads, history.checkpoints)}
        for law in self.theory.catalogue.state_laws:
            if law.law_id in self.theory.induction.by_contract and not tables_of(self, law) <= own:
                raise UnliftableError(f"{law.law_id} is no law of histories alone, which their contract could keep")
        exact = [history for history in self.histories() if hasattr(history, "_value_before")]
        self._by_contract |= own - {table.index for one in exact for table in (one.heads, one.checkpoints)}
        self._by_contract -= {history.heads.index for history in self.histories()}

    def prove(self, law_id: str, levels: Iterable[list[Term]], goal: Term) -> Answer:
        """The answer to a goal of a law. `levels` are lists of hypotheses, each a superset of the one before.

        At each level but the last, the first solver has one quick attempt. At the last, each solver is asked in turn
        until one decides; only there can the goal be refuted. A trivial goal is proved without a solver.
        """
        return prove(levels, goal, self.effort, self.likely.get(law_id, ()), partial(self.hears, law_id))

    def prove_quickly(self, law_id: str, levels: Iterable[list[Term]], goal: Term) -> Answer:
        """The answer of the first solver to a goal of a law, with few steps at each of the `levels` of hypotheses."""
        return prove_quickly(levels, goal, partial(self.hears, law_id))

    # Further states of this protocol.

    def draft(self) -> Any:
        """A new draft (the state as one call sees it) on this prover's symbolic state, without writes."""
        return self._draft(self.state)

    def draft_on(self, other: "Prover", rows: list[tuple[Any, Any, Any]]) -> Any:
        """A draft on the symbolic state of another prover, with some (table, key, row) triples written to it."""
        draft = self._draft(other.state)
        for table, key, row in rows:
            draft.put(table, key, row)
        return draft

    def unknown_rows(self, table: Any, suffix: str) -> SymbolicRows:
        """The rows of a table as new unknown functions. Their names end in `suffix`, to differ from those of another
        state. Reads of them are not recorded.
        """
        return SymbolicRows(
            table, self.shapes[table.name], self.theory.limits.lists, lambda _touch: None, suffix, False
        )

    def of_any_length(self) -> "Prover":
        """A prover of this protocol for a state in whose rows lists have any length. It restricts no rows by scopes,
        and does not assume the laws that are proved of short lists only.
        """

        def tables(reads: Callable[[Touch], None]) -> list[Any]:
            return [
                SymbolicRows(table, self.shapes[table.name], self.theory.limits.lists, reads, "", False)
                for table in self.protocol.schema.tables
            ]

        other = self.in_state(tables, Totals)
        other.__dict__["sum_facts"] = SumFacts(other, {})
        other.scopes = {}
        other.__dict__["laws"] = [law for law in self.laws if law.law_id not in self.theory.induction.bounded]
        return other

    def with_sign_facts(self) -> "Prover":
        """A prover of the same state that assumes, besides the laws, no more of totals than that they are not
        negative.
        """
        other = copy(self)
        other.__dict__["sum_facts"] = SignFacts(other, {})
        return other

    def in_state(
        self,
        tables: Callable[[Callable[[Touch], None]], list[Any]],
        totals: Callable[[Callable[[Any, Any], None]], Totals],
    ) -> "Prover":
        """A prover of this protocol for another state that satisfies the laws. `tables` and `totals` make that state's
        tables and totals. Each is given the callback that records its reads.
        """
        other = copy(self)
        made = tables(other.note_read)
        other.__dict__.update(
            tables=made,
            state=type(self.state)(made),
            totals=totals(other._note_sum),
            _instances={},
            _closures={},
            seen=None,
        )
        other.totals.refuse_other_groups = self.groups.refuse_others
        other.__dict__["sum_facts"] = SumFacts(other, self.sum_facts.never_negative)
        other.__dict__["before"] = self._view(self.reading(other.state), other.totals)
        return other

    # Reads, recorded while a path is followed.

    def note_read(self, touch: Touch) -> None:
        """Record a read of a row or of a past value on the current path, once. If the path prunes, the laws of the
        theory's `ranges` are assumed of it, and the scope of the row's table. In the base case nothing is assumed. A
        row that a trusted contract leaves undefined is refused.
        """
        self._note_read(touch)

    def _note_read(self, touch: Touch) -> None:
        here = path()
        if touch.past_of is not None and not has_shape(self.shapes[touch.table.name], touch.key):
            refuse(f"a value of {touch.past_of._name} is asked for by a key of another kind")
        if touch.identity in here.touched:
            return
        if touch.past_of is None and touch.table.index in self._by_contract:
            refuse(f"a row of {touch.table.name} is read, where a contract stands for all of them")
        here.touched[touch.identity] = touch
        if not here.prunes or self.is_beginning:
            return
        for law in self.laws:
            if law.law_id in self.theory.induction.ranges:
                for subject in self._subjects_of(law, touch):
                    instance = self.instance(law, subject)
                    here.assume(instance.formula)
                    for fact in instance.facts.values():
                        here.assume(fact)
        if touch.past_of is None and touch.table in self.scopes:
            words, holds = self.scopes[touch.table]
            row = self.tables[touch.table.index].get(touch.key)
            here.limit(self.formula(lambda: holds(row)).formula, words)

    def scoped(self, touches: Iterable[Touch]) -> list[Term]:
        """The conditions that rows are within the scope of the proof, one for each read of a table that the theory
        restricts.
        """
        scoped: list[Term] = []
        for touch in touches:
            if touch.past_of is None and touch.table in self.scopes:
                _, holds = self.scopes[touch.table]
                row = self.tables[touch.table.index].get(touch.key)
                scoped.append(self.formula(partial(holds, row)).formula)
        return scoped

    def _note_sum(self, total: Any, group: Any) -> None:
        self.groups.refuse_others(total, group)
        asked = TotalRead(total, group)
        path().touched.setdefault(asked.identity, asked)

    # Laws as hypotheses.

    def formula(self, program: Callable[[], Any], context: str = "") -> Instance:
        """A predicate as one formula, true on the paths on which it holds or raises. Where it is restricted to a bound,
        such as a list's length, it counts as true beyond.
        """
        ways: list[Term] = []
        facts: dict[int, Term] = {}
        noted: dict[object, Any] = {}
        scopes: set[str] = set()
        blank = self.blank()
        blank.context = context or f"formula!{next(_contexts)}"
        taken = Fraction(0)
        for here, outcome in explore(program, blank, prunes=False):
            taken += Fraction(1, 2 ** len(here.given))
            holds = z3.BoolVal(True) if isinstance(outcome, Exception) else answer_of(outcome)
            ways += [z3.And(*here.conditions, holds), *here.left_out]
            facts.update(here.facts)
            noted.update(here.touched)
            scopes |= here.scopes
        if taken != 1:
            raise UnliftableError("of a law some paths were not followed, or some twice")
        return Instance(z3.simplify(z3.Or(*ways)), facts, noted, scopes)

    def seen_by(self, law: Any, subject: Any) -> Any:
        """The state before the call as a law reads it at a subject. In the middle of a loop it has the replacement rows
        that the theory's `Seen` gives for the law, if any.
        """
        return self.before if self.seen is None else self._seen(self.seen[0].of.get(law.law_id), subject)

    def seen_in(self, total: Any, key: Any) -> Any:
        """The state before the call as a sum reads it at a row's key. In the middle of a loop it has the replacement
        rows that the theory's `Seen` gives for the sum, if any.
        """
        return self.before if self.seen is None else self._seen(self.seen[0].members.get(total), key)

    def _refuse_what_is_seen_otherwise(self, law: Any, instance: Instance) -> None:
        """Raise UnliftableError for a law that reads a sum, if the sum is evaluated in replacement rows and the law is
        not.
        """
        if self.seen is not None and law.law_id not in self.seen[0].of:
            for item in instance.noted.values():
                if isinstance(item, TotalRead) and item.total in self.seen[0].members:
                    raise UnliftableError(f"{law.law_id} asks {item.total.name}, which sees other rows in a loop")

    def _seen(self, find: Callable[[Any], Any] | None, subject: Any) -> Any:
        if self.seen is None or find is None:
            return self.before
        rows = self._draft(self.state)
        for table, key, row in self.seen[1](rows, find(subject)):
            rows.put(table, key, row)
        return self._view(rows, self.totals)

    def blank(self) -> Path:
        """An empty path, on which reads are recorded by this prover."""
        blank = Path(None, [], False)
        blank.reader = self.note_read
        return blank

    def instance(self, law: Any, subject: Any) -> Instance:
        """A state law at one subject in the state before the call, as an Instance: a formula with its definitions and
        reads. Cached.
        """
        place = (law.law_id, identity(subject))
        found = self._instances.get(place)
        if found is None:
            if shape_like(subject) != shape_like(self.subject(law)):
                refuse(f"{law.law_id} is asked of a subject of another kind")
            context = f"{law.law_id}!{next(_contexts)}"
            found = (subject, self.formula(lambda: law.holds(self.seen_by(law, subject), subject), context))
            self._refuse_what_is_seen_otherwise(law, found[1])
            self._instances[place] = found
        return found[1]

    def _subjects_of(self, law: Any, noted: Any) -> Iterator[Any]:
        """The subjects of a law that belong to one read (`noted`) of a row, a past value or a total. The law's `rows`,
        `histories` or `sums` say which.
        """
        if isinstance(noted, TotalRead):
            for total, find in law.sums.items():
                if total is noted.total:
                    yield find(noted.group)
        elif noted.past_of is not None:
            if any(history is noted.past_of for history in getattr(law, "histories", ())):
                yield noted.key
        else:
            for table, find in law.rows.items():
                if table is noted.table:
                    yield find(noted.key)

    def subject(self, law: Any) -> Any:
        """An arbitrary subject of a state law: constants of which nothing is assumed."""
        if law.law_id not in self._subjects:
            name = f"subject.{law.law_id}"
            if getattr(law, "histories", ()):
                shape: Any = (self.shapes[law.histories[0].heads.name], int)
            elif law.rows:
                table, find = next(iter(law.rows.items()))
                shape = _shape_of_value(find(fresh(self.shapes[table.name], name)))
            else:
                total, find = next(iter(law.sums.items()))
                shape = _shape_of_value(find(self._any_group(total)))
            self._subjects[law.law_id] = fresh(shape, name)
        return self._subjects[law.law_id]

    def any_key(self, table: Any, name: str) -> Any:
        """An arbitrary key of a table, made of constants named after `name`."""
        return fresh(self.shapes[table.name], name)

    def _any_group(self, total: Any) -> Any:
        key = fresh(self.shapes[total.table.name], "group")

        def group() -> Any:
            return total.group(self.before.rows, key, self.before.rows.get(total.table, key))

        return next(group for _, group in explore(group, prunes=False) if group is not None)

    def levels(self, here: Path, extra: list[tuple[Any, Any]], scopes: set[str]) -> Iterator[list[Term]]:
        """The hypotheses on a path, in two levels. First there are the laws at the rows that were read, then also those
        at the rows that these laws read. `extra` are (law, subject) pairs to assume besides. Adds the scopes of the
        laws used to `scopes`.
        """
        for depth in range(1, DEPTH + 1):
            hypotheses, of_these = self.hypotheses(here, extra, depth)
            scopes.update(of_these)
            yield hypotheses

    def hypotheses(
        self, here: Path, extra: list[tuple[Any, Any]], depth: int = DEPTH, is_scoped: bool = True
    ) -> tuple[list[Term], set[str]]:
        """Everything that may be assumed on a path: its conditions and facts, the laws at all that was read, and facts
        about sums. Returns the formulas and their scopes.

        `extra` are (law, subject) pairs to assume besides. `depth` is 1 for the laws at what the path read, 2 for those
        at what these laws read, too. Unless `is_scoped`, laws that hold only within a scope are left out.
        """
        formulas = {**here.by_number(), **here.facts}
        scopes = set(here.scopes)
        noted = dict(here.touched)
        instances = [self.instance(law, subject) for law, subject in extra]
        if depth > 1:
            read = {item_id: item for instance in instances for item_id, item in instance.noted.items()}
            for item_id, item in read.items():
                instances += self.reached(item_id, item, depth - 1)
        for item_id, item in here.touched.items():
            instances += self.reached(item_id, item, depth)
        for instance in instances:
            if instance.scopes and not is_scoped:
                continue
            formulas[instance.number] = instance.formula
            formulas.update(instance.facts)
            scopes |= instance.scopes
            noted.update(instance.noted)
        formulas.update(self.sum_facts.of(noted))
        scopes |= self.sum_facts.scopes(noted)
        return list(formulas.values()), scopes

    def histories(self) -> list[Any]:
        """The histories (`HistoryTable`s) that the protocol declares."""
        declared = self.world.modules[self.theory.state_module].__dict__.values()
        return [value for value in declared if hasattr(value, "heads")]

    def reached(self, item_id: object, item: Any, depth: int = DEPTH) -> list[Instance]:
        """The laws, as Instances, at one row, past value or total that was read. Up to `depth`, those at the items that
        these laws read follow. Cached. `item_id` identifies the read `item`.
        """
        found = self._closures.get((item_id, depth))
        if found is None:
            direct = [self.instance(law, subject) for law in self.laws for subject in self._subjects_of(law, item)]
            reached = {id(instance): instance for instance in direct}
            if depth > 1:
                for instance in direct:
                    for next_id, next_item in instance.noted.items():
                        for further in self.reached(next_id, next_item, depth - 1):
                            reached[id(further)] = further
            found = list(reached.values())
            self._closures[(item_id, depth)] = found
        return found

    # Calls.

    def call(self, action: type[Any], bounds: Mapping[str, int]) -> tuple[Any, Path]:
        """A well-formed symbolic call of the class `action`, and the path on which it is made.

        The lengths of its lists are limited by `bounds` ("ACTION.field"), or else by the theory.
        """
        arguments: list[Term] = []
        call = symbolic_call(
            action, {**self.theory.limits.lists, **bounds}, arguments, signed=self.theory.limits.signed
        )
        return call, self.base(call, arguments)

    def base(self, call: Any, arguments: list[Term]) -> Path:
        """The path on which a symbolic call is made. It is assumed that the call is well formed, and that the
        conditions in `arguments` hold, such as that its numbers are not negative.
        """
        base = Path(None, [], True)
        formed = self.formula(lambda: self.theory.is_well_formed(self.before.rows, call))
        base.conditions.extend([*arguments, formed.formula])
        base.scopes.update(formed.scopes)
        base.facts.update(formed.facts)
        return base

    def paths(
        self, action: type[Any], bounds: Mapping[str, int] = MappingProxyType({})
    ) -> tuple[Any, Path, list[tuple[Path, Any]]]:
        """A symbolic call of the class `action`, the path on which it is made, and every path of its transition with
        the outcome. The lengths of its lists are limited by `bounds` ("ACTION.field"), or else by the theory.
        """
        call, base = self.call(action, bounds)
        return call, base, list(explore(lambda: self.transition(self._draft(self.state), call), base, proves=True))

    def transition(self, draft: Any, call: Any) -> Any:
        """The outcome of the rules: a Delta, or a reason of this protocol. Raises ValueError for anything else, which
        counts as an exception of the rule.
        """
        outcome = self.protocol.transition(draft, call)
        if not self.is_delta(outcome) and not isinstance(outcome, self.protocol.reasons):
            raise ValueError(f"the answer is of type {type(outcome).__name__}")
        return outcome

    def after(self, delta: Any, before: Any = None, seen: Any = None) -> Any:
        """The state after a step with a Delta, as laws read it. In the middle of a loop `seen` returns replacement rows
        for a draft, and `before` is the matching state before.
        """
        return self.step(delta, before, seen)[1]

    def step(self, delta: Any, before: Any = None, seen: Any = None) -> tuple[Any, Any]:
        """The states before and after a step with a Delta, as laws read them. In the middle of a loop `seen` returns
        replacement rows for a draft, and `before` is the matching state before.
        """
        writes = list(delta.writes)
        if seen is not None:
            known = self.draft_on(self, [(write.table, write.key, write.row) for write in writes])
            for table, key, row in seen(known):
                known.put(table, key, row)
            writes = known._writes
        rows = self._watched(self.state, writes)
        totals = TotalsAfter(self.totals, before or self.before, rows, delta, self.theory, self.worth)
        totals.view = self._view(rows, totals)
        return view_before_step(self._view, self.before.rows, self.totals, totals), totals.view

    def worth(self, total: Any, view: Any, key: Any, row: Any) -> Any:
        """The value that a row adds to a sum, in the state of a view. In a nested sum it also depends on another sum's
        total, that of the row's key.
        """
        nested = self.theory.sums.nested.get(total)
        return total.worth(view.rows, row) if nested is None else nested.value(row, view.total(nested.inner, key))

    def is_delta(self, outcome: Any) -> bool:
        """True if the outcome of a transition is a Delta."""
        return type(outcome) is self._delta

    def implied_by(self, here: Path, premises: list[Any], scopes: set[str]) -> list[Term]:
        """The formulas known on a path in a state that satisfies only the laws in `premises`, with facts about sums.
        Adds the scopes of these formulas to `scopes`.
        """
        formulas, noted = [*here.conditions, *here.facts.values()], dict(here.touched)
        scopes |= here.scopes
        for law, subject in self.at(premises, here):
            instance = self.instance(law, subject)
            formulas += [instance.formula, *instance.facts.values()]
            noted.update(instance.noted)
            scopes |= instance.scopes
        facts = self.sum_facts.of(noted)
        scopes |= self.sum_facts.scopes(noted)
        return [*formulas, *facts.values()]

    def leaned_on(self, law: Any, here: Path) -> list[tuple[Any, Any]]:
        """The laws that the theory's `leans` lets the proof of a law assume, each at the subjects that belong to a
        path's reads, as (law, subject) pairs.
        """
        return self.at(self.laws_of(self.theory.induction.leans.get(law.law_id, ())), here)

    def laws_of(self, law_ids: Iterable[str]) -> list[Any]:
        """The state laws and lemmas with the given ids."""
        return [law for law in self.theory.state_laws() if law.law_id in law_ids]

    def at(self, laws: Iterable[Any], here: Path) -> list[tuple[Any, Any]]:
        """The (law, subject) pairs of each given law with each of its subjects that belongs to a read of the path."""
        noted = list(here.touched.values())
        return [(law, subject) for law in laws for item in noted for subject in self._subjects_of(law, item)]


_contexts: Final = count()
"""The counter that makes names of arbitrary list elements unique between formulas."""


def answer_of(outcome: Any) -> Term:
    """The term for a law's answer, a truth value. Any other answer is refused."""
    if not isinstance(outcome, bool | SymBool):
        refuse(f"a law answers with a value of type {type(outcome).__name__}, which is no truth value")
    return truth_of(outcome)


def _shape_of_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_shape_of_value(part) for part in value])
    if isinstance(value, SymName | str):
        return str
    if isinstance(value, SymInt):
        return int
    if isinstance(value, SymBool):
        return bool
    return refuse(f"{value!r} is no part of a key")
