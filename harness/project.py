"""The project's declarations in pyproject.toml, read from a checkout or from what is installed."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points, packages_distributions
from pathlib import Path
from typing import Any, Final

NAME: Final = "restaking-spec"

ENTRY_POINTS: Final = "restaking_spec.protocols"
"""The group in which a package announces a pack of its own; or a protocol, a walk or a bounded model alone."""

LAYERS: Final = "restaking_spec.layers"
"""The group of packs that are found by their name, and are no part of what is done where nothing is named."""


@cache
def checkout() -> Mapping[str, Any]:
    """The pyproject.toml of a checkout that is run without being installed; empty if this is none."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    document = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return document if document.get("project", {}).get("name") == NAME else {}


def packages() -> tuple[str, ...]:
    """The top-level packages of this project: of a checkout in the order in which each may import those before it."""
    here = checkout()
    if here:
        return tuple(here["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    return tuple(sorted(package for package, owners in packages_distributions().items() if NAME in owners))


def announced(group: str) -> list[EntryPoint]:
    """The entry points announced in a group, by installed packages and then by a checkout."""
    here = checkout().get("project", {}).get("entry-points", {}).get(group, {})
    return [*entry_points(group=group), *[EntryPoint(name, value, group) for name, value in here.items()]]
