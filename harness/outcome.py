"""One run of `restake check` when it is over: what it found, what made it, how it ended; and all of that as JSON."""

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
"""The form of the JSON document. The number grows when a field goes or changes its meaning, not when one is added."""


VERDICTS: Final = {0: "holds", 1: "FAILED", 2: "not finished", 5: "nothing was checked"}
"""The verdict of the run, by its exit code."""


@attrs.frozen(kw_only=True)
class Provenance:
    """The origin of a run: versions, what was asked for, where it ran, when and how long. `commit` is empty outside of
    a checkout; `command` makes the same run again, `began` is in UTC. `parts` has the seconds of each part of the run.
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
    """Everything that a report says. `problem` is why the run ended early, `unfinished` what else was left."""

    reports: Sequence[TraceReport]
    suites: Sequence[SuiteReport]
    code: int
    problem: str | None
    unfinished: str | None
    left_out: Sequence[str]
    made_by: Provenance

    @property
    def verdict(self) -> str:
        """The run in a word."""
        said = {suite.verdict for suite in self.suites}
        return said.pop() if self.code == 0 and len(said) == 1 else VERDICTS[self.code]

    @property
    def code_in_words(self) -> str:
        """The meaning of the exit code; of 2 with the reason."""
        reason = self.problem or self.unfinished
        return f"{MEANINGS[self.code]}{f': {reason}' if self.code == 2 and reason else ''}"

    def as_json(self) -> dict[str, Json]:
        """The report as `--format json` writes it."""
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
        """The JSON document as text."""
        return json.dumps(self.as_json(), indent=2)


def python_here() -> str:
    """The Python that runs, and on which system."""
    return f"{platform.python_version()}, {platform.system()} {platform.machine()}"
