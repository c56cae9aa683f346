"""As if which rows EigenLayer's laws hold in the middle of its loops, where they do not hold of the rows as they are.

Lifted with the theory that it belongs to, see `Fold` in `proofs/theory.py`. In all other loops over a list of any
length the laws hold after each element as they stand.
"""

from typing import Any, Final

from proofs.theory import Fold, Names, Rows
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.state import STAKERS, WITHDRAWALS, Staker, Withdrawal
from spec.machine import Draft


def _staker(rows: Draft, names: Names, withdrawals_queued: Any) -> Staker:
    row = rows.get(STAKERS, names["staker"])
    return Staker(row.delegated_to, withdrawals_queued, row.strategy_list)


def _as_if_queued(rows: Draft, names: Names) -> Rows:
    """As if a withdrawal of the strategies that are done were queued."""
    key = (names["staker"], names["nonce"])
    return [
        (STAKERS, names["staker"], _staker(rows, names, names["nonce"] + 1)),
        (WITHDRAWALS, key, Withdrawal(names["done"], current_block(rows), True)),
    ]


def _not_yet_queued(rows: Draft, names: Names) -> Rows:
    return [
        (STAKERS, names["staker"], _staker(rows, names, names["nonce"])),
        (WITHDRAWALS, (names["staker"], names["nonce"]), None),
    ]


def _is_as_if_queued(rows: Draft, names: Names) -> list[Any]:
    staker = rows.get(STAKERS, names["staker"])
    withdrawal = rows.get(WITHDRAWALS, (names["staker"], names["nonce"]))
    return [
        staker.withdrawals_queued == names["nonce"] + 1,
        staker.delegated_to == names["operator"],
        withdrawal.strategy_count == names["done"],
        withdrawal.start_block == current_block(rows),
        withdrawal.is_pending,
    ]


def _delegates_as_before(rows: Draft, names: Names) -> list[Any]:
    """Who queues withdrawals stays with its operator, whom the loop remembers."""
    return [rows.get(STAKERS, names["action"].sender).delegated_to == names["operator"]]


FOLDS: Final = {
    "queue_withdrawal": Fold(_as_if_queued, _not_yet_queued, _is_as_if_queued),
    "queue_withdrawals": Fold(holds=_delegates_as_before),
}
