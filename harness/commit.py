"""The commit that this code was built from."""

import subprocess
from pathlib import Path


def commit_here() -> str:
    """The commit of this checkout, with the suffix "-dirty" if tracked files differ from it. Outside a checkout: the
    commit that the package was built from. Empty if neither is available.
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
