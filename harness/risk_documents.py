"""Shared parts of the verbs of `restake risk`: reading documents, common options, and output of answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import click

from harness.traces import load_json
from harness.verbs import seed_option
from risk import network
from spec.codec import Json, MalformedTrace

DOCUMENT = click.Path(exists=True, dir_okay=False, path_type=Path)
JSON_OPTION = click.option("--json", "as_json_", is_flag=True, help="Write one JSON document instead of text.")
SEED_OPTION = seed_option("The seed of the draws.")

EXIT_CODES = """\b
Exit codes:
  0  answered
  1  what was asked does not hold, or could not be decided
  2  wrong usage, or a file that cannot be read
"""


MOST_SAID = 300


class Refused(click.ClickException):
    """The exception for a document that is refused: one line with its file, the field and the problem; exit code 2."""

    exit_code = 2

    def __init__(self, path: Path, problem: object) -> None:
        text = str(problem)
        # A name in a document may be of any length; the message is cut to a readable one.
        super().__init__(f"{path}: {text if len(text) <= MOST_SAID else f'{text[:MOST_SAID]}…'}")


def refuse(path: Path, problem: object) -> NoReturn:
    """Raise Refused for the document at `path`, with this problem."""
    raise Refused(path, problem)


def load(path: Path) -> tuple[Json, str]:
    """The JSON document in a file, and its digest. Raises Refused if it is not valid JSON."""
    try:
        document = load_json(path)
    except MalformedTrace as error:
        refuse(path, error)
    return document, network.digest(document)


def load_network(path: Path) -> tuple[network.Network, str]:
    """The network in a file, and the digest of its document. Raises Refused if the document is malformed."""
    document, digest = load(path)
    try:
        return network.read(document), digest
    except MalformedTrace as error:
        refuse(path, error)


def digest_of(net: network.Network) -> str:
    """The digest of a network in its canonical form, whatever it was read from."""
    return network.digest(network.write(net))


def show(as_json_: bool, document: Mapping[str, Json], text: Sequence[str]) -> None:
    """Print the answer, as one JSON document or as text."""
    click.echo(json.dumps(document, indent=2) if as_json_ else "\n".join(text))
