"""The one registry of protocols: packs announced by this project, by installed packages, and any other by its place."""

import importlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import attrs
import click

from harness.pack import ProtocolPack, UnknownProtocolError, load, look_in_current_folder
from harness.project import announced

if TYPE_CHECKING:
    from invariants.exploring import SmallWorld
    from invariants.game import Game
    from invariants.walker import Walk
    from spec.protocol import Protocol

Thing = TypeVar("Thing")

ENTRY_POINTS = "restaking_spec.protocols"
"""The group in which a package announces a pack of its own; or a protocol, a walk or a small world alone."""


def known_packs() -> dict[str, ProtocolPack]:
    """The pack of every protocol that is announced, by name. Those of this project go before others of their name.

    What is announced and cannot be loaded stops no other: it is said once, on the standard error.
    """
    packs: list[ProtocolPack] = []
    for entry in announced(ENTRY_POINTS):
        try:
            packs.append(_as_pack(load(entry.value), entry.value))
        except UnknownProtocolError as error:
            _say_once(f"entry point {entry.name}: {error}")
    # What is announced is found by its name in any process, whatever else it brings.
    named = {pack.name: attrs.evolve(pack, place=pack.name) for pack in packs}
    return {name: named[name] for name in sorted(named)}


@cache
def _say_once(problem: str) -> None:
    click.echo(f"left out: {problem}", err=True)


def select_packs(asked: Iterable[str]) -> dict[str, ProtocolPack]:
    """The packs that are asked for, each by its name or as `module:attribute`; every known one if none is.

    UnknownProtocolError if one cannot be had.
    """
    selected = [pack_at(name) for name in asked]
    return {pack.name: pack for pack in selected} or known_packs()


def pack_at(place: str) -> ProtocolPack:
    """The pack of a place, in any process: of a name that is known, or of what stands at `module:attribute`."""
    known = known_packs()
    if ":" not in place:
        return _choose(place, known)
    look_in_current_folder()
    pack = _as_pack(load(place), place)
    home = known.get(pack.name)
    if pack.rule_machine_at is None and pack.walk and home and home.walk and home.walk.world == pack.walk.world:
        # A variant of a known protocol, in the world that the rules of its machine are at home in.
        return attrs.evolve(pack, rule_machine_at=home.rule_machine_at)
    return pack


def known_protocols() -> "dict[str, Protocol]":
    """The protocol of every known pack, by name."""
    return {name: pack.protocol for name, pack in known_packs().items()}


def known_walks() -> "dict[str, Walk]":
    """The walk of every known pack that has one, by name."""
    return {name: walk for name, pack in known_packs().items() if (walk := pack.walk) is not None}


def known_games() -> "dict[str, tuple[Game, ...]]":
    """The games of every known pack, by name."""
    return {name: pack.games for name, pack in known_packs().items()}


def known_bounded_models() -> "dict[str, SmallWorld]":
    """The small world of every known pack that has one, by name."""
    return {name: world for name, pack in known_packs().items() if (world := pack.bounded_model) is not None}


def known_theories() -> dict[str, str]:
    """Where the theory of every known pack is that has one, by name."""
    return {name: pack.theory_at for name, pack in known_packs().items() if pack.theory_at is not None}


def select_bounded_models(asked: Iterable[str]) -> "dict[str, SmallWorld]":
    """The small worlds asked for, by how they are called there; all that are known if none is.

    UnknownProtocolError if one cannot be had.
    """
    worlds: dict[str, SmallWorld] = {}
    for place in asked:
        world = pack_at(place).bounded_model
        if world is None:
            raise UnknownProtocolError(f"{place!r} brings no invariants.exploring.SmallWorld")
        worlds[place] = world
    return worlds or known_bounded_models()


def load_walk(place: str) -> "Walk":
    """The walk of a pack's place, in any process."""
    walk = pack_at(place).walk
    if walk is None:
        raise UnknownProtocolError(f"{place!r} brings no invariants.walker.Walk")
    return walk


def _choose(name: str, known: Mapping[str, Thing]) -> Thing:
    if name not in known:
        places = "a known one is one of " + ", ".join(sorted(known))
        raise UnknownProtocolError(f"unknown protocol {name!r}: {places}; any other is named module:attribute")
    return known[name]


def _as_pack(found: object, place: str) -> ProtocolPack:
    """A pack; or what brings little, as a pack: beside a walk, the games are what its module calls GAMES."""
    if isinstance(found, ProtocolPack):
        return attrs.evolve(found, place=place)
    # Here, because judges of mutants import nothing of the specification before the mutant is in its place.
    from invariants.exploring import SmallWorld
    from invariants.walker import Walk
    from spec.protocol import Protocol

    if isinstance(found, Protocol):
        return ProtocolPack(name=found.name, protocol_at=place, place=place)
    if isinstance(found, SmallWorld):
        return ProtocolPack(name=found.way.protocol.name, walk_at=f"{place}.way", bounded_model_at=place, place=place)
    if isinstance(found, Walk):
        module = place.partition(":")[0]
        games = f"{module}:GAMES" if hasattr(importlib.import_module(module), "GAMES") else None
        return ProtocolPack(name=found.protocol.name, walk_at=place, games_at=games, place=place)
    kind = type(found).__name__
    raise UnknownProtocolError(f"{place!r} is {kind}, not a spec.protocol.Protocol or a walk through one, nor a pack")
