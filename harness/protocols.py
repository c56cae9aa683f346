"""The one registry of protocols: packs announced by this project, by installed packages, and any other by its place."""

import importlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import attrs
import click

from harness.pack import ProtocolPack, UnknownProtocolError, load, look_in_current_folder
from harness.project import ENTRY_POINTS, LAYERS, announced, packages

if TYPE_CHECKING:
    from invariants.exploring import BoundedModel
    from invariants.game import Game
    from invariants.walker import Walk
    from spec.protocol import Protocol


def known_packs() -> dict[str, ProtocolPack]:
    """The pack of every protocol that is announced, by name. Those of this project go before others of their name.

    What is announced and cannot be loaded stops no other: it is said once, on the standard error.
    """
    named, problems = _announced_packs()
    for problem in problems:
        _say_once(problem)
    return named


def left_out(asked: Iterable[str] = ()) -> list[str]:
    """The announced protocols that cannot be had, and why. None where others are asked for by name."""
    return [] if any(asked) else _announced_packs()[1]


def _announced_packs() -> tuple[dict[str, ProtocolPack], list[str]]:
    named: dict[str, ProtocolPack] = {}
    problems: list[str] = []
    for entry in sorted(announced(ENTRY_POINTS), key=lambda entry: not _is_ours(entry)):
        try:
            pack = _as_pack(load(entry.value), entry.value)
        except UnknownProtocolError as error:
            problems.append(f"entry point {entry.name}: {error}")
            continue
        if pack.name in named and not _is_ours(entry):
            problems.append(f"entry point {entry.name}: another pack is called {pack.name!r}")
            continue
        # What is announced is found by its name in any process, whatever else it brings.
        named[pack.name] = attrs.evolve(pack, place=pack.name)
    return {name: named[name] for name in sorted(named)}, problems


def readable_packs() -> dict[str, ProtocolPack]:
    """The known packs, and those that are found by name alone: whatever traces may be of."""
    return {**_layers(), **known_packs()}


def _layers() -> dict[str, ProtocolPack]:
    """The packs that are found by name alone."""
    entries = sorted(announced(LAYERS), key=_is_ours)
    packs = [_as_pack(load(entry.value), entry.value) for entry in entries]
    return {pack.name: attrs.evolve(pack, place=pack.name) for pack in packs}


def _is_ours(entry: EntryPoint) -> bool:
    return entry.value.partition(":")[0].partition(".")[0] in packages()


@cache
def _say_once(problem: str) -> None:
    click.echo(f"left out: {problem}", err=True)


def select_packs(asked: Iterable[str]) -> dict[str, ProtocolPack]:
    """The packs that are asked for, each by its name or as `module:attribute`; every known one if none is.

    UnknownProtocolError if one cannot be had.
    """
    selected: dict[str, ProtocolPack] = {}
    for place in asked:
        pack = pack_at(place)
        if selected.setdefault(pack.name, pack).place != pack.place:
            raise UnknownProtocolError(f"{place!r} and {selected[pack.name].place!r} are both called {pack.name!r}")
    return selected or known_packs()


def pack_at(place: str) -> ProtocolPack:
    """The pack of a place, in any process: of a name that is known, or of what stands at `module:attribute`.

    With an `@` and a release behind its name, as that release has it. With a `+` and the place of a list of laws, with
    these laws beside its own.
    """
    known = known_packs()
    base, plus, laws = place.rpartition("+")
    if plus:
        look_in_current_folder()
        pack = pack_at(base)
        pack = attrs.evolve(pack, laws_at=(*pack.laws_at, laws), place=place)
        if pack.walk is None:
            raise UnknownProtocolError(f"{base!r} brings no invariants.walker.Walk, beside whose laws others could be")
        return pack
    base, at, preset = place.rpartition("@")
    if at and ":" not in place:
        return _preset(pack_at(base), preset, place)
    if ":" not in place:
        if place not in known and any(entry.name == place for entry in announced(LAYERS)):
            return _layers()[place]
        if place not in known:
            names = ", ".join(sorted({*known, *[entry.name for entry in announced(LAYERS)]}))
            raise UnknownProtocolError(
                f"unknown protocol {place!r}: a known one is one of {names}; any other is named module:attribute"
            )
        return known[place]
    look_in_current_folder()
    pack = _as_pack(load(place), place)
    home = known.get(pack.name)
    # Who is no variant is not loaded here: judges of mutants load nothing before the mutant is in its place.
    if pack.rule_machine_at is None and home and pack.walk and home.walk and home.walk.world == pack.walk.world:
        # A variant of a known protocol, in the world that the rules of its machine are at home in.
        return attrs.evolve(pack, rule_machine_at=home.rule_machine_at)
    return pack


def _preset(pack: ProtocolPack, name: str, place: str) -> ProtocolPack:
    """A pack as a release of its protocol has it. UnknownProtocolError if it does not know the release."""
    if name == pack.newest:
        return pack
    if name not in pack.presets:
        names = ", ".join(sorted({*pack.presets, *([pack.newest] if pack.newest else [])})) or "none"
        raise UnknownProtocolError(f"unknown preset {name!r} of {pack.name}: it has {names}")
    parts = pack.presets[name]
    return attrs.evolve(
        pack,
        walk_at=parts.get("walk_at", pack.walk_at),
        games_at=parts.get("games_at", pack.games_at),
        bounded_model_at=parts.get("bounded_model_at", pack.bounded_model_at),
        specifies=parts.get("specifies", pack.specifies),
        place=place,
    )


def known_protocols() -> "dict[str, Protocol]":
    """The protocol of every known pack, by name."""
    return {name: pack.protocol for name, pack in known_packs().items()}


def known_walks() -> "dict[str, Walk]":
    """The walk of every known pack that has one, by name."""
    return {name: walk for name, pack in known_packs().items() if (walk := pack.walk) is not None}


def known_games() -> "dict[str, tuple[Game, ...]]":
    """The games of every known pack, by name."""
    return {name: pack.games for name, pack in known_packs().items()}


def known_bounded_models() -> "dict[str, BoundedModel]":
    """The bounded model of every known pack that has one, by name."""
    return {name: model for name, pack in known_packs().items() if (model := pack.bounded_model) is not None}


def select_bounded_models(asked: Iterable[str]) -> "dict[str, BoundedModel]":
    """The bounded models asked for, by how they are called there; all that are known if none is.

    UnknownProtocolError if one cannot be had.
    """
    models: dict[str, BoundedModel] = {}
    for place in asked:
        model = pack_at(place).bounded_model
        if model is None:
            raise UnknownProtocolError(f"{place!r} brings no invariants.exploring.BoundedModel")
        models[place] = model
    return models or known_bounded_models()


def load_walk(place: str) -> "Walk":
    """The walk of a pack's place, in any process."""
    walk = pack_at(place).walk
    if walk is None:
        raise UnknownProtocolError(f"{place!r} brings no invariants.walker.Walk")
    return walk


def _as_pack(found: object, place: str) -> ProtocolPack:
    """A pack; or what brings little, as a pack: beside a walk, the games are what its module calls GAMES."""
    if isinstance(found, ProtocolPack):
        if found.protocol_at is None and found.walk_at is None:
            raise UnknownProtocolError(f"{place!r} names neither a protocol nor a walk")
        return attrs.evolve(found, place=place)
    # Here, because judges of mutants import nothing of the specification before the mutant is in its place.
    from invariants.exploring import BoundedModel
    from invariants.walker import Walk
    from spec.protocol import Protocol

    if isinstance(found, Protocol):
        return ProtocolPack(name=found.name, protocol_at=place, place=place)
    if isinstance(found, BoundedModel):
        return ProtocolPack(name=found.walk.protocol.name, walk_at=f"{place}.walk", bounded_model_at=place, place=place)
    if isinstance(found, Walk):
        module = place.partition(":")[0]
        games = f"{module}:GAMES" if hasattr(importlib.import_module(module), "GAMES") else None
        return ProtocolPack(name=found.protocol.name, walk_at=place, games_at=games, place=place)
    kind = type(found).__name__
    raise UnknownProtocolError(f"{place!r} is {kind}, not a spec.protocol.Protocol or a walk through one, nor a pack")
