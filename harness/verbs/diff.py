"""The verb `restake diff`: compares two reports of `restake check`."""

import json
from collections import Counter
from pathlib import Path

import attrs
import click

from harness.diff import changes, read_report
from harness.verbs import EXIT_CODES, JSON_OPTION, console
from spec.codec import MalformedTrace

REPORT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("diff", epilog=EXIT_CODES, short_help="Compare two reports of restake check.")
@click.argument("old", metavar="OLD.json", type=REPORT)
@click.argument("new", metavar="NEW.json", type=REPORT)
@JSON_OPTION
def diff_command(old: Path, new: Path, as_json: bool) -> int:
    """Compare two reports of restake check --format json: what is worse, better or otherwise different in NEW.json.

    Compared are laws, traces, proofs and coverage. The exit code is 1 if something is worse: a law no longer holds, a
    trace no longer agrees, or either is gone. Fewer proved calls, and anything no longer reached, are also worse. It
    takes less than a second.
    """
    documents = []
    for path in (old, new):
        try:
            documents.append(read_report(path))
        except MalformedTrace as error:
            raise click.ClickException(f"{path}: {error}") from error
    try:
        found = changes(*documents)
    except MalformedTrace as error:
        raise click.ClickException(f"{old} or {new}: {error}") from error
    if as_json:
        click.echo(json.dumps([attrs.asdict(change) for change in found], indent=2))
    else:
        width = max([len(change.what) for change in found], default=0)
        for change in found:
            said = f"{change.direction:6}  {change.what:{width}}  {change.before} -> {change.after}"
            console().print(said, markup=False, soft_wrap=True)
        count = Counter([change.direction for change in found])
        click.echo(f"{count['worse']} worse, {count['better']} better, {count['other']} otherwise")
    return 1 if any(change.direction == "worse" for change in found) else 0


COMMANDS = {"diff": diff_command}
