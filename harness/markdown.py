"""The report of `restake check` as Markdown for an issue: the first screen, findings step by step, and a
row per law.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from harness.findings import Retelling
from harness.junit import differences_of
from harness.outcome import RunOutcome
from harness.report import told_lines
from harness.suite import SuiteReport, counted
from harness.summary import (
    COLUMNS,
    LAW_HEADINGS,
    MOST_DIFFERENCES,
    MOST_TRACES,
    blocks,
    in_parts,
    law_cells,
    legend_of,
    made_by,
    tiers,
)


def as_markdown(outcome: RunOutcome, stories: Mapping[str, Retelling]) -> str:
    """The Markdown document. `stories` has the kept findings, retold, by the path of their trace."""
    return "\n".join(_lines(outcome, stories)).rstrip("\n") + "\n"


def _lines(outcome: RunOutcome, stories: Mapping[str, Retelling]) -> Iterator[str]:
    yield f"# restake check: {outcome.verdict}"
    yield ""
    for line in made_by(outcome):
        yield f"- {_with_command(line)}"
    for suite in outcome.suites:
        yield from ("", f"## {escaped(suite.protocol.name)}: {suite.verdict}", "")
        lines = [("" if position else what, line) for what, said in blocks(suite) for position, line in enumerate(said)]
        yield from table(("", ""), [(what, _with_command(line)) for what, line in lines])
        for position, finding in enumerate(suite.findings.values()):
            yield from ("", f"### {escaped(finding.law)} is violated", "", escaped(finding.sentence), "")
            if finding.trace in stories:
                opened = "" if position else " open"
                yield from (f"<details{opened}><summary>the run, {counted(finding.steps, 'step')}</summary>", "")
                yield from ("```text", *_story(stories[finding.trace or ""]), "```", "", "</details>", "")
            found = f"{counted(finding.steps, 'step')}, found by {escaped(finding.found_by)}"
            yield f"{found}; reproduce: `{_code(finding.command)}`"
    yield from _traces(outcome)
    if any(suite.steps for suite in outcome.suites):
        yield from ("", "## Laws", "", escaped(COLUMNS))
    for suite in outcome.suites:
        yield from _laws(suite)


def _traces(outcome: RunOutcome) -> Iterator[str]:
    """The section of traces that differ: the first few with their differences, the others with their command only."""
    shown = [report for report in outcome.reports if report.verdict in ("differs", "malformed", "breaks")]
    if shown:
        yield from ("", f"## Traces: {len(shown)} differ or cannot be read")
    for report in shown[:MOST_TRACES]:
        yield from ("", f"{report.verdict}: `{_code(str(report.path))}`", "")
        said = str(report.malformed) if report.mismatch is None else differences_of(report.mismatch, MOST_DIFFERENCES)
        yield from ("```text", *said.replace("```", "'''").splitlines(), "```", "")
        yield f"reproduce: `{_code(report.command)}`"
    if shown[MOST_TRACES:]:
        yield ""
    for report in shown[MOST_TRACES:]:
        yield f"- {report.verdict}: `{_code(report.command)}`"


def _laws(suite: SuiteReport) -> Iterator[str]:
    for tier, rows in tiers(suite).items():
        summary = f"{escaped(suite.protocol.name)}, {tier}: {len(rows)}"
        yield from ("", f"<details><summary>{summary}</summary>", "")
        cells = [[escaped(cell) for cell in law_cells(row)] for row in rows]
        yield from table(LAW_HEADINGS, cells)
        for line in legend_of(suite, rows):
            yield from ("", escaped(line))
        yield from ("", "</details>")


def _story(told: Retelling) -> Iterator[str]:
    for position, step in enumerate(told.steps):
        yield from [line.replace("```", "'''") for line in told_lines(position, step)]
        if position == told.breaks_at:
            yield from [f"  step {position} breaks {violation}".replace("```", "'''") for violation in step.violations]


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a Markdown table. Cells must be escaped by the caller."""
    cells = list(heading)
    yield f"| {' | '.join(cells)} |"
    yield f"|{'---|' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def escaped(text: str) -> str:
    """The text as one line of Markdown in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$@])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """The text of inline code, with its backticks replaced and its pipes escaped."""
    return text.replace("`", "'").replace("|", "\\|")


def _with_command(line: str) -> str:
    """A line of the report as Markdown, with the command in it as inline code."""
    said, command = in_parts(line)
    return f"{escaped(said)} `{_code(command)}`" if command else escaped(said)
