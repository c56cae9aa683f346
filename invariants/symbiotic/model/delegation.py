"""Model laws of limits and operator shares: the guards of changes, and the values that they set."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from invariants.symbiotic.state_queries import UINT256_MAX, now, stake_of
from spec.machine import Draft
from spec.symbiotic.actions import (
    SetMaxNetworkLimit,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
)
from spec.symbiotic.config import FULL_RESTAKE, NETWORK_RESTAKE, OPERATOR_NETWORK_SPECIFIC
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_SHARES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)
from spec.symbiotic.views import stake


def _set_max_network_limit(rows: Draft, call: SetMaxNetworkLimit) -> Reason | None:
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    vault_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if MAX_NETWORK_LIMITS.latest(rows, vault_subnetwork) == call.amount:
        return Reason.ALREADY_SET
    config = rows.get(VAULTS, call.vault)
    is_anothers = config.delegator == OPERATOR_NETWORK_SPECIFIC and call.sender != config.delegator_network
    return Reason.INVALID_NETWORK if is_anothers else None


def _set_network_limit(rows: Draft, call: SetNetworkLimit) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator == OPERATOR_NETWORK_SPECIFIC:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    vault_subnetwork: VaultSubnetwork = (call.vault, call.subnetwork)
    if call.amount > MAX_NETWORK_LIMITS.latest(rows, vault_subnetwork):
        return Reason.EXCEEDS_MAX_NETWORK_LIMIT
    return Reason.ALREADY_SET if NETWORK_LIMITS.latest(rows, vault_subnetwork) == call.amount else None


def _set_operator_network_shares(rows: Draft, call: SetOperatorNetworkShares) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator != NETWORK_RESTAKE:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    shares = OPERATOR_NETWORK_SHARES.latest(rows, (call.vault, call.subnetwork, call.operator))
    if shares == call.shares:
        return Reason.ALREADY_SET
    others = TOTAL_OPERATOR_NETWORK_SHARES.latest(rows, (call.vault, call.subnetwork)) - shares
    return Reason.ARITHMETIC_PANIC if others + call.shares > UINT256_MAX else None


def _set_operator_network_limit(rows: Draft, call: SetOperatorNetworkLimit) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator != FULL_RESTAKE:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    limit = OPERATOR_NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork, call.operator))
    return Reason.ALREADY_SET if limit == call.amount else None


def _limit_is_set(step: AnyStep) -> bool:
    """True if the limit or number of shares that the call names has the requested value afterwards.

    A network limit above a lowered maximum falls to that maximum. The total of operator shares changes by as much as
    the operator's shares.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    if isinstance(call, SetMaxNetworkLimit):
        vault_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
        limit_before = NETWORK_LIMITS.latest(before, vault_subnetwork)
        is_specific = before.get(VAULTS, call.vault).delegator == OPERATOR_NETWORK_SPECIFIC
        limit = limit_before if is_specific else min(limit_before, call.amount)
        return MAX_NETWORK_LIMITS.latest(after, vault_subnetwork) == call.amount and (
            NETWORK_LIMITS.latest(after, vault_subnetwork) == limit
        )
    if isinstance(call, SetNetworkLimit):
        return NETWORK_LIMITS.latest(after, (call.vault, call.subnetwork)) == call.amount
    if isinstance(call, SetOperatorNetworkLimit):
        return OPERATOR_NETWORK_LIMITS.latest(after, (call.vault, call.subnetwork, call.operator)) == call.amount
    shares_call = cast(SetOperatorNetworkShares, call)
    subnetwork_operator: VaultSubnetworkOperator = (shares_call.vault, shares_call.subnetwork, shares_call.operator)
    of_all: VaultSubnetwork = (shares_call.vault, shares_call.subnetwork)
    grown_shares = shares_call.shares - OPERATOR_NETWORK_SHARES.latest(before, subnetwork_operator)
    return OPERATOR_NETWORK_SHARES.latest(after, subnetwork_operator) == shares_call.shares and (
        TOTAL_OPERATOR_NETWORK_SHARES.latest(after, of_all)
        == TOTAL_OPERATOR_NETWORK_SHARES.latest(before, of_all) + grown_shares
    )


def _stake_is_what_the_delegator_gives(step: AcceptedStep[SetOperatorNetworkShares | SetOperatorNetworkLimit]) -> bool:
    """True if the reported stake of an operator follows from its limits, and its stake at the previous second is
    unchanged.
    """
    before, after, second = step.before.rows, step.after.rows, now(step.before.rows)
    call = step.action
    vault, subnetwork, operator = call.vault, call.subnetwork, call.operator
    return stake(after, vault, subnetwork, operator) == stake_of(after, vault, subnetwork, operator, second) and (
        stake_of(before, vault, subnetwork, operator, second - 1)
        == stake_of(after, vault, subnetwork, operator, second - 1)
    )


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    SetMaxNetworkLimit: _set_max_network_limit,
    SetNetworkLimit: _set_network_limit,
    SetOperatorNetworkShares: _set_operator_network_shares,
    SetOperatorNetworkLimit: _set_operator_network_limit,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "LIMIT-02",
        "A limit or a number of shares holds from its call on; a network limit falls with its maximum.",
        "Symbiotic test/delegator/: test_SetNetworkLimit, test_SetMaxNetworkLimit, test_SetOperatorNetworkSharesBoth",
        _limit_is_set,
        Scope((SetMaxNetworkLimit, SetNetworkLimit, SetOperatorNetworkShares, SetOperatorNetworkLimit)),
    ),
    StepLaw(
        "STAKE-01",
        "An operator's stake is the part of the active stake that its limits give. No call changes its stake of a "
        "second ago.",
        "BaseDelegator.stakeAt, each delegator's _stakeAt; Certora, Symbiotic Core: P-08",
        _stake_is_what_the_delegator_gives,
        Scope((SetOperatorNetworkShares, SetOperatorNetworkLimit)),
    ),
]
