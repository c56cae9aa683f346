"""The outcome of a `restake gate` run, which compares two versions of the rules: its exit code, and the JSON document
that all other reports derive from.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from gate.decisions import Ruling
from gate.verdicts import ActionReport, Difference, ProtocolReport, Word, worst
from harness import __version__
from harness.exit_codes import exit_code
from harness.traces import KEPT

FORMAT: Final = 1
"""The version of the document's format; its JSON Schema is `gate.schema.json`, beside this module."""

FOLDER: Final = KEPT / "gate"
"""The folder in which differences are kept, one file per fingerprint."""


@attrs.define
class GateOutcome:
    """The outcome of a run: the names of both versions, and a report per protocol."""

    base: str
    head: str
    protocols: Sequence[ProtocolReport]
    ruling: Ruling
    seconds: float
    is_interrupted: bool = False

    @property
    def verdict(self) -> Word:
        """The worst verdict of all protocols. An interruption, or no action to judge, counts as UNKNOWN."""
        undecided: list[Word] = ["UNKNOWN"] if self.is_interrupted or not self.actions else []
        return worst([*[report.verdict for report in self.protocols], *undecided])

    @property
    def actions(self) -> list[ActionReport]:
        """The reports on all actions of all protocols."""
        return [action for report in self.protocols for action in report.actions]

    @property
    def exit_code(self) -> int:
        """The exit code. It is 1 if a difference is not accepted, or if a decision to accept one has expired or fits
        none. It is 2 if anything is undecided. It is 5 if there was no action to judge, else 0.
        """
        failed = any(
            not action.is_harmless and action.verdict != "UNKNOWN" and not action.accepted_by for action in self.actions
        )
        is_open = self.is_interrupted or any(report.problem or report.is_cut_short for report in self.protocols)
        is_open = is_open or any(action.verdict == "UNKNOWN" for action in self.actions)
        return exit_code(failed=failed or bool(self.ruling.problems), is_open=is_open, is_empty=not self.actions)

    def as_json(self) -> dict[str, Any]:
        """The outcome as a JSON document of FORMAT, from which all other reports derive."""
        return {
            "format": FORMAT,
            "made_by": f"restake {__version__}",
            "base": self.base,
            "head": self.head,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "is_interrupted": self.is_interrupted,
            "seconds": round(self.seconds, 1),
            "decisions": {"problems": list(self.ruling.problems), "settled": list(self.ruling.settled)},
            "protocols": [_protocol(report) for report in self.protocols],
        }


def _protocol(report: ProtocolReport) -> dict[str, Any]:
    return {
        "protocol": report.protocol,
        "verdict": report.verdict,
        "problem": report.problem,
        "is_cut_short": report.is_cut_short,
        "interface": list(report.interface),
        "left_out": list(report.left_out),
        "views": list(report.views),
        "outside_of_rules": [{"name": change.shown, "file": change.file} for change in report.outside],
        "actions": [action_as_json(action) for action in report.actions],
    }


def action_as_json(report: ActionReport) -> dict[str, Any]:
    """The verdict on one action, as JSON."""
    proof = report.proof
    return {
        "action": report.action,
        "verdict": report.verdict,
        "fingerprint": None if report.is_harmless else report.fingerprint,
        "accepted_by": report.accepted_by or None,
        "why": report.why,
        "changes": [
            {"name": change.shown, "file": change.file, "line": change.line, "last_line": change.last_line}
            for change in report.changes
        ],
        "played": {"scripts": report.scripts, "calls": report.calls},
        "proof": None if proof is None else {**attrs.asdict(proof)},
        "differences": [difference_as_json(each) for each in report.differences],
        "notes": list(report.notes),
        "impact": dict(report.impact),
    }


def difference_as_json(difference: Difference) -> dict[str, Any]:
    """One difference as JSON, without the solver's query."""
    witness, shown = difference.witness, difference.shown
    return {
        "kind": difference.kind,
        "label": difference.label,
        "is_reachable": difference.is_reachable,
        "trace": None
        if witness is None
        else {
            "head": witness.head,
            "calls": list(witness.calls),
            "answers": list(witness.answers),
            "met_in": witness.source,
            "claim": witness.claim,
            "steps": list(witness.steps),
        },
        "state": None if shown is None else {"state": shown.state, "call": shown.call, "answers": list(shown.answers)},
    }


def keep(outcome: GateOutcome, names: tuple[str, str], places: Mapping[str, str], folder: Path = FOLDER) -> list[Path]:
    """Write each action's differences to a file named by their fingerprint, for the verbs `explain` and `accept`.

    Actions that are SAME or EQUIVALENT have no file, and a file that cannot be written is skipped. `names` are those of
    both versions, the base first. `places` has the place of each protocol's pack. Returns the paths written.
    """
    kept: list[Path] = []
    for report in outcome.actions:
        if report.is_harmless:
            continue
        questions = {each.kind: each.shown.question for each in report.differences if each.shown is not None}
        document = {
            "format": FORMAT,
            "protocol": report.protocol,
            "place": places[report.protocol],
            "base": names[0],
            "head": names[1],
            **action_as_json(report),
            "questions": questions,
        }
        path = folder / f"{report.fingerprint}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        except OSError:
            continue
        kept.append(path)
    return kept
