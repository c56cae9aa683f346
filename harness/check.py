"""One run of `restake check`: replays kept counterexamples and recorded traces, then draws random walks, Hypothesis
examples and plays of games, and collects results for each law.
"""

import itertools
import math
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, get_args

import attrs
from rich.progress import Progress

from harness import findings
from harness.assumed import proved_whole
from harness.closest import closest
from harness.display import Gauge
from harness.findings import STEPS_PER_GAME, Retelling, finding_of, game_finding_of, replaying
from harness.gathering import How, gathered
from harness.pack import ProtocolPack
from harness.protocols import pack_at
from harness.prove import laws_without_theory, ledger_of
from harness.replay_run import replay_file
from harness.report import TraceReport
from harness.schedulers import Scheduler, SuiteTask, games_of, repeat
from harness.source import fingerprint
from harness.stopping import Stop
from harness.suite import Broken, Finding, Method, SuiteReport, Summary
from harness.traces import KEPT, find_traces
from invariants.choices import Seeded
from invariants.game import play
from invariants.law import Law
from invariants.walker import Walk, WalkReport, random_walk
from proofs.ledger import Ledger
from spec.codec import Json, MalformedTrace
from spec.protocol import Trace

RunPart = Literal["traces", "drawing", "shrinking", "proofs"]
"""A part of a `restake check` run whose time is reported."""

STEPS_PER_WALK = 400
"""The steps of one walk: enough to commit, slash and withdraw stake several times, and to leave some stake over."""

WALKS_PER_TASK = 25
"""The walks of one worker task. A task takes about a second: passing it to a worker costs little in comparison, and
little work is lost if the worker dies.
"""

EXAMPLES_PER_TASK = 25
STEPS_PER_EXAMPLE: Mapping[Method, int] = {"rules": 50, "bytes": 200}
"""The steps of one Hypothesis example, by method. A step by rules takes a millisecond, nearly all of it spent in
Hypothesis; a step by bytes costs as much as one of a walk.
"""

MOVES_PER_GAME = 80
GAMES_PER_TASK = 50

STEPS_THAT_COVER = 1_000_000
"""The number of random steps from which a coverage gap is a failure: a witness (a situation that runs must meet) or an
action that was never reached.
"""


@attrs.frozen
class Plan:
    """The amount of work of a run, for each protocol: random steps, and examples for each method of Hypothesis ("rules"
    and "bytes").

    `seed` is the first seed. `laws` are the only laws to check, or empty for all. `assumes_proved` says that proved
    laws are checked on one walk in eleven only.
    """

    steps: int
    examples: int
    seed: int = 0
    laws: tuple[str, ...] = ()
    assumes_proved: bool = False

    @property
    def games(self) -> int:
        """The number of times that each game is played."""
        return math.ceil(self.steps / STEPS_PER_GAME)


PROFILES = {"ci": Plan(400_000, 100), "dev": Plan(2_000_000, 1_000), "audit": Plan(10_000_000, 5_000)}


def register_profiles() -> None:
    """Register `PROFILES` with Hypothesis by name, for rule machines that are run from pytest."""
    from hypothesis import HealthCheck, settings  # here, because it takes as long to import as all else together

    for name, plan in PROFILES.items():
        settings.register_profile(
            name,
            max_examples=plan.examples,
            stateful_step_count=STEPS_PER_EXAMPLE["rules"],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )


class UnknownLawError(Exception):
    """The exception for a requested law id that no catalogue has. Its message suggests similar ids."""


class Check:
    """A run of `restake check`. It keeps each result as it arrives, so an interruption loses none."""

    def __init__(
        self,
        packs: Mapping[str, ProtocolPack],
        plan: Plan,
        stop: Stop,
        folder: Path = KEPT,
        left_out: Sequence[str] = (),
        most_failures: float = math.inf,
    ) -> None:
        """Raises UnknownLawError if the plan names a law that no pack has. Packs without any of the plan's laws are
        skipped.

        `left_out` lists problems of requested protocols that could not be loaded. The run ends once `most_failures`
        laws broke or traces differed.
        """
        walks = {name: walk for name, pack in packs.items() if (walk := pack.walk) is not None}
        games = {name: packs[name].games for name in walks}
        known = {law.law_id for name, walk in walks.items() for law in (*laws_of(walk), *games[name])}
        for law_id in plan.laws:
            if law_id not in known:
                raise UnknownLawError(f"unknown law {law_id!r}: {closest(law_id, known, 'restake laws')}")
        self.games = {name: games_of(games[name], plan.laws) for name in walks}
        chosen = {name: walk.only(plan.laws) for name, walk in walks.items()}
        self.walks = {name: walk for name, walk in chosen.items() if laws_of(walk) or self.games[name]}
        self.packs = {name: pack for name, pack in packs.items() if name in self.walks or not plan.laws}
        self.plan = plan
        self.most_failures = most_failures
        self._is_to_stop = stop
        self.folder = folder
        self.left_out = left_out
        self.reports: list[TraceReport] = []
        self.suites = {
            name: SuiteReport(
                walk.protocol,
                walk.catalogue,
                self.games[name],
                symbols=self.packs[name].symbols,
                specifies=self.packs[name].specifies,
                out_of_reach=_out_of_reach(self.packs[name]),
                asked=plan.laws,
            )
            for name, walk in self.walks.items()
        }
        self.ledgers: list[Ledger] = []
        self.seconds: dict[RunPart, float] = dict.fromkeys(get_args(RunPart), 0.0)
        self._has_replayed = False
        self._unshrunk: list[tuple[str, Iterator[Finding]]] = []

    def run(self, scheduler: Scheduler, progress: Progress) -> None:
        """Recheck kept findings, replay recorded traces and run all random tasks, until all is done or the run is to
        stop.
        """
        try:
            with self._timed("traces"):
                self._recheck(progress)
                self._replay(progress)
            with self._timed("drawing"):
                self._draw(scheduler, progress)
        finally:
            self.settle()

    def settle(self) -> None:
        """Record for each protocol if its run was cut short. Also record if it checked all laws for enough steps to
        judge coverage.
        """
        for name, suite in self.suites.items():
            runs = suite.drawn.runs + suite.in_games.runs
            undone = suite.evidence is not None and bool(suite.evidence.undone)
            suite.is_cut_short = undone or not self._has_replayed or runs < self._planned_runs(name)
            suite.judges_coverage = not self.plan.laws and suite.drawn.steps >= STEPS_THAT_COVER

    def open_ledgers(self) -> None:
        """Read the ledgers of proofs, for protocols whose laws can be proved (those with a theory). Raises LedgerError
        if a ledger cannot be trusted.
        """
        for name, suite in self.suites.items():
            suite.has_theory = self.packs[name].theory_at is not None
        ledgers = {name: ledger_of(self.packs[name]) for name, suite in self.suites.items() if suite.has_theory}
        self.ledgers = list(ledgers.values())
        if self.plan.assumes_proved:
            for name, ledger in ledgers.items():
                known = {law.law_id for law in laws_of(self.walks[name])}
                self.suites[name].assumed = tuple([law for law in proved_whole(ledger) if law in known])

    def gather(self, how: How, jobs: int, progress: Progress, drawn_by: str) -> None:
        """Collect the proofs of the checked laws and the numbers of mutants that they kill.

        `how` says how much is proved now: nothing, a sample, what is stale, or everything. Nothing is proved if the run
        has already reached its maximum number of failures. `drawn_by` is the text that seeds the choice of a sample.
        """
        bar = progress.add_task("proving", total=None, news="")

        if self._failures() >= self.most_failures:
            how = "ledger"

        def say(call: str, done: int, of: int) -> None:
            progress.update(bar, completed=done, total=of, news=call)

        with self._timed("proofs"):
            found = gathered(self.ledgers, self.plan.laws, how, drawn_by, jobs, self._is_to_stop, say)
        for name, evidence in found.items():
            left = () if how == "ledger" else self._without_theory(self.packs[name])
            self.suites[name].evidence = attrs.evolve(evidence, failing=(*evidence.failing, *left))
        self.settle()

    def _without_theory(self, pack: ProtocolPack) -> list[str]:
        """The laws to check that are no part of the pack's theory, so that they cannot be proved, each with why."""
        missing = {law_id for laws in laws_without_theory(pack).values() for law_id in laws}
        laws = sorted(law_id for law_id in missing if not self.plan.laws or law_id in self.plan.laws)
        return [f"{law_id} (it is no part of {pack.theory_at})" for law_id in laws]

    def stop(self) -> bool:
        """True if the run is to stop now: it was interrupted, its time is up, or enough laws and traces failed."""
        return self._is_to_stop() or self._failures() >= self.most_failures

    def _failures(self) -> int:
        return sum([len(suite.findings) + len(suite.differing) for suite in self.suites.values()])

    @property
    def is_cut_short(self) -> bool:
        """True if the run ended before all its work was done."""
        return not self._has_replayed or any(suite.is_cut_short for suite in self.suites.values())

    @property
    def unfinished(self) -> str | None:
        """The reasons why the run did not check everything that was requested, as text, or None."""
        why = f" at {self._failures()} failures" if self._failures() >= self.most_failures else ""
        stopped = [f"stopped{why} before everything was done"] if self.is_cut_short else []
        return "; ".join([*stopped, *[f"left out: {problem}" for problem in self.left_out]]) or None

    def stories(self) -> dict[str, Retelling]:
        """The kept findings retold step by step, by the path of their trace. Findings whose trace is not kept, or can
        no longer be read, are left out.
        """
        told: dict[str, Retelling] = {}
        for name, suite in self.suites.items():
            for finding in suite.findings.values():
                try:
                    found = findings.recheck(self.walks[name], Path(finding.trace or ""), self.games[name])[1]
                except MalformedTrace:  # it is not kept, or gone
                    continue
                if found is not None and finding.trace is not None:
                    told[finding.trace] = found
        return told

    def as_json(self) -> dict[str, Json]:
        """The results so far as JSON: the reports on traces, and the counts and verdicts of each protocol."""
        return {
            "traces": [report.as_json() for report in self.reports],
            "suites": {name: suite.as_json() for name, suite in self.suites.items()},
        }

    def tasks(self, width: int) -> Iterator[SuiteTask]:
        """All worker tasks, of a size that keeps `width` workers busy. Protocols and methods alternate, so that a run
        that is cut short has some results of each.

        The result of a walk does not depend on the task to which it belongs.
        """
        kinds: list[Iterator[SuiteTask]] = []
        for name in self.walks:
            if laws_of(self.walks[name]):
                kinds.append(self._walk_tasks(name, width))
                kinds += [self._example_tasks(name, method) for method in methods_of(self.packs[name])]
            if self.games[name]:
                kinds.append(self._game_tasks(name, width))
        for turn in itertools.zip_longest(*kinds):
            yield from (task for task in turn if task is not None)

    def _planned_runs(self, name: str) -> int:
        played = self.plan.games * len(self.games[name])
        if not laws_of(self.walks[name]):
            return played
        drawn = self.plan.examples * len(methods_of(self.packs[name]))
        return math.ceil(self.plan.steps / STEPS_PER_WALK) + drawn + played

    def _walk_tasks(self, name: str, width: int) -> Iterator[SuiteTask]:
        walks, rest = divmod(self.plan.steps, STEPS_PER_WALK)
        size = min(WALKS_PER_TASK, max(1, math.ceil(walks / (4 * width))))
        for first in range(0, walks, size):
            yield self._task(name, "walk", first, min(size, walks - first), STEPS_PER_WALK)
        if rest:
            yield self._task(name, "walk", walks, 1, rest)

    def _example_tasks(self, name: str, method: Method) -> Iterator[SuiteTask]:
        for first in range(0, self.plan.examples, EXAMPLES_PER_TASK):
            examples = min(EXAMPLES_PER_TASK, self.plan.examples - first)
            yield self._task(name, method, first, examples, STEPS_PER_EXAMPLE[method])

    def _game_tasks(self, name: str, width: int) -> Iterator[SuiteTask]:
        games = self.plan.games
        size = min(GAMES_PER_TASK, max(1, math.ceil(games / (4 * width))))
        for first in range(0, games, size):
            yield self._task(name, "game", first, min(size, games - first), MOVES_PER_GAME)

    def _task(self, name: str, method: Method, first: int, runs: int, steps: int) -> SuiteTask:
        place, assumed = self.packs[name].place, self.suites[name].assumed
        seed = self.plan.seed + first
        return SuiteTask(name, place, self.plan.laws, method, seed, runs, steps, fingerprint(place), assumed)

    def _recheck(self, progress: Progress) -> None:
        """Recheck the findings that earlier runs kept. One that still breaks its law becomes a finding of this run.
        Files that cannot be read, and laws that are unknown now, are reported.
        """
        kept = [(name, path) for name, walk in self.walks.items() for path in findings.kept(self.folder, walk.protocol)]
        for name, path in progress.track(kept, description="checking what was found before"):
            if self.stop():
                return
            suite, place = self.suites[name], self.packs[name].place
            if not path.exists():  # another check has just shrunk it
                continue
            try:
                claim, told = findings.recheck(self.walks[name], path, self.games[name])
            except MalformedTrace as error:
                self.reports.append(TraceReport(path, 0, malformed=error))
                suite.unread.append(str(path))
                continue
            if told is None:
                if not self.plan.laws:
                    suite.unjudged.append(f"{claim.law} in {path}")
            else:
                suite.rechecked += 1
                if told.breaks_at is not None:
                    found_by = f"an earlier run ({claim.found_by})"
                    found = (claim.law, told.sentence, claim.subject, found_by, len(told.steps), str(path))
                    suite.findings.setdefault(claim.law, Finding(*found, replaying(path, place)))

    def _replay(self, progress: Progress) -> None:
        """Replay and compare every recorded trace, and check the laws at its steps if it agrees.

        If the plan names laws, traces are not compared: only those laws are checked.
        """
        # A pack from outside this project may have no recorded traces.
        folders = {name: folder for name, pack in self.packs.items() if (folder := pack.traces).exists()}
        homes = {path: name for name, folder in reversed(folders.items()) for path in find_traces([folder])}
        for path in progress.track(list(find_traces(folders.values())), description="replaying traces"):
            if self.stop():
                return
            report, read = replay_file(path, self.packs, compares=not self.plan.laws)
            self.reports.append(report)
            if (suite := self.suites.get(homes[path])) is not None:
                suite.differing.extend([str(path)] if report.verdict in ("differs", "breaks") else [])
                suite.unread.extend([str(path)] if report.verdict == "malformed" else [])
            if read is not None and read[0].name in self.walks:
                self._follow(read[0].name, read[1], path)
        self._has_replayed = True

    def _follow(self, name: str, trace: Trace, path: Path) -> None:
        """Check every law of the plan at every step of a recorded trace of the protocol
        `name`, and keep what breaks.
        """
        walk = self.walks[name]
        actions = [action for step in trace.steps for action in step.actions]
        recorded = Walk(walk.protocol, walk.catalogue, trace.head, lambda: actions, walk.next_action)
        report = random_walk(recorded, 0, len(actions))
        summary = Summary.of(report, "trace")
        self.suites[name].on_traces += summary
        for broken in summary.first.values():
            self._keep(name, recorded, broken, report, f"trace {path}", f"restake check --protocol {name}")
        self._shrink()

    def _draw(self, scheduler: Scheduler, progress: Progress) -> None:
        """Run every task and merge results in the order of tasks, so kept findings do not depend on the number of
        workers.
        """
        methods = [method for name in self.walks for method in methods_of(self.packs[name])]
        example_steps = self.plan.examples * sum(STEPS_PER_EXAMPLE[method] for method in methods)
        gauge = Gauge(progress, self.plan.steps * len(self.walks) + example_steps)
        waiting: dict[int, tuple[SuiteTask, Summary]] = {}
        merged = 0
        try:
            with closing(scheduler.run(self.tasks(scheduler.width), self.stop)) as results:
                for position, task, summary in results:
                    gauge.add(task, summary)
                    waiting[position] = (task, summary)
                    while merged in waiting:
                        self._merge(*waiting.pop(merged))
                        merged += 1
                    self._shrink()
        finally:
            for position in sorted(waiting):
                self._merge(*waiting[position])
            self._shrink()

    def _merge(self, task: SuiteTask, summary: Summary) -> None:
        suite = self.suites[task.protocol]
        if task.method == "walk":
            suite.on_walks += summary
        elif task.method == "game":
            suite.in_games += summary
            self._keep_games(task, summary)
            return
        else:
            suite.by_hypothesis += summary
        for broken in summary.first.values():
            if broken.law not in suite.findings:
                effort = f"--steps {broken.step} --examples 0"
                if task.method != "walk":
                    effort = f"--steps 0 --examples {task.runs}"
                again = f"--protocol {shlex.quote(task.place)} --law {broken.law} --seed {broken.seed} {effort}"
                found_by = f"{task.method} of seed {broken.seed}"
                walk = self.walks[task.protocol]
                if task.method == "walk":
                    walk = walk.of(broken.seed)
                elif task.method == "rules" and (machine := self.packs[task.protocol].rule_machine) is not None:
                    walk = machine.home(walk)
                self._keep(task.protocol, walk, broken, repeat(task, broken), found_by, f"restake check {again}")

    def _keep_games(self, task: SuiteTask, summary: Summary) -> None:
        """Play the first lost play of each game in a task again, from its seed, and keep it as a finding. A game that
        has a finding already is left out.
        """
        for broken in summary.first.values():
            if broken.law not in self.suites[task.protocol].findings:
                (game,) = games_of(self.packs[task.protocol].games, (broken.law,))
                report = play(game, Seeded(broken.seed), task.steps)
                found = game_finding_of(self.folder, game, task.place, report, broken.seed, self._is_interrupted)
                self._enter(task.protocol, found)

    def _keep(self, name: str, walk: Walk, broken: Broken, report: WalkReport, found_by: str, again: str) -> None:
        """Keep the counterexample of a law's first violation (`broken`) in this run of the protocol `name`; later
        violations of it are only counted. `report` is the run that breaks the law, and `again` the command that
        reproduces it.
        """
        if broken.law not in self.suites[name].findings:
            violation = next(violation for violation in report.violations if violation.law.law_id == broken.law)
            place, actions = self.packs[name].place, report.actions
            found = finding_of(self.folder, walk, place, violation, found_by, actions, again, self._is_interrupted)
            self._enter(name, found)

    def _enter(self, name: str, found: Iterator[Finding]) -> None:
        """Enter a finding of the protocol `name` in the report before it is shrunk, and queue it for shrinking, which
        takes long. `found` yields the finding unshrunk, then shrunk.
        """
        first = next(found)
        self.suites[name].findings[first.law] = first
        self._unshrunk.append((name, found))

    def _shrink(self) -> None:
        """Shrink the queued findings, all of which are stored by now."""
        while self._unshrunk:
            name, found = self._unshrunk.pop(0)
            with self._timed("shrinking"):
                for shortest in found:
                    self.suites[name].findings[shortest.law] = shortest

    @contextmanager
    def _timed(self, part: RunPart) -> Iterator[None]:
        """A context that counts the time spent in its block as that of `part`. Time spent on shrinking is left out,
        since it is counted separately.
        """
        started, shrunk = time.monotonic(), self.seconds["shrinking"]
        try:
            yield
        finally:
            self.seconds[part] += time.monotonic() - started - (self.seconds["shrinking"] - shrunk)

    def _is_interrupted(self) -> bool:
        return self._is_to_stop.is_interrupted


def _out_of_reach(pack: ProtocolPack) -> dict[str, str]:
    """The actions, reasons and laws that a run need not reach, each mapped to why. For a layer they include all those
    of its base protocol.
    """
    if pack.above is None:
        return dict(pack.out_of_reach)
    beneath = pack_at(pack.above)
    actions = [action.__name__ for action in beneath.protocol.actions]
    reasons = [str(reason.value) for reason in beneath.protocol.reasons]
    laws = [] if beneath.walk is None else [law.law_id for law in beneath.walk.catalogue.laws()]
    of_base = dict.fromkeys((*actions, *reasons, *laws), f"left to the walks of {pack.above}")
    return {**of_base, **pack.out_of_reach}


def laws_of(walk: Walk) -> list[Law]:
    """The laws and witnesses of a walk's catalogue."""
    return [*walk.catalogue.laws(), *walk.catalogue.witnesses]


def methods_of(pack: ProtocolPack) -> list[Method]:
    """The Hypothesis methods for a pack: by bytes always, by rules if the pack has a rule machine."""
    return ["bytes"] if pack.rule_machine_at is None else ["rules", "bytes"]
