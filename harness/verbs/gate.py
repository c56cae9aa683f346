"""The verb `restake gate`: judges a change of the rules by its meaning."""

import json
import math
import time
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, TextIO

import click

from gate.decisions import (
    FOLDER as DECISIONS,
)
from gate.decisions import (
    Decision,
    DecisionError,
    Ruling,
    read_decisions,
    rule,
    version_of,
    write_decision,
)
from gate.judge_process import judge_apart
from gate.judging import Budget
from gate.starting import clean_environment
from gate.subject import subject_of
from gate.verdicts import ProtocolReport
from gate.versions import NoVersionError, root_of, taken
from harness.display import live_display
from harness.gate_explained import explained_lines, read_kept
from harness.gate_files import annotations, as_junit, as_sarif
from harness.gate_layers import unjudged_layers
from harness.gate_outcome import FOLDER, GateOutcome, keep
from harness.gate_page import as_page
from harness.gate_text import as_markdown, as_text
from harness.stopping import Stop
from harness.verbs import (
    EXIT_CODES,
    JOBS_OPTION,
    JSON_OPTION,
    PROTOCOL_OPTION,
    Seconds,
    cores,
    packs_asked,
    timeout_option,
    unless_left_out,
    unless_written,
)

FILE = click.File("w", encoding="utf-8", lazy=True)


@click.group("gate", invoke_without_command=True, epilog=EXIT_CODES, short_help="Judge a change of the rules.")
@click.option("--base", default="origin/main", show_default=True, metavar="REV", help="The version that was reviewed.")
@click.option(
    "--head", default=".", show_default=True, metavar="REV", help="The version to be judged; . is the working tree."
)
@PROTOCOL_OPTION
@click.option("--only", multiple=True, metavar="ACTION", help="Only this action. May be repeated.")
@click.option(
    "--budget",
    default=110.0,
    show_default=True,
    type=Seconds(0, min_open=True),
    metavar="SECONDS",
    help="The time for each protocol. What is not decided then is UNKNOWN.",
)
@timeout_option(20.0, "How long a version may take to answer.")
@JOBS_OPTION
@click.option(
    "--decisions",
    default=DECISIONS,
    show_default=True,
    metavar="DIR",
    help="The folder of accepted differences, below the root of the repository.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show the rows of every step.")
@JSON_OPTION
@click.option("--junit", type=FILE, metavar="FILE", help="Write JUnit XML.")
@click.option("--sarif", type=FILE, metavar="FILE", help="Write SARIF 2.1.0, for code scanning.")
@click.option("--markdown", type=FILE, metavar="FILE", help="Write Markdown, for a pull request.")
@click.option("--html", type=FILE, metavar="FILE", help="Write one page of HTML, which loads nothing.")
@click.option("--github", is_flag=True, help="Annotate the changed lines, on the standard error.")
@click.pass_context
def gate_command(
    context: click.Context,
    base: str,
    head: str,
    asked: tuple[str, ...],
    only: tuple[str, ...],
    budget: float,
    seconds: float,
    jobs: int | None,
    decisions: str,
    verbose: bool,
    as_json: bool,
    junit: TextIO | None,
    sarif: TextIO | None,
    markdown: TextIO | None,
    html: TextIO | None,
    github: bool,
) -> int:
    """Say what a change of the rules changes: each action SAME, EQUIVALENT by proof, STRICTER, LAXER or DIFFERS.

    Both versions are taken from git and run as processes of their own. Each difference comes with a trace that both
    replay, and with a fingerprint by which it can be accepted. docs/gate.md says what each verdict means.

    A run takes seconds if no rule is changed, and minutes if a rule has to be proved or walked.
    """
    if context.invoked_subcommand is not None:
        return 0
    begun = time.monotonic()
    clean_environment()
    packs = packs_asked(asked)
    reports: list[ProtocolReport] = []
    ruling = Ruling((), ())
    try:
        root = root_of(Path.cwd())
        with Stop(math.inf) as stop, taken(root, base, head) as (old, new), live_display() as progress:
            stop.last_words = partial(rmtree, old.folder.parent, ignore_errors=True)
            given = read_decisions(new.folder / decisions)
            allowed = Budget(budget, jobs or cores(), stop, seconds)
            for name, pack in packs.items():
                if not stop():
                    bar = progress.add_task(f"judging {name}", total=1)
                    reports.append(judge_apart(pack.name, pack.place, (old, new), only, allowed))
                    progress.update(bar, completed=1)
            reports += [] if asked or only else unjudged_layers(old, new)
            if not stop():
                every = [action for report in reports for action in report.actions]
                _refuse_unknown(only, reports, bool(asked))
                judged = frozenset(report.protocol for report in reports if not report.problem and not only)
                before = read_decisions(old.folder / decisions)
                ruling = rule(every, given, before, version_of(new.folder), judged)
            outcome = GateOutcome(old.shown, new.shown, reports, ruling, time.monotonic() - begun, stop.is_interrupted)
            places = {pack.name: pack.place for pack in packs.values()}
            keep(outcome, (old.commit, new.commit or new.name), places)
    except (NoVersionError, DecisionError) as error:
        raise click.UsageError(str(error)) from error
    code = _tell(
        outcome,
        json.dumps(outcome.as_json(), indent=2) if as_json else "\n".join(as_text(outcome, verbose)),
        [
            (junit, as_junit),
            (sarif, lambda found: json.dumps(as_sarif(found), indent=1) + "\n"),
            (markdown, as_markdown),
            (html, as_page),
        ],
        github,
    )
    return unless_left_out(code, asked)


def _refuse_unknown(only: tuple[str, ...], reports: list[ProtocolReport], are_asked: bool) -> None:
    """Raise BadParameter for an action in `--only` that no protocol has. If the protocols were asked for by name
    (`are_asked`), it is also raised if one has no action in `--only`, so that nothing of it is judged.
    """
    there = {action.action for report in reports for action in report.actions}
    unknown = [name for name in only if name not in there]
    if unknown and not any(report.problem for report in reports):
        raise click.BadParameter(f"no protocol has an action {unknown[0]}", param_hint="--only")
    without = [report.protocol for report in reports if are_asked and not report.actions and not report.problem]
    if only and without:
        raise click.BadParameter(f"{', '.join(without)}: has none of {', '.join(only)}", param_hint="--only")


def _tell(outcome: GateOutcome, text: str, files: list[tuple[TextIO | None, Any]], is_on_github: bool) -> int:
    """Print `text`, the outcome's report, and write each file by its function from the outcome. Returns 2 if a file
    cannot be written, else the outcome's exit code.
    """
    click.echo(text)
    problems = [
        problem for file, made in files if file is not None and (problem := unless_written(file, made(outcome)))
    ]
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    for line in annotations(outcome) if is_on_github else ():
        click.echo(line, err=True)
    return 2 if problems else outcome.exit_code


FINGERPRINT = click.argument("fingerprint", metavar="FINGERPRINT")


@gate_command.command("accept", epilog=EXIT_CODES)
@FINGERPRINT
@click.option("--why", required=True, help="The reason, for whoever reviews the change.")
@click.option("--until", default="", metavar="VERSION", help="The version from which on it holds no longer.")
@click.option("--decisions", default=DECISIONS, show_default=True, metavar="DIR", help="The folder of decisions.")
def accept_command(fingerprint: str, why: str, until: str, decisions: str) -> int:
    """Accept a difference that the last run found, by a file that belongs to the change."""
    kept = read_kept(FOLDER, fingerprint)
    if kept["verdict"] == "UNKNOWN":
        raise click.UsageError(f"{fingerprint} is UNKNOWN, and what is not known cannot be accepted")
    decision = Decision(fingerprint, kept["protocol"], kept["action"], kept["verdict"], why, until)
    try:
        path = write_decision(root_of(Path.cwd()) / decisions, decision)
        read_decisions(path.parent)
    except (DecisionError, NoVersionError) as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{path}: {kept['protocol']} {kept['action']}: {kept['verdict']}, accepted")
    return 0


@gate_command.command("explain", epilog=EXIT_CODES)
@FINGERPRINT
@click.option("--smt", is_flag=True, help="Also the question that the solver was asked, in SMT-LIB.")
def explain_command(fingerprint: str, smt: bool) -> int:
    """Replay, under both versions, a difference that the last run found, and show it row by row."""
    clean_environment()
    kept = read_kept(FOLDER, fingerprint)
    (pack,) = packs_asked((kept["place"],)).values()
    try:
        with taken(root_of(Path.cwd()), kept["base"], kept["head"]) as (old, new):
            lines, is_shown = explained_lines(kept, subject_of(pack, old), old, new, smt)
    except NoVersionError as error:
        raise click.UsageError(str(error)) from error
    click.echo("\n".join(lines))
    return 0 if is_shown else 1


COMMANDS = {"gate": gate_command}
