"""Symbiotic's laws of slash requests and resolvers: a request is decided once, and resolvers change later."""

from typing import Final, cast

from invariants.law import AcceptedStep, AnyRejection, RejectionLaw, Scope, StateLaw, StepLaw, Subject, View
from invariants.symbiotic.state_queries import appointment_timestamp, now, resolver_of, slashable
from spec.symbiotic.actions import ExecuteSlash, RequestSlash, SetResolver, VetoSlash
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.state import (
    CLOCK,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    VAULTS,
    Subnetwork,
    VaultSubnetwork,
)


def _veto_ends_in_time(step: AcceptedStep[RequestSlash]) -> bool:
    """True if the stored request has at most the slashable stake as its amount, and its veto ends within an epoch of
    its capture.
    """
    call, index = step.action, cast(int, step.delta.returns)
    request = step.after.rows.get(SLASH_REQUESTS, (call.vault, index))
    latest_timestamp = request.capture_timestamp + step.before.rows.get(VAULTS, call.vault).epoch_duration_seconds
    if request.amount > slashable(
        step.before.rows, call.vault, request.subnetwork, request.operator, request.capture_timestamp
    ):
        return False
    return request.capture_timestamp < now(step.before.rows) and request.veto_deadline_timestamp <= latest_timestamp


def _is_due_veto(before: View, action: VetoSlash) -> bool:
    """True if the resolver at a request's capture vetoes the request before its veto deadline, and some resolver was in
    office a second ago.
    """
    call, rows = action, before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return (
        call.slash_index < rows.get(SLASH_REQUEST_COUNTS, call.vault).count
        and not request.is_completed
        and now(rows) < request.veto_deadline_timestamp
        and call.sender == resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp)
        and resolver_of(rows, call.vault, request.subnetwork, now(rows) - 1) != ZERO_ADDRESS
    )


def _request_is_completed_once(step: AcceptedStep[ExecuteSlash | VetoSlash]) -> bool:
    """True if the call completes a request that was not completed before, and the request's other fields are
    unchanged.
    """
    call = step.action
    key = (call.vault, call.slash_index)
    before, after = step.before.rows.get(SLASH_REQUESTS, key), step.after.rows.get(SLASH_REQUESTS, key)
    return (
        not before.is_completed
        and after.is_completed
        and before.subnetwork == after.subnetwork
        and before.operator == after.operator
        and before.amount == after.amount
        and before.capture_timestamp == after.capture_timestamp
        and before.veto_deadline_timestamp == after.veto_deadline_timestamp
    )


def _is_executed_in_its_window(step: AcceptedStep[ExecuteSlash]) -> bool:
    """True if a request is executed within an epoch of its capture, after its veto or while nobody could veto it."""
    call, rows = step.action, step.before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    latest_timestamp = request.capture_timestamp + rows.get(VAULTS, call.vault).epoch_duration_seconds
    return request.capture_timestamp < now(rows) <= latest_timestamp and (
        now(rows) >= request.veto_deadline_timestamp
        or resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp) == ZERO_ADDRESS
        or resolver_of(rows, call.vault, request.subnetwork, now(rows) - 1) == ZERO_ADDRESS
    )


def _is_vetoed_by_its_resolver(step: AcceptedStep[VetoSlash]) -> bool:
    """True if the resolver at the capture vetoes before the veto's end, and only the request is written."""
    call, rows = step.action, step.before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return (
        call.sender == resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp) != ZERO_ADDRESS
        and now(rows) < request.veto_deadline_timestamp
        and len(step.delta.writes) == 1
    )


def _one_resolver_is_to_come(view: View, subject: VaultSubnetwork) -> bool:
    """True if a subnetwork's resolvers are numbered from 1, and only the latest of them may take effect in
    the future.
    """
    count = view.rows.get(RESOLVER_ORDINALS.heads, subject).count
    if RESOLVER_ORDINALS.latest(view.rows, subject) != count:
        return False
    if view.rows.get(RESOLVERS, (subject[0], subject[1], count + 1)).account != ZERO_ADDRESS:
        return False
    if count < 2:
        return True
    last = view.rows.get(RESOLVER_ORDINALS.checkpoints, (subject, count - 1))
    one_before = view.rows.get(RESOLVER_ORDINALS.checkpoints, (subject, count - 2))
    return one_before.point <= now(view.rows) and one_before.point < last.point


def _resolver_changes_later(step: AcceptedStep[SetResolver]) -> bool:
    """True if a change of resolver takes effect at the right timestamp.

    The first resolver takes office at once. Later the current resolver stays until the change is due, and past
    resolvers are kept. Setting the current resolver again cancels a pending change.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    subnetwork: Subnetwork = (call.sender, call.identifier)
    vault, second = call.vault, now(before)
    due_timestamp = appointment_timestamp(before, call)
    in_office = resolver_of(before, vault, subnetwork, second)
    if resolver_of(after, vault, subnetwork, second - 1) != resolver_of(before, vault, subnetwork, second - 1):
        return False
    if resolver_of(after, vault, subnetwork, due_timestamp) != call.resolver:
        return False
    if RESOLVER_ORDINALS.is_empty(before, (vault, subnetwork)):
        return due_timestamp == second
    last_point = RESOLVER_ORDINALS.latest_point(after, (vault, subnetwork))
    if call.resolver == in_office:
        return last_point <= second and resolver_of(after, vault, subnetwork, second) == in_office
    return last_point == due_timestamp and resolver_of(after, vault, subnetwork, due_timestamp - 1) == in_office


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


def _same(key: Subject) -> Subject:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "RES-01",
        "At most one change of a subnetwork's resolver is pending, and it is the last.",
        "Certora, Symbiotic Core: P-09, resolverNotSetForFarFuture",
        _one_resolver_is_to_come,
        rows={RESOLVER_ORDINALS.heads: _same},
        also_reads=(CLOCK, RESOLVER_ORDINALS.checkpoints, RESOLVERS),
        harmless={CLOCK: lambda before, after: after.timestamp >= before.timestamp},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "RES-02",
        "A subnetwork's first resolver is in office at once. Every later change waits, replaces a pending one, "
        "and leaves present and past resolvers as they were.",
        "VetoSlasher.setResolver; Symbiotic test/slasher/VetoSlasher: test_SetResolver",
        _resolver_changes_later,
        Scope((SetResolver,)),
    ),
    StepLaw(
        "VETO-02",
        "A request changes only by being completed, once, by its execution or by a veto.",
        "Symbiotic test/slasher/VetoSlasher: test_ExecuteSlashRevertSlashRequestCompleted, test_VetoSlash...",
        _request_is_completed_once,
        Scope((ExecuteSlash, VetoSlash)),
    ),
    StepLaw(
        "VETO-03",
        "A request is executed after its veto has ended, or while nobody can veto it, within an epoch of its capture.",
        "VetoSlasher.executeSlash; Symbiotic test/slasher/VetoSlasher: test_ExecuteSlash1, ...WithoutResolver1",
        _is_executed_in_its_window,
        Scope((ExecuteSlash,)),
    ),
    StepLaw(
        "VETO-04",
        "A request is vetoed by the resolver at its capture, before the veto's end, and nothing is slashed.",
        "VetoSlasher.vetoSlash; Symbiotic test/slasher/VetoSlasher: test_VetoSlash",
        _is_vetoed_by_its_resolver,
        Scope((VetoSlash,)),
    ),
    StepLaw(
        "VETO-06",
        "A requested slash is of at most the slashable stake, and can be executed when its veto ends.",
        "VetoSlasher.requestSlash; Symbiotic test/slasher/VetoSlasher: test_RequestSlashRevertInvalidCaptureTimestamp",
        _veto_ends_in_time,
        Scope((RequestSlash,)),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "VETO-05",
        "The resolver at the capture can veto until the veto's end, while any resolver is in office.",
        "VetoSlasher.vetoSlash; Symbiotic test/slasher/VetoSlasher: test_VetoSlash",
        _is_never_right,
        Scope((VetoSlash,)),
        applies_to=_is_due_veto,
    ),
]
