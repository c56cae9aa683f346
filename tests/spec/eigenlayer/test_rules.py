"""The contracts' behaviour beyond the recorded traces: order of checks, overflows, and rare combinations."""

from collections.abc import Callable

import attrs
import pytest

from spec.eigenlayer import actions, views
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    SLASHERS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Allocation,
    AllocationDelay,
    Clock,
    OperatorShares,
    Slash,
    Slasher,
    StakerShares,
    Strategy,
    TokenBalance,
)
from spec.machine import SINGLETON
from tests.spec.eigenlayer.conftest import Chain

WAD = 10**18
UINT256_MAX = 2**256 - 1


def slash(wad: int, *strategies: str) -> actions.SlashOperator:
    names = strategies or ("strategy0",)
    return actions.SlashOperator("slasher", "avs", "operator", 1, names, (wad,) * len(names))


def queue(amount: int, staker: str = "staker", strategy: str = "strategy0") -> actions.QueueWithdrawals:
    return actions.QueueWithdrawals(staker, (actions.WithdrawalRequest((strategy,), (amount,)),))


def complete(nonce: int, as_tokens: bool, staker: str = "staker", *tokens: str) -> actions.CompleteQueuedWithdrawal:
    return actions.CompleteQueuedWithdrawal(staker, actions.Completion(staker, nonce, tokens or ("token0",), as_tokens))


def allocate(magnitude: int, strategy: str = "strategy0") -> actions.ModifyAllocations:
    return actions.ModifyAllocations(
        "operator", "operator", (actions.AllocationRequest(("avs", 1), (strategy,), (magnitude,)),)
    )


def at_block(chain: Chain, block: int) -> None:
    chain.state.rows(CLOCK)[SINGLETON] = Clock(block)


# The order of checks: each call fails for several reasons, and the contract names the first.


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (actions.DepositIntoStrategy("nobody", "strategy9", "token0", 1), Reason.STRATEGY_NOT_WHITELISTED),
        (actions.DepositIntoStrategy("nobody", "strategy0", "token1", 1), Reason.ERC20_INSUFFICIENT_ALLOWANCE),
        (actions.DepositIntoStrategy("staker", "strategy0", "token1", 10**31), Reason.ERC20_INSUFFICIENT_BALANCE),
        (actions.DepositIntoStrategy("staker", "strategy0", "token1", 0), Reason.ONLY_UNDERLYING_TOKEN),
        (actions.DepositIntoStrategy("nobody", "strategy0", "token0", 0), Reason.NEW_SHARES_ZERO),
        (actions.RegisterAsOperator("staker", ZERO_ADDRESS, 0), Reason.ACTIVELY_DELEGATED),
        (actions.DelegateTo("staker", "nobody", NO_APPROVAL), Reason.ACTIVELY_DELEGATED),
        (actions.Redelegate("other", "nobody", NO_APPROVAL), Reason.NOT_ACTIVELY_DELEGATED),
        (actions.Redelegate("staker", "nobody", NO_APPROVAL), Reason.OPERATOR_NOT_REGISTERED),
        (actions.Undelegate("nobody", "other"), Reason.NOT_ACTIVELY_DELEGATED),
        (actions.Undelegate("nobody", "operator"), Reason.OPERATORS_CANNOT_UNDELEGATE),
        (actions.Undelegate(ZERO_ADDRESS + "x", "staker"), Reason.CALLER_CANNOT_UNDELEGATE),
        (
            actions.CompleteQueuedWithdrawal("other", actions.Completion("staker", 0, (), True)),
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
        ),
        (
            actions.CompleteQueuedWithdrawal("other", actions.Completion("staker", 0, ("t",), True)),
            Reason.WITHDRAWER_NOT_CALLER,
        ),
        (
            actions.CompleteQueuedWithdrawal("staker", actions.Completion("staker", 7, ("t",), True)),
            Reason.WITHDRAWAL_NOT_QUEUED,
        ),
        (
            actions.CompleteQueuedWithdrawal("staker", actions.Completion("staker", 0, ("t",), True, True)),
            Reason.WITHDRAWAL_NOT_QUEUED,
        ),
        (complete(0, True), Reason.WITHDRAWAL_DELAY_NOT_ELAPSED),
        (actions.CreateOperatorSets("x", "unknown", ()), Reason.INVALID_PERMISSIONS),
        (actions.CreateOperatorSets("unknown", "unknown", ()), Reason.NONEXISTENT_AVS_METADATA),
        (actions.CreateRedistributingOperatorSets("x", "unknown", (), ("x",)), Reason.INVALID_PERMISSIONS),
        (
            actions.CreateRedistributingOperatorSets("unknown", "unknown", (), ("x",)),
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
        ),
        (
            actions.CreateRedistributingOperatorSets(
                "avs", "avs", (actions.OperatorSetRequest(1, (), ZERO_ADDRESS),), (ZERO_ADDRESS,)
            ),
            Reason.INPUT_ADDRESS_ZERO,
        ),
        (
            actions.CreateRedistributingOperatorSets(
                "avs", "avs", (actions.OperatorSetRequest(1, (), ZERO_ADDRESS),), ("burn",)
            ),
            Reason.INVALID_REDISTRIBUTION_RECIPIENT,
        ),
        (
            actions.CreateOperatorSets("avs", "avs", (actions.OperatorSetRequest(1, ("s", "s"), ZERO_ADDRESS),)),
            Reason.INVALID_OPERATOR_SET,
        ),
        (
            actions.CreateOperatorSets("avs", "avs", (actions.OperatorSetRequest(2, ("s", "s"), ZERO_ADDRESS),)),
            Reason.STRATEGY_ALREADY_IN_OPERATOR_SET,
        ),
        (
            actions.CreateOperatorSets("avs", "avs", (actions.OperatorSetRequest(2, (), ZERO_ADDRESS),)),
            Reason.INPUT_ADDRESS_ZERO,
        ),
        (actions.UpdateSlasher("x", ("avs", 9), ZERO_ADDRESS), Reason.INVALID_PERMISSIONS),
        (actions.UpdateSlasher("avs", ("avs", 9), ZERO_ADDRESS), Reason.INVALID_OPERATOR_SET),
        (actions.UpdateSlasher("avs", ("avs", 1), ZERO_ADDRESS), Reason.INPUT_ADDRESS_ZERO),
        (actions.RegisterForOperatorSets("x", "staker", "avs", (9,)), Reason.INVALID_PERMISSIONS),
        (actions.RegisterForOperatorSets("staker", "staker", "avs", (9,)), Reason.INVALID_OPERATOR),
        (actions.RegisterForOperatorSets("operator", "operator", "avs", (9, 1)), Reason.INVALID_OPERATOR_SET),
        (actions.RegisterForOperatorSets("operator", "operator", "avs", (1, 9)), Reason.ALREADY_MEMBER_OF_SET),
        (actions.DeregisterFromOperatorSets("x", "operator", "avs", (9,)), Reason.INVALID_CALLER),
        (actions.DeregisterFromOperatorSets("avs", "operator", "avs", (1, 1)), Reason.NOT_MEMBER_OF_SET),
        (actions.ModifyAllocations("x", "staker", ()), Reason.INVALID_PERMISSIONS),
        (actions.ModifyAllocations("staker", "staker", ()), Reason.UNINITIALIZED_ALLOCATION_DELAY),
        (
            actions.ModifyAllocations("operator", "operator", (actions.AllocationRequest(("avs", 9), ("s",), ()),)),
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
        ),
        (actions.SetAllocationDelay("x", "staker", 1), Reason.INVALID_PERMISSIONS),
        (actions.SetAllocationDelay("staker", "staker", 1), Reason.INVALID_OPERATOR),
        (actions.ClearDeallocationQueue("x", "nobody", ("s",), ()), Reason.INPUT_ARRAY_LENGTH_MISMATCH),
        (actions.SlashOperator("x", "avs", "staker", 9, ("s",), ()), Reason.INPUT_ARRAY_LENGTH_MISMATCH),
        (actions.SlashOperator("x", "avs", "staker", 9, ("s",), (0,)), Reason.INVALID_OPERATOR_SET),
        (actions.SlashOperator("x", "avs", "staker", 1, ("s",), (0,)), Reason.OPERATOR_NOT_SLASHABLE),
        (actions.SlashOperator("x", "avs", "operator", 1, ("s",), (0,)), Reason.INVALID_CALLER),
        (slash(0, "strategy2"), Reason.INVALID_WAD_TO_SLASH),
        (slash(WAD + 1, "strategy2"), Reason.INVALID_WAD_TO_SLASH),
        (slash(1, "strategy2"), Reason.STRATEGY_NOT_IN_OPERATOR_SET),
        (
            actions.SlashOperator("slasher", "avs", "operator", 1, ("strategy1", "strategy0"), (1, 0)),
            Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER,
        ),
        (slash(1, "strategy1", "strategy1"), Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER),
    ],
)
def test_the_first_failing_check_names_the_reason(chain: Chain, action: actions.Action, reason: Reason) -> None:
    chain.secured()
    chain.do(queue(1))
    before = chain.state.copy()
    assert chain.try_(action) is reason
    assert chain.state.tables == before.tables


def test_approvals_are_checked_salt_then_expiry_then_signature(chain: Chain) -> None:
    chain.do(actions.RegisterAsOperator("operator", "approver", 0))
    expired_by_nobody = actions.DelegateTo("staker", "operator", actions.Approval(ZERO_ADDRESS, 5, True))
    assert chain.try_(expired_by_nobody) is Reason.SIGNATURE_EXPIRED
    assert chain.try_(actions.DelegateTo("staker", "operator", NO_APPROVAL)) is Reason.INVALID_SIGNATURE
    chain.do(actions.DelegateTo("staker", "operator", actions.Approval("approver", 5, False)))
    assert (
        chain.try_(actions.DelegateTo("other", "operator", actions.Approval(ZERO_ADDRESS, 5, True)))
        is Reason.SALT_SPENT
    )


def test_without_an_approver_no_salt_is_spent(chain: Chain) -> None:
    chain.do(
        actions.RegisterAsOperator("operator", ZERO_ADDRESS, 0),
        actions.DelegateTo("staker", "operator", actions.Approval("approver", 5, False)),
        actions.DelegateTo("other", "operator", actions.Approval("approver", 5, False)),
    )


# Overflows and panics.


def test_a_deposit_into_an_inflated_strategy_panics_or_is_worth_nothing(chain: Chain) -> None:
    chain.deposit("staker", 0, 10**20)
    chain.state.rows(TOKEN_BALANCES)[("token0", "donor")] = TokenBalance(2**255)
    chain.do(actions.TransferToken("donor", "token0", "strategy0", 2**255))
    deposit = actions.DepositIntoStrategy("staker", "strategy0", "token0", 1)
    assert chain.try_(deposit) is Reason.NEW_SHARES_ZERO
    chain.state.rows(TOKEN_BALANCES)[("token0", "staker")] = TokenBalance(2**254)
    whole = actions.DepositIntoStrategy("staker", "strategy0", "token0", 2**254)
    assert chain.try_(whole) is Reason.ARITHMETIC_PANIC


def test_the_event_that_reports_the_rate_can_panic_alone(chain: Chain) -> None:
    """With 2^200 tokens the shares can still be computed, but the event's exchange rate, 10^18 times the balance,
    cannot.
    """
    chain.deposit("staker", 0, 10**20)
    chain.state.rows(TOKEN_BALANCES)[("token0", "strategy0")] = TokenBalance(2**200)
    chain.state.rows(TOKEN_BALANCES)[("token0", "staker")] = TokenBalance(2**190)
    assert chain.try_(actions.DepositIntoStrategy("staker", "strategy0", "token0", 2**185)) is Reason.ARITHMETIC_PANIC


def test_total_shares_have_a_maximum(chain: Chain) -> None:
    chain.state.rows(TOKEN_BALANCES)[("token0", "staker")] = TokenBalance(2 * 10**38)
    too_many = actions.DepositIntoStrategy("staker", "strategy0", "token0", 10**38)
    assert chain.try_(too_many) is Reason.TOTAL_SHARES_EXCEEDS_MAX
    assert chain.deposit("staker", 0, 10**38 - 1) == 10**38 - 1


def test_the_thirty_third_strategy_is_one_too_many(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(strategies=33)
    for strategy in range(32):
        chain.deposit("staker", strategy, 10)
    last = actions.DepositIntoStrategy("staker", "strategy32", "token32", 10)
    assert chain.try_(last) is Reason.MAX_STRATEGIES_EXCEEDED
    chain.do(queue(10, strategy="strategy5"))
    assert chain.now.get(STAKERS, "staker").strategy_list[5] == "strategy31"
    chain.do(last, actions.MineBlocks(11))
    assert chain.try_(complete(0, False, "staker", "token5")) is Reason.MAX_STRATEGIES_EXCEEDED
    chain.do(complete(0, True, "staker", "token5"))


def test_asking_for_too_much_is_three_different_errors(chain: Chain) -> None:
    """A withdrawal of more than the operator's shares panics. One above only the staker's shares is rejected as too
    high.

    If its product with the staker's scaling factor exceeds 256 bits, the multiplication overflows first.
    """
    chain.secured()
    chain.do(actions.DelegateTo("other", "operator", NO_APPROVAL))
    chain.deposit("other", 0, 500)
    assert chain.try_(queue(1501)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(queue(1500)) is Reason.SHARES_AMOUNT_TOO_HIGH
    assert chain.try_(queue(UINT256_MAX)) is Reason.ARITHMETIC_PANIC
    chain.state.rows(STAKER_SHARES)[("staker", "strategy0")] = StakerShares(1000, 2 * WAD)
    assert chain.try_(queue(UINT256_MAX)) is Reason.MUL_DIV_OVERFLOW


def test_after_a_full_slash_the_queue_history_decides_which_error(chain: Chain) -> None:
    chain.secured()
    chain.do(slash(WAD))
    assert chain.try_(queue(UINT256_MAX)) is Reason.SHARES_AMOUNT_TOO_HIGH
    chain.do(queue(1))
    assert chain.try_(queue(UINT256_MAX)) is Reason.ARITHMETIC_PANIC


def test_block_numbers_end_at_uint32(chain: Chain) -> None:
    chain.secured(WAD // 2)
    at_block(chain, 2**32 - 6)
    assert chain.try_(actions.SetAllocationDelay("operator", "operator", 0)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(actions.UpdateSlasher("avs", ("avs", 1), "new")) is Reason.ARITHMETIC_PANIC
    assert (
        chain.try_(actions.DeregisterFromOperatorSets("operator", "operator", "avs", (1,))) is Reason.ARITHMETIC_PANIC
    )
    assert chain.try_(allocate(1)) is Reason.ARITHMETIC_PANIC
    chain.do(allocate(WAD))
    chain.do(queue(1))
    assert chain.try_(complete(0, True)) is Reason.ARITHMETIC_PANIC
    at_block(chain, 2**32 - 7)
    chain.do(actions.SetAllocationDelay("operator", "operator", 0), actions.UpdateSlasher("avs", ("avs", 1), "new"))


def test_a_slash_in_the_first_blocks_of_a_chain_panics(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(block=10)
    chain.secured()
    assert chain.try_(slash(1)) is Reason.ARITHMETIC_PANIC
    assert views.slashable_shares_in_queue(chain.now, "operator", "strategy0") == 0
    chain.do(actions.MineBlocks(1), slash(1))


def test_magnitudes_over_uint64_and_over_the_maximum_are_different_errors(chain: Chain) -> None:
    chain.secured(1)
    assert chain.try_(allocate(2**64 - 1, "strategy1")) is Reason.INSUFFICIENT_MAGNITUDE
    chain.do(allocate(1, "strategy1"))
    other_set = actions.CreateOperatorSets("avs", "avs", (actions.OperatorSetRequest(2, ("strategy1",), "slasher"),))
    request = actions.AllocationRequest(("avs", 2), ("strategy1",), (2**64 - 1,))
    chain.do(other_set)
    assert chain.try_(actions.ModifyAllocations("operator", "operator", (request,))) is Reason.UINT64_OVERFLOW


def test_tokens_cannot_go_to_address_zero(chain: Chain) -> None:
    assert (
        chain.try_(actions.TransferToken("staker", "token0", ZERO_ADDRESS, 1)) is Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    )
    chain.do(actions.TransferToken("staker", "token0", "staker", 5))
    assert chain.now.get(TOKEN_BALANCES, ("token0", "staker")).amount == 10**30


# Rare combinations.


def test_one_withdrawal_may_take_from_a_strategy_twice(chain: Chain) -> None:
    chain.secured()
    twice = actions.WithdrawalRequest(("strategy0", "strategy0"), (400, 600))
    assert chain.do(actions.QueueWithdrawals("staker", (twice,))) == 1
    assert chain.now.get(STAKERS, "staker").strategy_list == ()
    chain.do(actions.MineBlocks(11), complete(0, False, "staker", "token0", "token0"))
    assert chain.now.get(STAKER_SHARES, ("staker", "strategy0")) == StakerShares(1000, WAD)
    assert chain.now.get(OPERATOR_SHARES, ("operator", "strategy0")) == OperatorShares(1000)


def test_a_batch_completes_all_or_none(chain: Chain) -> None:
    chain.secured()
    chain.do(queue(10), actions.MineBlocks(11), queue(20))
    completions = tuple(actions.Completion("staker", nonce, ("token0",), True) for nonce in (0, 1))
    before = chain.state.copy()
    batch = actions.CompleteQueuedWithdrawals("staker", completions)
    assert chain.try_(batch) is Reason.WITHDRAWAL_DELAY_NOT_ELAPSED
    assert chain.state.tables == before.tables
    chain.do(actions.MineBlocks(11), batch)
    assert chain.try_(batch) is Reason.WITHDRAWAL_NOT_QUEUED


def test_a_slash_of_nothing_counts_but_leaves_nothing_to_clear(chain: Chain) -> None:
    chain.secured(WAD)
    assert chain.do(slash(WAD, "strategy0", "strategy1")) == (1, (1000, 0))
    assert chain.do(slash(WAD, "strategy0", "strategy1")) == (2, (0, 0))
    assert chain.now.get(SLASHES, (("avs", 1), 1)).strategies == ("strategy0",)
    assert chain.now.get(SLASHES, (("avs", 1), 2)).strategies == ()
    assert chain.do(actions.ClearBurnOrRedistributableShares("anybody", ("avs", 1), 1)) == (1000,)
    assert chain.do(actions.ClearBurnOrRedistributableShares("anybody", ("avs", 1), 1)) == ()
    assert chain.now.get(TOKEN_BALANCES, ("token0", "burn")) == TokenBalance(1000)


def delayed(chain: Chain, delay_blocks: int = 7) -> None:
    """Sets the deployment to count queued shares as the newest release does, with this slash resolution delay."""
    config = attrs.evolve(
        chain.now.get(CONFIG, SINGLETON), slash_resolution_delay_blocks=delay_blocks, queue_counts_whole_shares=True
    )
    chain.state.rows(CONFIG)[SINGLETON] = config


def test_a_slash_is_paid_once_its_resolution_block_is_over(chain: Chain) -> None:
    delayed(chain)
    chain.secured()
    chain.deposit("staker", 1, 1000)
    allocation = actions.AllocationRequest(("avs", 1), ("strategy1",), (WAD,))
    chain.do(actions.ModifyAllocations("operator", "operator", (allocation,)))
    chain.do(slash(WAD // 2, "strategy0", "strategy1"))
    block = chain.now.get(CLOCK, SINGLETON).block
    pending = Slash(("strategy0", "strategy1"), block + 7)
    assert chain.now.get(SLASHES, (("avs", 1), 1)) == pending
    whole = actions.ClearBurnOrRedistributableShares("anybody", ("avs", 1), 1)
    one = actions.ClearBurnOrRedistributableSharesByStrategy("anybody", ("avs", 1), 1, "strategy1")
    other = attrs.evolve(one, strategy="strategy2")
    chain.do(actions.MineBlocks(7))
    for early in (whole, one, other):
        assert chain.try_(early) is Reason.SLASH_RESOLUTION_DELAY_NOT_ELAPSED
    assert chain.do(attrs.evolve(whole, slash_id=2)) == ()
    assert chain.do(actions.MineBlocks(1), other) == 0
    assert chain.do(one) == 500
    assert chain.now.get(SLASHES, (("avs", 1), 1)) == Slash(("strategy0",), block + 7)
    assert views.slash_resolution_block_of(chain.now, ("avs", 1), 1) == block + 7
    assert chain.do(whole) == (500,)
    assert chain.now.get(SLASHES, (("avs", 1), 1)) == Slash((), 0)
    assert chain.do(whole) == ()


def test_a_slash_that_takes_no_share_waits_too(chain: Chain) -> None:
    delayed(chain)
    chain.secured()
    assert chain.do(slash(1, "strategy0")) == (1, (0,))
    clear = actions.ClearBurnOrRedistributableShares("anybody", ("avs", 1), 1)
    assert chain.try_(clear) is Reason.SLASH_RESOLUTION_DELAY_NOT_ELAPSED
    assert chain.do(actions.MineBlocks(8), clear) == (0,)


@pytest.mark.parametrize(("delay_blocks", "answer"), [(7, (1, (500,))), (8, Reason.ARITHMETIC_PANIC)])
def test_a_resolution_block_has_32_bits(make_chain: "Callable[..., Chain]", delay_blocks: int, answer: object) -> None:
    chain = make_chain(block=2**32 - 8)
    delayed(chain, delay_blocks)
    chain.secured()
    assert chain.try_(slash(WAD // 2, "strategy0")) == answer
    assert chain.do(slash(WAD // 2, "strategy1"))


@pytest.mark.parametrize(("counts_whole_shares", "counted"), [(False, 333), (True, 330)])
def test_a_withdrawal_counts_for_slashes_by_the_shares_that_left(
    chain: Chain, counts_whole_shares: bool, counted: int
) -> None:
    """After a slash of nine tenths, a withdrawal of 333 deposit shares takes 33 shares from the operator.

    Later slashes count these as 330 scaled shares. The older release counts 333.
    """
    delayed(chain)
    config = attrs.evolve(chain.now.get(CONFIG, SINGLETON), queue_counts_whole_shares=counts_whole_shares)
    chain.state.rows(CONFIG)[SINGLETON] = config
    chain.secured()
    chain.do(slash(WAD - WAD // 10, "strategy0"), queue(333))
    assert chain.now.get(QUEUED_SHARES, ("staker", 0, 0)).scaled_shares == 333
    assert chain.now.get(OPERATOR_SHARES, ("operator", "strategy0")) == OperatorShares(67)
    assert CUMULATIVE_SCALED_SHARES.latest(chain.now, ("operator", "strategy0")) == counted


def test_a_withdrawal_from_an_operator_that_is_slashed_whole_counts_nothing(chain: Chain) -> None:
    delayed(chain)
    chain.secured()
    chain.do(slash(WAD, "strategy0"), queue(333))
    assert chain.now.get(QUEUED_SHARES, ("staker", 0, 0)).scaled_shares == 333
    assert CUMULATIVE_SCALED_SHARES.latest(chain.now, ("operator", "strategy0")) == 0
    assert chain.now.get(CUMULATIVE_SCALED_SHARES.heads, ("operator", "strategy0")).count == 1


def test_slashed_stake_goes_to_the_redistribution_recipient(chain: Chain) -> None:
    chain.secured()
    chain.do(
        actions.CreateRedistributingOperatorSets(
            "avs", "avs", (actions.OperatorSetRequest(2, ("strategy1",), "slasher"),), ("recipient",)
        ),
        actions.RegisterForOperatorSets("operator", "operator", "avs", (2,)),
        actions.ModifyAllocations(
            "operator", "operator", (actions.AllocationRequest(("avs", 2), ("strategy1",), (WAD // 2,)),)
        ),
    )
    chain.deposit("staker", 1, 1000)
    assert chain.do(actions.SlashOperator("slasher", "avs", "operator", 2, ("strategy1",), (WAD // 2,))) == (1, (250,))
    clear = actions.ClearBurnOrRedistributableSharesByStrategy("anybody", ("avs", 2), 1, "strategy1")
    assert (chain.do(clear), chain.do(clear)) == (250, 0)
    assert chain.now.get(TOKEN_BALANCES, ("token1", "recipient")) == TokenBalance(250)


def test_proposing_the_pending_slasher_again_does_not_restart_its_delay(chain: Chain) -> None:
    chain.secured()
    chain.do(
        actions.UpdateSlasher("avs", ("avs", 1), "new"),
        actions.MineBlocks(3),
        actions.UpdateSlasher("avs", ("avs", 1), "new"),
    )
    assert chain.now.get(SLASHERS, ("avs", 1)) == Slasher("slasher", "new", 1006)
    chain.do(actions.UpdateSlasher("avs", ("avs", 1), "newer"))
    assert chain.now.get(SLASHERS, ("avs", 1)) == Slasher("slasher", "newer", 1009)
    chain.do(actions.MineBlocks(6), actions.UpdateSlasher("avs", ("avs", 1), "newest"))
    assert chain.now.get(SLASHERS, ("avs", 1)) == Slasher("newer", "newest", 1015)


def test_a_matured_allocation_delay_is_kept_when_a_new_one_is_set(chain: Chain) -> None:
    chain.secured()
    chain.do(
        actions.SetAllocationDelay("operator", "operator", 7),
        actions.MineBlocks(6),
        actions.SetAllocationDelay("operator", "operator", 9),
    )
    assert chain.now.get(ALLOCATION_DELAYS, "operator") == AllocationDelay(7, True, 9, 1012)


def test_a_pending_deallocation_shrinks_with_a_slash_and_stays_pending(chain: Chain) -> None:
    chain.secured(WAD)
    chain.do(allocate(WAD // 2), slash(WAD))
    assert chain.now.get(ALLOCATIONS, ("operator", ("avs", 1), "strategy0")) == Allocation(0, 0, 1009)
    assert chain.try_(allocate(1)) is Reason.MODIFICATION_ALREADY_PENDING
    chain.do(actions.MineBlocks(9))
    assert chain.try_(allocate(1)) is Reason.INSUFFICIENT_MAGNITUDE


def test_depositing_under_a_fully_slashed_operator_is_refused_after_all_else(chain: Chain) -> None:
    chain.secured()
    chain.do(slash(WAD))
    deposit = actions.DepositIntoStrategy("staker", "strategy0", "token0", 10)
    assert chain.try_(deposit) is Reason.FULLY_SLASHED
    chain.deposit("other", 0, 10)
    assert chain.try_(actions.DelegateTo("other", "operator", NO_APPROVAL)) is Reason.FULLY_SLASHED
    assert chain.do(actions.Undelegate("staker", "staker")) == 1
    assert views.queued_shares_of(chain.now, "staker", 0, 0) == 0


def test_a_withdrawal_is_slashed_up_to_and_including_its_last_block(chain: Chain) -> None:
    chain.secured()
    chain.do(queue(1000), actions.MineBlocks(10), slash(WAD // 2), actions.MineBlocks(1), slash(WAD // 2))
    assert MAX_MAGNITUDES.latest(chain.now, ("operator", "strategy0")) == WAD // 4
    assert views.queued_shares_of(chain.now, "staker", 0, 0) == 500
    assert chain.now.get(WITHDRAWALS, ("staker", 0)).is_pending
    chain.do(complete(0, True))
    assert chain.now.get(TOKEN_BALANCES, ("token0", "staker")).amount == 10**30 - 500


def test_a_removed_strategy_cannot_be_slashed_and_is_deallocated_at_once(chain: Chain) -> None:
    chain.secured(WAD)
    chain.do(actions.RemoveStrategiesFromOperatorSet("avs", "avs", 1, ("strategy0",)))
    assert chain.try_(slash(1)) is Reason.STRATEGY_NOT_IN_OPERATOR_SET
    chain.do(allocate(WAD // 2))
    assert chain.now.get(ALLOCATIONS, ("operator", ("avs", 1), "strategy0")) == Allocation(WAD // 2, 0, 1000)


def test_shares_slashed_before_slashes_had_ids_can_still_be_burned(chain: Chain) -> None:
    chain.deposit("staker", 0, 1000)
    chain.state.rows(STRATEGIES)["strategy0"] = Strategy("token0", 0, True, 1000, 300)
    chain.do(actions.BurnShares("anybody", "strategy0"), actions.BurnShares("anybody", "strategy0"))
    assert chain.now.get(STRATEGIES, "strategy0") == Strategy("token0", 0, True, 700, 0)
    assert chain.now.get(TOKEN_BALANCES, ("token0", "burn")) == TokenBalance(300)
    chain.state.rows(STRATEGIES)["strategy0"] = Strategy("token0", 0, True, 700, 701)
    excess = actions.BurnShares("anybody", "strategy0")
    assert chain.try_(excess) is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS


def test_an_avs_without_a_registrar_can_have_no_members(chain: Chain) -> None:
    """Without a registrar the contract calls the AVS itself, after every other check. An ordinary account has no code,
    so the call reverts.
    """
    chain.secured()
    assert chain.try_(actions.RegisterForOperatorSets("operator", "operator", "other", ())) is Reason.EMPTY_REVERT
    assert chain.try_(actions.DeregisterFromOperatorSets("operator", "operator", "other", ())) is Reason.EMPTY_REVERT
    chain.do(actions.UpdateAvsMetadata("other", "other"))
    chain.do(actions.CreateOperatorSets("other", "other", (actions.OperatorSetRequest(1, (), "slasher"),)))
    into_the_set = actions.RegisterForOperatorSets("operator", "operator", "other", (1,))
    assert chain.try_(into_the_set) is Reason.EMPTY_REVERT
    assert (
        chain.try_(actions.DeregisterFromOperatorSets("operator", "operator", "other", (1,)))
        is Reason.NOT_MEMBER_OF_SET
    )


def test_only_the_whitelister_opens_strategies(chain: Chain) -> None:
    add = actions.AddStrategiesToDepositWhitelist("staker", ("strategy9",))
    assert chain.try_(add) is Reason.ONLY_STRATEGY_WHITELISTER
    chain.do(actions.AddStrategiesToDepositWhitelist("whitelister", ("strategy0", "strategy0")))
    assert chain.now.get(STRATEGIES, "strategy0") == Strategy("token0", 0, True)
