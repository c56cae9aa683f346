"""A deployment of EigenLayer's core contracts, with the tokens and strategies of one world."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eth_abi.abi import encode

from conformance.wire import digest
from harness.clients.abi import ZERO, ErrorNames, Reverted, address_of, calldata, decoded, first_word
from harness.clients.chain import DEPLOYER
from harness.clients.eigenlayer import storage
from harness.clients.eigenlayer.artifacts import Artifacts
from harness.clients.eigenlayer.chain import BlockChain, first_made_by
from harness.clients.eigenlayer.signing import address_of_key
from spec.codec import Json

ADMIN: Final = "0x" + "ad" * 20
"""The admin of all proxies, which makes no calls: a proxy treats calls from its admin's address differently."""

PAUSERS: Final = "0x" + "9a" * 20
DEPOSIT_CONTRACT: Final = "0x" + "de" * 20
"""Addresses of two contracts that no call of a trace reaches: nothing is paused, and nobody stakes on the
beacon chain.
"""

BEACON_CHAIN_ETH: Final = "beaconChainETH"
BEACON_CHAIN_ETH_ADDRESS: Final = "0xbeac0eeeeeeeeeeeeeeeeeeeeeeeeeeeeeebeac0"
BURN_ADDRESS: Final = "0x00000000000000000000000000000000000e16e4"
APPROVER: Final = "approver0"
APPROVERS_KEY: Final = int(digest(APPROVER), 16) >> 8
POD_OF: Final = "pod:"
UINT256_MAX: Final = 2**256 - 1
VERSION: Final = "v1.0.0"
"""The version string of the contracts. It only enters the digest that a delegation approver signs."""

ACCEPTS_EVERYTHING: Final = bytes.fromhex("6008600c60003960086000f3" + "60015f5260205ff3")
"""Creation code of a registrar for AVSs that returns 1 to every call."""

PROXIES: Final = ("permissions", "strategies", "delegation", "allocation", "pods")

OperatorSet = tuple[str, int]


class Deployment:
    """The contracts of one world, deployed on a chain at the world's first block."""

    def __init__(self, artifacts: Artifacts, head: Mapping[str, Any], chain: BlockChain) -> None:
        self.chain: Final = chain
        self.config: Final[Mapping[str, Any]] = head["config"]
        self.genesis: Final[Mapping[str, Any]] = head["genesis"]
        self.has_native_eth: Final = "extension" in head
        self.delays_slashes: Final = artifacts.release != "v1.12.0"
        self.block = int(self.genesis["block"])
        self.strategies: Final[list[str]] = sorted(self.genesis["strategy_address_order"])
        self.tokens: Final[dict[str, str]] = {}
        self.addresses: Final[dict[str, str]] = {"zero": ZERO, "burn": BURN_ADDRESS}
        self.names: Final[dict[str, str]] = {}
        self.operator_sets: Final[list[OperatorSet]] = []
        self.pod_owners: Final[list[str]] = []
        self.withdrawers: Final[dict[str, None]] = {}
        self.withdrawals: Final[dict[tuple[str, int], tuple[Any, ...]]] = {}
        self._code: Final = artifacts.code
        self._errors: Final = ErrorNames(artifacts.errors)
        chain.set_block(self.block)
        self.core: Final = {name: first_made_by(_deployer(name)) for name in PROXIES}
        self._name_accounts()
        self._deploy_core()
        self._deploy_strategies()
        self._fund()
        self._plant()

    def set_block(self, block: int) -> None:
        """Set the block number of the next calls and views."""
        self.block = block
        self.chain.set_block(block)

    def address(self, name: str) -> str:
        """The hexadecimal address of a name in the trace. `pod:OWNER` is the address of the owner's pod, deployed or
        not.
        """
        if name.startswith(POD_OF):
            owner = self.address(name.removeprefix(POD_OF))
            return address_of(first_word(self.chain.ask(self.core["pods"], "getPod(address)", owner)))
        return self.addresses[name]

    def name_at(self, address: str | int) -> str:
        """The trace's name for an address, which is given as hexadecimal text or as an integer."""
        return self.names[address_of(address) if isinstance(address, int) else address]

    def name_or_null(self, address: str | int) -> Json:
        """The trace's name for an address, given as hexadecimal text or as an integer; None for the zero address."""
        name = self.name_at(address)
        return None if name == "zero" else name

    def name_of(self, reverted: Reverted) -> str:
        """The name of a revert's error, as traces write it."""
        return self._errors.name_of(reverted)

    def asked(self, contract: str, signature: str, types: Sequence[str], *arguments: Any) -> tuple[Any, ...]:
        """The return values of a view function, decoded by the ABI types `types`. `contract` is the name of a core
        contract or an address.
        """
        return decoded(tuple(types), self.chain.ask(self.core.get(contract, contract), signature, *arguments))

    def _name_accounts(self) -> None:
        genesis = self.genesis
        named = [*genesis["stakers"], *genesis["operators"], *genesis["avss"], *genesis["others"]]
        self.addresses.update({name: "0x" + digest(name)[:40] for name in named})
        self.addresses[APPROVER] = address_of_key(APPROVERS_KEY)
        self.names.update({address: name for name, address in self.addresses.items()})

    def _deploy_core(self) -> None:
        core, config, code = self.core, self.config, self._code
        withdrawal, deallocation = (int(config[name]) for name in ("MIN_WITHDRAWAL_DELAY_BLOCKS", "DEALLOCATION_DELAY"))
        configuration = int(config["ALLOCATION_CONFIGURATION_DELAY"])
        beacon = first_made_by(_deployer("beacon"))
        delays = [deallocation, configuration]
        view = self.chain.deploy(
            code["AllocationManagerView"], ["address"] * 2 + ["uint32"] * 2, [core["delegation"], ZERO, *delays]
        )
        made = {
            "permissions": self.chain.create(code["PermissionController"]),
            "strategies": self.chain.deploy(
                code["StrategyManager"],
                ["address"] * 3 + ["string"],
                [core["allocation"], core["delegation"], PAUSERS, VERSION],
            ),
            "delegation": self.chain.deploy(
                code["DelegationManager"],
                ["address"] * 5 + ["uint32", "string"],
                [
                    *(core["strategies"], core["pods"], core["allocation"], PAUSERS, core["permissions"]),
                    *(withdrawal, VERSION),
                ],
            ),
            "allocation": self.chain.deploy(
                code["AllocationManager"],
                ["address"] * 5 + ["uint32"] * 2,
                [view, core["delegation"], ZERO, PAUSERS, core["permissions"], *delays],
            ),
            "pods": self.chain.deploy(
                code["EigenPodManager"], ["address"] * 4, [DEPOSIT_CONTRACT, beacon, core["delegation"], PAUSERS]
            ),
        }
        whitelister = self.address(self.genesis["whitelister"])
        begun = {
            "permissions": b"",
            "strategies": calldata("initialize(address,address,uint256)", DEPLOYER, whitelister, 0),
            "delegation": calldata("initialize(uint256)", 0),
            "allocation": calldata("initialize(uint256)", 0),
            "pods": calldata("initialize(address,uint256)", DEPLOYER, 0),
        }
        for name in PROXIES:
            self._proxy(_deployer(name), made[name], begun[name])
        pod = self.chain.deploy(code["EigenPod"], ["address"] * 2, [DEPOSIT_CONTRACT, core["pods"]])
        self.chain.create_by(_deployer("beacon"), code["UpgradeableBeacon"] + encode(["address"], [pod]))

    def _proxy(self, deployer: str, implementation: str, begin: bytes) -> str:
        arguments = encode(["address", "address", "bytes"], [implementation, ADMIN, begin])
        return self.chain.create_by(deployer, self._code["TransparentUpgradeableProxy"] + arguments)

    def _deploy_strategies(self) -> None:
        """Deploy the tokens, and the strategies at addresses in the world's order; native ETH's strategy has a fixed
        address.
        """
        supplies = {token: sum(map(int, held.values())) for token, held in self.genesis["token_balances"].items()}
        for token in self.genesis["tokens"]:
            arguments = [token, token, supplies.get(token, 0), DEPLOYER]
            types = ["string", "string", "uint256", "address"]
            self.tokens[token] = self.chain.deploy(self._code["ERC20PresetFixedSupply"], types, arguments)
        order: list[str] = list(self.genesis["strategy_address_order"])
        middle = order.index(BEACON_CHAIN_ETH) if BEACON_CHAIN_ETH in order else len(order)
        below, above = order[:middle], order[middle + 1 :]
        made = self.chain.deploy(self._code["StrategyBase"], ["address", "address"], [self.core["strategies"], PAUSERS])
        for strategy, deployer in zip(below + above, _deployers(len(below), len(above)), strict=True):
            token = self.tokens[self.genesis["strategies"][strategy]["underlying_token"]]
            address = self._proxy(deployer, made, calldata("initialize(address)", token))
            self.addresses[strategy], self.names[address] = address, strategy
        if middle < len(order):
            self.addresses[BEACON_CHAIN_ETH] = BEACON_CHAIN_ETH_ADDRESS
            self.names[BEACON_CHAIN_ETH_ADDRESS] = BEACON_CHAIN_ETH

    def _fund(self) -> None:
        call, genesis = self.chain.call, self.genesis
        for token, held in genesis["token_balances"].items():
            for account, amount in held.items():
                call(DEPLOYER, self.tokens[token], "transfer(address,uint256)", self.address(account), int(amount))
        for account in genesis["infinite_allowance_to_strategy_manager"]:
            for token in self.tokens.values():
                approve = "approve(address,uint256)"
                call(self.address(account), token, approve, self.core["strategies"], UINT256_MAX)
        registrar = self.chain.create(ACCEPTS_EVERYTHING)
        for avs in map(self.address, genesis["avs_registrar_accepts_everything"]):
            call(avs, self.core["allocation"], "setAVSRegistrar(address,address)", avs, registrar)
        listed = [name for name, pool in genesis["strategies"].items() if pool["whitelisted"]]
        whitelist = "addStrategiesToDepositWhitelist(address[])"
        arguments = tuple(map(self.address, listed))
        call(self.address(genesis["whitelister"]), self.core["strategies"], whitelist, arguments)

    def _plant(self) -> None:
        """Write to storage those values of genesis that no call can produce any more. They are strategies' total
        shares, shares slashed before slashes had ids, and cumulative scaled shares of earlier withdrawals.
        """
        chain, manager = self.chain, self.core["strategies"]
        burnable = 0
        for name, pool in self.genesis["strategies"].items():
            legacy = int(pool.get("legacy_burnable_shares", 0))
            if "total_shares" in pool or legacy:
                chain.plant_word(self.address(name), storage.TOTAL_SHARES, int(pool.get("total_shares", legacy)))
            if legacy:
                key, slot = storage.number(self.address(name)), storage.BURNABLE_SHARES
                chain.plant_word(manager, storage.elements_of(slot) + burnable, key)
                burnable += 1
                chain.plant_word(manager, storage.slot_of(slot + 1, key), burnable)
                chain.plant_word(manager, storage.slot_of(slot + 2, key), legacy)
                chain.plant_word(manager, slot, burnable)
        for operator, by_strategy in self.genesis.get("cumulative_scaled_shares", {}).items():
            for strategy, shares in by_strategy.items():
                keys = (storage.number(self.address(operator)), storage.number(self.address(strategy)))
                slot = storage.slot_of(storage.CUMULATIVE_SCALED_SHARES, *keys)
                chain.plant_word(self.core["delegation"], slot, 1)
                chain.plant_word(self.core["delegation"], storage.elements_of(slot), int(shares) << 32)


def _deployer(name: str) -> str:
    return "0x" + digest(f"deployer of {name}")[:40]


def _deployers(below: int, above: int) -> list[str]:
    """The deploying accounts for tokens' strategies, chosen so that the first contracts of these accounts have
    ascending addresses. `below` of the addresses are below native ETH's strategy, and `above` are above it.
    """
    found: dict[bool, dict[str, str]] = {False: {}, True: {}}
    number = 0
    while len(found[False]) < below or len(found[True]) < above:
        deployer = _deployer(f"strategy {number}")
        address = first_made_by(deployer)
        side, wanted = found[address > BEACON_CHAIN_ETH_ADDRESS], above if address > BEACON_CHAIN_ETH_ADDRESS else below
        if len(side) < wanted:
            side[address] = deployer
        number += 1
    return [side[address] for side in (found[False], found[True]) for address in sorted(side)]
