"""Shared parts of the verbs of `restake`: options, exit codes, and how a verb is loaded when it is asked for."""

import errno
import math
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TextIO, TypeVar

import click
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
    """A range of numbers that refuses `nan`, which plain ranges accept: no comparison with it is true."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error."""
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
"""The most processes of a run: a number mistyped must not fill the machine with them."""

JOBS_OPTION = click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), metavar="N", help="The number of processes.  [default: all cores]"
)


def seed_option(what: str) -> Callable[[Command], Command]:
    """The option of a seed. Its help says of what."""
    return click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help=what)


def timeout_option(seconds: float, what: str) -> Callable[[Command], Command]:
    """The option of a time limit for each answer."""
    kind = Seconds(0, min_open=True)
    return click.option(
        "--timeout", "seconds", default=seconds, show_default=True, type=kind, metavar="SECONDS", help=what
    )


class Verbs(click.Group):
    """A group whose commands are looked up by name, in the order in which people need them, and loaded when asked for.

    `verbs` gives by name the module whose `COMMANDS` has the verb, and what it does in a line; `libraries` are those
    that may be missing, and the extra that installs them.
    """

    verbs: Mapping[str, tuple[str, str]] = {}
    libraries: tuple[frozenset[str], str] = (frozenset(), "")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb itself; a clear word if a library that it needs is not installed."""
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
        """The verbs and what they do, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.verbs.items()])


def how_built() -> str:
    """The build of the specification that runs here: compiled, or interpreted from its source."""
    return "interpreted" if spec.machine.__file__.endswith(".py") else "compiled"


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Output(Console):
    """The standard output. What nobody reads any more raises, as it does for whoever prints without colours."""

    def on_broken_pipe(self) -> None:
        """Raise what was caught."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console() -> Console:
    """Plain and 120 columns wide, unless it is a terminal."""
    found = Output(highlight=False)
    return found if found.is_terminal else Output(highlight=False, width=120)


Found = TypeVar("Found")


def read_ledger(read: Callable[[], Found]) -> Found:
    """A value read from a ledger. One that cannot be believed ends the command, with a line that says why."""
    from proofs.ledger import LedgerError  # here, because most verbs ask no ledger

    try:
        return read()
    except LedgerError as error:
        raise click.ClickException(str(error)) from error


def unless_written(file: TextIO, text: str) -> str | None:
    """The reason why a file cannot be written, or None: other output is written all the same."""
    try:
        with file:
            file.write(text)
    except OSError as error:
        return f"cannot write {file.name}: {error.strerror}"
    return None


def unless_left_out(code: int, asked: tuple[str, ...]) -> int:
    """An exit code; no success where a protocol that is announced was to be there, and cannot be had."""
    return worst({code, 2}) if left_out(asked) else code


def packs_of_traces(asked: tuple[str, ...]) -> dict[str, ProtocolPack]:
    """The packs that the option names, or whatever a trace may be of. A usage error if one cannot be had."""
    return packs_asked(asked) if asked else readable_packs()


def packs_asked(asked: tuple[str, ...]) -> dict[str, ProtocolPack]:
    """The packs that the option names, or all that are known. A usage error if one cannot be had."""
    try:
        return select_packs(asked)
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error
