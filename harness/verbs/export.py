"""The verbs `restake export` and `restake import`: traces converted to the formats of other tools, and back."""

import json
from pathlib import Path

import click

from harness.interchange.foundry import write_foundry
from harness.interchange.itf import read_itf, write_itf
from harness.interchange.pytest_file import write_pytest
from harness.replay import replay
from harness.traces import load_json, read_kept
from harness.verbs import EXIT_CODES, PROTOCOL_OPTION, packs_asked
from spec.codec import MalformedTrace, as_object

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("export", epilog=EXIT_CODES, short_help="Write a trace for other tools.")
@click.argument("trace", metavar="TRACE", type=FILE)
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(["itf", "pytest", "foundry"]),
    help="The Informal Trace Format of Quint and Apalache, or a file of tests, in Python or in Solidity.",
)
@PROTOCOL_OPTION
def export_command(trace: Path, form: str, asked: tuple[str, ...]) -> int:
    """Write TRACE on the standard output in another tool's form.

    itf: each field of the state is a variable, and so is the call. restake import reads it back without a loss.

    pytest: a file that runs against the installed package, and asserts outcome, reason, returns and state.

    foundry: a test of the real contracts, which makes each call by their interface, and asserts outcome, reason,
    returns and the vault's stake and shares. Whoever derives from it deploys them.

    A trace need not agree with the specification: what it expects is written as it stands. It takes about a second.
    """
    packs = packs_asked(asked)
    try:
        document = as_object(load_json(trace), "")
        protocol, read, _ = read_kept({**document}, {name: pack.protocol for name, pack in packs.items()})
        if replay(protocol, read) is not None:
            click.echo(f"{trace}: differs from the specification: restake replay shows where", err=True)
        if form == "itf":
            click.echo(json.dumps(write_itf(document, read), indent=1))
        elif form == "foundry":
            contracts = packs[protocol.name].contracts
            if contracts is None:
                raise MalformedTrace("protocol", f"{protocol.name} has no form in Solidity yet")
            click.echo(write_foundry(document, contracts), nl=False)
        else:
            click.echo(write_pytest(document, packs[protocol.name].place or protocol.name), nl=False)
    except MalformedTrace as error:
        raise click.ClickException(f"{trace}: {error}") from error
    except RecursionError as error:  # in a free-form field of whoever recorded the trace, which no reader here looks at
        raise click.ClickException(f"{trace}: nested too deeply") from error
    return 0


@click.command("import", epilog=EXIT_CODES, short_help="Write the trace of a file of another tool.")
@click.argument("file", metavar="FILE", type=FILE)
@PROTOCOL_OPTION
def import_command(file: Path, asked: tuple[str, ...]) -> int:
    """Write the trace that FILE, in the Informal Trace Format, stands for on the standard output.

    It is a file of restake export, changed or not. What is no trace is refused, and so is any value that a trace cannot
    hold. restake replay compares the trace with the specification. It takes about a second.
    """
    packs = packs_asked(asked)
    try:
        document = read_itf(load_json(file))
        read_kept({**document}, {name: pack.protocol for name, pack in packs.items()})
        click.echo(json.dumps(document, indent=1))
    except MalformedTrace as error:
        raise click.ClickException(f"{file}: {error}") from error
    except RecursionError as error:  # as above
        raise click.ClickException(f"{file}: nested too deeply") from error
    return 0


COMMANDS = {"export": export_command, "import": import_command}
