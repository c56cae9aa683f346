"""All that the staking pool brings. Nothing is loaded until somebody asks for it.

restake check --protocol pool_pack:PACK
restake prove --protocol pool_pack:PACK
restake mutate --protocol pool_pack:PACK
"""

from pathlib import Path
from typing import Final

from harness.pack import ProtocolPack

HERE: Final = Path(__file__).parent

PACK: Final = ProtocolPack(
    name="staking_pool",
    protocol_at="staking_pool:PROTOCOL",
    rules=("staking_pool",),
    walk_at="pool_laws:WALK",
    bounded_model_at="pool_laws:BOUNDED_MODEL",
    rule_machine_at="pool_machine:PoolMachine",
    theory_at="pool_theory:THEORY",
    mutants=HERE / "pool_mutants.toml",
    docs=HERE / "README.md",
)
