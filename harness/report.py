"""Text reports on traces, laws and bounded models: differences, violations, the matrix of laws, and coverage."""

import json
import shlex
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import attrs
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.evidence import Evidence, ProofStatus
from harness.exit_codes import exit_code
from harness.findings import Retelling, Told, replaying
from harness.replay import Mismatch
from harness.suite import ActionRow, Finding, ReasonRow, Row, SuiteReport, counted
from harness.symbols import legend
from harness.traces import place_of
from invariants.exploring import Exploration
from spec.codec import Json, MalformedTrace

TraceVerdict = Literal[
    "agrees", "differs", "malformed", "not compared", "breaks", "known violation", "no longer breaks"
]


@attrs.frozen
class TraceReport:
    """The result of one trace file. A recorded trace agrees, differs, is malformed or was not compared; a kept
    counterexample still breaks its law or no longer does. `rules_at` is the place of the pack that replayed it.
    """

    path: Path
    steps: int
    mismatch: Mismatch | None = None
    malformed: MalformedTrace | None = None
    retelling: Retelling | None = None
    is_compared: bool = True
    seconds: float = attrs.field(default=0.0, eq=False)
    rules_at: str = ""

    @property
    def verdict(self) -> TraceVerdict:
        """The verdict on the trace: "agrees" or "differs", "malformed" if it cannot be read, "not compared" if it was
        only read. A kept counterexample "breaks" its law, shows a "known violation", or "no longer breaks" it.
        """
        if self.malformed is not None:
            return "malformed"
        if self.retelling is not None:
            if self.retelling.breaks_at is None:
                return "no longer breaks"
            return "breaks" if self.retelling.known is None else "known violation"
        if not self.is_compared:
            return "not compared"
        return "agrees" if self.mismatch is None else "differs"

    @property
    def command(self) -> str:
        """The command that replays the trace again, under the rules of `rules_at`."""
        return replaying(self.path, self.rules_at)

    def as_json(self) -> dict[str, Json]:
        """The report as `--json` writes it; absent parts are null."""
        mismatch = None
        if self.mismatch is not None:
            mismatch = attrs.asdict(self.mismatch)
        problem = None
        if self.malformed is not None:
            problem = {"where": self.malformed.where, "problem": self.malformed.problem}
        return {
            "trace": str(self.path),
            "place": place_of(self.path),
            "verdict": self.verdict,
            "steps": self.steps,
            "mismatch": mismatch,
            "malformed": problem,
            "finding": None if self.retelling is None else attrs.asdict(self.retelling),
        }


@attrs.frozen
class ModelReport:
    """The result of searching one bounded model, which is every sequence of a few calls in one world: what was reached,
    the findings, and the time in seconds.
    """

    name: str
    calls: int
    exploration: Exploration
    findings: list[Finding]
    seconds: float

    def as_json(self) -> Json:
        """The report as `--json` writes it."""
        met = self.exploration
        return {
            "protocol": self.name,
            "calls": self.calls,
            "depth": met.depth,
            "is_complete": met.is_complete,
            "steps": met.steps,
            "distinct_states": met.distinct_states,
            "sequences": met.sequences,
            "states": met.states,
            "accepted": met.accepted,
            "rejected": met.rejected,
            "checked": met.checked,
            "seen": met.seen,
            "findings": [attrs.asdict(finding) for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }


def judged(reports: Collection[TraceReport], suites: Collection[SuiteReport], is_cut_short: bool = False) -> int:
    """The exit code of a run. It is 2 if a trace could not be read, else 1 if a trace differs or a law broke. Otherwise
    it is 2 if the run was cut short or left something undecided, 5 if nothing was checked, else 0.

    A law that was never checked counts as broken, unless the suite was cut short or the law need not be reached.
    """
    verdicts = {report.verdict for report in reports}
    return exit_code(
        unread="malformed" in verdicts,
        failed=bool(verdicts & {"differs", "breaks"}) or not all(suite.holds for suite in suites),
        is_open=is_cut_short or any(suite.unfinished() for suite in suites),
        is_empty=verdicts <= {"not compared"} and not any(suite.steps for suite in suites),
    )


def print_trace(console: Console, report: TraceReport, most: int | None = None) -> None:
    """Print where a trace differs, why its file is malformed, or a kept counterexample step by step. Prints nothing for
    a trace that agrees.

    At most `most` differences are printed; None prints all.
    """
    if report.malformed is not None:
        console.print(
            f"[bold red]malformed[/] {escape(str(report.path))}: {escape(str(report.malformed))}", soft_wrap=True
        )
    if report.retelling is not None:
        print_retelling(console, report, report.retelling)
    if report.mismatch is None:
        return
    mismatch = report.mismatch
    console.print(f"[bold red]differs[/]   {escape(str(report.path))}", soft_wrap=True)
    step = "" if mismatch.step is None else f"step {mismatch.step}: "
    sender = "" if mismatch.sender is None else f" by {mismatch.sender}"
    console.print(f"  {step}[bold]{escape(mismatch.action)}[/]{escape(sender)}", soft_wrap=True)
    if mismatch.arguments is not None:
        console.print(f"  arguments {escape(json.dumps(mismatch.arguments))}", soft_wrap=True)
    # Plain aligned text, never cut to the width of a terminal, so that it can be pasted and searched.
    rows = [("path", "expected (trace)", "actual (specification)")]
    rows += [(found.path, shown(found.expected), shown(found.actual)) for found in mismatch.differences[:most]]
    path_width, expected_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, expected, actual in rows:
        console.print(f"    {path:{path_width}}  {expected:{expected_width}}  {actual}", markup=False, soft_wrap=True)
    if more := len(mismatch.differences[len(rows) - 1 :]):
        console.print(f"    and {more} more")
    console.print(f"  reproduce: {escape(report.command)}", soft_wrap=True)


def print_retelling(console: Console, report: TraceReport, told: Retelling) -> None:
    """Print a kept counterexample, step by step: its file and whether it still breaks its law, from `report`, then the
    steps of `told`.
    """
    style = {"breaks": "bold red", "known violation": "bold yellow"}.get(report.verdict, "bold green")
    console.print(f"[{style}]{report.verdict}[/]  {escape(str(report.path))}", soft_wrap=True)
    subject = f" of {told.subject}" if told.subject else ""
    lines = [f"  {told.law}{subject}: {told.sentence}", f"  found by {told.found_by}"]
    for position, step in enumerate(told.steps):
        lines += told_lines(position, step)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    for violation in told.steps[told.breaks_at].violations if told.breaks_at is not None else ():
        console.print(f"  [bold red]step {told.breaks_at} breaks[/] {escape(violation)}", soft_wrap=True)
    if told.known is not None:
        known = f"  {told.law} is a known violation: {told.known} True instead: {told.instead}."
        console.print(known, markup=False, soft_wrap=True)


def told_lines(position: int, step: Told) -> list[str]:
    """The lines of the step at index `position`: the call, its answer, and its changes in plain aligned text."""
    sender = "" if step.sender is None else f" by {step.sender}"
    lines = [f"  step {position}: {step.action}{sender}"]
    if step.arguments:
        lines.append(f"    arguments {json.dumps(step.arguments)}")
    if step.error is not None:
        lines.append(f"    rejected: {step.error}")
    if step.returns:
        lines.append(f"    returns {json.dumps(step.returns)}")
    names = [f"{change.row}.{change.field}" if change.field else change.row for change in step.changes]
    width = max([len(name) for name in names], default=0)
    lines += [
        f"    {name:{width}}  {change.before} -> {change.after}"
        for name, change in zip(names, step.changes, strict=True)
    ]
    return lines


def shown(value: Json) -> str:
    """A JSON value as a table shows it: strings without quotes, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


OTHER_VERDICTS: dict[TraceVerdict, str] = {
    "not compared": "not compared",
    "breaks": "still breaking a law",
    "known violation": "showing a known violation",
    "no longer breaks": "no longer breaking one",
}
"""The verdicts whose counts appear in a summary only if they are not zero, with their wording."""


def tally(reports: Sequence[TraceReport], built: str, seconds: float) -> str:
    """The last line of a replay: numbers of traces and steps, verdicts, and duration. `built` says if the specification
    is compiled or interpreted.
    """
    return f"{replayed(reports)} ({built} specification, {seconds:.1f} s)"


def replayed(reports: Sequence[TraceReport]) -> str:
    """The numbers of traces and steps, and the number of traces with each verdict, as one line of text."""
    count = Counter(report.verdict for report in reports)
    steps = sum(report.steps for report in reports)
    traces = "trace" if len(reports) == 1 else "traces"
    others = "".join([f", {count[verdict]} {said}" for verdict, said in OTHER_VERDICTS.items() if count[verdict]])
    return (
        f"{len(reports)} {traces}, {steps} steps: {count['agrees']} agree, {count['differs']} differ, "
        f"{count['malformed']} malformed{others}"
    )


def print_details(console: Console, suite: SuiteReport) -> None:
    """Print the details on one protocol: the matrix of its laws, the evidence from proofs, and the coverage of actions
    and reasons. Prints nothing if no step was made.
    """
    name = suite.protocol.name
    if suite.steps == 0:
        return
    console.print(f"\n{name}: laws by how they were checked")
    print_table(console, matrix(suite))
    for line in legend([(row.law, row.sentence) for row in suite.rows()], suite.symbols):
        print_wrapped(console, line)
    if suite.evidence is not None:
        print_evidence(console, suite, suite.evidence)
    for row in suite.rows():
        known = suite.catalogue.known_violations.get(row.law)
        if known is not None:
            times = "once" if row.broken == 1 else f"{row.broken:,} times"
            console.print(f"{row.law} is a known violation, broken here {times}.", soft_wrap=True)
            console.print(f"  {known.meaning} True instead: {known.instead}.", markup=False, soft_wrap=True)
    console.print(f"{name}: calls by action, recorded and drawn")
    print_table(console, actions_table(suite.actions()))
    console.print(f"{name}: rejections by reason, recorded and drawn")
    print_table(console, reasons_table(suite.reasons()))


def print_finding(console: Console, protocol: str, finding: Finding, runs: int) -> None:
    """Print a law that broke: its sentence, the subject, the run that found it, and the command that reproduces it.
    `runs` is the number of runs in which it broke; 0 prints no number.
    """
    subject = f" of {finding.subject}" if finding.subject else ""
    steps, times = counted(finding.steps, "step"), f"; broken in {counted(runs, 'run')}" if runs else ""
    console.print(f"[bold red]violated[/]  {protocol} {finding.law}{escape(subject)}", soft_wrap=True)
    console.print(f"  {escape(finding.sentence)}", soft_wrap=True)
    console.print(f"  {steps}, found by {escape(finding.found_by)}{times}", soft_wrap=True)
    console.print(f"  reproduce: {escape(finding.command)}", soft_wrap=True)


def matrix(suite: SuiteReport) -> Table:
    """The matrix of laws: a row for each law, game and witness, with a row of totals after each group."""
    table = plain_table()
    table.add_column("law", no_wrap=True)
    table.add_column("what must hold")
    for heading in headings(suite):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    rows = suite.rows()
    games, witnesses = [[row for row in rows if row.kind == kind] for kind in ("game", "witness")]
    laws = [row for row in rows if row not in games and row not in witnesses]
    for kind, members in (("all laws", laws), ("all games", games), ("all witnesses", witnesses)):
        for row in members:
            style = "bold red" if row.verdict in ("VIOLATED", "VACUOUS") else ""
            table.add_row(row.law, escape(row.sentence), *counts(suite, row), row.verdict, style=style)
        if members:
            verdicts = Counter(row.verdict for row in members)
            said = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
            table.add_section()
            table.add_row("", f"{kind}: {said}", *totals(suite, members), "")
            table.add_section()
    return table


def headings(suite: SuiteReport) -> list[str]:
    """The headings of the matrix's number columns: games if there are any, proofs and kills if the run has evidence."""
    checks = ["states\nscanned", "checked\non traces", "checked\non walks", "checked by\nHypothesis"]
    games = ["games\nplayed"] if suite.games else []
    return checks + games + (["proved\nof calls", "mutants\nkilled"] if suite.evidence is not None else [])


def counts(suite: SuiteReport, row: Row) -> list[str]:
    """The numbers of a row in the matrix; a dash where a column does not apply."""
    has_checks = row.kind != "game"
    scanned = "-" if row.scanned is None or not has_checks else f"{row.scanned:,}"
    drawn = [f"{count:,}" if has_checks else "-" for count in (row.on_traces, row.on_walks, row.by_hypothesis)]
    numbers = [scanned, *drawn]
    if suite.games:
        numbers.append("-" if has_checks else f"{row.in_games:,}")
    if suite.evidence is not None:
        numbers += ["-" if row.proof is None else row.proof.in_short, "-" if row.kills is None else f"{row.kills:,}"]
    return numbers


def totals(suite: SuiteReport, rows: Collection[Row]) -> list[str]:
    """The totals of several rows; in the column of proofs, the number of rows that are proved of every call."""
    columns = list(zip(*(counts(suite, row) for row in rows), strict=True))
    sums = [_total(column) for column in columns]
    if suite.evidence is not None:
        proofs = [row.proof for row in rows if row.proof is not None]
        sums[-2] = f"{sum(proof.is_whole for proof in proofs)} whole" if proofs else "-"
    return sums


def _total(column: tuple[str, ...]) -> str:
    numbers = [int(each.replace(",", "")) for each in column if each.replace(",", "").isdigit()]
    return f"{sum(numbers):,}" if numbers else "-"


def print_evidence(console: Console, suite: SuiteReport, evidence: Evidence) -> None:
    """Print what the columns of proofs and mutants mean, the bounds of proofs, and what was proved in this run."""
    laws = {row.law for row in suite.rows()}
    proofs = suite.proofs()
    lemmas = {law_id: proof for law_id, proof in proofs.items() if law_id not in laws}
    lines = [
        "Proved: by induction, of so many of the calls that could break it, for any number of accounts, rows and",
        "steps, and integers of any size. docs/proofs.md says what that leans on.",
    ]
    if lemmas:
        whole = sum(proof.is_whole for proof in lemmas.values())
        lines.append(f"{whole} of {len(lemmas)} lemmas that these proofs lean on are proved in the same walk.")
    bounds: dict[str, list[str]] = {}
    for scope in sorted({scope for proof in proofs.values() for scope in proof.scopes}):
        what, _, bound = scope.rpartition(" of length ")
        bounds.setdefault(bound, []).append(what)
    if bounds:
        lines.append("*: within bounds (restake prove --law ID says which go with a law):")
    for bound, names in bounds.items():
        lines.append(f"  of length {bound}: {', '.join(names)}" if names[0] else f"  {bound}")
    lines += doubts_in(proofs)
    for law_id, proof in sorted(proofs.items(), key=lambda item: item[0] not in laws):
        words = {"open": proof.open_calls, "refuted": proof.refuted_calls, "stale": proof.stale_calls}
        words["missing"] = proof.missing_calls
        lines += [f"{word}: {law_id} of {', '.join(calls)}" for word, calls in words.items() if calls]
    calls = ", ".join(evidence.proved_now)
    whose = ", ".join([f"{count:,} by {who}" for who, count in evidence.verdicts.items()])
    held = sum(evidence.verdicts.values())
    lines.append(f"The ledger holds {held:,} of {evidence.due:,} verdicts{f': {whose}' if whose else ''}.")
    if held < evidence.due:
        lines.append(f"Verdicts of another source or solver are stale: here is {evidence.solver}.")
    lines.append(
        f"{evidence.verdicts_now:,} were proved in this run, of {calls}." if calls else "None was proved in this run."
    )
    if evidence.drawn_by:
        lines.append(f"What was proved again was drawn by {evidence.drawn_by} (--drawn-by).")
    lines += [f"nothing can be proved of {call}" for call in evidence.failing]
    lines += [f"unknown in this run: {verdict}" for verdict in evidence.unknown_now]
    lines += [f"not kept: {problem}" for problem in evidence.unkept]
    lines += [f"again: restake replay {shlex.quote(path)}" for path in evidence.counterexamples]
    if evidence.mutants:
        lines.append(f"Mutants killed: the bugs, of {evidence.mutants:,}, at which the law broke (docs/mutants.md).")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def doubts_in(proofs: Mapping[str, ProofStatus]) -> list[str]:
    """A line for each reason why some proofs do not show their laws, with the first of these laws. Known violations,
    which have no proof, and laws of which no call is proved are left out.
    """
    doubts: dict[str, list[str]] = {}
    for law_id, proof in proofs.items():
        if proof.doubt and proof.proved and not proof.is_known_violation:
            doubts.setdefault(proof.doubt, []).append(law_id)
    return [f"marked ?: {_first_of(laws)}: the proof {doubt}" for doubt, laws in doubts.items()]


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_DOUBTED} more" if len(names) > MOST_DOUBTED else ""
    return ", ".join(names[:MOST_DOUBTED]) + more


MOST_DOUBTED: Final = 3
"""The number of laws that a line on a doubt names."""


def actions_table(rows: Collection[ActionRow]) -> Table:
    """A table of accepted and rejected calls, with a row for each action and a row of totals."""
    table = plain_table()
    table.add_column("action", no_wrap=True)
    for heading in ("accepted\non traces", "rejected\non traces", "accepted\ndrawn", "rejected\ndrawn", "rate\ndrawn"):
        table.add_column(heading, justify="right", no_wrap=True)
    everything = ActionRow(
        "",
        sum(row.accepted_on_traces for row in rows),
        sum(row.rejected_on_traces for row in rows),
        sum(row.accepted for row in rows),
        sum(row.rejected for row in rows),
    )
    for row in (*rows, everything):
        if row is everything:
            table.add_section()
        numbers = (row.accepted_on_traces, row.rejected_on_traces, row.accepted, row.rejected)
        rate = "-" if row.acceptance_rate is None else f"{row.acceptance_rate:.1%}"
        table.add_row(row.action, *(f"{number:,}" for number in numbers), rate)
    return table


def reasons_table(rows: Collection[ReasonRow]) -> Table:
    """A table of rejections, with a row for each reason and a row of totals."""
    table = plain_table()
    table.add_column("reason", no_wrap=True)
    table.add_column("on traces", justify="right", no_wrap=True)
    table.add_column("drawn", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(escape(row.reason), f"{row.on_traces:,}", f"{row.drawn:,}")
    table.add_section()
    table.add_row("", f"{sum(row.on_traces for row in rows):,}", f"{sum(row.drawn for row in rows):,}")
    return table


def print_wrapped(console: Console, text: str, first: str = "", later: str = "", style: str = "") -> None:
    """Print a text wrapped between words to the console's width; `first` precedes its first line, `later` the others. A
    line with a command to reproduce is not wrapped, so that it can be pasted.
    """
    lines = [first + text]
    if "reproduce: " not in text:
        lines = textwrap.wrap(
            text,
            console.width,
            initial_indent=first,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )
    for line in lines:
        console.print(line, style=style, markup=False, soft_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """Print a table; if not on a terminal, without trailing spaces."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), markup=False, soft_wrap=True)


def plain_table() -> Table:
    """An empty table in the common style: one rule under the heading, and no borders."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))


def print_model(console: Console, report: ModelReport) -> None:
    """Print the result of a bounded model: counts of sequences and states by length, and laws that broke."""
    met = report.exploration
    for finding in report.findings:
        print_finding(console, report.name, finding, 0)
    console.print(f"\n{report.name}: every sequence of up to {met.depth} of {report.calls} calls", soft_wrap=True)
    if met.is_complete:
        table = plain_table()
        for heading in ("length", "sequences of accepted calls", "states not reached by fewer"):
            table.add_column(heading, justify="right", no_wrap=True)
        for length, (sequences, states) in enumerate(zip(met.sequences, met.states, strict=True)):
            table.add_row(str(length), f"{sequences:,}", f"{states:,}")
        table.add_section()
        table.add_row("", f"{sum(met.sequences):,}", f"{sum(met.states):,}")
        print_table(console, table)
    else:
        console.print("  Stopped before all were tried.")
    accepted, checks = sum(met.accepted.values()), sum(met.checked.values())
    checked = [law for law, count in met.checked.items() if count]
    never = sorted(met.checked.keys() - set(checked))
    speed = f"{met.steps / report.seconds:,.0f} calls/s, {met.distinct_states / report.seconds:,.0f} states/s"
    lines = [
        f"{met.steps:,} calls executed, {accepted:,} accepted and {met.steps - accepted:,} rejected; "
        f"{met.distinct_states:,} distinct states",
        f"{len(checked)} of {len(met.checked)} laws checked, {checks:,} times; "
        + (f"broken: {', '.join(sorted(met.broken))}" if met.broken else "none broken"),
        f"{report.seconds:.1f} s, {speed}",
    ]
    if never:
        lines.append(f"never checked here: {', '.join(never)}")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
