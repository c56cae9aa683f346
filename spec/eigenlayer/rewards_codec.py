"""The format of traces of the RewardsCoordinator alone, `eigenlayer_rewards`: reads and writes them as JSON.

Time is a timestamp. Each call has a block of its own, whose number is not recorded. docs/traces.md describes the
format. A trace of the whole protocol can hold these calls if its genesis has `rewards`, see `codec.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Name,
    Names,
    Number,
    Record,
    Text,
    argument,
    as_object,
    check_fields,
    shown,
)
from spec.eigenlayer import actions
from spec.eigenlayer.actions import MineBlocks, RegisterAsOperator
from spec.eigenlayer.config import ZERO_ADDRESS, Config
from spec.eigenlayer.observation import ACCOUNT, STRATEGY, TOKEN, OperatorSetName, World
from spec.eigenlayer.rewards_config import (
    MAX_REWARDS_AMOUNT,
    ONE_HUNDRED_IN_BIPS,
    PROTOCOL_FEE_BIPS,
    REWARDS_COORDINATOR,
    RewardsConfig,
)
from spec.eigenlayer.rewards_formats import EMPTY_TREE, REWARDS_FIELDS, REWARDS_FORMATS, values
from spec.eigenlayer.rewards_observation import observe_rewards
from spec.eigenlayer.rewards_state import AddressRank, OperatorSetCount, Permission, RewardsSettings
from spec.eigenlayer.shares import is_operator
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    CLOCK,
    CONFIG,
    OPERATOR_SET_COUNTS,
    OPERATOR_SETS,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_SETTINGS,
    SCHEMA,
    SLASHERS,
    STRATEGIES,
    TOKEN_BALANCES,
    Clock,
    OperatorSet,
    OperatorSetDetails,
    Slasher,
    Strategy,
    TokenBalance,
)
from spec.eigenlayer.transition import transition as real_transition
from spec.machine import SINGLETON, Delta, Draft, State, Transition
from spec.protocol import Step, Trace, execute

REWARDS_FAMILY: Final = "eigenlayer_rewards"
"""The name of the protocol in trace files of the RewardsCoordinator alone."""

FORMAT_VERSION: Final = 1
LENGTHS: Final = (
    "CALCULATION_INTERVAL_SECONDS",
    "MAX_REWARDS_DURATION",
    "MAX_RETROACTIVE_LENGTH",
    "MAX_FUTURE_LENGTH",
    "GENESIS_REWARDS_TIMESTAMP",
)
REWARDS_CONSTANTS: Final[dict[str, Json]] = {
    "MAX_REWARDS_AMOUNT": str(MAX_REWARDS_AMOUNT),
    "ONE_HUNDRED_IN_BIPS": ONE_HUNDRED_IN_BIPS,
    "PROTOCOL_FEE_BIPS": PROTOCOL_FEE_BIPS,
}
HEAD: Final = (
    "protocol",
    "format_version",
    "name",
    "kind",
    "seed",
    "source",
    "config",
    "genesis",
    "initial_state",
    "trees",
)
GENESIS: Final = (
    "timestamp",
    "accounts",
    "holders",
    "tokens",
    "strategy_address_order",
    "beacon_chain_eth_strategy",
    "operator_address_order",
    "token_address_order",
    "operator_sets",
    "owner",
    "emissions_controller",
    "whitelister",
    "infinite_allowance_to_rewards_coordinator",
    "addresses",
)
STEP: Final = ("i", "timestamp", "action", "sender", "args", "ok", "error", "returns", "post")
ADVANCE: Final = "advance_time"
TIMESTAMP: Final = Number(32)
SPLITS_SHOWN: Final = ("operator0", "operator1", "operator2", "staker0")
"""The accounts whose splits the states show. The recorder of these traces fixed them."""


class RewardsWorld:
    """The names of a trace of the RewardsCoordinator alone. `accounts` and `tokens` are in the order of the lists in
    states.
    """

    def __init__(self, names: Names, accounts: tuple[str, ...], tokens: tuple[str, ...]) -> None:
        self.names: Final = names
        self.accounts: Final = accounts
        self.tokens: Final = tokens


class WorldWithRewards(World):
    """The world of a trace of the whole protocol with rewards. `accounts` is in the order of the lists in states."""

    def __init__(self, world: World, names: Names, accounts: tuple[str, ...]) -> None:
        super().__init__(names, world.parties, world.operators, world.avss, world.delays_slashes, world.has_native_eth)
        self.accounts: Final = accounts


def _registered(sender: str) -> RegisterAsOperator:
    """The action that registers an operator in traces of rewards alone: no approver, an allocation delay of 0."""
    return RegisterAsOperator(sender, ZERO_ADDRESS, 0)


STRATEGIES_ARG: Final = argument("strategies", ListOf(STRATEGY))
FAMILY_FORMATS: Final[dict[str, ActionFormat]] = {
    **REWARDS_FORMATS,
    "transfer_token": ActionFormat(
        actions.TransferToken, [argument("token", TOKEN), argument("to", ACCOUNT), argument("amount", Amount())]
    ),
    "register_as_operator": ActionFormat(_registered),
    "add_strategies_to_deposit_whitelist": ActionFormat(actions.AddStrategiesToDepositWhitelist, [STRATEGIES_ARG]),
    "remove_strategies_from_deposit_whitelist": ActionFormat(
        actions.RemoveStrategiesFromDepositWhitelist, [STRATEGIES_ARG]
    ),
}
"""The format of every call in traces of the RewardsCoordinator alone, by its name."""

FAMILY_NAMES: Final[dict[object, str]] = {
    **{kind.make: name for name, kind in FAMILY_FORMATS.items()},
    RegisterAsOperator: "register_as_operator",
}
FAMILY_POST: Final = Record(
    values,
    [
        *REWARDS_FIELDS,
        ("token_balances", "", MapOf(TOKEN, MapOf(ACCOUNT, Amount()))),
        ("whitelisted_strategies", "", ListOf(STRATEGY)),
        ("operators", "", ListOf(ACCOUNT)),
    ],
)


def read_rewards_trace(document: dict[str, Json], errors: tuple[str, ...]) -> Trace:
    """Parse a trace file of rewards alone. Raises MalformedTrace at the first place that violates the format.

    `errors` are the error names that a step may have.
    """
    check_fields(document, (*HEAD, "steps"), "", ("seed",))
    head: dict[str, Json] = {field: value for field, value in document.items() if field != "steps"}
    name, genesis, world = _read_head(head)
    steps = document["steps"]
    if not isinstance(steps, list):
        raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
    timestamp = genesis.rows(CLOCK)[SINGLETON].timestamp
    read: list[Step] = []
    for position, value in enumerate(steps):
        step, timestamp = _read_step(value, position, timestamp, world, errors)
        read.append(step)
    return Trace(name, head, genesis, world, document["initial_state"], read, None)


def write_rewards_trace(transition: Transition[Any], head: Mapping[str, Json], taken: Sequence[Any]) -> dict[str, Json]:
    """A trace file with the rules' outcome of each action in `taken`. `head` is a trace file's JSON without its steps.

    Raises MalformedTrace unless a MineBlocks of one block precedes each call, and for an action that these traces
    cannot hold.
    """
    check_fields(head, HEAD, "", ("seed",))
    _, state, world = _read_head(head)
    steps: list[Json] = []
    executed: list[Any] = []
    for position, action in enumerate(taken):
        executed.append(action)
        is_wait = isinstance(action, MineBlocks)
        if is_wait and (action.blocks != 1 or len(executed) > 1):
            raise MalformedTrace(f"steps[{len(steps)}]", "each call of these traces has a block of its own")
        following = taken[position + 1] if position + 1 < len(taken) else None
        if is_wait and following is not None and not isinstance(following, MineBlocks):
            continue
        if not is_wait and len(executed) == 1:
            raise MalformedTrace(f"steps[{len(steps)}]", "each call of these traces has a block of its own")
        steps.append(_write_step(transition, state, executed, len(steps), world))
        executed = []
    return {**head, "steps": steps}


def _write_step(
    transition: Transition[Any], state: State, executed: list[Any], position: int, world: RewardsWorld
) -> Json:
    outcome = execute(transition, state, executed)
    action = executed[-1]
    is_wait = isinstance(action, MineBlocks)
    name = ADVANCE if is_wait else FAMILY_NAMES.get(type(action), "")
    if not name:
        raise MalformedTrace(f"steps[{position}].action", f"not a call of these traces: {type(action).__name__}")
    return {
        "i": position,
        "timestamp": state.rows(CLOCK)[SINGLETON].timestamp,
        "action": name,
        "sender": None if is_wait else action.sender,
        "args": {} if is_wait else FAMILY_FORMATS[name].write(action),
        "ok": isinstance(outcome, Delta),
        "error": None if isinstance(outcome, Delta) else outcome.value,
        "returns": None,
        "post": observe_rewards_trace(state, world),
    }


def _read_step(
    value: Json, position: int, before: int, world: RewardsWorld, errors: tuple[str, ...]
) -> tuple[Step, int]:
    where = f"steps[{position}]"
    fields = as_object(value, where)
    check_fields(fields, STEP, where)
    if isinstance(fields["i"], bool) or fields["i"] != position:
        raise MalformedTrace(f"{where}.i", f"expected {position}, found {shown(fields['i'])}")
    timestamp = cast(int, TIMESTAMP.read(fields["timestamp"], f"{where}.timestamp", {}))
    if timestamp < before:
        raise MalformedTrace(f"{where}.timestamp", f"earlier than {before}, of the step before")
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    executed: list[object] = [MineBlocks(1, timestamp - before)]
    if name == ADVANCE:
        if fields["sender"] is not None:
            raise MalformedTrace(f"{where}.sender", "nobody sends a step in which only time passes")
        check_fields(as_object(fields["args"], f"{where}.args"), (), f"{where}.args")
    elif name in FAMILY_FORMATS:
        sender = ACCOUNT.read(fields["sender"], f"{where}.sender", world.names)
        executed.append(FAMILY_FORMATS[name].read(sender, fields["args"], f"{where}.args", world.names))
    else:
        raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
    error = fields["error"]
    if cast(bool, Flag().read(fields["ok"], f"{where}.ok", {})) != (error is None):
        raise MalformedTrace(f"{where}.error", "a step that is ok has no error, and one that is not has one")
    if error is not None and not (isinstance(error, str) and error in errors):
        raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
    by = cast("str | None", fields["sender"])
    return Step(name, by, fields["args"], executed, error, fields["returns"], fields["post"]), timestamp


def _read_head(head: Mapping[str, Json]) -> tuple[str, State, RewardsWorld]:
    """The trace's name, its starting state, and its world."""
    version = head["format_version"]
    if isinstance(version, bool) or not isinstance(version, int) or version != FORMAT_VERSION:
        raise MalformedTrace("format_version", f"expected {FORMAT_VERSION}, found {shown(version)}")
    genesis = as_object(head["genesis"], "genesis")
    check_fields(genesis, GENESIS, "genesis", ("addresses", "holders", "token_address_order"))
    trees = frozenset([*as_object(head["trees"], "trees"), EMPTY_TREE])
    listed = {field: _texts(genesis, field) for field in ("accounts", "tokens", "strategy_address_order")}
    accounts = listed["accounts"]
    names = {
        "account": frozenset([*accounts, ZERO_ADDRESS, REWARDS_COORDINATOR]),
        "token": frozenset(listed["tokens"]),
        "strategy": frozenset(listed["strategy_address_order"]),
        "tree": trees,
    }
    if len(names["account"]) != len(accounts) + 2:
        raise MalformedTrace("genesis.accounts", "an account is declared twice")
    world = RewardsWorld(names, accounts, listed["tokens"])
    state = SCHEMA.empty_state()
    account = _reader(genesis, "genesis", names)
    state.rows(CONFIG)[SINGLETON] = Config(0, 0, 0, 0, account("whitelister"))
    beacon = cast(str, STRATEGY.read(genesis["beacon_chain_eth_strategy"], "genesis.beacon_chain_eth_strategy", names))
    config = as_object(head["config"], "config")
    check_fields(config, ("name", *LENGTHS, *REWARDS_CONSTANTS), "config")
    state.rows(REWARDS_CONFIG)[SINGLETON] = read_rewards_config(
        config, "config", account("owner"), account("emissions_controller"), beacon
    )
    timestamp = cast(int, TIMESTAMP.read(genesis["timestamp"], "genesis.timestamp", {}))
    state.rows(CLOCK)[SINGLETON] = Clock(1, timestamp)
    for rank, strategy in enumerate(listed["strategy_address_order"]):
        state.rows(STRATEGIES)[strategy] = Strategy(address_rank=rank)
    read_ranks(state, genesis, "genesis", "operator_address_order", accounts)
    read_allowances(state, genesis, "genesis", names)
    sets = ListOf(OperatorSetName()).read(genesis["operator_sets"], "genesis.operator_sets", names)
    for operator_set in cast("tuple[OperatorSet, ...]", sets):
        state.rows(OPERATOR_SETS)[operator_set] = OperatorSetDetails(exists=True)
        # The trace does not declare a set's slasher. Its AVS is the slasher.
        state.rows(SLASHERS)[operator_set] = Slasher(operator_set[0], operator_set[0])
        made = state.rows(OPERATOR_SET_COUNTS).get(operator_set[0], OperatorSetCount()).count
        state.rows(OPERATOR_SET_COUNTS)[operator_set[0]] = OperatorSetCount(made + 1)
    _read_start(as_object(head["initial_state"], "initial_state"), state, names)
    return cast(str, Text().read(head["name"], "name", {})), state, world


def _read_start(start: Mapping[str, Json], state: State, names: Names) -> None:
    """Set the recorded starting state in `state`: balances, the whitelist, operators and settings.

    `start` is the trace's `initial_state`. Its other fields must be present, and are not read.
    """
    check_fields(start, [name for name, _, _ in FAMILY_POST.fields], "initial_state")
    formats = {name: format for name, _, format in FAMILY_POST.fields}

    def read(field: str) -> Any:
        return formats[field].read(start[field], f"initial_state.{field}", names)

    for token, amounts in read("token_balances").items():
        if sum(amounts.values()) >> 256:
            raise MalformedTrace(f"initial_state.token_balances.{token}", "the total supply does not fit uint256")
        for account, amount in amounts.items():
            state.rows(TOKEN_BALANCES)[(token, account)] = TokenBalance(amount)
    for strategy in read("whitelisted_strategies"):
        rank = state.rows(STRATEGIES)[strategy].address_rank
        state.rows(STRATEGIES)[strategy] = Strategy(address_rank=rank, is_whitelisted=True)
    state.rows(REWARDS_SETTINGS)[SINGLETON] = RewardsSettings(
        read("rewards_updater"),
        read("fee_recipient"),
        read("activation_delay"),
        read("default_operator_split_bips"),
    )
    execute(real_transition, state, [MineBlocks(0), *[_registered(operator) for operator in read("operators")]])


REWARDS_GENESIS: Final = (
    "timestamp",
    "config",
    "owner",
    "emissions_controller",
    "beacon_chain_eth_strategy",
    "rewards_updater",
    "fee_recipient",
    "activation_delay",
    "default_operator_split_bips",
    "infinite_allowance_to_rewards_coordinator",
    "address_order",
    "trees",
)


def read_rewards_genesis(value: Json, state: State, world: World, accounts: Sequence[str]) -> WorldWithRewards:
    """Set the RewardsCoordinator's state from `genesis.rewards` of a trace of the whole protocol. Returns its world."""
    where = "genesis.rewards"
    fields = as_object(value, where)
    check_fields(fields, REWARDS_GENESIS, where)
    trees = cast("tuple[str, ...]", ListOf(Text()).read(fields["trees"], f"{where}.trees", {}))
    names = {**world.names, "tree": frozenset([*trees, EMPTY_TREE])}
    account = _reader(fields, where, names)
    config = as_object(fields["config"], f"{where}.config")
    check_fields(config, (*LENGTHS, *REWARDS_CONSTANTS), f"{where}.config")
    field = "beacon_chain_eth_strategy"
    beacon = Name("strategy", null="").read(fields[field], f"{where}.{field}", names)
    state.rows(REWARDS_CONFIG)[SINGLETON] = read_rewards_config(
        config, f"{where}.config", account("owner"), account("emissions_controller"), cast(str, beacon)
    )
    clock = state.rows(CLOCK)[SINGLETON]
    timestamp = cast(int, TIMESTAMP.read(fields["timestamp"], f"{where}.timestamp", {}))
    state.rows(CLOCK)[SINGLETON] = Clock(clock.block, timestamp)
    split = cast(
        int, Number(16).read(fields["default_operator_split_bips"], f"{where}.default_operator_split_bips", {})
    )
    if split > ONE_HUNDRED_IN_BIPS:
        raise MalformedTrace(f"{where}.default_operator_split_bips", f"more than all of it: {split}")
    state.rows(REWARDS_SETTINGS)[SINGLETON] = RewardsSettings(
        account("rewards_updater"),
        account("fee_recipient"),
        cast(int, TIMESTAMP.read(fields["activation_delay"], f"{where}.activation_delay", {})),
        split,
    )
    listed = tuple([name for name in accounts if name not in (ZERO_ADDRESS, REWARDS_COORDINATOR)])
    first = cast("tuple[str, ...]", ListOf(ACCOUNT).read(fields["address_order"], f"{where}.address_order", names))
    if len(set(first)) != len(first):
        raise MalformedTrace(f"{where}.address_order", "an account is declared twice")
    _rank(state, (*first, *[name for name in listed if name not in first]))
    read_allowances(state, fields, where, names)
    return WorldWithRewards(world, names, listed)


def _texts(fields: Mapping[str, Json], field: str) -> tuple[str, ...]:
    return cast("tuple[str, ...]", ListOf(Text()).read(fields[field], f"genesis.{field}", {}))


def _reader(fields: Mapping[str, Json], where: str, names: Names) -> Any:
    def account(field: str) -> str:
        return cast(str, ACCOUNT.read(fields[field], f"{where}.{field}", names))

    return account


def read_rewards_config(
    config: Mapping[str, Json], where: str, owner: str, emissions_controller: str, beacon_chain_eth_strategy: str
) -> RewardsConfig:
    """The parameters of a deployment, from the `config` object of a trace.

    Raises MalformedTrace if a constant differs from the specification's, or if the calculation interval is zero.
    `where` is the object's place in the file.
    """
    for name, constant in REWARDS_CONSTANTS.items():
        if repr(config[name]) != repr(constant):
            raise MalformedTrace(f"{where}.{name}", f"this specification is of {constant}, found {shown(config[name])}")
    lengths = [cast(int, TIMESTAMP.read(config[name], f"{where}.{name}", {})) for name in LENGTHS]
    if lengths[0] == 0:
        raise MalformedTrace(f"{where}.{LENGTHS[0]}", "no interval is zero seconds long")
    interval, longest, past, future, genesis = lengths
    return RewardsConfig(
        interval, longest, past, future, genesis, owner, emissions_controller, beacon_chain_eth_strategy
    )


def read_ranks(state: State, fields: Mapping[str, Json], where: str, field: str, accounts: tuple[str, ...]) -> None:
    """Set the order of the accounts' addresses, from the list `fields[field]`.

    Raises MalformedTrace unless the list names each of `accounts` exactly once. `where` is the place of `fields` in the
    file.
    """
    order = cast("tuple[str, ...]", ListOf(Text()).read(fields[field], f"{where}.{field}", {}))
    if sorted(order) != sorted(accounts):
        raise MalformedTrace(f"{where}.{field}", "it must name each account once")
    _rank(state, order)


def _rank(state: State, order: Sequence[str]) -> None:
    for rank, account in enumerate(order):
        state.rows(ADDRESS_RANKS)[account] = AddressRank(rank)


def read_allowances(state: State, fields: Mapping[str, Json], where: str, names: Names) -> None:
    """Set an infinite allowance to the coordinator, for all tokens, of each account that `fields` lists."""
    field = "infinite_allowance_to_rewards_coordinator"
    for account in cast("tuple[str, ...]", ListOf(ACCOUNT).read(fields[field], f"{where}.{field}", names)):
        state.rows(REWARDS_ALLOWANCES)[account] = Permission(True)


def observe_rewards_trace(state: State, world: RewardsWorld) -> Json:
    """The whole state, as `post` of a trace of the RewardsCoordinator alone shows it."""
    draft = Draft(state)
    balances: dict[str, dict[str, str]] = {token: {} for token in world.tokens}
    for (token, holder), row in state.rows(TOKEN_BALANCES).items():
        if row.amount:
            balances[token][holder] = str(row.amount)
    return {
        **observe_rewards(state, world.accounts, SPLITS_SHOWN),
        "token_balances": balances,
        "whitelisted_strategies": [
            strategy for strategy, pool in sorted(state.rows(STRATEGIES).items()) if pool.is_whitelisted
        ],
        "operators": [account for account in world.accounts if is_operator(draft, account)],
    }


def check_rewards_post(post: Json, world: RewardsWorld, where: str) -> None:
    """Raise MalformedTrace if a recorded state of a trace of rewards alone violates the format."""
    FAMILY_POST.read(post, where, world.names)
