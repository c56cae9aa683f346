"""The contract calls for Symbiotic's actions: the contract, the function, its arguments, and its return values."""

from collections.abc import Mapping
from typing import Final

from harness.clients.errors import ERRORS_WITH_ARGUMENTS
from harness.interchange.foundry import Contracts

SLASHED: Final = ("slashedAmount",)
CALLS: Final[Mapping[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]]] = {
    "register_operator": ("operators", "registerOperator()", (), ()),
    "register_network": ("networks", "registerNetwork()", (), ()),
    "set_middleware": ("middlewares", "setMiddleware(address)", ("middleware",), ()),
    "opt_in_vault": ("vault_opt_in", "optIn(address)", ("vault",), ()),
    "opt_out_vault": ("vault_opt_in", "optOut(address)", ("vault",), ()),
    "opt_in_network": ("network_opt_in", "optIn(address)", ("network",), ()),
    "opt_out_network": ("network_opt_in", "optOut(address)", ("network",), ()),
    "set_max_network_limit": ("delegator", "setMaxNetworkLimit(uint96,uint256)", ("identifier", "amount"), ()),
    "set_network_limit": ("delegator", "setNetworkLimit(bytes32,uint256)", ("subnetwork", "amount"), ()),
    "set_operator_network_shares": (
        "delegator",
        "setOperatorNetworkShares(bytes32,address,uint256)",
        ("subnetwork", "operator", "shares"),
        (),
    ),
    "set_operator_network_limit": (
        "delegator",
        "setOperatorNetworkLimit(bytes32,address,uint256)",
        ("subnetwork", "operator", "amount"),
        (),
    ),
    "deposit": ("vault", "deposit(address,uint256)", ("onBehalfOf", "amount"), ("depositedAmount", "mintedShares")),
    "withdraw": ("vault", "withdraw(address,uint256)", ("claimer", "amount"), ("burnedShares", "mintedShares")),
    "redeem": ("vault", "redeem(address,uint256)", ("claimer", "shares"), ("withdrawnAssets", "mintedShares")),
    "claim": ("vault", "claim(address,uint256)", ("recipient", "epoch"), ("amount",)),
    "claim_batch": ("vault", "claimBatch(address,uint256[])", ("recipient", "epochs"), ("amount",)),
    "slash": (
        "slasher",
        "slash(bytes32,address,uint256,uint48,bytes)",
        ("subnetwork", "operator", "amount", "captureTimestamp", ""),
        SLASHED,
    ),
    "request_slash": (
        "slasher",
        "requestSlash(bytes32,address,uint256,uint48,bytes)",
        ("subnetwork", "operator", "amount", "captureTimestamp", ""),
        ("slashIndex",),
    ),
    "execute_slash": ("slasher", "executeSlash(uint256,bytes)", ("slashIndex", ""), SLASHED),
    "veto_slash": ("slasher", "vetoSlash(uint256,bytes)", ("slashIndex", ""), ()),
    "set_resolver": ("slasher", "setResolver(uint96,address,bytes)", ("identifier", "resolver", ""), ()),
    "set_deposit_whitelist": ("vault", "setDepositWhitelist(bool)", ("status",), ()),
    "set_is_deposit_limit": ("vault", "setIsDepositLimit(bool)", ("status",), ()),
    "set_depositor_whitelist_status": (
        "vault",
        "setDepositorWhitelistStatus(address,bool)",
        ("account", "status"),
        (),
    ),
    "set_deposit_limit": ("vault", "setDepositLimit(uint256)", ("limit",), ()),
    "transfer_collateral": ("token", "transfer(address,uint256)", ("to", "amount"), ()),
}
"""The contract call for each action: contract, function signature, the trace's names of its arguments (empty for
hints), and the names of its return values.
"""

ADDRESSES: Final = frozenset(
    {"middleware", "vault", "network", "operator", "onBehalfOf", "claimer", "recipient", "resolver", "account", "to"}
)

CONTRACTS: Final = Contracts(
    calls=CALLS,
    parts=("vault", "delegator", "slasher"),
    tokens={"token": "collateral"},
    addresses=ADDRESSES,
    views=("activeStake", "activeShares", "totalStake"),
    errors={signature.partition("(")[0]: signature for signature in ERRORS_WITH_ARGUMENTS},
)
"""The calls, and the views that tests in Solidity compare to distinguish states."""
