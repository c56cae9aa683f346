"""The places that a version's own pack names, and the subprocess that says them: a head may name other rules."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import attrs

from gate.starting import Worker, answer_questions
from gate.versions import Version


@attrs.frozen
class Places:
    """The parts of a protocol by their places, `module:attribute`, as one version's pack names them. Empty if there is
    none.

    `leaving_at` is a function by which all accounts withdraw as much as they can. `rules` are the modules of the rules,
    and `loaded` those that are loaded with the pack: its own, and that of its calls.
    """

    protocol_at: str
    calls_at: str
    leaving_at: str
    walk_at: str
    rules: tuple[str, ...]
    loaded: tuple[str, ...]


def places_of(pack: Any) -> Places:
    """The places that a pack names. Packs are typed Any: their room is above this one."""
    calls = (pack.calls_at or "").partition(":")[0]
    return Places(
        pack.protocol_at or f"{pack.walk_at}.protocol",
        pack.calls_at or "",
        _leaving_at((pack.games_at or "").partition(":")[0]),
        pack.walk_at or "",
        tuple(pack.rules),
        tuple(sorted({*_modules_of(pack), *([calls] if calls else [])})),
    )


def _leaving_at(games: str) -> str:
    """The place of the function `leave` in the module of the games; empty if there is none. A module that does not load
    raises: without it nobody could say who gains.
    """
    return f"{games}:leave" if games and hasattr(import_module(games), "leave") else ""


def _modules_of(pack: Any) -> set[str]:
    """The modules that may define a pack: that of its place, or those that announce a pack of its name."""
    place = pack.place.partition("+")[0]
    if ":" in place:
        return {place.partition(":")[0]}
    name, project = place.partition("@")[0], import_module("harness.project")
    entries = [each for group in (project.ENTRY_POINTS, project.LAYERS) for each in project.announced(group)]
    places = [each.value.partition(":") for each in entries if each.name == name or _is_named(each.value, pack.name)]
    return {module for module, _, _ in places}


def _is_named(place: str, name: str) -> bool:
    """True if the pack at a place, if it is loaded, has this name."""
    module, _, attribute = place.partition(":")
    return getattr(getattr(sys.modules.get(module), attribute, None), "name", None) == name


def worker_arguments(place: str, places: Places) -> list[str]:
    """The arguments of a version's worker, `gate.worker`. `place` is the pack's."""
    return [place, places.protocol_at, places.calls_at, places.leaving_at]


def places_in(version: Version, place: str, answer_seconds: float, stops: Callable[[], bool]) -> Places:
    """The places that a version's own pack names. `place` is the pack's. Raises NotRunningError if it does not load."""
    with Worker(version.folder, "gate.packs", [place], answer_seconds, stops) as worker:
        said = worker.ask("places")
    return Places(**{**said, "rules": tuple(said["rules"]), "loaded": tuple(said["loaded"])})


def main() -> None:
    """Say the places of the pack whose place is the command's first argument."""
    # imported by name, because a version's command is in a room above this package
    found = attrs.asdict(places_of(import_module("harness.protocols").pack_at(sys.argv[1])))
    answer_questions(lambda _op, _fields: found)
