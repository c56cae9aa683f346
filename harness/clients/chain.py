"""Chains: where contracts are deployed, called and asked, at a time of the caller's choice."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from eth_abi.abi import encode

DEPLOYER: Final = "0x" + "d0" * 20


class Chain(ABC):
    """A chain with a block for each call, at the time that was set."""

    @abstractmethod
    def set_time(self, timestamp: int) -> None:
        """Let the next call be in a block of this time."""

    @abstractmethod
    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; its address."""

    @abstractmethod
    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a contract, and keep what it writes. Raises Reverted if it reverts."""

    @abstractmethod
    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The answer of a view function, at the time that was set. Raises Reverted if it reverts."""

    @abstractmethod
    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each event of this signature that a contract logged in the last call."""

    @abstractmethod
    def close(self) -> None:
        """End the chain, which nobody asks any more."""

    def deploy(self, code: bytes, types: Sequence[str] = (), arguments: Sequence[Any] = ()) -> str:
        """Deploy a contract with the arguments of its constructor; its address."""
        return self.create(code + bytes(encode(types, arguments)))
