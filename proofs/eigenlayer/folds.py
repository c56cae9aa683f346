"""The invariants of EigenLayer's loops over lists of any length, and the replacement rows with which laws hold in their
middle.

Lifted with the theory; see `Fold` in `proofs/theory.py`. In all other loops over lists of any length, every law holds
of the actual rows after each element.
"""

from typing import Any, Final

from invariants.eigenlayer.solvency import ACTIVE
from proofs.theory import Fold, Names, Rows, Seen
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.state import SLASHERS, SLASHES, STAKERS, STRATEGIES, WITHDRAWALS, Slasher, Staker, Withdrawal
from spec.machine import Draft


def _staker(rows: Draft, names: Names, withdrawals_queued: Any) -> Staker:
    row = rows.get(STAKERS, names["staker"])
    return Staker(row.delegated_to, withdrawals_queued, row.strategy_list)


def _as_if_queued(rows: Draft, names: Names) -> Rows:
    """The rows in which laws are evaluated in the middle of `queue_withdrawal`'s loop, instead of the actual ones. In
    them the nonce is used, and a withdrawal is pending.

    That withdrawal has as many strategies as the loop has processed.
    """
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
    """The invariant of `queue_withdrawals`' loop: the staker who queues is still delegated to the operator in the
    variable `operator`.
    """
    return [rows.get(STAKERS, names["action"].sender).delegated_to == names["operator"]]


def _row(rows: Draft, names: Names, operator: Any) -> Rows:
    row = rows.get(STAKERS, names["staker"])
    return [(STAKERS, names["staker"], Staker(operator, row.withdrawals_queued, row.strategy_list))]


def _leaves_with_the_last(rows: Draft, names: Names) -> list[Any]:
    """The invariant of `_undelegate`'s loop, as conditions on the staker's row in which laws are evaluated there. The
    row is delegated to the operator, and lists exactly the strategies still to be queued.
    """
    row = rows.get(STAKERS, names["staker"])
    is_listed = names["has"](row.strategy_list, names["any"])
    return [row.delegated_to == names["operator"], is_listed == names["to_do"](names["any"])]


def _is_to_be_cleared(rows: Draft, names: Names) -> list[Any]:
    action = names["action"]
    listed = rows.get(SLASHES, (action.operator_set, action.slash_id)).strategies
    return [names["has"](listed, names["any"]) == names["to_do"](names["any"])]


def _slashed_in_order(rows: Draft, names: Names) -> list[Any]:
    """The invariant of `slash_operator`'s loop: the strategies that the slash lists so far have no higher address rank
    than the last one slashed.
    """
    action, done = names["action"], names["done"]
    listed = rows.get(SLASHES, ((action.avs, action.operator_set_id), names["slash_id"])).strategies
    is_listed = names["has"](listed, names["any"])
    if done == 0:
        return [is_listed == False]  # noqa: E712  # a symbol: `not` would decide it
    last = rows.get(STRATEGIES, action.strategies[done - 1]).address_rank
    is_lower = rows.get(STRATEGIES, names["any"]).address_rank <= last
    return [(is_listed == False) | is_lower]  # noqa: E712  # a symbol: `not` would decide it


def _joins_with_each(rows: Draft, names: Names, strategy: Any) -> Rows:
    """The row in which laws about a strategy that is still to do are evaluated in the middle of `_delegate`'s loop. In
    it the staker is not delegated.

    It is empty for a strategy that is done: the actual row counts. Native ETH, whose shares are added last, always
    counts as still to do.
    """
    if strategy != BEACON_CHAIN_ETH and not names["to_do"](strategy):
        return []
    return _row(rows, names, ZERO_ADDRESS)


DELEGATES: Final = Seen(
    _joins_with_each,
    {
        **dict.fromkeys(("DELEG-01", "DELEG-03", "DELEG-08", "LEMMA-factor"), lambda subject: subject[1]),
        **dict.fromkeys(("LEMMA-debt", "SOLV-01"), lambda subject: subject),
        "ETH-16": lambda _owner: BEACON_CHAIN_ETH,
    },
    {ACTIVE: lambda key: key[1]},
)


def _clears_from_the_front(_rows: Draft, names: Names) -> list[Any]:
    return [names["first"] >= names["queue"].first]


def _as_if_with_a_slasher(rows: Draft, names: Names) -> Rows:
    """The row in which laws are evaluated while an operator set is created: the set's slasher is its AVS, until the
    requested slasher is written.
    """
    avs = names["avs"]
    return [(SLASHERS, names["operator_set"], Slasher(avs, avs, current_block(rows)))]


def _not_yet_with_a_slasher(_rows: Draft, names: Names) -> Rows:
    return [(SLASHERS, names["operator_set"], None)]


def _takes_fees_of_amounts(_rows: Draft, names: Names) -> list[Any]:
    """The invariant of `_submit_directed`'s loop: the fees so far are not negative and no more than the amounts."""
    return [names["fee"] >= 0, names["fee"] <= names["amount"]]


FOLDS: Final = {
    "_create_operator_set": Fold(_as_if_with_a_slasher, _not_yet_with_a_slasher),
    "_clear_deallocation_queue": Fold(holds=_clears_from_the_front),
    "_delegate": Fold(seen=DELEGATES),
    "queue_withdrawal": Fold(_as_if_queued, _not_yet_queued, _is_as_if_queued),
    "queue_withdrawals": Fold(holds=_delegates_as_before),
    "_undelegate": Fold(
        lambda rows, names: _row(rows, names, names["operator"]),
        lambda rows, names: _row(rows, names, ZERO_ADDRESS),
        _leaves_with_the_last,
    ),
    "clear_burn_or_redistributable_shares": Fold(holds=_is_to_be_cleared),
    "slash_operator": Fold(holds=_slashed_in_order),
    "_submit_directed": Fold(holds=_takes_fees_of_amounts),
}
