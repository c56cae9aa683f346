"""Every step is equal in each build and in each process, whatever the hashes of names are.

A compiled build is compared with the interpreted source. An interpreted build is compared with itself under another
hash seed.
"""

import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.verbs import how_built

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

ROOT = Path(__file__).parents[2]
STEPPING = Path(__file__).parent / "stepping.py"
LOOKS_WHERE_IT_IS = "import spec.machine, sys; print(spec.machine.__file__.endswith('.py'))\n"


def started(root: Path | None, hash_seed: int) -> "subprocess.Popen[str]":
    """Start a process that prints a digest of each step of many walks. It runs the source below `root` or, if that is
    None, the build under test.
    """
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    if root is not None:
        environment["PYTHONPATH"] = str(root)
    program = LOOKS_WHERE_IT_IS + STEPPING.read_text()
    command = [sys.executable, "-P", "-c", program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def printed(process: "subprocess.Popen[str]") -> list[str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.splitlines()


def first_difference(one: list[str], other: list[str]) -> tuple[str, str] | None:
    """The first pair of lines in which the outputs of two builds differ; None if they are equal."""
    return next(((a, b) for a, b in zip_longest(one, other, fillvalue="nothing") if a != b), None)


def test_every_step_is_the_same_in_each_build() -> None:
    here, source = started(None, 1), started(ROOT, 2)
    (is_source_here, *steps_here), (is_source, *steps) = printed(here), printed(source)
    assert (is_source_here, is_source) == (str(how_built() == "interpreted"), "True")
    assert first_difference(steps_here, steps) is None
    assert len(steps) > 20_000


@pytest.mark.source
def test_a_step_that_differs_is_seen(source_copy: "SourceCopy") -> None:
    """A walk that iterates over a set of names depends on their hashes; two hash seeds then give different steps."""
    right = "choices.below(20), choices.pick(PARTIES)"
    source_copy.replace(
        "invariants/eigenlayer/batched_calls.py", right, right.replace("PARTIES", "tuple(set(PARTIES))")
    )
    one, other = started(source_copy.folder, 1), started(source_copy.folder, 2)
    found = first_difference(printed(one), printed(other))
    assert found is not None
    assert found[0].startswith("eigenlayer walk 9 ")  # the first seed that takes a scenario
