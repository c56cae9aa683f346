"""The shortest run that shows a difference: shrunk on both versions, then searched for among all shorter sequences."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from gate.lockstep import Met
from gate.starting import NotRunningError, Worker
from gate.subject import Subject
from gate.verdicts import ShownRun
from gate.worker import written
from invariants.walker import Walk
from spec.codec import Json

SHRINKING_CALLS: Final = 20_000
SEARCHED_STEPS: Final = 60_000
"""The number of calls in each version after which the search for a shorter run stops before longer sequences."""

Shrink = Callable[[Walk, Callable[[tuple[Any, ...]], Any], Sequence[Any], Callable[[], bool], int], list[Any]]
"""The type of the function that shortens a run of actions and returns the shorter run.

Its arguments are a walk, a function from a run to its Break or None, and the run. Then a predicate that stops the
search, and the largest number of calls tried.
"""

Fields = dict[str, list[str]]


@attrs.frozen
class Break:
    """The position of the first action that the versions answer differently, in the form that the shrinking engine
    expects.

    No law is broken, so `violation` is None. `accepted` is True for every action of the run, so that the engine drops
    none as rejected.
    """

    position: int
    violation: None
    accepted: list[bool]


class Versions:
    """The workers (subprocesses) of base and head, each started when it is first asked, and again after a fault.

    `start` is given 0 for the base and 1 for the head. `fields` maps each table to the row fields that both versions
    have.
    """

    def __init__(self, subject: Subject, start: Callable[[int], Worker]) -> None:
        self.subject: Final = subject
        self.fields: Fields = {}
        self._start: Final = start
        self._workers: Final[dict[int, Worker]] = {}

    def __enter__(self) -> "Versions":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def ask(self, number: int, op: str, **fields: Any) -> dict[str, Any]:
        """The answer of the base (0) or the head (1) to a question. Raises NotRunningError if it does not answer."""
        worker = self._workers.get(number)
        if worker is None:
            worker = self._workers[number] = self._start(number)
        try:
            return worker.ask(op, **fields)
        except NotRunningError:
            worker.close()
            del self._workers[number]
            raise

    def both(self, op: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The answers of base and head to the question `op` with the given fields. Raises NotRunningError if one does
        not answer.
        """
        return self.ask(0, op, **fields), self.ask(1, op, **fields)

    def parted(self, world: Json, calls: Sequence[Json]) -> tuple[int, tuple[str, str], str] | None:
        """The first call that the versions answer differently: its index, both answers, and the kind of difference.
        None if no answers differ.
        """
        base, head = self.both("play", head=world, calls=list(calls), fields=self.fields)
        for position, (one, other) in enumerate(zip(base["answers"], head["answers"], strict=True)):
            if one != other:
                return position, (one[0], other[0]), kind_between(one[0], other[0])
        return None


def kind_between(base: str, head: str) -> str:
    """The kind of difference between two answers that differ in words, rows or return values.

    `base` and `head` are the answers, each as one word: `accepted`, a reason, or `raises ERROR`.
    """
    if head.startswith("raises "):
        return "raises"
    if base == head:
        return "answers"
    return "stricter" if base == "accepted" else "laxer" if head == "accepted" else "reason"


def shortest(versions: Versions, met: Met, shrink: Shrink, walk: Walk, stops: Callable[[], bool]) -> ShownRun | None:
    """The shortest run found for the difference `met`. None if the workers do not reproduce the difference.

    `walk` is any walk of the protocol, which the shrinking engine needs.
    """
    subject, world = versions.subject, met.script.head
    calls = list(met.script.calls[: met.position + 1])
    first = versions.parted(world, calls)
    if first is None or first[2] != met.kind:
        return None
    actions = [action for made in subject.actions(world, calls) for action in made]
    head = subject.calls.head(world)
    where = attrs_walk(walk, head)

    def breaks(candidate: tuple[Any, ...]) -> Break | None:
        if not candidate:
            return None
        said = subject.calls.write(head, candidate)
        found = versions.parted(world, said)
        made = subject.actions(world, said)
        if found is None or found[2] != met.kind or type(made[found[0]][-1]).__name__ != met.action:
            return None
        return Break(sum(len(each) for each in made[: found[0] + 1]) - 1, None, [True] * len(candidate))

    shrunk = shrink(where, breaks, actions, stops, SHRINKING_CALLS)
    said = subject.calls.write(head, shrunk)
    found = versions.parted(world, said)
    if found is None or breaks(tuple(shrunk)) is None:
        shrunk, said, found = actions, calls, first
    found_shorter, claim = search(versions, world, shrunk, met, stops)
    if found_shorter is not None:
        shorter = subject.calls.write(head, found_shorter)
        again = versions.parted(world, shorter)
        if again is not None and again[2] == met.kind:
            said, found = shorter, again
    return ShownRun(world, tuple(said[: found[0] + 1]), found[1], met.script.source, claim)


def attrs_walk(walk: Walk, world: dict[str, Json]) -> Walk:
    """A copy of the given walk, but in another world, without laws and without opening actions."""
    return Walk(walk.protocol, walk.where(lambda _: False).catalogue, world, list, walk.next_action)


def search(
    versions: Versions, world: Json, run: Sequence[Any], met: Met, stops: Callable[[], bool]
) -> tuple[list[Any] | None, str]:
    """A shorter run of the calls in `run` with the same difference, or None; and a statement of which runs were
    searched.

    All sequences of fewer calls are tried in both versions, visiting each distinct state once. The search ends early if
    `stops` returns True, after SEARCHED_STEPS calls, or when a worker keeps too many states.
    """
    alphabet = list(dict.fromkeys(run))
    said = [written(action) for action in alphabet]
    versions.both("search", head=world, calls=[], alphabet=said, fields=versions.fields)
    steps, done = 0, 0
    while done + 1 < len(run) and not stops() and steps < SEARCHED_STEPS:
        levels = versions.both("level")
        digests = [level["digests"] for level in levels]
        steps += len(digests[0]) // 16
        parted = digests[0] != digests[1]
        for index in range(len(digests[0]) // 16) if parted else ():
            place = slice(16 * index, 16 * index + 16)
            if digests[0][place] == digests[1][place]:
                continue
            base, head = versions.both("found", index=index)
            action = alphabet[base["calls"][-1]]
            if kind_between(base["answer"], head["answer"]) == met.kind and type(action).__name__ == met.action:
                found = [alphabet[number] for number in base["calls"]]
                return found, _claim(done, len(alphabet))
        if parted or levels[0]["is_full"]:
            break
        done += 1
        if not digests[0]:
            break
    if len(run) == 1:
        return None, "a single call, than which nothing is shorter"
    if not done:
        return None, "not searched for a shorter one"
    return None, _claim(min(done, len(run) - 1), len(alphabet))


def _claim(length: int, calls: int) -> str:
    if length == 0:
        return f"a single call of {calls}"
    return f"none shorter: no sequence of up to {length} of its {calls} different calls parts both versions"
