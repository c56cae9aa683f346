"""Symbiotic's trace format: reads a file's starting state and actions, and writes return values as JSON.

docs/traces.md describes the format. Some accounts are in every trace. A file may declare further stakers, operators,
networks and vaults. An undeclared name, an unknown field or a missing field raises MalformedTrace.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from spec.arithmetic import UINT256_MAX
from spec.codec import (
    ActionFormat,
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
    argument,
    as_object,
    check_fields,
    shown,
)
from spec.machine import SINGLETON, Delta, State, Transition
from spec.protocol import Step, Trace, execute
from spec.symbiotic import actions, rewards_codec
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.clock import epoch_at
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
    ERRORS,
    SENDER,
    TIMESTAMP,
    VAULT,
    Captures,
    SubnetworkName,
    World,
    observe,
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

PROBED_CAPTURES: Final = 3
"""The number of recent capture timestamps of slashes at which states show past values."""


VAULT_ARG: Final = argument("vault", VAULT)
AMOUNT: Final = argument("amount", Amount())
STATUS: Final = argument("status", Flag())
IDENTIFIER: Final = argument("identifier", Amount(96))
SUBNETWORK: Final = argument("subnetwork", SubnetworkName())
OPERATOR: Final = argument("operator", ACCOUNT)
CAPTURE: Final = argument("captureTimestamp", Amount(48), "capture_timestamp")
SLASH_INDEX: Final = argument("slashIndex", Amount(), "slash_index")
SLASHED: Final = [("slashedAmount", Amount()), ("vaultSlashedAmount", Amount())]

ACTION_FORMATS: Final[dict[str, ActionFormat]] = {
    "register_operator": ActionFormat(actions.RegisterOperator, []),
    "register_network": ActionFormat(actions.RegisterNetwork, []),
    "set_middleware": ActionFormat(actions.SetMiddleware, [argument("middleware", ACCOUNT)]),
    "opt_in_vault": ActionFormat(actions.OptInVault, [argument("vault", ACCOUNT)]),
    "opt_out_vault": ActionFormat(actions.OptOutVault, [argument("vault", ACCOUNT)]),
    "opt_in_network": ActionFormat(actions.OptInNetwork, [argument("network", ACCOUNT)]),
    "opt_out_network": ActionFormat(actions.OptOutNetwork, [argument("network", ACCOUNT)]),
    "set_max_network_limit": ActionFormat(actions.SetMaxNetworkLimit, [VAULT_ARG, IDENTIFIER, AMOUNT]),
    "set_network_limit": ActionFormat(actions.SetNetworkLimit, [VAULT_ARG, SUBNETWORK, AMOUNT]),
    "set_operator_network_shares": ActionFormat(
        actions.SetOperatorNetworkShares, [VAULT_ARG, SUBNETWORK, OPERATOR, argument("shares", Amount())]
    ),
    "set_operator_network_limit": ActionFormat(
        actions.SetOperatorNetworkLimit, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT]
    ),
    "deposit": ActionFormat(
        actions.Deposit,
        [VAULT_ARG, argument("onBehalfOf", ACCOUNT, "on_behalf_of"), AMOUNT],
        [("depositedAmount", Amount()), ("mintedShares", Amount())],
    ),
    "withdraw": ActionFormat(
        actions.Withdraw,
        [VAULT_ARG, argument("claimer", ACCOUNT), AMOUNT],
        [("burnedShares", Amount()), ("mintedShares", Amount())],
    ),
    "redeem": ActionFormat(
        actions.Redeem,
        [VAULT_ARG, argument("claimer", ACCOUNT), argument("shares", Amount())],
        [("withdrawnAssets", Amount()), ("mintedShares", Amount())],
    ),
    "claim": ActionFormat(
        actions.Claim, [VAULT_ARG, argument("recipient", ACCOUNT), argument("epoch", Amount())], [("amount", Amount())]
    ),
    "claim_batch": ActionFormat(
        actions.ClaimBatch,
        [VAULT_ARG, argument("recipient", ACCOUNT), argument("epochs", ListOf(Amount()))],
        [("amount", Amount())],
    ),
    "slash": ActionFormat(actions.Slash, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT, CAPTURE], SLASHED),
    "request_slash": ActionFormat(
        actions.RequestSlash, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT, CAPTURE], [("slashIndex", Amount())]
    ),
    "execute_slash": ActionFormat(actions.ExecuteSlash, [VAULT_ARG, SLASH_INDEX], SLASHED),
    "veto_slash": ActionFormat(actions.VetoSlash, [VAULT_ARG, SLASH_INDEX]),
    "set_resolver": ActionFormat(actions.SetResolver, [VAULT_ARG, IDENTIFIER, argument("resolver", ACCOUNT)]),
    "set_deposit_whitelist": ActionFormat(actions.SetDepositWhitelist, [VAULT_ARG, STATUS]),
    "set_is_deposit_limit": ActionFormat(actions.SetIsDepositLimit, [VAULT_ARG, STATUS]),
    "set_depositor_whitelist_status": ActionFormat(
        actions.SetDepositorWhitelistStatus, [VAULT_ARG, argument("account", ACCOUNT), STATUS]
    ),
    "set_deposit_limit": ActionFormat(actions.SetDepositLimit, [VAULT_ARG, argument("limit", Amount())]),
    "transfer_collateral": ActionFormat(actions.TransferCollateral, [argument("to", ACCOUNT), AMOUNT]),
    **rewards_codec.ACTION_FORMATS,
}
"""The format of every call, by its name in traces. `advance_time` steps, which are no calls, have a format of their
own.
"""

ADVANCE_TIME: Final = "advance_time"
NAMES_BY_CLASS: Final[dict[object, str]] = {kind.make: name for name, kind in ACTION_FORMATS.items()}


def write_returns(action: object, returns: object) -> Json:
    """The return values of an accepted call as a JSON object; empty for AdvanceTime and for calls without any."""
    if isinstance(action, AdvanceTime):
        return {}
    return ACTION_FORMATS[NAMES_BY_CLASS[type(action)]].write_returns(returns, {})


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
CALL: Final = ("timestamp", "action", "sender", "args")
STEP: Final = ("i", *CALL, "ok", "error", "returns", "post", "note")


MOST_EPOCHS: Final = 100_000
"""The maximum number of epochs of a vault in a trace. Each state lists all epochs."""


def _check_epochs(world: World, timestamp: int, where: str) -> None:
    """Raise MalformedTrace if a vault has too many epochs for a trace at `timestamp`."""
    for vault, config in world.vaults.items():
        epoch = epoch_at(config, timestamp)
        if epoch >= MOST_EPOCHS:
            raise MalformedTrace(where, f"epoch {epoch} of {vault}: a trace has no more than {MOST_EPOCHS}")


def read_trace(document: dict[str, Json]) -> Trace:
    """Parse a trace file. Raises MalformedTrace at the first place that violates the format."""
    check_fields(document, (*HEAD, *rewards_codec.HEAD, "genesis", "steps"), "", rewards_codec.HEAD)
    head: dict[str, Json] = {field: document[field] for field in (*HEAD, *rewards_codec.HEAD) if field in document}
    name, state, world = _read_head(head)
    genesis = as_object(document["genesis"], "genesis")
    check_fields(genesis, ("timestamp", "post"), "genesis")
    timestamp = state.rows(CLOCK)[SINGLETON].timestamp
    found = genesis["timestamp"]
    if isinstance(found, bool) or not isinstance(found, int) or found != timestamp:  # 1 == True == 1.0
        raise MalformedTrace("genesis.timestamp", f"expected {timestamp}, found {shown(found)}")
    steps = document["steps"]
    if not isinstance(steps, list):
        raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
    _check_epochs(world, timestamp, "config.genesisTimestamp")
    captures: Captures = {}
    read_steps: list[Step] = []
    for position, value in enumerate(steps):
        step, timestamp, captures = _read_step(value, position, timestamp, captures, world)
        read_steps.append(step)
    return Trace(name, head, state, world, genesis["post"], read_steps, None, "genesis.post")


def write_trace(transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
    """A trace file with the rules' outcome of each action. `head` is a trace file's JSON without `genesis`
    and `steps`.
    """
    check_fields(head, (*HEAD, *rewards_codec.HEAD), "", rewards_codec.HEAD)
    _, state, world = _read_head(head)
    timestamp = state.rows(CLOCK)[SINGLETON].timestamp
    genesis = {"timestamp": timestamp, "post": observe(state, world, None)}
    captures: Captures = {}
    steps: list[Json] = []
    for executed in in_steps(actions):
        outcome = execute(transition, state, executed)
        action = executed[-1]
        call, timestamp = write_call(executed, timestamp)
        captures = captures_after(captures, action)
        steps.append(
            {
                "i": len(steps),
                **call,
                "ok": isinstance(outcome, Delta),
                "error": None if isinstance(outcome, Delta) else outcome.value,
                "returns": write_returns(action, outcome.returns) if isinstance(outcome, Delta) else {},
                "post": observe(state, world, captures),
            }
        )
    return {**head, "genesis": genesis, "steps": steps}


def write_call(executed: list[Any], timestamp: int) -> tuple[dict[str, Json], int]:
    """The JSON of one step's call, and its timestamp. `executed` are the step's actions; `timestamp` is the previous
    step's.
    """
    timestamp += sum([action.seconds for action in executed if isinstance(action, AdvanceTime)])
    action = executed[-1]
    is_call = not isinstance(action, AdvanceTime)
    name = NAMES_BY_CLASS[type(action)] if is_call else ADVANCE_TIME
    call: dict[str, Json] = {
        "timestamp": timestamp,
        "action": name,
        "sender": action.sender if is_call else None,
        "args": ACTION_FORMATS[name].write(action) if is_call else {},
    }
    return call, timestamp


def in_steps(actions: Sequence[Any]) -> list[list[Any]]:
    """The actions, grouped by step. Time that passes right before a call belongs to the call's step.

    An AdvanceTime of 0 seconds is a step of its own.
    """
    steps: list[list[Any]] = []
    for action in actions:
        passes = steps[-1][-1].seconds if steps and isinstance(steps[-1][-1], AdvanceTime) else 0
        if passes and not isinstance(action, AdvanceTime):
            steps[-1].append(action)
        else:
            steps.append([action])
    return steps


def _read_head(document: Mapping[str, Json]) -> tuple[str, State, World]:
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


def _read_step(
    value: Json, position: int, timestamp: int, captures: Captures, world: World
) -> tuple[Step, int, Captures]:
    """One parsed step, its timestamp, and the recent captures after it. `timestamp` and `captures` are the previous
    step's.
    """
    where = f"steps[{position}]"
    fields = as_object(value, where)
    check_fields(fields, STEP, where, ("note",))
    if "note" in fields:
        Text().read(fields["note"], f"{where}.note", {})
    if Number(48).read(fields["i"], f"{where}.i", {}) != position:
        raise MalformedTrace(f"{where}.i", f"expected {position}, found {shown(fields['i'])}")
    executed, timestamp = read_call(fields, where, timestamp, world)
    error = fields["error"]
    is_ok = cast(bool, Flag().read(fields["ok"], f"{where}.ok", {}))
    if is_ok != (error is None):
        raise MalformedTrace(f"{where}.error", "a step that is ok has no error, and one that is not has one")
    if error is not None and not (isinstance(error, str) and error in ERRORS):
        raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
    returns = as_object(fields["returns"], f"{where}.returns")
    if not is_ok:
        check_fields(returns, (), f"{where}.returns")
    captures = captures_after(captures, executed[-1])
    name, sender = cast(str, fields["action"]), cast("str | None", fields["sender"])
    step = Step(name, sender, fields["args"], executed, error, returns if is_ok else None, fields["post"], captures)
    return step, timestamp, captures


def read_call(
    fields: Mapping[str, Json], where: str, timestamp: int, world: World, time: Format = TIMESTAMP
) -> tuple[list[object], int]:
    """The actions of a call, and its timestamp. `timestamp` is the previous step's timestamp.

    If time passes before the call, AdvanceTime is the first action. `time` is the format of the timestamp. Raises
    MalformedTrace, which names the offending field.
    """
    called_at = cast(int, time.read(fields["timestamp"], f"{where}.timestamp", {}))
    if called_at < timestamp:
        raise MalformedTrace(f"{where}.timestamp", f"time goes back from {timestamp}")
    _check_epochs(world, called_at, f"{where}.timestamp")
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    executed: list[object] = []
    if name == ADVANCE_TIME or called_at != timestamp:
        executed.append(AdvanceTime(called_at - timestamp))
    if name == ADVANCE_TIME:
        if fields["sender"] is not None:
            raise MalformedTrace(f"{where}.sender", "nobody sends an advance_time step")
        check_fields(as_object(fields["args"], f"{where}.args"), (), f"{where}.args")
    elif name in ACTION_FORMATS:
        sender = cast(str, SENDER.read(fields["sender"], f"{where}.sender", world.names))
        executed.append(ACTION_FORMATS[name].read(sender, fields["args"], f"{where}.args", world.names))
    else:
        raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
    return executed, called_at


def captures_after(captures: Captures, action: object) -> Captures:
    """The recent captures by vault, after one more action: the distinct captures of its last slashes, the latest last.

    Each vault keeps the last PROBED_CAPTURES of them. Requests of slashes count, and so do rejected calls.
    """
    if not isinstance(action, actions.Slash | actions.RequestSlash):
        return captures
    earlier = [capture for capture in captures.get(action.vault, ()) if capture != action.capture_timestamp]
    return {**captures, action.vault: (*earlier, action.capture_timestamp)[-PROBED_CAPTURES:]}
