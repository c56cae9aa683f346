"""The worlds of walks, changed so that the contracts can be deployed in them, and walks through these."""

from typing import Any, Final

from harness.clients.eigenlayer.artifacts import Artifacts
from invariants.choices import Choices
from invariants.eigenlayer.world import in_release
from invariants.walker import Walk
from spec.codec import Json
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.presets import RELEASES
from spec.machine import Draft

RESOLUTION_DELAY: Final = "slash_resolution_delay_blocks"


def as_deployed(world: dict[str, Json], artifacts: Artifacts) -> dict[str, Json]:
    """The head of a trace in the given world, changed so that contracts of these artifacts can be deployed in it.
    Release and delays become those of the artifacts, and rewards are left out.
    """
    release = RELEASES[artifacts.release]
    changed: Any = in_release(world, release)
    config = dict(changed["config"])
    config["SLASHER_CONFIGURATION_DELAY"] = config["ALLOCATION_CONFIGURATION_DELAY"]
    if release.delays_slashes:
        config[RESOLUTION_DELAY] = artifacts.resolution_delay_blocks
    genesis = {name: value for name, value in changed["genesis"].items() if name != "rewards"}
    return {**changed, "config": config, "genesis": genesis}


def walk_as_deployed(walk: Walk, seed: int, artifacts: Artifacts) -> Walk:
    """The random walk of a seed, in its world as `as_deployed` changes it for these artifacts. Calls from the zero
    address are skipped, since nobody can make them.
    """
    drawn = walk.of(seed)
    world = as_deployed(drawn.world, artifacts)

    def next_action(choices: Choices, draft: Draft) -> Any:
        while getattr(action := drawn.next_action(choices, draft), "sender", None) == ZERO_ADDRESS:
            pass
        return action

    return Walk(drawn.protocol, drawn.catalogue, world, drawn.opening, next_action)
