"""The command `restake`: its verbs, their options and their exit codes. What they do is done elsewhere."""

import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import spec.machine
from harness import __version__
from harness.job import Job
from harness.protocols import UnknownProtocolError, known_protocols, select_protocols, traces_of
from harness.report import exit_code, print_suite, print_trace, tally
from harness.traces import find_traces
from spec.protocol import Protocol

EXIT_CODES = """\b
Exit codes:
  0  everything that was checked holds
  1  something differs or is violated
  2  interrupted, wrong usage, or a file that cannot be read
  5  there was nothing to check
"""


JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of text.")
PROTOCOL_OPTION = click.option(
    "--protocol",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Only this protocol: a known name, or module:attribute for one of your own. May be repeated.",
)


def how_built() -> str:
    """Whether the specification that runs here was compiled, or is interpreted from its source."""
    return "interpreted" if spec.machine.__file__.endswith(".py") else "compiled"


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"restake %(version)s ({how_built()} specification)")
def cli() -> None:
    """Check restaking protocols against their executable reference specification."""


@cli.command("replay", epilog=EXIT_CODES, short_help="Replay recorded traces and compare every step.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...", type=click.Path(exists=True, path_type=Path))
@PROTOCOL_OPTION
@JSON_OPTION
def replay_command(traces: tuple[Path, ...], asked: tuple[str, ...], as_json: bool) -> int:
    """Replay recorded TRACEs (files or folders, .json or .json.gz) and compare every step.

    Compared are the outcome, the error, the values returned and the whole state after each step. Where a trace
    differs, the first differing step is shown with every path that differs, and the next trace goes on.
    """
    return _run(Job(_protocols(asked), list(find_traces(traces))), as_json)


@cli.command("check", epilog=EXIT_CODES, short_help="Run the main job on every protocol.")
@PROTOCOL_OPTION
@click.option("--steps", default=40_000, show_default=True, help="Random steps per protocol.", type=click.IntRange(0))
@click.option("--seed", default=0, show_default=True, help="The first walk's seed.", type=click.IntRange(0))
@JSON_OPTION
def check_command(asked: tuple[str, ...], steps: int, seed: int, as_json: bool) -> int:
    """Run the main job: replay the recorded traces, and check every law on them and on random walks.

    All protocols are checked, or those asked for with --protocol.
    """
    protocols = _protocols(asked)
    paths = [path for protocol in protocols.values() for path in find_traces([traces_of(protocol)])]
    return _run(Job(protocols, paths, steps, seed, has_laws=True), as_json)


def _protocols(asked: tuple[str, ...]) -> dict[str, Protocol]:
    try:
        return select_protocols(asked) if asked else known_protocols()
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error


def _run(job: Job, as_json: bool) -> int:
    console = Console(highlight=False)
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    errors = Console(stderr=True)
    try:
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            for report in job.replay(progress):
                if not as_json:
                    print_trace(console, report)
            job.walk(progress)
    finally:
        # Whatever ends the run early, what was found until then is said.
        if as_json:
            click.echo(json.dumps(job.as_json(how_built()), indent=2))
        else:
            for suite in job.suites.values():
                print_suite(console, suite)
            console.print(tally(job.reports, how_built(), time.monotonic() - started), soft_wrap=True)
    return exit_code(job.reports, job.suites.values())


def main() -> None:
    """Run the command, with pytest's exit codes: an interruption is 2, like wrong usage."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(2)
