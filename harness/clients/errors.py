"""The signatures of contract errors that have arguments."""

from typing import Final

ERRORS_WITH_ARGUMENTS: Final = (
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "SafeCastOverflowedUintDowncast(uint8,uint256)",
)
"""The signatures of OpenZeppelin's errors with arguments. No other error that occurs has arguments."""
