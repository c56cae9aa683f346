"""The exit codes of every verb, which are pytest's."""

from collections.abc import Collection, Mapping
from typing import Final

MEANINGS: Final[Mapping[int, str]] = {
    0: "everything that was checked holds",
    1: "something differs or is violated, or a law was never checked",
    2: "not all was checked",
    5: "there was nothing to check",
}
"""The meaning of each exit code, in short."""


def exit_code(*, failed: bool, unread: bool = False, is_open: bool = False, is_empty: bool = False) -> int:
    """The exit code of a run: 2 if a file could not be read; else 1 if anything failed; else 2 if anything is
    undecided, because the run was cut short or a verdict was not reached; else 5 if nothing was checked; else 0.
    """
    return 2 if unread else 1 if failed else 2 if is_open else 5 if is_empty else 0


def worst(codes: Collection[int]) -> int:
    """The exit code of a run with several parts: 1 before 2 before 0, and 5 only if no part checked anything."""
    return next((code for code in (1, 2, 0) if code in codes), 5)
