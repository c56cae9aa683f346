"""The pack of the market on a base of which nothing is assumed: restake prove --protocol
harness.packs.market.anything:PACK. It exists for its theory only, without traces or a walk.
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
