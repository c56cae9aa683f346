"""Large, deterministic histories of each protocol to measure speed on."""

import sys


def named(kind: str, number: int) -> str:
    """An account, vault, strategy or token: one string object for each name, as a reader of trace files makes them."""
    return sys.intern(f"{kind}{number}")
