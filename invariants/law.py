"""How a law is declared: once, for one subject, so that a full scan and a check of what a step touched are the same
text.

A state law speaks of one *subject*: a key such as (operator, strategy). It names the tables whose rows concern a
subject, and for each how the row's key leads to the subject. What many rows make together is a *Sum*, declared
beside: each row of its table belongs to one group and adds one value. From that, a scan visits every subject there
is, and an incremental check only the subjects that a step's writes, or the sums they moved, lead to.

A step law speaks of one step: the state before, the action, what was written and returned, the state after. A liveness
law speaks of one rejected call: the state, the action, the reason. A witness is a situation that must be reached.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from spec.machine import Delta, Draft, Rejection, Table

Key = TypeVar("Key")

Subject = Any
"""What a state law is about: a key, or a tuple of keys."""


class Sum:
    """The total, for each group, of a value that every row of a table contributes. A group of None counts nowhere."""

    def __init__(
        self,
        name: str,
        table: Table[Any, Any],
        group: Callable[[Draft, Any, Any], object],
        value: Callable[[Any], int],
    ) -> None:
        self.name: Final = name
        self.table: Final = table
        self.group: Final = group
        self.value: Final = value
        self.index = 0
        """Its place in its catalogue, which gives it."""

    def worth(self, _rows: Draft, row: Any) -> int:
        """What one row adds."""
        return self.value(row)


Moves = Callable[["View", Draft, Any], list[tuple[object, int]]]
"""Given the state before a step, the rows after it, and a key that it wrote: which groups of a sum move without a row
of theirs being written, and by how much.
"""


class ReadingSum(Sum):
    """A sum whose rows are worth what other rows say: a queued share, what its operator's magnitude has left of it.

    `reads` gives a row's value by the rows of a state, and from nothing a scan needs no more. `moves` says, for each
    table whose writes change the value of rows that are not written, by how much that moves each group: so that one
    write costs the same, however many rows it revalues. Tests compare both at every step.
    """

    def __init__(
        self,
        name: str,
        table: Table[Any, Any],
        group: Callable[[Draft, Any, Any], object],
        reads: Callable[[Draft, Any], int],
        moves: Mapping[Table[Any, Any], Moves],
    ) -> None:
        super().__init__(name, table, group, _reads_rows)
        self.reads: Final = reads
        self.moves: Final = moves

    def worth(self, rows: Draft, row: Any) -> int:
        """What one row adds, by what the rows of a state say."""
        return self.reads(rows, row)


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


class View:
    """One state as laws see it: rows through a draft, and totals. `shifts` are what totals moved since this state."""

    def __init__(self, rows: Draft, totals: Totals, shifts: list[Shift] | None = None) -> None:
        self.rows: Final = rows
        self._totals: Final = totals
        self._shifts: Final = shifts

    def total(self, of: Sum, group: object) -> int:
        """The total of a group."""
        total = self._totals.now(of, group)
        return total if self._shifts is None else total - self.moved(of, group)

    def moved(self, of: Sum, group: object) -> int:
        """By how much the total of a group has moved since this state."""
        by = 0
        if self._shifts is not None:
            for shift in self._shifts:
                if shift.total is of and shift.group == group:
                    by += shift.by
        return by

    def total_at_start(self, of: Sum, group: object) -> int:
        """The total that the group had in the state from which checking began."""
        return self._totals.at_start(of, group)


class Law:
    """What every law has: a permanent id, one sentence, and where it comes from."""

    def __init__(self, law_id: str, sentence: str, source: str) -> None:
        self.law_id: Final = law_id
        self.sentence: Final = sentence
        self.source: Final = source


class StateLaw(Law):
    """A law about each subject of every reachable state.

    `rows` and `sums` lead from the key of a row, or from the group of a sum, to the subject that it concerns.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[View, Subject], bool],
        rows: Mapping[Table[Any, Any], Callable[[Any], Subject]],
        sums: Mapping[Sum, Callable[[Any], Subject]] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.rows: Final = rows
        self.sums: Final = sums or {}


class Transition:
    """One accepted step as step laws see it."""

    def __init__(self, before: View, action: object, delta: Delta, after: View) -> None:
        self.before: Final = before
        self.action: Final = action
        self.delta: Final = delta
        self.after: Final = after


def written(delta: Delta, table: Table[Key, Any]) -> list[Key]:
    """The keys of a table's rows that a Delta writes."""
    return [cast(Key, write.key) for write in delta.writes if write.table is table]


class Scope:
    """Which steps or calls a law speaks of: those of certain actions, those that write to certain tables, any others.

    Nothing named is everything. A law out of scope costs nothing to check; `concerns` narrows the scope further.
    """

    def __init__(
        self,
        actions: tuple[type[Any], ...] = (),
        tables: tuple[Table[Any, Any], ...] = (),
    ) -> None:
        self.actions: Final = actions
        self.tables: Final = tables

    def speaks_of(self, action: type[Any]) -> bool:
        """Whether actions of a class are in scope, whatever they write."""
        return not self.actions or action in self.actions


EVERYTHING: Final = Scope()


class StepLaw(Law):
    """A law about every accepted step in its scope of which `concerns` is true, so that vacuity can be seen."""

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[Transition], bool],
        scope: Scope = EVERYTHING,
        concerns: Callable[[Transition], bool] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.scope: Final = scope
        self.concerns: Final = concerns


class Witness(Law):
    """A situation that must be reached, so that no law holds only because nothing happens: `seen` is true of a step."""

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        seen: Callable[[Transition], bool],
        scope: Scope = EVERYTHING,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.seen: Final = seen
        self.scope: Final = scope


class Refusal:
    """One rejected call as liveness laws see it."""

    def __init__(self, before: View, action: object, reason: Rejection) -> None:
        self.before: Final = before
        self.action: Final = action
        self.reason: Final = reason


class LivenessLaw(Law):
    """A law about every rejected call in its scope: what must not be refused, or only for certain reasons.

    `concerns` says which calls it protects. A call that it protects and that is accepted counts as checked too.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        holds: Callable[[Refusal], bool],
        scope: Scope = EVERYTHING,
        concerns: Callable[[View, Any], bool] | None = None,
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.holds: Final = holds
        self.scope: Final = scope
        self.concerns: Final = concerns


class KnownFalse:
    """A law that the real protocol breaks: the id of the law that says what is true instead, the file in docs/findings
    that shows it broken, in as few steps as are known, and what it means for users.
    """

    def __init__(self, instead: str, trace: str, meaning: str) -> None:
        self.instead: Final = instead
        self.trace: Final = trace
        self.meaning: Final = meaning


class Speaking:
    """The laws and witnesses of a catalogue that speak of one class of actions."""

    def __init__(self, step_laws: list[StepLaw], liveness_laws: list[LivenessLaw], witnesses: list[Witness]) -> None:
        self.step_laws: Final = step_laws
        self.liveness_laws: Final = liveness_laws
        self.witnesses: Final = witnesses


class Catalogue:
    """All laws of one protocol, the sums that they speak of, and what must be seen to happen.

    `known_false` names the laws that are kept although they do not hold: they are checked like the others, but where
    one is broken that is counted, and is no violation.

    `model` names the laws that restate a rule at every call: its checks, its effects to the unit, its write set. All
    others are *properties*: what holds of a protocol however its rules are written. ValueError if one is no law.
    """

    def __init__(
        self,
        sums: list[Sum],
        state_laws: list[StateLaw],
        step_laws: list[StepLaw],
        liveness_laws: list[LivenessLaw],
        witnesses: list[Witness],
        known_false: Mapping[str, KnownFalse] | None = None,
        model: tuple[str, ...] = (),
    ) -> None:
        self.sums: Final = sums
        self.state_laws: Final = state_laws
        self.step_laws: Final = step_laws
        self.liveness_laws: Final = liveness_laws
        self.witnesses: Final = witnesses
        self.known_false: Final = known_false or {}
        self.model: Final = model
        self._speaking_of: Final[dict[type[Any], Speaking]] = {}
        for index, total in enumerate(sums):
            total.index = index
        strangers = set(model) - {law.law_id for law in self.laws()}
        if strangers:
            raise ValueError(f"no law of the catalogue: {min(strangers)}")

    def speaking_of(self, action: type[Any]) -> Speaking:
        """The laws about steps or calls, and the witnesses, in whose scope a class of actions is; found once."""
        speaking = self._speaking_of.get(action)
        if speaking is None:
            speaking = Speaking(
                [law for law in self.step_laws if law.scope.speaks_of(action)],
                [law for law in self.liveness_laws if law.scope.speaks_of(action)],
                [witness for witness in self.witnesses if witness.scope.speaks_of(action)],
            )
            self._speaking_of[action] = speaking
        return speaking

    def laws(self) -> list[Law]:
        """Every law, by id."""
        laws: list[Law] = [*self.state_laws, *self.step_laws, *self.liveness_laws]
        return sorted(laws, key=lambda law: law.law_id)

    def properties(self) -> "Catalogue":
        """The same without the laws that restate the rules."""
        return Catalogue(
            self.sums,
            [law for law in self.state_laws if law.law_id not in self.model],
            [law for law in self.step_laws if law.law_id not in self.model],
            [law for law in self.liveness_laws if law.law_id not in self.model],
            self.witnesses,
            {law_id: known for law_id, known in self.known_false.items() if law_id not in self.model},
        )
