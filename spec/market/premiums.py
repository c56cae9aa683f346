"""Kernels of the insurance: integers to integers, each rounding in the direction that its first sentence says."""

from spec.arithmetic import WAD, mul_div_ceil, mul_div_floor, mul_wad_ceil, mul_wad_floor


def utilisation_wad(cover_grains: int, capital_grains: int, leverage_wad: int) -> int:
    """The part of all that a fund can cover that it does. Rounds up, for the underwriters. It has capital."""
    return mul_div_ceil(cover_grains * WAD, WAD, capital_grains * leverage_wad)


def two_slopes_wad(used_wad: int, kink_wad: int, slope_wad: int, steep_slope_wad: int) -> int:
    """The part of a yearly premium that scarcity adds: `slope_wad` up to the kink, `steep_slope_wad` more from it on.

    Rounds up, for the underwriters. The kink is between nothing and all. Source: the rate curve of lending markets.
    """
    if used_wad <= kink_wad:
        return mul_div_ceil(slope_wad, used_wad, kink_wad)
    return slope_wad + mul_div_ceil(steep_slope_wad, used_wad - kink_wad, WAD - kink_wad)


def loaded_wad(premium_wad: int, loading_wad: int) -> int:
    """A premium and its loading. Rounds up, for the underwriters.

    Source: the expected value principle; Kaas et al., Modern Actuarial Risk Theory.
    """
    return premium_wad + mul_wad_ceil(premium_wad, loading_wad)


def premium_of(cover_grains: int, yearly_wad: int, term_points: int, points_per_year: int) -> int:
    """The premium of a term, in units of the fee token. Rounds up, once, for the underwriters."""
    return mul_div_ceil(cover_grains * yearly_wad, term_points, WAD * WAD * points_per_year)


def claim_of(loss_grains: int, deductible_grains: int, coinsurance_wad: int, cover_grains: int) -> int:
    """The part of a loss that a policy owes: a fraction of what exceeds the deductible, and no more than its cover.

    Rounds down, for the underwriters.
    """
    return min(mul_wad_floor(max(loss_grains - deductible_grains, 0), coinsurance_wad), cover_grains)


def pro_rata(claim_grains: int, available_grains: int, all_claims_grains: int) -> int:
    """The part of a claim that is paid: all of it if there is enough for all claims; else its part of what there is.

    Rounds down, so that all parts together are never more than there is.
    """
    if available_grains >= all_claims_grains:
        return claim_grains
    return mul_div_floor(claim_grains, available_grains, all_claims_grains)


def shares_for(grains: int, capital_grains: int, shares: int) -> int:
    """The shares that some grains buy of capital that has some; one for each grain if it has none. Rounds down, for
    those who are there.
    """
    return grains if shares == 0 else mul_div_floor(grains, shares, capital_grains)


def worth_of(part_shares: int, capital_grains: int, shares: int) -> int:
    """The grains that some shares of all are worth. Rounds down, for those who stay. There are shares."""
    return mul_div_floor(part_shares, capital_grains, shares)
