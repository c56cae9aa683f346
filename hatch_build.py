"""The origin of a package, written into it: the commit of the checkout, and the URLs of the project that builds it."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

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


class UrlsHook(MetadataHookInterface):
    """Adds the URLs of the repository whose workflow builds the package. Built elsewhere it has none."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Write the URLs into the metadata."""
        metadata["urls"] = urls(os.environ)


def urls(environment: Mapping[str, str]) -> dict[str, str]:
    """The URLs of the repository that GitHub's environment names."""
    server, name = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if not server or not name:
        return {}
    home = f"{server}/{name}"
    return {
        "Source": home,
        "Issues": f"{home}/issues",
        "Changelog": f"{home}/blob/main/CHANGELOG.md",
        "Documentation": f"{home}/tree/main/docs",
    }
