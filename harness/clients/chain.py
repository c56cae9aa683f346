"""The interface of a chain on which contracts are deployed, called and queried at a timestamp that the caller sets."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from eth_abi.abi import encode

DEPLOYER: Final = "0x" + "d0" * 20


class Chain(ABC):
    """A chain that mines a block for each call, at the timestamp that was set. A `signature` is that of a function or
    an event, such as `transfer(address,uint256)`; addresses are hexadecimal.
    """

    @abstractmethod
    def set_time(self, timestamp: int) -> None:
        """Set the timestamp of the next call's block."""

    @abstractmethod
    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; returns its address."""

    @abstractmethod
    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a function of the contract at `to` in a transaction of `sender`, which changes its state; returns the
        return data. Raises Reverted if it reverts.
        """

    @abstractmethod
    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`, at the timestamp that was set. Raises Reverted if
        it reverts.
        """

    @abstractmethod
    def logged(self, address: str, event: str) -> list[bytes]:
        """The data of each log, in the last call, of the event with this signature by the contract at `address`."""

    @abstractmethod
    def close(self) -> None:
        """Shut the chain down."""

    def deploy(self, code: bytes, types: Sequence[str] = (), arguments: Sequence[Any] = ()) -> str:
        """Deploy a contract by its creation code, with constructor arguments of these ABI
        types; returns its address.
        """
        return self.create(code + bytes(encode(types, arguments)))
