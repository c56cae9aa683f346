"""The npm packages below tests/npm, and the mark that skips a test if a package is missing."""

import os
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(os.environ.get("RESTAKE_NPM", ROOT / ".venv" / "npm" / "node_modules"))
CORE: Final = FOLDER / "@symbioticfi" / "core"
ANVIL: Final = FOLDER / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
SOLC: Final = FOLDER / "solc"


def needs(path: Path) -> pytest.MarkDecorator:
    """The pytest mark that skips a test unless the npm package at `path` is installed."""
    reason = f"no {path.relative_to(FOLDER)} there: make test installs it where there is npm, or RESTAKE_NPM names it"
    return pytest.mark.skipif(not path.exists(), reason=reason)
