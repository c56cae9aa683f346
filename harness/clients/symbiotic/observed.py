"""A deployment on any chain, read over JSON-RPC at one block, as an observed state: the head of a trace and the state.

Every query names the block by its hash. Accounts, operators and subnetworks are those in the file of addresses, and all
that appear in the vaults' events up to that block, so that no sum misses one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.states.symbiotic import trace_form
from harness.clients.abi import ZERO, ErrorNames, Reverted, address_of, topic, words
from harness.clients.block import Block
from harness.clients.symbiotic.deployment import DELEGATORS
from harness.clients.symbiotic.view import BURNER, Seen, observe
from spec.codec import Json, MalformedTrace, as_object, check_fields, shown

CORE: Final = ("vaults", "operators", "networks", "middlewares", "vault_opt_in", "network_opt_in")
FILE: Final = ("protocol", "core", "vaults", "accounts", "subnetworks", "fromBlock")
OPTIONAL: Final = ("accounts", "subnetworks", "fromBlock")

HOLDERS: Final = (
    "Deposit(address,address,uint256,uint256)",
    "Withdraw(address,address,uint256,uint256,uint256)",
    "SetDepositorWhitelistStatus(address,bool)",
)
SUBNETWORKS: Final = (
    "SetMaxNetworkLimit(bytes32,uint256)",
    "SetNetworkLimit(bytes32,uint256)",
    "SetResolver(bytes32,address)",
)
SUBNETWORKS_AND_OPERATORS: Final = (
    "SetOperatorNetworkShares(bytes32,address,uint256)",
    "SetOperatorNetworkLimit(bytes32,address,uint256)",
    "Slash(bytes32,address,uint256,uint48)",
)
OPT_IN: Final = "OptIn(address,address)"
REQUEST: Final = "RequestSlash(uint256,bytes32,address,uint256,uint48,uint48)"
"""The event with which a slash is requested. Its second and third indexed arguments are the subnetwork and the
operator.
"""

SLASHERS: Final = ("instant", "veto")
VERSION: Final = 1
"""The version of vaults that is specified."""


class Observed(Seen):
    """A deployment on a chain whose contracts' addresses are given in a file. Raises MalformedTrace if the file is
    malformed or the contracts are not the specified ones.
    """

    def __init__(self, block: Block, addresses: Mapping[str, Json], errors: tuple[str, ...]) -> None:
        check_fields(addresses, FILE, "", OPTIONAL)
        self._block: Final = block
        self._errors: Final = ErrorNames(errors)
        self.now = block.timestamp
        self._addresses: Final[dict[str, str]] = {"zero": ZERO}
        self._names: Final[dict[str, str]] = {ZERO: "zero"}
        self.core = self._declared(addresses, "core")
        check_fields(as_object(addresses["core"], "core"), CORE, "core")
        vaults = self._declared(addresses, "vaults")
        if not vaults:
            raise MalformedTrace("vaults", "there is none")
        for field in ("vaults", "accounts"):
            for name, address in self._declared(addresses, field).items():
                self._call(name, address, f"{field}.{name}")
        for name, address in {**self.core, **vaults}.items():
            block.check_contract(address, name)
        self.vaults = {name: self._parts(name, address) for name, address in vaults.items()}
        first = next(iter(self.vaults.values()))
        self.tokens = {"collateral": first["token"]}
        self._begin: Final = self._from_block(addresses)
        self._operators: Final[dict[str, None]] = {}
        self._subnetworks: Final[dict[str, None]] = {}
        self._holders: Final[dict[str, None]] = {}
        self._name_burner(first["vault"])
        made = {name: self._vault_config(name) for name in self.vaults}
        self._find(addresses)
        networks = list(dict.fromkeys([name.partition("/sub")[0] for name in self._subnetworks]))
        self._find_network_operators(networks)
        self.config: dict[str, Any] = self._configured(made, networks)

    def ask(self, to: str, signature: str, *arguments: Any) -> bytes:
        """The return data of a view function of the contract at `to`, at least one word. Raises Reverted if it reverts,
        NodeError if it is not words.
        """
        output = self._block.ask(to, signature, *arguments)
        if not output or len(output) % 32:
            raise self._block.error(f"{signature} of {to} answered {len(output)} bytes, which are no words")
        return output

    def name_of(self, reverted: Reverted) -> str:
        """The name of a revert's error, as traces write it."""
        return self._errors.name_of(reverted)

    def address(self, name: str) -> str:
        """The hexadecimal address of a name. Names come from the file of addresses; an address that has none there is
        its own name.
        """
        return self._addresses[name]

    def name_at(self, word: int) -> str:
        """The name of the address in a word of return data; an address without a name is its own name from then on."""
        address = address_of(word)
        return self._names.get(address) or self._call(address, address, "")

    def probed(self, vault: str) -> Sequence[int]:
        """The empty sequence: on a live chain, no past values of a vault are read."""
        return ()

    def document(self) -> dict[str, Json]:
        """The observed state as a JSON document. Raises NodeError if the block is no longer canonical at the end."""
        post = trace_form(observe(self))
        # Reading the state has named resolvers and middlewares as well.
        self.config["stakers"] = self._accounts()
        self._block.check_again()
        return {"protocol": "symbiotic", "source": self._source(), "config": self.config, "state": post}

    def _source(self) -> Json:
        block = self._block
        return {
            "chain": block.chain,
            "block": {"number": block.number, "hash": block.hash, "timestamp": block.timestamp},
            "addresses": {**self._addresses, **{f"core {name}": address for name, address in self.core.items()}},
        }

    def _one(self, to: str, signature: str, *arguments: Any) -> int:
        try:
            return words(self.ask(to, signature, *arguments))[0]
        except Reverted as reverted:
            raise self._block.error(f"{signature} of {to} reverts with {self.name_of(reverted)}") from reverted

    def _call(self, name: str, address: str, where: str) -> str:
        if self._names.get(address, name) != name or self._addresses.get(name, address) != address:
            raise MalformedTrace(where, f"{address} and {name} are named already")
        self._names[address], self._addresses[name] = name, address
        return name

    def _name_burner(self, vault: str) -> None:
        """Give the first vault's burner the name that traces use for it (`burner0`), since they show its balance. A
        name in the file of addresses stays valid, too.
        """
        if BURNER not in self._addresses:
            burner = address_of(self._one(vault, "burner()"))
            self._addresses[BURNER] = burner
            self._names.setdefault(burner, BURNER)

    def _declared(self, addresses: Mapping[str, Json], field: str) -> dict[str, str]:
        found = as_object(addresses.get(field, {}), field)
        return {name: read_address(value, f"{field}.{name}") for name, value in found.items()}

    def _from_block(self, addresses: Mapping[str, Json]) -> int:
        found = addresses.get("fromBlock", 0)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= self._block.number:
            raise MalformedTrace("fromBlock", f"expected a block up to {self._block.number}, found {shown(found)}")
        return found

    def _parts(self, name: str, address: str) -> dict[str, str]:
        """The addresses of a vault's contracts and its token, by part, after checking that they are what is specified.
        Raises MalformedTrace if one is not.
        """
        if not self._one(self.core["vaults"], "isEntity(address)", address):
            raise MalformedTrace(f"vaults.{name}", f"{address} does not come from the factory of vaults")
        if (version := self._one(address, "version()")) != VERSION:
            raise MalformedTrace(f"vaults.{name}", f"a vault of version {version}: the specification is of {VERSION}")
        parts = {part: address_of(self._one(address, f"{part}()")) for part in ("delegator", "slasher")}
        if parts["delegator"] == ZERO:
            raise MalformedTrace(f"vaults.{name}", "it has no delegator yet")
        if self._one(parts["delegator"], "hook()"):
            raise MalformedTrace(f"vaults.{name}", "its delegator has a hook, of which the specification knows nothing")
        for asked, service in (
            ("VAULT_FACTORY()", "vaults"),
            ("NETWORK_REGISTRY()", "networks"),
            ("OPERATOR_VAULT_OPT_IN_SERVICE()", "vault_opt_in"),
            ("OPERATOR_NETWORK_OPT_IN_SERVICE()", "network_opt_in"),
        ):
            found = address_of(self._one(parts["delegator"], asked))
            if found != self.core[service]:
                raise MalformedTrace(f"core.{service}", f"the delegator of {name} has {found}")
        if parts["slasher"] != ZERO:
            found = address_of(self._one(parts["slasher"], "NETWORK_MIDDLEWARE_SERVICE()"))
            if found != self.core["middlewares"]:
                raise MalformedTrace("core.middlewares", f"the slasher of {name} has {found}")
        return {"vault": address, **parts, "token": address_of(self._one(address, "collateral()"))}

    def _vault_config(self, name: str) -> dict[str, Any]:
        """The configuration of the vault with this name, as in a trace's `config`, read from its contracts. Raises
        MalformedTrace for an unknown type of delegator or slasher.
        """
        at = self.vaults[name]

        def asked(contract: str, function: str) -> int:
            return self._one(at[contract], f"{function}()")

        kind = asked("delegator", "TYPE")
        if kind >= len(DELEGATORS):
            raise MalformedTrace(f"vaults.{name}", f"a delegator of type {kind}")
        config: dict[str, Any] = {
            "delegator": DELEGATORS[kind],
            "slasher": "none",
            "epochDuration": asked("vault", "epochDuration"),
            "epochDurationInit": asked("vault", "epochDurationInit"),
            "burner": self.name_at(asked("vault", "burner")),
            "isBurnerHook": False,
            "depositWhitelist": bool(asked("vault", "depositWhitelist")),
            "isDepositLimit": bool(asked("vault", "isDepositLimit")),
            "depositLimit": str(asked("vault", "depositLimit")),
        }
        if at["token"] != self.tokens["collateral"]:
            config["collateral"] = at["token"]
        if config["delegator"].startswith("operator_"):
            config["delegatorOperator"] = self.name_at(asked("delegator", "operator"))
        if config["delegator"] == "operator_network_specific":
            config["delegatorNetwork"] = self.name_at(asked("delegator", "network"))
        if at["slasher"] == ZERO:
            return config
        kind = asked("slasher", "TYPE")
        if kind >= len(SLASHERS):
            raise MalformedTrace(f"vaults.{name}", f"a slasher of type {kind}")
        config |= {"slasher": SLASHERS[kind], "isBurnerHook": bool(asked("slasher", "isBurnerHook"))}
        if config["slasher"] == "veto":
            config["vetoDuration"] = asked("slasher", "vetoDuration")
            config["resolverSetEpochsDelay"] = asked("slasher", "resolverSetEpochsDelay")
        return config

    def _find(self, addresses: Mapping[str, Json]) -> None:
        """Record every holder, operator and subnetwork that the file of addresses or an event of a vault names."""
        listed = addresses.get("subnetworks", [])
        for position, name in enumerate(listed if isinstance(listed, list) else [listed]):
            network, separator, number = str(name).partition("/sub")
            if not separator or network not in self._addresses or not number.isdecimal() or int(number) >= 2**96:
                raise MalformedTrace(f"subnetworks[{position}]", f"no subnetwork of a named account: {shown(name)}")
            self._subnetworks[str(name)] = None
        for name in self._declared(addresses, "accounts"):
            self._holders[name] = None
        for at in self.vaults.values():
            for log in self._logs([at["vault"]], [[topic(event) for event in HOLDERS]]):
                self._holders.update(dict.fromkeys([self.name_at(word) for word in log[1:3]]))
            parts = [at[part] for part in ("delegator", "slasher") if at[part] != ZERO]
            events = [*SUBNETWORKS, *SUBNETWORKS_AND_OPERATORS, REQUEST]
            for log in self._logs(parts, [[topic(event) for event in events]]):
                about = log[2:] if log[0] == int(topic(REQUEST), 16) else log[1:]
                self._subnetworks[self.subnetwork_name(about[0])] = None
                if len(about) > 1:
                    self._operators[self.name_at(about[1])] = None
            place = f"0x{int(at['vault'], 16):064x}"
            for log in self._logs([self.core["vault_opt_in"]], [topic(OPT_IN), None, place]):
                self._operators[self.name_at(log[1])] = None

    def _find_network_operators(self, networks: Sequence[str]) -> None:
        for network in networks:
            place = f"0x{int(self._addresses[network], 16):064x}"
            for log in self._logs([self.core["network_opt_in"]], [topic(OPT_IN), None, place]):
                self._operators[self.name_at(log[1])] = None

    def _logs(self, at: Sequence[str], topics: Sequence[Any]) -> list[list[int]]:
        """The topics of each log of the contracts at these addresses that matches the filter `topics`, as integers."""
        return [[int(each, 16) for each in found] for found in self._block.logs(at, topics, self._begin)]

    def _accounts(self) -> list[str]:
        """The names of all accounts, without the vaults and the zero address."""
        return [name for name in self._names.values() if name != "zero" and name not in self.vaults]

    def _configured(self, vaults: Mapping[str, Any], networks: Sequence[str]) -> dict[str, Any]:
        """The `config` of a trace for this deployment. `vaults` are the vaults' configurations, and `networks` the
        networks found so far.
        """
        operators = [
            *self._operators,
            *[each["delegatorOperator"] for each in vaults.values() if "delegatorOperator" in each],
        ]
        networks = [*networks, *[each["delegatorNetwork"] for each in vaults.values() if "delegatorNetwork" in each]]
        operators, networks = list(dict.fromkeys(operators)), list(dict.fromkeys(networks))

        def registered(registry: str, names: Sequence[str]) -> list[str]:
            at = self.core[registry]
            return [name for name in names if self._one(at, "isEntity(address)", self._addresses[name])]

        return {
            "name": f"chain {self._block.chain}, block {self._block.number}",
            "seed": None,
            "stakers": [],
            "holders": list(self._holders),
            "operators": operators,
            "networks": networks,
            "subnetworks": list(self._subnetworks),
            "stakerBalance": "0",
            "preRegistered": {
                "operators": registered("operators", operators),
                "networks": registered("networks", networks),
            },
            "genesisTimestamp": self.now,
            "vaults": dict(vaults),
        }


def read_address(value: Json, where: str) -> str:
    """An address in a file, in lower case. Raises MalformedTrace, with the place `where`, if it is not one."""
    text = value.lower() if isinstance(value, str) else ""
    if len(text) != 42 or not text.startswith("0x") or any(letter not in "0123456789abcdef" for letter in text[2:]):
        raise MalformedTrace(where, f"expected an address of 20 bytes, 0x and 40 digits, found {shown(value)}")
    return text


def observed(block: Block, addresses: Mapping[str, Json], errors: tuple[str, ...]) -> dict[str, Json]:
    """The state of a deployment at a block, as a JSON document. `addresses` is the content of the file of addresses,
    and `errors` are the names of the contracts' errors.
    """
    return Observed(block, addresses, errors).document()
