"""Build hooks that record the origin of a package: the commit of the checkout, and
the URLs of the building repository.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PLACE = "harness/COMMIT"
"""The path of the commit's file in the sdist, and so in every wheel built from it."""


class CommitHook(BuildHookInterface[Any]):
    """The hook that adds the commit to the sdist; outside a checkout it leaves the file of the sdist unchanged."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the commit, with `-dirty` if files differ from it, to a file that goes into the sdist."""
        if version == "editable" or not Path(self.root, ".git").exists():
            return
        asked = ["git", "-C", self.root, "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return  # git is missing, or refuses a folder of another user: a build needs no commit
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name, "COMMIT")
        file.write_text(said, encoding="utf-8")
        build_data["force_include"][str(file)] = PLACE


class UrlsHook(MetadataHookInterface):
    """The hook that adds the URLs of the repository whose workflow builds the package; other builds have none."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Write the URLs into the metadata."""
        metadata["urls"] = urls(os.environ)


def urls(environment: Mapping[str, str]) -> dict[str, str]:
    """The project URLs, from the environment variables that GitHub sets in a workflow; empty outside a workflow."""
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
