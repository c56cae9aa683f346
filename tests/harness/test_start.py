"""If another distribution's packages hide those of this project, they are named, and the command does not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.commit import commit_here
from harness.project import packages
from harness.start import ROOT, collisions, main, recorded
from harness.verbs import how_built

HOME = Path(harness.__file__).parents[1]


def start(*first: Path) -> subprocess.CompletedProcess[str]:
    """Run the command `restake` in a process, with some folders before this project on the module search path."""
    path = os.pathsep.join([*map(str, first), str(HOME)])
    program = "from harness.start import main; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_a_package_before_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    other = tmp_path / "spec" / "__init__.py"
    other.write_text("raise SystemExit('it ran')\n")
    run = start(tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    first, advice = run.stderr.splitlines()
    assert first.startswith(f"Error: package 'spec' is found at {other}, not at {HOME / 'spec' / '__init__.py'}")
    assert advice == "Install restaking-spec into an environment of its own: pipx or uv tool does so."


def test_an_interruption_while_it_starts_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Regression: an interruption during the start printed a traceback and gave a signal's exit code."""

    def interrupted(_root: Path) -> dict[str, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.start.recorded", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err) == (2, "interrupted\n")


def test_what_is_here_is_ours() -> None:
    found = recorded(ROOT)
    assert sorted(found) == sorted(packages())
    assert collisions(ROOT, found) == []
    commit = commit_here()
    said = f"restake {harness.__version__} ({how_built()} specification{commit and f', commit {commit}'})\n"
    run = start()
    assert (run.returncode, run.stdout, run.stderr) == (0, said, "")


def test_a_file_that_was_written_over_is_named() -> None:
    (problem,) = collisions(ROOT, {"spec": "sha256=of-what-was-installed"})
    assert problem.startswith(f"{ROOT / 'spec' / '__init__.py'} is not the file that was installed")
    (problem,) = collisions(ROOT, {"no_such_package": ""})
    assert problem == f"package 'no_such_package' is found at no file, not at {ROOT}/no_such_package/__init__.py."
