"""The command `restake`: its verbs by name, each loaded only when asked for. What they do is done elsewhere."""

import sys
from collections.abc import Mapping
from typing import Final

import click

from harness import __version__
from harness.verbs import EXIT_CODES, Verbs, how_built
from invariants.law import UndeclaredError

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "check": ("harness.verbs.check", "Run the main job: every law, on every protocol."),
    "explore": ("harness.verbs.explore", "Exhaust every sequence of calls in a small world."),
    "mutate": ("harness.verbs.mutate", "Break the specification on purpose, and see which law notices."),
    "prove": ("harness.verbs.prove", "Prove the laws of every call, for states of any size."),
    "replay": ("harness.verbs.replay", "Replay recorded traces and compare every step."),
    "risk": ("harness.risk", "What the stake secures, what may be lost, and what fails with what."),
}
"""By name: the module whose `COMMANDS` has the verb, and what it does in a line."""


class Restake(Verbs):
    """The verbs of `restake`."""

    verbs = VERBS


@click.group(
    cls=Restake, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message=f"restake %(version)s ({how_built()} specification)")
def cli() -> None:
    """Check restaking protocols against their executable reference specification."""


def main() -> None:
    """Run the command, with pytest's exit codes: an interruption is 2, like wrong usage."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except UndeclaredError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(2)
