"""The verb `restake conform`: another implementation in lockstep with the specification."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

import attrs
import click
from click.core import ParameterSource

from conformance.client import Introduction
from conformance.lockstep import Script
from conformance.messages import schema_check
from conformance.process import ANSWER_SECONDS, Check, NotStartedError, ProcessClient, end_all
from conformance.scripts import of_trace
from harness.conform import Conformance
from harness.conform_findings import SHRINKING_SECONDS, Keeper, KeptFinding
from harness.conform_plan import LANES, Plan
from harness.conform_report import ConformReport, conform_junit, print_report, read_expected
from harness.display import heard_of, live_display
from harness.exit_codes import exit_code, worst
from harness.pack import ProtocolPack
from harness.protocols import known_packs
from harness.self_test import Caught
from harness.self_test import self_test as run_self_test
from harness.stopping import Stop
from harness.traces import KEPT, empty_folders, find_traces, load_trace
from harness.verbs import (
    BUDGET_OPTION,
    EXIT_CODES,
    JSON_OPTION,
    MOST_JOBS,
    PROTOCOL_OPTION,
    Seconds,
    console,
    packs_asked,
    refuse_beside,
    seed_option,
    timeout_option,
    unless_left_out,
    unless_unchecked,
)
from spec.codec import MalformedTrace


@click.command("conform", epilog=EXIT_CODES, short_help="Run another implementation beside the specification.")
@click.option("--client", "command", metavar="COMMAND", help="The client: a command that speaks the wire protocol.")
@PROTOCOL_OPTION
@click.option(
    "--lane",
    "lane_name",
    default="smoke",
    show_default=True,
    type=click.Choice(list(LANES)),
    help="How much to play; " + "; ".join(f"{name} has to reach {lane.reaches}" for name, lane in LANES.items()) + ".",
)
@click.option(
    "--trace",
    "traces",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="TRACE",
    help="Play only this trace, or those of this folder. May be repeated.",
)
@seed_option("The seed of walks.")
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, MOST_JOBS), metavar="N", help="So many clients."
)
@timeout_option(ANSWER_SECONDS, "How long an answer may take.")
@click.option(
    "--shrink-budget",
    default=SHRINKING_SECONDS,
    show_default=True,
    type=Seconds(0, min_open=True),
    metavar="SECONDS",
    help="How long to look for the shorter trace of a finding.",
)
@click.option("--self-test", is_flag=True, help="Run clients that are wrong on purpose: each has to be caught.")
@click.option("--wire-check", is_flag=True, help="Hold every message, in both directions, against the JSON Schema.")
@click.option(
    "--expected-failures",
    "expected_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Cases known not to agree, one protocol/action/answer a line. One that agrees makes the run fail.",
)
@click.option(
    "--out",
    default=KEPT / "conform",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where findings are kept.",
)
@click.option("--junit", "junit_file", type=click.File("w", encoding="utf-8", lazy=True), metavar="FILE", help="JUnit.")
@BUDGET_OPTION
@JSON_OPTION
def conform_command(
    command: str | None,
    asked: tuple[str, ...],
    lane_name: str,
    traces: tuple[Path, ...],
    seed: int,
    jobs: int,
    seconds: float,
    shrink_budget: float,
    self_test: bool,
    wire_check: bool,
    expected_file: Path | None,
    out: Path,
    junit_file: TextIO | None,
    budget: float | None,
    as_json: bool,
) -> int:
    """Run a client, in any language, in lockstep with the specification.

    After every call the outcome, the reason, the returns and the whole state are compared. Where they differ, the trace
    is kept, shrunk against the live client, and described with the command that shows it again.

    A client that supports several protocols is started once for each; the wire protocol is in docs/conformance.md.

    The run takes as long as the client does: with a fast one seconds in lane smoke, minutes in lane ci.
    """
    if self_test:
        refuse_beside(("asked", "jobs", "self_test", "as_json"), "--self-test runs canaries alone")
        return unless_left_out(_self_test(packs_asked(asked), jobs, as_json, bool(asked)), asked)
    if command is None:
        raise click.UsageError("Missing option '--client'.")
    check = _schema_check() if wire_check else None
    packs = packs_asked(asked)
    try:
        expected = [] if expected_file is None else read_expected(expected_file, {*known_packs(), *packs})
    except MalformedTrace as error:
        raise click.UsageError(str(error)) from error
    given = _of_traces(packs, traces)
    if traces:
        lane_is = click.get_current_context().get_parameter_source("lane_name")
        if lane_is is ParameterSource.COMMANDLINE:
            raise click.UsageError("--trace plays these traces alone, so that --lane means nothing beside it.")
        _refuse_untraced(packs if asked else (), traces, given)
    stop = Stop(math.inf if budget is None else budget)
    reports: list[ConformReport] = []
    printed: list[ConformReport] = []

    def show(report: ConformReport) -> None:
        printed.append(report)
        if not as_json:
            print_report(console(), report)

    def tell() -> None:
        """Write the documents of all reports, after the last one."""
        if as_json:
            click.echo(json.dumps([report.as_json() for report in reports], indent=2))
        if junit_file is not None:
            junit_file.write(conform_junit(reports))
            junit_file.flush()

    def last_words() -> None:
        """Report the protocol in progress, with its findings unshrunk, and write the documents."""
        if len(printed) < len(reports):
            current = reports[-1]
            current.run.is_cut_short = True
            keeper = Keeper(current.run.pack, current.run.start, out, command, stop)
            met = current.run.findings()[len(current.kept) :]
            current.kept = [*current.kept, *[keeper.keep_as_met(found) for found in met]]
            show(current)
        tell()

    def end() -> None:
        """Report, then end all clients; they must end last, or their end would count as a fault."""
        try:
            last_words()
        finally:
            end_all()

    stop.last_words = end
    with stop, live_display() as progress:
        for pack in packs.values():
            if traces and pack.name not in given:
                continue
            plan = Plan(pack, LANES[lane_name], seed)
            start = _starting(command, seconds, check, stop)
            keeper = Keeper(pack, start, out, command, stop, shrink_budget)
            run = Conformance(pack, start, {} if traces else plan.required, stop, keeper.keep_as_met)
            kept: list[KeptFinding] = []
            reports.append(ConformReport(run, kept, expected, f"--trace, {len(traces)}" if traces else lane_name))
            bar = progress.add_task(f"playing {pack.name}", total=None, news="")
            said = _introduction(run)
            if said is not None:
                scripts = iter(given[pack.name]) if traces else plan.scripts(said.actions)
                run.run(_shown(scripts, run, partial(progress.update, bar)), jobs)
            kept += (keeper.keep(found, said, run.others(found)) for found in run.findings())
            show(reports[-1])
    tell()
    if stop.is_interrupted:
        click.echo("interrupted", err=True)
        return 2
    without = [report.run.pack.name for report in reports if asked and report.exit_code == 5]
    code = unless_unchecked(worst([report.exit_code for report in reports]), without, "nothing was checked of")
    return unless_left_out(code, asked)


def _refuse_untraced(packs: Collection[str], traces: tuple[Path, ...], given: Mapping[str, list[Script]]) -> None:
    """Raise UsageError if there is no trace of one of `packs`, which were asked for by name, or none in a named folder,
    beside others of which there are some.
    """
    if given and (without := [name for name in packs if name not in given]):
        raise click.UsageError(f"--trace: there is none of {', '.join(without)}")
    if given and (empty := empty_folders(traces)):
        raise click.UsageError(f"--trace: there is none in {', '.join(map(str, empty))}")


def _shown(scripts: Iterator[Script], run: Conformance, update: Callable[..., None]) -> Iterator[Script]:
    """The scripts, with a progress update before each."""
    for script in scripts:
        update(completed=run.scripts, news=f"{run.steps:,} calls")
        yield script


def _introduction(run: Conformance) -> Introduction | None:
    try:
        return run.introduce()
    except NotStartedError as error:
        raise click.UsageError(f"--client: {error}") from error


def _self_test(packs: Mapping[str, ProtocolPack], jobs: int, as_json: bool, are_asked: bool) -> int:
    """Run all canaries: each faulty one must be reported with its fault, and each sound one must pass. Returns the exit
    code. `are_asked` says that the protocols were asked for by name; those without cases have no canaries.
    """
    without = [name for name, pack in packs.items() if are_asked and pack.cases is None]
    every: list[Caught] = []

    def last_words() -> None:
        """Report the verdicts so far, and end all canaries."""
        try:
            if as_json:
                _tell_canaries(every)
        finally:
            end_all()

    stop = Stop()
    stop.last_words = last_words
    with stop, heard_of("testing the canaries"):
        for caught in run_self_test([pack for pack in packs.values() if pack.cases is not None], stop, jobs):
            every.append(caught)
            if not as_json:
                wanted = "" if caught.is_right or not caught.is_finished else f", EXPECTED {caught.canary.expected}"
                told = f"{caught.canary.name} ({caught.canary.what}): {caught.said}"
                click.echo(f"{caught.protocol}: {told}{wanted}")
    finished = [caught for caught in every if caught.is_finished]
    wrong = [caught for caught in finished if not caught.is_right]
    if as_json:
        _tell_canaries(every)
    else:
        click.echo(f"{len(every)} canaries, {len(finished) - len(wrong)} as expected")
    code = exit_code(failed=bool(wrong), is_open=len(finished) < len(every), is_empty=not every)
    return unless_unchecked(code, without, "no canary, since there are no cases, of")


def _tell_canaries(every: list[Caught]) -> None:
    click.echo(json.dumps([{**attrs.asdict(caught), "is_right": caught.is_right} for caught in every], indent=2))


def _starting(command: str, seconds: float, check: Check | None, stop: Stop) -> Callable[[], ProcessClient]:
    """The function that starts a client process by a command. `seconds` is the time limit for each answer. An
    interruption ends the waiting for an answer; the end of the run's time does not.
    """
    return lambda: ProcessClient(command, seconds, check, lambda: stop.is_interrupted)


def _of_traces(packs: Mapping[str, ProtocolPack], traces: tuple[Path, ...]) -> dict[str, list[Script]]:
    """The scripts of trace files, by protocol. Raises UsageError for the first file that cannot be read."""
    given: dict[str, list[Script]] = {}
    for path in find_traces(traces):
        try:
            protocol, trace = load_trace(path, {name: pack.protocol for name, pack in packs.items()})
        except MalformedTrace as error:
            raise click.UsageError(f"{path}: {error}") from error
        script = of_trace(packs[protocol.name].calls, trace, str(path))
        given.setdefault(protocol.name, []).append(script)
    return given


def _schema_check() -> Check:
    try:
        return schema_check()
    except ModuleNotFoundError as error:
        raise click.UsageError(
            f"--wire-check needs {error.name}, which is not installed: install restaking-spec[conform]"
        ) from error


COMMANDS = {"conform": conform_command}
