"""Stakes as functions of rows, for the search for counterexamples; no proof uses them.

Slashes are proved with the stake as an unknown function (`proofs/symbiotic/stake.py`), which no row determines. A
search for a counterexample may restrict itself to states of one kind: the operator is opted in, the vault is its own
(OPERATOR_SPECIFIC), and its stake is the network's limit.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from proofs.histories import EXACT
from proofs.paths import path
from proofs.setup import Contracts
from proofs.symbols import SymInt, term_of
from spec.symbiotic.config import OPERATOR_SPECIFIC


def _shown(module: ModuleType) -> Callable[..., SymInt]:
    tables = module.__dict__

    def stake(draft: Any, vault: Any, subnetwork: Any, operator: Any, timestamp: Any) -> SymInt:
        config = draft.get(tables["VAULTS"], vault)
        limit = term_of(tables["NETWORK_LIMITS"].value_at(draft, (vault, subnetwork), timestamp))
        for condition in (
            config.delegator == OPERATOR_SPECIFIC,
            config.delegator_operator == operator,
            tables["OPERATOR_VAULT_OPT_INS"].value_at(draft, (operator, vault), timestamp) == 1,
            tables["OPERATOR_NETWORK_OPT_INS"].value_at(draft, (operator, subnetwork[0]), timestamp) == 1,
        ):
            path().assume(term_of(condition))
        path().assume(limit <= term_of(tables["ACTIVE_STAKE"].value_at(draft, vault, timestamp)))
        return SymInt(limit)

    return stake


def _rules_show(module: ModuleType) -> None:
    module.__dict__["stake_at"] = _shown(module)


def _laws_show(module: ModuleType) -> None:
    module.__dict__["stake_of"] = _shown(module)


_STAKES: Final[Contracts] = {
    **EXACT,
    "spec.symbiotic.delegation": _rules_show,
    "invariants.symbiotic.state_queries": _laws_show,
}

COUNTERMODELS: Final[Mapping[str, Contracts]] = {"Slash": _STAKES, "ExecuteSlash": _STAKES, "RequestSlash": EXACT}
"""The map from call to the trusted contracts used in the search for a counterexample.

`RequestSlash` has so few paths that its stake is computed by the rules, for every delegator.
"""

STAKE: Final = tuple(
    [f"spec.symbiotic.delegation:{name}" for name in ("stake_at", "_delegated_stake_at", "operator_part")]
)
"""The functions that run in the search for a counterexample to `RequestSlash`, although a contract replaces them in
proofs.
"""
