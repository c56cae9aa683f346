"""`python -m harness.clients.symbiotic`: the contracts behind the wire protocol."""

import sys
from pathlib import Path

import click

from conformance.serving import serve
from harness.clients.symbiotic.client import SymbioticContracts
from spec.symbiotic.reasons import Reason


@click.command()
@click.option(
    "--core", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="@symbioticfi/core"
)
def main(core: Path) -> None:
    """Serve Symbiotic's real contracts over the wire protocol."""
    client = SymbioticContracts(core, tuple(reason.value for reason in Reason))
    sys.exit(0 if serve(client, sys.stdin.buffer, sys.stdout.buffer, "symbiotic") else 2)


if __name__ == "__main__":
    main()
