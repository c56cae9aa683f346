"""Symbiotic's laws of withdrawals: each is paid once, after its epoch has ended."""

from typing import Final

from invariants.law import AcceptedStep, RejectionLaw, Scope, StateLaw, StepLaw, Subject, View
from invariants.symbiotic.movements import claimed_epochs
from invariants.symbiotic.state_queries import UINT256_MAX, is_over, now, start_of
from spec.symbiotic.actions import Claim, ClaimBatch
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.state import CLOCK, VAULTS, WITHDRAWAL_BUCKETS, WITHDRAWALS


def _claim_is_of_a_past_epoch_and_once(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    call = step.action
    epochs = claimed_epochs(call)
    for position, epoch in enumerate(epochs):
        key = (call.vault, epoch, call.sender)
        before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
        if before.is_claimed or not after.is_claimed or before.shares != after.shares or epoch in epochs[:position]:
            return False
        if not is_over(step.before.rows, call.vault, epoch):
            return False
    return True


def _no_bucket_lies_further_ahead(view: View, bucket: tuple[str, int]) -> bool:
    """True if a withdrawal bucket with shares or collateral belongs to the next epoch or to an earlier one."""
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    config = view.rows.get(VAULTS, bucket[0])
    return (row.amount == 0 and row.shares == 0) or now(view.rows) >= start_of(config, bucket[1] - 1)


def _same(key: Subject) -> Subject:
    return key


CLAIMS: Final = Scope((Claim, ClaimBatch))


def _is_due_claim(before: View, action: object) -> bool:
    """True if an account claims a past epoch for the first time, for a positive amount, to a recipient other than the
    zero address.
    """
    if not isinstance(action, Claim) or action.recipient == ZERO_ADDRESS:
        return False
    if not is_over(before.rows, action.vault, action.epoch):
        return False
    part = before.rows.get(WITHDRAWALS, (action.vault, action.epoch, action.sender))
    bucket = before.rows.get(WITHDRAWAL_BUCKETS, (action.vault, action.epoch))
    if part.is_claimed or bucket.shares >= UINT256_MAX:
        return False
    return part.shares * (bucket.amount + 1) >= bucket.shares + 1


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "EXIT-06",
        "No stake leaves with an epoch after the next one.",
        "Certora, Symbiotic Core: P-05, noWithdrawalsInFarFuture",
        _no_bucket_lies_further_ahead,
        rows={WITHDRAWAL_BUCKETS: _same},
        also_reads=(CLOCK, VAULTS),
        harmless={CLOCK: lambda before, after: after.timestamp >= before.timestamp},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "EXIT-01",
        "A claim is of an epoch that is over, happens once, and leaves the claimer's bucket shares unchanged.",
        "Vault._claim; Symbiotic test/vault/Vault: test_ClaimRevertInvalidEpoch, test_ClaimRevertAlreadyClaimed",
        _claim_is_of_a_past_epoch_and_once,
        CLAIMS,
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "EXIT-02",
        "A withdrawal whose epoch is over can always be claimed for what it is worth.",
        "This project; Vault._claim",
        lambda _rejection: False,
        scope=Scope((Claim,)),
        applies_to=_is_due_claim,
    ),
]
