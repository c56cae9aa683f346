"""EigenLayer's lemmas: state laws that only the proofs need, and laws about values of the past.

Lifted with the specification, see proofs/theory.py.
"""

from typing import Any, Final, cast

from invariants.eigenlayer.solvency import (
    CLAIMS,
    QUEUED_AT,
    debt_wad,
    fraction_wad,
    fractions,
    left_a_slashed_operator,
    slashing_factor,
)
from invariants.law import ReadingSum, StateLaw, View
from proofs.eigenlayer.rewards import LEMMAS_OF_REWARDS, UNSIGNED_OF_REWARDS
from proofs.theory import PastLaw
from spec.arithmetic import INT256_MAX, WAD
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    BURNABLE_ETH,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    QueuedShares,
)
from spec.machine import SINGLETON, Draft, Table


def _unsigned(table: Table[Any, Any], *fields: str) -> StateLaw:
    """The law that the named fields of a table's rows are never negative."""

    def holds(view: View, key: Any) -> bool:
        row = view.rows.get(table, key)
        return all([getattr(row, field) >= 0 for field in fields])

    return StateLaw(
        f"UINT-{table.name}",
        f"No number of a row of {table.name} is negative.",
        "Solidity's unsigned types",
        holds,
        rows={table: lambda key: key},
    )


UNSIGNED: Final = [
    _unsigned(CLOCK, "block", "timestamp"),
    _unsigned(
        CONFIG,
        "min_withdrawal_delay_blocks",
        "deallocation_delay_blocks",
        "allocation_configuration_delay_blocks",
        "slasher_configuration_delay_blocks",
        "slash_resolution_delay_blocks",
    ),
    _unsigned(TOKEN_BALANCES, "amount"),
    _unsigned(STRATEGIES, "total_shares", "legacy_burnable_shares"),
    _unsigned(STAKERS, "withdrawals_queued"),
    _unsigned(STAKER_SHARES, "deposit_shares", "deposit_scaling_factor_wad"),
    _unsigned(WITHDRAWALS, "strategy_count", "start_block"),
    _unsigned(QUEUED_SHARES, "start_block", "scaled_shares"),
    _unsigned(OPERATOR_SHARES, "shares"),
    _unsigned(CUMULATIVE_SCALED_SHARES.heads, "latest"),
    _unsigned(ENCUMBERED_MAGNITUDES, "magnitude"),
    _unsigned(ALLOCATIONS, "current_magnitude", "effect_block"),
    _unsigned(DEALLOCATION_QUEUES, "first", "end"),
    _unsigned(REGISTRATIONS, "slashable_until_block"),
    _unsigned(OPERATOR_SETS, "slash_count"),
    _unsigned(SLASHERS, "effect_block"),
    _unsigned(SLASHES, "resolution_block"),
    _unsigned(SLASHED_SHARES, "shares"),
    _unsigned(PODS, "withdrawable_gwei", "balance_wei"),
    _unsigned(POD_OWNERS, "deposit_scaling_factor_wad", "beacon_chain_slashing_factor_wad"),
    _unsigned(ETH_BALANCES, "amount_wei"),
    _unsigned(BURNABLE_ETH, "shares"),
    _unsigned(ALLOCATION_DELAYS, "delay_blocks", "pending_delay_blocks", "effect_block"),
    *[_unsigned(table, *fields) for table, fields in UNSIGNED_OF_REWARDS.items()],
]


def _magnitude_is_a_fraction(view: View, key: Any) -> bool:
    return 0 <= MAX_MAGNITUDES.latest(view.rows, key) <= WAD


def _nobody_allocates(view: View, key: Any) -> bool:
    row = view.rows.get(ALLOCATIONS, key)
    return key[0] != ZERO_ADDRESS or (row.current_magnitude == 0 and row.pending_diff_magnitude == 0)


def _nothing_is_queued_later(view: View, subject: Any) -> bool:
    return subject[2] <= current_block(view.rows) or view.total(QUEUED_AT, subject) == 0


def _is_made(view: View, operator_set: Any, slash_id: Any) -> bool:
    """True if an operator set has made a slash with this id; ids count from 1."""
    return bool(1 <= slash_id <= view.rows.get(OPERATOR_SETS, operator_set).slash_count)


def _slashes_are_made(view: View, key: Any) -> bool:
    return len(view.rows.get(SLASHES, key).strategies) == 0 or _is_made(view, key[0], key[1])


def _slashed_shares_are_of_slashes(view: View, key: Any) -> bool:
    return view.rows.get(SLASHED_SHARES, key).shares == 0 or _is_made(view, key[0], key[1])


def _sets_slash_once_they_exist(view: View, key: Any) -> bool:
    row = view.rows.get(OPERATOR_SETS, key)
    return row.exists or row.slash_count == 0


def _slashes_go_to_somebody(view: View, key: Any) -> bool:
    return bool(view.rows.get(OPERATOR_SETS, key).redistribution_recipient != ZERO_ADDRESS)


def _members_are_of_sets(view: View, key: Any) -> bool:
    return not view.rows.get(OPERATOR_SET_STRATEGIES, key).is_member or view.rows.get(OPERATOR_SETS, key[0]).exists


def _deallocations_are_queued(view: View, key: Any) -> bool:
    operator, operator_set, strategy = key
    if view.rows.get(ALLOCATIONS, key).pending_diff_magnitude >= 0:
        return True
    queue = view.rows.get(DEALLOCATION_QUEUES, (operator, strategy))
    return any(
        [
            view.rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set == operator_set
            for position in range(queue.first, queue.end)
        ]
    )


def _is_after_the_first_block(view: View, _key: Any) -> bool:
    return current_block(view.rows) > 0


def _is_listed_once(view: View, staker: str) -> bool:
    listed = view.rows.get(STAKERS, staker).strategy_list
    return len(set(listed)) == len(listed)


def _what_is_listed_is_held(view: View, key: Any) -> bool:
    held = view.rows.get(STAKER_SHARES, key).deposit_shares
    return held > 0 or key[1] not in view.rows.get(STAKERS, key[0]).strategy_list


def _is_slashed_once(view: View, key: Any) -> bool:
    listed = view.rows.get(SLASHES, key).strategies
    return len(set(listed)) == len(listed)


def _strategies_have_names(view: View, key: Any) -> bool:
    is_named = bool(key[1] != "")
    return is_named or bool(view.rows.get(STAKER_SHARES, key).deposit_shares == 0)


def _is_queued(view: View, key: Any) -> bool:
    """True if a key of QUEUED_SHARES, (staker, nonce, index), is of a withdrawal that was queued: its nonce is used,
    and the index is below its number of strategies.
    """
    staker, nonce, position = cast("tuple[str, int, int]", key)
    withdrawal = view.rows.get(WITHDRAWALS, (staker, nonce))
    is_given = 0 <= nonce < view.rows.get(STAKERS, staker).withdrawals_queued
    return bool(is_given and 0 <= position < withdrawal.strategy_count)


def _positions_are_of_withdrawals(view: View, key: Any) -> bool:
    row = view.rows.get(QUEUED_SHARES, key)
    if not _is_queued(view, key):
        return row.scaled_shares == 0 and row.strategy == "" and row.operator == ZERO_ADDRESS
    return row.strategy != "" and row.start_block == view.rows.get(WITHDRAWALS, key[:2]).start_block


def _withdrawals_have_begun(view: View, key: Any) -> bool:
    row = view.rows.get(WITHDRAWALS, key)
    is_queued = key[1] < view.rows.get(STAKERS, key[0]).withdrawals_queued
    return row.start_block <= current_block(view.rows) and (is_queued or not row.is_pending)


def _completed_withdrawals_had_waited(view: View, key: Any) -> bool:
    row = view.rows.get(WITHDRAWALS, key)
    if row.is_pending or not 0 <= key[1] < view.rows.get(STAKERS, key[0]).withdrawals_queued:
        return True
    return row.start_block + view.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks < current_block(view.rows)


def _positions_have_begun(view: View, key: Any) -> bool:
    return view.rows.get(QUEUED_SHARES, key).start_block <= current_block(view.rows)


def _past_magnitude_was_no_less(view: View, subject: Any) -> bool:
    key, point = subject
    return MAX_MAGNITUDES.latest(view.rows, key) <= MAX_MAGNITUDES.value_at(view.rows, key, point) <= WAD


def _past_count_was_no_more(view: View, subject: Any) -> bool:
    """True if the cumulative scaled shares, queued from an operator in a strategy, were at most the latest ones at a
    past point, and not negative. Native ETH is exempt, because its count is truncated to 224 bits.
    """
    key, point = subject
    if key[1] == BEACON_CHAIN_ETH:
        return True
    then = CUMULATIVE_SCALED_SHARES.value_at(view.rows, key, point)
    return 0 <= then <= CUMULATIVE_SCALED_SHARES.latest(view.rows, key)


def _native_eth_is_no_pool(view: View, strategy: str) -> bool:
    row = view.rows.get(STRATEGIES, strategy)
    if strategy != BEACON_CHAIN_ETH:
        return True
    return row.underlying_token == "" and row.total_shares == 0 and row.legacy_burnable_shares == 0


def _no_slash_lists_native_eth(view: View, key: Any) -> bool:
    return BEACON_CHAIN_ETH not in view.rows.get(SLASHES, key).strategies


def _native_eth_is_listed_nowhere(view: View, staker: str) -> bool:
    return BEACON_CHAIN_ETH not in view.rows.get(STAKERS, staker).strategy_list


def _native_shares_fit_int256(view: View, staker: str) -> bool:
    return view.rows.get(POD_OWNERS, staker).deposit_shares <= INT256_MAX


def _native_eth_is_not_redistributed(view: View, key: Any) -> bool:
    is_member = view.rows.get(OPERATOR_SET_STRATEGIES, key).is_member
    recipient = view.rows.get(OPERATOR_SETS, key[0]).redistribution_recipient
    return key[1] != BEACON_CHAIN_ETH or not is_member or recipient == BURN_ADDRESS


def _not_lost_wad(rows: Draft, row: QueuedShares) -> int:
    """The part of WAD - 1, the most that rounding can cost, that a row of QUEUED_SHARES did not lose when it was
    queued. It is in shares times WAD.

    It is 0 if the row has no shares, or if the operator had not been slashed by the block of queueing. It is also 0 if
    the operator was slashed in that block or later, within the row's window.
    """
    if row.scaled_shares == 0 or not left_a_slashed_operator(rows, row):
        return 0
    magnitude = slashing_factor(rows, row)
    if magnitude < MAX_MAGNITUDES.value_at(rows, (row.operator, row.strategy), row.start_block - 1):
        return 0
    return WAD - 1 - fraction_wad(row.scaled_shares, magnitude)


NOT_LOST_WAD: Final = ReadingSum(
    "not_lost_wad",
    QUEUED_SHARES,
    lambda _rows, _key, row: row.strategy or None,
    _not_lost_wad,
    {},
    also_reads=(MAX_MAGNITUDES.heads, MAX_MAGNITUDES.checkpoints, CONFIG),
)
"""A sum per strategy: the amounts by which its rows of QUEUED_SHARES have each lost less than one share.

It is in shares times WAD, and counts rows that are not completed.
"""


def _debt_is_what_was_lost(view: View, strategy: str) -> bool:
    """True if a token strategy's debt, the excess of the claims on it over its shares, is at most what rounding cost
    its queued rows. A row counts with what it lost when it was queued, or with less than a share if it was slashed
    since.

    Native ETH is exempt, since it has no pool.
    """
    if strategy == BEACON_CHAIN_ETH:
        return True
    spared_wad = view.total(NOT_LOST_WAD, strategy)
    return debt_wad(view, strategy) + spared_wad <= fractions(view, strategy) * (WAD - 1)


LEMMAS: Final[list[StateLaw | PastLaw]] = [
    *UNSIGNED,
    *LEMMAS_OF_REWARDS,
    StateLaw(
        "LEMMA-no-pool",
        "The strategy of native ETH has no token and issues no shares of its own.",
        "DelegationManager.beaconChainETHStrategy, an address without code",
        _native_eth_is_no_pool,
        rows={STRATEGIES: lambda key: key},
    ),
    StateLaw(
        "LEMMA-no-slash",
        "No slash of native ETH waits to be paid.",
        "EigenPodManager.increaseBurnOrRedistributableShares",
        _no_slash_lists_native_eth,
        rows={SLASHES: lambda key: key},
    ),
    StateLaw(
        "LEMMA-unlisted",
        "Native ETH is in no staker's list of strategies.",
        "StrategyManager.stakerStrategyList",
        _native_eth_is_listed_nowhere,
        rows={STAKERS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-int256",
        "A staker's native shares are at most what int256 holds.",
        "EigenPodManager.podOwnerDepositShares, an int256",
        _native_shares_fit_int256,
        rows={POD_OWNERS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-burns",
        "No set that redistributes slashes native ETH.",
        "AllocationManager._addStrategyToOperatorSet",
        _native_eth_is_not_redistributed,
        rows={OPERATOR_SET_STRATEGIES: lambda key: key},
        also_reads=(OPERATOR_SETS,),
    ),
    StateLaw(
        "LEMMA-fraction",
        "A max magnitude is a fraction of WAD.",
        "MAG-02, of one row",
        _magnitude_is_a_fraction,
        rows={MAX_MAGNITUDES.heads: lambda key: key},
    ),
    StateLaw(
        "LEMMA-nobody",
        "Nobody allocates for address zero, so that it is never slashed.",
        "DELEG-02",
        _nobody_allocates,
        rows={ALLOCATIONS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-future",
        "Nothing is queued in a block that is still to come.",
        "DelegationManager: a withdrawal starts in the block of its call",
        _nothing_is_queued_later,
        rows={},
        sums={QUEUED_AT: lambda group: group},
        also_reads=(CLOCK,),
    ),
    StateLaw(
        "LEMMA-queued",
        "A pending deallocation is in its queue.",
        "AllocationManager.modifyAllocations",
        _deallocations_are_queued,
        rows={ALLOCATIONS: lambda key: key},
        also_reads=(
            DEALLOCATION_QUEUES,
            QUEUED_DEALLOCATIONS,
        ),
    ),
    StateLaw(
        "LEMMA-clock",
        "No call is made in block zero, so that an effect block of zero can mean that nothing is pending.",
        "Block zero is a chain's genesis, which has no calls",
        _is_after_the_first_block,
        rows={CLOCK: lambda _key: SINGLETON},
    ),
    StateLaw(
        "LEMMA-slash",
        "What slashes took is listed under ids already given.",
        "AllocationManager: a slash id is used once",
        _slashes_are_made,
        rows={SLASHES: lambda key: key},
        also_reads=(OPERATOR_SETS,),
    ),
    StateLaw(
        "LEMMA-slashed",
        "Shares wait to be paid under slash ids already given.",
        "AllocationManager: a slash id is used once",
        _slashed_shares_are_of_slashes,
        rows={SLASHED_SHARES: lambda key: key},
        also_reads=(OPERATOR_SETS,),
    ),
    StateLaw(
        "LEMMA-exists",
        "A set that does not exist has slashed nobody.",
        "AllocationManager.createOperatorSets",
        _sets_slash_once_they_exist,
        rows={OPERATOR_SETS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-recipient",
        "What a set slashes goes to somebody.",
        "AllocationManager.createRedistributingOperatorSets",
        _slashes_go_to_somebody,
        rows={OPERATOR_SETS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-member",
        "A set that does not exist slashes no strategy.",
        "AllocationManager.createOperatorSets",
        _members_are_of_sets,
        rows={OPERATOR_SET_STRATEGIES: lambda key: key},
        also_reads=(OPERATOR_SETS,),
    ),
    StateLaw(
        "LEMMA-once",
        "A staker lists each strategy once.",
        "LIST-01, of the list alone",
        _is_listed_once,
        rows={STAKERS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-listed",
        "A staker holds shares of a strategy that it lists.",
        "LIST-01, of one strategy",
        _what_is_listed_is_held,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS,),
    ),
    StateLaw(
        "LEMMA-slash-once",
        "A slash lists each strategy once.",
        "AllocationManager.slashOperator: strategies in ascending order",
        _is_slashed_once,
        rows={SLASHES: lambda key: key},
    ),
    StateLaw(
        "LEMMA-named",
        "Shares are of a strategy that has a name.",
        "This project: an empty name stands for none",
        _strategies_have_names,
        rows={STAKER_SHARES: lambda key: key},
    ),
    StateLaw(
        "LEMMA-position",
        "What is queued belongs to a withdrawal under a nonce already given, and began when it did.",
        "DelegationManager: a nonce is used once",
        _positions_are_of_withdrawals,
        rows={QUEUED_SHARES: lambda key: key},
        also_reads=(
            STAKERS,
            WITHDRAWALS,
        ),
    ),
    StateLaw(
        "LEMMA-withdrawal",
        "No withdrawal began later than now; one that waits has a nonce already given.",
        "DelegationManager: a nonce is used once",
        _withdrawals_have_begun,
        rows={WITHDRAWALS: lambda key: key},
        also_reads=(
            CLOCK,
            STAKERS,
        ),
    ),
    StateLaw(
        "LEMMA-waited",
        "The window of a withdrawal that is completed has closed.",
        "EXIT-01",
        _completed_withdrawals_had_waited,
        rows={WITHDRAWALS: lambda key: key},
        also_reads=(
            CLOCK,
            CONFIG,
            STAKERS,
        ),
    ),
    StateLaw(
        "LEMMA-begun",
        "Nothing queued began later than now.",
        "DelegationManager: a withdrawal starts in the block of its call",
        _positions_have_begun,
        rows={QUEUED_SHARES: lambda key: key},
        also_reads=(CLOCK,),
    ),
    StateLaw(
        "LEMMA-debt",
        "What is claimed beyond a strategy's shares is no more than was lost: the fraction of each position waiting, "
        "and less than a share of each that was slashed while it waited.",
        "SOLV-01, in the form that every call keeps",
        _debt_is_what_was_lost,
        rows={STRATEGIES: lambda key: key},
        sums={**CLAIMS, NOT_LOST_WAD: lambda group: group},
    ),
    PastLaw(
        "LEMMA-past-magnitude",
        "A max magnitude was never less than it is now, and never more than WAD.",
        "MAG-04",
        _past_magnitude_was_no_less,
        (MAX_MAGNITUDES,),
    ),
    PastLaw(
        "LEMMA-past-count",
        "The scaled shares ever queued were never more than they are now.",
        "DelegationManager: the count only grows",
        _past_count_was_no_more,
        (CUMULATIVE_SCALED_SHARES,),
    ),
]
