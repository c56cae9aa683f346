"""The report of `restake conform` on a terminal, as JSON and as JUnit XML, and its exit code."""

from collections import Counter
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement

import attrs
from rich.console import Console
from rich.markup import escape

from harness.conform import CaseRow, Conformance
from harness.conform_findings import KeptFinding
from harness.exit_codes import exit_code
from harness.junit import add_case, document
from harness.report import shown
from spec.codec import Json, MalformedTrace, printable

FAILED: Final = frozenset({"DIVERGES", "CLIENT-FAULT"})
SHOWN_ROWS: Final = 40
MOST_SHOWN: Final = 300
"""The most characters of one value that the terminal report shows."""


@attrs.define
class ConformReport:
    """The results of one protocol's run: `kept` are its findings, `lane` is the name of the lane that was played.
    `expected` are patterns of cases that are expected not to agree.
    """

    run: Conformance
    kept: Sequence[KeptFinding]
    expected: Sequence[str]
    lane: str

    def name(self, row: CaseRow) -> str:
        """The name of a case, as in reports and in files of expected failures: `protocol/action/answer`."""
        return f"{self.run.pack.name}/{row.case[0]}/{row.case[1]}"

    def is_expected(self, row: CaseRow) -> bool:
        """True if a pattern of expected failures matches this case."""
        return any(fnmatchcase(self.name(row), pattern) for pattern in self.expected)

    @property
    def stale(self) -> list[str]:
        """The patterns of expected failures for this protocol that match no failing case."""
        failing = [self.name(row) for row in self.run.rows() if row.verdict != "AGREE"]
        return [
            pattern
            for pattern in self.expected
            if fnmatchcase(self.run.pack.name, pattern.partition("/")[0])
            and not any(fnmatchcase(name, pattern) for name in failing)
        ]

    @property
    def exit_code(self) -> int:
        """The exit code. It is 1 if a case fails unexpectedly, or if a pattern of expected failures matches no failing
        case. It is 2 if anything is undecided, 5 if no case agreed, else 0.
        """
        rows = [row for row in self.run.rows() if not self.is_expected(row)]
        return exit_code(
            failed=any(row.verdict in FAILED for row in rows) or bool(self.stale),
            is_open=self.run.problem is not None
            or self.run.is_cut_short
            or any(row.verdict in ("UNSUPPORTED", "NOT REACHED") for row in rows),
            is_empty=not any(row.agreed for row in rows),
        )

    def as_json(self) -> Json:
        """The whole report as JSON."""
        said = self.run.introduction
        return {
            "protocol": self.run.pack.name,
            "client": None if said is None else attrs.asdict(said, value_serializer=_plain),
            "lane": self.lane,
            "exit_code": self.exit_code,
            "harness_fault": self.run.problem,
            "is_cut_short": self.run.is_cut_short,
            "steps": self.run.steps,
            "scripts": self.run.scripts,
            "stale": list(self.stale),
            "cases": [
                {
                    "action": row.case[0],
                    "answer": row.case[1],
                    "verdict": row.verdict,
                    "agreed": row.agreed,
                    "unsupported": row.unsupported,
                    "why": row.why,
                    "is_required": row.case in self.run.required,
                    "is_expected": self.is_expected(row),
                }
                for row in self.run.rows()
            ],
            "findings": [each.as_json() for each in self.kept],
        }


def _plain(_instance: object, _field: object, value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def print_report(console: Console, report: ConformReport) -> None:
    """Print the report on a terminal: the verdict, each finding with its command, and each case that does not agree."""
    run, rows = report.run, report.run.rows()
    said = run.introduction
    client = "no client" if said is None else f"{said.name} {said.version}".strip()
    counts = Counter(row.verdict for row in rows)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    verdict = {0: "[bold green]conforms", 5: "[bold yellow]nothing was checked"}.get(
        report.exit_code,
        "[bold red]does not conform" if report.exit_code == 1 else "[bold yellow]is open",
    )
    console.print(
        f"{run.pack.name}: {escape(printable(client))}: {verdict}[/]: {told or 'no case'} "
        f"({run.steps:,} steps in {run.scripts:,} scripts, {report.lane})",
        soft_wrap=True,
    )
    if run.problem is not None:
        console.print(f"  [bold red]HARNESS-FAULT[/]: {escape(run.problem)}", soft_wrap=True)
    for each in report.kept:
        _print_finding(console, each)
    others = [row for row in rows if row.verdict != "AGREE"]
    for row in others[:SHOWN_ROWS]:
        note = f": {row.why}" if row.why and row.verdict == "UNSUPPORTED" else ""
        known = " (expected)" if report.is_expected(row) else ""
        console.print(f"  {row.verdict} {escape(report.name(row))}{known}{escape(printable(note))}", soft_wrap=True)
    if len(others) > SHOWN_ROWS:
        console.print(f"  and {len(others) - SHOWN_ROWS} more: --json has all")
    for pattern in report.stale:
        console.print(f"  [bold red]stale[/]: {escape(pattern)} is expected to fail, and does not", soft_wrap=True)
    if run.is_cut_short:
        console.print("  cut short: not all scripts were played")


def _print_finding(console: Console, each: KeptFinding) -> None:
    told = each.as_json()
    where = "before any call" if told["at"] is None else f"at call {told['at']}"
    was = f", shrunk from {each.was_steps}" if each.was_steps > each.steps else ""
    # Hello and bye are no calls, so the specification has no answer to them.
    is_of_calls = bool(each.found.script.calls)
    expected = f", where the specification says {escape(str(told['answer']))}" if is_of_calls else ""
    console.print(
        f"  [bold red]{told['verdict']}[/] in {told['in']}: {told['action']}{expected}, "
        f"{where} ({each.steps} calls{was})",
        soft_wrap=True,
    )
    if "detail" in told:
        console.print(f"    {escape(printable(str(told['detail'])))}", soft_wrap=True)
    for difference in each.differences[:5]:
        place, expected, actual = difference.path or "state", _brief(difference.expected), _brief(difference.actual)
        console.print(f"    {escape(_brief(place))}: expected {escape(expected)}, is {escape(actual)}", soft_wrap=True)
    if each.laws:
        console.print(f"    breaks {', '.join(each.laws)}")
    if is_of_calls and each.shrinking not in ("finished", "not begun"):
        console.print(f"    not shrunk to the end: {each.shrinking}")
    if is_of_calls and each.shrinking != "time was up" and not each.is_shown_again:
        console.print("    a client that was just started does not show it by this trace alone")
    console.print(f"    reproduce: {escape(each.command)}", soft_wrap=True)


def _brief(value: Json) -> str:
    """A value that came from a client, for a terminal: shortened, and without control characters."""
    text = shown(value)
    return printable(text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "...")


def conform_junit(reports: Collection[ConformReport]) -> str:
    """The report as JUnit XML: a test case for each case, and one per protocol for the run itself."""
    root = Element("testsuites", name="restake conform")
    for report in reports:
        suite = SubElement(root, "testsuite", name=report.run.pack.name)
        problem = report.run.problem or ("cut short" if report.run.is_cut_short else "")
        add_case(suite, report.run.pack.name, "is finished", "error" if problem else None, problem)
        for pattern in report.stale:
            add_case(suite, report.run.pack.name, f"still fails: {pattern}", "failure", "it no longer fails")
        for row in report.run.rows():
            outcome = None if row.verdict == "AGREE" else "failure" if row.verdict in FAILED else "error"
            if outcome and report.is_expected(row):
                outcome = "skipped"
            text = "\n".join([row.verdict, row.why, *[str(each.what) for each in row.found]])
            add_case(suite, report.run.pack.name, report.name(row), outcome, text)
    return document(root)


def read_expected(path: Path, known: Collection[str]) -> list[str]:
    """The patterns in a file of expected failures. Each line has one, `protocol/action/answer`, in which * matches
    anything; # begins a comment.

    Raises MalformedTrace if the text is not UTF-8, or for a pattern with fewer than two slashes. It is also raised for
    a pattern whose protocol matches none of the names `known`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise MalformedTrace(str(path), f"not UTF-8 at byte {error.start}") from error
    patterns: list[str] = []
    for number, line in enumerate(lines, 1):
        pattern = line.partition("#")[0].strip()
        if pattern and pattern.count("/") < 2:
            raise MalformedTrace(f"{path}:{number}", f"expected protocol/action/answer, found {pattern!r}")
        if pattern and not any(fnmatchcase(name, pattern.partition("/")[0]) for name in known):
            raise MalformedTrace(f"{path}:{number}", f"{pattern.partition('/')[0]!r} is no protocol that is known")
        if pattern:
            patterns.append(pattern)
    return patterns
