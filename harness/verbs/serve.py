"""The verb `restake serve`: the specification as a client of the wire protocol."""

import sys

import click

from conformance.reference import Reference
from conformance.serving import serve
from harness import __version__
from harness.verbs import how_built, packs_asked


@click.command("serve", short_help="Be a client of the wire protocol, which answers as the specification does.")
@click.argument("protocol", metavar="PROTOCOL")
def serve_command(protocol: str) -> int:
    """Answer as the specification of PROTOCOL does: requests on standard input, answers on standard output.

    Each line is one JSON object, as docs/conformance.md describes. Through it, two clients can be compared, and a test
    in any language can ask for the right answer. The exit code is 0 after bye, and 2 if the requests end without it. It
    takes a second to start, and some milliseconds for a call.
    """
    (pack,) = packs_asked((protocol,)).values()
    client = Reference(pack.calls, f"{__version__} ({how_built()})")
    return 0 if serve(client, sys.stdin.buffer, sys.stdout.buffer, pack.name) else 2


COMMANDS = {"serve": serve_command}
