"""Benchmarks for packs that lack a part, such as a workload or a rule machine."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from harness import bench
from harness.protocols import known_walks

pytestmark = pytest.mark.source


def test_rules_are_measured_and_shown_only_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(bench.MEASUREMENTS, "rules symbiotic")
    asked = bench.drawn_measurements()
    assert asked == ["rules eigenlayer", *[f"bytes {name}" for name in known_walks()]]
    measured = bench.Bench(Path())
    measured.figures = {("compiled", f"walks {name}"): [2.0] for name in known_walks()}
    measured.figures |= {("compiled", name): [8.0] for name in asked}
    said = io.StringIO()
    Console(file=said, width=120).print(bench.drawn_table(measured, "compiled"))
    rows = {
        cells[0]: cells[1:] for line in said.getvalue().splitlines() if (cells := line.replace("\u2502", " ").split())
    }
    assert rows["eigenlayer"] == ["500,000", "125,000", "4", "125,000", "4"]
    assert rows["symbiotic"] == ["500,000", "-", "-", "125,000", "4"]


def test_a_ratio_says_how_far_its_rounds_are_apart() -> None:
    measured = bench.Bench(Path())
    measured.figures = {("compiled", "large"): [3.0, 9.0, 5.0], ("compiled", "small"): [2.0, 3.0, 2.0]}
    assert measured.ratio(("compiled", "large"), ("compiled", "small")) == "2.50 (1.50 to 3.00)"
    assert measured.ratio(("compiled", "large"), ("compiled", "small"), digits=0) == "2 (2 to 3)"
    assert measured.ratio(("compiled", "large"), ("compiled", "large")) == "1.00"


def test_a_long_run_is_repeated_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, runs = [0.0], list[float]()
    monkeypatch.setattr("harness.bench.time.process_time", lambda: clock[0])

    def work(lasting: float) -> None:
        runs.append(lasting)
        clock[0] += lasting

    assert bench.seconds(lambda: work(0.25)) == 0.25
    assert runs == [0.25] * bench.REPEATS
    runs.clear()
    assert bench.seconds(lambda: work(4.0)) == 4.0
    assert runs == [4.0] * bench.LONG_REPEATS


def test_the_traces_that_are_measured_are_of_both_protocols() -> None:
    assert {path.parent.name for path in bench.measured_traces()} >= set(known_walks())
