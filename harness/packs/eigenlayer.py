"""The pack of EigenLayer."""

from typing import Final

from harness.pack import ProtocolPack
from harness.packs import ROOT

CONTRACTS: Final = "core contracts v1.12.0 and v1.13.1, ERC-20 strategies and native ETH; rewards 2.2"

PACK: Final = ProtocolPack(
    name="eigenlayer",
    protocol_at="spec.eigenlayer:PROTOCOL",
    rules=tuple(
        f"spec.eigenlayer.{concern}"
        for concern in (
            "allocation",
            "clock",
            "delegation",
            "native_eth",
            "opt_in",
            "rewards_claims",
            "rewards_settings",
            "rewards_splits",
            "rewards_submissions",
            "pods",
            "shares",
            "slashing",
            "staking",
            "strategies",
            "views",
            "withdrawals",
        )
    ),
    specifies=f"{CONTRACTS}; drawn runs are of v1.13.1",
    symbols={
        "m": "the operator's max magnitude for the strategy",
        "O": "the operator's shares of it",
        "W": "WAD, 10^18, which stands for 1",
        "WAD": "10^18, which stands for 1",
    },
    newest="v1_13_1",
    presets={
        "v1_12_0": {
            "walk_at": "invariants.eigenlayer.releases:WALK_V1_12_0",
            "games_at": "invariants.eigenlayer.releases:GAMES_V1_12_0",
            "bounded_model_at": "invariants.eigenlayer.releases:BOUNDED_MODEL_V1_12_0",
            "specifies": f"{CONTRACTS}; drawn runs are of v1.12.0",
        }
    },
    walk_at="invariants.eigenlayer.walk:WALK",
    games_at="invariants.eigenlayer.games:GAMES",
    bounded_model_at="invariants.eigenlayer.bounded_model:BOUNDED_MODEL",
    rule_machine_at="invariants.eigenlayer.rule_machine:EigenLayerMachine",
    theory_at="proofs.eigenlayer.theory:THEORY",
    calls_at="conformance.eigenlayer:CALLS",
    cases=ROOT / "conformance" / "eigenlayer.cases.json",
    ledgers=ROOT / "proofs" / "ledgers",
    mutants=ROOT / "harness" / "mutants" / "eigenlayer.toml",
    workload_at="harness.workloads.eigenlayer",
    docs=ROOT / "docs" / "eigenlayer.md",
    trace_schema_at="harness.trace_schemas.eigenlayer:SCHEMA",
    yields_at="harness.yields.eigenlayer:yields_of",
)
