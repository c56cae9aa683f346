"""The sources of which compiled modules were made: proofs read the files beside these modules, which an edit may change
while the compiled modules go on as they were.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Final

RECORD: Final = Path(__file__).with_name("COMPILED.json")
"""The digests of the sources that a build compiled, by module, as `hatch_docstrings.py` writes them."""

COMPILED: Final = ("spec", "invariants")
"""The packages that a build compiles."""


@cache
def another_source() -> str | None:
    """The problem with a compiled module whose source file is no longer the one that was compiled; None if there is
    none. The answer is cached for the life of the process.
    """
    folders = [Path(place) for name in COMPILED for place in _places(name)]
    return problem(folders, RECORD)


def _places(package: str) -> Iterable[str]:
    found = find_spec(package)
    return [] if found is None else found.submodule_search_locations or []


def problem(folders: Iterable[Path], record: Path) -> str | None:
    """The problem with the first compiled module in these folders whose source file has changed since the build; None
    if there is none. The file `record` has the digests of the sources that were compiled.
    """
    known: dict[str, str] | None = None
    for folder in folders:
        for module, source in sorted(_extensions(folder)):
            if known is None:
                known = json.loads(record.read_bytes()) if record.is_file() else {}
            if module not in known:
                return f"{module} is compiled, and no build says from which source: install the package again"
            if not source.is_file() or sha256(source.read_bytes()).hexdigest() != known[module]:
                return f"{module} is compiled from another source than {source}: install the package again"
    return None


def _extensions(folder: Path) -> Iterator[tuple[str, Path]]:
    """The extension modules in a package's folder, each with the file that should be its source."""
    for path in folder.rglob("*"):
        suffix = next((suffix for suffix in EXTENSION_SUFFIXES if path.name.endswith(suffix)), None)
        if suffix is not None:
            source = path.with_name(f"{path.name.removesuffix(suffix)}.py")
            yield ".".join(source.relative_to(folder.parent).with_suffix("").parts), source
