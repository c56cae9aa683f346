"""Queries of the books of rewards for Symbiotic's laws, written independently of the rules."""

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
"""The smallest hint that does not fit uint32; it stands for no hint. Larger ones are malformed."""


def set_aside(rows: Draft, contract: str, token: str) -> int:
    """The admin fee in one token that a staker rewards contract has set aside and not paid yet."""
    fees: Pair = (contract, token)
    return rows.get(CLAIMABLE_ADMIN_FEES, fees).amount


def distribution_count(rows: Draft, rewards: RewardList) -> int:
    """The number of rewards in a list of staker rewards. A list is (contract, token, network)."""
    return rows.get(DISTRIBUTION_COUNTS, rewards).count


def rewards_done(rows: Draft, rewards: RewardList, account: str) -> RewardsDone:
    """The number of rewards of a list that an account has claimed, and the amount that they paid."""
    claimer: RewardClaimer = (rewards[0], rewards[1], rewards[2], account)
    return rows.get(REWARDS_DONE, claimer)


def part_of_reward(rows: Draft, rewards: RewardList, index: int, account: str) -> int:
    """An account's share of the reward at `index` of a list, by its active shares at the reward's timestamp, rounded
    down.
    """
    reward = rows.get(DISTRIBUTIONS, (rewards, index))
    vault = rows.get(STAKER_REWARDS, rewards[0]).vault
    holder: Pair = (vault, account)
    shares = ACTIVE_SHARES_OF.value_at(rows, holder, reward.timestamp)
    return mul_div_floor(shares, reward.amount, ACTIVE_SHARES.value_at(rows, vault, reward.timestamp))


def operator_balance(rows: Draft, network: str, token: str) -> int:
    """The balance of a network in the operator rewards contract, in one token."""
    purse: Pair = (network, token)
    return rows.get(OPERATOR_REWARD_BALANCES, purse).amount


def operator_claimed(rows: Draft, network: str, token: str, account: str) -> int:
    """The amount that an account has claimed of a network's operator rewards."""
    return rows.get(OPERATOR_REWARDS_CLAIMED, (network, token, account)).amount
