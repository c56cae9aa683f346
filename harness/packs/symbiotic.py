"""The pack of Symbiotic."""

from typing import Final

from harness.pack import ProtocolPack
from harness.packs import ROOT

PACK: Final = ProtocolPack(
    name="symbiotic",
    protocol_at="spec.symbiotic:PROTOCOL",
    rules=tuple(
        f"spec.symbiotic.{concern}"
        for concern in (
            "clock",
            "collateral",
            "delegation",
            "operator_rewards",
            "opt_in",
            "shares",
            "slashing",
            "staker_rewards",
            "staking",
            "views",
            "withdrawals",
        )
    ),
    specifies="core 1.0.3: vaults, four delegators, instant and veto slashing; rewards 2.0.0",
    symbols={
        "A": "the vault's active stake",
        "S": "its active shares",
        "W": "the collateral in the withdrawal bucket",
        "Ws": "the bucket's shares",
    },
    walk_at="invariants.symbiotic.walk:WALK",
    games_at="invariants.symbiotic.games:GAMES",
    bounded_model_at="invariants.symbiotic.bounded_model:BOUNDED_MODEL",
    rule_machine_at="invariants.symbiotic.rule_machine:SymbioticMachine",
    theory_at="proofs.symbiotic.theory:THEORY",
    calls_at="conformance.symbiotic:CALLS",
    state_at="conformance.states.symbiotic:STATE",
    contracts_at="harness.clients.symbiotic.calls:CONTRACTS",
    observer_at="harness.clients.symbiotic.observed:observed",
    cases=ROOT / "conformance" / "symbiotic.cases.json",
    ledgers=ROOT / "proofs" / "ledgers",
    mutants=ROOT / "harness" / "mutants" / "symbiotic.toml",
    workload_at="harness.workloads.symbiotic",
    docs=ROOT / "docs" / "symbiotic.md",
    trace_schema_at="harness.trace_schemas.symbiotic:SCHEMA",
    yields_at="harness.yields.symbiotic:yields_of",
)
