"""Packages of the repository that a version does not import from its own folder, such as those below `src/` that are
installed for development: both versions would run the files of the working tree.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from gate.closures import Closures
from gate.reading import NotReadError
from gate.versions import NoVersionError, Version, root_of
from gate.words import LIBRARY


def refuse_elsewhere(closures: Iterable[Closures], versions: tuple[Version, Version]) -> None:
    """Raise NotReadError if what the rules import stands in the repository, outside of what a version imports, and
    differs between the versions.
    """
    try:
        root = root_of(Path.cwd()).resolve()
    except NoVersionError:
        return
    base, head = (version.digests() for version in versions)
    changed = {file for file in {*base, *head} if base.get(file) != head.get(file)}
    for name in sorted({name for each in closures for name in _outside(each)} - LIBRARY):
        for place in _places(name):
            if not place.is_relative_to(root):
                continue
            within = place.relative_to(root).as_posix()
            for file in sorted(changed):
                if file == within or file.startswith(f"{within}/"):
                    raise NotReadError(f"{file}: it was changed, and {name} is imported from the working tree alone")


def _outside(closures: Closures) -> set[str]:
    """The top-level names of all modules that the modules of a version import from outside of its folder."""
    modules = [module for name in closures.modules if (module := closures.sources.module(name)) is not None]
    origins = {origin.partition(".")[0] for each in modules for names in each.imports.values() for origin, _ in names}
    return {name for name in origins if name and closures.sources.module(name) is None}


def _places(name: str) -> list[Path]:
    """The folders of a top-level package, or the file of a module, from which this process would import it."""
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        return []
    if found is None:
        return []
    folders = list(found.submodule_search_locations or ())
    return [Path(each).resolve() for each in folders or ([found.origin] if found.origin else [])]
