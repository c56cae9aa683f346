"""Configuration fixed at deployment: the constants of the contracts' code, and the delays chosen for one deployment."""

from typing import Final

import attr

SHARES_OFFSET: Final = 10**3
"""Virtual shares of every strategy: they blunt the inflation of the exchange rate. Source: StrategyBase."""

BALANCE_OFFSET: Final = 10**3
"""Virtual token balance of every strategy. Source: StrategyBase."""

MAX_TOTAL_SHARES: Final = 10**38 - 1
"""The most shares one strategy may have issued. Source: StrategyBase."""

MAX_STAKER_STRATEGY_LIST_LENGTH: Final = 32
"""In how many strategies one staker may hold shares. Source: StrategyManager."""

MAX_DEALLOCATIONS_TO_CLEAR: Final = 2**16 - 1
"""The number of matured deallocations that a modification clears first. Source: AllocationManager.modifyAllocations."""

GWEI_TO_WEI: Final = 10**9
"""The wei in a gwei, the unit in which the beacon chain and pods count ETH. Source: EigenPod, EigenPodManager."""

BEACON_CHAIN_ETH: Final = "beaconChainETH"
"""The strategy that stands for ETH restaked with pods. Its shares are wei. No contract is at its address.

Source: DelegationManager.beaconChainETHStrategy, AllocationManagerStorage.BEACONCHAIN_ETH_STRAT.
"""

ZERO_ADDRESS: Final = "zero"
"""Address zero: nobody. A staker delegated to it is not delegated, an operator with it as approver has no approver."""

BURN_ADDRESS: Final = "burn"
"""DEFAULT_BURN_ADDRESS, where slashed stake goes unless its operator set redistributes."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Config:
    """One deployment of one release. Delays are in blocks; the whitelister decides which strategies accept deposits.

    The last two parameters are what differs between releases, see `spec.eigenlayer.presets`:

    - `slash_resolution_delay_blocks`: the blocks after that of a slash in which what it took is not paid yet. Zero if
      the release knows no such delay, so that a slash can be paid in its own block. Source: StrategyManager.
    - `queue_counts_whole_shares`: True if a queued withdrawal counts for slashes with the whole shares that left its
      operator, False if with all its scaled shares. Source: DelegationManager._removeSharesAndQueueWithdrawal.
    """

    min_withdrawal_delay_blocks: Final[int]
    deallocation_delay_blocks: Final[int]
    allocation_configuration_delay_blocks: Final[int]
    slasher_configuration_delay_blocks: Final[int]
    strategy_whitelister: Final[str]
    slash_resolution_delay_blocks: Final[int]
    queue_counts_whole_shares: Final[bool]

    def __init__(
        self,
        min_withdrawal_delay_blocks: int,
        deallocation_delay_blocks: int,
        allocation_configuration_delay_blocks: int,
        slasher_configuration_delay_blocks: int,
        strategy_whitelister: str,
        slash_resolution_delay_blocks: int = 0,
        queue_counts_whole_shares: bool = False,
    ) -> None:
        self.min_withdrawal_delay_blocks = min_withdrawal_delay_blocks
        self.deallocation_delay_blocks = deallocation_delay_blocks
        self.allocation_configuration_delay_blocks = allocation_configuration_delay_blocks
        self.slasher_configuration_delay_blocks = slasher_configuration_delay_blocks
        self.strategy_whitelister = strategy_whitelister
        self.slash_resolution_delay_blocks = slash_resolution_delay_blocks
        self.queue_counts_whole_shares = queue_counts_whole_shares
