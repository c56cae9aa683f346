"""As if which rows Symbiotic's laws hold in the middle of its two loops. See `Fold` in `proofs/theory.py`."""

from typing import Any, Final

from proofs.theory import Fold, Names, Rows
from spec.machine import Draft
from spec.symbiotic.state import TOKEN_BALANCES, VAULTS, TokenBalance


def _paying(rows: Draft, names: Names, amount: Any) -> Rows:
    """The balances once a vault has paid an amount to the recipient of a call."""
    vault, recipient = names["action"].vault, names["action"].recipient
    token = rows.get(VAULTS, vault).collateral
    if vault == recipient:
        return []
    return [
        (TOKEN_BALANCES, (token, vault), TokenBalance(rows.get(TOKEN_BALANCES, (token, vault)).amount - amount)),
        (
            TOKEN_BALANCES,
            (token, recipient),
            TokenBalance(rows.get(TOKEN_BALANCES, (token, recipient)).amount + amount),
        ),
    ]


FOLDS: Final = {
    "claim_batch": Fold(
        as_if=lambda rows, names: _paying(rows, names, names["total_amount"]),
        really=lambda rows, names: _paying(rows, names, -names["total_amount"]),
        holds=lambda _rows, names: [names["total_amount"] >= 0],
    ),
    "claim_staker_rewards": Fold(holds=lambda _rows, names: [names["amount"] >= 0]),
}
"""As if each part were paid when it is claimed, where all are paid at once in the end; of rewards nothing is written
before that, and no part is negative.
"""
