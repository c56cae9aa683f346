"""The registry of protocols: packs announced by this project or by installed packages, and others by their place."""

import importlib
from collections.abc import Iterable, Mapping
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
    """The packs of all announced protocols, by name. This project's packs take precedence over others of their name.

    An announced pack that cannot be loaded is reported once on standard error and left out.
    """
    named, problems = _announced_packs()
    for problem in problems:
        _say_once(problem)
    return named


def left_out(asked: Iterable[str] = ()) -> list[str]:
    """The announced protocols that cannot be loaded, with the reasons; empty if protocols are requested by name."""
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
        # Any process finds an announced pack by its name, whatever else the pack contains.
        named[pack.name] = attrs.evolve(pack, place=pack.name)
    return {name: named[name] for name in sorted(named)}, problems


def readable_packs() -> dict[str, ProtocolPack]:
    """The known packs, and those that must be requested by name: all protocols that a trace may belong to."""
    return {**_layers(), **known_packs()}


def _layers() -> dict[str, ProtocolPack]:
    """The packs that must be requested by name."""
    entries = sorted(announced(LAYERS), key=_is_ours)
    packs = [_as_pack(load(entry.value), entry.value) for entry in entries]
    return {pack.name: attrs.evolve(pack, place=pack.name) for pack in packs}


def is_ours(pack: ProtocolPack) -> bool:
    """True if a pack is one that this project announces, and no variant of it."""
    ours = [entry.name for group in (ENTRY_POINTS, LAYERS) for entry in announced(group) if _is_ours(entry)]
    return pack.place in ours


def _is_ours(entry: EntryPoint) -> bool:
    return entry.value.partition(":")[0].partition(".")[0] in packages()


@cache
def _say_once(problem: str) -> None:
    click.echo(f"left out: {problem}", err=True)


def select_packs(asked: Iterable[str]) -> dict[str, ProtocolPack]:
    """The requested packs, each by its name or its place `module:attribute`; all known packs if none is requested.

    Raises UnknownProtocolError if one cannot be loaded or two have the same name.
    """
    selected: dict[str, ProtocolPack] = {}
    for place in asked:
        pack = pack_at(place)
        if selected.setdefault(pack.name, pack).place != pack.place:
            raise UnknownProtocolError(f"{place!r} and {selected[pack.name].place!r} are both called {pack.name!r}")
    return selected or known_packs()


def pack_at(place: str) -> ProtocolPack:
    """The pack at a place, in any process: by the name of a known pack, or the pack, protocol, walk or bounded model at
    `module:attribute`. `name@release` gives the pack of that release. `pack+module:LAWS` gives the pack with these laws
    added to its own. Raises UnknownProtocolError if it cannot be loaded.
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
    # A pack that is no variant is not loaded here: judges of mutants must load nothing before the mutant is in place.
    if pack.rule_machine_at is None and home and pack.walk and home.walk and home.walk.world == pack.walk.world:
        # A variant of a known protocol in the same world, for which the known protocol's rule machine works, too.
        return attrs.evolve(pack, rule_machine_at=home.rule_machine_at)
    return pack


def _preset(pack: ProtocolPack, name: str, place: str) -> ProtocolPack:
    """A pack as it is for one release of its protocol. Raises UnknownProtocolError for an unknown release."""
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
    """The protocols of all known packs, by name."""
    return {name: pack.protocol for name, pack in known_packs().items()}


def known_walks() -> "dict[str, Walk]":
    """The walks of all known packs that have one, by name."""
    return {name: walk for name, pack in known_packs().items() if (walk := pack.walk) is not None}


def known_games() -> "dict[str, tuple[Game, ...]]":
    """The games of all known packs, by name."""
    return {name: pack.games for name, pack in known_packs().items()}


def known_bounded_models() -> "dict[str, BoundedModel]":
    """The bounded models of all known packs that have one, by name."""
    return {name: model for name, pack in known_packs().items() if (model := pack.bounded_model) is not None}


def select_bounded_models(asked: Iterable[str]) -> "dict[str, BoundedModel]":
    """The requested bounded models, by the place they were requested with; all known ones if none is requested.

    Raises UnknownProtocolError if a pack cannot be loaded or has no bounded model.
    """
    models: dict[str, BoundedModel] = {}
    for place in asked:
        model = pack_at(place).bounded_model
        if model is None:
            raise UnknownProtocolError(f"{place!r} brings no invariants.exploring.BoundedModel")
        models[place] = model
    return models or known_bounded_models()


def load_walk(place: str) -> "Walk":
    """The walk of the pack at a place, in any process. Raises UnknownProtocolError if the pack has none."""
    walk = pack_at(place).walk
    if walk is None:
        raise UnknownProtocolError(f"{place!r} brings no invariants.walker.Walk")
    return walk


def _as_pack(found: object, place: str) -> ProtocolPack:
    """The object at a place as a pack. A protocol, a walk or a bounded model alone becomes a pack; a walk's games are
    its module's GAMES. Raises UnknownProtocolError for anything else.
    """
    if isinstance(found, ProtocolPack):
        if found.protocol_at is None and found.walk_at is None:
            raise UnknownProtocolError(f"{place!r} names neither a protocol nor a walk")
        if not isinstance(found.out_of_reach, Mapping):
            raise UnknownProtocolError(f"{place!r}: out_of_reach maps names to why no run need reach them")
        return attrs.evolve(found, place=place)
    # Imported here, because judges of mutants import nothing of the specification before the mutant is in place.
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
