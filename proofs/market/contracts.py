"""The contracts by which the market is proved: of its tables' places, and of functions that symbols cannot follow."""

from types import ModuleType
from typing import Any, Final

import z3

from proofs.paths import path
from proofs.setup import HISTORIES_ALONE, Contracts
from proofs.symbols import SymBool, SymInt, term_of

TABLES: Final = 9
"""The tables of the free base, behind which a market's begin: none is unused."""


def _few_tables(module: ModuleType) -> None:
    module.__dict__["FIRST_LAYER_TABLE"] = TABLES


def _exponential(factor: Any, numerator: Any, denominator: Any) -> SymInt:
    """The exponential, as an unknown function of three numbers: a rate is within its bounds whatever the curve says."""
    path().scopes.add("the exponential as any function, by proofs/market/contracts.py")
    terms = [term_of(part) for part in (factor, numerator, denominator)]
    return SymInt(z3.Function("fake_exponential", *[z3.IntSort()] * 4)(*terms))


def _any_exponential(module: ModuleType) -> None:
    module.__dict__["fake_exponential"] = _exponential


def _own_account(_account: Any, vault: Any) -> Any:
    """The account of a vault, under the vault's own name: one for each, which is all that names are for."""
    path().scopes.add("the account of a vault under the vault's name, by proofs/market/contracts.py")
    return vault


def _accounts_by_vault(module: ModuleType) -> None:
    module.__dict__["account_of"] = _own_account


def _window(pool: Any) -> SymInt:
    """The window of a pool, as an unknown function of the pool: the same at all times."""
    path().scopes.add("the window of a pool as any number, by proofs/market/contracts.py")
    return SymInt(z3.Function("window", z3.IntSort(), z3.IntSort())(term_of(pool)))


def _any_window(module: ModuleType) -> None:
    module.__dict__["any_window"] = _window


def _in_any_order(_names: Any) -> SymBool:
    """The order of names, of which nothing is known: symbols have none."""
    path().scopes.add("names in any order, by proofs/market/contracts.py")
    return SymBool(z3.Bool("ordered"))


def _any_order(module: ModuleType) -> None:
    module.__dict__["_are_ordered"] = _in_any_order


CONTRACTS: Final[Contracts] = {
    **HISTORIES_ALONE,
    "proofs.market.free": _any_window,
    "spec.layer": _few_tables,
    "spec.market.chains": _any_order,
    "spec.market.rates": _any_exponential,
    "spec.market.receipts": _accounts_by_vault,
}
