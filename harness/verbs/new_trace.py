"""The verb `restake new-trace`: writes a first trace to continue from, or the schema of traces."""

import json
from typing import Any

import click

from harness.pack import ProtocolPack, load
from harness.trace_schemas import markdown, plain
from harness.verbs import EXIT_CODES, packs_asked, seed_option
from invariants.choices import Seeded
from invariants.walker import Walk
from spec.machine import Delta, Draft, commit


@click.command("new-trace", epilog=EXIT_CODES, short_help="Write a first trace, or what a trace may say.")
@click.argument("place", metavar="PROTOCOL")
@click.option(
    "--steps",
    default=3,
    show_default=True,
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="The number of its actions.",
)
@seed_option("The walk's seed.")
@click.option("--schema", "what", flag_value="schema", help="Write the JSON Schema of its traces instead.")
@click.option("--fields", "what", flag_value="fields", help="Write a page about every field and call instead.")
def new_trace_command(place: str, steps: int, seed: int, what: str | None) -> int:
    """Write a whole trace of PROTOCOL, a name or module:attribute: the world of its walks, and the first actions of a
    walk.

    restake replay agrees with it as it stands. Change names, amounts and calls, and put in what another implementation
    answered. --schema and --fields say what each field may be. It takes about a second.
    """
    (pack,) = packs_asked((place,)).values()
    if what is not None:
        schema, calls = _schema(pack)
        click.echo(
            markdown(pack.name, schema, calls) if what == "fields" else json.dumps(plain(schema), indent=1), nl=False
        )
        return 0
    walk = pack.walk
    if walk is None:
        raise click.UsageError(f"{place!r} brings no invariants.walker.Walk, whose world a trace could be of")
    document = walk.protocol.write_trace(walk.world, first_actions(walk, seed, steps))
    click.echo(json.dumps(document, indent=1))
    return 0


def _schema(pack: ProtocolPack) -> tuple[dict[str, Any], dict[str, Any]]:
    if pack.trace_schema_at is None:
        raise click.UsageError(f"{pack.name} has no schema of its traces")
    schema: dict[str, Any] = load(pack.trace_schema_at)
    calls: dict[str, Any] = load(f"{pack.trace_schema_at.partition(':')[0]}:CALLS")
    return schema, calls


def first_actions(walk: Walk, seed: int, count: int) -> list[Any]:
    """The first `count` actions of the random walk with this seed, accepted or rejected."""
    walk = walk.of(seed)
    choices, state, opening = Seeded(seed), walk.genesis(), walk.opening()
    actions: list[Any] = []
    for position in range(count):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        actions.append(action)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
    return actions


COMMANDS = {"new-trace": new_trace_command}
