"""Witnesses of fees: situations that walks through the market must reach."""

from typing import Final, get_args

from invariants.law import AnyStep, Scope, Witness, written
from invariants.market.books import HERE
from spec.market.actions import (
    Action,
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
from spec.market.rates import BASE_FEE, EXPONENTIAL
from spec.market.state import COMMISSIONS, GROUPS, HOLDINGS, METERS, POSITIONS, TERMS

FEES: Final = (
    OpenOffer,
    FundOffer,
    StepRate,
    Enrol,
    CountPosition,
    ProposeCommission,
    ApplyCommission,
    Join,
    CountHolding,
    ClaimFees,
)
OWN: Final = get_args(Action)


def _rate_moves(step: AnyStep, curve: str, sign: int) -> bool:
    offer = (step.action.service, step.action.pool)
    moved = step.after.rows.get(METERS, offer).rate - step.before.rows.get(METERS, offer).rate
    return moved * sign > 0 and step.before.rows.get(TERMS, offer).curve == curve


def _budget_runs_dry(step: AnyStep) -> bool:
    """True if an offer with counted stake earns for fewer points than have passed."""
    for offer in written(step.delta, METERS):
        before, after = step.before.rows.get(METERS, offer), step.after.rows.get(METERS, offer)
        elapsed = after.updated_point - before.updated_point
        if before.stake > 0 and 0 < after.index - before.index < before.rate * elapsed:
            return True
    return False


def _base_call_recounts(step: AnyStep, sign: int) -> bool:
    """True if a call of the base changes the stake of a position that has earned since it was settled.

    The stake rises if `sign` is 1, and falls if it is -1.
    """
    if isinstance(step.action, OWN):
        return False
    for position in written(step.delta, POSITIONS):
        before, after = step.before.rows.get(POSITIONS, position), step.after.rows.get(POSITIONS, position)
        if (after.amount - before.amount) * sign > 0 and after.index > before.index:
            return True
    return False


def _base_call_reweighs(step: AnyStep) -> bool:
    """True if a call of the base changes a holder's weight in a group, and the group receives fees in the same step."""
    if isinstance(step.action, OWN):
        return False
    for group, holder in written(step.delta, HOLDINGS):
        before, after = step.before.rows.get(HOLDINGS, (group, holder)), step.after.rows.get(HOLDINGS, (group, holder))
        is_given = step.after.rows.get(GROUPS, group).index > step.before.rows.get(GROUPS, group).index
        if before.amount != after.amount and is_given:
            return True
    return False


def _goes_back(step: AnyStep) -> bool:
    """True if a position has earned fees that no group member shares."""
    offer = (step.action.service, step.action.pool)
    position = (offer, step.action.operator)
    before, after = step.before.rows.get(POSITIONS, position), step.after.rows.get(POSITIONS, position)
    earned = (after.index - before.index) * before.amount
    return earned > 0 and not written(step.delta, GROUPS)


def _carries(step: AnyStep) -> bool:
    return any([step.after.rows.get(GROUPS, group).carried_grains > 0 for group in written(step.delta, GROUPS)])


def _is_ended_commission(step: AnyStep) -> bool:
    position = ((step.action.service, step.action.pool), step.action.operator)
    before, after = step.before.rows.get(COMMISSIONS, position), step.after.rows.get(COMMISSIONS, position)
    return after.fraction_wad != before.fraction_wad


WITNESSES: Final[list[Witness]] = [
    *[
        Witness(f"FEE-W{number:02}", f"{action.__name__} is accepted.", HERE, lambda _step: True, Scope((action,)))
        for number, action in enumerate(FEES, 1)
    ],
    Witness(
        "FEE-W11",
        "The rate of EIP-1559's curve rises.",
        HERE,
        lambda step: _rate_moves(step, BASE_FEE, 1),
        Scope((StepRate,)),
    ),
    Witness("FEE-W12", "It falls.", HERE, lambda step: _rate_moves(step, BASE_FEE, -1), Scope((StepRate,))),
    Witness(
        "FEE-W13",
        "The rate of the exponential curve rises.",
        HERE,
        lambda step: _rate_moves(step, EXPONENTIAL, 1),
        Scope((StepRate,)),
    ),
    Witness("FEE-W14", "It falls.", HERE, lambda step: _rate_moves(step, EXPONENTIAL, -1), Scope((StepRate,))),
    Witness("FEE-W15", "A budget runs dry.", HERE, _budget_runs_dry, Scope(tables=(METERS,))),
    Witness(
        "FEE-W16",
        "A base call takes counted stake from a position that has earned.",
        HERE,
        lambda step: _base_call_recounts(step, -1),
        Scope(tables=(POSITIONS,)),
    ),
    Witness(
        "FEE-W17",
        "A base call adds to it.",
        HERE,
        lambda step: _base_call_recounts(step, 1),
        Scope(tables=(POSITIONS,)),
    ),
    Witness(
        "FEE-W18",
        "A base call changes a holder's weight while its group is given fees.",
        HERE,
        _base_call_reweighs,
        Scope(tables=(HOLDINGS,)),
    ),
    Witness("FEE-W19", "What nobody shares goes back.", HERE, _goes_back, Scope((CountPosition,))),
    Witness("FEE-W20", "A group carries what does not go round.", HERE, _carries, Scope(tables=(GROUPS,))),
    Witness("FEE-W21", "A commission changes.", HERE, _is_ended_commission, Scope((ApplyCommission,))),
]
"""A witness for each call about fees, and for the situations that their laws are about."""
