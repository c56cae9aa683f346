"""Delegation of stake: registering as an operator, delegating to an operator, and undelegating.

A staker delegates all its shares in all strategies to one operator, or none. Undelegating queues all shares for
withdrawal.
"""

from spec.eigenlayer.actions import (
    Approval,
    DelegateTo,
    ModifyOperatorDetails,
    Redelegate,
    RegisterAsOperator,
    Undelegate,
)
from spec.eigenlayer.allocation import initialise_allocation_delay
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.native_eth import delegate_native_shares
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import increase_delegation, is_delegated, is_operator
from spec.eigenlayer.state import (
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    POD_OWNERS,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    OperatorDetails,
    SpentSalt,
    Staker,
)
from spec.eigenlayer.withdrawals import queue_withdrawal
from spec.machine import Delta, Draft


def register_as_operator(draft: Draft, action: RegisterAsOperator) -> Delta | Reason:
    """Register the sender as an operator, and delegate its own shares to itself. Its allocation delay is effective at
    once.

    Rejects, in order: ACTIVELY_DELEGATED; FULLY_SLASHED if the operator's max magnitude is zero in a strategy in which
    it has shares; for native ETH any reason of `delegate_native_shares`. Source: DelegationManager.registerAsOperator.
    """
    operator = action.sender
    if is_delegated(draft, operator):
        return Reason.ACTIVELY_DELEGATED
    initialise_allocation_delay(draft, operator, action.allocation_delay_blocks)
    draft.put(OPERATOR_DETAILS, operator, OperatorDetails(action.delegation_approver))
    rejection = _delegate(draft, operator, operator)
    return draft.delta() if rejection is None else rejection


def modify_operator_details(draft: Draft, action: ModifyOperatorDetails) -> Delta | Reason:
    """Change the operator's delegation approver.

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, OPERATOR_NOT_REGISTERED. Source:
    DelegationManager.modifyOperatorDetails.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(draft, action.operator):
        return Reason.OPERATOR_NOT_REGISTERED
    draft.put(OPERATOR_DETAILS, action.operator, OperatorDetails(action.delegation_approver))
    return draft.delta()


def delegate_to(draft: Draft, action: DelegateTo) -> Delta | Reason:
    """Delegate all of the sender's shares to an operator.

    Rejects, in order: ACTIVELY_DELEGATED, OPERATOR_NOT_REGISTERED; if the operator has an approver SALT_SPENT,
    SIGNATURE_EXPIRED, INVALID_SIGNATURE; FULLY_SLASHED if the operator's max magnitude is zero in a strategy in which
    the sender has shares; for native ETH any reason of `delegate_native_shares`. Source: DelegationManager.delegateTo.
    """
    rejection = _delegate_with_approval(draft, action.sender, action.operator, action.approval)
    return draft.delta() if rejection is None else rejection


def undelegate(draft: Draft, action: Undelegate) -> Delta | Reason:
    """End a staker's delegation. The caller is the staker, its operator, or the operator's approver.

    All shares are queued for withdrawal. Returns the number of withdrawals queued.
    Rejects, in order: NOT_ACTIVELY_DELEGATED, OPERATORS_CANNOT_UNDELEGATE, CALLER_CANNOT_UNDELEGATE, any reason for
    which `queue_withdrawal` cannot queue the shares. Source: DelegationManager.undelegate.
    """
    queued = _undelegate(draft, action.sender, action.staker)
    return queued if isinstance(queued, Reason) else draft.delta(queued)


def redelegate(draft: Draft, action: Redelegate) -> Delta | Reason:
    """Undelegate the sender, and delegate it to another operator.

    The new operator gets the shares when their queued withdrawals are completed as shares. Returns the number of
    withdrawals queued.
    Rejects, in order: NOT_ACTIVELY_DELEGATED, OPERATORS_CANNOT_UNDELEGATE, any reason for which `queue_withdrawal`
    cannot queue the shares; then OPERATOR_NOT_REGISTERED, and if the new operator has an approver SALT_SPENT,
    SIGNATURE_EXPIRED, INVALID_SIGNATURE. Source: DelegationManager.redelegate.
    """
    queued = _undelegate(draft, action.sender, action.sender)
    if isinstance(queued, Reason):
        return queued
    rejection = _delegate_with_approval(draft, action.sender, action.operator, action.approval)
    return draft.delta(queued) if rejection is None else rejection


def _delegate_with_approval(draft: Draft, staker: str, operator: str, approval: Approval) -> Reason | None:
    """Delegate a staker to an operator. If the operator has an approver, its signature is needed, and the signature's
    salt is then spent.

    Rejects, in order: ACTIVELY_DELEGATED, OPERATOR_NOT_REGISTERED; if there is an approver SALT_SPENT,
    SIGNATURE_EXPIRED, INVALID_SIGNATURE; FULLY_SLASHED if the operator's max magnitude is zero in one of the staker's
    strategies; for native ETH any reason of `delegate_native_shares`.
    Source: DelegationManager.delegateTo, _checkApproverSignature.
    """
    if is_delegated(draft, staker):
        return Reason.ACTIVELY_DELEGATED
    if not is_operator(draft, operator):
        return Reason.OPERATOR_NOT_REGISTERED
    approver = draft.get(OPERATOR_DETAILS, operator).delegation_approver
    if approver != ZERO_ADDRESS:
        if draft.get(SPENT_SALTS, (approver, approval.salt)).is_spent:
            return Reason.SALT_SPENT
        if approval.is_expired:
            return Reason.SIGNATURE_EXPIRED
        if approval.signer != approver:
            return Reason.INVALID_SIGNATURE
        draft.put(SPENT_SALTS, (approver, approval.salt), SpentSalt(is_spent=True))
    return _delegate(draft, staker, operator)


def _delegate(draft: Draft, staker: str, operator: str) -> Reason | None:
    """Set a staker's operator, and add all the staker's shares to the operator's. The operator's earlier slashes do not
    reduce them.

    In a token strategy, an undelegated staker's withdrawable shares equal its deposit shares.
    Rejects: FULLY_SLASHED if the operator's max magnitude is zero in one of the staker's strategies; then, for native
    ETH, FULLY_SLASHED, MUL_DIV_OVERFLOW, ARITHMETIC_PANIC, INVALID_DEPOSIT_SCALING_FACTOR (`delegate_native_shares`).
    Source: DelegationManager._delegate.
    """
    row = draft.get(STAKERS, staker)
    draft.put(
        STAKERS,
        staker,
        Staker(delegated_to=operator, withdrawals_queued=row.withdrawals_queued, strategy_list=row.strategy_list),
    )
    for strategy in row.strategy_list:
        rejection = increase_delegation(
            draft,
            operator,
            staker,
            strategy,
            0,
            draft.get(STAKER_SHARES, (staker, strategy)).deposit_shares,
            MAX_MAGNITUDES.latest(draft, (operator, strategy)),
        )
        if rejection is not None:
            return rejection
    return delegate_native_shares(draft, staker, operator)


def _undelegate(draft: Draft, sender: str, staker: str) -> int | Reason:
    """End a staker's delegation, and queue one withdrawal of all its shares for each of its strategies.

    Native ETH comes last, if the staker has positive native shares. Returns the number of withdrawals queued. Rejects,
    in order: NOT_ACTIVELY_DELEGATED, OPERATORS_CANNOT_UNDELEGATE, CALLER_CANNOT_UNDELEGATE, any reason for which
    `queue_withdrawal` cannot queue the shares.
    Source: DelegationManager.undelegate, _undelegate.
    """
    row = draft.get(STAKERS, staker)
    operator = row.delegated_to
    if operator == ZERO_ADDRESS:
        return Reason.NOT_ACTIVELY_DELEGATED
    if operator == staker:
        return Reason.OPERATORS_CANNOT_UNDELEGATE
    if sender not in (staker, operator, draft.get(OPERATOR_DETAILS, operator).delegation_approver):
        return Reason.CALLER_CANNOT_UNDELEGATE
    draft.put(
        STAKERS,
        staker,
        Staker(delegated_to=ZERO_ADDRESS, withdrawals_queued=row.withdrawals_queued, strategy_list=row.strategy_list),
    )
    for strategy in row.strategy_list:
        deposit_shares = draft.get(STAKER_SHARES, (staker, strategy)).deposit_shares
        rejection = queue_withdrawal(draft, staker, operator, (strategy,), (deposit_shares,))
        if rejection is not None:
            return rejection
    native_shares = draft.get(POD_OWNERS, staker).deposit_shares
    if native_shares <= 0:
        return len(row.strategy_list)
    rejection = queue_withdrawal(draft, staker, operator, (BEACON_CHAIN_ETH,), (native_shares,))
    return len(row.strategy_list) + 1 if rejection is None else rejection
