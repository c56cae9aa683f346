"""A deployment of Symbiotic's core contracts, with the tokens and vaults of one world."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode

from conformance.wire import digest
from harness.clients.abi import ZERO, ErrorNames, Reverted, address_of, words
from harness.clients.chain import DEPLOYER, Chain
from harness.clients.symbiotic.view import Seen

BYTECODE: Final = Path("test") / "integration" / "SymbioticCoreBytecode.sol"
TOKEN: Final = bytes.fromhex((Path(__file__).parents[1] / "token.hex").read_text().strip())
ADMIN: Final = "admin0"
DELEGATORS: Final = ("network_restake", "full_restake", "operator_specific", "operator_network_specific")
UINT256_MAX: Final = 2**256 - 1

BASE: Final = "(address,address,address)"
DELEGATOR_PARAMS: Final = {
    "network_restake": f"({BASE},address[],address[])",
    "full_restake": f"({BASE},address[],address[])",
    "operator_specific": f"({BASE},address[],address)",
    "operator_network_specific": f"({BASE},address,address)",
}
VAULT_PARAMS: Final = "(address,address,uint48,bool,bool,uint256,address,address,address,address,address)"
CREATE: Final = "create((uint64,address,bytes,uint64,bytes,bool,uint64,bytes))"


def bytecode(core: Path) -> dict[str, bytes]:
    """The creation code of each contract in the npm package in the folder `core`, by the contract's name."""
    text = (core / BYTECODE).read_text(encoding="utf-8")
    functions = re.findall(r"function (\w+)\(\)[^{]*\{(.*?)\n    \}", text, re.DOTALL)
    return {name: bytes.fromhex("".join(re.findall(r'hex"([0-9a-fA-F]*)"', body))) for name, body in functions}


def begins_at(config: Mapping[str, Any]) -> int:
    """The timestamp at which the world of a trace's `config` begins: the earlier of its genesis and the start of its
    first vault.
    """
    return min(
        int(config["genesisTimestamp"]), *[int(vault["epochDurationInit"]) for vault in config["vaults"].values()]
    )


class Deployment(Seen):
    """The contracts of one world, deployed on a chain at the world's first timestamp, then moved to its genesis."""

    def __init__(
        self, code: Mapping[str, bytes], errors: tuple[str, ...], config: Mapping[str, Any], chain: Chain
    ) -> None:
        self.chain: Final = chain
        self.config = config
        self.code: Final = code
        self.vaults: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.addresses: Final[dict[str, str]] = {"zero": ZERO}
        self.names: Final[dict[str, str]] = {ZERO: "zero"}
        self.captures: Final[dict[str, list[int]]] = {}
        self._subnetworks: Final[dict[str, bytes]] = {}
        self._errors: Final = ErrorNames(errors)
        self.now = begins_at(config)
        self.chain.set_time(self.now)
        self.core = self._deploy_core()
        for kind, registry, signature in (
            ("operators", "operators", "registerOperator()"),
            ("networks", "networks", "registerNetwork()"),
        ):
            for account in config["preRegistered"][kind]:
                self.chain.call(self.address(account), self.core[registry], signature)
        # Vaults are created in the order of their start times, since time does not go back.
        for name, vault in sorted(config["vaults"].items(), key=lambda each: int(each[1]["epochDurationInit"])):
            self._create(name, vault)
        self._fund()
        self.set_time(int(config["genesisTimestamp"]))

    def set_time(self, timestamp: int) -> None:
        """Set the timestamp of the next calls and views."""
        self.now = timestamp
        self.chain.set_time(timestamp)

    def address(self, name: str) -> str:
        """The address of a name; a new name gets an address derived from its digest."""
        if name not in self.addresses:
            address = "0x" + digest(name)[:40]
            self.addresses[name], self.names[address] = address, name
        return self.addresses[name]

    def subnetwork(self, name: str) -> bytes:
        """The 32-byte identifier of the subnetwork with this name: the network's address, then the subnetwork's number.
        Cached.
        """
        found = self._subnetworks.get(name)
        if found is None:
            found = self._subnetworks[name] = super().subnetwork(name)
        return found

    def name_at(self, word: int) -> str:
        """The name of the address in a word of return data."""
        return self.names[address_of(word)]

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`. Raises Reverted if it reverts."""
        return self.chain.ask(to, signature, *arguments)

    def name_of(self, reverted: Reverted) -> str:
        """The name of a revert's error, as traces write it."""
        return self._errors.name_of(reverted)

    def probed(self, vault: str) -> Sequence[int]:
        """The past timestamps at which a vault's stake and slashes are read: the previous second, and the capture
        timestamps of the latest slashes.
        """
        before = self.now - 1
        return [before, *[capture for capture in self.captures.get(vault, []) if capture != before]]

    def _deploy_core(self) -> dict[str, str]:
        chain, code = self.chain, self.code
        core = {
            name: chain.deploy(code[contract], ["address"], [DEPLOYER])
            for name, contract in (
                ("vaults", "vaultFactory"),
                ("delegators", "delegatorFactory"),
                ("slashers", "slasherFactory"),
            )
        }
        core["networks"] = chain.deploy(code["networkRegistry"])
        core["operators"] = chain.deploy(code["operatorRegistry"])
        core["middlewares"] = chain.deploy(code["networkMiddlewareService"], ["address"], [core["networks"]])
        opt_in = ["address", "address", "string"]
        for name, where in (("vault_opt_in", "vaults"), ("network_opt_in", "networks")):
            title = "OperatorVaultOptInService" if where == "vaults" else "OperatorNetworkOptInService"
            core[name] = chain.deploy(code["optInService"], opt_in, [core["operators"], core[where], title])
        factories = [core["delegators"], core["slashers"], core["vaults"]]
        self._whitelist(core["vaults"], chain.deploy(code["vault"], ["address"] * 3, factories))
        shared = [core["networks"], core["vaults"], core["vault_opt_in"], core["network_opt_in"], core["delegators"]]
        for index, (contract, before) in enumerate(
            (
                ("networkRestakeDelegator", []),
                ("fullRestakeDelegator", []),
                ("operatorSpecificDelegator", [core["operators"]]),
                ("operatorNetworkSpecificDelegator", [core["operators"]]),
            )
        ):
            arguments = [*before, *shared, index]
            types = ["address"] * (len(arguments) - 1) + ["uint64"]
            self._whitelist(core["delegators"], chain.deploy(code[contract], types, arguments))
        slasher = [core["vaults"], core["middlewares"], core["slashers"], 0]
        self._whitelist(core["slashers"], chain.deploy(code["slasher"], ["address"] * 3 + ["uint64"], slasher))
        veto = [core["vaults"], core["middlewares"], core["networks"], core["slashers"], 1]
        self._whitelist(core["slashers"], chain.deploy(code["vetoSlasher"], ["address"] * 4 + ["uint64"], veto))
        factories = [core["vaults"], core["delegators"], core["slashers"]]
        core["configurator"] = chain.deploy(code["vaultConfigurator"], ["address"] * 3, factories)
        return core

    def _whitelist(self, factory: str, implementation: str) -> None:
        self.chain.call(DEPLOYER, factory, "whitelist(address)", implementation)

    def _token(self, name: str) -> str:
        if name not in self.tokens:
            self.tokens[name] = self.chain.deploy(TOKEN)
        return self.tokens[name]

    def _create(self, name: str, vault: Mapping[str, Any]) -> None:
        self.chain.set_time(int(vault["epochDurationInit"]))
        admin = self.address(vault.get("admin", ADMIN))
        token = self._token(vault.get("collateral", "collateral"))
        kind, slasher = vault["delegator"], vault["slasher"]
        vault_params = (
            token,
            self.address(vault["burner"]),
            int(vault["epochDuration"]),
            vault["depositWhitelist"],
            vault["isDepositLimit"],
            int(vault["depositLimit"]),
            *[admin] * 5,
        )
        base = (admin, ZERO, admin)
        special = [self.address(vault[field]) for field in ("delegatorNetwork", "delegatorOperator") if field in vault]
        holders: dict[str, list[Any]] = {
            "network_restake": [[admin], [admin]],
            "full_restake": [[admin], [admin]],
            "operator_specific": [[admin], *special],
            "operator_network_specific": special,
        }
        slasher_params = encode(["((bool))"], [((vault["isBurnerHook"],),)])
        if slasher == "veto":
            delays = (int(vault["vetoDuration"]), int(vault["resolverSetEpochsDelay"]))
            slasher_params = encode(["((bool),uint48,uint256)"], [((vault["isBurnerHook"],), *delays)])
        parameters = (
            1,
            admin,
            encode([VAULT_PARAMS], [vault_params]),
            DELEGATORS.index(kind),
            encode([DELEGATOR_PARAMS[kind]], [(base, *holders[kind])]),
            slasher != "none",
            1 if slasher == "veto" else 0,
            slasher_params,
        )
        made = self.chain.call(DEPLOYER, self.core["configurator"], CREATE, parameters)
        at = [address_of(word) for word in words(made)]
        self.vaults[name] = {"vault": at[0], "delegator": at[1], "slasher": at[2], "token": token}
        self.addresses[name], self.names[at[0]] = at[0], name

    def _fund(self) -> None:
        config, without = self.config, self.config.get("noAllowance", {})
        self._token("collateral")
        for staker in config["stakers"]:
            address = self.address(staker)
            for token in self.tokens.values():
                self.chain.call(DEPLOYER, token, "mint(address,uint256)", address, int(config["stakerBalance"]))
            for name, vault in self.vaults.items():
                if name not in without.get(staker, ()):
                    approve = "approve(address,uint256)"
                    self.chain.call(address, vault["token"], approve, vault["vault"], UINT256_MAX)
