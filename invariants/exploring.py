"""Exhausting a bounded model: every sequence of a few chosen calls up to a depth, with every law checked at every step,
and everything by a full scan of every new state.

Random walks say what they met; this says what there is, in a bounded model. The search goes depth first on one state: a
step is undone by its inverse Delta, so nothing is ever copied.

A rejected call changes nothing, so a sequence with rejected calls in it meets only what the sequence without them
meets: the search goes on from accepted calls alone, and all sequences are covered.

Pruning skips a state that was searched before with at least as many calls left. Nothing is missed by it: what a law
says of a state, a step or a refusal depends on that state and the call alone, not on how the state was reached. States
are told apart by a fingerprint: a random number of 128 bits stands for each row, by its table, key and value exactly,
and the fingerprint is the exclusive or of those of all rows that are not as in the beginning, as they are and as they
were. So two different states among n are taken for one with a probability below n^2 / 2^129. A row that was never
written and one that is its table's default are the same.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.checking import Checker, Violation
from invariants.walker import Walk
from spec.machine import Delta, Draft, State, Write, commit

STEPS_BETWEEN_REPORTS: Final = 1_000


class BoundedModel:
    """A bounded model: where a walk through it begins and what must hold there, and the few calls that are tried in
    every order.
    """

    def __init__(self, walk: Walk, calls: list[Any]) -> None:
        self.walk: Final = walk
        self.calls: Final = calls

    def of_properties(self) -> "BoundedModel":
        """The same model, without the laws that restate the rules."""
        return BoundedModel(self.walk.of_properties(), self.calls)


class Broken:
    """A violation, and the shortest sequence of calls after the opening that leads to it."""

    def __init__(self, violation: Violation, calls: list[Any]) -> None:
        self.violation: Final = violation
        self.calls: Final = calls


class Exploration:
    """The result of a search: states, outcomes, checks and breaks met.

    `sequences[n]` counts the sequences of n accepted calls, `states[n]` the distinct states that n calls can reach and
    fewer cannot; both are filled when the search is complete, and the same with pruning as without. `steps`,
    `accepted`, `rejected`, `checked` and `seen` count what was executed, which pruning makes less. `broken` has one
    entry for each law that broke; the search does not go below a step that breaks one.
    """

    def __init__(self, depth: int) -> None:
        self.depth: Final = depth
        self.is_complete = False
        self.steps = 0
        self.distinct_states = 0
        self.sequences: list[int] = []
        self.states: list[int] = []
        self.accepted: Final[dict[str, int]] = {}
        self.rejected: Final[dict[str, dict[str, int]]] = {}
        self.checked: Final[dict[str, int]] = {}
        self.seen: Final[dict[str, int]] = {}
        self.broken: Final[dict[str, Broken]] = {}


def explore(model: BoundedModel, depth: int, prunes: bool, goes_on: Callable[[Exploration], bool]) -> Exploration:
    """Search to a depth. `goes_on` is asked now and then, with what was met so far; False ends the search."""
    search = _Search(model, depth, prunes, goes_on)
    search.run()
    return search.report


def opened(model: BoundedModel) -> State:
    """The state in which every sequence begins: the genesis after the opening, of which every call is accepted."""
    state = model.walk.genesis()
    for action in model.walk.opening():
        outcome = model.walk.protocol.transition(Draft(state), action)
        if not isinstance(outcome, Delta):
            raise ValueError(f"the opening of a bounded model is rejected: {action!r} is {outcome.value}")
        commit(state, outcome)
    return state


def inverse_of(state: State, delta: Delta) -> Delta:
    """The Delta that leads back: every row that `delta` writes, as it is in `state`, before it."""
    before = Draft(state)
    return Delta([Write(write.table, write.key, before.get(write.table, write.key)) for write in delta.writes], None)


class _Over(Exception):
    """The search was told to end."""


class _Search:
    """One search: the state in which it stands, the calls that led there, and what it knows of other states."""

    def __init__(self, model: BoundedModel, depth: int, prunes: bool, goes_on: Callable[[Exploration], bool]) -> None:
        self.report: Final = Exploration(depth)
        self._protocol: Final = model.walk.protocol
        self._calls: Final = model.calls
        self._prunes: Final = prunes
        self._goes_on: Final = goes_on
        self._checker: Final = Checker(model.walk.catalogue, opened(model))
        self._path: Final[list[Any]] = []
        self._fingerprint = 0
        self._numbers: Final[dict[tuple[int, object, object], int]] = {}
        from random import Random  # here, since a module that proofs lift imports nothing of chance

        self._random: Final = Random(0)
        # Fingerprint -> how many sequences of 0, 1, 2, ... accepted calls go on from there, as far as it was searched.
        self._sequences_from: Final[dict[int, list[int]]] = {}

    def run(self) -> None:
        """Search everything, and fill the report."""
        report, known = self.report, self._sequences_from
        for violation in self._checker.scan():
            self._note(violation)
        try:
            known[self._fingerprint] = report.sequences = self._search(report.depth)
            report.is_complete = True
        except _Over:
            pass
        if report.is_complete:
            report.states = [0] * (report.depth + 1)
            for sequences in known.values():
                report.states[report.depth + 1 - len(sequences)] += 1
        self._count()

    def _search(self, left: int) -> list[int]:
        """Every sequence of up to `left` calls from the state in which the search stands."""
        sequences = [1] + [0] * left
        if left == 0:
            return sequences
        for call in self._calls:
            self._count_step()
            self._path.append(call)
            state = self._checker.state
            name = type(call).__name__
            outcome = self._protocol.transition(Draft(state), call)
            if isinstance(outcome, Delta):
                inverse = inverse_of(state, outcome)
                self.report.accepted[name] = self.report.accepted.get(name, 0) + 1
                self._move_fingerprint(inverse, outcome)
                violations = self._checker.accept(call, outcome)
                if not violations and self._fingerprint not in self._sequences_from:
                    violations = self._checker.scan()
                below = [1] + [0] * (left - 1) if violations else self._below(left - 1)
                for length in range(left):
                    sequences[length + 1] += below[length]
                self._checker.undo(inverse)
                self._move_fingerprint(outcome, inverse)
            else:
                reasons = self.report.rejected.setdefault(name, {})
                reasons[outcome.value] = reasons.get(outcome.value, 0) + 1
                violations = self._checker.refuse(call, outcome)
            for violation in violations:
                self._note(violation)
            self._path.pop()
        return sequences

    def _below(self, left: int) -> list[int]:
        """The sequences from a state that may have been searched before, with more calls left or with fewer."""
        known = self._sequences_from.get(self._fingerprint)
        if known is not None and len(known) > left and self._prunes:
            return known
        sequences = self._search(left)
        if known is None or len(known) <= left:
            self._sequences_from[self._fingerprint] = sequences
        return sequences

    def _move_fingerprint(self, old: Delta, new: Delta) -> None:
        for left, written in zip(old.writes, new.writes, strict=True):
            self._fingerprint ^= self._number(left) ^ self._number(written)

    def _number(self, write: Write) -> int:
        """A row's number."""
        key = (write.table.index, write.key, write.row)
        number = self._numbers.get(key)
        if number is None:
            number = self._random.getrandbits(128)
            self._numbers[key] = number
        return number

    def _note(self, violation: Violation) -> None:
        law_id = violation.law.law_id
        shortest = self.report.broken.get(law_id)
        if shortest is None or len(self._path) < len(shortest.calls):
            self.report.broken[law_id] = Broken(violation, list(self._path))

    def _count_step(self) -> None:
        self.report.steps += 1
        if self.report.steps % STEPS_BETWEEN_REPORTS == 0:
            self._count()
            if not self._goes_on(self.report):
                raise _Over

    def _count(self) -> None:
        self.report.distinct_states = len(self._sequences_from)
        self.report.checked.update(self._checker.checked)
        self.report.seen.update(self._checker.seen)
