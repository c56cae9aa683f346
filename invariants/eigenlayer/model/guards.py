"""Guards: for every call its reasons in the contracts' order. A call is refused for the first that is true.

The conditions speak of the state before the call alone, in the words of the contracts' documentation, so that they are
a second account of the checks. They are filed as the rules are, beside what an accepted call does.
A call over a list repeats its checks for each element in the state that the elements before it left; the laws speak of
such calls if no two elements are of the same subject, so that no element meets what another changed.

Products, sums and block numbers that do not fit their type are reasons like others, each in its place.
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
"""Actions that nobody calls, and nothing refuses."""


def _always(_rows: Draft, _fact: Any) -> Reason | None:
    return None


def _is_refused_for_the_first_reason(refusal: AnyRejection) -> bool:
    action = refusal.action
    return refusal.reason == REASONS[type(action)](refusal.before.rows, action)


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
"""For each call the reason for which it must be refused, or None if it must be accepted."""


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
        _is_refused_for_the_first_reason,
        Scope(tuple(REASONS)),
        applies_to=are_elements_apart,
    ),
]
