"""Symbiotic's laws of widths: stored numbers fit the contracts' types."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import StateLaw, Subject, View
from invariants.symbiotic.state_queries import UINT256_MAX
from spec.history import HistoryTable
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    CUMULATIVE_SLASHES,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    WITHDRAWAL_BUCKETS,
)


def _fits(history: HistoryTable[Any]) -> Callable[[View, Subject], bool]:
    def holds(view: View, subject: Subject) -> bool:
        return history.latest(view.rows, subject) <= UINT256_MAX

    return holds


def _bucket_fits(view: View, bucket: tuple[str, int]) -> bool:
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return row.shares <= UINT256_MAX and row.amount <= UINT256_MAX


def _same(key: Subject) -> Subject:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "FIT-01",
        "A vault's active shares fit 256 bits.",
        "Solidity's checked arithmetic",
        _fits(ACTIVE_SHARES),
        rows={ACTIVE_SHARES.heads: _same},
    ),
    StateLaw(
        "FIT-02",
        "A withdrawal bucket's collateral and its shares fit 256 bits.",
        "Solidity's checked arithmetic",
        _bucket_fits,
        rows={WITHDRAWAL_BUCKETS: _same},
    ),
    StateLaw(
        "FIT-03",
        "The shares of all operators of a subnetwork fit 256 bits.",
        "Solidity's checked arithmetic",
        _fits(TOTAL_OPERATOR_NETWORK_SHARES),
        rows={TOTAL_OPERATOR_NETWORK_SHARES.heads: _same},
    ),
    StateLaw(
        "FIT-04",
        "The amount booked against an operator fits 256 bits.",
        "Solidity's checked arithmetic",
        _fits(CUMULATIVE_SLASHES),
        rows={CUMULATIVE_SLASHES.heads: _same},
    ),
    StateLaw(
        "FIT-05",
        "No token balance is negative.",
        "ERC-20",
        lambda view, account: view.rows.get(TOKEN_BALANCES, account).amount >= 0,
        rows={TOKEN_BALANCES: _same},
    ),
]
