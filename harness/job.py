"""One run of `restake replay`: which traces to replay, and everything found so far."""

from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from harness.protocols import Protocols
from harness.replay import replay
from harness.report import TraceReport
from harness.traces import load_trace
from spec.codec import Json, MalformedTrace
from spec.protocol import Protocol, Trace


class Job:
    """Keeps its reports as they come, so that an interruption loses none of them."""

    def __init__(self, protocols: Protocols, paths: list[Path]) -> None:
        self.protocols = protocols
        self.paths = paths
        self.reports: list[TraceReport] = []

    def replay(self, progress: Progress) -> Iterator[TraceReport]:
        """Replay file after file."""
        for path in progress.track(self.paths, description="replaying traces"):
            report, _ = replay_file(path, self.protocols)
            self.reports.append(report)
            yield report

    def as_json(self, built: str) -> Json:
        """Everything found, for machines."""
        return {"built": built, "traces": [report.as_json() for report in self.reports]}


def replay_file(
    path: Path, protocols: Protocols, compares: bool = True
) -> tuple[TraceReport, tuple[Protocol, Trace] | None]:
    """What comes of one trace file, and the trace itself unless it differs; if it is only to be read, it cannot."""
    steps = 0
    try:
        protocol, trace = load_trace(path, protocols)
        steps = len(trace.steps)
        mismatch = replay(protocol, trace) if compares else None
    except MalformedTrace as error:
        return TraceReport(path, steps, malformed=error), None
    return TraceReport(path, steps, mismatch, is_compared=compares), None if mismatch else (protocol, trace)
