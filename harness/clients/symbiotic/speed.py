"""Long runs of walks on the real contracts in lockstep with the specification, and their cost: `python -m
harness.clients.symbiotic.speed --core FOLDER`. The same messages are then sent to a bare EVM, and the times are
compared.
"""

import sys
from pathlib import Path

import click

from harness.clients.evm import EvmChain
from harness.clients.measuring import finish, measure, measuring_options
from harness.clients.symbiotic.client import SymbioticContracts
from harness.protocols import pack_at


@click.command()
@click.option(
    "--core", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="@symbioticfi/core"
)
@measuring_options
def main(core: Path, steps: int, seed: int, every: int, out: Path | None) -> None:
    """Play walks until at least `steps` steps were made, and report the walks on which the contracts diverge.

    Every `every`-th walk is also timed on a bare EVM. `out` is a folder for the report, if any.
    """
    pack = pack_at("symbiotic")
    walk = pack.walk
    assert walk is not None
    errors = tuple(str(reason.value) for reason in pack.protocol.reasons)
    measured = measure(
        pack,
        lambda begin: SymbioticContracts(core, errors, lambda _timestamp: EvmChain(begin()), "revm"),
        lambda _: walk,
        steps,
        seed,
        every,
        out,
    )
    sys.exit(finish(measured))


if __name__ == "__main__":
    main()
