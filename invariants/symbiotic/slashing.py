"""Symbiotic's laws of slashing: no slash takes more than was at stake, or misses stake in its reach."""

from typing import Final

from invariants.law import (
    AcceptedStep,
    AnyRejection,
    AnyStep,
    KnownViolation,
    RejectionLaw,
    Scope,
    StepLaw,
    View,
    written,
)
from invariants.symbiotic.movements import amounts, capture_epoch
from invariants.symbiotic.state_queries import (
    UINT256_MAX,
    booked_since,
    epoch_of,
    now,
    reach,
    slashable,
    stake_of,
    terms_of,
    vetoer_of,
)
from spec.symbiotic.actions import ExecuteSlash, Redeem, Slash, Withdraw
from spec.symbiotic.config import INSTANT_SLASHER, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MIDDLEWARES,
    SLASH_REQUESTS,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    VaultSubnetworkOperator,
)


def _captures_follow_each_other(step: AnyStep) -> bool:
    """True if the slash's capture is no earlier than the latest one slashed for the operator, and is stored as the
    latest.

    The operator's cumulative slashes must also grow.
    """
    asked = terms_of(step.before.rows, step.action)
    subnetwork_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    earlier = step.before.rows.get(LATEST_CAPTURES, subnetwork_operator).timestamp
    if CUMULATIVE_SLASHES.latest(step.after.rows, subnetwork_operator) <= CUMULATIVE_SLASHES.latest(
        step.before.rows, subnetwork_operator
    ):
        return False
    return earlier <= asked.capture_timestamp == step.after.rows.get(LATEST_CAPTURES, subnetwork_operator).timestamp


def _slash_spares_who_left_before(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """True if a slash changes only the amounts of the two withdrawal buckets in its reach, and nobody's shares.

    Withdrawals made before the capture's epoch stay as they are.
    """
    call, epoch = step.action, capture_epoch(step)
    before, after = step.before.rows, step.after.rows
    for key in written(step.delta, WITHDRAWAL_BUCKETS):
        if key not in ((call.vault, epoch + 1), (call.vault, epoch + 2)):
            return False
        if before.get(WITHDRAWAL_BUCKETS, key).shares != after.get(WITHDRAWAL_BUCKETS, key).shares:
            return False
    shares = [ACTIVE_SHARES.heads.index, ACTIVE_SHARES_OF.heads.index, WITHDRAWALS.index]
    return all(write.table.index not in shares for write in step.delta.writes)


def _nothing_is_overslashed(step: AnyStep) -> bool:
    """True if the amount booked against the operator since the capture is at most its stake at the capture."""
    asked = terms_of(step.before.rows, step.action)
    since = booked_since(step.after.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return since <= stake_of(step.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)


def _nobody_escapes(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    """True if a withdrawal does not lower the stake in reach of slashes, for captures in the current or the previous
    epoch.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    this = epoch_of(before.get(VAULTS, call.vault), now(before))
    return reach(after, call.vault, this - 1) >= reach(before, call.vault, this - 1) and (
        reach(after, call.vault, this) >= reach(before, call.vault, this)
    )


def _pays_all_that_it_books(step: AnyStep) -> bool:
    booked_amount, paid_amount = amounts(step)
    return paid_amount == booked_amount


def _nothing_is_left_in_reach(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    return reach(step.after.rows, step.action.vault, capture_epoch(step)) == 0


def is_overbooked(step: AnyStep) -> bool:
    """True if a slash booked more than the vault paid."""
    booked_amount, paid_amount = amounts(step)
    return booked_amount > paid_amount


def _is_due_slash(before: View, action: Slash | ExecuteSlash) -> bool:
    """True if a network's middleware slashes within an epoch of the capture, and the vault has a burner.

    The slasher must be instant, or the call must execute a request that nobody can veto any more. Calls at a timestamp
    below an epoch's duration are left out, as the contracts' arithmetic underflows there.
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
    asked = terms_of(rows, call)
    age_seconds = now(rows) - asked.capture_timestamp
    return (
        call.sender == rows.get(MIDDLEWARES, asked.subnetwork[0]).account
        and config.burner != ZERO_ADDRESS
        and asked.amount > 0
        and 0 < age_seconds <= config.epoch_duration_seconds <= now(rows)
    )


def _nothing_is_left_to_slash(rejection: AnyRejection) -> bool:
    """True if the rejected slash had no stake left to slash for its capture, or the sum of booked amounts would
    overflow.
    """
    asked = terms_of(rejection.before.rows, rejection.action)
    subnetwork_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    if CUMULATIVE_SLASHES.latest(rejection.before.rows, subnetwork_operator) + asked.amount > UINT256_MAX:
        return True
    left = slashable(rejection.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return left == 0


SLASHES: Final = Scope((Slash, ExecuteSlash))


KNOWN_FALSE: Final[dict[str, KnownViolation]] = {
    "SLASH-10": KnownViolation(
        "SLASH-02",
        "symbiotic_shared_stake_is_booked_twice.json",
        "A network that shares stake is served after those who slashed before it, and told of more than was paid.",
    )
}


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SLASH-05",
        "A slash hits no stake that was withdrawn before the capture's epoch, and changes no shares.",
        "Vault.onSlash; ChainSecurity, Symbiotic Core: 8.2",
        _slash_spares_who_left_before,
        SLASHES,
    ),
    StepLaw(
        "SLASH-06",
        "Withdrawals and redemptions take no stake out of a slash's reach.",
        "ChainSecurity, Symbiotic Core: 2.2.2; Vault._withdraw",
        _nobody_escapes,
        Scope((Withdraw, Redeem)),
    ),
    StepLaw(
        "SLASH-07",
        "The amount booked against an operator since a capture is at most its stake at the capture.",
        "BaseSlasher._slashableStake; Symbiotic test/slasher/Slasher: test_Slash",
        _nothing_is_overslashed,
        SLASHES,
    ),
    StepLaw(
        "SLASH-08",
        "A slash that books more than it pays leaves no stake in its reach.",
        "Cantina, Symbiotic Core: 3.1.4; ChainSecurity, Symbiotic Core: 2.2.3; see docs/laws.md",
        _nothing_is_left_in_reach,
        SLASHES,
        applies_to=is_overbooked,
    ),
    StepLaw(
        "SLASH-10",
        "The vault pays the whole amount that a slash books.",
        "Cantina, Symbiotic Core: 3.1.4",
        _pays_all_that_it_books,
        SLASHES,
    ),
    StepLaw(
        "SLASH-11",
        "An operator's slashes follow the order of their captures, and their amounts add up.",
        "BaseSlasher._slashableStake; ChainSecurity, Symbiotic core: CS-SYFC2-002",
        _captures_follow_each_other,
        SLASHES,
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "SLASH-09",
        "For an epoch after the capture a network can slash the remaining slashable stake; a request, while "
        "nobody can veto it.",
        "ChainSecurity, Symbiotic Core: 2.2.2; VetoSlasher.executeSlash",
        _nothing_is_left_to_slash,
        SLASHES,
        applies_to=_is_due_slash,
    ),
]
