"""The verb `restake prove`: proves the laws of every call."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from harness.display import live_display
from harness.exit_codes import worst
from harness.pack import ProtocolPack
from harness.prove import (
    ProofQuestion,
    Proving,
    UnknownNameError,
    ledger_of,
    print_proving,
    provings_of,
    run_together,
)
from harness.stopping import Stop
from harness.verbs import (
    BUDGET_OPTION,
    EXIT_CODES,
    JOBS_OPTION,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    cores,
    packs_asked,
    read_ledger,
    unless_left_out,
    unless_unchecked,
)
from proofs.cross_check import Opinions
from proofs.ledger import LedgerError


@click.command("prove", epilog=EXIT_CODES, short_help="Prove the laws of every call, for states of any size.")
@PROTOCOL_OPTION
@click.option("--law", "laws", multiple=True, metavar="ID", help="Only this law. May be repeated.")
@click.option("--action", "calls", multiple=True, metavar="NAME", help="Only this call, or genesis. May be repeated.")
@click.option("--all", "everything", is_flag=True, help="Prove again what the ledger says is proved.")
@click.option(
    "--effort",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Multiply the solvers' limits of steps by this.",
)
@click.option("--cross-check", is_flag=True, help="Ask cvc5, and z3 from another seed, about all that is proved.")
@click.option("--z3", "other_z3", metavar="PROGRAM", help="With --cross-check: ask this z3, too, say an older one.")
@BUDGET_OPTION
@click.option(
    "--write-ledger",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep verdicts in this folder, and read no other: for those who change this project's proofs/ledgers.",
)
@JOBS_OPTION
@JSON_OPTION
def prove_command(
    asked: tuple[str, ...],
    laws: tuple[str, ...],
    calls: tuple[str, ...],
    everything: bool,
    effort: int,
    cross_check: bool,
    other_z3: str | None,
    budget: float | None,
    folder: Path | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Prove each law of each call on the specification's own source: for any number of rows, and integers of any size.

    What the installed ledger knows is not proved again, unless something that it depends on has changed. Each verdict
    is kept as soon as it is known, below the user's cache or RESTAKE_CACHE; the installed ledger stays as it is.
    What is known takes some seconds, a call that is not up to some minutes.
    --effort multiplies the steps that solvers may take; they are counted, so that a busy machine changes no verdict.

    With --cross-check, whatever a solver proves is asked of others, and the ledger keeps how many goals they agree on.
    A disagreement makes exit code 1, and the question is kept in .restake/.

    A law that is refuted comes with a state and a call, kept in .restake/, that restake replay shows on the
    specification as it runs everywhere else. Exit code 2 also says that something is neither proved nor refuted, or
    that what is proved rests on other verdicts, which are not.
    """
    question = ProofQuestion(laws, calls, everything, effort, _opinions(effort, other_z3) if cross_check else None)
    stop = Stop(math.inf if budget is None else budget)
    packs = with_theory(packs_asked(asked), bool(asked))
    ledgers = [(read_ledger(partial(ledger_of, pack, folder)), pack) for pack in packs]
    try:
        provings = provings_of(question, ledgers, bool(asked))
    except UnknownNameError as error:
        raise click.UsageError(str(error)) from error

    def tell() -> None:
        """Report the verdicts so far."""
        if as_json:
            click.echo(json.dumps({"protocols": [proving.as_json() for proving in provings]}, indent=2))
        else:
            for proving in provings:
                print_proving(console(), proving)

    stop.last_words = tell
    problem: str | None = None
    try:
        with stop, live_display() as progress:
            bar = progress.add_task("proving", total=None, news="")

            def said(call: str, done: int, of: int) -> None:
                progress.update(bar, completed=done, total=of, news=call)

            run_together(provings, jobs or cores(), stop, said)
    except LedgerError as error:
        problem = str(error)
    tell()
    if problem is None and any(proving.left() for proving in provings) and stop():
        problem = "interrupted" if stop.is_interrupted else "stopped when its time was up"
    if problem is not None:
        click.echo(problem, err=True)
        return 2
    if any(proving.unkept for proving in provings):
        click.echo("not all that was proved could be written", err=True)
    code = worst({proving.exit_code for proving in provings})
    named = without_verdict(question, provings, bool(asked))
    code = unless_unchecked(code, named, "no verdict is due, though asked for by name")
    return unless_left_out(code, asked)


def with_theory(packs: Mapping[str, ProtocolPack], are_asked: bool) -> list[ProtocolPack]:
    """The packs with a theory. Raises UsageError if there is none, or if one that was asked for by name has none."""
    found = [pack for pack in packs.values() if pack.theory_at is not None]
    without = [name for name, pack in packs.items() if pack.theory_at is None]
    if not found or (are_asked and without):
        raise click.UsageError(f"no theory, so that nothing can be proved: {', '.join(without)}")
    return found


def without_verdict(question: ProofQuestion, provings: Sequence[Proving], are_asked: bool) -> list[str]:
    """The laws and calls of a request of which no protocol has a verdict to show; and if the protocols were asked for
    by name, those without any verdict.
    """
    rows = [(proving.protocol, law_id, call) for proving in provings for law_id, call, _, _ in proving.rows()]
    rows += [(proving.protocol, law_id, "") for proving in provings for law_id in proving.without_call]
    protocols, laws, calls = ({row[column] for row in rows} for column in range(3))
    empty = [proving.protocol for proving in provings if are_asked and proving.protocol not in protocols]
    names = [name for name in question.laws if name not in laws]
    return [*empty, *names, *[name for name in question.calls if name not in calls]]


def _opinions(effort: int, other_z3: str | None) -> Opinions:
    """The other solvers to ask. Raises UsageError if one is not installed."""
    try:
        return Opinions(effort, other_z3)
    except ImportError as error:
        raise click.UsageError("--cross-check asks cvc5, which is not installed: pip install cvc5") from error
    except OSError as error:
        raise click.UsageError(f"--z3 {other_z3}: {error.strerror}") from error


COMMANDS = {"prove": prove_command}
