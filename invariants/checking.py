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
        broken = [subject for subject in subjects if not law.holds(view, subject)]
        violations += [Violation(law, subject) for subject in sorted(broken, key=repr)]
    return violations


class _Count:
    """How often a law was checked, or a witness seen."""

    def __init__(self) -> None:
        self.times = 0


class _StateCheck:
    """A state law, and which subjects of it the step that is checked may have touched, each once."""

    def __init__(self, law: StateLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.count: Final = count
        self.subjects: Final[list[Subject]] = []


class _Concern:
    """How a row's key, or a sum's group, leads to the subject of a state law."""

    def __init__(self, check: _StateCheck, find: Callable[[Any], Subject]) -> None:
        self.check: Final = check
        self.find: Final = find


class _StepCheck:
    """A law about steps; `tables` is the set of tables that it is limited to, one bit for each, 0 if to none."""

    def __init__(self, law: StepLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.concerns: Final = law.concerns
        self.tables: Final = _bits(law.scope)
        self.count: Final = count


class _Sighting:
    """A witness, limited to tables as a law is."""

    def __init__(self, witness: Witness, count: _Count) -> None:
        self.seen: Final = witness.seen
        self.tables: Final = _bits(witness.scope)
        self.count: Final = count


class _CallCheck:
    """A law about calls."""

    def __init__(self, law: LivenessLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.concerns: Final = law.concerns
        self.count: Final = count


class _Asked:
    """The laws about steps or calls, and the witnesses, that speak of one class of actions."""

    def __init__(self, catalogue: Catalogue, counts: dict[str, _Count], action: type[Any]) -> None:
        named = catalogue.speaking_of(action)
        self.steps: Final = [_StepCheck(law, counts[law.law_id]) for law in named.step_laws]
        self.calls: Final = [_CallCheck(law, counts[law.law_id]) for law in named.liveness_laws]
        self.witnesses: Final = [_Sighting(witness, counts[witness.law_id]) for witness in named.witnesses]


def _bits(scope: Scope) -> int:
    bits = 0
    for table in scope.tables:
        bits |= table.bit
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
        self._known_broken: Final = dict.fromkeys(catalogue.known_false, 0)
        self._law_ids: Final = [law.law_id for law in catalogue.laws()]
        self._witness_ids: Final = [witness.law_id for witness in catalogue.witnesses]
        self._counts: Final = {law_id: _Count() for law_id in (*self._law_ids, *self._witness_ids)}
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
        self._concerns_of: Final[list[list[_Concern]]] = [[] for _ in tables]
        self._concerns_of_sum: Final[list[list[_Concern]]] = [[] for _ in catalogue.sums]
        for law in catalogue.state_laws:
            check = _StateCheck(law, self._counts[law.law_id])
            for table, find in law.rows.items():
                self._concerns_of[table.index].append(_Concern(check, find))
            for total, find in law.sums.items():
                self._concerns_of_sum[total.index].append(_Concern(check, find))
        self._asked: Final[dict[type[Any], _Asked]] = {}

    @property
    def checked(self) -> dict[str, int]:
        """How often each law was checked, by id."""
        return {law_id: self._counts[law_id].times for law_id in self._law_ids}

    @property
    def known_broken(self) -> dict[str, int]:
        """How often each law that is known to be false was broken, by id."""
        return dict(self._known_broken)

    @property
    def seen(self) -> dict[str, int]:
        """How often each witness was seen, by id."""
        return {witness_id: self._counts[witness_id].times for witness_id in self._witness_ids}

    def accept(self, action: object, delta: Delta) -> list[Violation]:
        """Apply an accepted step, and check every law that it could have broken."""
        asked = self._asked_by(action)
        state, totals = self.state, self.totals
        rows = Draft(state)
        if asked.calls:
            view = View(rows, totals)
            for protected in asked.calls:
                if protected.concerns is None or protected.concerns(view, action):
                    protected.count.times += 1
        inverse = self._move(rows, delta)
        after = View(Draft(state, delta.writes), totals)
        step = Transition(View(Draft(state, inverse.writes), totals, inverse.shifts), action, delta, after)
        violations: list[Violation] = []
        for check in asked.steps:
            if check.tables != 0 and not check.tables & inverse.tables:
                continue
            if check.concerns is None or check.concerns(step):
                check.count.times += 1
                if not check.holds(step):
                    self._note(violations, check.law, None)
        for sighting in asked.witnesses:
            if (sighting.tables == 0 or sighting.tables & inverse.tables) and sighting.seen(step):
                sighting.count.times += 1
        for due in self._due(delta, inverse.shifts):
            for subject in due.subjects:
                due.count.times += 1
                if not due.holds(after, subject):
                    self._note(violations, due.law, subject)
            due.subjects.clear()
        return violations

    def refuse(self, action: object, reason: Rejection) -> list[Violation]:
        """Check every law that a rejected call could have broken; the state stays as it is."""
        violations: list[Violation] = []
        calls = self._asked_by(action).calls
        if calls:
            before = View(Draft(self.state), self.totals)
            for check in calls:
                if check.concerns is None or check.concerns(before, action):
                    check.count.times += 1
                    if not check.holds(Refusal(before, action, reason)):
                        self._note(violations, check.law, None)
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
            inverse.tables |= table.bit
            inverse.writes.append(Write(table, write.key, row))
            for total in self._sums_of[table.index]:
                worth = total.worth(rows, row)
                if worth != 0:
                    _shift(inverse.shifts, total, total.group(rows, write.key, row), -worth)
        commit(self.state, delta)
        for write in delta.writes:
            for total in self._sums_of[write.table.index]:
                worth = total.worth(rows, write.row)
                if worth != 0:
                    _shift(inverse.shifts, total, total.group(rows, write.key, write.row), worth)
            for revalued, moves in self._movers_of[write.table.index]:
                before = View(Draft(self.state, inverse.writes), self.totals)
                for group, by in moves(before, rows, write.key):
                    _shift(inverse.shifts, revalued, group, by)
        for shift in inverse.shifts:
            if shift.by != 0:
                self.totals.add(shift.total, shift.group, shift.by)
        return inverse

    def _due(self, delta: Delta, shifts: list[Shift]) -> list[_StateCheck]:
        """The state laws that a step's rows, and the sums that moved with them, lead to, with their subjects."""
        due: list[_StateCheck] = []
        for write in delta.writes:
            for concern in self._concerns_of[write.table.index]:
                _add(due, concern.check, concern.find(write.key))
        for shift in shifts:
            for concern in self._concerns_of_sum[shift.total.index]:
                _add(due, concern.check, concern.find(shift.group))
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


def _add(due: list[_StateCheck], check: _StateCheck, subject: Subject) -> None:
    subjects = check.subjects
    if not subjects:
        due.append(check)
        subjects.append(subject)
    elif subject not in subjects:
        subjects.append(subject)
