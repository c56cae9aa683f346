"""Deposits into a vault, its deposit whitelist and its deposit limit."""

from spec.arithmetic import UINT256_MAX
from spec.machine import Delta, Draft
from spec.symbiotic.actions import (
    Deposit,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
)
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.collateral import transfer_from
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.shares import preview_deposit
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    VAULTS,
    Depositor,
    DepositPolicy,
    Pair,
)


def deposit(draft: Draft, action: Deposit) -> Delta | Reason:
    """Transfer the sender's collateral into a vault, and mint active shares at the exchange rate before the transfer.

    Returns the amount deposited and the number of shares minted, which is at least the amount. The limit applies to
    active stake alone, without withdrawals in progress. Rejects, in order: INVALID_ON_BEHALF_OF for the zero address,
    NOT_WHITELISTED_DEPOSITOR, ERC20_INSUFFICIENT_ALLOWANCE, ERC20_INSUFFICIENT_BALANCE, INSUFFICIENT_DEPOSIT for an
    amount of 0, DEPOSIT_LIMIT_REACHED, ARITHMETIC_PANIC if the vault's shares or stake plus 1 exceed uint256,
    MUL_DIV_OVERFLOW if the minted shares do, ARITHMETIC_PANIC if the vault's shares then do. Source: Vault.deposit.
    """
    vault = action.vault
    amount = action.amount
    if action.on_behalf_of == ZERO_ADDRESS:
        return Reason.INVALID_ON_BEHALF_OF
    policy = draft.get(DEPOSIT_POLICIES, vault)
    depositor: Pair = (vault, action.sender)
    if policy.deposit_whitelist and not draft.get(DEPOSITORS, depositor).is_whitelisted:
        return Reason.NOT_WHITELISTED_DEPOSITOR
    rejection = transfer_from(draft, draft.get(VAULTS, vault).collateral, action.sender, vault, amount)
    if rejection is not None:
        return rejection
    if amount == 0:
        return Reason.INSUFFICIENT_DEPOSIT
    active_stake = ACTIVE_STAKE.latest(draft, vault)
    if policy.is_deposit_limit and active_stake + amount > policy.deposit_limit:
        return Reason.DEPOSIT_LIMIT_REACHED
    active_shares = ACTIVE_SHARES.latest(draft, vault)
    minted_shares = preview_deposit(amount, active_shares, active_stake)
    if isinstance(minted_shares, Reason):
        return minted_shares
    if active_shares + minted_shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    now = current_timestamp(draft)
    holder: Pair = (vault, action.on_behalf_of)
    ACTIVE_STAKE.push(draft, vault, now, active_stake + amount)
    ACTIVE_SHARES.push(draft, vault, now, active_shares + minted_shares)
    ACTIVE_SHARES_OF.push(draft, holder, now, ACTIVE_SHARES_OF.latest(draft, holder) + minted_shares)
    return draft.delta((amount, minted_shares))


def set_deposit_whitelist(draft: Draft, action: SetDepositWhitelist) -> Delta | Reason:
    """Restrict deposits to the whitelist, or lift the restriction. Rejects, in order: UNAUTHORIZED_ACCOUNT unless the
    vault's admin calls, ALREADY_SET.

    Source: Vault.setDepositWhitelist.
    """
    policy = draft.get(DEPOSIT_POLICIES, action.vault)
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if policy.deposit_whitelist == action.status:
        return Reason.ALREADY_SET
    draft.put(
        DEPOSIT_POLICIES,
        action.vault,
        DepositPolicy(
            deposit_whitelist=action.status,
            is_deposit_limit=policy.is_deposit_limit,
            deposit_limit=policy.deposit_limit,
        ),
    )
    return draft.delta()


def set_depositor_whitelist_status(draft: Draft, action: SetDepositorWhitelistStatus) -> Delta | Reason:
    """Add an account to the deposit whitelist, or remove it. Its earlier deposits stay.

    Rejects, in order: UNAUTHORIZED_ACCOUNT unless the vault's admin calls, INVALID_ACCOUNT for the zero address,
    ALREADY_SET. Source: Vault.setDepositorWhitelistStatus.
    """
    depositor: Pair = (action.vault, action.account)
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if action.account == ZERO_ADDRESS:
        return Reason.INVALID_ACCOUNT
    if draft.get(DEPOSITORS, depositor).is_whitelisted == action.status:
        return Reason.ALREADY_SET
    draft.put(DEPOSITORS, depositor, Depositor(action.status))
    return draft.delta()


def set_is_deposit_limit(draft: Draft, action: SetIsDepositLimit) -> Delta | Reason:
    """Switch the deposit limit on or off. Rejects, in order: UNAUTHORIZED_ACCOUNT unless the vault's admin calls,
    ALREADY_SET.

    Source: Vault.setIsDepositLimit.
    """
    policy = draft.get(DEPOSIT_POLICIES, action.vault)
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if policy.is_deposit_limit == action.status:
        return Reason.ALREADY_SET
    draft.put(
        DEPOSIT_POLICIES,
        action.vault,
        DepositPolicy(
            deposit_whitelist=policy.deposit_whitelist,
            is_deposit_limit=action.status,
            deposit_limit=policy.deposit_limit,
        ),
    )
    return draft.delta()


def set_deposit_limit(draft: Draft, action: SetDepositLimit) -> Delta | Reason:
    """Change the amount of the deposit limit, even while the limit is off. It may be below the vault's current stake.

    Rejects, in order: UNAUTHORIZED_ACCOUNT unless the vault's admin calls, ALREADY_SET. Source: Vault.setDepositLimit.
    """
    policy = draft.get(DEPOSIT_POLICIES, action.vault)
    if not has_role(draft, action.vault, action.sender):
        return Reason.UNAUTHORIZED_ACCOUNT
    if policy.deposit_limit == action.limit:
        return Reason.ALREADY_SET
    draft.put(
        DEPOSIT_POLICIES,
        action.vault,
        DepositPolicy(
            deposit_whitelist=policy.deposit_whitelist,
            is_deposit_limit=policy.is_deposit_limit,
            deposit_limit=action.limit,
        ),
    )
    return draft.delta()


def has_role(draft: Draft, vault: str, account: str) -> bool:
    """True if the account holds the roles of a vault and of its delegator. Source: AccessControl.hasRole."""
    return account == draft.get(VAULTS, vault).admin
