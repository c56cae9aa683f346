"""Insurance of a loss: layers that pay in order, policies with deductible and limit, and a fund that pays harmed
parties.

Sources: standard actuarial contracts; Deb, Raynor and Kannan, STAKESURE, arXiv:2401.05797; the EIGEN whitepaper for
harm within the time it takes to redeem.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from risk.linear import ZERO

Layer = tuple[str, Fraction | None]
"""A layer's name and the most it pays; None: all that is left."""


def waterfall(loss: Fraction, layers: Sequence[Layer]) -> tuple[dict[str, Fraction], Fraction]:
    """The payment of each layer for a loss, the first first, and the rest that no layer bears. The parts sum to the
    loss.
    """
    paid: dict[str, Fraction] = {}
    left = loss
    for name, limit in layers:
        part = left if limit is None else min(left, limit)
        paid[name] = paid.get(name, ZERO) + part
        left -= part
    return paid, left


def payout(loss: Fraction, deductible: Fraction, limit: Fraction | None, coinsurance: Fraction) -> Fraction:
    """The payment of a policy: the insured part of the loss above the deductible, up to the limit (of the loss, before
    the insured part is taken); without a limit any loss.
    """
    above = max(ZERO, loss - deductible)
    return coinsurance * (above if limit is None else min(above, limit))


def cost_of_corruption(stake: Fraction, accountable_fraction: Fraction, slash_fraction: Fraction) -> Fraction:
    """The loss of an attacker: the part of the stake that must sign, times the part of it that is slashed."""
    return stake * accountable_fraction * slash_fraction


def is_safe(cost: Fraction, profit: Fraction) -> bool:
    """Cryptoeconomic safety: the cost of corruption is above the profit, and not only equal to it."""
    return cost > profit


def harm_before_redress(limit_per_window: Fraction, window: Fraction, redemption: Fraction) -> Fraction:
    """The most that leaves a rate-limited bridge before stake can be redeemed: its limit, in each window begun."""
    windows = -((-redemption) // window)
    return limit_per_window * windows


def redress(
    pool: Fraction, covers: Mapping[str, Fraction], losses: Mapping[str, Fraction]
) -> tuple[dict[str, Fraction], Fraction]:
    """The payment of a slashed pool to insured parties, in proportion if it falls short, and the rest to burn.

    A claim is the loss up to the cover. Together never more than the pool.
    """
    claims = {name: min(cover, losses.get(name, ZERO)) for name, cover in covers.items()}
    total = sum(claims.values(), ZERO)
    scale = min(Fraction(1), pool / total) if total else ZERO
    paid = {name: claim * scale for name, claim in claims.items()}
    return paid, pool - sum(paid.values(), ZERO)
