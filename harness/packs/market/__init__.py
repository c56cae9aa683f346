"""The market's packs, one for each base. None is announced: they are asked for by their place."""

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
"""The modules of the market's own rules, above any base."""

SYMBOLS: Final = {
    "BASE_FEE": "the curve of EIP-1559",
    "EXPONENTIAL": "the curve of EIP-4844",
}
