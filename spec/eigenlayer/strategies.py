"""Strategies of one token each: ERC-20 transfers, and the exchange rate between a strategy's tokens and its shares.

Source: OpenZeppelin 4.9 ERC20, StrategyBase.
"""

from typing import Final

from spec.arithmetic import UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import BurnShares, TransferToken
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    BURN_ADDRESS,
    MAX_TOTAL_SHARES,
    SHARES_OFFSET,
    ZERO_ADDRESS,
)
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import STRATEGIES, TOKEN_BALANCES, Pair, Strategy, TokenBalance
from spec.machine import Delta, Draft

MAX_REPORTABLE_BALANCE: Final = mul_div_floor(UINT256_MAX, 1, WAD)
"""The largest virtual balance for which the event that reports the exchange rate does not overflow.

Source: StrategyBase._emitExchangeRate.
"""


def new_shares_for(amount: int, total_shares: int, token_balance: int) -> int:
    """The shares issued for `amount` tokens, by a strategy that held `token_balance` before. Rounds down, in favour of
    the pool.

    Virtual shares and a virtual balance keep the rate finite, and make it costly to inflate.
    Source: StrategyBase.deposit.
    """
    return mul_div_floor(amount, total_shares + SHARES_OFFSET, token_balance + BALANCE_OFFSET)


def tokens_for(shares: int, total_shares: int, token_balance: int) -> int:
    """The tokens paid for `shares` of a strategy. Rounds down, in favour of the remaining holders.

    Source: StrategyBase.withdraw.
    """
    return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)


def transfer(draft: Draft, token: str, sender: str, recipient: str, amount: int) -> Reason | None:
    """Transfer tokens between two accounts.

    Rejects, in order: ERC20_TRANSFER_TO_ZERO_ADDRESS, ERC20_INSUFFICIENT_BALANCE. Source: ERC20._transfer.
    """
    if recipient == ZERO_ADDRESS:
        return Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    of_sender: Pair = (token, sender)
    sender_balance = draft.get(TOKEN_BALANCES, of_sender).amount
    if sender_balance < amount:
        return Reason.ERC20_INSUFFICIENT_BALANCE
    draft.put(TOKEN_BALANCES, of_sender, TokenBalance(sender_balance - amount))
    of_recipient: Pair = (token, recipient)
    recipient_balance = draft.get(TOKEN_BALANCES, of_recipient).amount
    draft.put(TOKEN_BALANCES, of_recipient, TokenBalance(recipient_balance + amount))
    return None


def transfer_token(draft: Draft, action: TransferToken) -> Delta | Reason:
    """Transfer the sender's own tokens. A transfer to a strategy is a donation that raises its exchange rate.

    Rejects, in order: ERC20_TRANSFER_TO_ZERO_ADDRESS, ERC20_INSUFFICIENT_BALANCE. Source: ERC20.transfer.
    """
    rejection = transfer(draft, action.token, action.sender, action.to, action.amount)
    return draft.delta() if rejection is None else rejection


def issue_shares(draft: Draft, strategy: str, token: str, amount: int) -> int | Reason:
    """Issue shares for `amount` tokens that the strategy has just received. Returns the number of shares.

    The exchange rate is the one before the tokens arrived. An overflow in the event that reports the new rate rejects
    the call, too.
    Rejects: EMPTY_REVERT for native ETH, which has no contract; ONLY_UNDERLYING_TOKEN, ARITHMETIC_PANIC if a number
    exceeds uint256, NEW_SHARES_ZERO, TOTAL_SHARES_EXCEEDS_MAX.
    Source: StrategyBase.deposit.
    """
    pool = draft.get(STRATEGIES, strategy)
    if token != pool.underlying_token:
        return Reason.EMPTY_REVERT if strategy == BEACON_CHAIN_ETH else Reason.ONLY_UNDERLYING_TOKEN
    token_balance = draft.get(TOKEN_BALANCES, (token, strategy)).amount
    if token_balance + BALANCE_OFFSET > UINT256_MAX or amount * (pool.total_shares + SHARES_OFFSET) > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    shares = new_shares_for(amount, pool.total_shares, token_balance - amount)
    if shares == 0:
        return Reason.NEW_SHARES_ZERO
    total_shares = pool.total_shares + shares
    if total_shares > MAX_TOTAL_SHARES:
        return Reason.TOTAL_SHARES_EXCEEDS_MAX
    if token_balance + BALANCE_OFFSET > MAX_REPORTABLE_BALANCE:
        return Reason.ARITHMETIC_PANIC
    draft.put(STRATEGIES, strategy, with_total_shares(pool, total_shares))
    return shares


def redeem_shares(draft: Draft, strategy: str, token: str, recipient: str, shares: int) -> int | Reason:
    """Redeem `shares` of a strategy, and send their tokens to `recipient`. Returns the amount of tokens.

    Rejects, in order: ONLY_UNDERLYING_TOKEN, WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS, ARITHMETIC_PANIC if a number
    exceeds uint256, ERC20_TRANSFER_TO_ZERO_ADDRESS, ERC20_INSUFFICIENT_BALANCE.
    Source: StrategyBase.withdraw.
    """
    pool = draft.get(STRATEGIES, strategy)
    if token != pool.underlying_token:
        return Reason.ONLY_UNDERLYING_TOKEN
    if shares > pool.total_shares:
        return Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    token_balance = draft.get(TOKEN_BALANCES, (token, strategy)).amount
    if token_balance + BALANCE_OFFSET > UINT256_MAX or (token_balance + BALANCE_OFFSET) * shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    amount = tokens_for(shares, pool.total_shares, token_balance)
    if token_balance + BALANCE_OFFSET - amount > MAX_REPORTABLE_BALANCE:
        return Reason.ARITHMETIC_PANIC
    draft.put(STRATEGIES, strategy, with_total_shares(pool, pool.total_shares - shares))
    rejection = transfer(draft, token, strategy, recipient, amount)
    return amount if rejection is None else rejection


def burn_shares(draft: Draft, action: BurnShares) -> Delta | Reason:
    """Burn a strategy's shares that were slashed in releases without slash ids. Accepts a strategy without such shares.

    Rejects: any reason for which `redeem_shares` cannot pay their tokens. Source: StrategyManager.burnShares.
    """
    pool = draft.get(STRATEGIES, action.strategy)
    shares = pool.legacy_burnable_shares
    if shares == 0:
        return draft.delta()
    draft.put(
        STRATEGIES,
        action.strategy,
        Strategy(
            underlying_token=pool.underlying_token,
            address_rank=pool.address_rank,
            is_whitelisted=pool.is_whitelisted,
            total_shares=pool.total_shares,
        ),
    )
    redeemed = redeem_shares(draft, action.strategy, pool.underlying_token, BURN_ADDRESS, shares)
    return redeemed if isinstance(redeemed, Reason) else draft.delta()


def with_total_shares(pool: Strategy, total_shares: int) -> Strategy:
    """A copy of the strategy's row with another number of total shares."""
    return Strategy(
        underlying_token=pool.underlying_token,
        address_rank=pool.address_rank,
        is_whitelisted=pool.is_whitelisted,
        total_shares=total_shares,
        legacy_burnable_shares=pool.legacy_burnable_shares,
    )
