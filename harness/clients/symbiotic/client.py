"""The contracts as a client: each call of a history is a transaction in a block of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from conformance.client import Accepted, Answer, Client, Introduction, Rejected, Unsupported
from conformance.wire import digest
from harness.clients.abi import ZERO, Reverted, words
from harness.clients.chain import Chain
from harness.clients.symbiotic.deployment import Deployment, begins_at, bytecode
from harness.clients.symbiotic.view import observe
from spec.codec import Json

PROBED_CAPTURES: Final = 3

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
"""By action: the contract that is called, the function, its arguments by their names (empty for hints), its returns."""

ADDRESSES: Final = frozenset(
    {"middleware", "vault", "network", "operator", "onBehalfOf", "claimer", "recipient", "resolver", "account", "to"}
)


class SymbioticContracts(Client):
    """The contracts, deployed anew for each history, on a chain that `begin` starts at a timestamp; `node` names it."""

    def __init__(self, core: Path, errors: tuple[str, ...], begin: Callable[[int], Chain], node: str) -> None:
        self._code = bytecode(core)
        self._errors = errors
        self._begin = begin
        self._node = node
        self._deployed: Deployment | None = None

    def hello(self, protocol: str) -> Introduction:
        """The contracts support every call that there is a line for."""
        actions = frozenset([*CALLS, "advance_time"])
        return Introduction(f"@symbioticfi/core on {self._node}", "1.0.3", actions, has_reasons=True, has_digest=True)

    def reset(self, head: Json) -> str | Unsupported | None:
        """Deploy the world of a head."""
        self.bye()
        config = cast("dict[str, Any]", head)["config"]
        self._deployed = Deployment(self._code, self._errors, config, self._begin(begins_at(config)))
        return digest(self.state())

    def apply(self, call: Json) -> Answer:
        """Make one call, as a transaction in a block of its own."""
        on, fields = self.deployed, cast("dict[str, Any]", call)
        on.set_time(int(fields["timestamp"]))
        if fields["action"] == "advance_time":
            return Accepted({}, digest(self.state()))
        try:
            returns = self._called(on, fields["action"], on.address(fields["sender"]), fields["args"])
        except Reverted as reverted:
            return Rejected(on.name_of(reverted), digest(self.state()))
        return Accepted(returns, digest(self.state()))

    def state(self) -> Json | Unsupported:
        """The whole state, by the contracts' view functions."""
        return observe(self.deployed)

    def bye(self) -> None:
        """End the chain."""
        if self._deployed is not None:
            self._deployed.chain.close()
            self._deployed = None

    @property
    def deployed(self) -> Deployment:
        """The contracts of the history that goes on."""
        assert self._deployed is not None
        return self._deployed

    def _called(self, on: Deployment, action: str, sender: str, args: Mapping[str, Any]) -> dict[str, Json]:
        contract, signature, names, returned = CALLS[action]
        if action in ("slash", "request_slash"):
            earlier = on.captures.setdefault(args["vault"], [])
            capture = int(args["captureTimestamp"])
            on.captures[args["vault"]] = [*[each for each in earlier if each != capture], capture][-PROBED_CAPTURES:]
        own = on.vaults.get(args.get("vault", ""), {})
        to = on.tokens["collateral"] if contract == "token" else on.core.get(contract) or own[contract]
        if to == ZERO:
            raise Reverted(b"")  # a caller in Solidity finds no code there
        output = on.chain.call(sender, to, signature, *[_argument(on, name, args) for name in names])
        returns: dict[str, Json] = dict(zip(returned, [str(word) for word in words(output)], strict=False))
        if returned == SLASHED:
            events = on.chain.logged(own["vault"], "OnSlash(uint256,uint48,uint256)")
            returns["vaultSlashedAmount"] = str(words(events[0])[2]) if events else "0"
        return returns


def _argument(on: Deployment, name: str, args: Mapping[str, Any]) -> Any:
    if not name:
        return b""
    value = args[name]
    if name in ADDRESSES:
        return on.address(value)
    if name == "subnetwork":
        return on.subnetwork(value)
    if isinstance(value, list):
        return tuple(int(item) for item in value)
    return value if isinstance(value, bool) else int(value)
