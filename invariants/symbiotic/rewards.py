"""Symbiotic's laws of rewards: no reward is paid twice, contracts hold the tokens that they owe, and each network pays
its own rewards.
"""

from typing import Final, cast

from invariants.law import (
    AcceptedStep,
    AnyStep,
    RejectionLaw,
    Scope,
    StateLaw,
    StepLaw,
    Subject,
    Sum,
    View,
    Witness,
    written,
)
from invariants.symbiotic.rewards_queries import (
    distribution_count,
    operator_balance,
    operator_claimed,
    part_of_reward,
    rewards_done,
    set_aside,
)
from invariants.symbiotic.state_queries import grown, held_shares, now
from spec.machine import Draft
from spec.symbiotic.actions import (
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    Redeem,
    Slash,
    Withdraw,
)
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    REWARDS_DONE,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    Pair,
    RewardList,
)

REWARDS_IN: Final = Sum("rewards_in", DISTRIBUTIONS, lambda _rows, key, _row: key[0][:2], lambda row: row.amount)
"""A sum per (contract, token): the amounts of all rewards, claimed or not."""

REWARDS_PAID: Final = Sum("rewards_paid", REWARDS_DONE, lambda _rows, key, _row: key[:2], lambda row: row.paid_amount)
"""A sum per (contract, token): the amounts that claims of rewards have paid."""

OPERATOR_PURSES: Final = Sum(
    "operator_purses", OPERATOR_REWARD_BALANCES, lambda _rows, key, _row: key[1], lambda row: row.amount
)
"""A sum per token: the balances of all networks in the operator rewards contract."""

REWARDS_CONTRACTS: Final = Sum(
    "rewards_contracts",
    STAKER_REWARDS,
    lambda _rows, _key, row: row.vault,
    lambda row: 0 if row.vault == ZERO_ADDRESS else 1,
)
"""A sum per vault: the number of its rewards contracts. With it, laws skip vaults without any."""


def _same(key: Subject) -> Subject:
    return key


def _books_are_covered(view: View, subject: tuple[str, str]) -> bool:
    """True if a staker rewards contract holds what it owes in a token. The subject is (contract, token); other accounts
    are not checked.
    """
    contract, token = subject
    if view.rows.get(STAKER_REWARDS, contract).vault == ZERO_ADDRESS:
        return True
    account: Pair = (token, contract)
    owed_amount = set_aside(view.rows, contract, token) + view.total(REWARDS_IN, subject)
    return owed_amount - view.total(REWARDS_PAID, subject) <= view.rows.get(TOKEN_BALANCES, account).amount


def _purses_are_covered(view: View, token: str) -> bool:
    account: Pair = (token, OPERATOR_REWARDS)
    return view.total(OPERATOR_PURSES, token) <= view.rows.get(TOKEN_BALANCES, account).amount


def _nobody_is_ahead_of_its_list(view: View, claimer: tuple[str, str, str, str]) -> bool:
    rewards: RewardList = (claimer[0], claimer[1], claimer[2])
    return view.rows.get(REWARDS_DONE, claimer).count <= distribution_count(view.rows, rewards)


def _nothing_is_claimed_again(step: AnyStep) -> bool:
    """True if each claim raises the number of rewards of a list that its claimer has claimed, and no total paid falls.

    For operator rewards, the claimed total must grow.
    """
    before, after = step.before.rows, step.after.rows
    for claimer in written(step.delta, REWARDS_DONE):
        was, is_now = before.get(REWARDS_DONE, claimer), after.get(REWARDS_DONE, claimer)
        if is_now.count <= was.count or is_now.paid_amount < was.paid_amount:
            return False
    for key in written(step.delta, OPERATOR_REWARDS_CLAIMED):
        if after.get(OPERATOR_REWARDS_CLAIMED, key).amount <= before.get(OPERATOR_REWARDS_CLAIMED, key).amount:
            return False
    return True


def _reward_stays_as_it_is(step: AnyStep) -> bool:
    """True if each written reward is new and positive, and no list of rewards gets shorter."""
    before, after = step.before.rows, step.after.rows
    for rewards, index in written(step.delta, DISTRIBUTIONS):
        is_new = index >= distribution_count(before, rewards) and index < distribution_count(after, rewards)
        if not is_new or after.get(DISTRIBUTIONS, (rewards, index)).amount <= 0:
            return False
    for rewards in written(step.delta, DISTRIBUTION_COUNTS):
        if distribution_count(after, rewards) < distribution_count(before, rewards):
            return False
    return True


def _is_of_a_second_that_is_over(step: AcceptedStep[DistributeStakerRewards]) -> bool:
    call, rows = step.action, step.before.rows
    vault, second = rows.get(STAKER_REWARDS, call.contract).vault, call.timestamp
    has_stake = ACTIVE_SHARES.value_at(rows, vault, second) > 0 and ACTIVE_STAKE.value_at(rows, vault, second) > 0
    return second < now(rows) and has_stake


def _fee_is_as_agreed(step: AcceptedStep[DistributeStakerRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    part = set_aside(after, call.contract, call.token) - set_aside(before, call.contract, call.token)
    most_bips = min(before.get(ADMIN_FEES, call.contract).fee_bips, call.max_admin_fee_bips)
    return part >= 0 and part * 10_000 <= call.amount * most_bips


def _is_of_a_rewarded_vault(step: AcceptedStep[Deposit | Withdraw | Redeem | Slash | ExecuteSlash]) -> bool:
    return step.before.total(REWARDS_CONTRACTS, step.action.vault) > 0


def _past_is_as_it_was(step: AcceptedStep[Deposit | Withdraw | Redeem | Slash | ExecuteSlash]) -> bool:
    """True if the vault's active shares and stake at the previous second, and one account's shares then, are unchanged.

    The account is the beneficiary of a deposit, and the sender of any other call.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    vault, second = call.vault, now(before) - 1
    holder: Pair = (vault, call.on_behalf_of if isinstance(call, Deposit) else call.sender)
    return (
        ACTIVE_SHARES.value_at(after, vault, second) == ACTIVE_SHARES.value_at(before, vault, second)
        and ACTIVE_STAKE.value_at(after, vault, second) == ACTIVE_STAKE.value_at(before, vault, second)
        and ACTIVE_SHARES_OF.value_at(after, holder, second) == ACTIVE_SHARES_OF.value_at(before, holder, second)
    )


def _claimable(rows: Draft, rewards: RewardList, account: str) -> int:
    amount = 0
    for index in range(rewards_done(rows, rewards, account).count, distribution_count(rows, rewards)):
        amount += part_of_reward(rows, rewards, index, account)
    return amount


def _claim_pays_what_was_claimable(step: AcceptedStep[ClaimStakerRewards]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    rewards: RewardList = (call.contract, call.token, call.network)
    paid_amount = (
        rewards_done(after, rewards, call.sender).paid_amount - rewards_done(before, rewards, call.sender).paid_amount
    )
    left_amount = _claimable(before, rewards, call.sender) - _claimable(after, rewards, call.sender)
    is_paid = call.recipient == call.contract or grown(step, call.token, call.contract) == -paid_amount
    return is_paid and paid_amount == left_amount


def _purse_pays_alone(step: AcceptedStep[DistributeOperatorRewards | ClaimOperatorRewards]) -> bool:
    """True if the call changes only its own network's balance of operator rewards, and the contract's tokens by as
    much.
    """
    call = step.action
    own = operator_balance(step.after.rows, call.network, call.token) - operator_balance(
        step.before.rows, call.network, call.token
    )
    all_of_them = step.after.total(OPERATOR_PURSES, call.token) - step.before.total(OPERATOR_PURSES, call.token)
    is_to_itself = isinstance(call, ClaimOperatorRewards) and call.recipient == OPERATOR_REWARDS
    return own == all_of_them and (is_to_itself or grown(step, call.token, OPERATOR_REWARDS) == own)


def _root_is_in_force(step: AcceptedStep[ClaimOperatorRewards]) -> bool:
    call, rows = step.action, step.before.rows
    purse: Pair = (call.network, call.token)
    root = rows.get(OPERATOR_ROOTS, purse).root
    return root != ZERO_ROOT and root == call.proof_root and cast(int, step.delta.returns) > 0


def _is_due_operator_claim(before: View, action: ClaimOperatorRewards) -> bool:
    """True if an account proves more than it has claimed, under the root in force, and the network's balance covers the
    difference.
    """
    call, rows = action, before.rows
    purse: Pair = (call.network, call.token)
    root = rows.get(OPERATOR_ROOTS, purse).root
    claimed = operator_claimed(rows, call.network, call.token, call.sender)
    return (
        call.recipient != ZERO_ADDRESS
        and root != ZERO_ROOT
        and call.proof_root == root
        and claimed < call.total_claimable <= claimed + operator_balance(rows, call.network, call.token)
    )


SUMS: Final[list[Sum]] = [REWARDS_IN, REWARDS_PAID, OPERATOR_PURSES, REWARDS_CONTRACTS]
STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "PAY-01",
        "A rewards contract holds what is set aside for its admin, and all rewards less what claims have paid.",
        "This project; DefaultStakerRewards",
        _books_are_covered,
        rows={
            CLAIMABLE_ADMIN_FEES: _same,
            DISTRIBUTIONS: lambda place: place[0][:2],
            REWARDS_DONE: lambda claimer: claimer[:2],
        },
        sums={REWARDS_IN: _same, REWARDS_PAID: _same},
        also_reads=(STAKER_REWARDS, TOKEN_BALANCES),
    ),
    StateLaw(
        "PAY-02",
        "The operators' contract holds the balances of all networks.",
        "This project; DefaultOperatorRewards.balance",
        _purses_are_covered,
        rows={OPERATOR_REWARD_BALANCES: lambda purse: purse[1]},
        sums={OPERATOR_PURSES: _same},
        also_reads=(TOKEN_BALANCES,),
    ),
    StateLaw(
        "PAY-03",
        "No account has claimed more rewards than were paid in.",
        "DefaultStakerRewards.lastUnclaimedReward",
        _nobody_is_ahead_of_its_list,
        rows={REWARDS_DONE: _same},
        also_reads=(DISTRIBUTION_COUNTS,),
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "PAY-04",
        "No reward is paid twice: whoever claims is done with more than before, or has been paid more in all.",
        "DefaultStakerRewards.lastUnclaimedReward, DefaultOperatorRewards.claimed",
        _nothing_is_claimed_again,
        Scope(tables=(REWARDS_DONE, OPERATOR_REWARDS_CLAIMED)),
    ),
    StepLaw(
        "PAY-05",
        "A reward that was paid in never changes, and stays in its list.",
        "DefaultStakerRewards.rewards",
        _reward_stays_as_it_is,
        Scope(tables=(DISTRIBUTIONS, DISTRIBUTION_COUNTS)),
    ),
    StepLaw(
        "PAY-06",
        "A reward is of a second that is over, in which the vault had active shares and active stake.",
        "DefaultStakerRewards.distributeRewards: InvalidRewardTimestamp",
        _is_of_a_second_that_is_over,
        Scope((DistributeStakerRewards,)),
    ),
    StepLaw(
        "PAY-07",
        "Where a rewards contract serves a vault, no deposit, withdrawal or slash changes what counts for rewards in a "
        "second that is over.",
        "This project; Vault.activeSharesAt, Vault.activeSharesOfAt",
        _past_is_as_it_was,
        Scope((Deposit, Withdraw, Redeem, Slash, ExecuteSlash)),
        applies_to=_is_of_a_rewarded_vault,
    ),
    StepLaw(
        "PAY-08",
        "A claim of rewards pays what its claimer could claim before and cannot any more, of one reward or of many.",
        "This project; DefaultStakerRewards.claimable",
        _claim_pays_what_was_claimable,
        Scope((ClaimStakerRewards,)),
    ),
    StepLaw(
        "PAY-09",
        "A network's rewards for operators are paid from its own balance alone.",
        "This project; DefaultOperatorRewards.balance",
        _purse_pays_alone,
        Scope((DistributeOperatorRewards, ClaimOperatorRewards)),
    ),
    StepLaw(
        "PAY-10",
        "An operator is paid only under the root in force, and something.",
        "DefaultOperatorRewards.claimRewards: RootNotSet, InvalidProof",
        _root_is_in_force,
        Scope((ClaimOperatorRewards,)),
    ),
    StepLaw(
        "PAY-12",
        "The admin's part of a reward is no more than its fee, nor than the payer agreed to.",
        "DefaultStakerRewards.distributeRewards: HighAdminFee",
        _fee_is_as_agreed,
        Scope((DistributeStakerRewards,)),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "PAY-11",
        "An operator that proves more than it has claimed is paid while its network's balance lasts.",
        "This project; DefaultOperatorRewards.claimRewards",
        lambda _rejection: False,
        Scope((ClaimOperatorRewards,)),
        applies_to=_is_due_operator_claim,
    ),
]


def _paid_amount(step: AcceptedStep[ClaimStakerRewards]) -> int:
    """The amount that a claim of staker rewards pays."""
    call = step.action
    rewards: RewardList = (call.contract, call.token, call.network)
    was = rewards_done(step.before.rows, rewards, call.sender)
    is_now = rewards_done(step.after.rows, rewards, call.sender)
    return is_now.paid_amount - was.paid_amount


def _is_paid_after_leaving(step: AcceptedStep[ClaimStakerRewards]) -> bool:
    vault = step.before.rows.get(STAKER_REWARDS, step.action.contract).vault
    return _paid_amount(step) > 0 and held_shares(step.before.rows, vault, step.action.sender) == 0


def _is_of_several_rewards(step: AcceptedStep[ClaimStakerRewards]) -> bool:
    call = step.action
    rewards: RewardList = (call.contract, call.token, call.network)
    was = rewards_done(step.before.rows, rewards, call.sender)
    is_now = rewards_done(step.after.rows, rewards, call.sender)
    return is_now.count > was.count + 1 and is_now.paid_amount > was.paid_amount


def _is_worth_nothing(step: AcceptedStep[ClaimStakerRewards]) -> bool:
    return _paid_amount(step) == 0


def _is_for_a_second_before_a_slash(step: AcceptedStep[DistributeStakerRewards]) -> bool:
    """True if the vault's stake has fallen since the rewarded timestamp, but its shares have not."""
    call, rows = step.action, step.before.rows
    vault = rows.get(STAKER_REWARDS, call.contract).vault
    fell = ACTIVE_STAKE.latest(rows, vault) < ACTIVE_STAKE.value_at(rows, vault, call.timestamp)
    return fell and ACTIVE_SHARES.latest(rows, vault) >= ACTIVE_SHARES.value_at(rows, vault, call.timestamp)


def _is_all_fee(step: AcceptedStep[DistributeStakerRewards]) -> bool:
    return not written(step.delta, DISTRIBUTIONS)


def _has_claimed_before(step: AcceptedStep[ClaimOperatorRewards]) -> bool:
    call = step.action
    return operator_claimed(step.before.rows, call.network, call.token, call.sender) > 0


WITNESSES: Final[list[Witness]] = [
    Witness(
        "SEEN-28",
        "Somebody who has left a vault is paid a reward for when it was there.",
        "DefaultStakerRewards.claimRewards",
        _is_paid_after_leaving,
        Scope((ClaimStakerRewards,)),
    ),
    Witness(
        "SEEN-29",
        "Several rewards are claimed at once, and pay something.",
        "DefaultStakerRewards.claimRewards",
        _is_of_several_rewards,
        Scope((ClaimStakerRewards,)),
    ),
    Witness(
        "SEEN-30",
        "A claim of rewards is worth nothing, and is done.",
        "DefaultStakerRewards.claimRewards",
        _is_worth_nothing,
        Scope((ClaimStakerRewards,)),
    ),
    Witness(
        "SEEN-31",
        "A reward is paid in for a second before a slash.",
        "DefaultStakerRewards.distributeRewards",
        _is_for_a_second_before_a_slash,
        Scope((DistributeStakerRewards,)),
    ),
    Witness(
        "SEEN-32",
        "All of a reward is the admin's.",
        "DefaultStakerRewards.distributeRewards",
        _is_all_fee,
        Scope((DistributeStakerRewards,)),
    ),
    Witness(
        "SEEN-33",
        "An operator that was paid before is paid what a root names beyond that.",
        "DefaultOperatorRewards.claimRewards",
        _has_claimed_before,
        Scope((ClaimOperatorRewards,)),
    ),
]
