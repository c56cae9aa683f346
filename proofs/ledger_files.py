"""Ledger files: their places, and their writing in one piece, one after the other, or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


def installed_ledgers() -> Path:
    """The ledgers that come with this project: a folder for each protocol, a file for each call. Only its developers
    write them.
    """
    return Path(__file__).parent / "ledgers"


def own_place() -> Path:
    """The place of the user's own verdicts: `RESTAKE_CACHE`, else below the user's cache."""
    named = os.environ.get("RESTAKE_CACHE")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():  # the convention says that others do not count
        try:
            cache = Path("~/.cache").expanduser()
        except RuntimeError:  # whoever has no home keeps nothing, and is told so
            cache = Path(os.devnull)
    return cache / "restake"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder to oneself, waiting for whoever has it; it is made if there is none. OSError if that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds all of it, or what was there before. One writer at a time."""
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
