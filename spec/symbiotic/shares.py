"""Conversions between a pool's shares and its assets: active shares of active stake, withdrawal shares of a bucket.

One virtual share and one virtual asset keep the rate finite. A slash reduces the assets, never the shares. So after a
slash of all assets, each new deposit multiplies the shares, until they overflow.
Source: ERC4626Math.
"""

from spec.arithmetic import UINT256_MAX, mul_div_ceil, mul_div_floor
from spec.symbiotic.reasons import Reason


def shares_minted(assets: int, total_shares: int, total_assets: int) -> int:
    """The shares minted for `assets` that enter a pool. Rounds down, in favour of the pool's holders."""
    return mul_div_floor(assets, total_shares + 1, total_assets + 1)


def shares_burned(assets: int, total_shares: int, total_assets: int) -> int:
    """The shares burned for `assets` that leave a pool. Rounds up, in favour of the remaining holders."""
    return mul_div_ceil(assets, total_shares + 1, total_assets + 1)


def assets_redeemed(shares: int, total_assets: int, total_shares: int) -> int:
    """The assets that `shares` of a pool are worth. Rounds down, in favour of the remaining holders."""
    return mul_div_floor(shares, total_assets + 1, total_shares + 1)


def preview_deposit(assets: int, total_shares: int, total_assets: int) -> int | Reason:
    """The shares minted for `assets` that enter a pool, rounded down.

    Rejects, in order: ARITHMETIC_PANIC if a total plus 1 exceeds uint256, MUL_DIV_OVERFLOW if the shares do.
    Source: ERC4626Math.previewDeposit.
    """
    if total_shares >= UINT256_MAX or total_assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    shares = shares_minted(assets, total_shares, total_assets)
    return Reason.MUL_DIV_OVERFLOW if shares > UINT256_MAX else shares


def preview_withdraw(assets: int, total_shares: int, total_assets: int) -> int | Reason:
    """The shares burned for `assets` that leave a pool, rounded up.

    Rejects, in order: ARITHMETIC_PANIC if a total plus 1 exceeds uint256, MUL_DIV_OVERFLOW if the shares do,
    ARITHMETIC_PANIC if they do only after rounding up. Source: ERC4626Math.previewWithdraw.
    """
    if total_shares >= UINT256_MAX or total_assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if shares_minted(assets, total_shares, total_assets) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    shares = shares_burned(assets, total_shares, total_assets)
    return Reason.ARITHMETIC_PANIC if shares > UINT256_MAX else shares


def preview_redeem(shares: int, total_assets: int, total_shares: int) -> int | Reason:
    """The assets that `shares` of a pool are worth, rounded down. Callers redeem no more shares than the pool has, so
    the quotient fits uint256.

    Rejects: ARITHMETIC_PANIC if a total plus 1 exceeds uint256. Source: ERC4626Math.previewRedeem.
    """
    if total_assets >= UINT256_MAX or total_shares >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return assets_redeemed(shares, total_assets, total_shares)
