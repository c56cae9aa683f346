"""Time is the block number. It moves only when blocks are mined; every other call executes in the current block."""

from spec.arithmetic import UINT32_MAX
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import CLOCK, Clock
from spec.machine import SINGLETON, Delta, Draft


def current_block(draft: Draft) -> int:
    """The block in which this call executes."""
    return draft.get(CLOCK, SINGLETON).block


def block_after(block: int, delay_blocks: int) -> int | Reason:
    """The block `delay_blocks` after `block`. Block numbers are uint32 in the contracts. Rejects: ARITHMETIC_PANIC."""
    later_block = block + delay_blocks
    return Reason.ARITHMETIC_PANIC if later_block > UINT32_MAX else later_block


def mine_blocks(draft: Draft, action: MineBlocks) -> Delta:
    """Let blocks pass. Nothing else is written: what a block makes effective is worked out when it is read."""
    draft.put(CLOCK, SINGLETON, Clock(current_block(draft) + action.blocks))
    return draft.delta()
