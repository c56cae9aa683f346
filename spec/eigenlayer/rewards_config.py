"""Configuration of the RewardsCoordinator: the constants of its code, and what one deployment chose."""

from typing import Final

import attr

from spec.eigenlayer.config import ZERO_ADDRESS

MAX_REWARDS_AMOUNT: Final = 10**38 - 1
"""The most wei that one submission may pay, before fees. Source: RewardsCoordinatorStorage."""

ONE_HUNDRED_IN_BIPS: Final = 10_000
"""All of it, in hundredths of a percent. Source: RewardsCoordinatorStorage."""

PROTOCOL_FEE_BIPS: Final = 2_000
"""The part of a submission that goes to the fee recipient. Source: RewardsCoordinatorStorage."""

NEVER_SET_BIPS: Final = 2**16 - 1
"""A split before the first one: the default then in force. Source: RewardsCoordinator._setOperatorSplit."""

REWARDS_COORDINATOR: Final = "rewards_coordinator"
"""The account of the contract, one pool for everybody."""

AVS: Final = "avs"
FOR_ALL: Final = "for_all"
FOR_ALL_EARNERS: Final = "for_all_earners"
OPERATOR_DIRECTED_AVS: Final = "operator_directed_avs"
OPERATOR_DIRECTED_OPERATOR_SET: Final = "operator_directed_operator_set"
UNIQUE_STAKE: Final = "unique_stake"
TOTAL_STAKE: Final = "total_stake"
KINDS: Final = (
    AVS,
    FOR_ALL,
    FOR_ALL_EARNERS,
    OPERATOR_DIRECTED_AVS,
    OPERATOR_DIRECTED_OPERATOR_SET,
    UNIQUE_STAKE,
    TOTAL_STAKE,
)
"""The kinds of submission that the contract tells apart; those of EigenDA are of the first."""

PROOF_OK: Final = "ok"
PROOF_INVALID_INDEX: Final = "invalid_index"
PROOF_EMPTY_ROOT: Final = "empty_root"
PROOF_BAD_LENGTH: Final = "bad_length"
PROOF_MISMATCH: Final = "mismatch"
PROOF_OF_NO_ROOT: Final = "none"
PROOFS: Final = (
    PROOF_OK,
    PROOF_INVALID_INDEX,
    PROOF_EMPTY_ROOT,
    PROOF_BAD_LENGTH,
    PROOF_MISMATCH,
    PROOF_OF_NO_ROOT,
)
"""Findings about a Merkle proof: the leaf is in the tree, or the first check of the proof that fails."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsConfig:
    """One deployment. Lengths and durations are seconds; times are timestamps."""

    calculation_interval_seconds: Final[int]
    max_rewards_duration_seconds: Final[int]
    max_retroactive_seconds: Final[int]
    max_future_seconds: Final[int]
    genesis_rewards_timestamp: Final[int]
    owner: Final[str]
    emissions_controller: Final[str]
    beacon_chain_eth_strategy: Final[str]

    def __init__(
        self,
        calculation_interval_seconds: int = 1,
        max_rewards_duration_seconds: int = 0,
        max_retroactive_seconds: int = 0,
        max_future_seconds: int = 0,
        genesis_rewards_timestamp: int = 0,
        owner: str = ZERO_ADDRESS,
        emissions_controller: str = ZERO_ADDRESS,
        beacon_chain_eth_strategy: str = "",
    ) -> None:
        self.calculation_interval_seconds = calculation_interval_seconds
        self.max_rewards_duration_seconds = max_rewards_duration_seconds
        self.max_retroactive_seconds = max_retroactive_seconds
        self.max_future_seconds = max_future_seconds
        self.genesis_rewards_timestamp = genesis_rewards_timestamp
        self.owner = owner
        self.emissions_controller = emissions_controller
        self.beacon_chain_eth_strategy = beacon_chain_eth_strategy
