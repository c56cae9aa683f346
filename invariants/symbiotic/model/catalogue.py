"""All model laws of Symbiotic, and their ids."""

from typing import Final

from invariants.law import RejectionLaw, StepLaw
from invariants.symbiotic.model import (
    delegation,
    guards,
    opt_in,
    rewards,
    slashing,
    staking,
    veto,
    views,
    withdrawals,
    write_sets,
)

STEP_LAWS: Final[list[StepLaw]] = [
    *guards.STEP_LAWS,
    *write_sets.STEP_LAWS,
    *staking.STEP_LAWS,
    *withdrawals.STEP_LAWS,
    *delegation.STEP_LAWS,
    *opt_in.STEP_LAWS,
    *slashing.STEP_LAWS,
    *veto.STEP_LAWS,
    *views.STEP_LAWS,
    *rewards.STEP_LAWS,
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [*guards.REJECTION_LAWS]
IDS: Final = tuple(sorted([law.law_id for law in STEP_LAWS] + [law.law_id for law in REJECTION_LAWS]))
"""The ids of the laws that restate a rule; all other laws are properties."""
