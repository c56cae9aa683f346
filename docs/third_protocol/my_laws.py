"""Laws of your own for a protocol that comes with this project.

restake check --protocol symbiotic+my_laws:LAWS
restake check --protocol symbiotic+my_laws:LAWS --law MY-01
"""

from typing import Final

from invariants.law import AcceptedStep, Law, Scope, StateLaw, StepLaw, Sum, View
from spec.symbiotic.actions import Deposit
from spec.symbiotic.state import ACTIVE_SHARES, TOKEN_BALANCES

HELD: Final = Sum("held", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""All that anybody holds of a token."""


def _mints_shares(step: AcceptedStep[Deposit]) -> bool:
    vault = step.action.vault
    return ACTIVE_SHARES.latest(step.before.rows, vault) < ACTIVE_SHARES.latest(step.after.rows, vault)


def _is_owned(view: View, token: str) -> bool:
    return view.total(HELD, token) > 0


LAWS: Final[list[Law]] = [
    StepLaw("MY-01", "A deposit mints shares.", "this example", _mints_shares, Scope((Deposit,))),
    StateLaw(
        "MY-02",
        "Somebody holds each token.",
        "this example",
        _is_owned,
        rows={TOKEN_BALANCES: lambda key: key[0]},
        sums={HELD: lambda token: token},
    ),
]
