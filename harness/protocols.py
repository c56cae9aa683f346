"""The protocols there are: those that come with the project, those that are installed, and any other by its place."""

import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

import attrs

from harness.traces import bundled_traces
from invariants.eigenlayer.games import GAMES as EIGENLAYER_GAMES
from invariants.eigenlayer.small import SMALL_WORLD as SMALL_EIGENLAYER
from invariants.eigenlayer.walk import WALK as EIGENLAYER
from invariants.exploring import SmallWorld
from invariants.game import Game
from invariants.symbiotic.games import GAMES as SYMBIOTIC_GAMES
from invariants.symbiotic.small import SMALL_WORLD as SMALL_SYMBIOTIC
from invariants.symbiotic.walk import WALK as SYMBIOTIC
from invariants.walker import Walk
from spec.protocol import Protocol

Protocols = Mapping[str, Protocol]
Thing = TypeVar("Thing")

ENTRY_POINTS = "restaking_spec.protocols"
"""The group in which an installed package announces a protocol of its own, or a walk through it."""

WALKS = {"eigenlayer": EIGENLAYER, "symbiotic": SYMBIOTIC}
GAMES = {"eigenlayer": EIGENLAYER_GAMES, "symbiotic": SYMBIOTIC_GAMES}
SMALL_WORLDS = {"eigenlayer": SMALL_EIGENLAYER, "symbiotic": SMALL_SYMBIOTIC}


class UnknownProtocolError(Exception):
    """A protocol that was asked for cannot be had; the message says why."""


@attrs.frozen
class Target:
    """A protocol to check, the walk through it if it has one, and the place from which any process has the walk."""

    protocol: Protocol
    walk: Walk | None
    place: str


def known_targets() -> dict[str, Target]:
    """Every protocol that comes with the project or with an installed package, by name."""
    announced = [_as_target(entry.load(), entry.value) for entry in entry_points(group=ENTRY_POINTS)]
    ours = [Target(walk.protocol, walk, name) for name, walk in WALKS.items()]
    return {target.protocol.name: target for target in (*announced, *ours)}


def select_targets(asked: Iterable[str]) -> dict[str, Target]:
    """What is asked for, each by its name or as `module:attribute`; everything known if nothing is.

    UnknownProtocolError if one cannot be had.
    """
    known = known_targets()
    selected = [_as_target(_load(name), name) if ":" in name else _choose(name, known) for name in asked]
    return {target.protocol.name: target for target in selected} or known


def known_protocols() -> dict[str, Protocol]:
    """The protocol of every known target, by name."""
    return {name: target.protocol for name, target in known_targets().items()}


def select_protocols(asked: Iterable[str]) -> dict[str, Protocol]:
    """The protocol of every target asked for, by name."""
    return {name: target.protocol for name, target in select_targets(asked).items()}


def select_worlds(asked: Iterable[str]) -> dict[str, SmallWorld]:
    """The small worlds asked for, each by its protocol's name or as `module:attribute`, by how they are called there;
    all of ours if none is.
    """
    worlds: dict[str, SmallWorld] = {}
    for name in asked:
        world = _load(name) if ":" in name else _choose(name, SMALL_WORLDS)
        if not isinstance(world, SmallWorld):
            raise UnknownProtocolError(f"{name!r} is {type(world).__name__}, not an invariants.exploring.SmallWorld")
        worlds[name] = world
    return worlds or SMALL_WORLDS


def load_walk(place: str) -> Walk:
    """The walk of a target's place, in any process."""
    walk = WALKS[place] if place in WALKS else _load(place)
    if not isinstance(walk, Walk):
        raise UnknownProtocolError(f"{place!r} is {type(walk).__name__}, not an invariants.walker.Walk")
    return walk


def load_games(place: str) -> tuple[Game, ...]:
    """The games of a target's place, in any process: beside a walk of somebody else's, what its module calls GAMES."""
    if place in WALKS:
        return GAMES[place]
    module_name = place.partition(":")[0]
    return tuple(getattr(importlib.import_module(module_name), "GAMES", ()))


def traces_of(protocol: Protocol) -> Path:
    """The folder of recorded traces that belong to a protocol."""
    return bundled_traces() / protocol.name if protocol.traces is None else Path(protocol.traces)


def _choose(name: str, known: Mapping[str, Thing]) -> Thing:
    if name not in known:
        places = "a known one is one of " + ", ".join(sorted(known))
        raise UnknownProtocolError(f"unknown protocol {name!r}: {places}; any other is named module:attribute")
    return known[name]


def _load(place: str) -> object:
    module_name, _, attribute = place.partition(":")
    # Last, so that a folder of the user's never takes the place of an installed package.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found: object = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownProtocolError(f"cannot load protocol {place!r}: {error}") from error
    return found


def _as_target(found: object, place: str) -> Target:
    way = found.way if isinstance(found, SmallWorld) else found
    if isinstance(way, Walk):
        return Target(way.protocol, way, place)
    if isinstance(found, Protocol):
        return Target(found, None, place)
    raise UnknownProtocolError(
        f"{place!r} is {type(found).__name__}, not a spec.protocol.Protocol or a walk through one"
    )
