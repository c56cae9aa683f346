"""Queries of Symbiotic's state for its laws: time, epochs, stake, slashable stake, resolvers.

Each query is written from the contracts' documentation, independently of the rules. So a law that uses it does not
repeat a mistake of the rule that it checks.
"""

from typing import Final

from invariants.law import AnyStep
from spec.arithmetic import div_floor, mul_div_floor
from spec.machine import SINGLETON, Draft
from spec.symbiotic.actions import ExecuteSlash, RequestSlash, SetResolver, Slash
from spec.symbiotic.config import FULL_RESTAKE, NETWORK_RESTAKE, OPERATOR_NETWORK_SPECIFIC, ZERO_ADDRESS, VaultConfig
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    Pair,
    SlashRequest,
    Subnetwork,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)

UINT48_MAX: Final = 2**48 - 1
UINT256_MAX: Final = 2**256 - 1
"""The maxima of the contracts' integer types, independent of the rules' own constants."""


def now(rows: Draft) -> int:
    """The current timestamp in seconds."""
    return rows.get(CLOCK, SINGLETON).timestamp


def start_of(config: VaultConfig, epoch: int) -> int:
    """The first timestamp of a vault's epoch."""
    return config.epoch_duration_init_timestamp + epoch * config.epoch_duration_seconds


def epoch_of(config: VaultConfig, timestamp: int) -> int:
    """The number of the vault's epoch that contains a timestamp."""
    return div_floor(timestamp - config.epoch_duration_init_timestamp, config.epoch_duration_seconds)


def is_over(rows: Draft, vault: str, epoch: int) -> bool:
    """True if a vault's epoch has ended."""
    return now(rows) >= start_of(rows.get(VAULTS, vault), epoch + 1)


def balance(rows: Draft, vault: str, account: str) -> int:
    """The balance of an account in a vault's collateral."""
    key: Pair = (rows.get(VAULTS, vault).collateral, account)
    return rows.get(TOKEN_BALANCES, key).amount


def held_shares(rows: Draft, vault: str, account: str) -> int:
    """An account's active shares in a vault."""
    holder: Pair = (vault, account)
    return ACTIVE_SHARES_OF.latest(rows, holder)


def bucket_amount(rows: Draft, vault: str, epoch: int) -> int:
    """The collateral in a vault's withdrawal bucket of an epoch."""
    return rows.get(WITHDRAWAL_BUCKETS, (vault, epoch)).amount


def is_opted_in_at(rows: Draft, vault: str, network: str, operator: str, timestamp: int) -> bool:
    """True if an operator was opted in to the vault and to the network at a timestamp."""
    with_vault: Pair = (operator, vault)
    with_network: Pair = (operator, network)
    return (
        OPERATOR_VAULT_OPT_INS.value_at(rows, with_vault, timestamp) == 1
        and OPERATOR_NETWORK_OPT_INS.value_at(rows, with_network, timestamp) == 1
    )


def stake_of(rows: Draft, vault: str, subnetwork: Subnetwork, operator: str, timestamp: int) -> int:
    """The stake of an operator for a subnetwork at a timestamp: the active stake, at most the smallest limit. It is 0
    if the operator was not opted in.

    With a network-restake delegator, the operator has its part of that amount by shares, rounded down.
    """
    if not is_opted_in_at(rows, vault, subnetwork[0], operator, timestamp):
        return 0
    config = rows.get(VAULTS, vault)
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    stake = ACTIVE_STAKE.value_at(rows, vault, timestamp)
    if config.delegator == OPERATOR_NETWORK_SPECIFIC:
        is_theirs = operator == config.delegator_operator and subnetwork[0] == config.delegator_network
        return min(stake, MAX_NETWORK_LIMITS.value_at(rows, (vault, subnetwork), timestamp)) if is_theirs else 0
    stake = min(stake, NETWORK_LIMITS.value_at(rows, (vault, subnetwork), timestamp))
    if config.delegator == FULL_RESTAKE:
        return min(stake, OPERATOR_NETWORK_LIMITS.value_at(rows, subnetwork_operator, timestamp))
    if config.delegator == NETWORK_RESTAKE:
        shares = OPERATOR_NETWORK_SHARES.value_at(rows, subnetwork_operator, timestamp)
        if shares == 0:
            return 0
        return mul_div_floor(
            stake, shares, TOTAL_OPERATOR_NETWORK_SHARES.value_at(rows, (vault, subnetwork), timestamp)
        )
    return stake if operator == config.delegator_operator else 0


def booked_since(rows: Draft, vault: str, subnetwork: Subnetwork, operator: str, timestamp: int) -> int:
    """The amount booked against an operator for a subnetwork by slashes after a timestamp."""
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    return CUMULATIVE_SLASHES.latest(rows, subnetwork_operator) - CUMULATIVE_SLASHES.value_at(
        rows, subnetwork_operator, timestamp
    )


def slashable(rows: Draft, vault: str, subnetwork: Subnetwork, operator: str, capture_timestamp: int) -> int:
    """The amount that a slash may still book for a capture: the stake at the capture, less the amount booked since.

    It is 0 if the capture is not in the past, is more than an epoch ago, or is before the latest slashed capture.
    """
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    age_seconds = now(rows) - capture_timestamp
    if age_seconds <= 0 or age_seconds > rows.get(VAULTS, vault).epoch_duration_seconds:
        return 0
    if capture_timestamp < rows.get(LATEST_CAPTURES, subnetwork_operator).timestamp:
        return 0
    stake = stake_of(rows, vault, subnetwork, operator, capture_timestamp)
    return max(stake - booked_since(rows, vault, subnetwork, operator, capture_timestamp), 0)


def reach(rows: Draft, vault: str, epoch: int) -> int:
    """The stake that a slash can reach if its capture is in this epoch: active stake and two withdrawal buckets.

    The buckets are those of withdrawals made in that epoch and in the next one.
    """
    return (
        ACTIVE_STAKE.latest(rows, vault) + bucket_amount(rows, vault, epoch + 1) + bucket_amount(rows, vault, epoch + 2)
    )


def resolver_of(rows: Draft, vault: str, subnetwork: Subnetwork, timestamp: int) -> str:
    """The resolver of a subnetwork in a vault at a timestamp, past or future; the zero address if there is none."""
    ordinal = RESOLVER_ORDINALS.value_at(rows, (vault, subnetwork), timestamp)
    return rows.get(RESOLVERS, (vault, subnetwork, ordinal)).account


class SlashTerms:
    """The terms of a slash: its vault, subnetwork and operator, the requested amount, and the capture timestamp."""

    def __init__(self, vault: str, subnetwork: Subnetwork, operator: str, amount: int, capture_timestamp: int) -> None:
        self.vault: Final = vault
        self.subnetwork: Final = subnetwork
        self.operator: Final = operator
        self.amount: Final = amount
        self.capture_timestamp: Final = capture_timestamp


def terms_of(rows: Draft, call: Slash | RequestSlash | ExecuteSlash) -> SlashTerms:
    """The terms of a slash or a slash request. For ExecuteSlash, those of the request that the call executes."""
    if isinstance(call, Slash | RequestSlash):
        return SlashTerms(call.vault, call.subnetwork, call.operator, call.amount, call.capture_timestamp)
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return SlashTerms(call.vault, request.subnetwork, request.operator, request.amount, request.capture_timestamp)


def grown(step: AnyStep, token: str, account: str) -> int:
    """The increase of an account's balance of a token in a step; negative if it falls."""
    key: Pair = (token, account)
    return step.after.rows.get(TOKEN_BALANCES, key).amount - step.before.rows.get(TOKEN_BALANCES, key).amount


def moved(step: AnyStep, token: str, sender: str, recipient: str, amount: int) -> bool:
    """True if exactly `amount` of a token moved from sender to recipient; nothing moves if they are one account."""
    if sender == recipient:
        return grown(step, token, sender) == 0
    return grown(step, token, sender) == -amount and grown(step, token, recipient) == amount


def stake_grown(step: AnyStep, vault: str) -> int:
    """The increase of a vault's active stake in a step; negative if it falls."""
    return ACTIVE_STAKE.latest(step.after.rows, vault) - ACTIVE_STAKE.latest(step.before.rows, vault)


UINT256_END: Final = UINT256_MAX + 1
"""The smallest number that does not fit 256 bits."""


def vetoer_of(rows: Draft, vault: str, request: SlashRequest) -> str:
    """The account that may veto a request: the resolver at its capture. It is the zero address if there was no resolver
    then or one second ago.
    """
    if resolver_of(rows, vault, request.subnetwork, now(rows) - 1) == ZERO_ADDRESS:
        return ZERO_ADDRESS
    return resolver_of(rows, vault, request.subnetwork, request.capture_timestamp)


def appointment_timestamp(rows: Draft, call: SetResolver) -> int:
    """The timestamp from which a resolver set now is in office.

    It is the current timestamp if the call sets the first resolver, or the resolver already in office. Otherwise it is
    the start of an epoch: the current one, plus the vault's delay in epochs.
    """
    vault_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, vault_subnetwork):
        return now(rows)
    if call.resolver == resolver_of(rows, call.vault, vault_subnetwork[1], now(rows)):
        return now(rows)
    config = rows.get(VAULTS, call.vault)
    return start_of(config, epoch_of(config, now(rows)) + config.resolver_set_epochs_delay)
