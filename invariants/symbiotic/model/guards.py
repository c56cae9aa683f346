"""Guards, the conditions of rejection: for every call its reasons in the contracts' order, each with the condition it
stands for.

The conditions speak of the state before the call alone and divide next to nothing, so that they are a second account
of the checks: a call is refused for the first of its reasons that is true, and accepted if none is. That includes
numbers that do not fit 256 bits, which a vault meets when slashes leave shares without stake. Nowhere is a vault short
of what it owes: that no claim and no slash is refused for want of tokens is part of what the law says.
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


def _is_refused_for_the_first_reason(refusal: AnyRejection) -> bool:
    return refusal.reason is REASONS[type(refusal.action)](refusal.before.rows, refusal.action)


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
"""For each call the reason for which it must be refused, or None if it must be accepted."""


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
        _is_refused_for_the_first_reason,
        Scope(tuple(REASONS)),
    ),
]
