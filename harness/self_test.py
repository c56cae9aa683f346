"""The run of `restake conform --self-test`: each canary, a client with a deliberate fault, must be reported with its
own fault, and each sound one must pass.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import attrs

from conformance.lockstep import Script
from conformance.process import ProcessClient
from harness.canaries import Canary, canaries
from harness.conform import Conformance
from harness.conform_plan import Lane, Plan
from harness.conform_report import ConformReport
from harness.pack import ProtocolPack

ANSWER_SECONDS: Final = 2.0
"""The time limit for the answers of canaries that are expected to be late, in seconds."""

PATIENT_SECONDS: Final = 60.0
"""The time limit for the answers of all other canaries, in seconds; generous, so that a busy machine causes
no fault.
"""

LATE: Final = "CLIENT-FAULT late"

LANE: Final = Lane("every canary", every_case=True, recorded=0, walks=10, examples=0)
"""The scripts for a canary with a bug in the rules: every case, with simple amounts, and walks with arbitrary ones."""

SCRIPTS: Final = 12
"""The number of scripts played to a canary without a bug in the rules."""


NOT_FINISHED: Final = "not finished"
"""The verdict on a canary that an interruption left open."""


@attrs.frozen
class Caught:
    """The verdict of a run on one canary: `said` is such as `DIVERGES reason: deposit`, `conforms` or NOT_FINISHED."""

    protocol: str
    canary: Canary
    said: str

    @property
    def is_finished(self) -> bool:
        """True if the canary's run was finished."""
        return self.said != NOT_FINISHED

    @property
    def is_right(self) -> bool:
        """True if the verdict is the expected one."""
        return self.said.startswith(self.canary.expected)


def self_test(packs: Sequence[ProtocolPack], stops: Callable[[], bool], jobs: int) -> Iterator[Caught]:
    """Run every canary of the first protocol, and the canaries with bugs in the rules of the others; the remaining
    canaries behave the same for every protocol. Yields each verdict, in order; `jobs` canaries run at a time.
    """
    trials = [
        (pack, canary, every if canary.is_bug else _some(every))
        for pack, every in [(pack, list(Plan(pack, LANE, 0).scripts(None))) for pack in packs]
        for canary in canaries(pack.name)
        if canary.is_bug or pack is packs[0]
    ]
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_caught, pack, canary, scripts, stops) for pack, canary, scripts in trials]
        yield from (each.result() for each in running)


def _some(scripts: list[Script]) -> list[Script]:
    """A spread selection of about `SCRIPTS` scripts, so that rejections and return values occur."""
    return scripts[:: max(len(scripts) // SCRIPTS, 1)]


def _caught(pack: ProtocolPack, canary: Canary, scripts: list[Script], stops: Callable[[], bool]) -> Caught:
    return Caught(pack.name, canary, _said(pack, canary, scripts, stops))


def _said(pack: ProtocolPack, canary: Canary, scripts: list[Script], stops: Callable[[], bool]) -> str:
    if stops():
        return NOT_FINISHED
    command = (sys.executable, "-P", "-m", "harness.canaries", pack.name, canary.name)
    seconds = ANSWER_SECONDS if canary.expected == LATE else PATIENT_SECONDS
    run = Conformance(pack, lambda: ProcessClient(command, seconds), {}, lambda: stops() or run.has_found)
    if run.introduce() is not None:
        run.run(iter(scripts), 1)
    if run.problem is not None:
        return f"HARNESS-FAULT {run.problem}"
    found = run.findings()
    if not found and stops():
        return NOT_FINISHED
    if found:
        row = next(row for row in run.rows() if row.found)
        return f"{row.verdict} {found[0].kind}: {found[0].what.case[0]}"
    report = ConformReport(run, (), (), "self-test")
    return {0: "conforms", 2: "UNSUPPORTED"}.get(report.exit_code, f"exit code {report.exit_code}")
