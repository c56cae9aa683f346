"""The two ways in which Hypothesis draws runs: as calls from a rule machine's rules, or as bytes that decide a walk.

The rules of a machine aim at edge cases; the steps of a walk cost much less. Draws depend only on the seed, on the
version of Hypothesis and on the source. No database of examples is kept between runs: a run that breaks a law is stored
as a trace.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final
from unittest import mock

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from invariants.choices import Choices, Drawn
from invariants.rule_machine import LawBroken, LawMachine
from invariants.walker import Walk, WalkReport, walk_by
from spec.machine import Draft

BYTES_PER_STEP: Final = 32
"""The number of bytes drawn for each call of a walk. A call seldom needs more decisions; any further ones take their
first option.
"""


def explore_rules(machine: type[LawMachine], walk: Walk, examples: int, steps: int, seed: int) -> WalkReport:
    """Draw up to `examples` runs of up to `steps` rules each, until one breaks a law. Returns the sum of the runs'
    reports.

    `walk` must have a world in which the machine's rules work; see `LawMachine.home`.
    """
    runs: list[WalkReport] = []

    def begun() -> LawMachine:
        return machine(walk, runs)

    hypothesis.seed(seed)(begun)
    with _alike_in_any_process(), suppress(LawBroken):
        run_state_machine_as_test(begun, settings=_settings(examples, steps))  # type: ignore[arg-type]  # the stubs want a class; it takes any callable that makes a machine
    return _sum_of(runs, seed)


def explore_bytes(walk: Walk, examples: int, steps: int, seed: int) -> WalkReport:
    """Draw up to `examples` walks of up to `steps` calls, until one breaks a law. Returns the sum of the walks'
    reports.

    Each call is decided by bytes of its own.
    """
    runs: list[WalkReport] = []
    explore = hypothesis.seed(seed)(_settings(examples, steps)(walk_test(walk, steps, runs)))
    with _alike_in_any_process(), suppress(LawBroken):
        explore()
    return _sum_of(runs, seed)


def walk_test(walk: Walk, steps: int, runs: list[WalkReport] | None = None) -> Callable[[], None]:
    """A test function, also for pytest, that walks up to `steps` calls, decided by bytes which Hypothesis draws. It
    raises LawBroken if a law breaks.

    Each call has its own bytes, so Hypothesis can drop, repeat or simplify one call without changing the others. Each
    walk's report is appended to `runs`.
    """
    reports: list[WalkReport] = [] if runs is None else runs
    draw: Callable[[SearchStrategy[bytes]], bytes]

    def next_action(_choices: Choices, draft: Draft) -> Any:
        return walk.next_action(Drawn(draw(STEP)), draft)

    drawn = Walk(walk.protocol, walk.catalogue, walk.world, walk.opening, next_action)

    @hypothesis.given(st.data())
    def no_law_is_broken(data: st.DataObject) -> None:
        nonlocal draw
        draw = data.draw
        report = walk_by(drawn, Drawn(b""), 0, steps)
        reports.append(report)
        if report.violations:
            raise LawBroken("; ".join([repr(violation) for violation in report.violations]))

    return no_law_is_broken


STEP: Final = st.binary(min_size=BYTES_PER_STEP, max_size=BYTES_PER_STEP)


def _settings(examples: int, steps: int) -> settings:
    """The Hypothesis settings: draw examples only, up to `steps` rules each, without a database. The project's own
    shrinker shrinks what fails.

    Steering towards runs with many distinct outcomes (`hypothesis.target`) was tried: as many steps met fewer outcomes.
    """
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


def _sum_of(runs: list[WalkReport], seed: int) -> WalkReport:
    """The sum of the reports up to the first with a violation. Later reports are of Hypothesis's replays of
    that run.
    """
    total = WalkReport(seed)
    for run in runs:
        total.steps += run.steps
        total.scans += run.scans
        _add(total.accepted, run.accepted)
        _add(total.checked, run.checked)
        _add(total.seen, run.seen)
        _add(total.known_broken, run.known_broken)
        for action, reasons in run.rejected.items():
            _add(total.rejected.setdefault(action, {}), reasons)
        if run.violations:
            total.violations, total.actions = run.violations, run.actions
            break
    return total


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


@contextmanager
def _alike_in_any_process() -> Iterator[None]:
    """A context in which draws of Hypothesis do not depend on the modules that this process has loaded.

    Hypothesis also draws constants that it finds in a user's loaded modules; here it gets none, so a seed draws alike
    in any process. Versions of Hypothesis without that feature need no change.
    """
    providers = importlib.import_module("hypothesis.internal.conjecture.providers")
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    providers.CONSTANTS_CACHE.cache.clear()
    with mock.patch.object(providers, "_get_local_constants", return_value=providers.Constants()):
        yield
    providers.CONSTANTS_CACHE.cache.clear()
