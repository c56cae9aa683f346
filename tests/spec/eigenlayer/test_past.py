"""The past in a trace's genesis: burnable shares from before, and withdrawals queued before."""

from typing import Any, cast

import pytest

from invariants.eigenlayer.world import world_with_a_past
from spec.codec import MalformedTrace
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.state import CUMULATIVE_SCALED_SHARES, STRATEGIES, Strategy
from spec.machine import Draft


def head_with(**of_strategy1: str) -> dict[str, Any]:
    head = cast("dict[str, Any]", world_with_a_past("a past", 3, 10, 12345))
    head["genesis"]["strategies"]["strategy1"].update(of_strategy1)
    return head


def test_a_genesis_holds_what_was_owed_and_queued_before() -> None:
    genesis = PROTOCOL.read_trace(PROTOCOL.write_trace(head_with(), [])).genesis
    rows = Draft(genesis)
    assert rows.get(STRATEGIES, "strategy1") == Strategy("token1", 1, True, 7, 7)
    operator_strategy = ("operator0", "strategy1")
    assert [CUMULATIVE_SCALED_SHARES.value_at(rows, operator_strategy, block) for block in (0, 2, 3)] == [12345] * 3


def test_more_is_not_owed_than_a_strategy_holds() -> None:
    """The strategy holds ten tokens, and each burnable share stands for at least one token."""
    where = "genesis.strategies.strategy1.legacy_burnable_shares"
    with pytest.raises(MalformedTrace) as refused:
        PROTOCOL.read_trace(PROTOCOL.write_trace(head_with(legacy_burnable_shares="11"), []))
    assert str(refused.value) == f"{where}: more than the strategy can have, which holds 10 tokens"
