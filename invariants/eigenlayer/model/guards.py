"""Guards: for each call the reasons to reject it, in the contract's order. The first true one is the answer.

The conditions read only the state before the call, and use the terms of the contracts' documentation. So they restate
the checks independently. They are filed by concern like the rules, next to the effects of accepted calls.

A call over a list checks each element in the state that the earlier elements left. The laws cover such a call only if
no two elements have the same subject, so that no element meets a change by another.

Products, sums and block numbers that exceed their type are reasons like others, in their place in the order.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.elements import are_elements_apart
from invariants.eigenlayer.model import (
    allocation,
    delegation,
    native_eth,
    opt_in,
    rewards,
    slashing,
    staking,
    withdrawals,
)
from invariants.law import AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw
from spec.eigenlayer.actions import FundPod, MineBlocks, PlantPodOwnerDepositShares
from spec.eigenlayer.reasons import Reason
from spec.machine import Draft

FACTS: Final = (MineBlocks, FundPod, PlantPodOwnerDepositShares)
"""The actions that no account sends and that are never rejected."""


def _always(_rows: Draft, _fact: Any) -> Reason | None:
    return None


def _is_rejected_for_the_first_reason(rejection: AnyRejection) -> bool:
    action = rejection.action
    return rejection.reason == REASONS[type(action)](rejection.before.rows, action)


def _no_reason_is_true(step: AnyStep) -> bool:
    return REASONS[type(step.action)](step.before.rows, step.action) is None


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    **dict.fromkeys(FACTS, _always),
    **allocation.REASONS,
    **delegation.REASONS,
    **native_eth.REASONS,
    **opt_in.REASONS,
    **rewards.REASONS,
    **slashing.REASONS,
    **staking.REASONS,
    **withdrawals.REASONS,
}
"""For each action, a function that returns the first reason to reject a call, or None to accept it."""


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "CALL-02",
        "No call is accepted while one of its reasons for rejection is true: sender, existence, holdings or timing.",
        "EigenLayer docs/core, docs/permissions; Certora: canOnlyDelegateWithSpecificFunctions",
        _no_reason_is_true,
        Scope(tuple([action for action in REASONS if action not in FACTS])),
        applies_to=lambda step: are_elements_apart(step.before, step.action),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "CALL-01",
        "A call is rejected only for its first true reason, in the order of the contract's checks.",
        "EigenLayer docs/core; the NatSpec of each contract's functions",
        _is_rejected_for_the_first_reason,
        Scope(tuple(REASONS)),
        applies_to=are_elements_apart,
    ),
]
