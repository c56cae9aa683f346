"""Clearing of mutual claims: the payments of all members after an external asset lost value.

Recursive collateral is a chain of claims. An issuer owes its token's holders. One of these issues another token backed
by it, and so on to a lender. Sources: Eisenberg and Noe, Management Science 47(2), 2001; Rogers and Veraart, Management
Science 59(4), 2013; Elliott, Golub and Jackson, AER 104(10), 2014.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from risk.linear import ONE, ZERO, Matrix, Vector, greatest_fixed_point, inflow, solve


class Clearing:
    """A clearing vector: the payment and the equity of each member, and the indices of the members in default.

    `greatest` is true for the greatest clearing vector and false for the least. `rounds` counts waves: of defaults for
    the greatest vector, of members that prove solvent for the least. `lost` is the value that defaults themselves
    destroy.
    """

    def __init__(
        self, payments: Vector, equity: Vector, defaulted: Sequence[int], rounds: int, greatest: bool, lost: Fraction
    ) -> None:
        self.payments: Final = tuple(payments)
        self.equity: Final = tuple(equity)
        self.defaulted: Final = tuple(defaulted)
        self.rounds: Final = rounds
        self.greatest: Final = greatest
        self.lost_in_default: Final = lost


class ClaimError(ValueError):
    """The exception for invalid claims; the message names the field and the problem."""


def clear(
    liabilities: Matrix,
    external: Vector,
    external_recovery: Fraction = ONE,
    claim_recovery: Fraction = ONE,
    greatest: bool = True,
) -> Clearing:
    """The greatest (or least) clearing vector: proportional payment, limited liability, absolute priority.

    `liabilities[i][j]` is the debt of member i to member j; `external[i]` is the value of i's external assets. A member
    that cannot pay in full is in default. It pays `external_recovery` of its external assets plus `claim_recovery` of
    the payments to it. These are alpha and beta of Rogers and Veraart; both 1 is Eisenberg and Noe's clearing. A member
    that can pay exactly its debt does not default. Raises ClaimError for invalid claims.
    """
    _check_claims(liabilities, external, external_recovery, claim_recovery)
    owed = [sum(row, ZERO) for row in liabilities]
    shares = [[claim / total if total else ZERO for claim in row] for row, total in zip(liabilities, owed, strict=True)]
    left_external = [external_recovery * amount for amount in external]
    left_shares = [[claim_recovery * share for share in row] for row in shares]
    if greatest:
        payments, defaulted, rounds = greatest_fixed_point(owed, external, shares, left_external, left_shares)
    else:
        payments, defaulted, rounds = _from_below(owed, external, shares, left_external, left_shares)
    received = inflow(shares, payments)
    equity = [max(ZERO, external[i] + received[i] - owed[i]) if i not in defaulted else ZERO for i in range(len(owed))]
    lost = sum((external[i] + received[i] - payments[i] for i in defaulted), ZERO)
    return Clearing(payments, equity, defaulted, rounds, greatest, lost)


def _from_below(
    owed: Vector, external: Vector, shares: Matrix, left_external: Vector, left_shares: Matrix
) -> tuple[list[Fraction], list[int], int]:
    """The least clearing vector: a member is presumed in default until the payments that it receives let it pay in
    full.

    A presumed defaulter pays at most its debt, and at most what default leaves it. The least solution of that system is
    needed. Members that no money reaches pay nothing; for the others the solution is unique. `owed` is the whole debt
    of each member, and `external` its external assets. `shares[i][j]` is the fraction of i's debt that it owes to j.
    `left_external` and `left_shares` are what default leaves of external assets and shares.
    """
    size = len(owed)
    solvent: list[int] = []
    for rounds in range(size + 1):
        base = [left_external[i] if i not in solvent else owed[i] for i in range(size)]
        moved = [[ZERO if i in solvent else share for i, share in enumerate(row)] for row in left_shares]
        reached = _reached([i for i in range(size) if base[i] and owed[i]], moved)
        cap = [amount if i in reached else ZERO for i, amount in enumerate(owed)]
        payments, _, _ = greatest_fixed_point(cap, base, moved)
        received = inflow(shares, payments)
        wider = [i for i in range(size) if external[i] + received[i] >= owed[i]]
        if wider == solvent:
            return payments, [i for i in range(size) if i not in solvent], rounds
        solvent = wider
    raise AssertionError("a round found nothing new and did not end")


def _reached(sources: Sequence[int], shares: Matrix) -> set[int]:
    """The members that money from the sources reaches, directly or through others. `shares[i][j]` is the fraction of
    i's payments that goes to j.
    """
    reached = set(sources)
    waiting = list(sources)
    while waiting:
        row = shares[waiting.pop()]
        for member, share in enumerate(row):
            if share and member not in reached:
                reached.add(member)
                waiting.append(member)
    return reached


def is_clearing(
    payments: Vector, liabilities: Matrix, external: Vector, external_recovery: Fraction, claim_recovery: Fraction
) -> bool:
    """True if the payments are a clearing vector of the claims, the greatest or another.

    This checks the definition, independently of `clear`, and has the same parameters.
    """
    for i, row in enumerate(liabilities):
        owed = sum(row, ZERO)
        received = ZERO
        for j, other in enumerate(liabilities):
            total = sum(other, ZERO)
            received += other[i] / total * payments[j] if total else ZERO
        pays = owed if external[i] + received >= owed else external_recovery * external[i] + claim_recovery * received
        if payments[i] != pays:
            return False
    return True


def _check_claims(liabilities: Matrix, external: Vector, external_recovery: Fraction, claim_recovery: Fraction) -> None:
    size = len(external)
    if len(liabilities) != size or any(len(row) != size for row in liabilities):
        raise ClaimError(f"liabilities are no {size} by {size} table, one row and column for each external asset")
    for i, row in enumerate(liabilities):
        if row[i]:
            raise ClaimError(f"liabilities[{i}][{i}]: a member owes itself {row[i]}")
        for j, claim in enumerate(row):
            if claim < 0:
                raise ClaimError(f"liabilities[{i}][{j}]: {claim} is negative")
    for i, amount in enumerate(external):
        if amount < 0:
            raise ClaimError(f"external[{i}]: {amount} is negative")
    for name, share in (("alpha", external_recovery), ("beta", claim_recovery)):
        if not 0 <= share <= 1:
            raise ClaimError(f"{name}: {share} is not between 0 and 1")


class CrossHoldings:
    """The result of `cross_holdings`: the market value of each member, the indices of the failed members, and the
    number of waves of failures.
    """

    def __init__(self, market_values: Vector, failed: Sequence[int], rounds: int) -> None:
        self.market_values: Final = tuple(market_values)
        self.failed: Final = tuple(failed)
        self.rounds: Final = rounds


def cross_holdings(holdings: Matrix, assets: Vector, thresholds: Vector, failure_costs: Vector) -> CrossHoldings:
    """The best equilibrium of cross-holdings: `V = C^ (I - C)^-1 (assets - costs of the failed)`.

    `holdings[i][j]` (C) is the fraction of member j that i holds; `C^` is the fraction of each member that outside
    holders own. A member whose market value is below its threshold fails and pays its failure cost once. Raises
    ClaimError for invalid holdings. Source: Elliott, Golub and Jackson.
    """
    size = len(assets)
    if len(holdings) != size or any(len(row) != size for row in holdings):
        raise ClaimError(f"cross holdings are no {size} by {size} table")
    outside = [ONE - sum((holdings[i][j] for i in range(size)), ZERO) for j in range(size)]
    for j, share in enumerate(outside):
        if share <= 0 or any(holdings[i][j] < 0 for i in range(size)):
            raise ClaimError(f"cross_holdings: the parts of {j} held by others are negative, or leave nothing outside")
    system = [[ONE * (i == j) - holdings[i][j] for j in range(size)] for i in range(size)]
    failed: list[int] = []
    for rounds in range(size + 1):
        left = [assets[i] - (failure_costs[i] if i in failed else ZERO) for i in range(size)]
        values = [share * value for share, value in zip(outside, solve(system, left), strict=True)]
        wider = sorted({*failed, *(i for i in range(size) if values[i] < thresholds[i])})
        if wider == failed:
            return CrossHoldings(values, failed, rounds)
        failed = wider
    raise AssertionError("a round found nothing new and did not end")
