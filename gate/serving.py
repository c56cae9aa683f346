"""The process of a version that serves the wire protocol: the version's own `restake serve`."""

import sys
from importlib import import_module


def main() -> None:
    """Serve the protocol that is named."""
    sys.argv[1:] = ["serve", sys.argv[1]]
    # By name, since a version's command is above this package.
    import_module("harness.cli").main()
