"""The invariants and replacement rows of Symbiotic's two loops over lists of any length. See `Fold` in
`proofs/theory.py`.
"""

from typing import Any, Final

from proofs.theory import Fold, Names, Rows
from spec.machine import Draft
from spec.symbiotic.state import TOKEN_BALANCES, VAULTS, TokenBalance


def _paying(rows: Draft, names: Names, amount: Any) -> Rows:
    """The rows of token balances after the vault of the call has paid `amount` of its collateral to the call's
    recipient. Empty if vault and recipient are one account.
    """
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
"""The map from function to its `Fold`. In `claim_batch` laws hold with balances as if each part were paid when it is
claimed; the rule pays all at the end. In `claim_staker_rewards` nothing is written before the end, and the amount is
not negative.
"""
