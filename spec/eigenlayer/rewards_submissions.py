"""Submissions of rewards: seven kinds. Each submission of a call is checked completely before the next one.

The payer's tokens move to the coordinator at once, and the protocol fee from there to the fee recipient. The earnings
are computed off chain, see `rewards_calculation.py`.
"""

from typing import Final

from spec.arithmetic import UINT32_MAX, UINT256_MAX, mul_div_floor, remainder
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import (
    CreateAvsRewardsSubmission,
    CreateEigenDaRewardsSubmission,
    CreateOperatorDirectedAvsRewardsSubmission,
    CreateOperatorDirectedOperatorSetRewardsSubmission,
    CreateRewardsForAllEarners,
    CreateRewardsForAllSubmission,
    CreateTotalStakeRewardsSubmission,
    CreateUniqueStakeRewardsSubmission,
    OperatorDirectedRewardsSubmission,
    OperatorReward,
    RewardsSubmission,
    StrategyAndMultiplier,
)
from spec.eigenlayer.rewards_config import (
    AVS,
    FOR_ALL,
    FOR_ALL_EARNERS,
    MAX_REWARDS_AMOUNT,
    ONE_HUNDRED_IN_BIPS,
    OPERATOR_DIRECTED_AVS,
    OPERATOR_DIRECTED_OPERATOR_SET,
    PROTOCOL_FEE_BIPS,
    REWARDS_COORDINATOR,
    TOTAL_STAKE,
    UNIQUE_STAKE,
)
from spec.eigenlayer.rewards_state import (
    RewardedOperator,
    RewardedStrategy,
    Submission,
    SubmissionCount,
    SubmissionNonce,
)
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    OPERATOR_SETS,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDED_OPERATORS,
    REWARDED_STRATEGIES,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    STRATEGIES,
    SUBMISSION_COUNT,
    SUBMISSION_NONCES,
    SUBMISSIONS,
    OperatorSet,
)
from spec.eigenlayer.strategies import transfer
from spec.machine import SINGLETON, Delta, Draft

NO_OPERATOR_SET: Final[OperatorSet] = ("", 0)
NO_OPERATORS: Final[tuple[OperatorReward, ...]] = ()


def protocol_fee(amount: int) -> int:
    """The protocol fee on an amount. Rounds down. Source: RewardsCoordinator._takeProtocolFee."""
    return mul_div_floor(amount, PROTOCOL_FEE_BIPS, ONE_HUNDRED_IN_BIPS)


def create_avs_rewards_submission(draft: Draft, action: CreateAvsRewardsSubmission) -> Delta | Reason:
    """Submit rewards in the name of the sender, which need not be an AVS.

    Rejects, for each submission in order: a reason of `_check_terms` if the strategies, the start or the duration are
    invalid; AMOUNT_IS_ZERO, AMOUNT_EXCEEDS_MAX, START_TIMESTAMP_TOO_FAR_IN_FUTURE; a reason of `_pay_in` if the payment
    fails. Source: RewardsCoordinator.createAVSRewardsSubmission.
    """
    return _submit_each(draft, action.sender, action.sender, AVS, NO_OPERATOR_SET, action.submissions)


def create_eigen_da_rewards_submission(draft: Draft, action: CreateEigenDaRewardsSubmission) -> Delta | Reason:
    """Submit rewards in the name of an AVS, paid by the emissions controller.

    Rejects, in order: UNAUTHORIZED_CALLER unless the emissions controller calls; for each submission a reason of
    `_check_terms` if the strategies, the start or the duration are invalid, AMOUNT_IS_ZERO, AMOUNT_EXCEEDS_MAX,
    START_TIMESTAMP_TOO_FAR_IN_FUTURE, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator.createEigenDARewardsSubmission.
    """
    if action.sender != draft.get(REWARDS_CONFIG, SINGLETON).emissions_controller:
        return Reason.UNAUTHORIZED_CALLER
    return _submit_each(draft, action.sender, action.avs, AVS, NO_OPERATOR_SET, action.submissions)


def create_rewards_for_all_submission(draft: Draft, action: CreateRewardsForAllSubmission) -> Delta | Reason:
    """Submit rewards for all stakers, without protocol fee.

    Rejects, in order: UNAUTHORIZED_CALLER unless the owner has allowed the sender; for each submission a reason of
    `_check_terms` if the strategies, the start or the duration are invalid, AMOUNT_IS_ZERO, AMOUNT_EXCEEDS_MAX,
    START_TIMESTAMP_TOO_FAR_IN_FUTURE, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator.createRewardsForAllSubmission.
    """
    if not draft.get(REWARDS_FOR_ALL_SUBMITTERS, action.sender).is_given:
        return Reason.UNAUTHORIZED_CALLER
    return _submit_each(draft, action.sender, action.sender, FOR_ALL, NO_OPERATOR_SET, action.submissions)


def create_rewards_for_all_earners(draft: Draft, action: CreateRewardsForAllEarners) -> Delta | Reason:
    """Submit rewards for the operators of all AVSs and their stakers, without protocol fee.

    Rejects, in order: UNAUTHORIZED_CALLER unless the owner has allowed the sender; for each submission a reason of
    `_check_terms` if the strategies, the start or the duration are invalid, AMOUNT_IS_ZERO, AMOUNT_EXCEEDS_MAX,
    START_TIMESTAMP_TOO_FAR_IN_FUTURE, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator.createRewardsForAllEarners.
    """
    if not draft.get(REWARDS_FOR_ALL_SUBMITTERS, action.sender).is_given:
        return Reason.UNAUTHORIZED_CALLER
    return _submit_each(draft, action.sender, action.sender, FOR_ALL_EARNERS, NO_OPERATOR_SET, action.submissions)


def create_unique_stake_rewards_submission(draft: Draft, action: CreateUniqueStakeRewardsSubmission) -> Delta | Reason:
    """Submit rewards for an operator set's operators, divided by the stake that they allocate to this set.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists; for each
    submission a reason of `_check_terms` if the strategies, the start or the duration are invalid, AMOUNT_IS_ZERO,
    AMOUNT_EXCEEDS_MAX, START_TIMESTAMP_TOO_FAR_IN_FUTURE, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator.createUniqueStakeRewardsSubmission.
    """
    avs = action.operator_set[0]
    if action.sender != avs:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, action.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    return _submit_each(draft, action.sender, avs, UNIQUE_STAKE, action.operator_set, action.submissions)


def create_total_stake_rewards_submission(draft: Draft, action: CreateTotalStakeRewardsSubmission) -> Delta | Reason:
    """Submit rewards for an operator set's operators, divided by their total stake.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists; for each
    submission a reason of `_check_terms` if the strategies, the start or the duration are invalid, AMOUNT_IS_ZERO,
    AMOUNT_EXCEEDS_MAX, START_TIMESTAMP_TOO_FAR_IN_FUTURE, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator.createTotalStakeRewardsSubmission.
    """
    avs = action.operator_set[0]
    if action.sender != avs:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, action.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    return _submit_each(draft, action.sender, avs, TOTAL_STAKE, action.operator_set, action.submissions)


def create_operator_directed_avs_rewards_submission(
    draft: Draft, action: CreateOperatorDirectedAvsRewardsSubmission
) -> Delta | Reason:
    """Submit rewards for named operators of an AVS, with one amount for each.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls; then, for each submission, a reason of
    `_submit_directed` if its strategies, its period, its operators or their amounts are invalid, or if the payment
    fails. Source: RewardsCoordinator.createOperatorDirectedAVSRewardsSubmission.
    """
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    for submission in action.submissions:
        rejection = _submit_directed(draft, action.avs, OPERATOR_DIRECTED_AVS, NO_OPERATOR_SET, submission)
        if rejection is not None:
            return rejection
    return draft.delta()


def create_operator_directed_operator_set_rewards_submission(
    draft: Draft, action: CreateOperatorDirectedOperatorSetRewardsSubmission
) -> Delta | Reason:
    """Submit rewards for named operators of an operator set, with one amount for each.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists; then, for
    each submission, a reason of `_submit_directed` if its strategies, its period, its operators or their amounts are
    invalid, or if the payment fails. Source: RewardsCoordinator.createOperatorDirectedOperatorSetRewardsSubmission.
    """
    operator_set = action.operator_set
    if action.sender != operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    for submission in action.submissions:
        rejection = _submit_directed(draft, operator_set[0], OPERATOR_DIRECTED_OPERATOR_SET, operator_set, submission)
        if rejection is not None:
            return rejection
    return draft.delta()


def _submit_each(
    draft: Draft,
    payer: str,
    account: str,
    kind: str,
    operator_set: OperatorSet,
    submissions: tuple[RewardsSubmission, ...],
) -> Delta | Reason:
    """Collect and store every submission of a call, in order. If one is rejected, for a reason of `_submit`, the whole
    call is.
    """
    for submission in submissions:
        rejection = _submit(draft, payer, account, kind, operator_set, submission)
        if rejection is not None:
            return rejection
    return draft.delta()


def _submit(
    draft: Draft, payer: str, account: str, kind: str, operator_set: OperatorSet, submission: RewardsSubmission
) -> Reason | None:
    """Collect a submission's amount from the payer, deduct the fee, and store the rest under the account.

    Rejects, in order: a reason of `_check_terms` if the strategies, the start or the duration are invalid;
    AMOUNT_IS_ZERO, AMOUNT_EXCEEDS_MAX, START_TIMESTAMP_TOO_FAR_IN_FUTURE; ERC20_INSUFFICIENT_ALLOWANCE,
    ERC20_INSUFFICIENT_BALANCE, ERC20_TRANSFER_TO_ZERO_ADDRESS if a fee is due and there is no fee recipient. Source:
    RewardsCoordinator._validateRewardsSubmission, _takeProtocolFee.
    """
    amount = submission.amount
    rejection = _check_terms(
        draft, submission.strategies_and_multipliers, submission.start_timestamp, submission.duration_seconds
    )
    if rejection is not None:
        return rejection
    if amount == 0:
        return Reason.AMOUNT_IS_ZERO
    if amount > MAX_REWARDS_AMOUNT:
        return Reason.AMOUNT_EXCEEDS_MAX
    latest_start = current_timestamp(draft) + draft.get(REWARDS_CONFIG, SINGLETON).max_future_seconds
    if submission.start_timestamp > latest_start:
        return Reason.START_TIMESTAMP_TOO_FAR_IN_FUTURE
    is_free = kind in (FOR_ALL, FOR_ALL_EARNERS)
    fee = 0 if is_free or not draft.get(OPTED_IN_FOR_PROTOCOL_FEE, payer).is_given else protocol_fee(amount)
    rejection = _pay_in(draft, submission.token, payer, amount, fee)
    if rejection is not None:
        return rejection
    _book(
        draft,
        account,
        kind,
        operator_set,
        submission.strategies_and_multipliers,
        submission.token,
        amount - fee,
        submission.start_timestamp,
        submission.duration_seconds,
        0,
    )
    return None


def _submit_directed(
    draft: Draft, avs: str, kind: str, operator_set: OperatorSet, submission: OperatorDirectedRewardsSubmission
) -> Reason | None:
    """Collect the sum of all operators' amounts from the AVS, deduct each operator's fee, and store the rest.

    Fees round down for each operator. If an amount times the fee overflows, the call is rejected even without a fee.
    Rejects, in order: a reason of `_check_terms` if the strategies, the start or the duration are invalid;
    INPUT_ARRAY_LENGTH_ZERO, ARITHMETIC_PANIC if the end is no uint32, SUBMISSION_NOT_RETROACTIVE unless it is past; for
    each operator INVALID_ADDRESS_ZERO, OPERATORS_NOT_IN_ASCENDING_ORDER, AMOUNT_IS_ZERO, ARITHMETIC_PANIC; then
    AMOUNT_EXCEEDS_MAX, a reason of `_pay_in` if the payment fails. Source:
    RewardsCoordinator._validateOperatorDirectedRewardsSubmission, _takeOperatorDirectedProtocolFee.
    """
    rejection = _check_terms(
        draft, submission.strategies_and_multipliers, submission.start_timestamp, submission.duration_seconds
    )
    if rejection is not None:
        return rejection
    if len(submission.operator_rewards) == 0:
        return Reason.INPUT_ARRAY_LENGTH_ZERO
    end_timestamp = submission.start_timestamp + submission.duration_seconds
    if end_timestamp > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC
    if end_timestamp >= current_timestamp(draft):
        return Reason.SUBMISSION_NOT_RETROACTIVE
    is_opted_in = draft.get(OPTED_IN_FOR_PROTOCOL_FEE, avs).is_given
    nonce = draft.get(SUBMISSION_NONCES, avs).next_nonce
    amount = 0
    fee = 0
    last_rank = -1
    for position in range(len(submission.operator_rewards)):
        reward = submission.operator_rewards[position]
        if reward.operator == ZERO_ADDRESS:
            return Reason.INVALID_ADDRESS_ZERO
        rank = draft.get(ADDRESS_RANKS, reward.operator).rank
        if rank <= last_rank:
            return Reason.OPERATORS_NOT_IN_ASCENDING_ORDER
        if reward.amount == 0:
            return Reason.AMOUNT_IS_ZERO
        amount += reward.amount
        if amount > UINT256_MAX or reward.amount * PROTOCOL_FEE_BIPS > UINT256_MAX:
            return Reason.ARITHMETIC_PANIC
        operator_fee = protocol_fee(reward.amount) if is_opted_in else 0
        fee += operator_fee
        last_rank = rank
        net_reward = RewardedOperator(reward.operator, reward.amount - operator_fee)
        draft.put(REWARDED_OPERATORS, (avs, nonce, position), net_reward)
    if amount > MAX_REWARDS_AMOUNT:
        return Reason.AMOUNT_EXCEEDS_MAX
    rejection = _pay_in(draft, submission.token, avs, amount, fee)
    if rejection is not None:
        return rejection
    _book(
        draft,
        avs,
        kind,
        operator_set,
        submission.strategies_and_multipliers,
        submission.token,
        amount - fee,
        submission.start_timestamp,
        submission.duration_seconds,
        len(submission.operator_rewards),
    )
    return None


def _check_terms(
    draft: Draft,
    strategies_and_multipliers: tuple[StrategyAndMultiplier, ...],
    start_timestamp: int,
    duration_seconds: int,
) -> Reason | None:
    """Check the terms that all kinds of submission share: the strategies, the start and the duration.

    Rejects, in order: INPUT_ARRAY_LENGTH_ZERO, DURATION_EXCEEDS_MAX, INVALID_DURATION_REMAINDER, DURATION_IS_ZERO,
    INVALID_START_TIMESTAMP_REMAINDER, ARITHMETIC_PANIC if the current timestamp is below the maximum retroactive
    length, START_TIMESTAMP_TOO_FAR_IN_PAST, for each strategy STRATEGY_NOT_WHITELISTED,
    STRATEGIES_NOT_IN_ASCENDING_ORDER.
    Source: RewardsCoordinator._validateCommonRewardsSubmission.
    """
    config = draft.get(REWARDS_CONFIG, SINGLETON)
    if len(strategies_and_multipliers) == 0:
        return Reason.INPUT_ARRAY_LENGTH_ZERO
    if duration_seconds > config.max_rewards_duration_seconds:
        return Reason.DURATION_EXCEEDS_MAX
    if remainder(duration_seconds, config.calculation_interval_seconds) != 0:
        return Reason.INVALID_DURATION_REMAINDER
    if duration_seconds == 0:
        return Reason.DURATION_IS_ZERO
    if remainder(start_timestamp, config.calculation_interval_seconds) != 0:
        return Reason.INVALID_START_TIMESTAMP_REMAINDER
    earliest_start = current_timestamp(draft) - config.max_retroactive_seconds
    if earliest_start < 0:
        return Reason.ARITHMETIC_PANIC
    if start_timestamp < earliest_start or start_timestamp < config.genesis_rewards_timestamp:
        return Reason.START_TIMESTAMP_TOO_FAR_IN_PAST
    last_rank = -1
    for entry in strategies_and_multipliers:
        pool = draft.get(STRATEGIES, entry.strategy)
        if not pool.is_whitelisted and entry.strategy != config.beacon_chain_eth_strategy:
            return Reason.STRATEGY_NOT_WHITELISTED
        if pool.address_rank <= last_rank:
            return Reason.STRATEGIES_NOT_IN_ASCENDING_ORDER
        last_rank = pool.address_rank
    return None


def _pay_in(draft: Draft, token: str, payer: str, amount: int, fee: int) -> Reason | None:
    """Transfer the full amount from the payer to the coordinator, and the fee from there to the fee recipient.

    Rejects, in order: ERC20_INSUFFICIENT_ALLOWANCE, ERC20_INSUFFICIENT_BALANCE; for a fee
    ERC20_TRANSFER_TO_ZERO_ADDRESS if there is no fee recipient. Source: SafeERC20.safeTransferFrom, safeTransfer.
    """
    if not draft.get(REWARDS_ALLOWANCES, payer).is_given:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    rejection = transfer(draft, token, payer, REWARDS_COORDINATOR, amount)
    if rejection is not None or fee == 0:
        return rejection
    return transfer(draft, token, REWARDS_COORDINATOR, draft.get(REWARDS_SETTINGS, SINGLETON).fee_recipient, fee)


def _book(
    draft: Draft,
    account: str,
    kind: str,
    operator_set: OperatorSet,
    strategies_and_multipliers: tuple[StrategyAndMultiplier, ...],
    token: str,
    amount: int,
    start_timestamp: int,
    duration_seconds: int,
    operator_count: int,
) -> None:
    """Store a submission, with its net amount, under the account's next nonce."""
    nonce = draft.get(SUBMISSION_NONCES, account).next_nonce
    position = draft.get(SUBMISSION_COUNT, SINGLETON).count
    draft.put(SUBMISSION_NONCES, account, SubmissionNonce(nonce + 1))
    draft.put(SUBMISSION_COUNT, SINGLETON, SubmissionCount(position + 1))
    draft.put(
        SUBMISSIONS,
        (account, nonce),
        Submission(
            position=position,
            kind=kind,
            token=token,
            amount=amount,
            operator_set=operator_set,
            start_timestamp=start_timestamp,
            duration_seconds=duration_seconds,
            strategy_count=len(strategies_and_multipliers),
            operator_count=operator_count,
        ),
    )
    for place in range(len(strategies_and_multipliers)):
        entry = strategies_and_multipliers[place]
        draft.put(REWARDED_STRATEGIES, (account, nonce, place), RewardedStrategy(entry.strategy, entry.multiplier))
