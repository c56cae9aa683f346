"""The clock: the block number and, for rewards, the block's timestamp in seconds.

Only `mine_blocks` advances them, each by its own argument. Every other call executes in the current block.
"""

from spec.arithmetic import UINT32_MAX
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import CLOCK, Clock
from spec.machine import SINGLETON, Delta, Draft


def current_block(draft: Draft) -> int:
    """The block in which this call executes."""
    return draft.get(CLOCK, SINGLETON).block


def current_timestamp(draft: Draft) -> int:
    """The timestamp of the block in which this call executes."""
    return draft.get(CLOCK, SINGLETON).timestamp


def block_after(block: int, delay_blocks: int) -> int | Reason:
    """The block `delay_blocks` after `block`. Rejects: ARITHMETIC_PANIC if that block exceeds uint32."""
    later_block = block + delay_blocks
    return Reason.ARITHMETIC_PANIC if later_block > UINT32_MAX else later_block


def mine_blocks(draft: Draft, action: MineBlocks) -> Delta:
    """Advance the block number and the timestamp. Nothing else is written.

    Changes that become effective at a block take effect when they are read.
    """
    clock = draft.get(CLOCK, SINGLETON)
    draft.put(CLOCK, SINGLETON, Clock(clock.block + action.blocks, clock.timestamp + action.seconds))
    return draft.delta()
