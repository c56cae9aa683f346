"""A chain in this process: contracts run on a real EVM, at a timestamp that the caller sets.

Needs the extra `evm`: pyrevm, eth-abi and eth-hash.
"""

import re
from typing import Any

import pyrevm

from harness.clients.abi import Reverted, calldata, topic
from harness.clients.chain import DEPLOYER, Chain


class EvmChain(Chain):
    """A chain on the EVM library pyrevm."""

    def __init__(self, evm: Any = None) -> None:
        self._evm = pyrevm.EVM(spec_id="CANCUN") if evm is None else evm
        self._number = 1

    def set_time(self, timestamp: int) -> None:
        """Set the timestamp of the next calls and views, and raise the block number by one."""
        self._number += 1
        self._evm.set_block_env(pyrevm.BlockEnv(number=self._number, timestamp=timestamp))

    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; returns its address."""
        return str(self._evm.deploy(DEPLOYER, code)).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a function of the contract at `to` in a transaction of `sender`, which changes its state; returns the
        return data. Raises Reverted if it reverts.
        """
        return self._call(sender, to, calldata(signature, *arguments), is_static=False)

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`. Raises Reverted if it reverts."""
        return self._call(DEPLOYER, to, calldata(signature, *arguments), is_static=True)

    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each log, in the last call, of the event with this signature by the contract at `address`."""
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
        except RuntimeError as error:  # pyrevm gives the revert data only in the exception's text
            said = re.search(r"output: 0x([0-9a-f]*)", str(error))
            if said is None:
                raise
            raise Reverted(bytes.fromhex(said[1])) from error
