"""The identity of the source that would run: so that results from different machines, or from before and after an edit,
never mix.
"""

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
"""The packages that decide what a walk meets."""


@cache
def fingerprint(place: str) -> str:
    """The version of this package and a digest of the source of the rules, the laws, and the modules of the pack at a
    place, if any is named, and of the version of Hypothesis, which draws examples.

    It is of the files as they were when this process first asked.
    """
    digest = hashlib.sha256(version("hypothesis").encode())
    modules = pack_at(place).modules if place else ()
    for package in (*ROOMS, *[name for name in dict.fromkeys(modules) if name.partition(".")[0] not in ROOMS]):
        for path in files_of(package):
            digest.update(f"{package} {path.name}".encode())
            digest.update(path.read_bytes())
    return f"{__version__} (source {digest.hexdigest()[:12]})"


def folder_of(package: str) -> Path:
    """The folder of a package, which is found and not imported. ModuleNotFoundError if there is none of this name."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No package named {package!r}", name=package)
    return Path(next(iter(found.submodule_search_locations)))


def file_behind(module: str) -> Path:
    """The Python file of a module, compiled or not. Nothing but the packages around it outside of ROOMS is imported.

    ModuleNotFoundError if there is none of this name.
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
    """The Python files of a package, or that of a module. ModuleNotFoundError if there is none of this name here."""
    found = importlib.util.find_spec(module)
    if found is not None and found.submodule_search_locations:
        return sorted(folder_of(module).rglob("*.py"))
    return [file_behind(module)]


def copy_source(modules: Iterable[str], folder: Path, root: Path | None = None) -> None:
    """Copy packages and modules to a folder, as source: beside it there may be what is compiled of it.

    They are those below `root`, or else those that would be imported here.
    """
    for module in modules:
        try:
            origin = folder_of(module) if root is None else root / module
        except ModuleNotFoundError:
            shutil.copy(file_behind(module), folder)
        else:
            shutil.copytree(origin, folder / module, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
