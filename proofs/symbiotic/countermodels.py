"""Stakes that rows show, for states that break a law: no proof leans on it.

Slashes are proved with a stake that is an unknown function (`proofs/symbiotic/stake.py`), and no state says what that
is. Where a state is looked for that breaks a law, it is enough to look among those of one kind: an operator
that is opted in, to a vault of its own, with the network's limit at stake.
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
"""By call: what is lifted by contract where a state is looked for, and nothing is proved.

A request has so few paths that its stake is that of the rules, of every kind.
"""

STAKE: Final = tuple(
    [f"spec.symbiotic.delegation:{name}" for name in ("stake_at", "_delegated_stake_at", "operator_part")]
)
"""Functions that run there, although a contract stands for them in proofs."""
