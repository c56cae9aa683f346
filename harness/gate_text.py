"""The report of `restake gate` as text for a terminal, and as Markdown for a pull request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.impact import told as impact_lines
from gate.verdicts import MEANINGS, ActionReport, Difference, ProtocolReport
from harness.gate_outcome import GateOutcome
from harness.markdown import escaped, table

SHOWN_ROWS = 12
SHOWN_RUNS = 3


def as_text(outcome: GateOutcome, is_verbose: bool = False) -> Iterator[str]:
    """The report of `restake gate`, line by line; actions with the verdict SAME are only counted."""
    yield f"restake gate: {outcome.base} -> {outcome.head}: {outcome.verdict}"
    for report in outcome.protocols:
        counts = ", ".join(f"{count} {word}" for word, count in _counts(report.actions).items())
        yield f"{report.protocol}: {report.verdict} ({counts or 'nothing judged'})"
        if report.problem:
            yield f"  {report.problem}"
        yield from (f"  {line}" for line in told_beside(report))
        for change in report.outside:
            yield f"  changed, and reached by no rule: {change.shown}"
        for action in report.actions:
            if action.verdict != "SAME":
                yield from (f"  {line}" for line in _action(action, is_verbose))
    yield from (f"decision {problem}" for problem in outcome.ruling.problems)
    yield from (f"decision {name}: settled, the base has it: delete it" for name in outcome.ruling.settled)
    if outcome.is_interrupted:
        yield "interrupted: what is not told was not judged"


def told_beside(report: ProtocolReport) -> Iterator[str]:
    """The lines about a protocol that belong to no single action: its interface, its views, and scripts left out."""
    yield from report.interface
    if report.views:
        yield f"a view answers otherwise, where no row differs: after {', '.join(report.views)}"
    if report.left_out:
        names = ", ".join(report.left_out[:3])
        why = "that no call can say, or of worlds or calls that the base does not know, and so not played"
        yield f"scripts {why}: {len(report.left_out)} ({names})"


def _counts(actions: Sequence[ActionReport]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for action in actions:
        counts[action.verdict] = counts.get(action.verdict, 0) + 1
    return counts


def _action(report: ActionReport, is_verbose: bool) -> Iterator[str]:
    accepted = f", accepted by {report.accepted_by}" if report.accepted_by else ""
    mark = "" if report.is_harmless else f" [{report.fingerprint}]"
    yield f"{report.action}: {report.verdict}, {MEANINGS[report.verdict]}{accepted}{mark}"
    yield from (f"  {line}" for line in said(report))
    for difference in report.differences:
        yield f"  {headline(difference)}"
        if difference.witness is not None:
            yield from (f"    {line}" for line in steps(difference.witness.steps, is_verbose))
    yield from (f"  {line}" for line in impact_lines(report.impact, None if is_verbose else SHOWN_RUNS))
    if not report.is_harmless and report.verdict != "UNKNOWN" and not report.accepted_by:
        yield f"  accept it: restake gate accept {report.fingerprint} --why '...'"


def said(report: ActionReport) -> Iterator[str]:
    """The lines of evidence for the verdict on an action: the reason, the changed functions, the proof, and the calls
    played.
    """
    if report.why:
        yield report.why
    if report.changes:
        names = [change.shown for change in report.changes]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        yield f"changed: {', '.join(names[:4])}{more}"
    proof = report.proof
    if proof is not None and not proof.why:
        scope = f"; {'; '.join(proof.scope)}" if proof.scope else ""
        what = "alike" if not proof.open_kinds else f"alike but for: {', '.join(proof.open_kinds)}"
        laws = f"every state that satisfies {len(proof.laws)} laws"
        yield f"proved {what}, on {laws}{scope} ({proof.goals} goals, {proof.seconds:g} s)"
    elif proof is not None and report.verdict != "UNKNOWN":
        yield proof.why
    if report.scripts:
        yield f"played: {report.calls} calls of it in {report.scripts} scripts"
    yield from report.notes


def headline(difference: Difference) -> str:
    """A difference as one line: its kind and label, and the trace or the solver's state that shows it."""
    if difference.witness is not None:
        many = len(difference.witness.calls)
        return f"{difference.kind}: {difference.label}, by {many} calls; {difference.witness.claim}"
    if difference.shown is not None:
        where = f"in a state that is not known to be reachable: {call(difference.shown.call)}"
        return f"{difference.kind}: {difference.label}, {where}"
    return f"{difference.kind}: {difference.label}"


def call(value: Any) -> str:
    """A call or a row as text: its class name, and its fields in order."""
    if isinstance(value, Mapping):
        fields = ", ".join(f"{name}={call(part)}" for name, part in value.items() if name != "is")
        return f"{str(value.get('is', '')).rpartition('.')[2]}({fields})"
    if isinstance(value, list):
        return f"[{', '.join(call(part) for part in value)}]"
    return str(value)


def steps(story: Sequence[Mapping[str, Any]], is_verbose: bool) -> Iterator[str]:
    """A run's steps as lines, with the rows that change under either version: for the last step, or for all
    if verbose.
    """
    for number, step in enumerate(story):
        base, head = step["base"], step["head"]
        both = base["answer"] if base["answer"] == head["answer"] else f"{base['answer']} | {head['answer']}"
        yield f"{number}. {call(step['call'])}: {both}"
        if is_verbose or number == len(story) - 1:
            yield from rows(base, head)


def rows(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one step's changed rows and return values under the versions `base` and `head`.

    There is one line where both agree, else one for each version.
    """
    mine, others = ({(row[0], json.dumps(row[1])): (row[2], row[3]) for row in each["rows"]} for each in (base, head))
    for place in sorted({*mine, *others}):
        name = f"{place[0]}[{call(json.loads(place[1]))}]"
        if mine.get(place) == others.get(place):
            yield f"     {name}: {_changed(*mine[place])}"
        else:
            for who, found in (("base", mine), ("head", others)):
                yield f"  {who} {name}: {_changed(*found[place]) if place in found else 'as it was'}"
    if base["returns"] != head["returns"]:
        yield f"  base returns {call(base['returns'])}, head returns {call(head['returns'])}"


def _changed(before: Any, after: Any) -> str:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return f"{call(before)} -> {call(after)}"
    fields = [name for name in after if before.get(name) != after[name]]
    return ", ".join(f"{name} {call(before.get(name))} -> {call(after[name])}" for name in fields)


def as_markdown(outcome: GateOutcome) -> str:
    """The report of `restake gate` as Markdown, for a comment on a pull request; actions with the verdict SAME are only
    counted.
    """
    return "\n".join(_markdown(outcome)).rstrip("\n") + "\n"


def _markdown(outcome: GateOutcome) -> Iterator[str]:
    yield f"# restake gate: {outcome.verdict}"
    yield ""
    yield f"{escaped(outcome.base)} → {escaped(outcome.head)}"
    for report in outcome.protocols:
        yield from ("", f"## {escaped(report.protocol)}: {report.verdict}", "")
        if report.problem:
            yield escaped(report.problem)
        yield from (f"- {escaped(line)}" for line in told_beside(report))
        told = [action for action in report.actions if action.verdict != "SAME"]
        cells = [
            [
                escaped(each.action),
                each.verdict,
                escaped("; ".join(difference.label for difference in each.differences) or each.why),
                f"`{each.fingerprint}`" if not each.is_harmless else "",
                escaped(each.accepted_by),
            ]
            for each in told
        ]
        if cells:
            yield from ("", *table(("action", "verdict", "what", "fingerprint", "accepted by"), cells))
        same = len(report.actions) - len(told)
        yield from ("", f"{same} other actions: SAME")
        for each in told:
            yield from ("", f"<details><summary>{escaped(each.action)}: {each.verdict}</summary>", "", "```text")
            yield from [line.replace("```", "'''") for line in _action(each, is_verbose=False)]
            yield from ("```", "", "</details>")
    yield from (f"- decision {escaped(problem)}" for problem in outcome.ruling.problems)
