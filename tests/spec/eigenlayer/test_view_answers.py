"""The recorded answers of views: the greatest number that a view can return, and the inputs on which it reverts."""

import pytest

from spec.arithmetic import UINT32_MAX, UINT256_MAX, WAD
from spec.codec import MalformedTrace
from spec.eigenlayer import views
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.state import (
    POD_OWNERS,
    QUEUED_SHARES,
    STAKER_SHARES,
    WITHDRAWALS,
    PodOwner,
    QueuedShares,
    StakerShares,
    Withdrawal,
)
from spec.eigenlayer.view_answers import VIEW_ANSWER, queued_shares_answer, withdrawable_shares_answer
from tests.spec.eigenlayer.conftest import Chain

OVERFLOW = "revert:Error(Math: mulDiv overflow)"
PANIC = "revert:Panic(0x11)"
HALF = (UINT256_MAX + 1) // 2


@pytest.mark.parametrize(("shares", "factor_wad"), [(HALF - 1, 2 * WAD), (HALF, 2 * WAD)])
@pytest.mark.parametrize("strategy", ["strategy0", BEACON_CHAIN_ETH])
def test_withdrawable_shares_are_a_number_as_long_as_the_scaled_ones_fit(
    strategy: str, shares: int, factor_wad: int
) -> None:
    chain = Chain()
    if strategy == BEACON_CHAIN_ETH:
        chain.state.rows(POD_OWNERS)["staker"] = PodOwner(shares, factor_wad)
    else:
        chain.state.rows(STAKER_SHARES)[("staker", strategy)] = StakerShares(shares, factor_wad)
    expected = str(2 * shares) if shares < HALF else OVERFLOW
    assert withdrawable_shares_answer(chain.now, "staker", strategy) == expected
    assert views.withdrawable_shares_of(chain.now, "staker", strategy) == 2 * shares


@pytest.mark.parametrize(("start_block", "expected"), [(UINT32_MAX - 10, "7"), (UINT32_MAX - 9, PANIC)])
def test_queued_shares_are_a_number_as_long_as_the_window_ends_in_a_block(start_block: int, expected: str) -> None:
    chain = Chain()
    chain.state.rows(WITHDRAWALS)[("staker", 0)] = Withdrawal(1, start_block, is_pending=True)
    chain.state.rows(QUEUED_SHARES)[("staker", 0, 0)] = QueuedShares("operator", "strategy0", start_block, 7)
    assert queued_shares_answer(chain.now, "staker", 0, 0) == expected
    assert views.queued_shares_of(chain.now, "staker", 0, 0) == 7


def test_an_answer_is_an_amount_or_an_error_of_these_views() -> None:
    assert [VIEW_ANSWER.read(value, "shares", {}) for value in ("0", PANIC, OVERFLOW)] == ["0", PANIC, OVERFLOW]
    for wrong, message in (
        ("revert:Paused", "shares: unknown error 'revert:Paused'"),
        ("-1", "shares: expected a decimal string, found '-1'"),
    ):
        with pytest.raises(MalformedTrace) as refused:
            VIEW_ANSWER.read(wrong, "shares", {})
        assert str(refused.value) == message
