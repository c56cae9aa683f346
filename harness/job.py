"""One run of `restake replay`: which traces to replay, and everything found so far."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.progress import Progress

from harness.findings import retell
from harness.protocols import Target, load_games
from harness.replay import replay
from harness.report import TraceReport
from harness.traces import load_kept
from spec.codec import Json, MalformedTrace
from spec.protocol import Protocol, Trace


class Job:
    """Keeps its reports as they come, so that an interruption loses none of them."""

    def __init__(self, targets: Mapping[str, Target], paths: list[Path]) -> None:
        self.targets = targets
        self.paths = paths
        self.reports: list[TraceReport] = []

    def replay(self, progress: Progress) -> Iterator[TraceReport]:
        """Replay file after file."""
        for path in progress.track(self.paths, description="replaying traces"):
            report, _ = replay_file(path, self.targets)
            self.reports.append(report)
            yield report

    def as_json(self, built: str) -> Json:
        """Everything found, for machines."""
        return {"built": built, "traces": [report.as_json() for report in self.reports]}


def replay_file(
    path: Path, targets: Mapping[str, Target], compares: bool = True
) -> tuple[TraceReport, tuple[Protocol, Trace] | None]:
    """What comes of one trace file, and the trace itself unless it differs; if it is only to be read, it cannot.

    A kept counterexample is not compared, but told: what it breaks is what matters, not what the rules said then.
    """
    steps = 0
    try:
        protocol, trace, claim = load_kept(path, {name: target.protocol for name, target in targets.items()})
        steps = len(trace.steps)
        if claim is not None:
            walk = targets[protocol.name].walk
            if walk is None:
                raise MalformedTrace("finding", f"the laws of {protocol.name} are not known: name a walk by --protocol")
            games = load_games(targets[protocol.name].place)
            return TraceReport(path, steps, retelling=retell(walk, trace, claim, games)), (protocol, trace)
        mismatch = replay(protocol, trace) if compares else None
    except MalformedTrace as error:
        return TraceReport(path, steps, malformed=error), None
    return TraceReport(path, steps, mismatch, is_compared=compares), None if mismatch else (protocol, trace)
