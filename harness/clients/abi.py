"""The contract ABI: calldata, decoded answers, and the names of the errors that contracts revert with.

Needs the extra `evm`: eth-abi and eth-hash.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from harness.clients.errors import ERRORS_WITH_ARGUMENTS

ZERO: Final = "0x" + "00" * 20
WORD: Final = 32

PANIC: Final = bytes.fromhex("4e487b71")
MESSAGE: Final = bytes.fromhex("08c379a0")


class Reverted(Exception):
    """The exception for a call that reverted, with its return data in `output`."""

    def __init__(self, output: bytes) -> None:
        super().__init__(output.hex())
        self.output: Final = output


class ErrorNames:
    """The names of the errors that a protocol's contracts revert with, given by signatures or bare names."""

    def __init__(self, errors: Sequence[str]) -> None:
        self._names = {selector(name if "(" in name else f"{name}()"): name.partition("(")[0] for name in errors}
        self._names |= {selector(signature): signature.partition("(")[0] for signature in ERRORS_WITH_ARGUMENTS}

    def name_of(self, reverted: Reverted) -> str:
        """The name of a revert's error as traces write it: the error's own name, `Panic(0x..)`, `Error(message)`, or
        `EmptyRevert` without data. An unknown error is its whole data, as hexadecimal.
        """
        output = reverted.output
        if output[:4] == PANIC:
            return f"Panic(0x{int.from_bytes(output[4:], 'big'):02x})"
        if output[:4] == MESSAGE:
            return f"Error({decoded(('string',), output[4:])[0]})"
        return self._names.get(output[:4], f"0x{output.hex()}") if output else "EmptyRevert"


@lru_cache(maxsize=2**14)
def selector(signature: str) -> bytes:
    """The selector: the first four bytes of the hash of a function's or an error's signature."""
    return bytes(keccak(signature.encode())[:4])


def topic(event: str) -> str:
    """The first topic of an event's logs: the hash of its signature."""
    return f"0x{keccak(event.encode()).hex()}"


def types_of(signature: str) -> list[str]:
    """The types of the arguments in a signature."""
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
    """The calldata of a call of the function with this signature: its selector, then its encoded arguments."""
    return selector(signature) + bytes(encode(types_of(signature), arguments))


@lru_cache(maxsize=2**14)
def decoded(types: tuple[str, ...], output: bytes) -> tuple[Any, ...]:
    """The values of return data, decoded by these ABI types. Cached, because answers repeat often."""
    return tuple(decode(types, output))


def words(output: bytes) -> list[int]:
    """The 32-byte words of return data, as integers."""
    return [int.from_bytes(output[start : start + WORD], "big") for start in range(0, len(output), WORD)]


def first_word(output: bytes) -> int:
    """The first 32-byte word of return data, as an integer; most answers have only one."""
    return int.from_bytes(output if len(output) == WORD else output[:WORD], "big")


def address_of(word: int) -> str:
    """The address in a 32-byte word, as 0x and 40 hexadecimal digits in lower case."""
    return f"0x{word:040x}"
