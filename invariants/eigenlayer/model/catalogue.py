"""All model laws of EigenLayer, and their ids."""

from typing import Final

from invariants.eigenlayer.model import (
    allocation,
    delegation,
    guards,
    native_eth,
    opt_in,
    rewards_effects,
    slashing,
    staking,
    withdrawals,
    write_sets,
)
from invariants.law import RejectionLaw, StateLaw, StepLaw

STATE_LAWS: Final[list[StateLaw]] = [*withdrawals.STATE_LAWS]
STEP_LAWS: Final[list[StepLaw]] = [
    *guards.STEP_LAWS,
    *write_sets.STEP_LAWS,
    *staking.STEP_LAWS,
    *delegation.STEP_LAWS,
    *withdrawals.STEP_LAWS,
    *allocation.STEP_LAWS,
    *opt_in.STEP_LAWS,
    *slashing.STEP_LAWS,
    *rewards_effects.STEP_LAWS,
    *native_eth.STEP_LAWS,
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [*guards.REJECTION_LAWS]
IDS: Final = tuple(
    sorted(
        [law.law_id for law in STATE_LAWS] + [law.law_id for law in STEP_LAWS] + [law.law_id for law in REJECTION_LAWS]
    )
)
"""The ids of the laws that restate a rule; all other laws are properties."""
