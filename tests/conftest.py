"""What every test shares: which build of the specification runs, and the recorded traces."""

import os
from pathlib import Path

import pytest

from harness.cli import how_built

GOLDEN = Path(__file__).parent / "golden"


def pytest_report_header() -> str:
    return f"specification: {how_built()}"


def pytest_sessionstart() -> None:
    expected = os.environ.get("RESTAKE_EXPECT")
    if expected not in (None, how_built()):
        pytest.exit(f"expected the {expected} specification, but the {how_built()} one is imported", returncode=4)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `golden_trace` runs once for every recorded trace."""
    if "golden_trace" in metafunc.fixturenames:
        paths = sorted(GOLDEN.rglob("*.json.gz"))
        metafunc.parametrize("golden_trace", paths, ids=[str(path.relative_to(GOLDEN)) for path in paths])
