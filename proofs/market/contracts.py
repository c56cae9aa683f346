"""The trusted contracts for the market: functions that symbolic execution cannot follow, and the shapes of the unused
tables below the market's.
"""

import sys
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

import z3

from proofs.builtin import lifted_range
from proofs.goals import Obligation, Verdict
from proofs.paths import Path, path
from proofs.prover import Prover
from proofs.setup import HISTORIES_ALONE, Contracts
from proofs.symbols import Listing, SymBool, SymInt, SymList, SymName, term_of


def _exponential(factor: Any, numerator: Any, denominator: Any) -> SymInt:
    """The exponential as an unknown function of its three arguments. Rates stay within their bounds whatever its value
    is, so proofs need no more.
    """
    path().scopes.add("the exponential as any function, by proofs/market/contracts.py")
    terms = [term_of(part) for part in (factor, numerator, denominator)]
    return SymInt(z3.Function("fake_exponential", *[z3.IntSort()] * 4)(*terms))


def _any_exponential(module: ModuleType) -> None:
    module.__dict__["fake_exponential"] = _exponential


def _own_account(_account: Any, vault: Any) -> Any:
    """The account of a vault, represented by the vault's own name: it is unique for each vault, which is all that is
    needed.
    """
    path().scopes.add("the account of a vault under the vault's name, by proofs/market/contracts.py")
    return vault


def _accounts_by_vault(module: ModuleType) -> None:
    module.__dict__["account_of"] = _own_account


def _mandates_account(_account: Any, mandate: Any) -> Any:
    """The account of a mandate, represented by the mandate's own name: it is unique for each mandate, which is all that
    is needed.
    """
    path().scopes.add("the account of a mandate under the mandate's name, by proofs/market/contracts.py")
    return mandate


def _accounts_by_mandate(module: ModuleType) -> None:
    module.__dict__["account_of"] = _mandates_account


def _short_range(*bounds: Any) -> Any:
    """The builtin `range` between symbols, with a bounded length, as for any list that the engine does not cut. The
    bound is a scope of the proof.
    """
    return lifted_range(*bounds, where=sys._getframe(1).f_code.co_name)


def _short_plans(module: ModuleType) -> None:
    module.__dict__["range"] = _short_range


def _window(pool: Any) -> SymInt:
    """The window of a pool, as an unknown function of the pool that does not change over time."""
    path().scopes.add("the window of a pool as any number, by proofs/market/contracts.py")
    return SymInt(z3.Function("window", z3.IntSort(), z3.IntSort())(term_of(pool)))


def _value(holder: Any, weight: Any, price: Any) -> SymInt:
    """The value of a position, as an unknown function of its holder, its weight and a price."""
    path().scopes.add("the value of a position as any number, by proofs/market/contracts.py")
    terms = [term_of(part) for part in (holder, weight, price)]
    return SymInt(z3.Function("value", *[z3.IntSort()] * 4)(*terms))


def _any_window(module: ModuleType) -> None:
    module.__dict__["any_window"] = _window
    module.__dict__["any_value"] = _value


def _name_unused_tables(module: ModuleType) -> None:
    """Declare the tables whose names begin with `unused_`, which fill the indices between the base's tables and the
    market's. The engine needs a shape of the keys of every table.
    """
    shape = module.__dict__["Table"][str, module.__dict__["Moment"]]
    for table in module.__dict__["SCHEMA"].tables:
        if table.name.startswith("unused_"):
            module.__dict__[table.name] = table
            module.__annotations__[table.name] = Final[shape]


def _in_order(names: Any) -> Any:
    """The result of a check that names are in order, by a rank of each name that is any number; of a list of any
    length, which has no order, the result is unknown.
    """
    path().scopes.add("names in any order, by proofs/market/contracts.py")
    if not isinstance(names, SymList | tuple):
        return SymBool(z3.Bool("ordered"))
    rank = z3.Function("rank", z3.IntSort(), z3.IntSort())
    ranks = [rank(term_of(name)) for name in names]
    return SymBool(z3.And([one < other for one, other in pairwise(ranks)]))


def _signers(certificate: Any) -> Any:
    """The signers of a certificate: as they are, or, where the list has any length, two at most of which nothing is
    known. There it is only asked which tables a law reads, as no law about signers is proved of lists of any length.
    """
    names = certificate.signers
    if not isinstance(names, Listing):
        return names
    path().scopes.add("two signers at most, by proofs/market/contracts.py")
    return SymList(names.listed_as, names.length().term, 2, lambda place: SymName(z3.Int(f"signer.{place}")))


def _few_signers(module: ModuleType) -> None:
    _any_order(module)
    module.__dict__["signers_of"] = _signers


def _any_order(module: ModuleType) -> None:
    for name in ("are_ordered", "_are_ordered"):
        if name in module.__dict__:
            module.__dict__[name] = _in_order


SUMS: Final = "FACTS-sums"
"""The id of the verdict on what `_is_whole` takes for granted."""


def _is_whole(total: Any) -> SymBool:
    """The truth that a total of amounts, none of which is negative, is not negative.

    Solvers do not find it, as each amount is a product with one number, that of the offer or the group. `prove_sums`
    proves it of no rows, and of one row more.
    """
    path().scopes.add("a total of what is not negative as not negative, by proofs/market/contracts.py")
    path().assume(term_of(total) >= 0)
    return SymBool(z3.BoolVal(True))


def _of_totals(module: ModuleType) -> None:
    module.__dict__["is_whole"] = _is_whole


def prove_sums(prover: Prover, law_id: str = SUMS) -> Verdict:
    """The verdict on the claim that no total of what rows have earned is negative, by induction over the rows.

    `index` is that of an offer or a group, `amounts` and `products` the totals of its rows: of their amounts, and of
    these times the index up to which each is settled. One more row adds to both.
    """
    index, amounts, products, amount, settled = z3.Ints("index amounts products amount settled")
    earned = index * amounts - products
    one_more = index * (amounts + amount) - (products + amount * settled)
    of_a_row = [amount >= 0, settled >= 0, settled <= index]
    goals = {
        "no rows have earned nothing": ([amounts == 0, products == 0], earned >= 0),
        "one more row has earned no less than nothing": ([*of_a_row, earned >= 0], one_more >= 0),
    }
    verdict, nowhere = Verdict(law_id, "any"), Path(None, [], False)
    verdict.is_reachable = True
    for label, (known, goal) in goals.items():
        verdict.answers.append((Obligation(label, nowhere, goal), prover.prove(law_id, [known], goal)))
    return verdict


CONTRACTS: Final[Contracts] = {
    **HISTORIES_ALONE,
    "invariants.market.chains": _few_signers,
    "proofs.market.lemmas": _of_totals,
    "proofs.market.free": _any_window,
    "proofs.market.free_state": _name_unused_tables,
    "spec.market.chains": _any_order,
    "spec.market.lists": _short_plans,
    "spec.market.mandates": _accounts_by_mandate,
    "spec.market.plans": _short_plans,
    "spec.market.rates": _any_exponential,
    "spec.market.receipts": _accounts_by_vault,
}
