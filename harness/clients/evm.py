"""A chain in this process: contracts are deployed, called and asked on a real EVM, at a time of the caller's choice.

It needs the extra `evm`: pyrevm, eth-abi and eth-hash.
"""

import re
from typing import Any

import pyrevm

from harness.clients.abi import Reverted, calldata, topic
from harness.clients.chain import DEPLOYER, Chain


class EvmChain(Chain):
    """A chain on an EVM that is a library."""

    def __init__(self, evm: Any = None) -> None:
        self._evm = pyrevm.EVM(spec_id="CANCUN") if evm is None else evm
        self._number = 1

    def set_time(self, timestamp: int) -> None:
        """Let the next call be in a block of this time."""
        self._number += 1
        self._evm.set_block_env(pyrevm.BlockEnv(number=self._number, timestamp=timestamp))

    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; its address."""
        return str(self._evm.deploy(DEPLOYER, code)).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a contract, and keep what it writes. Raises Reverted if it reverts."""
        return self._call(sender, to, calldata(signature, *arguments), is_static=False)

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The answer of a view function. Raises Reverted if it reverts."""
        return self._call(DEPLOYER, to, calldata(signature, *arguments), is_static=True)

    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each event of this signature that a contract logged in the last call."""
        logs = self._evm.result.logs if self._evm.result else []
        return [
            bytes(log.data[1])
            for log in logs
            if log.address.lower() == address and log.topics and log.topics[0] == topic(event)
        ]

    def close(self) -> None:
        """Do nothing: the chain is memory of this process."""

    def _call(self, sender: str, to: str, data: bytes, is_static: bool) -> bytes:
        try:
            return bytes(self._evm.message_call(sender, to, calldata=data, is_static=is_static))
        except RuntimeError as error:  # pyrevm says what a contract reverted with in the text alone
            said = re.search(r"output: 0x([0-9a-f]*)", str(error))
            if said is None:
                raise
            raise Reverted(bytes.fromhex(said[1])) from error
