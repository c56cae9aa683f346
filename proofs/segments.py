"""Runs of a call through the cuts of its loops, and the segments between cuts.

`proofs/folds.py` defines cuts; `proofs/folded.py` proves the claims about segments.
"""

import inspect
import sys
from collections.abc import Hashable
from typing import Any, Final

import attr
import z3

from proofs.folding import calls_alone
from proofs.folds import FoldedError, Gathered, Items, Loop, Names, Running, Standing
from proofs.goals import Accepted
from proofs.paths import Path, Term, UnliftableError, is_unsure, of_its_own, path, refuse
from proofs.prover import Prover
from proofs.shapes import held, likeness
from proofs.solving import terms_in
from proofs.state import SymbolicRows, Touch
from proofs.symbols import Listing, SymBool, SymInt, SymName, term_of


class GrownError(BaseException):
    """The exception for a loop that writes a table not recorded for it: all paths are explored again."""


class BetweenRows:
    """A table in a state after a cut: the rows written before, newest first, above unknown ones. `reads` is called for
    each read.
    """

    def __init__(self, unknown: SymbolicRows, written: list[tuple[Any, Any]], table: Any, reads: Any) -> None:
        self.unknown: Final = unknown
        self.written: Final = written
        self._table: Final = table
        self._reads: Final = reads

    def get(self, key: Any) -> Any:
        """The row of a key: the newest written one, or else the unknown row."""
        self._reads(Touch(self._table, key))
        for known, row in self.written:
            if known == key:
                return row
        return self.unknown.get(key)


ANY: Final = SymName(z3.Int("any"))
"""An arbitrary name: a condition proved of it holds of every name."""

OF_FACTS: Final = ("quotient!", "remainder!", "merged!")
"""The prefixes of the constants that a fact defines."""


def _has(listed: Listing, name: Any) -> SymBool:
    """True (a symbolic truth value) if a name is in a row's list."""
    return listed.has(name)


class Segment:
    """A part of a run between cuts: the state in which it begins, the path at its end, and the rows written by then."""

    def __init__(self, label: str, prover: Prover, here: Path, delta: Any) -> None:
        self.label: Final = label
        self.prover: Final = prover
        self.accepted: Final = Accepted(here, delta)
        self.as_if: Final[set[int]] = set()
        """The indices of the tables with replacement rows at its end."""
        self.seen_with: Hashable = None
        """The signs of the loop and of its variables that decide which rows some laws see at its end."""
        self.base = here
        """The path on which the run entered the segment."""

    def likeness(self) -> Hashable:
        """A hashable value, equal for two segments only if they begin in one state, write equal rows, and have equal
        replacement rows for laws.
        """
        writes = self.accepted.delta.writes
        return (
            id(self.prover),
            self.label,
            self.seen_with,
            *[(write.table.index, likeness(write.key), likeness(write.row)) for write in writes],
        )

    @classmethod
    def either(cls, base: Path, parts: "list[Segment]") -> "Segment":
        """The disjunction of some segments, as one segment. They begin in one state and write equal rows."""
        accepted = Accepted.either(base, [part.accepted for part in parts])
        accepted.here.reader = parts[0].accepted.here.reader
        one = cls(parts[0].label, parts[0].prover, accepted.here, accepted.delta)
        one.accepted.seen, one.seen_with = parts[0].accepted.seen, parts[0].seen_with
        one.as_if.update(*[part.as_if for part in parts])
        return one


class Arrival:
    """A run that came to a cut, the point before a loop: its local variables and its place in the code. `answers` are
    those at forks that led there.
    """

    def __init__(
        self, names: Names, loop: Loop, segment: Segment, answers: tuple[bool, ...], standing: Hashable
    ) -> None:
        self.names: Final = names
        self.loop: Final = loop
        self.segment: Final = segment
        self.answers: Final = answers
        self.standing: Final = standing


class Middle:
    """A state in the middle of a loop, from which runs continue as one. They have equal place in the code, variables
    and writes.
    """

    def __init__(self, base: Path, answers: tuple[bool, ...], prover: Prover, number: int, here: Path) -> None:
        self.base: Final = base
        """The path from which the runs came here."""
        self.answers: Final = answers
        """The answers at forks of one of the runs, which lead here from `base`."""
        self.prover: Final = prover
        self.number: Final = number
        self.here: Final = here
        """The facts known here, whichever of the runs it was."""


class Run(Running):
    """One run of a call, which passes the cuts in `through` and ends at the next one. A cut is a point before a loop
    over a list of any length.
    """

    def __init__(self, proof: Any, through: list[Middle]) -> None:
        self._proof: Final = proof
        self._root: Final = proof.prover
        self.prover = proof.prover
        self.draft: Final = proof.prover.draft()
        self._loops: Final[list[Loop]] = []
        self._through: Final = through
        self._passed = 0
        self._replayed: Path | None = None
        self.segments: Final[list[Segment]] = []

    @property
    def is_cut(self) -> bool:
        """True if the run has passed a cut, the point before a loop over a list of any length."""
        return self._passed > 0

    def start(self) -> None:
        """Begin to replay the answers at forks that lead to the next cut that this run passes, if there is one."""
        if self._passed < len(self._through):
            middle = self._through[self._passed]
            self._replayed = Path(middle.base, list(middle.answers), True)
            self._replayed.__enter__()

    def stop(self) -> None:
        """End the replay that `start` began, if there is one."""
        if self._replayed is not None:
            self._replayed.__exit__()
            self._replayed = None

    def cut(self, loop: Loop, names: Names) -> int:
        """End the run before a loop, unless it is to pass this cut. Returns the number of the cut that it passes.
        `names` are the local variables there.
        """
        if is_unsure():
            refuse(f"{loop.site} is a loop where `any`, `all`, `and` or `or` may have come to its end")
        if self._passed < len(self._through):
            middle = self._through[self._passed]
            self._passed += 1
            self.stop()
            self.start()
            self.prover = middle.prover
            return middle.number
        segment = self._close(f"before the loop of {loop.site}", loop, names)
        if any(each.is_seen_otherwise for each in self._loops):
            raise UnliftableError(f"{loop.site} is a loop in one in the middle of which laws see other rows")
        self._proof.arrive(self, loop, segment, names, _standing(sys._getframe(2)))
        raise FoldedError

    def begin(self, loop: Loop, names: Names, when: Term) -> None:
        """Continue with one element of a loop, in an arbitrary state that satisfies the laws. `when` is the condition
        that there is one; `names` are the local variables.
        """
        self._loops.append(loop)
        self._restart(loop, names, when)

    def end(self, loop: Loop, names: Names) -> None:
        """End the run, and its last segment, after one element of a loop."""
        self.segments.append(self._close(f"an element in {loop.site}", loop, names))
        raise FoldedError

    def leave(self, loop: Loop, names: Names, when: Term) -> None:
        """Continue after the loop, in an arbitrary state that satisfies the laws. `when` is the condition that all
        elements are done; `names` are the local variables.
        """
        self._restart(loop, names, when)

    def finish(self, delta: Any) -> None:
        """End the last segment with the Delta of the call. Refuses a Delta that was made before a loop over a list of
        any length.
        """
        if delta.writes is not self.draft._writes:
            refuse("what a call says that it wrote is from before a loop over a list of any length")
        self.segments.append(Segment("the end", self.prover, path().here(), delta))

    def _close(self, label: str, loop: Loop, names: Names) -> Segment:
        """End a segment, named `label`. If the theory has a `Fold` for the loop, the segment ends with the fold's
        replacement rows instead of the actual ones.

        The run then demands proofs that the fold's `holds` is true, and that its `really` gives the actual rows back.
        """
        rows = self._as_it_is()
        rule = self._proof.rule(loop)
        if rule is not None:
            with of_its_own():
                others = rule.as_if(self.draft, names)
            for table, key, row in others:
                rows.put(table, key, row)
            with of_its_own():
                known = rule.holds(rows, {**names, "any": ANY, "has": _has})
            for condition in known:
                path().require(f"{loop.site}: what is known", term_of(condition))
            restored = self._root.draft_on(self.prover, [(w.table, w.key, w.row) for w in rows._writes])
            with of_its_own():
                real = rule.really(rows, names)
            for table, key, row in real:
                restored.put(table, key, self.draft.get(table, key) if row is None else row)
            for table, key, _ in [*others, *real]:
                self._require_same(f"{loop.site}: {table.name} is as it is", restored, table, key)
        delta = rows.delta()
        self._proof.note_written([each.site for each in self._loops], {write.table.index for write in delta.writes})
        segment = Segment(label, self.prover, path().here(), delta)
        if rule is not None:
            named = [*rule.as_if(self.draft, names), *rule.really(rows, names)]
            segment.as_if.update(table.index for table, _, _ in named)
        if rule is not None and rule.seen is not None:
            loop.is_seen_otherwise = True
            standing = {name: value for name, value in loop.fixed.items() if names.get(name) is value}
            if "to_do" in names:
                standing["to_do"] = names["to_do"]
            told = Standing(standing)
            segment.accepted.seen = (rule.seen, lambda draft, left: rule.seen.rows(draft, told, left))
            segment.seen_with = _sign([*sorted(loop.fixed.items()), loop], [])
        return segment

    def _as_it_is(self) -> Any:
        return self._root.draft_on(self.prover, [(write.table, write.key, write.row) for write in self.draft._writes])

    def _require_same(self, label: str, restored: Any, table: Any, key: Any) -> None:
        for one, two in zip(_parts(restored.get(table, key)), _parts(self.draft.get(table, key)), strict=True):
            if one is not two:
                path().require(label, term_of(one) == term_of(two))

    def _restart(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment in an arbitrary state that satisfies the laws. If the theory has a `Fold` for the loop, its
        `really` turns replacement rows back into actual ones there.
        """
        rule = self._proof.rule(loop)
        self.draft.__init__(self.prover.state)
        if rule is not None:
            before = len(path().conditions)
            with of_its_own():
                conditions = rule.holds(self.draft, {**names, "any": ANY, "has": _has})
            if _is_of_any(path().conditions[before:]) or _leans_on_any(conditions):
                raise UnliftableError(f"{loop.site}: what is known of any name is known of some only")
            asked = z3.And(when, *path().conditions[before:])
            for condition in conditions:
                known = z3.Implies(asked, term_of(condition))
                path().assume(known)
                path().assume(z3.ForAll([ANY.term], known))
            rows = self._root.draft_on(self.prover, [])
            with of_its_own():
                real = rule.really(rows, names)
            for table, key, row in real:
                self.draft.put(table, key, self._any_row(table, key, loop.number) if row is None else row)

    def _any_row(self, table: Any, key: Any, number: int) -> Any:
        """A row of a table at a key, of which nothing is known. It is the same row for every use after the cut
        `number`.
        """
        return self._root.unknown_rows(table, f"@{number}!really").get(key)


def _is_of_any(terms: list[Term]) -> bool:
    return any(term.eq(ANY.term) for term in terms_in(terms))


def _leans_on_any(conditions: list[Any]) -> bool:
    """True if a condition contains a constant, such as a quotient, that a fact ties to the arbitrary name `ANY`.

    The constant is the same for all names, so the condition cannot be assumed of every name.
    """
    pending, seen = [term_of(condition) for condition in conditions], set[int]()
    while pending:
        found = {term.get_id() for term in terms_in(pending) if z3.is_const(term) and _is_of_facts(term)} - seen
        seen |= found
        pending = [fact for fact in path().facts.values() if found & {term.get_id() for term in terms_in([fact])}]
        if _is_of_any(pending):
            return True
    return False


def _is_of_facts(constant: Term) -> bool:
    return bool(constant.decl().name().startswith(OF_FACTS))


def _standing(frame: Any) -> Hashable:
    """The place of a run in the code, with the values of all its variables, as a hashable value. It is equal for two
    runs only if they continue alike.
    """
    frames: list[Hashable] = []
    lists: list[Any] = []
    while frame.f_code.co_name != "transition_in_run":
        names = [(name, _sign(value, lists)) for name, value in sorted(frame.f_locals.items())]
        # An intermediate value of an expression has no name: a run that holds one is equal to no other.
        waits = object() if frames and not _calls_alone(frame) else None
        frames.append((id(frame.f_code), frame.f_lasti, waits, *names))
        frame = frame.f_back
    return tuple(frames)


def _calls_alone(frame: Any) -> bool:
    """True if a function made its current call while no other intermediate value is held."""
    places = list(frame.f_code.co_positions())
    line, end_line, column, end_column = places[frame.f_lasti // 2]
    return (line, end_line, column, end_column) in calls_alone(frame.f_code.co_filename)


def _sign(value: Any, lists: list[Any]) -> Hashable:
    """A hashable value, equal for two values only if they have one structure, identical terms, and the same lists
    shared in the same places. `lists` has the lists met so far. The caller must keep the values alive.
    """
    if isinstance(value, tuple | list):
        number = _number_of(value, lists) if isinstance(value, list) else 0
        return (type(value), number, *[_sign(part, lists) for part in value])
    if isinstance(value, Gathered):
        return (Gathered, _number_of(value, lists))
    if isinstance(value, Items):
        return (Items, value.listed_as, *[_Kept(SymInt(term)) for term in value.terms])
    if isinstance(value, Loop):
        return (Loop, value.site, value.number, _sign(value.items, lists))
    if type(value).__name__ == "Draft" and type(value).__module__ == "spec.machine":
        return "the draft"  # there is only one: no rule creates another
    if attr.has(type(value)):
        return (type(value), *[(name, _sign(part, lists)) for name, part in held(value).items()])
    return _Kept(value)


def _number_of(value: Any, lists: list[Any]) -> int:
    """The index of a list in `lists`, those met so far, by identity. A new list is added at the end."""
    for number, known in enumerate(lists):
        if known is value:
            return number
    lists.append(value)
    return len(lists) - 1


class _Kept:
    """A value that compares by its likeness: equal if written with identical terms. The value is kept alive, so that
    its id and its terms' numbers are not reused.
    """

    def __init__(self, value: Any) -> None:
        self._value: Final = value
        self._likeness: Final = likeness(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self._likeness == other._likeness

    def __hash__(self) -> int:
        return hash(self._likeness)


def _parts(row: Any) -> list[Any]:
    """The values of a row's fields. Those within a tuple are given one by one."""
    values = [getattr(row, name) for name in inspect.signature(type(row)).parameters]
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
