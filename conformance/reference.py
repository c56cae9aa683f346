"""The specification as a client, with which all other clients are compared."""

import attrs

from conformance.calls import Calls, History
from conformance.client import Accepted, Answer, Client, Introduction, Rejected, Unsupported
from conformance.wire import digest, to_wire
from spec.codec import Json
from spec.machine import Delta, State
from spec.protocol import execute


@attrs.define
class _Begun:
    """The state since the last `reset`: the reader of calls, the current state, and the context.

    The context is that which the protocol's `observe` needs; None before the first call.
    """

    history: History
    state: State
    context: object = None


class NothingBegunError(Exception):
    """The exception for a call, or a request for the state, before the first `reset`."""


class Reference(Client):
    """The specification of one protocol as a client. Raises MalformedTrace for input that cannot be read."""

    def __init__(self, calls: Calls, version: str) -> None:
        self._calls = calls
        self._protocol = calls.protocol
        self._version = version
        self._begun: _Begun | None = None

    def hello(self, protocol: str) -> Introduction:
        """The introduction: every action is supported, with reasons and digests. `protocol` is not checked."""
        name = f"restaking-spec {self._protocol.name}"
        return Introduction(name, self._version, None, has_reasons=True, has_digest=True)

    def reset(self, head: Json) -> str | Unsupported | None:
        """Start again at the genesis that a trace's head declares. Returns the digest of the genesis state. Raises
        MalformedTrace for an invalid head; every valid head is supported.
        """
        history = self._calls.begin(head)
        self._begun = _Begun(history, history.genesis.copy())
        return digest(self._observed())

    def apply(self, call: Json) -> Answer:
        """Execute one call. Returns its outcome with the digest of the whole state after it. Raises NothingBegunError
        before the first `reset`, and MalformedTrace for an invalid call.
        """
        begun = self._current()
        actions, begun.context = begun.history.read(call, "call")
        outcome = execute(self._protocol.transition, begun.state, actions)
        after = digest(self._observed())
        if isinstance(outcome, Delta):
            return Accepted(to_wire(self._protocol.write_returns(actions[-1], outcome.returns)), after)
        return Rejected(outcome.value, after)

    def state(self) -> Json | Unsupported:
        """The whole observable state, as JSON for the wire. Raises NothingBegunError before the first `reset`."""
        return to_wire(self._observed())

    def bye(self) -> None:
        """Do nothing: the specification runs in this process and holds no resources."""

    def _current(self) -> _Begun:
        if self._begun is None:
            raise NothingBegunError("no history was begun: reset comes first")
        return self._begun

    def _observed(self) -> Json:
        begun = self._current()
        return self._protocol.observe(begun.state, begun.history.world, begun.context)
