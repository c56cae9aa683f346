"""Examples that Hypothesis draws, in both ways: call by call through the rules of a protocol's machine, which know its
edges, or as bytes that decide a walk, whose steps cost next to nothing.

What is drawn depends on the seed, on Hypothesis' version and on the source alone. Nothing is remembered between runs:
what breaks a law is kept as a trace.
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
"""A step of a walk seldom asks for more decisions than that. Those beyond are the first of their options."""


def explore_rules(machine: type[LawMachine], walk: Walk, examples: int, steps: int, seed: int) -> WalkReport:
    """Draw examples of up to so many rules of a protocol's machine, until one breaks a law; the sum of all reports.

    The machine has to be at home in the walk's world, see `LawMachine.home`.
    """
    runs: list[WalkReport] = []

    def begun() -> LawMachine:
        return machine(walk, runs)

    hypothesis.seed(seed)(begun)
    with _alike_in_any_process(), suppress(LawBroken):
        run_state_machine_as_test(begun, settings=_settings(examples, steps))  # type: ignore[arg-type]  # the stubs want a class; it takes any callable that makes a machine
    return _sum_of(runs, seed)


def explore_bytes(walk: Walk, examples: int, steps: int, seed: int) -> WalkReport:
    """Draw walks of up to so many steps, each decided by bytes of its own, until one breaks a law; the sum of all
    reports.
    """
    runs: list[WalkReport] = []
    explore = hypothesis.seed(seed)(_settings(examples, steps)(walk_test(walk, steps, runs)))
    with _alike_in_any_process(), suppress(LawBroken):
        explore()
    return _sum_of(runs, seed)


def walk_test(walk: Walk, steps: int, runs: list[WalkReport] | None = None) -> Callable[[], None]:
    """A test, for pytest too, that a walk which decides by drawn bytes breaks no law: LawBroken if it does.

    Each step has bytes of its own. So Hypothesis can drop a step, repeat it or make it simpler, and leave the others
    what they are. `runs` is where the reports go.
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
    """Those of the command, which only finds here: it shrinks a run of calls, whatever method found it.

    Aiming at runs that meet many outcomes (`hypothesis.target`) was tried: the same number of steps met fewer.
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
    """All runs up to the first that broke a law; Hypothesis makes that one again before it tells of it."""
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
    """Hypothesis mixes in constants of whatever modules of the user happen to be loaded: here of none, so that the same
    seed draws the same in any process. A version that does not know them needs nothing.
    """
    providers = importlib.import_module("hypothesis.internal.conjecture.providers")
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    providers.CONSTANTS_CACHE.cache.clear()
    with mock.patch.object(providers, "_get_local_constants", return_value=providers.Constants()):
        yield
    providers.CONSTANTS_CACHE.cache.clear()
