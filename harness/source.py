"""The identity of the source code that runs, so that results of different sources are never mixed."""

import hashlib
import importlib.util
import shutil
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from harness import __version__
from harness.protocols import pack_at

ROOMS = ("spec", "invariants")
"""The packages that determine the results of a walk."""


@cache
def fingerprint(place: str) -> str:
    """The identity of the source that decides results, as the version of this package and a digest. The digest covers
    the rules, the laws, the modules of the pack at `place` (none if empty), and the version of Hypothesis.

    It is cached: edits of files after this process's first call do not count.
    """
    digest = hashlib.sha256(version("hypothesis").encode())
    modules = pack_at(place).modules if place else ()
    for package in (*ROOMS, *[name for name in dict.fromkeys(modules) if name.partition(".")[0] not in ROOMS]):
        for path in files_of(package):
            digest.update(f"{package} {path.name}".encode())
            digest.update(path.read_bytes())
    return f"{__version__} (source {digest.hexdigest()[:12]})"


def folder_of(package: str) -> Path:
    """The folder of a package, located without importing it. Raises ModuleNotFoundError if there is no such package."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No package named {package!r}", name=package)
    return Path(next(iter(found.submodule_search_locations)))


def file_behind(module: str) -> Path:
    """The Python source file of a module, compiled or not. The module is not imported; packages that contain it are,
    unless they are in ROOMS.

    Raises ModuleNotFoundError if there is no such module.
    """
    room, _, rest = module.partition(".")
    if room in ROOMS:
        path = folder_of(room).joinpath(*rest.split(".")).with_suffix(".py")
    else:
        found = importlib.util.find_spec(module)
        path = Path(found.origin) if found is not None and found.origin is not None else Path()
    if not path.is_file():
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    return path


def files_of(module: str) -> list[Path]:
    """The Python source files of a package or module. Raises ModuleNotFoundError if there is no such module."""
    found = importlib.util.find_spec(module)
    if found is not None and found.submodule_search_locations:
        return sorted(folder_of(module).rglob("*.py"))
    return [file_behind(module)]


def copy_source(modules: Iterable[str], folder: Path, root: Path | None = None) -> None:
    """Copy the Python files of packages and modules to `folder`, without compiled modules.

    They are taken from `root`, or if it is None from where Python would import them.
    """
    for module in modules:
        try:
            origin = folder_of(module) if root is None else root / module
        except ModuleNotFoundError:
            shutil.copy(file_behind(module), folder)
        else:
            shutil.copytree(origin, folder / module, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
