"""The setup of a theory, beside what is lifted with the rules: modules, contracts, and where to look for states that
break a law.

A theory's module calls it SETUP. It is not lifted, as contracts are none of the specification's own words.
"""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from proofs.paths import load
from proofs.state import use_contract

Contracts = Mapping[str, Callable[[ModuleType], None]]
"""For modules that are lifted: what takes the place of something that they define, by its contract."""

HISTORIES_ALONE: Final[Contracts] = {"spec.history": use_contract}


class Setup:
    """The setup of the engine for one theory.

    `lifted` are the modules that are lifted beside the theory, the specification and its laws. `contracts` are lifted
    by contract, in place of their source; `contracts_of` are those of some calls, by call. `foundations` are proved
    alone, by the id of their verdicts: that contracts are kept. `countermodels` are the contracts of some calls where a
    state is looked for, and nothing is proved; there functions run which proofs replace: `runs` names them, by call.
    """

    def __init__(
        self,
        contracts: Contracts = HISTORIES_ALONE,
        contracts_of: Mapping[str, Contracts] | None = None,
        foundations: Mapping[str, Callable[..., Any]] | None = None,
        countermodels: Mapping[str, Contracts] | None = None,
        runs: Mapping[str, Sequence[str]] | None = None,
        lifted: tuple[str, ...] = (),
    ) -> None:
        self.lifted: Final = lifted
        self.contracts: Final = contracts
        self.contracts_of: Final = contracts_of or {}
        self.foundations: Final = foundations or {}
        self.countermodels: Final = countermodels or {}
        self.runs: Final = runs or {}


def setup_of(place: str) -> Setup:
    """The setup of the theory at a place, `module:attribute` or the module alone."""
    found: Setup = getattr(load(place.partition(":")[0]), "SETUP", Setup())
    return found
