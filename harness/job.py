"""One run of the command: which traces to replay, which laws to check, and everything found so far."""

from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from harness.protocols import Protocols
from harness.replay import replay
from harness.report import TraceReport
from harness.suite import STEPS_PER_WALK, WALKS, WALKS_PER_TASK, SuiteReport, laws_on_trace, laws_on_walks
from harness.traces import load_trace
from spec.codec import Json, MalformedTrace


class Job:
    """Keeps its reports as they come, so that an interruption loses none of them."""

    def __init__(
        self, protocols: Protocols, paths: list[Path], steps: int = 0, seed: int = 0, has_laws: bool = False
    ) -> None:
        self.protocols = protocols
        self.paths = paths
        self.steps = steps
        self.seed = seed
        self.reports: list[TraceReport] = []
        self.suites: dict[str, SuiteReport] = {
            name: SuiteReport.empty(name) for name in protocols if has_laws and name in WALKS
        }

    def replay(self, progress: Progress) -> Iterator[TraceReport]:
        """Replay file after file; check the laws, if asked to, on each that agrees."""
        for path in progress.track(self.paths, description="replaying traces"):
            report = self._replay(path)
            self.reports.append(report)
            yield report

    def walk(self, progress: Progress) -> None:
        """Check the laws on random walks."""
        if not self.steps:
            return
        for name, suite in self.suites.items():
            tasks = -(-max(1, self.steps // STEPS_PER_WALK) // WALKS_PER_TASK)
            walks = laws_on_walks(name, self.seed, self.steps)
            for summaries in progress.track(walks, total=tasks, description=f"walking through {name}"):
                for summary in summaries:
                    suite.add_walk(summary)

    def as_json(self, built: str) -> Json:
        """Everything found, for machines."""
        return {
            "built": built,
            "traces": [report.as_json() for report in self.reports],
            "suites": {name: suite.as_json() for name, suite in self.suites.items()},
        }

    def _replay(self, path: Path) -> TraceReport:
        steps = 0
        try:
            protocol, trace = load_trace(path, self.protocols)
            steps = len(trace.steps)
            mismatch = replay(protocol, trace)
        except MalformedTrace as error:
            return TraceReport(path, steps, malformed=error)
        if mismatch is None and protocol.name in self.suites:
            self.suites[protocol.name].add_trace(laws_on_trace(protocol.name, trace), str(path))
        return TraceReport(path, steps, mismatch)
