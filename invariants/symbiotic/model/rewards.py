"""Model laws of rewards: the guards of paying in and claiming, and the amounts that they move."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, Scope, StepLaw
from invariants.symbiotic.rewards_queries import (
    HINTS_END,
    distribution_count,
    operator_balance,
    operator_claimed,
    part_of_reward,
    rewards_done,
    set_aside,
)
from invariants.symbiotic.state_queries import moved, now
from spec.arithmetic import mul_div_floor
from spec.history import HistoryTable
from spec.machine import Draft
from spec.symbiotic.actions import (
    ClaimAdminFee,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    SetAdminFee,
    TransferReward,
)
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    ALLOWANCES,
    CACHED_SHARES,
    DISTRIBUTIONS,
    MIDDLEWARES,
    OPERATOR_ROOTS,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    Pair,
    RewardList,
)


def _hint(rows: Draft, history: HistoryTable[Any], key: Any, hint: int) -> Reason | None:
    """The first reason against a hint, or None. A hint must be the index of a checkpoint of the history.

    HINTS_END stands for no hint; larger values do not fit uint32.
    """
    if hint > HINTS_END:
        return Reason.EMPTY_REVERT
    is_missing = hint < HINTS_END and hint >= rows.get(history.heads, key).count
    return Reason.INDEX_PANIC if is_missing else None


def _paying_in(rows: Draft, token: str, sender: str, contract: str, amount: int) -> Reason | None:
    allowance: Pair = (token, sender, contract)
    account: Pair = (token, sender)
    if amount > 0 and not rows.get(ALLOWANCES, allowance).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    return Reason.ERC20_INSUFFICIENT_BALANCE if rows.get(TOKEN_BALANCES, account).amount < amount else None


def _transfer(rows: Draft, call: TransferReward) -> Reason | None:
    if call.to == ZERO_ADDRESS:
        return Reason.ERC20_INVALID_RECEIVER
    account: Pair = (call.token, call.sender)
    return Reason.ERC20_INSUFFICIENT_BALANCE if rows.get(TOKEN_BALANCES, account).amount < call.amount else None


def _distribute_staker_rewards(rows: Draft, call: DistributeStakerRewards) -> Reason | None:
    """The first reason to reject a DistributeStakerRewards call, or None.

    Hints are checked only for a timestamp that was not rewarded before.
    """
    vault = rows.get(STAKER_REWARDS, call.contract).vault
    if vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if call.sender != rows.get(MIDDLEWARES, call.network).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if call.timestamp >= now(rows):
        return Reason.INVALID_REWARD_TIMESTAMP
    if rows.get(ADMIN_FEES, call.contract).fee_bips > call.max_admin_fee_bips:
        return Reason.HIGH_ADMIN_FEE
    if rows.get(CACHED_SHARES, (call.contract, call.timestamp)).shares == 0:
        reason = _hint(rows, ACTIVE_SHARES, vault, call.active_shares_hint)
        if reason is not None:
            return reason
        reason = _hint(rows, ACTIVE_STAKE, vault, call.active_stake_hint)
        if reason is not None:
            return reason
        shares = ACTIVE_SHARES.value_at(rows, vault, call.timestamp)
        if shares == 0 or ACTIVE_STAKE.value_at(rows, vault, call.timestamp) == 0:
            return Reason.INVALID_REWARD_TIMESTAMP
    reason = _paying_in(rows, call.token, call.sender, call.contract, call.amount)
    if reason is not None:
        return reason
    return Reason.INSUFFICIENT_REWARD if call.amount == 0 else None


def _claim_staker_rewards(rows: Draft, call: ClaimStakerRewards) -> Reason | None:
    """The first reason to reject a ClaimStakerRewards call, or None.

    The last reason is that the contract holds less than the claim is worth; walks never reach it.
    """
    vault = rows.get(STAKER_REWARDS, call.contract).vault
    if vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if call.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    claimed = claimed_now(rows, call)
    if claimed == 0:
        return Reason.NO_REWARDS_TO_CLAIM
    hints = call.active_shares_of_hints
    if len(hints) != 0 and len(hints) != claimed:
        return Reason.INVALID_HINTS_LENGTH
    holder: Pair = (vault, call.sender)
    for hint in hints:
        reason = _hint(rows, ACTIVE_SHARES_OF, holder, hint)
        if reason is not None:
            return reason
    return _short_of(rows, call.contract, call.token, claim_amount(rows, call))


def _short_of(rows: Draft, contract: str, token: str, amount: int) -> Reason | None:
    account: Pair = (token, contract)
    return Reason.ERC20_INSUFFICIENT_BALANCE if rows.get(TOKEN_BALANCES, account).amount < amount else None


def claimed_now(rows: Draft, call: ClaimStakerRewards) -> int:
    """The number of rewards that a claim covers: those of its list that the sender has not claimed, up to
    `max_rewards`.
    """
    rewards: RewardList = (call.contract, call.token, call.network)
    left = distribution_count(rows, rewards) - rewards_done(rows, rewards, call.sender).count
    return min(call.max_rewards, left)


def claim_amount(rows: Draft, call: ClaimStakerRewards) -> int:
    """The amount of the token that a claim is worth: the account's share of each reward, each share rounded down."""
    rewards: RewardList = (call.contract, call.token, call.network)
    done, amount = rewards_done(rows, rewards, call.sender).count, 0
    for position in range(claimed_now(rows, call)):
        amount += part_of_reward(rows, rewards, done + position, call.sender)
    return amount


def _claim_admin_fee(rows: Draft, call: ClaimAdminFee) -> Reason | None:
    config = rows.get(STAKER_REWARDS, call.contract)
    if config.vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin_fee_claimer:
        return Reason.UNAUTHORIZED_ACCOUNT
    if set_aside(rows, call.contract, call.token) == 0:
        return Reason.INSUFFICIENT_ADMIN_FEE
    if call.recipient == ZERO_ADDRESS:
        return Reason.ERC20_INVALID_RECEIVER
    return _short_of(rows, call.contract, call.token, set_aside(rows, call.contract, call.token))


def _set_admin_fee(rows: Draft, call: SetAdminFee) -> Reason | None:
    config = rows.get(STAKER_REWARDS, call.contract)
    if config.vault == ZERO_ADDRESS:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin_fee_setter:
        return Reason.UNAUTHORIZED_ACCOUNT
    if call.fee_bips == rows.get(ADMIN_FEES, call.contract).fee_bips:
        return Reason.ALREADY_SET
    return Reason.INVALID_ADMIN_FEE if call.fee_bips > 10_000 else None


def _distribute_operator_rewards(rows: Draft, call: DistributeOperatorRewards) -> Reason | None:
    if call.sender != rows.get(MIDDLEWARES, call.network).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    return None if call.amount == 0 else _paying_in(rows, call.token, call.sender, OPERATOR_REWARDS, call.amount)


def _claim_operator_rewards(rows: Draft, call: ClaimOperatorRewards) -> Reason | None:
    purse: Pair = (call.network, call.token)
    root = rows.get(OPERATOR_ROOTS, purse).root
    if root == ZERO_ROOT:
        return Reason.ROOT_NOT_SET
    if root != call.proof_root:
        return Reason.INVALID_PROOF
    claimed = operator_claimed(rows, call.network, call.token, call.sender)
    if claimed >= call.total_claimable:
        return Reason.INSUFFICIENT_TOTAL_CLAIMABLE
    if call.total_claimable > claimed + operator_balance(rows, call.network, call.token):
        return Reason.INSUFFICIENT_BALANCE
    return Reason.ERC20_INVALID_RECEIVER if call.recipient == ZERO_ADDRESS else None


def _reward_is_paid_in(step: AcceptedStep[DistributeStakerRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    rewards: RewardList = (call.contract, call.token, call.network)
    fee = mul_div_floor(call.amount, before.get(ADMIN_FEES, call.contract).fee_bips, 10_000)
    count = distribution_count(before, rewards)
    vault = before.get(STAKER_REWARDS, call.contract).vault
    kept = after.get(CACHED_SHARES, (call.contract, call.timestamp)).shares
    is_right = (
        moved(step, call.token, call.sender, call.contract, call.amount)
        and set_aside(after, call.contract, call.token) == set_aside(before, call.contract, call.token) + fee
        and kept == ACTIVE_SHARES.value_at(before, vault, call.timestamp)
    )
    if fee == call.amount:
        return is_right and distribution_count(after, rewards) == count
    reward = after.get(DISTRIBUTIONS, (rewards, count))
    return (
        is_right
        and distribution_count(after, rewards) == count + 1
        and reward.amount == call.amount - fee
        and reward.timestamp == call.timestamp
    )


def _claim_pays_its_parts(step: AcceptedStep[ClaimStakerRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    rewards: RewardList = (call.contract, call.token, call.network)
    was, is_now = rewards_done(before, rewards, call.sender), rewards_done(after, rewards, call.sender)
    amount = claim_amount(before, call)
    return (
        is_now.count == was.count + claimed_now(before, call)
        and is_now.paid_amount == was.paid_amount + amount
        and moved(step, call.token, call.contract, call.recipient, amount)
    )


def _admin_is_paid_all(step: AcceptedStep[ClaimAdminFee]) -> bool:
    call = step.action
    amount = set_aside(step.before.rows, call.contract, call.token)
    return set_aside(step.after.rows, call.contract, call.token) == 0 and moved(
        step, call.token, call.contract, call.recipient, amount
    )


def _fee_is_set(step: AcceptedStep[SetAdminFee]) -> bool:
    return step.after.rows.get(ADMIN_FEES, step.action.contract).fee_bips == step.action.fee_bips


def _root_is_set_and_paid_for(step: AcceptedStep[DistributeOperatorRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    purse: Pair = (call.network, call.token)
    return (
        after.get(OPERATOR_ROOTS, purse).root == call.root
        and operator_balance(after, call.network, call.token)
        == operator_balance(before, call.network, call.token) + call.amount
        and moved(step, call.token, call.sender, OPERATOR_REWARDS, call.amount)
    )


def _operator_is_paid_the_difference(step: AcceptedStep[ClaimOperatorRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    amount = call.total_claimable - operator_claimed(before, call.network, call.token, call.sender)
    return (
        step.delta.returns == amount
        and operator_claimed(after, call.network, call.token, call.sender) == call.total_claimable
        and operator_balance(after, call.network, call.token)
        == operator_balance(before, call.network, call.token) - amount
        and moved(step, call.token, OPERATOR_REWARDS, call.recipient, amount)
    )


def _transfer_moves_its_amount(step: AcceptedStep[TransferReward]) -> bool:
    call = step.action
    return moved(step, call.token, call.sender, call.to, call.amount)


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    TransferReward: _transfer,
    DistributeStakerRewards: _distribute_staker_rewards,
    ClaimStakerRewards: _claim_staker_rewards,
    ClaimAdminFee: _claim_admin_fee,
    SetAdminFee: _set_admin_fee,
    DistributeOperatorRewards: _distribute_operator_rewards,
    ClaimOperatorRewards: _claim_operator_rewards,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "REWARD-01",
        "A reward moves its amount from the middleware to the contract, sets the admin's part aside, rounded down, and "
        "appends the rest for its second.",
        "DefaultStakerRewards.distributeRewards",
        _reward_is_paid_in,
        Scope((DistributeStakerRewards,)),
    ),
    StepLaw(
        "REWARD-02",
        "A claim of rewards pays its recipient the claimer's parts of its next rewards, each rounded down, and is done "
        "with them.",
        "DefaultStakerRewards.claimRewards",
        _claim_pays_its_parts,
        Scope((ClaimStakerRewards,)),
    ),
    StepLaw(
        "REWARD-03",
        "The admin's part is paid whole, and once.",
        "DefaultStakerRewards.claimAdminFee",
        _admin_is_paid_all,
        Scope((ClaimAdminFee,)),
    ),
    StepLaw(
        "REWARD-04",
        "The admin fee is what its setter asked for.",
        "DefaultStakerRewards.setAdminFee",
        _fee_is_set,
        Scope((SetAdminFee,)),
    ),
    StepLaw(
        "REWARD-05",
        "Rewards for operators move their amount from the middleware to the network's balance, and set the root.",
        "DefaultOperatorRewards.distributeRewards",
        _root_is_set_and_paid_for,
        Scope((DistributeOperatorRewards,)),
    ),
    StepLaw(
        "REWARD-06",
        "An operator's claim pays the total that the root names, less what it claimed before, out of the network's "
        "balance.",
        "DefaultOperatorRewards.claimRewards",
        _operator_is_paid_the_difference,
        Scope((ClaimOperatorRewards,)),
    ),
    StepLaw(
        "REWARD-07",
        "A transfer of reward tokens moves its amount, and changes no books.",
        "ERC-20",
        _transfer_moves_its_amount,
        Scope((TransferReward,)),
    ),
]
