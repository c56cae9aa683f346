"""The workflows use pinned actions, few permissions, and every Python version that the package supports.

The files are read, not run: the tests do not show that GitHub executes them as intended.
"""

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FILES = {path.stem: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in FILES.items()}


def written(workflow: dict[Any, Any]) -> dict[str, set[str]]:
    """The write permissions by job; those of the whole workflow have the key "". Without a statement all are
    granted.
    """
    places = {"": workflow, **workflow["jobs"]}
    found = {}
    for name, place in places.items():
        asked = place.get("permissions", {} if name else "write-all")
        if asked:
            found[name] = {asked} if isinstance(asked, str) else {each for each in asked if asked[each] != "read"}
    return found


def used(text: str) -> list[str]:
    """The actions from other repositories, each with its pin and the comment beside it."""
    return [use for use in re.findall(r"^\s*(?:- )?uses: *(.+)$", text, re.MULTILINE) if not use.startswith("./")]


def loose(text: str) -> list[str]:
    """The actions that are not pinned to a commit, or whose comment does not name the release."""
    return [use for use in used(text) if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)]


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """The steps of all jobs of a workflow."""
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def test_actions_are_pinned_by_their_commits() -> None:
    assert loose("      - uses: actions/checkout@v4\n        uses: a/b@main # v1.0.0\n") == [
        "actions/checkout@v4",
        "a/b@main # v1.0.0",
    ]
    assert sorted(FILES) == ["ci", "nightly", "release", "weekly"]
    assert {name: found for name, text in FILES.items() if (found := loose(text))} == {}
    pins: dict[str, set[str]] = {}
    for use in used("".join(FILES.values())):
        pins.setdefault(use.partition("@")[0], set()).add(use)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_nothing_but_the_publication_may_write() -> None:
    assert written({"jobs": {"test": {}}}) == {"": {"write-all"}}
    assert written({"permissions": {"contents": "read"}, "jobs": {"a": {"permissions": {"issues": "write"}}}}) == {
        "": set(),
        "a": {"issues"},
    }
    assert {name: written(workflow) for name, workflow in WORKFLOWS.items()} == {
        "ci": {"": set()},
        "nightly": {"": set()},
        "release": {"": set(), "publish": {"contents", "id-token"}},
        "weekly": {"": set()},
    }
    checkouts = [
        step for workflow in WORKFLOWS.values() for step in steps(workflow) if "checkout@" in step.get("uses", "")
    ]
    assert len(checkouts) == 12
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert [step["with"] for step in checkouts if len(step["with"]) > 1] == [
        {"persist-credentials": False, "fetch-depth": 0}  # the gate needs what it compares with
    ]


def test_nothing_that_somebody_else_names_is_pasted_into_a_command() -> None:
    """The name of a branch or a title can contain shell commands. It must reach a command only by a variable."""
    commands = [step["run"] for workflow in WORKFLOWS.values() for step in steps(workflow) if "run" in step]
    assert len(commands) > 10
    assert [command for command in commands if "${{" in command] == []
    assert [name for name, workflow in WORKFLOWS.items() if "pull_request_target" in workflow[True]] == []


def test_the_package_names_the_pythons_that_are_tested_and_built_for() -> None:
    names = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["project"]["classifiers"]), re.MULTILINE)
    assert names == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["project"]["requires-python"] == f">={names[0]}"
    assert WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["python"] == names
    assert PROJECT["tool"]["cibuildwheel"]["build"] == [f"cp{name.replace('.', '')}-*" for name in names]


def test_jobs_run_what_they_are_there_for_and_end() -> None:
    commands = {
        (name, job_name): [step["run"] for step in job.get("steps", ()) if "run" in step]
        for name, workflow in WORKFLOWS.items()
        for job_name, job in workflow["jobs"].items()
    }
    assert "make test" in commands["ci", "test"]
    assert "make docs" in commands["ci", "docs"]
    assert commands["ci", "without-compiler"][0] == "make setup PURE=1"
    assert WORKFLOWS["ci"]["jobs"]["without-compiler"]["env"] == {"CC": "/bin/false", "CXX": "/bin/false"}
    assert "--profile audit" in commands["nightly", "audit"][-1]
    assert "RESTAKE_LONG=1 PYTHONPATH=. .venv/bin/pytest tests/gate/test_changes.py" in commands["nightly", "gate"]
    assert "PYTHONPATH=. .venv/bin/pytest -m nightly" in commands["nightly", "tests"]
    assert WORKFLOWS["ci"]["jobs"]["gate"]["if"] == "github.event_name == 'pull_request'"
    assert {"uses": "./.github/actions/gate", "with": {"base": "origin/${{ github.base_ref }}"}} in WORKFLOWS["ci"][
        "jobs"
    ]["gate"]["steps"]
    assert "--proofs all" in commands["weekly", "prove"][-1]
    assert "RESTAKE_LONG=1 PYTHONPATH=. .venv/bin/pytest tests/proofs/test_broken.py" in commands["weekly", "prove"]
    for place in (("ci", "test"), ("nightly", "audit"), ("weekly", "prove")):
        assert "--junit report.xml --format html > report.html" in commands[place][-1]
    assert WORKFLOWS["release"]["jobs"]["test"] == {"uses": "./.github/workflows/ci.yml"}
    assert WORKFLOWS["release"]["jobs"]["publish"]["needs"] == ["pure", "wheels"]
    assert {WORKFLOWS["release"]["jobs"][job]["needs"] for job in ("pure", "wheels")} == {"test"}
    jobs = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values() if "steps" in job]
    assert [job for job in jobs if not 0 < job.get("timeout-minutes", 0) <= 350] == []


def test_the_notes_of_a_release_are_its_section_alone() -> None:
    notes = runpy.run_path(str(ROOT / ".ci/release_notes.py"))["notes"]
    changelog = "# Changelog\n\n## Unreleased\n\n- c\n\n## 0.2.0 - 2026-12-01\n\n### Added\n- b\n\n## 0.1.0\n\n- a\n"
    assert notes("v0.2.0", "0.2.0", changelog) == "### Added\n- b"
    assert notes("v0.1.0", "0.1.0", changelog) == "- a"
    with pytest.raises(ValueError, match=r"the tag is v0\.2\.0, and the version of harness/__init__\.py 0\.1\.0"):
        notes("v0.2.0", "0.1.0", changelog)
    with pytest.raises(ValueError, match=r"says nothing of 0\.3\.0"):
        notes("v0.3.0", "0.3.0", changelog)


def test_a_package_names_the_repository_that_builds_it_and_elsewhere_none() -> None:
    urls = runpy.run_path(str(ROOT / "hatch_build.py"))["urls"]
    assert urls({}) == urls({"GITHUB_SERVER_URL": "https://github.com"}) == {}
    assert urls({"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b"}) == {
        "Source": "https://github.com/a/b",
        "Issues": "https://github.com/a/b/issues",
        "Changelog": "https://github.com/a/b/blob/main/CHANGELOG.md",
        "Documentation": "https://github.com/a/b/tree/main/docs",
    }
    passed = PROJECT["tool"]["cibuildwheel"]["linux"]["environment-pass"]
    assert passed == ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY"]
