"""Linear algebra in exact rationals, for clearing, cross-holdings and distress."""

from collections.abc import Sequence
from fractions import Fraction

Vector = Sequence[Fraction]
Matrix = Sequence[Sequence[Fraction]]

ZERO = Fraction(0)
ONE = Fraction(1)


class SingularMatrixError(ArithmeticError):
    """The exception for a linear system that has no solution or several."""


def solve(matrix: Matrix, right: Vector) -> list[Fraction]:
    """The unique vector `x` with `matrix x = right`, by Gauss-Jordan elimination. Raises SingularMatrixError if there
    is none, or more than one.
    """
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = next((index for index in range(column, size) if rows[index][column]), None)
        if pivot is None:
            raise SingularMatrixError(f"no pivot in column {column} of {size}")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column]
        scale = head[column]
        head[column:] = [value / scale for value in head[column:]]
        for index, row in enumerate(rows):
            factor = row[column]
            if index != column and factor:
                row[column:] = [
                    value - factor * above for value, above in zip(row[column:], head[column:], strict=True)
                ]
    return [row[size] for row in rows]


def inflow(shares: Matrix, amounts: Vector) -> list[Fraction]:
    """The inflow of each column i: the sum over rows j of `shares[j][i] * amounts[j]`."""
    return [
        sum((row[column] * amount for row, amount in zip(shares, amounts, strict=True) if amount), ZERO)
        for column in range(len(amounts))
    ]


def greatest_fixed_point(
    cap: Vector, base: Vector, shares: Matrix, left_base: Vector | None = None, left_shares: Matrix | None = None
) -> tuple[list[Fraction], list[int], int]:
    """The greatest `x` with `x[i] = min(cap[i], base[i] + inflow(shares, x)[i])`. Also the indices of its entries below
    their cap.

    The third result is the number of rounds that found new such indices. Entries below their cap use `left_base` and
    `left_shares` instead, if given. This is the fictitious default algorithm. These entries are solved for as a linear
    system, until no other falls below its cap; at most one round per entry. Source: Eisenberg and Noe 2001, section 3.
    """
    size = len(cap)
    values = list(cap)
    short: list[int] = []
    for rounds in range(size + 1):
        received = inflow(shares, values)
        found = [index for index in range(size) if base[index] + received[index] < cap[index]]
        below = sorted({*short, *found})
        if below == short:
            return values, short, rounds
        short = below
        values = settled(cap, left_base or base, left_shares or shares, short)
    raise AssertionError("a round found nothing new and did not end")


def settled(cap: Vector, base: Vector, shares: Matrix, short: Sequence[int]) -> list[Fraction]:
    """The vector x with `x[i] = base[i] + inflow(shares, x)[i]` for i in `short`, and
    `x[i] = cap[i]` for all other i.
    """
    values = list(cap)
    for index in short:
        values[index] = ZERO
    received = inflow(shares, values)
    system = [[ONE * (i == j) - shares[j][i] for j in short] for i in short]
    for index, value in zip(short, solve(system, [base[i] + received[i] for i in short]), strict=True):
        values[index] = value
    return values
