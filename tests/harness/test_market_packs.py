"""The market's packs are had by their place, load nothing before it is asked for, and their bugs are judged."""

import subprocess
import sys

import pytest

from harness.mutants.fate import Effort
from harness.mutants.run import Choice, Mutation
from harness.protocols import known_packs, pack_at
from harness.stopping import Stop

PLACES = {base: f"harness.packs.market.{base}:PACK" for base in ("eigenlayer", "symbiotic")}


def test_none_is_announced_and_each_is_had_by_its_place() -> None:
    for base, place in PLACES.items():
        pack = pack_at(place)
        assert (pack.name, pack.place, pack.protocol.name) == (f"market_on_{base}", place, f"market_on_{base}")
        assert pack.name not in known_packs()
        assert set(pack_at(base).protocol.actions) < set(pack.protocol.actions)


def test_a_pack_without_a_rule_machine_loads_no_walk_before_it_is_asked_for() -> None:
    """Missed: it did, so that its mutants were judged by rules that were loaded before them, and all survived."""
    said = "import sys; from harness.protocols import pack_at; pack_at({!r}); print({!r} in sys.modules)"
    command = [sys.executable, "-c", said.format(PLACES["symbiotic"], "spec.machine")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.source  # a judge loads everything from source in either build
def test_a_bug_is_killed_on_the_base_that_is_asked_for() -> None:
    pack = pack_at(PLACES["symbiotic"])
    packs = {pack.name: pack}
    (bug,) = Choice(packs=packs, generated=False, ids=("MM-24",)).mutants()
    mutation = Mutation([bug], Effort(walks=2, steps=200, depth=1, plays=0), Stop(), packs=packs)
    laws, properties = mutation.judge("laws", bug, ())
    assert (laws.outcome, laws.by, properties.outcome) == ("killed", ("FEE-01", "FEE-21"), "killed")
