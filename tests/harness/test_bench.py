"""Measurements of protocols that do not bring everything."""

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
