"""The result of a finished `restake check` run: its findings, its provenance and its exit code, also as JSON."""

import json
import platform
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from harness.exit_codes import MEANINGS
from harness.report import TraceReport
from harness.suite import SuiteReport
from spec.codec import Json

SCHEMA: Final = "restake check 1"
"""The schema name of the JSON document. Its number grows when a field goes or changes meaning, not when one
is added.
"""


VERDICTS: Final = {0: "holds", 1: "FAILED", 2: "not finished", 5: "nothing was checked"}
"""The verdict of the run, by exit code."""


@attrs.frozen(kw_only=True)
class Provenance:
    """The provenance of a run: versions, options, machine, time and duration. `commit` is empty outside a checkout.

    `command` repeats the run, `began` is in UTC, and `parts` has the seconds that each part of the run took.
    """

    version: str
    commit: str
    built: str
    python: str
    solver: str
    profile: str
    seed: int
    laws: tuple[str, ...]
    processes: str
    drawn_steps: int
    steps_per_second: int
    seconds: float
    command: str
    began: str
    parts: Mapping[str, float] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class RunOutcome:
    """Everything that a report of `restake check` contains. `problem` says why the run ended early, and `unfinished`
    what else was not checked; each may be None.
    """

    reports: Sequence[TraceReport]
    suites: Sequence[SuiteReport]
    code: int
    problem: str | None
    unfinished: str | None
    left_out: Sequence[str]
    made_by: Provenance

    @property
    def verdict(self) -> str:
        """The verdict of the run in words. If the exit code is 0 and all protocols have one verdict, that is the run's;
        else it is the meaning of the exit code.
        """
        said = {suite.verdict for suite in self.suites}
        return said.pop() if self.code == 0 and len(said) == 1 else VERDICTS[self.code]

    @property
    def code_in_words(self) -> str:
        """The meaning of the exit code; for 2, with the reason."""
        reason = self.problem or self.unfinished
        return f"{MEANINGS[self.code]}{f': {reason}' if self.code == 2 and reason else ''}"

    def as_json(self) -> dict[str, Json]:
        """The report as JSON, as `--format json` writes it."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "exit_code": self.code,
            "exit_code_in_words": self.code_in_words,
            "problem": self.problem,
            "unfinished": self.unfinished,
            "left_out": list(self.left_out),
            "made_by": {**attrs.asdict(self.made_by), "laws": list(self.made_by.laws)},
            "traces": [report.as_json() for report in self.reports],
            "suites": {suite.protocol.name: suite.as_json() for suite in self.suites},
        }

    def dumped(self) -> str:
        """The report as the text of a JSON document, indented."""
        return json.dumps(self.as_json(), indent=2)


def python_here() -> str:
    """The version of the running Python, and its system and machine."""
    return f"{platform.python_version()}, {platform.system()} {platform.machine()}"
