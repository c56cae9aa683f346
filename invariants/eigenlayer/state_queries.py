"""Queries of EigenLayer's state in its documentation's terms: operators, slashers, allocations, withdrawable shares.

Laws use them. They compute independently what the rules compute, and are not part of the specification.
"""

from typing import Final

from spec.arithmetic import UINT32_MAX, UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    BURNABLE_ETH,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    DEALLOCATION_QUEUES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SHARES,
    POD_OWNERS,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHERS,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft


def is_operator(rows: Draft, account: str) -> bool:
    """True if the account is an operator: an operator is delegated to itself."""
    return account != ZERO_ADDRESS and rows.get(STAKERS, account).delegated_to == account


def can_slash(rows: Draft, operator_set: OperatorSet, operator: str) -> bool:
    """True if the operator is a member of the set, or left it recently enough to stay slashable."""
    registration = rows.get(REGISTRATIONS, (operator, operator_set))
    return registration.is_registered or current_block(rows) <= registration.slashable_until_block


def can_slash_allocation(rows: Draft, operator: str, operator_set: OperatorSet, strategy: str, magnitude: int) -> bool:
    """True if the operator set can slash an allocation of this magnitude, so that deallocating it must wait."""
    is_member = rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
    return magnitude != 0 and is_member and can_slash(rows, operator_set, operator)


def is_beyond_uint32(rows: Draft, delay_blocks: int) -> bool:
    """True if the block `delay_blocks` from now exceeds 32 bits."""
    return current_block(rows) + delay_blocks > UINT32_MAX


def cannot_be_resolved(rows: Draft) -> bool:
    """True if a slash made now could never be paid out, because its resolution block would exceed 32 bits."""
    delay_blocks = rows.get(CONFIG, SINGLETON).slash_resolution_delay_blocks
    return delay_blocks != 0 and is_beyond_uint32(rows, delay_blocks)


def counted_for_slashes(rows: Draft, scaled_shares: int, magnitude: int) -> int:
    """The part of newly queued scaled shares that counts for later slashes of their operator.

    In older releases it is all of them, in newer ones only the scaled shares that their whole shares amount to.
    `magnitude` is the operator's; both divisions round down.
    """
    if not rows.get(CONFIG, SINGLETON).queue_counts_whole_shares:
        return scaled_shares
    whole_shares = mul_div_floor(scaled_shares, magnitude, WAD)
    return mul_div_floor(whole_shares, WAD, magnitude) if magnitude else 0


def slasher_in_force(rows: Draft, operator_set: OperatorSet) -> str:
    """The slasher of an operator set in the current block; a proposed one counts from its effect block on."""
    row = rows.get(SLASHERS, operator_set)
    is_due = row.effect_block != 0 and row.effect_block <= current_block(rows)
    return row.pending_slasher if is_due else row.slasher


def delay_in_force(rows: Draft, operator: str) -> int | None:
    """The operator's allocation delay in the current block, or None if it never had one.

    A new delay counts from its effect block on.
    """
    row = rows.get(ALLOCATION_DELAYS, operator)
    if row.effect_block != 0 and row.effect_block <= current_block(rows):
        return row.pending_delay_blocks
    return row.delay_blocks if row.is_set else None


def settled_magnitudes(rows: Draft, operator: str, operator_set: OperatorSet, strategy: str) -> tuple[int, int, bool]:
    """An allocation in the current block: its magnitude, its pending change, and True if that change is still
    to come.
    """
    row = rows.get(ALLOCATIONS, (operator, operator_set, strategy))
    if row.effect_block <= current_block(rows):
        return row.current_magnitude + row.pending_diff_magnitude, 0, False
    return row.current_magnitude, row.pending_diff_magnitude, True


def due_magnitude(rows: Draft, operator: str, strategy: str) -> int:
    """The magnitude that clearing the operator's deallocation queue would free now: that of the deallocations that are
    due.
    """
    queue = rows.get(DEALLOCATION_QUEUES, (operator, strategy))
    freed_magnitude = 0
    known: list[OperatorSet] = []
    for position in range(queue.first, queue.end):
        operator_set = rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set
        row = rows.get(ALLOCATIONS, (operator, operator_set, strategy))
        if row.effect_block > current_block(rows):
            break
        if operator_set not in known:
            known.append(operator_set)
            freed_magnitude += max(-row.pending_diff_magnitude, 0)
    return freed_magnitude


def paid_shares(rows: Draft, staker: str, nonce: int, position: int) -> int:
    """The shares that a withdrawal would pay out now for the strategy at index `position` of its list, rounded down.

    The scaled shares are multiplied by the max magnitude at the last block of their slashing window. For native ETH,
    they are also multiplied by the staker's current beacon chain slashing factor.
    """
    queued = rows.get(QUEUED_SHARES, (staker, nonce, position))
    # The row starts in its withdrawal's block. Read from the withdrawal, as in the contract, it needs no lemma.
    start_block = rows.get(WITHDRAWALS, (staker, nonce)).start_block
    last_block = start_block + rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    magnitude = MAX_MAGNITUDES.value_at(rows, (queued.operator, queued.strategy), last_block)
    return mul_div_floor(queued.scaled_shares, fraction_left_wad(rows, staker, queued.strategy, magnitude), WAD)


MOST_REPORTABLE: Final = mul_div_floor(UINT256_MAX, 1, WAD)
"""The largest virtual balance for which the contract can emit the exchange rate after a deposit or a payment."""


def held_shares(rows: Draft, staker: str, strategy: str) -> int:
    """A staker's deposit shares in a strategy; negative for a deficit of native ETH."""
    if strategy == BEACON_CHAIN_ETH:
        return rows.get(POD_OWNERS, staker).deposit_shares
    return rows.get(STAKER_SHARES, (staker, strategy)).deposit_shares


def scaling_factor_wad(rows: Draft, staker: str, strategy: str) -> int:
    """A staker's deposit scaling factor in a strategy, in WAD."""
    if strategy == BEACON_CHAIN_ETH:
        return rows.get(POD_OWNERS, staker).deposit_scaling_factor_wad
    return rows.get(STAKER_SHARES, (staker, strategy)).deposit_scaling_factor_wad


def fraction_left_wad(rows: Draft, staker: str, strategy: str, magnitude: int) -> int:
    """The fraction of a staker's shares left after slashing, in WAD. It is `magnitude`, that of the staker's operator.

    For native ETH the magnitude is multiplied by the staker's beacon chain slashing factor, rounded down.
    """
    if strategy != BEACON_CHAIN_ETH:
        return magnitude
    return mul_div_floor(magnitude, rows.get(POD_OWNERS, staker).beacon_chain_slashing_factor_wad, WAD)


def held_strategies(rows: Draft, staker: str) -> tuple[str, ...]:
    """The strategies in which a staker has deposit shares: its strategy list, and native ETH last."""
    listed = rows.get(STAKERS, staker).strategy_list
    return (*listed, BEACON_CHAIN_ETH) if rows.get(POD_OWNERS, staker).deposit_shares > 0 else listed


def worth(shares: int, factor_wad: int, magnitude: int) -> int:
    """The withdrawable shares that deposit shares are worth: times the scaling factor, then times the magnitude, both
    in WAD.

    Each product is rounded down.
    """
    return mul_div_floor(mul_div_floor(shares, factor_wad, WAD), magnitude, WAD)


def withdrawable(rows: Draft, staker: str, strategy: str) -> int:
    """The shares that a staker could queue for withdrawal now, rounded down twice."""
    magnitude = MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, strategy))
    shares = held_shares(rows, staker, strategy)
    if strategy == BEACON_CHAIN_ETH and shares < 0:
        return 0
    fraction_wad = fraction_left_wad(rows, staker, strategy, magnitude)
    return worth(shares, scaling_factor_wad(rows, staker, strategy), fraction_wad)


def is_native_eth_covered(rows: Draft, staker: str, shares: int) -> bool:
    """True if the staker has no operator, or one with enough native shares to give up for `shares` deposit shares."""
    operator = rows.get(STAKERS, staker).delegated_to
    if operator == ZERO_ADDRESS:
        return True
    key = (operator, BEACON_CHAIN_ETH)
    fraction_wad = fraction_left_wad(rows, staker, BEACON_CHAIN_ETH, MAX_MAGNITUDES.latest(rows, key))
    leaving_shares = worth(shares, scaling_factor_wad(rows, staker, BEACON_CHAIN_ETH), fraction_wad)
    return leaving_shares <= rows.get(OPERATOR_SHARES, key).shares


def is_native_slash_in_range(rows: Draft, operator: str) -> bool:
    """True if no slash of the operator's native ETH, of any size, overflows a count.

    The count of queued shares in the slashing window must not be negative, and burnable shares must stay within 256
    bits.
    """
    key = (operator, BEACON_CHAIN_ETH)
    first_block = current_block(rows) - rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks - 1
    queued = CUMULATIVE_SCALED_SHARES.latest(rows, key) - CUMULATIVE_SCALED_SHARES.value_at(rows, key, first_block)
    burnable_shares = rows.get(BURNABLE_ETH, SINGLETON).shares
    return queued >= 0 and burnable_shares + rows.get(OPERATOR_SHARES, key).shares + queued <= UINT256_MAX
