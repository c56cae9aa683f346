"""The verb `restake mutate`: the laws against mutants of the specification."""

import json
import math
import time
from pathlib import Path
from typing import Any, TextIO

import click

from harness.display import live_display
from harness.mutants.fate import Effort
from harness.mutants.mutant import MutantError
from harness.mutants.report import kills, markdown, print_mutation
from harness.mutants.run import Choice, JudgeError, Mutation, UnknownMutantError
from harness.mutants.vectors import VectorMutation, print_vectors
from harness.stopping import Stop
from harness.vectors import ReleaseError
from harness.verbs import (
    BUDGET_OPTION,
    EXIT_CODES,
    JOBS_OPTION,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    cores,
    packs_asked,
    seed_option,
    unless_left_out,
)


@click.command("mutate", epilog=EXIT_CODES, short_help="Make mutants of the specification: which laws kill them?")
@PROTOCOL_OPTION
@click.option("--mutant", "ids", multiple=True, metavar="ID", help="Only this mutant. May be repeated.")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="MUTANTS.toml",
    help="The mutants of this file, in the form of our catalogue, and none of ours.",
)
@click.option("--catalogue", "only", flag_value="catalogue", help="Only the mutants that were written down.")
@click.option("--generated", "only", flag_value="generated", help="Only the mutants that operators make.")
@click.option(
    "--vectors",
    "vectors",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Have the vectors that `restake fill` wrote there judge them, and not the laws.",
)
@click.option("--proofs", "proves", is_flag=True, help="Have the proofs judge each mutant, too.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only a sample of this size, drawn by --seed.")
@seed_option("The sample's seed.")
@click.option(
    "--walks", default=Effort().walks, show_default=True, type=click.IntRange(0), metavar="N", help="Walks per mutant."
)
@click.option(
    "--plays",
    default=Effort().plays,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Plays of each game.",
)
@BUDGET_OPTION
@JOBS_OPTION
@click.option("--list", "lists", is_flag=True, help="Name the mutants, and judge none.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Write the page of the documentation instead of text.")
@click.option(
    "--kills",
    "kills_file",
    type=click.File("w", encoding="utf-8", lazy=True),
    metavar="FILE",
    help="Write how many mutants each law killed, which `restake check` shows; with --vectors, those of each kind.",
)
@JSON_OPTION
def mutate_command(
    asked: tuple[str, ...],
    ids: tuple[str, ...],
    file: Path | None,
    only: str | None,
    vectors: Path | None,
    proves: bool,
    sample: int | None,
    seed: int,
    walks: int,
    plays: int,
    budget: float | None,
    jobs: int | None,
    lists: bool,
    as_markdown: bool,
    kills_file: TextIO | None,
    as_json: bool,
) -> int:
    """Run the laws against mutants: the specification with one bug in each.

    The bugs are a catalogue of real ones, and small changes that operators make to the source. Each mutant is loaded
    from source in a process of its own; installed files stay as they are. Every run judges the same mutant alike. The
    catalogue takes about ten minutes on two cores, the others about as long again.

    With --proofs, laws that are proved of the calls which run through the bug are proved anew, until a state and a call
    refute one.
    """
    if file is not None and only == "generated":
        raise click.UsageError("--file and --generated: what is generated stands in no file")
    if vectors is not None and (proves or as_markdown):
        raise click.UsageError("--vectors: no laws or proofs are asked then")
    stop = Stop(math.inf if budget is None else budget)
    try:
        packs = packs_asked(asked)
        if asked and proves and (without := [name for name, pack in packs.items() if pack.theory_at is None]):
            raise click.UsageError(f"--proofs: {', '.join(without)}: no theory, so that nothing can be proved")
        choice = Choice(only != "generated", only != "catalogue", packs, ids, sample, seed, file, bool(asked))
        chosen = choice.mutants()
    except UnknownMutantError as error:
        raise click.UsageError(str(error)) from error
    except MutantError as error:
        raise click.ClickException(str(error)) from error
    if lists:
        for mutant in chosen:
            click.echo(f"{mutant.mutant_id}  {mutant.bug}")
        return 0 if chosen else 5
    try:
        mutation = (
            Mutation(chosen, Effort(walks=walks, plays=plays), stop, proves, file, packs, ids)
            if vectors is None
            else VectorMutation(chosen, vectors, stop, packs, ids)
        )
    except ReleaseError as error:
        raise click.UsageError(str(error)) from error
    started = time.monotonic()

    def tell() -> None:
        """Report the results so far, whatever ended the run."""
        if as_json:
            click.echo(json.dumps(mutation.as_json(), indent=2))
        elif as_markdown:
            command = " ".join(
                [mutation.command, *([f"--{only}"] if only else []), *(["--proofs"] if proves else []), "--markdown"]
            )
            click.echo(markdown(mutation, command), nl=False)
        else:
            if isinstance(mutation, VectorMutation):
                print_vectors(console(), mutation)
            else:
                print_mutation(console(), mutation)
            seconds = time.monotonic() - started
            click.echo(f"{len(mutation.judged):,} of {len(chosen):,} mutants judged in {seconds:.1f} s")
        if kills_file is not None and not mutation.is_cut_short:
            found: Any = mutation.kills_of_release() if isinstance(mutation, VectorMutation) else kills(mutation.judged)
            kills_file.write(json.dumps(found, indent=1) + "\n")

    stop.last_words = tell
    problem: str | None = None
    try:
        with stop, live_display() as progress:
            mutation.run(jobs or cores(), progress)
    except JudgeError as error:
        problem = str(error)
    finally:
        tell()
    if stop.is_interrupted or problem is not None:
        click.echo(problem or "interrupted", err=True)
        return 2
    if mutation.undone:
        click.echo(f"not judged, since their judges were killed: {', '.join(mutation.undone)}", err=True)
    for line in mutation.unloaded():
        click.echo(line, err=True)
    return unless_left_out(mutation.exit_code, asked)


COMMANDS = {"mutate": mutate_command}
