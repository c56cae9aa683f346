"""Shares of a pool and the assets they stand for: active shares of active stake, withdrawal shares of a bucket.

One virtual share and one virtual asset keep the rate finite. Slashes lower the assets and never the shares, so that
after a slash of everything each new deposit multiplies the shares, until they overflow. Source: ERC4626Math.
"""

from spec.arithmetic import UINT256_MAX, mul_div_ceil, mul_div_floor
from spec.symbiotic.reasons import Reason


def shares_minted(assets: int, total_shares: int, total_assets: int) -> int:
    """Shares for `assets` that join a pool. Rounds down, for those who are in it."""
    return mul_div_floor(assets, total_shares + 1, total_assets + 1)


def shares_burned(assets: int, total_shares: int, total_assets: int) -> int:
    """Shares that must go for `assets` to leave a pool. Rounds up, for those who stay."""
    return mul_div_ceil(assets, total_shares + 1, total_assets + 1)


def assets_redeemed(shares: int, total_assets: int, total_shares: int) -> int:
    """Assets that `shares` of a pool are worth. Rounds down, for the rest of the pool."""
    return mul_div_floor(shares, total_assets + 1, total_shares + 1)


def preview_deposit(assets: int, total_shares: int, total_assets: int) -> int | Reason:
    """`shares_minted`, in uint256. Rejects, in order: ARITHMETIC_PANIC, MUL_DIV_OVERFLOW.

    Source: ERC4626Math.previewDeposit.
    """
    if total_shares >= UINT256_MAX or total_assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    shares = shares_minted(assets, total_shares, total_assets)
    return Reason.MUL_DIV_OVERFLOW if shares > UINT256_MAX else shares


def preview_withdraw(assets: int, total_shares: int, total_assets: int) -> int | Reason:
    """`shares_burned`, in uint256.

    Rejects, in order: ARITHMETIC_PANIC, MUL_DIV_OVERFLOW, ARITHMETIC_PANIC if only rounding up overflows.
    Source: ERC4626Math.previewWithdraw.
    """
    if total_shares >= UINT256_MAX or total_assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if shares_minted(assets, total_shares, total_assets) > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    shares = shares_burned(assets, total_shares, total_assets)
    return Reason.ARITHMETIC_PANIC if shares > UINT256_MAX else shares


def preview_redeem(shares: int, total_assets: int, total_shares: int) -> int | Reason:
    """`assets_redeemed`, in uint256. There is no more to redeem than the pool has, so the quotient itself fits.

    Rejects: ARITHMETIC_PANIC. Source: ERC4626Math.previewRedeem.
    """
    if total_assets >= UINT256_MAX or total_shares >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return assets_redeemed(shares, total_assets, total_shares)
