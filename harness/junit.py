"""The report of `restake check` as JUnit XML, for continuous integration: a test case per law, witness and trace."""

import re
from collections.abc import Collection
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.replay import Mismatch
from harness.report import TraceReport, shown
from harness.suite import Row, SuiteReport, counted
from harness.traces import place_of

OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}
"""The attributes that count test cases by outcome, and the name of the element that marks each outcome."""


def junit(
    reports: Collection[TraceReport], suites: Collection[SuiteReport], problem: str | None, seconds: float = 0.0
) -> str:
    """The JUnit document of a run of `restake check`. `problem` says why the run was not finished, or is None."""
    root = Element("testsuites", name="restake check")
    run = SubElement(root, "testsuite", name="run")
    add_case(run, "run", "is finished", "error" if problem else None, problem or "", seconds)
    if reports:
        traces = SubElement(root, "testsuite", name="traces")
        for report in reports:
            _add_trace(traces, report)
    for suite in suites:
        element = SubElement(root, "testsuite", name=suite.protocol.name)
        for row in suite.rows():
            _add_row(element, suite, row)
        _add_coverage(element, suite)
    root.set("time", f"{seconds:.3f}")
    return document(root)


def document(root: Element) -> str:
    """The XML text of a JUnit document, after counting the test cases of each suite by outcome."""
    for element in (*root, root):
        element.set("tests", str(len(list(element.iter("testcase")))))
        for count, outcome in OUTCOMES.items():
            element.set(count, str(len(list(element.iter(outcome)))))
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, encoding='unicode')}\n"


def _add_trace(element: Element, report: TraceReport) -> None:
    """Add the test case of a trace to a suite. It is skipped if the trace was only read and not compared."""
    outcome, text = None if report.is_compared else "skipped", str(report.verdict)
    if report.malformed is not None:
        outcome, text = "error", str(report.malformed)
    elif report.mismatch is not None:
        outcome, text = "failure", differences_of(report.mismatch)
    add_case(element, "traces", place_of(report.path), outcome, text, report.seconds)


def differences_of(mismatch: Mismatch, most: int | None = None) -> str:
    """The text of a trace's mismatch: the step, and one line for each difference, or for `most` of them."""
    told = mismatch.differences[:most]
    lines = [f"{each.path}: expected {shown(each.expected)}, is {shown(each.actual)}" for each in told]
    if more := len(mismatch.differences) - len(told):
        lines.append(f"and {more} more")
    where = mismatch.action if mismatch.step is None else f"step {mismatch.step}: {mismatch.action}"
    return "\n".join([where, *lines])


def _add_row(element: Element, suite: SuiteReport, row: Row) -> None:
    if row.verdict == "VIOLATED":
        outcome, text = "failure", row.sentence
        finding = suite.findings.get(row.law)  # none if the run was interrupted before it was kept
        if finding is not None:
            subject = f"of {finding.subject}" if finding.subject else ""
            found = f"{counted(finding.steps, 'step')}, found by {finding.found_by}"
            text = "\n".join(filter(None, [text, subject, found, f"reproduce: {finding.command}"]))
    elif row.verdict == "VACUOUS":
        why = suite.excuse(row.law)
        is_excused = suite.is_cut_short or why is not None
        outcome, text = "skipped" if is_excused else "failure", f"never checked: {row.sentence}"
        if why:
            text = f"{text}\n{why}"
    elif row.verdict == "NOT REACHED":
        outcome, text = "failure" if suite.is_missed(row.law) else "skipped", f"never seen: {row.sentence}"
    elif row.verdict == "known violation":
        known = suite.catalogue.known_violations[row.law]
        outcome, text = "skipped", f"known violation: {row.sentence}\n{known.meaning}\ntrue instead: {known.instead}"
    else:
        outcome, text = None, ""
    add_case(element, suite.protocol.name, row.law, outcome, text)


def _add_coverage(element: Element, suite: SuiteReport) -> None:
    missing = "failure" if suite.judges_coverage else "skipped"
    found = suite.gaps()
    for what, gaps in (
        ("every action is accepted", found["actions never accepted"]),
        ("every reason is given", found["reasons never given"]),
    ):
        add_case(element, suite.protocol.name, what, missing if gaps else None, f"not: {', '.join(gaps)}")
    unjudged = f"of laws in no catalogue: {', '.join(suite.unjudged)}"
    name = "what was found before is judged"
    add_case(element, suite.protocol.name, name, "error" if suite.unjudged else None, unjudged)
    if suite.evidence is not None:
        failed = [*suite.refuted(), *suite.evidence.differing]
        undone = (*suite.evidence.failing, *suite.evidence.undone, *suite.evidence.unknown_now)
        add_case(
            element,
            suite.protocol.name,
            "proofs are as in the ledger",
            "failure" if failed else "error" if undone else None,
            "\n".join(failed or [f"not proved, and was to be: {', '.join(undone)}"]),
        )


def add_case(
    suite: Element, group: str, name: str, outcome: str | None, text: str, seconds: float | None = None
) -> None:
    """Add the test case `name` of the class `restake.GROUP` to a suite. `outcome` is None if it passed, else "failure",
    "error" or "skipped"; `text` then says why, its first line in short.

    `seconds` is None for a test case without a time of its own, such as one of several laws checked together.
    """
    case = SubElement(suite, "testcase", classname=f"restake.{group}", name=_legal(name))
    if seconds is not None:
        case.set("time", f"{seconds:.3f}")
    if outcome is not None:
        said = SubElement(case, outcome, message=_legal(text.partition("\n")[0]))
        said.text = _legal(text)


def _legal(text: str) -> str:
    """The text, with characters that XML cannot contain replaced by question marks."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
