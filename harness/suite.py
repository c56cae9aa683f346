"""The invariant suite: every law, on every recorded trace and on random walks, and what came of each."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Literal

import attrs

from invariants.eigenlayer.small import SMALL_WORLD as SMALL_EIGENLAYER
from invariants.eigenlayer.walk import WALK as EIGENLAYER
from invariants.law import Subject
from invariants.symbiotic.small import SMALL_WORLD as SMALL_SYMBIOTIC
from invariants.symbiotic.walk import WALK as SYMBIOTIC
from invariants.walker import Walk, WalkReport, walk
from spec.codec import Json
from spec.protocol import Trace

STEPS_PER_WALK = 400
"""Long enough for stake to be committed, slashed and withdrawn several times, short enough to find something left."""

WALKS_PER_TASK = 10
WALKS = {"eigenlayer": EIGENLAYER, "symbiotic": SYMBIOTIC}
SMALL_WORLDS = {"eigenlayer": SMALL_EIGENLAYER, "symbiotic": SMALL_SYMBIOTIC}

Verdict = Literal["held", "VIOLATED", "VACUOUS"]


@attrs.frozen
class Summary:
    """A walk's report in plain values, as it crosses from one process to another."""

    seed: int
    steps: int
    scans: int
    accepted: int
    checked: dict[str, int]
    violations: tuple[tuple[str, str], ...]
    last_action: str

    @classmethod
    def of(cls, report: WalkReport) -> "Summary":
        """What is counted and shown of a walk."""
        return cls(
            report.seed,
            report.steps,
            report.scans,
            sum(report.accepted.values()),
            dict(report.checked),
            tuple([(broken.law.law_id, _shown(broken.subject)) for broken in report.violations]),
            repr(report.actions[-1]) if report.actions else "",
        )


@attrs.frozen
class Finding:
    """A law that broke: of which subject, where (a trace or a walk), after how many steps, at which action."""

    law: str
    subject: str
    place: str
    steps: int
    action: str
    command: str


@attrs.define
class LawReport:
    """What came of one law: how often it was checked, on traces and on walks, and how often it broke."""

    law: str
    sentence: str
    source: str
    checked_on_traces: int = 0
    checked_on_walks: int = 0
    violations: int = 0

    @property
    def verdict(self) -> Verdict:
        """A law that was never checked is not one that held."""
        if self.violations:
            return "VIOLATED"
        return "held" if self.checked_on_traces + self.checked_on_walks else "VACUOUS"


@attrs.define
class SuiteReport:
    """What came of all laws of one protocol."""

    protocol: str
    laws: dict[str, LawReport]
    steps_on_traces: int = 0
    steps_on_walks: int = 0
    scans: int = 0
    accepted: int = 0
    findings: list[Finding] = attrs.field(factory=list)

    @classmethod
    def empty(cls, protocol: str) -> "SuiteReport":
        """Nothing checked yet."""
        laws = WALKS[protocol].catalogue.laws()
        return cls(protocol, {law.law_id: LawReport(law.law_id, law.sentence, law.source) for law in laws})

    def add_trace(self, report: Summary, path: str) -> None:
        """Count what the laws said of one recorded trace."""
        self.steps_on_traces += report.steps
        for law, checked in report.checked.items():
            self.laws[law].checked_on_traces += checked
        self._add(report, path, f"restake check --protocol {self.protocol}")

    def add_walk(self, report: Summary) -> None:
        """Count what the laws said of one walk."""
        self.steps_on_walks += report.steps
        for law, checked in report.checked.items():
            self.laws[law].checked_on_walks += checked
        command = f"restake check --protocol {self.protocol} --seed {report.seed} --steps {STEPS_PER_WALK}"
        self._add(report, f"walk {report.seed}", command)

    def as_json(self) -> dict[str, Json]:
        """The report as `--json` writes it."""
        laws = [{**attrs.asdict(law), "verdict": law.verdict} for law in self.laws.values()]
        return {**attrs.asdict(self, filter=lambda field, _: field.name != "laws"), "laws": laws}

    def _add(self, report: Summary, place: str, command: str) -> None:
        self.scans += report.scans
        self.accepted += report.accepted
        for law, subject in report.violations:
            self.laws[law].violations += 1
            self.findings.append(Finding(law, subject, place, report.steps, report.last_action, command))


def _shown(subject: Subject) -> str:
    """A state law's subject; a step law has none."""
    return "" if subject is None else repr(subject)


def laws_on_trace(protocol: str, trace: Trace) -> Summary:
    """Every law at every step of a recorded trace."""
    way = WALKS[protocol]
    actions = [action for step in trace.steps for action in step.actions]
    recorded = Walk(way.protocol, way.catalogue, lambda: trace.genesis, lambda: actions, way.next_action)
    return Summary.of(walk(recorded, 0, len(actions)))


def laws_on_walks(protocol: str, first_seed: int, steps: int) -> Iterator[list[Summary]]:
    """Every law at every step of random walks, `steps` in all, over all cores; with the same reports on any number."""
    walks = max(1, steps // STEPS_PER_WALK)
    seeds = range(first_seed, first_seed + walks)
    tasks = [seeds[start : start + WALKS_PER_TASK] for start in range(0, walks, WALKS_PER_TASK)]
    if len(tasks) == 1:
        yield _walk_all(protocol, tasks[0])
        return
    # An interruption is the parent's to handle: it keeps what was found, and the workers end with their tasks.
    with ProcessPoolExecutor(initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as workers:
        try:
            yield from workers.map(_walk_all, [protocol] * len(tasks), tasks)
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _walk_all(protocol: str, seeds: Sequence[int]) -> list[Summary]:
    return [Summary.of(walk(WALKS[protocol], seed, STEPS_PER_WALK)) for seed in seeds]
