"""From a catalogue and a protocol's calls to what has to be proved.

For a call and a law the question is always the same: take any state that satisfies every state law, let the call
execute, and show that the law holds. The state is symbolic (`proofs/state.py`), so is the call; the transition is the
source itself, explored path by path; the law's own predicate is evaluated on the state after each path, at a subject
that is any.

Of the state before, the laws are assumed at the subjects that the rows which were read lead to, and no others: assuming
less than what holds is sound. What a call does not write did not change, by the Delta; a law that reads no table which
a call writes is kept by it without further question.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from copy import copy
from fractions import Fraction
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any, Final

import z3

from proofs.builtin import bound_ranges
from proofs.goals import Accepted, Instance, Member, Obligation, TotalRead, left_out
from proofs.lifting import LiftedModules, lift
from proofs.paths import Path, Term, UnliftableError, explore, path, refuse
from proofs.setup import Contracts, setup_of
from proofs.solving import Answer, Status, prove, prove_quickly
from proofs.state import (
    SymbolicRows,
    Totals,
    TotalsAfter,
    Touch,
    flatten,
    fresh,
    groups_written,
    has_shape,
    identity,
    key_shapes,
    read_only,
    shape_like,
    symbolic_call,
    view_before_step,
    watched,
)
from proofs.symbols import SymBool, SymInt, SymName, term_of, truth_of
from proofs.theory_checks import refuse_names_given_twice, refuse_what_is_not_understood, refuse_what_nothing_proves

DEPTH: Final = 2
"""The depth of hypotheses: laws of the rows that were read, and of the rows that those laws read."""


class Prover:
    """The lifted copy of one protocol, a state that stands for any, and the laws that may be assumed of it."""

    def __init__(self, theory: str, contracts: Contracts | None = None) -> None:
        module, _, name = theory.partition(":")
        setup = setup_of(theory)
        if contracts is None:
            contracts = setup.contracts
        self.world: Final[LiftedModules] = lift(module, contracts, setup.lifted)
        self.theory: Final = self.world.get(module, name)
        self.protocol: Final = self.theory.protocol
        machine = self.world.modules["spec.machine"]
        laws = self.world.modules["invariants.law"]
        self._draft: Final = machine.Draft
        self._watched: Final = watched(machine.Draft)
        self.reading: Final = read_only(machine.Draft)
        self._delta: Final = machine.Delta
        self._view: Final = laws.View
        self._transition: Final = laws.AcceptedStep
        self._refusal: Final = laws.RejectedCall
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
        self.totals.refuse_other_groups = self.refuse_other_groups
        self.before: Final = self._view(self.reading(self.state), self.totals)
        histories = self.world.get("spec.history", "HistoryTable")
        histories._reads = staticmethod(lambda touch: (path().reader or self._note_read)(touch))
        self._by_contract: set[int] = set()
        """Tables of which a contract knows what a push writes, and nothing else: so no law reads them."""
        self.is_beginning = False
        """While the base case is proved nothing is assumed of any row: there is no state before."""
        self.scopes: Mapping[Any, Any] = self.theory.limits.scopes
        """The rows in scope, where not all are."""
        self.seen: tuple[Any, Callable[[Any, Any], Any]] | None = None
        """In the middle of a loop: as if which rows some laws hold, see `Seen`; and these rows, of a draft."""
        self.effort = 1
        """By how much the solvers' steps are multiplied."""
        self.likely: Mapping[str, Collection[str]] = {}
        """The solvers that knew the answers about a law when last asked."""
        self.hears: Callable[[str, list[Term], str], None] = lambda _law_id, _formulas, _solver: None
        """Is told of everything that a solver proves: about which law, of which formulas that they contradict."""
        self._laws: Final = self.theory.assumed()
        self._instances: Final[dict[object, tuple[Any, Instance]]] = {}
        self._closures: Final[dict[tuple[object, int], list[Instance]]] = {}
        self._never_negative: Final[dict[str, set[str] | None]] = {}
        """By name of a sum: in which scopes it is proved that no row adds less than zero, None if it is not."""
        self._members: Final[dict[tuple[str, object], Member]] = {}
        self._shares: Final[dict[object, dict[int, Term]]] = {}
        self._subjects: Final[dict[str, Any]] = {}
        self._groups_of: Final[dict[str, tuple[Any, set[Hashable]]]] = {}
        """By name, each sum and the kinds of its groups."""
        with Path(None, [], False):
            histories._now = self.theory.now(self.before.rows)
        sums = [*self.theory.catalogue.sums, *self.theory.sums.own, *self.theory.sums.nested]
        self._groups_of.update({total.name: (total, self._shapes_of_groups(total)) for total in sums})
        self._refuse_contracts_about_rules()
        self._refuse_bounds_that_are_not_said()

    def _refuse_bounds_that_are_not_said(self) -> None:
        """A law that is proved of short lists alone goes through one itself, and so says of which."""
        for law in self.laws_of(self.theory.induction.bounded):
            if not self.instance(law, self.subject(law)).scopes:
                raise UnliftableError(f"{law.law_id} goes through no list, and is not proved of short ones alone")

    def _refuse_contracts_about_rules(self) -> None:
        """Nothing holds by the contract of histories but what reads nothing else."""
        own = {table.index for history in self.histories() for table in (history.heads, history.checkpoints)}
        for law in self.theory.catalogue.state_laws:
            if law.law_id in self.theory.induction.by_contract and not self.tables_of(law) <= own:
                raise UnliftableError(f"{law.law_id} is no law of histories alone, which their contract could keep")
        exact = [history for history in self.histories() if hasattr(history, "_value_before")]
        self._by_contract |= own - {table.index for one in exact for table in (one.heads, one.checkpoints)}
        self._by_contract -= {history.heads.index for history in self.histories()}

    def prove(self, law_id: str, levels: Iterable[list[Term]], goal: Term) -> Answer:
        """The answer to a goal about a law."""
        return prove(levels, goal, self.effort, self.likely.get(law_id, ()), partial(self.hears, law_id))

    def prove_quickly(self, law_id: str, levels: Iterable[list[Term]], goal: Term) -> Answer:
        """The first solver's answer to a goal about a law."""
        return prove_quickly(levels, goal, partial(self.hears, law_id))

    # Other states of the same protocol.

    def draft(self) -> Any:
        """A draft of the state."""
        return self._draft(self.state)

    def draft_on(self, other: "Prover", rows: list[tuple[Any, Any, Any]]) -> Any:
        """A draft of another prover's state, with some rows written already."""
        draft = self._draft(other.state)
        for table, key, row in rows:
            draft.put(table, key, row)
        return draft

    def unknown_rows(self, table: Any, suffix: str) -> SymbolicRows:
        """The rows of a table as unknown functions, which a suffix tells from others. Nobody notes what is read."""
        return SymbolicRows(
            table, self.shapes[table.name], self.theory.limits.lists, lambda _touch: None, suffix, False
        )

    def of_any_length(self) -> "Prover":
        """A prover of the same protocol about states in which lists of rows have any length."""

        def tables(reads: Callable[[Touch], None]) -> list[Any]:
            return [
                SymbolicRows(table, self.shapes[table.name], self.theory.limits.lists, reads, "", False)
                for table in self.protocol.schema.tables
            ]

        other = self.in_state(tables, Totals)
        other.__dict__["_never_negative"] = {}
        other.scopes = {}
        other.__dict__["_laws"] = [law for law in self._laws if law.law_id not in self.theory.induction.bounded]
        return other

    def in_state(
        self,
        tables: Callable[[Callable[[Touch], None]], list[Any]],
        totals: Callable[[Callable[[Any, Any], None]], Totals],
    ) -> "Prover":
        """A prover of the same protocol about another state that satisfies the laws."""
        other = copy(self)
        made = tables(other.note_read)
        other.__dict__.update(
            tables=made,
            state=type(self.state)(made),
            totals=totals(other._note_sum),
            _instances={},
            _closures={},
            _members={},
            _shares={},
            seen=None,
        )
        other.totals.refuse_other_groups = self.refuse_other_groups
        other.__dict__["before"] = self._view(self.reading(other.state), other.totals)
        return other

    # What is noted while a path is followed.

    def note_read(self, touch: Touch) -> None:
        """Note that a row, or a value of the past, was read, and assume what is known of it."""
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
        for law in self._laws:
            if law.law_id in self.theory.induction.ranges:
                for subject in self._subjects_of(law, touch):
                    instance = self.instance(law, subject)
                    here.assume(instance.formula)
                    for fact in instance.facts.values():
                        here.assume(fact)
        if touch.past_of is None and touch.table in self.scopes:
            words, holds = self.scopes[touch.table]
            row = self.tables[touch.table.index].get(touch.key)
            here.limit(self._formula(lambda: holds(row)).formula, words)

    def scoped(self, touches: Iterable[Touch]) -> list[Term]:
        """Claim: rows which were read are such as are spoken of."""
        scoped: list[Term] = []
        for touch in touches:
            if touch.past_of is None and touch.table in self.scopes:
                _, holds = self.scopes[touch.table]
                row = self.tables[touch.table.index].get(touch.key)
                scoped.append(self._formula(partial(holds, row)).formula)
        return scoped

    def refuse_other_groups(self, total: Any, group: Any) -> None:
        """A sum is one of the protocol's, or of the theory's, and is asked for a group of its kind."""
        known, shapes = self._groups_of.get(total.name, (None, set()))
        if known is not total:
            refuse(f"{total.name} is no sum of the protocol")
        if not self._is_counted_as_here(total):
            refuse(f"{total.name} is counted by checkers as it is not here")
        if shape_like(group) not in shapes:
            refuse(f"{total.name} is asked for a group of another kind")

    def _is_counted_as_here(self, total: Any) -> bool:
        """True if checkers count a sum's rows by what proofs ask for."""
        laws, nested = self.world.modules["invariants.law"], self.theory.sums.nested.get(total)
        if nested is None:
            return type(total).counted is laws.Sum.counted
        is_nested = type(total).counted is laws.NestedSum.counted
        return is_nested and nested.inner is total.inner and nested.value is total.by_total

    def _shapes_of_groups(self, total: Any) -> set[Hashable]:
        """The kinds of groups to which the rows of a sum belong: one, or none."""
        shapes = {shape_like(group) for group in self._groups(total, self.any_key(total.table, "group"))}
        if len(shapes) > 1:
            raise UnliftableError(f"groups of {total.name} are of several kinds")
        return shapes

    def _note_sum(self, total: Any, group: Any) -> None:
        self.refuse_other_groups(total, group)
        asked = TotalRead(total, group)
        path().touched.setdefault(asked.identity, asked)

    # Laws as hypotheses.

    def _formula(self, program: Callable[[], Any], context: str = "") -> Instance:
        """A predicate as one formula: true on the paths where it holds, and on those where it would raise."""
        ways: list[Term] = []
        facts: dict[int, Term] = {}
        noted: dict[object, Any] = {}
        scopes: set[str] = set()
        blank = self._blank()
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
        """The state before the step as a law sees it at a subject."""
        return self.before if self.seen is None else self._seen(self.seen[0].of.get(law.law_id), subject)

    def seen_in(self, total: Any, key: Any) -> Any:
        """The state before the step as a sum sees it at one of its rows."""
        return self.before if self.seen is None else self._seen(self.seen[0].members.get(total), key)

    def _refuse_what_is_seen_otherwise(self, law: Any, instance: Instance) -> None:
        """A law that asks a sum must see the rows that the sum sees."""
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

    def _blank(self) -> Path:
        """A path on which nothing holds, in this state."""
        blank = Path(None, [], False)
        blank.reader = self.note_read
        return blank

    def instance(self, law: Any, subject: Any) -> Instance:
        """A state law of the state before, at one subject."""
        place = (law.law_id, identity(subject))
        found = self._instances.get(place)
        if found is None:
            if shape_like(subject) != shape_like(self.subject(law)):
                refuse(f"{law.law_id} is asked of a subject of another kind")
            context = f"{law.law_id}!{next(_contexts)}"
            found = (subject, self._formula(lambda: law.holds(self.seen_by(law, subject), subject), context))
            self._refuse_what_is_seen_otherwise(law, found[1])
            self._instances[place] = found
        return found[1]

    def _subjects_of(self, law: Any, noted: Any) -> Iterator[Any]:
        """The subjects of a law that a row which was read, or a sum that was asked, leads to."""
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
        """A subject of a state law of which nothing is known."""
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
        """A key of a table of which nothing is known."""
        return fresh(self.shapes[table.name], name)

    def _any_group(self, total: Any) -> Any:
        key = fresh(self.shapes[total.table.name], "group")

        def group() -> Any:
            return total.group(self.before.rows, key, self.before.rows.get(total.table, key))

        return next(group for _, group in explore(group, prunes=False) if group is not None)

    def levels(self, here: Path, extra: list[tuple[Any, Any]], scopes: set[str]) -> Iterator[list[Term]]:
        """The hypotheses of a path, in two levels; the scopes of what is used join `scopes`."""
        for depth in range(1, DEPTH + 1):
            hypotheses, of_these = self.hypotheses(here, extra, depth)
            scopes.update(of_these)
            yield hypotheses

    def hypotheses(
        self, here: Path, extra: list[tuple[Any, Any]], depth: int = DEPTH, is_scoped: bool = True
    ) -> tuple[list[Term], set[str]]:
        """Everything that may be assumed on a path: its conditions, the laws at all that was read, the sums' bounds; if
        it `is_scoped`, also laws that speak of short lists.
        """
        formulas = {**here.by_number(), **here.facts}
        scopes = set(here.scopes)
        noted = dict(here.touched)
        instances = [self.instance(law, subject) for law, subject in extra]
        if depth > 1:
            read = {item_id: item for instance in instances for item_id, item in instance.noted.items()}
            for item_id, item in read.items():
                instances += self._reached(item_id, item, depth - 1)
        for item_id, item in here.touched.items():
            instances += self._reached(item_id, item, depth)
        for instance in instances:
            if instance.scopes and not is_scoped:
                continue
            formulas[instance.number] = instance.formula
            formulas.update(instance.facts)
            scopes |= instance.scopes
            noted.update(instance.noted)
        formulas.update(self._sum_facts(noted))
        for item in noted.values():
            if isinstance(item, TotalRead):
                scopes |= self._never_negative.get(item.total.name) or set()
        return list(formulas.values()), scopes

    def closed_world(self, here: Path, has_others: bool) -> tuple[list[Term], list[Any]]:
        """The hypotheses of a path, and that no rows exist but those that were read; and what was read. With others,
        one more row for each sum that was asked: somebody nobody spoke of.
        """
        hypotheses, _ = self.hypotheses(here, [])
        noted = dict(here.touched)
        for item_id, item in here.touched.items():
            for instance in self._reached(item_id, item, DEPTH):
                noted.update(instance.noted)
        asked = {item.total.name: item.total for item in noted.values() if isinstance(item, TotalRead)}
        for total in asked.values() if has_others else ():
            for other_id, other in self._another_row(total).items():
                noted[other_id] = other
                for instance in self._reached(other_id, other, DEPTH):
                    hypotheses += [instance.formula, *instance.facts.values()]
                    noted.update(instance.noted)
        for instance in self._of_their_sums(list(noted.values())):
            unread = {item_id: item for item_id, item in instance.noted.items() if item_id not in noted}
            reached = [other for item_id, item in unread.items() for other in self._reached(item_id, item, DEPTH)]
            for one in (instance, *reached):
                hypotheses += [one.formula, *one.facts.values()]
                noted.update(one.noted)
        for question in [item for item in noted.values() if isinstance(item, TotalRead)]:
            group, parts = flatten(question.group), []
            members = [
                self._member(question.total, item_id, item.key)
                for item_id, item in noted.items()
                if not isinstance(item, TotalRead) and item.past_of is None and item.table is question.total.table
            ]
            for position, member in enumerate(members):
                apart = [
                    z3.Or(*[left != right for left, right in zip(member.key, other.key, strict=True)])
                    for other in members[:position]
                ]
                parts.append(z3.If(z3.And(member.belongs(group), *apart), member.value, 0))
                hypotheses += member.facts
            whole = self.totals.term(question.total, question.group)
            hypotheses.append(whole == (z3.Sum(*parts) if parts else z3.IntVal(0)))
        return hypotheses, list(noted.values())

    def _of_their_sums(self, noted: list[Any]) -> Iterator[Instance]:
        """The laws of the sums that rows which were read belong to: where no others exist, these rows are the sum."""
        for item in noted:
            if isinstance(item, TotalRead) or item.past_of is not None:
                continue
            for law in self._laws:
                for total, find in law.sums.items():
                    if total.table is item.table:
                        for group in self._groups(total, item.key):
                            yield self.instance(law, find(group))

    def _another_row(self, total: Any) -> dict[object, Any]:
        """Any row of the table of a sum, as if it was read."""
        key = self.any_key(total.table, f"other.{total.name}")
        ((here, _),) = explore(lambda: self.before.rows.get(total.table, key), prunes=False)
        return here.touched

    def _groups(self, total: Any, key: Any) -> list[Any]:
        """The groups of a sum that a row may belong to."""
        rows = self.before.rows
        found = [
            group
            for _, group in explore(lambda: total.group(rows, key, rows.get(total.table, key)), prunes=False)
            if group is not None and not isinstance(group, Exception)
        ]
        return list({identity(group): group for group in found}.values())

    def histories(self) -> list[Any]:
        """The histories of the protocol."""
        declared = self.world.modules[self.theory.state_module].__dict__.values()
        return [value for value in declared if hasattr(value, "heads")]

    def _reached(self, item_id: object, item: Any, depth: int) -> list[Instance]:
        """The laws at what was read, then at what these read, and so on."""
        found = self._closures.get((item_id, depth))
        if found is None:
            direct = [self.instance(law, subject) for law in self._laws for subject in self._subjects_of(law, item)]
            reached = {id(instance): instance for instance in direct}
            if depth > 1:
                for instance in direct:
                    for next_id, next_item in instance.noted.items():
                        for further in self._reached(next_id, next_item, depth - 1):
                            reached[id(further)] = further
            found = list(reached.values())
            self._closures[(item_id, depth)] = found
        return found

    def _sum_facts(self, noted: dict[object, Any]) -> dict[int, Term]:
        """Facts about totals of values that are never negative: each is at least what any two rows of its group add to
        it. The key of a fact is the number of its term in the solver.
        """
        facts: dict[int, Term] = {}
        asked = [item for item in noted.values() if isinstance(item, TotalRead) and self.is_never_negative(item.total)]
        for question in asked:
            table = question.total.table
            members = [
                self._member(question.total, item_id, item.key)
                for item_id, item in noted.items()
                if not isinstance(item, TotalRead) and item.past_of is None and item.table is table
            ]
            facts.update(self._share(question, None, None))
            for position, member in enumerate(members):
                facts.update(self._share(question, member, None))
                for other in members[:position]:
                    facts.update(self._share(question, member, other))
        return facts

    def _share(self, question: TotalRead, member: "Member | None", other: "Member | None") -> dict[int, Term]:
        """Claim: no row, or one, or two, add no more to a group than its total."""
        place = (
            question.identity,
            None if member is None else member.item_id,
            None if other is None else other.item_id,
        )
        found = self._shares.get(place)
        if found is None:
            whole, group = self.totals.term(question.total, question.group), flatten(question.group)
            if member is None:
                facts = [whole >= 0]
            elif other is None:
                facts = [z3.Implies(member.belongs(group), whole >= member.value), *member.facts]
            else:
                apart = z3.Or(*[left != right for left, right in zip(member.key, other.key, strict=True)])
                both = z3.And(member.belongs(group), other.belongs(group), apart)
                facts = [z3.simplify(z3.Implies(both, whole >= member.value + other.value))]
            found = self._shares[place] = {fact.get_id(): fact for fact in facts}
        return found

    def _member(self, total: Any, item_id: object, key: Any) -> "Member":
        """A row of a sum, as a member of whichever group it belongs to."""
        found = self._members.get((total.name, item_id))
        if found is None:

            def both() -> Any:
                view = self.seen_in(total, key)
                row = view.rows.get(total.table, key)
                return total.group(view.rows, key, row), self.worth(total, view, key, row)

            blank = self._blank()
            blank.context = f"member!{next(_members)}"
            found = Member(item_id, key, list(explore(both, blank, prunes=False)))
            self._members[(total.name, item_id)] = found
        return found

    def is_never_negative(self, total: Any) -> bool:
        """True if it is proved that no row adds less than zero, so that a total is at least any part of it."""
        if total.name not in self._never_negative:
            self._never_negative[total.name] = None
            self._never_negative[total.name] = self._prove_never_negative(total)
        return self._never_negative[total.name] is not None

    def _prove_never_negative(self, total: Any) -> set[str] | None:
        key = fresh(self.shapes[total.table.name], f"member.{total.name}")
        rows, name = self.before.rows, f"SUM-{total.name}"
        paths = list(explore(lambda: self.worth(total, self.before, key, rows.get(total.table, key))))
        goals = [(here, term_of(outcome) >= 0) for here, outcome in paths if not isinstance(outcome, Exception)]
        if len(goals) < len(paths) or any(here.left_out for here, _ in paths):
            return None
        whole = left_out(name, Path(None, [], False), [here for here, _ in paths])
        goals += [(obligation.here, obligation.goal) for obligation in whole]
        for is_scoped in (False, True):
            asked = [(self.hypotheses(here, [], DEPTH, is_scoped), goal) for here, goal in goals]
            answers = (self.prove(name, [hypotheses], goal) for (hypotheses, _), goal in asked)
            if all(answer.status is Status.PROVED for answer in answers):
                return {scope for (_, scopes), _ in asked for scope in scopes}
        return None

    # Calls.

    def call(self, action: type[Any], bounds: Mapping[str, int]) -> tuple[Any, Path]:
        """A call of which nothing is known but that it is well formed, and the path on which it is made.

        Its lists are as long as `bounds` allows where they say something, else as the theory does.
        """
        arguments: list[Term] = []
        call = symbolic_call(
            action, {**self.theory.limits.lists, **bounds}, arguments, signed=self.theory.limits.signed
        )
        return call, self.base(call, arguments)

    def base(self, call: Any, arguments: list[Term]) -> Path:
        """The path on which a call is made of which nothing is known but that it is well formed."""
        base = Path(None, [], True)
        formed = self._formula(lambda: self.theory.is_well_formed(self.before.rows, call))
        base.conditions.extend([*arguments, formed.formula])
        base.scopes.update(formed.scopes)
        base.facts.update(formed.facts)
        return base

    def paths(
        self, action: type[Any], bounds: Mapping[str, int] = MappingProxyType({})
    ) -> tuple[Any, Path, list[tuple[Path, Any]]]:
        """The call, the path on which it is made, and every path of its transition with what it answered there."""
        call, base = self.call(action, bounds)
        return call, base, list(explore(lambda: self.transition(self._draft(self.state), call), base, proves=True))

    def transition(self, draft: Any, call: Any) -> Any:
        """The rules' answer: a Delta, or a reason of the protocol's. Anything else counts as if it was raised."""
        outcome = self.protocol.transition(draft, call)
        if not self.is_delta(outcome) and not isinstance(outcome, self.protocol.reasons):
            raise ValueError(f"the answer is of type {type(outcome).__name__}")
        return outcome

    def after(self, delta: Any, before: Any = None, seen: Any = None) -> Any:
        """The state after a step, as laws see it; `seen` are rows as if which some see it, and the state `before`."""
        return self._step(delta, before, seen)[1]

    def _step(self, delta: Any, before: Any = None, seen: Any = None) -> tuple[Any, Any]:
        """The states before and after a step, as laws see them."""
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
        """The value that a row adds to a sum."""
        nested = self.theory.sums.nested.get(total)
        return total.worth(view.rows, row) if nested is None else nested.value(row, view.total(nested.inner, key))

    def is_delta(self, outcome: Any) -> bool:
        """True if a transition accepted."""
        return isinstance(outcome, self._delta)

    def tables_of(self, law: Any) -> set[int]:
        """The tables on whose rows a state law depends, by index."""
        instance = self.instance(law, self.subject(law))
        return self._tables_noted(instance.noted)

    def _tables_noted(self, noted: dict[object, Any]) -> set[int]:
        tables: set[int] = set()
        for item in noted.values():
            if isinstance(item, TotalRead):
                tables |= self.tables_of_sum(item.total)
            elif item.past_of is not None:
                tables.add(item.past_of.heads.index)
            else:
                tables.add(item.table.index)
        return tables

    def tables_of_sum(self, total: Any, beyond_its_row: bool = False) -> set[int]:
        """The tables on whose rows a sum depends; or on whose other rows what one of its rows adds depends."""
        noted = self._read_of(total).noted
        own = Touch(total.table, self.any_key(total.table, f"member.{total.name}")).identity
        return self._tables_noted(
            {item_id: item for item_id, item in noted.items() if not beyond_its_row or item_id != own}
        )

    def scopes_of_sum(self, total: Any) -> set[str]:
        """The scopes in which it is known on what a sum depends."""
        return self._read_of(total).scopes

    def _read_of(self, total: Any) -> Instance:
        """The rows that a sum reads at any of its own."""
        key = self.any_key(total.table, f"member.{total.name}")
        rows = self.before.rows

        def read() -> bool:
            row = rows.get(total.table, key)
            self.worth(total, self.before, key, row)
            return total.group(rows, key, row) is not None

        return self._formula(read)

    def sums_behind(self, noted: Iterable[Any]) -> list[Any]:
        """The sums that were asked, and those that they are made of, however deep."""
        pending = [item.total for item in noted if isinstance(item, TotalRead)]
        found: dict[str, Any] = {}
        while pending:
            total = pending.pop()
            if total.name not in found:
                found[total.name] = total
                pending += [self.theory.sums.nested[total].inner] if total in self.theory.sums.nested else []
        return [found[name] for name in sorted(found)]

    def state_goals(self, law: Any, accepted: Accepted) -> Iterator[Obligation]:
        """The goals of a state law after an accepted path, at any subject.

        Where the law comes to its answer without meeting a row that was written, it answers as it did before the step.
        """
        subject = self.subject(law)
        self.instance(law, subject)

        def holds() -> Any:
            after = self.after(accepted.delta, self.seen_by(law, subject), accepted.seen_by(law, subject))
            return law.holds(after, subject)

        for obligation in self._goals(law.law_id, holds, accepted.here):
            if obligation.here.sees_change or accepted.seen is not None:
                yield obligation

    def implication_goals(self, law: Any) -> Iterator[Obligation]:
        """The goals of a state law in any state, at any subject; what it follows from is assumed in its hypotheses, by
        who asks.
        """
        subject = self.subject(law)
        blank = Path(None, [], False)
        yield from self._goals(f"{law.law_id} follows", lambda: law.holds(self.before, subject), blank, prunes=False)

    def implied_by(self, here: Path, premises: list[Any], scopes: set[str]) -> list[Term]:
        """The facts of a state in which some laws hold, and of which nothing else is assumed but what sums are; their
        scopes join `scopes`.
        """
        formulas, noted = [*here.conditions, *here.facts.values()], dict(here.touched)
        scopes |= here.scopes
        for law, subject in self.at(premises, here):
            instance = self.instance(law, subject)
            formulas += [instance.formula, *instance.facts.values()]
            noted.update(instance.noted)
            scopes |= instance.scopes
        facts = self._sum_facts(noted)
        for item in noted.values():
            if isinstance(item, TotalRead):
                scopes |= self._never_negative.get(item.total.name) or set()
        return [*formulas, *facts.values()]

    def leaned_on(self, law: Any, here: Path) -> list[tuple[Any, Any]]:
        """Of the laws that nothing else assumes, those that a law leans on, at the subjects that a path leads to."""
        return self.at(self.laws_of(self.theory.induction.leans.get(law.law_id, ())), here)

    def laws_of(self, law_ids: Iterable[str]) -> list[Any]:
        """State laws and lemmas by their ids."""
        return [law for law in self.theory.state_laws() if law.law_id in law_ids]

    def at(self, laws: Iterable[Any], here: Path) -> list[tuple[Any, Any]]:
        """Some laws, each with the subjects that what was read on a path leads to."""
        noted = list(here.touched.values())
        return [(law, subject) for law in laws for item in noted for subject in self._subjects_of(law, item)]

    def sum_goals(self, total: Any, accepted: Accepted) -> Iterator[Obligation]:
        """Claim: rows of a sum which a path does not write keep their group and their worth, or add nothing.

        Where the sum says how a write moves it, the worth of a row moves by what the theory says of one row; rows of a
        falling sum may be worth less, those of a rising one more.
        """
        moves, may_fall = self.theory.sums.revalued.get(total), total in self.theory.sums.falling
        may_rise = total in self.theory.sums.rising
        key = fresh(self.shapes[total.table.name], f"member.{total.name}")

        def keeps() -> Any:
            before = self.seen_in(total, key)
            view_after = self.after(accepted.delta, before, accepted.seen_in(total, key))
            rows, after = before.rows, view_after.rows
            row = rows.get(total.table, key)
            parts = [write.key for write in accepted.delta.writes if write.table is total.table]
            if total in self.theory.sums.nested:
                parts += groups_written(self.theory.sums.nested[total].inner, rows, after, accepted.delta)
            for part in parts:
                if part == key:
                    return True
            by = 0
            for write in accepted.delta.writes:
                if moves is not None and write.table in total.moves:
                    moved = moves(rows, after, row, write.key)
                    by = by if moved is None else by + moved
            group, group_after = total.group(rows, key, row), total.group(after, key, row)
            worth = 0 if group is None else self.worth(total, before, key, row)
            worth_after = 0 if group_after is None else self.worth(total, view_after, key, row)
            if may_fall:
                return worth_after <= worth and (worth_after == 0 or group == group_after)
            if may_rise:
                return worth <= worth_after and (worth == 0 or group == group_after)
            if worth_after != worth + by:
                return False
            return (worth == 0 and worth_after == 0) or group == group_after

        yield from self._goals(f"rows of {total.name} that are not written stay", keeps, accepted.here)

    def step_goals(self, law: Any, call: Any, accepted: Accepted) -> Iterator[Obligation]:
        """The goals of a step law on an accepted path."""
        before, after = self._step(accepted.delta)
        step = self._transition(before, call, accepted.delta, after)

        def holds() -> Any:
            if law.applies_to is not None and not law.applies_to(step):
                path().is_concerned = False
                return True
            return law.holds(step)

        yield from self._goals(law.law_id, holds, accepted.here)

    def time_goals(self, accepted: Accepted) -> Iterator[Obligation]:
        """Claim: time does not go back, as the contract of histories takes it: nothing was pushed later than now."""

        def goes_on() -> Any:
            return self.theory.now(self.after(accepted.delta).rows) >= self.theory.now(self.before.rows)

        if self.histories():
            for obligation in self._goals("time does not go back", goes_on, accepted.here):
                if obligation.here.sees_change:
                    yield obligation

    def refusal_goals(self, law: Any, call: Any, here: Path, reason: Any) -> Iterator[Obligation]:
        """The goals of a rejection law on a path that rejects the call."""
        refusal = self._refusal(self.before, call, reason)

        def holds() -> Any:
            if law.applies_to is not None and not law.applies_to(self.before, call):
                path().is_concerned = False
                return True
            return law.holds(refusal)

        yield from self._goals(law.law_id, holds, here)

    def protects(self, law: Any, call: Any, here: Path) -> Iterator[Path]:
        """The ways on from a path on which a rejection law protects a call, refused or not."""
        for onward, outcome in explore(lambda: bool(law.applies_to(self.before, call)), here):
            if outcome is True:
                yield onward

    def _goals(self, label: str, program: Callable[[], Any], base: Path, prunes: bool = True) -> Iterator[Obligation]:
        taken: list[Path] = []
        for here, outcome in explore(program, base, prunes, proves=True):
            taken.append(here)
            if isinstance(outcome, Exception):
                yield Obligation(f"{label} raises {outcome!r}", here, z3.BoolVal(False))
            else:
                yield Obligation(label, here, answer_of(outcome))
            for required, condition in here.required:
                yield Obligation(required, here, condition)
        yield from left_out(label, base, taken)


_contexts: Final = count()
_members: Final = count()
"""The counters of names that stand for any of a list, in formulas and in members of sums."""


def answer_of(outcome: Any) -> Term:
    """The term for the answer of a law, which is a truth value and nothing that Python takes for one."""
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
