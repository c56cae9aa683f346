"""A chain whose block number the caller sets, and whose storage can be read and written."""

from typing import Any, Final

import pyrevm
from eth_hash.auto import keccak

from harness.clients.evm import EvmChain

FIRST_TIMESTAMP: Final = 1_600_000_000
SECONDS_PER_BLOCK: Final = 12


class BlockChain(EvmChain):
    """A chain on the EVM library, at a block number that the caller sets."""

    def set_block(self, number: int) -> None:
        """Set the block number of the next calls and views."""
        timestamp = FIRST_TIMESTAMP + SECONDS_PER_BLOCK * number
        self._evm.set_block_env(pyrevm.BlockEnv(number=number, timestamp=timestamp))

    def create_by(self, deployer: str, code: bytes) -> str:
        """Deploy a contract by its creation code, as the first one of `deployer`, so that its address is known in
        advance.
        """
        return str(self._evm.deploy(deployer, code)).lower()

    def call(self, sender: str, to: str, signature: str, *arguments: Any) -> bytes:
        """Call a contract; returns the return data. Raises Reverted if it reverts. If the sender is a contract, its
        code is removed during the call, since an EVM refuses a transaction from a contract.
        """
        code = self._evm.get_code(sender)
        if not code:
            return super().call(sender, to, signature, *arguments)
        self._give_code(sender, None)
        try:
            return super().call(sender, to, signature, *arguments)
        finally:
            self._give_code(sender, code)

    def word(self, address: str, slot: int) -> int:
        """The word at a slot of a contract's storage."""
        return int(self._evm.storage(address, slot))

    def plant_word(self, address: str, slot: int, value: int) -> None:
        """Write the word at a slot of a contract's storage."""
        self._evm.insert_account_storage(address, slot, value)

    def ether(self, address: str) -> int:
        """The wei that an account holds."""
        return int(self._evm.get_balance(address))

    def plant_ether(self, address: str, amount_wei: int) -> None:
        """Set the balance of an account, in wei."""
        self._evm.set_balance(address, amount_wei)

    def _give_code(self, address: str, code: bytes | None) -> None:
        account = self._evm.basic(address)
        self._evm.insert_account_info(address, pyrevm.AccountInfo(nonce=account.nonce, code=code))
        self._evm.set_balance(address, account.balance)


def first_made_by(deployer: str) -> str:
    """The address of the first contract that an account deploys (CREATE with nonce 0)."""
    return f"0x{keccak(bytes([0xD6, 0x94]) + bytes.fromhex(deployer[2:]) + bytes([0x80])).hex()[24:]}"
