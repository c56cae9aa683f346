"""The rows with which all laws hold in the middle of the loops that count again what a change of stake or weight has
changed.

There the base's row is changed already, and what was counted by it is not counted anew yet. So laws see the base's row
as it was counted, until the loop is over. Lifted with the theory; see `Fold` in `proofs/theory.py`.
"""

from typing import Any, Final

from proofs.market.free_state import CHANGED, HOLDINGS, LASTING, POSITIONS, WEIGHTS, Amount
from proofs.theory import Fold, Names, Rows
from spec.machine import Draft


def position_at(stake: Any) -> Any:
    """The position whose stake a row of LASTING is."""
    service, operator, pool = stake
    return ((service, pool), operator)


def holding_at(weight: Any) -> Any:
    """The holding whose weight a row of WEIGHTS is."""
    return ((weight[1], weight[2]), weight[0][0])


def _stake_as_counted(rows: Draft, names: Names) -> Rows:
    stake = names["row"][1]
    return [(LASTING, stake, Amount(rows.get(POSITIONS, position_at(stake)).amount))]


def _stake_as_changed(rows: Draft, names: Names) -> Rows:
    stake = names["row"][1]
    return [(LASTING, stake, Amount(rows.get(CHANGED, stake).amount))]


def _is_counted_by_stake(rows: Draft, names: Names) -> list[Any]:
    """The loop invariant: whatever was counted anew is counted at the changed stake."""
    stake = names["row"][1]
    is_anew = rows.get(POSITIONS, position_at(stake)).amount == rows.get(CHANGED, stake).amount
    return [(names["done"] == 0) | is_anew]


def _weight_as_counted(rows: Draft, names: Names) -> Rows:
    weight = names["row"][1]
    return [(WEIGHTS, weight, Amount(rows.get(HOLDINGS, holding_at(weight)).amount))]


def _weight_as_changed(rows: Draft, names: Names) -> Rows:
    weight = names["row"][1]
    return [(WEIGHTS, weight, Amount(rows.get(CHANGED, weight).amount))]


def _is_counted_by_weight(rows: Draft, names: Names) -> list[Any]:
    """The loop invariant: whatever was counted anew is counted at the changed weight."""
    weight = names["row"][1]
    is_anew = rows.get(HOLDINGS, holding_at(weight)).amount == rows.get(CHANGED, weight).amount
    return [(names["done"] == 0) | is_anew]


FOLDS: Final = {
    "_count_positions": Fold(_stake_as_counted, _stake_as_changed, _is_counted_by_stake),
    "_settle_groups": Fold(_weight_as_counted, _weight_as_changed),
    "_settle_groups#2": Fold(_weight_as_counted, _weight_as_changed),
    "_count_holdings": Fold(_weight_as_counted, _weight_as_changed, _is_counted_by_weight),
}
"""The map from a function of `spec/market/counting.py` to the rows that laws see in the middle of its loop."""
