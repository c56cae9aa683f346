"""EigenLayer's calls on the wire, each with its block; several calls may share a block."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from conformance.calls import Calls, History, with_integers
from conformance.eigenlayer.rewards import (
    ARGUMENT_INTEGERS,
    RewardsHistory,
    name_of_rewards_call,
    write_rewards_calls,
)
from conformance.wire import to_wire
from spec.codec import Amount, Json, as_object, check_fields
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.codec import CALL, in_steps, read_call, write_call
from spec.eigenlayer.formats import NAMES_BY_CLASS
from spec.eigenlayer.observation import World
from spec.eigenlayer.rewards_codec import LENGTHS, REWARDS_CONSTANTS, REWARDS_FAMILY
from spec.eigenlayer.rewards_formats import REWARDS_FORMATS
from spec.eigenlayer.state import CLOCK
from spec.eigenlayer.trace_head import DELAYS, RESOLUTION_DELAY
from spec.machine import SINGLETON
from spec.protocol import Trace

INTEGERS: Final = frozenset(
    {
        *("format_version", "seed", "block", "timestamp", "MAX_STAKER_STRATEGY_LIST_LENGTH", "optimizer_runs"),
        *(RESOLUTION_DELAY, *DELAYS),
        *LENGTHS,
        *[name for name, constant in REWARDS_CONSTANTS.items() if isinstance(constant, int)],
        *("activation_delay", "default_operator_split_bips", "curr_rewards_calculation_end_timestamp"),
    }
)
"""The fields of a trace's head that hold JSON integers in a trace, and decimal strings on the wire."""


def _begin(head: Mapping[str, Json]) -> Trace:
    return PROTOCOL.read_trace(PROTOCOL.write_trace(head, []))


def _is_of_rewards(head: Mapping[str, Json]) -> bool:
    """True if a head belongs to a trace of the RewardsCoordinator alone (`eigenlayer_rewards`)."""
    return head.get("protocol") == REWARDS_FAMILY


class EigenLayerHistory(History):
    """The reader of a sequence of EigenLayer calls. It tracks the current block's number, which each call names."""

    def __init__(self, head: Mapping[str, Json]) -> None:
        begun = _begin(head)
        self.genesis = begun.genesis
        self.world = begun.world
        self._block = begun.genesis.rows(CLOCK)[SINGLETON].block

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call: the block before it, if one is mined, then the call itself. The context for
        `observe` is None.

        `where` names the call's place for error messages. Raises MalformedTrace if the value is not a call.
        """
        fields = as_object(call, where)
        check_fields(fields, CALL, where)
        if fields["action"] in REWARDS_FORMATS:
            fields = {**fields, "args": with_integers(fields["args"], ARGUMENT_INTEGERS)}
        executed, self._block = read_call(fields, where, self._block, cast(World, self.world), Amount(32))
        return executed, None


class EigenLayerCalls(Calls):
    """The reader and writer of EigenLayer's calls on the wire, of the whole protocol and of rewards only."""

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace in the form of traces, from its JSON on the wire: the fields in INTEGERS hold JSON
        integers.

        Raises MalformedTrace if `head` is no JSON object.
        """
        return as_object(with_integers(head, INTEGERS), "head")

    def begin(self, head: Json) -> History:
        """A new `History` that starts at the genesis of a trace's head, given as JSON on the wire.

        It is a RewardsHistory if the head is of rewards only, else an EigenLayerHistory. Raises MalformedTrace if
        `head` is not the head of a trace.
        """
        fields = self.head(head)
        return RewardsHistory(fields) if _is_of_rewards(fields) else EigenLayerHistory(fields)

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """The calls of some actions, each with its block. A single block mined directly before a call is part of it."""
        if _is_of_rewards(head):
            return write_rewards_calls(head, actions)
        block = _begin(head).genesis.rows(CLOCK)[SINGLETON].block
        calls: list[Json] = []
        for executed in in_steps(actions):
            call, block = write_call(executed, block)
            calls.append(to_wire(call))
        return calls

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action in traces with this `head`, which are of the whole protocol or of rewards only."""
        if _is_of_rewards(head):
            return name_of_rewards_call(action)
        return "mine" if isinstance(action, MineBlocks) else NAMES_BY_CLASS[type(action)]


CALLS: Final = EigenLayerCalls(PROTOCOL)
