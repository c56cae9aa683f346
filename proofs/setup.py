"""The setup of a theory, for everything that is not lifted: modules, trusted contracts, and where to search for
counterexamples.

A theory's module names it SETUP. It is not lifted, because trusted contracts are not part of the specification.
"""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from proofs.paths import load
from proofs.state import use_contract

Contracts = Mapping[str, Callable[[ModuleType], None]]
"""The map from a lifted module's name to the function that replaces some of its definitions by a trusted contract."""

HISTORIES_ALONE: Final[Contracts] = {"spec.history": use_contract}


class Setup:
    """The parts of one theory that are not lifted: what the engine needs to know before it can prove.

    `lifted` are further modules to lift, beside the theory, the specification and its laws. `contracts` are the trusted
    contracts of all calls, `contracts_of` those of single calls. `foundations` maps the id of a verdict to the function
    that proves it, such as that the source keeps a contract. `countermodels` are the contracts used for single calls in
    a search for a counterexample, which proves nothing. `runs` names, by call, the functions that run there although
    proofs replace them.
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
    """The `SETUP` of the theory at `place`, `module:attribute` or `module`; an empty Setup if the module has none."""
    found: Setup = getattr(load(place.partition(":")[0]), "SETUP", Setup())
    return found
