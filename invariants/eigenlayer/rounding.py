"""EigenLayer's laws of rounding: in whose favour each division of tokens and shares rounds, and by how much at most."""

from typing import Final

from invariants.eigenlayer.elements import are_elements_apart
from invariants.eigenlayer.solvency import slashing_factor
from invariants.eigenlayer.state_queries import fraction_left_wad, withdrawable
from invariants.law import AnyStep, Scope, StepLaw, written
from spec.arithmetic import UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    CompleteQueuedWithdrawal,
    DepositIntoStrategy,
    QueueWithdrawals,
    Redelegate,
    Undelegate,
)
from spec.eigenlayer.config import BALANCE_OFFSET, BURN_ADDRESS, SHARES_OFFSET
from spec.eigenlayer.state import OPERATOR_SETS, QUEUED_SHARES, STRATEGIES, TOKEN_BALANCES, Pair


def _exchange_rate_never_falls(step: AnyStep) -> bool:
    for strategy in written(step.delta, STRATEGIES):
        before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
        account: Pair = (before.underlying_token, strategy)
        balance_before = step.before.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        balance_after = step.after.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        if balance_after * (before.total_shares + SHARES_OFFSET) < balance_before * (
            after.total_shares + SHARES_OFFSET
        ):
            return False
    return True


def _pays_itself(step: AnyStep, strategy: str) -> bool:
    """True if the call pays the strategy's slashed shares to the strategy itself. Then shares are retired, and the
    tokens stay.
    """
    call = step.action
    if isinstance(call, BurnShares):
        return strategy == BURN_ADDRESS
    if not isinstance(call, ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy):
        return False
    return step.before.rows.get(OPERATOR_SETS, call.operator_set).redistribution_recipient == strategy


def _exchange_rate_rises_by_roundings(step: AnyStep) -> bool:
    """True if each changed strategy's exchange rate rises by no more than rounding explains.

    A deposit rounds shares down and a payment rounds tokens down; the remainder stays in the strategy. The rates are
    compared as products of balances and shares, so this check itself does not round. A strategy whose total shares
    stay, or that is itself paid its slashed shares, is not judged.
    """
    for strategy in written(step.delta, STRATEGIES):
        before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
        if before.total_shares == after.total_shares or _pays_itself(step, strategy):
            continue
        account: Pair = (before.underlying_token, strategy)
        balance_before = step.before.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        balance_after = step.after.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        shares_before = before.total_shares + SHARES_OFFSET
        risen = balance_after * shares_before - balance_before * (after.total_shares + SHARES_OFFSET)
        if after.total_shares > before.total_shares:
            if risen >= balance_before:
                return False
            continue
        positions = [
            key
            for key in written(step.delta, QUEUED_SHARES)
            if step.after.rows.get(QUEUED_SHARES, key).strategy == strategy
        ]
        if risen >= max(len(positions), 1) * shares_before:
            return False
    return True


def _queueing_costs_two_shares_at_most(step: AnyStep) -> bool:
    """True if queueing costs a staker at most two shares in each strategy, by rounding.

    The withdrawable shares before are compared with those after plus the worth of the queued ones. Two shares are
    allowed for each time that a new withdrawal lists the strategy. The total must never rise.
    """
    strategies: dict[str, int] = {}
    worth: dict[str, int] = {}
    staker = ""
    for key in written(step.delta, QUEUED_SHARES):
        staker, row = key[0], step.after.rows.get(QUEUED_SHARES, key)
        strategies[row.strategy] = strategies.get(row.strategy, 0) + 1
        fraction_wad = fraction_left_wad(step.after.rows, staker, row.strategy, slashing_factor(step.after.rows, row))
        paid = mul_div_floor(row.scaled_shares, fraction_wad, WAD)
        worth[row.strategy] = worth.get(row.strategy, 0) + paid
    for strategy, positions in strategies.items():
        left = withdrawable(step.after.rows, staker, strategy) + worth[strategy]
        if not 0 <= withdrawable(step.before.rows, staker, strategy) - left <= 2 * positions:
            return False
    return True


def _payments_fit_256_bits(step: AnyStep) -> bool:
    """True if the virtual balance before the step times the retired shares fits 256 bits, for each written strategy.
    The contract computes this product.
    """
    for strategy in written(step.delta, STRATEGIES):
        before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
        balance = step.before.rows.get(TOKEN_BALANCES, (before.underlying_token, strategy)).amount
        retired_shares = before.total_shares - after.total_shares
        if retired_shares > 0 and (balance + BALANCE_OFFSET) * retired_shares > UINT256_MAX:
            return False
    return True


def _rate_can_be_reported(step: AnyStep) -> bool:
    """True if WAD times the virtual balance fits 256 bits, so that the contract's event can report the exchange rate.

    Each strategy whose total shares changed is checked, unless it is itself paid its slashed shares.
    """
    for strategy in written(step.delta, STRATEGIES):
        before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
        balance = step.after.rows.get(TOKEN_BALANCES, (after.underlying_token, strategy)).amount
        is_changed = before.total_shares != after.total_shares and not _pays_itself(step, strategy)
        if is_changed and (balance + BALANCE_OFFSET) * WAD > UINT256_MAX:
            return False
    return True


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "ROUND-01",
        "No step lowers a strategy's exchange rate: every division rounds in favour of the remaining holders.",
        "StrategyBase",
        _exchange_rate_never_falls,
        scope=Scope(tables=(STRATEGIES,)),
    ),
    StepLaw(
        "ROUND-02",
        "A strategy's exchange rate rises by rounding alone: by less than a share in a deposit, by less than one "
        "unit of the token in each payment.",
        "StrategyBase.deposit, StrategyBase.withdraw",
        _exchange_rate_rises_by_roundings,
        Scope(tables=(STRATEGIES,)),
    ),
    StepLaw(
        "ROUND-03",
        "Queueing a withdrawal costs its staker at most two shares for each position, and gains it none.",
        "SlashingLib.scaleForQueueWithdrawal, SlashingLib.calcWithdrawable",
        _queueing_costs_two_shares_at_most,
        Scope((QueueWithdrawals, Undelegate, Redelegate)),
    ),
    StepLaw(
        "ROUND-04",
        "The payment for shares is computable: balance times shares fits 256 bits.",
        "StrategyBase.withdraw, a checked product",
        _payments_fit_256_bits,
        Scope(
            (
                BurnShares,
                ClearBurnOrRedistributableShares,
                ClearBurnOrRedistributableSharesByStrategy,
                CompleteQueuedWithdrawal,
            )
        ),
        applies_to=lambda step: are_elements_apart(step.before, step.action),
    ),
    StepLaw(
        "ROUND-05",
        "The exchange rate after a deposit or a payment is computable: WAD times the balance fits 256 bits.",
        "StrategyBase._emitExchangeRate",
        _rate_can_be_reported,
        Scope(
            (
                BurnShares,
                ClearBurnOrRedistributableShares,
                ClearBurnOrRedistributableSharesByStrategy,
                CompleteQueuedWithdrawal,
                DepositIntoStrategy,
            ),
        ),
        applies_to=lambda step: are_elements_apart(step.before, step.action),
    ),
]
