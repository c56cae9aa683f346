"""The project's metadata in pyproject.toml, read from a checkout or from the installed distribution."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points, packages_distributions
from pathlib import Path
from typing import Any, Final

NAME: Final = "restaking-spec"

ENTRY_POINTS: Final = "restaking_spec.protocols"
"""The entry point group in which a package announces a pack, or only a protocol, a walk or a bounded model."""

LAYERS: Final = "restaking_spec.layers"
"""The entry point group of packs that are used only if they are requested by name, such as layers."""


@cache
def checkout() -> Mapping[str, Any]:
    """The content of pyproject.toml in a checkout that runs without being installed; empty outside a checkout."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    document = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return document if document.get("project", {}).get("name") == NAME else {}


def packages() -> tuple[str, ...]:
    """The top-level packages of this project. In a checkout, each may import those that come before it."""
    here = checkout()
    if here:
        return tuple(here["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    return tuple(sorted(package for package, owners in packages_distributions().items() if NAME in owners))


def announced(group: str) -> list[EntryPoint]:
    """The entry points in a group: those of installed packages, then those of a checkout."""
    here = checkout().get("project", {}).get("entry-points", {}).get(group, {})
    return [*entry_points(group=group), *[EntryPoint(name, value, group) for name, value in here.items()]]
