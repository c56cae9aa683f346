"""Queries of the books of rewards for Symbiotic's laws, written apart from the rules that they judge."""

from typing import Final

from spec.arithmetic import mul_div_floor
from spec.machine import Draft
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    REWARDS_DONE,
    STAKER_REWARDS,
    Pair,
    RewardClaimer,
    RewardList,
    RewardsDone,
)

HINTS_END: Final = 2**32
"""The number that stands for no hint; what is beyond it is no uint32 either, and is malformed."""


def set_aside(rows: Draft, contract: str, token: str) -> int:
    """The amount that is set aside for a contract's admin."""
    fees: Pair = (contract, token)
    return rows.get(CLAIMABLE_ADMIN_FEES, fees).amount


def distribution_count(rows: Draft, rewards: RewardList) -> int:
    """The number of rewards in a list."""
    return rows.get(DISTRIBUTION_COUNTS, rewards).count


def rewards_done(rows: Draft, rewards: RewardList, account: str) -> RewardsDone:
    """The number of rewards that an account has claimed of a list, and what they paid."""
    claimer: RewardClaimer = (rewards[0], rewards[1], rewards[2], account)
    return rows.get(REWARDS_DONE, claimer)


def part_of_reward(rows: Draft, rewards: RewardList, index: int, account: str) -> int:
    """An account's part of a reward, by the vault's own history."""
    reward = rows.get(DISTRIBUTIONS, (rewards, index))
    vault = rows.get(STAKER_REWARDS, rewards[0]).vault
    holder: Pair = (vault, account)
    shares = ACTIVE_SHARES_OF.value_at(rows, holder, reward.timestamp)
    return mul_div_floor(shares, reward.amount, ACTIVE_SHARES.value_at(rows, vault, reward.timestamp))


def operator_balance(rows: Draft, network: str, token: str) -> int:
    """The balance of a network in the operators' contract."""
    purse: Pair = (network, token)
    return rows.get(OPERATOR_REWARD_BALANCES, purse).amount


def operator_claimed(rows: Draft, network: str, token: str, account: str) -> int:
    """The amount that an account has claimed of a network's rewards for operators."""
    return rows.get(OPERATOR_REWARDS_CLAIMED, (network, token, account)).amount
