"""What a replay says to people and to machines."""

import json
import shlex
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Literal

import attrs
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.replay import Mismatch
from harness.suite import SuiteReport
from spec.codec import Json, MalformedTrace

Verdict = Literal["agrees", "differs", "malformed"]


@attrs.frozen
class TraceReport:
    """What came of one trace file: it agrees, it differs somewhere, or it is no trace."""

    path: Path
    steps: int
    mismatch: Mismatch | None = None
    malformed: MalformedTrace | None = None

    @property
    def verdict(self) -> Verdict:
        """The one word for it."""
        if self.malformed is not None:
            return "malformed"
        return "agrees" if self.mismatch is None else "differs"

    def as_json(self) -> dict[str, Json]:
        """The report as `--json` writes it: every field always there."""
        mismatch = None
        if self.mismatch is not None:
            mismatch = attrs.asdict(self.mismatch)
        problem = None
        if self.malformed is not None:
            problem = {"where": self.malformed.where, "problem": self.malformed.problem}
        return {
            "trace": str(self.path),
            "verdict": self.verdict,
            "steps": self.steps,
            "mismatch": mismatch,
            "malformed": problem,
        }


def exit_code(reports: Collection[TraceReport], suites: Collection[SuiteReport]) -> int:
    """0 all agrees and holds, 1 something differs or broke, 2 a trace could not be read, 5 nothing was checked.

    The worse one counts. A law that was never checked does not hold: it counts like a broken one.
    """
    verdicts = {report.verdict for report in reports}
    laws = {law.verdict for suite in suites for law in suite.laws.values()}
    if not reports and not any(suite.steps_on_walks for suite in suites):
        return 5
    if "malformed" in verdicts:
        return 2
    return 1 if "differs" in verdicts or laws - {"held"} else 0


def print_trace(console: Console, report: TraceReport) -> None:
    """Say where a trace differs, or what is wrong with its file; say nothing of one that agrees."""
    if report.malformed is not None:
        console.print(
            f"[bold red]malformed[/] {escape(str(report.path))}: {escape(str(report.malformed))}", soft_wrap=True
        )
    if report.mismatch is None:
        return
    mismatch = report.mismatch
    console.print(f"[bold red]differs[/]   {escape(str(report.path))}", soft_wrap=True)
    step = "" if mismatch.step is None else f"step {mismatch.step}: "
    sender = "" if mismatch.sender is None else f" by {mismatch.sender}"
    console.print(f"  {step}[bold]{escape(mismatch.action)}[/]{escape(sender)}", soft_wrap=True)
    if mismatch.arguments is not None:
        console.print(f"  arguments {escape(json.dumps(mismatch.arguments))}", soft_wrap=True)
    # Plain aligned text, never cut to the width of a terminal: a report is pasted and searched.
    rows = [("path", "expected (trace)", "actual (specification)")]
    rows += [(found.path, shown(found.expected), shown(found.actual)) for found in mismatch.differences]
    path_width, expected_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, expected, actual in rows:
        console.print(f"    {path:{path_width}}  {expected:{expected_width}}  {actual}", markup=False, soft_wrap=True)
    console.print(f"  again: restake replay {escape(shlex.quote(str(report.path)))}", soft_wrap=True)


def shown(value: Json) -> str:
    """A JSON value in a table: strings bare, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def tally(reports: list[TraceReport], built: str, seconds: float) -> str:
    """The last line: how many traces and steps, and what came of them."""
    count = Counter(report.verdict for report in reports)
    steps = sum(report.steps for report in reports)
    traces = "trace" if len(reports) == 1 else "traces"
    return (
        f"{len(reports)} {traces}, {steps} steps: {count['agrees']} agree, {count['differs']} differ, "
        f"{count['malformed']} malformed ({built} specification, {seconds:.1f} s)"
    )


def print_suite(console: Console, suite: SuiteReport) -> None:
    """The matrix of one protocol's laws, as an auditor pastes it into a report, and what broke."""
    for finding in suite.findings:
        where = f"{finding.place}, step {finding.steps}: {finding.action}"
        subject = f" of {finding.subject}" if finding.subject else ""
        console.print(f"[bold red]violated[/]  {finding.law}{escape(subject)}", soft_wrap=True)
        console.print(f"  {escape(suite.laws[finding.law].sentence)}", soft_wrap=True)
        console.print(f"  {escape(where)}", soft_wrap=True)
        console.print(f"  again: {escape(finding.command)}", soft_wrap=True)
    table = Table(title=f"{suite.protocol}: laws checked at every step", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("law", no_wrap=True)
    table.add_column("what must hold")
    table.add_column("on traces", justify="right")
    table.add_column("on walks", justify="right")
    table.add_column("verdict")
    for law in suite.laws.values():
        counts = (f"{law.checked_on_traces:,}", f"{law.checked_on_walks:,}")
        table.add_row(law.law, escape(law.sentence), *counts, law.verdict)
    console.print(table)
    steps = f"{suite.steps_on_traces:,} recorded and {suite.steps_on_walks:,} walked"
    console.print(f"{suite.protocol}: {steps} steps, {suite.accepted:,} accepted, {suite.scans:,} full scans")
