"""The start of the command `restake`: checks that Python finds this project's packages before any is imported.

Their names are short (`spec`, `proofs`), so another distribution or a folder in PYTHONPATH may have the same ones.
"""

import csv
import sys
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from harness.project import NAME, checkout

ROOT: Final = Path(__file__).parents[1]

ADVICE: Final = "Install restaking-spec into an environment of its own: pipx or uv tool does so."


def main() -> None:
    """Run the command `restake`. Exit code 2 if Python would import another distribution's package in the place of this
    project's.
    """
    try:
        problems = collisions(ROOT, recorded(ROOT))
        if problems:
            sys.stderr.write("".join([f"Error: {problem}\n" for problem in problems]) + f"{ADVICE}\n")
            sys.exit(2)
        from harness.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(2)
    run()


def recorded(root: Path) -> dict[str, str]:
    """The packages installed below a folder, with the digest of each `__init__.py` that the installation recorded. In a
    checkout, the digests are empty. The map is empty if this project is not installed, or is installed elsewhere.
    """
    if checkout():
        return dict.fromkeys(checkout()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "")
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        return {}
    if Path(str(installed.locate_file(""))).resolve() != root.resolve():
        return {}
    rows = csv.reader((installed.read_text("RECORD") or "").splitlines())
    parts = [(row[0].split("/"), row[1]) for row in rows if len(row) == 3]
    return {path[0]: digest for path, digest in parts if len(path) == 2 and path[1] == "__init__.py"}


def collisions(root: Path, packages: dict[str, str]) -> list[str]:
    """Messages about packages that Python would not import from the folder `root`, and about those changed since
    installation. `packages` has the recorded digest of each, or an empty text to compare none.
    """
    found = []
    for package, digest in packages.items():
        own = root / package / "__init__.py"
        place = find_spec(package)
        origin = Path(place.origin) if place is not None and place.origin else None
        if origin is None or origin.resolve() != own.resolve():
            found.append(f"package {package!r} is found at {origin or 'no file'}, not at {own}{owners(package)}.")
        elif digest and digest != _digest(own.read_bytes()):
            found.append(f"{own} is not the file that was installed{owners(package)}.")
    return found


def owners(package: str) -> str:
    """The other distributions that have a package of this name, as part of a message; empty if there are none."""
    others: Sequence[str] = sorted({name for name in packages_distributions().get(package, ()) if name != NAME})
    return f"; {', '.join(others)} has a package of this name" if others else ""


def _digest(content: bytes) -> str:
    """The digest of a file's content, in the form in which an installation records it."""
    return f"sha256={urlsafe_b64encode(sha256(content).digest()).decode().rstrip('=')}"
