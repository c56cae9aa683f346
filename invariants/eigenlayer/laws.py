"""EigenLayer's laws.

Three sums carry them. Notation in sentences: `m` is an operator's max magnitude in a strategy, W is WAD, `O` the
operator's shares.
"""

from typing import Final

from invariants.eigenlayer import (
    authority,
    calls,
    effects,
    exits,
    frames,
    histories,
    lasting,
    lemmas,
    liveness,
    roundings,
    slashes,
    solvency,
    viewing,
)
from invariants.eigenlayer.witnesses import WITNESSES
from invariants.law import Catalogue, Scope, StateLaw, StepLaw, Sum, Transition, View, written
from spec.arithmetic import WAD
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATIONS,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    TOKEN_BALANCES,
    Pair,
)

BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""Token -> what all accounts hold of it."""


def _encumbered_is_allocated(view: View, subject: Pair) -> bool:
    return view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude == view.total(slashes.ALLOCATED, subject)


def _magnitudes_are_ordered(view: View, subject: Pair) -> bool:
    encumbered_magnitude = view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude
    return 0 <= encumbered_magnitude <= MAX_MAGNITUDES.latest(view.rows, subject) <= WAD


def _allocation_is_sound(view: View, subject: tuple[str, tuple[str, int], str]) -> bool:
    row = view.rows.get(ALLOCATIONS, subject)
    return row.current_magnitude >= 0 and 0 <= row.current_magnitude + row.pending_diff_magnitude <= WAD


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _max_magnitudes_never_grow(step: Transition) -> bool:
    return all(
        MAX_MAGNITUDES.latest(step.after.rows, key) <= MAX_MAGNITUDES.latest(step.before.rows, key)
        for key in written(step.delta, MAX_MAGNITUDES.heads)
    )


def _nobody_is_never_slashed(view: View, subject: Pair) -> bool:
    if subject[0] != ZERO_ADDRESS:
        return True
    return MAX_MAGNITUDES.latest(view.rows, subject) == WAD and view.rows.get(OPERATOR_SHARES, subject).shares == 0


def _same(key: object) -> object:
    return key


MODEL: Final = (
    "CALL-01",
    "CALL-02",
    "DELEG-09",
    "DELEG-10",
    "DEP-01",
    "DEP-02",
    "EXIT-03",
    "EXIT-05",
    "FRAME-01",
    "MAG-07",
    "QUEUE-01",
    "QUEUE-02",
    "QUEUE-03",
    "SET-01",
    "SET-02",
    "SLASH-01",
    "SLASH-04",
    "SLASH-05",
)
"""The laws that restate a rule at every call; all others are properties."""

CATALOGUE: Final = Catalogue(
    sums=[BALANCES, slashes.ALLOCATED, *solvency.SUMS],
    state_laws=[
        *effects.STATE_LAWS,
        *histories.STATE_LAWS,
        *lasting.STATE_LAWS,
        *lemmas.STATE_LAWS,
        *slashes.STATE_LAWS,
        *solvency.STATE_LAWS,
        StateLaw(
            "MAG-01",
            "An operator's encumbered magnitude is the sum of its allocations, pending ones included.",
            "EigenLayer Certora: encumberedMagnitudeEqSumOfCurrentMagnitudesAndPositivePending",
            _encumbered_is_allocated,
            rows={ENCUMBERED_MAGNITUDES: _same},
            sums={slashes.ALLOCATED: _same},
        ),
        StateLaw(
            "MAG-02",
            "0 <= encumbered magnitude <= max magnitude <= WAD.",
            "EigenLayer Certora: maxMagnitudeGEencumberedMagnitude, maxMagnitudeLeqWAD",
            _magnitudes_are_ordered,
            rows={ENCUMBERED_MAGNITUDES: _same, MAX_MAGNITUDES.heads: _same},
        ),
        StateLaw(
            "MAG-03",
            "An allocation and what its pending change will make of it are between 0 and WAD.",
            "EigenLayer Certora: negativePendingDiffAtMostCurrentMagnitude, sumOfPendingDiff",
            _allocation_is_sound,
            rows={ALLOCATIONS: _same},
        ),
        StateLaw(
            "DELEG-02",
            "Stake that is delegated to nobody is never slashed, and counts as no operator's.",
            "DelegationManager: the magnitude of address zero",
            _nobody_is_never_slashed,
            rows={OPERATOR_SHARES: _same, MAX_MAGNITUDES.heads: _same},
        ),
        StateLaw(
            "CONS-01",
            "No token is made or lost: deposited = held + withdrawn + burned + redistributed, to the wei.",
            "This project",
            _tokens_are_conserved,
            rows={},
            sums={BALANCES: _same},
        ),
    ],
    step_laws=[
        *authority.STEP_LAWS,
        *calls.STEP_LAWS,
        *frames.STEP_LAWS,
        *effects.STEP_LAWS,
        *exits.STEP_LAWS,
        *histories.STEP_LAWS,
        *lasting.STEP_LAWS,
        *roundings.STEP_LAWS,
        *slashes.STEP_LAWS,
        *solvency.STEP_LAWS,
        *viewing.STEP_LAWS,
        StepLaw(
            "MAG-04",
            "A max magnitude never grows.",
            "EigenLayer Certora: maxMagnitudeMonotonicallyDecreasing",
            _max_magnitudes_never_grow,
            scope=Scope(tables=(MAX_MAGNITUDES.heads,)),
        ),
    ],
    liveness_laws=[*calls.CALL_LAWS, *exits.LIVENESS_LAWS, *liveness.LIVENESS_LAWS, *viewing.LIVENESS_LAWS],
    witnesses=WITNESSES,
    known_false=solvency.KNOWN_FALSE,
    model=MODEL,
)
