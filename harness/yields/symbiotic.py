"""The yields of Symbiotic: of stakers by vault and of operators by root, each from the networks that paid them."""

from collections import Counter
from typing import Final

from harness.yields import Earning, Payment, Yields
from spec.machine import Delta, Draft, State
from spec.protocol import Trace, execute
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import DistributeOperatorRewards, DistributeStakerRewards
from spec.symbiotic.config import OPERATOR_REWARDS
from spec.symbiotic.staker_rewards import admin_fee_of, claimable_rewards
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    REWARDS_DONE,
    STAKER_REWARDS,
    RewardList,
    RewardsDone,
)

SHARED_BY: Final = "/"
"""The separator between an account and the vault through which it earned."""


def yields_of(trace: Trace) -> Yields:
    """The earnings of all accounts over a trace, and all payments.

    A staker's earnings count before they are claimed. An operator's earnings are its claims; what operators have not
    claimed is `unassigned`.
    """
    state, paid_in, commission = _followed(trace)
    earnings: list[Earning] = []
    payments: list[Payment] = []
    for rewards in [rewards for rewards in paid_in if rewards[0] != OPERATOR_REWARDS]:
        earned = _of_list(state, rewards)
        earnings += earned
        total, fees = paid_in[rewards], commission[rewards]
        draft = Draft(state)
        count = draft.get(DISTRIBUTION_COUNTS, rewards).count
        divided = sum(draft.get(DISTRIBUTIONS, (rewards, index)).amount for index in range(count))
        dust = divided - sum(earning.earned for earning in earned)
        payments.append(_payment(rewards, total, fees, sum(earning.earned for earning in earned), 0, dust))
    for (network, token), row in state.rows(OPERATOR_REWARD_BALANCES).items():
        claimed = {
            key[2]: of.amount
            for key, of in state.rows(OPERATOR_REWARDS_CLAIMED).items()
            if key[:2] == (network, token) and of.amount
        }
        earnings += [Earning(account, network, token, amount, amount) for account, amount in claimed.items()]
        rewards = (OPERATOR_REWARDS, token, network)
        payments.append(_payment(rewards, paid_in[rewards], 0, sum(claimed.values()), row.amount, 0))
    return Yields(tuple(earnings), tuple(payments))


def _followed(trace: Trace) -> tuple[State, Counter[RewardList], Counter[RewardList]]:
    """The state after the trace, the amounts paid in, and the admins' commission; the two by contract, token and
    network.
    """
    state = trace.genesis.copy()
    paid_in: Counter[RewardList] = Counter()
    commission: Counter[RewardList] = Counter()
    for step in trace.steps:
        call = step.actions[-1]
        fee_bips = 0
        if isinstance(call, DistributeStakerRewards):
            fee_bips = Draft(state).get(ADMIN_FEES, call.contract).fee_bips
        outcome = execute(PROTOCOL.transition, state, step.actions)
        if not isinstance(outcome, Delta):
            continue
        if isinstance(call, DistributeStakerRewards):
            rewards: RewardList = (call.contract, call.token, call.network)
            paid_in[rewards] += call.amount
            commission[rewards] += admin_fee_of(call.amount, fee_bips)
        elif isinstance(call, DistributeOperatorRewards):
            paid_in[(OPERATOR_REWARDS, call.token, call.network)] += call.amount
    return state, paid_in, commission


def _of_list(state: State, rewards: RewardList) -> list[Earning]:
    """The earnings from one list of rewards: a staker rewards contract, a token and a network. They are of every
    account that ever had shares of the contract's vault.
    """
    draft = Draft(state)
    vault = draft.get(STAKER_REWARDS, rewards[0]).vault
    earnings: list[Earning] = []
    for key in state.rows(ACTIVE_SHARES_OF.heads):
        if key[0] != vault:
            continue
        done: RewardsDone = draft.get(REWARDS_DONE, (*rewards, key[1]))
        earned = done.paid_amount + claimable_rewards(draft, rewards, key[1])
        if earned:
            position = f"{key[1]} {SHARED_BY} {vault}"
            earnings.append(Earning(position, rewards[2], rewards[1], earned, done.paid_amount))
    return earnings


def _payment(rewards: RewardList, total: int, commission: int, earned: int, unassigned: int, dust: int) -> Payment:
    return Payment(rewards[2], rewards[0], rewards[1], total, commission, earned, unassigned, dust)
