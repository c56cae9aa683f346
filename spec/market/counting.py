"""Counting: the base rows on which positions and holdings depend, and their settling before they change.

To count is to store a position's stake, or a holding's weight, which then earns fees. To settle is to credit these
fees. After a base call, the observer settles and recounts only the positions and holdings that depend on a written row.
So the cost of a base call depends on the rows that it writes. At most MAX_COUNTED positions, and as many holdings,
depend on one row.
"""

from typing import Final

from spec.machine import Draft, Write
from spec.market.port import Group, Port, RowKey
from spec.market.rates import advanced, commission_of, share_of_each
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
    Claimable,
    Counted,
    Holding,
    ListedHolding,
    ListedPosition,
    Meter,
    Offer,
    Position,
    Shared,
)

MAX_COUNTED: Final = 32
"""The most positions, and the most holdings, that depend on one base row. It bounds the work after one call."""


def watch_position(port: Port, draft: Draft, position: Position) -> bool:
    """Record the base rows on which a position's stake depends. Returns False if MAX_COUNTED positions depend on one of
    them already.
    """
    (service, pool), operator = position
    for row in port.rows_of_stake(service, operator, pool):
        if POSITIONS_BY_ROW.size(draft, row) >= MAX_COUNTED:
            return False
        POSITIONS_BY_ROW.append(draft, row, ListedPosition(position))
    return True


def watch_holding(port: Port, draft: Draft, holding: Holding) -> bool:
    """Record the base rows on which a holding's weight depends. Returns False if MAX_COUNTED holdings depend on one of
    them already.
    """
    for row in port.rows_of_weight(holding[0], holding[1]):
        if HOLDINGS_BY_ROW.size(draft, row) >= MAX_COUNTED:
            return False
        HOLDINGS_BY_ROW.append(draft, row, ListedHolding(holding))
    return True


def advance(port: Port, draft: Draft, offer: Offer) -> Meter:
    """Bring the meter of an offer (its running account) up to now, store it, and return it."""
    meter = advanced(draft.get(METERS, offer), port.now(draft))
    draft.put(METERS, offer, meter)
    return meter


def credit(draft: Draft, account: str, grains: int) -> None:
    """Change the grains (10^-18 of a fee token) that an account can claim by `grains`, which may be negative."""
    draft.put(CLAIMABLES, account, Claimable(draft.get(CLAIMABLES, account).grains + grains))


def settle_position(port: Port, draft: Draft, position: Position) -> None:
    """Credit a position's earnings up to now: the commission to its operator, the rest to its group.

    If the group has no weight, the rest returns to the offer's budget.
    """
    (service, pool), operator = position
    offer: Offer = (service, pool)
    meter = advance(port, draft, offer)
    counted = draft.get(POSITIONS, position)
    earned_grains = (meter.index - counted.index) * counted.amount
    commission_grains = commission_of(earned_grains, draft.get(COMMISSIONS, position).fraction_wad)
    rest_grains = earned_grains - commission_grains
    credit(draft, operator, commission_grains)
    is_shared = _share(draft, port.group(operator, pool), rest_grains)
    draft.put(
        METERS,
        offer,
        Meter(
            budget_grains=meter.budget_grains if is_shared else meter.budget_grains + rest_grains,
            reserved_grains=meter.reserved_grains - earned_grains,
            index=meter.index,
            rate=meter.rate,
            shortfall=meter.shortfall,
            stake=meter.stake,
            updated_point=meter.updated_point,
            stepped_point=meter.stepped_point,
        ),
    )
    draft.put(POSITIONS, position, Counted(is_counted=True, amount=counted.amount, index=meter.index))


def _share(draft: Draft, group: Group, grains: int) -> bool:
    """Divide grains among a group's holders by weight. A remainder waits for the next division. Returns False if the
    group has no weight.
    """
    shared = draft.get(GROUPS, group)
    if shared.weight == 0:
        return False
    each_grains = share_of_each(shared.carried_grains + grains, shared.weight)
    draft.put(
        GROUPS,
        group,
        Shared(
            weight=shared.weight,
            index=shared.index + each_grains,
            held_grains=shared.held_grains + grains,
            carried_grains=shared.carried_grains + grains - each_grains * shared.weight,
        ),
    )
    return True


def settle_group(port: Port, draft: Draft, group: Group) -> None:
    """Settle every position whose fees a group shares. So a holder who joins later gets no part of these fees."""
    for place in range(FEEDS.size(draft, group)):
        settle_position(port, draft, FEEDS.at(draft, group, place).position)


def settle_holding(draft: Draft, holding: Holding) -> None:
    """Credit a holder with the grains that its weight in its group has earned since the last settling."""
    group, holder = holding
    shared = draft.get(GROUPS, group)
    counted = draft.get(HOLDINGS, holding)
    given_grains = (shared.index - counted.index) * counted.amount
    credit(draft, holder, given_grains)
    draft.put(
        GROUPS,
        group,
        Shared(
            weight=shared.weight,
            index=shared.index,
            held_grains=shared.held_grains - given_grains,
            carried_grains=shared.carried_grains,
        ),
    )
    draft.put(HOLDINGS, holding, Counted(is_counted=True, amount=counted.amount, index=shared.index))


def recount_position(port: Port, draft: Draft, position: Position) -> int:
    """Update the counted stake of a settled position to its current lasting stake. Returns that stake."""
    (service, pool), operator = position
    offer: Offer = (service, pool)
    counted = draft.get(POSITIONS, position)
    stake = port.slashable(draft, service, operator, pool).lasting
    meter = draft.get(METERS, offer)
    draft.put(POSITIONS, position, Counted(is_counted=True, amount=stake, index=counted.index))
    draft.put(
        METERS,
        offer,
        Meter(
            budget_grains=meter.budget_grains,
            reserved_grains=meter.reserved_grains,
            index=meter.index,
            rate=meter.rate,
            shortfall=meter.shortfall,
            stake=meter.stake - counted.amount + stake,
            updated_point=meter.updated_point,
            stepped_point=meter.stepped_point,
        ),
    )
    return stake


def recount_holding(port: Port, draft: Draft, holding: Holding) -> int:
    """Update the counted weight of a settled holding to its current weight. Returns that weight."""
    group, holder = holding
    shared = draft.get(GROUPS, group)
    counted = draft.get(HOLDINGS, holding)
    weight = port.weight(draft, group, holder)
    draft.put(HOLDINGS, holding, Counted(is_counted=True, amount=weight, index=counted.index))
    draft.put(
        GROUPS,
        group,
        Shared(
            weight=shared.weight - counted.amount + weight,
            index=shared.index,
            held_grains=shared.held_grains,
            carried_grains=shared.carried_grains,
        ),
    )
    return weight


def observe_rows(port: Port, draft: Draft, writes: list[Write]) -> None:
    """Settle and recount the positions and holdings that depend on the rows that a base call wrote.

    First the groups of affected holdings settle all positions whose fees they share. Then each affected position is
    settled and recounted, then each affected holding. Several rows may affect one position or holding: doing it again
    changes nothing.
    """
    rows: list[RowKey] = [(write.table.name, write.key) for write in writes]
    of_positions = [row for row in rows if POSITIONS_BY_ROW.size(draft, row) > 0]
    of_holdings = [row for row in rows if HOLDINGS_BY_ROW.size(draft, row) > 0]
    for row in of_holdings:
        _settle_groups(port, draft, row)
    for row in of_positions:
        _count_positions(port, draft, row)
    for row in of_holdings:
        _count_holdings(port, draft, row)


def _settle_groups(port: Port, draft: Draft, row: RowKey) -> None:
    """Settle the groups of the holdings that depend on a base row, as `settle_group` does."""
    for place in range(HOLDINGS_BY_ROW.size(draft, row)):
        group = HOLDINGS_BY_ROW.at(draft, row, place).holding[0]
        for feed in range(FEEDS.size(draft, group)):
            settle_position(port, draft, FEEDS.at(draft, group, feed).position)


def _count_positions(port: Port, draft: Draft, row: RowKey) -> None:
    """Settle and recount the positions that depend on a base row."""
    for place in range(POSITIONS_BY_ROW.size(draft, row)):
        position = POSITIONS_BY_ROW.at(draft, row, place).position
        settle_position(port, draft, position)
        recount_position(port, draft, position)


def _count_holdings(port: Port, draft: Draft, row: RowKey) -> None:
    """Settle and recount the holdings that depend on a base row, after their groups were settled."""
    for place in range(HOLDINGS_BY_ROW.size(draft, row)):
        holding = HOLDINGS_BY_ROW.at(draft, row, place).holding
        settle_holding(draft, holding)
        recount_holding(port, draft, holding)
