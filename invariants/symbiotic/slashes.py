"""What slashes, their requests and their resolvers do, to the unit: who is hit, what is booked, what is paid."""

from typing import Final, cast

from invariants.law import (
    AcceptedStep,
    KnownFalse,
    LivenessLaw,
    Refusal,
    Scope,
    StateLaw,
    StepLaw,
    Subject,
    Transition,
    View,
    written,
)
from invariants.symbiotic.calls import appointment_timestamp, vetoer_of
from invariants.symbiotic.reading import (
    UINT256_MAX,
    asked_by,
    booked_since,
    bucket_amount,
    epoch_of,
    moved,
    now,
    reach,
    resolver_of,
    slashable,
    stake_grown,
    stake_of,
)
from spec.arithmetic import mul_div_floor
from spec.symbiotic.actions import (
    ExecuteSlash,
    Redeem,
    RequestSlash,
    SetResolver,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.config import INSTANT_SLASHER, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MIDDLEWARES,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Subnetwork,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)


def amounts(step: Transition) -> tuple[int, int]:
    """What a slash returned: the amount booked, and the amount that the vault paid."""
    return cast("tuple[int, int]", step.delta.returns)


def capture_epoch(step: Transition) -> int:
    """The epoch of a slash's capture."""
    asked = asked_by(step.before.rows, step.action)
    return epoch_of(step.before.rows.get(VAULTS, asked.vault), asked.capture_timestamp)


def _slash_books_what_is_slashable(step: Transition) -> bool:
    asked = asked_by(step.before.rows, step.action)
    left = slashable(step.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return amounts(step)[0] == min(asked.amount, left)


def _slash_pays_what_is_in_reach(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """What is paid is what is booked, or all that is in reach; it is what the reach loses and what the burner gets."""
    call = step.action
    booked_amount, paid_amount = amounts(step)
    epoch = capture_epoch(step)
    reach_before = reach(step.before.rows, call.vault, epoch)
    config = step.before.rows.get(VAULTS, call.vault)
    return (
        paid_amount == min(booked_amount, reach_before)
        and reach(step.after.rows, call.vault, epoch) == reach_before - paid_amount
        and moved(step, config.collateral, call.vault, config.burner, paid_amount)
    )


def _slash_is_booked(step: Transition) -> bool:
    """The operator's cumulative slash grows by what is booked, and its latest capture is this one."""
    asked = asked_by(step.before.rows, step.action)
    of_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    before, after = step.before.rows, step.after.rows
    booked_amount = amounts(step)[0]
    return (
        booked_amount > 0
        and CUMULATIVE_SLASHES.latest(after, of_operator)
        == CUMULATIVE_SLASHES.latest(before, of_operator) + booked_amount
        and before.get(LATEST_CAPTURES, of_operator).timestamp
        <= asked.capture_timestamp
        == after.get(LATEST_CAPTURES, of_operator).timestamp
    )


def _captures_follow_each_other(step: Transition) -> bool:
    """A slash is for no earlier capture than any before, which no later one is barred from; it is booked on top."""
    asked = asked_by(step.before.rows, step.action)
    of_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    earlier = step.before.rows.get(LATEST_CAPTURES, of_operator).timestamp
    if CUMULATIVE_SLASHES.latest(step.after.rows, of_operator) <= CUMULATIVE_SLASHES.latest(
        step.before.rows, of_operator
    ):
        return False
    return earlier <= asked.capture_timestamp == step.after.rows.get(LATEST_CAPTURES, of_operator).timestamp


def _veto_ends_in_time(step: AcceptedStep[RequestSlash]) -> bool:
    """A request is of no more than is slashable; when its veto ends, an epoch after its capture is not over."""
    call, index = step.action, cast(int, step.delta.returns)
    request = step.after.rows.get(SLASH_REQUESTS, (call.vault, index))
    latest_timestamp = request.capture_timestamp + step.before.rows.get(VAULTS, call.vault).epoch_duration_seconds
    if request.amount > slashable(
        step.before.rows, call.vault, request.subnetwork, request.operator, request.capture_timestamp
    ):
        return False
    return request.capture_timestamp < now(step.before.rows) and request.veto_deadline_timestamp <= latest_timestamp


def _slash_is_split_in_proportion(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """The active stake pays its part rounded down, the bucket of the next epoch its own rounded down, and this epoch's
    bucket the rest; what it does not have, the next one pays too. If it is out of reach, the next one pays the rest.
    """
    call, paid_amount = step.action, amounts(step)[1]
    before, after = step.before.rows, step.after.rows
    if paid_amount == 0:
        return stake_grown(step, call.vault) == 0 and not written(step.delta, WITHDRAWAL_BUCKETS)
    config = before.get(VAULTS, call.vault)
    this = epoch_of(config, now(before))
    total = reach(before, call.vault, capture_epoch(step))
    active_lost = -stake_grown(step, call.vault)
    next_amount = bucket_amount(before, call.vault, this + 1)
    next_lost = next_amount - bucket_amount(after, call.vault, this + 1)
    if active_lost != mul_div_floor(paid_amount, ACTIVE_STAKE.latest(before, call.vault), total):
        return False
    if capture_epoch(step) == this:
        return next_lost == paid_amount - active_lost
    this_lost = bucket_amount(before, call.vault, this) - bucket_amount(after, call.vault, this)
    next_part = mul_div_floor(paid_amount, next_amount, total)
    return active_lost + this_lost + next_lost == paid_amount and (
        next_lost == next_part or (next_lost > next_part and bucket_amount(after, call.vault, this) == 0)
    )


def _slash_spares_who_left_before(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """Buckets of those who asked to leave before the capture's epoch stay as they are; nobody's shares change."""
    call, epoch = step.action, capture_epoch(step)
    before, after = step.before.rows, step.after.rows
    for key in written(step.delta, WITHDRAWAL_BUCKETS):
        if key not in ((call.vault, epoch + 1), (call.vault, epoch + 2)):
            return False
        if before.get(WITHDRAWAL_BUCKETS, key).shares != after.get(WITHDRAWAL_BUCKETS, key).shares:
            return False
    shares = [ACTIVE_SHARES.heads.index, ACTIVE_SHARES_OF.heads.index, WITHDRAWALS.index]
    return all(write.table.index not in shares for write in step.delta.writes)


def _slash_rounds_for_active_stake(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """By rounding, active stake never pays more than its part, the next bucket at most a wei more, this one less than
    two; none pays two wei less.
    """
    call, paid_amount = step.action, amounts(step)[1]
    before, after = step.before.rows, step.after.rows
    epoch = capture_epoch(step)
    total = reach(before, call.vault, epoch)
    stake_before = ACTIVE_STAKE.latest(before, call.vault)
    due = paid_amount * stake_before
    active_lost = -stake_grown(step, call.vault)
    if not active_lost * total <= due < (active_lost + 1) * total:
        return paid_amount == 0
    this = epoch_of(before.get(VAULTS, call.vault), now(before))
    for bucket in (epoch + 1, epoch + 2):
        amount = bucket_amount(before, call.vault, bucket)
        lost = amount - bucket_amount(after, call.vault, bucket)
        due = paid_amount * amount
        most = due + 2 * total - 1 if bucket == this else due + total
        if not due < (lost + 1) * total or lost * total > most or lost > amount:
            return False
    return True


def _nothing_is_overslashed(step: Transition) -> bool:
    """What was booked against an operator since a capture is at most what it had at stake then."""
    asked = asked_by(step.before.rows, step.action)
    since = booked_since(step.after.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return since <= stake_of(step.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)


def _nobody_escapes(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    """What a slash can reach, for a capture in this epoch or in the one before, is no less than it was."""
    call, before, after = step.action, step.before.rows, step.after.rows
    this = epoch_of(before.get(VAULTS, call.vault), now(before))
    return reach(after, call.vault, this - 1) >= reach(before, call.vault, this - 1) and (
        reach(after, call.vault, this) >= reach(before, call.vault, this)
    )


def _pays_all_that_it_books(step: Transition) -> bool:
    booked_amount, paid_amount = amounts(step)
    return paid_amount == booked_amount


def _nothing_is_left_in_reach(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    return reach(step.after.rows, step.action.vault, capture_epoch(step)) == 0


def is_overbooked(step: Transition) -> bool:
    """Whether a slash booked more than the vault paid."""
    booked_amount, paid_amount = amounts(step)
    return booked_amount > paid_amount


def _is_due_slash(before: View, action: Slash | ExecuteSlash) -> bool:
    """Whether a network's middleware slashes in time, and there is somebody to pay; a request, once nobody can veto.

    In the first epoch of all time, before which the window would begin, the contracts' clocks underflow.
    """
    call, rows = action, before.rows
    config = rows.get(VAULTS, call.vault)
    if isinstance(call, ExecuteSlash):
        request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
        if request.is_completed:
            return False
        if now(rows) < request.veto_deadline_timestamp and vetoer_of(rows, call.vault, request) != ZERO_ADDRESS:
            return False
    elif config.slasher != INSTANT_SLASHER:
        return False
    asked = asked_by(rows, call)
    age_seconds = now(rows) - asked.capture_timestamp
    return (
        call.sender == rows.get(MIDDLEWARES, asked.subnetwork[0]).account
        and config.burner != ZERO_ADDRESS
        and asked.amount > 0
        and 0 < age_seconds <= config.epoch_duration_seconds <= now(rows)
    )


def _nothing_is_left_to_slash(refusal: Refusal) -> bool:
    """All is booked already; or the sum of what is booked no longer fits."""
    asked = asked_by(refusal.before.rows, refusal.action)
    of_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    if CUMULATIVE_SLASHES.latest(refusal.before.rows, of_operator) + asked.amount > UINT256_MAX:
        return True
    left = slashable(refusal.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return left == 0


def _is_due_veto(before: View, action: VetoSlash) -> bool:
    """Whether who was resolver at a request's capture vetoes it in time, while there is a resolver at all."""
    call, rows = action, before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return (
        call.slash_index < rows.get(SLASH_REQUEST_COUNTS, call.vault).count
        and not request.is_completed
        and now(rows) < request.veto_deadline_timestamp
        and call.sender == resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp)
        and resolver_of(rows, call.vault, request.subnetwork, now(rows) - 1) != ZERO_ADDRESS
    )


def _request_is_recorded(step: AcceptedStep[RequestSlash]) -> bool:
    """What is asked for, up to what is slashable now, under the next index, with its veto's end; nothing is taken."""
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


def _request_is_completed_once(step: AcceptedStep[ExecuteSlash | VetoSlash]) -> bool:
    """A request never changes but to be completed, which happens once: by its execution, or by a veto."""
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
    """After the veto, or while nobody could veto, and within an epoch of the capture."""
    call, rows = step.action, step.before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    latest_timestamp = request.capture_timestamp + rows.get(VAULTS, call.vault).epoch_duration_seconds
    return request.capture_timestamp < now(rows) <= latest_timestamp and (
        now(rows) >= request.veto_deadline_timestamp
        or resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp) == ZERO_ADDRESS
        or resolver_of(rows, call.vault, request.subnetwork, now(rows) - 1) == ZERO_ADDRESS
    )


def _is_vetoed_by_its_resolver(step: AcceptedStep[VetoSlash]) -> bool:
    """By who was resolver at the capture, before the veto's end, and nothing is slashed."""
    call, rows = step.action, step.before.rows
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return (
        call.sender == resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp) != ZERO_ADDRESS
        and now(rows) < request.veto_deadline_timestamp
        and len(step.delta.writes) == 1
    )


def _one_resolver_is_to_come(view: View, subject: VaultSubnetwork) -> bool:
    """Resolvers are counted from 1, follow each other, and all but the last are in office or were."""
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
    """The first resolver is in office at once. Afterwards who is in office stays until the change is due, who was stays
    who was, and one who is named again cancels what was to come.
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


def _is_never_right(_refusal: Refusal) -> bool:
    return False


def _same(key: Subject) -> Subject:
    return key


SLASHES: Final = Scope((Slash, ExecuteSlash))

STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "RES-01",
        "At most one appointment of a subnetwork's resolver is still to come, and it is the last.",
        "Certora, Symbiotic Core: P-09, resolverNotSetForFarFuture",
        _one_resolver_is_to_come,
        rows={RESOLVER_ORDINALS.heads: _same},
        also_reads=(CLOCK, RESOLVER_ORDINALS.checkpoints, RESOLVERS),
        harmless={CLOCK: lambda before, after: after.timestamp >= before.timestamp},
    ),
]

LIVENESS_LAWS: Final[list[LivenessLaw]] = [
    LivenessLaw(
        "SLASH-09",
        "For an epoch after the capture a network can slash what is still slashable; a request, while nobody may veto.",
        "ChainSecurity, Symbiotic Core: 2.2.2; VetoSlasher.executeSlash",
        _nothing_is_left_to_slash,
        SLASHES,
        concerns=_is_due_slash,
    ),
    LivenessLaw(
        "VETO-05",
        "Who was resolver at the capture can veto until the veto's end, while anybody is in office.",
        "VetoSlasher.vetoSlash; Symbiotic test/slasher/VetoSlasher: test_VetoSlash",
        _is_never_right,
        Scope((VetoSlash,)),
        concerns=_is_due_veto,
    ),
]

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "ROUND-04",
        "In a slash, active stake never pays more than its part, the next bucket at most one wei more, this epoch's "
        "less than two; none pays less by a wei.",
        "Vault.onSlash; Symbiotic test/vault/Vault: test_Slash",
        _slash_rounds_for_active_stake,
        SLASHES,
    ),
    StepLaw(
        "SLASH-01",
        "A slash books the amount asked for or what is slashable, whichever is less.",
        "Certora, Symbiotic Core: P-10, slashedAmountNoMoreThanRequested; BaseSlasher._slashableStake",
        _slash_books_what_is_slashable,
        SLASHES,
    ),
    StepLaw(
        "SLASH-02",
        "The vault pays what is booked, or all that is in reach if that is less: exactly that leaves it, for the "
        "burner.",
        "Vault.onSlash",
        _slash_pays_what_is_in_reach,
        SLASHES,
    ),
    StepLaw(
        "SLASH-03",
        "What is booked against an operator grows by each slash's amount, and captures never go back.",
        "BaseSlasher._updateCumulativeSlash, _updateLatestSlashedCaptureTimestamp",
        _slash_is_booked,
        SLASHES,
    ),
    StepLaw(
        "SLASH-04",
        "A slash is split in proportion between active stake and the buckets in reach, with the contract's roundings.",
        "Vault.onSlash; Symbiotic test/vault/Vault: test_Slash",
        _slash_is_split_in_proportion,
        SLASHES,
    ),
    StepLaw(
        "SLASH-05",
        "Who asked to leave before the capture's epoch is not hit, and no shares change.",
        "Vault.onSlash; ChainSecurity, Symbiotic Core: 8.2",
        _slash_spares_who_left_before,
        SLASHES,
    ),
    StepLaw(
        "SLASH-06",
        "Nobody escapes: what is in reach of a slash stays there, whoever asks to leave.",
        "ChainSecurity, Symbiotic Core: 2.2.2; Vault._withdraw",
        _nobody_escapes,
        Scope((Withdraw, Redeem)),
    ),
    StepLaw(
        "SLASH-07",
        "What was booked against an operator since a capture is at most what it had at stake then.",
        "BaseSlasher._slashableStake; Symbiotic test/slasher/Slasher: test_Slash",
        _nothing_is_overslashed,
        SLASHES,
    ),
    StepLaw(
        "SLASH-08",
        "A slash that books more than it pays leaves nothing in its reach.",
        "Cantina, Symbiotic Core: 3.1.4; ChainSecurity, Symbiotic Core: 2.2.3; see docs/laws.md",
        _nothing_is_left_in_reach,
        SLASHES,
        concerns=is_overbooked,
    ),
    StepLaw(
        "SLASH-10",
        "The vault pays all that a slash books.",
        "Cantina, Symbiotic Core: 3.1.4",
        _pays_all_that_it_books,
        SLASHES,
    ),
    StepLaw(
        "SLASH-11",
        "Slashes of an operator follow their captures, none for an earlier one than before, and add up.",
        "BaseSlasher._slashableStake; ChainSecurity, Symbiotic core: CS-SYFC2-002",
        _captures_follow_each_other,
        SLASHES,
    ),
    StepLaw(
        "VETO-06",
        "A slash that is requested is of no more than is slashable, and can be executed when its veto ends.",
        "VetoSlasher.requestSlash; Symbiotic test/slasher/VetoSlasher: test_RequestSlashRevertInvalidCaptureTimestamp",
        _veto_ends_in_time,
        Scope((RequestSlash,)),
    ),
    StepLaw(
        "VETO-01",
        "A request records what is asked for, up to what is slashable, and when its veto ends; it sets nothing aside.",
        "VetoSlasher.requestSlash; Symbiotic test/slasher/VetoSlasher: test_RequestSlash",
        _request_is_recorded,
        Scope((RequestSlash,)),
    ),
    StepLaw(
        "VETO-02",
        "A request never changes but to be completed, once, by its execution or by a veto.",
        "Symbiotic test/slasher/VetoSlasher: test_ExecuteSlashRevertSlashRequestCompleted, test_VetoSlash...",
        _request_is_completed_once,
        Scope((ExecuteSlash, VetoSlash)),
    ),
    StepLaw(
        "VETO-03",
        "A request is executed after its veto, or while nobody can veto it, and within an epoch of its capture.",
        "VetoSlasher.executeSlash; Symbiotic test/slasher/VetoSlasher: test_ExecuteSlash1, ...WithoutResolver1",
        _is_executed_in_its_window,
        Scope((ExecuteSlash,)),
    ),
    StepLaw(
        "VETO-04",
        "A request is vetoed by who was resolver at its capture, before its veto's end, and nothing is slashed.",
        "VetoSlasher.vetoSlash; Symbiotic test/slasher/VetoSlasher: test_VetoSlash",
        _is_vetoed_by_its_resolver,
        Scope((VetoSlash,)),
    ),
    StepLaw(
        "RES-02",
        "A subnetwork's first resolver is in office at once; every change waits, replaces one that waits, and leaves "
        "who is in office and who was.",
        "VetoSlasher.setResolver; Symbiotic test/slasher/VetoSlasher: test_SetResolver",
        _resolver_changes_later,
        Scope((SetResolver,)),
    ),
]
KNOWN_FALSE: Final[dict[str, KnownFalse]] = {
    "SLASH-10": KnownFalse(
        "SLASH-02",
        "symbiotic_shared_stake_is_booked_twice.json",
        "A network that shares stake is served after those who slashed before it, and told of more than was paid.",
    )
}
