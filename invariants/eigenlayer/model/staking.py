"""Model laws of deposits, transfers and the whitelist: their guards, and the amounts that they move."""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.movements import gained, issued, joins_unslashed, operator_gained
from invariants.eigenlayer.state_queries import MOST_REPORTABLE, held_shares, withdrawable
from invariants.law import AcceptedStep, Scope, StepLaw
from spec.arithmetic import UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    DepositIntoStrategy,
    RemoveStrategiesFromDepositWhitelist,
    TransferToken,
)
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    MAX_STAKER_STRATEGY_LIST_LENGTH,
    MAX_TOTAL_SHARES,
    SHARES_OFFSET,
    ZERO_ADDRESS,
)
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import ALLOWANCES, CONFIG, MAX_MAGNITUDES, STAKER_SHARES, STAKERS, STRATEGIES, TOKEN_BALANCES
from spec.machine import SINGLETON, Draft


def lacks_balance(rows: Draft, token: str, account: str, amount: int) -> bool:
    """True if an account holds less of a token than `amount`."""
    return rows.get(TOKEN_BALANCES, (token, account)).amount < amount


def paying(rows: Draft, strategy: str, shares: int, received_amount: int = 0) -> Reason | None:
    """The first reason against redeeming shares of a strategy for its token, or None.

    Rejected are more shares than there are, and a payment or a remaining exchange rate beyond 256 bits.
    `received_amount` is the amount of its token that the strategy received earlier in the call.
    """
    pool = rows.get(STRATEGIES, strategy)
    if shares > pool.total_shares:
        return Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount + received_amount
    virtual_balance = held + BALANCE_OFFSET
    if virtual_balance > UINT256_MAX or virtual_balance * shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    amount = mul_div_floor(virtual_balance, shares, pool.total_shares + SHARES_OFFSET)
    return Reason.ARITHMETIC_PANIC if virtual_balance - amount > MOST_REPORTABLE else None


def joining(rows: Draft, staker: str, strategy: str, added_shares: int) -> Reason | None:
    """The first reason against adding shares to a staker, or None.

    The staker's operator must have magnitude left, and the new deposit scaling factor must not round down to zero.
    """
    magnitude = MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, strategy))
    if magnitude == 0:
        return Reason.FULLY_SLASHED
    held = rows.get(STAKER_SHARES, (staker, strategy))
    factor_wad = held.deposit_scaling_factor_wad
    if held.deposit_shares > 0:
        scaled = mul_div_floor(held.deposit_shares, factor_wad, WAD)
        worth_shares = mul_div_floor(scaled, magnitude, WAD) + added_shares
        factor_wad = mul_div_floor(worth_shares, WAD, held.deposit_shares + added_shares)
    is_nothing = mul_div_floor(factor_wad, WAD, magnitude) == 0
    return Reason.INVALID_DEPOSIT_SCALING_FACTOR if is_nothing else None


def _deposit(rows: Draft, call: DepositIntoStrategy) -> Reason | None:
    pool = rows.get(STRATEGIES, call.strategy)
    if not pool.is_whitelisted:
        return Reason.STRATEGY_NOT_WHITELISTED
    if call.amount > 0 and not rows.get(ALLOWANCES, call.sender).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    if lacks_balance(rows, call.token, call.sender, call.amount):
        return Reason.ERC20_INSUFFICIENT_BALANCE
    if call.token != pool.underlying_token:
        return Reason.EMPTY_REVERT if call.strategy == BEACON_CHAIN_ETH else Reason.ONLY_UNDERLYING_TOKEN
    held = rows.get(TOKEN_BALANCES, (call.token, call.strategy)).amount
    virtual_balance = held + call.amount + BALANCE_OFFSET
    if virtual_balance > UINT256_MAX or call.amount * (pool.total_shares + SHARES_OFFSET) > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    shares = mul_div_floor(call.amount, pool.total_shares + SHARES_OFFSET, held + BALANCE_OFFSET)
    if shares == 0:
        return Reason.NEW_SHARES_ZERO
    if pool.total_shares + shares > MAX_TOTAL_SHARES:
        return Reason.TOTAL_SHARES_EXCEEDS_MAX
    if virtual_balance > MOST_REPORTABLE:
        return Reason.ARITHMETIC_PANIC
    staker = rows.get(STAKERS, call.sender)
    if call.strategy not in staker.strategy_list and len(staker.strategy_list) >= MAX_STAKER_STRATEGY_LIST_LENGTH:
        return Reason.MAX_STRATEGIES_EXCEEDED
    return joining(rows, call.sender, call.strategy, shares)


def _transfer(rows: Draft, call: TransferToken) -> Reason | None:
    if call.to == ZERO_ADDRESS:
        return Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    is_short = lacks_balance(rows, call.token, call.sender, call.amount)
    return Reason.ERC20_INSUFFICIENT_BALANCE if is_short else None


def _change_whitelist(
    rows: Draft, call: AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist
) -> Reason | None:
    is_allowed = call.sender == rows.get(CONFIG, SINGLETON).strategy_whitelister
    return None if is_allowed else Reason.ONLY_STRATEGY_WHITELISTER


def _deposit_moves_its_amount(step: AcceptedStep[DepositIntoStrategy]) -> bool:
    """True if a deposit moves its amount, and issues shares at the exchange rate before the deposit, rounded down.

    The shares go to the sender and count for its operator.
    """
    call = step.action
    pool = step.before.rows.get(STRATEGIES, call.strategy)
    held = step.before.rows.get(TOKEN_BALANCES, (call.token, call.strategy)).amount
    shares = mul_div_floor(call.amount, pool.total_shares + SHARES_OFFSET, held + BALANCE_OFFSET)
    operator = step.before.rows.get(STAKERS, call.sender).delegated_to
    return (
        step.delta.returns == shares
        and gained(step, call.token, call.sender) == -call.amount
        and gained(step, call.token, call.strategy) == call.amount
        and issued(step, call.strategy) == shares
        and held_shares(step.after.rows, call.sender, call.strategy)
        == held_shares(step.before.rows, call.sender, call.strategy) + shares
        and operator_gained(step, operator, call.strategy) == (0 if operator == ZERO_ADDRESS else shares)
        and joins_unslashed(
            step,
            call.sender,
            call.strategy,
            shares,
            withdrawable(step.before.rows, call.sender, call.strategy),
        )
    )


def _transfer_moves_its_amount(step: AcceptedStep[TransferToken]) -> bool:
    call = step.action
    if call.sender == call.to:
        return gained(step, call.token, call.sender) == 0
    return gained(step, call.token, call.sender) == -call.amount and gained(step, call.token, call.to) == call.amount


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    TransferToken: _transfer,
    AddStrategiesToDepositWhitelist: _change_whitelist,
    RemoveStrategiesFromDepositWhitelist: _change_whitelist,
    DepositIntoStrategy: _deposit,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DEP-01",
        "A deposit moves its amount from the sender to the strategy for shares at the rate before, rounded down. "
        "These join the sender unslashed.",
        "StrategyBase.deposit, SlashingLib; EigenLayer docs, SharesAccounting",
        _deposit_moves_its_amount,
        Scope((DepositIntoStrategy,)),
    ),
    StepLaw(
        "DEP-02",
        "A token transfer moves its amount from the sender to the recipient.",
        "ERC-20",
        _transfer_moves_its_amount,
        Scope((TransferToken,)),
    ),
]
