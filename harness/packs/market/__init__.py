"""The market's packs, one for each base. Those on EigenLayer and Symbiotic are found by name, but are only used if
requested; the one for proofs is requested by its place.
"""

from typing import Final

CONCERNS: Final = (
    "chains",
    "counting",
    "fees",
    "lists",
    "losses",
    "mandates",
    "policies",
    "premiums",
    "rates",
    "receipts",
    "splits",
    "underwriting",
)
RULES: Final = tuple(f"spec.market.{concern}" for concern in CONCERNS)
"""The modules of the market's own rules, for any base."""

SYMBOLS: Final = {
    "BASE_FEE": "the curve of EIP-1559",
    "EXPONENTIAL": "the curve of EIP-4844",
}
