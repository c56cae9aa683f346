"""Withdrawals from a vault: stake moves to the next epoch's bucket, is slashable until that epoch ends, and is then
paid.

A withdrawal in epoch `n` enters the bucket of epoch `n + 1`. It can be claimed from epoch `n + 2` on. All withdrawals
of one bucket divide it by withdrawal shares, and so bear its slashes in proportion.
"""

from spec.arithmetic import UINT256_MAX
from spec.machine import Delta, Draft
from spec.symbiotic.actions import Claim, ClaimBatch, Redeem, Withdraw
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.collateral import transfer
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.shares import preview_deposit, preview_redeem, preview_withdraw
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Pair,
    Withdrawal,
    WithdrawalBucket,
)


def withdraw(draft: Draft, action: Withdraw) -> Delta | Reason:
    """Withdraw an amount of collateral. Returns the active shares burned and the withdrawal shares minted.

    Rejects, in order: INVALID_CLAIMER for the zero address, INSUFFICIENT_WITHDRAWAL for an amount of 0,
    ARITHMETIC_PANIC or MUL_DIV_OVERFLOW if the computation of the shares to burn overflows uint256, TOO_MUCH_WITHDRAW
    if the sender has fewer, ARITHMETIC_PANIC or MUL_DIV_OVERFLOW if that of the bucket's new shares overflows.
    Source: Vault.withdraw.
    """
    holder: Pair = (action.vault, action.sender)
    if action.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if action.amount == 0:
        return Reason.INSUFFICIENT_WITHDRAWAL
    burned_shares = preview_withdraw(
        action.amount, ACTIVE_SHARES.latest(draft, action.vault), ACTIVE_STAKE.latest(draft, action.vault)
    )
    if isinstance(burned_shares, Reason):
        return burned_shares
    if burned_shares > ACTIVE_SHARES_OF.latest(draft, holder):
        return Reason.TOO_MUCH_WITHDRAW
    minted_shares = _withdraw(draft, action.vault, action.sender, action.claimer, action.amount, burned_shares)
    return minted_shares if isinstance(minted_shares, Reason) else draft.delta((burned_shares, minted_shares))


def redeem(draft: Draft, action: Redeem) -> Delta | Reason:
    """Withdraw the value of active shares. Returns the amount and the withdrawal shares minted.

    Rejects, in order: INVALID_CLAIMER for the zero address, TOO_MUCH_REDEEM if the sender has fewer shares,
    ARITHMETIC_PANIC if the vault's stake or shares plus 1 exceed uint256, INSUFFICIENT_REDEMPTION if the value is 0,
    ARITHMETIC_PANIC or MUL_DIV_OVERFLOW if the computation of the bucket's new shares overflows uint256.
    Source: Vault.redeem.
    """
    holder: Pair = (action.vault, action.sender)
    if action.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if action.shares > ACTIVE_SHARES_OF.latest(draft, holder):
        return Reason.TOO_MUCH_REDEEM
    amount = preview_redeem(
        action.shares, ACTIVE_STAKE.latest(draft, action.vault), ACTIVE_SHARES.latest(draft, action.vault)
    )
    if isinstance(amount, Reason):
        return amount
    if amount == 0:
        return Reason.INSUFFICIENT_REDEMPTION
    minted_shares = _withdraw(draft, action.vault, action.sender, action.claimer, amount, action.shares)
    return minted_shares if isinstance(minted_shares, Reason) else draft.delta((amount, minted_shares))


def _withdraw(draft: Draft, vault: str, sender: str, claimer: str, amount: int, burned_shares: int) -> int | Reason:
    """Burn the sender's active shares, and mint the claimer shares of the next epoch's bucket. Returns the minted
    shares.

    The burned shares are worth at least the amount, so the active stake always covers it.
    Rejects, in order: ARITHMETIC_PANIC if the bucket's amount or shares plus 1 exceed uint256, MUL_DIV_OVERFLOW if the
    minted shares do, ARITHMETIC_PANIC if the bucket's shares then do. Source: Vault._withdraw.
    """
    now = current_timestamp(draft)
    holder: Pair = (vault, sender)
    ACTIVE_SHARES_OF.push(draft, holder, now, ACTIVE_SHARES_OF.latest(draft, holder) - burned_shares)
    ACTIVE_SHARES.push(draft, vault, now, ACTIVE_SHARES.latest(draft, vault) - burned_shares)
    ACTIVE_STAKE.push(draft, vault, now, ACTIVE_STAKE.latest(draft, vault) - amount)
    epoch = current_epoch(draft, vault) + 1
    bucket = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    minted_shares = preview_deposit(amount, bucket.shares, bucket.amount)
    if isinstance(minted_shares, Reason):
        return minted_shares
    if bucket.shares + minted_shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    draft.put(
        WITHDRAWAL_BUCKETS,
        (vault, epoch),
        WithdrawalBucket(amount=bucket.amount + amount, shares=bucket.shares + minted_shares),
    )
    withdrawal = draft.get(WITHDRAWALS, (vault, epoch, claimer))
    draft.put(
        WITHDRAWALS,
        (vault, epoch, claimer),
        Withdrawal(shares=withdrawal.shares + minted_shares, is_claimed=withdrawal.is_claimed),
    )
    return minted_shares


def withdrawals_of(draft: Draft, vault: str, epoch: int, account: str) -> int | Reason:
    """The collateral that an account's shares of a bucket are worth, claimed or not. Rounds down.

    Rejects: ARITHMETIC_PANIC if the bucket's amount or shares plus 1 exceed uint256. Source: Vault.withdrawalsOf.
    """
    bucket = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return preview_redeem(draft.get(WITHDRAWALS, (vault, epoch, account)).shares, bucket.amount, bucket.shares)


def claim(draft: Draft, action: Claim) -> Delta | Reason:
    """Pay the sender's part of one bucket to a recipient. Returns the amount.

    Rejects, in order: INVALID_RECIPIENT for the zero address, INVALID_EPOCH until the bucket's epoch is over,
    ALREADY_CLAIMED, ARITHMETIC_PANIC if the bucket's amount or shares plus 1 exceed uint256, INSUFFICIENT_CLAIM if the
    part is worth 0.
    Source: Vault.claim.
    """
    if action.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    amount = _claim(draft, action.vault, action.epoch, action.sender)
    if isinstance(amount, Reason):
        return amount
    return _pay(draft, action.vault, action.recipient, amount)


def claim_batch(draft: Draft, action: ClaimBatch) -> Delta | Reason:
    """Pay the sender's parts of several buckets to a recipient in one transfer, all or none. Returns the sum.

    Rejects, in order: INVALID_RECIPIENT for the zero address, INVALID_LENGTH_EPOCHS without an epoch; for each epoch
    INVALID_EPOCH until it is over, ALREADY_CLAIMED, ARITHMETIC_PANIC if the bucket's amount or shares plus 1 exceed
    uint256, INSUFFICIENT_CLAIM if the part is worth 0. Source: Vault.claimBatch.
    """
    if action.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    if len(action.epochs) == 0:
        return Reason.INVALID_LENGTH_EPOCHS
    total_amount = 0
    for epoch in action.epochs:
        amount = _claim(draft, action.vault, epoch, action.sender)
        if isinstance(amount, Reason):
            return amount
        total_amount += amount
    return _pay(draft, action.vault, action.recipient, total_amount)


def _claim(draft: Draft, vault: str, epoch: int, account: str) -> int | Reason:
    """Mark an account's part of one bucket as claimed. Returns the amount that it is worth.

    Rejects, in order: INVALID_EPOCH until the epoch is over, ALREADY_CLAIMED, ARITHMETIC_PANIC if the bucket's amount
    or shares plus 1 exceed uint256, INSUFFICIENT_CLAIM if the part is worth 0. Source: Vault._claim.
    """
    if epoch >= current_epoch(draft, vault):
        return Reason.INVALID_EPOCH
    withdrawal = draft.get(WITHDRAWALS, (vault, epoch, account))
    if withdrawal.is_claimed:
        return Reason.ALREADY_CLAIMED
    amount = withdrawals_of(draft, vault, epoch, account)
    if isinstance(amount, Reason):
        return amount
    if amount == 0:
        return Reason.INSUFFICIENT_CLAIM
    draft.put(WITHDRAWALS, (vault, epoch, account), Withdrawal(shares=withdrawal.shares, is_claimed=True))
    return amount


def _pay(draft: Draft, vault: str, recipient: str, amount: int) -> Delta | Reason:
    """Send a claimed amount of collateral from the vault to the recipient. The Delta returns the amount.

    The vault always holds a claimed amount. Rejects, in order: ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE.
    """
    rejection = transfer(draft, draft.get(VAULTS, vault).collateral, vault, recipient, amount)
    return draft.delta(amount) if rejection is None else rejection
