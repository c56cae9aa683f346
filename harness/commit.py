"""The commit from which this code comes."""

import subprocess
from pathlib import Path


def commit_here() -> str:
    """The commit of this checkout, or else of that from which this package was built, and whether files differed from
    it; empty if neither is known.
    """
    folder = Path(__file__).parents[1]
    built_from = Path(__file__).with_name("COMMIT")
    if not (folder / ".git").exists():
        return built_from.read_text(encoding="utf-8").strip() if built_from.is_file() else ""
    asked = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
