"""The calls on the wire for traces of rewards only, each with its timestamp and a block of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from conformance.calls import History, with_integers
from conformance.wire import to_wire
from spec.codec import Amount, Json, MalformedTrace, Text, as_object, check_fields, shown
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.observation import ACCOUNT
from spec.eigenlayer.rewards_codec import ADVANCE, FAMILY_FORMATS, FAMILY_NAMES, RewardsWorld
from spec.eigenlayer.state import CLOCK
from spec.machine import SINGLETON

CALL: Final = ("timestamp", "action", "sender", "args")
TIMESTAMP: Final = Amount(32)

ARGUMENT_INTEGERS: Final = frozenset(
    {
        *("start_timestamp", "duration", "split_bips", "activation_delay", "rewards_calculation_end_timestamp"),
        *("earner_index", "token_index", "token_indices", "token_proofs"),
    }
)
"""The arguments of rewards calls that are JSON integers in a trace, and decimal strings on the wire."""


class RewardsHistory(History):
    """The reader of a sequence of calls of a trace of EigenLayer's rewards only. It tracks the current timestamp."""

    def __init__(self, head: Mapping[str, Json]) -> None:
        begun = PROTOCOL.read_trace({**head, "steps": []})
        self.genesis = begun.genesis
        self.world = begun.world
        self._timestamp = begun.genesis.rows(CLOCK)[SINGLETON].timestamp

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The actions of the next call: a block at the call's timestamp, then the call itself. The context for
        `observe` is None.

        If the call only lets time pass, the block is the only action. `where` names the call's place for error
        messages. Raises MalformedTrace if the timestamp is earlier than the previous call's, or the action is unknown.
        """
        fields = as_object(call, where)
        check_fields(fields, CALL, where)
        world = cast(RewardsWorld, self.world)
        timestamp = cast(int, TIMESTAMP.read(fields["timestamp"], f"{where}.timestamp", {}))
        if timestamp < self._timestamp:
            raise MalformedTrace(f"{where}.timestamp", f"earlier than {self._timestamp}, of the call before")
        name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
        args = with_integers(fields["args"], ARGUMENT_INTEGERS)
        executed: list[object] = [MineBlocks(1, timestamp - self._timestamp)]
        if name == ADVANCE:
            if fields["sender"] is not None:
                raise MalformedTrace(f"{where}.sender", "nobody sends a call in which only time passes")
            check_fields(as_object(args, f"{where}.args"), (), f"{where}.args")
        elif name in FAMILY_FORMATS:
            sender = ACCOUNT.read(fields["sender"], f"{where}.sender", world.names)
            executed.append(FAMILY_FORMATS[name].read(sender, args, f"{where}.args", world.names))
        else:
            raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
        self._timestamp = timestamp
        return executed, None


def write_rewards_calls(head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
    """The wire calls for the actions of a trace of rewards only, each with its timestamp.

    The `MineBlocks` directly before an action is part of its call; any other becomes a call of its own, in which only
    time passes. Raises MalformedTrace for a `MineBlocks` of several blocks, and for an action without one directly
    before it.
    """
    timestamp = RewardsHistory(head).genesis.rows(CLOCK)[SINGLETON].timestamp
    calls: list[Json] = []
    is_mined = False
    for position, action in enumerate(actions):
        where = f"calls[{len(calls)}]"
        if isinstance(action, MineBlocks):
            if action.blocks != 1:
                raise MalformedTrace(where, "a call of these traces has one block")
            timestamp += action.seconds
            is_mined = position + 1 < len(actions) and not isinstance(actions[position + 1], MineBlocks)
            if is_mined:
                continue
            call: dict[str, Json] = {"action": ADVANCE, "sender": None, "args": {}}
        else:
            if not is_mined:
                raise MalformedTrace(where, "each call of these traces has a block of its own")
            is_mined = False
            name = name_of_rewards_call(action)
            call = {"action": name, "sender": action.sender, "args": FAMILY_FORMATS[name].write(action)}
        calls.append(to_wire({"timestamp": timestamp, **call}))
    return calls


def name_of_rewards_call(action: Any) -> str:
    """The name of an action in traces of rewards only. Raises MalformedTrace for an action that they do not have."""
    if isinstance(action, MineBlocks):
        return ADVANCE
    if type(action) not in FAMILY_NAMES:
        raise MalformedTrace("action", f"not a call of these traces: {type(action).__name__}")
    return FAMILY_NAMES[type(action)]
