"""EigenLayer's law of histories: a push sets the value of its own block, and values of earlier blocks stay."""

from typing import Final

from invariants.law import AnyStep, Scope, StepLaw, written
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.state import CUMULATIVE_SCALED_SHARES, MAX_MAGNITUDES, Pair
from spec.history import HistoryTable
from spec.machine import Draft

PROBED: Final = 2
"""The number of latest checkpoints that the law looks up again. It also looks up one in the middle."""


def _looks_up_its_own(rows: Draft, history: HistoryTable[Pair], key: Pair, position: int) -> bool:
    """True if a look-up at the block of one checkpoint of a history finds that checkpoint's value. `position` is the
    checkpoint's index.

    A look-up one block earlier must find the value of the checkpoint before, or the default if there is none.
    """
    checkpoint = rows.get(history.checkpoints, (key, position))
    earlier = rows.get(history.checkpoints, (key, position - 1)).value if position else history.default
    return (
        history.value_at(rows, key, checkpoint.point) == checkpoint.value
        and history.value_at(rows, key, checkpoint.point - 1) == earlier
    )


def _history_only_grows(step: AnyStep) -> bool:
    """True if each push to a history writes one checkpoint, at the current block, and changes no other.

    The checkpoint is new, or the last one if that is of the current block too. The latest checkpoints and one in the
    middle are also looked up.
    """
    block, before, rows = current_block(step.before.rows), step.before.rows, step.after.rows
    for history in (MAX_MAGNITUDES, CUMULATIVE_SCALED_SHARES):
        for key in written(step.delta, history.heads):
            count_before, count = before.get(history.heads, key).count, rows.get(history.heads, key).count
            last = rows.get(history.checkpoints, (key, count - 1))
            if (last.point, last.value) != (block, history.latest(rows, key)):
                return False
            is_of_this_block = (
                count_before > 0 and before.get(history.checkpoints, (key, count_before - 1)).point == block
            )
            if count != (count_before if is_of_this_block else count_before + 1):
                return False
            if count > 1 and rows.get(history.checkpoints, (key, count - 2)).point >= block:
                return False
            first_probed = max(count - PROBED, 0)
            if not all(_looks_up_its_own(rows, history, key, position) for position in range(first_probed, count)):
                return False
            if count >> 1 < first_probed and not _looks_up_its_own(rows, history, key, count >> 1):
                return False
        for key, position in written(step.delta, history.checkpoints):
            if position != rows.get(history.heads, key).count - 1:
                return False
    return True


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "HIST-01",
        "A history is written at the current block only, and every look-up of the past finds the value of that time.",
        "EigenLayer Certora: AllocationManagerValidState, DelegationManagerValidState, snapshot keys",
        _history_only_grows,
        Scope(tables=(MAX_MAGNITUDES.heads, CUMULATIVE_SCALED_SHARES.heads)),
    ),
]
