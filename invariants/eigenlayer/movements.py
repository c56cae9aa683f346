"""The changes that a step makes to balances, shares and claims."""

from invariants.eigenlayer.state_queries import held_shares, withdrawable
from invariants.law import AnyStep
from spec.arithmetic import WAD, mul_div_ceil
from spec.eigenlayer.state import OPERATOR_SHARES, STRATEGIES, TOKEN_BALANCES, Pair


def gained(step: AnyStep, token: str, account: str) -> int:
    """The increase of an account's balance of a token in a step; negative if it falls."""
    key: Pair = (token, account)
    return step.after.rows.get(TOKEN_BALANCES, key).amount - step.before.rows.get(TOKEN_BALANCES, key).amount


def issued(step: AnyStep, strategy: str) -> int:
    """The increase of a strategy's total shares in a step; negative if they fall."""
    return (
        step.after.rows.get(STRATEGIES, strategy).total_shares - step.before.rows.get(STRATEGIES, strategy).total_shares
    )


def operator_gained(step: AnyStep, operator: str, strategy: str) -> int:
    """The increase of an operator's shares in a strategy in a step; negative if they fall."""
    key: Pair = (operator, strategy)
    return step.after.rows.get(OPERATOR_SHARES, key).shares - step.before.rows.get(OPERATOR_SHARES, key).shares


def joins_unslashed(step: AnyStep, staker: str, strategy: str, joined_shares: int, worth_before: int) -> bool:
    """True if shares that join a staker count in full, up to rounding. `worth_before` are the shares that the staker
    could withdraw before.

    The withdrawable shares must grow by at most `joined_shares`. They may grow by two shares less, and by less for two
    roundings of the scaling factor, each below one part in WAD of the deposit shares.
    """
    worth = withdrawable(step.after.rows, staker, strategy)
    lost = worth_before + joined_shares - worth
    return 0 <= lost <= 2 + 2 * mul_div_ceil(held_shares(step.after.rows, staker, strategy), 1, WAD)
