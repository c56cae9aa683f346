"""Declarations of laws: once each, for one subject, so that a full scan and a check of what a step touched are the same
text.

A state law speaks of one *subject*: a key such as (operator, strategy). It names the tables whose rows concern a
subject, and for each how the row's key leads to the subject. What many rows make together is a *Sum*, declared
beside: each row of its table belongs to one group and adds one value. From that, a scan visits every subject there
is, and an incremental check only the subjects that a step's writes, or the sums they moved, lead to.

Everything that is read has to be declared, in one of two ways:

- `rows` and `sums` name what leads to a subject by its key alone. They also say which subjects there are;
- `also_reads` names all other tables and sums: a clock, a configuration, the row of a staker's operator. Checkers
  remember who read which of their rows, and check a subject again when one of these is written. The same holds of the
  rows that the group or the value of a Sum depends on, beside the row that is counted.

Where many subjects read one row, as they do a clock, a law may say in `harmless` which changes of that row cannot make
it false, so that nobody is checked again: time that passes, a magnitude that falls.

What reads anything else is refused with its name and that of the table (UndeclaredError): in every scan, and at every
single check of a strict checker, which tests use. So a declaration that is too narrow does not go unnoticed, and one
that is too wide costs time only.

A step law speaks of one step: the state before, the action, what was written and returned, the state after. A rejection
law speaks of one rejected call: the state, the action, the reason. A witness is a situation that must be reached.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar, cast

from spec.machine import Delta, Draft, Rejection, Table

Key = TypeVar("Key")
Action = TypeVar("Action", covariant=True)

Subject = Any
"""The subject of a state law: a key, or a tuple of keys."""


IN_NO_CATALOGUE: Final = 1 << 20
"""The place of a sum that no catalogue has: there is no total there, so that asking for one fails."""


class Sum:
    """The total, for each group, of a value that every row of a table contributes. A group of None counts nowhere.

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
        """Its place in its catalogue, which gives it."""

    def worth(self, _rows: Draft, row: Any) -> int:
        """The value that one row adds."""
        return self.value(row)

    def counted(self, view: "View", _key: Any, row: Any) -> int:
        """The value that one row adds, given its key and a view with totals.

        A sum that reads another sum overrides it; otherwise it is `worth`.
        """
        return self.worth(view.rows, row)


Moves = Callable[["View", Draft, Any], list[tuple[object, int]]]
"""Given the state before a step, the rows after it, and a key that it wrote: which groups of a sum move without a row
of theirs being written, and by how much.
"""


class ReadingSum(Sum):
    """A sum whose rows are worth what other rows say: a queued share, what its operator's magnitude has left of it.

    `reads` gives a row's value by the rows of a state, of its own table and of `also_reads`; checkers need no more.
    `moves` is for proofs. It says, for each table whose writes change the value of rows that are not written, by how
    much that moves each group. Tests compare it with what a checker finds.
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
        """The value that one row adds, read from the rows of a state."""
        return self.reads(rows, row)


class NestedSum(Sum):
    """A sum whose rows are worth what the total of another sum says: of the group that has a row's key.

    The other sum stands before it in a catalogue.
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
        """The value that one row adds, by the total that its key names."""
        return self.by_total(row, view.total(self.inner, key))


def _reads_rows(_row: Any) -> int:
    raise NotImplementedError("the value of such a row depends on others")


class Totals:
    """The totals of all sums of a catalogue, group by group, now and at the start of checking."""

    def __init__(self, sums: int) -> None:
        self._now: Final[list[dict[object, int]]] = [{} for _ in range(sums)]
        self._start: list[dict[object, int]] = [{} for _ in range(sums)]

    def add(self, total: Sum, group: object, value: int) -> None:
        """Let a group's total grow by a value, which may be negative. A group of None counts nowhere."""
        if group is not None:
            groups = self._now[total.index]
            groups[group] = groups.get(group, 0) + value

    def now(self, total: Sum, group: object) -> int:
        """The total of a group."""
        return self._now[total.index].get(group, 0)

    def at_start(self, total: Sum, group: object) -> int:
        """The total that a group had when checking began."""
        return self._start[total.index].get(group, 0)

    def groups(self, total: Sum) -> dict[object, int]:
        """All groups of a sum with their totals, to be read only."""
        return self._now[total.index]

    def begin(self) -> None:
        """Let checking start here: what conservation laws look back to."""
        self._start = [dict(groups) for groups in self._now]

    def begin_with(self, other: "Totals") -> None:
        """Let checking have started where it did for other totals."""
        self._start = other._start


class Shift:
    """By how much a step moves the total of one group of a sum."""

    def __init__(self, total: Sum, group: object, by: int) -> None:
        self.total: Final = total
        self.group: Final = group
        self.by = by


INDEXED_SHIFTS: Final = 24
"""From this many on, shifts are found by hash; below, going through a short list is faster."""


class Shifts:
    """All that a step moves, each group of a sum once, in the order in which they moved."""

    def __init__(self) -> None:
        self.all: Final[list[Shift]] = []
        self._index: dict[tuple[int, object], Shift] | None = None

    def add(self, total: Sum, group: object, by: int) -> None:
        """Let a group's total move by a value. A group of None counts nowhere."""
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
        """By how much a group's total moves."""
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
    """A law or a sum reads what it does not declare, so that no checker could know when to check it again."""

    def __init__(self, who: str, what: str) -> None:
        super().__init__(f"{who} reads {what}, which it does not declare (see also_reads in invariants/law.py)")


class View:
    """One state as laws see it: rows through a draft, and totals. `shifts` are what totals moved since this state."""

    def __init__(self, rows: Draft, totals: Totals, shifts: Shifts | None = None) -> None:
        self.rows: Final = rows
        self._totals: Final = totals
        self._shifts: Final = shifts

    def total(self, of: Sum, group: object) -> int:
        """The total of a group."""
        total = self._totals.now(of, group)
        return total if self._shifts is None else total - self.moved(of, group)

    def moved(self, of: Sum, group: object) -> int:
        """By how much the total of a group has moved since this state."""
        return 0 if self._shifts is None else self._shifts.by(of, group)

    def total_at_start(self, of: Sum, group: object) -> int:
        """The total that the group had in the state from which checking began."""
        return self._totals.at_start(of, group)


class Law:
    """The parts of every law: a permanent id, one sentence, and where it comes from."""

    def __init__(self, law_id: str, sentence: str, source: str) -> None:
        self.law_id: Final = law_id
        self.sentence: Final = sentence
        self.source: Final = source


class StateLaw(Law):
    """A law about each subject of every reachable state.

    `rows` and `sums` lead from the key of a row, or from the group of a sum, to the subject that it concerns.
    `also_reads` are the tables of all other rows that `holds` reads, and the sums of all other groups that it asks.
    `harmless` says of such a row, before and after a write, that a subject of which the law holds needs no new check:
    it still holds, and depends on no more rows than it did. Tests change rows at will to see that this is so.
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
    """One accepted step as step laws see it; a law of certain actions alone says of which."""

    def __init__(self, before: View, action: Action, delta: Delta, after: View) -> None:
        self.before: Final = before
        self.action: Final = action
        self.delta: Final = delta
        self.after: Final = after


AnyStep = AcceptedStep[Any]
"""An accepted step of any action."""


def written(delta: Delta, table: Table[Key, Any]) -> list[Key]:
    """The keys of a table's rows that a Delta writes."""
    return [cast(Key, write.key) for write in delta.writes if write.table is table]


class Scope:
    """The steps or calls that a law speaks of: those of certain actions, those that write to certain tables, any
    others.

    Nothing named is everything. A law out of scope costs nothing to check; `applies_to` narrows the scope further.
    """

    def __init__(
        self,
        actions: tuple[type[Any], ...] = (),
        tables: tuple[Table[Any, Any], ...] = (),
    ) -> None:
        self.actions: Final = actions
        self.tables: Final = tables

    def speaks_of(self, action: type[Any]) -> bool:
        """True if actions of a class are in scope, whatever they write."""
        return not self.actions or action in self.actions


EVERYTHING: Final = Scope()


class StepLaw(Law):
    """A law about every accepted step in its scope of which `applies_to` is true, so that vacuity can be seen."""

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
    """A situation that must be reached, so that no law holds only because nothing happens: `seen` is true of a step."""

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
    """One rejected call as rejection laws see it; a law of certain actions alone says of which."""

    def __init__(self, before: View, action: Action, reason: Rejection) -> None:
        self.before: Final = before
        self.action: Final = action
        self.reason: Final = reason


AnyRejection = RejectedCall[Any]
"""A rejected call of any action."""


class RejectionLaw(Law):
    """A law about every rejected call in its scope: what must not be refused, or only for certain reasons.

    `applies_to` says which calls it protects. A call that it protects and that is accepted counts as checked too.
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
    """A law that the real protocol breaks: the id of the law that says what is true instead, the file in docs/findings
    that shows it broken, in as few steps as are known, and what it means for users.
    """

    def __init__(self, instead: str, trace: str, meaning: str) -> None:
        self.instead: Final = instead
        self.trace: Final = trace
        self.meaning: Final = meaning


class Speaking:
    """The laws and witnesses of a catalogue that speak of one class of actions."""

    def __init__(self, step_laws: list[StepLaw], rejection_laws: list[RejectionLaw], witnesses: list[Witness]) -> None:
        self.step_laws: Final = step_laws
        self.rejection_laws: Final = rejection_laws
        self.witnesses: Final = witnesses


class Catalogue:
    """All laws of one protocol, the sums that they speak of, and what must be seen to happen.

    `known_violations` names the laws that are kept although they do not hold. They are checked like the others; where
    one is broken, that is counted and fails no run.

    `model` names the laws that restate a rule at every call: its checks, its effects to the unit, its write set. All
    others are *properties*: what holds of a protocol however its rules are written. ValueError if one is no law.
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
        strangers = set(model) - {law.law_id for law in self.laws()}
        if strangers:
            raise ValueError(f"no law of the catalogue: {min(strangers)}")
        ids = [law.law_id for law in self.laws()]
        if len(set(ids)) < len(ids):
            raise ValueError(f"two laws of one id: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}")
        for law in state_laws:
            for part in (*law.sums, *law.also_reads):
                if isinstance(part, Sum) and part not in sums:
                    raise ValueError(f"{law.law_id} asks for sum {part.name}, which its catalogue does not have")

    def speaking_of(self, action: type[Any]) -> Speaking:
        """The laws about steps or calls, and the witnesses, in whose scope a class of actions is; found once."""
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
        """Every law, by id."""
        laws: list[Law] = [*self.state_laws, *self.step_laws, *self.rejection_laws]
        return sorted(laws, key=lambda law: law.law_id)

    def where(self, keeps: Callable[[str], bool]) -> "Catalogue":
        """The catalogue with those laws and witnesses alone whose ids are kept."""
        return Catalogue(
            self.sums,
            [law for law in self.state_laws if keeps(law.law_id)],
            [law for law in self.step_laws if keeps(law.law_id)],
            [law for law in self.rejection_laws if keeps(law.law_id)],
            [witness for witness in self.witnesses if keeps(witness.law_id)],
            {law_id: known for law_id, known in self.known_violations.items() if keeps(law_id)},
        )

    def knowing(self, known_violations: Mapping[str, KnownViolation]) -> "Catalogue":
        """The catalogue with other known violations, as another release of the protocol has them."""
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
        """`model` for a law that restates a rule, `property` for all others."""
        return "model" if law_id in self.model else "property"

    def properties(self) -> "Catalogue":
        """The catalogue without the laws that restate the rules."""
        return self.where(lambda law_id: law_id not in self.model)
