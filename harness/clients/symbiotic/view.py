"""The state of a deployment as a trace shows it, read by the contracts' view functions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from harness.clients.abi import Reverted, first_word, words
from spec.codec import Json

BURNER: Final = "burner0"
LAST_TIMESTAMP: Final = 2**48 - 1
PREFIX_BITS: Final = 96
"""The bits of a subnetwork's number in its identifier, below the network's address."""


class Seen(ABC):
    """A deployment at one time: its contracts' addresses, their answers, and names for addresses.

    `config` is that of a trace; `core`, `vaults` and `tokens` are addresses; `now` is the timestamp.
    """

    config: Mapping[str, Any]
    core: Mapping[str, str]
    vaults: Mapping[str, Mapping[str, str]]
    tokens: Mapping[str, str]
    now: int

    @abstractmethod
    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`. Raises Reverted if it reverts."""

    @abstractmethod
    def name_of(self, reverted: Reverted) -> str:
        """The name of a revert's error, as traces write it."""

    @abstractmethod
    def address(self, name: str) -> str:
        """The address, in hexadecimal, of the account or vault with this name in the trace."""

    @abstractmethod
    def name_at(self, word: int) -> str:
        """The name of the address in a word of return data."""

    @abstractmethod
    def probed(self, vault: str) -> Sequence[int]:
        """The past timestamps at which a vault's stake and slashes are read, besides now; empty to read none."""

    def subnetwork(self, name: str) -> bytes:
        """The 32-byte identifier of a subnetwork: the network's address, then the subnetwork's number."""
        network, _, number = name.partition("/sub")
        return bytes.fromhex(self.address(network)[2:]) + int(number).to_bytes(PREFIX_BITS // 8, "big")

    def subnetwork_name(self, word: int) -> str:
        """The name of the subnetwork in a word of return data."""
        return f"{self.name_at(word >> PREFIX_BITS)}/sub{word & (2**PREFIX_BITS - 1)}"


def observe(on: Seen) -> Json:
    """The state of a deployment in the form of a trace's `post`, the state after a step, with integers as decimal
    strings.
    """
    config, core = on.config, on.core

    def asked(to: str, signature: str, *arguments: Any) -> int:
        return first_word(on.ask(to, signature, *arguments))

    def is_entity(registry: str, name: str) -> bool:
        return bool(asked(core[registry], "isEntity(address)", on.address(name)))

    def is_opted_in(service: str, operator: str, where: str) -> bool:
        return bool(asked(core[service], "isOptedIn(address,address)", on.address(operator), on.address(where)))

    def middleware(network: str) -> str:
        return on.name_at(asked(core["middlewares"], "middleware(address)", on.address(network)))

    def balance(token: str, name: str) -> str:
        return str(asked(token, "balanceOf(address)", on.address(name)))

    balances = [*config["holders"], BURNER]
    return {
        "timestamp": str(on.now),
        "balances": {name: balance(on.tokens["collateral"], name) for name in balances},
        "registry": {
            "operators": {name: is_entity("operators", name) for name in config["operators"]},
            "networks": {name: is_entity("networks", name) for name in config["networks"]},
            "middleware": {name: middleware(name) for name in config["networks"]},
        },
        "optInNetwork": {
            operator: {network: is_opted_in("network_opt_in", operator, network) for network in config["networks"]}
            for operator in config["operators"]
        },
        "vaults": {
            name: {
                **VaultView(on, name).observe(),
                "optIn": {operator: is_opted_in("vault_opt_in", operator, name) for operator in config["operators"]},
                **(
                    {"collateralOf": {holder: balance(on.vaults[name]["token"], holder) for holder in balances}}
                    if on.vaults[name]["token"] != on.tokens["collateral"]
                    else {}
                ),
                "collateral": balance(on.vaults[name]["token"], name),
            }
            for name in config["vaults"]
        },
    }


class VaultView:
    """The state of one vault, its delegator and its slasher as a trace shows it, read by their view functions."""

    def __init__(self, on: Seen, name: str) -> None:
        self._on = on
        self._name = name
        self._at = on.vaults[name]
        self._config = on.config["vaults"][name]

    def observe(self) -> dict[str, Json]:
        """Everything that a trace shows about the vault, except balances and opt-ins."""
        holders = self._on.config["holders"]
        epoch = self._ask("vault", "currentEpoch()")

        def of_holders(signature: str) -> dict[str, Json]:
            return {holder: self._said("vault", signature, self._on.address(holder)) for holder in holders}

        whitelisted = {
            holder: bool(self._ask("vault", "isDepositorWhitelisted(address)", self._on.address(holder)))
            for holder in holders
        }
        return {
            "epoch": str(epoch),
            **{
                field: str(self._ask("vault", f"{field}()"))
                for field in ("activeStake", "activeShares", "totalStake", "depositLimit")
            },
            "depositWhitelist": bool(self._ask("vault", "depositWhitelist()")),
            "isDepositLimit": bool(self._ask("vault", "isDepositLimit()")),
            "activeSharesOf": of_holders("activeSharesOf(address)"),
            "activeBalanceOf": of_holders("activeBalanceOf(address)"),
            "slashableBalanceOf": of_holders("slashableBalanceOf(address)"),
            "isDepositorWhitelisted": whitelisted,
            **self._withdrawals(epoch, holders),
            "delegator": self._delegator(),
            "slasher": None if self._config["slasher"] == "none" else self._slasher(),
            "probes": self._probes(),
        }

    def _ask(self, contract: str, signature: str, *arguments: Any) -> int:
        return first_word(self._on.ask(self._at[contract], signature, *arguments))

    def _said(self, contract: str, signature: str, *arguments: Any) -> str:
        """The first word, as decimal text, that a view of one of the vault's contracts returns; or the error that the
        view reverts with, as `revert:NAME`.
        """
        try:
            return str(self._ask(contract, signature, *arguments))
        except Reverted as reverted:
            return f"revert:{self._on.name_of(reverted)}"

    def _withdrawals(self, epoch: int, holders: list[str]) -> dict[str, Json]:
        epochs = range(epoch + 2)
        shares = {
            each: {
                holder: self._ask("vault", "withdrawalSharesOf(uint256,address)", each, self._on.address(holder))
                for holder in holders
            }
            for each in epochs
        }
        held = [each for each in epochs if any(shares[each].values())]

        def by_holder(value: Callable[[int, str], Json]) -> dict[str, Json]:
            return {str(each): {holder: value(each, self._on.address(holder)) for holder in holders} for each in held}

        return {
            "withdrawals": {str(each): str(self._ask("vault", "withdrawals(uint256)", each)) for each in epochs},
            "withdrawalShares": {
                str(each): str(self._ask("vault", "withdrawalShares(uint256)", each)) for each in epochs
            },
            "withdrawalSharesOf": {
                str(each): {holder: str(shares[each][holder]) for holder in holders} for each in held
            },
            "withdrawalsOf": by_holder(
                lambda each, address: self._said("vault", "withdrawalsOf(uint256,address)", each, address)
            ),
            "isWithdrawalsClaimed": by_holder(
                lambda each, address: bool(self._ask("vault", "isWithdrawalsClaimed(uint256,address)", each, address))
            ),
        }

    def _by_subnetwork(self, value: Callable[[bytes], Json]) -> dict[str, Json]:
        return {name: value(self._on.subnetwork(name)) for name in self._on.config["subnetworks"]}

    def _by_operator(self, value: Callable[[bytes, str], Json]) -> dict[str, Json]:
        operators = self._on.config["operators"]
        return self._by_subnetwork(
            lambda subnetwork: {operator: value(subnetwork, self._on.address(operator)) for operator in operators}
        )

    def _of(self, contract: str, function: str) -> dict[str, Json]:
        return self._by_subnetwork(lambda subnetwork: str(self._ask(contract, f"{function}(bytes32)", subnetwork)))

    def _of_operators(self, contract: str, function: str) -> dict[str, Json]:
        signature = f"{function}(bytes32,address)"
        return self._by_operator(lambda subnetwork, operator: str(self._ask(contract, signature, subnetwork, operator)))

    def _delegator(self) -> dict[str, Json]:
        kind = self._config["delegator"]
        observed: dict[str, Json] = {
            "maxNetworkLimit": self._of("delegator", "maxNetworkLimit"),
            "stake": self._of_operators("delegator", "stake"),
        }
        if kind != "operator_network_specific":
            observed["networkLimit"] = self._of("delegator", "networkLimit")
        if kind == "network_restake":
            observed["totalOperatorNetworkShares"] = self._of("delegator", "totalOperatorNetworkShares")
            observed["operatorNetworkShares"] = self._of_operators("delegator", "operatorNetworkShares")
        if kind == "full_restake":
            observed["operatorNetworkLimit"] = self._of_operators("delegator", "operatorNetworkLimit")
        return observed

    def _slasher(self) -> dict[str, Json]:
        observed: dict[str, Json] = {
            "cumulativeSlash": self._of_operators("slasher", "cumulativeSlash"),
            "latestSlashedCaptureTimestamp": self._of_operators("slasher", "latestSlashedCaptureTimestamp"),
        }
        if self._config["slasher"] == "veto":

            def account(signature: str, *arguments: Any) -> str:
                return self._on.name_at(self._ask("slasher", signature, *arguments))

            observed["resolver"] = self._by_subnetwork(
                lambda subnetwork: account("resolver(bytes32,bytes)", subnetwork, b"")
            )
            observed["resolverPending"] = self._by_subnetwork(
                lambda subnetwork: account("resolverAt(bytes32,uint48,bytes)", subnetwork, LAST_TIMESTAMP, b"")
            )
            observed["slashRequests"] = [
                self._request(index) for index in range(self._ask("slasher", "slashRequestsLength()"))
            ]
        return observed

    def _request(self, index: int) -> Json:
        found = words(self._on.ask(self._at["slasher"], "slashRequests(uint256)", index))
        return {
            "subnetwork": self._on.subnetwork_name(found[0]),
            "operator": self._on.name_at(found[1]),
            "amount": str(found[2]),
            "captureTimestamp": str(found[3]),
            "vetoDeadline": str(found[4]),
            "completed": bool(found[5]),
        }

    def _probes(self) -> list[Json]:
        return [self._past(each) for each in self._on.probed(self._name)]

    def _past(self, timestamp: int) -> Json:
        def at(contract: str, function: str) -> dict[str, Json]:
            signature = f"{function}(bytes32,address,uint48,bytes)"
            return self._by_operator(
                lambda subnetwork, operator: self._said(contract, signature, subnetwork, operator, timestamp, b"")
            )

        observed: dict[str, Json] = {
            "timestamp": str(timestamp),
            "activeStakeAt": str(self._ask("vault", "activeStakeAt(uint48,bytes)", timestamp, b"")),
            "activeSharesAt": str(self._ask("vault", "activeSharesAt(uint48,bytes)", timestamp, b"")),
            "stakeAt": at("delegator", "stakeAt"),
        }
        if self._config["slasher"] != "none":
            observed["slashableStake"] = at("slasher", "slashableStake")
            observed["cumulativeSlashAt"] = at("slasher", "cumulativeSlashAt")
        return observed
