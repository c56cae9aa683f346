"""Configuration of the RewardsCoordinator: the constants of its code, and the parameters of one deployment."""

from typing import Final

import attr

from spec.eigenlayer.config import ZERO_ADDRESS

MAX_REWARDS_AMOUNT: Final = 10**38 - 1
"""The largest amount of one submission, before fees. Source: RewardsCoordinatorStorage."""

ONE_HUNDRED_IN_BIPS: Final = 10_000
"""One hundred percent, in hundredths of a percent. Source: RewardsCoordinatorStorage."""

PROTOCOL_FEE_BIPS: Final = 2_000
"""The protocol fee: the part of a submission that goes to the fee recipient. Source: RewardsCoordinatorStorage."""

NEVER_SET_BIPS: Final = 2**16 - 1
"""The stored old split of an operator that sets its first split. It stands for the current default split.

Source: RewardsCoordinator._setOperatorSplit.
"""

REWARDS_COORDINATOR: Final = "rewards_coordinator"
"""The contract's account. It holds all rewards in one pool."""

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
"""The kinds of submission that the contract distinguishes. Submissions for EigenDA have the kind AVS."""

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
"""The possible results of verifying a Merkle proof: the leaf is in the tree, or the first check that fails."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsConfig:
    """One deployment's parameters. Fields that end in `_seconds` are durations, those in `_timestamp` points in time.

    No rewards may start before `genesis_rewards_timestamp`. `owner` may change the settings. `emissions_controller`
    pays the submissions for EigenDA. A submission may name
    `beacon_chain_eth_strategy` although it is not whitelisted for deposits; empty if the deployment has no native ETH.
    """

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
