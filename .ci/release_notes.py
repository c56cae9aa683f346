"""The notes of a release: the section of CHANGELOG.md for its tag, which must be the package's version.

Usage: python .ci/release_notes.py v0.1.0
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, version: str, changelog: str) -> str:
    """The changelog section for a tag. Raises ValueError if the tag is not the version, or if the section is empty."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the version of harness/__init__.py {version}")
    section = re.search(rf"^## \[?{re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}: name its section so")
    return section[1].strip()


if __name__ == "__main__":
    (version,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "harness/__init__.py").read_text("utf-8"), re.MULTILINE)
    try:
        sys.stdout.write(f"{notes(sys.argv[1], version, (ROOT / 'CHANGELOG.md').read_text('utf-8'))}\n")
    except ValueError as error:
        sys.exit(f"Error: {error}")
