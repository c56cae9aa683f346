"""Guards: for each call the reasons to reject it, in the contract's order. The first true one is the answer.

The conditions read only the state before the call and hardly divide, so they restate the checks independently. They
include numbers beyond 256 bits, which occur when slashes leave shares without stake. No guard is a vault's lack of
tokens: the law also states that no claim and no slash is rejected for that.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw
from invariants.symbiotic.model import delegation, opt_in, rewards, slashing, staking, veto, withdrawals
from spec.machine import Draft
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.reasons import Reason


def _always(_rows: Draft, _call: AdvanceTime) -> Reason | None:
    return None


def _is_rejected_for_the_first_reason(rejection: AnyRejection) -> bool:
    return rejection.reason is REASONS[type(rejection.action)](rejection.before.rows, rejection.action)


def _no_reason_is_true(step: AnyStep) -> bool:
    return REASONS[type(step.action)](step.before.rows, step.action) is None


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    AdvanceTime: _always,
    **delegation.REASONS,
    **opt_in.REASONS,
    **rewards.REASONS,
    **slashing.REASONS,
    **staking.REASONS,
    **veto.REASONS,
    **withdrawals.REASONS,
}
"""For each action, a function that returns the first reason to reject a call, or None to accept it."""


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "CALL-02",
        "No call is accepted while one of its reasons for rejection is true: sender, existence, holdings or timing.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _no_reason_is_true,
        Scope(tuple([action for action in REASONS if action is not AdvanceTime])),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "CALL-01",
        "A call is rejected only for its first true reason, in the order of the contract's checks.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _is_rejected_for_the_first_reason,
        Scope(tuple(REASONS)),
    ),
]
