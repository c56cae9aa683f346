"""Ledger files: their folders, a lock for one writer at a time, and atomic replacement."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


def installed_ledgers() -> Path:
    """The folder of the installed ledgers, which only developers of this project write: a folder for each protocol,
    with a file for each call.
    """
    return Path(__file__).parent / "ledgers"


def own_place() -> Path:
    """The folder of the user's own verdicts: `RESTAKE_CACHE`, or else `restake` in the user's cache folder."""
    named = os.environ.get("RESTAKE_CACHE")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():  # the XDG convention ignores relative paths
        try:
            cache = Path("~/.cache").expanduser()
        except RuntimeError:  # without a home folder nothing can be kept, and writing reports it
            cache = Path(os.devnull)
    return cache / "restake"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A context that holds the folder's lock, after waiting for it. The folder is created if missing. Raises OSError if
    that fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replace(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old or the new text. For one writer at a time."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
