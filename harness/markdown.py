"""The report of a run as Markdown for an issue: the first screen, findings as stories, each law in a row."""

import re
from collections.abc import Iterable, Iterator, Mapping

from harness.findings import Retelling
from harness.outcome import Outcome
from harness.report import told_lines
from harness.suite import SuiteReport
from harness.summary import blocks, law_cells, made_by, tiers


def as_markdown(outcome: Outcome, stories: Mapping[str, Retelling]) -> str:
    """The document; `stories` are the findings that were kept, by their trace."""
    return "\n".join(_lines(outcome, stories)).rstrip("\n") + "\n"


def _lines(outcome: Outcome, stories: Mapping[str, Retelling]) -> Iterator[str]:
    yield f"# restake check: {outcome.verdict}"
    yield ""
    for line in made_by(outcome):
        yield f"- {escaped(line)}"
    if outcome.problem is not None:
        yield f"- {escaped(outcome.problem)}"
    for report in outcome.reports:
        if report.verdict in ("differs", "malformed", "breaks"):
            yield f"- {report.verdict}: `{_code(str(report.path))}`"
    for suite in outcome.suites:
        yield from ("", f"## {escaped(suite.protocol.name)}: {suite.verdict}", "")
        rows = [(what, line) for what, said in blocks(suite) for line in said]
        yield from table(("", ""), [(what, escaped(line)) for what, line in rows])
        for finding in suite.findings.values():
            yield from ("", f"### {escaped(finding.law)} is violated", "", escaped(finding.sentence), "")
            if finding.trace in stories:
                yield from ("```text", *_story(stories[finding.trace or ""]), "```", "")
            yield f"{finding.steps} steps, found by {escaped(finding.found_by)}; reproduce: `{_code(finding.command)}`"
        yield from _laws(suite)


def _laws(suite: SuiteReport) -> Iterator[str]:
    for tier, rows in tiers(suite).items():
        yield from ("", f"<details><summary>{tier}: {len(rows)}</summary>", "")
        cells = [[escaped(cell) for cell in law_cells(row)] for row in rows]
        yield from table(("law", "sentence", "checked", "proved", "verdict"), cells)
        yield from ("", "</details>")


def _story(told: Retelling) -> Iterator[str]:
    for position, step in enumerate(told.steps):
        yield from [line.replace("```", "'''") for line in told_lines(position, step)]
        if position == told.breaks_at:
            yield from [f"  step {position} breaks {violation}".replace("```", "'''") for violation in step.violations]


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table of cells that are escaped already."""
    cells = list(heading)
    yield f"| {' | '.join(cells)} |"
    yield f"|{'---|' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def escaped(text: str) -> str:
    """A text in which nothing is markup, in one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$@])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """A text between backticks, which has none itself."""
    return text.replace("`", "'")
