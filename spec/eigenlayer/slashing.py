"""Slashing: an operator set takes a fraction of an operator's allocation. The slashed shares are burned or
redistributed.

A slash lowers the operator's max magnitude. This alone reduces the shares that its stakers can withdraw, and the
slashable ones of their queued withdrawals. Their rows do not change.
"""

from spec.arithmetic import WAD, mul_wad_ceil, mul_wad_floor
from spec.eigenlayer.actions import (
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    SlashOperator,
)
from spec.eigenlayer.allocation import is_operator_slashable, settled_allocation, settled_encumbered_magnitude
from spec.eigenlayer.clock import block_after, current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.native_eth import book_burnable_eth
from spec.eigenlayer.opt_in import effective_slasher
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import slashed_shares
from spec.eigenlayer.staking import without
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    STRATEGIES,
    Allocation,
    EncumberedMagnitude,
    OperatorSet,
    OperatorSetDetails,
    OperatorShares,
    Pair,
    Slash,
    SlashedShares,
)
from spec.eigenlayer.strategies import redeem_shares
from spec.machine import SINGLETON, Delta, Draft


def slashed_magnitude(current_magnitude: int, wad_to_slash: int) -> int:
    """The fraction `wad_to_slash` of an allocation. Rounds up, against the operator.

    Source: AllocationManager._slashOperator.
    """
    return mul_wad_ceil(current_magnitude, wad_to_slash)


def pending_diff_after_slash(pending_diff_magnitude: int, wad_to_slash: int) -> int:
    """The pending change of an allocation after a slash. A deallocation (negative) shrinks by the fraction, rounded up.

    A pending allocation (positive) is not slashed. Source: AllocationManager._slashOperator.
    """
    return pending_diff_magnitude + mul_wad_ceil(max(-pending_diff_magnitude, 0), wad_to_slash)


def slash_operator(draft: Draft, action: SlashOperator) -> Delta | Reason:
    """Slash an operator in several strategies. Returns the slash's id and the shares slashed in each strategy.

    Rejects, in order: INPUT_ARRAY_LENGTH_MISMATCH unless there is a fraction for each strategy, INVALID_OPERATOR_SET
    unless the set exists, OPERATOR_NOT_SLASHABLE, INVALID_CALLER unless the set's slasher calls; for each strategy
    STRATEGIES_MUST_BE_IN_ASCENDING_ORDER, INVALID_WAD_TO_SLASH unless the fraction is above 0 and at most WAD,
    STRATEGY_NOT_IN_OPERATOR_SET, and ARITHMETIC_PANIC (`_slash` says when).
    Source: AllocationManager.slashOperator.
    """
    operator_set = (action.avs, action.operator_set_id)
    if len(action.strategies) != len(action.wads_to_slash):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    details = draft.get(OPERATOR_SETS, operator_set)
    if not details.exists:
        return Reason.INVALID_OPERATOR_SET
    if not is_operator_slashable(draft, action.operator, operator_set):
        return Reason.OPERATOR_NOT_SLASHABLE
    if action.sender != effective_slasher(draft.get(SLASHERS, operator_set), current_block(draft)):
        return Reason.INVALID_CALLER
    slash_id = details.slash_count + 1
    draft.put(
        OPERATOR_SETS,
        operator_set,
        OperatorSetDetails(
            exists=True, redistribution_recipient=details.redistribution_recipient, slash_count=slash_id
        ),
    )
    shares: list[int] = []
    for position in range(len(action.strategies)):
        strategy = action.strategies[position]
        wad_to_slash = action.wads_to_slash[position]
        if position > 0 and not _is_before(draft, action.strategies[position - 1], strategy):
            return Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER
        if not 0 < wad_to_slash <= WAD:
            return Reason.INVALID_WAD_TO_SLASH
        if not draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET
        taken_shares = _slash(draft, action.operator, operator_set, slash_id, strategy, wad_to_slash)
        if isinstance(taken_shares, Reason):
            return taken_shares
        shares.append(taken_shares)
    return draft.delta((slash_id, tuple(shares)))


def _is_before(draft: Draft, strategy: str, next_strategy: str) -> bool:
    return draft.get(STRATEGIES, strategy).address_rank < draft.get(STRATEGIES, next_strategy).address_rank


def _slash(
    draft: Draft, operator: str, operator_set: OperatorSet, slash_id: int, strategy: str, wad_to_slash: int
) -> int | Reason:
    """Slash an operator's allocation in one strategy, and the shares behind it. Returns the number of shares slashed.

    An allocation without magnitude is skipped. A pending change whose block has come is applied first. Slashed native
    ETH is recorded separately and never paid out.
    Rejects: ARITHMETIC_PANIC if the slashable queue cannot be computed (`queued_scaled_shares`), if the resolution
    block is no uint32, or if the running total of slashed native ETH exceeds uint256.
    Source: AllocationManager._slashOperator.
    """
    block = current_block(draft)
    stored = draft.get(ALLOCATIONS, (operator, operator_set, strategy))
    allocation = settled_allocation(stored, block)
    if allocation.current_magnitude == 0:
        return 0
    operator_strategy: Pair = (operator, strategy)
    encumbered_magnitude = settled_encumbered_magnitude(
        draft.get(ENCUMBERED_MAGNITUDES, operator_strategy).magnitude, stored, block
    )
    taken_magnitude = slashed_magnitude(allocation.current_magnitude, wad_to_slash)
    max_magnitude_before = MAX_MAGNITUDES.latest(draft, operator_strategy)
    max_magnitude = max_magnitude_before - taken_magnitude
    draft.put(
        ALLOCATIONS,
        (operator, operator_set, strategy),
        Allocation(
            current_magnitude=allocation.current_magnitude - taken_magnitude,
            pending_diff_magnitude=pending_diff_after_slash(allocation.pending_diff_magnitude, wad_to_slash),
            effect_block=allocation.effect_block,
        ),
    )
    draft.put(ENCUMBERED_MAGNITUDES, operator_strategy, EncumberedMagnitude(encumbered_magnitude - taken_magnitude))
    MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)
    taken_shares = _slash_shares(draft, operator, strategy, max_magnitude_before, max_magnitude)
    if isinstance(taken_shares, Reason):
        return taken_shares
    if strategy == BEACON_CHAIN_ETH:
        rejection = book_burnable_eth(draft, taken_shares)
    else:
        rejection = _book(draft, operator_set, slash_id, strategy, taken_shares)
    return taken_shares if rejection is None else rejection


def new_resolution_block(draft: Draft) -> int | Reason:
    """The last block in which a slash of the current block cannot be paid yet; 0 if the release has no such delay.

    Rejects: ARITHMETIC_PANIC if the block is no uint32. Source: StrategyManager, SLASH_RESOLUTION_DELAY_BLOCKS.
    """
    delay_blocks = draft.get(CONFIG, SINGLETON).slash_resolution_delay_blocks
    return block_after(current_block(draft), delay_blocks) if delay_blocks > 0 else 0


def _book(draft: Draft, operator_set: OperatorSet, slash_id: int, strategy: str, taken_shares: int) -> Reason | None:
    """Record the shares slashed in one strategy. The slash's first strategy sets the resolution block for all
    strategies.

    Rejects: ARITHMETIC_PANIC if that block is no uint32. Source: StrategyManager.increaseBurnOrRedistributableShares.
    """
    slash = draft.get(SLASHES, (operator_set, slash_id))
    resolution_block = slash.resolution_block
    if len(slash.strategies) == 0:
        block = new_resolution_block(draft)
        if isinstance(block, Reason):
            return block
        resolution_block = block
    draft.put(SLASHES, (operator_set, slash_id), Slash((*slash.strategies, strategy), resolution_block))
    draft.put(SLASHED_SHARES, (operator_set, slash_id, strategy), SlashedShares(taken_shares))
    return None


def _slash_shares(
    draft: Draft, operator: str, strategy: str, max_magnitude_before: int, max_magnitude: int
) -> int | Reason:
    """Slash the operator's shares and its slashable queue. Returns the sum of the shares lost in both.

    The queue's rows do not change: the lower max magnitude alone reduces what they pay.
    Rejects: ARITHMETIC_PANIC if the slashable queue cannot be computed (`queued_scaled_shares` says when).
    Source: DelegationManager.slashOperatorShares.
    """
    operator_strategy: Pair = (operator, strategy)
    shares = draft.get(OPERATOR_SHARES, operator_strategy).shares
    taken_shares = slashed_shares(shares, max_magnitude_before, max_magnitude)
    draft.put(OPERATOR_SHARES, operator_strategy, OperatorShares(shares - taken_shares))
    scaled_shares = queued_scaled_shares(draft, operator, strategy)
    if isinstance(scaled_shares, Reason):
        return scaled_shares
    queued_shares = mul_wad_floor(scaled_shares, max_magnitude_before)
    return taken_shares + slashed_shares(queued_shares, max_magnitude_before, max_magnitude)


def queued_scaled_shares(draft: Draft, operator: str, strategy: str) -> int | Reason:
    """The scaled shares that were queued in the last MIN_WITHDRAWAL_DELAY_BLOCKS + 1 blocks, and so are still
    slashable.

    Rejects: ARITHMETIC_PANIC in a chain's first blocks, where the block before the window would be negative, and if the
    history wrapped around at 224 bits within the window.
    Source: DelegationManager._getSlashableSharesInQueue.
    """
    before_window_block = current_block(draft) - draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks - 1
    if before_window_block < 0:
        return Reason.ARITHMETIC_PANIC
    operator_strategy: Pair = (operator, strategy)
    ever_queued = CUMULATIVE_SCALED_SHARES.latest(draft, operator_strategy)
    scaled_shares = ever_queued - CUMULATIVE_SCALED_SHARES.value_at(draft, operator_strategy, before_window_block)
    return Reason.ARITHMETIC_PANIC if scaled_shares < 0 else scaled_shares


def clear_burn_or_redistributable_shares(draft: Draft, action: ClearBurnOrRedistributableShares) -> Delta | Reason:
    """Redeem all shares of one slash, and send the tokens to the operator set's recipient or the burn address.

    Returns the token amounts. Any account may call it. A slash without shares left, or an unknown slash, returns an
    empty tuple.
    Rejects, in order: SLASH_RESOLUTION_DELAY_NOT_ELAPSED; for each strategy any reason for which `redeem_shares` cannot
    pay its tokens.
    Source: StrategyManager.clearBurnOrRedistributableShares.
    """
    if _is_to_wait(draft, action.operator_set, action.slash_id):
        return Reason.SLASH_RESOLUTION_DELAY_NOT_ELAPSED
    amounts: list[int] = []
    for strategy in draft.get(SLASHES, (action.operator_set, action.slash_id)).strategies:
        amount = _clear(draft, action.operator_set, action.slash_id, strategy)
        if isinstance(amount, Reason):
            return amount
        amounts.append(amount)
    return draft.delta(tuple(amounts))


def clear_burn_or_redistributable_shares_by_strategy(
    draft: Draft, action: ClearBurnOrRedistributableSharesByStrategy
) -> Delta | Reason:
    """Redeem the shares of one slash in one strategy. Returns the token amount, or 0 if there are no shares.

    Rejects, in order: SLASH_RESOLUTION_DELAY_NOT_ELAPSED, any reason for which `redeem_shares` cannot pay the tokens.
    Source: StrategyManager.clearBurnOrRedistributableSharesByStrategy.
    """
    if _is_to_wait(draft, action.operator_set, action.slash_id):
        return Reason.SLASH_RESOLUTION_DELAY_NOT_ELAPSED
    if action.strategy not in draft.get(SLASHES, (action.operator_set, action.slash_id)).strategies:
        return draft.delta(0)
    amount = _clear(draft, action.operator_set, action.slash_id, action.strategy)
    return amount if isinstance(amount, Reason) else draft.delta(amount)


def _is_to_wait(draft: Draft, operator_set: OperatorSet, slash_id: int) -> bool:
    """True if a slash cannot be paid yet. An unknown or fully paid slash has resolution block 0, and so
    does not wait.
    """
    return current_block(draft) <= draft.get(SLASHES, (operator_set, slash_id)).resolution_block


def _clear(draft: Draft, operator_set: OperatorSet, slash_id: int, strategy: str) -> int | Reason:
    """Redeem a slash's shares in one strategy of its list, and remove the strategy. Returns the token amount.

    A strategy with zero shares, after rounding, is only removed from the list. Rejects: any reason for which
    `redeem_shares` cannot pay the tokens. Source: StrategyManager._clearBurnOrRedistributableShares.
    """
    slash = draft.get(SLASHES, (operator_set, slash_id))
    shares = draft.get(SLASHED_SHARES, (operator_set, slash_id, strategy)).shares
    left = without(slash.strategies, strategy)
    resolution_block = slash.resolution_block if len(left) > 0 else 0
    draft.put(SLASHES, (operator_set, slash_id), Slash(left, resolution_block))
    draft.put(SLASHED_SHARES, (operator_set, slash_id, strategy), SlashedShares(0))
    if shares == 0:
        return 0
    recipient = draft.get(OPERATOR_SETS, operator_set).redistribution_recipient
    token = draft.get(STRATEGIES, strategy).underlying_token
    return redeem_shares(draft, strategy, token, recipient, shares)
