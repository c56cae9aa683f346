"""Movements of a step: shares that grew, epochs that were claimed, what a slash booked and paid."""

from typing import cast

from invariants.law import AnyStep
from invariants.symbiotic.state_queries import epoch_of, held_shares, now, terms_of
from spec.machine import Draft
from spec.symbiotic.actions import Claim, ClaimBatch
from spec.symbiotic.state import ACTIVE_SHARES, VAULTS


def shares_grown(step: AnyStep, vault: str) -> int:
    """By how much a vault's active shares grew."""
    return ACTIVE_SHARES.latest(step.after.rows, vault) - ACTIVE_SHARES.latest(step.before.rows, vault)


def held_grown(step: AnyStep, vault: str, account: str) -> int:
    """By how much the active shares of an account grew."""
    return held_shares(step.after.rows, vault, account) - held_shares(step.before.rows, vault, account)


def next_bucket(rows: Draft, vault: str) -> tuple[str, int]:
    """The bucket of a withdrawal made now: that of the epoch after this one."""
    return vault, epoch_of(rows.get(VAULTS, vault), now(rows)) + 1


def claimed_epochs(call: Claim | ClaimBatch) -> tuple[int, ...]:
    """The epochs that a claim is of."""
    if isinstance(call, Claim):
        return (call.epoch,)
    return call.epochs


def amounts(step: AnyStep) -> tuple[int, int]:
    """The return values of a slash: the amount booked, and the amount that the vault paid."""
    return cast("tuple[int, int]", step.delta.returns)


def capture_epoch(step: AnyStep) -> int:
    """The epoch of a slash's capture."""
    asked = terms_of(step.before.rows, step.action)
    return epoch_of(step.before.rows.get(VAULTS, asked.vault), asked.capture_timestamp)
