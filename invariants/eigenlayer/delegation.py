"""EigenLayer's laws of delegation: operators cover their stakers, and joining or leaving costs a staker nothing."""

from typing import Final

from invariants.eigenlayer.movements import joins_unslashed, operator_gained
from invariants.eigenlayer.solvency import ACTIVE
from invariants.eigenlayer.state_queries import held_shares, held_strategies, is_operator, withdrawable
from invariants.law import AcceptedStep, AnyStep, Scope, StateLaw, StepLaw, View, written
from spec.arithmetic import WAD
from spec.eigenlayer.actions import DelegateTo, Redelegate, RegisterAsOperator, SlashOperator, Undelegate
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.state import (
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    Pair,
)


def _delegation_brings_everything(step: AcceptedStep[DelegateTo | RegisterAsOperator]) -> bool:
    """True if a delegating staker brings all its deposit shares to the operator.

    Earlier slashes of the operator must not reduce them, up to rounding.
    """
    call = step.action
    operator = call.operator if isinstance(call, DelegateTo) else call.sender
    rows = step.after.rows
    if rows.get(STAKERS, call.sender).delegated_to != operator:
        return False
    for strategy in step.before.rows.get(STAKERS, call.sender).strategy_list:
        shares = held_shares(step.before.rows, call.sender, strategy)
        if held_shares(rows, call.sender, strategy) != shares or operator_gained(step, operator, strategy) != shares:
            return False
        # A staker without an operator can withdraw all it has deposited, so that nothing is lost before joining.
        if not joins_unslashed(step, call.sender, strategy, shares, 0):
            return False
    return True


def _consent_is_spent(step: AcceptedStep[DelegateTo | Redelegate]) -> bool:
    """True if the approver's salt is spent after the call; without an approver no salt may be spent."""
    call = step.action
    approver = step.before.rows.get(OPERATOR_DETAILS, call.operator).delegation_approver
    if approver == ZERO_ADDRESS:
        return not written(step.delta, SPENT_SALTS)
    return step.after.rows.get(SPENT_SALTS, (approver, call.approval.salt)).is_spent


def _leaving_queues_everything(step: AcceptedStep[Undelegate | Redelegate]) -> bool:
    """True if leaving an operator queues one withdrawal for each strategy held, and leaves the staker no deposit
    shares.
    """
    call = step.action
    staker = call.staker if isinstance(call, Undelegate) else call.sender
    before, after = step.before.rows.get(STAKERS, staker), step.after.rows.get(STAKERS, staker)
    held = held_strategies(step.before.rows, staker)
    return (
        after.delegated_to == (call.operator if isinstance(call, Redelegate) else ZERO_ADDRESS)
        and after.strategy_list == ()
        and after.withdrawals_queued == before.withdrawals_queued + len(held)
        and step.delta.returns == len(held)
        and all(held_shares(step.after.rows, staker, strategy) == 0 for strategy in held)
    )


def _withdrawable_is_at_most_deposited(view: View, subject: Pair) -> bool:
    """True if a staker's withdrawable shares in a strategy do not exceed its deposit shares. Native ETH is exempt; see
    law ETH-16.
    """
    if subject[1] == BEACON_CHAIN_ETH:
        return True
    deposited_shares = held_shares(view.rows, subject[0], subject[1])
    return deposited_shares < 0 or withdrawable(view.rows, subject[0], subject[1]) <= deposited_shares


def _factor_is_positive(view: View, subject: Pair) -> bool:
    return view.rows.get(STAKER_SHARES, subject).deposit_scaling_factor_wad > 0


def _operators_stay_operators(step: AnyStep) -> bool:
    return all(
        is_operator(step.after.rows, account) or not is_operator(step.before.rows, account)
        for account in written(step.delta, STAKERS)
    )


def _nobody_is_never_slashed(view: View, subject: Pair) -> bool:
    if subject[0] != ZERO_ADDRESS:
        return True
    return MAX_MAGNITUDES.latest(view.rows, subject) == WAD and view.rows.get(OPERATOR_SHARES, subject).shares == 0


def _same(key: object) -> object:
    return key


def _consented(step: AcceptedStep[DelegateTo | Redelegate]) -> bool:
    """True if the operator's approver signed the approval, it is not expired, and its salt was not used before."""
    call, rows = step.action, step.before.rows
    approver, approval = rows.get(OPERATOR_DETAILS, call.operator).delegation_approver, call.approval
    is_spent = rows.get(SPENT_SALTS, (approver, approval.salt)).is_spent
    return approval.signer == approver and not approval.is_expired and not is_spent


def _asks_for_consent(step: AcceptedStep[DelegateTo | Redelegate]) -> bool:
    call = step.action
    return step.before.rows.get(OPERATOR_DETAILS, call.operator).delegation_approver != ZERO_ADDRESS


def _operator_covers_its_stakers(view: View, subject: Pair) -> bool:
    """True if an operator's shares in a strategy cover its stakers' withdrawable shares. Native ETH is exempt; see laws
    ETH-06 and ETH-09.
    """
    if subject[0] == ZERO_ADDRESS or subject[1] == BEACON_CHAIN_ETH:
        return True
    return uncalled_wad(view, subject) >= 0


def uncalled_wad(view: View, operator_strategy: Pair) -> int:
    """The excess of an operator's shares in a strategy over its stakers' withdrawable shares, in shares times WAD. The
    withdrawable shares are not rounded.
    """
    owed_wad = view.total(ACTIVE, operator_strategy) * MAX_MAGNITUDES.latest(view.rows, operator_strategy)
    return view.rows.get(OPERATOR_SHARES, operator_strategy).shares * WAD - owed_wad


def _operators_excess_is_rounding(step: AnyStep) -> bool:
    """True if the excess of every written operator's shares over its stakers' withdrawable shares grows by no more than
    rounding explains.

    A slash rounds the remaining shares up once. A queued withdrawal rounds twice: the scaled shares that it keeps, and
    the shares that the operator gives up. Joining shares round the staker's scaling factor twice, each time by less
    than one part in WAD of the shares held. Their scaled shares and the shares withdrawable before are rounded, too.
    Native ETH is exempt; see law ETH-06.
    """
    for operator_strategy in written(step.delta, OPERATOR_SHARES):
        grown_wad = uncalled_wad(step.after, operator_strategy) - uncalled_wad(step.before, operator_strategy)
        if grown_wad <= 0 or operator_strategy[1] == BEACON_CHAIN_ETH:
            continue
        if isinstance(step.action, SlashOperator):
            if grown_wad >= WAD:
                return False
            continue
        strategy = operator_strategy[1]
        positions = [
            key
            for key in written(step.delta, QUEUED_SHARES)
            if step.after.rows.get(QUEUED_SHARES, key).strategy == strategy
        ]
        held_shares = sum(
            step.after.rows.get(STAKER_SHARES, key).deposit_shares
            for key in written(step.delta, STAKER_SHARES)
            if key[1] == strategy
        )
        if grown_wad >= max(len(positions), 1) * 2 * (WAD + held_shares):
            return False
    return True


def _unassigned_is_unslashed(view: View, subject: Pair) -> bool:
    if view.rows.get(STAKERS, subject[0]).delegated_to != ZERO_ADDRESS:
        return True
    return view.rows.get(STAKER_SHARES, subject).deposit_scaling_factor_wad == WAD


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "DELEG-01",
        "An operator's shares cover the withdrawable shares of all its stakers: (sum of scaled shares) * m <= O * W.",
        "EigenLayer docs, SharesAccountingEdgeCases; DelegationManagerStorage.operatorShares",
        _operator_covers_its_stakers,
        rows={OPERATOR_SHARES: _same, MAX_MAGNITUDES.heads: _same},
        sums={ACTIVE: _same},
    ),
    StateLaw(
        "DELEG-02",
        "Undelegated stake is never slashed, and counts toward no operator's shares.",
        "DelegationManager: the magnitude of address zero",
        _nobody_is_never_slashed,
        rows={OPERATOR_SHARES: _same, MAX_MAGNITUDES.heads: _same},
    ),
    StateLaw(
        "DELEG-03",
        "No staker can withdraw more shares than it deposited.",
        "EigenLayer: assert_DepositShares_GTE_WithdrawableShares; EI14",
        _withdrawable_is_at_most_deposited,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS, MAX_MAGNITUDES.heads),
        harmless={MAX_MAGNITUDES.heads: lambda before, after: 0 <= after.latest <= before.latest},
    ),
    StateLaw(
        "DELEG-08",
        "An undelegated staker can withdraw what it deposited: its deposit scaling factor is WAD.",
        "DelegationManager._delegate, which takes this for granted",
        _unassigned_is_unslashed,
        rows={STAKER_SHARES: _same},
        also_reads=(STAKERS,),
    ),
    StateLaw(
        "DELEG-11",
        "A deposit scaling factor is never zero: no later deposit is permanently worthless.",
        "DelegationManager._increaseDelegation, InvalidDepositScalingFactor; SlashingLib, which reads zero as WAD",
        _factor_is_positive,
        rows={STAKER_SHARES: lambda key: key},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DELEG-04",
        "A staker that delegates brings all its shares, and earlier slashes hit none of them.",
        "DelegationManager._delegate; EI23",
        _delegation_brings_everything,
        Scope((DelegateTo, RegisterAsOperator)),
    ),
    StepLaw(
        "DELEG-05",
        "A signed consent of an approver is spent when it is used, and only then.",
        "DelegationManager._checkApproverSignature",
        _consent_is_spent,
        Scope((DelegateTo, Redelegate)),
    ),
    StepLaw(
        "DELEG-06",
        "A staker that leaves its operator queues all its shares, one withdrawal for each strategy.",
        "DelegationManager._undelegate",
        _leaving_queues_everything,
        Scope((Undelegate, Redelegate)),
    ),
    StepLaw(
        "DELEG-07",
        "The excess of an operator's shares over its stakers' grows by less than one share in a slash. For each "
        "position queued and each joining it grows by less than two shares, and two parts in WAD of the shares "
        "held.",
        "EigenLayer docs, SharesAccountingEdgeCases; the bound is this project's",
        _operators_excess_is_rounding,
        Scope(tables=(OPERATOR_SHARES,)),
    ),
    StepLaw(
        "DELEG-12",
        "An operator stays an operator for ever.",
        "EigenLayer Certora: operatorCannotUnregister; DelegationManager.undelegate, OperatorsCannotUndelegate",
        _operators_stay_operators,
        Scope(tables=(STAKERS,)),
        applies_to=lambda step: any(is_operator(step.before.rows, account) for account in written(step.delta, STAKERS)),
    ),
    StepLaw(
        "DELEG-13",
        "No staker joins an operator that has an approver without a consent: signed by the approver, unexpired, "
        "with an unused salt.",
        "DelegationManager._checkApproverSignature",
        _consented,
        Scope((DelegateTo, Redelegate)),
        applies_to=_asks_for_consent,
    ),
]
