"""View functions of the contracts, evaluated at the current timestamp.

If the contract's view reverts, the answer is the reason.
"""

from spec.arithmetic import UINT48_MAX
from spec.machine import Draft
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.shares import preview_redeem
from spec.symbiotic.slashing import resolver_at
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_VAULT_OPT_INS,
    WITHDRAWAL_BUCKETS,
    Pair,
    Subnetwork,
)
from spec.symbiotic.withdrawals import withdrawals_of


def total_stake(draft: Draft, vault: str) -> int:
    """The slashable collateral of a vault: its active stake, and the buckets of this epoch and the next.

    Source: Vault.totalStake.
    """
    epoch = current_epoch(draft, vault)
    withdrawals = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch)).amount
    next_withdrawals = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch + 1)).amount
    return ACTIVE_STAKE.latest(draft, vault) + withdrawals + next_withdrawals


def active_balance_of(draft: Draft, vault: str, account: str) -> int | Reason:
    """The collateral that an account's active shares are worth now. Rounds down.

    Rejects: ARITHMETIC_PANIC if the vault's stake or shares plus 1 exceed uint256. Source: Vault.activeBalanceOf.
    """
    holder: Pair = (vault, account)
    return preview_redeem(
        ACTIVE_SHARES_OF.latest(draft, holder), ACTIVE_STAKE.latest(draft, vault), ACTIVE_SHARES.latest(draft, vault)
    )


def active_balance_of_at(draft: Draft, vault: str, account: str, timestamp: int) -> int | Reason:
    """The collateral that an account's active shares were worth at a timestamp. Rounds down.

    Rejects: ARITHMETIC_PANIC if the vault's stake or shares plus 1 exceeded uint256. Source: Vault.activeBalanceOfAt.
    """
    holder: Pair = (vault, account)
    return preview_redeem(
        ACTIVE_SHARES_OF.value_at(draft, holder, timestamp),
        ACTIVE_STAKE.value_at(draft, vault, timestamp),
        ACTIVE_SHARES.value_at(draft, vault, timestamp),
    )


def slashable_balance_of(draft: Draft, vault: str, account: str) -> int | Reason:
    """The slashable collateral of an account: its active balance, and its parts of this epoch's and the next one's
    bucket.

    Each of the three rounds down. Rejects: ARITHMETIC_PANIC if a pool's assets or shares plus 1 exceed uint256.
    Source: Vault.slashableBalanceOf.
    """
    epoch = current_epoch(draft, vault)
    active_balance = active_balance_of(draft, vault, account)
    if isinstance(active_balance, Reason):
        return active_balance
    withdrawals = withdrawals_of(draft, vault, epoch, account)
    if isinstance(withdrawals, Reason):
        return withdrawals
    next_withdrawals = withdrawals_of(draft, vault, epoch + 1, account)
    if isinstance(next_withdrawals, Reason):
        return next_withdrawals
    return active_balance + withdrawals + next_withdrawals


def stake(draft: Draft, vault: str, subnetwork: Subnetwork, operator: str) -> int:
    """The current stake of an operator in a subnetwork. Source: BaseDelegator.stake."""
    return stake_at(draft, vault, subnetwork, operator, current_timestamp(draft))


def is_opted_in_vault(draft: Draft, operator: str, vault: str) -> bool:
    """True if an operator is opted in to a vault now. Source: OptInService.isOptedIn."""
    opt_in: Pair = (operator, vault)
    return OPERATOR_VAULT_OPT_INS.latest(draft, opt_in) == 1


def is_opted_in_network(draft: Draft, operator: str, network: str) -> bool:
    """True if an operator is opted in to a network now. Source: OptInService.isOptedIn."""
    opt_in: Pair = (operator, network)
    return OPERATOR_NETWORK_OPT_INS.latest(draft, opt_in) == 1


def resolver(draft: Draft, vault: str, subnetwork: Subnetwork) -> str:
    """The current resolver of a subnetwork; ZERO_ADDRESS if there is none. Source: VetoSlasher.resolver."""
    return resolver_at(draft, vault, subnetwork, current_timestamp(draft))


def pending_resolver(draft: Draft, vault: str, subnetwork: Subnetwork) -> str:
    """The last resolver that was set, effective or still pending; ZERO_ADDRESS if there is none.

    Source: VetoSlasher.resolverAt, at the last timestamp.
    """
    return resolver_at(draft, vault, subnetwork, UINT48_MAX)
