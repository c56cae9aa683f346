"""The result of a run as GitHub annotations, which GitHub shows beside files and on the page of a run.

They are printed to standard error, as GitHub's workflow commands.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.junit import differences_of
from harness.outcome import RunOutcome

ESCAPED: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
ESCAPED_IN_PROPERTIES: Final = {**ESCAPED, **str.maketrans({":": "%3A", ",": "%2C"})}


def annotations(outcome: RunOutcome) -> Iterator[str]:
    """The annotations of a run: errors for traces that differ or cannot be read and for failures, notices for known
    violations.
    """
    for report in outcome.reports:
        if report.malformed is not None:
            yield annotation("error", "trace cannot be read", str(report.malformed), _file(report.path))
        elif report.mismatch is not None:
            yield annotation("error", "trace differs", differences_of(report.mismatch), _file(report.path))
    for suite in outcome.suites:
        name = suite.protocol.name
        for finding in suite.findings.values():
            said = (
                f"{finding.sentence}\n{finding.steps} steps, found by {finding.found_by}\nreproduce: {finding.command}"
            )
            yield annotation("error", f"{name}: {finding.law} is violated", said, finding.trace)
        for failure in suite.failures():
            if not failure.startswith(("violated: ", "traces that differ: ")):
                yield annotation("error", name, failure)
        for reason in suite.unfinished():
            yield annotation("error", f"{name}: not finished", reason)
        for row in suite.rows():
            if row.verdict == "known violation":
                known = suite.catalogue.known_violations[row.law]
                said = f"{row.sentence} {known.meaning} True instead: {known.instead}."
                yield annotation("notice", f"{name}: {row.law} is a known violation", said)
    for problem in (outcome.problem, outcome.unfinished):
        if problem is not None:
            yield annotation("error", "not finished", problem)


def _file(path: Path) -> str | None:
    """A path relative to the working directory, as GitHub expects it; None if it lies outside."""
    found = path.absolute()
    return found.relative_to(Path.cwd()).as_posix() if found.is_relative_to(Path.cwd()) else None


def annotation(level: str, title: str, text: str, file: str | None = None, line: int = 0) -> str:
    """One annotation as a workflow command, with a title, a text, and a file and a line if they are given. `level` is
    `error`, `warning` or `notice`.
    """
    where = "" if file is None else f"file={file.translate(ESCAPED_IN_PROPERTIES)},"
    where += f"line={line}," if line else ""
    return f"::{level} {where}title={title.translate(ESCAPED_IN_PROPERTIES)}::{text.translate(ESCAPED)}"
