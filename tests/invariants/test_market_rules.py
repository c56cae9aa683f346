"""The market's Hypothesis rules: every call is reached, a broken rule is noticed, and all calls can be written as a
trace.
"""

from typing import Any, get_args

import pytest

from harness.pack import ProtocolPack
from harness.protocols import pack_at
from invariants.examples import explore_rules
from invariants.rule_machine import LawMachine
from invariants.walker import Walk
from spec.machine import Delta, Draft, Outcome
from spec.market.actions import Action, ClaimFees, EnrolMandate, Settle
from spec.market.state import CLAIMABLES

PACKS = {base: pack_at(f"market_on_{base}") for base in ("eigenlayer", "symbiotic")}
HAS_NO_USE = {"eigenlayer": set[type[Any]](), "symbiotic": {EnrolMandate, Settle}}
"""For each base protocol, the market's calls without use on it. On Symbiotic, no operator is a mandate's account, and
holders claim from the vault.
"""


def machine_of(pack: ProtocolPack) -> tuple[type[LawMachine], Walk]:
    machine, walk = pack.rule_machine, pack.walk
    assert machine is not None
    assert walk is not None
    return machine, machine.home(walk)


@pytest.mark.parametrize("base", PACKS)
def test_every_call_of_the_market_has_a_rule_and_is_accepted(base: str) -> None:
    """Examples are drawn, a few at a time, until every call of the market was accepted. Calls of the base protocol come
    between them, and no law breaks.
    """
    machine, walk = machine_of(PACKS[base])
    missing = {action.__name__ for action in set(get_args(Action)) - HAS_NO_USE[base]}
    accepted, scans = set[str](), 0
    for seed in range(6, 40):  # sixteen examples are enough from there on
        report = explore_rules(machine, walk, 8, 50, seed)
        assert report.violations == []
        accepted, scans = accepted | set(report.accepted), scans + report.scans
        if missing <= accepted:
            break
    assert missing - accepted == set()
    assert {action.__name__ for action in HAS_NO_USE[base]} & accepted == set()
    assert scans > 10
    of_base = accepted & {action.__name__ for action in pack_at(base).protocol.actions}
    assert len(of_base) > 10


def generous(walk: Walk, actions: list[Any]) -> Walk:
    """A copy of the walk with a mistake: a claim of fees does not lower what can be claimed. Every action is appended
    to `actions`.
    """

    def transition(draft: Draft, action: Any) -> Outcome:
        actions.append(action)
        claimed = draft.get(CLAIMABLES, action.sender) if isinstance(action, ClaimFees) else None
        outcome = walk.protocol.transition(draft, action)
        if claimed is not None and isinstance(outcome, Delta):
            draft.put(CLAIMABLES, action.sender, claimed)
        return outcome

    return Walk(walk.protocol.with_transition(transition), walk.catalogue, walk.world, walk.opening, walk.next_action)


@pytest.mark.parametrize("base", PACKS)
def test_a_broken_rule_ends_the_examples_and_all_that_was_called_can_be_kept(base: str) -> None:
    machine, walk = machine_of(PACKS[base])
    called: list[Any] = []
    report = explore_rules(machine, generous(walk, called), 50, 50, 0)
    assert {"FEE-01", "FEE-21"} <= {violation.law.law_id for violation in report.violations}
    assert isinstance(report.actions[-1], ClaimFees)
    trace = walk.protocol.read_trace(walk.protocol.write_trace(walk.world, report.actions))
    assert [action for step in trace.steps for action in step.actions] == report.actions
    assert report.actions == called[-len(report.actions) :]
