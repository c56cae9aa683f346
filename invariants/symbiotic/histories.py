"""Symbiotic's laws of histories: past values are never rewritten, and look-ups find them."""

from typing import Final, cast

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from invariants.symbiotic.state_queries import now
from spec.history import HistoryTable
from spec.symbiotic.actions import AdvanceTime, ExecuteSlash, Slash
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    TOTAL_OPERATOR_NETWORK_SHARES,
)

HISTORIES: Final[tuple[HistoryTable[object], ...]] = cast(
    "tuple[HistoryTable[object], ...]",
    (
        ACTIVE_STAKE,
        ACTIVE_SHARES,
        ACTIVE_SHARES_OF,
        OPERATOR_VAULT_OPT_INS,
        OPERATOR_NETWORK_OPT_INS,
        MAX_NETWORK_LIMITS,
        NETWORK_LIMITS,
        TOTAL_OPERATOR_NETWORK_SHARES,
        OPERATOR_NETWORK_SHARES,
        OPERATOR_NETWORK_LIMITS,
        CUMULATIVE_SLASHES,
    ),
)
"""The histories that are written only at the current timestamp. The history of resolvers is left out, as these are set
for later.
"""


HISTORY_OF: Final[dict[int, HistoryTable[object]]] = {history.heads.index: history for history in HISTORIES}
"""For the index of each history's table of heads, the history."""


CHECKPOINTS: Final[set[int]] = {history.checkpoints.index for history in HISTORIES}


def _only_now_is_written(step: AnyStep) -> bool:
    """True if each write of a history leaves one checkpoint at the current timestamp, and none after it.

    The checkpoint is new, or replaces the one of this timestamp.
    """
    before, after, second = step.before.rows, step.after.rows, now(step.before.rows)
    heads, checkpoints = 0, 0
    for write in step.delta.writes:
        if write.table.index in CHECKPOINTS:
            checkpoints += 1
            continue
        history = HISTORY_OF.get(write.table.index)
        if history is None:
            continue
        heads += 1
        count = before.get(history.heads, write.key).count
        last_point = before.get(history.checkpoints, (write.key, count - 1)).point if count > 0 else -1
        head = after.get(history.heads, write.key)
        if last_point > second or head.count != (count if last_point == second else count + 1):
            return False
        last = after.get(history.checkpoints, (write.key, head.count - 1))
        if last.point != second or last.value != head.latest:
            return False
    return heads == checkpoints


def _look_ups_find_what_held(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """True if look-ups of active stake find the right values at two past checkpoints, and one second before each."""
    vault, rows = step.action.vault, step.after.rows
    count = rows.get(ACTIVE_STAKE.heads, vault).count
    for position in (count - 2, count - 6):
        if position >= 0:
            checkpoint = rows.get(ACTIVE_STAKE.checkpoints, (vault, position))
            value_before = rows.get(ACTIVE_STAKE.checkpoints, (vault, position - 1)).value if position else 0
            if ACTIVE_STAKE.value_at(rows, vault, checkpoint.point) != checkpoint.value:
                return False
            if ACTIVE_STAKE.value_at(rows, vault, checkpoint.point - 1) != value_before:
                return False
    return True


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "HIST-01",
        "No step rewrites the past: a history is written at the current second only, after all its checkpoints.",
        "Certora, Symbiotic Core: P-01, P-02, P-08: noCheckpointsInTheFuture",
        _only_now_is_written,
        Scope(tables=tuple([history.heads for history in HISTORIES])),
    ),
    StepLaw(
        "HIST-02",
        "A look-up finds the value in force: at a checkpoint its own, a second earlier that of the one before it.",
        "Certora, Symbiotic Core: P-03; Symbiotic test/libraries/Checkpoints",
        _look_ups_find_what_held,
        Scope((Slash, ExecuteSlash)),
    ),
    StepLaw(
        "TIME-01",
        "The clock never goes back.",
        "block.timestamp",
        lambda step: now(step.after.rows) >= now(step.before.rows),
        Scope((AdvanceTime,)),
    ),
]
