"""The two checks made from each law's declaration: the full scan, slow and simple, and the incremental check of a step.

Some subjects of a law read rows or totals that the subject's key does not determine. The incremental check records
these reads. If a step changes such a row or total, every subject that read it is checked again. A row of a sum that
read it is counted again. Tests compare the incremental check with the scan for arbitrary writes.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import (
    AcceptedStep,
    Catalogue,
    Law,
    RejectedCall,
    RejectionLaw,
    Scope,
    Shifts,
    StateLaw,
    StepLaw,
    Subject,
    Sum,
    Totals,
    View,
    Witness,
)
from invariants.watching import WatchedView, declared_by_law, declared_by_sum
from spec.machine import Delta, Draft, Rejection, State, Table, Write, commit


class Violation:
    """A law that does not hold, and the subject for which it fails (None for a law about a step or a call)."""

    def __init__(self, law: Law, subject: Subject) -> None:
        self.law: Final = law
        self.subject: Final = subject

    def __repr__(self) -> str:
        return f"{self.law.law_id}{'' if self.subject is None else f' of {self.subject!r}'}: {self.law.sentence}"


def compute_totals(catalogue: Catalogue, state: State) -> Totals:
    """The totals of all sums of a catalogue, computed from all rows of their tables. A row that adds 0 creates no
    group.

    Raises UndeclaredError if a sum reads something that it does not declare.
    """
    totals = Totals(len(catalogue.sums))
    view = WatchedView(state, totals)
    for total in catalogue.sums:
        view.begin(declared_by_sum(total), notes_all=False)
        for key, row in state.rows(total.table).items():
            worth = total.counted(view, key, row)
            if worth != 0:
                totals.add(total, total.group(view.rows, key, row), worth)
    totals.begin()
    return totals


def subjects_of(law: StateLaw, state: State, totals: Totals) -> set[Subject]:
    """All subjects of a law in a state: those computed from the keys of rows, or from the groups of sums, that the law
    declares. A group may have a total now, or have had one when checking began.
    """
    subjects = {subject_of(key) for table, subject_of in law.rows.items() for key in state.rows(table)}
    for total, subject_of in law.sums.items():
        subjects |= {subject_of(group) for group in (*totals.groups(total), *totals.groups_at_start(total))}
    return subjects


def scan(catalogue: Catalogue, state: State, start: Totals | None = None) -> list[Violation]:
    """The violations of every state law for every subject, with all sums recomputed. Known violations are included.

    `start` has the totals with which conservation laws compare; without it, those of `state` itself are used. Raises
    UndeclaredError if a law reads something that it does not declare.
    """
    totals = compute_totals(catalogue, state)
    if start is not None:
        totals.begin_with(start)
    view = WatchedView(state, totals)
    violations: list[Violation] = []
    for law in catalogue.state_laws:
        reader = declared_by_law(law)
        broken = [subject for subject in subjects_of(law, state, totals) if not view.judges(reader, subject)]
        violations += [Violation(law, subject) for subject in sorted(broken, key=repr)]
    return violations


class _Reader:
    """A subject of a law, or a row of a sum, with the rows and totals that it read.

    `reads` is a flat list of pairs: a table and the key of a row, or a sum and a group.
    """

    def __init__(self) -> None:
        self.reads: list[object] = []
        self.is_guarded = False
        """True if harmless changes of the read rows need no new check. This is so only while the law holds for the
        reader.
        """


class _Reading(_Reader):
    """A subject of a state law that declares `also_reads`: it depends on rows that its key does not determine."""

    def __init__(self, check: "_StateCheck", subject: Subject) -> None:
        super().__init__()
        self.check: Final = check
        self.subject: Final = subject


class _Counted(_Reader):
    """A row of a sum whose group or value depends on other rows, with its current group and value."""

    def __init__(self, kept: "_KeptSum", key: object) -> None:
        super().__init__()
        self.kept: Final = kept
        self.key: Final = key
        self.group: object = None
        self.worth = 0


class _KeptSum:
    """A sum whose rows depend on other rows: the current group and value of each row, and the rows to count again."""

    def __init__(self, total: Sum) -> None:
        self.total: Final = total
        self.declared: Final = declared_by_sum(total)
        self.rows: Final[dict[object, _Counted]] = {}
        self.due: dict[object, None] = {}


class _Guarded:
    """An index from the rows of one table to the subjects of one law that read them. `harmless` is the law's test for
    changes of such a row that cannot break the law.
    """

    def __init__(self, harmless: Callable[[Any, Any], bool]) -> None:
        self.harmless: Final = harmless
        self.readers: Final[dict[object, dict[_Reader, None]]] = {}


class _Readers:
    """An index from each row and each total to its readers: the subjects of laws and the rows of sums that read it.

    `guarded` keeps apart the readers that a harmless change of the row cannot affect: subjects for which a law with a
    `harmless` test holds.
    """

    def __init__(self, tables: int, sums: int) -> None:
        self.guarded: Final[list[list[_Guarded]]] = [[] for _ in range(tables)]
        self._of_rows: Final[list[dict[object, dict[_Reader, None]]]] = [{} for _ in range(tables)]
        self._of_totals: Final[list[dict[object, dict[_Reader, None]]]] = [{} for _ in range(sums)]

    def of_row(self, table: Table[Any, Any], key: object) -> dict[_Reader, None] | None:
        """The readers of a row, without those in `guarded`; None if there are none."""
        return self._of_rows[table.index].get(key)

    def of_total(self, total: Sum, group: object) -> dict[_Reader, None] | None:
        """The readers of a sum's total of one group; None if there are none."""
        return self._of_totals[total.index].get(group)

    def note(self, reader: _Reader, reads: list[object], is_guarded: bool) -> None:
        """Replace the recorded reads of a reader by `reads`.

        `is_guarded` is True if harmless changes of the read rows need no new check.
        """
        if reader.is_guarded == is_guarded and reader.reads == reads:
            return
        for position in range(0, len(reader.reads), 2):
            self._at(reader, reader.reads[position], reader.reads[position + 1]).pop(reader, None)
        reader.is_guarded = is_guarded
        for position in range(0, len(reads), 2):
            self._at(reader, reads[position], reads[position + 1])[reader] = None
        reader.reads = reads

    def _at(self, reader: _Reader, part: object, key: object) -> dict[_Reader, None]:
        if isinstance(part, Sum):
            places = self._of_totals[part.index]
        else:
            index = _index_of(part)
            guarded = reader.check.guards.get(index) if reader.is_guarded and isinstance(reader, _Reading) else None
            places = self._of_rows[index] if guarded is None else guarded.readers
        readers = places.get(key)
        if readers is None:
            readers = {}
            places[key] = readers
        return readers


def _index_of(table: object) -> int:
    if not isinstance(table, Table):
        raise TypeError(f"neither a table nor a sum: {table!r}")
    return table.index


class _Count:
    """A counter: how many times a law was checked, or a witness seen."""

    def __init__(self) -> None:
        self.times = 0


class _StateCheck:
    """A state law with its counter of checks. `subjects` are those that the current step may have affected,
    each once.
    """

    def __init__(self, law: StateLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.declared: Final = declared_by_law(law)
        self.readings: Final[dict[Subject, _Reading] | None] = {} if law.also_reads else None
        self.guards: Final = {table.index: _Guarded(harmless) for table, harmless in law.harmless.items()}
        self.count: Final = count
        self.subjects: Final[dict[Subject, None]] = {}


class _Concern:
    """A function from a row's key, or from a sum's group, to the subject of one state law."""

    def __init__(self, check: _StateCheck, find: Callable[[Any], Subject]) -> None:
        self.check: Final = check
        self.find: Final = find


class _StepCheck:
    """A step law with its counter of checks. `tables` is the bit set of the tables in the law's scope, 0 if all tables
    are.
    """

    def __init__(self, law: StepLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.applies_to: Final = law.applies_to
        self.tables: Final = _bits(law.scope)
        self.count: Final = count


class _Sighting:
    """A witness, a situation that runs must reach, with the number of steps that reached it. `tables` is the bit set of
    the tables in its scope, 0 if all tables are.
    """

    def __init__(self, witness: Witness, count: _Count) -> None:
        self.seen: Final = witness.seen
        self.tables: Final = _bits(witness.scope)
        self.count: Final = count


class _CallCheck:
    """A rejection law with its counter of checks."""

    def __init__(self, law: RejectionLaw, count: _Count) -> None:
        self.law: Final = law
        self.holds: Final = law.holds
        self.applies_to: Final = law.applies_to
        self.count: Final = count


class _ActionChecks:
    """The step laws, rejection laws and witnesses whose scope contains one class of actions."""

    def __init__(self, catalogue: Catalogue, counts: dict[str, _Count], action: type[Any]) -> None:
        named = catalogue.speaking_of(action)
        self.steps: Final = [_StepCheck(law, counts[law.law_id]) for law in named.step_laws]
        self.calls: Final = [_CallCheck(law, counts[law.law_id]) for law in named.rejection_laws]
        self.witnesses: Final = [_Sighting(witness, counts[witness.law_id]) for witness in named.witnesses]
        self._of_writes: Final[dict[int, _WriteChecks]] = {}

    def of_writes(self, tables: int) -> "_WriteChecks":
        """The checks that concern an accepted call which wrote to these tables, a bit set."""
        found = self._of_writes.get(tables)
        if found is None:
            found = _WriteChecks(self, tables)
            self._of_writes[tables] = found
        return found


class _WriteChecks:
    """The step laws and witnesses among `checks` whose scope contains one of the written tables, or has no tables."""

    def __init__(self, checks: _ActionChecks, tables: int) -> None:
        self.steps: Final = [each for each in checks.steps if each.tables == 0 or each.tables & tables]
        self.witnesses: Final = [each for each in checks.witnesses if each.tables == 0 or each.tables & tables]


def _bits(scope: Scope) -> int:
    bits = 0
    for table in scope.tables:
        bits |= table.bit
    return bits


class Checker:
    """The incremental checker of a run. It applies each accepted call's Delta to its own copy of the state, and checks
    the laws that this can break.

    The catalogue's tables, sums and actions are indexed once, so a step pays only for the laws in whose scope it is. A
    strict checker compares all reads of a law with its declaration. Other checkers do so only in scans, and for reads
    that they have to remember.
    """

    def __init__(self, catalogue: Catalogue, state: State, is_strict: bool = False) -> None:
        self.state: Final = state.copy()
        self.totals: Final = compute_totals(catalogue, state)
        self._catalogue: Final = catalogue
        self._is_strict: Final = is_strict
        self._known_broken: Final = dict.fromkeys(catalogue.known_violations, 0)
        self._law_ids: Final = [law.law_id for law in catalogue.laws()]
        self._witness_ids: Final = [witness.law_id for witness in catalogue.witnesses]
        self._counts: Final = {law_id: _Count() for law_id in (*self._law_ids, *self._witness_ids)}
        self._watched: Final = WatchedView(self.state, self.totals)
        self._readers: Final = _Readers(len(state.tables), len(catalogue.sums))
        tables = range(len(state.tables))
        plain = [total for total in catalogue.sums if not total.also_reads]
        self._kept: Final = [_KeptSum(total) for total in catalogue.sums if total.also_reads]
        self._sums_of: Final[list[list[Sum]]] = [[s for s in plain if s.table.index == i] for i in tables]
        self._kept_of: Final[list[list[_KeptSum]]] = [
            [kept for kept in self._kept if kept.total.table.index == i] for i in tables
        ]
        for kept in self._kept:
            for key in state.rows(kept.total.table):
                self._count_again(kept, key)
        self._concerns_of: Final[list[list[_Concern]]] = [[] for _ in tables]
        self._concerns_of_sum: Final[list[list[_Concern]]] = [[] for _ in catalogue.sums]
        for law in catalogue.state_laws:
            check = _StateCheck(law, self._counts[law.law_id])
            for table, find in law.rows.items():
                self._concerns_of[table.index].append(_Concern(check, find))
            for total, find in law.sums.items():
                self._concerns_of_sum[total.index].append(_Concern(check, find))
            for index, guarded in check.guards.items():
                self._readers.guarded[index].append(guarded)
            if check.readings is not None:
                for subject in subjects_of(law, state, self.totals):
                    self._judge(check, subject, self._watched)
        self._asked: Final[dict[type[Any], _ActionChecks]] = {}

    @property
    def checked(self) -> dict[str, int]:
        """The number of checks of each law, by id."""
        return {law_id: self._counts[law_id].times for law_id in self._law_ids}

    @property
    def known_broken(self) -> dict[str, int]:
        """For each known violation, by its law's id: how often the law was found broken."""
        return dict(self._known_broken)

    @property
    def seen(self) -> dict[str, int]:
        """For each witness, by id: the number of steps that reached its situation."""
        return {witness_id: self._counts[witness_id].times for witness_id in self._witness_ids}

    def accept(self, action: object, delta: Delta) -> list[Violation]:
        """Apply an accepted call's Delta and check every law that the step could break. Returns the violations.

        Known violations are counted, and not returned.
        """
        asked = self._asked_by(action)
        state, totals = self.state, self.totals
        rows = Draft(state)
        if asked.calls:
            view = View(rows, totals)
            for protected in asked.calls:
                if protected.applies_to is None or protected.applies_to(view, action):
                    protected.count.times += 1
        inverse = self._move(rows, delta)
        after = View(Draft(state, delta.writes), totals)
        step = AcceptedStep(View(Draft(state, inverse.writes), totals, inverse.shifts), action, delta, after)
        violations: list[Violation] = []
        concerned = asked.of_writes(inverse.tables)
        for check in concerned.steps:
            if check.applies_to is None or check.applies_to(step):
                check.count.times += 1
                if not check.holds(step):
                    self._note(violations, check.law, None)
        for sighting in concerned.witnesses:
            if sighting.seen(step):
                sighting.count.times += 1
        for due in self._due(delta, inverse, heeds_guards=True):
            for subject in due.subjects:
                due.count.times += 1
                if not self._judge(due, subject, after):
                    self._note(violations, due.law, subject)
            due.subjects.clear()
        return violations

    def reject(self, action: object, reason: Rejection) -> list[Violation]:
        """Check every law that a rejected call could break. The state does not change. Returns the violations.

        Known violations are counted, and not returned.
        """
        violations: list[Violation] = []
        calls = self._asked_by(action).calls
        if calls:
            before = View(Draft(self.state), self.totals)
            for check in calls:
                if check.applies_to is None or check.applies_to(before, action):
                    check.count.times += 1
                    if not check.holds(RejectedCall(before, action, reason)):
                        self._note(violations, check.law, None)
        return violations

    def undo(self, inverse: Delta) -> None:
        """Revert the state and the totals by `inverse`, the Delta that undoes the last step. The counts of checks and
        sightings are kept.
        """
        moved = self._move(Draft(self.state), inverse)
        for due in self._due(inverse, moved, heeds_guards=False):
            if due.readings is not None:
                for subject in due.subjects:
                    self._judge(due, subject, self._watched)
            due.subjects.clear()

    def scan(self) -> list[Violation]:
        """The violations found by a full scan of the current state, without known violations.

        Conservation laws compare the totals with those at the time when this checker was made.
        """
        found = scan(self._catalogue, self.state, self.totals)
        return [violation for violation in found if violation.law.law_id not in self._known_broken]

    def _note(self, violations: list[Violation], law: Law, subject: Subject) -> None:
        """Record that a law does not hold for a subject: count it if it is a known violation, otherwise append a
        Violation.
        """
        if law.law_id in self._known_broken:
            self._known_broken[law.law_id] += 1
        else:
            violations.append(Violation(law, subject))

    def _asked_by(self, action: object) -> _ActionChecks:
        asked = self._asked.get(type(action))
        if asked is None:
            asked = _ActionChecks(self._catalogue, self._counts, type(action))
            self._asked[type(action)] = asked
        return asked

    def _move(self, rows: Draft, delta: Delta) -> "_Inverse":
        """Commit a Delta and update the totals. Returns the step's inverse.

        `rows` must read the checker's state itself, so that it shows the new rows after the commit.
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
                    inverse.shifts.add(total, total.group(rows, write.key, row), -worth)
        commit(self.state, delta)
        for write in delta.writes:
            for total in self._sums_of[write.table.index]:
                worth = total.worth(rows, write.row)
                if worth != 0:
                    inverse.shifts.add(total, total.group(rows, write.key, write.row), worth)
        for shift in inverse.shifts.all:
            if shift.by != 0:
                self.totals.add(shift.total, shift.group, shift.by)
        if self._kept:
            self._move_kept(delta, inverse.shifts)
        return inverse

    def _move_kept(self, delta: Delta, shifts: Shifts) -> None:
        """Count again, once each, the rows of sums with `also_reads` that are written or whose reads changed. The
        changes of totals are added to `shifts`.
        """
        for write in delta.writes:
            for kept in self._kept_of[write.table.index]:
                kept.due[write.key] = None
            self._call(self._readers.of_row(write.table, write.key))
        for shift in shifts.all:
            self._call(self._readers.of_total(shift.total, shift.group))
        for kept in self._kept:
            if not kept.due:
                continue
            due, kept.due = kept.due, {}
            moved = Shifts()
            for key in due:
                counted = kept.rows.get(key)
                if counted is not None and counted.worth != 0:
                    moved.add(kept.total, counted.group, -counted.worth)
                counted = self._count_again(kept, key)
                if counted.worth != 0:
                    moved.add(kept.total, counted.group, counted.worth)
            for shift in moved.all:
                shifts.add(shift.total, shift.group, shift.by)
                if shift.by != 0:
                    self.totals.add(shift.total, shift.group, shift.by)
                    self._call(self._readers.of_total(shift.total, shift.group))

    def _call(self, readers: dict[_Reader, None] | None) -> None:
        """Mark every reader that is a row of a sum as due to be counted again."""
        if readers is not None:
            for reader in readers:
                if isinstance(reader, _Counted):
                    reader.kept.due[reader.key] = None

    def _count_again(self, kept: _KeptSum, key: object) -> _Counted:
        """Compute again the group and value of a row in a sum, in the current state, and record what it reads."""
        counted = kept.rows.get(key)
        if counted is None:
            counted = _Counted(kept, key)
            kept.rows[key] = counted
        total, view = kept.total, self._watched
        row = self.state.rows(total.table).get(key)
        view.begin(kept.declared, notes_all=False)
        counted.worth = 0 if row is None else total.counted(view, key, row)
        counted.group = None if counted.worth == 0 else total.group(view.rows, key, row)
        self._readers.note(counted, view.watched.noted, is_guarded=False)
        return counted

    def _judge(self, check: _StateCheck, subject: Subject, view: View) -> bool:
        """True if a law holds for a subject. The reads are recorded if the law declares `also_reads`."""
        readings = check.readings
        if readings is None:
            return self._watched.judges(check.declared, subject) if self._is_strict else check.holds(view, subject)
        if self._is_strict:
            self._watched.judges(check.declared, subject)
        reading = readings.get(subject)
        if reading is None:
            reading = _Reading(check, subject)
            readings[subject] = reading
        self._watched.begin(check.declared, notes_all=False)
        holds = check.holds(self._watched, subject)
        self._readers.note(reading, self._watched.watched.noted, is_guarded=holds)
        return holds

    def _due(self, delta: Delta, inverse: "_Inverse", heeds_guards: bool) -> list[_StateCheck]:
        """The checks of the state laws that a step may have affected; their `subjects` are the affected ones.

        `inverse` has the old rows. If `heeds_guards`, a change that a law calls harmless affects no subject that only
        reads the row.
        """
        due: list[_StateCheck] = []
        for position in range(len(delta.writes)):
            write, written_over = delta.writes[position], inverse.writes[position]
            for concern in self._concerns_of[write.table.index]:
                _add(due, concern.check, concern.find(write.key))
            _add_readers(due, self._readers.of_row(write.table, write.key))
            for guarded in self._readers.guarded[write.table.index]:
                if not (heeds_guards and guarded.harmless(written_over.row, write.row)):
                    _add_readers(due, guarded.readers.get(write.key))
        for shift in inverse.shifts.all:
            for concern in self._concerns_of_sum[shift.total.index]:
                _add(due, concern.check, concern.find(shift.group))
            _add_readers(due, self._readers.of_total(shift.total, shift.group))
        return due


class _Inverse:
    """The inverse of a step: the old rows, the bit set of their tables, and the changes that the step made
    to totals.
    """

    def __init__(self) -> None:
        self.writes: Final[list[Write]] = []
        self.tables = 0
        self.shifts: Final = Shifts()


def _add(due: list[_StateCheck], check: _StateCheck, subject: Subject) -> None:
    if not check.subjects:
        due.append(check)
    check.subjects[subject] = None


def _add_readers(due: list[_StateCheck], readers: dict[_Reader, None] | None) -> None:
    if readers is not None:
        for reader in readers:
            if isinstance(reader, _Reading):
                _add(due, reader.check, reader.subject)
