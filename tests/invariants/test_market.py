"""The market on either base protocol: laws hold along walks, every call and reason is reached, and the base behaves as
without a market.
"""

from collections import Counter
from typing import Any, get_args

import pytest

from harness.protocols import load_walk
from invariants.checking import Checker, scan
from invariants.choices import Seeded
from invariants.exploring import explore
from invariants.law import Witness
from invariants.market import eigenlayer, symbiotic
from invariants.walker import Walk, random_walk
from spec.layer import FIRST_LAYER_TABLE, is_of_layer
from spec.machine import Delta, Draft, Write, commit
from spec.market.actions import Action
from spec.market.reasons import Reason
from spec.market.state import METERS, POSITIONS, Counted, Meter
from spec.protocol import Protocol

ON = {"symbiotic": symbiotic, "eigenlayer": eigenlayer}
REACHED_IN_TESTS_ALONE = {Reason.TOO_MANY_COUNTED.value, Reason.NO_PLACE_FREE.value}
"""The reasons that walks cannot reach, having too few operators and holders; tests/spec/market reaches them."""
HAS_NO_PLACE = {
    "eigenlayer": {Reason.NO_SUCH_REDEMPTION.value, Reason.NO_AUTHORITY.value},
    "symbiotic": set[str](),
}
"""For each base protocol, the reasons that never occur on it. On EigenLayer every redemption has a number, and every
account can be an operator.
"""
IDLE = {"eigenlayer": set[str](), "symbiotic": {"ALC-19", "RCP-15"}}
"""For each base protocol, the laws about calls that have no use on it. On Symbiotic, no operator is a mandate's
account, and holders claim from the vault.
"""


@pytest.mark.parametrize("base", ON)
def test_walks_break_no_law_and_reach_every_witness_and_reason(base: str) -> None:
    walk = load_walk(f"harness.packs.market.{base}:PACK")
    assert walk is ON[base].WALK
    seen, checked, reasons = Counter[str](), Counter[str](), set[str]()
    runs = [(walk, seed) for seed in range(20)] + [(scenario, seed) for scenario in walk.scenarios for seed in range(8)]
    for drawn, seed in runs:
        report = random_walk(drawn, seed, 700)
        assert report.violations == []
        seen.update(report.seen)
        checked.update(report.checked)
        reasons |= {reason for by_name in report.rejected.values() for reason in by_name}
    assert {witness.law_id for witness in walk.catalogue.witnesses if seen[witness.law_id] == 0} == set()
    own = {law.law_id for law in walk.catalogue.laws()} - {law.law_id for law in ON[base].BASE_CATALOGUE.laws()}
    assert {law_id for law_id in own if checked[law_id] == 0} == set()
    assert {reason.value for reason in Reason} - reasons == REACHED_IN_TESTS_ALONE | HAS_NO_PLACE[base]


@pytest.mark.parametrize("base", ON)
def test_laws_declare_all_that_they_read(base: str) -> None:
    """A strict checker compares every read of every law with its declaration along a walk. A full scan then finds no
    violation.
    """
    walk, choices = ON[base].WALK, Seeded(7)
    checker, opening = Checker(walk.catalogue, walk.genesis(), is_strict=True), walk.opening()
    for position in range(len(opening) + 150):
        action = opening[position] if position < len(opening) else walk.next_action(choices, Draft(checker.state))
        outcome = walk.protocol.transition(Draft(checker.state), action)
        violations = checker.accept(action, outcome) if isinstance(outcome, Delta) else checker.reject(action, outcome)
        assert violations == []
    assert checker.scan() == []


def base_part(state: Any, base: Protocol) -> list[dict[Any, Any]]:
    return [dict(state.rows(table)) for table in base.schema.tables]


@pytest.mark.parametrize("base", ON)
def test_the_base_answers_and_writes_as_if_there_were_no_market(base: str) -> None:
    """Each call of the base protocol in a walk is executed with the market and without it, in the same state. Answers
    and the base's rows are equal.
    """
    module: Any = ON[base]
    walk: Walk = module.WALK
    state, choices, calls = walk.genesis(), Seeded(11), 0
    opening = walk.opening()
    for position in range(len(opening) + 250):
        action = opening[position] if position < len(opening) else walk.next_action(choices, Draft(state))
        outcome = walk.protocol.transition(Draft(state), action)
        if type(action) in module.BASE.actions:
            alone = module.BASE.transition(Draft(state), action)
            calls += 1
            if isinstance(outcome, Delta):
                assert isinstance(alone, Delta)
                of_base = [write for write in outcome.writes if not is_of_layer(write)]
                assert [repr(write) for write in of_base] == [repr(write) for write in alone.writes]
                assert outcome.returns == alone.returns
            else:
                assert outcome is alone
        if isinstance(outcome, Delta):
            commit(state, outcome)
    assert calls > 100
    assert not any(state.tables[len(module.BASE.schema.tables) : FIRST_LAYER_TABLE])


@pytest.mark.parametrize("base", ON)
def test_the_bases_laws_are_all_there_and_see_the_bases_part(base: str) -> None:
    module: Any = ON[base]
    ours, base_catalogue = module.CATALOGUE, module.BASE_CATALOGUE
    own = {law.law_id for law in ours.laws()} - {law.law_id for law in base_catalogue.laws()}
    assert {law.law_id for law in base_catalogue.laws()} < {law.law_id for law in ours.laws()}
    fees, insurance, receipts, mandates, chains = (1, 27), (1, 34), (1, 22), (1, 24), (1, 27)
    assert (
        own
        == {
            *[f"FEE-{number:02}" for number in range(*fees)],
            *[f"INS-{number:02}" for number in range(*insurance)],
            *[f"RCP-{number:02}" for number in range(*receipts)],
            *[f"ALC-{number:02}" for number in range(*mandates)],
            *[f"CHN-{number:02}" for number in range(*chains)],
        }
        - IDLE[base]
    )
    assert set(ours.state_laws) > set(base_catalogue.state_laws)
    named = {law.law_id: law for law in ours.step_laws}
    for law in base_catalogue.step_laws:
        assert set(named[law.law_id].scope.actions) == set(law.scope.actions or module.BASE.actions)
        assert named[law.law_id].scope.tables == law.scope.tables
    assert not any(isinstance(law, Witness) for law in ours.laws())


@pytest.mark.parametrize("base", ON)
def test_a_bounded_model_is_searched_whole(base: str) -> None:
    report = explore(ON[base].BOUNDED_MODEL, 3, True, lambda _: True)
    assert (report.is_complete, report.broken) == (True, {})
    kinds = {type(call).__name__ for call in ON[base].CALLS}
    assert len(kinds & set(report.accepted)) >= len(kinds) - 2


def test_a_market_law_is_broken_where_its_books_are() -> None:
    """Rows that no rule would write break laws of the market's books; the violations name the offer and the
    position.
    """
    walk = ON["symbiotic"].WALK
    state = walk.genesis()
    offer = (("network0", 0), "vault0")
    writes = [Write(METERS, offer, Meter(stake=5)), Write(POSITIONS, (offer, "operator0"), Counted(True, 4, 0))]  # type: ignore[arg-type]  # of any table
    commit(state, Delta(writes, None))
    found = {repr(violation).split(": ")[0] for violation in scan(walk.catalogue, state)}
    assert found == {
        f"FEE-03 of {offer!r}",
        f"FEE-06 of {(offer, 'operator0')!r}",
        f"FEE-11 of {(offer, 'operator0')!r}",
    }


@pytest.mark.parametrize("base", ON)
def test_what_a_walk_did_is_a_trace(base: str) -> None:
    """A walk's calls, of the base protocol and of the market, are written as a trace and read back. The last state is
    observed equal.
    """
    walk: Walk = ON[base].WALK
    state, choices, actions = walk.genesis(), Seeded(5), list(walk.opening())
    for action in actions:
        outcome = walk.protocol.transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
    for _ in range(40):
        actions.append(walk.next_action(choices, Draft(state)))
        outcome = walk.protocol.transition(Draft(state), actions[-1])
        if isinstance(outcome, Delta):
            commit(state, outcome)
    document = walk.protocol.write_trace(walk.world, actions)
    trace = walk.protocol.read_trace(document)
    assert [step.actions for step in trace.steps] == [[action] for action in actions]
    assert trace.steps[-1].post == walk.protocol.observe(state, trace.world, {})
    for position, step in enumerate(trace.steps):
        walk.protocol.check_post(step.post, trace.world, f"steps[{position}].post")
    assert len({type(action) for action in actions} & set(walk.protocol.actions)) > len(get_args(Action)) // 2
