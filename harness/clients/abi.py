"""Calls and answers of contracts as bytes, and the names of the errors that they revert with.

It needs the extra `evm`: eth-abi and eth-hash.
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
    """A call that reverted: what it said."""

    def __init__(self, output: bytes) -> None:
        super().__init__(output.hex())
        self.output: Final = output


class ErrorNames:
    """The names of the errors that a protocol's contracts revert with, by signatures or bare names."""

    def __init__(self, errors: Sequence[str]) -> None:
        self._names = {selector(name if "(" in name else f"{name}()"): name.partition("(")[0] for name in errors}
        self._names |= {selector(signature): signature.partition("(")[0] for signature in ERRORS_WITH_ARGUMENTS}

    def name_of(self, reverted: Reverted) -> str:
        """The name of an error as traces write it."""
        output = reverted.output
        if output[:4] == PANIC:
            return f"Panic(0x{int.from_bytes(output[4:], 'big'):02x})"
        if output[:4] == MESSAGE:
            return f"Error({decoded(('string',), output[4:])[0]})"
        return self._names.get(output[:4], f"0x{output.hex()}") if output else "EmptyRevert"


@lru_cache(maxsize=2**14)
def selector(signature: str) -> bytes:
    """The first four bytes of a call to a function, or of an error."""
    return bytes(keccak(signature.encode())[:4])


def topic(event: str) -> str:
    """The first topic of an event's logs, by its signature."""
    return f"0x{keccak(event.encode()).hex()}"


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


@lru_cache(maxsize=2**14)
def decoded(types: tuple[str, ...], output: bytes) -> tuple[Any, ...]:
    """The values of an answer, which is often the same as the one before."""
    return tuple(decode(types, output))


def words(output: bytes) -> list[int]:
    """The words of an answer."""
    return [int.from_bytes(output[start : start + WORD], "big") for start in range(0, len(output), WORD)]


def first_word(output: bytes) -> int:
    """The first word of an answer, which most have alone."""
    return int.from_bytes(output if len(output) == WORD else output[:WORD], "big")


def address_of(word: int) -> str:
    """The address in a word of an answer."""
    return f"0x{word:040x}"
