"""The process of a version that serves the wire protocol: the version's own `restake serve`."""

import sys
from importlib import import_module

from gate.starting import end_with_parent


def main() -> None:
    """Serve the protocol that is named."""
    end_with_parent()
    sys.argv[1:] = ["serve", sys.argv[1]]
    # By name, since a version's command is above this package.
    import_module("harness.cli").main()
