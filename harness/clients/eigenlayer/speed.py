"""Long runs of walks on the real contracts in lockstep with the specification, and their cost: `python -m
harness.clients.eigenlayer.speed --artifacts FOLDER`. The same messages are then sent to a bare EVM, and the times are
compared.
"""

import sys
from pathlib import Path

import click

from harness.clients.eigenlayer.artifacts import ARTIFACTS_OPTION, Artifacts
from harness.clients.eigenlayer.chain import BlockChain
from harness.clients.eigenlayer.client import EigenLayerContracts
from harness.clients.eigenlayer.worlds import walk_as_deployed
from harness.clients.measuring import finish, measure, measuring_options
from harness.protocols import pack_at


@click.command()
@ARTIFACTS_OPTION
@measuring_options
def main(artifacts: Artifacts, steps: int, seed: int, every: int, out: Path | None) -> None:
    """Play walks, in worlds in which the contracts can be deployed, until at least `steps` steps were made; report the
    walks on which the contracts diverge.

    Every `every`-th walk is also timed on a bare EVM. `out` is a folder for the report, if any.
    """
    pack = pack_at("eigenlayer")
    walk = pack.walk
    assert walk is not None
    measured = measure(
        pack,
        lambda begin: EigenLayerContracts(artifacts, lambda: BlockChain(begin())),
        lambda seed: walk_as_deployed(walk, seed, artifacts),
        steps,
        seed,
        every,
        out,
    )
    sys.exit(finish(measured))


if __name__ == "__main__":
    main()
