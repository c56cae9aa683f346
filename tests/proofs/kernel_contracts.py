"""Conditions on the arithmetic kernels for CrossHair, which runs the same source on its own symbols."""

from spec.arithmetic import WAD, div_wad_floor, mul_div_ceil, mul_div_floor, mul_wad_ceil, mul_wad_floor
from spec.eigenlayer.shares import slashed_shares, withdrawable_shares


def floors(x: int, y: int, d: int) -> int:
    """The product of x and y over d is rounded down.

    pre: x >= 0 and y >= 0 and d > 0
    post: __return__ * d <= x * y < (__return__ + 1) * d
    """
    return mul_div_floor(x, y, d)


def ceils(x: int, y: int, d: int) -> int:
    """The product of x and y over d is rounded up.

    pre: x >= 0 and y >= 0 and d > 0
    post: (__return__ - 1) * d < x * y <= __return__ * d
    """
    return mul_div_ceil(x, y, d)


def floors_wad(x: int, y_wad: int) -> int:
    """The product of x and a fraction in WAD is rounded down.

    pre: x >= 0 and y_wad >= 0
    post: __return__ * WAD <= x * y_wad < (__return__ + 1) * WAD
    """
    return mul_wad_floor(x, y_wad)


def ceils_wad(x: int, y_wad: int) -> int:
    """The product of x and a fraction in WAD is rounded up.

    pre: x >= 0 and y_wad >= 0
    post: (__return__ - 1) * WAD < x * y_wad <= __return__ * WAD
    """
    return mul_wad_ceil(x, y_wad)


def divides_wad(x: int, y: int) -> int:
    """The quotient of x and y in WAD is rounded down.

    pre: x >= 0 and y > 0
    post: __return__ * y <= x * WAD < (__return__ + 1) * y
    """
    return div_wad_floor(x, y)


def slashes(shares: int, before: int, after: int) -> int:
    """The slashed shares are at most the proportion in which the magnitude falls, and never more than all.

    pre: shares >= 0 and 0 <= after <= before and before > 0
    post: 0 <= __return__ <= shares and __return__ * before <= shares * (before - after)
    """
    return slashed_shares(shares, before, after)


def withdraws(shares: int, magnitude: int) -> int:
    """The withdrawable shares, with a scaling factor of WAD, are at most all shares.

    pre: shares >= 0 and 0 <= magnitude <= WAD
    post: 0 <= __return__ <= shares
    """
    return withdrawable_shares(shares, WAD, magnitude)
