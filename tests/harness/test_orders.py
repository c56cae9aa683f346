"""Orders of checks and edges of cases: each drawn script shows what it is named for, and bugs that only they show are
noticed.
"""

from pathlib import Path

import pytest

from conformance.cases import read_cases, read_edges, read_orders
from conformance.edges import edges
from conformance.lockstep import ACCEPTED
from conformance.scripts import of_actions
from harness.drawing_cases import with_edges, with_orders
from harness.drawing_orders import draw_orders, shows
from harness.failing_checks import FailingChecks
from harness.protocols import known_packs, pack_at
from invariants.choices import Seeded
from spec.codec import Json, as_object
from spec.machine import Delta, Draft, commit
from spec.symbiotic.actions import AdvanceTime, Deposit, SetDepositLimit, SetIsDepositLimit, Slash

pytestmark = pytest.mark.source


@pytest.mark.parametrize("protocol", known_packs())
def test_the_first_check_that_fails_is_the_answer_and_what_is_accepted_fails_none(protocol: str) -> None:
    walk = pack_at(protocol).walk
    assert walk is not None
    failing = FailingChecks(walk.protocol.transition)
    longest = 0
    for seed in range(3):
        taken, choices = walk.of(seed), Seeded(seed)
        state = taken.genesis()
        for _ in range(150):
            draft = Draft(state)
            action = taken.next_action(choices, draft)
            outcome = taken.protocol.transition(draft, action)
            found = failing.of(state, action)
            longest = max(longest, len(found))
            assert list(found[:1]) == ([] if isinstance(outcome, Delta) else [outcome.value])
            if isinstance(outcome, Delta):
                commit(state, outcome)
    assert longest > 1


def test_a_call_that_fails_four_checks_fails_them_in_the_rules_order() -> None:
    walk = pack_at("symbiotic").walk
    assert walk is not None
    failing = FailingChecks(walk.protocol.transition)
    slash = Slash("outsider0", "vault0", ("network0", 0), "operator0", 0, 2**40)
    assert failing.of(walk.genesis(), slash) == [
        "NotNetworkMiddleware",
        "Panic(0x11)",
        "InvalidCaptureTimestamp",
        "InsufficientSlash",
    ]


@pytest.mark.parametrize("protocol", known_packs())
def test_every_order_that_is_known_is_shown_by_its_script(protocol: str) -> None:
    pack = pack_at(protocol)
    failing = FailingChecks(pack.protocol.transition)
    known = list(read_orders(Path(str(pack.cases))))
    orders = [order for order, _ in known]
    assert orders == sorted(set(orders))
    assert len(orders) > {"symbiotic": 130, "eigenlayer": 440}[protocol]
    assert [order for order, script in known if not shows(pack.calls, failing, order, script)] == []
    for order, script in known[:1]:
        assert not shows(pack.calls, failing, (*order[:2], "of no check"), script)


def test_orders_are_drawn_the_same_every_time_and_known_ones_stay() -> None:
    pack = pack_at("symbiotic")
    assert pack.walk is not None
    cases = Path(str(pack.cases))
    drawn = [draw_orders(pack.calls, pack.walk, 1, 30) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 3
    document = with_orders(pack, {"worlds": [], "cases": []}, cases, seeds=0)
    assert len(document["orders"]) == len(list(read_orders(cases)))


def test_edges_are_where_the_answer_changes_on_both_sides() -> None:
    pack = pack_at("symbiotic")
    assert pack.walk is not None
    limited = [SetIsDepositLimit("admin0", "vault0", True), SetDepositLimit("admin0", "vault0", 1000)]
    deposit = Deposit("staker0", "vault0", "staker0", 7)
    script = of_actions(pack.calls, pack.walk.world, [AdvanceTime(1), *limited, deposit], "by hand")
    found = {edge.source.partition(", ")[2]: edge for edge in edges(pack.calls, [script])}
    amounts = {name: _args(edge.calls[-1])["amount"] for name, edge in found.items()}
    assert amounts == {
        "Deposit.amount: InsufficientDeposit / accepted": "0",
        "Deposit.amount: accepted / InsufficientDeposit": "1",
        "Deposit.amount: accepted / DepositLimitReached": "1000",
        "Deposit.amount: DepositLimitReached / accepted": "1001",
    }


def test_an_item_of_a_list_comes_twice() -> None:
    lasts = [
        as_object(edge.calls[-1], "call")
        for edge in read_edges(Path(str(pack_at("symbiotic").cases)))
        if "twice" in edge.source
    ]
    epochs = [_args(call)["epochs"] for call in lasts if call["action"] == "claim_batch"]
    assert epochs
    assert all(isinstance(each, list) and each[-1] == each[-2] for each in epochs)


def _args(call: Json) -> dict[str, Json]:
    return as_object(as_object(call, "call")["args"], "args")


@pytest.mark.parametrize("protocol", known_packs())
def test_edges_of_a_file_are_those_of_its_cases(protocol: str) -> None:
    """The edges of cases in a file are those computed from its cases. Only the shortest cases are recomputed, since all
    take long.
    """
    pack = pack_at(protocol)
    path = Path(str(pack.cases))
    known = list(read_edges(path))
    assert len(known) > {"symbiotic": 115, "eigenlayer": 170}[protocol]
    assert {ACCEPTED in edge.source for edge in known} == {True}
    assert all(edge.calls for edge in known), "a trace without steps is none"
    scripts = [script for _, script in read_cases(path)]
    world = [script for script in scripts if len(script.calls) == 1][:12]
    assert [edge for edge in edges(pack.calls, world) if edge.source not in {each.source for each in known}] == []
    empty = with_edges(pack.calls, {"worlds": [], "cases": []})
    assert empty["edges"] == []
