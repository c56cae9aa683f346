"""The commit of a checkout, written into what is built of it: a package says from which commit it comes."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "harness/COMMIT"
"""The file in the sdist, and so in every wheel that is built of it."""


class CommitHook(BuildHookInterface[Any]):
    """Adds the commit to the sdist. Outside of a checkout there is none to add, and what an sdist has stays."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the commit, and whether files differ from it, to a file that goes into the sdist."""
        if version == "editable" or not Path(self.root, ".git").exists():
            return
        asked = ["git", "-C", self.root, "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return  # git is not there, or refuses a folder of somebody else: a build needs no commit
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name, "COMMIT")
        file.write_text(said, encoding="utf-8")
        build_data["force_include"][str(file)] = PLACE
