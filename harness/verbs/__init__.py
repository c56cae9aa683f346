"""Shared parts of the verbs of `restake`: options, exit codes, and verbs that are imported when they are used."""

import errno
import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from typing import TextIO, TypeVar

import click
from click.core import ParameterSource
from rich.console import Console

import spec.machine
from harness.exit_codes import MEANINGS, worst
from harness.pack import ProtocolPack, UnknownProtocolError
from harness.protocols import left_out, readable_packs, select_packs

EXIT_CODES = f"""\b
Exit codes:
  0  {MEANINGS[0]}
  1  {MEANINGS[1]}
  2  {MEANINGS[2]}: stopped early, interrupted, left open or left out; a file that cannot be read; wrong usage
  5  {MEANINGS[5]}
"""

Command = TypeVar("Command", bound=Callable[..., object])


class Seconds(click.FloatRange):
    """The type of options for seconds: a range that refuses `nan`, which click's own range accepts."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of seconds. Raises a usage error if it is out of range or `nan`."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is no number.", param, ctx)
        return number


JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of text.")
PROTOCOL_OPTION = click.option(
    "--protocol",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Only this protocol: a known name, or module:attribute of one, of a walk or of a pack; with +module:attribute,"
    " also the laws in that list. May be repeated.",
)
BUDGET_OPTION = click.option(
    "--budget", type=Seconds(0, min_open=True), metavar="SECONDS", help="Stop when time is up."
)
MOST_JOBS = 1_024
"""The most processes of a run, so that a mistyped number does not fill the machine."""

JOBS_OPTION = click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), metavar="N", help="The number of processes.  [default: all cores]"
)


def seed_option(what: str) -> Callable[[Command], Command]:
    """The option `--seed`; `what` is its help text."""
    return click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help=what)


def timeout_option(seconds: float, what: str) -> Callable[[Command], Command]:
    """The option `--timeout` for each answer, with its default in seconds; `what` is its help text."""
    kind = Seconds(0, min_open=True)
    return click.option(
        "--timeout", "seconds", default=seconds, show_default=True, type=kind, metavar="SECONDS", help=what
    )


class Verbs(click.Group):
    """A group of verbs in a fixed order, each imported when it is used.

    `verbs` has, by name, the module whose `COMMANDS` contains the verb, and its one-line description. `libraries` are
    optional libraries that the verbs need, and the extra that installs them.
    """

    verbs: Mapping[str, tuple[str, str]] = {}
    libraries: tuple[frozenset[str], str] = (frozenset(), "")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; None if there is none. Raises UsageError if a library that it needs is not installed."""
        if cmd_name not in self.verbs:
            return None
        libraries, extra = self.libraries
        try:
            commands: Mapping[str, click.Command] = import_module(self.verbs[cmd_name][0]).COMMANDS
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] not in libraries:
                raise
            raise click.UsageError(
                f"restake {extra} needs {error.name}, which is not installed: install restaking-spec[{extra}]"
            ) from error
        return commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs with their descriptions, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.verbs.items()])


def how_built() -> str:
    """The build of the specification: "compiled", or "interpreted" from source."""
    return "interpreted" if spec.machine.__file__.endswith(".py") else "compiled"


def cores() -> int:
    """The number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Output(Console):
    """The console on standard output. A closed pipe raises BrokenPipeError, as it does for plain output."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console() -> Console:
    """The console for reports: plain and 120 columns wide, unless it is a terminal."""
    found = Output(highlight=False)
    return found if found.is_terminal else Output(highlight=False, width=120)


Found = TypeVar("Found")


def read_ledger(read: Callable[[], Found]) -> Found:
    """The result of `read`, which reads a ledger. Raises ClickException if the ledger cannot be trusted."""
    from proofs.ledger import LedgerError  # here, because most verbs ask no ledger

    try:
        return read()
    except LedgerError as error:
        raise click.ClickException(str(error)) from error


def unless_written(file: TextIO, text: str) -> str | None:
    """Write a text to a file and close it. Returns the reason if that fails, else None, so that other output can
    follow.
    """
    try:
        with file:
            file.write(text)
    except OSError as error:
        return f"cannot write {file.name}: {error.strerror}"
    return None


def unless_left_out(code: int, asked: tuple[str, ...]) -> int:
    """The exit code of a run. If an announced protocol could not be loaded and none was requested by name, 0 and 5
    become 2.
    """
    return worst({code, 2}) if left_out(asked) else code


def unless_unchecked(code: int, without: Sequence[str], what: str) -> int:
    """The exit code of a run that checked nothing of some things that were asked for by name (`without`). They are
    printed on standard error after `what`, and 0 becomes 2. A run that checked nothing at all keeps 5, in silence.
    """
    if not without or code == 5:
        return code
    click.echo(f"{what}: {', '.join(without)}", err=True)
    return worst({code, 2})


def refuse_beside(allowed: Collection[str], why: str) -> None:
    """Raise UsageError for an option on the command line that is not in `allowed`, and that would be ignored.
    `why` says what the run does instead.
    """
    context = click.get_current_context()
    given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    unfit = [name for name in given if name not in allowed]
    if unfit:
        options = {parameter.name: parameter.opts[-1] for parameter in context.command.params}
        raise click.UsageError(f"{why}, so that {options[unfit[0]]} means nothing beside it.")


def packs_of_traces(asked: tuple[str, ...]) -> dict[str, ProtocolPack]:
    """The packs requested by `--protocol`, or all packs that a trace may belong to. Raises UsageError if one cannot be
    loaded.
    """
    return packs_asked(asked) if asked else readable_packs()


def packs_asked(asked: tuple[str, ...]) -> dict[str, ProtocolPack]:
    """The packs requested by `--protocol`, or all known ones. Raises UsageError if one cannot be loaded."""
    try:
        return select_packs(asked)
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error
