"""All laws of the market above one base, with those of the base itself."""

from typing import Any

from invariants.law import Catalogue, Witness
from invariants.market.base_laws import with_base_laws
from invariants.market.books import BookLaws
from invariants.market.capital import CapitalLaws
from invariants.market.fees import FeeLaws
from invariants.market.insurance import InsuranceLaws
from invariants.market.mandates import MandateLaws
from invariants.market.payouts import PayoutLaws
from invariants.market.receipts import ReceiptLaws
from spec.machine import Table
from spec.market.custody import Custody
from spec.market.port import Port


def market_catalogue(
    base: Catalogue,
    base_actions: tuple[type[Any], ...],
    port: Port,
    custody: Custody,
    mandates: MandateLaws,
    balances: Table[Any, Any],
    witnesses: list[Witness],
) -> Catalogue:
    """The laws of fees, insurance, receipts and mandates above a base; `balances` is the table of its tokens."""
    books, capital = BookLaws(port, balances), CapitalLaws()
    fees, insurance, payouts = FeeLaws(port), InsuranceLaws(port), PayoutLaws(port)
    receipts = ReceiptLaws(port, custody)
    return with_base_laws(
        base,
        base_actions,
        [*books.sums, *books.sums_of_lists, *capital.sums, *receipts.sums, *mandates.sums],
        [*books.state_laws(), *capital.state_laws(), *receipts.state_laws(), *mandates.state_laws()],
        [*fees.step_laws(), *insurance.step_laws(), *payouts.step_laws(), *receipts.step_laws(), *mandates.step_laws()],
        [*fees.rejection_laws(), *insurance.rejection_laws(), *receipts.rejection_laws(), *mandates.rejection_laws()],
        witnesses,
    )
