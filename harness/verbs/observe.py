"""The verb `restake observe`: reads the state of a deployment on a chain at one block."""

import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from harness.pack import load
from harness.protocols import known_packs
from harness.traces import load_json
from harness.verbs import EXIT_CODES, timeout_option
from spec.codec import MalformedTrace, as_object, shown

MOST_SECONDS = 30.0
"""The default time limit for one answer of the node, in seconds."""


@click.command("observe", epilog=EXIT_CODES, short_help="Read the state of a deployment on a chain, at one block.")
@click.option("--rpc", "url", required=True, metavar="URL", help="A node that speaks JSON-RPC over HTTP.")
@click.option(
    "--addresses",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The protocol, and where its contracts are.",
)
@click.option(
    "--block", "number", type=click.IntRange(0), metavar="N", help="The block.  [default: the latest that the node has]"
)
@timeout_option(MOST_SECONDS, "How long an answer may take.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write: the head of a trace, and the state.",
)
def observe_command(url: str, addresses: Path, number: int | None, seconds: float, out: Path) -> int:
    """Read all that can be observed of a deployment, by its view functions and its events, at one block.

    restake check --state scans the laws on it. Nothing is written unless everything was answered, and of that block.
    docs/conformance.md says what the file of addresses has. It takes as long as the node does: some seconds on
    a node of one's own, minutes for a large deployment over a network.
    """
    try:
        from harness.clients.block import Block
        from harness.clients.rpc import Node, NodeError
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("eth_abi", "eth_hash"):
            raise
        raise click.UsageError(f"restake observe needs {error.name}: install restaking-spec[evm]") from error
    try:
        document = as_object(load_json(addresses), "")
        packs = {name: pack for name, pack in known_packs().items() if pack.observer_at is not None}
        pack = packs.get(str(document.get("protocol")))
        if pack is None:
            known = f"observed can be {', '.join(packs)}"
            raise MalformedTrace("protocol", f"{known}; found {shown(document.get('protocol'))}")
        reasons = tuple(str(reason.value) for reason in pack.protocol.reasons)
        node = Node(url, seconds)
        try:
            block = Block(node, number)
            found = load(str(pack.observer_at))(block, document, reasons)
        finally:
            node.close()
    except MalformedTrace as error:
        raise click.UsageError(f"{addresses}: {error}") from error
    except NodeError as error:
        raise click.UsageError(str(error)) from error
    _write(out, json.dumps(found, indent=1) + "\n")
    click.echo(f"{out}: {pack.name} on chain {block.chain}, block {block.number} ({block.hash})")
    return 0


def _write(path: Path, text: str) -> None:
    """Write a whole file or none, by renaming a temporary file."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


COMMANDS = {"observe": observe_command}
