"""Model laws of rewards: the rows that accepted calls of the RewardsCoordinator write, and the tokens that
they move.
"""

from typing import Any, Final

from invariants.eigenlayer.elements import are_elements_apart
from invariants.eigenlayer.model.rewards import (
    CLAIMING,
    COORDINATOR,
    KIND,
    NEVER_SET,
    SPLITTING,
    SUBMITTING,
    Directed,
    Splits,
    Submissions,
    account_of,
    claims_of,
    fee_of,
    now_timestamp,
    split_of,
)
from invariants.eigenlayer.movements import gained
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.rewards_actions import (
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
    SetOptInForProtocolFee,
    SetRewardsForAllSubmitter,
    SetRewardsUpdater,
    SubmitRoot,
)
from spec.eigenlayer.state import (
    CLAIMED,
    CLAIMERS,
    CLOCK,
    DISTRIBUTION,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDED_OPERATORS,
    REWARDED_STRATEGIES,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    SUBMISSION_COUNT,
    SUBMISSION_NONCES,
    SUBMISSIONS,
)
from spec.machine import SINGLETON, Draft


def amount_and_fee(
    rows: Draft, call: Submissions | Directed, submission: RewardsSubmission | OperatorDirectedRewardsSubmission
) -> tuple[int, int]:
    """The amount that a submission pays, and the fee included in it.

    For operator-directed submissions both are sums over the operators.
    """
    if isinstance(submission, RewardsSubmission):
        return submission.amount, fee_of(rows, call, submission.amount)
    amount, fee = 0, 0
    for reward in submission.operator_rewards:
        amount += reward.amount
        fee += fee_of(rows, call, reward.amount)
    return amount, fee


def _moves_to_the_pool(step: AnyStep, token: str, payer: str, amount: int, fee: int) -> bool:
    """True if the payer pays the amount to the RewardsCoordinator, which passes the fee on to the fee recipient.

    The three accounts may coincide.
    """
    recipient = step.before.rows.get(REWARDS_SETTINGS, SINGLETON).fee_recipient
    for account in (payer, COORDINATOR, recipient):
        expected = 0
        if account == payer:
            expected -= amount
        if account == COORDINATOR:
            expected += amount - fee
        if account == recipient:
            expected += fee
        if gained(step, token, account) != expected:
            return False
    return True


def _books(step: AnyStep) -> bool:
    """True if each submission is stored under its account's next nonce, net of fees, with its strategies and operators.

    The sender must have paid the whole amount to the RewardsCoordinator.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    account, kind = account_of(call), KIND[type(call)]
    operator_set = call.operator_set if hasattr(call, "operator_set") else ("", 0)
    first_nonce = before.get(SUBMISSION_NONCES, account).next_nonce
    first_position = before.get(SUBMISSION_COUNT, SINGLETON).count
    for index, submission in enumerate(call.submissions):
        amount, fee = amount_and_fee(before, call, submission)
        row = after.get(SUBMISSIONS, (account, first_nonce + index))
        named = 0 if isinstance(submission, RewardsSubmission) else len(submission.operator_rewards)
        if row.position != first_position + index or row.kind != kind or row.operator_set != operator_set:
            return False
        if row.token != submission.token or row.amount != amount - fee:
            return False
        if row.start_timestamp != submission.start_timestamp or row.duration_seconds != submission.duration_seconds:
            return False
        if row.strategy_count != len(submission.strategies_and_multipliers) or row.operator_count != named:
            return False
        if not _moves_to_the_pool(step, submission.token, call.sender, amount, fee):
            return False
        for place, entry in enumerate(submission.strategies_and_multipliers):
            weighed = after.get(REWARDED_STRATEGIES, (account, first_nonce + index, place))
            if weighed.strategy != entry.strategy or weighed.multiplier != entry.multiplier:
                return False
        if not isinstance(submission, RewardsSubmission) and not _names_operators(
            step, (account, first_nonce + index), submission
        ):
            return False
    count = len(call.submissions)
    return (
        after.get(SUBMISSION_NONCES, account).next_nonce == first_nonce + count
        and after.get(SUBMISSION_COUNT, SINGLETON).count == first_position + count
    )


def _names_operators(step: AnyStep, booked: tuple[str, int], submission: OperatorDirectedRewardsSubmission) -> bool:
    for place, reward in enumerate(submission.operator_rewards):
        named = step.after.rows.get(REWARDED_OPERATORS, (booked[0], booked[1], place))
        net = reward.amount - fee_of(step.before.rows, step.action, reward.amount)
        if named.operator != reward.operator or named.amount != net:
            return False
    return True


def _splits(step: AcceptedStep[Splits]) -> bool:
    """True if the requested split is stored as the new one, to take effect after the current activation delay.

    The stored old split must be the new one of before the call, or NEVER_SET if none was stored then.
    """
    old, new = split_of(step.before.rows, step.action), split_of(step.after.rows, step.action)
    delay_seconds = step.before.rows.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds
    return (
        new.old_split_bips == (NEVER_SET if old.activated_at_timestamp == 0 else old.new_split_bips)
        and new.new_split_bips == step.action.split_bips
        and new.activated_at_timestamp == now_timestamp(step.before.rows) + delay_seconds
    )


def _roots(step: AcceptedStep[SubmitRoot | DisableRoot]) -> bool:
    call, before, after = step.action, step.before.rows, step.after.rows
    roots = before.get(DISTRIBUTION, SINGLETON).root_count
    if isinstance(call, DisableRoot):
        old, new = before.get(ROOTS, call.root_index), after.get(ROOTS, call.root_index)
        is_same = new.tree == old.tree and new.activated_at_timestamp == old.activated_at_timestamp
        return new.is_disabled and is_same and new.calculation_end_timestamp == old.calculation_end_timestamp
    row = after.get(ROOTS, roots)
    delay_seconds = before.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds
    return (
        row.tree == call.tree
        and row.calculation_end_timestamp == call.calculation_end_timestamp
        and row.activated_at_timestamp == now_timestamp(before) + delay_seconds
        and not row.is_disabled
        and after.get(DISTRIBUTION, SINGLETON).root_count == roots + 1
        and after.get(DISTRIBUTION, SINGLETON).calculation_end_timestamp == call.calculation_end_timestamp
    )


def _pays(step: AcceptedStep[ProcessClaim | ProcessClaims]) -> bool:
    """True if the recipient gets, of each token, the shown cumulative earnings less the amount claimed before.

    The shown earnings must be stored as the claimed amount. If the recipient is the RewardsCoordinator itself, its
    balance does not change.
    """
    recipient = step.action.recipient
    for claim in claims_of(step.action):
        for shown in claim.tokens:
            claimed_amount = step.before.rows.get(CLAIMED, (claim.earner, shown.token)).cumulative_amount
            paid = 0 if recipient == COORDINATOR else shown.cumulative_earnings - claimed_amount
            if step.after.rows.get(CLAIMED, (claim.earner, shown.token)).cumulative_amount != shown.cumulative_earnings:
                return False
            if gained(step, shown.token, recipient) != paid or gained(step, shown.token, COORDINATOR) != -paid:
                return False
    return True


def _sets(step: AnyStep) -> bool:
    """True if the setting that the call names has the requested value, and the other fields of its row are
    unchanged.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    if isinstance(call, SetClaimerFor):
        return after.get(CLAIMERS, call.sender).claimer == call.claimer
    if isinstance(call, SetClaimerForEarner):
        return after.get(CLAIMERS, call.earner).claimer == call.claimer
    if isinstance(call, SetOptInForProtocolFee):
        return after.get(OPTED_IN_FOR_PROTOCOL_FEE, call.submitter).is_given == call.is_opted_in
    if isinstance(call, SetRewardsForAllSubmitter):
        return after.get(REWARDS_FOR_ALL_SUBMITTERS, call.submitter).is_given == call.is_submitter
    old, new = before.get(REWARDS_SETTINGS, SINGLETON), after.get(REWARDS_SETTINGS, SINGLETON)
    is_updater, is_recipient = isinstance(call, SetRewardsUpdater), isinstance(call, SetFeeRecipient)
    is_delay, is_split = isinstance(call, SetActivationDelay), isinstance(call, SetDefaultOperatorSplit)
    return (
        new.rewards_updater == (call.rewards_updater if is_updater else old.rewards_updater)
        and new.fee_recipient == (call.fee_recipient if is_recipient else old.fee_recipient)
        and new.activation_delay_seconds
        == (call.activation_delay_seconds if is_delay else old.activation_delay_seconds)
        and new.default_operator_split_bips == (call.split_bips if is_split else old.default_operator_split_bips)
    )


def _passes(step: AcceptedStep[MineBlocks]) -> bool:
    old, new = step.before.rows.get(CLOCK, SINGLETON), step.after.rows.get(CLOCK, SINGLETON)
    return new.block == old.block + step.action.blocks and new.timestamp == old.timestamp + step.action.seconds


def _is_apart(step: AnyStep) -> bool:
    return are_elements_apart(step.before, step.action)


SETTING: Final[tuple[type[Any], ...]] = (
    SetClaimerFor,
    SetClaimerForEarner,
    SetOptInForProtocolFee,
    SetActivationDelay,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetRewardsUpdater,
    SetRewardsForAllSubmitter,
)

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "RWD-01",
        "A submission takes its amount from the caller, sends the fee on, and is booked net under the account's next "
        "nonce, with its strategies and operators.",
        "RewardsCoordinator.createAVSRewardsSubmission and its kin",
        _books,
        Scope(SUBMITTING),
        applies_to=_is_apart,
    ),
    StepLaw(
        "RWD-02",
        "A new split waits for the activation delay; until then the one before it counts, or the default.",
        "RewardsCoordinator._setOperatorSplit",
        _splits,
        Scope(SPLITTING),
    ),
    StepLaw(
        "RWD-03",
        "A root is kept with its period and its activation; disabling it changes nothing else of it.",
        "RewardsCoordinator.submitRoot, disableRoot",
        _roots,
        Scope((SubmitRoot, DisableRoot)),
    ),
    StepLaw(
        "RWD-04",
        "A claim pays the recipient, of each token, what it shows beyond what was claimed, and that counts as claimed.",
        "RewardsCoordinator._processClaim",
        _pays,
        Scope(CLAIMING),
        applies_to=_is_apart,
    ),
    StepLaw(
        "RWD-05",
        "A setting, a permission or a claimer is what the last call said; that call changes no other.",
        "RewardsCoordinator: the setters",
        _sets,
        Scope(SETTING),
    ),
    StepLaw(
        "RWD-06",
        "Blocks and seconds pass as many as are said.",
        "This project",
        _passes,
        Scope((MineBlocks,)),
    ),
]
