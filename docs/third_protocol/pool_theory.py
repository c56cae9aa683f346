"""The theory of the staking pool: what its proofs need beside its rules and laws.

restake prove --protocol pool_pack:PACK
"""

from typing import Any, Final

from pool_laws import CATALOGUE
from staking_pool import POOL, PROTOCOL, STAKERS, Deposit, Withdraw

from invariants.law import StateLaw, View
from proofs.setup import Setup
from proofs.theory import Induction, PastLaw, Theory


def _pool_is_not_negative(view: View, key: Any) -> bool:
    row = view.rows.get(POOL, key)
    return row.stake >= 0 and row.shares >= 0


def _staker_is_not_negative(view: View, key: Any) -> bool:
    return view.rows.get(STAKERS, key).shares >= 0


LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw(
        "UINT-pool",
        "No number of the pool is negative.",
        "Solidity's unsigned types",
        _pool_is_not_negative,
        rows={POOL: lambda key: key},
    ),
    StateLaw(
        "UINT-stakers",
        "No staker's shares are negative.",
        "Solidity's unsigned types",
        _staker_is_not_negative,
        rows={STAKERS: lambda key: key},
    ),
]


def _is_well_formed(_rows: Any, call: Any) -> bool:
    """Amounts are unsigned: what a trace file says otherwise is refused when it is read."""
    if isinstance(call, Deposit):
        return call.amount >= 0
    return call.shares >= 0 if isinstance(call, Withdraw) else True


THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module="staking_pool",
    now=lambda _rows: 0,
    is_well_formed=_is_well_formed,
    genesis={},
    induction=Induction(
        lemmas=LEMMAS,
        ranges=("UINT-pool", "UINT-stakers"),
    ),
)

SETUP: Final = Setup(lifted=("staking_pool", "pool_laws"))
