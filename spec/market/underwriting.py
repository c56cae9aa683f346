"""Funds and their underwriters: capital enters, backs policies, and leaves once it backs none.

Underwriters own a fund by shares. An underwriter announces its exit, and waits for the cooldown. Its capital moves to
the leaving part, which bears losses like the rest, and earns no premium. No policy is sold on it, and no policy lasts
longer than the cooldown. So at the exit the policies sold before the announcement have ended. The capital backs none
any more, unless losses reduced the rest.
"""

from spec.arithmetic import WAD
from spec.layer import Act
from spec.machine import SINGLETON, Delta, Draft
from spec.market.actions import AnnounceExit, Exit, OpenFund, Underwrite
from spec.market.counting import credit
from spec.market.insurance_state import (
    FUND_TERMS,
    FUNDS,
    UNDERWRITERS,
    Capital,
    Fund,
    FundTerms,
    Underwriter,
    Underwritten,
)
from spec.market.port import Port
from spec.market.premiums import shares_for, worth_of
from spec.market.reasons import Reason
from spec.market.state import SETTINGS, TERMS, TREASURY, Treasury


def open_fund(draft: Draft, action: OpenFund) -> Delta | Reason:
    """Open a fund with the sender as sponsor, without capital. Its terms never change.

    Rejects, in order: NO_SUCH_OFFER, FUND_IS_OPEN, INVALID_FUND unless its leverage is at least WAD, its deductible not
    negative, its coinsurance a positive fraction, its kink between 0 and WAD, its slopes and its loading not negative,
    and its wait shorter than its cooldown.
    """
    fund: Fund = ((action.service, action.pool), action.sender)
    terms = action.offered_terms
    if not draft.get(TERMS, fund[0]).is_open:
        return Reason.NO_SUCH_OFFER
    if draft.get(FUND_TERMS, fund).is_open:
        return Reason.FUND_IS_OPEN
    if not _can_insure(terms):
        return Reason.INVALID_FUND
    draft.put(
        FUND_TERMS,
        fund,
        FundTerms(
            is_open=True,
            leverage_wad=terms.leverage_wad,
            deductible_grains=terms.deductible_grains,
            coinsurance_wad=terms.coinsurance_wad,
            wait_points=terms.wait_points,
            cooldown_points=terms.cooldown_points,
            kink_wad=terms.kink_wad,
            slope_wad=terms.slope_wad,
            steep_slope_wad=terms.steep_slope_wad,
            loading_wad=terms.loading_wad,
            bars_self_insurance=terms.bars_self_insurance,
        ),
    )
    return draft.delta()


def _can_insure(terms: FundTerms) -> bool:
    """True if policies can be sold on the terms of a fund: no division by zero, and no negative premium or payout."""
    if terms.leverage_wad < WAD or terms.deductible_grains < 0 or not 0 < terms.coinsurance_wad <= WAD:
        return False
    if not 0 < terms.kink_wad < WAD or terms.slope_wad < 0 or terms.steep_slope_wad < 0 or terms.loading_wad < 0:
        return False
    return 0 <= terms.wait_points < terms.cooldown_points


def pay_in(port: Port, draft: Draft, act: Act, account: str, sender: str, amount: int) -> bool:
    """Transfer the sender's tokens to `account`, the market's account, by `act`, and record them in the treasury.

    Returns False if the base rejects the transfer.
    """
    token = draft.get(SETTINGS, SINGLETON).fee_token
    if not isinstance(act(port.payment(token, sender, account, amount)), Delta):
        return False
    treasury = draft.get(TREASURY, SINGLETON)
    draft.put(TREASURY, SINGLETON, Treasury(funded=treasury.funded + amount, paid=treasury.paid))
    return True


def underwrite(port: Port, draft: Draft, action: Underwrite, act: Act, account: str) -> Delta | Reason:
    """Add the sender's tokens to a fund's capital, for shares of the fund at their current value. Returns the number of
    new shares.

    `account` is the market's account. Rejects, in order: NO_SUCH_FUND, FUND_IS_LOST if the fund's staying or leaving
    part has shares but no capital, NOTHING_TO_PAY_IN if the amount buys no share, PAYMENT_FAILED if the base rejects
    the transfer.
    """
    fund: Fund = ((action.service, action.pool), action.sponsor)
    underwriter: Underwriter = (fund, action.sender)
    capital = draft.get(FUNDS, fund)
    if not draft.get(FUND_TERMS, fund).is_open:
        return Reason.NO_SUCH_FUND
    if _is_lost(capital):
        return Reason.FUND_IS_LOST
    shares = shares_for(max(action.amount, 0) * WAD, capital.staying_grains, capital.staying_shares)
    if shares == 0:
        return Reason.NOTHING_TO_PAY_IN
    if not pay_in(port, draft, act, account, action.sender, action.amount):
        return Reason.PAYMENT_FAILED
    held = draft.get(UNDERWRITERS, underwriter)
    draft.put(
        UNDERWRITERS,
        underwriter,
        Underwritten(shares=held.shares + shares, leaving_shares=held.leaving_shares, due_point=held.due_point),
    )
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains + action.amount * WAD,
            staying_shares=capital.staying_shares + shares,
            leaving_grains=capital.leaving_grains,
            leaving_shares=capital.leaving_shares,
            cover_grains=capital.cover_grains,
        ),
    )
    return draft.delta(shares)


def _is_lost(capital: Capital) -> bool:
    """True if the staying or the leaving part of a fund has shares but no capital. Such shares have no price."""
    if capital.staying_shares > 0 and capital.staying_grains == 0:
        return True
    return capital.leaving_shares > 0 and capital.leaving_grains == 0


def announce_exit(port: Port, draft: Draft, action: AnnounceExit) -> Delta | Reason:
    """Move some of the sender's shares to the fund's leaving part, at their current value. Returns the value in grains.

    The cooldown restarts for all shares that the sender has announced. Rejects: NOT_ENOUGH_SHARES if the number is not
    positive, if the sender has fewer, or if their value is less than one leaving share.
    """
    fund: Fund = ((action.service, action.pool), action.sponsor)
    underwriter: Underwriter = (fund, action.sender)
    held = draft.get(UNDERWRITERS, underwriter)
    if not 0 < action.shares <= held.shares:
        return Reason.NOT_ENOUGH_SHARES
    capital = draft.get(FUNDS, fund)
    grains = worth_of(action.shares, capital.staying_grains, capital.staying_shares)
    leaving_shares = 0 if grains == 0 else shares_for(grains, capital.leaving_grains, capital.leaving_shares)
    if leaving_shares == 0:
        return Reason.NOT_ENOUGH_SHARES
    draft.put(
        UNDERWRITERS,
        underwriter,
        Underwritten(
            shares=held.shares - action.shares,
            leaving_shares=held.leaving_shares + leaving_shares,
            due_point=port.now(draft) + draft.get(FUND_TERMS, fund).cooldown_points,
        ),
    )
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains - grains,
            staying_shares=capital.staying_shares - action.shares,
            leaving_grains=capital.leaving_grains + grains,
            leaving_shares=capital.leaving_shares + leaving_shares,
            cover_grains=capital.cover_grains,
        ),
    )
    return draft.delta(grains)


def take_out(port: Port, draft: Draft, action: Exit) -> Delta | Reason:
    """Credit the sender with the current value of its leaving shares. Returns that value in grains.

    The remaining capital must still back all sold cover. Rejects, in order: NOTHING_IS_LEAVING, TOO_EARLY until the
    cooldown is over, CAPITAL_BACKS_COVER.
    """
    fund: Fund = ((action.service, action.pool), action.sponsor)
    underwriter: Underwriter = (fund, action.sender)
    held = draft.get(UNDERWRITERS, underwriter)
    if held.leaving_shares == 0:
        return Reason.NOTHING_IS_LEAVING
    if port.now(draft) < held.due_point:
        return Reason.TOO_EARLY
    capital = draft.get(FUNDS, fund)
    grains = worth_of(held.leaving_shares, capital.leaving_grains, capital.leaving_shares)
    left_grains = capital.staying_grains + capital.leaving_grains - grains
    if capital.cover_grains * WAD > left_grains * draft.get(FUND_TERMS, fund).leverage_wad:
        return Reason.CAPITAL_BACKS_COVER
    draft.put(UNDERWRITERS, underwriter, Underwritten(shares=held.shares))
    draft.put(
        FUNDS,
        fund,
        Capital(
            staying_grains=capital.staying_grains,
            staying_shares=capital.staying_shares,
            leaving_grains=capital.leaving_grains - grains,
            leaving_shares=capital.leaving_shares - held.leaving_shares,
            cover_grains=capital.cover_grains,
        ),
    )
    credit(draft, action.sender, grains)
    return draft.delta(grains)
