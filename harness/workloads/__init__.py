"""Long, deterministic runs of actions of each protocol, for benchmarks."""

import sys


def named(kind: str, number: int) -> str:
    """The name of an account, vault, strategy or token: its kind, then its number. Interned, as a reader of trace files
    makes them.
    """
    return sys.intern(f"{kind}{number}")
