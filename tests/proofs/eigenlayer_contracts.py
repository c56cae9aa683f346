"""Contracts of EigenLayer's calls for CrossHair: a fixed state of a few rows that hold any numbers.

Each function says whether a law holds after one call, or after a few. Names are fixed, and so is who holds what: two
operator sets, one operator, one strategy, one staker. Numbers are any that the preconditions allow; what else is fixed
for the sake of an answer is said with the contract.
"""

# mypy: disable-error-code="no-any-return"

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
from spec.eigenlayer.config import ZERO_ADDRESS, Config
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    ALLOWANCES,
    CLOCK,
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    REGISTRATIONS,
    SCHEMA,
    SLASHERS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Allocation,
    AllocationDelay,
    Allowance,
    Clock,
    EncumberedMagnitude,
    Membership,
    OperatorSetDetails,
    OperatorShares,
    QueuedShares,
    Registration,
    Slasher,
    Staker,
    StakerShares,
    Strategy,
    TokenBalance,
    Withdrawal,
)
from spec.eigenlayer.transition import transition
from spec.eigenlayer.views import withdrawable_shares_of
from spec.machine import SINGLETON
from tests.proofs.contract_chain import Chain

DELAY_BLOCKS = 10
"""The delay of withdrawals and of deallocations, in blocks."""
BLOCK = 1000
SET, OTHER_SET = ("avs", 0), ("avs", 1)


def small_chain() -> Chain:
    """An operator, registered for two operator sets that slash the strategy; a staker with tokens to deposit."""
    chain = Chain(SCHEMA, transition)
    chain.put(CONFIG, SINGLETON, Config(DELAY_BLOCKS, DELAY_BLOCKS, 5, 5, "whitelister"))
    chain.put(CLOCK, SINGLETON, Clock(BLOCK))
    chain.put(STRATEGIES, "strategy", Strategy("token", 0, True))
    chain.put(ALLOWANCES, "staker", Allowance(True))
    chain.put(STAKERS, "operator", Staker("operator"))
    chain.put(ALLOCATION_DELAYS, "operator", AllocationDelay(0, True))
    for operator_set in (SET, OTHER_SET):
        chain.put(OPERATOR_SETS, operator_set, OperatorSetDetails(True))
        chain.put(SLASHERS, operator_set, Slasher("slasher", "slasher"))
        chain.put(OPERATOR_SET_STRATEGIES, (operator_set, "strategy"), Membership(True))
        chain.put(REGISTRATIONS, ("operator", operator_set), Registration(True))
    return chain


def has_pool(chain: Chain, total_shares: int, token_balance: int) -> None:
    chain.put(STRATEGIES, "strategy", Strategy("token", 0, True, total_shares))
    chain.put(TOKEN_BALANCES, ("token", "strategy"), TokenBalance(token_balance))


def has_magnitude(chain: Chain, magnitude: int) -> None:
    chain.put_since(MAX_MAGNITUDES, ("operator", "strategy"), 0, magnitude)


def max_magnitude(chain: Chain) -> int:
    return chain.latest(MAX_MAGNITUDES, ("operator", "strategy"))


def allocates(chain: Chain, magnitude: int, other_magnitude: int) -> None:
    chain.put(ALLOCATIONS, ("operator", SET, "strategy"), Allocation(magnitude))
    chain.put(ALLOCATIONS, ("operator", OTHER_SET, "strategy"), Allocation(other_magnitude))
    chain.put(ENCUMBERED_MAGNITUDES, ("operator", "strategy"), EncumberedMagnitude(magnitude + other_magnitude))


def deposit(amount: int) -> DepositIntoStrategy:
    return DepositIntoStrategy("staker", "strategy", "token", amount)


def slash(wad_to_slash: int) -> SlashOperator:
    return SlashOperator("slasher", "avs", "operator", 0, ("strategy",), (wad_to_slash,))


def queue(deposit_shares: int) -> QueueWithdrawals:
    return QueueWithdrawals("staker", (WithdrawalRequest(("strategy",), (deposit_shares,)),))


def complete() -> CompleteQueuedWithdrawal:
    return CompleteQueuedWithdrawal("staker", Completion("staker", 0, ("token",), True))


def deposit_issues_shares_at_the_rate_before(amount: int, total_shares: int, token_balance: int) -> bool:
    """A deposit issues shares at the rate before it, rounded down.

    It is rejected if it would issue none, or bring all shares to 10**38 or more.

    pre: 0 < amount <= 10**30 and 0 <= total_shares <= 10**30 and 0 <= token_balance <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_pool(chain, total_shares, token_balance)
    chain.put(TOKEN_BALANCES, ("token", "staker"), TokenBalance(amount))
    shares = chain.answer(deposit(amount))
    worth, price = amount * (total_shares + 1000), token_balance + 1000
    if isinstance(shares, Reason):
        if shares == Reason.NEW_SHARES_ZERO:
            return worth < price
        return shares == Reason.TOTAL_SHARES_EXCEEDS_MAX and worth >= (10**38 - total_shares) * price
    return (
        shares * price <= worth < (shares + 1) * price
        and chain.get(STAKER_SHARES, ("staker", "strategy")) == StakerShares(shares)
        and chain.get(STRATEGIES, "strategy").total_shares == total_shares + shares
        and chain.get(TOKEN_BALANCES, ("token", "staker")).amount == 0
        and chain.get(TOKEN_BALANCES, ("token", "strategy")).amount == token_balance + amount
    )


def slash_takes_the_fraction_of_one_allocation(magnitude: int, other_magnitude: int, wad: int) -> bool:
    """A slash takes the requested fraction of the magnitude allocated to its operator set, rounded up.

    The magnitude allocated to the other operator set stays as it was.

    pre: 0 < magnitude and 0 <= other_magnitude and magnitude + other_magnitude <= WAD and 0 < wad <= WAD
    post: __return__
    """
    chain = small_chain()
    allocates(chain, magnitude, other_magnitude)
    chain.do(slash(wad))
    taken = WAD - max_magnitude(chain)
    return (
        (taken - 1) * WAD < magnitude * wad <= taken * WAD
        and taken <= magnitude
        and chain.get(ALLOCATIONS, ("operator", SET, "strategy")) == Allocation(magnitude - taken)
        and chain.get(ALLOCATIONS, ("operator", OTHER_SET, "strategy")) == Allocation(other_magnitude)
        and chain.get(ENCUMBERED_MAGNITUDES, ("operator", "strategy")).magnitude == magnitude + other_magnitude - taken
    )


def slash_takes_shares_in_proportion(shares: int, max_magnitude_before: int, magnitude: int, wad: int) -> bool:
    """The operator loses shares in the proportion in which its magnitude falls, rounded down.

    pre: 0 <= shares and 0 < magnitude <= max_magnitude_before <= WAD and 0 < wad <= WAD
    post: __return__
    """
    chain = small_chain()
    has_magnitude(chain, max_magnitude_before)
    allocates(chain, magnitude, 0)
    chain.put(OPERATOR_SHARES, ("operator", "strategy"), OperatorShares(shares))
    slash_id, (taken_shares,) = chain.do(slash(wad))
    taken = max_magnitude_before - max_magnitude(chain)
    return (
        slash_id == 1
        and taken_shares >= 0
        and taken_shares * max_magnitude_before <= shares * taken < (taken_shares + 1) * max_magnitude_before
        and chain.get(OPERATOR_SHARES, ("operator", "strategy")).shares == shares - taken_shares
    )


def slash_reaches_a_deallocation_that_waits(magnitude: int, freed: int, effect_block: int, wad: int) -> bool:
    """A slash takes its fraction of the whole allocation as long as a pending deallocation has not taken effect.

    From the block of effect on, only the magnitude that stays allocated is slashed. A pending deallocation shrinks by
    the same fraction, and is rounded down.

    pre: 0 < freed < magnitude <= WAD and 0 < effect_block and 0 < wad <= WAD
    post: __return__
    """
    chain = small_chain()
    chain.put(ALLOCATIONS, ("operator", SET, "strategy"), Allocation(magnitude, -freed, effect_block))
    chain.put(ENCUMBERED_MAGNITUDES, ("operator", "strategy"), EncumberedMagnitude(magnitude))
    chain.do(slash(wad))
    slashable = magnitude if effect_block > BLOCK else magnitude - freed
    taken = WAD - max_magnitude(chain)
    left = chain.get(ALLOCATIONS, ("operator", SET, "strategy"))
    freed_left = -left.pending_diff_magnitude
    encumbered = chain.get(ENCUMBERED_MAGNITUDES, ("operator", "strategy")).magnitude
    return (
        (taken - 1) * WAD < slashable * wad <= taken * WAD
        and left.current_magnitude == encumbered == slashable - taken
        and 0 <= freed_left <= left.current_magnitude
        and (freed_left == 0 or freed_left * WAD <= freed * (WAD - wad) < (freed_left + 1) * WAD)
    )


def allocation_needs_magnitude_that_is_free(allocated: int, other_magnitude: int, max_magnitude: int, new: int) -> bool:
    """A larger allocation encumbers the additional magnitude at once. It is rejected if less is free.

    pre: 0 <= allocated < new and 0 <= other_magnitude and allocated + other_magnitude <= max_magnitude <= WAD
    pre: new <= WAD
    post: __return__
    """
    chain = small_chain()
    has_magnitude(chain, max_magnitude)
    allocates(chain, allocated, other_magnitude)
    answer = chain.answer(ModifyAllocations("operator", "operator", (AllocationRequest(SET, ("strategy",), (new,)),)))
    encumbered = chain.get(ENCUMBERED_MAGNITUDES, ("operator", "strategy")).magnitude
    stored = chain.get(ALLOCATIONS, ("operator", SET, "strategy"))
    if new + other_magnitude > max_magnitude:
        return answer == Reason.INSUFFICIENT_MAGNITUDE and encumbered == allocated + other_magnitude
    return encumbered == new + other_magnitude and stored == Allocation(allocated, new - allocated, BLOCK)


def deallocation_is_freed_after_the_delay(allocated: int, other_magnitude: int, new: int, block: int) -> bool:
    """A smaller allocation takes effect after the delay. Until then all of the magnitude stays encumbered.

    pre: 0 <= new < allocated and 0 <= other_magnitude and allocated + other_magnitude <= WAD
    pre: 0 <= block < 2**32 - 11
    post: __return__
    """
    chain = small_chain()
    chain.put(CLOCK, SINGLETON, Clock(block))
    allocates(chain, allocated, other_magnitude)
    chain.do(ModifyAllocations("operator", "operator", (AllocationRequest(SET, ("strategy",), (new,)),)))
    return chain.get(ENCUMBERED_MAGNITUDES, ("operator", "strategy")).magnitude == allocated + other_magnitude and (
        chain.get(ALLOCATIONS, ("operator", SET, "strategy"))
        == Allocation(allocated, new - allocated, block + DELAY_BLOCKS + 1)
    )


def delegating_keeps_what_is_withdrawable(deposit_shares: int, operator_shares: int, magnitude: int) -> bool:
    """Earlier slashes of an operator cost a staker that delegates now nothing but rounding.

    It loses at most one part in 10**18 of its shares, and less than two shares more.

    pre: 0 < deposit_shares <= 10**38 and 0 <= operator_shares and 0 < magnitude <= WAD
    post: __return__
    """
    chain = small_chain()
    has_magnitude(chain, magnitude)
    chain.put(OPERATOR_SHARES, ("operator", "strategy"), OperatorShares(operator_shares))
    chain.put(STAKERS, "staker", Staker(ZERO_ADDRESS, 0, ("strategy",)))
    chain.put(STAKER_SHARES, ("staker", "strategy"), StakerShares(deposit_shares))
    chain.do(DelegateTo("staker", "operator", Approval(ZERO_ADDRESS, 0, False)))
    withdrawable = withdrawable_shares_of(chain.now, "staker", "strategy")
    return (
        withdrawable <= deposit_shares
        and deposit_shares * (WAD - 1) < (withdrawable + 2) * WAD
        and chain.get(OPERATOR_SHARES, ("operator", "strategy")).shares == operator_shares + deposit_shares
    )


def queueing_takes_what_was_withdrawable(held: int, queued: int, factor_wad: int, magnitude: int) -> bool:
    """The operator's shares fall by the withdrawable shares of what is queued. The queued shares are scaled.

    Both are rounded down. The operator has enough shares by assumption.

    pre: 0 < queued <= held <= 10**38 and 0 < factor_wad <= 10**36 and 0 < magnitude <= WAD
    post: __return__
    """
    chain = small_chain()
    has_magnitude(chain, magnitude)
    chain.put(OPERATOR_SHARES, ("operator", "strategy"), OperatorShares(10**80))
    chain.put(STAKERS, "staker", Staker("operator", 0, ("strategy",)))
    chain.put(STAKER_SHARES, ("staker", "strategy"), StakerShares(held, factor_wad))
    chain.do(queue(queued))
    scaled = chain.get(QUEUED_SHARES, ("staker", 0, 0)).scaled_shares
    left = 10**80 - chain.get(OPERATOR_SHARES, ("operator", "strategy")).shares
    return (
        scaled * WAD <= queued * factor_wad < (scaled + 1) * WAD
        and left * WAD <= scaled * magnitude < (left + 1) * WAD
        and chain.get(STAKER_SHARES, ("staker", "strategy")).deposit_shares == held - queued
        and chain.get(WITHDRAWALS, ("staker", 0)) == Withdrawal(1, BLOCK, True)
    )


def completing_waits_for_the_delay(start_block: int, block: int, scaled_shares: int) -> bool:
    """A completion is rejected until the delay has elapsed. After it, the withdrawal is paid once.

    The pool pays one token for each share.

    pre: 0 <= start_block <= block < 2**32 - 11 and 0 < scaled_shares <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_pool(chain, 10**30, 10**30)
    chain.put(CLOCK, SINGLETON, Clock(block))
    chain.put(WITHDRAWALS, ("staker", 0), Withdrawal(1, start_block, True))
    chain.put(QUEUED_SHARES, ("staker", 0, 0), QueuedShares("operator", "strategy", start_block, scaled_shares))
    answer = chain.answer(complete())
    paid = chain.get(TOKEN_BALANCES, ("token", "staker")).amount
    if block <= start_block + DELAY_BLOCKS:
        return answer == Reason.WITHDRAWAL_DELAY_NOT_ELAPSED and paid == 0
    return paid == scaled_shares and chain.answer(complete()) == Reason.WITHDRAWAL_NOT_QUEUED


def who_leaves_takes_no_more_than_it_brought(amount: int, total_shares: int, token_balance: int) -> bool:
    """A staker deposits, queues all its shares, waits out the delay, and is paid no more than it deposited.

    The pool has other shareholders. The deposit is worth at least one share, and at most 10**30 shares, so that it is
    not rejected.

    pre: 0 < amount <= 10**30 and 0 <= total_shares <= 10**30 and 0 <= token_balance <= 10**30
    pre: amount * (total_shares + 1000) >= token_balance + 1000
    pre: amount * (total_shares + 1000) <= 10**30 * (token_balance + 1000)
    post: __return__
    """
    chain = small_chain()
    has_pool(chain, total_shares, token_balance)
    chain.put(TOKEN_BALANCES, ("token", "staker"), TokenBalance(amount))
    shares = chain.do(deposit(amount))
    chain.do(queue(shares))
    chain.do(MineBlocks(DELAY_BLOCKS + 1))
    chain.do(complete())
    paid = chain.get(TOKEN_BALANCES, ("token", "staker")).amount
    return (
        paid <= amount
        and chain.get(TOKEN_BALANCES, ("token", "strategy")).amount == token_balance + amount - paid
        and chain.get(STRATEGIES, "strategy").total_shares == total_shares
    )


def slash_reaches_a_withdrawal_through_its_delay(queued: int, magnitude: int, waited_blocks: int, wad: int) -> bool:
    """A slash within the delay reduces a queued withdrawal. After the delay the withdrawal is paid in full.

    The slash comes `waited_blocks` after the shares were queued. The pool pays one token for each share.

    pre: 0 < queued <= 10**30 and 0 < magnitude <= WAD and 0 <= waited_blocks < 10**6 and 0 < wad <= WAD
    post: __return__
    """
    chain = small_chain()
    has_pool(chain, 10**30, 10**30)
    allocates(chain, magnitude, 0)
    chain.put(OPERATOR_SHARES, ("operator", "strategy"), OperatorShares(queued))
    chain.put(STAKERS, "staker", Staker("operator", 0, ("strategy",)))
    chain.put(STAKER_SHARES, ("staker", "strategy"), StakerShares(queued))
    chain.do(queue(queued))
    chain.do(MineBlocks(waited_blocks))
    _, (taken_shares,) = chain.do(slash(wad))
    chain.do(MineBlocks(DELAY_BLOCKS + 1))
    chain.do(complete())
    paid = chain.get(TOKEN_BALANCES, ("token", "staker")).amount
    if waited_blocks > DELAY_BLOCKS:
        return paid == queued and taken_shares == 0
    return (
        paid * WAD <= queued * max_magnitude(chain) < (paid + 1) * WAD and queued - 1 <= paid + taken_shares <= queued
    )


def two_slashes_take_no_more_than_was_allocated(magnitude: int, first_wad: int, second_wad: int) -> bool:
    """The second of two slashes takes its fraction of the magnitude that the first one left.

    pre: 0 < magnitude <= WAD and 0 < first_wad <= WAD and 0 < second_wad <= WAD
    post: __return__
    """
    chain = small_chain()
    allocates(chain, magnitude, 0)
    chain.do(slash(first_wad))
    left = chain.get(ALLOCATIONS, ("operator", SET, "strategy")).current_magnitude
    chain.do(slash(second_wad))
    taken = magnitude - left
    taken_then = WAD - max_magnitude(chain) - taken
    return (
        (taken - 1) * WAD < magnitude * first_wad <= taken * WAD
        and (left == 0 or (taken_then - 1) * WAD < left * second_wad <= taken_then * WAD)
        and 0 <= taken_then <= left
    )
