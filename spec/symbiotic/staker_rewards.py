"""Rewards of stakers: a network pays a reward for a past timestamp, shared by the holders of active shares at that
time.

An account's part of a reward is its fraction of the vault's active shares at that timestamp, rounded down. Amounts lost
to rounding belong to no account. Each account claims the rewards of one network in one token in the order of payment. A
timestamp counts with the state after its last call, and only past timestamps can be rewarded. So no later deposit,
withdrawal or slash changes a part of a reward. A contract serves one vault; all its rewards in one token share one
balance.
"""

from typing import Final, TypeVar

from spec.arithmetic import UINT32_MAX, mul_div_floor
from spec.history import HistoryTable
from spec.machine import Delta, Draft
from spec.symbiotic.actions import ClaimAdminFee, ClaimStakerRewards, DistributeStakerRewards, SetAdminFee
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.collateral import transfer, transfer_from
from spec.symbiotic.config import ADMIN_FEE_BASE_BIPS, ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    MIDDLEWARES,
    REWARDS_DONE,
    STAKER_REWARDS,
    AdminFee,
    CachedShares,
    Distribution,
    Pair,
    RewardAmount,
    RewardClaimer,
    RewardCount,
    RewardList,
    RewardsDone,
)

Key = TypeVar("Key")

NO_HINT: Final = UINT32_MAX + 1
"""The number that stands for no hint (empty bytes). Smaller numbers are positions of checkpoints, counted from 0."""

MALFORMED_HINT: Final = NO_HINT + 1
"""The number that stands for a malformed hint: bytes that hold no uint32. Larger numbers stand for it, too."""


def reward_part(shares: int, amount: int, all_shares: int) -> int:
    """The part of a reward for an account's shares out of all shares. Rounds down; no account gets the remainder."""
    return mul_div_floor(shares, amount, all_shares)


def admin_fee_of(amount: int, fee_bips: int) -> int:
    """The admin fee on a reward. Rounds down, in favour of the stakers."""
    return mul_div_floor(amount, fee_bips, ADMIN_FEE_BASE_BIPS)


def check_hint(draft: Draft, history: HistoryTable[Key], key: Key, hint: int) -> Reason | None:
    """Check a hint: the position, from 0, at which a look-up expects its checkpoint in the history of `key`.

    The position of another checkpoint is accepted, because in the contract it only costs gas. Rejects, in order:
    EMPTY_REVERT for a malformed hint, INDEX_PANIC for a position beyond the last checkpoint.
    Source: Checkpoints.upperLookupRecent with a hint.
    """
    if hint == NO_HINT:
        return None
    if hint > NO_HINT:
        return Reason.EMPTY_REVERT
    return Reason.INDEX_PANIC if hint >= draft.get(history.heads, key).count else None


def distribute_staker_rewards(draft: Draft, action: DistributeStakerRewards) -> Delta | Reason:
    """Collect a reward from a network's middleware, set the admin fee aside, and append the rest to the rewards list.

    The vault need not give the network stake. Hints are checked only at the first reward for a timestamp.
    Rejects, in order: EMPTY_REVERT if there is no such contract, NOT_NETWORK_MIDDLEWARE, INVALID_REWARD_TIMESTAMP
    unless the timestamp is past, HIGH_ADMIN_FEE above the call's maximum; at the first reward for the timestamp
    EMPTY_REVERT or INDEX_PANIC for a wrong hint, and INVALID_REWARD_TIMESTAMP if the vault had no shares or no stake
    then; ERC20_INSUFFICIENT_ALLOWANCE, ERC20_INSUFFICIENT_BALANCE, INSUFFICIENT_REWARD for an amount of 0.
    Source: DefaultStakerRewards.distributeRewards.
    """
    config = draft.get(STAKER_REWARDS, action.contract)
    if config.vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if draft.get(MIDDLEWARES, action.network).account != action.sender:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if action.timestamp >= current_timestamp(draft):
        return Reason.INVALID_REWARD_TIMESTAMP
    fee_bips = draft.get(ADMIN_FEES, action.contract).fee_bips
    if action.max_admin_fee_bips < fee_bips:
        return Reason.HIGH_ADMIN_FEE
    rejection = _cache_shares(draft, config.vault, action)
    if rejection is not None:
        return rejection
    rejection = transfer_from(draft, action.token, action.sender, action.contract, action.amount)
    if rejection is not None:
        return rejection
    if action.amount == 0:
        return Reason.INSUFFICIENT_REWARD
    fee_amount = admin_fee_of(action.amount, fee_bips)
    fees: Pair = (action.contract, action.token)
    draft.put(CLAIMABLE_ADMIN_FEES, fees, RewardAmount(draft.get(CLAIMABLE_ADMIN_FEES, fees).amount + fee_amount))
    if action.amount > fee_amount:
        rewards: RewardList = (action.contract, action.token, action.network)
        count = draft.get(DISTRIBUTION_COUNTS, rewards).count
        draft.put(DISTRIBUTIONS, (rewards, count), Distribution(action.amount - fee_amount, action.timestamp))
        draft.put(DISTRIBUTION_COUNTS, rewards, RewardCount(count + 1))
    return draft.delta()


def _cache_shares(draft: Draft, vault: str, action: DistributeStakerRewards) -> Reason | None:
    """Store the vault's total active shares at the rewarded timestamp, unless they are stored already.

    A vault whose stake was slashed entirely has shares and no stake: timestamps of such a time cannot be rewarded.
    Rejects, in order: EMPTY_REVERT or INDEX_PANIC for a wrong hint (`check_hint`), first that of the active shares and
    then that of the active stake; INVALID_REWARD_TIMESTAMP if the vault had no shares or no stake then.
    """
    if draft.get(CACHED_SHARES, (action.contract, action.timestamp)).shares != 0:
        return None
    rejection = check_hint(draft, ACTIVE_SHARES, vault, action.active_shares_hint)
    if rejection is not None:
        return rejection
    rejection = check_hint(draft, ACTIVE_STAKE, vault, action.active_stake_hint)
    if rejection is not None:
        return rejection
    shares = ACTIVE_SHARES.value_at(draft, vault, action.timestamp)
    if shares == 0 or ACTIVE_STAKE.value_at(draft, vault, action.timestamp) == 0:
        return Reason.INVALID_REWARD_TIMESTAMP
    draft.put(CACHED_SHARES, (action.contract, action.timestamp), CachedShares(shares))
    return None


def claim_staker_rewards(draft: Draft, action: ClaimStakerRewards) -> Delta | Reason:
    """Pay the sender's parts of its next rewards to a recipient, in one transfer. A sum of 0 is not transferred.

    Any account may claim. One without shares is paid nothing, and cannot claim these rewards again.
    Rejects, in order: EMPTY_REVERT if there is no such contract, INVALID_RECIPIENT for the zero address,
    NO_REWARDS_TO_CLAIM, INVALID_HINTS_LENGTH unless there is a hint for each reward or none at all, EMPTY_REVERT or
    INDEX_PANIC for a wrong hint, ERC20_INSUFFICIENT_BALANCE.
    Source: DefaultStakerRewards.claimRewards.
    """
    vault = draft.get(STAKER_REWARDS, action.contract).vault
    if vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if action.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    rewards: RewardList = (action.contract, action.token, action.network)
    claimer: RewardClaimer = (action.contract, action.token, action.network, action.sender)
    done = draft.get(REWARDS_DONE, claimer)
    claimed = min(action.max_rewards, draft.get(DISTRIBUTION_COUNTS, rewards).count - done.count)
    if claimed == 0:
        return Reason.NO_REWARDS_TO_CLAIM
    is_hinted = len(action.active_shares_of_hints) != 0
    if is_hinted and len(action.active_shares_of_hints) != claimed:
        return Reason.INVALID_HINTS_LENGTH
    holder: Pair = (vault, action.sender)
    amount = 0
    for position in range(claimed):
        if is_hinted:
            rejection = check_hint(draft, ACTIVE_SHARES_OF, holder, action.active_shares_of_hints[position])
            if rejection is not None:
                return rejection
        amount += _part_of(draft, holder, rewards, done.count + position)
    draft.put(REWARDS_DONE, claimer, RewardsDone(done.count + claimed, done.paid_amount + amount))
    if amount > 0:
        rejection = transfer(draft, action.token, action.contract, action.recipient, amount)
        if rejection is not None:
            return rejection
    return draft.delta()


def _part_of(draft: Draft, holder: Pair, rewards: RewardList, index: int) -> int:
    """An account's part of one reward. It never exceeds the reward, as the account's shares never exceed all shares.
    `index` is the reward's position in the list, and `holder` the key of the account's shares: the vault and the
    account.
    """
    reward = draft.get(DISTRIBUTIONS, (rewards, index))
    all_shares = draft.get(CACHED_SHARES, (rewards[0], reward.timestamp)).shares
    return reward_part(ACTIVE_SHARES_OF.value_at(draft, holder, reward.timestamp), reward.amount, all_shares)


def claimable_rewards(draft: Draft, rewards: RewardList, account: str) -> int:
    """The amount that an account can claim from a list of rewards now. Source: DefaultStakerRewards.claimable."""
    holder: Pair = (draft.get(STAKER_REWARDS, rewards[0]).vault, account)
    done = draft.get(REWARDS_DONE, (*rewards, account)).count
    count = draft.get(DISTRIBUTION_COUNTS, rewards).count
    return sum([_part_of(draft, holder, rewards, index) for index in range(done, count)])


def claim_admin_fee(draft: Draft, action: ClaimAdminFee) -> Delta | Reason:
    """Pay the whole admin fee that is set aside in one token to a recipient.

    Rejects, in order: EMPTY_REVERT if there is no such contract, UNAUTHORIZED_ACCOUNT unless the admin fee's claimer
    calls, INSUFFICIENT_ADMIN_FEE if no fee is set aside, ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE.
    Source: DefaultStakerRewards.claimAdminFee.
    """
    config = draft.get(STAKER_REWARDS, action.contract)
    if config.vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if action.sender != config.admin_fee_claimer:
        return Reason.UNAUTHORIZED_ACCOUNT
    fees: Pair = (action.contract, action.token)
    amount = draft.get(CLAIMABLE_ADMIN_FEES, fees).amount
    if amount == 0:
        return Reason.INSUFFICIENT_ADMIN_FEE
    draft.put(CLAIMABLE_ADMIN_FEES, fees, RewardAmount(0))
    rejection = transfer(draft, action.token, action.contract, action.recipient, amount)
    return draft.delta() if rejection is None else rejection


def set_admin_fee(draft: Draft, action: SetAdminFee) -> Delta | Reason:
    """Change the admin fee on rewards that are paid in from now on.

    Rejects, in order: EMPTY_REVERT if there is no such contract, UNAUTHORIZED_ACCOUNT unless the admin fee's setter
    calls, ALREADY_SET, INVALID_ADMIN_FEE above one hundred percent.
    Source: DefaultStakerRewards.setAdminFee.
    """
    config = draft.get(STAKER_REWARDS, action.contract)
    if config.vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if action.sender != config.admin_fee_setter:
        return Reason.UNAUTHORIZED_ACCOUNT
    if action.fee_bips == draft.get(ADMIN_FEES, action.contract).fee_bips:
        return Reason.ALREADY_SET
    if action.fee_bips > ADMIN_FEE_BASE_BIPS:
        return Reason.INVALID_ADMIN_FEE
    draft.put(ADMIN_FEES, action.contract, AdminFee(action.fee_bips))
    return draft.delta()
