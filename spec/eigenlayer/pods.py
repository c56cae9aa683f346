"""EigenPods, which hold their owners' native ETH, and the owners' deposit shares in the EigenPodManager.

A pod pays its owner alone, in whole gwei, and at most the ETH that checkpoints have counted. Proofs and validators are
not modelled. Their results are actions: ETH that a checkpoint counted, a gain or a loss of balance.
"""

from spec.arithmetic import INT256_MAX, INT256_MIN, div_floor, low_64_bits
from spec.eigenlayer.actions import CreatePod, FundPod, PlantPodOwnerDepositShares
from spec.eigenlayer.config import GWEI_TO_WEI
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import ETH_BALANCES, POD_OWNERS, PODS, EthBalance, Pod, PodOwner
from spec.machine import Delta, Draft


def create_pod(draft: Draft, action: CreatePod) -> Delta | Reason:
    """Deploy the sender's pod. Rejects: EIGEN_POD_ALREADY_EXISTS. Source: EigenPodManager.createPod."""
    if draft.get(PODS, action.sender).exists:
        return Reason.EIGEN_POD_ALREADY_EXISTS
    draft.put(PODS, action.sender, Pod(exists=True))
    return draft.delta()


def fund_pod(draft: Draft, action: FundPod) -> Delta:
    """Add ETH to a pod, counted as by a checkpoint. Without a pod, nothing changes.

    Source: EigenPod.receive, and _startCheckpoint and _updateCheckpoint, which count it.
    """
    pod = draft.get(PODS, action.pod_owner)
    if pod.exists:
        draft.put(
            PODS,
            action.pod_owner,
            Pod(
                exists=True,
                withdrawable_gwei=pod.withdrawable_gwei + div_floor(action.amount_wei, GWEI_TO_WEI),
                balance_wei=pod.balance_wei + action.amount_wei,
            ),
        )
    return draft.delta()


def plant_pod_owner_deposit_shares(draft: Draft, action: PlantPodOwnerDepositShares) -> Delta:
    """Set a staker's deposit shares to a deficit from before the slashing release. This is a migrated state, no
    contract call.

    The staker's deposit scaling factor and beacon chain slashing factor stay as they are.
    """
    put_deposit_shares(draft, action.staker, action.shares)
    return draft.delta()


def put_deposit_shares(draft: Draft, owner: str, deposit_shares: int) -> None:
    """Set an owner's deposit shares. Its deposit scaling factor and beacon chain slashing factor stay as they are."""
    held = draft.get(POD_OWNERS, owner)
    draft.put(
        POD_OWNERS,
        owner,
        PodOwner(
            deposit_shares=deposit_shares,
            deposit_scaling_factor_wad=held.deposit_scaling_factor_wad,
            beacon_chain_slashing_factor_wad=held.beacon_chain_slashing_factor_wad,
        ),
    )


def add_pod_owner_shares(draft: Draft, owner: str, added_shares: int) -> int | Reason:
    """Add deposit shares to an owner. Returns its deposit shares before, or 0 if these were negative (a deficit).

    New shares first repay a deficit. The owner's gain is the increase of its non-negative part, `max(shares, 0)`.
    Rejects, in order: SHARES_NEGATIVE if the added shares exceed int256, ARITHMETIC_PANIC if the sum does. Source:
    EigenPodManager._addShares.
    """
    if added_shares > INT256_MAX:
        return Reason.SHARES_NEGATIVE
    deposit_shares_before = draft.get(POD_OWNERS, owner).deposit_shares
    if deposit_shares_before + added_shares > INT256_MAX:
        return Reason.ARITHMETIC_PANIC
    put_deposit_shares(draft, owner, deposit_shares_before + added_shares)
    return max(deposit_shares_before, 0)


def remove_pod_owner_shares(draft: Draft, owner: str, removed_shares: int) -> Reason | None:
    """Remove deposit shares from an owner. Zero shares are accepted. At zero left, the scaling factor is reset to WAD.

    Rejects, in order: INT256_OVERFLOW if the removed shares exceed int256, ARITHMETIC_PANIC if the difference is below
    int256, SHARES_NEGATIVE if the owner has fewer.
    Source: EigenPodManager.removeDepositShares, the reset in DelegationManager._removeSharesAndQueueWithdrawal.
    """
    if removed_shares > INT256_MAX:
        return Reason.INT256_OVERFLOW
    held = draft.get(POD_OWNERS, owner)
    deposit_shares = held.deposit_shares - removed_shares
    if deposit_shares < INT256_MIN:
        return Reason.ARITHMETIC_PANIC
    if deposit_shares < 0:
        return Reason.SHARES_NEGATIVE
    if deposit_shares > 0:
        put_deposit_shares(draft, owner, deposit_shares)
        return None
    draft.put(POD_OWNERS, owner, PodOwner(beacon_chain_slashing_factor_wad=held.beacon_chain_slashing_factor_wad))
    return None


def withdraw_shares_as_eth(draft: Draft, owner: str, shares: int) -> Reason | None:
    """Repay the owner's deficit, if any, and pay the remaining shares from its pod.

    Rejects: SHARES_NEGATIVE if the shares exceed int256, ARITHMETIC_PANIC if the deficit does not fit int256; for the
    paid shares EMPTY_REVERT without a pod, INSUFFICIENT_WITHDRAWABLE_BALANCE.
    Source: EigenPodManager.withdrawSharesAsTokens.
    """
    if shares > INT256_MAX:
        return Reason.SHARES_NEGATIVE
    deposit_shares = draft.get(POD_OWNERS, owner).deposit_shares
    if deposit_shares >= 0:
        return _pay(draft, owner, shares)
    if deposit_shares == INT256_MIN:
        return Reason.ARITHMETIC_PANIC
    repaid_shares = min(shares, -deposit_shares)
    put_deposit_shares(draft, owner, deposit_shares + repaid_shares)
    return None if repaid_shares == shares else _pay(draft, owner, shares - repaid_shares)


def _pay(draft: Draft, owner: str, amount_wei: int) -> Reason | None:
    """Send whole gwei from a pod to its owner. The fraction of a gwei is lost to the owner, and stays in the pod.

    The number of gwei is cast to 64 bits, as in the contract.
    Rejects: EMPTY_REVERT if there is no pod, INSUFFICIENT_WITHDRAWABLE_BALANCE.
    Source: EigenPod.withdrawRestakedBeaconChainETH.
    """
    pod = draft.get(PODS, owner)
    if not pod.exists:
        return Reason.EMPTY_REVERT
    amount_gwei = low_64_bits(div_floor(amount_wei, GWEI_TO_WEI))
    if amount_gwei > pod.withdrawable_gwei:
        return Reason.INSUFFICIENT_WITHDRAWABLE_BALANCE
    paid_wei = amount_gwei * GWEI_TO_WEI
    draft.put(
        PODS,
        owner,
        Pod(
            exists=True,
            withdrawable_gwei=pod.withdrawable_gwei - amount_gwei,
            balance_wei=pod.balance_wei - paid_wei,
        ),
    )
    draft.put(ETH_BALANCES, owner, EthBalance(draft.get(ETH_BALANCES, owner).amount_wei + paid_wei))
    return None
