"""Leverage on a staked asset: borrowing loops, tokens backed by other tokens, and a run on a receipt token.

One loop pledges the whole asset and borrows a fraction of its value. The loan buys more of the asset. The closed forms
are geometric sums. Source: Alexander, SSRN 4840805, 2024.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from risk.linear import ONE, ZERO, Matrix, SingularMatrixError, solve


class Loop:
    """A leveraged position: `exposure` to the asset and `debt`, both per unit of own equity."""

    def __init__(self, exposure: Fraction) -> None:
        self.exposure: Final = exposure
        self.debt: Final = exposure - 1

    def net_yield(self, asset_yield: Fraction, borrow_rate: Fraction) -> Fraction:
        """The yield on own equity: the asset's yield on the exposure, minus the interest on the debt."""
        return self.exposure * asset_yield - self.debt * borrow_rate

    def equity_loss(self, slash: Fraction) -> Fraction:
        """The fraction of own equity that a slash of the asset destroys; above 1, the lender loses as well."""
        return self.exposure * slash

    def liquidation_price(self, liquidation_threshold: Fraction) -> Fraction:
        """The asset's price, relative to the purchase price, at which the position is liquidated.
        `liquidation_threshold` is the ratio of debt to collateral at which lenders liquidate.
        """
        return self.debt / (liquidation_threshold * self.exposure)


def looped(loan_to_value: Fraction, loops: int | None = None) -> Loop:
    """The position after this number of loops, or the limit of infinitely many if
    None; requires `loan_to_value` < 1.
    """
    if loops is None:
        return Loop(ONE / (ONE - loan_to_value))
    return Loop(sum((loan_to_value**loop for loop in range(loops + 1)), ZERO))


def looked_through(direct: Matrix, wrapped: Matrix) -> list[list[Fraction]]:
    """The base assets behind one unit of each token: row i is token i's exposure to each base asset.

    `direct[i][b]` is the amount of base asset b behind a unit of token i; `wrapped[i][j]` is the amount of token j.
    Both are gross amounts: a token that borrows to hold more has exposures above 1. Raises SingularMatrixError if
    tokens are backed only by one another.
    """
    size = len(direct)
    system = [[ONE * (i == j) - wrapped[i][j] for j in range(size)] for i in range(size)]
    columns = [solve(system, [row[base] for row in direct]) for base in range(len(direct[0]) if size else 0)]
    if any(value < 0 for column in columns for value in column):
        raise SingularMatrixError("tokens hold more of one another than there is")
    return [[column[i] for column in columns] for i in range(size)]


class Run:
    """The result of `run_on`: the payment of each redemption in order, and the last redemption's recovery (payment per
    share).

    `fair_each` is the recovery per share if the loss had been recognised before the first redemption.
    """

    def __init__(self, paid: Sequence[Fraction], last_recovery: Fraction, fair_each: Fraction) -> None:
        self.paid: Final = tuple(paid)
        self.last_recovery: Final = last_recovery
        self.fair_each: Final = fair_each


def run_on(assets: Fraction, shares: Fraction, price: Fraction, withdrawals_shares: Sequence[Fraction]) -> Run:
    """A run on a receipt token that redeems at a stale price per share: first come, first paid, until the assets are
    used up. `withdrawals_shares` are the redemptions in order, in shares.
    """
    left = assets
    paid: list[Fraction] = []
    for wanted in withdrawals_shares:
        amount = min(left, wanted * price)
        paid.append(amount)
        left -= amount
    last = paid[-1] / withdrawals_shares[-1] if paid and withdrawals_shares[-1] else ZERO
    return Run(paid, last, assets / shares)


class Deposit:
    """A deposit into a receipt token around a slash: the shares minted, and the price per share after deposit and
    slash.

    Also the value of the minted shares at that price.
    """

    def __init__(self, minted: Fraction, price: Fraction) -> None:
        self.minted: Final = minted
        self.price: Final = price
        self.value: Final = minted * price


def deposit_around_slash(
    assets: Fraction, shares: Fraction, deposit: Fraction, slash: Fraction, slash_first: bool
) -> Deposit:
    """The outcome of a deposit if the slash is recognised before the deposit is priced (`slash_first`), or after.
    `assets` and `shares` are those of the receipt token before the deposit.

    The slash takes its fraction of all assets present when it is recognised.
    """
    if slash_first:
        assets *= ONE - slash
    minted = deposit * shares / assets
    assets += deposit
    if not slash_first:
        assets *= ONE - slash
    return Deposit(minted, assets / (shares + minted))
