"""The head of Symbiotic's traces: reads the configuration and the genesis that a file declares."""

from collections.abc import Mapping
from typing import Final, cast

from spec.arithmetic import UINT256_MAX
from spec.codec import (
    Amount,
    Flag,
    Format,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Name,
    Names,
    Number,
    Text,
    as_object,
    check_fields,
    shown,
)
from spec.machine import SINGLETON, State
from spec.symbiotic import rewards_codec
from spec.symbiotic.config import (
    COLLATERAL,
    DELEGATORS,
    MIN_RESOLVER_SET_EPOCHS_DELAY,
    NO_SLASHER,
    OPERATOR_NETWORK_SPECIFIC,
    OPERATOR_SPECIFIC,
    SLASHERS,
    VETO_SLASHER,
    ZERO_ADDRESS,
    VaultConfig,
)
from spec.symbiotic.observation import (
    ACCOUNT,
    SENDER,
    TIMESTAMP,
    VAULT,
    SubnetworkName,
    World,
)
from spec.symbiotic.state import (
    ALLOWANCES,
    CLOCK,
    DEPOSIT_POLICIES,
    NETWORK_REGISTRY,
    OPERATOR_REGISTRY,
    SCHEMA,
    TOKEN_BALANCES,
    VAULT_FACTORY,
    VAULTS,
    Allowance,
    Clock,
    DepositPolicy,
    Entity,
    Subnetwork,
    TokenBalance,
)

ADMIN: Final = "admin0"
"""The account that holds every role of a vault, unless the vault names another."""

BURNER: Final = "burner0"
"""The account that receives slashed collateral. States show its balance beside those of the holders."""

ACCOUNTS: Final = (
    *("staker0", "staker1", "staker2", "staker3", "outsider0"),
    *("operator0", "operator1", "operator2", "network0", "network1"),
    *("middleware0", "middleware1", "resolver0", "resolver1", ADMIN, BURNER),
)
"""The accounts of every trace. A trace's own lists select those that hold tokens, and those that states show."""

REGISTERED_OPERATOR: Final = Name("registered operator")
REGISTERED_NETWORK: Final = Name("registered network")

HEAD: Final = ("protocol", "source", "config")
CONFIG: Final = (
    "name",
    "seed",
    "stakers",
    "holders",
    "operators",
    "networks",
    "subnetworks",
    "stakerBalance",
    "preRegistered",
    "genesisTimestamp",
    "vaults",
)
OPTIONAL_CONFIG: Final = ("valueScale", "directedSteps", "noAllowance")
VAULT_CONFIG: Final = (
    "delegator",
    "slasher",
    "epochDuration",
    "epochDurationInit",
    "burner",
    "isBurnerHook",
    "depositWhitelist",
    "isDepositLimit",
    "depositLimit",
)
OPTIONAL_VAULT_CONFIG: Final = ("admin", "collateral")
VETO_CONFIG: Final = ("vetoDuration", "resolverSetEpochsDelay")


def read_head(document: Mapping[str, Json]) -> tuple[str, State, World]:
    """The trace's name, its starting state, and its world. `document` is the trace file's JSON without its steps."""
    if document["protocol"] != "symbiotic":
        raise MalformedTrace("protocol", f"expected 'symbiotic', found {shown(document['protocol'])}")
    config = as_object(document["config"], "config")
    of_rewards = rewards_codec.CONFIG if rewards_codec.has_rewards(document) else ()
    check_fields(config, (*CONFIG, *of_rewards, *OPTIONAL_CONFIG), "config", OPTIONAL_CONFIG)
    return (cast(str, Text().read(config["name"], "config.name", {})), *_read_config(document, config))


def _read_config(document: Mapping[str, Json], config: dict[str, Json]) -> tuple[State, World]:
    """The starting state that the configuration implies, and the trace's world."""
    vaults = as_object(config["vaults"], "config.vaults")

    def declared(field: str) -> tuple[str, ...]:
        return cast("tuple[str, ...]", ListOf(Text()).read(config[field], f"config.{field}", {}))

    stakers, operators, networks = declared("stakers"), declared("operators"), declared("networks")
    senders = frozenset([*ACCOUNTS, *stakers, *operators, *networks])
    names = {"account": senders | {*vaults, ZERO_ADDRESS}, "sender": senders, "vault": frozenset(vaults)}
    if len(names["account"]) != len(senders) + len(vaults) + 1 or len({*stakers}) != len(stakers):
        raise MalformedTrace("config", "an account is declared twice")
    rewards_codec.declare(document, config, names)
    has_rewards = rewards_codec.has_rewards(document)
    holders = cast("tuple[str, ...]", ListOf(SENDER).read(config["holders"], "config.holders", names))
    subnetworks = ListOf(SubnetworkName()).read(config["subnetworks"], "config.subnetworks", names)
    state = SCHEMA.empty_state()
    timestamp = cast(int, TIMESTAMP.read(config["genesisTimestamp"], "config.genesisTimestamp", names))
    state.rows(CLOCK)[SINGLETON] = Clock(timestamp)
    balance = cast(int, Amount().read(config["stakerBalance"], "config.stakerBalance", names))
    without = MapOf(SENDER, ListOf(VAULT)).read(config.get("noAllowance", {}), "config.noAllowance", names)
    registered = as_object(config["preRegistered"], "config.preRegistered")
    check_fields(registered, ("operators", "networks"), "config.preRegistered")
    for field, kind, registry in (
        ("operators", REGISTERED_OPERATOR.kind, OPERATOR_REGISTRY),
        ("networks", REGISTERED_NETWORK.kind, NETWORK_REGISTRY),
    ):
        accounts = cast(
            "tuple[str, ...]", ListOf(SENDER).read(registered[field], f"config.preRegistered.{field}", names)
        )
        names[kind] = frozenset(accounts)
        for account in accounts:
            state.rows(registry)[account] = Entity(is_entity=True)
    for vault, value in vaults.items():
        fields = dict(as_object(value, f"config.vaults.{vault}"))
        if has_rewards and fields.pop(rewards_codec.VAULT_CONFIG, None) is None:
            raise MalformedTrace(f"config.vaults.{vault}", f"missing field {rewards_codec.VAULT_CONFIG!r}")
        _create_vault(state, vault, fields, f"config.vaults.{vault}", names)
    collaterals = {vault: config.collateral for vault, config in state.rows(VAULTS).items()}
    for staker in stakers:
        for token in (COLLATERAL, *collaterals.values()):
            state.rows(TOKEN_BALANCES)[(token, staker)] = TokenBalance(balance)
        for vault, token in collaterals.items():
            if vault not in cast("dict[str, tuple[str, ...]]", without).get(staker, ()):
                state.rows(ALLOWANCES)[(token, staker, vault)] = Allowance(is_infinite=True)
    rewards = rewards_codec.create(state, config, names) if has_rewards else None
    supply: dict[str, int] = {}
    for (token, _), held in state.rows(TOKEN_BALANCES).items():
        supply[token] = supply.get(token, 0) + held.amount
    if max(supply.values(), default=0) > UINT256_MAX:
        raise MalformedTrace("config.stakerBalance", "the total supply does not fit uint256")
    return state, World(
        names,
        dict(state.rows(VAULTS)),
        holders,
        (*holders, BURNER),
        operators,
        networks,
        cast("tuple[Subnetwork, ...]", subnetworks),
        rewards,
    )


def _create_vault(state: State, vault: str, fields: dict[str, Json], where: str, names: Names) -> None:
    """Create one vault in the starting state. Raises MalformedTrace if it was created after that state."""
    config = _read_vault_config(fields, where, names)
    if config.epoch_duration_init_timestamp > state.rows(CLOCK)[SINGLETON].timestamp:
        raise MalformedTrace(f"{where}.epochDurationInit", "the vault was created after the first state")
    state.rows(VAULT_FACTORY)[vault] = Entity(is_entity=True)
    state.rows(VAULTS)[vault] = config
    state.rows(DEPOSIT_POLICIES)[vault] = DepositPolicy(
        deposit_whitelist=cast(bool, Flag().read(fields["depositWhitelist"], f"{where}.depositWhitelist", names)),
        is_deposit_limit=cast(bool, Flag().read(fields["isDepositLimit"], f"{where}.isDepositLimit", names)),
        deposit_limit=cast(int, Amount().read(fields["depositLimit"], f"{where}.depositLimit", names)),
    )


def _read_vault_config(fields: dict[str, Json], where: str, names: Names) -> VaultConfig:
    """One vault's configuration. Raises MalformedTrace for a configuration that the contracts reject."""
    for name in ("delegator", "slasher"):
        if name not in fields:
            raise MalformedTrace(where, f"missing field {name!r}")
    delegator, slasher = fields["delegator"], fields["slasher"]
    if delegator not in DELEGATORS:
        raise MalformedTrace(f"{where}.delegator", f"unknown delegator {shown(delegator)}")
    if slasher not in SLASHERS:
        raise MalformedTrace(f"{where}.slasher", f"unknown slasher {shown(slasher)}")
    has_veto = slasher == VETO_SLASHER
    has_network = delegator == OPERATOR_NETWORK_SPECIFIC
    has_operator = has_network or delegator == OPERATOR_SPECIFIC
    expected = [
        *VAULT_CONFIG,
        *(VETO_CONFIG if has_veto else ()),
        *(["delegatorOperator"] if has_operator else ()),
        *(["delegatorNetwork"] if has_network else ()),
    ]
    check_fields(fields, (*expected, *OPTIONAL_VAULT_CONFIG), where, OPTIONAL_VAULT_CONFIG)

    def read(name: str, format: Format) -> object:
        return format.read(fields[name], f"{where}.{name}", names)

    init_timestamp = cast(int, read("epochDurationInit", TIMESTAMP))
    duration_seconds = cast(int, read("epochDuration", TIMESTAMP))
    veto_seconds = cast(int, read("vetoDuration", TIMESTAMP)) if has_veto else 0
    delay = cast(int, read("resolverSetEpochsDelay", Number(256))) if has_veto else MIN_RESOLVER_SET_EPOCHS_DELAY
    burner = cast(str, read("burner", ACCOUNT))
    is_burner_hook = cast(bool, read("isBurnerHook", Flag()))
    if duration_seconds == 0:
        raise MalformedTrace(f"{where}.epochDuration", "an epoch takes at least a second")
    if veto_seconds >= duration_seconds:
        raise MalformedTrace(f"{where}.vetoDuration", "a veto is shorter than an epoch")
    if delay < MIN_RESOLVER_SET_EPOCHS_DELAY:
        raise MalformedTrace(f"{where}.resolverSetEpochsDelay", f"it is at least {MIN_RESOLVER_SET_EPOCHS_DELAY}")
    if slasher != NO_SLASHER and burner == ZERO_ADDRESS and is_burner_hook:
        raise MalformedTrace(f"{where}.isBurnerHook", "there is no burner to call")
    return VaultConfig(
        collateral=cast(str, read("collateral", Text())) if "collateral" in fields else COLLATERAL,
        burner=burner,
        epoch_duration_init_timestamp=init_timestamp,
        epoch_duration_seconds=duration_seconds,
        delegator=delegator,
        delegator_operator=cast(str, read("delegatorOperator", REGISTERED_OPERATOR)) if has_operator else ZERO_ADDRESS,
        delegator_network=cast(str, read("delegatorNetwork", REGISTERED_NETWORK)) if has_network else ZERO_ADDRESS,
        slasher=slasher,
        veto_duration_seconds=veto_seconds,
        resolver_set_epochs_delay=delay,
        admin=cast(str, read("admin", SENDER)) if "admin" in fields else ADMIN,
    )
