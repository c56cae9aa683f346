"""Prepared changes of the rules, each made in a copy of the source and judged."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import attrs

from gate.judging import Budget, Judge, Prove, prove_apart
from gate.starting import clean_environment
from gate.subject import subject_of
from gate.verdicts import ProtocolReport
from gate.versions import Version
from harness.protocols import pack_at
from harness.shrinking import shrink_by

ROOT = Path(__file__).parents[2]
TAKEN = ("spec", "invariants", "proofs", "conformance", "harness")


DISPATCH = """def go_out(draft, action):
    return Reason.B
def transition(draft, action):
    if isinstance(action, In):
        return go_in(draft, action)
    return go_out(draft, action)
PROTOCOL = Protocol(name="p", transition=transition)
"""
"""The end of a small protocol's source. It has two calls, In and Out; the text before it must define the reasons and
the rule of In.
"""


@attrs.frozen
class Prepared:
    """A prepared change of the rules: its edits, as (file, text before, text after), and the verdicts expected of the
    gate.

    `expect` has the verdict of each action; an action that it does not name is SAME.
    """

    change_id: str
    protocol: str
    edits: tuple[tuple[str, str, str], ...]
    expect: dict[str, str]

    def make(self, folder: Path) -> None:
        """Make the change in the copy of the source in `folder`."""
        for file, before, after in self.edits:
            path = folder / "spec" / file
            text = path.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{self.change_id}: {file} says {text.count(before)} times {before!r}"
            path.write_text(text.replace(before, after), encoding="utf-8")


def prepared() -> list[Prepared]:
    """All changes in the file changes.toml."""
    document: dict[str, Any] = tomllib.loads((Path(__file__).parent / "changes.toml").read_text(encoding="utf-8"))
    return [
        Prepared(
            each["id"],
            each["protocol"],
            tuple([(edit["file"], edit["before"].strip("\n"), edit["after"].strip("\n")) for edit in each["edit"]]),
            each["expect"],
        )
        for each in document["change"]
    ]


def version(folder: Path, name: str) -> Version:
    """A copy of the source in a new folder, as a version for the gate."""
    made = folder / name
    for room in TAKEN:
        shutil.copytree(ROOT / room, made / room, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    shutil.copy(ROOT / "pyproject.toml", made)
    return Version(name, "0" * 40, made)


def judged(change: Prepared, folder: Path, seconds: float, prove: Prove = prove_apart) -> ProtocolReport:
    """The gate's report on a change of the rules. `folder` is empty and receives both versions; `seconds` is the time
    limit.
    """
    clean_environment()
    base, head = version(folder, "base"), version(folder, "head")
    change.make(head.folder)
    budget = Budget(seconds, 2, lambda: False)
    return Judge(subject_of(pack_at(change.protocol), base), base, head, budget, shrink_by, prove).report()


def found(report: ProtocolReport) -> dict[str, str]:
    """The verdicts of a report by action, without those that are SAME."""
    return {action.action: action.verdict for action in report.actions if action.verdict != "SAME"}
