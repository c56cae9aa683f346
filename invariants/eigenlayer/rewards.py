"""EigenLayer's laws of rewards: the coordinator's balance covers submissions, and each reward is paid once."""

from typing import Any, Final

from invariants.eigenlayer.model.rewards import (
    BIPS,
    CLAIMING,
    COORDINATOR,
    MOST_PAID,
    NEVER_SET,
    SPLITTING,
    SUBMITTING,
    Splits,
    claimer_of,
    claims_of,
    now_timestamp,
    proven,
    split_of,
)
from invariants.eigenlayer.movements import gained
from invariants.law import (
    AcceptedStep,
    AnyRejection,
    AnyStep,
    KnownViolation,
    RejectionLaw,
    Scope,
    StateLaw,
    StepLaw,
    Sum,
    View,
    written,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import ProcessClaim, ProcessClaims
from spec.eigenlayer.rewards_splits import split_in_force
from spec.eigenlayer.rewards_state import Split
from spec.eigenlayer.state import (
    CLAIMED,
    CLOCK,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    REWARDS_SETTINGS,
    ROOTS,
    SUBMISSION_NONCES,
    SUBMISSIONS,
    TOKEN_BALANCES,
)
from spec.machine import SINGLETON, Draft

SUBMITTED: Final = Sum("submitted", SUBMISSIONS, lambda _rows, _key, row: row.token or None, lambda row: row.amount)
"""A sum per token: the amounts booked by all submissions, net of fees."""

CLAIMED_OF: Final = Sum("claimed_of", CLAIMED, lambda _rows, key, _row: key[1], lambda row: row.cumulative_amount)
"""A sum per token: the cumulative amounts claimed by all earners."""

SUMS: Final[list[Sum]] = [SUBMITTED, CLAIMED_OF]


def _pool_is_whole(view: View, token: str) -> bool:
    held = view.rows.get(TOKEN_BALANCES, (token, COORDINATOR)).amount
    return token == "" or held + view.total(CLAIMED_OF, token) >= view.total(SUBMITTED, token)


def _roots_follow(view: View, number: int) -> bool:
    """True if a root's calculation period ends before that of the next root.

    The last root's period must end when the distribution's does.
    """
    distribution = view.rows.get(DISTRIBUTION, SINGLETON)
    if number < 0 or number >= distribution.root_count:
        return True
    end = view.rows.get(ROOTS, number).calculation_end_timestamp
    if number == distribution.root_count - 1:
        return end == distribution.calculation_end_timestamp
    return end < view.rows.get(ROOTS, number + 1).calculation_end_timestamp


def _is_fraction(split: Split) -> bool:
    is_old = 0 <= split.old_split_bips <= BIPS or split.old_split_bips == NEVER_SET
    return is_old and 0 <= split.new_split_bips <= BIPS


def applied_split(rows: Draft, split: Split) -> int:
    """The operator split in force now, in bips, computed as the documentation describes it and not by the rules."""
    default_bips = rows.get(REWARDS_SETTINGS, SINGLETON).default_operator_split_bips
    if split.activated_at_timestamp == 0:
        return default_bips
    if split.activated_at_timestamp <= now_timestamp(rows):
        return split.new_split_bips
    return default_bips if split.old_split_bips == NEVER_SET else split.old_split_bips


def _view_is_the_split_in_force(view: View, key: Any) -> bool:
    split = view.rows.get(OPERATOR_AVS_SPLITS, key)
    return split_in_force(view.rows, split) == applied_split(view.rows, split)


def _pool_gets_what_is_booked(step: AnyStep) -> bool:
    """True if the RewardsCoordinator receives exactly what is booked, and the payer pays that plus the fee.

    The fee is at most a fifth of the payment. Nothing is checked if the fee recipient is the coordinator or the payer.
    """
    recipient = step.before.rows.get(REWARDS_SETTINGS, SINGLETON).fee_recipient
    for submission in step.action.submissions:
        token = submission.token
        if recipient in (COORDINATOR, step.action.sender):
            continue
        booked = step.before.moved(SUBMITTED, token)
        fee = gained(step, token, recipient)
        paid = -gained(step, token, step.action.sender)
        if gained(step, token, COORDINATOR) != booked or paid != booked + fee or not 0 <= 5 * fee <= paid:
            return False
    return True


def _pays_once(step: AcceptedStep[ProcessClaim | ProcessClaims]) -> bool:
    """True if each written claimed amount grows, and the RewardsCoordinator pays exactly the growth of each token's
    total.

    The payment is not checked if the recipient is the coordinator itself.
    """
    for key in written(step.delta, CLAIMED):
        before, after = step.before.rows.get(CLAIMED, key), step.after.rows.get(CLAIMED, key)
        if after.cumulative_amount <= before.cumulative_amount:
            return False
        paid = -gained(step, key[1], COORDINATOR)
        if step.action.recipient != COORDINATOR and paid != step.before.moved(CLAIMED_OF, key[1]):
            return False
    return True


def _root_pays(step: AcceptedStep[ProcessClaim | ProcessClaims]) -> bool:
    rows = step.before.rows
    for claim in claims_of(step.action):
        root = rows.get(ROOTS, claim.root_index)
        if root.is_disabled or root.activated_at_timestamp > now_timestamp(rows):
            return False
        if claim.root_index >= rows.get(DISTRIBUTION, SINGLETON).root_count:
            return False
        if step.action.sender != claimer_of(rows, claim.earner):
            return False
    return True


def _roots_stay(step: AnyStep) -> bool:
    """True if an existing root changes only by being disabled, at most once, and before its activation."""
    rows = step.before.rows
    for number in written(step.delta, ROOTS):
        before, after = rows.get(ROOTS, number), step.after.rows.get(ROOTS, number)
        if number >= rows.get(DISTRIBUTION, SINGLETON).root_count:
            continue
        is_same = after.tree == before.tree and after.activated_at_timestamp == before.activated_at_timestamp
        is_early = now_timestamp(rows) < before.activated_at_timestamp
        if not is_same or before.is_disabled or not after.is_disabled or not is_early:
            return False
    return True


def _split_waits(step: AcceptedStep[Splits]) -> bool:
    """True if the call leaves the split in force unchanged. A new split may take effect at once only if the activation
    delay is 0.
    """
    before, after = split_of(step.before.rows, step.action), split_of(step.after.rows, step.action)
    if after.activated_at_timestamp <= now_timestamp(step.after.rows):
        return step.before.rows.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds <= 0
    return applied_split(step.after.rows, after) == applied_split(step.before.rows, before)


def _booked_for_good(step: AnyStep) -> bool:
    """True if no booked submission is written again, and each new one has an amount in the allowed range.

    A new submission has the next nonce of its account, or a later one.
    """
    for key in written(step.delta, SUBMISSIONS):
        if key[1] < step.before.rows.get(SUBMISSION_NONCES, key[0]).next_nonce:
            return False
        if not 0 < step.after.rows.get(SUBMISSIONS, key).amount <= MOST_PAID:
            return False
    return True


def _may_claim(before: View, action: ProcessClaim) -> bool:
    """True if the authorized claimer proves unclaimed earnings in one token from an active root.

    The recipient must not be the zero address.
    """
    rows, claim = before.rows, action.claim
    if proven(rows, claim) is not None or action.sender != claimer_of(rows, claim.earner):
        return False
    if action.recipient == ZERO_ADDRESS or len(claim.tokens) != 1:
        return False
    shown = claim.tokens[0]
    return shown.cumulative_earnings > rows.get(CLAIMED, (claim.earner, shown.token)).cumulative_amount


def _may_claim_alone(before: View, action: ProcessClaim) -> bool:
    """True if `_may_claim` holds, and the cumulative earnings do not exceed the amount of the token booked by all
    submissions.
    """
    if not _may_claim(before, action):
        return False
    shown = action.claim.tokens[0]
    return shown.cumulative_earnings <= before.total(SUBMITTED, shown.token)


def _may_claim_honestly(before: View, action: ProcessClaim) -> bool:
    """True if `_may_claim` holds, and all claims of the token, this one included, do not exceed the amount booked.

    As far as the claims show, the roots are then honest about this token.
    """
    if not _may_claim(before, action):
        return False
    shown = action.claim.tokens[0]
    claimed_amount = before.rows.get(CLAIMED, (action.claim.earner, shown.token)).cumulative_amount
    claimed_then = before.total(CLAIMED_OF, shown.token) + shown.cumulative_earnings - claimed_amount
    return shown.token != "" and claimed_then <= before.total(SUBMITTED, shown.token)


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


def _finds_tokens(rejection: AnyRejection) -> bool:
    return rejection.reason != Reason.ERC20_INSUFFICIENT_BALANCE


def _same(key: object) -> object:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "RWD-11",
        "What the coordinator holds of a token, with all that was claimed of it, is no less than all that was booked.",
        "This project",
        _pool_is_whole,
        rows={},
        sums={SUBMITTED: _same, CLAIMED_OF: _same},
        also_reads=(TOKEN_BALANCES,),
    ),
    StateLaw(
        "RWD-12",
        "Periods of roots follow one another: none is calculated for twice, and a disabled root gives none back.",
        "RewardsCoordinator.submitRoot, NewRootMustBeForNewCalculatedPeriod",
        _roots_follow,
        rows={ROOTS: _same},
        also_reads=(DISTRIBUTION, ROOTS),
    ),
    StateLaw(
        "RWD-13",
        "An operator's split is a fraction: at most all of it, and the default before the first one.",
        "RewardsCoordinator._setOperatorSplit, SplitExceedsMax",
        lambda view, key: _is_fraction(view.rows.get(OPERATOR_AVS_SPLITS, key)),
        rows={OPERATOR_AVS_SPLITS: _same},
    ),
    StateLaw(
        "VIEW-08",
        "The split in force is the new one from its activation on, until then the one before, or the default.",
        "RewardsCoordinator.getOperatorAVSSplit, _getOperatorSplit",
        _view_is_the_split_in_force,
        rows={OPERATOR_AVS_SPLITS: _same},
        also_reads=(CLOCK, REWARDS_SETTINGS),
    ),
]

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "RWD-14",
        "The pool gets exactly what is booked. The caller pays that and the fee, which is a fifth at most.",
        "RewardsCoordinator._takeProtocolFee",
        _pool_gets_what_is_booked,
        Scope(SUBMITTING),
    ),
    StepLaw(
        "RWD-15",
        "No reward is paid twice: what was claimed never falls, and the coordinator pays what it grows by.",
        "RewardsCoordinator._processClaim, EarningsNotGreaterThanClaimed",
        _pays_once,
        Scope(CLAIMING),
    ),
    StepLaw(
        "RWD-16",
        "Only a root that is active and not disabled pays, and only at the call of who may claim for the earner.",
        "RewardsCoordinator._checkClaim, RootDisabled, RootNotActivated",
        _root_pays,
        Scope(CLAIMING),
    ),
    StepLaw(
        "RWD-17",
        "A root never changes, but that it is disabled, once, before it is active.",
        "RewardsCoordinator.disableRoot, RootAlreadyActivated",
        _roots_stay,
        Scope(tables=(ROOTS,)),
    ),
    StepLaw(
        "RWD-18",
        "A split never applies before its activation: what counted before the call counts after it.",
        "RewardsCoordinator._setOperatorSplit",
        _split_waits,
        Scope(SPLITTING),
    ),
    StepLaw(
        "RWD-19",
        "A booked submission never changes, and is of at least one wei and at most 10^38 - 1.",
        "RewardsCoordinator: submissionNonce; MAX_REWARDS_AMOUNT",
        _booked_for_good,
        Scope(tables=(SUBMISSIONS,)),
    ),
]

REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "RWD-20",
        "While roots let no more of a token be claimed than was paid in, every proven claim is paid.",
        "This project; the rewards updater's roots are trusted",
        _is_never_right,
        Scope((ProcessClaim,)),
        applies_to=_may_claim_honestly,
    ),
    RejectionLaw(
        "RWD-21",
        "Every proven claim of no more than was paid in is paid, whatever roots say of others.",
        "This project",
        _finds_tokens,
        Scope((ProcessClaim,)),
        applies_to=_may_claim_alone,
    ),
]

KNOWN_FALSE: Final[dict[str, KnownViolation]] = {
    "RWD-21": KnownViolation(
        "RWD-20",
        "eigenlayer_dishonest_root_drains_the_pool.json",
        "All rewards of a token are one pool: a root that says too much lets one earner take what others earned.",
    )
}
