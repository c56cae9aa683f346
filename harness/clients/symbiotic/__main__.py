"""The entry point `python -m harness.clients.symbiotic`: serves the contracts over the wire protocol."""

import sys
from pathlib import Path

import click

from conformance.serving import serve
from harness.clients.anvil import AnvilChain
from harness.clients.chain import Chain
from harness.clients.symbiotic.client import SymbioticContracts
from spec.symbiotic.reasons import Reason


@click.command()
@click.option(
    "--core", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="@symbioticfi/core"
)
@click.option(
    "--anvil",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The program of an anvil node, which is started for each history, instead of an EVM in this process.",
)
def main(core: Path, anvil: Path | None) -> None:
    """Serve Symbiotic's real contracts over the wire protocol."""

    def begin(timestamp: int) -> Chain:
        if anvil is not None:
            return AnvilChain(anvil, timestamp)
        from harness.clients.evm import EvmChain  # here, because only this one needs a library for it

        return EvmChain()

    client = SymbioticContracts(core, tuple(reason.value for reason in Reason), begin, "anvil" if anvil else "revm")
    try:
        code = 0 if serve(client, sys.stdin.buffer, sys.stdout.buffer, "symbiotic") else 2
    finally:
        client.bye()
    sys.exit(code)


if __name__ == "__main__":
    main()
