"""Goals of a proof and their components: accepted paths, worths of rows in sums, obligations, and verdicts."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Final

import z3

from proofs.paths import Path, Term, either
from proofs.shapes import flatten, identity, likeness
from proofs.solving import Answer, Status
from proofs.symbols import term_of


class TotalRead:
    """A read of one total: that of the given group in the given sum."""

    def __init__(self, total: Any, group: Any) -> None:
        self.total: Final = total
        self.group: Final = group

    @property
    def identity(self) -> object:
        """A key that is equal for two reads written with identical terms."""
        return ("sum", self.total.name, identity(self.group))


class Instance:
    """A law at one subject of the state before the call, as a formula. Beside it stand the definitions of its symbols
    (`facts`), its reads (`noted`) and the scopes within which it holds.
    """

    def __init__(self, formula: Term, facts: dict[int, Term], noted: dict[object, Any], scopes: set[str]) -> None:
        self.formula: Final = formula
        self.number: Final[int] = formula.get_id()
        self.facts: Final = facts
        self.noted: Final = noted
        self.scopes: Final = scopes


class Member:
    """A row of a sum: the terms of its key, its worth (what it adds), and its group. `ways` are the paths on which
    these are computed, each with (group, worth) or an exception.
    """

    def __init__(self, item_id: object, key: Any, ways: list[tuple[Path, Any]]) -> None:
        self.item_id: Final = item_id
        self.key: Final = flatten(key)
        self.facts: Final = [fact for here, _ in ways for fact in here.facts.values()]
        self._ways: Final = [(here, outcome) for here, outcome in ways if not isinstance(outcome, Exception)]
        value: Term = z3.IntVal(0)
        for here, outcome in self._ways:
            value = z3.If(z3.And(*here.conditions), term_of(outcome[1]), value)
        self.value: Final = z3.simplify(value)

    def belongs(self, group: list[Term]) -> Term:
        """The condition, as a term, that the row belongs to a group. `group` are the terms of the group's key."""
        ways = [
            z3.And(*here.conditions, *[own == other for own, other in zip(flatten(outcome[0]), group, strict=True)])
            for here, outcome in self._ways
            if outcome[0] is not None
        ]
        return z3.simplify(z3.Or(*ways))


class Accepted:
    """A path on which a call is accepted, with the Delta that it writes."""

    def __init__(self, here: Path, delta: Any) -> None:
        self.here: Final = here
        self.delta: Final = delta
        self.seen: tuple[Any, Callable[[Any, Any], Any]] | None = None
        """The `Seen` of a loop and its replacement rows for a draft, if some laws hold after the
        path only with these.
        """

    def seen_by(self, law: Any, subject: Any) -> Callable[[Any], Any] | None:
        """The function from a draft to the replacement rows with which a law is evaluated after the path, at a subject.
        Such rows exist only in the middle of a loop. None if the law is evaluated in the actual rows.
        """
        return None if self.seen is None else self._seen(self.seen[0].of.get(law.law_id), subject)

    def seen_in(self, total: Any, key: Any) -> Callable[[Any], Any] | None:
        """The function from a draft to the replacement rows with which a sum is evaluated after the path, at a row's
        key. Such rows exist only in the middle of a loop. None if the sum is evaluated in the actual rows.
        """
        return None if self.seen is None else self._seen(self.seen[0].members.get(total), key)

    def _seen(self, find: Callable[[Any], Any] | None, subject: Any) -> Callable[[Any], Any] | None:
        if self.seen is None or find is None:
            return None
        rows, left = self.seen[1], find(subject)
        return lambda draft: rows(draft, left)

    @classmethod
    def either(cls, base: Path, parts: "list[Accepted]") -> "Accepted":
        """The disjunction of accepted paths that have one Delta, as one accepted path. `base` is the path from which
        all of them start.
        """
        return parts[0] if len(parts) == 1 else cls(either(base, [part.here for part in parts]), parts[0].delta)


def together(accepted: list[Accepted]) -> list[list[Accepted]]:
    """Accepted paths, grouped so that those of one group have equal writes and return values."""
    groups: dict[object, list[Accepted]] = {}
    for each in accepted:
        writes = [(write.table.index, likeness(write.key), likeness(write.row)) for write in each.delta.writes]
        groups.setdefault((*writes, likeness(each.delta.returns)), []).append(each)
    return list(groups.values())


def demanded(paths: Iterable[Path]) -> list["Obligation"]:
    """The demands of some paths (conditions that they met and that must be proved), as obligations, each once. An
    obligation has the path up to its demand.
    """
    found = {demand.identity: demand for here in paths for demand in here.required}
    return [Obligation(demand.label, demand.at, demand.condition) for demand in found.values()]


class Obligation:
    """A goal, to be proved from the hypotheses of its path. If `is_of_engine`, the path's own conditions and facts must
    suffice.

    Pickled for another process, it keeps the goal's words but neither path nor goal.
    """

    def __init__(self, label: str, here: Path, goal: Term, is_of_engine: bool = False) -> None:
        self.label: Final = label
        self.here: Final = here
        self.goal: Final = goal
        self.is_of_engine: Final = is_of_engine

    @cached_property
    def words(self) -> str:
        """The symbols of the goal in sorted order, without the numbers that make fresh names unique."""
        return " ".join(sorted(re.sub(r"!\d+", "!", self.goal.sexpr()).replace("(", " ").replace(")", " ").split()))

    @property
    def label_and_words(self) -> tuple[str, str]:
        """The label and the words of the goal, which identify it in every process."""
        return self.label, self.words

    def __getstate__(self) -> dict[str, Any]:
        return {"label": self.label, "words": self.words, "is_of_engine": self.is_of_engine}


class Verdict:
    """The verdict on one law and one call: the answer to each goal, and the scope of the proof.

    `is_framed` is true if the call writes no table by which it could break the law. `is_reachable` is true if some
    state takes a path that the law concerns.
    """

    def __init__(self, law_id: str, action: str) -> None:
        self.law_id: Final = law_id
        self.action: Final = action
        self.answers: Final[list[tuple[Obligation, Answer]]] = []
        self.scopes: Final[set[str]] = set()
        self.leans: Final[list[tuple[str, str]]] = []
        """The further parts on which this verdict rests; see `proofs/parts.py`."""
        self.is_framed = False
        self.is_reachable = False
        self.is_open = False
        """True if no solver decided whether a path that the law concerns is possible."""

    @property
    def status(self) -> str:
        """The verdict: "REFUTED" if any goal is, else "UNKNOWN" if any is, else "PROVED". It is "VACUOUS" if no path
        that the law concerns is possible, and "UNKNOWN" if no solver decided that. A framed law, which the call's
        writes cannot break, is "PROVED" all the same.
        """
        statuses = {answer.status for _, answer in self.answers}
        if Status.REFUTED in statuses:
            return "REFUTED"
        if Status.UNKNOWN in statuses:
            return "UNKNOWN"
        if self.is_framed or self.is_reachable:
            return "PROVED"
        return "UNKNOWN" if self.is_open else "VACUOUS"

    def concern(self, can_be: Status) -> None:
        """Record if a path that the law concerns is possible. `can_be` is REFUTED if some state takes the path, PROVED
        if none does, UNKNOWN if no solver decided.
        """
        self.is_reachable = self.is_reachable or can_be is Status.REFUTED
        self.is_open = self.is_open or can_be is Status.UNKNOWN

    def copy(self) -> "Verdict":
        """An independent copy, to which other verdicts can be joined."""
        other = Verdict(self.law_id, self.action)
        other.join(self)
        other.leans.extend(self.leans)
        other.is_framed = self.is_framed
        return other

    def join(self, other: "Verdict") -> None:
        """Add the answers and scopes of another verdict, on which this one rests. This one becomes reachable or open if
        the other is.
        """
        self.answers.extend(other.answers)
        self.scopes.update(other.scopes)
        self.is_reachable = self.is_reachable or other.is_reachable
        self.is_open = self.is_open or other.is_open


def left_out(label: str, base: Path, taken: list[Path]) -> Iterator[Obligation]:
    """The obligation that the paths in `taken`, all followed from `base`, leave out no case. Nothing is yielded if it
    is trivially true.
    """
    whole = some_path_is_taken(label, base, taken)
    if not z3.is_true(z3.simplify(whole.goal)):
        yield whole


def some_path_is_taken(label: str, base: Path, taken: list[Path]) -> Obligation:
    """The obligation that some path of `taken`, all followed from `base`, is taken in every case, except for cases
    beyond a limit. It checks the engine, which decided that the other sides of forks are impossible.
    """
    here = Path(base, [], False)
    here.sees_change = True
    for followed in taken:
        here.facts.update(followed.facts)
    known = {condition.get_id() for condition in base.conditions}
    ways = [[condition for condition in path.conditions if condition.get_id() not in known] for path in taken]
    goal = z3.Or(*[z3.And(*one) for one in ways], *[case for path in taken for case in path.left_out])
    return Obligation(f"{label}: some path is taken", here, goal, is_of_engine=True)
