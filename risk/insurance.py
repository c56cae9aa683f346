"""Insurance of a loss: a waterfall of layers, policies with deductible and limit, and redress from a slashed pool.

Sources: standard actuarial contracts; Deb, Raynor and Kannan, STAKESURE, arXiv:2401.05797; the EIGEN whitepaper, for
harm done before stake can be redeemed.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from risk.linear import ZERO

Layer = tuple[str, Fraction | None]
"""A layer's name, and the most that it pays; None means without limit."""


def waterfall(loss: Fraction, layers: Sequence[Layer]) -> tuple[dict[str, Fraction], Fraction]:
    """The payment of each layer for a loss, by the layer's name, and the remainder that no layer bears. Earlier layers
    pay first.

    The payments and the remainder sum to the loss.
    """
    paid: dict[str, Fraction] = {}
    left = loss
    for name, limit in layers:
        part = left if limit is None else min(left, limit)
        paid[name] = paid.get(name, ZERO) + part
        left -= part
    return paid, left


def payout(loss: Fraction, deductible: Fraction, limit: Fraction | None, coinsurance: Fraction) -> Fraction:
    """The payment of a policy: `coinsurance` times the part of the loss above the deductible, where that part is at
    most the limit.

    A limit of None means without limit.
    """
    above = max(ZERO, loss - deductible)
    return coinsurance * (above if limit is None else min(above, limit))


def cost_of_corruption(stake: Fraction, accountable_fraction: Fraction, slash_fraction: Fraction) -> Fraction:
    """The cost of corruption: the stake, times the fraction of it that must sign, times the fraction of that part that
    is slashed.
    """
    return stake * accountable_fraction * slash_fraction


def is_safe(cost: Fraction, profit: Fraction) -> bool:
    """True if the cost of corruption exceeds the profit from corruption; equality is not safe."""
    return cost > profit


def harm_before_redress(limit_per_window: Fraction, window: Fraction, redemption: Fraction) -> Fraction:
    """The most that a rate-limited bridge loses before stake is redeemed: its limit per window, times the number of
    windows.

    That is the number of windows begun in the time `redemption`, rounded up. `window` is in the same unit of time.
    """
    windows = -((-redemption) // window)
    return limit_per_window * windows


def redress(
    pool: Fraction, covers: Mapping[str, Fraction], losses: Mapping[str, Fraction]
) -> tuple[dict[str, Fraction], Fraction]:
    """The payments of a slashed pool to the insured parties, and the remainder to burn.

    A party's claim is its loss, at most its cover. If the pool is smaller than the claims, they are paid pro rata.
    """
    claims = {name: min(cover, losses.get(name, ZERO)) for name, cover in covers.items()}
    total = sum(claims.values(), ZERO)
    scale = min(Fraction(1), pool / total) if total else ZERO
    paid = {name: claim * scale for name, claim in claims.items()}
    return paid, pool - sum(paid.values(), ZERO)
