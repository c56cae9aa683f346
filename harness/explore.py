"""One run of `restake explore`: small worlds, exhausted, and what broke in them."""

import time
from collections.abc import Mapping
from pathlib import Path

from rich.progress import Progress

from harness.check import FOLDER, finding_of
from harness.report import WorldReport
from harness.stopping import Stop
from harness.suite import Finding
from invariants.exploring import Broken, Exploration, SmallWorld, explore
from spec.codec import Json


class Search:
    """Keeps its reports as they come, so that an interruption loses none of them."""

    def __init__(
        self, worlds: Mapping[str, SmallWorld], depth: int, prunes: bool, stop: Stop, folder: Path = FOLDER
    ) -> None:
        self.worlds = worlds
        self.depth = depth
        self.prunes = prunes
        self.stop = stop
        self.folder = folder
        self.reports: list[WorldReport] = []

    def run(self, progress: Progress) -> None:
        """World after world, until all are exhausted or the search is to stop."""
        for name, world in self.worlds.items():
            if not self.stop():
                self.reports.append(self._exhaust(name, world, progress))

    def _exhaust(self, name: str, world: SmallWorld, progress: Progress) -> WorldReport:
        bar = progress.add_task(f"exploring {name}", total=None)
        started = time.monotonic()

        def goes_on(met: Exploration) -> bool:
            seconds = time.monotonic() - started
            broken = f"broken: {', '.join(met.broken)}" if met.broken else "nothing broken"
            speed = f"{met.distinct_states / seconds:,.0f} states/s"
            progress.update(bar, news=f"{met.steps:,} calls, {met.distinct_states:,} states, {speed}, {broken}")
            return not self.stop()

        met = explore(world, self.depth, self.prunes, goes_on)
        seconds = time.monotonic() - started
        findings = [self._finding(world, met.broken[law_id]) for law_id in sorted(met.broken)]
        return WorldReport(name, len(world.calls), met, findings, seconds)

    def _finding(self, world: SmallWorld, broken: Broken) -> Finding:
        actions = [*world.way.opening(), *broken.calls]
        again = f"restake explore --protocol {world.way.protocol.name} --depth {len(broken.calls)}"
        return finding_of(self.folder, world.way, broken.violation, "exhausting a small world", actions, again)

    def as_json(self) -> dict[str, Json]:
        """Everything found, for machines."""
        return {"worlds": [report.as_json() for report in self.reports]}

    @property
    def exit_code(self) -> int:
        """0 nothing broke, 1 something did, 5 nothing was searched."""
        if any(report.findings for report in self.reports):
            return 1
        return 0 if any(report.exploration.steps for report in self.reports) else 5
