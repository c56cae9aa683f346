"""The classes in which laws are declared, and a catalogue of laws is assembled.

Each law is declared once, for one subject. The full scan of a state and the incremental check of a step are both made
from that declaration.

A state law is about one *subject*: a key such as (operator, strategy). It names the tables whose rows belong to a
subject, and for each table a function from a row's key to the subject. A *Sum* is a total over many rows, declared
beside the laws: each row of its table belongs to one group and adds one value to it. A scan visits every subject. An
incremental check visits only subjects to which the keys of written rows, or the groups of changed sums, lead.

Everything that a law reads has to be declared, in one of two ways:

- `rows` and `sums` name the tables and sums whose key alone gives the subject. They also define which subjects exist.
- `also_reads` names all other tables and sums: a clock, a configuration, the row of a staker's operator. Checkers
  record which subject read which of these rows, and check the subject again when such a row is written. The group and
  the value of a Sum declare the other rows that they read in the same way.

Many subjects may read one row, such as a clock. A law may declare in `harmless` which changes of that row cannot break
it: time that passes, a magnitude that falls. After such a change no subject is checked again.

A law or sum that reads anything else raises UndeclaredError, which names the reader and the table. A scan detects this
always; a single check detects it if the checker is strict, as in tests. So a declaration that is too narrow is noticed,
and one that is too wide costs only time.

A step law is about one step: the state before, the action, the Delta, the state after. A rejection law is about one
rejected call: the state, the action, the reason. A witness is a situation that a run must reach.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar, cast

from spec.machine import Delta, Draft, Rejection, Table

Key = TypeVar("Key")
Action = TypeVar("Action", covariant=True)

Subject = Any
"""The subject of a state law: a key, or a tuple of keys."""


IN_NO_CATALOGUE: Final = 1 << 20
"""The index of a sum that belongs to no catalogue. No total is stored at this index, so reading that sum's
total fails.
"""


class Sum:
    """For each group, the total of a value that each row of a table adds. A row whose group is None is not counted.

    `also_reads` are the tables of the other rows that a row's group or value depends on.
    """

    def __init__(
        self,
        name: str,
        table: Table[Any, Any],
        group: Callable[[Draft, Any, Any], object],
        value: Callable[[Any], int],
        also_reads: "tuple[Table[Any, Any] | Sum, ...]" = (),
    ) -> None:
        self.name: Final = name
        self.table: Final = table
        self.group: Final = group
        self.value: Final = value
        self.also_reads: Final = also_reads
        self.index = IN_NO_CATALOGUE
        """The index of the sum in its catalogue, which sets it."""

    def worth(self, _rows: Draft, row: Any) -> int:
        """The value that one row adds to its group's total."""
        return self.value(row)

    def counted(self, view: "View", _key: Any, row: Any) -> int:
        """The value that one row adds, given its key and a view with totals.

        A sum that reads another sum overrides this method; otherwise the value is `worth`.
        """
        return self.worth(view.rows, row)


Moves = Callable[["View", Draft, Any], list[tuple[object, int]]]
"""The type of a function that computes how a sum's totals change although no row of the sum is written.

Its arguments are the view before a step, the rows after it, and a key that the step wrote. It returns pairs: a group of
the sum and the change of that group's total.
"""


class ReadingSum(Sum):
    """A sum in which a row's value depends on other rows. Queued shares, for example, count times the operator's
    magnitude.

    `reads` computes a row's value from the rows of a state, those of its own table and of `also_reads`; checkers use no
    other part. `moves` is for proofs. For each table whose writes change the value of rows that are not written
    themselves, it gives the change of each group's total. Tests compare this change with the one that a checker
    computes.
    """

    def __init__(
        self,
        name: str,
        table: Table[Any, Any],
        group: Callable[[Draft, Any, Any], object],
        reads: Callable[[Draft, Any], int],
        moves: Mapping[Table[Any, Any], Moves],
        also_reads: tuple[Table[Any, Any], ...] = (),
    ) -> None:
        super().__init__(name, table, group, _reads_rows, also_reads)
        self.reads: Final = reads
        self.moves: Final = moves

    def worth(self, rows: Draft, row: Any) -> int:
        """The value that one row adds, computed from the rows of a state."""
        return self.reads(rows, row)


class NestedSum(Sum):
    """A sum in which a row's value depends on a total of another sum, `inner`: the total of the group that equals the
    row's key.

    `inner` must stand earlier in the catalogue. `by_total` computes the value from the row and that total.
    """

    def __init__(
        self,
        name: str,
        table: Table[Any, Any],
        group: Callable[[Draft, Any, Any], object],
        inner: Sum,
        by_total: Callable[[Any, int], int],
    ) -> None:
        super().__init__(name, table, group, _reads_rows, (inner,))
        self.inner: Final = inner
        self.by_total: Final = by_total

    def counted(self, view: "View", key: Any, row: Any) -> int:
        """The value that one row adds, computed from the inner sum's total for the row's key."""
        return self.by_total(row, view.total(self.inner, key))


def _reads_rows(_row: Any) -> int:
    raise NotImplementedError("the value of such a row depends on others")


class Totals:
    """The totals of all sums of a catalogue, for each group: the current ones, and those from when checking began."""

    def __init__(self, sums: int) -> None:
        self._now: Final[list[dict[object, int]]] = [{} for _ in range(sums)]
        self._start: list[dict[object, int]] = [{} for _ in range(sums)]

    def add(self, total: Sum, group: object, value: int) -> None:
        """Increase a group's current total by `value`, which may be negative. A group of None is ignored."""
        if group is not None:
            groups = self._now[total.index]
            groups[group] = groups.get(group, 0) + value

    def now(self, total: Sum, group: object) -> int:
        """The current total of a group; 0 if nothing was added to it."""
        return self._now[total.index].get(group, 0)

    def at_start(self, total: Sum, group: object) -> int:
        """The total that a group had when checking began."""
        return self._start[total.index].get(group, 0)

    def groups(self, total: Sum) -> dict[object, int]:
        """A mapping from each group of a sum to its current total. Callers must not change the mapping."""
        return self._now[total.index]

    def groups_at_start(self, total: Sum) -> dict[object, int]:
        """A mapping from each group of a sum to its total when checking began. Callers must not change the mapping."""
        return self._start[total.index]

    def begin(self) -> None:
        """Store the current totals as the start totals, with which conservation laws compare later ones."""
        self._start = [dict(groups) for groups in self._now]

    def begin_with(self, other: "Totals") -> None:
        """Use the start totals of another Totals object as the start totals of this one."""
        self._start = other._start


class Shift:
    """The change that a step makes to the total of one group of a sum."""

    def __init__(self, total: Sum, group: object, by: int) -> None:
        self.total: Final = total
        self.group: Final = group
        self.by = by


INDEXED_SHIFTS: Final = 24
"""The number of shifts from which on they are found by a dictionary. Fewer are searched one by one, which is faster."""


class Shifts:
    """All changes of totals made by one step: one Shift per sum and group, in the order of the first change."""

    def __init__(self) -> None:
        self.all: Final[list[Shift]] = []
        self._index: dict[tuple[int, object], Shift] | None = None

    def add(self, total: Sum, group: object, by: int) -> None:
        """Add `by` to the change of a group's total. A group of None is ignored."""
        if group is None:
            return
        shift = self._find(total, group)
        if shift is not None:
            shift.by += by
            return
        shift = Shift(total, group, by)
        self.all.append(shift)
        if self._index is not None:
            self._index[(total.index, group)] = shift
        elif len(self.all) >= INDEXED_SHIFTS:
            self._index = {(one.total.index, one.group): one for one in self.all}

    def by(self, total: Sum, group: object) -> int:
        """The change of a group's total; 0 if it did not change."""
        shift = self._find(total, group)
        return 0 if shift is None else shift.by

    def _find(self, total: Sum, group: object) -> Shift | None:
        if self._index is not None:
            return self._index.get((total.index, group))
        for shift in self.all:
            if shift.total is total and shift.group == group:
                return shift
        return None


class UndeclaredError(Exception):
    """Raised if a law or a sum reads something that it does not declare. No checker could know when to check that law
    or sum again.
    """


def undeclared(who: str, what: str) -> UndeclaredError:
    """The exception for an undeclared read. `who` names the law or sum that reads, `what` the thing read."""
    return UndeclaredError(f"{who} reads {what}, which it does not declare (see also_reads in invariants/law.py)")


class View:
    """One state as laws see it: its rows, read through a draft, and the totals of its sums.

    `shifts` are the changes of totals from this state to the current one; None if this is the current state.
    """

    def __init__(self, rows: Draft, totals: Totals, shifts: Shifts | None = None) -> None:
        self.rows: Final = rows
        self._totals: Final = totals
        self._shifts: Final = shifts

    def total(self, of: Sum, group: object) -> int:
        """The total that the sum `of` has for a group in this state."""
        total = self._totals.now(of, group)
        return total if self._shifts is None else total - self.moved(of, group)

    def moved(self, of: Sum, group: object) -> int:
        """The change of the sum `of` for a group since this state; 0 if this is the current state."""
        return 0 if self._shifts is None else self._shifts.by(of, group)

    def total_at_start(self, of: Sum, group: object) -> int:
        """The total that the sum `of` had for a group in the state in which checking began."""
        return self._totals.at_start(of, group)


class Law:
    """The common fields of all laws: a permanent id, a sentence that states the law, and its source, such as a contract
    or a document.
    """

    def __init__(self, law_id: str, sentence: str, source: str) -> None:
        self.law_id: Final = law_id
        self.sentence: Final = sentence
        self.source: Final = source


class StateLaw(Law):
    """A law about each subject of every reachable state.

    `rows` and `sums` give the functions from a row's key, or from a sum's group, to the subject that it belongs to.
    `also_reads` are the tables of all other rows that `holds` reads, and the sums of all other groups that it reads.

    `harmless` gives, for some of these tables, a test of a row before and after a write. The test returns True if a
    subject for which the law held needs no new check: the law still holds, and the subject depends on no further rows.
    Tests change rows at random to verify this.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[View, Subject], bool],
        rows: Mapping[Table[Any, Any], Callable[[Any], Subject]],
        sums: Mapping[Sum, Callable[[Any], Subject]] | None = None,
        also_reads: tuple[Table[Any, Any] | Sum, ...] = (),
        harmless: Mapping[Table[Any, Any], Callable[[Any, Any], bool]] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.rows: Final = rows
        self.sums: Final = sums or {}
        self.also_reads: Final = also_reads
        self.harmless: Final = harmless or {}


class AcceptedStep(Generic[Action]):
    """One accepted call as step laws see it: the views before and after, the action, and its Delta. `Action` is the
    class of actions if a law is limited to one.
    """

    def __init__(self, before: View, action: Action, delta: Delta, after: View) -> None:
        self.before: Final = before
        self.action: Final = action
        self.delta: Final = delta
        self.after: Final = after


AnyStep = AcceptedStep[Any]
"""An AcceptedStep whose action may be of any class."""


def written(delta: Delta, table: Table[Key, Any]) -> list[Key]:
    """The keys of a table's rows that a Delta writes."""
    return [cast(Key, write.key) for write in delta.writes if write.table is table]


class Scope:
    """The steps or calls that a law is about: those of certain actions, or those that write to certain tables.

    With no actions named, all actions are in scope; with no tables named, all tables are. Steps outside the scope cost
    no check. A law's `applies_to` narrows its scope further.
    """

    def __init__(
        self,
        actions: tuple[type[Any], ...] = (),
        tables: tuple[Table[Any, Any], ...] = (),
    ) -> None:
        self.actions: Final = actions
        self.tables: Final = tables

    def speaks_of(self, action: type[Any]) -> bool:
        """True if actions of this class are in scope, whatever tables they write."""
        return not self.actions or action in self.actions


EVERYTHING: Final = Scope()


class StepLaw(Law):
    """A law about every accepted step in its scope for which `applies_to` is true. Other steps do not count
    as checked.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[AnyStep], bool],
        scope: Scope = EVERYTHING,
        applies_to: Callable[[AnyStep], bool] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.scope: Final = scope
        self.applies_to: Final = applies_to


class Witness(Law):
    """A situation that some run must reach, so that no law holds vacuously. `seen` is true for a step that
    reaches it.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        seen: Callable[[AnyStep], bool],
        scope: Scope = EVERYTHING,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.seen: Final = seen
        self.scope: Final = scope


class RejectedCall(Generic[Action]):
    """One rejected call as rejection laws see it: the view before, the action, and the reason. `Action` is the class of
    actions if a law is limited to one.
    """

    def __init__(self, before: View, action: Action, reason: Rejection) -> None:
        self.before: Final = before
        self.action: Final = action
        self.reason: Final = reason


AnyRejection = RejectedCall[Any]
"""A RejectedCall whose action may be of any class."""


class RejectionLaw(Law):
    """A law about every rejected call in its scope: which calls must not be rejected, or only for certain reasons.

    `applies_to` says which calls the law protects. A protected call that is accepted also counts as checked.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[AnyRejection], bool],
        scope: Scope = EVERYTHING,
        applies_to: Callable[[View, Any], bool] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.scope: Final = scope
        self.applies_to: Final = applies_to


class KnownViolation:
    """The record of a law that the live protocol breaks.

    `instead` is the id of the law that states what holds in its place. `trace` is the file in docs/findings with the
    shortest known run that breaks the law. `meaning` says what the violation means for users.
    """

    def __init__(self, instead: str, trace: str, meaning: str) -> None:
        self.instead: Final = instead
        self.trace: Final = trace
        self.meaning: Final = meaning


class Speaking:
    """The laws and witnesses of a catalogue whose scope contains one class of actions."""

    def __init__(self, step_laws: list[StepLaw], rejection_laws: list[RejectionLaw], witnesses: list[Witness]) -> None:
        self.step_laws: Final = step_laws
        self.rejection_laws: Final = rejection_laws
        self.witnesses: Final = witnesses


class Catalogue:
    """All laws of one protocol, the sums that they use, and the witnesses that a run must reach.

    `known_violations` names laws that are kept although they do not hold. They are checked like the others, but their
    violations are only counted and fail no run.

    `model` names the laws that restate a rule for every call: its checks, its exact effects, its write set. All other
    laws are *properties*, which hold however the rules are written.

    Raises ValueError if a name in `model` is no law, if two laws share an id, or if a law reads a sum not in `sums`.
    """

    def __init__(
        self,
        sums: list[Sum],
        state_laws: list[StateLaw],
        step_laws: list[StepLaw],
        rejection_laws: list[RejectionLaw],
        witnesses: list[Witness],
        known_violations: Mapping[str, KnownViolation] | None = None,
        model: tuple[str, ...] = (),
    ) -> None:
        self.sums: Final = sums
        self.state_laws: Final = state_laws
        self.step_laws: Final = step_laws
        self.rejection_laws: Final = rejection_laws
        self.witnesses: Final = witnesses
        self.known_violations: Final = known_violations or {}
        self.model: Final = model
        self._speaking_of: Final[dict[type[Any], Speaking]] = {}
        for index, total in enumerate(sums):
            total.index = index
        ids = [law.law_id for law in self.laws()]
        strangers = [law_id for law_id in model if law_id not in ids]
        if strangers:
            raise ValueError(f"no law of the catalogue: {min(strangers)}")
        if len(set(ids)) < len(ids):
            raise ValueError(f"two laws of one id: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}")
        for law in state_laws:
            for part in (*law.sums, *law.also_reads):
                if isinstance(part, Sum) and part not in sums:
                    raise ValueError(f"{law.law_id} asks for sum {part.name}, which its catalogue does not have")

    def speaking_of(self, action: type[Any]) -> Speaking:
        """The step laws, rejection laws and witnesses whose scope contains a class of actions. The result is cached."""
        speaking = self._speaking_of.get(action)
        if speaking is None:
            speaking = Speaking(
                [law for law in self.step_laws if law.scope.speaks_of(action)],
                [law for law in self.rejection_laws if law.scope.speaks_of(action)],
                [witness for witness in self.witnesses if witness.scope.speaks_of(action)],
            )
            self._speaking_of[action] = speaking
        return speaking

    def laws(self) -> list[Law]:
        """All state, step and rejection laws, without the witnesses, sorted by id."""
        laws: list[Law] = [*self.state_laws, *self.step_laws, *self.rejection_laws]
        return sorted(laws, key=lambda law: law.law_id)

    def where(self, keeps: Callable[[str], bool]) -> "Catalogue":
        """A copy of the catalogue with only the laws and witnesses whose id passes the test `keeps`. The copy counts no
        law as a model law.
        """
        return Catalogue(
            self.sums,
            [law for law in self.state_laws if keeps(law.law_id)],
            [law for law in self.step_laws if keeps(law.law_id)],
            [law for law in self.rejection_laws if keeps(law.law_id)],
            [witness for witness in self.witnesses if keeps(witness.law_id)],
            {law_id: known for law_id, known in self.known_violations.items() if keeps(law_id)},
        )

    def knowing(self, known_violations: Mapping[str, KnownViolation]) -> "Catalogue":
        """A copy of the catalogue with other known violations, such as those of another release of the protocol."""
        return Catalogue(
            self.sums,
            self.state_laws,
            self.step_laws,
            self.rejection_laws,
            self.witnesses,
            known_violations,
            self.model,
        )

    def tier(self, law_id: str) -> str:
        """The text `model` if the law of this id restates a rule, otherwise `property`."""
        return "model" if law_id in self.model else "property"

    def properties(self) -> "Catalogue":
        """A copy of the catalogue without its model laws, which restate the rules."""
        return self.where(lambda law_id: law_id not in self.model)
