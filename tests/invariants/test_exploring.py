"""Bounded models are searched completely: counts equal the recorded ones and those of a naive search, and a planted bug
is found.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from harness.protocols import known_bounded_models, pack_at
from invariants.exploring import BoundedModel, Exploration, explore, inverse_of, opened
from invariants.walker import Walk, random_walk
from spec.machine import Delta, Draft, State, commit, step

# (sequences of n accepted calls, states that n calls reach and fewer do not), and the steps executed with pruning.
GOLDEN: dict[str, tuple[list[int], list[int], int]] = {
    "eigenlayer": ([1, 19, 347, 6108], [1, 17, 175, 1506], 4876),
    "symbiotic": ([1, 14, 189, 2472, 31454], [1, 14, 123, 909, 6155], 23034),
}


NOT_OF_THE_BOUNDED_MODEL = {
    "eigenlayer": {
        *("DELEG-10", "DELEG-12", "DELEG-13", "DEP-02", "EXIT-05", "MAG-07", "MAG-08", "SET-01", "SLASH-09"),
        *("TIME-01", "TIME-02", "TIME-04", "TIME-05", "VIEW-06", "AUTH-09", "RWD-05", "ETH-12"),
    },
    "symbiotic": {
        *("AUTH-02", "AUTH-08", "DEP-02", "DEP-03", "DEP-04", "LIVE-03", "LIVE-07"),
        *("OPT-02", "RES-01", "RES-02", "REWARD-03", "REWARD-04", "REWARD-07", "VIEW-08"),
    },
}
"""For each protocol, the laws that its bounded model never checks, since they are about calls that the model leaves
out.

These calls are about operators, transfers, several completions and claims, clearing, sets, delays, slashers, limits,
networks' settings, whitelists, opt-ins, resolvers, burning, admin fees, gifts, choices of the owner of rewards, and new
pods.
"""


def depth_of(protocol: str) -> int:
    """The depth to which a protocol's bounded model is searched. There every law is checked; it is smaller for the
    model with more calls.
    """
    return len(GOLDEN[protocol][0]) - 1


def to_the_end(_: Exploration) -> bool:
    return True


def canonical(model: BoundedModel, state: State) -> frozenset[tuple[str, object, object]]:
    """A state as the set of its rows that differ from their tables' defaults."""
    return frozenset(
        (table.name, key, row)
        for table in model.walk.protocol.schema.tables
        for key, row in state.rows(table).items()
        if row != table.default
    )


def naive(model: BoundedModel, depth: int) -> tuple[list[int], list[int]]:
    """For each length up to `depth`, the number of sequences of accepted calls, and of states first reached by them.
    Both are computed breadth first, on copies of whole states.
    """
    first = opened(model)
    layer = {canonical(model, first): (first, 1)}
    met = set(layer)
    sequences, states = [1], [1]
    for _ in range(depth):
        after: dict[frozenset[tuple[str, object, object]], tuple[State, int]] = {}
        for state, ways in layer.values():
            for call in model.calls:
                reached, outcome = step(model.walk.protocol.transition, state, call)
                if isinstance(outcome, Delta):
                    same = canonical(model, reached)
                    after[same] = (reached, ways + after.get(same, (reached, 0))[1])
        sequences.append(sum(ways for _, ways in after.values()))
        states.append(len(after.keys() - met))
        met |= after.keys()
        layer = after
    return sequences, states


@pytest.mark.parametrize("protocol", known_bounded_models())
def test_the_counts_are_these_in_every_build_and_every_call_and_law_is_met(protocol: str) -> None:
    report = explore(known_bounded_models()[protocol], depth_of(protocol), True, to_the_end)
    assert (report.sequences, report.states, report.steps) == GOLDEN[protocol]
    assert report.is_complete
    assert report.distinct_states == sum(report.states)
    assert report.broken == {}
    assert set(report.accepted) == {type(call).__name__ for call in known_bounded_models()[protocol].calls}
    assert {law for law, checked in report.checked.items() if not checked} == NOT_OF_THE_BOUNDED_MODEL[protocol]


@pytest.mark.parametrize("protocol", known_bounded_models())
def test_a_naive_search_counts_the_same(protocol: str) -> None:
    sequences, states, _ = GOLDEN[protocol]
    assert naive(known_bounded_models()[protocol], 3) == (sequences[:4], states[:4])


def test_an_older_release_counts_as_it_did() -> None:
    model = pack_at("eigenlayer@v1_12_0").bounded_model
    assert model is not None
    assert naive(model, 2) == ([1, 19, 349], [1, 17, 177])


@pytest.mark.parametrize("protocol", known_bounded_models())
def test_pruning_misses_nothing(protocol: str) -> None:
    model = known_bounded_models()[protocol]
    depth = depth_of(protocol) - 1
    pruned, whole = explore(model, depth, True, to_the_end), explore(model, depth, False, to_the_end)
    assert (pruned.sequences, pruned.states) == (whole.sequences, whole.states)
    assert whole.steps == len(model.calls) * sum(whole.sequences[:depth]) > pruned.steps
    assert {law for law, checked in pruned.checked.items() if checked} == {
        law for law, checked in whole.checked.items() if checked
    }


@pytest.mark.parametrize("protocol", known_bounded_models())
def test_an_inverse_delta_undoes_a_step(protocol: str) -> None:
    model = known_bounded_models()[protocol]
    state = opened(model)
    before = canonical(model, state)
    for call in model.calls:
        outcome = model.walk.protocol.transition(Draft(state), call)
        if isinstance(outcome, Delta):
            inverse = inverse_of(state, outcome)
            commit(state, outcome)
            commit(state, inverse)
            assert canonical(model, state) == before


def test_a_planted_bug_is_met_by_its_shortest_sequence() -> None:
    """The bug: a completed withdrawal stays queued. A sequence of three calls shows it, and no shorter one does."""
    model = known_bounded_models()["eigenlayer"]
    right, kept = model.walk.protocol.transition, ("withdrawals", "queued_shares")

    def wrong(draft: Draft, call: Any) -> Any:
        outcome = right(draft, call)
        if isinstance(outcome, Delta) and type(call).__name__ == "CompleteQueuedWithdrawal":
            return Delta([write for write in outcome.writes if write.table.name not in kept], outcome.returns)
        return outcome

    protocol = model.walk.protocol.with_transition(wrong)
    walk = Walk(protocol, model.walk.catalogue, model.walk.world, model.walk.opening, model.walk.next_action)
    broken = BoundedModel(walk, model.calls)
    report = explore(broken, 3, True, to_the_end)
    assert report.is_complete
    assert {law: [type(call).__name__ for call in found.calls] for law, found in report.broken.items()} == {
        law: ["Undelegate", "MineBlocks", "CompleteQueuedWithdrawal"]
        for law in ("EXIT-03", "EXIT-07", "SOLV-01", "SOLV-03", "VIEW-02")
    }


def test_a_search_ends_when_it_is_told_to() -> None:
    report = explore(known_bounded_models()["eigenlayer"], 9, True, lambda report: report.steps < 3_000)
    assert (report.is_complete, report.steps, report.states) == (False, 3_000, [])
    assert report.checked["CONS-01"] > 0


def test_an_opening_that_is_rejected_is_refused() -> None:
    model = known_bounded_models()["symbiotic"]
    walk = model.walk
    again = [*walk.opening(), walk.opening()[0]]
    twice = BoundedModel(Walk(walk.protocol, walk.catalogue, walk.world, lambda: again, walk.next_action), model.calls)
    with pytest.raises(ValueError, match=r"the opening of a bounded model is rejected: .* is AlreadySet"):
        opened(twice)


@pytest.mark.parametrize("protocol", known_bounded_models())
def test_a_small_world_can_be_walked_too(protocol: str) -> None:
    report = random_walk(known_bounded_models()[protocol].walk, 0, 300)
    assert (report.steps, report.violations) == (300, [])


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[BoundedModel]:
    """A fixture: a bounded model of the documentation's staking pool, where one staker deposits three or withdraws
    three or one.
    """
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs" / "third_protocol"))
    laws, rules = import_module("pool_laws"), import_module("staking_pool")
    walk = laws.WALK
    empty = Walk(walk.protocol, walk.catalogue, walk.world, list, walk.next_action)
    yield BoundedModel(empty, [rules.Deposit("staker0", 3), rules.Withdraw("staker0", 3), rules.Withdraw("staker0", 1)])
    del sys.modules["pool_laws"], sys.modules["staking_pool"]


def test_a_row_that_is_back_at_its_default_is_as_if_it_were_never_written(pool: BoundedModel) -> None:
    """A deposit of three and a withdrawal of three return to the first state: a row equal to its default counts as
    never written.
    """
    report = explore(pool, 3, True, to_the_end)
    assert (report.sequences, report.states) == ([1, 1, 3, 6], [1, 1, 2, 3])
    assert naive(pool, 3) == (report.sequences, report.states)


def test_the_shortest_sequence_is_shown_though_a_longer_one_is_met_first(pool: BoundedModel) -> None:
    walk = pool.walk

    def wrong(draft: Draft, call: Any) -> Any:
        outcome = walk.protocol.transition(draft, call)
        if isinstance(outcome, Delta) and type(call).__name__ == "Withdraw":
            return Delta(outcome.writes[1:], outcome.returns)
        return outcome

    broken = Walk(walk.protocol.with_transition(wrong), walk.catalogue, walk.world, walk.opening, walk.next_action)
    report = explore(BoundedModel(broken, pool.calls), 4, True, to_the_end)
    assert [type(call).__name__ for call in report.broken["POOL-01"].calls] == ["Deposit", "Withdraw"]
