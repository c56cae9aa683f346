"""The packs of the protocols that come with this project, announced as anyone's are: in pyproject.toml."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
"""The folder that all packages of this project stand in."""
