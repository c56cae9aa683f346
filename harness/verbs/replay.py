"""The verb `restake replay`: replays recorded traces and compares every step."""

import json
import time
from pathlib import Path

import click

from harness.display import live_display
from harness.exit_codes import worst
from harness.replay_run import Job
from harness.report import judged, print_trace, tally
from harness.stopping import Stop
from harness.traces import SUFFIXES, empty_folders, find_traces
from harness.verbs import (
    EXIT_CODES,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    how_built,
    packs_of_traces,
    unless_unchecked,
)
from harness.yields import print_yields

DISPUTED = ".smt2"
"""The suffix of files with a query on which solvers disagree."""


@click.command("replay", epilog=EXIT_CODES, short_help="Replay recorded traces and compare every step.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...", type=click.Path(exists=True, path_type=Path))
@PROTOCOL_OPTION
@click.option("--yields", "with_yields", is_flag=True, help="Also say what positions earned from services.")
@JSON_OPTION
def replay_command(traces: tuple[Path, ...], asked: tuple[str, ...], with_yields: bool, as_json: bool) -> int:
    """Replay recorded TRACEs (files or folders, .json or .json.gz) and compare every step.

    Compared are the outcome, the error, the values returned and the whole state after each step. Where a trace differs,
    the first differing step is shown with every path that differs, and the next trace follows.

    A counterexample that restake check kept in .restake/ is shown step by step: each call, what it changed, and where
    the law breaks, or that it no longer does. So is what restake prove kept there: a state and a call that refute a
    law, or a disputed question. All recorded traces take fourteen seconds of a processor, compiled.

    --yields shows for each trace that agrees the earnings, by service and token. It also divides all that was paid in
    into commission, earnings, amounts not yet assigned, and the dust of roundings.
    """
    files = list(find_traces(traces, (*SUFFIXES, DISPUTED)))
    of_proofs = [path for path in files if path.suffix == DISPUTED or path.name.startswith("proof_")]
    if files and (empty := empty_folders(traces, (*SUFFIXES, DISPUTED))):
        raise click.UsageError(f"there is no trace in {', '.join(map(str, empty))}")
    if not of_proofs:
        return _run(Job(packs_of_traces(asked), files, with_yields), as_json, bool(asked))
    if as_json:
        raise click.UsageError(f"--json is of recorded traces, and {of_proofs[0]} is what a proof kept")
    from harness.kept_proofs import show_kept  # here, since it loads a solver

    codes = {show_kept(path, packs_of_traces(asked).values()) for path in of_proofs}
    others = [path for path in files if path not in of_proofs]
    if others:
        codes.add(_run(Job(packs_of_traces(asked), others, with_yields), as_json, bool(asked)))
    return worst(codes)


def _run(job: Job, as_json: bool, are_asked: bool) -> int:
    """Replay all traces, report, and return the exit code. `are_asked` says that the protocols were asked for by name:
    there must be a trace of each.
    """
    shown = console()
    started = time.monotonic()

    def tell() -> None:
        """Report the results so far, whatever ended the run."""
        if as_json:
            click.echo(json.dumps(job.as_json(how_built()), indent=2))
        else:
            shown.print(tally(job.reports, how_built(), time.monotonic() - started), soft_wrap=True)

    stop = Stop()
    stop.last_words = tell
    try:
        with stop, live_display() as progress:
            for report in job.replay(progress):
                if not as_json:
                    print_trace(shown, report)
                    if (found := job.yields.get(report.path)) is not None and found.payments:
                        shown.print(str(report.path), markup=False, soft_wrap=True)
                        print_yields(shown, found)
                if stop.is_interrupted:
                    # Raised here, since compiled arithmetic that is interrupted takes an exception for lack of memory.
                    raise KeyboardInterrupt
    finally:
        tell()
    code = judged(job.reports, ())
    if are_asked and not any(report.malformed for report in job.reports):
        code = unless_unchecked(code, [name for name in job.packs if name not in job.replayed], "no trace of")
    return unless_unchecked(code, sorted(job.without_yields), "no yields are computed of")


COMMANDS = {"replay": replay_command}
