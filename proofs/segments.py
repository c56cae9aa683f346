"""The proof that a call keeps every state law, whatever the length of the lists that it names.

See `proofs/folds.py` for how loops cut a run into segments. Each segment begins in a state of its own: a `Prover` of
the same protocol, whose tables are other unknown functions where a loop may have written, elsewhere what was written.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

import z3

from proofs.folds import RUNS, FoldedError, Gathered, Items, Loop, Names, Running, any_call
from proofs.obligations import Accepted, Asked, Obligation, Prover, Verdict, some_path_is_taken
from proofs.solving import Answer, Status, prove
from proofs.state import SymbolicRows, Totals, Touch, likeness
from proofs.symbols import Path, Term, UnliftableError, explore, path, term_of

TOTAL: Final = "TOTAL"


class _Grown(BaseException):
    """A loop writes a table that it was not known to write: all paths are followed anew."""


class _Rows:
    """A table in a state between segments: rows that were written before, newest first, over unknown ones."""

    def __init__(self, unknown: SymbolicRows, written: list[tuple[Any, Any]], table: Any, reads: Any) -> None:
        self.unknown: Final = unknown
        self.written: Final = written
        self._table: Final = table
        self._reads: Final = reads

    def get(self, key: Any) -> Any:
        """The row of a key."""
        self._reads(Touch(self._table, key))
        for known, row in self.written:
            if known == key:
                return row
        return self.unknown.get(key)


class Segment:
    """A part of a run that writes: the state in which it begins, what holds at its end, and the rows it has written."""

    def __init__(self, label: str, prover: Prover, here: Path, delta: Any) -> None:
        self.label: Final = label
        self.prover: Final = prover
        self.accepted: Final = Accepted(here, delta)
        self.base = here
        """The path from which the run came to it."""

    def likeness(self) -> Hashable:
        """The same for two segments only if they begin in one state and write the same rows."""
        writes = self.accepted.delta.writes
        return (
            id(self.prover),
            self.label,
            *[(write.table.index, likeness(write.key), likeness(write.row)) for write in writes],
        )

    @classmethod
    def either(cls, base: Path, parts: "list[Segment]") -> "Segment":
        """Segments that begin in one state and come to the same, as one."""
        accepted = Accepted.either(base, [part.accepted for part in parts])
        accepted.here.reader = parts[0].accepted.here.reader
        return cls(parts[0].label, parts[0].prover, accepted.here, accepted.delta)


class _Arrival:
    """A run that came to a cut: where it stands, and the answers that led there."""

    def __init__(
        self, run: "_Run", loop: Loop, segment: Segment, answers: tuple[bool, ...], standing: Hashable
    ) -> None:
        self.run: Final = run
        self.loop: Final = loop
        self.segment: Final = segment
        self.answers: Final = answers
        self.standing: Final = standing


class Middle:
    """A state in the middle of a loop, in which runs that came to the same go on as one."""

    def __init__(self, base: Path, answers: tuple[bool, ...], prover: Prover, number: int, here: Path) -> None:
        self.base: Final = base
        """The path from which the runs came here."""
        self.answers: Final = answers
        """Answers that lead here from there: those of one of the runs."""
        self.prover: Final = prover
        self.number: Final = number
        self.here: Final = here
        """What is known here, whichever of the runs it was."""


class _Run(Running):
    """One run of a call, which follows others through some cuts, and ends at the next."""

    def __init__(self, proof: "FoldedProof", through: list[Middle]) -> None:
        self._proof: Final = proof
        self._root: Final = proof.prover
        self.prover = proof.prover
        self.draft: Final = proof.prover.draft()
        self._loops: Final[list[Loop]] = []
        self._through: Final = through
        self._passed = 0
        self._replayed: Path | None = None
        self.segments: Final[list[Segment]] = []

    def start(self) -> None:
        """Follow the answers that lead to the next cut which others passed, if there is any."""
        if self._passed < len(self._through):
            middle = self._through[self._passed]
            self._replayed = Path(middle.base, list(middle.answers), True)
            self._replayed.__enter__()

    def stop(self) -> None:
        """Follow them no more."""
        if self._replayed is not None:
            self._replayed.__exit__()
            self._replayed = None

    def cut(self, loop: Loop, names: Names) -> int:
        if self._passed < len(self._through):
            middle = self._through[self._passed]
            self._passed += 1
            self.stop()
            self.start()
            self.prover = middle.prover
            return middle.number
        segment = self._close(f"before the loop of {loop.site}", loop, names)
        self._proof.arrive(self, loop, segment, _standing(sys._getframe(2)))
        raise FoldedError

    def begin(self, loop: Loop, names: Names, when: Term) -> None:
        self._loops.append(loop)
        self._restart(loop, names, when)

    def end(self, loop: Loop, names: Names) -> None:
        self.segments.append(self._close(f"an element in {loop.site}", loop, names))
        raise FoldedError

    def leave(self, loop: Loop, names: Names, when: Term) -> None:
        self._restart(loop, names, when)

    def finish(self, delta: Any) -> None:
        """End the last segment, with what the call has written since."""
        self.segments.append(Segment("the end", self.prover, path().here(), delta))

    def _close(self, label: str, loop: Loop, names: Names) -> Segment:
        """End a segment: with the rows as if which the laws hold, if these are not as they are."""
        rows = self._as_it_is()
        rule = self._proof.rule(loop)
        if rule is not None:
            others = rule.as_if(self.draft, names)
            for table, key, row in others:
                rows.put(table, key, row)
            for condition in rule.holds(rows, names):
                path().require(f"{loop.site}: what is known", term_of(condition))
            restored = self._root.draft_on(self.prover, [(w.table, w.key, w.row) for w in rows._writes])
            real = rule.really(rows, names)
            for table, key, row in real:
                restored.put(table, key, self.draft.get(table, key) if row is None else row)
            for table, key, _ in [*others, *real]:
                self._require_same(f"{loop.site}: {table.name} is as it is", restored, table, key)
        delta = rows.delta()
        self._proof.note_written([each.site for each in self._loops], {write.table.index for write in delta.writes})
        return Segment(label, self.prover, path().here(), delta)

    def _as_it_is(self) -> Any:
        return self._root.draft_on(self.prover, [(write.table, write.key, write.row) for write in self.draft._writes])

    def _require_same(self, label: str, restored: Any, table: Any, key: Any) -> None:
        for one, two in zip(_parts(restored.get(table, key)), _parts(self.draft.get(table, key)), strict=True):
            if one is not two:
                path().require(label, term_of(one) == term_of(two))

    def _restart(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment: any state that satisfies the laws, with the rows as they are."""
        rule = self._proof.rule(loop)
        self.draft.__init__(self.prover.state)
        if rule is not None:
            for condition in rule.holds(self.draft, names):
                path().assume(z3.Implies(when, term_of(condition)))
            rows = self._root.draft_on(self.prover, [])
            for table, key, row in rule.really(rows, names):
                self.draft.put(table, key, self._any_row(table, key, loop.number) if row is None else row)

    def _any_row(self, table: Any, key: Any, number: int) -> Any:
        """A row of which nothing is known."""
        return self._root.unknown_rows(table, f"@{number}!really").get(key)


def _standing(frame: Any) -> Hashable:
    """Where a run stands, and what its names stand for: the same for two runs only if they would go on alike."""
    frames: list[Hashable] = []
    while frame.f_code.co_name != "transition_in_run":
        names = [(name, _sign(value)) for name, value in sorted(frame.f_locals.items())]
        frames.append((id(frame.f_code), frame.f_lasti, *names))
        frame = frame.f_back
    return tuple(frames)


def _sign(value: Any) -> Hashable:
    """The same for two values only if they are alike. The caller keeps them."""
    if isinstance(value, tuple | list):
        return (type(value), *[_sign(part) for part in value])
    if isinstance(value, Gathered):
        return Gathered
    if isinstance(value, Items):
        return (Items, value.name, *[term.get_id() for term in value.terms])
    if isinstance(value, Loop):
        return (Loop, value.site, value.number)
    if type(value).__name__ == "Draft":
        return "the draft"
    if hasattr(type(value), "__attrs_attrs__"):
        return (type(value), *[_sign(getattr(value, field.name)) for field in type(value).__attrs_attrs__])
    return likeness(value)


def _parts(row: Any) -> list[Any]:
    """The parts of a row."""
    values = [getattr(row, field.name) for field in type(row).__attrs_attrs__]
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,))]


class FoldedProof:
    """All paths of one call with lists of any length, cut into segments, and the proofs about these."""

    def __init__(self, prover: Prover, action: type[Any]) -> None:
        self.prover: Final = prover
        self.action: Final = action
        self._written: Final[dict[str, set[int]]] = {}
        """By loop, the tables that its body writes."""
        arguments: list[Term] = []
        self.call: Final = any_call(action, arguments)
        self._base: Final = prover.base(self.call, arguments)
        self.writes: Final[set[int]] = set()
        self._excluded: Final[list[tuple[Obligation, Answer]]] = []
        self._scopes: Final[set[str]] = set()
        self._reachable: Final[dict[int, bool]] = {}
        self._sums: Final[dict[str, Verdict]] = {}
        self._laws: Final[dict[str, Verdict]] = {}
        self.segments: Final[list[Segment]] = []
        self._raised: Final[list[tuple[Prover, Path, Exception]]] = []
        self._demanding: Final[list[tuple[Prover, Path]]] = []
        self._ends: Final[list[Segment]] = []
        self._taken: Final[list[tuple[Path, list[Path]]]] = []
        """For each state in which runs go on, the paths that they took from there."""
        self._arrivals: Final[list[_Arrival]] = []
        self._middles: Final[list[Middle]] = []
        for here, outcome, run in self._follow():
            if self._excludes(run.prover, here):
                continue
            self.segments.extend(run.segments)
            self._demanding.append((run.prover, here))
            if isinstance(outcome, Exception):
                self._raised.append((run.prover, here, outcome))
            elif prover.is_delta(outcome):
                self._ends.append(run.segments[-1])
        alike: dict[object, list[Segment]] = {}
        for segment in self.segments:
            alike.setdefault(segment.likeness(), []).append(segment)
        self.segments[:] = [Segment.either(parts[0].base, parts) for parts in alike.values()]
        self.writes.update([write.table.index for each in self.segments for write in each.accepted.delta.writes])

    # Following paths.

    def _follow(self) -> list[tuple[Path, Any, _Run]]:
        """Every path with its outcome, None if it ended at a cut or with an element, and the run that took it."""
        while True:
            self._taken.clear()
            self._middles.clear()
            try:
                return list(self._all_paths())
            except _Grown:
                continue

    def _all_paths(self) -> Iterator[tuple[Path, Any, _Run]]:
        pending: list[list[Middle]] = [[]]
        while pending:
            through = pending.pop()
            base = through[-1].here if through else self._base
            self._arrivals.clear()
            taken: list[Path] = []
            for here, outcome, run in self._from(through, base):
                taken.append(here)
                for segment in run.segments:
                    segment.base = base
                yield here, outcome, run
            self._taken.append((base, taken))
            pending += [[*through, middle] for middle in self._meet(base)]

    def _from(self, through: list[Middle], base: Path) -> Iterator[tuple[Path, Any, _Run]]:
        """Every path from a state in which runs go on."""
        runs: list[_Run] = []

        def transition_in_run() -> Any:
            run = _Run(self, through)
            runs.append(run)
            RUNS.append(run)
            run.start()
            try:
                outcome = self.prover.protocol.transition(run.draft, self.call)
                if self.prover.is_delta(outcome):
                    run.finish(outcome)
                return outcome
            except FoldedError:
                return None
            finally:
                run.stop()
                RUNS.pop()

        for here, outcome in explore(transition_in_run, base):
            yield here, outcome, runs[-1]

    def arrive(self, run: _Run, loop: Loop, segment: Segment, standing: Hashable) -> None:
        """A run has come to a cut."""
        run.segments.append(segment)
        self._arrivals.append(_Arrival(run, loop, segment, path().given, (segment.likeness(), standing)))

    def _meet(self, base: Path) -> list[Middle]:
        """The states in which runs go on that came to cuts from one state: one for those that stand alike."""
        together: dict[Hashable, list[_Arrival]] = {}
        for arrival in self._arrivals:
            together.setdefault(arrival.standing, []).append(arrival)
        return [self._middle(base, arrivals) for arrivals in together.values()]

    def _middle(self, base: Path, arrivals: "list[_Arrival]") -> Middle:
        first = arrivals[0]
        segment = Segment.either(base, [each.segment for each in arrivals])
        number = len(self._middles) + 1
        here = segment.accepted.here.here()
        formulas, scopes = segment.prover.hypotheses(here, [], 1)
        # What holds on this path alone is no fact: it would say that there are no other paths.
        own = {condition.get_id() for condition in here.conditions}
        for formula in formulas:
            if formula.get_id() not in own:
                here.assume(formula)
        here.scopes.update(scopes)
        here.touched.clear()
        here.required.clear()
        prover = self._state_between(segment.prover, segment, first.loop, f"@{number}")
        here.reader = prover.note_read
        self._middles.append(Middle(base, first.answers, prover, number, here))
        return self._middles[-1]

    def note_written(self, sites: list[str], tables: set[int]) -> None:
        """Note that loops write some tables."""
        is_new = False
        for site in sites:
            known = self._written.setdefault(site, set())
            is_new = is_new or not tables <= known
            known |= tables
        if is_new:
            raise _Grown

    def rule(self, loop: Loop) -> Any:
        """As if which rows the laws hold in the middle of a loop, if not of the state as it is."""
        return self.prover.theory.folds.get(loop.site.rpartition(":")[2])

    def _state_between(self, before: Prover, segment: Segment, loop: Loop, suffix: str) -> Prover:
        root, writes = self.prover, segment.accepted.delta.writes
        unknown = self._written.get(loop.site, set())
        rule = self.rule(loop)
        if rule is not None:
            unknown = unknown | {write.table.index for write in writes}
        changed = unknown | {write.table.index for write in writes}
        self._refuse_histories(changed)
        sums = [*root.theory.catalogue.sums, *root.theory.sums, *root.theory.nested]
        suffixes = {
            total.name: suffix if root.tables_of_sum(total) & changed else before.totals.suffixes.get(total.name, "")
            for total in sums
        }

        def tables(reads: Callable[[Touch], None]) -> list[Any]:
            made: list[Any] = []
            for table, old in zip(root.protocol.schema.tables, before.tables, strict=True):
                if table.index in unknown:
                    made.append(_Rows(root.unknown_rows(table, suffix), [], table, reads))
                    continue
                newest = [(write.key, write.row) for write in reversed(writes) if write.table is table]
                under = old.unknown if isinstance(old, _Rows) else root.unknown_rows(table, "")
                below: list[tuple[Any, Any]] = old.written if isinstance(old, _Rows) else []
                made.append(_Rows(under, [*newest, *below], table, reads))
            return made

        return root.in_state(tables, lambda asked: Totals(asked, suffixes))

    def _refuse_histories(self, tables: set[int]) -> None:
        """Loops that write what the contract of histories takes to be fixed are none that can be cut."""
        exact = [history for history in self.prover.histories() if hasattr(history, "_value_before")]
        fixed = {table.index for history in exact for table in (history.heads, history.checkpoints)}
        clock = Path(None, [], False)
        with clock:
            self.prover.theory.now(self.prover.before.rows)
        fixed |= {touch.table.index for touch in clock.touched.values() if not isinstance(touch, Asked)}
        if fixed & tables:
            raise UnliftableError("a loop over a list of any length writes time, or a history that reaches further")

    # Verdicts.

    def _excludes(self, prover: Prover, here: Path) -> bool:
        impossible = Obligation("a path that the laws exclude", here, z3.BoolVal(False))
        scopes = set(here.scopes)
        answer = self.prover.prove_quickly(TOTAL, prover.levels(here, [], scopes), impossible.goal)
        if answer.status is Status.PROVED:
            self._excluded.append((impossible, answer))
            self._scopes.update(scopes)
        elif answer.status is Status.REFUTED:
            self._reachable[id(here)] = True
        return answer.status is Status.PROVED

    def total(self) -> Verdict:
        """That the call never raises, and demands what contracts and folds demand of it."""
        verdict = Verdict(TOTAL, self.action.__name__)
        verdict.answers.extend(self._excluded)
        for prover, here, error in self._raised:
            self._answer(verdict, prover, Obligation(f"raises {error!r}", here, z3.BoolVal(False)), [])
        for prover, here in self._demanding:
            for label, condition in here.required:
                self._answer(verdict, prover, Obligation(label, here, condition), [])
        for base, taken in self._taken:
            self._answer(verdict, self.prover, some_path_is_taken(TOTAL, base, taken), [])
        verdict.is_reachable = any(self._is_reachable(end) for end in self._ends)
        return verdict

    def state_law(self, law: Any) -> Verdict:
        """That the call keeps a state law, at any subject, whatever the length of its lists."""
        found = self._laws.get(law.law_id)
        if found is None:
            found = self._laws[law.law_id] = self._state_law(law)
        return found

    def _state_law(self, law: Any) -> Verdict:
        root = self.prover
        verdict = Verdict(law.law_id, self.action.__name__)
        tables, subject = root.tables_of(law), root.subject(law)
        if not tables & self.writes:
            verdict.is_framed = True
            return verdict
        if law.law_id in root.theory.follows:
            premises = root.laws_of(root.theory.follows[law.law_id])
            for obligation in root.implication_goals(law):
                hypotheses = root.implied_by(obligation.here, premises)
                verdict.answers.append((obligation, root.prove(law.law_id, [hypotheses], obligation.goal)))
            for other in premises:
                on = self.state_law(other)
                verdict.answers.extend(on.answers)
                verdict.scopes.update(on.scopes)
                verdict.is_reachable = verdict.is_reachable or on.is_reachable
            return verdict
        for segment in self.segments:
            if not tables & {write.table.index for write in segment.accepted.delta.writes}:
                continue
            verdict.is_reachable = verdict.is_reachable or self._is_reachable(segment)
            for obligation in segment.prover.state_goals(law, segment.accepted):
                extra = segment.prover.leaned_on(law, obligation.here)
                self._answer(verdict, segment.prover, obligation, [(law, subject), *extra])
        self._depend(verdict, root.instance(law, subject).noted.values())
        return verdict

    def _sum_verdict(self, total: Any) -> Verdict:
        found = self._sums.get(total.name)
        if found is None:
            found = Verdict(f"SUM-{total.name}", self.action.__name__)
            self._sums[total.name] = found
            others = self.prover.tables_of_sum(total) - {total.table.index}
            for segment in self.segments:
                if others & {write.table.index for write in segment.accepted.delta.writes}:
                    for obligation in segment.prover.sum_goals(total, segment.accepted):
                        self._answer(found, segment.prover, obligation, [])
        return found

    def _is_reachable(self, segment: Segment) -> bool:
        here = segment.accepted.here
        found = self._reachable.get(id(here))
        if found is None:
            hypotheses, _ = segment.prover.hypotheses(here, [])
            found = prove([hypotheses], z3.BoolVal(False)).status is Status.REFUTED
            self._reachable[id(here)] = found
        return found

    def _depend(self, verdict: Verdict, noted: Iterable[Any]) -> None:
        read = [item for obligation, _ in verdict.answers for item in obligation.here.touched.values()]
        asked = {item.total.name: item.total for item in [*read, *noted] if isinstance(item, Asked)}
        nested = self.prover.theory.nested
        for total in [*asked.values(), *[nested[total].inner for total in asked.values() if total in nested]]:
            on = self._sum_verdict(total)
            verdict.answers.extend(on.answers)
            verdict.scopes.update(on.scopes)

    def _answer(self, verdict: Verdict, prover: Prover, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        """What comes of a goal. No model of it is a state of its own, so that it can be proved and not refuted."""
        here = obligation.here
        verdict.scopes.update(here.scopes, self._scopes)
        on_path = [[*here.conditions, *here.facts.values()]] if obligation.is_of_engine else []
        levels = chain(on_path, prover.levels(here, extra, verdict.scopes))
        answer = self.prover.prove(verdict.law_id, levels, obligation.goal)
        if answer.status is Status.REFUTED:
            answer = Answer(Status.UNKNOWN, answer.solver, answer.steps, answer.model)
        verdict.answers.append((obligation, answer))


def has_lists(action: type[Any]) -> bool:
    """Whether a call names any list."""
    return _holds_list(any_call(action, []))


def _holds_list(value: Any) -> bool:
    if isinstance(value, Items):
        return True
    return hasattr(value, "__attrs_attrs__") and any(_holds_list(getattr(value, f.name)) for f in value.__attrs_attrs__)
