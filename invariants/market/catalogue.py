"""The catalogue of all laws of the market above one base protocol, together with the laws of the base."""

from typing import Any

from invariants.law import Catalogue, Witness
from invariants.market.base_laws import with_base_laws
from invariants.market.books import BookLaws
from invariants.market.capital import CapitalLaws
from invariants.market.chains import ChainLaws
from invariants.market.chains_calls import ChainCallLaws
from invariants.market.fees import FeeLaws
from invariants.market.insurance import InsuranceLaws
from invariants.market.mandates import MandateLaws
from invariants.market.payouts import PayoutLaws
from invariants.market.receipts import ReceiptLaws
from spec.machine import Table
from spec.market.custody import Custody
from spec.market.port import Port
from spec.market.recourse import Recourse


def market_catalogue(
    base: Catalogue,
    base_actions: tuple[type[Any], ...],
    port: Port,
    custody: Custody,
    mandates: MandateLaws,
    recourse: Recourse,
    balances: Table[Any, Any],
    witnesses: list[Witness],
    idle: tuple[str, ...] = (),
) -> Catalogue:
    """The catalogue of all laws of the market above one base protocol, together with the base's own laws.

    `balances` is the table of the base's token balances. `idle` lists the ids of step laws about calls that this base
    never needs. They are left out, as they would never be checked.
    """
    books, capital = BookLaws(port, balances), CapitalLaws()
    fees, insurance, payouts = FeeLaws(port), InsuranceLaws(port), PayoutLaws(port)
    receipts, chains, calls = ReceiptLaws(port, custody), ChainLaws(port, recourse), ChainCallLaws(port, recourse)
    of_states = (books, capital, receipts, mandates, chains)
    of_calls = (fees, insurance, receipts, mandates, calls)
    return with_base_laws(
        base,
        base_actions,
        [*books.sums_of_lists, *[total for laws in of_states for total in laws.sums]],
        [law for laws in of_states for law in laws.state_laws()],
        [law for laws in (*of_calls, payouts) for law in laws.step_laws() if law.law_id not in idle],
        [law for laws in of_calls for law in laws.rejection_laws()],
        witnesses,
    )
