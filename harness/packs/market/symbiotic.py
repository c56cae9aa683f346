"""The pack of the market on Symbiotic: restake check --protocol market_on_symbiotic."""

from typing import Final

from harness.pack import ProtocolPack
from harness.packs import ROOT
from harness.packs.market import RULES, SYMBOLS

PACK: Final = ProtocolPack(
    name="market_on_symbiotic",
    protocol_at="spec.market.symbiotic:PROTOCOL",
    rules=(
        *RULES,
        "spec.market.symbiotic",
        "spec.market.authorities.symbiotic",
        "spec.market.recourses.symbiotic",
    ),
    symbols=SYMBOLS,
    walk_at="invariants.market.symbiotic:WALK",
    rule_machine_at="invariants.market.rule_machines.symbiotic:MarketOnSymbioticMachine",
    games_at="invariants.market.games.symbiotic:GAMES",
    bounded_model_at="invariants.market.symbiotic:BOUNDED_MODEL",
    market_at="spec.market.symbiotic",
    mutants=ROOT / "harness" / "mutants" / "market.toml",
    docs=ROOT / "docs" / "market.md",
    above="symbiotic",
    out_of_reach={
        "TooManyCounted": "needs 32 positions behind one row; tests/spec/market/test_fees.py",
        "NoPlaceFree": "needs as many policies as an offer has places; tests/spec/market/test_policies.py",
        "Settle": "never accepted: here holders claim of the vault themselves",
        "EnrolMandate": "never accepted: here no account of a mandate is an operator",
    },
)
