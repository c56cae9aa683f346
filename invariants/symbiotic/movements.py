"""The changes that a step makes to shares and withdrawals, and the amounts that a slash books and pays."""

from typing import cast

from invariants.law import AnyStep
from invariants.symbiotic.state_queries import epoch_of, held_shares, now, terms_of
from spec.machine import Draft
from spec.symbiotic.actions import Claim, ClaimBatch
from spec.symbiotic.state import ACTIVE_SHARES, VAULTS


def shares_grown(step: AnyStep, vault: str) -> int:
    """The increase of a vault's active shares in a step; negative if they fall."""
    return ACTIVE_SHARES.latest(step.after.rows, vault) - ACTIVE_SHARES.latest(step.before.rows, vault)


def held_grown(step: AnyStep, vault: str, account: str) -> int:
    """The increase of an account's active shares in a vault in a step; negative if they fall."""
    return held_shares(step.after.rows, vault, account) - held_shares(step.before.rows, vault, account)


def next_bucket(rows: Draft, vault: str) -> tuple[str, int]:
    """The key of the withdrawal bucket in which a withdrawal made now is counted: (vault, next epoch)."""
    return vault, epoch_of(rows.get(VAULTS, vault), now(rows)) + 1


def claimed_epochs(call: Claim | ClaimBatch) -> tuple[int, ...]:
    """The epochs that a Claim or ClaimBatch call names."""
    if isinstance(call, Claim):
        return (call.epoch,)
    return call.epochs


def amounts(step: AnyStep) -> tuple[int, int]:
    """The return values of a slash: the amount booked against the operator, and the amount that the vault paid."""
    return cast("tuple[int, int]", step.delta.returns)


def capture_epoch(step: AnyStep) -> int:
    """The epoch of a slash's capture timestamp."""
    asked = terms_of(step.before.rows, step.action)
    return epoch_of(step.before.rows.get(VAULTS, asked.vault), asked.capture_timestamp)
