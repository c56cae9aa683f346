"""The full scan and the incremental check are made from one declaration of each law. They agree on every state of long
walks.
"""

from typing import Any

import pytest

from harness.protocols import known_walks
from invariants.checking import Checker, compute_totals
from invariants.choices import Seeded
from invariants.eigenlayer.solvency import FRACTIONS_LEFT
from invariants.law import Catalogue, ReadingSum, StateLaw, Sum, Totals, View
from invariants.walker import SEEDS_PER_SCENARIO, Walk, random_walk
from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    AllocationRequest,
    Approval,
    CompleteQueuedWithdrawal,
    Completion,
    DelegateTo,
    DepositIntoStrategy,
    MineBlocks,
    ModifyAllocations,
    QueueWithdrawals,
    SlashOperator,
    WithdrawalRequest,
)
from spec.eigenlayer.state import QUEUED_SHARES
from spec.machine import Delta, Draft, Schema, Table


def nonzero(walk: Walk, totals: Totals) -> dict[tuple[str, object], int]:
    sums = walk.catalogue.sums
    return {(total.name, group): value for total in sums for group, value in totals.groups(total).items() if value}


def run(walk: Walk, seed: int, steps: int) -> Checker:
    """The checker after a walk. At every step, its incremental totals and violations were compared with the full scan.

    The checker is strict: it compares all reads of laws with their declarations.
    """
    checker = Checker(walk.catalogue, walk.genesis(), is_strict=True)
    choices, opening = Seeded(seed), walk.opening()
    for position in range(steps):
        draft = Draft(checker.state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            expected = as_proofs_say(walk, checker, outcome)
            assert checker.accept(action, outcome) == []
            assert nonzero(walk, checker.totals) == nonzero(walk, compute_totals(walk.catalogue, checker.state))
            assert {place: checker.totals.now(*place) for place in expected} == expected
            assert checker.scan() == []
    return checker


def as_proofs_say(walk: Walk, checker: Checker, delta: Delta) -> dict[tuple[Sum, object], int]:
    """For sums that declare how other writes move them (`moves`): the totals after a step, as proofs compute them.

    Only sums of whose own rows the step writes none are included. The keys are pairs of a sum and a group.
    """
    view, after = View(Draft(checker.state), checker.totals), Draft(checker.state, delta.writes)
    totals: dict[tuple[Sum, object], int] = {}
    for total in walk.catalogue.sums:
        if isinstance(total, ReadingSum) and all(write.table is not total.table for write in delta.writes):
            groups: dict[tuple[Sum, object], int] = {(total, g): n for g, n in checker.totals.groups(total).items()}
            for write in delta.writes:
                if write.table in total.moves:
                    for group, by in total.moves[write.table](view, after, write.key):
                        groups[total, group] = groups.get((total, group), 0) + by
            totals |= groups
    return totals


@pytest.mark.parametrize("protocol", known_walks())
@pytest.mark.parametrize("seed", range(3))
def test_both_checks_agree_at_every_step(protocol: str, seed: int) -> None:
    run(known_walks()[protocol], seed, 250)


def test_both_checks_agree_where_less_than_a_scaled_share_waits() -> None:
    """A share deposited after a slash may have 0 scaled shares when it is queued for withdrawal. It is then worth
    nothing, whatever slashes follow.
    """
    walk = known_walks()["eigenlayer"]
    operator_set, token = ("avs0", 1), ("token1",)
    slash = SlashOperator("avs0", "avs0", "operator0", 1, ("strategy1",), (WAD // 3,))
    checker = Checker(walk.catalogue, walk.genesis())
    actions = [
        *walk.opening(),
        DelegateTo("staker0", "operator0", Approval("zero", 0, False)),
        DepositIntoStrategy("staker0", "strategy1", *token, 1),
        MineBlocks(20),
        ModifyAllocations("operator0", "operator0", (AllocationRequest(operator_set, ("strategy1",), (WAD,)),)),
        MineBlocks(20),
        slash,
        DepositIntoStrategy("staker0", "strategy1", *token, 1),
        MineBlocks(1),
        QueueWithdrawals("staker0", (WithdrawalRequest(("strategy1",), (1,)),)),
        MineBlocks(1),
        slash,
        MineBlocks(20),
        CompleteQueuedWithdrawal("staker0", Completion("staker0", 0, token, True)),
    ]
    left = []
    for action in actions:
        outcome = walk.protocol.transition(Draft(checker.state), action)
        assert isinstance(outcome, Delta), (action, outcome)
        assert checker.accept(action, outcome) == []
        assert nonzero(walk, checker.totals) == nonzero(walk, compute_totals(walk.catalogue, checker.state)), action
        left.append(checker.totals.now(FRACTIONS_LEFT, "strategy1"))
    assert checker.state.rows(QUEUED_SHARES)["staker0", 0, 0].scaled_shares == 0
    assert left[-4:] == [0, 0, 0, 1]


SCENARIOS = list(dict.fromkeys(scenario for walk in known_walks().values() for scenario in walk.scenarios))


def name_of(scenario: Walk) -> str:
    """The name of a scenario's world, which each protocol's traces have in another field."""
    world: dict[str, Any] = scenario.world
    return str(world["name"] if "name" in world else world["config"]["name"])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[name_of(scenario) for scenario in SCENARIOS])
def test_both_checks_agree_on_detours(scenario: Walk) -> None:
    run(scenario, 1, 250)


def test_a_detour_is_taken_now_and_then_and_each_in_turn() -> None:
    walk = known_walks()["eigenlayer"]
    taken = [(seed, walk.of(seed)) for seed in range(4 * SEEDS_PER_SCENARIO) if walk.of(seed) in walk.scenarios]
    assert taken == [
        (SEEDS_PER_SCENARIO * turn - 1, walk.scenarios[(turn - 1) % len(walk.scenarios)]) for turn in (1, 2, 3, 4)
    ]
    assert (
        random_walk(walk, SEEDS_PER_SCENARIO - 1, 50).accepted
        == random_walk(walk.scenarios[0], SEEDS_PER_SCENARIO - 1, 50).accepted
    )


@pytest.mark.parametrize(("protocol", "fingerprint"), [("eigenlayer", (302, 98, 5167)), ("symbiotic", (304, 96, 5634))])
def test_a_walk_is_the_same_everywhere(protocol: str, fingerprint: tuple[int, int, int]) -> None:
    """The numbers of accepted calls, rejected calls and checks of one walk are constants: equal in each build and on
    every machine.
    """
    report = random_walk(known_walks()[protocol], 5, 400)
    assert report.violations == []
    rejected = sum(count for reasons in report.rejected.values() for count in reasons.values())
    assert (sum(report.accepted.values()), rejected, sum(report.checked.values())) == fingerprint


def test_a_walk_that_breaks_a_law_stops_there_and_keeps_its_actions() -> None:
    walk = known_walks()["eigenlayer"]

    def steals(draft: Draft, action: Any) -> Any:
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta) and type(action).__name__ == "DepositIntoStrategy":
            return Delta([write for write in outcome.writes if write.table.name != "token_balances"], outcome.returns)
        return outcome

    broken = Walk(walk.protocol.with_transition(steals), walk.catalogue, walk.world, walk.opening, walk.next_action)
    report = random_walk(broken, 0, 400)
    assert {violation.law.law_id for violation in report.violations} == {"DEP-01", "LEMMA-backed", "ROUND-01"}
    assert len(report.actions) == report.steps < 400
    assert type(report.actions[-1]).__name__ == "DepositIntoStrategy"


def test_a_scan_sees_that_all_of_a_total_is_gone() -> None:
    """Regression: a scan asked no law about a group that was there only when checking began."""
    schema = Schema()
    balances: Table[str, int] = schema.table("balances", 0)
    tokens = Sum("tokens", balances, lambda _rows, _key, _row: "token", lambda row: row)
    kept = StateLaw(
        "LOST",
        "No token is lost.",
        "here",
        lambda view, group: view.total(tokens, group) >= view.total_at_start(tokens, group),
        rows={},
        sums={tokens: lambda group: group},
    )
    catalogue = Catalogue([tokens], [kept], [], [], [])
    state = schema.empty_state()
    state.rows(balances)["ann"] = 5
    checker = Checker(catalogue, state)
    lost = Draft(checker.state)
    lost.put(balances, "ann", 0)
    assert [repr(each) for each in checker.accept("all is lost", lost.delta())] == [
        "LOST of 'token': No token is lost."
    ]
    assert [repr(each) for each in checker.scan()] == ["LOST of 'token': No token is lost."]
