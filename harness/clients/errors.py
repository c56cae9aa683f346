"""Errors of contracts that come with arguments, by their signatures."""

from typing import Final

ERRORS_WITH_ARGUMENTS: Final = (
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "SafeCastOverflowedUintDowncast(uint8,uint256)",
)
"""Errors of OpenZeppelin. All others that occur have no arguments."""
