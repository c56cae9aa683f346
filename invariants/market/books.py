"""State laws of the market's books: fees paid in are accounted for exactly, and counts agree with the base."""

from typing import Any, Final

from invariants.law import StateLaw, Subject, Sum, View
from spec.arithmetic import WAD
from spec.machine import SINGLETON, Draft, Table
from spec.market.insurance_state import FUNDS
from spec.market.port import Port
from spec.market.state import (
    CLAIMABLES,
    COMMISSIONS,
    FEEDS,
    GROUPS,
    HOLDINGS,
    HOLDINGS_BY_ROW,
    METERS,
    POSITIONS,
    POSITIONS_BY_ROW,
    RISKS,
    SETTINGS,
    TERMS,
    TREASURY,
    ListedHolding,
    ListedPosition,
    Offer,
    Position,
)
from spec.market.transition import ACCOUNT

HERE: Final = "This project, docs/market.md"


def _one(_rows: Draft, _key: Any, _row: Any) -> object:
    return SINGLETON


def _first(_rows: Draft, key: Any, _row: Any) -> object:
    return key[0]


def _position_and_list(_rows: Draft, key: Any, row: ListedPosition) -> object:
    return (row.position, key[0]) if row.position[1] != "" else None  # an unused place names nobody


def _holding_and_list(_rows: Draft, key: Any, row: ListedHolding) -> object:
    return (row.holding, key[0]) if row.holding[1] != "" else None


def _one_place(_row: Any) -> int:
    return 1


def _of_list(group: Any) -> Subject:
    return group[0]


def _same(key: Any) -> Subject:
    return key


def _only(_key: Any) -> Subject:
    return SINGLETON


def _rate_is_in_bounds(view: View, offer: Offer) -> bool:
    terms, rate = view.rows.get(TERMS, offer), view.rows.get(METERS, offer).rate
    return terms.floor_rate <= rate <= terms.cap_rate if terms.is_open else rate == 0


def _floor_is_fair(view: View, offer: Offer) -> bool:
    """True if an offer is closed, or its floor rate is at least the break-even rate of its declared risk.

    The two rates are compared without a division, so nothing is rounded.
    """
    terms, risk = view.rows.get(TERMS, offer), view.rows.get(RISKS, offer)
    loss = risk.expected_loss_wad * WAD + (risk.shortfall_wad - risk.expected_loss_wad) * risk.capital_cost_wad
    is_fair = terms.floor_rate * WAD * WAD * risk.points_per_year >= loss * risk.unit_price_wad
    return is_fair or not terms.is_open


def _meter_is_not_negative(view: View, offer: Offer) -> bool:
    meter = view.rows.get(METERS, offer)
    numbers = (meter.budget_grains, meter.reserved_grains, meter.index, meter.shortfall, meter.stake)
    return min(numbers) >= 0 and meter.stepped_point <= meter.updated_point


def _claim_is_not_negative(view: View, account: str) -> bool:
    return view.rows.get(CLAIMABLES, account).grains >= 0


def _commission_is_a_fraction(view: View, position: Position) -> bool:
    commission = view.rows.get(COMMISSIONS, position)
    return 0 <= commission.fraction_wad <= WAD and 0 <= commission.pending_fraction_wad <= WAD


class BookLaws:
    """The state laws of the books above one base protocol, and their sums. `balances` is the table of the base's token
    balances.
    """

    def __init__(self, port: Port, balances: Table[Any, Any]) -> None:
        self._port: Final = port
        self._balances: Final = balances
        self._budgets: Final = Sum("budgets", METERS, _one, lambda row: row.budget_grains)
        self._reserved: Final = Sum("reserved", METERS, _one, lambda row: row.reserved_grains)
        self._held: Final = Sum("held_by_groups", GROUPS, _one, lambda row: row.held_grains)
        self._capital: Final = Sum("capital_of_funds", FUNDS, _one, lambda row: row.staying_grains + row.leaving_grains)
        self._credited: Final = Sum("claimable", CLAIMABLES, _one, lambda row: row.grains)
        self.stake: Final = Sum("counted_stake", POSITIONS, _first, lambda row: row.amount)
        self.stake_to_index: Final = Sum("settled_stake", POSITIONS, _first, lambda row: row.amount * row.index)
        self.weight: Final = Sum("counted_weight", HOLDINGS, _first, lambda row: row.amount)
        self.weight_to_index: Final = Sum("settled_weight", HOLDINGS, _first, lambda row: row.amount * row.index)
        self._fed: Final = Sum("places_in_feeds", FEEDS.places, _position_and_list, _one_place)
        self._watched: Final = Sum("places_by_row", POSITIONS_BY_ROW.places, _position_and_list, _one_place)
        self._held_by_row: Final = Sum("holdings_by_row", HOLDINGS_BY_ROW.places, _holding_and_list, _one_place)
        self.sums_of_lists: Final = [self._fed, self._watched, self._held_by_row]
        self.sums: Final = [
            *(self._budgets, self._reserved, self._held, self._capital, self._credited),
            *(self.stake, self.stake_to_index, self.weight, self.weight_to_index),
        ]

    def _adds_up(self, view: View, _subject: object) -> bool:
        treasury = view.rows.get(TREASURY, SINGLETON)
        parts = view.total(self._budgets, SINGLETON) + view.total(self._reserved, SINGLETON)
        parts += view.total(self._held, SINGLETON) + view.total(self._capital, SINGLETON)
        parts += view.total(self._credited, SINGLETON)
        return (treasury.funded - treasury.paid) * WAD == parts

    def _meter_is_of_its_positions(self, view: View, offer: Offer) -> bool:
        meter = view.rows.get(METERS, offer)
        unsettled = meter.index * meter.stake - view.total(self.stake_to_index, offer)
        return meter.stake == view.total(self.stake, offer) and meter.reserved_grains == unsettled

    def _group_is_of_its_holdings(self, view: View, group: Any) -> bool:
        shared = view.rows.get(GROUPS, group)
        unsettled = shared.index * shared.weight - view.total(self.weight_to_index, group)
        return (
            shared.weight == view.total(self.weight, group) and shared.held_grains - shared.carried_grains == unsettled
        )

    def _is_backed(self, view: View, _subject: object) -> bool:
        treasury, token = view.rows.get(TREASURY, SINGLETON), view.rows.get(SETTINGS, SINGLETON).fee_token
        return self._port.balance(view.rows, token, ACCOUNT) >= treasury.funded - treasury.paid >= 0

    def _counts_lasting_stake(self, view: View, position: Position) -> bool:
        (service, pool), operator = position
        counted = view.rows.get(POSITIONS, position)
        return 0 <= counted.amount <= self._port.slashable(view.rows, service, operator, pool).lasting

    def _counts_weight(self, view: View, holding: Any) -> bool:
        counted = view.rows.get(HOLDINGS, holding)
        return not counted.is_counted or counted.amount == self._port.weight(view.rows, holding[0], holding[1])

    def _position_is_found(self, view: View, position: Position) -> bool:
        """True if a counted position is once in each of its lists, and any other is in none and counts nothing."""
        (service, pool), operator = position
        counted = view.rows.get(POSITIONS, position)
        times = 1 if counted.is_counted else 0
        if view.total(self._fed, (position, self._port.group(operator, pool))) != times:
            return False
        rows = self._port.rows_of_stake(service, operator, pool)
        is_found = all([view.total(self._watched, (position, row)) == times for row in rows])
        return is_found and (counted.is_counted or counted.amount == 0)

    def _holding_is_found(self, view: View, holding: Any) -> bool:
        """True if a counted holding is once in each of its lists, and any other is in none and counts nothing."""
        counted = view.rows.get(HOLDINGS, holding)
        times = 1 if counted.is_counted else 0
        rows = self._port.rows_of_weight(holding[0], holding[1])
        is_found = all([view.total(self._held_by_row, (holding, row)) == times for row in rows])
        return is_found and (counted.is_counted or counted.amount == 0)

    def state_laws(self) -> list[StateLaw]:
        """The state laws of the books."""
        return [
            StateLaw(
                "FEE-01",
                "All that was paid in and not paid out is in budgets, reserved, held by groups, capital, or claimable: "
                "exactly.",
                HERE,
                lambda view, subject: self._adds_up(view, subject),
                rows={TREASURY: _only},
                sums={
                    self._budgets: _only,
                    self._reserved: _only,
                    self._held: _only,
                    self._capital: _only,
                    self._credited: _only,
                },
            ),
            StateLaw(
                "FEE-02",
                "The market's account holds all that was paid in and not paid out.",
                HERE,
                lambda view, subject: self._is_backed(view, subject),
                rows={TREASURY: _only, SETTINGS: _only},
                also_reads=(self._balances,),
            ),
            StateLaw(
                "FEE-03",
                "An offer counts the stake of its positions, and has reserved what they earned since then.",
                HERE,
                lambda view, subject: self._meter_is_of_its_positions(view, subject),
                rows={METERS: _same},
                sums={self.stake: _same, self.stake_to_index: _same},
            ),
            StateLaw(
                "FEE-04",
                "A group counts the weight of its holdings, and holds what they were given since, and what it carries.",
                HERE,
                lambda view, subject: self._group_is_of_its_holdings(view, subject),
                rows={GROUPS: _same},
                sums={self.weight: _same, self.weight_to_index: _same},
            ),
            StateLaw(
                "FEE-05",
                "The rate of an offer is between its floor and its cap.",
                HERE,
                _rate_is_in_bounds,
                rows={METERS: _same, TERMS: _same},
            ),
            StateLaw(
                "FEE-06",
                "No position is counted at more than its service can slash of the operator for good.",
                HERE,
                lambda view, subject: self._counts_lasting_stake(view, subject),
                rows={POSITIONS: _same},
                also_reads=self._port.tables_of_stake(),
            ),
            StateLaw(
                "FEE-07",
                "Every holding is counted at its weight in the base.",
                HERE,
                lambda view, subject: self._counts_weight(view, subject),
                rows={HOLDINGS: _same},
                also_reads=self._port.tables_of_weight(),
            ),
            StateLaw(
                "FEE-08",
                "No number of a meter is negative, and its last step is not in the future.",
                HERE,
                _meter_is_not_negative,
                rows={METERS: _same},
            ),
            StateLaw(
                "FEE-09",
                "No claim is negative.",
                HERE,
                _claim_is_not_negative,
                rows={CLAIMABLES: _same},
            ),
            StateLaw(
                "FEE-10",
                "A commission, and one that waits, is a fraction.",
                HERE,
                _commission_is_a_fraction,
                rows={COMMISSIONS: _same},
            ),
            StateLaw(
                "FEE-11",
                "Every position is once in the list of its group, and of each base row on which it depends; any other "
                "in none.",
                HERE,
                lambda view, subject: self._position_is_found(view, subject),
                rows={POSITIONS: _same},
                sums={self._fed: _of_list, self._watched: _of_list},
            ),
            StateLaw(
                "FEE-12",
                "Every holding is once in the list of each base row on which it depends; any other in none.",
                HERE,
                lambda view, subject: self._holding_is_found(view, subject),
                rows={HOLDINGS: _same},
                sums={self._held_by_row: _of_list},
            ),
            StateLaw(
                "FEE-26",
                "The floor of an offer, and so its rate, is no lower than its declared break-even.",
                "Kaas et al., Modern Actuarial Risk Theory; this project",
                _floor_is_fair,
                rows={TERMS: _same, RISKS: _same},
            ),
        ]
