"""Which source would run: so that results from different machines, or from before and after an edit, never mix."""

import hashlib
import importlib.util
from functools import cache
from importlib.metadata import version
from pathlib import Path

from harness import __version__

ROOMS = ("spec", "invariants")
"""The packages that decide what a walk meets."""


@cache
def fingerprint(place: str) -> str:
    """The version of this package and a digest of the source of the rules, the laws, and the module of a place, and of
    the version of Hypothesis, which draws examples.

    It is of the files as they were when this process first asked.
    """
    digest = hashlib.sha256(version("hypothesis").encode())
    modules = [place.partition(":")[0]] if ":" in place else []
    for package in (*ROOMS, *modules):
        for path in _files(package):
            digest.update(f"{package} {path.name}".encode())
            digest.update(path.read_bytes())
    return f"{__version__} (source {digest.hexdigest()[:12]})"


def _files(module: str) -> list[Path]:
    """The Python files of a package, or that of a module. ModuleNotFoundError if there is none of this name here."""
    found = importlib.util.find_spec(module)
    if found is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    if found.submodule_search_locations:
        return sorted(path for folder in found.submodule_search_locations for path in Path(folder).rglob("*.py"))
    return [Path(found.origin)] if found.origin is not None else []
