"""Benchmarks, reported as ratios: compiled against interpreted rules, large states against small ones, rejected calls
against accepted ones, law checks against bare steps, and risk verdicts against a limit of one minute.

Run with `make bench`. Every figure is the CPU time of one process with the garbage collector off. The measured
processes take turns, in several rounds. Each process reports the least of several runs, and a table shows the median
over the rounds; beside a ratio stand its least and largest values. Absolute times depend on the machine, ratios hardly
do.
"""

import gc
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from harness.check import STEPS_PER_EXAMPLE, STEPS_PER_WALK
from harness.project import packages
from harness.protocols import known_packs, known_protocols, known_walks
from harness.source import copy_source
from harness.traces import bundled_traces, find_traces, load_trace
from harness.verbs import how_built
from harness.workloads import named, networks
from harness.workloads.eigenlayer import STAKERS
from invariants.checking import Checker
from invariants.choices import Seeded
from invariants.examples import explore_bytes, explore_rules
from invariants.walker import Walk, WalkReport, random_walk
from risk.attack import security as verdict_on
from risk.metrics import Sums, parts
from risk.network import write
from risk.verify import check
from spec.eigenlayer.actions import Action, DepositIntoStrategy
from spec.eigenlayer.security import security
from spec.eigenlayer.transition import transition
from spec.machine import Delta, Draft, State, Transition, commit, run
from spec.symbiotic.transition import transition as symbiotic_transition

ROUNDS = 3
REPEATS = 5
LONG_REPEATS = 3
LONG_SECONDS = 0.5
"""The length in seconds from which a run is repeated only `LONG_REPEATS` times."""
GOLDEN_SHARE = 10
"""One recorded trace in this many is measured, because reading a trace takes far longer than running it."""
STEPS = 60_000
SIZES = (1_000, 10_000, 100_000, 1_000_000)
HISTORIES = (1_000, 10_000, 100_000)
HISTORY_STEPS = 10_000
CHECKED_STEPS = 20_000
CHECKED_STAKERS = (100, 1_000, 10_000, 100_000)
METRIC_STEPS = 500
STAKERS_KEPT = 100_000
OPERATORS = (100, 300, 1_000)
MOST_SECONDS = 60
"""The limit for one risk verdict, in seconds. A verdict beyond it is NOT-CERTIFIED, which fails the measurement."""
WALKS_MEASURED = 20
EXAMPLES_MEASURED = 25


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of `work` in seconds, with the garbage collector off: the least of several runs, since noise only
    adds.
    """
    gc.collect()
    gc.disable()
    runs: list[float] = []
    while len(runs) < (LONG_REPEATS if runs and runs[0] > LONG_SECONDS else REPEATS):
        started = time.process_time()
        work()
        runs.append(time.process_time() - started)
    gc.enable()
    return min(runs)


def workload(name: str) -> Any:
    """The workload module of the protocol `name`, which generates long runs of actions for benchmarks."""
    found = known_packs()[name].workload
    assert found is not None
    return found


def workloads() -> list[str]:
    """The names of the protocols that have a workload module for benchmarks."""
    return [name for name, pack in known_packs().items() if pack.workload_at is not None]


def opened(stakers: int) -> State:
    """The state of EigenLayer's workload after its opening actions, with this many stakers."""
    eigenlayer = workload("eigenlayer")
    return run(transition, eigenlayer.genesis(stakers), eigenlayer.opening(stakers)).state


def microseconds_per_step(state: State, actions: Sequence[Any], transition: Transition[Any] = transition) -> float:
    """The CPU microseconds per step of `spec.machine.run` on these actions, without the copy of the state that it makes
    once.
    """
    copying = seconds(lambda: run(transition, state, []))
    return (seconds(lambda: run(transition, state, actions)) - copying) / len(actions) * 1e6


def traffic(stakers: int, steps: int) -> list[Action]:
    """The given number of actions (`steps`) of EigenLayer's workload, to be run after its opening actions with this
    many stakers.
    """
    found: list[Action] = workload("eigenlayer").traffic(steps, stakers=stakers)
    return found


def measure_workload(name: str) -> float:
    """The CPU microseconds per step of a protocol's workload, at its default size."""
    of, rules = workload(name), known_protocols()[name].transition
    state = run(rules, of.genesis(), of.opening()).state
    return microseconds_per_step(state, of.traffic(STEPS), rules)


def measure_large(stakers: int) -> float:
    """The CPU microseconds per step of EigenLayer's workload on a state with this many stakers."""
    return microseconds_per_step(opened(stakers), traffic(stakers, STEPS))


def measured_traces() -> list[Path]:
    """The recorded traces to measure: every tenth of those bundled with the package."""
    return list(find_traces([bundled_traces()]))[::GOLDEN_SHARE]


def measure_golden() -> float:
    """The CPU microseconds per action of recorded traces; reading the files and comparing states are not timed."""
    protocols = known_protocols()
    loaded = [load_trace(path, protocols) for path in measured_traces()]
    runs = [
        (protocol.transition, trace.genesis, [action for step in trace.steps for action in step.actions])
        for protocol, trace in loaded
    ]
    spent = seconds(lambda: [run(transition, genesis, actions) for transition, genesis, actions in runs])
    return spent / sum(len(actions) for _, _, actions in runs) * 1e6


def measure_deposits(rejected: bool) -> float:
    """The CPU microseconds per EigenLayer deposit: all accepted, or all rejected.

    A rejected deposit fails late: its amount is zero, and the rule notices after the transfer that it is worth no
    share.
    """
    deposits: list[Action] = [
        DepositIntoStrategy(
            named("staker", i),
            named("strategy", i % 3),
            named("token", i % 3),
            0 if rejected else 10**15,
        )
        for i in range(STAKERS)
    ]
    return microseconds_per_step(opened(STAKERS), deposits * 20)


def measure_after(steps_before: int) -> float:
    """The CPU microseconds per step of Symbiotic's workload, after `steps_before` steps have filled its histories."""
    symbiotic = workload("symbiotic")
    opened = run(symbiotic_transition, symbiotic.genesis(), symbiotic.opening()).state
    actions = symbiotic.traffic(steps_before + HISTORY_STEPS)
    state = run(symbiotic_transition, opened, actions[:steps_before]).state
    copying = seconds(lambda: run(symbiotic_transition, state, []))
    spent = seconds(lambda: run(symbiotic_transition, state, actions[steps_before:]))
    return (spent - copying) / HISTORY_STEPS * 1e6


def bytes_kept(make: Callable[[], State]) -> int:
    """The bytes that the state made by `make` occupies, without temporary objects."""
    tracemalloc.start()
    made = make()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept if made.stored else 0


def bytes_per_step() -> float:
    """The bytes by which Symbiotic's state grows per step, averaged over the longest history."""
    symbiotic = workload("symbiotic")
    opened = run(symbiotic_transition, symbiotic.genesis(), symbiotic.opening()).state
    actions = symbiotic.traffic(HISTORIES[-1])
    return bytes_kept(lambda: run(symbiotic_transition, opened, actions).state) / len(actions)


def bytes_per_staker() -> float:
    """The bytes that EigenLayer's state occupies per staker; each has tokens, a deposit and a delegation."""
    return bytes_kept(lambda: opened(STAKERS_KEPT)) / STAKERS_KEPT


def follow(state: State, actions: Sequence[Action]) -> None:
    """Run all actions in order from a state, and check every law of EigenLayer at each. A broken law is not reported:
    only the time is of interest.
    """
    checker = Checker(known_walks()["eigenlayer"].catalogue, state)
    for action in actions:
        outcome = transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            checker.accept(action, outcome)
        else:
            checker.reject(action, outcome)


def measure_checks(stakers: int) -> float:
    """The CPU microseconds that checking every law adds per step of the workload, on a state with this many stakers."""
    state, actions = opened(stakers), traffic(stakers, CHECKED_STEPS)
    beginning = seconds(lambda: follow(state, []))
    return (seconds(lambda: follow(state, actions)) - beginning) / len(actions) * 1e6 - microseconds_per_step(
        state, actions
    )


def follow_metrics(state: State, actions: Sequence[Action]) -> None:
    """Run all actions in order from a state, and update the security metrics of stakes and commitments after each."""
    state, sums = state.copy(), Sums()
    prices = {stake.token: Fraction(1) for stake in security(state).stakes}
    for action in actions:
        outcome = transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
        now = security(state)
        sums.follow(parts(now.stakes, now.commitments, prices))


def measure_metrics(stakers: int) -> float:
    """The CPU microseconds that updating the security metrics adds per step, on a state with this many stakers."""
    state, actions = opened(stakers), traffic(stakers, METRIC_STEPS)
    beginning = seconds(lambda: follow_metrics(state, []))
    return (seconds(lambda: follow_metrics(state, actions)) - beginning) / len(actions) * 1e6 - microseconds_per_step(
        state, actions
    )


def measure_verdicts(operators: int) -> float:
    """The mean CPU microseconds of one risk verdict with its certificate, on networks of `operators` operators and 30
    services. Each certificate is checked as well, untimed.
    """
    spent = 0.0
    for network in networks.questions(operators):
        started = time.process_time()
        verdict = verdict_on(network, seconds=MOST_SECONDS)
        spent += time.process_time() - started
        check(write(network), verdict.as_json())
    return spent / len(networks.PROFITS) * 1e6


def measure_walks(name: str, follow: Callable[[Walk, int], object]) -> float:
    """The CPU microseconds per step of a protocol's random walks, run by `follow`. This is one of the functions in
    `WAYS_TO_WALK`, which check all laws or none.
    """
    walk = known_walks()[name]
    spent = seconds(lambda: [follow(walk, seed) for seed in range(WALKS_MEASURED)])
    return spent / (WALKS_MEASURED * STEPS_PER_WALK) * 1e6


def measure_examples(name: str, explore: Callable[[Walk, int, int, int], WalkReport], steps: int) -> float:
    """The CPU microseconds per step of Hypothesis examples, with every law checked. `explore` draws `EXAMPLES_MEASURED`
    examples of up to `steps` steps each.
    """
    walk = known_walks()[name]
    spent = seconds(lambda: explore(walk, EXAMPLES_MEASURED, steps, 0))
    return spent / explore(walk, EXAMPLES_MEASURED, steps, 0).steps * 1e6


def whole_walk(walk: Walk, seed: int) -> None:
    """Run a walk as `restake check` does: every law at every step, a full scan of the last state, and a report."""
    random_walk(walk, seed, STEPS_PER_WALK)


def checked_walk(walk: Walk, seed: int) -> None:
    """Run the steps of a walk with every law checked at each, as far as a single step can show it. The last state is
    not scanned whole, and no report is made.
    """
    checker = Checker(walk.catalogue, walk.genesis())
    choices, opening = Seeded(seed), walk.opening()
    for position in range(STEPS_PER_WALK):
        draft = Draft(checker.state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            checker.accept(action, outcome)
        else:
            checker.reject(action, outcome)


def bare_walk(walk: Walk, seed: int) -> None:
    """Run the steps of a walk with no law checked: each action is drawn, executed and committed."""
    choices, state, opening = Seeded(seed), walk.genesis(), walk.opening()
    for position in range(STEPS_PER_WALK):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            commit(state, outcome)


WAYS_TO_WALK: dict[str, Callable[[Walk, int], object]] = {
    "walks": whole_walk,
    "checked walks": checked_walk,
    "bare walks": bare_walk,
}
MEASUREMENTS: dict[str, Callable[[], float]] = {
    **{f"workload {name}": partial(measure_workload, name) for name in workloads()},
    "golden": measure_golden,
    "accepted": partial(measure_deposits, rejected=False),
    "rejected": partial(measure_deposits, rejected=True),
    **{f"stakers {size}": partial(measure_large, size) for size in SIZES},
    **{f"after {steps}": partial(measure_after, steps) for steps in HISTORIES},
    **{f"checks at {size}": partial(measure_checks, size) for size in CHECKED_STAKERS},
    **{f"metrics at {size}": partial(measure_metrics, size) for size in CHECKED_STAKERS},
    **{f"verdicts on {size}": partial(measure_verdicts, size) for size in OPERATORS},
    **{
        f"{kind} {name}": partial(measure_walks, name, follow)
        for name in known_walks()
        for kind, follow in WAYS_TO_WALK.items()
    },
    **{
        f"rules {name}": partial(
            measure_examples, name, partial(explore_rules, pack.rule_machine), STEPS_PER_EXAMPLE["rules"]
        )
        for name, pack in known_packs().items()
        if pack.rule_machine is not None
    },
    **{
        f"bytes {name}": partial(measure_examples, name, explore_bytes, STEPS_PER_EXAMPLE["bytes"])
        for name in known_walks()
    },
}


STEADY = (
    *("golden", "accepted", "rejected", *(f"workload {name}" for name in workloads())),
    *(f"{kind} {name}" for name in known_walks() for kind in WAYS_TO_WALK),
)
"""The measurements that are run both compiled and interpreted."""


DRAWN = ("rules", "bytes")
"""The methods by which Hypothesis draws examples. "rules" exists only for packs with a rule machine."""


def drawn_measurements() -> list[str]:
    """The names of the measurements of Hypothesis examples."""
    return [name for name in MEASUREMENTS if name.partition(" ")[0] in DRAWN]


class Bench:
    """Runs each measurement in a fresh process, compiled or interpreted, and keeps the figures."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.figures: dict[tuple[str, str], list[float]] = {}

    def measure(self, built: str, name: str) -> None:
        """Run the measurement `name` once more, in the build `built` ("compiled" or "interpreted"), and keep its
        figure. Raises RuntimeError if the process ran the other build.
        """
        command = [sys.executable, "-P", "-m", "harness.bench", name]
        if built == "interpreted":
            command = [sys.executable, "-m", "harness.bench", name]
        done = subprocess.run(command, cwd=self.source, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        if answer["built"] != built:
            raise RuntimeError(f"expected the {built} specification, measured the {answer['built']} one")
        self.figures.setdefault((built, name), []).append(answer["microseconds"])

    def median(self, built: str, name: str) -> float:
        """The median of the figures so far of the measurement `name` in the build `built`, in microseconds."""
        return statistics.median(self.figures[built, name])

    def ratio(self, of: tuple[str, str], to: tuple[str, str], digits: int = 2) -> str:
        """The ratio `of` / `to` of two measurements as text; each is a pair of build and name. It is the median of the
        ratios of each round, so that a drifting machine does not matter. The least and the largest ratio follow in
        brackets if they differ.
        """
        ratios = [a / b for a, b in zip(self.figures[of], self.figures[to], strict=True)]
        median, least, most = (f"{each:.{digits}f}" for each in (statistics.median(ratios), min(ratios), max(ratios)))
        return median if least == most else f"{median} ({least} to {most})"


def copy_of_source(destination: Path) -> Path:
    """Copy the Python files of the running package to `destination`, without compiled modules, so that they run
    interpreted. The bundled traces are copied as well. Returns `destination`.
    """
    copy_source(packages(), destination)
    if not (destination / "harness" / "golden").is_dir():
        shutil.copytree(bundled_traces(), destination / "harness" / "golden")
    return destination


def main() -> None:
    """Measure everything and print the tables. With a measurement's name as argument, print only its figure as JSON."""
    if len(sys.argv) > 1:
        if sys.argv[1] not in MEASUREMENTS:
            click.echo(f"no measurement is called {sys.argv[1]!r}; there are {', '.join(MEASUREMENTS)}", err=True)
            sys.exit(2)
        click.echo(json.dumps({"built": how_built(), "microseconds": MEASUREMENTS[sys.argv[1]]()}))
        return
    built = how_built()
    kinds = ["interpreted", "compiled"] if built == "compiled" else ["interpreted"]
    speeds = [(kind, name) for name in STEADY for kind in kinds]
    sizes, histories = [f"stakers {size}" for size in SIZES], [f"after {steps}" for steps in HISTORIES]
    checks = [f"checks at {size}" for size in CHECKED_STAKERS]
    metrics = [f"metrics at {size}" for size in CHECKED_STAKERS]
    verdicts = [f"verdicts on {size}" for size in OPERATORS]
    growths = [(built, name) for name in (*sizes, *histories, *checks, *metrics, *verdicts)]
    drawn = [(built, name) for name in drawn_measurements()]
    plan = (speeds + drawn + growths) * ROUNDS
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True), transient=True) as progress:
        bench = Bench(copy_of_source(Path(folder)))
        for kind, name in progress.track(plan, description="measuring"):
            bench.measure(kind, name)
    console = Console()
    if built == "compiled":
        console.print(speed_table(bench))
    console.print(rejection_table(bench, kinds))
    console.print(growth_table(bench, built, "EigenLayer: cost per step as the number of stakers grows", sizes))
    console.print(growth_table(bench, built, "Symbiotic: cost per step as the histories grow", histories))
    console.print(checks_table(bench, kinds))
    console.print(drawn_table(bench, built))
    console.print(growth_table(bench, built, "EigenLayer: what checks add to a step as stakers grow", checks))
    console.print(growth_table(bench, built, "EigenLayer: what metrics add to a step as stakers grow", metrics))
    console.print(verdicts_table(bench, built, verdicts))
    console.print(f"EigenLayer's state takes {bytes_per_staker():,.0f} bytes a staker ({built})")
    console.print(f"Symbiotic's state grows by {bytes_per_step():,.0f} bytes a step ({built}, all histories kept)")


def speed_table(bench: Bench) -> Table:
    """A table of steps per second: compiled against interpreted."""
    table = Table(
        "workload", "interpreted, steps/s", "compiled, steps/s", "ratio", title="compiled against interpreted"
    )
    for name in (
        *(f"workload {name}" for name in workloads()),
        "golden",
        *(f"walks {protocol}" for protocol in known_walks()),
    ):
        interpreted, compiled = ("interpreted", name), ("compiled", name)
        speeds = [f"{1e6 / bench.median(*kind):,.0f}" for kind in (interpreted, compiled)]
        table.add_row(name, *speeds, bench.ratio(interpreted, compiled))
    return table


def rejection_table(bench: Bench, kinds: Sequence[str]) -> Table:
    """A table of the cost of a rejected deposit against an accepted one, with a row for each build in `kinds`."""
    table = Table("built", "accepted, us", "rejected, us", "ratio", title="a rejected deposit against an accepted one")
    for kind in kinds:
        accepted, rejected = (kind, "accepted"), (kind, "rejected")
        costs = [f"{bench.median(*each):.2f}" for each in (accepted, rejected)]
        table.add_row(kind, *costs, bench.ratio(rejected, accepted))
    return table


def checks_table(bench: Bench, kinds: Sequence[str]) -> Table:
    """A table of the cost of a walk's step with every law checked at it, against no law checked. It has a row for each
    protocol and each build in `kinds`.
    """
    table = Table(
        "walk", "built", "no law, us", "every law, us", "ratio", title="a walk's step, with every law checked"
    )
    for name in known_walks():
        for kind in kinds:
            bare, checked = (kind, f"bare walks {name}"), (kind, f"checked walks {name}")
            costs = [f"{bench.median(*each):.2f}" for each in (bare, checked)]
            table.add_row(name, kind, *costs, bench.ratio(checked, bare))
    return table


def drawn_table(bench: Bench, built: str) -> Table:
    """A table of steps per second: the walker against Hypothesis, both with every law checked at every step."""
    table = Table(
        *("protocol", "walker, steps/s", "by rules, steps/s", "ratio", "by bytes, steps/s", "ratio"),
        title=f"the walker against Hypothesis, every law at every step ({built})",
    )
    for name in known_walks():
        walks = (built, f"walks {name}")
        figures = [f"{1e6 / bench.median(*walks):,.0f}"]
        for kind in DRAWN:
            each = (built, f"{kind} {name}")
            if each[1] in MEASUREMENTS:
                figures += [f"{1e6 / bench.median(*each):,.0f}", bench.ratio(each, walks, digits=0)]
            else:
                figures += ["-", "-"]
        table.add_row(name, *figures)
    return table


def growth_table(bench: Bench, built: str, title: str, names: Sequence[str]) -> Table:
    """A table of the cost per step of the measurements `names` in one build. Each is also a ratio to the first, the
    smallest size.
    """
    table = Table("", "us per step", "ratio", title=title)
    for name in names:
        this, first = (built, name), (built, names[0])
        table.add_row(name, f"{bench.median(*this):.2f}", bench.ratio(this, first))
    return table


def verdicts_table(bench: Bench, built: str, names: Sequence[str]) -> Table:
    """A table of the seconds that a risk verdict takes on larger and larger networks. Each is also shown as a fraction
    of the limit of one minute.
    """
    table = Table("operators by 30 services", "seconds", "of a minute", title="a verdict where attacks begin to pay")
    for name in names:
        spent = bench.median(built, name) / 1e6
        table.add_row(name, f"{spent:.2f}", f"{spent / MOST_SECONDS:.3f}")
    return table


if __name__ == "__main__":
    main()
