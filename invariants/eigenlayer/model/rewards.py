"""Guards of the RewardsCoordinator: for each call the reasons to reject it, in the contract's order."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.eigenlayer.model.staking import lacks_balance
from invariants.eigenlayer.state_queries import is_operator
from spec.arithmetic import UINT32_MAX, UINT256_MAX, mul_div_floor, remainder
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import (
    Claim,
    CreateAvsRewardsSubmission,
    CreateEigenDaRewardsSubmission,
    CreateOperatorDirectedAvsRewardsSubmission,
    CreateOperatorDirectedOperatorSetRewardsSubmission,
    CreateRewardsForAllEarners,
    CreateRewardsForAllSubmission,
    CreateTotalStakeRewardsSubmission,
    CreateUniqueStakeRewardsSubmission,
    DisableRoot,
    OperatorDirectedRewardsSubmission,
    ProcessClaim,
    ProcessClaims,
    RewardsSubmission,
    SetActivationDelay,
    SetClaimerFor,
    SetClaimerForEarner,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetOperatorAvsSplit,
    SetOperatorPiSplit,
    SetOperatorSetSplit,
    SetOptInForProtocolFee,
    SetRewardsForAllSubmitter,
    SetRewardsUpdater,
    SubmitRoot,
)
from spec.eigenlayer.rewards_state import Split
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    CLAIMED,
    CLAIMERS,
    CLOCK,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_COUNTS,
    OPERATOR_SET_SPLITS,
    OPERATOR_SETS,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    STRATEGIES,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft

COORDINATOR: Final = "rewards_coordinator"
MOST_PAID: Final = 10**38 - 1
BIPS: Final = 10_000
FEE_BIPS: Final = 2_000
NEVER_SET: Final = 65_535

Submissions = (
    CreateAvsRewardsSubmission
    | CreateEigenDaRewardsSubmission
    | CreateRewardsForAllSubmission
    | CreateRewardsForAllEarners
    | CreateUniqueStakeRewardsSubmission
    | CreateTotalStakeRewardsSubmission
)
Directed = CreateOperatorDirectedAvsRewardsSubmission | CreateOperatorDirectedOperatorSetRewardsSubmission
Splits = SetOperatorAvsSplit | SetOperatorPiSplit | SetOperatorSetSplit
FREE: Final = (CreateRewardsForAllSubmission, CreateRewardsForAllEarners)


def now_timestamp(rows: Draft) -> int:
    """The current timestamp in seconds."""
    return rows.get(CLOCK, SINGLETON).timestamp


def _terms(rows: Draft, submission: RewardsSubmission | OperatorDirectedRewardsSubmission) -> Reason | None:
    """The first reason against a submission's strategies, duration or start, or None. All types of submission have
    these reasons.

    A start in the future is not rejected here.
    """
    config = rows.get(REWARDS_CONFIG, SINGLETON)
    if len(submission.strategies_and_multipliers) == 0:
        return Reason.INPUT_ARRAY_LENGTH_ZERO
    if submission.duration_seconds > config.max_rewards_duration_seconds:
        return Reason.DURATION_EXCEEDS_MAX
    if remainder(submission.duration_seconds, config.calculation_interval_seconds) > 0:
        return Reason.INVALID_DURATION_REMAINDER
    if submission.duration_seconds == 0:
        return Reason.DURATION_IS_ZERO
    if remainder(submission.start_timestamp, config.calculation_interval_seconds) > 0:
        return Reason.INVALID_START_TIMESTAMP_REMAINDER
    if now_timestamp(rows) < config.max_retroactive_seconds:
        return Reason.ARITHMETIC_PANIC
    is_too_old = submission.start_timestamp + config.max_retroactive_seconds < now_timestamp(rows)
    if is_too_old or submission.start_timestamp < config.genesis_rewards_timestamp:
        return Reason.START_TIMESTAMP_TOO_FAR_IN_PAST
    rank_before = -1
    for entry in submission.strategies_and_multipliers:
        pool = rows.get(STRATEGIES, entry.strategy)
        if not pool.is_whitelisted and entry.strategy != config.beacon_chain_eth_strategy:
            return Reason.STRATEGY_NOT_WHITELISTED
        if pool.address_rank <= rank_before:
            return Reason.STRATEGIES_NOT_IN_ASCENDING_ORDER
        rank_before = pool.address_rank
    return None


def _paying_in(rows: Draft, token: str, payer: str, amount: int, fee: int) -> Reason | None:
    """The first reason against paying `amount` to the RewardsCoordinator, which passes `fee` of it on to the fee
    recipient, or None.
    """
    if not rows.get(REWARDS_ALLOWANCES, payer).is_given:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    if lacks_balance(rows, token, payer, amount):
        return Reason.ERC20_INSUFFICIENT_BALANCE
    if fee > 0 and rows.get(REWARDS_SETTINGS, SINGLETON).fee_recipient == ZERO_ADDRESS:
        return Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    return None


def fee_of(rows: Draft, call: Submissions | Directed, amount: int) -> int:
    """The protocol fee in an amount that a call pays, rounded down.

    Only accounts that opted in pay the fee, and submissions for all stakers or earners are free of it.
    """
    is_taken = rows.get(OPTED_IN_FOR_PROTOCOL_FEE, call.sender).is_given and not isinstance(call, FREE)
    return mul_div_floor(amount, FEE_BIPS, BIPS) if is_taken else 0


def _plain(rows: Draft, call: Submissions) -> Reason | None:
    for submission in call.submissions:
        reason = _terms(rows, submission)
        if reason is not None:
            return reason
        if submission.amount == 0:
            return Reason.AMOUNT_IS_ZERO
        if submission.amount > MOST_PAID:
            return Reason.AMOUNT_EXCEEDS_MAX
        ahead_seconds = submission.start_timestamp - now_timestamp(rows)
        if ahead_seconds > rows.get(REWARDS_CONFIG, SINGLETON).max_future_seconds:
            return Reason.START_TIMESTAMP_TOO_FAR_IN_FUTURE
        fee = fee_of(rows, call, submission.amount)
        reason = _paying_in(rows, submission.token, call.sender, submission.amount, fee)
        if reason is not None:
            return reason
    return None


def _directed(rows: Draft, call: Directed) -> Reason | None:
    for submission in call.submissions:
        reason = _terms(rows, submission)
        if reason is not None:
            return reason
        if len(submission.operator_rewards) == 0:
            return Reason.INPUT_ARRAY_LENGTH_ZERO
        if submission.start_timestamp + submission.duration_seconds > UINT32_MAX:
            return Reason.ARITHMETIC_PANIC
        if submission.start_timestamp + submission.duration_seconds >= now_timestamp(rows):
            return Reason.SUBMISSION_NOT_RETROACTIVE
        amount, fee, rank_before = 0, 0, -1
        for reward in submission.operator_rewards:
            if reward.operator == ZERO_ADDRESS:
                return Reason.INVALID_ADDRESS_ZERO
            rank = rows.get(ADDRESS_RANKS, reward.operator).rank
            if rank <= rank_before:
                return Reason.OPERATORS_NOT_IN_ASCENDING_ORDER
            rank_before = rank
            if reward.amount == 0:
                return Reason.AMOUNT_IS_ZERO
            amount += reward.amount
            fee += fee_of(rows, call, reward.amount)
            if amount > UINT256_MAX or reward.amount * FEE_BIPS > UINT256_MAX:
                return Reason.ARITHMETIC_PANIC
        if amount > MOST_PAID:
            return Reason.AMOUNT_EXCEEDS_MAX
        reason = _paying_in(rows, submission.token, call.sender, amount, fee)
        if reason is not None:
            return reason
    return None


def _own_set(rows: Draft, sender: str, operator_set: OperatorSet) -> Reason | None:
    if sender != operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    return None if rows.get(OPERATOR_SETS, operator_set).exists else Reason.INVALID_OPERATOR_SET


def _eigen_da(rows: Draft, call: CreateEigenDaRewardsSubmission) -> Reason | None:
    is_controller = call.sender == rows.get(REWARDS_CONFIG, SINGLETON).emissions_controller
    return _plain(rows, call) if is_controller else Reason.UNAUTHORIZED_CALLER


def _for_all(rows: Draft, call: CreateRewardsForAllSubmission | CreateRewardsForAllEarners) -> Reason | None:
    is_submitter = rows.get(REWARDS_FOR_ALL_SUBMITTERS, call.sender).is_given
    return _plain(rows, call) if is_submitter else Reason.UNAUTHORIZED_CALLER


def _by_stake(
    rows: Draft, call: CreateUniqueStakeRewardsSubmission | CreateTotalStakeRewardsSubmission
) -> Reason | None:
    reason = _own_set(rows, call.sender, call.operator_set)
    return _plain(rows, call) if reason is None else reason


def _directed_avs(rows: Draft, call: CreateOperatorDirectedAvsRewardsSubmission) -> Reason | None:
    return _directed(rows, call) if call.sender == call.avs else Reason.INVALID_PERMISSIONS


def _directed_set(rows: Draft, call: CreateOperatorDirectedOperatorSetRewardsSubmission) -> Reason | None:
    reason = _own_set(rows, call.sender, call.operator_set)
    return _directed(rows, call) if reason is None else reason


def split_of(rows: Draft, call: Splits) -> Split:
    """The stored split, an operator's part of rewards, that a call changes."""
    if isinstance(call, SetOperatorAvsSplit):
        return rows.get(OPERATOR_AVS_SPLITS, (call.operator, call.avs))
    if isinstance(call, SetOperatorSetSplit):
        return rows.get(OPERATOR_SET_SPLITS, (call.operator, call.operator_set))
    return rows.get(OPERATOR_PI_SPLITS, call.operator)


def _set_split(rows: Draft, call: Splits) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    if isinstance(call, SetOperatorSetSplit) and not rows.get(OPERATOR_SETS, call.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if now_timestamp(rows) + rows.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC
    if call.split_bips > BIPS:
        return Reason.SPLIT_EXCEEDS_MAX
    is_pending = now_timestamp(rows) <= split_of(rows, call).activated_at_timestamp
    return Reason.PREVIOUS_SPLIT_PENDING if is_pending else None


def _submit_root(rows: Draft, call: SubmitRoot) -> Reason | None:
    settings = rows.get(REWARDS_SETTINGS, SINGLETON)
    if call.sender != settings.rewards_updater:
        return Reason.UNAUTHORIZED_CALLER
    if call.calculation_end_timestamp <= rows.get(DISTRIBUTION, SINGLETON).calculation_end_timestamp:
        return Reason.NEW_ROOT_MUST_BE_FOR_NEW_CALCULATED_PERIOD
    if call.calculation_end_timestamp >= now_timestamp(rows):
        return Reason.REWARDS_END_TIMESTAMP_NOT_ELAPSED
    is_beyond = now_timestamp(rows) + settings.activation_delay_seconds > UINT32_MAX
    return Reason.ARITHMETIC_PANIC if is_beyond else None


def _disable_root(rows: Draft, call: DisableRoot) -> Reason | None:
    if call.sender != rows.get(REWARDS_SETTINGS, SINGLETON).rewards_updater:
        return Reason.UNAUTHORIZED_CALLER
    if call.root_index >= rows.get(DISTRIBUTION, SINGLETON).root_count:
        return Reason.INVALID_ROOT_INDEX
    root = rows.get(ROOTS, call.root_index)
    if root.is_disabled:
        return Reason.ROOT_DISABLED
    return Reason.ROOT_ALREADY_ACTIVATED if root.activated_at_timestamp <= now_timestamp(rows) else None


def _proof(finding: str, invalid_index: Reason) -> Reason | None:
    if finding == "ok":
        return None
    if finding == "invalid_index":
        return invalid_index
    if finding == "empty_root":
        return Reason.EMPTY_ROOT
    return Reason.INVALID_PROOF_LENGTH if finding == "bad_length" else Reason.INVALID_CLAIM_PROOF


def claimer_of(rows: Draft, earner: str) -> str:
    """The account that may claim for an earner: its named claimer, or else the earner itself."""
    named = rows.get(CLAIMERS, earner).claimer
    return earner if named == ZERO_ADDRESS else named


def proven(rows: Draft, claim: Claim) -> Reason | None:
    """The first reason against a claim's root, lists or proofs, or None."""
    if claim.root_index >= rows.get(DISTRIBUTION, SINGLETON).root_count:
        return Reason.INDEX_PANIC
    root = rows.get(ROOTS, claim.root_index)
    if root.is_disabled:
        return Reason.ROOT_DISABLED
    if root.activated_at_timestamp > now_timestamp(rows):
        return Reason.ROOT_NOT_ACTIVATED
    is_whole = len(claim.tokens) == claim.token_proof_count and len(claim.tokens) == claim.token_index_count
    if not is_whole:
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    reason = _proof(claim.earner_proof, Reason.INVALID_EARNER_LEAF_INDEX)
    for shown in claim.tokens:
        if reason is None:
            reason = _proof(shown.proof, Reason.INVALID_TOKEN_LEAF_INDEX)
    return reason


def _claim(rows: Draft, sender: str, claim: Claim, recipient: str) -> Reason | None:
    reason = proven(rows, claim)
    if reason is not None:
        return reason
    if sender != claimer_of(rows, claim.earner):
        return Reason.UNAUTHORIZED_CALLER
    for shown in claim.tokens:
        due = shown.cumulative_earnings - rows.get(CLAIMED, (claim.earner, shown.token)).cumulative_amount
        if due <= 0:
            return Reason.EARNINGS_NOT_GREATER_THAN_CLAIMED
        if recipient == ZERO_ADDRESS:
            return Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
        if lacks_balance(rows, shown.token, COORDINATOR, due):
            return Reason.ERC20_INSUFFICIENT_BALANCE
    return None


def claims_of(call: ProcessClaim | ProcessClaims) -> tuple[Claim, ...]:
    """The claims of a ProcessClaims call, or the single claim of a ProcessClaim call."""
    return call.claims if isinstance(call, ProcessClaims) else (call.claim,)


def _process(rows: Draft, call: ProcessClaim | ProcessClaims) -> Reason | None:
    for claim in claims_of(call):
        reason = _claim(rows, call.sender, claim, call.recipient)
        if reason is not None:
            return reason
    return None


def _always(_rows: Draft, _call: SetClaimerFor) -> Reason | None:
    return None


def _set_claimer(rows: Draft, call: SetClaimerForEarner) -> Reason | None:
    if call.sender != call.earner:
        return Reason.INVALID_PERMISSIONS
    is_known = is_operator(rows, call.earner) or rows.get(OPERATOR_SET_COUNTS, call.earner).count != 0
    return None if is_known else Reason.INVALID_EARNER


def _opt_in(_rows: Draft, call: SetOptInForProtocolFee) -> Reason | None:
    return None if call.sender == call.submitter else Reason.INVALID_PERMISSIONS


def _owner(rows: Draft, call: Any) -> Reason | None:
    if call.sender != rows.get(REWARDS_CONFIG, SINGLETON).owner:
        return Reason.CALLER_IS_NOT_THE_OWNER
    if isinstance(call, SetDefaultOperatorSplit) and call.split_bips > BIPS:
        return Reason.SPLIT_EXCEEDS_MAX
    is_zero = isinstance(call, SetFeeRecipient) and call.fee_recipient == ZERO_ADDRESS
    return Reason.INVALID_ADDRESS_ZERO if is_zero else None


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    CreateAvsRewardsSubmission: _plain,
    CreateEigenDaRewardsSubmission: _eigen_da,
    CreateRewardsForAllSubmission: _for_all,
    CreateRewardsForAllEarners: _for_all,
    CreateUniqueStakeRewardsSubmission: _by_stake,
    CreateTotalStakeRewardsSubmission: _by_stake,
    CreateOperatorDirectedAvsRewardsSubmission: _directed_avs,
    CreateOperatorDirectedOperatorSetRewardsSubmission: _directed_set,
    SubmitRoot: _submit_root,
    DisableRoot: _disable_root,
    SetClaimerFor: _always,
    SetClaimerForEarner: _set_claimer,
    SetOperatorAvsSplit: _set_split,
    SetOperatorPiSplit: _set_split,
    SetOperatorSetSplit: _set_split,
    SetOptInForProtocolFee: _opt_in,
    ProcessClaim: _process,
    ProcessClaims: _process,
    SetActivationDelay: _owner,
    SetDefaultOperatorSplit: _owner,
    SetFeeRecipient: _owner,
    SetRewardsUpdater: _owner,
    SetRewardsForAllSubmitter: _owner,
}
"""For each call of the RewardsCoordinator, a function that returns the first reason to reject it, or None."""

KIND: Final[dict[type[Any], str]] = {
    CreateAvsRewardsSubmission: "avs",
    CreateEigenDaRewardsSubmission: "avs",
    CreateRewardsForAllSubmission: "for_all",
    CreateRewardsForAllEarners: "for_all_earners",
    CreateUniqueStakeRewardsSubmission: "unique_stake",
    CreateTotalStakeRewardsSubmission: "total_stake",
    CreateOperatorDirectedAvsRewardsSubmission: "operator_directed_avs",
    CreateOperatorDirectedOperatorSetRewardsSubmission: "operator_directed_operator_set",
}
"""For each call that submits rewards, the kind of submission under which it is stored."""

SUBMITTING: Final = tuple(KIND)
DIRECTED: Final = (CreateOperatorDirectedAvsRewardsSubmission, CreateOperatorDirectedOperatorSetRewardsSubmission)
CLAIMING: Final = (ProcessClaim, ProcessClaims)
SPLITTING: Final = (SetOperatorAvsSplit, SetOperatorPiSplit, SetOperatorSetSplit)


def account_of(call: Any) -> str:
    """The account in whose name a call submits rewards: the operator set's AVS, the named AVS, or else the sender."""
    if hasattr(call, "operator_set"):
        return cast(str, call.operator_set[0])
    return cast(str, call.avs if hasattr(call, "avs") else call.sender)
