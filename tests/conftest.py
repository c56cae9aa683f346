"""Shared parts of all tests: which build of the specification runs, and the recorded traces."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from conformance.reference import Reference
from harness.mutants.mutant import Mutant, catalogue, read_catalogue
from harness.project import packages
from harness.protocols import pack_at
from harness.verbs import how_built

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"


def pytest_report_header() -> str:
    return f"specification: {how_built()}"


def pytest_sessionstart() -> None:
    expected = os.environ.get("RESTAKE_EXPECT")
    if expected not in (None, how_built()):
        pytest.exit(f"expected the {expected} specification, but the {how_built()} one is imported", returncode=4)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("source") and item.get_closest_marker("installed"):
            raise pytest.UsageError(f"{item.nodeid} is marked source and installed, and so run by no build")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A pytest hook: a test that asks for `golden_trace` runs once for every recorded trace."""
    if "golden_trace" in metafunc.fixturenames:
        paths = sorted(GOLDEN.rglob("*.json.gz"))
        metafunc.parametrize("golden_trace", paths, ids=[str(path.relative_to(GOLDEN)) for path in paths])


def nightly(*values: str) -> list[object]:
    """Parameter values for a test that are tried in the nightly run only."""
    return [pytest.param(value, marks=pytest.mark.nightly) for value in values]


CACHES = itertools.count()


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """A fixture for every test: restores the environment variables afterwards, since commands run in the test's process
    and may change them.
    """
    before = dict(os.environ)
    yield
    now = os.environ.get("PYTEST_CURRENT_TEST")
    os.environ.clear()
    os.environ.update(before | ({"PYTEST_CURRENT_TEST": now} if now is not None else {}))


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fixture for every test: a cache folder of its own for proofs, so that the user's own verdicts are neither read
    nor written.

    The folder is created only when a test needs it.
    """
    place = tmp_path_factory.getbasetemp() / "caches" / str(next(CACHES))
    monkeypatch.setenv("RESTAKE_CACHE", str(place))
    return place


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture for every test: commands print no progress lines, so that their whole output can be compared on slow
    machines, too.
    """
    monkeypatch.setattr("harness.display.HEARTBEAT_SECONDS", 3600.0)


@cache
def bugs() -> dict[str, Mutant]:
    """All mutants, bugs made on purpose, with which tests break the specification, by id. They are those of the
    catalogues and of tests/mutants.toml.
    """
    found = [*catalogue(), *read_catalogue(ROOT / "tests/mutants.toml")]
    return {mutant.mutant_id: mutant for mutant in found}


class SourceCopy:
    """A copy of the project's source in a folder of its own, to be broken there and run by a fresh interpreter.

    Python's cached bytecode is copied with it, and is valid until a file is written. The copy itself writes no cache:
    Python would not notice a second edit within one second.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in packages():
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.so", "*.pyd"))
        shutil.copy(ROOT / "pyproject.toml", folder)

    def replace(self, file: str, right: str, wrong: str) -> None:
        """Replace the text `right` in a file by `wrong`; it must occur exactly once."""
        path = self.folder / file
        source = path.read_text()
        assert source.count(right) == 1, f"{file} no longer says {right!r} once"
        path.write_text(source.replace(right, wrong))

    def plant(self, bug: str) -> None:
        """Put the bug with this id into the copy: a mutant of the catalogues, or of tests/mutants.toml."""
        mutant = bugs()[bug]
        (self.folder / "spec" / mutant.file).write_text(mutant.text)

    def run(self, program: str, *arguments: str) -> str:
        """The output of a program that imports the copy. The program must end with exit code 0."""
        imported = "import spec.machine, os; assert spec.machine.__file__.startswith(os.getcwd())\n"
        command = [sys.executable, "-c", imported + program, *arguments]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def first_difference(self, protocol: str, names: str = "*") -> str:
        """The first difference between the copy's rules and a protocol's recorded traces, as text; empty if there is
        none.

        `names` is a pattern for the names of the traces to replay.
        """
        return self.run(REPLAY_UNTIL_DIFFERENT, str(GOLDEN / protocol), names)


REPLAY_UNTIL_DIFFERENT = """
import sys
from functools import cache
from pathlib import Path
from harness.protocols import known_protocols
from harness.replay import replay
from harness.traces import find_traces, load_trace
for path in find_traces([Path(sys.argv[1])]):
    if not path.match(sys.argv[2]):
        continue
    if (mismatch := replay(*load_trace(path, known_protocols()))) is not None:
        print(path.name, mismatch.step, mismatch.differences[0].path)
        break
"""


@pytest.fixture
def source_copy(tmp_path: Path) -> SourceCopy:
    return SourceCopy(tmp_path)


@pytest.fixture
def reference() -> Callable[[str], Reference]:
    """A fixture: a function that returns, for a protocol's name, its specification as a client."""
    return lambda protocol: Reference(pack_at(protocol).calls, "1")


@pytest.fixture
def serving() -> Callable[[str], str]:
    """A fixture: a function that returns, for a protocol's name, the command that serves its specification."""
    return lambda protocol: f"{sys.executable} -P -c 'from harness.cli import main; main()' serve {protocol}"
