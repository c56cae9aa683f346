"""Delegation of a vault's stake: the limits of networks and operators, and the stake that follows from them.

A network sets the maximum stake of a vault that it accepts. The vault's admin sets the stake that each subnetwork gets.
From both, the four types of delegator compute an operator's stake in a subnetwork. Withdrawals in progress do not count
as stake, although they are still slashable.
"""

from spec.arithmetic import UINT256_MAX, mul_div_floor
from spec.machine import Delta, Draft
from spec.symbiotic.actions import (
    SetMaxNetworkLimit,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
)
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import (
    FULL_RESTAKE,
    NETWORK_RESTAKE,
    OPERATOR_NETWORK_SPECIFIC,
    OPERATOR_SPECIFIC,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.staking import has_role
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    Pair,
    Subnetwork,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)


def set_max_network_limit(draft: Draft, action: SetMaxNetworkLimit) -> Delta | Reason:
    """Change the maximum stake that a subnetwork of the sender accepts. If its network limit is higher, it falls to
    this maximum at once.

    Rejects, in order: NOT_NETWORK, ALREADY_SET, INVALID_NETWORK if the delegator is specific to another network.
    Source: BaseDelegator.setMaxNetworkLimit, and each delegator's _setMaxNetworkLimit.
    """
    vault_subnetwork: VaultSubnetwork = (action.vault, (action.sender, action.identifier))
    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:
        return Reason.NOT_NETWORK
    if MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork) == action.amount:
        return Reason.ALREADY_SET
    config = draft.get(VAULTS, action.vault)
    now = current_timestamp(draft)
    if config.delegator == OPERATOR_NETWORK_SPECIFIC:
        if action.sender != config.delegator_network:
            return Reason.INVALID_NETWORK
    elif NETWORK_LIMITS.latest(draft, vault_subnetwork) > action.amount:
        NETWORK_LIMITS.push(draft, vault_subnetwork, now, action.amount)
    MAX_NETWORK_LIMITS.push(draft, vault_subnetwork, now, action.amount)
    return draft.delta()


def set_network_limit(draft: Draft, action: SetNetworkLimit) -> Delta | Reason:
    """Change the maximum stake that a vault gives a subnetwork, from now on.

    Rejects, in order: EMPTY_REVERT if the delegator is specific to one network, UNAUTHORIZED_ACCOUNT unless the vault's
    admin calls, EXCEEDS_MAX_NETWORK_LIMIT, ALREADY_SET.
    Source: setNetworkLimit of the three other delegators.
    """
    vault_subnetwork: VaultSubnetwork = (action.vault, action.subnetwork)
    if draft.get(VAULTS, action.vault).delegator == OPERATOR_NETWORK_SPECIFIC:
        return Reason.EMPTY_REVERT
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if action.amount > MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork):
        return Reason.EXCEEDS_MAX_NETWORK_LIMIT
    if NETWORK_LIMITS.latest(draft, vault_subnetwork) == action.amount:
        return Reason.ALREADY_SET
    NETWORK_LIMITS.push(draft, vault_subnetwork, current_timestamp(draft), action.amount)
    return draft.delta()


def set_operator_network_shares(draft: Draft, action: SetOperatorNetworkShares) -> Delta | Reason:
    """Change an operator's shares of a subnetwork's stake, from now on. This also changes the other operators' stake.

    Rejects, in order: EMPTY_REVERT if the delegator is no NetworkRestakeDelegator, UNAUTHORIZED_ACCOUNT unless the
    vault's admin calls, ALREADY_SET, ARITHMETIC_PANIC if the total exceeds uint256. Source:
    NetworkRestakeDelegator.setOperatorNetworkShares.
    """
    vault_subnetwork: VaultSubnetwork = (action.vault, action.subnetwork)
    subnetwork_operator: VaultSubnetworkOperator = (action.vault, action.subnetwork, action.operator)
    if draft.get(VAULTS, action.vault).delegator != NETWORK_RESTAKE:
        return Reason.EMPTY_REVERT
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    shares_before = OPERATOR_NETWORK_SHARES.latest(draft, subnetwork_operator)
    if shares_before == action.shares:
        return Reason.ALREADY_SET
    total_shares = TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, vault_subnetwork) - shares_before + action.shares
    if total_shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    now = current_timestamp(draft)
    TOTAL_OPERATOR_NETWORK_SHARES.push(draft, vault_subnetwork, now, total_shares)
    OPERATOR_NETWORK_SHARES.push(draft, subnetwork_operator, now, action.shares)
    return draft.delta()


def set_operator_network_limit(draft: Draft, action: SetOperatorNetworkLimit) -> Delta | Reason:
    """Change an operator's maximum stake in a subnetwork, from now on.

    Rejects, in order: EMPTY_REVERT if the delegator is no FullRestakeDelegator, UNAUTHORIZED_ACCOUNT unless the vault's
    admin calls, ALREADY_SET.
    Source: FullRestakeDelegator.setOperatorNetworkLimit.
    """
    subnetwork_operator: VaultSubnetworkOperator = (action.vault, action.subnetwork, action.operator)
    if draft.get(VAULTS, action.vault).delegator != FULL_RESTAKE:
        return Reason.EMPTY_REVERT
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if OPERATOR_NETWORK_LIMITS.latest(draft, subnetwork_operator) == action.amount:
        return Reason.ALREADY_SET
    OPERATOR_NETWORK_LIMITS.push(draft, subnetwork_operator, current_timestamp(draft), action.amount)
    return draft.delta()


def operator_part(subnetwork_stake: int, operator_shares: int, total_shares: int) -> int:
    """An operator's part of a subnetwork's stake, by shares. Rounds down, so that the parts never exceed the whole.

    0 if the total is 0. `operator_shares` is at most `total_shares`. Source: NetworkRestakeDelegator._stakeAt.
    """
    if total_shares == 0:
        return 0
    return mul_div_floor(operator_shares, subnetwork_stake, total_shares)


def stake_at(draft: Draft, vault: str, subnetwork: Subnetwork, operator: str, timestamp: int) -> int:
    """The stake of an operator in a subnetwork at a timestamp.

    0 unless the operator was opted in to the vault and to the network. Source: BaseDelegator.stakeAt.
    """
    in_vault: Pair = (operator, vault)
    in_network: Pair = (operator, subnetwork[0])
    if OPERATOR_VAULT_OPT_INS.value_at(draft, in_vault, timestamp) == 0:
        return 0
    if OPERATOR_NETWORK_OPT_INS.value_at(draft, in_network, timestamp) == 0:
        return 0
    return _delegated_stake_at(draft, vault, subnetwork, operator, timestamp)


def _delegated_stake_at(draft: Draft, vault: str, subnetwork: Subnetwork, operator: str, timestamp: int) -> int:
    """The stake that the vault's delegator gives an operator at a timestamp, without regard to opt-ins.

    Source: each delegator's _stakeAt.
    """
    config = draft.get(VAULTS, vault)
    vault_subnetwork: VaultSubnetwork = (vault, subnetwork)
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    active_stake = ACTIVE_STAKE.value_at(draft, vault, timestamp)
    if config.delegator == OPERATOR_NETWORK_SPECIFIC:
        if subnetwork[0] != config.delegator_network or operator != config.delegator_operator:
            return 0
        return min(active_stake, MAX_NETWORK_LIMITS.value_at(draft, vault_subnetwork, timestamp))
    subnetwork_stake = min(active_stake, NETWORK_LIMITS.value_at(draft, vault_subnetwork, timestamp))
    if config.delegator == OPERATOR_SPECIFIC:
        return subnetwork_stake if operator == config.delegator_operator else 0
    if config.delegator == FULL_RESTAKE:
        return min(subnetwork_stake, OPERATOR_NETWORK_LIMITS.value_at(draft, subnetwork_operator, timestamp))
    return operator_part(
        subnetwork_stake,
        OPERATOR_NETWORK_SHARES.value_at(draft, subnetwork_operator, timestamp),
        TOTAL_OPERATOR_NETWORK_SHARES.value_at(draft, vault_subnetwork, timestamp),
    )
