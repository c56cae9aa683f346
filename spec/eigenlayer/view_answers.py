"""View answers as the states of traces write them: an amount, or `revert:` and the error's name if the view reverts.

The views of `views.py`, which laws use, return an exact amount even where the contract's view reverts.
"""

from typing import Final

from spec.arithmetic import UINT256_MAX
from spec.codec import REVERT, ViewAnswer
from spec.eigenlayer import views
from spec.eigenlayer.clock import block_after
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import scaled_shares
from spec.eigenlayer.state import CONFIG, POD_OWNERS, STAKER_SHARES, WITHDRAWALS
from spec.machine import SINGLETON, Draft

VIEW_ANSWER: Final = ViewAnswer([reason.value for reason in (Reason.ARITHMETIC_PANIC, Reason.MUL_DIV_OVERFLOW)])
"""The format of a view answer, with all errors with which these views revert."""


def withdrawable_shares_answer(draft: Draft, staker: str, strategy: str) -> str:
    """The withdrawable shares of a staker in one strategy, as a decimal string, or `revert:` and the view's error.

    The view reverts if a product with the deposit scaling factor exceeds uint256. Source:
    DelegationManager.getWithdrawableShares, called for this strategy alone.
    """
    if strategy == BEACON_CHAIN_ETH:
        owner = draft.get(POD_OWNERS, staker)
        scaled = scaled_shares(max(owner.deposit_shares, 0), owner.deposit_scaling_factor_wad)
    else:
        held = draft.get(STAKER_SHARES, (staker, strategy))
        scaled = scaled_shares(held.deposit_shares, held.deposit_scaling_factor_wad)
    if scaled > UINT256_MAX:
        return f"{REVERT}{Reason.MUL_DIV_OVERFLOW.value}"
    return str(views.withdrawable_shares_of(draft, staker, strategy))


def queued_shares_answer(draft: Draft, staker: str, nonce: int, position: int) -> str:
    """The shares that the strategy at index `position` of a queued withdrawal would pay, as a decimal string.

    The answer is `revert:` and the error's name if the view reverts: if the last block of the slashable window is no
    uint32. Source: DelegationManager.getQueuedWithdrawal.
    """
    start_block = draft.get(WITHDRAWALS, (staker, nonce)).start_block
    last_block = block_after(start_block, draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks)
    if isinstance(last_block, Reason):
        return f"{REVERT}{last_block.value}"
    return str(views.queued_shares_of(draft, staker, nonce, position))
