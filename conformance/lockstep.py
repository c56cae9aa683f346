"""Lockstep comparison: two clients get the same calls, up to the first difference.

Compared after each call are acceptance, the reason of a rejection, the return values, and the whole state. Digests
stand for whole states. A whole state is requested where digests differ, where a client gives none, and once at the end.
The module depends on no client's implementation.
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
"""The part in which two answers differ: acceptance, the reason of a rejection, return values, or the state."""

ACCEPTED: Final = "accepted"
"""The answer in a case whose call is accepted. For a rejection the answer is its reason."""

BEGINNING: Final = "reset"
"""The action's name in the case that counts the request `reset`, which begins every script."""

MOST_STATE: Final = 2**22
"""The maximum length, in bytes of canonical text, of a differing state that a report keeps whole. Of a longer one it
keeps the digest.
"""

Case = tuple[str, str]
"""The key by which comparisons are counted: the name of an action, and the reference's answer (`accepted`, or the
reason of the rejection).
"""


@attrs.frozen
class Script:
    """Calls to be played to clients, in the world of `head`, a trace's head; both are JSON as on the wire.

    `source` describes the script for readers. `dropped` counts, by case, the actions left out because the client does
    not support them.
    """

    source: str
    head: Json
    calls: Sequence[Json]
    dropped: Counter[Case] = attrs.field(factory=Counter)


@attrs.frozen
class Divergence:
    """The first difference of a client from the reference: its aspect, the position of its call, that call's case, and
    both values.

    `position` is the index of the call in the script, None before the first call. `expected` is the value of the
    reference, and `actual` that of the client. `actual` is a digest if the client cannot show its state, or if the
    state is too long to keep. Return values have the form `{"returns": ...}`, and a rejection `{"rejected": REASON}`.
    """

    aspect: Aspect
    position: int | None
    case: Case
    expected: Json
    actual: Json


@attrs.frozen
class Fault:
    """A client's fault: its kind, its description (`detail`), the call in which it occurred, and that call's case.

    `position` is the index of the call in the script, None before the first call.
    """

    kind: str
    detail: str
    position: int | None
    case: Case


@attrs.define
class Played:
    """The result of playing one script to a client and the reference, counted by case.

    `steps` counts the calls that both clients got. `agreed` counts the cases in which everything was compared and is
    equal. `unsupported` counts cases that the client does not support, `partly` those in which something could not be
    compared. `whys` gives the client's reason, or the part that could not be compared, by case. `divergence` and
    `fault` are None if there was none; the run ends at the first of either. `is_stopped` is True if the run ended while
    an answer was pending; such a client must get no further request.
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
    """The result of playing a script to both clients, up to the first divergence, fault, or unsupported call.

    `introduction` is that of the client `subject`. `stops` is called before each call; once it returns True, the script
    ends. Raises HarnessFault if the reference does not support the script.
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
    """The reference's answer by its name in a case: `accepted`, or the reason.

    Raises HarnessFault if the reference does not support the call.
    """
    if isinstance(answer, Rejected):
        return str(answer.reason)
    if isinstance(answer, Unsupported):
        raise HarnessFault(f"the reference does not support a call: {answer.why}")
    return ACCEPTED


class _Lockstep:
    """One script in progress, with the position and case of the current call."""

    def __init__(self, reference: Client, subject: Client, introduction: Introduction, played: Played) -> None:
        self._reference = reference
        self._subject = subject
        self._of = introduction
        self._played = played
        self.position: int | None = None
        self.case: Case = (BEGINNING, ACCEPTED)

    def play(self, script: Script, stops: Callable[[], bool]) -> None:
        """Play the script until its end, a difference, an unsupported call, or a stop.

        At the script's end, also verify the client's digests against its whole state.
        """
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
        """Make one call on both clients, and compare the answers. True if the script can continue.

        The client does not get a call of an action that it does not declare.
        """
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
        """Compare the states after a call: by the digests `expected` and `given`, or else as a whole. True if the
        script can continue.

        Equal states count the case as agreed, or as partly compared if the state or the reason cannot be compared.
        Raises ClientFault if the client gives a digest against its introduction, or gives none, or a wrong one.
        """
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
        """Compare the whole states at the end, if the client gives digests and shows its state. Raises ClientFault if
        its state does not match its digests.
        """
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
    """An answer in the form kept in a Divergence: `{"returns": ...}` or `{"rejected": REASON}`."""
    return {"returns": answer.returns} if isinstance(answer, Accepted) else {"rejected": answer.reason}
