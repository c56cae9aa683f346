"""Shrinking: runs that break a law become short and simple, and equal runs always shrink to equal results."""

from typing import TYPE_CHECKING, Any

import pytest

from harness import shrinking
from harness.protocols import load_walk
from harness.shrinking import first_break, needed, shrink
from harness.simplifying import cost, lowered, numbers, renamings, replaced, simpler_amounts, sums, variants
from invariants.walker import Walk, random_walk
from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    AllocationRequest,
    CompleteQueuedWithdrawal,
    Completion,
    MineBlocks,
    ModifyAllocations,
    SlashOperator,
)
from spec.symbiotic.actions import AdvanceTime, ClaimBatch, Slash, TransferCollateral

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")


def never() -> bool:
    return False


def test_the_same_run_always_shrinks_to_the_same_one(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    shortest = shrink(walk, "POOL-01", actions, never)
    assert shrink(walk, "POOL-01", actions, never) == shortest
    assert shrink(walk, "POOL-01", shortest, never) == shortest
    assert (len(actions), len(shortest)) == (325, 2)
    found = first_break(walk.only(("POOL-01",)), shortest)
    assert found is not None
    assert found.violation is not None
    assert (found.position, found.violation.law.law_id) == (1, "POOL-01")


def test_a_run_that_breaks_nothing_stays_as_it_is(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    assert shrink(walk, "POOL-03", actions, never) == actions
    assert shrink(load_walk("pool_laws:WALK"), "POOL-01", actions, never) == actions


def test_the_effort_is_bounded_in_steps(broken: tuple[Walk, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    walk, actions = broken
    monkeypatch.setattr(shrinking, "STEPS", 2_000)
    some = shrink(walk, "POOL-01", actions, never)
    assert 2 < len(some) < len(actions)
    assert first_break(walk, some) is not None
    assert shrink(walk, "POOL-01", actions, never) == some


def test_a_rule_that_raises_on_another_run_ends_nothing(mistaken: "Mistaken") -> None:
    mistake = """if isinstance(action, Withdraw) and isinstance(outcome, Delta):
        if pool.shares > 100: raise KeyError(pool.shares)
        draft.put(POOL, SINGLETON, Pool(pool.stake, pool.shares + 1))"""
    walk = load_walk(mistaken(mistake))
    assert len(shrink(walk, "POOL-01", first_walk_that_breaks(walk), never)) == 1


def first_walk_that_breaks(walk: Walk) -> list[Any]:
    for seed in range(100):
        try:
            report = random_walk(walk.only(("POOL-01",)), seed, 400)
        except KeyError:
            continue
        if len(report.actions) > 3:
            return report.actions
    raise AssertionError


ALLOCATION = ModifyAllocations(
    "operator0", "operator0", (AllocationRequest(("avs0", 1), ("strategy0", "strategy1"), (WAD, 5)),)
)
COMPLETION = CompleteQueuedWithdrawal("staker0", Completion("staker0", 3, ("token0",), True))


def test_actions_are_taken_apart_by_their_fields() -> None:
    assert numbers(ALLOCATION) == [("requests", 1), ("requests", WAD), ("requests", 5)]
    assert numbers(COMPLETION) == [("nonce", 3)]
    assert lowered(COMPLETION, "nonce", 1).completion.nonce == 2
    assert lowered(COMPLETION, "nonce", 4) == COMPLETION
    assert lowered(ClaimBatch("a", "v", "a", (1, 2)), "epochs", 1).epochs == (0, 1)
    assert replaced(COMPLETION, "staker0", "x") == CompleteQueuedWithdrawal("x", Completion("x", 3, ("token0",), True))
    assert replaced(COMPLETION, 1, 9) == COMPLETION, "a flag is no number"
    assert [each.sender for each in renamings(COMPLETION, "y")] == ["y", "staker0", "staker0"]
    assert sums(MineBlocks(2), MineBlocks(3)) == [MineBlocks(5)]
    assert sums(AdvanceTime(2), MineBlocks(2)) == []
    first, second = (Slash("m", "v", ("n", 0), "o", amount, 7) for amount in (1, 2))
    assert sums(first, second) == [Slash("m", "v", ("n", 0), "o", 3, 7)]


def test_lists_that_go_together_become_shorter_together() -> None:
    slash = SlashOperator("avs0", "avs0", "operator0", 1, ("strategy0", "strategy1"), (7, 8))
    simpler = variants(slash)
    assert simpler[0] == SlashOperator("avs0", "avs0", "operator0", 1, ("strategy1",), (8,))
    assert simpler[1] == SlashOperator("avs0", "avs0", "operator0", 1, ("strategy0",), (7,))
    assert ModifyAllocations("operator0", "operator0", ()) in variants(ALLOCATION)


def test_round_amounts_are_simpler() -> None:
    assert simpler_amounts(0) == []
    assert simpler_amounts(2) == [0, 1]
    assert WAD // 10 in simpler_amounts(WAD)
    assert WAD - 1 not in simpler_amounts(WAD)
    assert 10**20 in simpler_amounts(123456789012345678901)
    assert cost((MineBlocks(5),)) < cost((MineBlocks(12),)) < cost((MineBlocks(1), MineBlocks(1)))


def test_what_the_last_call_does_not_need_is_left_out() -> None:
    """`needed` keeps the calls on which the last call's answer and written rows depend. If the last call is rejected,
    only its reason must stay the same.
    """
    walk = load_walk("symbiotic")
    paid = TransferCollateral("staker0", "staker1", 7)
    actions = [*walk.opening(), AdvanceTime(3), TransferCollateral("staker1", "outsider0", 1), paid]
    assert needed(walk, walk.genesis(), actions, never) == actions[-2:]
    too_much = TransferCollateral("outsider0", "staker1", 2)
    assert needed(walk, walk.genesis(), [*actions, too_much], never) == [too_much]
