"""A chain in this process: contracts are deployed, called and asked on a real EVM, at a time of the caller's choice.

It needs the extra `evm`: pyrevm, eth-abi and eth-hash.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import pyrevm
from eth_abi.abi import encode
from eth_hash.auto import keccak

DEPLOYER: Final = "0x" + "d0" * 20
ZERO: Final = "0x" + "00" * 20
WORD: Final = 32

ERRORS_WITH_ARGUMENTS: Final = (
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "SafeCastOverflowedUintDowncast(uint8,uint256)",
)
"""Errors of OpenZeppelin. All others that occur have no arguments."""

PANIC: Final = bytes.fromhex("4e487b71")


class Reverted(Exception):
    """A call that reverted: what it said."""

    def __init__(self, output: bytes) -> None:
        super().__init__(output.hex())
        self.output: Final = output


@lru_cache(maxsize=2**14)
def selector(signature: str) -> bytes:
    """The first four bytes of a call to a function, or of an error."""
    return bytes(keccak(signature.encode())[:4])


def types_of(signature: str) -> list[str]:
    """The types of the arguments of a signature."""
    types, depth = [""], 0
    for letter in signature[signature.index("(") + 1 : -1]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            types.append("")
        else:
            types[-1] += letter
    return [each for each in types if each]


@lru_cache(maxsize=2**16)
def calldata(signature: str, *arguments: Any) -> bytes:
    """A call to a function, with its arguments."""
    return selector(signature) + bytes(encode(types_of(signature), arguments))


def words(output: bytes) -> list[int]:
    """The words of an answer."""
    return [int.from_bytes(output[start : start + WORD], "big") for start in range(0, len(output), WORD)]


class Chain:
    """The chain: a block for each call, at the time that was set."""

    def __init__(self, errors: Sequence[str]) -> None:
        self._evm = pyrevm.EVM(spec_id="CANCUN")
        self._number = 1
        self._names = {selector(f"{name}()"): name for name in errors}
        self._names |= {selector(signature): signature.partition("(")[0] for signature in ERRORS_WITH_ARGUMENTS}

    def set_time(self, timestamp: int) -> None:
        """Let the next call be in a block of this time."""
        self._number += 1
        self._evm.set_block_env(pyrevm.BlockEnv(number=self._number, timestamp=timestamp))

    def deploy(self, code: bytes, types: Sequence[str] = (), arguments: Sequence[Any] = ()) -> str:
        """Deploy a contract; its address."""
        return str(self._evm.deploy(DEPLOYER, code + bytes(encode(types, arguments)))).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a contract, and keep what it writes. Reverted if it does."""
        return self._call(sender, to, calldata(signature, *arguments), is_static=False)

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """Ask a view function. Reverted if it does."""
        return self._call(DEPLOYER, to, calldata(signature, *arguments), is_static=True)

    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each event of this signature that a contract logged in the last call."""
        topic = "0x" + keccak(event.encode()).hex()
        logs = self._evm.result.logs if self._evm.result else []
        return [
            bytes(log.data[1])
            for log in logs
            if log.address.lower() == address and log.topics and log.topics[0] == topic
        ]

    def name_of(self, reverted: Reverted) -> str:
        """The name of an error as traces write it."""
        output = reverted.output
        if output[:4] == PANIC:
            return f"Panic(0x{int.from_bytes(output[4:], 'big'):02x})"
        return self._names.get(output[:4], f"0x{output.hex()}") if output else "EmptyRevert"

    def _call(self, sender: str, to: str, data: bytes, is_static: bool) -> bytes:
        try:
            return bytes(self._evm.message_call(sender, to, calldata=data, is_static=is_static))
        except RuntimeError as error:  # pyrevm says what a contract reverted with in the text alone
            said = re.search(r"output: 0x([0-9a-f]*)", str(error))
            if said is None:
                raise
            raise Reverted(bytes.fromhex(said[1])) from error
