"""Stakers' deposit shares: deposits, the deposit whitelist, and adding and removing shares, which withdrawals use."""

from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    DepositIntoStrategy,
    RemoveStrategiesFromDepositWhitelist,
)
from spec.eigenlayer.config import MAX_STAKER_STRATEGY_LIST_LENGTH
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import increase_delegation
from spec.eigenlayer.state import (
    ALLOWANCES,
    CONFIG,
    MAX_MAGNITUDES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    Pair,
    Staker,
    StakerShares,
    Strategy,
)
from spec.eigenlayer.strategies import issue_shares, transfer
from spec.machine import SINGLETON, Delta, Draft


def deposit_into_strategy(draft: Draft, action: DepositIntoStrategy) -> Delta | Reason:
    """Deposit the sender's tokens into a strategy, and credit the sender with the issued shares. Returns the shares.

    Rejects, in order: STRATEGY_NOT_WHITELISTED, ERC20_INSUFFICIENT_ALLOWANCE, ERC20_INSUFFICIENT_BALANCE; EMPTY_REVERT,
    ONLY_UNDERLYING_TOKEN, ARITHMETIC_PANIC, NEW_SHARES_ZERO, TOTAL_SHARES_EXCEEDS_MAX (`issue_shares` says when);
    MAX_STRATEGIES_EXCEEDED; FULLY_SLASHED if the operator's max magnitude is 0, INVALID_DEPOSIT_SCALING_FACTOR.
    Source: StrategyManager.depositIntoStrategy.
    """
    staker = action.sender
    strategy = action.strategy
    if not draft.get(STRATEGIES, strategy).is_whitelisted:
        return Reason.STRATEGY_NOT_WHITELISTED
    if action.amount > 0 and not draft.get(ALLOWANCES, staker).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    rejection = transfer(draft, action.token, staker, strategy, action.amount)
    if rejection is not None:
        return rejection
    shares = issue_shares(draft, strategy, action.token, action.amount)
    if isinstance(shares, Reason):
        return shares
    deposit_shares_before = add_deposit_shares(draft, staker, strategy, shares)
    if isinstance(deposit_shares_before, Reason):
        return deposit_shares_before
    operator = draft.get(STAKERS, staker).delegated_to
    slashing_factor_wad = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    rejection = increase_delegation(
        draft, operator, staker, strategy, deposit_shares_before, shares, slashing_factor_wad
    )
    return draft.delta(shares) if rejection is None else rejection


def add_deposit_shares(draft: Draft, staker: str, strategy: str, added_shares: int) -> int | Reason:
    """Add deposit shares to a staker. A strategy in which it had none joins its list. Returns its deposit shares
    before.

    Rejects: MAX_STRATEGIES_EXCEEDED. Source: StrategyManager._addShares.
    """
    staker_strategy: Pair = (staker, strategy)
    held = draft.get(STAKER_SHARES, staker_strategy)
    if held.deposit_shares == 0:
        row = draft.get(STAKERS, staker)
        if len(row.strategy_list) >= MAX_STAKER_STRATEGY_LIST_LENGTH:
            return Reason.MAX_STRATEGIES_EXCEEDED
        draft.put(
            STAKERS,
            staker,
            Staker(
                delegated_to=row.delegated_to,
                withdrawals_queued=row.withdrawals_queued,
                strategy_list=(*row.strategy_list, strategy),
            ),
        )
    draft.put(
        STAKER_SHARES,
        staker_strategy,
        StakerShares(
            deposit_shares=held.deposit_shares + added_shares,
            deposit_scaling_factor_wad=held.deposit_scaling_factor_wad,
        ),
    )
    return held.deposit_shares


def remove_deposit_shares(draft: Draft, staker: str, strategy: str, removed_shares: int) -> Reason | None:
    """Remove deposit shares from a staker. At zero shares, the strategy leaves the staker's list, and the deposit
    scaling factor is reset to WAD.

    Rejects, in order: SHARES_AMOUNT_ZERO, SHARES_AMOUNT_TOO_HIGH.
    Source: StrategyManager._removeDepositShares, and the reset in DelegationManager._removeSharesAndQueueWithdrawal.
    """
    if removed_shares == 0:
        return Reason.SHARES_AMOUNT_ZERO
    staker_strategy: Pair = (staker, strategy)
    held = draft.get(STAKER_SHARES, staker_strategy)
    if removed_shares > held.deposit_shares:
        return Reason.SHARES_AMOUNT_TOO_HIGH
    deposit_shares = held.deposit_shares - removed_shares
    if deposit_shares > 0:
        draft.put(
            STAKER_SHARES,
            staker_strategy,
            StakerShares(deposit_shares=deposit_shares, deposit_scaling_factor_wad=held.deposit_scaling_factor_wad),
        )
        return None
    draft.put(STAKER_SHARES, staker_strategy, StakerShares(deposit_shares=0, deposit_scaling_factor_wad=WAD))
    row = draft.get(STAKERS, staker)
    draft.put(
        STAKERS,
        staker,
        Staker(
            delegated_to=row.delegated_to,
            withdrawals_queued=row.withdrawals_queued,
            strategy_list=without(row.strategy_list, strategy),
        ),
    )
    return None


def without(listed: tuple[str, ...], removed: str) -> tuple[str, ...]:
    """The list `listed` without `removed`, in Solidity's swap-and-pop order: the last member takes the removed member's
    place.

    The list must contain `removed`.
    """
    last = listed[-1]
    if last == removed:
        return listed[:-1]
    return tuple([last if member == removed else member for member in listed[:-1]])


def add_strategies_to_deposit_whitelist(draft: Draft, action: AddStrategiesToDepositWhitelist) -> Delta | Reason:
    """Whitelist strategies for deposits. Rejects: ONLY_STRATEGY_WHITELISTER.

    Source: StrategyManager.addStrategiesToDepositWhitelist.
    """
    return _set_whitelisted(draft, action.sender, action.strategies, True)


def remove_strategies_from_deposit_whitelist(
    draft: Draft, action: RemoveStrategiesFromDepositWhitelist
) -> Delta | Reason:
    """Remove strategies from the deposit whitelist. Their shares stay, and can be withdrawn.

    Rejects: ONLY_STRATEGY_WHITELISTER. Source: StrategyManager.removeStrategiesFromDepositWhitelist.
    """
    return _set_whitelisted(draft, action.sender, action.strategies, False)


def _set_whitelisted(draft: Draft, sender: str, strategies: tuple[str, ...], is_whitelisted: bool) -> Delta | Reason:
    if sender != draft.get(CONFIG, SINGLETON).strategy_whitelister:
        return Reason.ONLY_STRATEGY_WHITELISTER
    for strategy in strategies:
        pool = draft.get(STRATEGIES, strategy)
        draft.put(
            STRATEGIES,
            strategy,
            Strategy(
                underlying_token=pool.underlying_token,
                address_rank=pool.address_rank,
                is_whitelisted=is_whitelisted,
                total_shares=pool.total_shares,
                legacy_burnable_shares=pool.legacy_burnable_shares,
            ),
        )
    return draft.delta()
