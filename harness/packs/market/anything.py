"""The market on a base of which nothing is known: restake prove --protocol harness.packs.market.anything:PACK.

It is there for its theory alone: it has no traces and no walk.
"""

from typing import Final

from harness.pack import ProtocolPack
from harness.packs import ROOT
from harness.packs.market import RULES, SYMBOLS

PACK: Final = ProtocolPack(
    name="market_on_anything",
    protocol_at="proofs.market.theory:PROTOCOL",
    rules=RULES,
    symbols=SYMBOLS,
    theory_at="proofs.market.theory:THEORY",
    docs=ROOT / "docs" / "market.md",
)
