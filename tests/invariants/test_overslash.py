"""Slashes that book more than the vault can pay: the shortest runs, and the largest amount that can be missing."""

from typing import Any, cast

import pytest

from invariants.checking import Checker, compute_totals
from invariants.choices import Seeded
from invariants.eigenlayer import laws as eigenlayer
from invariants.law import AcceptedStep, View
from invariants.symbiotic.bounded_model import BOUNDED_MODEL, MIDDLEWARES, SHARED, START
from invariants.symbiotic.state_queries import stake_of, terms_of
from invariants.symbiotic.walk import RESTAKING, WALK
from spec.arithmetic import WAD
from spec.eigenlayer.actions import SlashOperator
from spec.eigenlayer.state import MAX_MAGNITUDES, OPERATOR_SHARES, SCHEMA, OperatorShares
from spec.machine import SINGLETON, Delta, Draft, apply, commit
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Deposit,
    ExecuteSlash,
    Redeem,
    SetOperatorNetworkShares,
    Slash,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import ACTIVE_STAKE, CLOCK, CUMULATIVE_SLASHES


def slash(network: str) -> Action:
    return Slash(MIDDLEWARES[network], SHARED, (network, 0), "operator0", 10, START)


def test_two_networks_book_the_whole_stake_and_the_vault_pays_it_once() -> None:
    walk = BOUNDED_MODEL.walk
    checker = Checker(walk.catalogue, walk.genesis())

    def accepted(action: Action) -> object:
        outcome = walk.protocol.transition(Draft(checker.state), action)
        assert isinstance(outcome, Delta)
        assert checker.accept(action, outcome) == []
        return outcome.returns

    for action in walk.opening():
        accepted(action)
    assert accepted(slash("network0")) == (6, 6)
    assert checker.checked["SLASH-08"] == checker.seen["SEEN-02"] == 0
    assert accepted(slash("network1")) == (6, 0)
    assert checker.checked["SLASH-08"] == checker.seen["SEEN-02"] == checker.seen["SEEN-03"] == 1
    rows = Draft(checker.state)
    booked = [CUMULATIVE_SLASHES.latest(rows, (SHARED, (network, 0), "operator0")) for network in MIDDLEWARES]
    assert booked == [6, 6]
    assert checker.scan() == []


def test_what_leavers_paid_counts_against_a_later_capture() -> None:
    """The stake is 10 at a first capture and 5 at a second, since 5 were redeemed in between.

    A slash of 5 for the first capture takes a part from the redeemed stake. All 5 count against the second capture,
    although a stake of 3 remains.
    """
    state = WALK.genesis()

    def try_(action: Action) -> object:
        outcome = WALK.protocol.transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
            return outcome.returns
        return outcome

    for action in WALK.opening():
        try_(action)
    try_(AdvanceTime(20))
    try_(SetOperatorNetworkShares("admin0", RESTAKING, ("network0", 0), "operator1", 0))
    try_(Deposit("staker0", RESTAKING, "staker0", 10))
    try_(AdvanceTime(1))
    try_(Redeem("staker0", RESTAKING, "staker0", 5))
    try_(AdvanceTime(1))
    now = Draft(state).get(CLOCK, SINGLETON).timestamp
    assert stake_of(Draft(state), RESTAKING, ("network0", 0), "operator0", now - 2) == 10
    assert stake_of(Draft(state), RESTAKING, ("network0", 0), "operator0", now - 1) == 5
    assert try_(Slash("middleware0", RESTAKING, ("network0", 0), "operator0", 5, now - 2)) == (5, 5)
    assert ACTIVE_STAKE.latest(Draft(state), RESTAKING) == 3
    second = Slash("middleware0", RESTAKING, ("network0", 0), "operator0", 5, now - 1)
    assert try_(second) is Reason.INSUFFICIENT_SLASH


@pytest.mark.parametrize("first_seed", [0, 20])
def test_what_is_booked_and_not_paid_was_taken_by_others_since_the_capture(first_seed: int) -> None:
    """Of each slash, the amount booked but not paid is at most what slashes of others took since its capture.

    Laws about single steps imply this bound of a whole run; here it is checked with a record of all payments.
    """
    missing = 0
    for seed in range(first_seed, first_seed + 20):
        state, choices = WALK.genesis(), Seeded(seed)
        paid: list[tuple[str, Any, int, int]] = []
        opening = WALK.opening()
        for position in range(400):
            action = opening[position] if position < len(opening) else WALK.next_action(choices, Draft(state))
            outcome = WALK.protocol.transition(Draft(state), action)
            if not isinstance(outcome, Delta):
                continue
            if isinstance(action, Slash | ExecuteSlash):
                asked = terms_of(Draft(state), action)
                whose = (asked.subnetwork, asked.operator)
                booked_amount, paid_amount = cast("tuple[int, int]", outcome.returns)
                by_others = sum(
                    amount
                    for vault, other, timestamp, amount in paid
                    if vault == asked.vault and other != whose and timestamp > asked.capture_timestamp
                )
                assert booked_amount - paid_amount <= by_others
                missing += booked_amount > paid_amount
                paid.append((asked.vault, whose, Draft(state).get(CLOCK, SINGLETON).timestamp, paid_amount))
            commit(state, outcome)
    assert missing > 10


@pytest.mark.parametrize(("shares", "is_right"), [(50, True), (51, False), (49, False), (0, False)])
def test_a_slash_is_judged_in_every_strategy_of_eigenlayer(shares: int, is_right: bool) -> None:
    """Regression: SLASH-02 stopped judging at the first strategy in which the operator has no magnitude left."""
    (law,) = [law for law in eigenlayer.CATALOGUE.step_laws if law.law_id == "SLASH-02"]
    before = Draft(SCHEMA.empty_state())
    MAX_MAGNITUDES.push(before, ("operator0", "gone"), 1, 0)
    before.put(OPERATOR_SHARES, ("operator0", "left"), OperatorShares(100))
    state = apply(SCHEMA.empty_state(), before.delta())
    draft = Draft(state)
    MAX_MAGNITUDES.push(draft, ("operator0", "left"), 2, WAD // 2)
    draft.put(OPERATOR_SHARES, ("operator0", "left"), OperatorShares(shares))
    totals = compute_totals(eigenlayer.CATALOGUE, state)
    action = SlashOperator("avs0", "avs0", "operator0", 0, ("gone", "left"), (WAD // 2, WAD // 2))
    step = AcceptedStep(View(Draft(state), totals), action, draft.delta(), View(draft, totals))
    assert law.holds(step) is is_right
