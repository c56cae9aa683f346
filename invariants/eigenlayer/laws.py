"""EigenLayer's laws: properties, filed by concern as the rules are, and the model.

Notation in sentences: `m` is an operator's max magnitude in a strategy, W is WAD, `O` the operator's shares.
"""

from typing import Final

from invariants.eigenlayer import (
    allocation,
    authority,
    delegation,
    histories,
    lemmas,
    native_eth,
    opt_in,
    rejections,
    rewards,
    rewards_authority,
    rounding,
    slashing,
    solvency,
    staking,
    views,
    withdrawals,
)
from invariants.eigenlayer.model import catalogue as model
from invariants.eigenlayer.witnesses import WITNESSES
from invariants.law import Catalogue
from spec.eigenlayer.presets import NEWEST

CATALOGUE: Final = Catalogue(
    sums=[staking.BALANCES, allocation.ALLOCATED, *solvency.SUMS, *rewards.SUMS, *native_eth.SUMS],
    state_laws=[
        *solvency.STATE_LAWS,
        *staking.STATE_LAWS,
        *delegation.STATE_LAWS,
        *allocation.STATE_LAWS,
        *withdrawals.STATE_LAWS,
        *slashing.STATE_LAWS,
        *opt_in.STATE_LAWS,
        *rewards.STATE_LAWS,
        *native_eth.STATE_LAWS,
        *lemmas.STATE_LAWS,
        *model.STATE_LAWS,
    ],
    step_laws=[
        *authority.STEP_LAWS,
        *rewards_authority.STEP_LAWS,
        *solvency.STEP_LAWS,
        *delegation.STEP_LAWS,
        *allocation.STEP_LAWS,
        *withdrawals.STEP_LAWS,
        *slashing.STEP_LAWS,
        *opt_in.STEP_LAWS,
        *rewards.STEP_LAWS,
        *native_eth.STEP_LAWS,
        *rounding.STEP_LAWS,
        *histories.STEP_LAWS,
        *views.STEP_LAWS,
        *model.STEP_LAWS,
    ],
    rejection_laws=[
        *rejections.REJECTION_LAWS,
        *withdrawals.REJECTION_LAWS,
        *rewards.REJECTION_LAWS,
        *views.REJECTION_LAWS,
        *model.REJECTION_LAWS,
    ],
    witnesses=WITNESSES,
    known_violations={**solvency.KNOWN_FALSE[NEWEST.name], **rewards.KNOWN_FALSE, **native_eth.KNOWN_FALSE},
    model=model.IDS,
)
