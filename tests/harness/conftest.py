"""Protocols from outside, small enough to be checked in a moment: the worked example, and the same with mistakes."""

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
"""A mistake that most walks meet, sooner or later; the first are those of seeds 0 and 2, after 325 and 35 steps."""

Mistaken = Callable[..., str]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The worked example can be imported, here and in processes started from here; the working directory is empty."""
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
    """The place of a walk through the pool with a mistake in its transition, in a module of its own."""
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
    """A walk through the pool with a mistake, and its actions up to where the mistake is met."""
    walk = load_walk(mistaken())
    return walk, random_walk(walk.only(("POOL-01",)), 0, 400).actions
