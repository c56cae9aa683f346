"""The packs of this project's protocols, announced in pyproject.toml as other projects announce theirs."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
"""The folder that contains all packages of this project."""
