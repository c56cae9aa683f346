"""The two checks made from one declaration: the scan, slow and obviously right, and the incremental check of a step."""

from collections.abc import Callable
from typing import Final

from invariants.law import Catalogue, Law, LivenessLaw, Refusal, StateLaw, Subject, Sum, Totals, Transition, View
from spec.machine import Delta, Draft, Rejection, State, commit


class Violation:
    """A law that does not hold, and of which subject (None for a step law)."""

    def __init__(self, law: Law, subject: Subject) -> None:
        self.law: Final = law
        self.subject: Final = subject

    def __repr__(self) -> str:
        return f"{self.law.law_id}{'' if self.subject is None else f' of {self.subject!r}'}: {self.law.sentence}"


def compute_totals(catalogue: Catalogue, state: State) -> Totals:
    """Every sum from nothing, over all rows of its table."""
    totals = Totals()
    draft = Draft(state)
    for total in catalogue.sums:
        for key, row in state.rows(total.table).items():
            totals.add(total, total.group(draft, key, row), total.value(row))
    totals.begin()
    return totals


def scan(catalogue: Catalogue, state: State, start: Totals | None = None) -> list[Violation]:
    """Every state law of every subject, with all sums recomputed; `start` holds the totals that conservation looks
    to.
    """
    totals = compute_totals(catalogue, state)
    if start is not None:
        totals.start.clear()
        totals.start.update(start.start)
    view = View(Draft(state), totals)
    violations: list[Violation] = []
    for law in catalogue.state_laws:
        subjects = {subject_of(key) for table, subject_of in law.rows.items() for key in state.rows(table)}
        for total, subject_of in law.sums.items():
            subjects |= {subject_of(group) for name, group in totals.moved if name == total.name}
        violations += [
            Violation(law, subject) for subject in sorted(subjects, key=repr) if not law.holds(view, subject)
        ]
    return violations


class Checker:
    """Follows a run: owns a copy of the state, applies Deltas to it, keeps the totals, and checks what each one
    touched.
    """

    def __init__(self, catalogue: Catalogue, state: State) -> None:
        self.state: Final = state.copy()
        self.totals: Final = compute_totals(catalogue, state)
        self.checked: Final[dict[str, int]] = {law.law_id: 0 for law in catalogue.laws()}
        self.seen: Final[dict[str, int]] = {witness.law_id: 0 for witness in catalogue.witnesses}
        self._catalogue: Final = catalogue
        tables = range(len(state.tables))
        self._sums_of: Final[list[list[Sum]]] = [[s for s in catalogue.sums if s.table.index == i] for i in tables]
        self._laws_of: Final[list[list[tuple[StateLaw, Callable[[object], Subject]]]]] = [
            [(law, find) for law in catalogue.state_laws for table, find in law.rows.items() if table.index == i]
            for i in tables
        ]
        self._laws_of_sum: Final[dict[str, list[tuple[StateLaw, Callable[[object], Subject]]]]] = {
            total.name: [(law, find) for law in catalogue.state_laws for s, find in law.sums.items() if s is total]
            for total in catalogue.sums
        }

    def accept(self, action: object, delta: Delta) -> list[Violation]:
        """Apply an accepted step, and check every law that it could have broken."""
        before = View(Draft(self.state), self.totals)
        after_rows = Draft(self.state)
        for write in delta.writes:
            after_rows.put(write.table, write.key, write.row)
        moved = Totals(self.totals)
        for write in delta.writes:
            for total in self._sums_of[write.table.index]:
                row = before.rows.get(write.table, write.key)
                moved.add(total, total.group(before.rows, write.key, row), -total.value(row))
                moved.add(total, total.group(after_rows, write.key, write.row), total.value(write.row))
        for liveness_law in self._catalogue.liveness_laws:
            if _protects(liveness_law, before, action):
                self.checked[liveness_law.law_id] += 1
        transition = Transition(before, action, delta, View(after_rows, moved))
        violations = self._broken_steps(transition)
        for witness in self._catalogue.witnesses:
            if witness.scope.admits(action, delta) and witness.seen(transition):
                self.seen[witness.law_id] += 1
        commit(self.state, delta)
        for key, value in moved.moved.items():
            self.totals.moved[key] = self.totals.moved.get(key, 0) + value
        return violations + self._broken_subjects(View(Draft(self.state), self.totals), delta, moved)

    def refuse(self, action: object, reason: Rejection) -> list[Violation]:
        """Check every law that a rejected call could have broken; the state stays as it is."""
        before = View(Draft(self.state), self.totals)
        violations: list[Violation] = []
        for law in self._catalogue.liveness_laws:
            if _protects(law, before, action):
                self.checked[law.law_id] += 1
                if not law.holds(Refusal(before, action, reason)):
                    violations.append(Violation(law, None))
        return violations

    def scan(self) -> list[Violation]:
        """The full scan of the state reached so far, against the totals of the start."""
        return scan(self._catalogue, self.state, self.totals)

    def _broken_steps(self, transition: Transition) -> list[Violation]:
        violations: list[Violation] = []
        for law in self._catalogue.step_laws:
            if law.scope.admits(transition.action, transition.delta) and (
                law.concerns is None or law.concerns(transition)
            ):
                self.checked[law.law_id] += 1
                if not law.holds(transition):
                    violations.append(Violation(law, None))
        return violations

    def _broken_subjects(self, view: View, delta: Delta, moved: Totals) -> list[Violation]:
        subjects: dict[tuple[str, Subject], StateLaw] = {}
        for write in delta.writes:
            for law, find in self._laws_of[write.table.index]:
                subjects[(law.law_id, find(write.key))] = law
        for name, group in moved.moved:
            for law, find in self._laws_of_sum[name]:
                subjects[(law.law_id, find(group))] = law
        violations: list[Violation] = []
        for (law_id, subject), law in subjects.items():
            self.checked[law_id] += 1
            if not law.holds(view, subject):
                violations.append(Violation(law, subject))
        return violations


def _protects(law: LivenessLaw, before: View, action: object) -> bool:
    return law.scope.admits(action, None) and (law.concerns is None or law.concerns(before, action))
