"""Whatever a walk does is a trace: it can be written, read again, and replayed without a difference."""

from typing import Any

import pytest

from harness.protocols import known_walks
from harness.replay import replay
from invariants.choices import Seeded
from invariants.eigenlayer.world import drawn_world as eigenlayer_world
from invariants.symbiotic.world import drawn_world as symbiotic_world
from invariants.walker import WORLDS, Walk
from spec.codec import MalformedTrace
from spec.machine import Draft
from spec.protocol import execute


def drawn(walk: Walk, seed: int, steps: int) -> list[Any]:
    """The first `steps` actions of a walk with decisions from a seed, accepted or rejected."""
    choices, state, actions = Seeded(seed), walk.genesis(), walk.opening()
    for action in actions:
        execute(walk.protocol.transition, state, [action])
    while len(actions) < steps:
        actions.append(walk.next_action(choices, Draft(state)))
        execute(walk.protocol.transition, state, [actions[-1]])
    return actions


@pytest.mark.parametrize("protocol", known_walks())
@pytest.mark.parametrize("seed", range(4))
def test_a_walk_is_a_trace(protocol: str, seed: int) -> None:
    """Seed 0 walks through the world as written, each other seed through a drawn variant."""
    walk = known_walks()[protocol].of(seed)
    assert (walk is known_walks()[protocol]) == (seed == 0)
    actions = drawn(walk, seed, 400)
    trace = walk.protocol.read_trace(walk.protocol.write_trace(walk.world, actions))
    assert [action for step in trace.steps for action in step.actions] == actions
    assert trace.head == walk.world
    assert replay(walk.protocol, trace) is None


def test_what_is_held_of_another_collateral_is_observed() -> None:
    """A vault may have another collateral than the others. A replay compares its balances: a wrong one differs, and a
    missing one is refused.
    """
    seed = next(n for n in range(WORLDS) if "other collateral" in str(known_walks()["symbiotic"].of(n).world))
    walk = known_walks()["symbiotic"].of(seed)
    document: dict[str, Any] = walk.protocol.write_trace(walk.world, drawn(walk, seed, 60))
    (vault,) = [name for name, made in document["config"]["vaults"].items() if "collateral" in made]
    held = document["steps"][-1]["post"]["vaults"][vault]["collateralOf"]
    held["staker0"] = str(int(held["staker0"]) + 1)
    difference = replay(walk.protocol, walk.protocol.read_trace(document))
    assert difference is not None
    assert "collateralOf" in str(difference)
    del held["staker0"]
    with pytest.raises(MalformedTrace, match="collateralOf"):
        replay(walk.protocol, walk.protocol.read_trace(document))


@pytest.mark.parametrize("protocol", known_walks())
def test_a_genesis_is_nobody_elses(protocol: str) -> None:
    walk = known_walks()[protocol]
    first, second = walk.genesis(), walk.genesis()
    assert first.tables == second.tables
    for rows in first.tables:
        rows.clear()
    assert walk.genesis().tables == second.tables != first.tables


def drawn_worlds(protocol: str) -> list[dict[str, Any]]:
    walk = known_walks()[protocol]
    numbers = [seed for seed in range(1, 10 * WORLDS) if walk.of(seed) not in walk.scenarios and seed % WORLDS]
    return list({seed % WORLDS: walk.of(seed).world for seed in numbers}.values())


def test_worlds_of_eigenlayer_are_not_alike() -> None:
    worlds = drawn_worlds("eigenlayer")
    configs, geneses = [world["config"] for world in worlds], [world["genesis"] for world in worlds]
    assert len(worlds) == WORLDS - 1
    assert all(c["ALLOCATION_CONFIGURATION_DELAY"] != c["SLASHER_CONFIGURATION_DELAY"] for c in configs)
    assert len({tuple(genesis["strategy_address_order"]) for genesis in geneses}) == 2
    assert {len(genesis["infinite_allowance_to_strategy_manager"]) for genesis in geneses} == {3, 4, 5}
    assert min(genesis["block"] for genesis in geneses) < 20
    assert max(genesis["block"] for genesis in geneses) > 2**31


def test_worlds_of_symbiotic_are_not_alike() -> None:
    configs = [world["config"] for world in drawn_worlds("symbiotic")]
    vaults = [vault for config in configs for vault in config["vaults"].values()]
    assert len(configs) == WORLDS - 1
    assert {vault["admin"] for vault in vaults} == {"admin0", "outsider0", "network1"}
    assert {vault["burner"] for vault in vaults} == {"burner0", "outsider0", "operator1"}
    assert any(len({vault["admin"] for vault in config["vaults"].values()}) > 1 for config in configs)
    assert any(refused for config in configs for refused in config["noAllowance"].values())
    assert {vault.get("collateral") for vault in vaults} == {None, "other collateral"}
    assert max(config["genesisTimestamp"] for config in configs) > 2**40


def test_a_seed_draws_the_same_world_in_every_process() -> None:
    assert eigenlayer_world(7) == eigenlayer_world(7) != eigenlayer_world(8)
    assert symbiotic_world(7) == symbiotic_world(7) != symbiotic_world(8)
