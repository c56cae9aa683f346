"""Model laws of deposits, transfers and deposit policies: their guards, and the amounts that they move."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, Scope, StepLaw
from invariants.symbiotic.movements import held_grown, shares_grown
from invariants.symbiotic.state_queries import UINT256_END, UINT256_MAX, balance, moved, stake_grown
from spec.arithmetic import mul_div_floor
from spec.machine import Draft
from spec.symbiotic.actions import (
    Deposit,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    TransferCollateral,
)
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    ALLOWANCES,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    TOKEN_BALANCES,
    VAULTS,
    Pair,
)


def joining(shares: int, assets: int, amount: int) -> Reason | None:
    """The first reason against adding `amount` to a pool for new shares, or None.

    The new shares must fit 256 bits, and so must all shares together. `shares` and `assets` are those of the pool
    before.
    """
    if shares >= UINT256_MAX or assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if amount * (shares + 1) >= UINT256_END * (assets + 1):
        return Reason.MUL_DIV_OVERFLOW
    if amount * (shares + 1) >= (UINT256_END - shares) * (assets + 1):
        return Reason.ARITHMETIC_PANIC
    return None


def _transfer(rows: Draft, call: TransferCollateral) -> Reason | None:
    if call.to == ZERO_ADDRESS:
        return Reason.ERC20_INVALID_RECEIVER
    account: Pair = (call.collateral, call.sender)
    is_short = rows.get(TOKEN_BALANCES, account).amount < call.amount
    return Reason.ERC20_INSUFFICIENT_BALANCE if is_short else None


def _deposit(rows: Draft, call: Deposit) -> Reason | None:
    if call.on_behalf_of == ZERO_ADDRESS:
        return Reason.INVALID_ON_BEHALF_OF
    vault, amount = call.vault, call.amount
    policy = rows.get(DEPOSIT_POLICIES, vault)
    depositor: Pair = (vault, call.sender)
    if policy.deposit_whitelist and not rows.get(DEPOSITORS, depositor).is_whitelisted:
        return Reason.NOT_WHITELISTED_DEPOSITOR
    allowance: Pair = (rows.get(VAULTS, vault).collateral, call.sender, vault)
    if amount > 0 and not rows.get(ALLOWANCES, allowance).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    if balance(rows, vault, call.sender) < amount:
        return Reason.ERC20_INSUFFICIENT_BALANCE
    if amount == 0:
        return Reason.INSUFFICIENT_DEPOSIT
    stake = ACTIVE_STAKE.latest(rows, vault)
    if policy.is_deposit_limit and stake + amount > policy.deposit_limit:
        return Reason.DEPOSIT_LIMIT_REACHED
    return joining(ACTIVE_SHARES.latest(rows, vault), stake, amount)


def _changing_policy(rows: Draft, sender: str, vault: str, is_same: bool) -> Reason | None:
    """The first reason against changing a deposit policy, or None: the admin must send the call, and the value must
    change.

    `is_same` is True if the value is set already.
    """
    if sender != rows.get(VAULTS, vault).admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    return Reason.ALREADY_SET if is_same else None


def _set_deposit_whitelist(rows: Draft, call: SetDepositWhitelist) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).deposit_whitelist == call.status
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _set_depositor_whitelist_status(rows: Draft, call: SetDepositorWhitelistStatus) -> Reason | None:
    if call.sender != rows.get(VAULTS, call.vault).admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    if call.account == ZERO_ADDRESS:
        return Reason.INVALID_ACCOUNT
    depositor: Pair = (call.vault, call.account)
    return Reason.ALREADY_SET if rows.get(DEPOSITORS, depositor).is_whitelisted == call.status else None


def _set_is_deposit_limit(rows: Draft, call: SetIsDepositLimit) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).is_deposit_limit == call.status
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _set_deposit_limit(rows: Draft, call: SetDepositLimit) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).deposit_limit == call.limit
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _deposit_moves_its_amount(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    minted_shares = mul_div_floor(call.amount, shares + 1, stake_before + 1)
    return (
        step.delta.returns == (call.amount, minted_shares)
        and moved(step, rows.get(VAULTS, call.vault).collateral, call.sender, call.vault, call.amount)
        and stake_grown(step, call.vault) == call.amount
        and shares_grown(step, call.vault) == minted_shares
        and held_grown(step, call.vault, call.on_behalf_of) == minted_shares
    )


def _transfer_moves_its_amount(step: AcceptedStep[TransferCollateral]) -> bool:
    call = step.action
    return moved(step, call.collateral, call.sender, call.to, call.amount)


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    TransferCollateral: _transfer,
    Deposit: _deposit,
    SetDepositWhitelist: _set_deposit_whitelist,
    SetDepositorWhitelistStatus: _set_depositor_whitelist_status,
    SetIsDepositLimit: _set_is_deposit_limit,
    SetDepositLimit: _set_deposit_limit,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DEP-01",
        "A deposit moves its amount from the sender to the vault, for active shares at the rate before, rounded "
        "down, of the beneficiary.",
        "Vault.deposit, ERC4626Math.previewDeposit; Symbiotic test/vault/Vault: test_DepositTwice",
        _deposit_moves_its_amount,
        Scope((Deposit,)),
    ),
    StepLaw(
        "DEP-02",
        "A token transfer moves its amount from the sender to the recipient; a transfer to a vault changes no stake.",
        "ERC-20; Vault.deposit counts what it was entrusted with",
        _transfer_moves_its_amount,
        Scope((TransferCollateral,)),
    ),
]
