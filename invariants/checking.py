"""The two checks made from one declaration: the scan, slow and obviously right, and the incremental check of a step."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import (
    Catalogue,
    Law,
    LivenessLaw,
    Moves,
    ReadingSum,
    Refusal,
    Scope,
    Shift,
    StateLaw,
    StepLaw,
    Subject,
    Sum,
    Totals,
    Transition,
    View,
    Witness,
)
from spec.machine import Delta, Draft, Rejection, State, Write, commit


class Violation:
    """A law that does not hold, and of which subject (None for a law about a step or a call)."""

    def __init__(self, law: Law, subject: Subject) -> None:
        self.law: Final = law
        self.subject: Final = subject

    def __repr__(self) -> str:
        return f"{self.law.law_id}{'' if self.subject is None else f' of {self.subject!r}'}: {self.law.sentence}"


def compute_totals(catalogue: Catalogue, state: State) -> Totals:
    """Every sum from nothing, over all rows of its table."""
    totals = Totals(len(catalogue.sums))
    draft = Draft(state)
    for total in catalogue.sums:
        for key, row in state.rows(total.table).items():
            totals.add(total, total.group(draft, key, row), total.worth(draft, row))
    totals.begin()
    return totals


def scan(catalogue: Catalogue, state: State, start: Totals | None = None) -> list[Violation]:
    """Every state law of every subject, with all sums recomputed; `start` holds the totals that conservation looks
    to. Laws that are known to be false are among them.
    """
    totals = compute_totals(catalogue, state)
    if start is not None:
        totals.begin_with(start)
    view = View(Draft(state), totals)
    violations: list[Violation] = []
    for law in catalogue.state_laws:
        subjects = {subject_of(key) for table, subject_of in law.rows.items() for key in state.rows(table)}
        for total, subject_of in law.sums.items():
            subjects |= {subject_of(group) for group in totals.groups(total)}
        violations += [
            Violation(law, subject) for subject in sorted(subjects, key=repr) if not law.holds(view, subject)
        ]
    return violations


class _Concern:
    """A state law, where its count stands, and how a row's key or a sum's group leads to its subject."""

    def __init__(self, law: StateLaw, count: int, find: Callable[[Any], Subject]) -> None:
        self.law: Final = law
        self.count: Final = count
        self.find: Final = find


class _Due:
    """A subject of a state law that a step may have touched."""

    def __init__(self, concern: _Concern, subject: Subject) -> None:
        self.concern: Final = concern
        self.subject: Final = subject


class _Asked:
    """The laws about steps or calls that speak of one class of actions, each with the place of its count.

    `tables` is the set of tables that a law is limited to, one bit for each; 0 if it is limited to none.
    """

    def __init__(self, catalogue: Catalogue, counts: dict[str, int], action: type[Any]) -> None:
        self.steps: Final[list[tuple[StepLaw, int, int]]] = [
            (law, counts[law.law_id], _bits(law.scope)) for law in catalogue.step_laws if _speaks_of(law.scope, action)
        ]
        self.calls: Final[list[tuple[LivenessLaw, int]]] = [
            (law, counts[law.law_id]) for law in catalogue.liveness_laws if _speaks_of(law.scope, action)
        ]
        self.witnesses: Final[list[tuple[Witness, int, int]]] = [
            (witness, position, _bits(witness.scope))
            for position, witness in enumerate(catalogue.witnesses)
            if _speaks_of(witness.scope, action)
        ]


def _speaks_of(scope: Scope, action: type[Any]) -> bool:
    return not scope.actions or action in scope.actions


def _bits(scope: Scope) -> int:
    bits = 0
    for table in scope.tables:
        bits |= 1 << table.index
    return bits


class Checker:
    """Follows a run: owns a copy of the state, applies Deltas to it, keeps the totals, and checks what each one
    touched.

    What the catalogue says of tables, sums and actions is looked up once, so that a step pays only for the laws that
    speak of it.
    """

    def __init__(self, catalogue: Catalogue, state: State) -> None:
        self.state: Final = state.copy()
        self.totals: Final = compute_totals(catalogue, state)
        self._catalogue: Final = catalogue
        laws = catalogue.laws()
        self._checked: Final = [0] * len(laws)
        self._known_broken: Final = dict.fromkeys(catalogue.known_false, 0)
        self._seen: Final = [0] * len(catalogue.witnesses)
        self._law_ids: Final = [law.law_id for law in laws]
        counts = {law.law_id: position for position, law in enumerate(laws)}
        self._counts: Final = counts
        tables = range(len(state.tables))
        self._sums_of: Final[list[list[Sum]]] = [[s for s in catalogue.sums if s.table.index == i] for i in tables]
        self._movers_of: Final[list[list[tuple[ReadingSum, Moves]]]] = [
            [
                (s, moves)
                for s in catalogue.sums
                if isinstance(s, ReadingSum)
                for table, moves in s.moves.items()
                if table.index == i
            ]
            for i in tables
        ]
        self._concerns_of: Final[list[list[_Concern]]] = [
            [
                _Concern(law, counts[law.law_id], find)
                for law in catalogue.state_laws
                for table, find in law.rows.items()
                if table.index == i
            ]
            for i in tables
        ]
        self._concerns_of_sum: Final[list[list[_Concern]]] = [
            [
                _Concern(law, counts[law.law_id], find)
                for law in catalogue.state_laws
                for s, find in law.sums.items()
                if s is total
            ]
            for total in catalogue.sums
        ]
        self._asked: Final[dict[type[Any], _Asked]] = {}

    @property
    def checked(self) -> dict[str, int]:
        """How often each law was checked, by id."""
        return dict(zip(self._law_ids, self._checked, strict=True))

    @property
    def known_broken(self) -> dict[str, int]:
        """How often each law that is known to be false was broken, by id."""
        return dict(self._known_broken)

    @property
    def seen(self) -> dict[str, int]:
        """How often each witness was seen, by id."""
        return {witness.law_id: self._seen[i] for i, witness in enumerate(self._catalogue.witnesses)}

    def accept(self, action: object, delta: Delta) -> list[Violation]:
        """Apply an accepted step, and check every law that it could have broken."""
        asked = self._asked_by(action)
        state, totals = self.state, self.totals
        rows = Draft(state)
        if asked.calls:
            view = View(rows, totals)
            for liveness_law, count in asked.calls:
                if liveness_law.concerns is None or liveness_law.concerns(view, action):
                    self._checked[count] += 1
        inverse = self._move(rows, delta)
        shifts = inverse.shifts
        after = View(rows, totals)
        violations: list[Violation] = []
        transition: Transition | None = None
        for law, count, tables in asked.steps:
            if tables == 0 or tables & inverse.tables:
                if transition is None:
                    transition = Transition(View(Draft(state, inverse.writes), totals, shifts), action, delta, after)
                if law.concerns is None or law.concerns(transition):
                    self._checked[count] += 1
                    if not law.holds(transition):
                        self._note(violations, law, None)
        for witness, position, tables in asked.witnesses:
            if tables == 0 or tables & inverse.tables:
                if transition is None:
                    transition = Transition(View(Draft(state, inverse.writes), totals, shifts), action, delta, after)
                if witness.seen(transition):
                    self._seen[position] += 1
        for due in self._due(delta, shifts):
            self._checked[due.concern.count] += 1
            if not due.concern.law.holds(after, due.subject):
                self._note(violations, due.concern.law, due.subject)
        return violations

    def refuse(self, action: object, reason: Rejection) -> list[Violation]:
        """Check every law that a rejected call could have broken; the state stays as it is."""
        violations: list[Violation] = []
        calls = self._asked_by(action).calls
        if calls:
            before = View(Draft(self.state), self.totals)
            for law, count in calls:
                if law.concerns is None or law.concerns(before, action):
                    self._checked[count] += 1
                    if not law.holds(Refusal(before, action, reason)):
                        self._note(violations, law, None)
        return violations

    def undo(self, inverse: Delta) -> None:
        """Take the state and the totals back by a Delta that leads back; what was counted stays counted."""
        self._move(Draft(self.state), inverse)

    def scan(self) -> list[Violation]:
        """The full scan of the state reached so far, against the totals of the start."""
        found = scan(self._catalogue, self.state, self.totals)
        return [violation for violation in found if violation.law.law_id not in self._known_broken]

    def _note(self, violations: list[Violation], law: Law, subject: Subject) -> None:
        """A law does not hold: a violation, unless that is known of it."""
        if law.law_id in self._known_broken:
            self._known_broken[law.law_id] += 1
        else:
            violations.append(Violation(law, subject))

    def _asked_by(self, action: object) -> _Asked:
        asked = self._asked.get(type(action))
        if asked is None:
            asked = _Asked(self._catalogue, self._counts, type(action))
            self._asked[type(action)] = asked
        return asked

    def _move(self, rows: Draft, delta: Delta) -> "_Inverse":
        """Commit a Delta and move the totals with it; `rows` reads the state that changes underneath. Returns what
        leads back.
        """
        inverse = _Inverse()
        for write in delta.writes:
            table = write.table
            row = rows.get(table, write.key)
            inverse.tables |= 1 << table.index
            inverse.writes.append(Write(table, write.key, row))
            for total in self._sums_of[table.index]:
                _shift(inverse.shifts, total, total.group(rows, write.key, row), -total.worth(rows, row))
        commit(self.state, delta)
        for write in delta.writes:
            for total in self._sums_of[write.table.index]:
                _shift(inverse.shifts, total, total.group(rows, write.key, write.row), total.worth(rows, write.row))
            for revalued, moves in self._movers_of[write.table.index]:
                before = View(Draft(self.state, inverse.writes), self.totals)
                for group, by in moves(before, rows, write.key):
                    _shift(inverse.shifts, revalued, group, by)
        for shift in inverse.shifts:
            self.totals.add(shift.total, shift.group, shift.by)
        return inverse

    def _due(self, delta: Delta, shifts: list[Shift]) -> list[_Due]:
        """The subjects that a step's rows, and the sums that these rows are part of, lead to, each once."""
        due: list[_Due] = []
        for write in delta.writes:
            for concern in self._concerns_of[write.table.index]:
                _add(due, concern, concern.find(write.key))
        for shift in shifts:
            for concern in self._concerns_of_sum[shift.total.index]:
                _add(due, concern, concern.find(shift.group))
        return due


class _Inverse:
    """What leads back from a step: the rows as they were, which tables they are of, and by how much totals moved."""

    def __init__(self) -> None:
        self.writes: Final[list[Write]] = []
        self.tables = 0
        self.shifts: Final[list[Shift]] = []


def _shift(shifts: list[Shift], total: Sum, group: object, by: int) -> None:
    if group is None:
        return
    for shift in shifts:
        if shift.total is total and shift.group == group:
            shift.by += by
            return
    shifts.append(Shift(total, group, by))


def _add(due: list[_Due], concern: _Concern, subject: Subject) -> None:
    for known in due:
        if known.concern.count == concern.count and known.subject == subject:
            return
    due.append(_Due(concern, subject))
