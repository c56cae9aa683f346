"""All that EigenLayer brings."""

from pathlib import Path
from typing import Final

from harness.pack import ProtocolPack

ROOMS: Final = Path(__file__).parents[2]
"""The folder that all rooms stand in."""

PACK: Final = ProtocolPack(
    name="eigenlayer",
    protocol_at="spec.eigenlayer:PROTOCOL",
    rules=tuple(
        f"spec.eigenlayer.{concern}"
        for concern in (
            "allocation",
            "clock",
            "delegation",
            "opt_in",
            "shares",
            "slashing",
            "staking",
            "strategies",
            "views",
            "withdrawals",
        )
    ),
    walk_at="invariants.eigenlayer.walk:WALK",
    games_at="invariants.eigenlayer.games:GAMES",
    bounded_model_at="invariants.eigenlayer.small:SMALL_WORLD",
    rule_machine_at="invariants.eigenlayer.machine:EigenLayerMachine",
    theory_at="proofs.eigenlayer.theory:THEORY",
    ledgers=ROOMS / "proofs" / "ledgers",
    mutants=ROOMS / "harness" / "mutants" / "eigenlayer.toml",
    workload_at="harness.workloads.eigenlayer",
    docs=ROOMS / "docs" / "eigenlayer.md",
)
