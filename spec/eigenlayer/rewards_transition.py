"""The part of EigenLayer's transition for the RewardsCoordinator: it dispatches each action to its rule."""

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
    DisableRoot,
    ProcessClaim,
    ProcessClaims,
    RewardsAction,
    SetActivationDelay,
    SetClaimerFor,
    SetClaimerForEarner,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetOperatorAvsSplit,
    SetOperatorPiSplit,
    SetOperatorSetSplit,
    SetOptInForProtocolFee,
    SetRewardsUpdater,
    SubmitRoot,
)
from spec.eigenlayer.rewards_claims import (
    disable_root,
    process_claim,
    process_claims,
    set_claimer_for,
    set_claimer_for_earner,
    submit_root,
)
from spec.eigenlayer.rewards_settings import (
    set_activation_delay,
    set_default_operator_split,
    set_fee_recipient,
    set_opt_in_for_protocol_fee,
    set_rewards_for_all_submitter,
    set_rewards_updater,
)
from spec.eigenlayer.rewards_splits import (
    set_operator_avs_split,
    set_operator_pi_split,
    set_operator_set_split,
)
from spec.eigenlayer.rewards_submissions import (
    create_avs_rewards_submission,
    create_eigen_da_rewards_submission,
    create_operator_directed_avs_rewards_submission,
    create_operator_directed_operator_set_rewards_submission,
    create_rewards_for_all_earners,
    create_rewards_for_all_submission,
    create_total_stake_rewards_submission,
    create_unique_stake_rewards_submission,
)
from spec.machine import Delta, Draft


def rewards_transition(draft: Draft, action: RewardsAction) -> Delta | Reason:
    """Execute one call of the RewardsCoordinator at the current timestamp. Returns its Delta, or the reason of
    rejection.
    """
    if isinstance(action, ProcessClaim):
        return process_claim(draft, action)
    if isinstance(action, CreateAvsRewardsSubmission):
        return create_avs_rewards_submission(draft, action)
    if isinstance(action, CreateEigenDaRewardsSubmission):
        return create_eigen_da_rewards_submission(draft, action)
    if isinstance(action, CreateRewardsForAllSubmission):
        return create_rewards_for_all_submission(draft, action)
    if isinstance(action, CreateRewardsForAllEarners):
        return create_rewards_for_all_earners(draft, action)
    if isinstance(action, CreateOperatorDirectedAvsRewardsSubmission):
        return create_operator_directed_avs_rewards_submission(draft, action)
    if isinstance(action, CreateOperatorDirectedOperatorSetRewardsSubmission):
        return create_operator_directed_operator_set_rewards_submission(draft, action)
    if isinstance(action, CreateUniqueStakeRewardsSubmission):
        return create_unique_stake_rewards_submission(draft, action)
    if isinstance(action, CreateTotalStakeRewardsSubmission):
        return create_total_stake_rewards_submission(draft, action)
    if isinstance(action, SubmitRoot):
        return submit_root(draft, action)
    if isinstance(action, DisableRoot):
        return disable_root(draft, action)
    if isinstance(action, SetClaimerFor):
        return set_claimer_for(draft, action)
    if isinstance(action, SetClaimerForEarner):
        return set_claimer_for_earner(draft, action)
    if isinstance(action, SetOperatorAvsSplit):
        return set_operator_avs_split(draft, action)
    if isinstance(action, SetOperatorPiSplit):
        return set_operator_pi_split(draft, action)
    if isinstance(action, SetOperatorSetSplit):
        return set_operator_set_split(draft, action)
    if isinstance(action, SetOptInForProtocolFee):
        return set_opt_in_for_protocol_fee(draft, action)
    if isinstance(action, ProcessClaims):
        return process_claims(draft, action)
    if isinstance(action, SetActivationDelay):
        return set_activation_delay(draft, action)
    if isinstance(action, SetDefaultOperatorSplit):
        return set_default_operator_split(draft, action)
    if isinstance(action, SetFeeRecipient):
        return set_fee_recipient(draft, action)
    if isinstance(action, SetRewardsUpdater):
        return set_rewards_updater(draft, action)
    return set_rewards_for_all_submitter(draft, action)
