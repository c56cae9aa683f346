"""The lemmas about rewards that the induction needs beside the laws, and the rows that a deployment chooses.

Lifted with the specification, see proofs/theory.py.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import StateLaw, View
from spec.arithmetic import UINT32_MAX
from spec.eigenlayer.rewards_config import ONE_HUNDRED_IN_BIPS, REWARDS_COORDINATOR
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    CLAIMED,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_COUNTS,
    OPERATOR_SET_SPLITS,
    REWARDED_OPERATORS,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    STRATEGIES,
    SUBMISSION_COUNT,
    SUBMISSION_NONCES,
    SUBMISSIONS,
)
from spec.machine import Draft, Table

UNSIGNED_OF_REWARDS: Final[dict[Table[Any, Any], tuple[str, ...]]] = {
    REWARDS_CONFIG: (
        "max_rewards_duration_seconds",
        "max_retroactive_seconds",
        "max_future_seconds",
        "genesis_rewards_timestamp",
    ),
    REWARDS_SETTINGS: ("activation_delay_seconds", "default_operator_split_bips"),
    ADDRESS_RANKS: ("rank",),
    OPERATOR_SET_COUNTS: ("count",),
    SUBMISSION_COUNT: ("count",),
    SUBMISSION_NONCES: ("next_nonce",),
    SUBMISSIONS: ("amount",),
    REWARDED_OPERATORS: ("amount",),
    OPERATOR_PI_SPLITS: ("old_split_bips", "new_split_bips", "activated_at_timestamp"),
    OPERATOR_AVS_SPLITS: ("old_split_bips", "new_split_bips", "activated_at_timestamp"),
    OPERATOR_SET_SPLITS: ("old_split_bips", "new_split_bips", "activated_at_timestamp"),
    DISTRIBUTION: ("root_count", "calculation_end_timestamp"),
    ROOTS: ("calculation_end_timestamp", "activated_at_timestamp"),
    CLAIMED: ("cumulative_amount",),
}
"""The map from table to its fields that are never negative."""


def _interval_is_no_zero(view: View, key: Any) -> bool:
    return view.rows.get(REWARDS_CONFIG, key).calculation_interval_seconds > 0


def _coordinator_is_no_strategy(view: View, key: Any) -> bool:
    row = view.rows.get(STRATEGIES, key)
    return key != REWARDS_COORDINATOR or (row.underlying_token == "" and row.legacy_burnable_shares == 0)


def _nothing_is_booked_later(view: View, key: Any) -> bool:
    row = view.rows.get(SUBMISSIONS, key)
    is_given = 0 <= key[1] < view.rows.get(SUBMISSION_NONCES, key[0]).next_nonce
    return is_given or (row.token == "" and row.amount == 0)


def _pi_split_is_a_fraction(view: View, key: Any) -> bool:
    return view.rows.get(OPERATOR_PI_SPLITS, key).new_split_bips <= ONE_HUNDRED_IN_BIPS


def _set_split_is_a_fraction(view: View, key: Any) -> bool:
    return view.rows.get(OPERATOR_SET_SPLITS, key).new_split_bips <= ONE_HUNDRED_IN_BIPS


LEMMAS_OF_REWARDS: Final[list[StateLaw]] = [
    StateLaw(
        "LEMMA-pi-split",
        "A split of rewards for all earners is at most all of it.",
        "RWD-13, of another kind",
        _pi_split_is_a_fraction,
        rows={OPERATOR_PI_SPLITS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-set-split",
        "A split of what an operator set pays is at most all of it.",
        "RWD-13, of another kind",
        _set_split_is_a_fraction,
        rows={OPERATOR_SET_SPLITS: lambda key: key},
    ),
    StateLaw(
        "LEMMA-interval",
        "The calculation interval is a second at least.",
        "RewardsCoordinatorStorage: the constructor",
        _interval_is_no_zero,
        rows={REWARDS_CONFIG: lambda key: key},
    ),
    StateLaw(
        "LEMMA-coordinator",
        "The coordinator of rewards is no strategy.",
        "Two contracts have two addresses",
        _coordinator_is_no_strategy,
        rows={STRATEGIES: lambda key: key},
    ),
    StateLaw(
        "LEMMA-booked",
        "Nothing is booked under a nonce that is still to come.",
        "RewardsCoordinator: submissionNonce",
        _nothing_is_booked_later,
        rows={SUBMISSIONS: lambda key: key},
        also_reads=(SUBMISSION_NONCES,),
    ),
]

Beginning = Callable[[Draft, Any, Any], list[Any]]
GENESIS_OF_REWARDS: Final[dict[Table[Any, Any], Beginning]] = {
    REWARDS_CONFIG: lambda _rows, _key, row: [
        row.calculation_interval_seconds > 0,
        row.max_rewards_duration_seconds >= 0,
        row.max_retroactive_seconds >= 0,
        row.max_future_seconds >= 0,
        row.genesis_rewards_timestamp >= 0,
    ],
    REWARDS_SETTINGS: lambda _rows, _key, row: [
        row.activation_delay_seconds >= 0,
        row.activation_delay_seconds <= UINT32_MAX,
        row.default_operator_split_bips >= 0,
        row.default_operator_split_bips <= ONE_HUNDRED_IN_BIPS,
    ],
    ADDRESS_RANKS: lambda _rows, _key, row: [row.rank >= 0],
    REWARDS_ALLOWANCES: lambda _rows, _key, _row: [],
    REWARDS_FOR_ALL_SUBMITTERS: lambda _rows, _key, _row: [],
}
"""The rows that a deployment chooses, each with its conditions: rewards configuration and settings, ranks of addresses,
allowances of the coordinator, and who may submit rewards for all earners.
"""
