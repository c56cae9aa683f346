"""Symbiotic's laws of deposits: a deposit respects the vault's deposit limit."""

from typing import Final

from invariants.law import AcceptedStep, KnownViolation, Scope, StepLaw
from invariants.symbiotic.state_queries import epoch_of, now, reach
from spec.symbiotic.actions import Deposit
from spec.symbiotic.state import ACTIVE_STAKE, DEPOSIT_POLICIES, VAULTS


def _deposit_keeps_the_limit(step: AcceptedStep[Deposit]) -> bool:
    call = step.action
    policy = step.before.rows.get(DEPOSIT_POLICIES, call.vault)
    return ACTIVE_STAKE.latest(step.after.rows, call.vault) <= policy.deposit_limit


def _deposit_keeps_the_limit_in_all(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.before.rows
    total_stake = reach(step.after.rows, call.vault, epoch_of(rows.get(VAULTS, call.vault), now(rows)) - 1)
    return total_stake <= rows.get(DEPOSIT_POLICIES, call.vault).deposit_limit


def _is_limited(step: AcceptedStep[Deposit]) -> bool:
    return step.before.rows.get(DEPOSIT_POLICIES, step.action.vault).is_deposit_limit


KNOWN_FALSE: Final[dict[str, KnownViolation]] = {
    "DEP-04": KnownViolation(
        "DEP-03",
        "symbiotic_deposit_limit_is_passed.json",
        "A vault can hold any multiple of its deposit limit, of which no more than the limit works for networks.",
    )
}


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DEP-03",
        "While the deposit limit is on, no deposit raises the active stake above it.",
        "Vault.deposit; Certora, Symbiotic Core: P-06, of active stake alone",
        _deposit_keeps_the_limit,
        Scope((Deposit,)),
        applies_to=_is_limited,
    ),
    StepLaw(
        "DEP-04",
        "While the deposit limit is on, no deposit raises a vault's whole slashable stake above it.",
        "Certora, Symbiotic Core: P-06, stakeLimitCannotBeBreached",
        _deposit_keeps_the_limit_in_all,
        Scope((Deposit,)),
        applies_to=_is_limited,
    ),
]
