"""Laws of the calls about fees: only stake that was counted earns, only over time, and due fees can be claimed."""

from typing import Any, Final, cast

from invariants.law import AcceptedStep, AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw, View, written
from invariants.market.books import HERE
from spec.arithmetic import WAD, mul_div_floor
from spec.machine import SINGLETON
from spec.market.actions import (
    ApplyCommission,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    EnrolMandate,
    OpenOffer,
    ProposeCommission,
    StepRate,
)
from spec.market.port import Port
from spec.market.rates import EXPONENTIAL, MAX_EXPONENT
from spec.market.state import (
    CLAIMABLES,
    COMMISSIONS,
    FEEDS,
    GROUPS,
    HOLDINGS,
    METERS,
    POSITIONS,
    RISKS,
    SETTINGS,
    TERMS,
    TREASURY,
    Commission,
    Offer,
    Position,
)
from spec.market.transition import ACCOUNT


def _terms_are_fixed(step: AnyStep) -> bool:
    """True if terms and risks are written only for offers that were not open, by their service."""
    offers = [*written(step.delta, TERMS), *written(step.delta, RISKS)]
    return all(
        [not step.before.rows.get(TERMS, offer).is_open and step.action.sender == offer[0][0] for offer in offers]
    )


def _rate_moves_by_steps(step: AnyStep) -> bool:
    """True if a rate changes only by StepRate, at least a period after its last step, and by at most the terms' largest
    step.

    It may rise only while the counted stake is below the target, and fall only while it is above.
    """
    for offer in written(step.delta, METERS):
        terms = step.before.rows.get(TERMS, offer)
        before, after = step.before.rows.get(METERS, offer), step.after.rows.get(METERS, offer)
        moved, waited = after.rate - before.rate, after.stepped_point - before.stepped_point
        if not terms.is_open:
            continue
        if not isinstance(step.action, StepRate):
            if moved != 0 or waited != 0:
                return False
            continue
        is_small = abs(moved) <= 1 or abs(moved) * WAD <= before.rate * terms.max_step_wad
        is_upwards, is_downwards = before.stake < terms.target_stake, before.stake > terms.target_stake
        is_right = moved == 0 or (is_upwards if moved > 0 else is_downwards)
        if not is_small or not is_right or waited < terms.period_points:
            return False
    return True


def _missing_stake_raises_the_rate(step: AcceptedStep[StepRate]) -> bool:
    offer: Offer = (step.action.service, step.action.pool)
    terms, before = step.before.rows.get(TERMS, offer), step.before.rows.get(METERS, offer)
    after = step.after.rows.get(METERS, offer)
    gap = terms.target_stake - before.stake
    if terms.curve == EXPONENTIAL:
        return after.shortfall == before.shortfall + gap or after.shortfall in (0, MAX_EXPONENT * terms.divisor)
    if gap > 0 and before.rate < terms.cap_rate:
        return after.rate > before.rate
    if gap < 0 and -gap >= terms.target_stake:
        least = mul_div_floor(before.rate, 1, terms.divisor)
        return after.rate <= max(
            before.rate - min(least, _largest_step(before.rate, terms.max_step_wad)), terms.floor_rate
        )
    return True


def _largest_step(rate: int, max_step_wad: int) -> int:
    return max(mul_div_floor(rate, max_step_wad, WAD), 1)


def _group_carries_little(step: AnyStep) -> bool:
    """True if no group's index falls, and the grains that a group carries over are fewer than its weight before."""
    for group in written(step.delta, GROUPS):
        before, after = step.before.rows.get(GROUPS, group), step.after.rows.get(GROUPS, group)
        if after.index < before.index or after.carried_grains < 0:
            return False
        if after.carried_grains != before.carried_grains and after.carried_grains >= before.weight:
            return False
    return True


def _pays_the_claimant_alone(step: AcceptedStep[ClaimFees]) -> bool:
    """True if a claim pays its sender all whole units, keeps less than one, and writes no other account's claim.

    So claims of different accounts commute.
    """
    account = step.action.sender
    before, after = step.before.rows.get(CLAIMABLES, account), step.after.rows.get(CLAIMABLES, account)
    paid = step.after.rows.get(TREASURY, SINGLETON).paid - step.before.rows.get(TREASURY, SINGLETON).paid
    own = (CLAIMABLES.name, TREASURY.name)
    others = [write.table.name for write in step.delta.writes if write.table.name not in own]
    return (
        written(step.delta, CLAIMABLES) == [account]
        and before.grains - after.grains == paid * WAD
        and 0 <= after.grains < WAD
        and paid == step.delta.returns
        and len(others) > 0
        and all([name == others[0] for name in others])
    )


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


class FeeLaws:
    """The step and rejection laws of the calls about fees above one base protocol."""

    def __init__(self, port: Port) -> None:
        self._port: Final = port

    def _earns_by_the_point(self, step: AnyStep) -> bool:
        """True if each unit of counted stake earns the offer's rate for every point that the budget before the step can
        pay.

        It must earn nothing for any other point.
        """
        now = self._port.now(step.after.rows)
        for offer in written(step.delta, METERS):
            before, after = step.before.rows.get(METERS, offer), step.after.rows.get(METERS, offer)
            earned, elapsed = after.index - before.index, now - before.updated_point
            burn = before.rate * before.stake
            if after.updated_point != now:
                return False
            if isinstance(step.action, OpenOffer) or burn == 0:
                if earned != 0:
                    return False
            elif earned == before.rate * elapsed:
                if burn * elapsed > before.budget_grains:
                    return False
            else:
                is_possible = 0 <= earned < before.rate * elapsed
                is_all = earned * before.stake <= before.budget_grains < (earned + before.rate) * before.stake
                if not is_possible or not is_all:
                    return False
        return True

    def _is_settled_before_it_changes(self, step: AnyStep) -> bool:
        """True if every position or holding that the step writes has been settled up to the current point.

        For a holding, all positions that feed its group must be settled too. A written commission counts as its
        position, unless it is only proposed.
        """
        rows, now = step.after.rows, self._port.now(step.after.rows)
        positions = [*written(step.delta, POSITIONS), *written(step.delta, COMMISSIONS)]
        if isinstance(step.action, ProposeCommission):
            positions = written(step.delta, POSITIONS)
        for holding in written(step.delta, HOLDINGS):
            if rows.get(HOLDINGS, holding).index != rows.get(GROUPS, holding[0]).index:
                return False
            positions = [*positions, *[listed.position for listed in FEEDS.members(rows, holding[0])]]
        for position in positions:
            meter = rows.get(METERS, position[0])
            if rows.get(POSITIONS, position).index != meter.index or meter.updated_point != now:
                return False
        return True

    def _commission_waits(self, step: AnyStep) -> bool:
        """True if a commission is set by the operator's first enrolment, or by applying its own proposal after the
        delay.

        EnrolMandate must leave the commission empty.
        """
        now, delay = self._port.now(step.after.rows), step.before.rows.get(SETTINGS, SINGLETON).commission_delay_points
        for position in written(step.delta, COMMISSIONS):
            before, after = step.before.rows.get(COMMISSIONS, position), step.after.rows.get(COMMISSIONS, position)
            if isinstance(step.action, ApplyCommission):
                is_due = before.is_pending and before.effect_point <= now and not after.is_pending
                if not is_due or after.fraction_wad != before.pending_fraction_wad:
                    return False
            elif isinstance(step.action, EnrolMandate):
                if after != Commission():
                    return False
            elif step.action.sender != position[1]:
                return False
            elif isinstance(step.action, Enrol):
                if step.before.rows.get(POSITIONS, position).is_counted:
                    return False
            elif after.fraction_wad != before.fraction_wad or after.effect_point < now + delay:
                return False
        return True

    def _operator_keeps_its_commission(self, step: AcceptedStep[CountPosition]) -> bool:
        """True if the operator is credited with its commission on a position's earnings, rounded down.

        The rest goes to the group of holders, or back to the budget if the group is empty.
        """
        call = step.action
        offer: Offer = (call.service, call.pool)
        position: Position = (offer, call.operator)
        before, after = step.before.rows, step.after.rows
        counted, meter = before.get(POSITIONS, position), before.get(METERS, offer)
        index = after.get(METERS, offer).index
        earned = (index - counted.index) * counted.amount
        kept = after.get(CLAIMABLES, call.operator).grains - before.get(CLAIMABLES, call.operator).grains
        group = self._port.group(call.operator, call.pool)
        shared = after.get(GROUPS, group).held_grains - before.get(GROUPS, group).held_grains
        spent = (index - meter.index) * meter.stake
        returned = after.get(METERS, offer).budget_grains - meter.budget_grains + spent
        fraction_wad = before.get(COMMISSIONS, position).fraction_wad
        if not kept * WAD <= earned * fraction_wad < (kept + 1) * WAD:
            return False
        is_shared = before.get(GROUPS, group).weight > 0
        return (shared, returned) == ((earned - kept, 0) if is_shared else (0, earned - kept))

    def _moves_tokens(self, step: AcceptedStep[ClaimFees]) -> bool:
        token, amount = step.before.rows.get(SETTINGS, SINGLETON).fee_token, cast(int, step.delta.returns)
        account = step.action.sender
        gained = self._port.balance(step.after.rows, token, account) - self._port.balance(
            step.before.rows, token, account
        )
        lost = self._port.balance(step.before.rows, token, ACCOUNT) - self._port.balance(
            step.after.rows, token, ACCOUNT
        )
        return gained == lost == amount

    def _is_due_claim(self, before: View, action: ClaimFees) -> bool:
        return before.rows.get(CLAIMABLES, action.sender).grains >= WAD and action.sender != ACCOUNT

    def _is_counted(self, before: View, action: Any) -> bool:
        if isinstance(action, CountHolding):
            return before.rows.get(HOLDINGS, (action.group, action.holder)).is_counted
        return before.rows.get(POSITIONS, ((action.service, action.pool), action.operator)).is_counted

    def _is_due(self, before: View, action: Any) -> bool:
        now, offer = self._port.now(before.rows), (action.service, action.pool)
        if isinstance(action, StepRate):
            terms = before.rows.get(TERMS, offer)
            return terms.is_open and now >= before.rows.get(METERS, offer).stepped_point + terms.period_points
        commission = before.rows.get(COMMISSIONS, (offer, action.operator))
        return commission.is_pending and now >= commission.effect_point

    def step_laws(self) -> list[StepLaw]:
        """The step laws of the calls about fees."""
        return [
            StepLaw(
                "FEE-13",
                "The terms and the risk of an offer are written once, by its service.",
                HERE,
                _terms_are_fixed,
                Scope(tables=(TERMS, RISKS)),
            ),
            StepLaw(
                "FEE-14",
                "A rate moves by its step alone, a period after the last, within its bound: up below the target, down "
                "above it.",
                "EIP-1559; this project",
                _rate_moves_by_steps,
                Scope(tables=(METERS,)),
            ),
            StepLaw(
                "FEE-15",
                "Missing stake raises the rate of BASE_FEE, and the shortfall of EXPONENTIAL, by a step.",
                "EIP-1559, EIP-4844",
                _missing_stake_raises_the_rate,
                Scope((StepRate,)),
            ),
            StepLaw(
                "FEE-16",
                "Each unit of counted stake earns the rate at every point for which the budget pays, and at no other.",
                HERE,
                lambda step: self._earns_by_the_point(step),
                Scope(tables=(METERS,)),
            ),
            StepLaw(
                "FEE-17",
                "Whatever is counted anew is settled up to now, with all that feeds its group: no fee goes to who came "
                "later.",
                HERE,
                lambda step: self._is_settled_before_it_changes(step),
                Scope(tables=(POSITIONS, HOLDINGS, COMMISSIONS)),
            ),
            StepLaw(
                "FEE-18",
                "A commission changes after its delay, to what its operator announced.",
                HERE,
                lambda step: self._commission_waits(step),
                Scope(tables=(COMMISSIONS,)),
            ),
            StepLaw(
                "FEE-19",
                "An operator is credited with its commission, rounded down, and its group with all the rest.",
                HERE,
                lambda step: self._operator_keeps_its_commission(step),
                Scope((CountPosition,)),
            ),
            StepLaw(
                "FEE-20",
                "A group carries less than a grain for each unit of weight; its index never falls.",
                HERE,
                _group_carries_little,
                Scope(tables=(GROUPS,)),
            ),
            StepLaw(
                "FEE-21",
                "A claim takes its whole units and leaves less than one, and touches nobody else's: claims commute.",
                HERE,
                _pays_the_claimant_alone,
                Scope((ClaimFees,)),
            ),
            StepLaw(
                "FEE-22",
                "The claimant gains what the market's account pays.",
                HERE,
                lambda step: self._moves_tokens(step),
                Scope((ClaimFees,)),
                lambda step: step.action.sender != ACCOUNT,
            ),
        ]

    def rejection_laws(self) -> list[RejectionLaw]:
        """The rejection laws of the calls about fees."""
        return [
            RejectionLaw(
                "FEE-23",
                "Whoever has been credited with a whole unit can claim it at any time.",
                HERE,
                _is_never_right,
                Scope((ClaimFees,)),
                lambda before, action: self._is_due_claim(before, action),
            ),
            RejectionLaw(
                "FEE-24",
                "Whatever is counted can be settled by anybody at any time, whether or not the budget is empty.",
                HERE,
                _is_never_right,
                Scope((CountPosition, CountHolding)),
                lambda before, action: self._is_counted(before, action),
            ),
            RejectionLaw(
                "FEE-25",
                "A step of a rate, and a commission that waits, can be had by anybody once they are due.",
                HERE,
                _is_never_right,
                Scope((StepRate, ApplyCommission)),
                lambda before, action: self._is_due(before, action),
            ),
        ]
