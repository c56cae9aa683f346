"""An anvil node as a chain: started on its own loopback port, queried over JSON-RPC, and killed with the chain."""

import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from harness.clients.abi import topic
from harness.clients.chain import DEPLOYER, Chain
from harness.clients.rpc import Node, NodeError, call_of, data_of

HOST: Final = "127.0.0.1"
SECONDS: Final = 60.0
"""The seconds that a node may take to start, or to answer a request."""

GAS: Final = "0x1c9c380"
OPTIONS: Final = (
    *("--host", HOST, "--port", "0", "--accounts", "0", "--auto-impersonate", "--no-mining", "--hardfork", "cancun"),
    *("--gas-price", "0", "--block-base-fee-per-gas", "0", "--disable-min-priority-fee"),
)


class AnvilChain(Chain):
    """An anvil node as a chain. Each call is mined in a block of its own, at the timestamp that was set."""

    def __init__(self, program: Path, timestamp: int) -> None:
        self._process: Final = subprocess.Popen(
            [program, *OPTIONS, "--timestamp", str(timestamp)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            self.url: Final = f"http://{HOST}:{self._port()}"
        except BaseException:
            self._end()
            raise
        self._node: Final = Node(self.url, SECONDS)
        self._time = timestamp
        self._logs: list[dict[str, Any]] = []
        self._reader: Final = threading.Thread(target=self._read_on, daemon=True)
        self._reader.start()

    def set_time(self, timestamp: int) -> None:
        """Set the timestamp of the next calls and queries."""
        self._time = timestamp

    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; returns its address."""
        return str(self._sent({"from": DEPLOYER, "data": "0x" + code.hex()})["contractAddress"]).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a function of the contract at `to` in a transaction of `sender`; returns the return data. A call that
        reverts raises Reverted and sends no transaction.
        """
        transaction = {"from": sender, "to": to, "data": data_of(signature, *arguments)}
        output = self._asked(transaction)
        self._sent(transaction)
        return output

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`, at the timestamp that was set. Raises Reverted if
        it reverts.
        """
        return self._asked({"from": DEPLOYER, "to": to, "data": data_of(signature, *arguments)})

    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each log, in the last call, of the event with this signature by the contract at `address`."""
        return [
            bytes.fromhex(log["data"][2:])
            for log in self._logs
            if log["address"].lower() == address and log["topics"][:1] == [topic(event)]
        ]

    def mine(self) -> None:
        """Mine a block with the pending transactions, at the timestamp that was set."""
        self._node.request("evm_setNextBlockTimestamp", self._time)
        self._node.request("evm_mine")

    def close(self) -> None:
        """Kill the node's process, whatever it is doing."""
        self._process.kill()
        self._reader.join()
        self._node.close()
        self._end()

    @property
    def is_ended(self) -> bool:
        """True if the node's process has ended."""
        return self._process.poll() is not None

    def _asked(self, call: dict[str, str]) -> bytes:
        return call_of(self._node, {**call, "gas": GAS}, "latest", {}, {"time": hex(self._time)})

    def _sent(self, transaction: dict[str, str]) -> dict[str, Any]:
        """The receipt of a transaction, mined in a block of its own. Raises NodeError if it fails."""
        fee = {"gas": GAS, "maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0"}
        number = self._node.request("eth_sendTransaction", {**transaction, **fee})
        self.mine()
        receipt: dict[str, Any] | None = self._node.request("eth_getTransactionReceipt", number)
        if receipt is None or receipt["status"] != "0x1":
            raise NodeError(f"{self.url}: a transaction failed that had gone through when it was asked for")
        self._logs = receipt["logs"]
        return receipt

    def _end(self) -> None:
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _port(self) -> int:
        """The port on which the node listens, read from its output. Raises NodeError if it does not start within
        `SECONDS`.
        """
        killer = threading.Timer(SECONDS, self._process.kill)
        killer.start()
        said: list[str] = []
        try:
            for line in self._lines():
                found = re.match(r"Listening on [\d.]+:(\d+)", line)
                if found:
                    return int(found[1])
                said.append(line)
        finally:
            killer.cancel()
        raise NodeError(f"anvil did not start: {' '.join(said)[-300:]!r}")

    def _lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        return (line.decode(errors="replace").strip() for line in self._process.stdout)

    def _read_on(self) -> None:
        """Read the node's output and drop it, so that the node never blocks on a full pipe."""
        for _ in self._lines():
            pass
