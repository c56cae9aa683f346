"""Kernels of the insurance: functions on integers. The docstring of a function that rounds says how."""

from spec.arithmetic import WAD, mul_div_ceil, mul_div_floor, mul_wad_ceil, mul_wad_floor


def utilisation_wad(cover_grains: int, capital_grains: int, leverage_wad: int) -> int:
    """The fund's utilisation: its sold cover as a fraction of `capital_grains` times the leverage. Rounds up, in favour
    of the underwriters.

    The capital is positive.
    """
    return mul_div_ceil(cover_grains * WAD, WAD, capital_grains * leverage_wad)


def two_slopes_wad(used_wad: int, kink_wad: int, slope_wad: int, steep_slope_wad: int) -> int:
    """The scarcity part of a yearly premium, by the utilisation `used_wad`. Rounds up, in favour of the underwriters.

    The part rises by `slope_wad` in all up to the kink, and by `steep_slope_wad` from there to full utilisation. The
    kink is above 0 and below WAD.
    Source: the rate curve of lending markets.
    """
    if used_wad <= kink_wad:
        return mul_div_ceil(slope_wad, used_wad, kink_wad)
    return slope_wad + mul_div_ceil(steep_slope_wad, used_wad - kink_wad, WAD - kink_wad)


def loaded_wad(premium_wad: int, loading_wad: int) -> int:
    """A premium plus its loading, the fraction `loading_wad` of it. Rounds up, in favour of the underwriters.

    Source: the expected value principle; Kaas et al., Modern Actuarial Risk Theory.
    """
    return premium_wad + mul_wad_ceil(premium_wad, loading_wad)


def premium_of(cover_grains: int, yearly_wad: int, term_points: int, points_per_year: int) -> int:
    """The premium of a cover for `term_points`, in units of the fee token. Rounds up, once, in favour of the
    underwriters.

    A year of `points_per_year` costs the fraction `yearly_wad` of the cover.
    """
    return mul_div_ceil(cover_grains * yearly_wad, term_points, WAD * WAD * points_per_year)


def claim_of(loss_grains: int, deductible_grains: int, coinsurance_wad: int, cover_grains: int) -> int:
    """The grains of a loss that a policy pays: the fraction `coinsurance_wad` of the excess over the deductible, at
    most the policy's cover.

    Rounds down, in favour of the underwriters.
    """
    return min(mul_wad_floor(max(loss_grains - deductible_grains, 0), coinsurance_wad), cover_grains)


def pro_rata(claim_grains: int, available_grains: int, all_claims_grains: int) -> int:
    """The payment of a claim: all of it if the available grains cover all claims, otherwise its proportional part of
    the available grains.

    Rounds down, so that the payments together never exceed the available grains.
    """
    if available_grains >= all_claims_grains:
        return claim_grains
    return mul_div_floor(claim_grains, available_grains, all_claims_grains)


def shares_for(grains: int, capital_grains: int, shares: int) -> int:
    """The new shares for `grains` paid into a fund with `capital_grains` and `shares`. Rounds down, in favour of the
    existing holders.

    Without existing shares, one share for each grain.
    """
    return grains if shares == 0 else mul_div_floor(grains, shares, capital_grains)


def worth_of(part_shares: int, capital_grains: int, shares: int) -> int:
    """The value in grains of `part_shares` out of all `shares`. Rounds down, in favour of the remaining holders.
    `shares` is positive.
    """
    return mul_div_floor(part_shares, capital_grains, shares)
