"""The market's packs are requested by name or place, import nothing before it is used, and have mutants that are
judged.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from harness.check import Check, Plan
from harness.mutants.fate import Effort
from harness.mutants.run import Choice, Mutation
from harness.protocols import known_packs, pack_at, select_packs
from harness.schedulers import Scheduler
from harness.stopping import Stop

PLACES = {base: f"harness.packs.market.{base}:PACK" for base in ("eigenlayer", "symbiotic")}


def test_none_is_announced_and_each_is_had_by_its_place() -> None:
    for base, place in PLACES.items():
        pack = pack_at(place)
        assert (pack.name, pack.place, pack.protocol.name) == (f"market_on_{base}", place, f"market_on_{base}")
        assert pack.name not in known_packs()
        assert set(pack_at(base).protocol.actions) < set(pack.protocol.actions)


def test_a_pack_loads_no_walk_before_it_is_asked_for() -> None:
    """Regression: loading a pack imported the rules, so its mutants were judged by unchanged rules and all survived."""
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


@pytest.mark.parametrize("base", PLACES)
def test_what_is_a_bases_own_is_for_its_own_walks_to_reach(base: str) -> None:
    """A run of the market need not reach actions, reasons and laws of its base protocol. Only those of the market count
    as gaps if not reached.
    """
    (suite,) = Check(select_packs([PLACES[base]]), Plan(0, 0), Stop()).suites.values()
    market = pack_at(PLACES[base])
    own = {action.__name__ for action in market.protocol.actions[len(pack_at(base).protocol.actions) :]}
    assert {row.action for row in suite.actions()} - {*suite.out_of_reach} == own - {*market.out_of_reach}
    reasons = {row.reason for row in suite.reasons()}
    assert {*market.out_of_reach} <= own | reasons, "each names a call or a reason that there is"
    judged = {row.law for row in suite.rows() if row.kind not in ("witness", "game")} - {*suite.out_of_reach}
    assert {law_id.partition("-")[0] for law_id in judged} == {"ALC", "CHN", "FEE", "INS", "RCP"}


BROKEN = """
from attrs import evolve
from harness.packs.market.symbiotic import PACK as MARKET
from invariants.market.symbiotic import WALK as RIGHT
from invariants.walker import Walk
from spec.machine import Delta
from spec.market.actions import DeclareAffiliate
from spec.market.insurance_state import AFFILIATES, Declared

def transition(draft, action):
    outcome = RIGHT.protocol.transition(draft, action)
    if isinstance(action, DeclareAffiliate) and isinstance(outcome, Delta):
        draft.put(AFFILIATES, (action.sender, action.account), Declared(False))
    return outcome

WALK = Walk(RIGHT.protocol.with_transition(transition), RIGHT.catalogue, RIGHT.world, RIGHT.opening, RIGHT.next_action)
PACK = evolve(MARKET, protocol_at=None, walk_at="broken_market:WALK")
"""


def test_what_breaks_under_rules_is_shrunk_and_said_with_what_shows_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that only Hypothesis rules find gives a shrunk finding with its command. Here a declaration of affiliates
    is not stored.
    """
    (tmp_path / "broken_market.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    check = Check(select_packs(["broken_market:PACK"]), Plan(0, 10, laws=("INS-23",)), Stop())
    with Scheduler() as workers, Progress(console=Console(stderr=True), disable=True) as progress:
        check.run(workers, progress)
    finding = check.suites["market_on_symbiotic"].findings["INS-23"]
    assert finding.found_by == "rules of seed 0"
    assert finding.steps == 1
    assert finding.command == f"restake replay {finding.trace} --protocol broken_market:PACK"
