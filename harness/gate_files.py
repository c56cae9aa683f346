"""The report of `restake gate` for other services: JUnit XML, SARIF 2.1.0, and GitHub annotations of changed lines."""

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from gate.verdicts import MEANINGS, WORDS, ActionReport, Difference
from harness import __version__
from harness.gate_outcome import GateOutcome
from harness.gate_text import call, headline, said
from harness.github import annotation
from harness.junit import add_case, document

LEVELS: Final = {"DIFFERS": "error", "LAXER": "error", "STRICTER": "error", "REMOVED": "error", "UNKNOWN": "warning"}
"""The level of a verdict in SARIF and in annotations; "note" for any other."""

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

FINGERPRINT_KEY: Final = "restakeChange/v1"
"""The key of this project's fingerprint in SARIF. GitHub also computes a key of its own, from the source lines."""


def as_junit(outcome: GateOutcome) -> str:
    """The report as JUnit XML, with a test case for each action."""
    root = Element("testsuites", name="restake gate")
    root.set("time", f"{outcome.seconds:.3f}")
    run = SubElement(root, "testsuite", name="run")
    problems = [f"{report.protocol}: {report.problem}" for report in outcome.protocols if report.problem]
    problems += ["interrupted"] if outcome.is_interrupted else []
    add_case(run, "run", "is finished", "error" if problems else None, "\n".join(problems))
    add_case(
        run, "run", "decisions", "failure" if outcome.ruling.problems else None, "\n".join(outcome.ruling.problems)
    )
    for report in outcome.protocols:
        suite = SubElement(root, "testsuite", name=report.protocol)
        for action in report.actions:
            lines = [f"{action.verdict}: {MEANINGS[action.verdict]}", *told(action)]
            failed = None if action.is_harmless else "error" if action.verdict == "UNKNOWN" else "failure"
            failed = "skipped" if action.accepted_by else failed
            add_case(suite, report.protocol, action.action, failed, "\n".join(lines))
    return document(root)


def told(report: ActionReport) -> list[str]:
    """The lines that tell the verdict on an action: differences, evidence, fingerprint, and the decision that accepts
    them.
    """
    lines = [*[headline(each) for each in report.differences], *said(report)]
    if not report.is_harmless:
        lines.append(f"fingerprint: {report.fingerprint}")
    return [*lines, *([f"accepted by {report.accepted_by}"] if report.accepted_by else [])]


def as_sarif(outcome: GateOutcome) -> dict[str, Any]:
    """The report as SARIF, with a result for each action that is not SAME or EQUIVALENT, at the changed lines."""
    results = [_result(action) for action in outcome.actions if not action.is_harmless]
    problems = [report for report in outcome.protocols if report.problem]
    notifications = [
        {"level": "error", "message": {"text": f"{report.protocol}: {report.problem}"}} for report in problems
    ]
    rules = [{"id": f"gate/{word}", "shortDescription": {"text": MEANINGS[word]}} for word in WORDS]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "restake gate",
                        "semanticVersion": __version__,
                        "rules": rules,
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not problems and not outcome.is_interrupted,
                        "exitCode": outcome.exit_code,
                        "toolExecutionNotifications": notifications,
                    }
                ],
                "results": results,
            }
        ],
    }


def _result(report: ActionReport) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": f"gate/{report.verdict}",
        "level": LEVELS.get(report.verdict, "note"),
        "message": {"text": "\n".join([f"{report.protocol} {report.action}: {report.verdict}", *told(report)])},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": change.file, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": change.line, "endLine": change.last_line},
                }
            }
            for change in report.changes[:10]
            if change.file
        ],
        "partialFingerprints": {FINGERPRINT_KEY: report.fingerprint},
    }
    flows = [_flow(each) for each in report.differences if each.witness is not None and each.witness.steps]
    if flows:
        result["codeFlows"] = flows
    if report.accepted_by:
        result["suppressions"] = [{"kind": "external", "justification": report.accepted_by}]
    return result


def _flow(difference: Difference) -> dict[str, Any]:
    """The trace of a difference as a SARIF code flow, with one location per step."""
    assert difference.witness is not None
    locations = [
        {
            "location": {
                "message": {"text": f"{call(step['call'])}: {step['base']['answer']} | {step['head']['answer']}"}
            }
        }
        for step in difference.witness.steps[:1000]
    ]
    return {"message": {"text": headline(difference)}, "threadFlows": [{"locations": locations}]}


def annotations(outcome: GateOutcome) -> Iterator[str]:
    """GitHub annotations: up to three per action that is not SAME or EQUIVALENT, and one per problem."""
    for action in outcome.actions:
        if action.is_harmless:
            continue
        level = "notice" if action.accepted_by else LEVELS.get(action.verdict, "notice")
        title = f"{action.protocol} {action.action}: {action.verdict}"
        changes = [change for change in action.changes if change.file][:3]
        for change in changes:
            yield annotation(level, title, "\n".join(told(action)), change.file, change.line)
        if not changes:
            yield annotation(level, title, "\n".join(told(action)))
    for report in outcome.protocols:
        if report.problem:
            yield annotation("error", f"{report.protocol}: not judged", report.problem)
    for problem in outcome.ruling.problems:
        yield annotation("error", "decision", problem)
