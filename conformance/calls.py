"""The JSON form of calls on the wire: a step of a trace without its number and its expected results.

Calls are read in their order, because the meaning of a call may depend on earlier ones. A protocol whose calls carry a
timestamp or a block has readers of its own, named in its pack. The calls of any other are read by its trace format.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from conformance.wire import to_wire
from spec.codec import Amount, Json, as_object
from spec.machine import State
from spec.protocol import Protocol

NOT_OF_CALL: Final = frozenset({"i", "ok", "error", "returns", "post", "note"})
"""The fields of a trace's step that are its number or its expected results. All others belong to the call."""


class History(ABC):
    """The reader of a sequence of calls that starts at a genesis state: `read` is given one call after the other.

    `genesis` is that state, `world` the part of the trace's head that the protocol's `observe` needs.
    """

    genesis: State
    world: object

    @abstractmethod
    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call, in order, and the context that the protocol's `observe` needs. The last action
        is the call itself; those before it let time pass.

        `where` names the call's place for error messages. Raises MalformedTrace if the value is not a call.
        """


class Calls:
    """The reader and writer of one protocol's calls, by its trace format.

    Reading a call takes time proportional to the number of earlier calls. So protocols with long sequences of calls
    have classes of their own.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol: Final = protocol

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace as a dict, from its JSON on the wire. Raises MalformedTrace if this is no JSON object."""
        return as_object(head, "head")

    def begin(self, head: Json) -> History:
        """A new `History`, which starts at the genesis that `head`, a trace's head as JSON on the wire, declares.

        Raises MalformedTrace if `head` is not the head of a trace.
        """
        return _ByTrace(self.protocol, self.head(head))

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """The calls, as JSON for the wire, that execute `actions` in their order. `head` is the head of a trace, which
        declares the world.

        A call can contain several actions: the protocol's `write_trace` decides which.
        """
        document = self.protocol.write_trace(head, actions)
        steps = document["steps"]
        assert isinstance(steps, list)
        return [call_of(step) for step in steps]

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action's class on the wire, in the world of a trace's `head`."""
        return str(as_object(self.write(head, [action])[-1], "call")["action"])


def call_of(step: Mapping[str, Json]) -> dict[str, Json]:
    """The call in a step of a trace, as JSON for the wire: without the fields in NOT_OF_CALL, and with integers as
    decimal strings.
    """
    return {name: to_wire(value) for name, value in step.items() if name not in NOT_OF_CALL}


def with_integers(value: Json, fields: Collection[str]) -> Json:
    """JSON from the wire, changed to the form of traces: fields named in `fields`, at any depth, hold JSON integers.

    On the wire they are decimal strings. Any other value is kept, and so is a string that is no decimal number.
    """
    if isinstance(value, dict):
        return {name: _integer(item) if name in fields else with_integers(item, fields) for name, item in value.items()}
    return [with_integers(item, fields) for item in value] if isinstance(value, list) else value


def _integer(value: Json) -> Json:
    """The integer of a decimal string, or a list of such integers.

    Any other value is returned as it is. So the reader of traces refuses the value, and names its place.
    """
    if isinstance(value, list):
        return [_integer(item) for item in value]
    is_digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78
    return Amount().read(value, "", {}) if is_digits else value


class _ByTrace(History):
    """The `History` for any protocol. It reads each call as the last step of a trace that has all calls so far."""

    def __init__(self, protocol: Protocol, head: Mapping[str, Json]) -> None:
        self._protocol: Final = protocol
        self._document: Final = protocol.write_trace(head, [])
        self._steps: Final[list[Json]] = []
        begun = protocol.read_trace(dict(self._document))
        self.genesis = begun.genesis
        self.world = begun.world

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call, and the context for `observe`. `where` names the call's place for error
        messages.

        Raises MalformedTrace if `call` is not a call; such a call has no effect on later ones.
        """
        step = {**as_object(call, where), "ok": True, "error": None, "returns": {}, "post": None}
        steps = [*self._steps, step]
        read = self._protocol.read_trace({**self._document, "steps": steps}).steps[-1]
        self._steps.append(step)
        return read.actions, read.context
