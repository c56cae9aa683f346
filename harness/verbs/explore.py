"""The verb `restake explore`: exhaustive search of bounded models."""

import json
import math

import click

from harness.display import live_display
from harness.explore import Search
from harness.pack import UnknownProtocolError
from harness.protocols import select_bounded_models
from harness.report import print_model
from harness.stopping import Stop
from harness.verbs import (
    BUDGET_OPTION,
    EXIT_CODES,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    how_built,
    unless_left_out,
    unless_unchecked,
)


@click.command("explore", epilog=EXIT_CODES, short_help="Exhaust every sequence of calls in a bounded model.")
@PROTOCOL_OPTION
@click.option(
    "--depth",
    default=6,
    show_default=True,
    type=click.IntRange(1, 100),
    metavar="N",
    help="The most calls in a sequence.",
)
@click.option("--prune/--no-prune", default=True, show_default=True, help="Skip states that were searched before.")
@BUDGET_OPTION
@JSON_OPTION
def explore_command(asked: tuple[str, ...], depth: int, prune: bool, budget: float | None, as_json: bool) -> int:
    """Try every sequence of a few calls in a bounded model, up to a depth, with every law checked at every step.

    Every sequence is covered, with pruning or without. The continuations of a state depend on that state alone, so a
    state met again is only searched again if more calls are left than before.

    It took seven minutes of CPU time for both protocols, compiled, and takes about eight times as long for each further
    call. --budget ends it sooner, and says so.
    """
    stop = Stop(math.inf if budget is None else budget)
    try:
        search = Search(select_bounded_models(asked), depth, prune, stop)
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error

    def tell() -> None:
        """Report the results so far, whatever ended the search."""
        search.settle()
        if as_json:
            click.echo(json.dumps({"built": how_built(), **search.as_json()}, indent=2))
        else:
            for report in search.reports:
                print_model(console(), report)

    stop.last_words = tell
    try:
        with stop, live_display() as progress:
            search.run(progress)
    finally:
        tell()
    if stop.is_interrupted:
        click.echo("interrupted", err=True)
        return 2
    without = [report.name for report in search.reports if asked and not report.exploration.steps]
    return unless_left_out(unless_unchecked(search.exit_code, without, "no call was tried"), asked)


COMMANDS = {"explore": explore_command}
