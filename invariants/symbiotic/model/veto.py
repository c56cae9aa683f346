"""Model laws of slash requests and resolvers: their guards, and the request that is stored."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, Scope, StepLaw
from invariants.symbiotic.model.slashing import booking
from invariants.symbiotic.state_queries import UINT48_MAX, UINT256_MAX, appointment_timestamp, now, slashable, vetoer_of
from spec.machine import Draft
from spec.symbiotic.actions import ExecuteSlash, RequestSlash, SetResolver, VetoSlash
from spec.symbiotic.config import VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    MIDDLEWARES,
    NETWORK_REGISTRY,
    RESOLVER_ORDINALS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    VAULTS,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)


def _request_slash(rows: Draft, call: RequestSlash) -> Reason | None:
    """The first reason to reject a RequestSlash call, or None.

    Only the network's middleware may call. The capture must be in the past, and the veto must end within an epoch of
    the capture. Something must be left to slash, and the amount must be positive.
    """
    config = rows.get(VAULTS, call.vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.sender != rows.get(MIDDLEWARES, call.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    deadline_timestamp = now(rows) + config.veto_duration_seconds
    if deadline_timestamp > UINT48_MAX or deadline_timestamp < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    last_timestamp = call.capture_timestamp + config.epoch_duration_seconds
    if call.capture_timestamp >= now(rows) or last_timestamp < deadline_timestamp:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    left = slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp)
    return Reason.INSUFFICIENT_SLASH if left == 0 or call.amount == 0 else None


def _execute_slash(rows: Draft, call: ExecuteSlash) -> Reason | None:
    """The first reason to reject an ExecuteSlash call, or None.

    Only the network's middleware may call. The veto period must be over, unless nobody can veto, and the capture must
    be at most an epoch ago. A completed request is rejected for that only after all other checks but `booking`.
    """
    config = rows.get(VAULTS, call.vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.slash_index >= rows.get(SLASH_REQUEST_COUNTS, call.vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    if call.sender != rows.get(MIDDLEWARES, request.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if now(rows) < request.veto_deadline_timestamp and vetoer_of(rows, call.vault, request) != ZERO_ADDRESS:
        return Reason.VETO_PERIOD_NOT_ENDED
    if now(rows) > request.capture_timestamp + config.epoch_duration_seconds:
        return Reason.SLASH_PERIOD_ENDED
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    subnetwork_operator: VaultSubnetworkOperator = (call.vault, request.subnetwork, request.operator)
    left = slashable(rows, call.vault, request.subnetwork, request.operator, request.capture_timestamp)
    if left == 0 or request.amount == 0:
        return Reason.INSUFFICIENT_SLASH
    if request.is_completed:
        return Reason.SLASH_REQUEST_COMPLETED
    return booking(rows, subnetwork_operator, min(request.amount, left), request.capture_timestamp)


def _veto_slash(rows: Draft, call: VetoSlash) -> Reason | None:
    if rows.get(VAULTS, call.vault).slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.slash_index >= rows.get(SLASH_REQUEST_COUNTS, call.vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    vetoer = vetoer_of(rows, call.vault, request)
    if vetoer == ZERO_ADDRESS:
        return Reason.NO_RESOLVER
    if call.sender != vetoer:
        return Reason.NOT_RESOLVER
    if now(rows) >= request.veto_deadline_timestamp:
        return Reason.VETO_PERIOD_ENDED
    return Reason.SLASH_REQUEST_COMPLETED if request.is_completed else None


def _set_resolver(rows: Draft, call: SetResolver) -> Reason | None:
    """The first reason to reject a SetResolver call, or None.

    Only a network may call. Three calls are rejected: to remove a resolver where there never was one, to set the
    current one while no change is pending, and a change that would take effect beyond 48 bits.
    """
    if rows.get(VAULTS, call.vault).slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    vault_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, vault_subnetwork):
        return Reason.ALREADY_SET if call.resolver == ZERO_ADDRESS else None
    due_timestamp = appointment_timestamp(rows, call)
    if due_timestamp == now(rows):
        return Reason.ALREADY_SET if RESOLVER_ORDINALS.latest_point(rows, vault_subnetwork) <= now(rows) else None
    if due_timestamp > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return Reason.UINT48_OVERFLOW if due_timestamp > UINT48_MAX else None


def _request_is_recorded(step: AcceptedStep[RequestSlash]) -> bool:
    """True if the request is stored under the next index, with the requested amount up to the slashable stake.

    Its veto deadline must be one veto duration from now.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    index = before.get(SLASH_REQUEST_COUNTS, call.vault).count
    request = after.get(SLASH_REQUESTS, (call.vault, index))
    left = slashable(before, call.vault, call.subnetwork, call.operator, call.capture_timestamp)
    return (
        step.delta.returns == index
        and after.get(SLASH_REQUEST_COUNTS, call.vault).count == index + 1
        and request.subnetwork == call.subnetwork
        and request.operator == call.operator
        and request.amount == min(call.amount, left)
        and request.capture_timestamp == call.capture_timestamp
        and request.veto_deadline_timestamp == now(before) + before.get(VAULTS, call.vault).veto_duration_seconds
        and not request.is_completed
    )


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    RequestSlash: _request_slash,
    ExecuteSlash: _execute_slash,
    VetoSlash: _veto_slash,
    SetResolver: _set_resolver,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "VETO-01",
        "A request records the amount asked for, up to the slashable stake, and the end of its veto; it reserves "
        "nothing.",
        "VetoSlasher.requestSlash; Symbiotic test/slasher/VetoSlasher: test_RequestSlash",
        _request_is_recorded,
        Scope((RequestSlash,)),
    ),
]
