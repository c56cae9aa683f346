"""A scenario of native ETH with deficits: negative deposit shares, as they existed before the slashing release.

Deficits meet withdrawals queued before, payouts, losses and new ETH.
"""

from typing import Final

from invariants.choices import Choices
from invariants.eigenlayer import native_walk
from invariants.eigenlayer.laws import CATALOGUE
from invariants.walker import Walk
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    CompleteQueuedWithdrawal,
    Completion,
    MineBlocks,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    WithdrawalRequest,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.state import CONFIG, POD_OWNERS, QUEUED_SHARES, STAKERS, WITHDRAWALS
from spec.machine import SINGLETON, Draft

OWNERS: Final = native_walk.PARTIES[:-1]
"""The accounts that have a pod."""

DEPOSITS_WEI: Final = (7 * GWEI_TO_WEI, 1000 * GWEI_TO_WEI, 32 * 10**18)


def _next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action, usually a call on the path to paying a withdrawal to a pod owner with negative deposit
    shares.

    In a quarter of cases, or if every owner is stuck (`_is_stuck`), it is an action of the native ETH walk instead.
    """
    first = choices.below(len(OWNERS))
    open_owners = [owner for owner in OWNERS[first:] + OWNERS[:first] if not _is_stuck(draft, owner)]
    if not open_owners or choices.one_in(4):
        return native_walk.next_action(choices, draft)
    owner = open_owners[0]
    deposit_shares, nonce = draft.get(POD_OWNERS, owner).deposit_shares, _waiting(draft, owner)
    if deposit_shares > 0:
        shares = choices.pick((deposit_shares, deposit_shares, max(deposit_shares >> 1, 1)))
        return QueueWithdrawals(owner, (WithdrawalRequest((BEACON_CHAIN_ETH,), (shares,)),))
    if nonce < 0:
        return RecordBeaconChainEthBalanceUpdate(owner, owner, 0, choices.pick(DEPOSITS_WEI), is_from_pod=True)
    if deposit_shares == 0 and not choices.one_in(4):
        return PlantPodOwnerDepositShares(owner, -_deficit(choices, draft, owner, nonce))
    delay_blocks = draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    missing_blocks = draft.get(WITHDRAWALS, (owner, nonce)).start_block + delay_blocks + 1 - current_block(draft)
    if missing_blocks > 0:
        return MineBlocks(missing_blocks)
    return CompleteQueuedWithdrawal(owner, Completion(owner, nonce, (ZERO_ADDRESS,), not choices.one_in(4)))


def _is_stuck(draft: Draft, owner: str) -> bool:
    """True if the owner has a deficit, that is negative deposit shares, and no pending withdrawal. Then no report of
    its ETH is accepted.
    """
    return draft.get(POD_OWNERS, owner).deposit_shares < 0 and _waiting(draft, owner) < 0


def _deficit(choices: Choices, draft: Draft, owner: str, nonce: int) -> int:
    """The size of a deficit in shares, to be set for an owner with a pending withdrawal. Mostly it is one wei, one gwei
    or part of that withdrawal; seldom all of it or more.
    """
    waiting_shares = draft.get(QUEUED_SHARES, (owner, nonce, 0)).scaled_shares
    if choices.one_in(6):
        return max(waiting_shares, 1) + choices.pick((0, 1, GWEI_TO_WEI))
    return choices.pick((1, GWEI_TO_WEI, max(waiting_shares >> 1, 1), max(waiting_shares - 1, 1)))


def _waiting(draft: Draft, owner: str) -> int:
    """The nonce of an owner's latest pending withdrawal among its last four, or -1 if there is none."""
    queued = draft.get(STAKERS, owner).withdrawals_queued
    for nonce in range(queued - 1, max(queued - 4, 0) - 1, -1):
        if draft.get(WITHDRAWALS, (owner, nonce)).is_pending:
            return nonce
    return -1


DEFICITS: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    {**native_walk.world(), "name": "native ETH and deficits"},
    native_walk.opening,
    _next_action,
)
