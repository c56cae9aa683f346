"""Suggestions of known names for a name that is not known."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

FEW: Final = 6
"""The number of known names up to which all are listed."""


def closest(asked: str, known: Collection[str], all_by: str) -> str:
    """A message that suggests the known names most like `asked`, ignoring case, and names the command `all_by` that
    lists all. If at most `FEW` names are known, it lists these instead.
    """
    if len(known) <= FEW:
        return f"known are {', '.join(sorted(known)) or 'none'}"
    by_letters = {name.casefold(): name for name in sorted(known)}
    found = [by_letters[name] for name in get_close_matches(asked.casefold(), list(by_letters), n=3)]
    return f"did you mean {', '.join(found)}? {all_by} lists all" if found else f"{all_by} lists all"
