"""Known violations are real: each finding's trace replays, ends with the harm that it describes, and needs each of its
calls.
"""

from pathlib import Path
from typing import Any, cast

import pytest

from harness.protocols import known_packs, known_protocols, load_walk
from harness.replay import replay
from harness.traces import load_trace
from invariants.checking import Checker
from invariants.eigenlayer.laws import CATALOGUE
from invariants.law import KnownViolation
from invariants.walker import Walk, WalkReport, random_walk
from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    ClearBurnOrRedistributableShares,
    CompleteQueuedWithdrawal,
    Completion,
    CreateOperatorSets,
    DepositIntoStrategy,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    QueueWithdrawals,
    RegisterAsOperator,
    RegisterForOperatorSets,
    SlashOperator,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.transition import transition
from spec.machine import Delta, Draft
from spec.protocol import Trace

FINDINGS = Path(__file__).parents[2] / "docs" / "findings"
PLACES = [
    place
    for name, pack in known_packs().items()
    if pack.walk is not None
    for place in (name, *[f"{name}@{preset}" for preset in pack.presets])
]
KNOWN_FALSE = [
    (place, law_id, known) for place in PLACES for law_id, known in load_walk(place).catalogue.known_violations.items()
]
IDS = [f"{place} {law_id}" for place, law_id, _ in KNOWN_FALSE]
OLD = load_walk("eigenlayer@v1_12_0")


def actions_of(trace: Trace) -> list[Any]:
    return [action for step in trace.steps for action in step.actions]


def follow(place: str, trace: Trace, actions: list[Any]) -> WalkReport:
    walk = load_walk(place)
    report = random_walk(
        Walk(walk.protocol, walk.catalogue, trace.head, lambda: actions, walk.next_action), 0, len(actions)
    )
    assert report.violations == []
    return report


@pytest.mark.parametrize(("place", "law_id", "known"), KNOWN_FALSE, ids=IDS)
def test_a_finding_is_shown_and_no_call_can_be_left_out(place: str, law_id: str, known: KnownViolation) -> None:
    """The law breaks in the trace, and no call can be left out. All calls are accepted, but the last may be rejected,
    if that is the harm.
    """
    assert known.instead in {law.law_id for law in load_walk(place).catalogue.laws()} - {law_id}
    found, trace = load_trace(FINDINGS / known.trace, known_protocols())
    assert replay(found, trace) is None
    actions = actions_of(trace)
    whole = follow(place, trace, actions)
    assert whole.known_broken[law_id] > 0
    accepted = sum(whole.accepted.values())
    assert accepted == len(actions) or follow(place, trace, actions[:-1]).rejected == {}
    for left_out in range(accepted):
        rest = follow(place, trace, actions[:left_out] + actions[left_out + 1 :])
        assert rest.known_broken[law_id] == 0 or rest.rejected != whole.rejected


def test_every_trace_in_the_folder_is_a_finding() -> None:
    assert {path.name for path in FINDINGS.iterdir()} == {known.trace for _, _, known in KNOWN_FALSE}


def test_the_last_exit_is_one_share_short_and_one_share_mends_it() -> None:
    _, trace = load_trace(FINDINGS / OLD.catalogue.known_violations["SOLV-02"].trace, known_protocols())
    checker = Checker(CATALOGUE, trace.genesis)

    def try_(action: Action) -> object:
        outcome = transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            assert checker.accept(action, outcome) == []
            return outcome.returns
        assert isinstance(outcome, Reason)
        assert checker.reject(action, outcome) == []
        return outcome

    returns = [try_(action) for action in actions_of(trace)]
    # Three shares are deposited, and three are booked and paid for two that were slashed.
    assert [item for item in returns if isinstance(item, tuple)] == [(1, (1,)), (2, (2,)), (1,), (2,)]
    leave = actions_of(trace)[-1]
    assert isinstance(leave, CompleteQueuedWithdrawal)
    assert returns[-1] is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    try_(MineBlocks(1000))
    assert try_(leave) is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    assert try_(DepositIntoStrategy("staker1", "strategy0", "token0", 1)) == 1
    assert try_(leave) is None
    assert checker.scan() == []


def test_fifteen_shares_are_burned_of_ten_and_it_is_said_at_the_slash_and_at_every_step_after() -> None:
    """A first slash takes five of an operator's ten shares. The operator queues the rest in ten parts: each half share
    is rounded away, so it keeps all five. A slash of everything books these and the five in the queue.
    """
    allocation = AllocationRequest(("avs0", 1), ("strategy0",), (WAD,))
    opening: list[Action] = [
        UpdateAvsMetadata("avs0", "avs0"),
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, ("strategy0",), "avs0"),)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        RegisterForOperatorSets("operator0", "operator0", "avs0", (1,)),
        ModifyAllocations("operator0", "operator0", (allocation,)),
        DepositIntoStrategy("operator0", "strategy0", "token0", 10),
        DepositIntoStrategy("staker0", "strategy0", "token0", 10),
        SlashOperator("avs0", "avs0", "operator0", 1, ("strategy0",), (WAD >> 1,)),
        QueueWithdrawals("operator0", (WithdrawalRequest(("strategy0",) * 10, (1,) * 10),)),
    ]
    then: list[Action] = [
        SlashOperator("avs0", "avs0", "operator0", 1, ("strategy0",), (WAD,)),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 1),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 2),
        QueueWithdrawals("staker0", (WithdrawalRequest(("strategy0",), (10,)),)),
        MineBlocks(11),
        CompleteQueuedWithdrawal("staker0", Completion("staker0", 0, ("token0",), True)),
    ]
    checker = Checker(CATALOGUE, OLD.genesis(), is_strict=True)
    told: list[tuple[str, object, int]] = []
    for action in (*opening, *then):
        outcome = transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            assert checker.accept(action, outcome) == []
        if action in then:
            returns = outcome.returns if isinstance(outcome, Delta) else outcome
            told.append((type(action).__name__, returns, checker.known_broken["SOLV-02"]))
        else:
            assert checker.known_broken["SOLV-02"] == 0
    assert told == [
        ("SlashOperator", (2, (10,)), 1),
        ("ClearBurnOrRedistributableShares", (5,), 2),
        ("ClearBurnOrRedistributableShares", (10,), 3),
        ("QueueWithdrawals", 1, 4),
        ("MineBlocks", None, 4),
        ("CompleteQueuedWithdrawal", Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS, 4),
    ]


def test_the_old_finding_ends_well_in_the_newest_release() -> None:
    """The calls of an older release's finding are made in the newest one, with payouts after their delay.

    Then the last staker to leave is paid, and law SOLV-02 holds.
    """
    _, trace = load_trace(FINDINGS / OLD.catalogue.known_violations["SOLV-02"].trace, known_protocols())
    actions = actions_of(trace)
    head = {**trace.head, "release": "v1.13.1"}
    head["config"] = {**cast("dict[str, Any]", trace.head["config"]), "slash_resolution_delay_blocks": 6}
    first = next(at for at, action in enumerate(actions) if isinstance(action, ClearBurnOrRedistributableShares))
    report = follow("eigenlayer", trace_of(head), [*actions[:first], MineBlocks(7), *actions[first:]])
    assert (report.rejected, set(report.known_broken.values())) == ({}, {0})
    assert "SOLV-02" in report.known_broken


def trace_of(head: dict[str, Any]) -> Trace:
    return known_protocols()["eigenlayer"].read_trace(known_protocols()["eigenlayer"].write_trace(head, []))
