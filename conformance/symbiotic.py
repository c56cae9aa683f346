"""Symbiotic's calls on the wire, each with its timestamp."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from conformance.calls import Calls, History, with_integers
from conformance.wire import to_wire
from spec.codec import Amount, Json, as_object, check_fields
from spec.machine import SINGLETON
from spec.protocol import Trace
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.codec import CALL, captures_after, in_steps, read_call, write_call
from spec.symbiotic.formats import ADVANCE_TIME, NAMES_BY_CLASS
from spec.symbiotic.observation import Captures, World
from spec.symbiotic.state import CLOCK

INTEGERS: Final = frozenset(
    {
        *("seed", "valueScale", "directedSteps", "genesisTimestamp"),
        *("epochDuration", "epochDurationInit", "vetoDuration", "resolverSetEpochsDelay"),
    }
)
"""The fields of a trace's head that hold JSON integers in a trace, and decimal strings on the wire."""


INTEGER_ARGS: Final = frozenset({"timestamp", "activeSharesHint", "activeStakeHint", "activeSharesOfHints"})
"""The arguments of calls that are JSON integers in a trace, and decimal strings on the wire."""


def _begin(head: Mapping[str, Json]) -> Trace:
    return PROTOCOL.read_trace(PROTOCOL.write_trace(head, []))


class SymbioticHistory(History):
    """The reader of a sequence of Symbiotic calls. It tracks the current timestamp and the recent captures of each
    vault.

    These are the capture timestamps of its latest slash calls, at which `observe` shows stakes.
    """

    def __init__(self, head: Mapping[str, Json]) -> None:
        begun = _begin(head)
        self.genesis = begun.genesis
        self.world = begun.world
        self._timestamp = begun.genesis.rows(CLOCK)[SINGLETON].timestamp
        self._captures: Captures = {}

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call: time passes up to its timestamp, then the call itself.

        The context for `observe` maps each vault to the capture timestamps of its latest slash calls. `where` names the
        call's place for error messages. Raises MalformedTrace if the value is not a call.
        """
        fields = dict(as_object(call, where))
        check_fields(fields, CALL, where)
        fields["args"] = with_integers(fields["args"], INTEGER_ARGS)
        executed, self._timestamp = read_call(fields, where, self._timestamp, cast(World, self.world), Amount(48))
        self._captures = captures_after(self._captures, executed[-1])
        return executed, self._captures


class SymbioticCalls(Calls):
    """The reader and writer of Symbiotic's calls on the wire."""

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace in the form of traces, from its JSON on the wire: the fields in INTEGERS hold JSON
        integers.

        Raises MalformedTrace if `head` is no JSON object.
        """
        return as_object(with_integers(head, INTEGERS), "head")

    def begin(self, head: Json) -> History:
        """A new `SymbioticHistory`, which starts at the genesis that `head`, a trace's head as JSON on the wire,
        declares.

        Raises MalformedTrace if `head` is not the head of a trace.
        """
        return SymbioticHistory(self.head(head))

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """The calls of some actions, each with its timestamp. Time that passes directly before a call is part of it."""
        timestamp = _begin(head).genesis.rows(CLOCK)[SINGLETON].timestamp
        calls: list[Json] = []
        for executed in in_steps(actions):
            call, timestamp = write_call(executed, timestamp)
            calls.append(to_wire(call))
        return calls

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action in traces. It does not depend on `head`."""
        return ADVANCE_TIME if isinstance(action, AdvanceTime) else NAMES_BY_CLASS[type(action)]


CALLS: Final = SymbioticCalls(PROTOCOL)
