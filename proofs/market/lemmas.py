"""The lemmas of the market on the free base: state laws that only the proofs need.

Lifted with the specification, see proofs/theory.py.
"""

from typing import Any, Final

from invariants.law import StateLaw, Sum, View
from invariants.market.chains import are_ordered, signers_of
from proofs.market.folds import holding_at, position_at
from proofs.market.free import PORT, RECOURSE
from proofs.market.free_state import (
    ALLOTTED,
    BALANCES,
    CAPS_OF_PLAN,
    CERTIFICATES,
    CHANNEL_USES,
    CHANNELS,
    COMMISSIONS,
    ENTRIES,
    FEEDS,
    FEEDS_OF_GROUP,
    FORGONE,
    FUND_TERMS,
    FUNDS,
    GAINS,
    GIVEN_UP,
    GROUPS,
    HOLDINGS,
    HOLDINGS_BY_ROW,
    HOLDINGS_OF_ROW,
    LASTING,
    LATEST_PLANS,
    LEAVING,
    MANDATE_WEIGHTS,
    MEMBERS_OF_CAP,
    METERS,
    NOW,
    PENDING_PLANS,
    PLAN_PACES,
    PLANS_IN_FORCE,
    POLICIES,
    POLICIES_OF_OFFER,
    POSITIONS,
    POSITIONS_BY_ROW,
    POSITIONS_OF_ROW,
    RECEIPT_VAULTS,
    RECEIPTS_OF_VAULTS,
    REDEMPTIONS,
    RISKS,
    SLASHED_OF_PURSES,
    STAKE_TABLES,
    STAKED,
    TARGET_PLACES,
    TARGETS,
    TARGETS_OF_PLAN,
    TERMS,
    UNDERWRITERS,
    VALUES,
    WAITING,
    WEIGHTS,
)
from proofs.market.laws import BOOKS, SPLIT_BETWEEN, WEIGHTS_OF_MANDATES
from proofs.theory import PastLaw
from spec.arithmetic import WAD
from spec.machine import SINGLETON, Draft
from spec.market.rates import BASE_FEE, EXPONENTIAL


def _time_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(NOW, key).point >= 0


def _meter_is_not_of_the_future(view: View, offer: Any) -> bool:
    return view.rows.get(METERS, offer).updated_point <= view.rows.get(NOW, SINGLETON).point


def _terms_can_be_followed(view: View, offer: Any) -> bool:
    terms = view.rows.get(TERMS, offer)
    if not terms.is_open:
        meter = view.rows.get(METERS, offer)
        is_empty = meter.budget_grains == 0 and meter.reserved_grains == 0 and meter.stake == 0
        return is_empty and meter.rate == 0 and meter.index == 0
    is_positive = terms.target_stake > 0 and terms.divisor > 0 and terms.period_points > 0
    return is_positive and 0 < terms.floor_rate <= terms.cap_rate and 0 < terms.max_step_wad <= WAD


def _curve_is_known(view: View, offer: Any) -> bool:
    terms = view.rows.get(TERMS, offer)
    return not terms.is_open or terms.curve == BASE_FEE or terms.curve == EXPONENTIAL


def _risk_is_not_negative(view: View, offer: Any) -> bool:
    risk = view.rows.get(RISKS, offer)
    is_possible = risk.expected_loss_wad >= 0 and risk.shortfall_wad >= risk.expected_loss_wad
    return is_possible and risk.capital_cost_wad >= 0 and risk.unit_price_wad >= 0 and risk.points_per_year > 0


def _balance_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(BALANCES, key).amount >= 0


def _meter_is_whole(view: View, offer: Any) -> bool:
    """True if budget, index, shortfall and stake of an offer's meter are not negative, and its last step is no later
    than its last update.
    """
    meter = view.rows.get(METERS, offer)
    numbers = (meter.budget_grains, meter.index, meter.shortfall, meter.stake)
    return all([number >= 0 for number in numbers]) and meter.stepped_point <= meter.updated_point


def is_whole(total: int) -> bool:
    """True if a total of amounts, none of which is negative, is not negative. A trusted contract takes this for granted
    (`contracts.py`).
    """
    return total >= 0


def _reserves_what_is_earned(view: View, offer: Any) -> bool:
    """True if an offer has reserved what its positions have earned since each was settled. Of each that is not less
    than nothing, by LEMMA-index, so nor is it of all.
    """
    meter = view.rows.get(METERS, offer)
    earned = meter.index * view.total(BOOKS.stake, offer) - view.total(BOOKS.stake_to_index, offer)
    return meter.reserved_grains == earned and is_whole(earned)


def _holds_what_was_given(view: View, group: Any) -> bool:
    """True if a group holds what it carries, and what was given to its holdings since each was settled. Of each that is
    not less than nothing, by LEMMA-holding, so nor is it of all.
    """
    shared = view.rows.get(GROUPS, group)
    given = shared.index * view.total(BOOKS.weight, group) - view.total(BOOKS.weight_to_index, group)
    return shared.held_grains - shared.carried_grains == given and is_whole(given)


def _group_is_not_negative(view: View, group: Any) -> bool:
    shared = view.rows.get(GROUPS, group)
    return shared.weight >= 0 and shared.carried_grains >= 0 and shared.index >= 0


def _stake_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(LASTING, key).amount >= 0 and view.rows.get(LEAVING, key).amount >= 0


def _position_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(STAKED, key).amount >= 0 and view.rows.get(GAINS, key).amount >= 0


def _withdrawal_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(WAITING, key).pieces >= 0


def _value_is_a_fraction(view: View, pool: Any) -> bool:
    value = view.rows.get(VALUES, pool)
    return value.numerator >= 0 and value.denominator > 0


def _what_is_given_up_is_noted(view: View, key: Any) -> bool:
    return view.rows.get(FORGONE, key).before_point >= view.rows.get(GIVEN_UP, key).amount


def _signers_are_ordered(view: View, key: Any) -> bool:
    return are_ordered(signers_of(view.rows.get(CERTIFICATES, key)))


def _vault_has_a_name(view: View, vault: str) -> bool:
    return vault != "" or not view.rows.get(RECEIPT_VAULTS, vault).is_open


def _holder_is_no_vault(view: View, key: Any) -> bool:
    holder = view.rows.get(REDEMPTIONS, key).holder
    return not (holder == key[0] and key[0] != "")


def _weight_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(WEIGHTS, key).amount >= 0


def _holding_is_not_negative(view: View, holding: Any) -> bool:
    counted = view.rows.get(HOLDINGS, holding)
    if not counted.is_counted:
        return counted.amount == 0 and counted.index == 0
    return 0 <= counted.index <= view.rows.get(GROUPS, holding[0]).index and counted.amount >= 0


def _row_is_of_one_kind(view: View, row: Any) -> bool:
    """True unless positions are noted at a row that is no stake, or holdings at one that is no weight, or a number of
    them is negative.
    """
    positions, holdings = view.rows.get(POSITIONS_OF_ROW, row).count, view.rows.get(HOLDINGS_OF_ROW, row).count
    if row[0] == LASTING.name:
        return positions >= 0 and holdings == 0
    return positions == 0 and (holdings >= 0 if row[0] == WEIGHTS.name else holdings == 0)


def _noted_position_is_counted(view: View, place: Any) -> bool:
    row, number = place
    position = view.rows.get(POSITIONS_BY_ROW, place).position
    if not 0 <= number < view.rows.get(POSITIONS_OF_ROW, row).count:
        return position[1] == ""
    is_counted = view.rows.get(POSITIONS, position).is_counted
    return is_counted and position_at(row[1]) == position


def _noted_holding_is_counted(view: View, place: Any) -> bool:
    row, number = place
    holding = view.rows.get(HOLDINGS_BY_ROW, place).holding
    if not 0 <= number < view.rows.get(HOLDINGS_OF_ROW, row).count:
        return holding[1] == ""
    is_counted = view.rows.get(HOLDINGS, holding).is_counted
    return is_counted and holding_at(row[1]) == holding


def _feeding_position_is_counted(view: View, place: Any) -> bool:
    group, number = place
    position = view.rows.get(FEEDS, place).position
    if not 0 <= number < view.rows.get(FEEDS_OF_GROUP, group).count:
        return position[1] == ""
    return view.rows.get(POSITIONS, position).is_counted


def _no_group_has_fewer_than_none(view: View, group: Any) -> bool:
    return view.rows.get(FEEDS_OF_GROUP, group).count >= 0


def _counted_position_is_noted(view: View, position: Any) -> bool:
    (service, pool), operator = position
    (row,) = PORT.rows_of_stake(service, operator, pool)
    return not view.rows.get(POSITIONS, position).is_counted or view.rows.get(POSITIONS_OF_ROW, row).count > 0


def _counted_holding_is_noted(view: View, holding: Any) -> bool:
    (row,) = PORT.rows_of_weight(holding[0], holding[1])
    return not view.rows.get(HOLDINGS, holding).is_counted or view.rows.get(HOLDINGS_OF_ROW, row).count > 0


def _list_is_not_negative(view: View, offer: Any) -> bool:
    return view.rows.get(POLICIES_OF_OFFER, offer).count >= 0


def _has_no_place_beyond(view: View, place: Any) -> bool:
    offer, number = place
    is_free = not view.rows.get(POLICIES, place).is_sold
    return is_free or 0 <= number < view.rows.get(POLICIES_OF_OFFER, offer).count


def _who_waits_is_counted(view: View, position: Any) -> bool:
    return not view.rows.get(COMMISSIONS, position).is_pending or view.rows.get(POSITIONS, position).is_counted


def _amount_is_not_negative(view: View, position: Any) -> bool:
    counted = view.rows.get(POSITIONS, position)
    if not counted.is_counted:
        return counted.amount == 0 and counted.index == 0
    is_settled = 0 <= counted.index <= view.rows.get(METERS, position[0]).index
    return is_settled and counted.amount >= 0 and view.rows.get(TERMS, position[0]).is_open


def _stake_is_watched(view: View, key: Any) -> bool:
    (channel, _), operator = key
    purse = RECOURSE.purse(channel[0], operator, channel[1])
    return not view.rows.get(ENTRIES, key).is_listed or view.rows.get(SLASHED_OF_PURSES, purse).is_watched


def _arrived_in_time(view: View, table: Any) -> bool:
    row, terms = view.rows.get(STAKE_TABLES, table), view.rows.get(CHANNELS, table[0])
    if not row.is_sent:
        return not row.has_arrived
    is_due = table[1] + terms.delay_points <= view.rows.get(NOW, SINGLETON).point
    return terms.is_open and (is_due or not row.has_arrived)


def _is_of_a_table(view: View, key: Any) -> bool:
    return not view.rows.get(ENTRIES, key).is_listed or view.rows.get(STAKE_TABLES, key[0]).is_sent


def _is_numbered(view: View, key: Any) -> bool:
    certificates = view.rows.get(CHANNEL_USES, key[0]).certificates
    return certificates >= 0 and (not view.rows.get(CERTIFICATES, key).is_accepted or key[1] < certificates)


def _funds_can_insure(view: View, fund: Any) -> bool:
    terms, capital = view.rows.get(FUND_TERMS, fund), view.rows.get(FUNDS, fund)
    if not terms.is_open:
        return capital.staying_grains + capital.leaving_grains == 0 and capital.cover_grains == 0
    if terms.slope_wad < 0 or terms.steep_slope_wad < 0 or terms.loading_wad < 0:
        return False
    if terms.deductible_grains < 0 or not 0 < terms.coinsurance_wad <= WAD:
        return False
    return terms.leverage_wad >= WAD and 0 <= terms.wait_points < terms.cooldown_points and 0 < terms.kink_wad < WAD


def _all_of_a_fund_is_lost(view: View, fund: Any) -> bool:
    """True unless the leaving part of a fund has shares and no capital while the staying part has capital. So a loss
    that takes all of the leaving part has taken all of the staying one.
    """
    capital = view.rows.get(FUNDS, fund)
    return capital.leaving_shares == 0 or capital.leaving_grains > 0 or capital.staying_grains == 0


def _shares_are_of_an_open_fund(view: View, underwriter: Any) -> bool:
    held = view.rows.get(UNDERWRITERS, underwriter)
    return held.shares + held.leaving_shares == 0 or view.rows.get(FUND_TERMS, underwriter[0]).is_open


def _plan_is_numbered(view: View, plan: Any) -> bool:
    rows = view.rows
    targets, caps = rows.get(TARGETS_OF_PLAN, plan).count, rows.get(CAPS_OF_PLAN, plan).count
    if targets == 0 and caps == 0 and rows.get(PLAN_PACES, plan).step_wad == 0:
        return True
    return targets >= 0 and caps >= 0 and 0 < plan[1] <= rows.get(LATEST_PLANS, plan[0]).number


def _target_is_in_its_place(view: View, key: Any) -> bool:
    found = view.rows.get(TARGET_PLACES, key)
    if not found.is_target:
        return True
    target = view.rows.get(TARGETS, (key[0], found.place))
    is_there = 0 <= found.place < view.rows.get(TARGETS_OF_PLAN, key[0]).count
    return is_there and target.service == key[1][0] and target.operator == key[1][1]


def _members_are_of_a_cap(view: View, cap: Any) -> bool:
    members = view.rows.get(MEMBERS_OF_CAP, cap).count
    return members == 0 or (members > 0 and 0 <= cap[1] < view.rows.get(CAPS_OF_PLAN, cap[0]).count)


def _latest_plan_waits(view: View, mandate: Any) -> bool:
    rows = view.rows
    latest, number = rows.get(LATEST_PLANS, mandate).number, rows.get(PLANS_IN_FORCE, mandate).number
    if not rows.get(PENDING_PLANS, mandate).is_pending:
        return 0 <= number <= latest
    sizes = [rows.get(TARGETS_OF_PLAN, (mandate, one)).count for one in (number, latest)]
    return 0 <= number < latest == rows.get(PENDING_PLANS, mandate).number and sizes[0] <= sizes[1]


def _plan_has_earlier_targets(view: View, key: Any) -> bool:
    rows, ((mandate, number), place) = view.rows, key
    earlier = (mandate, rows.get(PLANS_IN_FORCE, mandate).number)
    if number <= earlier[1] or place >= rows.get(TARGETS_OF_PLAN, key[0]).count:
        return True
    one, other = rows.get(TARGETS, (earlier, place)), rows.get(TARGETS, key)
    is_same = one.service == other.service and one.operator == other.operator
    return place >= rows.get(TARGETS_OF_PLAN, earlier).count or is_same


def _vault_on_a_pool_has_a_mark(view: View, vault: Any) -> bool:
    """True if a vault has no mark, or if it is open and on a pool."""
    row = view.rows.get(RECEIPT_VAULTS, vault)
    return row.mark_period_points == 0 or (row.mark_period_points > 0 and row.is_open and row.beneath == "")


def _holder_above_is_open(view: View, held: Any) -> bool:
    return view.rows.get(RECEIPTS_OF_VAULTS, held).amount == 0 or view.rows.get(RECEIPT_VAULTS, held[1]).is_open


def _weight_is_of_a_target(view: View, key: Any) -> bool:
    mandate, place = key
    size = view.rows.get(TARGETS_OF_PLAN, (mandate, view.rows.get(PLANS_IN_FORCE, mandate).number)).count
    return view.rows.get(MANDATE_WEIGHTS, key).wad == 0 or 0 <= place < size


def _later_weight(_rows: Draft, key: Any, _row: Any) -> Any:
    return key[0] if key[1] < 0 or key[1] >= SPLIT_BETWEEN else None


LATER_WEIGHTS: Final = Sum("later_weights", MANDATE_WEIGHTS, _later_weight, lambda row: row.wad)
"""The weights of the targets of a mandate beyond those between which it is proved that a rebalancing splits stake."""


def _weights_are_of_few(view: View, mandate: Any) -> bool:
    rows, later = view.rows, view.total(LATER_WEIGHTS, mandate)
    first = sum([rows.get(MANDATE_WEIGHTS, (mandate, place)).wad for place in range(SPLIT_BETWEEN)])
    size = rows.get(TARGETS_OF_PLAN, (mandate, rows.get(PLANS_IN_FORCE, mandate).number)).count
    return view.total(WEIGHTS_OF_MANDATES, mandate) == first + later and (size > SPLIT_BETWEEN or later == 0)


def _allotment_is_possible(view: View, key: Any) -> bool:
    row = view.rows.get(ALLOTTED, key)
    is_possible = 0 <= row.missing_amount <= row.amount and row.waiting_amount >= 0 and row.room_amount >= 0
    is_promised = (row.waiting_amount == 0 or row.is_fixed) and (row.room_amount == 0 or not row.is_stuck)
    return is_possible and is_promised


def _same(key: Any) -> Any:
    return key


HERE: Final = "proofs/market/lemmas.py"
LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw("LEMMA-now", "Time is not negative.", HERE, _time_is_not_negative, rows={NOW: _same}),
    StateLaw(
        "LEMMA-updated",
        "No meter is updated in the future.",
        HERE,
        _meter_is_not_of_the_future,
        rows={METERS: _same},
        also_reads=(NOW,),
    ),
    StateLaw(
        "LEMMA-terms",
        "A rate can follow the terms of an open offer; any other is empty.",
        HERE,
        _terms_can_be_followed,
        rows={TERMS: _same, METERS: _same},
    ),
    StateLaw("LEMMA-curve", "The curve of an offer is one of the two.", HERE, _curve_is_known, rows={TERMS: _same}),
    StateLaw("LEMMA-risk", "A declared risk is one.", HERE, _risk_is_not_negative, rows={RISKS: _same, TERMS: _same}),
    StateLaw(
        "LEMMA-pending",
        "A commission waits for a position that is counted.",
        HERE,
        _who_waits_is_counted,
        rows={COMMISSIONS: _same, POSITIONS: _same},
    ),
    StateLaw("LEMMA-balance", "No balance is negative.", HERE, _balance_is_not_negative, rows={BALANCES: _same}),
    StateLaw(
        "LEMMA-meter",
        "No number of a meter is negative, but perhaps what is reserved, and its last step is not in the future.",
        HERE,
        _meter_is_whole,
        rows={METERS: _same},
    ),
    StateLaw(
        "LEMMA-reserved",
        "An offer has reserved what its positions have earned, which is no less than nothing.",
        HERE,
        _reserves_what_is_earned,
        rows={METERS: _same},
        sums={BOOKS.stake: _same, BOOKS.stake_to_index: _same},
    ),
    StateLaw(
        "LEMMA-held",
        "A group holds what it carries, and what its holdings were given, which is no less than nothing.",
        HERE,
        _holds_what_was_given,
        rows={GROUPS: _same},
        sums={BOOKS.weight: _same, BOOKS.weight_to_index: _same},
    ),
    StateLaw("LEMMA-weight", "No weight is negative.", HERE, _weight_is_not_negative, rows={WEIGHTS: _same}),
    StateLaw(
        "LEMMA-holding",
        "A holding is not settled beyond its group, and counts no less than nothing.",
        HERE,
        _holding_is_not_negative,
        rows={HOLDINGS: _same},
        also_reads=(GROUPS,),
    ),
    StateLaw(
        "LEMMA-kinds",
        "Positions are noted at rows of stake alone, and holdings at rows of weight.",
        HERE,
        _row_is_of_one_kind,
        rows={POSITIONS_OF_ROW: _same, HOLDINGS_OF_ROW: _same},
    ),
    StateLaw(
        "LEMMA-noted",
        "A position that is noted at a row depends on it and is counted; an unused place names nobody.",
        HERE,
        _noted_position_is_counted,
        rows={POSITIONS_BY_ROW: _same},
        also_reads=(POSITIONS_OF_ROW, POSITIONS),
    ),
    StateLaw(
        "LEMMA-noted-holding",
        "A holding that is noted at a row depends on it and is counted; an unused place names nobody.",
        HERE,
        _noted_holding_is_counted,
        rows={HOLDINGS_BY_ROW: _same},
        also_reads=(HOLDINGS_OF_ROW, HOLDINGS),
    ),
    StateLaw(
        "LEMMA-found",
        "A counted position is noted at its row.",
        HERE,
        _counted_position_is_noted,
        rows={POSITIONS: _same},
        also_reads=(POSITIONS_OF_ROW,),
    ),
    StateLaw(
        "LEMMA-found-holding",
        "A counted holding is noted at its row.",
        HERE,
        _counted_holding_is_noted,
        rows={HOLDINGS: _same},
        also_reads=(HOLDINGS_OF_ROW,),
    ),
    StateLaw(
        "LEMMA-feeds",
        "No group has less than no places for positions.",
        HERE,
        _no_group_has_fewer_than_none,
        rows={FEEDS_OF_GROUP: _same},
    ),
    StateLaw(
        "LEMMA-fed",
        "A position that feeds a group is counted; an unused place names nobody.",
        HERE,
        _feeding_position_is_counted,
        rows={FEEDS: _same},
        also_reads=(FEEDS_OF_GROUP, POSITIONS),
    ),
    StateLaw(
        "LEMMA-policies",
        "No offer has less than no places for policies.",
        HERE,
        _list_is_not_negative,
        rows={POLICIES_OF_OFFER: _same},
    ),
    StateLaw(
        "LEMMA-places",
        "No policy has a place beyond the list of its offer.",
        HERE,
        _has_no_place_beyond,
        rows={POLICIES: _same},
        also_reads=(POLICIES_OF_OFFER,),
    ),
    StateLaw(
        "LEMMA-group",
        "No group has less than no weight, and no index falls below zero.",
        HERE,
        _group_is_not_negative,
        rows={GROUPS: _same},
    ),
    StateLaw(
        "LEMMA-lasting", "No stake is negative.", HERE, _stake_is_not_negative, rows={LASTING: _same, LEAVING: _same}
    ),
    StateLaw(
        "LEMMA-staked",
        "No position is negative, nor what a deposit adds to it.",
        HERE,
        _position_is_not_negative,
        rows={STAKED: _same, GAINS: _same},
    ),
    StateLaw("LEMMA-waiting", "No withdrawal is negative.", HERE, _withdrawal_is_not_negative, rows={WAITING: _same}),
    StateLaw("LEMMA-value", "No unit of a position has a negative value.", HERE, _value_is_a_fraction, {VALUES: _same}),
    StateLaw(
        "LEMMA-signers",
        "The signers of a certificate are in order, and so no two of them are the same.",
        HERE,
        _signers_are_ordered,
        rows={CERTIFICATES: _same},
    ),
    StateLaw(
        "LEMMA-given-up",
        "The market has noted what a service has given up.",
        HERE,
        _what_is_given_up_is_noted,
        rows={FORGONE: _same, GIVEN_UP: _same},
    ),
    StateLaw(
        "LEMMA-named",
        "No vault without a name is open.",
        HERE,
        _vault_has_a_name,
        rows={RECEIPT_VAULTS: _same},
    ),
    StateLaw(
        "LEMMA-redeemed",
        "No redemption is of the vault's own account, which has the vault's name.",
        HERE,
        _holder_is_no_vault,
        rows={REDEMPTIONS: _same},
    ),
    StateLaw(
        "LEMMA-index",
        "A position is of an open offer, is not settled beyond it, and counts no less than nothing.",
        HERE,
        _amount_is_not_negative,
        rows={POSITIONS: _same},
        also_reads=(METERS, TERMS),
    ),
    StateLaw(
        "LEMMA-watched",
        "What a table counts is watched.",
        HERE,
        _stake_is_watched,
        rows={ENTRIES: _same},
        also_reads=(SLASHED_OF_PURSES,),
    ),
    StateLaw(
        "LEMMA-arrived",
        "A table is of an open channel, and has not arrived before its delay was over.",
        HERE,
        _arrived_in_time,
        rows={STAKE_TABLES: _same},
        also_reads=(CHANNELS, NOW),
    ),
    StateLaw(
        "LEMMA-listed",
        "An entry is of a table that was sent.",
        HERE,
        _is_of_a_table,
        rows={ENTRIES: _same},
        also_reads=(STAKE_TABLES,),
    ),
    StateLaw(
        "LEMMA-numbered",
        "No certificate has a number that is still to come.",
        HERE,
        _is_numbered,
        rows={CERTIFICATES: _same},
        also_reads=(CHANNEL_USES,),
    ),
    StateLaw(
        "LEMMA-fund",
        "Policies can be sold on the terms of an open fund; any other is empty.",
        HERE,
        _funds_can_insure,
        rows={FUND_TERMS: _same, FUNDS: _same},
    ),
    StateLaw(
        "LEMMA-mark",
        "No period of a mark is negative, and only open vaults on a pool have one.",
        HERE,
        _vault_on_a_pool_has_a_mark,
        rows={RECEIPT_VAULTS: _same},
    ),
    StateLaw(
        "LEMMA-above",
        "A vault that holds receipts of another is open.",
        HERE,
        _holder_above_is_open,
        rows={RECEIPTS_OF_VAULTS: _same},
        also_reads=(RECEIPT_VAULTS,),
    ),
    StateLaw(
        "LEMMA-lost",
        "A fund whose leaving shares have no capital has none.",
        HERE,
        _all_of_a_fund_is_lost,
        rows={FUNDS: _same},
    ),
    StateLaw(
        "LEMMA-underwriter",
        "Nobody has shares of a fund that is not open.",
        HERE,
        _shares_are_of_an_open_fund,
        rows={UNDERWRITERS: _same},
        also_reads=(FUND_TERMS,),
    ),
    StateLaw(
        "LEMMA-plan",
        "A plan has a number up to the latest, and no less than no targets and caps.",
        HERE,
        _plan_is_numbered,
        rows={TARGETS_OF_PLAN: _same, CAPS_OF_PLAN: _same, PLAN_PACES: _same},
        also_reads=(LATEST_PLANS,),
    ),
    StateLaw(
        "LEMMA-target",
        "A target of a plan is found in its place.",
        HERE,
        _target_is_in_its_place,
        rows={TARGET_PLACES: _same},
        also_reads=(TARGETS, TARGETS_OF_PLAN),
    ),
    StateLaw(
        "LEMMA-member",
        "Only a cap of a plan has members.",
        HERE,
        _members_are_of_a_cap,
        rows={MEMBERS_OF_CAP: _same},
        also_reads=(CAPS_OF_PLAN,),
    ),
    StateLaw(
        "LEMMA-latest",
        "The plan that waits is the latest, is not in force, and has no fewer targets than the one in force.",
        HERE,
        _latest_plan_waits,
        rows={PENDING_PLANS: _same, PLANS_IN_FORCE: _same, LATEST_PLANS: _same},
        also_reads=(TARGETS_OF_PLAN,),
    ),
    StateLaw(
        "LEMMA-earlier",
        "A plan later than the one in force has its targets, each in its place.",
        HERE,
        _plan_has_earlier_targets,
        rows={TARGETS: _same},
        also_reads=(PLANS_IN_FORCE, TARGETS, TARGETS_OF_PLAN),
    ),
    StateLaw(
        "LEMMA-split",
        "A weight is of a target of the plan in force.",
        HERE,
        _weight_is_of_a_target,
        rows={MANDATE_WEIGHTS: _same},
        also_reads=(PLANS_IN_FORCE, TARGETS_OF_PLAN),
    ),
    StateLaw(
        "LEMMA-splits",
        "The weights of a mandate are those of its first targets, and of later ones, if it has some.",
        HERE,
        _weights_are_of_few,
        rows={PLANS_IN_FORCE: _same},
        sums={WEIGHTS_OF_MANDATES: _same, LATER_WEIGHTS: _same},
        also_reads=(MANDATE_WEIGHTS, TARGETS_OF_PLAN),
    ),
    StateLaw(
        "LEMMA-allotted",
        "No amount of a target is negative; while some waits it is fixed, and what cannot be backed gets no more.",
        HERE,
        _allotment_is_possible,
        rows={ALLOTTED: _same},
    ),
]

FOLLOWS: Final = {"FEE-08": ("LEMMA-meter", "LEMMA-reserved")}
"""The map from a law to those from which it follows in any state."""
