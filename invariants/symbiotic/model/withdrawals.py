"""Model laws of withdrawals: the guards of withdrawing and claiming, and the amounts that they move."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from invariants.symbiotic.model.staking import joining
from invariants.symbiotic.movements import claimed_epochs, held_grown, next_bucket, shares_grown
from invariants.symbiotic.state_queries import (
    UINT256_END,
    UINT256_MAX,
    epoch_of,
    held_shares,
    is_over,
    moved,
    now,
    stake_grown,
    start_of,
)
from spec.arithmetic import mul_div_ceil, mul_div_floor
from spec.machine import Draft
from spec.symbiotic.actions import Claim, ClaimBatch, Redeem, Withdraw
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import ACTIVE_SHARES, ACTIVE_STAKE, VAULTS, WITHDRAWAL_BUCKETS, WITHDRAWALS


def _joining_the_next_bucket(rows: Draft, vault: str, amount: int) -> Reason | None:
    epoch = epoch_of(rows.get(VAULTS, vault), now(rows)) + 1
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return joining(bucket.shares, bucket.amount, amount)


def _withdraw(rows: Draft, call: Withdraw) -> Reason | None:
    """The first reason to reject a Withdraw call, or None.

    The shares to burn, rounded up, must fit 256 bits. This is checked before they are compared with the shares held.
    """
    if call.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if call.amount == 0:
        return Reason.INSUFFICIENT_WITHDRAWAL
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if shares >= UINT256_MAX or stake >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    worth = call.amount * (shares + 1)
    if worth >= UINT256_END * (stake + 1):
        return Reason.MUL_DIV_OVERFLOW
    if worth > UINT256_MAX * (stake + 1):
        return Reason.ARITHMETIC_PANIC
    if worth > held_shares(rows, call.vault, call.sender) * (stake + 1):
        return Reason.TOO_MUCH_WITHDRAW
    return _joining_the_next_bucket(rows, call.vault, call.amount)


def _redeem(rows: Draft, call: Redeem) -> Reason | None:
    if call.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if call.shares > held_shares(rows, call.vault, call.sender):
        return Reason.TOO_MUCH_REDEEM
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if shares >= UINT256_MAX or stake >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if call.shares * (stake + 1) < shares + 1:
        return Reason.INSUFFICIENT_REDEMPTION
    return _joining_the_next_bucket(rows, call.vault, mul_div_floor(call.shares, stake + 1, shares + 1))


def _claiming(rows: Draft, vault: str, epoch: int, account: str) -> Reason | None:
    """The first reason against claiming the withdrawals of one epoch, or None.

    The epoch must be over and not claimed yet. The bucket's shares and amount must be below UINT256_MAX, and the
    account's part must not round down to zero.
    """
    if not is_over(rows, vault, epoch):
        return Reason.INVALID_EPOCH
    part, bucket = rows.get(WITHDRAWALS, (vault, epoch, account)), rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    if part.is_claimed:
        return Reason.ALREADY_CLAIMED
    if bucket.shares >= UINT256_MAX or bucket.amount >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return Reason.INSUFFICIENT_CLAIM if part.shares * (bucket.amount + 1) < bucket.shares + 1 else None


def _claim(rows: Draft, call: Claim) -> Reason | None:
    if call.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    return _claiming(rows, call.vault, call.epoch, call.sender)


def _claim_batch(rows: Draft, call: ClaimBatch) -> Reason | None:
    """The first reason to reject a ClaimBatch call, or None.

    An epoch that occurs twice counts as claimed at its second occurrence.
    """
    if call.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    if len(call.epochs) == 0:
        return Reason.INVALID_LENGTH_EPOCHS
    for position, epoch in enumerate(call.epochs):
        if epoch in call.epochs[:position]:
            return Reason.ALREADY_CLAIMED
        reason = _claiming(rows, call.vault, epoch, call.sender)
        if reason is not None:
            return reason
    return None


def _leaves_with_the_next_epoch(step: AnyStep, vault: str, claimer: str, amount: int, burned_shares: int) -> int:
    """The shares of the next epoch's bucket that the claimer got for the withdrawn amount, or -1 if a stored value is
    wrong.

    The stored values are the active stake and shares, the bucket, and the claimer's shares of the bucket.
    """
    before, after, config = step.before.rows, step.after.rows, step.before.rows.get(VAULTS, vault)
    key = next_bucket(before, vault)
    if not start_of(config, key[1] - 1) <= now(before) < start_of(config, key[1]):
        return -1
    bucket, bucket_after = before.get(WITHDRAWAL_BUCKETS, key), after.get(WITHDRAWAL_BUCKETS, key)
    minted_shares = mul_div_floor(amount, bucket.shares + 1, bucket.amount + 1)
    part, part_after = before.get(WITHDRAWALS, (*key, claimer)), after.get(WITHDRAWALS, (*key, claimer))
    is_right = (
        stake_grown(step, vault) == -amount
        and shares_grown(step, vault) == -burned_shares
        and bucket_after.amount == bucket.amount + amount
        and bucket_after.shares == bucket.shares + minted_shares
        and part_after.shares == part.shares + minted_shares
        and not part_after.is_claimed
    )
    return minted_shares if is_right else -1


def _withdrawal_burns_what_it_is_worth(step: AcceptedStep[Withdraw]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    burned_shares = mul_div_ceil(call.amount, shares + 1, stake_before + 1)
    minted_shares = _leaves_with_the_next_epoch(step, call.vault, call.claimer, call.amount, burned_shares)
    return step.delta.returns == (burned_shares, minted_shares) and (
        held_grown(step, call.vault, call.sender) == -burned_shares
    )


def _redemption_releases_what_it_is_worth(step: AcceptedStep[Redeem]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    amount = mul_div_floor(call.shares, stake_before + 1, shares + 1)
    minted_shares = _leaves_with_the_next_epoch(step, call.vault, call.claimer, amount, call.shares)
    return step.delta.returns == (amount, minted_shares) and (held_grown(step, call.vault, call.sender) == -call.shares)


def _claim_pays_exactly(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    call, rows = step.action, step.before.rows
    total_amount = 0
    for epoch in claimed_epochs(call):
        bucket = rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch))
        shares = rows.get(WITHDRAWALS, (call.vault, epoch, call.sender)).shares
        total_amount += mul_div_floor(shares, bucket.amount + 1, bucket.shares + 1)
    return step.delta.returns == total_amount and moved(
        step, rows.get(VAULTS, call.vault).collateral, call.vault, call.recipient, total_amount
    )


CLAIMS: Final = Scope((Claim, ClaimBatch))


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    Withdraw: _withdraw,
    Redeem: _redeem,
    Claim: _claim,
    ClaimBatch: _claim_batch,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "EXIT-03",
        "A withdrawal burns active shares worth its amount, rounded up, and issues shares of the next epoch's "
        "bucket, rounded down.",
        "Vault.withdraw, ERC4626Math.previewWithdraw; Symbiotic test/vault/Vault: test_WithdrawTwice",
        _withdrawal_burns_what_it_is_worth,
        Scope((Withdraw,)),
    ),
    StepLaw(
        "EXIT-04",
        "A redemption moves the worth of its active shares, rounded down, to the next epoch's bucket, for bucket "
        "shares, rounded down.",
        "Vault.redeem, ERC4626Math.previewRedeem; Symbiotic test/vault/Vault: test_RedeemTwice",
        _redemption_releases_what_it_is_worth,
        Scope((Redeem,)),
    ),
    StepLaw(
        "EXIT-05",
        "A claim pays its recipient exactly the worth of its parts of the buckets, each rounded down.",
        "Vault._claim, Vault.withdrawalsOf; Symbiotic test/vault/Vault: test_Claim, test_ClaimBatch",
        _claim_pays_exactly,
        CLAIMS,
    ),
]
