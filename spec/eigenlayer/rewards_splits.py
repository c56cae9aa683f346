"""Operators' splits: the part of rewards that an operator keeps. There is one per AVS, one per operator set, and one
for rewards for all earners.
"""

from spec.arithmetic import UINT32_MAX
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import SetOperatorAvsSplit, SetOperatorPiSplit, SetOperatorSetSplit
from spec.eigenlayer.rewards_config import NEVER_SET_BIPS, ONE_HUNDRED_IN_BIPS
from spec.eigenlayer.rewards_state import Split
from spec.eigenlayer.state import (
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_SPLITS,
    OPERATOR_SETS,
    REWARDS_SETTINGS,
)
from spec.machine import SINGLETON, Delta, Draft


def split_in_force(draft: Draft, split: Split) -> int:
    """The part of rewards that an operator keeps now, in bips: the new split from its activation time on, the old split
    before.

    Before an operator's first split is active, the current default split applies.
    Source: RewardsCoordinator._getOperatorSplit.
    """
    now = current_timestamp(draft)
    if split.activated_at_timestamp == 0:
        return draft.get(REWARDS_SETTINGS, SINGLETON).default_operator_split_bips
    if now >= split.activated_at_timestamp:
        return split.new_split_bips
    if split.old_split_bips == NEVER_SET_BIPS:
        return draft.get(REWARDS_SETTINGS, SINGLETON).default_operator_split_bips
    return split.old_split_bips


def set_operator_avs_split(draft: Draft, action: SetOperatorAvsSplit) -> Delta | Reason:
    """Change the part of an AVS's rewards that an operator keeps. Neither account has to be registered as operator or
    AVS.

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, ARITHMETIC_PANIC if the activation time is no
    uint32, SPLIT_EXCEEDS_MAX, PREVIOUS_SPLIT_PENDING. Source: RewardsCoordinator.setOperatorAVSSplit.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    split = _next_split(draft, draft.get(OPERATOR_AVS_SPLITS, (action.operator, action.avs)), action.split_bips)
    if isinstance(split, Reason):
        return split
    draft.put(OPERATOR_AVS_SPLITS, (action.operator, action.avs), split)
    return draft.delta()


def set_operator_pi_split(draft: Draft, action: SetOperatorPiSplit) -> Delta | Reason:
    """Change the part that an operator keeps of rewards for all earners (programmatic incentives).

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, ARITHMETIC_PANIC if the activation time is no
    uint32, SPLIT_EXCEEDS_MAX, PREVIOUS_SPLIT_PENDING. Source: RewardsCoordinator.setOperatorPISplit.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    split = _next_split(draft, draft.get(OPERATOR_PI_SPLITS, action.operator), action.split_bips)
    if isinstance(split, Reason):
        return split
    draft.put(OPERATOR_PI_SPLITS, action.operator, split)
    return draft.delta()


def set_operator_set_split(draft: Draft, action: SetOperatorSetSplit) -> Delta | Reason:
    """Change the part of an operator set's rewards that an operator keeps.

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, INVALID_OPERATOR_SET unless the set exists,
    ARITHMETIC_PANIC if the activation time is no uint32, SPLIT_EXCEEDS_MAX, PREVIOUS_SPLIT_PENDING.
    Source: RewardsCoordinator.setOperatorSetSplit.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, action.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    split = _next_split(
        draft, draft.get(OPERATOR_SET_SPLITS, (action.operator, action.operator_set)), action.split_bips
    )
    if isinstance(split, Reason):
        return split
    draft.put(OPERATOR_SET_SPLITS, (action.operator, action.operator_set), split)
    return draft.delta()


def _next_split(draft: Draft, split: Split, split_bips: int) -> Split | Reason:
    """A copy of the stored split with a new pending change to `split_bips`, active after the activation delay.

    Rejects, in order: ARITHMETIC_PANIC if the activation time is no uint32, SPLIT_EXCEEDS_MAX, PREVIOUS_SPLIT_PENDING
    up to and including the previous change's activation time. Source: RewardsCoordinator._setOperatorSplit.
    """
    now = current_timestamp(draft)
    activated_at_timestamp = now + draft.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds
    if activated_at_timestamp > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC
    if split_bips > ONE_HUNDRED_IN_BIPS:
        return Reason.SPLIT_EXCEEDS_MAX
    if now <= split.activated_at_timestamp:
        return Reason.PREVIOUS_SPLIT_PENDING
    old_split_bips = NEVER_SET_BIPS if split.activated_at_timestamp == 0 else split.new_split_bips
    return Split(old_split_bips, split_bips, activated_at_timestamp)
