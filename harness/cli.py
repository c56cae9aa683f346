"""The command `restake`: its verbs, their options and their exit codes. What they do is done elsewhere."""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TextIO, TypeVar, get_args

import click
from rich.console import Console

import spec.machine
from harness import __version__
from harness.check import PROFILES, Check, Plan, UnknownLawError
from harness.display import live_display
from harness.evidence import How, rotation
from harness.explore import Search
from harness.job import Job
from harness.junit import junit
from harness.mutants.fate import Effort
from harness.mutants.mutant import PROTOCOLS as MUTATED
from harness.mutants.mutant import MutantError
from harness.mutants.report import kills, markdown, print_mutation
from harness.mutants.run import Choice, JudgeError, Mutation, UnknownMutantError
from harness.protocols import Target, UnknownProtocolError, known_protocols, select_targets, select_worlds
from harness.prove import THEORIES, Proving, Question, UnknownNameError, print_proving, run_together
from harness.report import exit_code, print_check, print_trace, print_world, tally
from harness.risk import risk
from harness.schedulers import Cluster, Cores, Scheduler, SchedulerError
from harness.stopping import Stop
from harness.traces import find_traces, load_json
from invariants.law import UndeclaredError
from proofs.concrete import read as read_counterexample
from proofs.concrete import replay as replay_counterexample
from proofs.ledger import Ledger, LedgerError
from proofs.second import Opinions, ask_everybody
from spec.codec import MalformedTrace, as_object

EXIT_CODES = """\b
Exit codes:
  0  everything that was checked holds
  1  something differs or is violated, or a law was never checked
  2  interrupted, wrong usage, or a file that cannot be read
  5  there was nothing to check
"""


JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of text.")
PROTOCOL_OPTION = click.option(
    "--protocol",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Only this protocol: a known name, or module:attribute of one or of a walk. May be repeated.",
)


def how_built() -> str:
    """Whether the specification that runs here was compiled, or is interpreted from its source."""
    return "interpreted" if spec.machine.__file__.endswith(".py") else "compiled"


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"restake %(version)s ({how_built()} specification)")
def cli() -> None:
    """Check restaking protocols against their executable reference specification."""


cli.add_command(risk)


@cli.command("replay", epilog=EXIT_CODES, short_help="Replay recorded traces and compare every step.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...", type=click.Path(exists=True, path_type=Path))
@PROTOCOL_OPTION
@JSON_OPTION
def replay_command(traces: tuple[Path, ...], asked: tuple[str, ...], as_json: bool) -> int:
    """Replay recorded TRACEs (files or folders, .json or .json.gz) and compare every step.

    Compared are the outcome, the error, the values returned and the whole state after each step. Where a trace
    differs, the first differing step is shown with every path that differs, and the next trace goes on.

    A counterexample that restake check kept in .restake/ is told step by step: each call, what it changed, and where
    the law breaks, or that it no longer does.
    """
    return _run(Job(_targets(asked), list(find_traces(traces))), as_json)


@cli.command("check", epilog=EXIT_CODES, short_help="Run the main job: every law, on every protocol.")
@click.option(
    "--protocol",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Only this protocol: a known name, or module:attribute of a protocol or of a walk. May be repeated.",
)
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
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop when time is up.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="On so many processes.  [default: all cores]")
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
        check = Check(select_targets(asked), plan, stop)
    except (UnknownProtocolError, UnknownLawError) as error:
        raise click.UsageError(str(error)) from error
    _open(check.open_ledgers)
    places = [check.targets[name].place for name in check.walks]
    workers = _workers(scheduler, places, cores() if jobs is None else jobs)
    started = time.monotonic()
    problem: str | None = "interrupted"
    try:
        with stop, workers, live_display() as progress:
            check.run(workers, progress)
            check.gather(proofs, cores() if jobs is None else jobs, progress, drawn_by or rotation())
        problem = "interrupted" if stop.is_interrupted else None
    except (SchedulerError, LedgerError) as error:
        problem = str(error)
    finally:
        # Whatever ends the run early, what was found until then is said.
        seconds = time.monotonic() - started
        if junit_file is not None:
            unfinished = "stopped before everything was done" if check.is_cut_short else None
            junit_file.write(junit(check.reports, check.suites.values(), problem or unfinished))
        if as_json:
            click.echo(json.dumps({"built": how_built(), "problem": problem, **check.as_json()}, indent=2))
        else:
            print_check(_console(), check.reports, check.suites.values(), not laws)
            drawn = sum(suite.drawn.steps for suite in check.suites.values())
            speed = f"{drawn / check.drawing_seconds:,.0f} a second" if check.drawing_seconds else "none"
            click.echo(f"{drawn:,} steps drawn from seed {seed}, {speed}, {workers}")
            click.echo(tally(check.reports, how_built(), seconds))
            if check.is_cut_short:
                click.echo("stopped before everything was done")
    if problem is not None:
        click.echo(problem, err=True)
        return 2
    code = exit_code(check.reports, check.suites.values())
    return 2 if check.is_cut_short and code != 1 else code


@cli.command("explore", epilog=EXIT_CODES, short_help="Exhaust every sequence of calls in a small world.")
@click.option(
    "--protocol",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Only this one: a protocol of ours, or module:attribute of a small world. May be repeated.",
)
@click.option(
    "--depth", default=6, show_default=True, type=click.IntRange(1), metavar="N", help="How many calls a sequence has."
)
@click.option("--prune/--no-prune", default=True, show_default=True, help="Skip what a state seen before leads to.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop when time is up.")
@JSON_OPTION
def explore_command(asked: tuple[str, ...], depth: int, prune: bool, budget: float | None, as_json: bool) -> int:
    """Try every sequence of a few calls in a small world, up to a depth, with every law checked at every step.

    Pruned or not, every sequence is covered: what follows from a state depends on that state alone, so a state met
    again need not be searched again unless more calls are left than before.
    """
    stop = Stop(math.inf if budget is None else budget)
    try:
        search = Search(select_worlds(asked), depth, prune, stop)
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error
    try:
        with stop, live_display() as progress:
            search.run(progress)
    finally:
        if as_json:
            click.echo(json.dumps({"built": how_built(), **search.as_json()}, indent=2))
        else:
            for report in search.reports:
                print_world(_console(), report)
    if stop.is_interrupted:
        click.echo("interrupted", err=True)
        return 2
    return search.exit_code


@cli.command("mutate", epilog=EXIT_CODES, short_help="Break the specification on purpose, and see which law notices.")
@click.option("--protocol", "protocols", multiple=True, type=click.Choice(MUTATED), help="Only this one's mutants.")
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
@click.option("--proofs", "proves", is_flag=True, help="Put each before the proofs too.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many, drawn by --seed.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help="The sample's seed.")
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
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop when time is up.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="So many at a time.  [default: all cores]")
@click.option("--list", "lists", is_flag=True, help="Name the mutants, and judge none.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Write the page of the documentation instead of text.")
@click.option(
    "--kills",
    "kills_file",
    type=click.File("w", encoding="utf-8", lazy=True),
    metavar="FILE",
    help="Write how many mutants each law killed, which `restake check` shows.",
)
@JSON_OPTION
def mutate_command(
    protocols: tuple[str, ...],
    ids: tuple[str, ...],
    file: Path | None,
    only: str | None,
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
    """Run the laws against the specification with one bug in it, once for each of many bugs.

    The bugs are a catalogue of real ones, and those that small changes to the source make. Each is loaded from source
    in a process of its own; installed files stay as they are. The same mutants come to the same end every time.

    With --proofs, laws that are proved of the calls which run through the bug are proved anew, until a state and a call
    refute one.
    """
    if file is not None and only == "generated":
        raise click.UsageError("--file and --generated: what is generated stands in no file")
    stop = Stop(math.inf if budget is None else budget)
    try:
        chosen = Choice(only != "generated", only != "catalogue", protocols, ids, sample, seed, file).mutants()
    except UnknownMutantError as error:
        raise click.UsageError(str(error)) from error
    except MutantError as error:
        raise click.ClickException(str(error)) from error
    if lists:
        for mutant in chosen:
            click.echo(f"{mutant.mutant_id}  {mutant.bug}")
        return 0 if chosen else 5
    mutation = Mutation(chosen, Effort(walks=walks, plays=plays), stop, proves, file)
    started = time.monotonic()
    problem: str | None = None
    try:
        with stop, live_display() as progress:
            mutation.run(cores() if jobs is None else jobs, progress)
    except JudgeError as error:
        problem = str(error)
    finally:
        if as_json:
            click.echo(json.dumps(mutation.as_json(), indent=2))
        elif as_markdown:
            asked = " ".join(
                [mutation.command, *([f"--{only}"] if only else []), *(["--proofs"] if proves else []), "--markdown"]
            )
            click.echo(markdown(mutation, asked), nl=False)
        else:
            print_mutation(_console(), mutation)
            seconds = time.monotonic() - started
            click.echo(f"{len(mutation.judged):,} of {len(chosen):,} mutants judged in {seconds:.1f} s")
        if kills_file is not None and not mutation.is_cut_short:
            kills_file.write(json.dumps(kills(mutation.judged), indent=1) + "\n")
    if stop.is_interrupted or problem is not None:
        click.echo(problem or "interrupted", err=True)
        return 2
    if mutation.undone:
        click.echo(f"not judged, since their judges were killed: {', '.join(mutation.undone)}", err=True)
    return mutation.exit_code


@cli.command("prove", epilog=EXIT_CODES, short_help="Prove the laws of every call, for states of any size.")
@click.option(
    "--protocol", "protocols", multiple=True, type=click.Choice(sorted(THEORIES)), help="Only this one's laws."
)
@click.option("--law", "laws", multiple=True, metavar="ID", help="Only this law. May be repeated.")
@click.option("--action", "calls", multiple=True, metavar="NAME", help="Only this call, or genesis. May be repeated.")
@click.option("--all", "everything", is_flag=True, help="Prove again what the ledger says is proved.")
@click.option(
    "--timeout",
    "effort",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="So many times the solvers' steps.",
)
@click.option("--second", is_flag=True, help="Ask cvc5, and z3 from another seed, about all that is proved.")
@click.option("--z3", "other_z3", metavar="PROGRAM", help="With --second: ask this z3, too, say an older one.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop when time is up.")
@click.option(
    "--write-ledger",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep verdicts in this folder, and ask no other: for whoever changes proofs/ledgers of this project.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="On so many processes.  [default: all cores]")
@click.option(
    "--replay",
    "shown",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show a counterexample again; or ask all solvers about a disputed question (.smt2).",
)
@JSON_OPTION
def prove_command(
    protocols: tuple[str, ...],
    laws: tuple[str, ...],
    calls: tuple[str, ...],
    everything: bool,
    effort: int,
    second: bool,
    other_z3: str | None,
    budget: float | None,
    folder: Path | None,
    jobs: int | None,
    shown: Path | None,
    as_json: bool,
) -> int:
    """Prove each law of each call on the specification's own source: for any number of rows, and integers of any size.

    What the installed ledger knows is not proved again, unless something that it depends on has changed. Each verdict
    is kept as soon as it is known, below the user's cache or RESTAKE_CACHE; the installed ledger stays as it is.
    --timeout multiplies the steps that solvers may take; they are counted, so that a busy machine changes no verdict.

    With --second, whatever a solver proves is asked of others, and the ledger keeps how many goals they agree on. Who
    disagrees makes exit code 1, and the question is kept in .restake/.

    A law that is refuted comes with a state and a call, kept in .restake/, that --replay shows on the specification as
    it runs everywhere else. Exit code 2 also says that something is neither proved nor refuted.
    """
    if shown is not None:
        return _show_disputed(shown) if shown.suffix == ".smt2" else _show_refutation(shown)
    question = Question(laws, calls, everything, effort, _opinions(effort, other_z3) if second else None)
    stop = Stop(math.inf if budget is None else budget)
    provings: list[Proving] = []
    unknown: list[str] = []
    for name in protocols or sorted(THEORIES):
        ledger = _open(partial(Ledger, name, THEORIES[name], None if folder is None else [folder]))
        try:
            provings.append(question.of(ledger))
        except UnknownNameError as error:
            unknown.append(str(error))
    # Who names no protocol means those that have what is asked for.
    if unknown and (protocols or not provings):
        raise click.UsageError("; ".join(unknown))
    problem: str | None = None
    try:
        with stop:
            run_together(provings, cores() if jobs is None else jobs, stop, _say_proved)
    except LedgerError as error:
        problem = str(error)
    if as_json:
        click.echo(json.dumps({"protocols": [proving.as_json() for proving in provings]}, indent=2))
    else:
        for proving in provings:
            print_proving(_console(), proving)
    if problem is None and any(proving.left() for proving in provings) and stop():
        problem = "interrupted" if stop.is_interrupted else "stopped when its time was up"
    if problem is None and folder is not None and any(proving.unkept for proving in provings):
        problem = "not all that was proved could be written"
    if problem is not None:
        click.echo(problem, err=True)
        return 2
    codes = {proving.exit_code for proving in provings}
    return next((code for code in (1, 2, 0) if code in codes), 5)


Opened = TypeVar("Opened")


def _open(ledger: Callable[[], Opened]) -> Opened:
    """What is read of a ledger. One that cannot be believed ends the command, with a line that says why."""
    try:
        return ledger()
    except LedgerError as error:
        raise click.ClickException(str(error)) from error


def _opinions(effort: int, other_z3: str | None) -> Opinions:
    """Who is asked beside our solvers; it is a usage error if they are not there."""
    try:
        return Opinions(effort, other_z3)
    except ImportError as error:
        raise click.UsageError("--second asks cvc5, which is not installed: pip install cvc5") from error
    except OSError as error:
        raise click.UsageError(f"--z3 {other_z3}: {error.strerror}") from error


def _show_disputed(path: Path) -> int:
    """What each solver says of a question that was disputed: 1 if they still do not agree."""
    said = ask_everybody(path)
    for who, answer in said.items():
        click.echo(f"{who}: {answer}")
    return 1 if {"sat", "unsat"} <= set(said.values()) else 0


def _say_proved(call: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"{done}/{of} {call}", err=True)


def _show_refutation(path: Path) -> int:
    try:
        document = as_object(load_json(path), "")
        name = document.get("protocol")
        place = THEORIES.get(name) if isinstance(name, str) else None
        if place is None:
            raise MalformedTrace("protocol", f"expected one of {', '.join(sorted(THEORIES))}")
        found = read_counterexample(place, document)
    except MalformedTrace as error:
        click.echo(f"malformed {path}: {error}", err=True)
        return 2
    said = replay_counterexample(place, found)
    for table in known_protocols()[str(name)].schema.tables:
        for key, row in found.state.tables[table.index].items():
            click.echo(f"{table.name}[{key!r}] = {row!r}")
    click.echo(f"{found.action}\n{said.outcome}; breaks {', '.join(said.broken) or 'nothing'}")
    return 1 if found.law_id in said.broken else 0


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _workers(address: str | None, places: Collection[str], jobs: int) -> Scheduler:
    if address is None:
        return Scheduler() if jobs == 1 else Cores(jobs)
    try:
        return Cluster(address, places)
    except SchedulerError as error:
        raise click.ClickException(str(error)) from error


def _console() -> Console:
    """Plain and 120 columns wide, unless it is a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


def _targets(asked: tuple[str, ...]) -> dict[str, Target]:
    try:
        return select_targets(asked)
    except UnknownProtocolError as error:
        raise click.UsageError(str(error)) from error


def _run(job: Job, as_json: bool) -> int:
    console = _console()
    started = time.monotonic()
    try:
        with live_display() as progress:
            for report in job.replay(progress):
                if not as_json:
                    print_trace(console, report)
    finally:
        # Whatever ends the run early, what was found until then is said.
        if as_json:
            click.echo(json.dumps(job.as_json(how_built()), indent=2))
        else:
            console.print(tally(job.reports, how_built(), time.monotonic() - started), soft_wrap=True)
    return exit_code(job.reports, ())


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
