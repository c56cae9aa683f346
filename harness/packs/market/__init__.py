"""The market's packs, one for each base. None is announced: they are asked for by their place."""

from typing import Final

RULES: Final = tuple(f"spec.market.{concern}" for concern in ("counting", "fees", "lists", "rates"))
"""The modules of the market's own rules, above any base."""

SYMBOLS: Final = {
    "BASE_FEE": "the curve of EIP-1559",
    "EXPONENTIAL": "the curve of EIP-4844",
}
