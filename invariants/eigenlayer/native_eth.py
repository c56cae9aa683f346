"""EigenLayer's laws of native ETH: pods, beacon chain slashing factors, and the separation from token strategies.

A pod pays only its owner, and losses only lower factors and payouts. An operator's native shares cover what its stakers
can withdraw, up to dust. The dust arises because a staker's slashing factor is a product rounded down, and the scaling
factor of joining shares is divided by the rounded product. A later slash of the operator computes a new product, which
may lose less by rounding. In a token strategy the slashing factor is the magnitude itself, without a product.
"""

from typing import Any, Final, cast

from invariants.eigenlayer.state_queries import fraction_left_wad, paid_shares, worth
from invariants.law import AcceptedStep, AnyStep, KnownViolation, Scope, StateLaw, StepLaw, Sum, View, written
from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    DelegateTo,
    DepositIntoStrategy,
    FundPod,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    RegisterAsOperator,
    SlashOperator,
)
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.shares import scaled_shares
from spec.eigenlayer.state import (
    BURNABLE_ETH,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    QUEUED_SHARES,
    SLASHED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
    PodOwner,
)
from spec.machine import SINGLETON, Draft


def _scaled(row: PodOwner) -> int:
    return scaled_shares(max(row.deposit_shares, 0), row.deposit_scaling_factor_wad)


def _left_wad(row: PodOwner) -> int:
    return _scaled(row) * row.beacon_chain_slashing_factor_wad


def _operator_group(rows: Draft, key: str, _row: object) -> Pair:
    return (rows.get(STAKERS, key).delegated_to, BEACON_CHAIN_ETH)


NATIVE_ACTIVE_WAD: Final = Sum("native_active_wad", POD_OWNERS, _operator_group, _left_wad, also_reads=(STAKERS,))
"""A sum per (operator, native ETH): its stakers' scaled native shares times their beacon chain slashing factors, in
shares times WAD.
"""


class _WholeNativeShares(Sum):
    """A sum over stakers of the native shares that each could queue now, rounded down as the contract rounds them.

    Proofs do not support this sum; only law ETH-09, a known violation, uses it.
    """

    def counted(self, view: View, key: Any, row: Any) -> int:
        """The native shares that one staker could queue now, rounded down."""
        operator = view.rows.get(STAKERS, key).delegated_to
        magnitude = MAX_MAGNITUDES.latest(view.rows, (operator, BEACON_CHAIN_ETH))
        fraction_wad = fraction_left_wad(view.rows, key, BEACON_CHAIN_ETH, magnitude)
        return worth(max(row.deposit_shares, 0), row.deposit_scaling_factor_wad, fraction_wad)


NATIVE_WITHDRAWABLE: Final = _WholeNativeShares(
    "native_withdrawable",
    POD_OWNERS,
    _operator_group,
    _scaled,
    also_reads=(STAKERS, MAX_MAGNITUDES.heads, POD_OWNERS),
)
"""A sum per (operator, native ETH): the native shares that all its stakers can queue now."""


def _factor_never_grows(step: AnyStep) -> bool:
    return all(
        0
        <= step.after.rows.get(POD_OWNERS, owner).beacon_chain_slashing_factor_wad
        <= step.before.rows.get(POD_OWNERS, owner).beacon_chain_slashing_factor_wad
        for owner in written(step.delta, POD_OWNERS)
    )


def _factors_are_in_range(view: View, owner: str) -> bool:
    row = view.rows.get(POD_OWNERS, owner)
    is_unscaled = row.deposit_shares > 0 or row.deposit_scaling_factor_wad == WAD
    return 0 <= row.beacon_chain_slashing_factor_wad <= WAD and row.deposit_scaling_factor_wad > 0 and is_unscaled


def _pod_covers_what_is_restakable(view: View, owner: str) -> bool:
    pod = view.rows.get(PODS, owner)
    if not pod.exists:
        return pod.withdrawable_gwei == 0 and pod.balance_wei == 0
    return 0 <= pod.withdrawable_gwei * GWEI_TO_WEI <= pod.balance_wei


def _pod_pays_its_owner(step: AnyStep) -> bool:
    """True if the ETH that leaves each pod equals the ETH that the pod's owner receives.

    A payment must be a whole number of gwei, must lower the pod's withdrawable gwei by as much, and needs a call of the
    owner. FundPod must pay nothing.
    """
    owners = [*written(step.delta, PODS), *written(step.delta, ETH_BALANCES)]
    for owner in owners:
        pod, pod_after = step.before.rows.get(PODS, owner), step.after.rows.get(PODS, owner)
        paid_wei = step.after.rows.get(ETH_BALANCES, owner).amount_wei
        paid_wei -= step.before.rows.get(ETH_BALANCES, owner).amount_wei
        if isinstance(step.action, FundPod):
            if paid_wei != 0 or pod_after.balance_wei < pod.balance_wei:
                return False
            continue
        is_paid_whole = paid_wei == (pod.withdrawable_gwei - pod_after.withdrawable_gwei) * GWEI_TO_WEI
        if not is_paid_whole or paid_wei != pod.balance_wei - pod_after.balance_wei or paid_wei < 0:
            return False
        if paid_wei > 0 and cast(Any, step.action).sender != owner:
            return False
    return True


def _claim_is_bounded_by_its_pod(
    step: AcceptedStep[CompleteQueuedWithdrawal | CompleteQueuedWithdrawals],
) -> bool:
    """True if no account receives more ETH than its own pod's withdrawable gwei before the call."""
    for account in written(step.delta, ETH_BALANCES):
        paid_wei = step.after.rows.get(ETH_BALANCES, account).amount_wei
        paid_wei -= step.before.rows.get(ETH_BALANCES, account).amount_wei
        if paid_wei > step.before.rows.get(PODS, account).withdrawable_gwei * GWEI_TO_WEI:
            return False
    return True


def _never_below_zero(step: AnyStep) -> bool:
    if isinstance(step.action, PlantPodOwnerDepositShares):
        return True
    return all(
        step.after.rows.get(POD_OWNERS, owner).deposit_shares
        >= min(step.before.rows.get(POD_OWNERS, owner).deposit_shares, 0)
        for owner in written(step.delta, POD_OWNERS)
    )


def uncalled_native_wad(view: View, operator_strategy: Pair) -> int:
    """The excess of an operator's native shares over its stakers' withdrawable native shares, in shares times WAD
    squared. Nothing is rounded.
    """
    owed_wad = view.total(NATIVE_ACTIVE_WAD, operator_strategy) * MAX_MAGNITUDES.latest(view.rows, operator_strategy)
    return view.rows.get(OPERATOR_SHARES, operator_strategy).shares * WAD * WAD - owed_wad


def _slash_keeps_cover(step: AnyStep, operator_strategy: Pair) -> bool:
    """True if the slash changes no staker, and lowers shares at most in proportion to the magnitude.

    Then a shortfall does not grow. Let s be the operator's shares, m its magnitude, a the stakers' unslashed shares,
    and 0 mark values before. With s >= s0 * m / m0, s - a * m is at least (s0 - a * m0) * m / m0.
    """
    magnitude = MAX_MAGNITUDES.latest(step.before.rows, operator_strategy)
    magnitude_after = MAX_MAGNITUDES.latest(step.after.rows, operator_strategy)
    shares = step.before.rows.get(OPERATOR_SHARES, operator_strategy).shares
    shares_after = step.after.rows.get(OPERATOR_SHARES, operator_strategy).shares
    moves_nobody = not written(step.delta, POD_OWNERS) and not written(step.delta, STAKERS)
    return moves_nobody and magnitude_after <= magnitude and shares_after * magnitude >= shares * magnitude_after


def _only_joining_uncovers(step: AnyStep) -> bool:
    """True if an operator's native shares fall short of its stakers' claims only by the rounding of shares that join.

    Losses, slashes and withdrawals round against the stakers. Joining shares are scaled by a factor rounded down by
    less than one part in WAD. So the shortfall may grow by one part in WAD of the scaled shares that join, and by two
    shares for a delegation.
    """
    for operator_strategy in written(step.delta, OPERATOR_SHARES):
        if operator_strategy[1] != BEACON_CHAIN_ETH:
            continue
        if isinstance(step.action, SlashOperator):
            if not _slash_keeps_cover(step, operator_strategy):
                return False
            continue
        allowed_wad = 0
        for owner in written(step.delta, POD_OWNERS):
            if step.after.rows.get(STAKERS, owner).delegated_to != operator_strategy[0]:
                continue
            if isinstance(step.action, DelegateTo | RegisterAsOperator):
                allowed_wad += 2 * WAD * WAD
                continue
            joined = _scaled(step.after.rows.get(POD_OWNERS, owner)) - _scaled(step.before.rows.get(POD_OWNERS, owner))
            allowed_wad += max(joined, 0) * WAD
        short_before = min(uncalled_native_wad(step.before, operator_strategy), 0)
        if uncalled_native_wad(step.after, operator_strategy) < short_before - allowed_wad:
            return False
    return True


def _operator_covers_native_eth(view: View, subject: Pair) -> bool:
    if subject[0] == ZERO_ADDRESS or subject[1] != BEACON_CHAIN_ETH:
        return True
    return view.total(NATIVE_WITHDRAWABLE, subject) <= view.rows.get(OPERATOR_SHARES, subject).shares


def _report_raises_no_payout(step: AcceptedStep[RecordBeaconChainEthBalanceUpdate]) -> bool:
    """True if the report raises the payout of none of the owner's queued withdrawals, slashable or not."""
    owner, before, after = step.action.pod_owner, step.before.rows, step.after.rows
    # No `return` in the loops: so a proof asks one question about all positions, and does not branch at each.
    kept: list[bool] = []
    for nonce in range(before.get(STAKERS, owner).withdrawals_queued):
        for position in range(before.get(WITHDRAWALS, (owner, nonce)).strategy_count):
            is_kept = paid_shares(after, owner, nonce, position) <= paid_shares(before, owner, nonce, position)
            kept.append(is_kept)
    return all(kept)


def _named_strategies(rows: Draft, call: Any) -> list[str]:
    if isinstance(call, DepositIntoStrategy):
        return [call.strategy]
    if isinstance(call, RecordBeaconChainEthBalanceUpdate):
        return [BEACON_CHAIN_ETH]
    if isinstance(call, SlashOperator):
        return [*call.strategies]
    if isinstance(call, QueueWithdrawals):
        return [strategy for request in call.requests for strategy in request.strategies]
    completions = call.completions if isinstance(call, CompleteQueuedWithdrawals) else (call.completion,)
    return [
        rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        for completion in completions
        for position in range(len(completion.tokens))
    ]


def _kinds_are_apart(step: AnyStep) -> bool:
    """True if a call that names only native ETH writes no row of a token strategy.

    A call that names only token strategies must write no row of native ETH.
    """
    named = _named_strategies(step.before.rows, step.action)
    names_native = BEACON_CHAIN_ETH in named
    names_token = any(strategy != BEACON_CHAIN_ETH for strategy in named)
    for write in step.delta.writes:
        table, key = write.table, cast(Any, write.key)
        if table in (OPERATOR_SHARES, MAX_MAGNITUDES.heads):
            is_native = bool(key[1] == BEACON_CHAIN_ETH)
        elif table is PODS or table is POD_OWNERS or table is ETH_BALANCES or table is BURNABLE_ETH:
            is_native = True
        elif table is STAKER_SHARES or table is STRATEGIES or table is TOKEN_BALANCES or table is SLASHED_SHARES:
            is_native = False
        else:
            continue
        if not (names_native if is_native else names_token):
            return False
    return True


def _worth_is_at_most_deposited(view: View, owner: str) -> bool:
    """True if the owner's deposit scaling factor times the fraction left after slashing is at most one.

    That fraction is the product of the operator's magnitude and the owner's beacon chain slashing factor.
    """
    magnitude = MAX_MAGNITUDES.latest(view.rows, (view.rows.get(STAKERS, owner).delegated_to, BEACON_CHAIN_ETH))
    fraction_wad = fraction_left_wad(view.rows, owner, BEACON_CHAIN_ETH, magnitude)
    return view.rows.get(POD_OWNERS, owner).deposit_scaling_factor_wad * fraction_wad <= WAD * WAD


def _tokens_have_no_native_rows(view: View, key: Pair) -> bool:
    row = view.rows.get(STAKER_SHARES, key)
    return key[1] != BEACON_CHAIN_ETH or (row.deposit_shares == 0 and row.deposit_scaling_factor_wad == WAD)


def _burnable_never_falls(step: AnyStep) -> bool:
    grown = step.after.rows.get(BURNABLE_ETH, SINGLETON).shares - step.before.rows.get(BURNABLE_ETH, SINGLETON).shares
    return grown >= 0


def _same(key: object) -> object:
    return key


SUMS: Final[list[Sum]] = [NATIVE_ACTIVE_WAD, NATIVE_WITHDRAWABLE]


KNOWN_FALSE: Final[dict[str, KnownViolation]] = {
    "ETH-09": KnownViolation(
        "ETH-06",
        "eigenlayer_native_eth_cannot_be_undelegated.json",
        "The last staker of an operator may find its shares of native ETH too few to undelegate, by dust; it can queue "
        "a little less instead.",
    )
}


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "ETH-02",
        "A beacon chain slashing factor is a fraction of WAD. A scaling factor of native ETH is never zero, and WAD "
        "without shares.",
        "EigenPodManager.beaconChainSlashingFactor; SlashingLib.update, reset",
        _factors_are_in_range,
        rows={POD_OWNERS: _same},
    ),
    StateLaw(
        "ETH-03",
        "A pod holds all the ETH that its owner's withdrawals may take.",
        "EigenPod.restakedExecutionLayerGwei",
        _pod_covers_what_is_restakable,
        rows={PODS: _same},
    ),
    StateLaw(
        "ETH-16",
        "No staker can withdraw more native ETH than it deposited: its scaling factor undoes no more than both factors "
        "of slashing took.",
        "SlashingLib.update; DelegationManager._delegate",
        _worth_is_at_most_deposited,
        rows={POD_OWNERS: _same},
        also_reads=(STAKERS, MAX_MAGNITUDES.heads),
        harmless={MAX_MAGNITUDES.heads: lambda before, after: 0 <= after.latest <= before.latest},
    ),
    StateLaw(
        "ETH-08",
        "No deposit shares of a token strategy are of native ETH.",
        "DelegationManager._getShareManager",
        _tokens_have_no_native_rows,
        rows={STAKER_SHARES: _same},
    ),
    StateLaw(
        "ETH-09",
        "An operator's shares of native ETH cover what all its stakers can queue, by both factors.",
        "This project; EigenLayer docs, SharesAccountingEdgeCases",
        _operator_covers_native_eth,
        rows={OPERATOR_SHARES: _same},
        sums={NATIVE_WITHDRAWABLE: _same},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "ETH-01",
        "A beacon chain slashing factor never grows.",
        "EigenPodManager._reduceSlashingFactor; EigenLayer Certora: EigenPodManagerRules",
        _factor_never_grows,
        Scope(tables=(POD_OWNERS,)),
    ),
    StepLaw(
        "ETH-04",
        "A pod pays its owner alone, by the owner's call, in whole gwei: what leaves the pod is what the owner gets.",
        "EigenPod.withdrawRestakedBeaconChainETH",
        _pod_pays_its_owner,
        Scope(tables=(PODS, ETH_BALANCES)),
    ),
    StepLaw(
        "ETH-05",
        "No call takes native deposit shares below zero, nor a deficit further down.",
        "EigenPodManager.removeDepositShares",
        _never_below_zero,
        Scope(tables=(POD_OWNERS,)),
    ),
    StepLaw(
        "ETH-06",
        "Only shares that join let an operator's native shares fall short of its stakers', by less than a part in "
        "WAD of the scaled shares that join, and by two shares for a delegation.",
        "This project; SlashingLib.update, DelegationManager._delegate",
        _only_joining_uncovers,
        Scope(tables=(OPERATOR_SHARES,)),
    ),
    StepLaw(
        "ETH-07",
        "A report of a pod raises the payout of no withdrawal: a loss lowers it, even after the slashing window.",
        "DelegationManager._completeQueuedWithdrawal, the beacon chain slashing factor of now",
        _report_raises_no_payout,
        Scope((RecordBeaconChainEthBalanceUpdate,)),
    ),
    StepLaw(
        "ETH-13",
        "Native ETH and token strategies do not touch each other: a call that names one kind writes rows of that kind.",
        "DelegationManager._getShareManager",
        _kinds_are_apart,
        Scope(
            (
                DepositIntoStrategy,
                RecordBeaconChainEthBalanceUpdate,
                QueueWithdrawals,
                CompleteQueuedWithdrawal,
                CompleteQueuedWithdrawals,
                SlashOperator,
            )
        ),
    ),
    StepLaw(
        "ETH-14",
        "Nobody is paid more ETH than its own pod could pay.",
        "EigenPod.withdrawRestakedBeaconChainETH, InsufficientWithdrawableBalance",
        _claim_is_bounded_by_its_pod,
        Scope((CompleteQueuedWithdrawal, CompleteQueuedWithdrawals)),
    ),
    StepLaw(
        "ETH-15",
        "Burnable native ETH never falls.",
        "EigenPodManager.increaseBurnOrRedistributableShares",
        _burnable_never_falls,
        Scope(tables=(BURNABLE_ETH,)),
    ),
]
