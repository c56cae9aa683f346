"""Model laws of EigenLayer's delegation: the guards of joining and leaving an operator, and the rows that they set."""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.model import native_eth
from invariants.eigenlayer.model.withdrawals import taking
from invariants.eigenlayer.state_queries import held_shares, held_strategies, is_operator, worth
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw, written
from spec.arithmetic import WAD, mul_div_floor
from spec.eigenlayer.actions import (
    Approval,
    CompleteQueuedWithdrawal,
    DelegateTo,
    DepositIntoStrategy,
    ModifyOperatorDetails,
    Redelegate,
    RegisterAsOperator,
    Undelegate,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import MAX_MAGNITUDES, OPERATOR_DETAILS, SPENT_SALTS, STAKER_SHARES, STAKERS, WITHDRAWALS
from spec.machine import Draft


def _delegating(rows: Draft, operator: str, approval: Approval) -> Reason | None:
    """The first reason to reject a delegation to `operator`, or None.

    The account must be an operator. Its approver, if it has one, must have signed `approval`, which must not be expired
    or used before.
    """
    if not is_operator(rows, operator):
        return Reason.OPERATOR_NOT_REGISTERED
    approver = rows.get(OPERATOR_DETAILS, operator).delegation_approver
    if approver == ZERO_ADDRESS:
        return None
    if rows.get(SPENT_SALTS, (approver, approval.salt)).is_spent:
        return Reason.SALT_SPENT
    if approval.is_expired:
        return Reason.SIGNATURE_EXPIRED
    return None if approval.signer == approver else Reason.INVALID_SIGNATURE


def _leaving(rows: Draft, sender: str, staker: str) -> Reason | None:
    """The guards of ending a delegation: the first reason to reject the call, or None.

    The staker, its operator or the operator's approver may end it; an operator's delegation to itself never ends. All
    shares are queued, so the guards of queueing each strategy follow.
    """
    operator = rows.get(STAKERS, staker).delegated_to
    if operator == ZERO_ADDRESS:
        return Reason.NOT_ACTIVELY_DELEGATED
    if operator == staker:
        return Reason.OPERATORS_CANNOT_UNDELEGATE
    if sender not in (staker, operator, rows.get(OPERATOR_DETAILS, operator).delegation_approver):
        return Reason.CALLER_CANNOT_UNDELEGATE
    for strategy in held_strategies(rows, staker):
        reason = taking(rows, staker, strategy, held_shares(rows, staker, strategy))
        if reason is not None:
            return reason
    return None


def _is_fully_slashed(rows: Draft, operator: str, strategy: str) -> bool:
    """True if an operator has no magnitude left in a strategy; the zero address always has full magnitude."""
    return MAX_MAGNITUDES.latest(rows, (operator, strategy)) == 0


def _holds_fully_slashed(rows: Draft, staker: str, operator: str) -> bool:
    """True if a staker has shares of a token strategy in which the operator has no magnitude left."""
    return any(_is_fully_slashed(rows, operator, held) for held in rows.get(STAKERS, staker).strategy_list)


def _register_as_operator(rows: Draft, call: RegisterAsOperator) -> Reason | None:
    if rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS:
        return Reason.ACTIVELY_DELEGATED
    if _holds_fully_slashed(rows, call.sender, call.sender):
        return Reason.FULLY_SLASHED
    return native_eth.delegating(rows, call.sender, call.sender)


def _modify_operator_details(rows: Draft, call: ModifyOperatorDetails) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    return None if is_operator(rows, call.operator) else Reason.OPERATOR_NOT_REGISTERED


def _delegate_to(rows: Draft, call: DelegateTo) -> Reason | None:
    if rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS:
        return Reason.ACTIVELY_DELEGATED
    reason = _delegating(rows, call.operator, call.approval)
    if reason is not None:
        return reason
    if _holds_fully_slashed(rows, call.sender, call.operator):
        return Reason.FULLY_SLASHED
    return native_eth.delegating(rows, call.sender, call.operator)


def _undelegate(rows: Draft, call: Undelegate) -> Reason | None:
    return _leaving(rows, call.sender, call.staker)


def _redelegate(rows: Draft, call: Redelegate) -> Reason | None:
    """The first reason to reject a Redelegate call, or None: the guards of leaving, then those of delegating.

    No shares are left to bring to the new operator, so it does not matter if that one is fully slashed.
    """
    reason = _leaving(rows, call.sender, call.sender)
    return _delegating(rows, call.operator, call.approval) if reason is None else reason


def _approver_is_as_named(step: AcceptedStep[RegisterAsOperator | ModifyOperatorDetails]) -> bool:
    call = step.action
    operator = call.operator if isinstance(call, ModifyOperatorDetails) else call.sender
    return step.after.rows.get(OPERATOR_DETAILS, operator).delegation_approver == call.delegation_approver


def _scaling_factor_is_exact(step: AnyStep) -> bool:
    """True if each written deposit scaling factor has its exact new value, with each division rounded down.

    If shares join held shares, the new factor is the worth of all per deposit share, divided by the operator's
    magnitude. For a staker's first shares, and for shares that a staker brings to an operator, it is the old factor
    divided by that magnitude.
    """
    before, after, call = step.before.rows, step.after.rows, step.action
    is_delegation = isinstance(call, DelegateTo | RegisterAsOperator)
    for staker, strategy in written(step.delta, STAKER_SHARES):
        old, new = before.get(STAKER_SHARES, (staker, strategy)), after.get(STAKER_SHARES, (staker, strategy))
        magnitude = MAX_MAGNITUDES.latest(before, (after.get(STAKERS, staker).delegated_to, strategy))
        factor_wad = old.deposit_scaling_factor_wad
        joined_shares = new.deposit_shares - old.deposit_shares
        if not is_delegation and joined_shares == 0:
            if new.deposit_scaling_factor_wad != factor_wad:
                return False
            continue
        if not is_delegation and old.deposit_shares > 0:
            worth_shares = worth(old.deposit_shares, factor_wad, magnitude) + joined_shares
            factor_wad = mul_div_floor(worth_shares, WAD, new.deposit_shares)
        if new.deposit_scaling_factor_wad != mul_div_floor(factor_wad, WAD, magnitude):
            return False
    return True


def _joins_once(step: AnyStep) -> bool:
    """True unless the call completes a withdrawal as tokens, or one that lists several strategies.

    The exact scaling factor is judged only where the shares of a strategy join at most once.
    """
    call = step.action
    if not isinstance(call, CompleteQueuedWithdrawal):
        return True
    completion = call.completion
    count = step.before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce)).strategy_count
    return not completion.receive_as_tokens and count == 1


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    RegisterAsOperator: _register_as_operator,
    ModifyOperatorDetails: _modify_operator_details,
    DelegateTo: _delegate_to,
    Undelegate: _undelegate,
    Redelegate: _redelegate,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DELEG-09",
        "Joining shares set the deposit scaling factor to the worth of all shares, divided by the shares and by "
        "the operator's magnitude. Each division rounds down, and nothing else is lost.",
        "SlashingLib.update",
        _scaling_factor_is_exact,
        Scope((DepositIntoStrategy, DelegateTo, RegisterAsOperator, CompleteQueuedWithdrawal)),
        applies_to=_joins_once,
    ),
    StepLaw(
        "DELEG-10",
        "An operator's delegation approver is the one that it named.",
        "DelegationManager._setOperatorDetails",
        _approver_is_as_named,
        Scope((RegisterAsOperator, ModifyOperatorDetails)),
    ),
]
