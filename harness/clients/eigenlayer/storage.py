"""The storage slots of the contracts, in the layout of v1.12 and v1.13, for values that no view function returns."""

from functools import lru_cache
from typing import Final

from eth_hash.auto import keccak

from harness.clients.eigenlayer.chain import BlockChain

ALLOCATION_DELAYS: Final = 155
REGISTRATIONS: Final = 158
ALLOCATIONS: Final = 160
ENCUMBERED_MAGNITUDES: Final = 162
DEALLOCATION_QUEUES: Final = 163
HAS_METADATA: Final = 164
"""The AllocationManager's slot of AVSs that have metadata; the slots above are the AllocationManager's, too."""

CUMULATIVE_SCALED_SHARES: Final = 165
"""The DelegationManager's slot of cumulative scaled shares."""

BURNABLE_SHARES: Final = 212
"""The StrategyManager's slot of shares to burn from before slashes had ids."""

POD_OWNER_DEPOSIT_SHARES: Final = 155
"""The EigenPodManager's slot of deposit shares by pod owner."""

TOTAL_SHARES: Final = 51
"""A strategy's slot of total shares."""

WITHDRAWABLE_GWEI: Final = 52
"""A pod's slot of withdrawable gwei."""

SET_BITS: Final = 96


@lru_cache(maxsize=2**16)
def slot_of(slot: int, *keys: int) -> int:
    """The slot of an entry of a mapping, or of nested mappings with several keys."""
    for key in keys:
        slot = int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")), "big")
    return slot


@lru_cache(maxsize=2**12)
def elements_of(slot: int) -> int:
    """The slot of the first element of a dynamic array."""
    return int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")


def number(address: str) -> int:
    """An address as the integer key of a mapping in storage."""
    return int(address, 16)


def set_key(avs: str, operator_set_id: int) -> int:
    """An operator set as the integer key of a mapping in storage: the AVS's address, then the set's number."""
    return number(avs) << SET_BITS | operator_set_id


def part(word: int, offset_bytes: int, bits: int) -> int:
    """An unsigned number of `bits` bits that is packed into a word with others, `offset_bytes` from its low end."""
    return word >> (8 * offset_bytes) & ((1 << bits) - 1)


def signed(value: int, bits: int) -> int:
    """A two's complement number of `bits` bits as a signed one."""
    return value - (1 << bits) if value >> (bits - 1) else value


def queue(chain: BlockChain, contract: str, slot: int) -> list[int]:
    """The words of the double-ended queue at a slot of a contract's storage, from front to back."""
    word = chain.word(contract, slot)
    begin, end = signed(part(word, 0, 128), 128), signed(part(word, 16, 128), 128)
    return [chain.word(contract, slot_of(slot + 1, position % 2**256)) for position in range(begin, end)]


def latest(chain: BlockChain, contract: str, slot: int) -> int:
    """The value of the last checkpoint of the history at a slot of a contract's storage; 0 if there is none."""
    count = chain.word(contract, slot)
    return chain.word(contract, elements_of(slot) + count - 1) >> 32 if count else 0
