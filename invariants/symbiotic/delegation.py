"""Symbiotic's laws of delegation: limits are within their maximum, and fit the vault's type of delegator."""

from typing import Final

from invariants.law import StateLaw, Subject, View
from spec.symbiotic.config import FULL_RESTAKE, NETWORK_RESTAKE, OPERATOR_NETWORK_SPECIFIC, ZERO_ADDRESS
from spec.symbiotic.state import (
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_SHARES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)


def _limit_is_within_the_maximum(view: View, subject: VaultSubnetwork) -> bool:
    if view.rows.get(VAULTS, subject[0]).delegator == OPERATOR_NETWORK_SPECIFIC:
        return True
    return NETWORK_LIMITS.latest(view.rows, subject) <= MAX_NETWORK_LIMITS.latest(view.rows, subject)


def _same(key: Subject) -> Subject:
    return key


def _terms_are_of_its_delegator(view: View, subject: VaultSubnetworkOperator) -> bool:
    """True if a vault has only the limits and shares that its type of delegator uses.

    Operator shares are for NETWORK_RESTAKE, operator limits for FULL_RESTAKE. OPERATOR_NETWORK_SPECIFIC has only the
    maximum that its network set. If the subject's operator is the zero address, the limits of the subnetwork itself are
    checked.
    """
    rows, vault_subnetwork = view.rows, (subject[0], subject[1])
    config = rows.get(VAULTS, subject[0])
    if config.delegator != NETWORK_RESTAKE and OPERATOR_NETWORK_SHARES.latest(rows, subject) != 0:
        return False
    if config.delegator != FULL_RESTAKE and OPERATOR_NETWORK_LIMITS.latest(rows, subject) != 0:
        return False
    if subject[2] != ZERO_ADDRESS:
        return True
    total_shares = TOTAL_OPERATOR_NETWORK_SHARES.latest(rows, vault_subnetwork)
    limit, largest_limit = (
        NETWORK_LIMITS.latest(rows, vault_subnetwork),
        MAX_NETWORK_LIMITS.latest(rows, vault_subnetwork),
    )
    if config.delegator != NETWORK_RESTAKE and total_shares != 0:
        return False
    if config.delegator != OPERATOR_NETWORK_SPECIFIC:
        return True
    return limit == 0 and (largest_limit == 0 or subject[1][0] == config.delegator_network)


def _of_no_operator(key: VaultSubnetwork) -> Subject:
    return (key[0], key[1], ZERO_ADDRESS)


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "LIMIT-01",
        "No network limit is above the maximum that the network set.",
        "Certora, Symbiotic Core: P-08, networkLimitNotBreached",
        _limit_is_within_the_maximum,
        rows={NETWORK_LIMITS.heads: _same, MAX_NETWORK_LIMITS.heads: _same},
        also_reads=(VAULTS,),
    ),
    StateLaw(
        "LIMIT-03",
        "A vault has only the limits and operator shares of its type of delegator.",
        "NetworkRestakeDelegator, FullRestakeDelegator, OperatorSpecificDelegator, OperatorNetworkSpecificDelegator",
        _terms_are_of_its_delegator,
        rows={
            OPERATOR_NETWORK_SHARES.heads: _same,
            OPERATOR_NETWORK_LIMITS.heads: _same,
            TOTAL_OPERATOR_NETWORK_SHARES.heads: _of_no_operator,
            NETWORK_LIMITS.heads: _of_no_operator,
            MAX_NETWORK_LIMITS.heads: _of_no_operator,
        },
        also_reads=(VAULTS,),
    ),
]
