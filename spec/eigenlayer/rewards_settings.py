"""Settings of the RewardsCoordinator: those that its owner changes, and the opt-in to the protocol fee."""

from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import (
    SetActivationDelay,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetOptInForProtocolFee,
    SetRewardsForAllSubmitter,
    SetRewardsUpdater,
)
from spec.eigenlayer.rewards_config import ONE_HUNDRED_IN_BIPS
from spec.eigenlayer.rewards_state import Permission, RewardsSettings
from spec.eigenlayer.state import (
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDS_CONFIG,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
)
from spec.machine import SINGLETON, Delta, Draft


def set_opt_in_for_protocol_fee(draft: Draft, action: SetOptInForProtocolFee) -> Delta | Reason:
    """Opt a submitter in to the protocol fee on its own submissions, or out.

    Rejects: INVALID_PERMISSIONS unless the submitter calls. Source: RewardsCoordinator.setOptInForProtocolFee.
    """
    if action.sender != action.submitter:
        return Reason.INVALID_PERMISSIONS
    draft.put(OPTED_IN_FOR_PROTOCOL_FEE, action.submitter, Permission(action.is_opted_in))
    return draft.delta()


def set_activation_delay(draft: Draft, action: SetActivationDelay) -> Delta | Reason:
    """Change the activation delay of future roots and splits. Pending ones keep their activation time.

    Rejects: CALLER_IS_NOT_THE_OWNER. Source: RewardsCoordinator.setActivationDelay.
    """
    if not _is_owner(draft, action.sender):
        return Reason.CALLER_IS_NOT_THE_OWNER
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    _set(
        draft,
        settings.rewards_updater,
        settings.fee_recipient,
        action.activation_delay_seconds,
        settings.default_operator_split_bips,
    )
    return draft.delta()


def set_default_operator_split(draft: Draft, action: SetDefaultOperatorSplit) -> Delta | Reason:
    """Change the default split, which applies to operators without an active split of their own.

    Rejects, in order: CALLER_IS_NOT_THE_OWNER, SPLIT_EXCEEDS_MAX. Source: RewardsCoordinator.setDefaultOperatorSplit.
    """
    if not _is_owner(draft, action.sender):
        return Reason.CALLER_IS_NOT_THE_OWNER
    if action.split_bips > ONE_HUNDRED_IN_BIPS:
        return Reason.SPLIT_EXCEEDS_MAX
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    _set(
        draft,
        settings.rewards_updater,
        settings.fee_recipient,
        settings.activation_delay_seconds,
        action.split_bips,
    )
    return draft.delta()


def set_fee_recipient(draft: Draft, action: SetFeeRecipient) -> Delta | Reason:
    """Change the recipient of protocol fees.

    Rejects, in order: CALLER_IS_NOT_THE_OWNER, INVALID_ADDRESS_ZERO. Source: RewardsCoordinator.setFeeRecipient.
    """
    if not _is_owner(draft, action.sender):
        return Reason.CALLER_IS_NOT_THE_OWNER
    if action.fee_recipient == ZERO_ADDRESS:
        return Reason.INVALID_ADDRESS_ZERO
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    _set(
        draft,
        settings.rewards_updater,
        action.fee_recipient,
        settings.activation_delay_seconds,
        settings.default_operator_split_bips,
    )
    return draft.delta()


def set_rewards_updater(draft: Draft, action: SetRewardsUpdater) -> Delta | Reason:
    """Change the account that publishes roots.

    Rejects: CALLER_IS_NOT_THE_OWNER. Source: RewardsCoordinator.setRewardsUpdater.
    """
    if not _is_owner(draft, action.sender):
        return Reason.CALLER_IS_NOT_THE_OWNER
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    _set(
        draft,
        action.rewards_updater,
        settings.fee_recipient,
        settings.activation_delay_seconds,
        settings.default_operator_split_bips,
    )
    return draft.delta()


def set_rewards_for_all_submitter(draft: Draft, action: SetRewardsForAllSubmitter) -> Delta | Reason:
    """Allow or forbid an account to submit rewards for all stakers or earners.

    Rejects: CALLER_IS_NOT_THE_OWNER. Source: RewardsCoordinator.setRewardsForAllSubmitter.
    """
    if not _is_owner(draft, action.sender):
        return Reason.CALLER_IS_NOT_THE_OWNER
    draft.put(REWARDS_FOR_ALL_SUBMITTERS, action.submitter, Permission(action.is_submitter))
    return draft.delta()


def _is_owner(draft: Draft, account: str) -> bool:
    return account == draft.get(REWARDS_CONFIG, SINGLETON).owner


def _set(
    draft: Draft, rewards_updater: str, fee_recipient: str, activation_delay_seconds: int, split_bips: int
) -> None:
    settings = RewardsSettings(rewards_updater, fee_recipient, activation_delay_seconds, split_bips)
    draft.put(REWARDS_SETTINGS, SINGLETON, settings)
