"""All laws of the market above one base, with those of the base itself."""

from typing import Any

from invariants.law import Catalogue, Witness
from invariants.market.base_laws import with_base_laws
from invariants.market.books import BookLaws
from invariants.market.capital import CapitalLaws
from invariants.market.fees import FeeLaws
from invariants.market.insurance import InsuranceLaws
from invariants.market.payouts import PayoutLaws
from spec.machine import Table
from spec.market.port import Port


def market_catalogue(
    base: Catalogue,
    base_actions: tuple[type[Any], ...],
    port: Port,
    balances: Table[Any, Any],
    witnesses: list[Witness],
) -> Catalogue:
    """The laws of fees and insurance above a base; `balances` is the table of its tokens."""
    books, capital = BookLaws(port, balances), CapitalLaws()
    fees, insurance, payouts = FeeLaws(port), InsuranceLaws(port), PayoutLaws(port)
    return with_base_laws(
        base,
        base_actions,
        [*books.sums, *books.sums_of_lists, *capital.sums],
        [*books.state_laws(), *capital.state_laws()],
        [*fees.step_laws(), *insurance.step_laws(), *payouts.step_laws()],
        [*fees.rejection_laws(), *insurance.rejection_laws()],
        witnesses,
    )
