"""Findings of `restake conform`: a client's divergence or fault is kept in a folder, and its trace is shrunk by playing
shorter ones to the client.

In a finding's folder, `full.json` is the trace up to the call where the finding was met, and `trace.json` the shortest
trace that shows it; both have the specification's answers and states. `result.json` says what differs, `stderr.txt` is
the client's standard error, and `reproduce.sh` is the command that shows the finding again. All but `trace.json` is
written as soon as the finding is met.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import attrs

from conformance.client import ClientFault, Introduction, Stopped
from conformance.lockstep import ACCEPTED, Divergence, Fault, Script, play
from conformance.process import NotStartedError, ProcessClient
from conformance.reference import Reference
from harness import __version__
from harness.conform import Found, Start
from harness.findings import ILLEGAL
from harness.pack import ProtocolPack
from harness.replay import Difference, differences
from harness.shrinking import Break, needed, shrink_by
from harness.simplifying import Actions
from invariants.checking import Checker
from invariants.law import Catalogue
from invariants.walker import Walk
from spec.codec import Json, MalformedTrace
from spec.machine import Delta, Draft
from spec.protocol import execute

SHRINKING_CALLS: Final = 6_000
"""The most calls made to a client while one finding is shrunk."""

SHRINKING_STEPS: Final = 150_000
"""The most steps of the specification while one finding is shrunk. The specification runs a candidate first, to see if
it still reaches the case at all.
"""

SHRINKING_STARTS: Final = 60
"""The most client processes started while one finding is shrunk."""

SHRINKING_SECONDS: Final = 300.0
"""The default time limit for shrinking one finding, in seconds: a client may be slow."""

SHORT: Final = 3
"""The length of a trace, in calls, that is short enough: other worlds are not tried for a shorter one."""

SHOWN_DIFFERENCES: Final = 20

Shrinking = Literal["finished", "not begun", "time was up", "most calls were made", "run was over"]
"""The way in which shrinking ended: finished, never begun, or cut short for the reason named."""


@attrs.frozen
class KeptFinding:
    """A finding as it is reported. `steps` counts the calls of the kept trace, `was_steps` those before shrinking.
    `differences` are the first fields that differ in what was expected and what the client gave.

    `laws` are the laws that the client's answer breaks, as far as can be computed. `command` reproduces the finding.
    `is_shown_again` is true if a fresh client shows it with this trace alone. If `shrinking` is not "finished", the
    trace may be longer than necessary.
    """

    found: Found
    steps: int
    was_steps: int
    differences: tuple[Difference, ...]
    laws: tuple[str, ...]
    folder: Path | None
    command: str
    is_shown_again: bool
    shrinking: Shrinking

    def as_json(self) -> dict[str, Json]:
        """The finding as JSON, as `result.json` and the report contain it."""
        what = self.found.what
        told: dict[str, Json] = (
            {"verdict": "DIVERGES", "in": what.aspect, "expected": what.expected, "actual": what.actual}
            if isinstance(what, Divergence)
            else {"verdict": "CLIENT-FAULT", "in": what.kind, "detail": what.detail}
        )
        if isinstance(what, Divergence) and what.aspect == "state":
            told = {**told, "expected": None, "actual": None}
        return {
            **told,
            "action": what.case[0],
            "answer": what.case[1],
            "at": what.position,
            "met_in": self.found.script.source,
            "steps": self.steps,
            "steps_before_shrinking": self.was_steps,
            "differences": [attrs.asdict(each) for each in self.differences],
            "laws": list(self.laws),
            "folder": None if self.folder is None else str(self.folder),
            "reproduce": self.command,
            "is_shown_again": self.is_shown_again,
            "shrinking": self.shrinking,
        }


class Keeper:
    """Keeps the findings of one run in a folder, and shrinks them with its own client processes."""

    def __init__(
        self,
        pack: ProtocolPack,
        start: Start,
        folder: Path,
        client: str,
        stops: Callable[[], bool],
        shrinking_seconds: float = SHRINKING_SECONDS,
    ) -> None:
        self._pack: Final = pack
        self._start: Final = start
        self._folder: Final = folder
        self._client: Final = client
        self._stops: Final = stops
        self._seconds: Final = shrinking_seconds

    def keep(self, found: Found, introduction: Introduction | None, others: Sequence[Found] = ()) -> KeptFinding:
        """Keep a finding, then shrink it. If it was met in several worlds (`others`), the world with the shortest trace
        is kept.

        A finding without a client's introduction or without calls is only reported. If nothing can be written, the
        finding is returned without a folder.
        """
        deadline = time.monotonic() + self._seconds
        kept = self._keep(found, introduction, deadline)
        for other in others:
            if kept.steps <= SHORT or self._stops() or time.monotonic() >= deadline:
                break
            again = self._keep(other, introduction, deadline)
            kept, longer = (again, kept) if again.is_shown_again and again.steps < kept.steps else (kept, again)
            if longer.folder is not None:
                shutil.rmtree(longer.folder, ignore_errors=True)
        return kept

    def keep_as_met(self, found: Found) -> KeptFinding:
        """Keep a finding unshrunk, without calling the client, when the run is about to end."""
        folder, _, actions = self._keep_full(found) if found.script.calls else (None, {}, [])
        return self._told(found, found, folder, actions)

    def _keep_full(self, found: Found) -> tuple[Path | None, dict[str, Json], list[Any]]:
        """Keep a finding unshrunk. Returns its folder (None if it cannot be written), the head of its trace, and its
        actions.
        """
        head = self._pack.calls.head(found.script.head)
        # A world whose first state already differs is kept with one call: a trace needs at least one step.
        actions = self._actions(found.script, (found.what.position or 0) + 1)
        folder: Path | None = self._folder / self._name(found, head, actions)
        assert folder is not None
        try:
            self._write(folder / "full.json", self._trace(head, actions))
            (folder / "stderr.txt").write_text(found.stderr, encoding="utf-8", errors="backslashreplace")
            self._write_told(folder, self._told(found, found, folder, actions))
        except OSError:
            folder = None
        return folder, head, actions

    def _write_told(self, folder: Path, told: KeptFinding) -> None:
        self._write(folder / "result.json", told.as_json())
        (folder / "reproduce.sh").write_text(told.command + "\n", encoding="utf-8")

    def _keep(self, found: Found, introduction: Introduction | None, deadline: float) -> KeptFinding:
        if introduction is None or not found.script.calls:
            return self._told(found, found, None, [])
        folder, head, actions = self._keep_full(found)
        live = _Live(self._pack, self._start, introduction, found, head, self._stops, deadline)
        shortest = actions if found.kind == "late" else live.shortest(actions)
        is_shown_again = live.is_confirmed(shortest)
        told = self._told(found, live.last, folder, shortest, is_shown_again, live.shrinking)
        if folder is not None:
            try:
                self._write(folder / "trace.json", self._trace(head, shortest))
                self._write_told(folder, told)
            except OSError:
                return self._told(found, live.last, None, shortest, is_shown_again, live.shrinking)
        return told

    def _told(
        self,
        found: Found,
        last: Found,
        folder: Path | None,
        actions: Sequence[Any],
        is_shown_again: bool = False,
        shrinking: Shrinking | None = None,
    ) -> KeptFinding:
        """The report of a finding kept in `folder`. `actions` is its full or its shrunk trace; `last` is the finding as
        it was met last.

        `is_shown_again` is true if a fresh client shows it with this trace alone. `shrinking` is None for an unshrunk
        finding.
        """
        what = last.what
        differing: tuple[Difference, ...] = ()
        if isinstance(what, Divergence):
            differing = tuple(differences(what.expected, what.actual))[:SHOWN_DIFFERENCES]
        command = f"restake conform --protocol {shlex.quote(self._pack.place)} --client {shlex.quote(self._client)}"
        if folder is not None:
            trace = folder / ("full.json" if shrinking is None else "trace.json")
            command += f" --trace {shlex.quote(str(trace))}"
        steps = 0 if what.position is None else what.position + 1
        was = 0 if found.what.position is None else found.what.position + 1
        laws = self._laws(what, last.script.head, actions)
        ended = shrinking or "not begun"
        return KeptFinding(last, steps, was, differing, laws, folder, command, is_shown_again, ended)

    def _actions(self, script: Script, until: int) -> list[Any]:
        history = self._pack.calls.begin(script.head)
        return [action for call in script.calls[:until] for action in history.read(call, "call")[0]]

    def _trace(self, head: dict[str, Json], actions: Sequence[Any]) -> Json:
        return self._pack.protocol.write_trace(head, actions)

    def _laws(self, what: Divergence | Fault, head: Json, actions: Sequence[Any]) -> tuple[str, ...]:
        """The ids of the laws that a wrong rejection breaks, by its reason or because the call is rejected at all.

        `what` is the client's divergence or fault. The rejected call is the last of `actions`, in the world of `head`.
        Empty for other divergences, and if the protocol does not have the reason.
        """
        walk = self._pack.walk
        if walk is None or not isinstance(what, Divergence) or not actions or not isinstance(what.actual, dict):
            return ()
        reason = next((each for each in self._pack.protocol.reasons if each.value == what.actual.get("rejected")), None)
        if reason is None:
            return ()
        genesis = self._pack.calls.begin(head).genesis
        checker = Checker(walk.catalogue, genesis)
        for action in actions[:-1]:
            outcome = walk.protocol.transition(Draft(checker.state), action)
            if isinstance(outcome, Delta):
                checker.accept(action, outcome)
        return tuple(sorted({violation.law.law_id for violation in checker.reject(actions[-1], reason)}))

    def _name(self, found: Found, head: Json, actions: Sequence[Any]) -> str:
        content = repr((head, actions, found.key)).encode()
        name = f"{self._pack.name}-{found.what.case[0]}-{found.kind}-{hashlib.sha256(content).hexdigest()[:12]}"
        return re.sub(ILLEGAL, "_", name)

    def _write(self, path: Path, content: Json) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)


class _Live:
    """A live client that candidate traces are played to while a finding is shrunk.

    `last` is the finding as the client showed it last. After a fault, each candidate gets a fresh client, since a
    process may depend on everything it did before.
    """

    def __init__(
        self,
        pack: ProtocolPack,
        start: Start,
        introduction: Introduction,
        found: Found,
        head: dict[str, Json],
        stops: Callable[[], bool],
        deadline: float,
    ) -> None:
        self._pack = pack
        self._start = start
        self._introduction = introduction
        self._found = found
        self._head = head
        self._stops = stops
        self._client: ProcessClient | None = None
        self._genesis = pack.calls.begin(head).genesis
        self._starts = 0
        self._calls = 0
        self._deadline = deadline
        self._confirmed: tuple[list[Any], Found] | None = None
        self.shrinking: Shrinking = "not begun"
        self.last = found

    def shortest(self, actions: list[Any]) -> list[Any]:
        """The shortest sequence of actions that shows the finding to a fresh client; `actions` itself if none does.

        Only the search has a deadline. Its result is then confirmed once more without a deadline; that takes no longer
        than playing `actions` did, which was within it.
        """
        if not self._is_shown_by(actions):
            return actions
        self.shrinking = "finished"
        accepted = self._accepted(actions)
        walk = Walk(self._pack.protocol, Catalogue([], [], [], [], []), self._head, list, _never)
        for simpler in (accepted, needed(walk, self._genesis, accepted, self._is_enough)):
            if len(simpler) < len(actions) and not self._is_late() and self._is_shown_by(simpler):
                actions = simpler
        try:
            found = shrink_by(walk, self._breaks_likely, actions, self._is_enough, SHRINKING_STEPS)
        finally:
            self._end()
        return found if self.is_confirmed(found) else actions

    def is_confirmed(self, actions: list[Any]) -> bool:
        """True if a fresh client shows the finding with these actions alone. The deadline applies only if no trace has
        shown the finding to a fresh client before.
        """
        if self._confirmed is not None and actions == self._confirmed[0]:
            self.last = self._confirmed[1]
            return True
        return self._is_shown_by(actions, is_limited=self._confirmed is None)

    def _accepted(self, actions: list[Any]) -> list[Any]:
        """The actions without those that the specification rejects, since these change no state; the last action is
        kept.
        """
        state = self._genesis.copy()
        outcomes = [execute(self._pack.protocol.transition, state, [action]) for action in actions[:-1]]
        kept = [action for action, outcome in zip(actions, outcomes, strict=False) if isinstance(outcome, Delta)]
        return [*kept, actions[-1]]

    def _is_shown_by(self, actions: list[Any], is_limited: bool = True) -> bool:
        """True if a fresh client shows the finding with these actions alone; within the deadline if `is_limited`."""
        try:
            is_shown = self.breaks(tuple(actions), is_limited) is not None
        except (ClientFault, NotStartedError, Stopped):
            is_shown = False
        finally:
            self._end()
        if is_shown:
            self._confirmed = actions, self.last
        return is_shown

    def _breaks_likely(self, actions: Actions) -> Break | None:
        """The place (a Break) at which the client shows the finding, or None. For a divergence the actions after the
        last that reaches the finding's case are not played, which saves calls.
        """
        until = self._meets(actions) if isinstance(self._found.what, Divergence) else len(actions)
        return self.breaks(actions[:until]) if until else None

    def _meets(self, actions: Actions) -> int:
        """The number of actions up to and including the last one that the specification answers with the finding's
        case. 0 if there is none; all actions if the finding was met before any call.
        """
        action_name, answer = self._found.what.case
        if self._found.what.position is None:
            return len(actions)
        state = self._genesis.copy()
        until = 0
        for position, action in enumerate(actions):
            outcome = execute(self._pack.protocol.transition, state, [action])
            said = ACCEPTED if isinstance(outcome, Delta) else outcome.value
            if said == answer and self._pack.calls.name_of(self._head, action) == action_name:
                until = position + 1
        return until

    def breaks(self, actions: Actions, is_limited: bool = True) -> Break | None:
        """The place (a Break) at which the client shows the finding when it plays `actions`.

        None if it does not show it, if there are no actions, or if no trace can express them. With `is_limited` also
        None if the deadline passes first.
        """
        if not actions:
            return None
        calls = self._pack.calls
        try:
            written = calls.write(self._head, actions)
        except MalformedTrace:  # such as a call without a block, which each call has in traces of rewards alone
            return None
        script = Script(self._found.script.source, self._found.script.head, written)
        if self._client is None:
            self._starts += 1
            self._client = self._start()
            self._client.hello(self._pack.name)
        self._calls += len(script.calls)
        try:
            stops = self._is_late if is_limited else _goes_on
            played = play(Reference(calls, __version__), self._client, self._introduction, script, stops)
        except (
            BaseException
        ):  # raised again; the client has received some calls, so the next run must not follow on them
            self._end()
            raise
        stderr = self._client.stderr
        if isinstance(self._found.what, Fault) or played.fault is not None or played.is_stopped:
            self._end()
        what = played.divergence or played.fault
        if what is None or not self._is_same(what):
            return None
        self.last = Found(script, what, stderr)
        return Break(self._last_action(script, what.position), None, [True] * len(actions))

    def _is_enough(self) -> bool:
        """True if the search is to end; `shrinking` then says why."""
        if self._stops():
            self.shrinking = "run was over"
        elif self._starts >= SHRINKING_STARTS or self._calls >= SHRINKING_CALLS:
            self.shrinking = "most calls were made"
        else:
            return self._is_late()
        return True

    def _is_late(self) -> bool:
        is_late = time.monotonic() >= self._deadline
        if is_late:
            self.shrinking = "time was up"
        return is_late

    def _is_same(self, what: Divergence | Fault) -> bool:
        """True if a divergence or fault is of the finding's kind and, for a divergence, at the same action."""
        found = self._found.what
        if isinstance(what, Fault) or isinstance(found, Fault):
            return isinstance(what, Fault) and isinstance(found, Fault) and what.kind == found.kind
        return what.aspect == found.aspect and what.case[0] == found.case[0]

    def _last_action(self, script: Script, position: int | None) -> int:
        """The index of the last action that the script's call number `position` stands for, among all actions of the
        script.

        It is 0 if `position` is None. A call may stand for two actions: time passing, then the call.
        """
        if position is None:
            return 0
        history = self._pack.calls.begin(script.head)
        return sum(len(history.read(call, "call")[0]) for call in script.calls[: position + 1]) - 1

    def _end(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _goes_on() -> bool:
    return False


def _never(*_: object) -> NoReturn:
    raise AssertionError("nobody walks here")
