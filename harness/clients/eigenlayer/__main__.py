"""`python -m harness.clients.eigenlayer`: the contracts behind the wire protocol."""

import sys
from pathlib import Path

import click

from conformance.serving import serve
from harness.clients.eigenlayer.artifacts import ArtifactsError, read_artifacts
from harness.clients.eigenlayer.client import EigenLayerContracts


@click.command()
@click.option(
    "--artifacts",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that the contracts' compiler wrote, such as Foundry's out.",
)
def main(folder: Path) -> None:
    """Serve EigenLayer's real contracts over the wire protocol."""
    try:
        artifacts = read_artifacts(folder)
    except ArtifactsError as error:
        raise click.UsageError(str(error)) from error
    sys.exit(0 if serve(EigenLayerContracts(artifacts), sys.stdin.buffer, sys.stdout.buffer, "eigenlayer") else 2)


if __name__ == "__main__":
    main()
