"""The command `restake`: its verbs, their options and their exit codes. What they do is done elsewhere."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import spec.machine
from harness import __version__
from harness.protocols import Protocols, UnknownProtocolError, known_protocols, select_protocols, traces_of
from harness.replay import replay
from harness.report import TraceReport, exit_code, print_report, tally
from harness.traces import find_traces, load_trace
from spec.codec import MalformedTrace
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
    return _replay_all(list(find_traces(traces)), _protocols(asked), as_json)


@cli.command("check", epilog=EXIT_CODES, short_help="Run the main job on every protocol.")
@PROTOCOL_OPTION
@JSON_OPTION
def check_command(asked: tuple[str, ...], as_json: bool) -> int:
    """Run the main job: replay every trace recorded from the real contracts.

    All protocols are checked, or those asked for with --protocol.
    """
    protocols = _protocols(asked)
    return _replay_all(list(find_traces(traces_of(protocol) for protocol in protocols.values())), protocols, as_json)


def _protocols(asked: tuple[str, ...]) -> dict[str, Protocol]:
    try:
        return select_protocols(asked) if asked else known_protocols()
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error


def _replay_all(paths: list[Path], protocols: Protocols, as_json: bool) -> int:
    console = Console(highlight=False)
    started = time.monotonic()
    reports: list[TraceReport] = []
    try:
        for report in _reports(paths, protocols):
            reports.append(report)
            if not as_json:
                print_report(console, report)
    finally:
        # Whatever ends the run early, what was found until then is said.
        if as_json:
            click.echo(json.dumps({"built": how_built(), "traces": [report.as_json() for report in reports]}, indent=2))
        else:
            console.print(tally(reports, how_built(), time.monotonic() - started), soft_wrap=True)
    return exit_code(reports)


def _reports(paths: list[Path], protocols: Protocols) -> Iterator[TraceReport]:
    """Replay file after file, with a progress bar on the error stream."""
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TextColumn("traces"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for path in progress.track(paths):
            steps = 0
            try:
                protocol, trace = load_trace(path, protocols)
                steps = len(trace.steps)
                mismatch = replay(protocol, trace)
            except MalformedTrace as error:
                yield TraceReport(path, steps, malformed=error)
            else:
                yield TraceReport(path, steps, mismatch)


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
