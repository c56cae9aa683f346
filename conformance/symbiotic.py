"""Symbiotic's calls on the wire: each has its timestamp."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from conformance.calls import Calls, History, with_integers
from spec.codec import Amount, Json, MalformedTrace, Text, as_object, check_fields, shown
from spec.machine import SINGLETON
from spec.protocol import Trace
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import AdvanceTime

# Private names of the codec: to rename them there would make every recorded verdict of the proofs stale.
from spec.symbiotic.codec import (
    ACTION_FORMATS,
    ADVANCE_TIME,
    NAMES_BY_CLASS,
    _captures_after,
    _check_epochs,
    _in_steps,
)
from spec.symbiotic.observation import SENDER, Captures, World
from spec.symbiotic.state import CLOCK

INTEGERS: Final = frozenset(
    {
        *("seed", "valueScale", "directedSteps", "genesisTimestamp"),
        *("epochDuration", "epochDurationInit", "vetoDuration", "resolverSetEpochsDelay"),
    }
)
"""The fields of a head that are JSON integers in a trace."""


def _begin(head: Mapping[str, Json]) -> Trace:
    return PROTOCOL.read_trace(PROTOCOL.write_trace(head, []))


class SymbioticHistory(History):
    """Follows the timestamp, and the captures that slashes asked for."""

    def __init__(self, head: Mapping[str, Json]) -> None:
        begun = _begin(head)
        self.genesis = begun.genesis
        self.world = begun.world
        self._timestamp = begun.genesis.rows(CLOCK)[SINGLETON].timestamp
        self._captures: Captures = {}

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The next call: time that passes up to its timestamp, and what is done then."""
        fields = as_object(call, where)
        check_fields(fields, ("timestamp", "action", "sender", "args"), where)
        world = cast(World, self.world)
        timestamp = cast(int, Amount(48).read(fields["timestamp"], f"{where}.timestamp", {}))
        if timestamp < self._timestamp:
            raise MalformedTrace(f"{where}.timestamp", f"time goes back from {self._timestamp}")
        _check_epochs(world, timestamp, f"{where}.timestamp")
        name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
        executed: list[object] = []
        if name == ADVANCE_TIME or timestamp != self._timestamp:
            executed.append(AdvanceTime(timestamp - self._timestamp))
        captures = self._captures
        if name == ADVANCE_TIME:
            if fields["sender"] is not None:
                raise MalformedTrace(f"{where}.sender", "nobody sends an advance_time step")
            check_fields(as_object(fields["args"], f"{where}.args"), (), f"{where}.args")
        elif name in ACTION_FORMATS:
            sender = cast(str, SENDER.read(fields["sender"], f"{where}.sender", world.names))
            action = ACTION_FORMATS[name].read(sender, fields["args"], f"{where}.args", world.names)
            executed.append(action)
            captures = _captures_after(captures, action)
        else:
            raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
        self._timestamp, self._captures = timestamp, captures
        return executed, captures


class SymbioticCalls(Calls):
    """The form of Symbiotic's calls."""

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace, with JSON integers where traces have them."""
        return as_object(with_integers(head, INTEGERS), "head")

    def begin(self, head: Json) -> History:
        """A history in the world of a head."""
        return SymbioticHistory(self.head(head))

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """Each call at its time. Time that passes right before a call is the call's own."""
        timestamp = _begin(head).genesis.rows(CLOCK)[SINGLETON].timestamp
        calls: list[Json] = []
        for executed in _in_steps(actions):
            timestamp += sum([action.seconds for action in executed if isinstance(action, AdvanceTime)])
            action = executed[-1]
            is_call = not isinstance(action, AdvanceTime)
            name = NAMES_BY_CLASS[type(action)] if is_call else ADVANCE_TIME
            calls.append(
                {
                    "timestamp": str(timestamp),
                    "action": name,
                    "sender": action.sender if is_call else None,
                    "args": ACTION_FORMATS[name].write(action) if is_call else {},
                }
            )
        return calls

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action, as traces have it."""
        return ADVANCE_TIME if isinstance(action, AdvanceTime) else NAMES_BY_CLASS[type(action)]


CALLS: Final = SymbioticCalls(PROTOCOL)
