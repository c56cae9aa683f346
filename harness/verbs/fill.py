"""The verb `restake fill`: writes vectors that a client replays without this project."""

import json
from pathlib import Path

import click

from harness.display import live_display
from harness.stopping import Stop
from harness.vectors import ORDER, WALKS, WITNESS, ReleaseError, fill
from harness.verbs import EXIT_CODES, JSON_OPTION, PROTOCOL_OPTION, packs_asked, unless_left_out, unless_unchecked


@click.command("fill", epilog=EXIT_CODES, short_help="Write vectors that a client replays without this project.")
@PROTOCOL_OPTION
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder to write, which must not be there, or be empty.",
)
@click.option(
    "--walks", default=WALKS, show_default=True, type=click.IntRange(0), metavar="N", help="Random walks per protocol."
)
@JSON_OPTION
def fill_command(asked: tuple[str, ...], out: Path, walks: int, as_json: bool) -> int:
    """Write a release of vectors: traces with everything that can be observed after each call.

    There are several families. Cases: every action with every answer that a caller can meet. Orders: calls that fail
    two checks, and are answered by the first. Edges: calls beside which the answer changes. Recorded: traces of the
    real contracts. Witnesses: each situation that walks must reach. Walks: long ones, with amounts of any size.
    Canaries: their last step is wrong, and a client's own runner has to fail each. With --walks 0 there are neither
    walks nor witnesses.

    The same source writes the same bytes. manifest.json has a SHA-256 of every document, and what it covers. Compiled,
    it takes about fifteen seconds for a protocol.
    """
    stop, packs = Stop(), packs_asked(asked)
    try:
        with stop, live_display() as progress:
            bar = progress.add_task("writing vectors", total=None, news="")

            def says(what: str) -> None:
                progress.update(bar, news=what)
                if stop.is_interrupted:
                    raise KeyboardInterrupt

            entries = fill(packs.values(), out, walks, says)
    except KeyboardInterrupt:
        click.echo(f"interrupted: {out} has no manifest, and is no release", err=True)
        return 2
    except ReleaseError as error:
        raise click.UsageError(str(error)) from error
    right = [entry for entry in entries if not entry.wrong]
    covers = {(entry.protocol, each) for entry in right for each in entry.covers}
    orders = {each for each in covers if each[1].startswith(ORDER)}
    covered = {each for each in covers - orders if not each[1].startswith(WITNESS)}
    counts = {
        "vectors": len(right),
        "steps": sum(entry.steps for entry in right),
        "cases": len(covered),
        "orders": len(orders),
        "canaries": len(entries) - len(right),
        "bytes": sum((out / entry.file).stat().st_size for entry in entries),
    }
    if as_json:
        click.echo(json.dumps(counts, indent=2))
    else:
        click.echo(
            f"{out}: {counts['vectors']} vectors of {counts['steps']:,} steps cover {counts['cases']} cases "
            f"and {counts['orders']} orders of checks; "
            f"{counts['canaries']} canaries; {counts['bytes'] / 10**6:.1f} MB"
        )
    without = [name for name in packs if asked and not any(entry.protocol == name for entry in right)]
    return unless_left_out(unless_unchecked(0 if right else 5, without, "no vector was written"), asked)


COMMANDS = {"fill": fill_command}
