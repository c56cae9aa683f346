"""One run of `restake explore`: bounded models, exhausted, and what broke in them."""

import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from rich.progress import Progress

from harness.exit_codes import exit_code
from harness.findings import finding_of
from harness.report import ModelReport
from harness.stopping import Stop
from harness.suite import Finding
from harness.traces import KEPT
from invariants.exploring import BoundedModel, Broken, Exploration, explore
from spec.codec import Json


class Search:
    """Keeps its reports as they come, so that an interruption loses none of them."""

    def __init__(
        self, models: Mapping[str, BoundedModel], depth: int, prunes: bool, stop: Stop, folder: Path = KEPT
    ) -> None:
        self.models = models
        self.depth = depth
        self.prunes = prunes
        self.stop = stop
        self.folder = folder
        self.reports: list[ModelReport] = []

    def run(self, progress: Progress) -> None:
        """Model after model. Once the search is to stop, those that are left are reported as cut short."""
        for place, model in self.models.items():
            self.reports.append(self._exhaust(place, model, progress))

    def _exhaust(self, place: str, model: BoundedModel, progress: Progress) -> ModelReport:
        name = model.walk.protocol.name
        bar = progress.add_task(f"exploring {name}", total=None)
        started = time.monotonic()

        def goes_on(met: Exploration) -> bool:
            seconds = time.monotonic() - started
            broken = f"broken: {', '.join(met.broken)}" if met.broken else "nothing broken"
            speed = f"{met.distinct_states / seconds:,.0f} states/s"
            progress.update(bar, news=f"{met.steps:,} calls, {met.distinct_states:,} states, {speed}, {broken}")
            return not self.stop()

        met = explore(model, self.depth, self.prunes, goes_on)
        seconds = time.monotonic() - started
        findings = [self._finding(place, model, met.broken[law_id]) for law_id in sorted(met.broken)]
        return ModelReport(name, len(model.calls), met, findings, seconds)

    def _finding(self, place: str, model: BoundedModel, broken: Broken) -> Finding:
        actions, found_by = [*model.walk.opening(), *broken.calls], "exhausting a bounded model"
        again = f"restake explore --protocol {shlex.quote(place)} --depth {len(broken.calls)}"
        walk, violation, is_over = model.walk, broken.violation, lambda: self.stop.is_interrupted
        return finding_of(self.folder, walk, place, violation, found_by, actions, again, is_over)

    def as_json(self) -> dict[str, Json]:
        """Everything found, for machines."""
        return {"models": [report.as_json() for report in self.reports]}

    @property
    def exit_code(self) -> int:
        """0 nothing broke, 1 something did, 2 the search stopped before its end, 5 nothing was searched."""
        unfinished = [report for report in self.reports if not report.exploration.is_complete]
        return exit_code(
            failed=any(report.findings for report in self.reports),
            is_open=bool(unfinished),
            is_empty=not any(report.exploration.steps for report in self.reports),
        )
