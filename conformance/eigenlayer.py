"""EigenLayer's calls on the wire: each has its block, and says whether that is the block of the call before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from conformance.calls import Calls, History, with_integers
from spec.codec import Amount, Flag, Json, MalformedTrace, Text, as_object, check_fields, shown
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import MineBlocks

# A private name of the codec: to rename it there would make every recorded verdict of the proofs stale.
from spec.eigenlayer.codec import ACTION_FORMATS, DELAYS, MINE, NAMES_BY_CLASS, _in_steps
from spec.eigenlayer.observation import ACCOUNT, World
from spec.eigenlayer.state import CLOCK
from spec.machine import SINGLETON
from spec.protocol import Trace

INTEGERS: Final = frozenset({"format_version", "seed", "block", "MAX_STAKER_STRATEGY_LIST_LENGTH", *DELAYS})
"""The fields of a head that are JSON integers in a trace."""


def _begin(head: Mapping[str, Json]) -> Trace:
    return PROTOCOL.read_trace(PROTOCOL.write_trace(head, []))


class EigenLayerHistory(History):
    """Follows the block."""

    def __init__(self, head: Mapping[str, Json]) -> None:
        begun = _begin(head)
        self.genesis = begun.genesis
        self.world = begun.world
        self._block = begun.genesis.rows(CLOCK)[SINGLETON].block

    def read(self, call: Json, where: str) -> tuple[list[object], object]:
        """The next call: the block that is mined before it, if one is, and what is done then."""
        fields = as_object(call, where)
        check_fields(fields, ("block", "same_block", "action", "sender", "args"), where)
        called_in = cast(int, Amount(32).read(fields["block"], f"{where}.block", {}))
        is_same_block = cast(bool, Flag().read(fields["same_block"], f"{where}.same_block", {}))
        name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
        executed: list[object] = []
        block = self._block
        if name == "mine":
            if fields["sender"] is not None:
                raise MalformedTrace(f"{where}.sender", "nobody sends a mine step")
            mined = cast(MineBlocks, MINE.read(fields["args"], f"{where}.args", {}))
            executed.append(mined)
            block += mined.blocks
        elif name in ACTION_FORMATS:
            names = cast(World, self.world).names
            sender = cast(str, ACCOUNT.read(fields["sender"], f"{where}.sender", names))
            if not is_same_block:
                executed.append(MineBlocks(1))
                block += 1
            executed.append(ACTION_FORMATS[name].read(sender, fields["args"], f"{where}.args", names))
        else:
            raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
        if called_in != block:
            raise MalformedTrace(f"{where}.block", f"expected {block} after the call before, found {called_in}")
        self._block = block
        return executed, None


class EigenLayerCalls(Calls):
    """The form of EigenLayer's calls."""

    def head(self, head: Json) -> dict[str, Json]:
        """The head of a trace, with JSON integers where traces have them."""
        return as_object(with_integers(head, INTEGERS), "head")

    def begin(self, head: Json) -> History:
        """A history in the world of a head."""
        return EigenLayerHistory(self.head(head))

    def write(self, head: Mapping[str, Json], actions: Sequence[Any]) -> list[Json]:
        """Each call in its block. A single block mined right before a call is the call's own."""
        block = _begin(head).genesis.rows(CLOCK)[SINGLETON].block
        calls: list[Json] = []
        for executed in _in_steps(actions):
            block += sum([action.blocks for action in executed if isinstance(action, MineBlocks)])
            action = executed[-1]
            is_mine = isinstance(action, MineBlocks)
            name = "mine" if is_mine else NAMES_BY_CLASS[type(action)]
            calls.append(
                {
                    "block": str(block),
                    "same_block": not is_mine and len(executed) == 1,
                    "action": name,
                    "sender": None if is_mine else action.sender,
                    "args": MINE.write(action) if is_mine else ACTION_FORMATS[name].write(action),
                }
            )
        return calls

    def name_of(self, head: Mapping[str, Json], action: Any) -> str:
        """The name of an action, as traces have it."""
        return "mine" if isinstance(action, MineBlocks) else NAMES_BY_CLASS[type(action)]


CALLS: Final = EigenLayerCalls(PROTOCOL)
