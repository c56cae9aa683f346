"""Two clients in lockstep: the same calls to both, and the first place at which they part.

Compared after each call: whether it is accepted, the reason if not, what it returns if it is, and the whole state.
Whole states travel only where digests differ, where a client gives none, and once at the end, to see that digests are
true. Nothing here knows what a client is made of.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

import attrs

from conformance.client import (
    Accepted,
    Answer,
    Client,
    ClientFault,
    HarnessFault,
    Introduction,
    Rejected,
    Stopped,
    Unsupported,
)
from conformance.wire import canonical, digest
from spec.codec import Json, as_object

Aspect = Literal["outcome", "reason", "returns", "state"]
"""In what two answers differ: accepted or not; refused for another reason; other return values; another state."""

ACCEPTED: Final = "accepted"
"""The answer of a case in which the call is accepted; of any other it is the reason."""

BEGINNING: Final = "reset"
"""The action of the case that a history begins with."""

MOST_STATE: Final = 2**22
"""The most characters of a state that is kept whole where it differs; of a longer one it is the digest."""

Case = tuple[str, str]
"""The key by which comparisons are counted: an action, and the reference's answer to it."""


@attrs.frozen
class Script:
    """A script to play: calls in a world, as wire values. `source` says where they come from, for people.

    `dropped` counts what was left out, since the client does not support its action.
    """

    source: str
    head: Json
    calls: Sequence[Json]
    dropped: Counter[Case] = attrs.field(factory=Counter)


@attrs.frozen
class Divergence:
    """The divergence of a client from the reference: its kind, its call (None: before the first one), and both sides.

    Of a state that the client cannot show, or that is too long to be kept, `actual` is its digest.
    """

    aspect: Aspect
    position: int | None
    case: Case
    expected: Json
    actual: Json


@attrs.frozen
class Fault:
    """The fault of a client, and its call; None if that was before the first one."""

    kind: str
    detail: str
    position: int | None
    case: Case


@attrs.define
class Played:
    """The result of one script. `agreed` counts cases in which everything was compared and is the same.

    `unsupported` counts cases that the client does not support, and `partly` those in which something could not be
    compared; each with what the client said, or what was missing. `is_stopped` says that the run ended while an answer
    was waited for: that client is not to be asked anything more.
    """

    steps: int = 0
    agreed: Counter[Case] = attrs.field(factory=Counter)
    unsupported: Counter[Case] = attrs.field(factory=Counter)
    partly: Counter[Case] = attrs.field(factory=Counter)
    whys: dict[Case, str] = attrs.field(factory=dict)
    divergence: Divergence | None = None
    fault: Fault | None = None
    is_stopped: bool = False


def play(
    reference: Client,
    subject: Client,
    introduction: Introduction,
    script: Script,
    stops: Callable[[], bool] = lambda: False,
) -> Played:
    """Play a script to both, up to the first divergence, fault, or call that the subject does not support.

    `stops` is asked before each call: a run that is over waits for no script to end.
    """
    played = Played(unsupported=Counter(script.dropped))
    played.whys.update(dict.fromkeys(script.dropped, "the action is not among those that the client declares"))
    line = _Lockstep(reference, subject, introduction, played)
    try:
        line.play(script, stops)
    except ClientFault as fault:
        played.fault = Fault(fault.kind, fault.detail, line.position, line.case)
    except Stopped:
        played.is_stopped = True
    return played


def answered(answer: Answer) -> str:
    """The name of a reference's answer in a case."""
    if isinstance(answer, Rejected):
        return str(answer.reason)
    if isinstance(answer, Unsupported):
        raise HarnessFault(f"the reference does not support a call: {answer.why}")
    return ACCEPTED


class _Lockstep:
    """One script as it is played: at which call, and which case that is."""

    def __init__(self, reference: Client, subject: Client, introduction: Introduction, played: Played) -> None:
        self._reference = reference
        self._subject = subject
        self._of = introduction
        self._played = played
        self.position: int | None = None
        self.case: Case = (BEGINNING, ACCEPTED)

    def play(self, script: Script, stops: Callable[[], bool]) -> None:
        """Play until there is nothing more to compare, or the run is over."""
        expected = self._reference.reset(script.head)
        if isinstance(expected, Unsupported):
            raise HarnessFault(f"the reference does not support a world: {expected.why}")
        actual = self._subject.reset(script.head)
        if isinstance(actual, Unsupported):
            self._note_unsupported(actual.why)
            return
        if not self._is_state_same(expected, actual):
            return
        for self.position, call in enumerate(script.calls):
            if stops() or not self._is_same(call):
                return
        self._check_digest()

    def _is_same(self, call: Json) -> bool:
        """Make one call. True if the script goes on after it."""
        expected = self._reference.apply(call)
        self.case = (str(as_object(call, "call")["action"]), answered(expected))
        actions = self._of.actions
        if actions is not None and self.case[0] not in actions:
            self._note_unsupported("the action is not among those that the client declares")
            return False
        actual = self._subject.apply(call)
        self._played.steps += 1
        if isinstance(actual, Unsupported):
            self._note_unsupported(actual.why)
            return False
        assert not isinstance(expected, Unsupported)
        aspect = self._differs_in(expected, actual)
        if aspect is not None:
            self._played.divergence = Divergence(aspect, self.position, self.case, _shown(expected), _shown(actual))
            return False
        return self._is_state_same(expected.digest, actual.digest)

    def _differs_in(self, expected: Accepted | Rejected, actual: Accepted | Rejected) -> Aspect | None:
        if isinstance(expected, Accepted) and isinstance(actual, Accepted):
            return "returns" if digest(expected.returns) != digest(actual.returns) else None
        if isinstance(expected, Rejected) and isinstance(actual, Rejected):
            if self._of.has_reasons and actual.reason is None:
                raise ClientFault("garbage", "rejected: null, from a client that says that its reasons are typed")
            if actual.reason is not None and not self._of.has_reasons:
                raise ClientFault("garbage", "a reason, from a client that says that its reasons are opaque")
            return "reason" if self._of.has_reasons and actual.reason != expected.reason else None
        return "outcome"

    def _is_state_same(self, expected: str | None, given: str | None) -> bool:
        """Compare the states after a call; whether to go on. Where they are the same, the case is counted."""
        missing = "" if self._of.has_reasons or self.case[1] == ACCEPTED else "its reasons are opaque"
        if self._of.has_digest and given is None:
            raise ClientFault("garbage", "digest: null, from a client that says that it gives one")
        if given is not None and not self._of.has_digest:
            raise ClientFault("garbage", "a digest, from a client that says that it gives none")
        if not self._of.has_digest or given != expected:
            whole = self._subject.state()
            if isinstance(whole, Unsupported):
                if self._of.has_digest:
                    self._diverge_in_state(given)
                    return False
                missing = missing or f"its state cannot be seen: {whole.why}"
            elif (actual := digest(whole)) != expected:
                self._diverge_in_state(whole if len(canonical(whole)) <= MOST_STATE else actual)
                return False
            elif self._of.has_digest:
                raise ClientFault("wrong digest", f"{given}, where that of its state is {expected}")
        (self._played.partly if missing else self._played.agreed)[self.case] += 1
        if missing:
            self._played.whys[self.case] = missing
        return True

    def _check_digest(self) -> None:
        """At the end: a client whose digests were right shows the state that they are of."""
        if not self._of.has_digest:
            return
        whole = self._subject.state()
        if not isinstance(whole, Unsupported) and digest(whole) != digest(self._reference.state()):
            raise ClientFault("wrong digest", "the one expected, where its state is another")

    def _diverge_in_state(self, actual: Json) -> None:
        expected = self._reference.state()
        self._played.divergence = Divergence("state", self.position, self.case, expected, actual)

    def _note_unsupported(self, why: str) -> None:
        self._played.unsupported[self.case] += 1
        self._played.whys[self.case] = why


def _shown(answer: Accepted | Rejected) -> Json:
    """An answer as a divergence shows it."""
    return {"returns": answer.returns} if isinstance(answer, Accepted) else {"rejected": answer.reason}
