"""The pack of the market on EigenLayer: restake check --protocol market_on_eigenlayer."""

from typing import Final

from harness.pack import ProtocolPack
from harness.packs import ROOT
from harness.packs.market import RULES, SYMBOLS

PACK: Final = ProtocolPack(
    name="market_on_eigenlayer",
    protocol_at="spec.market.eigenlayer:PROTOCOL",
    rules=(
        *RULES,
        "spec.market.eigenlayer",
        "spec.market.authorities.eigenlayer",
        "spec.market.recourses.eigenlayer",
    ),
    symbols=SYMBOLS,
    walk_at="invariants.market.eigenlayer:WALK",
    rule_machine_at="invariants.market.rule_machines.eigenlayer:MarketOnEigenLayerMachine",
    games_at="invariants.market.games.eigenlayer:GAMES",
    bounded_model_at="invariants.market.eigenlayer:BOUNDED_MODEL",
    market_at="spec.market.eigenlayer",
    mutants=ROOT / "harness" / "mutants" / "market.toml",
    docs=ROOT / "docs" / "market.md",
    above="eigenlayer",
    out_of_reach={
        "TooManyCounted": "needs 32 positions behind one row; tests/spec/market/test_fees.py",
        "NoPlaceFree": "needs as many policies as an offer has places; tests/spec/market/test_policies.py",
        "NoSuchRedemption": "no call gives it: here every redemption has a number, by which it is settled",
        "NoAuthority": "no call gives it: here every account can be an operator, and so a mandate's",
    },
)
