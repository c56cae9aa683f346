"""The command `restake` and its verbs by name. The module of a verb is imported only when the verb is used."""

import errno
import io
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Final

import click

from harness import __version__
from harness.commit import commit_here
from harness.mistakes import explained, is_foreign
from harness.pack import UnknownProtocolError
from harness.stopping import interruptible
from harness.verbs import EXIT_CODES, Verbs, how_built
from invariants.law import UndeclaredError

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "check": ("harness.verbs.check", "Run the main job: every law, on every protocol."),
    "conform": ("harness.verbs.conform", "Run another implementation beside the specification."),
    "diff": ("harness.verbs.diff", "Compare two reports of restake check."),
    "explore": ("harness.verbs.explore", "Exhaust every sequence of calls in a bounded model."),
    "export": ("harness.verbs.export", "Write a trace for other tools: Quint and Apalache, pytest, Foundry."),
    "fill": ("harness.verbs.fill", "Write vectors that a client replays without this project."),
    "gate": ("harness.verbs.gate", "Judge a change of the rules: what it changes, and for whom."),
    "import": ("harness.verbs.export", "Write the trace of a file in the Informal Trace Format."),
    "laws": ("harness.verbs.laws", "List the laws, or explain one."),
    "mutate": ("harness.verbs.mutate", "Make mutants of the specification: which laws kill them?"),
    "new-trace": ("harness.verbs.new_trace", "Write a first trace, or what a trace may say."),
    "observe": ("harness.verbs.observe", "Read the state of a deployment on a chain, at one block."),
    "prove": ("harness.verbs.prove", "Prove the laws of every call, for states of any size."),
    "replay": ("harness.verbs.replay", "Replay recorded traces and compare every step."),
    "serve": ("harness.verbs.serve", "Be a client of the wire protocol, which answers as the specification does."),
    "risk": ("harness.verbs.risk", "What the stake secures, what may be lost, and what fails with what."),
}
"""The verbs by name: the module whose `COMMANDS` has the verb, and its one-line description."""


COMPLETION: Final = "_RESTAKE_COMPLETE"
"""The environment variable by which a shell requests completions from click."""


class Restake(Verbs):
    """The command group `restake`, whose verbs are those of VERBS."""

    verbs = VERBS


def _say_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """Print the version, the build (compiled or interpreted) and the commit, if available; then exit."""
    if is_asked and not ctx.resilient_parsing:
        commit = commit_here()
        click.echo(f"restake {__version__} ({how_built()} specification{commit and f', commit {commit}'})")
        ctx.exit()


@click.group(
    cls=Restake, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_say_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Check restaking protocols against their executable reference specification."""


def main() -> None:
    """Run the command and exit with pytest's exit codes. Exit code 2 covers an interruption, wrong usage, and any
    unexpected exception.
    """
    # Subprocesses import from no folder of the user's; what --protocol names is an exception.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Characters that a narrow output encoding lacks are printed as their code points.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with interruptible():
            code = _exit_code()
            sys.stdout.flush()
        sys.exit(code)
    except click.ClickException as error:
        error.show()
    except UndeclaredError as error:
        click.echo(f"Error: {error}", err=True)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
    except UnknownProtocolError as error:
        click.echo(f"Error: {error}", err=True)
    except OSError as error:
        if error.filename is None:
            # A full disk or a closed pipe: the output is lost, whatever the verdict.
            _give_up_output()
        click.echo(f"Error: {error.filename or 'cannot write'}: {error.strerror or error}", err=True)
    except Exception as error:  # any unforeseen exception: not exit code 1, which says that something is violated
        if is_foreign(error):
            click.echo(f"Error: {explained(error)}", err=True)
        else:
            traceback.print_exc()
            click.echo(f"Error: a mistake of restake {__version__}. Please report it, with this traceback.", err=True)
    sys.exit(2)


def _give_up_output() -> None:
    """Redirect standard output to the null device, so that flushing it at exit does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _exit_code() -> int:
    """The exit code of the command; 0 if click only completed a command line for a shell. Raises ClickException if
    other code ended the process by SystemExit, and BrokenPipeError if standard output is closed.
    """
    stdout = sys.stdout
    try:
        return int(cli.main(prog_name="restake", standalone_mode=False))
    except SystemExit as error:
        if COMPLETION in os.environ:  # click has answered the shell that asked what may stand here
            return 0
        if sys.stdout is not stdout:  # click replaces standard output where it finds a closed pipe
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from None
        raise click.ClickException(f"code from outside ended the run with exit code {error.code}") from error
