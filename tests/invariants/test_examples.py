"""Hypothesis examples: every action and edge is reached, equal seeds give equal draws, and both methods find a
mistake.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from harness.protocols import known_packs, known_walks
from invariants.edges import EDGES, exactly
from invariants.examples import (
    explore_bytes,
    explore_rules,
    walk_test,
)
from invariants.rule_machine import LawBroken
from invariants.symbiotic.rule_machine import SymbioticMachine
from invariants.walker import Walk, WalkReport
from spec.arithmetic import WAD
from spec.machine import Delta, Draft, Outcome
from spec.symbiotic.actions import Claim, Deposit

Explore = Callable[..., WalkReport]
WAYS: list[tuple[Explore, int]] = [(partial(explore_rules, SymbioticMachine), 50), (explore_bytes, 120)]


@pytest.mark.installed
@pytest.mark.parametrize("protocol", known_walks())
def test_every_action_has_a_rule_and_is_accepted(protocol: str) -> None:
    """A few hundred examples, as a run of the smallest profile draws them, have every action accepted and break
    no law.
    """
    walk = known_walks()[protocol]
    machine = known_packs()[protocol].rule_machine
    assert machine is not None
    reports = [explore_rules(machine, machine.home(walk), 25, 50, seed) for seed in range(0, 250, 25)]
    assert [report.violations for report in reports] == [[]] * len(reports)
    accepted = {name for report in reports for name in report.accepted}
    assert {action.__name__ for action in walk.protocol.actions} - accepted == set()
    laws = walk.catalogue.laws()
    checked = [law for law in laws if sum([report.checked[law.law_id] for report in reports])]
    assert len(checked) > len(laws) * 0.9
    reasons = {reason for report in reports for given in report.rejected.values() for reason in given}
    assert len(reasons) > len(walk.protocol.reasons) * 0.6
    assert sum([report.scans for report in reports]) > 250


def without_claims(draft: Draft, action: Any) -> Outcome:
    """Symbiotic's transition with a mistake: each claim pays the recipient one unit less, and no account gets that
    unit.
    """
    from spec.symbiotic import PROTOCOL
    from spec.symbiotic.state import TOKEN_BALANCES, TokenBalance

    outcome = PROTOCOL.transition(draft, action)
    if isinstance(action, Claim) and isinstance(outcome, Delta):
        key = ("collateral", action.recipient)
        draft.put(TOKEN_BALANCES, key, TokenBalance(draft.get(TOKEN_BALANCES, key).amount - 1))
    return outcome


MISTAKEN = Walk(
    known_walks()["symbiotic"].protocol.with_transition(without_claims),
    known_walks()["symbiotic"].catalogue,
    known_walks()["symbiotic"].world,
    known_walks()["symbiotic"].opening,
    known_walks()["symbiotic"].next_action,
)


@pytest.mark.parametrize(("explore", "steps"), WAYS, ids=["rules", "bytes"])
def test_a_mistake_is_found_and_ends_the_examples(explore: Explore, steps: int) -> None:
    found = explore(MISTAKEN, 50, steps, 0)
    assert "CONS-01" in {violation.law.law_id for violation in found.violations}
    assert isinstance(found.actions[-1], Claim)
    assert sum(found.accepted.values()) + sum([sum(each.values()) for each in found.rejected.values()]) == found.steps
    assert found.accepted["Claim"] == 1


class MistakenMachine(SymbioticMachine):
    def __init__(self) -> None:
        super().__init__(MISTAKEN)


# Examples depend on the constants of all modules that are loaded: fifty were once too few beside other tests.
SETTINGS = settings(
    max_examples=500, stateful_step_count=30, database=None, deadline=None, phases=[Phase.generate], derandomize=True
)


def test_the_machines_are_state_machines_of_hypothesis() -> None:
    """A rule machine's TestCase can be run by pytest, and finds a mistake."""
    case = MistakenMachine.TestCase
    case.settings = SETTINGS
    with pytest.raises(LawBroken, match="CONS-01"):
        case("runTest").runTest()


def test_a_walk_by_bytes_is_a_test_of_hypothesis() -> None:
    """The test function of `walk_test` can be run by pytest, and finds a mistake."""
    with pytest.raises(LawBroken, match="CONS-01"):
        SETTINGS(walk_test(MISTAKEN, 120))()


@pytest.mark.installed
def test_a_step_seldom_needs_more_bytes_than_it_gets() -> None:
    """With the bytes given to a step of a walk, every action is still drawn and accepted, even those that need most
    decisions.
    """
    reports = [explore_bytes(known_walks()["eigenlayer"], 25, 200, seed) for seed in (0, 25, 50)]
    accepted = {name for report in reports for name in report.accepted}
    assert {action.__name__ for action in known_walks()["eigenlayer"].protocol.actions} - accepted == set()


DRAW = """
import hashlib, sys
{more}
from functools import partial
from harness.protocols import known_packs
from invariants.examples import explore_bytes, explore_rules
for name, pack in known_packs().items():
    for explore, steps in ((partial(explore_rules, pack.rule_machine), 50), (explore_bytes, 50)):
        report = explore(pack.walk, 5, steps, 7)
        print(report.steps, report.accepted, report.rejected, report.checked, report.seen)
"""


def test_the_same_seed_draws_the_same_in_any_process() -> None:
    """Draws of one seed do not depend on hash seeds or on loaded modules, and leave no files behind."""
    root = Path(__file__).parents[2]
    here = set(root.glob(".*"))
    printed = [
        subprocess.run([sys.executable, "-c", DRAW.format(more=more)], capture_output=True, text=True, check=True)
        for more in ("", "import harness.bench, harness.cli, json, pytest")
    ]
    assert printed[0].stdout == printed[1].stdout
    assert len(printed[0].stdout) > 1_000
    assert set(root.glob(".*")) == here


def test_edges_are_taken_of_what_is_left() -> None:
    assert [edge.of(7) for edge in EDGES[:5]] == [1, 7, 3, 6, 8]
    assert [edge.of(0) for edge in EDGES[:5]] == [1, 0, 0, 0, 1]
    assert {edge.of(5) for edge in EDGES} >= {0, 1, 5, 6, WAD - 1, WAD, WAD + 1}
    assert (repr(exactly(3)), exactly(3).of(100)) == ("exactly(3)", 3)


@pytest.mark.installed
@pytest.mark.parametrize("protocol", known_walks())
def test_what_rules_do_can_be_kept(protocol: str) -> None:
    """Every call of a rule machine can be written as a trace, and reading gives the same action."""
    machine = known_packs()[protocol].rule_machine
    assert machine is not None
    walk = machine.home(known_walks()[protocol])
    actions: list[Any] = []

    def noted(draft: Draft, action: Any) -> Outcome:
        actions.append(action)
        return walk.protocol.transition(draft, action)

    seen = Walk(walk.protocol.with_transition(noted), walk.catalogue, walk.world, walk.opening, walk.next_action)
    explore_rules(machine, seen, 25, 50, 3)
    assert len(actions) > 500
    trace = walk.protocol.read_trace(walk.protocol.write_trace(walk.world, actions))
    assert [action for step in trace.steps for action in step.actions] == actions


def test_a_deposit_is_of_what_there_is() -> None:
    """The Hypothesis rules choose amounts that accounts have: most deposits are accepted."""
    report = explore_rules(SymbioticMachine, known_walks()["symbiotic"], 50, 50, 0)
    name = Deposit.__name__
    assert report.accepted[name] > sum(report.rejected.get(name, {}).values())
