"""Lockstep of both versions: every script that calls a changed action is played in
both, and differences are recorded.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import attrs

from conformance.client import ClientFault, Introduction
from conformance.lockstep import Divergence, Fault, Script, play
from conformance.process import ProcessClient
from gate.scripts import Aimed
from gate.starting import NotRunningError
from gate.verdicts import DifferenceKind
from spec.codec import Json

ON_THE_WIRE: Final = 20
"""The number of scripts, from the first on, that are always played by the wire protocol, too."""

Parted = Callable[[Json, Sequence[Json]], "tuple[int, tuple[str, str], DifferenceKind] | None"]
"""The type of a function that plays a script in both versions and compares rows.

It returns the index of the first call with different answers, both answers, and the kind of difference. None if no
answers differ.
"""

MOST_DROPPED: Final = 3
"""The largest number of times that a script is played to compare rows. Each further time leaves out the calls that
differed before.
"""


@attrs.frozen
class Met:
    """A difference found in lockstep: its kind, the action that it is attributed to, the script, and the answers of
    base and head.

    `position` is the index of the differing call in the script.
    """

    kind: DifferenceKind
    action: str
    script: Script
    position: int
    answers: tuple[str, str]

    @property
    def key(self) -> tuple[str, DifferenceKind]:
        """The action and the kind; differences with equal keys count as one."""
        return self.action, self.kind


@attrs.define
class Walked:
    """The result of the lockstep: the numbers of scripts and calls that were played, by action, and the earliest
    difference of each action and kind. `on_the_wire` counts the calls that were also played by the wire protocol.
    """

    scripts: dict[str, int] = attrs.field(factory=dict)
    calls: dict[str, int] = attrs.field(factory=dict)
    met: dict[tuple[str, DifferenceKind], Met] = attrs.field(factory=dict)
    sources: dict[str, dict[str, list[str]]] = attrs.field(factory=dict)
    """The names of the recorded traces (`traces`) and cases (`cases`) that differ at an action, by action."""
    played: list[Aimed] = attrs.field(factory=list)
    faults: dict[str, str] = attrs.field(factory=dict)
    """For each action in which the head failed to answer, a description of the failure."""
    views: list[str] = attrs.field(factory=list)
    """The actions after which the state that a trace shows differs although no row does."""
    unknown: list[str] = attrs.field(factory=list)
    """The scripts whose world or calls the base cannot read, so that nothing can be compared."""
    on_the_wire: int = 0
    is_cut_short: bool = False

    def kinds(self, action: str) -> set[DifferenceKind]:
        """The kinds of difference that were found in an action."""
        return {kind for name, kind in self.met if name == action}


class Pair:
    """Both versions as clients of the wire protocol, started when first needed, and again after a fault.

    `start` starts the base for 0 and the head for 1.
    """

    def __init__(self, start: Callable[[int], tuple[ProcessClient, Introduction]]) -> None:
        self._start: Final = start
        self._running: list[tuple[ProcessClient, Introduction]] = []

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def both(self) -> tuple[ProcessClient, ProcessClient, Introduction]:
        """The base's client, the head's client, and the head's introduction."""
        while len(self._running) < 2:
            self._running.append(self._start(len(self._running)))
        (base, _), (head, introduction) = self._running
        return base, head, introduction

    def end(self) -> None:
        """Close the clients that were started; the next use starts them again."""
        while self._running:
            self._running.pop()[0].close()


def walk(
    parted: Parted, pair: Pair, scripts: Iterable[Aimed], changed: Collection[str], stops: Callable[[], bool]
) -> Walked:
    """The result of playing every script in both versions, with a comparison of every row.

    It ends early if `stops` returns True, or once the head has failed to answer in all `changed` actions. Some scripts
    are also played by the wire protocol: the first ON_THE_WIRE ones, and each that shows a new difference. So is each
    for which a version did not give its rows.
    """
    walked = Walked()
    for number, aimed in enumerate(scripts):
        if stops() or (changed and set(changed) <= walked.faults.keys()):
            walked.is_cut_short = True
            break
        for name in set(aimed.names) & set(changed):
            walked.scripts[name] = walked.scripts.get(name, 0) + 1
        walked.played.append(aimed)
        known = len(walked.met)
        first = _play(parted, aimed, changed, walked)
        if first is None or len(walked.met) > known or number < ON_THE_WIRE:
            _play_on_the_wire(pair, aimed, changed, stops, walked, first)
    return walked


def walk_on(
    parted: Parted,
    scripts: Iterable[Aimed],
    action: str,
    wanted: Collection[DifferenceKind],
    changed: Collection[str],
    walked: Walked,
    stops: Callable[[], bool],
) -> None:
    """Play more scripts until an action has shown every kind of difference in `wanted`, comparing rows.

    Results are added to `walked`. It ends early if `stops` returns True, or if a version does not answer.
    """
    for aimed in scripts:
        if stops() or walked.kinds(action).issuperset(wanted):
            return
        walked.scripts[action] = walked.scripts.get(action, 0) + 1
        walked.played.append(aimed)
        if _play(parted, aimed, changed, walked) is None:
            return


def _play(parted: Parted, aimed: Aimed, changed: Collection[str], walked: Walked) -> int | None:
    """Play a script, compare rows, and note the differences in `walked`. Returns the index of the first call that
    differs.

    After a difference the script is played again without the differing call, at most MOST_DROPPED times in all. The
    result is the number of calls if none differs, and None if a version does not answer.
    """
    script, names = aimed.script, list(aimed.names)
    first: int | None = None
    for _ in range(MOST_DROPPED):
        try:
            found = parted(script.head, script.calls)
        except NotRunningError:
            return None
        reached = names if found is None else names[: found[0] + 1]
        for name in [name for name in reached if name in changed]:
            walked.calls[name] = walked.calls.get(name, 0) + 1
        if found is None:
            break
        position, answers, kind = found
        first = position if first is None else first
        _note(walked, aimed, Met(kind, _blamed(names, position, changed), script, position, answers))
        # The calls after it are compared without this call.
        script = attrs.evolve(script, calls=[*script.calls[:position], *script.calls[position + 1 :]])
        del names[position]
    return len(aimed.names) if first is None else first


def _play_on_the_wire(
    pair: Pair,
    aimed: Aimed,
    changed: Collection[str],
    stops: Callable[[], bool],
    walked: Walked,
    first: int | None,
) -> None:
    """Play a script by the wire protocol. `first` is the index of the first call whose rows differ, None if unknown."""
    base, head, introduction = pair.both()
    played = play(base, head, introduction, aimed.script, stops)
    walked.on_the_wire += played.steps
    if played.fault is not None and played.fault.kind == "failed" and _is_unknown(base, aimed.script, played.fault):
        walked.unknown.append(aimed.script.source)
    elif played.fault is not None:
        pair.end()
        fault, position = played.fault, played.fault.position
        blamed = _blamed(list(aimed.names), position or 0, changed)
        if fault.kind == "died" and position is not None:
            _note(walked, aimed, Met("raises", blamed, aimed.script, position, ("", fault.detail)))
        else:
            walked.faults.setdefault(blamed, f"{fault.kind}: {fault.detail}")
    elif (found := played.divergence) is not None:
        position = found.position or 0
        if found.aspect == "state" and first is not None and position < first:
            if aimed.names[position] not in walked.views:
                walked.views.append(aimed.names[position])
            return
        blamed = _blamed(list(aimed.names), position, changed)
        _note(walked, aimed, Met(kind_of(found), blamed, aimed.script, position, told(found)))


def _is_unknown(base: ProcessClient, script: Script, fault: Fault) -> bool:
    """True if the base itself cannot read a script's world or a call, for example one of a newer format."""
    try:
        base.reset(script.head)
        for call in script.calls[: 0 if fault.position is None else fault.position + 1]:
            base.apply(call)
    except ClientFault as again:
        return again.kind == "failed"
    return False


def _note(walked: Walked, aimed: Aimed, met: Met) -> None:
    what = "traces" if aimed.is_recorded else "cases" if aimed.script.source.startswith("case ") else ""
    if what:
        named = walked.sources.setdefault(met.action, {}).setdefault(what, [])
        if aimed.script.source not in named:
            named.append(aimed.script.source)
    before = walked.met.get(met.key)
    if before is None or met.position < before.position:
        walked.met[met.key] = met


def _blamed(names: list[str], position: int, changed: Collection[str]) -> str:
    """The action to which a difference is attributed: the last changed action up to and including the differing call.

    An earlier call may have written rows that no trace shows. If there is no changed action, it is the action of the
    differing call. `names` are the actions of all calls, and `position` is the index of the differing call.
    """
    before = [name for name in names[: position + 1] if name in changed]
    return before[-1] if before else names[position]


def kind_of(found: Divergence) -> DifferenceKind:
    """The kind of difference that a divergence of the wire protocol shows."""
    if found.aspect == "outcome":
        return "stricter" if isinstance(found.expected, dict) and "returns" in found.expected else "laxer"
    return "reason" if found.aspect == "reason" else "answers"


def told(found: Divergence) -> tuple[str, str]:
    """The outcomes of base and head at a divergence, each in a few words: `accepted`, or the reason of the rejection.

    Different return values show as `accepted` twice. Different states show as `accepted` and `accepted, and another
    state`, whatever the answers were.
    """
    if found.aspect == "state":
        return "accepted", "accepted, and another state"
    return _word(found.expected), _word(found.actual)


def _word(answer: Json) -> str:
    if isinstance(answer, dict) and "rejected" in answer:
        return str(answer["rejected"])
    return "accepted"


__all__ = ["ClientFault", "Met", "Pair", "Walked", "walk", "walk_on"]
