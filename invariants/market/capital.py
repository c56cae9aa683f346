"""State laws of the insurance: capital backs the cover, shares have owners, and total cover is that of all policies."""

from typing import Any, Final

from invariants.law import StateLaw, Subject, Sum, View
from spec.arithmetic import WAD
from spec.machine import Draft
from spec.market.insurance_state import (
    COVERS,
    FUND_TERMS,
    FUNDS,
    POLICIES,
    UNDERWRITERS,
    Fund,
    Policy,
    Underwriter,
)
from spec.market.policies import MAX_POLICIES
from spec.market.state import Offer

THIS: Final = "This project, docs/insurance.md"


def _first(_rows: Draft, key: Any, _row: Any) -> object:
    return key[0]


def _fund_of_policy(_rows: Draft, key: Any, row: Policy) -> object:
    return (key[0], row.sponsor) if row.is_sold else None


def _same(key: Any) -> Subject:
    return key


def _covers_are_backed(view: View, fund: Fund) -> bool:
    capital, terms = view.rows.get(FUNDS, fund), view.rows.get(FUND_TERMS, fund)
    is_backed = capital.cover_grains <= capital.staying_grains + capital.leaving_grains
    return is_backed or terms.leverage_wad > WAD


def _fund_is_not_negative(view: View, fund: Fund) -> bool:
    capital = view.rows.get(FUNDS, fund)
    if capital.staying_shares == 0 and capital.staying_grains != 0:
        return False
    if capital.leaving_shares == 0 and capital.leaving_grains != 0:
        return False
    numbers = (capital.staying_grains, capital.staying_shares, capital.leaving_grains, capital.leaving_shares)
    return min(numbers) >= 0 and capital.cover_grains >= 0


def _underwriter_is_not_negative(view: View, underwriter: Underwriter) -> bool:
    held = view.rows.get(UNDERWRITERS, underwriter)
    return held.shares >= 0 and held.leaving_shares >= 0


def _policy_is_whole(view: View, place: Any) -> bool:
    policy = view.rows.get(POLICIES.places, place)
    if not policy.is_sold:
        return policy == Policy()
    is_possible = policy.cover_grains >= 0 and policy.start_point < policy.end_point
    return is_possible and view.rows.get(FUND_TERMS, (place[0], policy.sponsor)).is_open


def _has_few_places(view: View, offer: Offer) -> bool:
    return view.rows.get(POLICIES.lengths, offer).count <= MAX_POLICIES


class CapitalLaws:
    """The state laws of the books of insurance, and the sums that they read. Each catalogue needs a new instance, since
    the sums are its own.
    """

    def __init__(self) -> None:
        self._shares: Final = Sum("underwritten_shares", UNDERWRITERS, _first, lambda row: row.shares)
        self._leaving: Final = Sum("leaving_shares", UNDERWRITERS, _first, lambda row: row.leaving_shares)
        self._of_funds: Final = Sum("cover_of_funds", POLICIES.places, _fund_of_policy, lambda row: row.cover_grains)
        self._of_offers: Final = Sum("cover_of_offers", POLICIES.places, _first, lambda row: row.cover_grains)
        self.sums: Final = [self._shares, self._leaving, self._of_funds, self._of_offers]

    def _shares_are_somebodys(self, view: View, fund: Fund) -> bool:
        capital = view.rows.get(FUNDS, fund)
        is_staying = capital.staying_shares == view.total(self._shares, fund)
        return is_staying and capital.leaving_shares == view.total(self._leaving, fund)

    def _fund_covers_its_policies(self, view: View, fund: Fund) -> bool:
        return view.rows.get(FUNDS, fund).cover_grains == view.total(self._of_funds, fund)

    def _offer_covers_its_policies(self, view: View, offer: Offer) -> bool:
        return view.rows.get(COVERS, offer).cover_grains == view.total(self._of_offers, offer)

    def state_laws(self) -> list[StateLaw]:
        """The state laws of the books of insurance."""
        return [
            StateLaw(
                "INS-01",
                "A fully collateralised fund has capital for all that its policies can still pay.",
                THIS,
                _covers_are_backed,
                rows={FUNDS: _same, FUND_TERMS: _same},
            ),
            StateLaw(
                "INS-02",
                "No fund has less than nothing, and none has capital that is nobody's.",
                THIS,
                _fund_is_not_negative,
                rows={FUNDS: _same},
            ),
            StateLaw(
                "INS-03",
                "No underwriter has less than no shares, staying or leaving.",
                THIS,
                _underwriter_is_not_negative,
                rows={UNDERWRITERS: _same},
            ),
            StateLaw(
                "INS-04",
                "The shares of a fund are those of its underwriters, staying and leaving.",
                THIS,
                lambda view, subject: self._shares_are_somebodys(view, subject),
                rows={FUNDS: _same},
                sums={self._shares: _same, self._leaving: _same},
            ),
            StateLaw(
                "INS-05",
                "A fund counts as its cover what all of its policies can still pay.",
                THIS,
                lambda view, subject: self._fund_covers_its_policies(view, subject),
                rows={FUNDS: _same},
                sums={self._of_funds: _same},
            ),
            StateLaw(
                "INS-06",
                "An offer counts as its cover what the policies of all of its funds can still pay.",
                THIS,
                lambda view, subject: self._offer_covers_its_policies(view, subject),
                rows={COVERS: _same},
                sums={self._of_offers: _same},
            ),
            StateLaw(
                "INS-07",
                "A policy is of an open fund, ends after its start, owes no less than nothing; a free place is empty.",
                THIS,
                _policy_is_whole,
                rows={POLICIES.places: _same},
                also_reads=(FUND_TERMS,),
            ),
            StateLaw(
                "INS-08",
                "An offer has no more policies than a slash can look at.",
                THIS,
                _has_few_places,
                rows={POLICIES.lengths: _same},
            ),
        ]
