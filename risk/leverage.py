"""Leverage on a staked asset: loops of borrowing, tokens upon tokens, and a run on a receipt token.

Loops: the whole asset is pledged, a part of its value borrowed, and the loan spent on the same asset again. Source:
Alexander, SSRN 4840805, 2024; the closed forms are geometric sums.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from risk.linear import ONE, ZERO, Matrix, SingularMatrixError, solve


class Loop:
    """A position of 1 of own equity after borrowing: what it holds and owes, per unit of equity."""

    def __init__(self, exposure: Fraction) -> None:
        self.exposure: Final = exposure
        self.debt: Final = exposure - 1

    def net_yield(self, asset_yield: Fraction, borrow_rate: Fraction) -> Fraction:
        """The yield on own equity: the asset's on the exposure, less the interest on the debt."""
        return self.exposure * asset_yield - self.debt * borrow_rate

    def equity_loss(self, slash: Fraction) -> Fraction:
        """The part of own equity that a slash of the asset takes; above 1 the lender loses too."""
        return self.exposure * slash

    def liquidation_price(self, liquidation_threshold: Fraction) -> Fraction:
        """The price of the asset, in units of what it was bought at, at which the loop is liquidated."""
        return self.debt / (liquidation_threshold * self.exposure)


def looped(loan_to_value: Fraction, loops: int | None = None) -> Loop:
    """The position after so many loops, without a number the limit of infinitely many; `loan_to_value` below 1."""
    if loops is None:
        return Loop(ONE / (ONE - loan_to_value))
    return Loop(sum((loan_to_value**loop for loop in range(loops + 1)), ZERO))


def looked_through(direct: Matrix, wrapped: Matrix) -> list[list[Fraction]]:
    """The base assets behind one unit of each token: row `i` is its exposure to each base asset.

    `direct[i][b]` is the amount of base asset `b` behind a unit of token `i`, `wrapped[i][j]` that of token `j`. Both
    count gross: a token that borrows to hold more has exposures above 1. SingularMatrixError where tokens rest only on
    one another.
    """
    size = len(direct)
    system = [[ONE * (i == j) - wrapped[i][j] for j in range(size)] for i in range(size)]
    columns = [solve(system, [row[base] for row in direct]) for base in range(len(direct[0]) if size else 0)]
    if any(value < 0 for column in columns for value in column):
        raise SingularMatrixError("tokens hold more of one another than there is")
    return [[column[i] for column in columns] for i in range(size)]


class Run:
    """Redemptions in the order they came: what each was paid, and what the last one recovered of a share."""

    def __init__(self, paid: Sequence[Fraction], last_recovery: Fraction, fair_each: Fraction) -> None:
        self.paid: Final = tuple(paid)
        self.last_recovery: Final = last_recovery
        self.fair_each: Final = fair_each


def run_on(assets: Fraction, shares: Fraction, price: Fraction, withdrawals_shares: Sequence[Fraction]) -> Run:
    """A run on a receipt token that still redeems at a stale price: first come, first paid, until nothing is left.

    `fair_each` is what every share would recover were the loss recognised first.
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
    """A deposit into a receipt token around a slash: shares minted, price of a share after, and the deposit's worth."""

    def __init__(self, minted: Fraction, price: Fraction) -> None:
        self.minted: Final = minted
        self.price: Final = price
        self.value: Final = minted * price


def deposit_around_slash(
    assets: Fraction, shares: Fraction, deposit: Fraction, slash: Fraction, slash_first: bool
) -> Deposit:
    """The shares of a depositor if a slash is recognised before its deposit is priced, or only after.

    The slash takes its part of all assets that are there when it is recognised.
    """
    if slash_first:
        assets *= ONE - slash
    minted = deposit * shares / assets
    assets += deposit
    if not slash_first:
        assets *= ONE - slash
    return Deposit(minted, assets / (shares + minted))
