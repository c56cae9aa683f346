"""The start of `restake`: the packages that Python finds have to be those of this project, before any is imported.

Their names are short ones (`spec`, `proofs`), which another distribution, or a folder of PYTHONPATH, may also have.
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
    """Run the command; exit code 2 if it would run with packages of somebody else."""
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
    """The packages below a folder, with the digest of each `__init__.py` as the installation recorded it; of a checkout
    without digests.
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
    """The packages that Python would not take from this folder, and those that are not as they were installed."""
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
    """The other distributions that have a package of this name, for a message; empty if none says so."""
    others: Sequence[str] = sorted({name for name in packages_distributions().get(package, ()) if name != NAME})
    return f"; {', '.join(others)} has a package of this name" if others else ""


def _digest(content: bytes) -> str:
    """The digest of a file as an installation records it."""
    return f"sha256={urlsafe_b64encode(sha256(content).digest()).decode().rstrip('=')}"
