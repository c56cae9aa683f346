"""Symbiotic's theory: what a call and the beginning may be, the induction, sums and scopes that its proofs need.

Lifted with the specification, see proofs/theory.py; histories have the exact contract of proofs/histories.py.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.symbiotic.laws import CATALOGUE
from invariants.symbiotic.lemmas import CLAIMED_SHARES, STILL_OWED, still_owed
from invariants.symbiotic.state_queries import now
from proofs.histories import EXACT
from proofs.history_write_contract import prove_pushes
from proofs.setup import Setup
from proofs.symbiotic.countermodels import COUNTERMODELS, STAKE
from proofs.symbiotic.folds import FOLDS
from proofs.symbiotic.lemmas import LEMMAS, PAST, UNCLAIMED_SHARES, UNSIGNED, well_made
from proofs.symbiotic.rewards import (
    REWARDS_GENESIS,
    contract_is_apart,
    operators_contract_is_no_vault,
)
from proofs.symbiotic.stake import BY_CONTRACT, prove_stake
from proofs.theory import Induction, Limits, Nested, OwnSums, Theory
from spec.machine import Draft, Table
from spec.symbiotic import PROTOCOL
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import (
    OPERATOR_REWARDS,
    ZERO_ADDRESS,
)
from spec.symbiotic.state import (
    ALLOWANCES,
    CLOCK,
    DEPOSIT_POLICIES,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    VAULT_FACTORY,
    VAULTS,
)


def _is_well_formed(rows: Draft, call: Any) -> bool:
    """True if a call is made by an ordinary account, and its vault comes from the factory. An ordinary account is not
    address zero, a vault or a rewards contract.

    That such a vault is no rewards contract follows from LEMMA-rewards and LEMMA-operator-rewards, which every call
    keeps. Both are stated here because a call that reads no row of rewards would not get them as hypotheses.
    """
    formed = []
    if hasattr(call, "sender"):
        formed.append(call.sender != ZERO_ADDRESS)
        formed.append(call.sender != OPERATOR_REWARDS)
        formed.append(rows.get(STAKER_REWARDS, call.sender).vault == ZERO_ADDRESS)
        formed.append(rows.get(VAULT_FACTORY, call.sender).is_entity == False)  # noqa: E712  # a symbol: `not` would decide it
    if hasattr(call, "vault"):
        formed.append(call.vault != ZERO_ADDRESS)
        formed.append(rows.get(VAULT_FACTORY, call.vault).is_entity)
        formed.append(contract_is_apart(rows, call.vault))
        formed.append(operators_contract_is_no_vault(rows, call.vault))
    return all(formed)


GENESIS: Final[dict[Table[Any, Any], Callable[[Draft, Any, Any], list[Any]]]] = {
    CLOCK: lambda _rows, _key, row: [row.timestamp >= 0],
    TOKEN_BALANCES: lambda _rows, _key, row: [row.amount >= 0],
    ALLOWANCES: lambda _rows, _key, _row: [],
    VAULT_FACTORY: lambda _rows, vault, row: [
        any([vault != ZERO_ADDRESS, row.is_entity == False]),  # noqa: E712  # a symbol: `not` would decide it
        any([vault != OPERATOR_REWARDS, row.is_entity == False]),  # noqa: E712  # a symbol: `not` would decide it
    ],
    **REWARDS_GENESIS,
    VAULTS: lambda rows, _vault, row: [*well_made(row), row.epoch_duration_init_timestamp <= now(rows)],
    DEPOSIT_POLICIES: lambda _rows, _key, row: [row.deposit_limit >= 0],
}
"""The rows that a deployment chooses, with their conditions: token balances and allowances, and vaults with their
factory and first deposit policies. Each vault exists by genesis, and its first epoch begins when it is made.
"""

THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module="spec.symbiotic.state",
    now=current_timestamp,
    is_well_formed=_is_well_formed,
    genesis=GENESIS,
    induction=Induction(
        lemmas=LEMMAS,
        ranges=(*[law.law_id for law in UNSIGNED], *[law.law_id for law in PAST], "LEMMA-vault", "LEMMA-vault-made"),
        apart=("SOLV-01", "LEMMA-held", "LEMMA-owed"),
        leans=dict.fromkeys(
            ("CALL-01", "EXIT-02", "FIT-05", "LIVE-03", "SLASH-09", "UINT-token_balances"), ("LEMMA-held", "LEMMA-owed")
        ),
        follows={
            "LEMMA-owed": ("LEMMA-parts", "UINT-withdrawal_buckets"),
            "SOLV-01": ("LEMMA-held", "LEMMA-unclaimed", "LEMMA-vault", "UINT-withdrawal_buckets"),
        },
        by_contract=("HIST-02",),
    ),
    limits=Limits(
        lists={"ClaimBatch.epochs": 2, "ClaimStakerRewards.active_shares_of_hints": 2},
    ),
    sums=OwnSums(
        own=(UNCLAIMED_SHARES,),
        nested={STILL_OWED: Nested(CLAIMED_SHARES, still_owed)},
    ),
    keys={"allowances": (str, str, str)},
    folds=FOLDS,
)

SETUP: Final = Setup(
    EXACT,
    contracts_of=dict.fromkeys(("Slash", "RequestSlash", "ExecuteSlash"), BY_CONTRACT),
    foundations={"CONTRACT-pushes": prove_pushes, "CONTRACT-stake": prove_stake},
    countermodels=COUNTERMODELS,
    runs={"RequestSlash": STAKE},
    lifted=("proofs.symbiotic.folds", "proofs.symbiotic.lemmas", "proofs.symbiotic.rewards"),
)
