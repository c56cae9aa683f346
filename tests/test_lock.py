"""The locked development install: every version is pinned by its hash, and satisfies pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from harness.protocols import known_packs

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.source

PIN = re.compile(r"^(\S+)==(\S+)(?: ; .*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def asked() -> list[Requirement]:
    """The requirements of the development install: the package, the extras in `make lock`, and the build."""
    extras = re.findall(r"--extra (\w+)", (ROOT / "Makefile").read_text())
    assert extras == ["dev", "risk"]
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = document["project"], document["build-system"]
    hooks = document["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    lists = [project["dependencies"], build["requires"]]
    lists += [project["optional-dependencies"][extra] for extra in extras]
    lists += [hook.get("dependencies", []) for hook in hooks.values()]
    return [Requirement(text) for some in lists for text in some]


def unmet(text: str) -> list[str]:
    """The problems of a lock file: requirements without a satisfying pin, and lines without a hash."""
    pins: dict[str, set[str]] = {}
    for name, version, _ in PIN.findall(text):
        pins.setdefault(name, set()).add(version)
    found = [f"not understood: {line}" for line in PIN.sub("", text).splitlines()]
    for requirement in asked():
        versions = pins.get(requirement.name, set())
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            found.append(f"{requirement}: locked is {', '.join(sorted(versions)) or 'nothing'}")
    return found


def test_the_lock_has_all_that_is_asked_for_and_a_hash_for_each() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert unmet(text) == []
    assert (
        unmet(re.sub(r"^attrs==.*(\n    .*)+\n", "", text, count=1, flags=re.MULTILINE))[0]
        == "attrs>=24.2: locked is nothing"
    )
    older = re.sub(r"^z3-solver==\S+", "z3-solver==4.15.0.0", text, flags=re.MULTILINE)
    assert unmet(older) == ["z3-solver==5.4.1.0: locked is 4.15.0.0"]
    assert unmet(f"{text}rich==15.0.0\n") == ["not understood: rich==15.0.0"]


def test_what_builds_a_wheel_is_locked_as_in_the_development_install() -> None:
    """Installing the development packages beside the build tools replaces none of these."""
    builders = set(PIN.findall((ROOT / ".ci/build.lock").read_text()))
    assert {"build", "hatchling", "hatch-mypyc", "mypy", "attrs"} <= {name for name, _, _ in builders}
    assert builders - set(PIN.findall((ROOT / "requirements.lock").read_text())) == set()


def test_verdicts_of_the_ledgers_are_of_the_solver_that_is_pinned() -> None:
    """Every recorded verdict names the pinned release of the solver."""
    (pinned,) = [str(requirement.specifier) for requirement in asked() if requirement.name == "z3-solver"]
    solvers = {
        solver
        for pack in known_packs().values()
        for path in Path(pack.ledgers or "").rglob("*.json")
        for solver in re.findall(r'"solver": "([^"]+)"', path.read_text())
    }
    assert solvers == {f"z3 {pinned.removeprefix('==').rpartition('.')[0]}"}
