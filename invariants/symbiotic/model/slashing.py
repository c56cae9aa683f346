"""Model laws of slashes: their guards, the amounts that they book, and the stake that pays them."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw, written
from invariants.symbiotic.movements import amounts, capture_epoch
from invariants.symbiotic.state_queries import (
    UINT256_MAX,
    bucket_amount,
    epoch_of,
    moved,
    now,
    reach,
    slashable,
    stake_grown,
    terms_of,
)
from spec.arithmetic import mul_div_floor
from spec.machine import Draft
from spec.symbiotic.actions import ExecuteSlash, Slash
from spec.symbiotic.config import INSTANT_SLASHER, ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MIDDLEWARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    VaultSubnetworkOperator,
)


def booking(
    rows: Draft, subnetwork_operator: VaultSubnetworkOperator, amount: int, capture_timestamp: int
) -> Reason | None:
    """The first reason against booking a slash, or None: the sum of booked amounts must fit 256 bits.

    If any stake is in reach of the slash, the vault must have a burner.
    """
    if CUMULATIVE_SLASHES.latest(rows, subnetwork_operator) + amount > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    vault = subnetwork_operator[0]
    config = rows.get(VAULTS, vault)
    if config.burner != ZERO_ADDRESS or reach(rows, vault, epoch_of(config, capture_timestamp)) == 0:
        return None
    return Reason.ERC20_INVALID_RECEIVER


def _slash(rows: Draft, call: Slash) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.slasher != INSTANT_SLASHER:
        return Reason.EMPTY_REVERT
    if call.sender != rows.get(MIDDLEWARES, call.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    if not 0 < now(rows) - call.capture_timestamp <= config.epoch_duration_seconds:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    subnetwork_operator: VaultSubnetworkOperator = (call.vault, call.subnetwork, call.operator)
    left = slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp)
    if left == 0 or call.amount == 0:
        return Reason.INSUFFICIENT_SLASH
    return booking(rows, subnetwork_operator, min(call.amount, left), call.capture_timestamp)


def _slash_books_what_is_slashable(step: AnyStep) -> bool:
    asked = terms_of(step.before.rows, step.action)
    left = slashable(step.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return amounts(step)[0] == min(asked.amount, left)


def _slash_pays_what_is_in_reach(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """True if a slash pays the booked amount, or all stake in reach if that is less, to the burner.

    The stake in reach must fall by the amount paid.
    """
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


def _slash_is_booked(step: AnyStep) -> bool:
    """True if the operator's cumulative slash grows by the booked amount, and its latest capture becomes that of this
    slash.
    """
    asked = terms_of(step.before.rows, step.action)
    subnetwork_operator: VaultSubnetworkOperator = (asked.vault, asked.subnetwork, asked.operator)
    before, after = step.before.rows, step.after.rows
    booked_amount = amounts(step)[0]
    return (
        booked_amount > 0
        and CUMULATIVE_SLASHES.latest(after, subnetwork_operator)
        == CUMULATIVE_SLASHES.latest(before, subnetwork_operator) + booked_amount
        and before.get(LATEST_CAPTURES, subnetwork_operator).timestamp
        <= asked.capture_timestamp
        == after.get(LATEST_CAPTURES, subnetwork_operator).timestamp
    )


def _slash_is_split_in_proportion(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """True if a slash is split between active stake and two withdrawal buckets with the contract's roundings.

    Active stake and the next epoch's bucket pay their parts rounded down, and the current epoch's bucket pays the rest.
    What that bucket cannot pay, the next epoch's bucket pays as well. It pays the whole rest if the current epoch's
    bucket is out of reach.
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


SLASHES: Final = Scope((Slash, ExecuteSlash))


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    Slash: _slash,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SLASH-01",
        "A slash books the amount asked for or the slashable stake, whichever is less.",
        "Certora, Symbiotic Core: P-10, slashedAmountNoMoreThanRequested; BaseSlasher._slashableStake",
        _slash_books_what_is_slashable,
        SLASHES,
    ),
    StepLaw(
        "SLASH-02",
        "The vault pays the amount booked, or all stake in reach if that is less; exactly that leaves it, for the "
        "burner.",
        "Vault.onSlash",
        _slash_pays_what_is_in_reach,
        SLASHES,
    ),
    StepLaw(
        "SLASH-03",
        "The amount booked against an operator grows by each slash's amount, and its latest capture never goes back.",
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
]
