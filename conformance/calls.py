"""Calls on the wire: the step of a trace without what it expects, read one by one as a history goes on.

A protocol whose traces carry time brings readers of its own, by its pack. Any other is read by its trace format.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from conformance.wire import to_wire
from spec.codec import Amount, Json, as_object
from spec.machine import State
from spec.protocol import Protocol

NOT_OF_CALL: Final = frozenset({"i", "ok", "error", "returns", "post", "note"})
"""The fields of a trace's step that are its number or what it expects. All others are the call's."""


class History(ABC):
    """One history as it goes on: the state that it begins with, and each call read after those before it.

    `world` is what the protocol's `observe` needs to know of the head.
    """

    genesis: State
    world: object

    @abstractmethod
    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call, the last of which is the call itself, and the context that `observe` is given.

        MalformedTrace if it is none.
        """


class Calls:
    """The form of one protocol's calls: by its trace format, for a protocol that brings nothing of its own.

    Reading takes time in proportion to the calls before; only protocols with short histories do without their own.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol: Final = protocol

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace that a wire value is of."""
        return as_object(head, "head")

    def begin(self, head: Json) -> History:
        """A history in the world of a head, which is a wire value. MalformedTrace if it is none."""
        return _ByTrace(self.protocol, self.head(head))

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """The calls of some actions, as wire values; `head` is that of a trace."""
        document = self.protocol.write_trace(head, actions)
        steps = document["steps"]
        assert isinstance(steps, list)
        return [call_of(step) for step in steps]

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action on the wire."""
        return str(as_object(self.write(head, [action])[-1], "call")["action"])


def call_of(step: Mapping[str, Json]) -> dict[str, Json]:
    """The call of a trace's step, as a wire value."""
    return {name: to_wire(value) for name, value in step.items() if name not in NOT_OF_CALL}


def with_integers(value: Json, fields: Collection[str]) -> Json:
    """A wire value with JSON integers again in the fields of these names, as a trace's head has them."""
    if isinstance(value, dict):
        return {name: _integer(item) if name in fields else with_integers(item, fields) for name, item in value.items()}
    return [with_integers(item, fields) for item in value] if isinstance(value, list) else value


def _integer(value: Json) -> Json:
    """An integer, or a list of some; null and what is no integer stay: a reader of traces refuses it with its place."""
    if isinstance(value, list):
        return [_integer(item) for item in value]
    is_digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78
    return Amount().read(value, "", {}) if is_digits else value


class _ByTrace(History):
    """Reads each call as the last step of a trace that has them all."""

    def __init__(self, protocol: Protocol, head: Mapping[str, Json]) -> None:
        self._protocol: Final = protocol
        self._document: Final = protocol.write_trace(head, [])
        self._steps: Final[list[Json]] = []
        begun = protocol.read_trace(dict(self._document))
        self.genesis = begun.genesis
        self.world = begun.world

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call."""
        step = {**as_object(call, where), "ok": True, "error": None, "returns": {}, "post": None}
        steps = [*self._steps, step]
        read = self._protocol.read_trace({**self._document, "steps": steps}).steps[-1]
        self._steps.append(step)
        return read.actions, read.context
