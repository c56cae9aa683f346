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

ZERO_ADDRESS: Final = "zero"
"""Address zero: nobody. A staker delegated to it is not delegated, an operator with it as approver has no approver."""

BURN_ADDRESS: Final = "burn"
"""DEFAULT_BURN_ADDRESS, where slashed stake goes unless its operator set redistributes."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Config:
    """One deployment. All four delays are in blocks; the whitelister decides which strategies accept deposits."""

    min_withdrawal_delay_blocks: Final[int]
    deallocation_delay_blocks: Final[int]
    allocation_configuration_delay_blocks: Final[int]
    slasher_configuration_delay_blocks: Final[int]
    strategy_whitelister: Final[str]

    def __init__(
        self,
        min_withdrawal_delay_blocks: int,
        deallocation_delay_blocks: int,
        allocation_configuration_delay_blocks: int,
        slasher_configuration_delay_blocks: int,
        strategy_whitelister: str,
    ) -> None:
        self.min_withdrawal_delay_blocks = min_withdrawal_delay_blocks
        self.deallocation_delay_blocks = deallocation_delay_blocks
        self.allocation_configuration_delay_blocks = allocation_configuration_delay_blocks
        self.slasher_configuration_delay_blocks = slasher_configuration_delay_blocks
        self.strategy_whitelister = strategy_whitelister


MAINNET: Final = Config(
    min_withdrawal_delay_blocks=100_800,
    deallocation_delay_blocks=100_800,
    allocation_configuration_delay_blocks=126_000,
    slasher_configuration_delay_blocks=126_000,
    strategy_whitelister="whitelister",
)
"""The delays of Ethereum mainnet: 14 days, 14 days, 17.5 days, 17.5 days, at twelve seconds a block."""
