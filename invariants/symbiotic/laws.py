"""Symbiotic's catalogue of laws: the properties, filed by concern like the rules, and the model laws.

Notation in sentences: `A` is a vault's active stake, and `S` its active shares.
"""

from typing import Final

from invariants.law import Catalogue
from invariants.symbiotic import (
    authority,
    changes,
    delegation,
    histories,
    lemmas,
    opt_in,
    rejections,
    rewards,
    rounding,
    slashing,
    solvency,
    staking,
    veto,
    views,
    widths,
    withdrawals,
)
from invariants.symbiotic.model import catalogue as model
from invariants.symbiotic.witnesses import WITNESSES

CATALOGUE: Final = Catalogue(
    sums=[solvency.BALANCES, solvency.OPERATORS_SHARES, *solvency.SUMS, *lemmas.SUMS, *rewards.SUMS],
    state_laws=[
        *solvency.STATE_LAWS,
        *withdrawals.STATE_LAWS,
        *delegation.STATE_LAWS,
        *opt_in.STATE_LAWS,
        *veto.STATE_LAWS,
        *widths.STATE_LAWS,
        *lemmas.STATE_LAWS,
        *rewards.STATE_LAWS,
    ],
    step_laws=[
        *authority.STEP_LAWS,
        *changes.STEP_LAWS,
        *solvency.STEP_LAWS,
        *staking.STEP_LAWS,
        *withdrawals.STEP_LAWS,
        *slashing.STEP_LAWS,
        *veto.STEP_LAWS,
        *opt_in.STEP_LAWS,
        *rounding.STEP_LAWS,
        *histories.STEP_LAWS,
        *views.STEP_LAWS,
        *rewards.STEP_LAWS,
        *model.STEP_LAWS,
    ],
    rejection_laws=[
        *rejections.REJECTION_LAWS,
        *withdrawals.REJECTION_LAWS,
        *slashing.REJECTION_LAWS,
        *veto.REJECTION_LAWS,
        *views.REJECTION_LAWS,
        *rewards.REJECTION_LAWS,
        *model.REJECTION_LAWS,
    ],
    witnesses=[*WITNESSES, *rewards.WITNESSES],
    known_violations={**staking.KNOWN_FALSE, **slashing.KNOWN_FALSE},
    model=model.IDS,
)
