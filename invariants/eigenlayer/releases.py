"""The walk, games and bounded model of each older release of EigenLayer, with the laws that it is known to violate."""

from typing import Final

from invariants.eigenlayer import native_eth, rewards, solvency
from invariants.eigenlayer.bounded_model import BOUNDED_MODEL
from invariants.eigenlayer.games import GAMES
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.walk import WALK
from invariants.eigenlayer.world import in_release
from invariants.exploring import BoundedModel
from invariants.walker import Walk
from spec.eigenlayer.presets import V1_12_0, Release


def _in(walk: Walk, release: Release) -> Walk:
    known = {**solvency.KNOWN_FALSE[release.name], **rewards.KNOWN_FALSE, **native_eth.KNOWN_FALSE}
    return walk.in_release(lambda world: in_release(world, release), CATALOGUE.knowing(known))


WALK_V1_12_0: Final = _in(WALK, V1_12_0)
GAMES_V1_12_0: Final = tuple([game.along(_in(game.walk, V1_12_0)) for game in GAMES])
BOUNDED_MODEL_V1_12_0: Final = BoundedModel(_in(BOUNDED_MODEL.walk, V1_12_0), BOUNDED_MODEL.calls)
