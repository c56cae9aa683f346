"""Kept counterexamples are hardly longer than necessary: ten mistakes in the rules, each with the length of the
shortest known counterexample.

A length is the least that shrinking up to thirty runs gave, and was checked by hand: each step is needed for a later
one to be accepted or to meet the mistake. The constants below count such steps.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

KEEP_THE_FIRST = """
import sys
from pathlib import Path
from harness.findings import keep, recheck
from harness.protocols import known_walks
from invariants.walker import random_walk
protocol, law = sys.argv[1:]
walk = known_walks()[protocol].only((law,))
for seed in range(60):
    report = random_walk(walk, seed, 400)
    if report.violations:
        *_, kept = keep(Path("kept"), walk.of(seed), law, f"walk of seed {seed}", report.actions, lambda: False)
        told = recheck(walk, kept.path)[1]
        print(len(told.steps), told.breaks_at + 1)
        break
"""

OPT_IN = 4
"""The number of steps of an opt-in on EigenLayer: an AVS sets its metadata and creates an operator set, an operator
registers and joins the set.
"""

# (protocol, law): (the bug, steps of the shortest counterexample known)
MISTAKES = {
    ("eigenlayer", "SOLV-01"): (
        "TE-13",
        4,  # deposit, queue, wait, complete
    ),
    ("eigenlayer", "SLASH-04"): (
        "TE-14",
        OPT_IN + 2,  # allocate, slash
    ),
    ("eigenlayer", "SLASH-02"): (
        "TE-15",
        OPT_IN + 3,  # deposit, allocate, slash
    ),
    ("eigenlayer", "SLASH-05"): (
        "EM-19",
        OPT_IN + 3,  # allocate, deallocate, slash
    ),
    ("eigenlayer", "MAG-07"): (
        "TE-16",
        OPT_IN + 4,  # allocate, deallocate, wait, clear
    ),
    ("eigenlayer", "EXIT-03"): (
        "EM-45",
        OPT_IN + 6,  # deposit, queue, wait, allocate, slash, complete
    ),
    ("symbiotic", "LIMIT-01"): (
        "TS-16",
        3,  # the network accepts, the vault gives, the network accepts less
    ),
    ("symbiotic", "EXIT-01"): (
        "SM-31",
        3,  # deposit, redeem, claim an epoch later
    ),
    ("symbiotic", "SLASH-03"): (
        "TS-17",
        6,  # middleware, two opt-ins, the network accepts, deposit, slash a second later; where one operator is fixed
    ),
    ("symbiotic", "SOLV-01"): (
        "TS-18",
        7,  # the same, and a withdrawal before the slash
    ),
}


@pytest.mark.parametrize(("protocol", "law"), MISTAKES)
def test_what_is_kept_is_hardly_longer_than_it_must_be(protocol: str, law: str, source_copy: "SourceCopy") -> None:
    bug, shortest = MISTAKES[protocol, law]
    source_copy.plant(bug)
    steps, breaks_at = map(int, source_copy.run(KEEP_THE_FIRST, protocol, law).split())
    assert steps == breaks_at, "nothing comes after the violation"
    assert steps <= 1.5 * shortest
