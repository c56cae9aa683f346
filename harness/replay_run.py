"""One run of `restake replay`: the traces to replay, and the reports so far."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.progress import Progress

from harness.findings import retell
from harness.pack import ProtocolPack
from harness.replay import replay
from harness.report import TraceReport
from harness.traces import load_kept
from harness.yields import Yields
from spec.codec import Json, MalformedTrace
from spec.protocol import Protocol, Trace


class Job:
    """A run of `restake replay`: the traces, and each report as soon as it is made, so that an interruption
    loses none.
    """

    def __init__(self, packs: Mapping[str, ProtocolPack], paths: list[Path], with_yields: bool = False) -> None:
        self.packs = packs
        self.paths = paths
        self.with_yields = with_yields
        self.reports: list[TraceReport] = []
        self.yields: dict[Path, Yields] = {}
        self.replayed: set[str] = set()
        """The names of the packs of which there was a trace."""
        self.without_yields: set[str] = set()
        """The names of the packs of which yields were asked for, and that compute none."""

    def replay(self, progress: Progress) -> Iterator[TraceReport]:
        """Replay one file after the other, and yield the report of each."""
        for path in progress.track(self.paths, description="replaying traces"):
            report, read = replay_file(path, self.packs)
            self.reports.append(report)
            self.replayed |= {name for name, pack in self.packs.items() if report.rules_at == pack.place}
            self.replayed |= set() if read is None else {read[0].name}
            if self.with_yields and read is not None and report.retelling is None:
                found = self.packs[read[0].name].yields(read[1])
                if found is not None:
                    self.yields[path] = found
                else:
                    self.without_yields.add(read[0].name)
            yield report

    def as_json(self, built: str) -> Json:
        """All reports as JSON; `built` says if the specification is compiled or interpreted."""
        traces = [report.as_json() for report in self.reports]
        if self.with_yields:
            found = [self.yields.get(report.path) for report in self.reports]
            traces = [
                {**trace, "yields": None if yields is None else yields.as_json()}
                for trace, yields in zip(traces, found, strict=True)
            ]
        return {"built": built, "traces": traces}


def replay_file(
    path: Path, packs: Mapping[str, ProtocolPack], compares: bool = True
) -> tuple[TraceReport, tuple[Protocol, Trace] | None]:
    """The report on one trace file, and its protocol and trace unless it differs or is malformed. If `compares` is
    false, the trace is only read.

    A kept counterexample is not compared: it is retold under the current rules, to see if it still breaks its law.
    """
    steps, started = 0, time.monotonic()
    try:
        protocol, trace, claim = load_kept(path, {name: pack.protocol for name, pack in packs.items()})
        steps = len(trace.steps)
        if claim is not None:
            walk = packs[protocol.name].walk
            if walk is None:
                raise MalformedTrace("finding", f"the laws of {protocol.name} are not known: name a walk by --protocol")
            told = retell(walk, trace, claim, packs[protocol.name].games)
            return TraceReport(path, steps, retelling=told, seconds=time.monotonic() - started), (protocol, trace)
        mismatch = replay(protocol, trace) if compares else None
    except MalformedTrace as error:
        return TraceReport(path, steps, malformed=error, seconds=time.monotonic() - started), None
    seconds, place = time.monotonic() - started, packs[protocol.name].place
    report = TraceReport(path, steps, mismatch, is_compared=compares, seconds=seconds, rules_at=place)
    return report, None if mismatch else (protocol, trace)
