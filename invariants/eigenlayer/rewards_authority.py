"""EigenLayer's laws of authority over rewards: which sender may write each row of the RewardsCoordinator."""

from typing import Any, Final

from invariants.eigenlayer.authority import Rights, right
from invariants.eigenlayer.model.rewards import account_of, claimer_of, claims_of
from invariants.law import AnyStep, StepLaw
from spec.eigenlayer.rewards_actions import CreateEigenDaRewardsSubmission, ProcessClaim, ProcessClaims
from spec.eigenlayer.state import (
    CLAIMED,
    CLAIMERS,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_SPLITS,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDS_CONFIG,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    SUBMISSIONS,
)
from spec.machine import SINGLETON


def _own(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key)


def _begins_with_own(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[0])


def _owners(step: AnyStep, call: Any, _key: Any) -> bool:
    return bool(call.sender == step.before.rows.get(REWARDS_CONFIG, SINGLETON).owner)


def _updaters(step: AnyStep, call: Any, _key: Any) -> bool:
    return bool(call.sender == step.before.rows.get(REWARDS_SETTINGS, SINGLETON).rewards_updater)


def _paid_for_oneself(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this rewards submission.

    An account submits in its own name; for EigenDA rewards the emissions controller submits in the AVS's name. Rewards
    for all stakers or earners need a permitted submitter.
    """
    kind = step.after.rows.get(SUBMISSIONS, key).kind
    if (
        kind in ("for_all", "for_all_earners")
        and not step.before.rows.get(REWARDS_FOR_ALL_SUBMITTERS, call.sender).is_given
    ):
        return False
    if isinstance(call, CreateEigenDaRewardsSubmission):
        controller = step.before.rows.get(REWARDS_CONFIG, SINGLETON).emissions_controller
        return bool(call.sender == controller and account_of(call) == key[0])
    return bool(call.sender == key[0])


def _claimed_for(step: AnyStep, call: Any, key: Any) -> bool:
    """True if this claimed amount is written by a claim for its earner, sent by the earner's claimer."""
    if not isinstance(call, ProcessClaim | ProcessClaims):
        return False
    for claim in claims_of(call):
        if claim.earner == key[0]:
            return bool(call.sender == claimer_of(step.before.rows, claim.earner))
    return False


SETTINGS: Final[Rights] = {REWARDS_SETTINGS: _owners, REWARDS_FOR_ALL_SUBMITTERS: _owners}
PUBLISHED: Final[Rights] = {ROOTS: _updaters, DISTRIBUTION: _updaters}
OWN: Final[Rights] = {
    OPTED_IN_FOR_PROTOCOL_FEE: _own,
    CLAIMERS: _own,
    CLAIMED: _claimed_for,
    SUBMISSIONS: _paid_for_oneself,
    OPERATOR_PI_SPLITS: _own,
    OPERATOR_AVS_SPLITS: _begins_with_own,
    OPERATOR_SET_SPLITS: _begins_with_own,
}

STEP_LAWS: Final[list[StepLaw]] = [
    right(
        "AUTH-09",
        "Only the owner changes what holds for all rewards.",
        "RewardsCoordinator: onlyOwner",
        SETTINGS,
    ),
    right(
        "AUTH-10",
        "Only the rewards updater publishes and disables roots.",
        "RewardsCoordinator: onlyRewardsUpdater",
        PUBLISHED,
    ),
    right(
        "AUTH-11",
        "Splits, claimers and the fee are each account's own choice. It submits for itself, unless the emissions "
        "controller does, and only its claimer claims for it.",
        "RewardsCoordinator: checkCanCall, onlyEmissionsController, onlyRewardsForAllSubmitter, msg.sender",
        OWN,
    ),
]
