"""A chain whose blocks are numbered by whoever calls, and whose storage can be read and planted."""

from typing import Any, Final

import pyrevm
from eth_hash.auto import keccak

from harness.clients.evm import EvmChain

FIRST_TIMESTAMP: Final = 1_600_000_000
SECONDS_PER_BLOCK: Final = 12


class BlockChain(EvmChain):
    """A chain on an EVM that is a library, in a block of the caller's choice."""

    def set_block(self, number: int) -> None:
        """Let calls and views be in this block."""
        timestamp = FIRST_TIMESTAMP + SECONDS_PER_BLOCK * number
        self._evm.set_block_env(pyrevm.BlockEnv(number=number, timestamp=timestamp))

    def create_by(self, deployer: str, code: bytes) -> str:
        """Deploy a contract as the first one of a deployer, so that its address is known before."""
        return str(self._evm.deploy(deployer, code)).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a contract. A sender that is a contract has no code while it calls: an EVM takes no call of one."""
        code = self._evm.get_code(sender)
        if not code:
            return super().call(sender, to, signature, *arguments)
        self._give_code(sender, None)
        try:
            return super().call(sender, to, signature, *arguments)
        finally:
            self._give_code(sender, code)

    def word(self, address: str, slot: int) -> int:
        """A word of a contract's storage."""
        return int(self._evm.storage(address, slot))

    def plant_word(self, address: str, slot: int, value: int) -> None:
        """Write a word of a contract's storage."""
        self._evm.insert_account_storage(address, slot, value)

    def ether(self, address: str) -> int:
        """The wei that an account has."""
        return int(self._evm.get_balance(address))

    def plant_ether(self, address: str, amount_wei: int) -> None:
        """Let an account have so much."""
        self._evm.set_balance(address, amount_wei)

    def _give_code(self, address: str, code: bytes | None) -> None:
        account = self._evm.basic(address)
        self._evm.insert_account_info(address, pyrevm.AccountInfo(nonce=account.nonce, code=code))
        self._evm.set_balance(address, account.balance)


def first_made_by(deployer: str) -> str:
    """The address of the first contract that an account deploys."""
    return f"0x{keccak(bytes([0xD6, 0x94]) + bytes.fromhex(deployer[2:]) + bytes([0x80])).hex()[24:]}"
