"""The laws of the market that are proved on the free base.

Lifted with the specification, see proofs/theory.py.
"""

from typing import Final

from invariants.law import Catalogue
from invariants.market.books import BookLaws
from invariants.market.capital import CapitalLaws
from invariants.market.chains import ChainLaws
from invariants.market.chains_calls import ChainCallLaws
from invariants.market.fees import FeeLaws
from invariants.market.insurance import InsuranceLaws
from invariants.market.mandates import MandateLaws
from invariants.market.payouts import PayoutLaws
from invariants.market.receipts import ReceiptLaws
from proofs.market.free import AUTHORITY, CUSTODY, GROUND, PORT, RECOURSE, base_transition
from proofs.market.free_actions import OpenVault
from proofs.market.free_state import BALANCES

BOOKS: Final = BookLaws(PORT, BALANCES)
SPLIT_BETWEEN: Final = 1
"""The most targets, and the most caps, of a plan of which it is proved what a rebalancing does."""
CAPITAL: Final = CapitalLaws()
ISSUE: Final = ReceiptLaws(PORT, CUSTODY, OpenVault)
ABROAD: Final = ChainLaws(PORT, RECOURSE)
SENDING: Final = ChainCallLaws(PORT, RECOURSE)
FEES: Final = FeeLaws(PORT)
INSURING: Final = InsuranceLaws(PORT)
PAYOUTS: Final = PayoutLaws(PORT)
SPLIT: Final = MandateLaws(PORT, AUTHORITY, base_transition, GROUND)
OF_SIGNERS: Final = ("CHN-01", "CHN-05")
"""The ids of the laws about all signers of a certificate together, which are proved of two at most."""
OPEN: Final = ("INS-16",)
"""The ids of the laws of insurance that were tried and are not proved: what a premium is exactly, of which solvers know
nothing after some minutes.
"""

WEIGHTS_OF_MANDATES: Final = SPLIT.sums[0]

CATALOGUE: Final = Catalogue(
    [*BOOKS.sums, *BOOKS.sums_of_lists, *CAPITAL.sums, *ISSUE.sums, *ABROAD.sums, *SPLIT.sums],
    [
        *BOOKS.state_laws(),
        *CAPITAL.state_laws(),
        *ISSUE.state_laws(),
        *ABROAD.state_laws(),
        *SPLIT.state_laws(),
    ],
    [
        *FEES.step_laws(),
        *[law for law in INSURING.step_laws() if law.law_id not in OPEN],
        *PAYOUTS.step_laws(),
        *ISSUE.step_laws(),
        *[law for law in SPLIT.step_laws() if law.law_id != "ALC-18"],
        *SENDING.step_laws(),
    ],
    [
        *FEES.rejection_laws(),
        *INSURING.rejection_laws(),
        *ISSUE.rejection_laws(),
        *SPLIT.rejection_laws(),
        *SENDING.rejection_laws(),
    ],
    [],
)
