"""Fixtures for protocols from outside that are checked in a moment: the worked example in docs/third_protocol, also
with mistakes.
"""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.protocols import load_walk
from invariants.walker import Walk, random_walk

EXAMPLE = Path(__file__).parents[2] / "docs" / "third_protocol"

NUMBERS = itertools.count()

MISTAKE = """
import os, signal
from pool_laws import CATALOGUE, WALK as RIGHT, WORLD, next_action, opening
from staking_pool import POOL, PROTOCOL, Deposit, Pool, Slash, Withdraw
from invariants.walker import Walk
from spec.machine import SINGLETON, Delta

def transition(draft, action):
    outcome = PROTOCOL.transition(draft, action)
    pool = draft.get(POOL, SINGLETON)
    {mistake}
    return outcome

WALK = Walk(PROTOCOL.with_transition(transition), CATALOGUE, WORLD, opening, next_action)
"""

GAINS_A_SHARE = """if isinstance(action, Withdraw) and isinstance(outcome, Delta) and pool.shares == 9:
        draft.put(POOL, SINGLETON, Pool(pool.stake, pool.shares + 1))"""
"""The source of a mistake that most walks meet: a withdrawal leaves one share too many. Of all seeds, 0 and 2 are the
first to meet it, after 325 and 35 steps.
"""

Mistaken = Callable[..., str]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A fixture: the worked example in docs/third_protocol can be imported, here and in processes started from here.
    The working directory is empty.
    """
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([*(os.path.abspath(path) for path in given if path), str(EXAMPLE)])
    )
    monkeypatch.chdir(tmp_path)
    yield EXAMPLE
    for name in set(sys.modules) - known:
        if name.startswith(("pool_", "staking_pool", "mistaken")):
            del sys.modules[name]


@pytest.fixture
def mistaken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mistaken:
    """A fixture: a function that writes a module in which the example's transition has a mistake, and returns the place
    of its walk, as `module:attribute`.
    """
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(mistake: str = GAINS_A_SHARE) -> str:
        name = f"mistaken_{next(NUMBERS)}"
        (folder / f"{name}.py").write_text(MISTAKE.format(mistake=mistake))
        return f"{name}:WALK"

    return write


@pytest.fixture
def broken(mistaken: Mistaken) -> tuple[Walk, list[Any]]:
    """A fixture: a walk through the example with a mistake, and the walk's actions up to the one that breaks law
    POOL-01.
    """
    walk = load_walk(mistaken())
    return walk, random_walk(walk.only(("POOL-01",)), 0, 400).actions
