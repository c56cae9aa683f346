"""Deployment configuration: constants of the contracts' code, and the delays that one deployment chooses."""

from typing import Final

import attr

SHARES_OFFSET: Final = 10**3
"""Virtual shares of every strategy. They limit inflation attacks on the exchange rate. Source: StrategyBase."""

BALANCE_OFFSET: Final = 10**3
"""Virtual token balance of every strategy. Source: StrategyBase."""

MAX_TOTAL_SHARES: Final = 10**38 - 1
"""The maximum total shares of one strategy. Source: StrategyBase."""

MAX_STAKER_STRATEGY_LIST_LENGTH: Final = 32
"""The maximum number of strategies in which one staker holds shares. Source: StrategyManager."""

MAX_DEALLOCATIONS_TO_CLEAR: Final = 2**16 - 1
"""The maximum number of due deallocations that `modify_allocations` clears first.

Source: AllocationManager.modifyAllocations.
"""

GWEI_TO_WEI: Final = 10**9
"""The number of wei in a gwei. The beacon chain and pods count ETH in gwei. Source: EigenPod, EigenPodManager."""

BEACON_CHAIN_ETH: Final = "beaconChainETH"
"""The pseudo-strategy of ETH restaked through pods. Its shares are wei. No contract is at its address.

Source: DelegationManager.beaconChainETHStrategy, AllocationManagerStorage.BEACONCHAIN_ETH_STRAT.
"""

ZERO_ADDRESS: Final = "zero"
"""The zero address. A staker delegated to it has no operator; an operator with it as approver has no approver."""

BURN_ADDRESS: Final = "burn"
"""DEFAULT_BURN_ADDRESS: the recipient of slashed stake, unless its operator set redistributes."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Config:
    """The configuration of one deployment of one release. Delays are in blocks. The whitelister edits the deposit
    whitelist.

    The last two parameters differ between releases, see `spec.eigenlayer.presets`:

    - `slash_resolution_delay_blocks`: the number of blocks after a slash's block in which its shares cannot be paid
      yet. Zero if the release has no such delay: then a slash can be paid in its own block. Source: StrategyManager.
    - `queue_counts_whole_shares`: the way in which a queued withdrawal counts in the history from which slashes compute
      the slashable queue. False: by its scaled shares. True: its withdrawable shares are rounded down to whole shares
      first, and it counts by the scaled shares of these. Source: DelegationManager._removeSharesAndQueueWithdrawal.
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
