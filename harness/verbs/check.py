"""`restake check`: the main job."""

import json
import math
import time
from collections.abc import Collection
from typing import TextIO, get_args

import click

from harness import __version__
from harness.check import PROFILES, Check, Plan, UnknownLawError
from harness.display import live_display
from harness.gathering import How, rotation
from harness.junit import junit
from harness.protocols import left_out
from harness.report import judged, print_details, tally
from harness.schedulers import Cluster, Cores, Scheduler, SchedulerError
from harness.stopping import Stop
from harness.summary import print_laws, print_summary
from harness.verbs import (
    BUDGET_OPTION,
    EXIT_CODES,
    JOBS_OPTION,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    cores,
    how_built,
    packs_asked,
    read_ledger,
    unless_written,
)
from proofs.ledger import LedgerError


@click.command("check", epilog=EXIT_CODES, short_help="Run the main job: every law, on every protocol.")
@PROTOCOL_OPTION
@click.option("--law", "laws", multiple=True, metavar="ID", help="Check and show only this law. May be repeated.")
@click.option(
    "--profile",
    "profile_name",
    default="ci",
    show_default=True,
    type=click.Choice(list(PROFILES)),
    help="How much to draw for each protocol: "
    + "; ".join(f"{name} {plan.steps:,} steps and {plan.examples:,} examples" for name, plan in PROFILES.items())
    + ".",
)
@click.option("--steps", type=click.IntRange(0), metavar="N", help="Random steps per protocol, not the profile's.")
@click.option("--examples", type=click.IntRange(0), metavar="N", help="Examples of Hypothesis, not the profile's.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help="The first walk's seed."
)
@BUDGET_OPTION
@JOBS_OPTION
@click.option("--scheduler", metavar="ADDRESS", help="Run on the Dask cluster at this address.")
@click.option(
    "--proofs",
    default="ledger",
    show_default=True,
    type=click.Choice(get_args(How)),
    help="What to prove here: nothing, only show what the ledger says; what changed; also a sample of the rest; all.",
)
@click.option(
    "--drawn-by",
    metavar="TEXT",
    help="What draws the sample of --proofs.  [default: the commit that is checked out here, else the day]",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show each method's figures, calls by action, rejections by reason."
)
@JSON_OPTION
@click.option(
    "--junit",
    "junit_file",
    type=click.File("w", encoding="utf-8", lazy=False),
    metavar="FILE",
    help="Write the report as JUnit XML as well.",
)
def check_command(
    asked: tuple[str, ...],
    laws: tuple[str, ...],
    profile_name: str,
    steps: int | None,
    examples: int | None,
    seed: int,
    budget: float | None,
    jobs: int | None,
    scheduler: str | None,
    proofs: How,
    drawn_by: str | None,
    verbose: bool,
    as_json: bool,
    junit_file: TextIO | None,
) -> int:
    """Replay the recorded traces, check every law on them, on random walks and on what Hypothesis draws, and show how
    far each law is proved and how many mutants it kills.

    The same seed gives the same report, on any number of processes and on a cluster. What breaks a law is shrunk and
    kept in .restake/, and tried first the next time.
    """
    profile = PROFILES[profile_name]
    plan = Plan(
        profile.steps if steps is None else steps, profile.examples if examples is None else examples, seed, laws
    )
    stop = Stop(math.inf if budget is None else budget)
    try:
        check = Check(packs_asked(asked), plan, stop, left_out=left_out(asked))
    except UnknownLawError as error:
        raise click.UsageError(str(error)) from error
    read_ledger(check.open_ledgers)
    places = [check.packs[name].place for name in check.walks]
    workers = _workers(scheduler, places, jobs or cores())
    started = time.monotonic()
    problem: str | None = "ended by an error"
    try:
        with stop, workers, live_display() as progress:
            check.run(workers, progress)
            check.gather(proofs, jobs or cores(), progress, drawn_by or (rotation() if proofs == "sample" else ""))
        problem = "interrupted" if stop.is_interrupted else None
    except KeyboardInterrupt:
        problem = "interrupted"
        raise
    except (SchedulerError, LedgerError) as error:
        problem = str(error)
    finally:
        # Whatever ends the run early, what was found until then is said.
        seconds = time.monotonic() - started
        code = 2 if problem is not None else judged(check.reports, check.suites.values(), check.unfinished is not None)
        if junit_file is not None:
            unwritten = unless_written(
                junit_file, junit(check.reports, check.suites.values(), problem or check.unfinished)
            )
            problem, code = (problem or unwritten), (code if unwritten is None else 2)
        if as_json:
            click.echo(json.dumps({"built": how_built(), "problem": problem, **check.as_json()}, indent=2))
        else:
            drawn = sum(suite.drawn.steps for suite in check.suites.values())
            speed = f"{drawn / check.drawing_seconds:,.0f} a second" if check.drawing_seconds else "none"
            solver = next((suite.evidence.solver for suite in check.suites.values() if suite.evidence), "no solver")
            asked_for = f"profile {profile_name}" + "".join([f", --law {law}" for law in laws])
            lines = [
                f"restake {__version__}, {how_built()} specification, {solver}; {asked_for}, seed {seed}",
                f"{drawn:,} steps drawn, {speed}, {workers}",
                tally(check.reports, how_built(), seconds),
            ]
            if check.unfinished is not None:
                lines.append(check.unfinished)
            print_summary(console(), check.reports, check.suites.values(), code, lines)
            show = print_details if verbose else print_laws
            for suite in check.suites.values():
                show(console(), suite)
            if not verbose:
                click.echo("\nrestake check -v shows the figures of each method, of each action and each reason.")
    if problem is not None:
        click.echo(problem, err=True)
    return code


def _workers(address: str | None, places: Collection[str], jobs: int) -> Scheduler:
    if address is None:
        return Scheduler() if jobs == 1 else Cores(jobs)
    try:
        return Cluster(address, places)
    except SchedulerError as error:
        raise click.ClickException(str(error)) from error


COMMANDS = {"check": check_command}
