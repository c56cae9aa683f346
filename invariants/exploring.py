"""The exhaustive search of a bounded model: every sequence of a few chosen calls up to a given depth.

Every law is checked at every step, and every new state is scanned in full. A random walk reports what it happened to
meet; this search covers everything in the model. It is depth first on one state: each step is undone by its inverse
Delta, so no state is copied.

A rejected call changes nothing, so a sequence with rejected calls meets only what the sequence without them meets.
Therefore the search continues only from accepted calls, and still covers all sequences.

Pruning skips a state that was searched before with at least as many calls left. It misses nothing: the result of a law
for a state, a step or a rejection depends on that state and the call alone, not on the path to the state. States are
compared by a fingerprint. Each row, that is each table, key and value, has a random number of 128 bits. The fingerprint
is the exclusive or of the numbers of all rows that differ from the initial state, and of the initial rows in their
place. The probability that two of n states collide is below n^2 / 2^129. A row never written equals its table's default
row.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.checking import Checker, Violation
from invariants.walker import Walk
from spec.machine import Delta, Draft, State, Write, commit

STEPS_BETWEEN_REPORTS: Final = 1_000


class BoundedModel:
    """A walk, which gives the initial state and the laws, with the few calls that a search tries in any order."""

    def __init__(self, walk: Walk, calls: list[Any]) -> None:
        self.walk: Final = walk
        self.calls: Final = calls

    def of_properties(self) -> "BoundedModel":
        """A copy of the model without model laws, which restate the rules."""
        return BoundedModel(self.walk.of_properties(), self.calls)


class Broken:
    """A law that a search found broken, and the shortest sequence of calls found that leads from the opening to the
    violation.
    """

    def __init__(self, violation: Violation, calls: list[Any]) -> None:
        self.violation: Final = violation
        self.calls: Final = calls


class Exploration:
    """The result of a search: counts of states, outcomes, checks and witnesses, and the laws that broke.

    `sequences[n]` counts the sequences of n accepted calls. `states[n]` counts the distinct states that n calls can
    reach and fewer cannot. Both are filled when the search is complete, and are equal with and without pruning.
    `steps`, `accepted`, `rejected`, `checked` and `seen` count executed calls, of which pruning leaves fewer. `broken`
    has one entry for each law that broke; the search does not continue after a step that breaks a law.
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
    """Search all sequences of up to `depth` calls. Returns the counts and the broken laws.

    If `prunes`, a state is not searched again with as many calls left or fewer. `goes_on` is called every 1,000 calls
    with the results so far; the search ends if it returns False.
    """
    search = _Search(model, depth, prunes, goes_on)
    search.run()
    return search.report


def opened(model: BoundedModel) -> State:
    """The initial state of every sequence: the genesis state after the opening calls. Raises ValueError if an opening
    call is rejected.
    """
    state = model.walk.genesis()
    for action in model.walk.opening():
        outcome = model.walk.protocol.transition(Draft(state), action)
        if not isinstance(outcome, Delta):
            raise ValueError(f"the opening of a bounded model is rejected: {action!r} is {outcome.value}")
        commit(state, outcome)
    return state


def inverse_of(state: State, delta: Delta) -> Delta:
    """The Delta that undoes `delta`: the same rows with the values that they have in `state`, before `delta` is
    applied.
    """
    before = Draft(state)
    return Delta([Write(write.table, write.key, before.get(write.table, write.key)) for write in delta.writes], None)


class _Over(Exception):
    """Raised inside the search when `goes_on` returned False."""


class _Search:
    """The working data of one search: the current state, the calls that led to it, and the states searched before."""

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
        from random import Random  # imported here, as modules that proofs lift import no randomness

        self._random: Final = Random(0)
        # Fingerprint -> the numbers of sequences of 0, 1, 2, ... accepted calls from that state, to the depth searched.
        self._sequences_from: Final[dict[int, list[int]]] = {}

    def run(self) -> None:
        """Run the whole search and fill the report."""
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
        """For each length from 0 to `left`, the number of sequences of accepted calls that continue from the current
        state.

        Tries every call, and records the violations.
        """
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
                violations = self._checker.reject(call, outcome)
            for violation in violations:
                self._note(violation)
            self._path.pop()
        return sequences

    def _below(self, left: int) -> list[int]:
        """For each length up to at least `left`, the number of sequences of accepted calls from the current state.

        The numbers come from the cache if the state was searched as deeply before, and the search prunes.
        """
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
        """The random 128-bit number that stands for a row in fingerprints, drawn when it is first needed."""
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
