"""One run of `restake explore`: searches bounded models exhaustively and keeps counterexamples of laws that break."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs
from rich.progress import Progress

from harness.exit_codes import exit_code
from harness.findings import finding_of
from harness.report import ModelReport
from harness.stopping import Stop
from harness.suite import Finding
from harness.traces import KEPT
from invariants.exploring import BoundedModel, Broken, Exploration, explore
from spec.codec import Json


@attrs.define
class _Sighting:
    """A law that broke, its kept finding, and the iterator that shrinks the finding."""

    broken: Broken
    finding: Finding
    shortened: Iterator[Finding]

    def shorten(self) -> None:
        """Shrink the kept finding."""
        for finding in self.shortened:
            self.finding = finding


class Search:
    """A run of `restake explore`. It searches `models`, keyed by the place of each one's pack, up to `depth` calls.
    With `prunes`, states searched before are not searched again. It keeps each report as it arrives, so an interruption
    loses none.
    """

    def __init__(
        self, models: Mapping[str, BoundedModel], depth: int, prunes: bool, stop: Stop, folder: Path = KEPT
    ) -> None:
        self.models = models
        self.depth = depth
        self.prunes = prunes
        self.stop = stop
        self.folder = folder
        self.reports: list[ModelReport] = []
        self._reporting: Callable[[], ModelReport] | None = None

    def run(self, progress: Progress) -> None:
        """Search one model after the other. Once the run is to stop, the remaining models are reported as cut short."""
        for place, model in self.models.items():
            self._exhaust(place, model, progress)

    def _exhaust(self, place: str, model: BoundedModel, progress: Progress) -> None:
        name = model.walk.protocol.name
        bar = progress.add_task(f"exploring {name}", total=None)
        started = time.monotonic()
        met = Exploration(self.depth)
        kept: dict[str, _Sighting] = {}

        def goes_on(now: Exploration) -> bool:
            nonlocal met
            met = now
            self._keep(place, model, met, kept)
            seconds = time.monotonic() - started
            broken = f"broken: {', '.join(met.broken)}" if met.broken else "nothing broken"
            speed = f"{met.distinct_states / seconds:,.0f} states/s"
            progress.update(bar, news=f"{met.steps:,} calls, {met.distinct_states:,} states, {speed}, {broken}")
            return not self.stop()

        def report() -> ModelReport:
            findings = [kept[law_id].finding for law_id in sorted(kept)]
            return ModelReport(name, len(model.calls), met, findings, time.monotonic() - started)

        self._reporting = report
        try:
            met = explore(model, self.depth, self.prunes, goes_on)
            self._keep(place, model, met, kept)
            for sighting in kept.values():
                sighting.shorten()
        finally:
            self.settle()

    def settle(self) -> None:
        """Report the model that is being searched, if any, with the results so far."""
        if self._reporting is not None:
            self.reports.append(self._reporting())
            self._reporting = None

    def _keep(self, place: str, model: BoundedModel, met: Exploration, kept: dict[str, _Sighting]) -> None:
        """Keep, unshrunk, a counterexample of each law that broke since this was last called, or that now breaks in
        fewer steps. A longer one that was kept before is removed.
        """
        for law_id, broken in met.broken.items():
            before = kept.get(law_id)
            if before is None or before.broken is not broken:
                found = self._findings(place, model, broken)
                kept[law_id] = _Sighting(broken, next(found), found)
                if before is not None and before.finding.trace is not None:
                    Path(before.finding.trace).unlink(missing_ok=True)

    def _findings(self, place: str, model: BoundedModel, broken: Broken) -> Iterator[Finding]:
        actions, found_by = [*model.walk.opening(), *broken.calls], "exhausting a bounded model"
        again = f"restake explore --protocol {shlex.quote(place)} --depth {len(broken.calls)}"
        walk, violation, is_over = model.walk, broken.violation, lambda: self.stop.is_interrupted
        return finding_of(self.folder, walk, place, violation, found_by, actions, again, is_over)

    def as_json(self) -> dict[str, Json]:
        """All reports as JSON."""
        return {"models": [report.as_json() for report in self.reports]}

    @property
    def exit_code(self) -> int:
        """The exit code: 0 if nothing broke, 1 if a law did, 2 if the search stopped early, 5 if nothing
        was searched.
        """
        unfinished = [report for report in self.reports if not report.exploration.is_complete]
        return exit_code(
            failed=any(report.findings for report in self.reports),
            is_open=bool(unfinished),
            is_empty=not any(report.exploration.steps for report in self.reports),
        )
