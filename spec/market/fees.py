"""Fees with a price that moves: services pay for the lasting stake that they can slash, per point and unit.

A service opens an *offer* for the stake of a pool, and funds its budget. An operator that enrols has a *position*: its
lasting stake that the service can slash is counted. The position earns the offer's rate at every point, until the
budget is empty. The operator keeps its commission. The rest goes to the *group* that bears the operator's slashes. The
holders that have joined the group share it by weight. If no holder has joined, the rest returns to the budget.

Positions and groups are settled before they change. They settle by an index, the total that each unit has earned so
far. Only two amounts are rounded. A group cannot give each unit of weight a fraction of a grain, and keeps the
remainder for the next division. Only whole units of the token are paid, and the claimant keeps the remainder.
"""

from spec.arithmetic import WAD
from spec.layer import Act
from spec.machine import SINGLETON, Delta, Draft
from spec.market.actions import (
    ApplyCommission,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    FundOffer,
    Join,
    OpenOffer,
    ProposeCommission,
    StepRate,
)
from spec.market.counting import (
    MAX_COUNTED,
    advance,
    credit,
    recount_holding,
    recount_position,
    settle_group,
    settle_holding,
    settle_position,
    watch_holding,
    watch_position,
)
from spec.market.port import Port
from spec.market.rates import CURVES, EXPONENTIAL, break_even_rate, break_even_wad, next_rate, payable, shortfall_after
from spec.market.reasons import Reason
from spec.market.state import (
    CLAIMABLES,
    COMMISSIONS,
    FEEDS,
    HOLDINGS,
    METERS,
    POSITIONS,
    RISKS,
    SETTINGS,
    TERMS,
    TREASURY,
    Commission,
    Counted,
    Holding,
    ListedPosition,
    Meter,
    Offer,
    Position,
    Risk,
    Terms,
    Treasury,
)


def open_offer(port: Port, draft: Draft, action: OpenOffer) -> Delta | Reason:
    """Open an offer at its floor rate, with an empty budget. Its terms and its declared risk never change.

    Rejects, in order: NOT_THE_SERVICE, OFFER_IS_OPEN, UNKNOWN_CURVE, INVALID_TERMS unless target, divisor, floor and
    period are positive, the cap is no lower than the floor and the step a positive fraction; INVALID_RISK unless the
    shortfall is no less than the expected loss and the year has points; FLOOR_BELOW_BREAK_EVEN.
    """
    offer: Offer = (action.service, action.pool)
    terms = action.offered_terms
    if action.sender != action.service[0]:
        return Reason.NOT_THE_SERVICE
    if draft.get(TERMS, offer).is_open:
        return Reason.OFFER_IS_OPEN
    if terms.curve not in CURVES:
        return Reason.UNKNOWN_CURVE
    if not _are_valid(terms):
        return Reason.INVALID_TERMS
    if action.risk.points_per_year <= 0 or action.risk.shortfall_wad < action.risk.expected_loss_wad:
        return Reason.INVALID_RISK
    if terms.floor_rate < break_even_rate_of(action.risk):
        return Reason.FLOOR_BELOW_BREAK_EVEN
    now = port.now(draft)
    draft.put(TERMS, offer, opened(terms))
    draft.put(RISKS, offer, action.risk)
    draft.put(METERS, offer, Meter(rate=terms.floor_rate, updated_point=now, stepped_point=now))
    return draft.delta()


def _are_valid(terms: Terms) -> bool:
    """True if a rate can follow the terms: no division by zero, a floor at most the cap, and a positive fraction as
    largest step.
    """
    if terms.target_stake <= 0 or terms.divisor <= 0 or terms.period_points <= 0:
        return False
    return 0 < terms.floor_rate <= terms.cap_rate and 0 < terms.max_step_wad <= WAD


def opened(terms: Terms) -> Terms:
    """A copy of an offer's terms in which `is_open` is True."""
    return Terms(
        is_open=True,
        curve=terms.curve,
        target_stake=terms.target_stake,
        divisor=terms.divisor,
        floor_rate=terms.floor_rate,
        cap_rate=terms.cap_rate,
        max_step_wad=terms.max_step_wad,
        period_points=terms.period_points,
    )


def break_even_rate_of(risk: Risk) -> int:
    """The break-even rate of a declared risk, below which counted stake makes a loss: grains per unit of stake and
    point. Rounds up, twice.
    """
    fee_wad = break_even_wad(risk.expected_loss_wad, risk.shortfall_wad, risk.capital_cost_wad)
    return break_even_rate(fee_wad, risk.unit_price_wad, risk.points_per_year)


def fund_offer(port: Port, draft: Draft, action: FundOffer, act: Act, account: str) -> Delta | Reason:
    """Transfer the sender's tokens to the market's account, and add them to an offer's budget, after accrual up to now.

    `act` executes a base action, and `account` is the market's account. Rejects, in order: NO_SUCH_OFFER,
    NOTHING_TO_PAY_IN, PAYMENT_FAILED if the base rejects the transfer.
    """
    offer: Offer = (action.service, action.pool)
    if not draft.get(TERMS, offer).is_open:
        return Reason.NO_SUCH_OFFER
    if action.amount <= 0:
        return Reason.NOTHING_TO_PAY_IN
    token = draft.get(SETTINGS, SINGLETON).fee_token
    if not isinstance(act(port.payment(token, action.sender, account, action.amount)), Delta):
        return Reason.PAYMENT_FAILED
    meter = advance(port, draft, offer)
    draft.put(
        METERS,
        offer,
        Meter(
            budget_grains=meter.budget_grains + action.amount * WAD,
            reserved_grains=meter.reserved_grains,
            index=meter.index,
            rate=meter.rate,
            shortfall=meter.shortfall,
            stake=meter.stake,
            updated_point=meter.updated_point,
            stepped_point=meter.stepped_point,
        ),
    )
    treasury = draft.get(TREASURY, SINGLETON)
    draft.put(TREASURY, SINGLETON, Treasury(funded=treasury.funded + action.amount, paid=treasury.paid))
    return draft.delta()


def step_rate(port: Port, draft: Draft, action: StepRate) -> Delta | Reason:
    """Move an offer's rate by one step of its curve, given the counted stake. Returns the new rate.

    The call makes one step, even if several periods have passed since the last one. Rejects, in order: NO_SUCH_OFFER,
    TOO_EARLY within a period of the last step.
    """
    offer: Offer = (action.service, action.pool)
    terms = draft.get(TERMS, offer)
    if not terms.is_open:
        return Reason.NO_SUCH_OFFER
    now = port.now(draft)
    if now < draft.get(METERS, offer).stepped_point + terms.period_points:
        return Reason.TOO_EARLY
    meter = advance(port, draft, offer)
    shortfall = 0
    if terms.curve == EXPONENTIAL:
        shortfall = shortfall_after(meter.shortfall, terms.target_stake, meter.stake, terms.divisor)
    rate = next_rate(terms, meter.rate, shortfall, meter.stake)
    draft.put(
        METERS,
        offer,
        Meter(
            budget_grains=meter.budget_grains,
            reserved_grains=meter.reserved_grains,
            index=meter.index,
            rate=rate,
            shortfall=shortfall,
            stake=meter.stake,
            updated_point=now,
            stepped_point=now,
        ),
    )
    return draft.delta(rate)


def enrol(port: Port, draft: Draft, action: Enrol) -> Delta | Reason:
    """Enrol the sender, an operator, in an offer, which counts its stake from now on. Returns the counted stake.

    Rejects, in order: NO_SUCH_OFFER, ALREADY_COUNTED, INVALID_COMMISSION unless it is from 0 to WAD, TOO_MANY_COUNTED
    if a row on which the stake depends, or its group, has MAX_COUNTED positions already.
    """
    offer: Offer = (action.service, action.pool)
    position: Position = (offer, action.sender)
    group = port.group(action.sender, action.pool)
    if not draft.get(TERMS, offer).is_open:
        return Reason.NO_SUCH_OFFER
    if draft.get(POSITIONS, position).is_counted:
        return Reason.ALREADY_COUNTED
    if not 0 <= action.commission_wad <= WAD:
        return Reason.INVALID_COMMISSION
    if FEEDS.size(draft, group) >= MAX_COUNTED or not watch_position(port, draft, position):
        return Reason.TOO_MANY_COUNTED
    meter = advance(port, draft, offer)
    FEEDS.append(draft, group, ListedPosition(position))
    draft.put(COMMISSIONS, position, Commission(fraction_wad=action.commission_wad))
    draft.put(POSITIONS, position, Counted(is_counted=True, amount=0, index=meter.index))
    return draft.delta(recount_position(port, draft, position))


def count_position(port: Port, draft: Draft, action: CountPosition) -> Delta | Reason:
    """Settle an operator's position, and update its counted stake, for example after an allocation took effect. Returns
    the new stake.

    Rejects: NOT_COUNTED if the position has never been counted.
    """
    position: Position = ((action.service, action.pool), action.operator)
    if not draft.get(POSITIONS, position).is_counted:
        return Reason.NOT_COUNTED
    settle_position(port, draft, position)
    return draft.delta(recount_position(port, draft, position))


def propose_commission(port: Port, draft: Draft, action: ProposeCommission) -> Delta | Reason:
    """Announce a new commission of the sender's position, which can be applied after the market's delay.

    A later announcement replaces this one, and the delay restarts. Rejects, in order: NOT_COUNTED if the position has
    never been counted, INVALID_COMMISSION unless the fraction is from 0 to WAD.
    """
    position: Position = ((action.service, action.pool), action.sender)
    if not draft.get(POSITIONS, position).is_counted:
        return Reason.NOT_COUNTED
    if not 0 <= action.fraction_wad <= WAD:
        return Reason.INVALID_COMMISSION
    draft.put(
        COMMISSIONS,
        position,
        Commission(
            fraction_wad=draft.get(COMMISSIONS, position).fraction_wad,
            is_pending=True,
            pending_fraction_wad=action.fraction_wad,
            effect_point=port.now(draft) + draft.get(SETTINGS, SINGLETON).commission_delay_points,
        ),
    )
    return draft.delta()


def apply_commission(port: Port, draft: Draft, action: ApplyCommission) -> Delta | Reason:
    """Settle an operator's position by its old commission, then apply the announced one.

    Rejects, in order: NO_COMMISSION_PENDING, TOO_EARLY until the announced commission's delay is over.
    """
    position: Position = ((action.service, action.pool), action.operator)
    commission = draft.get(COMMISSIONS, position)
    if not commission.is_pending:
        return Reason.NO_COMMISSION_PENDING
    if port.now(draft) < commission.effect_point:
        return Reason.TOO_EARLY
    settle_position(port, draft, position)
    draft.put(COMMISSIONS, position, Commission(fraction_wad=commission.pending_fraction_wad))
    return draft.delta()


def join(port: Port, draft: Draft, action: Join) -> Delta | Reason:
    """Join the sender to a group, which counts its weight from now on. Returns the weight.

    Fees that the group has earned before are shared first, without the sender.
    Rejects, in order: ALREADY_COUNTED, TOO_MANY_COUNTED if a row on which the weight depends has MAX_COUNTED holdings
    already.
    """
    holding: Holding = (action.group, action.sender)
    if draft.get(HOLDINGS, holding).is_counted:
        return Reason.ALREADY_COUNTED
    settle_group(port, draft, action.group)
    if not watch_holding(port, draft, holding):
        return Reason.TOO_MANY_COUNTED
    settle_holding(draft, holding)
    return draft.delta(recount_holding(port, draft, holding))


def count_holding(port: Port, draft: Draft, action: CountHolding) -> Delta | Reason:
    """Settle a holding and its group, and update the holding's counted weight. Returns the new weight.

    Rejects: NOT_COUNTED if the holding has never been counted.
    """
    holding: Holding = (action.group, action.holder)
    if not draft.get(HOLDINGS, holding).is_counted:
        return Reason.NOT_COUNTED
    settle_group(port, draft, action.group)
    settle_holding(draft, holding)
    return draft.delta(recount_holding(port, draft, holding))


def claim_fees(port: Port, draft: Draft, action: ClaimFees, act: Act, account: str) -> Delta | Reason:
    """Pay the sender's credited fees in whole units, rounded down. A remainder below one unit stays claimable.

    Unsettled fees are not paid: a call of `count_position` or `count_holding` settles them. `account` is the market's
    account, which pays. Returns the amount. Rejects, in order: NOTHING_TO_CLAIM, PAYMENT_FAILED if the base rejects the
    transfer.
    """
    amount = payable(draft.get(CLAIMABLES, action.sender).grains)
    if amount == 0:
        return Reason.NOTHING_TO_CLAIM
    token = draft.get(SETTINGS, SINGLETON).fee_token
    if not isinstance(act(port.payment(token, account, action.sender, amount)), Delta):
        return Reason.PAYMENT_FAILED
    credit(draft, action.sender, -amount * WAD)
    treasury = draft.get(TREASURY, SINGLETON)
    draft.put(TREASURY, SINGLETON, Treasury(funded=treasury.funded, paid=treasury.paid + amount))
    return draft.delta(amount)
