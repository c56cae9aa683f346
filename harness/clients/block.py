"""One block of a chain over JSON-RPC: the answers of its contracts, and the events that they logged up to it.

Every call names the block by its hash, so a node that moves on answers for the same block or not at all. Before and
after reading, it is checked that the node respects the hash and that the block is still canonical.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from harness.clients.abi import words
from harness.clients.rpc import Node, NodeError, call_of, data_of, is_bytes, is_quantity

WHERE_AM_I: Final = "0x4260005243602052" + "60406000f3"
"""Creation code that returns the timestamp and the number of the block it runs in."""

LOGS_AT_ONCE: Final = 10_000
"""The number of blocks in one request for logs, which nodes commonly allow."""


class Block:
    """A block that a node has: the latest, or the one with this number. Raises NodeError if it cannot be read."""

    def __init__(self, node: Node, number: int | None = None) -> None:
        self._node: Final = node
        self.chain: Final = self._quantity("eth_chainId")
        found = self._header("latest" if number is None else hex(number))
        self.number: Final = int(found["number"], 16)
        self.timestamp: Final = int(found["timestamp"], 16)
        self.hash: Final[str] = found["hash"].lower()
        if number is not None and self.number != number:
            raise self.error(f"asked for block {number}, it answers with {self.number}")
        self._place: Final = {"blockHash": self.hash, "requireCanonical": True}
        self._check_heeded()

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`, at this block. Raises Reverted if it reverts."""
        return call_of(self._node, {"to": to, "data": data_of(signature, *arguments)}, self._place)

    def check_contract(self, address: str, name: str) -> None:
        """Raise NodeError if there is no contract at an address. `name` is used in the message."""
        code = self._node.request("eth_getCode", address, self._place)
        if not is_bytes(code):
            raise self._node.error("eth_getCode", "the result is no bytes")
        if code == "0x":
            raise self.error(f"there is no contract at {address}, {name}")

    def logs(self, addresses: Sequence[str], topics: Sequence[Any], begin: int) -> Iterator[list[str]]:
        """The topics of each event that the contracts at `addresses` logged, from block `begin` to this one. `topics`
        is the filter of JSON-RPC: for each position a topic, a list of alternatives, or None for any.
        """
        for start in range(begin, self.number + 1, LOGS_AT_ONCE):
            end = min(start + LOGS_AT_ONCE - 1, self.number)
            asked = {"address": list(addresses), "topics": list(topics), "fromBlock": hex(start), "toBlock": hex(end)}
            found = self._node.request("eth_getLogs", asked)
            if not isinstance(found, list):
                raise self._node.error("eth_getLogs", "the result is no list")
            for log in found:
                yield self._topics(log, start, end)

    def check_again(self) -> None:
        """Raise NodeError if the block is no longer canonical, or if the node answers for another block."""
        found = self._header(hex(self.number))
        if found["hash"].lower() != self.hash:
            raise self.error("another block has taken its place while it was read: nothing of it is kept")
        self._check_heeded()

    def error(self, problem: str) -> NodeError:
        """The exception for a problem with this block; its message names the node and the block."""
        return NodeError(f"{self._node.place}: block {self.number}: {problem}")

    def _topics(self, log: Any, start: int, end: int) -> list[str]:
        """The topics of a log. Raises NodeError if the log is malformed or is not of the blocks `start` to `end`. It is
        also raised if the log is of another block with this one's number.
        """
        fields = log if isinstance(log, dict) else {}
        topics, number = fields.get("topics"), str(fields.get("blockNumber"))
        is_event = isinstance(topics, list) and all(is_bytes(each) and len(each) == 66 for each in topics)
        if not is_event or not topics or not is_quantity(number) or not start <= int(number, 16) <= end:
            raise self._node.error("eth_getLogs", "the result has something else than the events that were asked for")
        is_here = str(fields.get("blockHash")).lower() == self.hash
        if fields.get("removed") or is_here != (int(number, 16) == self.number):
            raise self.error("an event is of another block in its place: nothing of it is kept")
        return [str(each) for each in topics]

    def _header(self, which: str) -> dict[str, str]:
        found = self._node.request("eth_getBlockByNumber", which, False)
        if found is None:
            raise self._node.error("eth_getBlockByNumber", f"there is no block {which}")
        fields = found if isinstance(found, dict) else {}
        if not all(is_quantity(fields.get(name)) for name in ("number", "timestamp")) or not is_bytes(
            fields.get("hash")
        ):
            raise self._node.error("eth_getBlockByNumber", "the result is no block of the chain")
        return fields

    def _quantity(self, method: str) -> int:
        found = self._node.request(method)
        if not is_quantity(found):
            raise self._node.error(method, "the result is no number")
        return int(found, 16)

    def _check_heeded(self) -> None:
        """Raise NodeError if the node, called with this block's hash, answers for another block."""
        found = words(call_of(self._node, {"data": WHERE_AM_I}, self._place))
        if found != [self.timestamp, self.number]:
            raise self.error("asked of it by its hash, the node answers of another one")
