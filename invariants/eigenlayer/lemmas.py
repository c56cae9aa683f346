"""Lemmas for the proofs of other laws, declared as laws so that walks check them too."""

from typing import Any, Final

from invariants.law import StateLaw, View
from spec.arithmetic import WAD
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
)
from spec.machine import SINGLETON


def _factor_undoes_no_more(view: View, key: Any) -> bool:
    magnitude = MAX_MAGNITUDES.latest(view.rows, (view.rows.get(STAKERS, key[0]).delegated_to, key[1]))
    return view.rows.get(STAKER_SHARES, key).deposit_scaling_factor_wad * magnitude <= WAD * WAD


def _deallocations_are_due_in_time(view: View, key: Any) -> bool:
    row = view.rows.get(ALLOCATIONS, key)
    last_block = current_block(view.rows) + view.rows.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1
    return row.pending_diff_magnitude >= 0 or row.effect_block <= last_block


def _shares_are_backed(view: View, strategy: str) -> bool:
    pool = view.rows.get(STRATEGIES, strategy)
    return pool.total_shares <= view.rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount


def _count_was_no_more(view: View, place: tuple[Any, int]) -> bool:
    """True if a checkpoint's count of queued scaled shares is between 0 and the latest count. `place` is the history's
    key and the checkpoint's index.

    Each checkpoint is checked by itself; look-ups are the subject of another lemma of the proofs, LEMMA-past-count.
    Native ETH is exempt: its count is truncated to 224 bits, which the count of no token strategy reaches.
    """
    key, position = place
    if key[1] == BEACON_CHAIN_ETH:
        return True
    head = view.rows.get(CUMULATIVE_SCALED_SHARES.heads, key)
    if not 0 <= position < head.count:
        return True
    return 0 <= view.rows.get(CUMULATIVE_SCALED_SHARES.checkpoints, place).value <= head.latest


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "LEMMA-factor",
        "A staker's scaling factor undoes no more than its operator was slashed: their product is at most one.",
        "SlashingLib.update",
        _factor_undoes_no_more,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS, MAX_MAGNITUDES.heads),
        harmless={MAX_MAGNITUDES.heads: lambda before, after: 0 <= after.latest <= before.latest},
    ),
    StateLaw(
        "LEMMA-due",
        "A pending deallocation takes effect no later than one that is made now.",
        "AllocationManager.modifyAllocations",
        _deallocations_are_due_in_time,
        rows={ALLOCATIONS: lambda key: key},
        also_reads=(CLOCK, CONFIG),
        harmless={CLOCK: lambda before, after: after.block >= before.block},
    ),
    StateLaw(
        "LEMMA-backed",
        "A strategy holds at least a token for each share, so that a payment never exceeds its balance.",
        "StrategyBase: the exchange rate starts at one and never falls",
        _shares_are_backed,
        rows={STRATEGIES: lambda key: key, TOKEN_BALANCES: lambda key: key[1]},
    ),
    StateLaw(
        "LEMMA-count",
        "The scaled shares ever queued of a token strategy were never more than they are now.",
        "DelegationManager: the count only grows",
        _count_was_no_more,
        rows={CUMULATIVE_SCALED_SHARES.checkpoints: lambda place: place},
        also_reads=(CUMULATIVE_SCALED_SHARES.heads,),
        harmless={
            CUMULATIVE_SCALED_SHARES.heads: lambda before, after: (
                after.latest >= before.latest and after.count == before.count
            )
        },
    ),
]
