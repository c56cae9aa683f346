"""The subprocess in which a version serves the wire protocol: the version's own `restake serve`."""

import sys
from importlib import import_module

from gate.starting import end_with_parent


def main() -> None:
    """Serve the protocol whose pack's place is the first argument, until the client ends."""
    end_with_parent()
    sys.argv[1:] = ["serve", sys.argv[1]]
    # imported by name, because a version's command is in a room above this package
    import_module("harness.cli").main()
