"""Every division on amounts. Each function's name says how its quotient is rounded; no other file in `spec/` divides.

Python's integers are unbounded, so a product never overflows here. A contract computes in a fixed width, and reverts on
overflow. There the rule compares the exact result with one of the bounds below.
"""

from typing import Final

WAD: Final = 10**18
"""The number 1 in the fixed-point format of both protocols: a fraction `f` is stored as `f * WAD`."""

UINT32_MAX: Final = 2**32 - 1
UINT48_MAX: Final = 2**48 - 1
UINT64_MAX: Final = 2**64 - 1
UINT224_MAX: Final = 2**224 - 1
UINT256_MAX: Final = 2**256 - 1
INT256_MAX: Final = 2**255 - 1
INT256_MIN: Final = -(2**255)


def div_floor(x: int, denominator: int) -> int:
    """`x / denominator` rounded down; both non-negative, the denominator positive. Source: Solidity's division."""
    return x // denominator


def remainder(x: int, denominator: int) -> int:
    """The remainder of `x / denominator`; `x` non-negative, the denominator positive. Source: Solidity's modulo."""
    return x % denominator


def is_multiple(x: int, factor: int) -> bool:
    """True if `x`, of either sign, is a multiple of the positive `factor`. Source: Solidity's modulo."""
    return x % factor == 0


def low_64_bits(x: int) -> int:
    """`x` modulo 2^64, as a cast to uint64 computes it; `x` non-negative. Source: Solidity's conversion."""
    return x % (UINT64_MAX + 1)


def low_224_bits(x: int) -> int:
    """`x` modulo 2^224, as a cast to uint224 computes it; `x` non-negative. Source: Solidity's conversion."""
    return x % (UINT224_MAX + 1)


def mul_div_floor(x: int, y: int, denominator: int) -> int:
    """`x * y / denominator` rounded down; all three non-negative, the denominator positive.

    Source: OpenZeppelin Math.mulDiv, which keeps the full 512-bit product.
    """
    return x * y // denominator


def mul_div_ceil(x: int, y: int, denominator: int) -> int:
    """`x * y / denominator` rounded up; all three non-negative, the denominator positive.

    Source: OpenZeppelin Math.mulDiv with Rounding.Up.
    """
    return -(-(x * y) // denominator)


def mul_wad_floor(x: int, y_wad: int) -> int:
    """`x * y_wad / WAD`, the fraction `y_wad` of `x`, rounded down. Source: SlashingLib.mulWad."""
    return x * y_wad // WAD


def mul_wad_ceil(x: int, y_wad: int) -> int:
    """`x * y_wad / WAD`, the fraction `y_wad` of `x`, rounded up. Source: SlashingLib.mulWadRoundUp."""
    return -(-(x * y_wad) // WAD)


def div_wad_floor(x: int, y: int) -> int:
    """`x * WAD / y`, the quotient as a fraction of WAD, rounded down; `y` positive. Source: SlashingLib.divWad."""
    return x * WAD // y
