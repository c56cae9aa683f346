"""The entry point `python -m harness.clients.eigenlayer`: serves the contracts over the wire protocol."""

import sys

import click

from conformance.serving import serve
from harness.clients.eigenlayer.artifacts import ARTIFACTS_OPTION, Artifacts
from harness.clients.eigenlayer.client import EigenLayerContracts


@click.command()
@ARTIFACTS_OPTION
def main(artifacts: Artifacts) -> None:
    """Serve EigenLayer's real contracts over the wire protocol."""
    sys.exit(0 if serve(EigenLayerContracts(artifacts), sys.stdin.buffer, sys.stdout.buffer, "eigenlayer") else 2)


if __name__ == "__main__":
    main()
