"""The verb `restake check`: every law on every protocol."""

import json
import math
import shlex
import time
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO, get_args

import attrs
import click
from click.core import ParameterSource

from harness import __version__
from harness.check import PROFILES, Check, Plan, UnknownLawError
from harness.commit import commit_here
from harness.display import live_display
from harness.gathering import How, rotation
from harness.github import annotations
from harness.junit import junit
from harness.markdown import as_markdown
from harness.outcome import Provenance, RunOutcome, python_here
from harness.pack import ProtocolPack
from harness.protocols import left_out
from harness.report import judged
from harness.report_schema import REPORT
from harness.schedulers import Cluster, Cores, Scheduler, SchedulerError
from harness.stopping import Stop
from harness.summary import print_outcome
from harness.traces import find_traces
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
    refuse_beside,
    seed_option,
    unless_written,
)
from proofs.ledger import LedgerError
from spec.codec import MalformedTrace

WRITING: Final = frozenset({"verbose", "as_json", "form", "annotates", "junit_file", "jobs", "scheduler"})
"""The options that only affect where a run takes place and what it writes, and not its result."""


@click.command("check", epilog=EXIT_CODES, short_help="Run the main job: every law, on every protocol.")
@PROTOCOL_OPTION
@click.option("--law", "laws", multiple=True, metavar="ID", help="Check and show only this law. May be repeated.")
@click.option(
    "--profile",
    "profile_name",
    default="ci",
    show_default=True,
    type=click.Choice(list(PROFILES)),
    help="The volume drawn for each protocol: "
    + "; ".join(f"{name} {plan.steps:,} steps and {plan.examples:,} examples" for name, plan in PROFILES.items())
    + ".",
)
@click.option("--steps", type=click.IntRange(0), metavar="N", help="Random steps per protocol, not the profile's.")
@click.option("--examples", type=click.IntRange(0), metavar="N", help="Examples of Hypothesis, not the profile's.")
@seed_option("The first walk's seed.")
@BUDGET_OPTION
@JOBS_OPTION
@click.option("--scheduler", metavar="ADDRESS", help="Run on the Dask cluster at this address.")
@click.option(
    "--proofs",
    default="ledger",
    show_default=True,
    type=click.Choice(get_args(How)),
    help="The proofs of this run: none, only the ledger's; what changed; also a sample of the rest; all.",
)
@click.option(
    "--assume-proved",
    "assumes_proved",
    is_flag=True,
    help="Check laws that are proved of every call, and within no bound, on one random walk in eleven: for long runs.",
)
@click.option(
    "--drawn-by",
    metavar="TEXT",
    help="The text that draws the sample of --proofs.  [default: the commit that is checked out here, else the day]",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show each method's figures, calls by action, rejections by reason."
)
@JSON_OPTION
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "markdown", "json", "html"]),
    help="The form of the report: text, Markdown for an issue, JSON, or one page of HTML.",
)
@click.option(
    "--schema", "writes_schema", is_flag=True, help="Write the JSON Schema of --format json, and check nothing."
)
@click.option("--github", "annotates", is_flag=True, help="Annotate the run on GitHub as well, on the standard error.")
@click.option(
    "--max-failures",
    "most_failures",
    type=click.IntRange(1),
    metavar="N",
    help="Stop when so many laws broke, or traces differ.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Only scan the laws of states on what `restake observe` wrote there.",
)
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
    assumes_proved: bool,
    drawn_by: str | None,
    verbose: bool,
    as_json: bool,
    form: str,
    writes_schema: bool,
    annotates: bool,
    most_failures: int | None,
    state_file: Path | None,
    junit_file: TextIO | None,
) -> int:
    """Replay the recorded traces, check every law on them, on random walks and on what Hypothesis draws, and show how
    far each law is proved and how many mutants it kills.

    The same seed gives the same report, on any number of processes and on a cluster. What breaks a law is shrunk and
    kept in .restake/, and tried first the next time.

    It took 2 min 42 s on two cores, compiled, when it was measured. --profile dev draws five times as much, audit
    twenty-five times, which takes that much longer (not measured). --budget ends it sooner, and says so.
    """
    if writes_schema:
        click.echo(json.dumps(REPORT, indent=1))
        return 0
    if state_file is not None:
        return _check_state(state_file, asked, laws, as_json)
    profile = PROFILES[profile_name]
    plan = Plan(
        profile.steps if steps is None else steps,
        profile.examples if examples is None else examples,
        seed,
        laws,
        assumes_proved,
    )
    stop = Stop(math.inf if budget is None else budget)
    packs = packs_asked(asked)
    try:
        check = Check(packs, plan, stop, left_out=left_out(asked), most_failures=most_failures or math.inf)
    except UnknownLawError as error:
        raise click.UsageError(str(error)) from error
    if asked:
        _leave_none_out(check, packs, proofs)
    read_ledger(check.open_ledgers)
    places = [check.packs[name].place for name in check.walks]
    workers = _workers(scheduler, places, jobs or cores())
    started, began = time.monotonic(), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"

    def tell(problem: str | None) -> RunOutcome:
        """Report the results so far, and return them as an outcome. `problem` says why the run
        ended early, or is None.
        """
        check.settle()
        seconds = time.monotonic() - started
        suites = list(check.suites.values())
        drawn = sum([suite.drawn.steps for suite in suites])
        outcome = RunOutcome(
            reports=check.reports,
            suites=suites,
            code=2 if problem is not None else judged(check.reports, suites, check.unfinished is not None),
            problem=problem,
            unfinished=check.unfinished,
            left_out=check.left_out,
            made_by=Provenance(
                version=__version__,
                commit=commit_here(),
                built=how_built(),
                python=python_here(),
                solver=next((suite.evidence.solver for suite in suites if suite.evidence), "no solver"),
                profile=profile_name,
                seed=seed,
                laws=laws,
                processes=str(workers),
                drawn_steps=drawn,
                steps_per_second=round(drawn / check.seconds["drawing"]) if check.seconds["drawing"] else 0,
                seconds=round(seconds, 1),
                command=asked_again(),
                began=began,
                parts={part: round(took, 1) for part, took in check.seconds.items()},
            ),
        )
        if junit_file is not None:
            document = junit(check.reports, suites, problem or check.unfinished, seconds)
            unwritten = unless_written(junit_file, document)
            if unwritten is not None:
                outcome = attrs.evolve(outcome, code=2, problem=problem or unwritten)
        if annotates:
            for line in annotations(outcome):
                click.echo(line, err=True)
        if as_json or form == "json":
            click.echo(outcome.dumped())
        elif form == "markdown":
            click.echo(as_markdown(outcome, check.stories()), nl=False)
        elif form == "html":
            from harness.page import as_page  # here, because nothing else needs templates

            click.echo(as_page(outcome, check.stories()), nl=False)
        else:
            print_outcome(console(), outcome, verbose)
        return outcome

    stop.last_words = lambda: tell("interrupted")
    problem: str | None = "ended by an error"
    try:
        with stop, workers, live_display() as progress:
            check.run(workers, progress)
            check.gather(proofs, jobs or cores(), progress, drawn_by or (rotation() if proofs == "sample" else ""))
        problem = "interrupted" if stop.is_interrupted else None
    except (SchedulerError, LedgerError) as error:
        problem = str(error)
    finally:
        outcome = tell(problem)
    if outcome.problem is not None:
        click.echo(outcome.problem, err=True)
    return outcome.code


def _leave_none_out(check: Check, packs: Mapping[str, ProtocolPack], proofs: How) -> None:
    """Raise UsageError if a protocol that was asked for by name has none of the laws of the run, or no theory although
    proofs are asked for. One with neither laws nor recorded traces is told as left out, beside others that have some.
    """
    if check.plan.laws and (none := [name for name in packs if name not in check.walks]):
        raise click.UsageError(f"--law: {', '.join(none)}: has none of {', '.join(check.plan.laws)}")
    if proofs != "ledger" and (none := [name for name, pack in packs.items() if pack.theory_at is None]):
        raise click.UsageError(f"--proofs {proofs}: {', '.join(none)}: no theory, so that nothing can be proved")
    none = [name for name, pack in packs.items() if name not in check.walks and not _has_traces(pack)]
    if len(none) < len(packs):
        check.left_out = [*check.left_out, *[f"{name}: it brings neither laws nor recorded traces" for name in none]]


def _has_traces(pack: ProtocolPack) -> bool:
    """True if a pack has any recorded trace."""
    return pack.traces.exists() and any(find_traces([pack.traces]))


BESIDE_STATE = ("state_file", "asked", "laws", "as_json")
"""The parameters that may be used together with `--state`."""


def _check_state(file: Path, asked: tuple[str, ...], laws: tuple[str, ...], as_json: bool) -> int:
    """Scan the laws on the observed state in a file, and print the verdicts. Returns the exit code. Raises UsageError
    for other options, a malformed file or an unknown law.
    """
    from harness.observed import as_json as report  # here, because only --state needs it
    from harness.observed import code_of, judge, read_observed

    refuse_beside(BESIDE_STATE, "--state scans one state alone")
    try:
        observed = read_observed(file, packs_asked(asked))
    except MalformedTrace as error:
        raise click.UsageError(f"{file}: {error}") from error
    judged = judge(observed)
    if others := [name for name in packs_asked(asked) if asked and name != observed.pack.name]:
        raise click.UsageError(f"--protocol: {file} is a state of {observed.pack.name}, not of {', '.join(others)}")
    unknown = set(laws) - {each.law for each in judged}
    if unknown:
        raise click.UsageError(f"--law: {', '.join(sorted(unknown))}: no law of states of {observed.pack.name}")
    judged = [each for each in judged if not laws or each.law in laws]
    if as_json:
        click.echo(json.dumps(report(observed, judged, bool(laws)), indent=2))
        return code_of(judged, bool(laws))
    for each in judged:
        about = each.why or f"{each.subjects} subject{'' if each.subjects == 1 else 's'}"
        click.echo(f"  {each.law:<14} {each.verdict:<15} {each.sentence} ({about})")
        for subject in each.broken:
            click.echo(f"  {'':<14} broken of {subject}")
    counts = Counter(each.verdict for each in judged)
    click.echo(f"{file}: {observed.pack.name}, " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return code_of(judged, bool(laws))


def asked_again() -> str:
    """The command that repeats this run: its options, without those that only say where it runs and what it writes."""
    context = click.get_current_context()
    said = ["restake", "check"]
    for option in context.command.params:
        name, value = str(option.name), context.params.get(str(option.name))
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE or name in WRITING:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            said += [max(option.opts, key=len), str(each)]
    return shlex.join(said)


def _workers(address: str | None, places: Collection[str], jobs: int) -> Scheduler:
    if address is None:
        return Scheduler() if jobs == 1 else Cores(jobs)
    try:
        return Cluster(address, places)
    except SchedulerError as error:
        raise click.ClickException(str(error)) from error


COMMANDS = {"check": check_command}
