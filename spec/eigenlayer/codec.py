"""EigenLayer's trace format: reads a file's genesis and actions, and writes states and return values as JSON.

docs/traces.md describes the format. A file declares its accounts, tokens, strategies and AVSs. An undeclared name, an
unknown field or a missing field raises MalformedTrace.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from spec.arithmetic import WAD, is_multiple
from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Format,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Names,
    Number,
    Record,
    SignedAmount,
    Text,
    argument,
    as_object,
    check_fields,
    shown,
)
from spec.eigenlayer import actions, observation
from spec.eigenlayer.actions import Approval, Completion, MineBlocks, RecordBeaconChainEthBalanceUpdate
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    BURN_ADDRESS,
    GWEI_TO_WEI,
    MAX_STAKER_STRATEGY_LIST_LENGTH,
    MAX_TOTAL_SHARES,
    SHARES_OFFSET,
    ZERO_ADDRESS,
    Config,
)
from spec.eigenlayer.observation import (
    ACCOUNT,
    ACCOUNT_OR_NULL,
    PAID_TOKEN,
    STRATEGY,
    TOKEN,
    OperatorSetName,
    World,
)
from spec.eigenlayer.presets import RELEASES, UNNAMED, Release
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_codec import (
    REWARDS_FAMILY,
    RewardsWorld,
    WorldWithRewards,
    check_rewards_post,
    observe_rewards_trace,
    read_rewards_genesis,
    read_rewards_trace,
    write_rewards_trace,
)
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
from spec.eigenlayer.rewards_formats import REWARDS_FORMATS, REWARDS_POST
from spec.eigenlayer.rewards_observation import observe_rewards
from spec.eigenlayer.state import (
    ALLOWANCES,
    AVSS,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    SCHEMA,
    STRATEGIES,
    TOKEN_BALANCES,
    Allowance,
    Avs,
    Clock,
    Strategy,
    TokenBalance,
)
from spec.machine import SINGLETON, Delta, Draft, State, Transition, commit
from spec.protocol import Step, Trace, execute

FORMAT_VERSION: Final = 1
NEVER: Final = 2**256 - 1
"""The expiry of a signature that never expires. The only other expiry in the format is 0: the signature has expired."""


class Expiry(Format):
    """The expiry of a signature: 2^256 - 1 (it never expires) or 0 (it has expired). Read as True if it has expired.

    Traces have no timestamps with which to compare any other expiry.
    """

    def read(self, value: Json, where: str, names: Names) -> object:
        expiry = Amount().read(value, where, names)
        if expiry not in (0, NEVER):
            raise MalformedTrace(where, f"an expiry is 0 or 2^256 - 1, found {shown(value)}")
        return expiry == 0

    def write(self, value: object) -> Json:
        return "0" if value else str(NEVER)


APPROVER: Final = "approver0"
"""The only account that signs approvals in traces. A valid approval has it as signer, an invalid one ZERO_ADDRESS."""


class Wei(Format):
    """An amount of wei that is a multiple of a gwei."""

    def read(self, value: Json, where: str, names: Names) -> object:
        amount = cast(int, Amount().read(value, where, names))
        if not is_multiple(amount, GWEI_TO_WEI):
            raise MalformedTrace(where, f"expected a multiple of a gwei, found {shown(value)}")
        return amount

    def write(self, value: object) -> Json:
        return str(value)


class Signer(Format):
    """The signer of an approval, written as a flag: true if the signature is valid."""

    def read(self, value: Json, where: str, names: Names) -> object:
        return APPROVER if Flag().read(value, where, names) else ZERO_ADDRESS

    def write(self, value: object) -> Json:
        return value == APPROVER


STRATEGY_LIST: Final = ListOf(STRATEGY)
NO_APPROVAL: Final = Approval(signer=ZERO_ADDRESS, salt=0, is_expired=False)

OPERATOR_SET_REQUEST: Final = Record(
    actions.OperatorSetRequest,
    [
        ("id", "operator_set_id", Amount(32)),
        ("strategies", "strategies", STRATEGY_LIST),
        ("slasher", "slasher", ACCOUNT),
    ],
)
APPROVAL: Final = Record(
    Approval, [("valid", "signer", Signer()), ("salt", "salt", Amount()), ("expiry", "is_expired", Expiry())]
)
WITHDRAWAL_REQUEST: Final = Record(
    actions.WithdrawalRequest,
    [("strategies", "strategies", STRATEGY_LIST), ("deposit_shares", "deposit_shares", ListOf(Amount()))],
)
ALLOCATION_REQUEST: Final = Record(
    actions.AllocationRequest,
    [
        ("operator_set", "operator_set", OperatorSetName()),
        ("strategies", "strategies", STRATEGY_LIST),
        ("new_magnitudes", "new_magnitudes", ListOf(Amount(64))),
    ],
)
COMPLETION: Final = Record(
    Completion,
    [
        ("staker", "staker", ACCOUNT),
        ("nonce", "nonce", Amount()),
        ("tokens", "tokens", ListOf(PAID_TOKEN)),
        ("receive_as_tokens", "receive_as_tokens", Flag()),
        ("tampered", "is_tampered", Flag()),
    ],
    optional={"tampered": False},
)


OPERATOR: Final = argument("operator", ACCOUNT)
AVS: Final = argument("avs", ACCOUNT)
STRATEGIES_ARG: Final = argument("strategies", STRATEGY_LIST)
OPERATOR_SET: Final = argument("operator_set", OperatorSetName())
OPERATOR_SET_ID: Final = argument("operator_set_id", Amount(32))
OPERATOR_SET_IDS: Final = argument("operator_set_ids", ListOf(Amount(32)))
APPROVAL_ARG: Final = argument("approval", APPROVAL)
SLASH_ID: Final = argument("slash_id", Amount())
SETS: Final = argument("sets", ListOf(OPERATOR_SET_REQUEST), "requests")
WITHDRAWALS_QUEUED: Final = [("withdrawals", Amount())]

ACTION_FORMATS: Final[dict[str, ActionFormat]] = {
    "deposit_into_strategy": ActionFormat(
        actions.DepositIntoStrategy,
        [argument("strategy", STRATEGY), argument("token", TOKEN), argument("amount", Amount())],
        [("shares", Amount())],
    ),
    "transfer_token": ActionFormat(
        actions.TransferToken, [argument("token", TOKEN), argument("to", ACCOUNT), argument("amount", Amount())]
    ),
    "add_strategies_to_deposit_whitelist": ActionFormat(actions.AddStrategiesToDepositWhitelist, [STRATEGIES_ARG]),
    "remove_strategies_from_deposit_whitelist": ActionFormat(
        actions.RemoveStrategiesFromDepositWhitelist, [STRATEGIES_ARG]
    ),
    "register_as_operator": ActionFormat(
        actions.RegisterAsOperator,
        [
            argument("delegation_approver", ACCOUNT_OR_NULL),
            argument("allocation_delay", Amount(32), "allocation_delay_blocks"),
        ],
    ),
    "modify_operator_details": ActionFormat(
        actions.ModifyOperatorDetails, [OPERATOR, argument("delegation_approver", ACCOUNT_OR_NULL)]
    ),
    "delegate_to": ActionFormat(actions.DelegateTo, [OPERATOR, APPROVAL_ARG], optional={"approval": NO_APPROVAL}),
    "undelegate": ActionFormat(actions.Undelegate, [argument("staker", ACCOUNT)], WITHDRAWALS_QUEUED),
    "redelegate": ActionFormat(
        actions.Redelegate, [OPERATOR, APPROVAL_ARG], WITHDRAWALS_QUEUED, optional={"approval": NO_APPROVAL}
    ),
    "queue_withdrawals": ActionFormat(
        actions.QueueWithdrawals, [argument("withdrawals", ListOf(WITHDRAWAL_REQUEST), "requests")], WITHDRAWALS_QUEUED
    ),
    "complete_queued_withdrawal": ActionFormat(actions.CompleteQueuedWithdrawal, carries=("completion", COMPLETION)),
    "complete_queued_withdrawals": ActionFormat(
        actions.CompleteQueuedWithdrawals, [argument("withdrawals", ListOf(COMPLETION), "completions")]
    ),
    "update_avs_metadata": ActionFormat(actions.UpdateAvsMetadata, [AVS]),
    "create_operator_sets": ActionFormat(actions.CreateOperatorSets, [AVS, SETS]),
    "create_redistributing_operator_sets": ActionFormat(
        actions.CreateRedistributingOperatorSets, [AVS, SETS, argument("recipients", ListOf(ACCOUNT))]
    ),
    "add_strategies_to_operator_set": ActionFormat(
        actions.AddStrategiesToOperatorSet, [AVS, OPERATOR_SET_ID, STRATEGIES_ARG]
    ),
    "remove_strategies_from_operator_set": ActionFormat(
        actions.RemoveStrategiesFromOperatorSet, [AVS, OPERATOR_SET_ID, STRATEGIES_ARG]
    ),
    "update_slasher": ActionFormat(actions.UpdateSlasher, [OPERATOR_SET, argument("slasher", ACCOUNT)]),
    "register_for_operator_sets": ActionFormat(actions.RegisterForOperatorSets, [OPERATOR, AVS, OPERATOR_SET_IDS]),
    "deregister_from_operator_sets": ActionFormat(
        actions.DeregisterFromOperatorSets, [OPERATOR, AVS, OPERATOR_SET_IDS]
    ),
    "modify_allocations": ActionFormat(
        actions.ModifyAllocations, [OPERATOR, argument("params", ListOf(ALLOCATION_REQUEST), "requests")]
    ),
    "set_allocation_delay": ActionFormat(
        actions.SetAllocationDelay, [OPERATOR, argument("delay", Amount(32), "delay_blocks")]
    ),
    "clear_deallocation_queue": ActionFormat(
        actions.ClearDeallocationQueue,
        [OPERATOR, STRATEGIES_ARG, argument("num_to_clear", ListOf(Amount(16)), "numbers_to_clear")],
    ),
    "slash_operator": ActionFormat(
        actions.SlashOperator,
        [AVS, OPERATOR, OPERATOR_SET_ID, STRATEGIES_ARG, argument("wads_to_slash", ListOf(Amount()))],
        [("slash_id", Amount()), ("shares", ListOf(Amount()))],
    ),
    "clear_burn_or_redistributable_shares": ActionFormat(
        actions.ClearBurnOrRedistributableShares, [OPERATOR_SET, SLASH_ID], [("amounts_out", ListOf(Amount()))]
    ),
    "clear_burn_or_redistributable_shares_by_strategy": ActionFormat(
        actions.ClearBurnOrRedistributableSharesByStrategy,
        [OPERATOR_SET, SLASH_ID, argument("strategy", STRATEGY)],
        [("amount_out", Amount())],
    ),
    "burn_shares": ActionFormat(actions.BurnShares, [argument("strategy", STRATEGY)]),
    "create_pod": ActionFormat(actions.CreatePod),
    "record_beacon_chain_eth_balance_update": ActionFormat(
        RecordBeaconChainEthBalanceUpdate,
        [
            argument("pod_owner", ACCOUNT),
            argument("prev_restaked_balance_wei", Amount()),
            argument("balance_delta_wei", SignedAmount(256)),
        ],
    ),
    **REWARDS_FORMATS,
}
"""The format of every call, by its name in traces. `mine` steps and facts, which are no calls, have formats of their
own.
"""

FACT_FORMATS: Final[dict[str, ActionFormat]] = {
    "fund_pod": ActionFormat(actions.FundPod, [argument("pod_owner", ACCOUNT), argument("amount_wei", Wei())]),
    "plant_pod_owner_deposit_shares": ActionFormat(
        actions.PlantPodOwnerDepositShares, [argument("staker", ACCOUNT), argument("shares", SignedAmount(256))]
    ),
}
"""The format of every fact, by its name in traces. A fact takes a block like a call, but has no sender."""

MINE: Final = Record(
    MineBlocks, [argument("blocks", Amount(32)), argument("seconds", Amount(32))], optional={"seconds": 0}
)
FORMATS: Final[dict[str, ActionFormat]] = {**ACTION_FORMATS, **FACT_FORMATS}
NAMES_BY_CLASS: Final[dict[object, str]] = {kind.make: name for name, kind in FORMATS.items()}
POD_OF: Final = "pod:"
"""The prefix of a pod's name; the owner's name follows it. A pod occurs only as a sender."""


def write_returns(action: object, returns: object) -> Json:
    """The return value of an accepted call as traces write it; None for MineBlocks and for calls without one."""
    if isinstance(action, MineBlocks):
        return None
    return FORMATS[NAMES_BY_CLASS[type(action)]].write_returns(returns, None)


CONSTANTS: Final[dict[str, Json]] = {
    "WAD": str(WAD),
    "SHARES_OFFSET": str(SHARES_OFFSET),
    "BALANCE_OFFSET": str(BALANCE_OFFSET),
    "MAX_TOTAL_SHARES": str(MAX_TOTAL_SHARES),
    "MAX_STAKER_STRATEGY_LIST_LENGTH": MAX_STAKER_STRATEGY_LIST_LENGTH,
}
NATIVE_CONSTANTS: Final[dict[str, Json]] = {**CONSTANTS, "GWEI_TO_WEI": str(GWEI_TO_WEI)}
"""The constants in the `config` of a trace with native ETH."""
DELAYS: Final = (
    "MIN_WITHDRAWAL_DELAY_BLOCKS",
    "DEALLOCATION_DELAY",
    "ALLOCATION_CONFIGURATION_DELAY",
    "SLASHER_CONFIGURATION_DELAY",
)
EXTENSION: Final = "native-eth-1"
"""The name of the extension for native ETH. Its traces declare the beacon chain strategy, and their
states show pods.
"""
GOES_WITH_EXTENSION: Final = f"it goes with the extension {EXTENSION!r}, and only with it"
HEAD: Final = (
    "protocol",
    "format_version",
    "extension",
    "release",
    "name",
    "kind",
    "source",
    "config",
    "genesis",
    "seed",
    "profile",
)
OPTIONAL_HEAD: Final = ("extension", "release", "seed", "profile")
RESOLUTION_DELAY: Final = "slash_resolution_delay_blocks"
GENESIS: Final = (
    "block",
    "stakers",
    "operators",
    "avss",
    "others",
    "burn_address_name",
    "zero_address_name",
    "tokens",
    "strategies",
    "beacon_chain_eth_strategy",
    "strategy_address_order",
    "operator_set_universe",
    "token_balances",
    "infinite_allowance_to_strategy_manager",
    "avs_registrar_accepts_everything",
    "whitelister",
    "cumulative_scaled_shares",
    "rewards",
)
OPTIONAL_GENESIS: Final = ("beacon_chain_eth_strategy", "cumulative_scaled_shares", "rewards")
STRATEGY_FIELDS: Final = ("underlying_token", "whitelisted", "total_shares", "legacy_burnable_shares")
OPTIONAL_STRATEGY_FIELDS: Final = ("total_shares", "legacy_burnable_shares")
BLOCK: Final = Number(32)
CALL: Final = ("block", "same_block", "action", "sender", "args")
STEP: Final = (*CALL, "ok", "error", "returns", "post")


def read_trace(document: dict[str, Json]) -> Trace:
    """Parse a trace file, of the whole protocol or of rewards alone.

    Raises MalformedTrace at the first place that violates the format.
    """
    if document["protocol"] == REWARDS_FAMILY:
        return read_rewards_trace(document, ERRORS)
    check_fields(document, (*HEAD, "initial_state", "steps", "final_histories"), "", OPTIONAL_HEAD)
    head: dict[str, Json] = {field: document[field] for field in HEAD if field in document}
    name, genesis, world = _read_head(head)
    steps = document["steps"]
    if not isinstance(steps, list):
        raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
    block = genesis.rows(CLOCK)[SINGLETON].block
    read_steps: list[Step] = []
    for position, value in enumerate(steps):
        step, block = _read_step(value, f"steps[{position}]", block, world)
        read_steps.append(step)
    return Trace(name, head, genesis, world, document["initial_state"], read_steps, document["final_histories"])


def write_trace(transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
    """A trace file with the rules' outcome of each action. `head` is a trace file's JSON without its states and steps.

    The head's `protocol` decides between a trace of the whole protocol and one of rewards alone.
    """
    if head.get("protocol") == REWARDS_FAMILY:
        return write_rewards_trace(transition, head, actions)
    check_fields(head, HEAD, "", OPTIONAL_HEAD)
    _, state, world = _read_head(head)
    initial = observe(state, world, None)
    block = state.rows(CLOCK)[SINGLETON].block
    steps: list[Json] = []
    for executed in in_steps(actions):
        step, block = _write_step(transition, state, executed, block, world)
        steps.append(step)
    return {**head, "initial_state": initial, "steps": steps, "final_histories": observe_final(state, world)}


def in_steps(actions: Sequence[Any]) -> list[list[Any]]:
    """The actions, grouped by step. `MineBlocks(1)` right before a call belongs to the call's step.

    Other MineBlocks, such as one that takes seconds, are steps of their own.
    """
    steps: list[list[Any]] = []
    for action in actions:
        if steps and steps[-1] == [MineBlocks(1)] and not isinstance(action, MineBlocks):
            steps[-1].append(action)
        else:
            steps.append([action])
    return steps


def write_call(executed: list[Any], block: int) -> tuple[dict[str, Json], int]:
    """The JSON of one step's call, and its block. `executed` are the step's actions; `block` is the previous step's
    block.
    """
    block += sum([action.blocks for action in executed if isinstance(action, MineBlocks)])
    action = executed[-1]
    is_mine = isinstance(action, MineBlocks)
    name = "mine" if is_mine else NAMES_BY_CLASS[type(action)]
    call: dict[str, Json] = {
        "block": block,
        "same_block": not is_mine and len(executed) == 1,
        "action": name,
        "sender": _write_sender(name, action),
        "args": MINE.write(action) if is_mine else FORMATS[name].write(action),
    }
    return call, block


def _write_sender(name: str, action: Any) -> Json:
    if name not in ACTION_FORMATS:
        return None
    sender = cast(str, action.sender)
    is_pod = isinstance(action, RecordBeaconChainEthBalanceUpdate) and action.is_from_pod
    return POD_OF + sender if is_pod else sender


def _write_step(
    transition: Transition[Any], state: State, executed: list[Any], block: int, world: World
) -> tuple[Json, int]:
    """Execute one step's actions in `state`. Returns the step's JSON and its block; `block` is the previous step's
    block.
    """
    outcome = execute(transition, state, executed)
    call, block = write_call(executed, block)
    step = {
        **call,
        "ok": isinstance(outcome, Delta),
        "error": None if isinstance(outcome, Delta) else outcome.value,
        "returns": write_returns(executed[-1], outcome.returns) if isinstance(outcome, Delta) else None,
        "post": observe(state, world, None),
    }
    return step, block


def _read_head(document: Mapping[str, Json]) -> tuple[str, State, World]:
    """The trace's name, its starting state, and its world. `document` is the trace file's JSON."""
    version = document["format_version"]
    if isinstance(version, bool) or not isinstance(version, int) or version != FORMAT_VERSION:  # 1 == True == 1.0
        raise MalformedTrace("format_version", f"expected {FORMAT_VERSION}, found {shown(version)}")
    if document.get("extension", EXTENSION) != EXTENSION:
        raise MalformedTrace("extension", f"expected {EXTENSION!r}, found {shown(document['extension'])}")
    return (cast(str, Text().read(document["name"], "name", {})), *_read_genesis(document))


def _read_release(document: Mapping[str, Json]) -> Release:
    """The release that a trace declares, or the oldest release if it declares none."""
    if "release" not in document:
        return UNNAMED
    name = document["release"]
    if not isinstance(name, str) or name not in RELEASES:
        known = ", ".join(RELEASES)
        raise MalformedTrace("release", f"unknown release {shown(name)}: a known one is one of {known}")
    return RELEASES[name]


def _read_config(document: Mapping[str, Json], release: Release, whitelister: str) -> Config:
    config = as_object(document["config"], "config")
    delays_slashes = (RESOLUTION_DELAY,) if release.delays_slashes else ()
    is_native = "extension" in document
    if is_native != ("GWEI_TO_WEI" in config):
        raise MalformedTrace("config.GWEI_TO_WEI", GOES_WITH_EXTENSION)
    constants = NATIVE_CONSTANTS if is_native else CONSTANTS
    check_fields(config, ("name", *DELAYS, *delays_slashes, *constants), "config")
    for name, constant in constants.items():
        if repr(config[name]) != repr(constant):  # 32.0 == 32, and 1 == True
            raise MalformedTrace(f"config.{name}", f"this specification is of {constant}, found {shown(config[name])}")
    delays = [cast(int, Number(32).read(config[name], f"config.{name}", {})) for name in (*DELAYS, *delays_slashes)]
    if release.delays_slashes and delays[4] == 0:
        raise MalformedTrace(f"config.{RESOLUTION_DELAY}", f"release {release.name} has a delay, found 0")
    return Config(
        min_withdrawal_delay_blocks=delays[0],
        deallocation_delay_blocks=delays[1],
        allocation_configuration_delay_blocks=delays[2],
        slasher_configuration_delay_blocks=delays[3],
        strategy_whitelister=whitelister,
        slash_resolution_delay_blocks=delays[4] if release.delays_slashes else 0,
        queue_counts_whole_shares=release.queue_counts_whole_shares,
    )


def _read_genesis(document: Mapping[str, Json]) -> tuple[State, World]:
    genesis = as_object(document["genesis"], "genesis")
    check_fields(genesis, GENESIS, "genesis", OPTIONAL_GENESIS)

    def declared(field: str) -> tuple[str, ...]:
        return cast("tuple[str, ...]", ListOf(Text()).read(genesis[field], f"genesis.{field}", {}))

    for field, address in (("burn_address_name", BURN_ADDRESS), ("zero_address_name", ZERO_ADDRESS)):
        if genesis[field] != address:
            raise MalformedTrace(f"genesis.{field}", f"expected {address!r}, found {shown(genesis[field])}")
    stakers, operators, avss, others = declared("stakers"), declared("operators"), declared("avss"), declared("others")
    strategies = as_object(genesis["strategies"], "genesis.strategies")
    native = _read_native(document, genesis)
    all_strategies = [*strategies, *native]
    accounts = [*stakers, *operators, *avss, *others, *all_strategies, BURN_ADDRESS, ZERO_ADDRESS]
    if "rewards" in genesis:
        accounts.append(REWARDS_COORDINATOR)
    names = {
        "account": frozenset(accounts),
        "token": frozenset(declared("tokens")),
        "paid token": frozenset([*declared("tokens"), *[ZERO_ADDRESS for _ in native]]),
        "strategy": frozenset(all_strategies),
    }
    if len(accounts) != len(names["account"]):
        raise MalformedTrace("genesis", "an account is declared twice")
    addresses = declared("strategy_address_order")
    if sorted(addresses) != sorted(all_strategies):
        raise MalformedTrace("genesis.strategy_address_order", "it must name each strategy once")
    ListOf(OperatorSetName()).read(genesis["operator_set_universe"], "genesis.operator_set_universe", names)

    state = SCHEMA.empty_state()
    whitelister = cast(str, ACCOUNT.read(genesis["whitelister"], "genesis.whitelister", names))
    release = _read_release(document)
    state.rows(CONFIG)[SINGLETON] = _read_config(document, release, whitelister)
    state.rows(CLOCK)[SINGLETON] = Clock(cast(int, Number(32).read(genesis["block"], "genesis.block", {})))
    for strategy, pool in strategies.items():
        where = f"genesis.strategies.{strategy}"
        fields = as_object(pool, where)
        check_fields(fields, STRATEGY_FIELDS, where, OPTIONAL_STRATEGY_FIELDS)
        legacy = fields.get("legacy_burnable_shares", "0")
        legacy_shares = cast(int, Amount().read(legacy, f"{where}.legacy_burnable_shares", names))
        # No staker has shares at the beginning.
        total_shares = cast(int, Amount().read(fields.get("total_shares", legacy), f"{where}.total_shares", names))
        if total_shares < legacy_shares:
            raise MalformedTrace(f"{where}.total_shares", f"less than the {legacy_shares} that are still to be burned")
        state.rows(STRATEGIES)[strategy] = Strategy(
            underlying_token=cast(str, TOKEN.read(fields["underlying_token"], f"{where}.underlying_token", names)),
            address_rank=addresses.index(strategy),
            is_whitelisted=cast(bool, Flag().read(fields["whitelisted"], f"{where}.whitelisted", names)),
            total_shares=total_shares,
            legacy_burnable_shares=legacy_shares,
        )
    for strategy in native:
        state.rows(STRATEGIES)[strategy] = Strategy(address_rank=addresses.index(strategy))
    balances = MapOf(TOKEN, MapOf(ACCOUNT, Amount())).read(genesis["token_balances"], "genesis.token_balances", names)
    for token, amounts in cast("dict[str, dict[str, int]]", balances).items():
        if sum(amounts.values()) > NEVER:
            raise MalformedTrace(f"genesis.token_balances.{token}", "the total supply does not fit uint256")
        for account, amount in amounts.items():
            state.rows(TOKEN_BALANCES)[(token, account)] = TokenBalance(amount)
    for strategy, pool_row in state.rows(STRATEGIES).items():
        held = state.rows(TOKEN_BALANCES).get((pool_row.underlying_token, strategy), TokenBalance()).amount
        if pool_row.total_shares > min(held, MAX_TOTAL_SHARES):
            where = f"genesis.strategies.{strategy}.legacy_burnable_shares"
            raise MalformedTrace(where, f"more than the strategy can have, which holds {held} tokens")
    field = "infinite_allowance_to_strategy_manager"
    for account in cast("tuple[str, ...]", ListOf(ACCOUNT).read(genesis[field], f"genesis.{field}", names)):
        state.rows(ALLOWANCES)[account] = Allowance(is_infinite=True)
    field = "avs_registrar_accepts_everything"
    for avs in cast("tuple[str, ...]", ListOf(ACCOUNT).read(genesis[field], f"genesis.{field}", names)):
        state.rows(AVSS)[avs] = Avs(has_registrar=True)
    field = "cumulative_scaled_shares"
    queued = MapOf(ACCOUNT, MapOf(STRATEGY, Amount())).read(genesis.get(field, {}), f"genesis.{field}", names)
    draft = Draft(state)
    for operator, by_strategy in cast("dict[str, dict[str, int]]", queued).items():
        for strategy, scaled_shares in by_strategy.items():
            CUMULATIVE_SCALED_SHARES.push(draft, (operator, strategy), 0, scaled_shares)
    commit(state, draft.delta())
    world = World(names, (*stakers, *operators), operators, avss, release.delays_slashes, bool(native))
    return state, read_rewards_genesis(genesis["rewards"], state, world, accounts) if "rewards" in genesis else world


def _read_native(document: Mapping[str, Json], genesis: Mapping[str, Json]) -> tuple[str, ...]:
    """The beacon chain strategy as a tuple of one, or an empty tuple in a trace without the extension
    for native ETH.
    """
    field = "beacon_chain_eth_strategy"
    if ("extension" in document) != (field in genesis):
        raise MalformedTrace(f"genesis.{field}", GOES_WITH_EXTENSION)
    if field not in genesis:
        return ()
    if genesis[field] != BEACON_CHAIN_ETH:
        raise MalformedTrace(f"genesis.{field}", f"expected {BEACON_CHAIN_ETH!r}, found {shown(genesis[field])}")
    return (BEACON_CHAIN_ETH,)


def _read_step(value: Json, where: str, block: int, world: World) -> tuple[Step, int]:
    """One parsed step, and its block. `block` is the previous step's block."""
    fields = as_object(value, where)
    check_fields(fields, STEP, where)
    executed, block = read_call(fields, where, block, world)
    error = fields["error"]
    if cast(bool, Flag().read(fields["ok"], f"{where}.ok", {})) != (error is None):
        raise MalformedTrace(f"{where}.error", "a step that is ok has no error, and one that is not has one")
    if error is not None and not (isinstance(error, str) and error in ERRORS):
        raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
    name, sender = cast(str, fields["action"]), cast("str | None", fields["sender"])
    return Step(name, sender, fields["args"], executed, error, fields["returns"], fields["post"]), block


def read_call(
    fields: Mapping[str, Json], where: str, block: int, world: World, number: Format = BLOCK
) -> tuple[list[object], int]:
    """The actions of a call, and its block. `block` is the previous step's block.

    If a block is mined for the call, MineBlocks is the first action. `number` is the format of the block number. Raises
    MalformedTrace, which names the offending field.
    """
    called_in = cast(int, number.read(fields["block"], f"{where}.block", {}))
    is_same_block = cast(bool, Flag().read(fields["same_block"], f"{where}.same_block", {}))
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    executed: list[object] = []
    if name == "mine":
        if fields["sender"] is not None:
            raise MalformedTrace(f"{where}.sender", "nobody sends a mine step")
        executed.append(MINE.read(fields["args"], f"{where}.args", {}))
    elif name in REWARDS_FORMATS and not isinstance(world, WorldWithRewards):
        raise MalformedTrace(
            f"{where}.action", "a call of the RewardsCoordinator, of which genesis.rewards says nothing"
        )
    elif name in FORMATS:
        action = _read_action(name, fields, where, world)
        if not is_same_block:
            executed.append(MineBlocks(1))
        executed.append(action)
    else:
        raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
    for action in executed:
        if isinstance(action, MineBlocks):
            block += action.blocks
    if called_in != block:
        raise MalformedTrace(f"{where}.block", f"expected {block} after the step before, found {called_in}")
    return executed, block


def _read_action(name: str, fields: Mapping[str, Json], where: str, world: World) -> object:
    """The action of a call or a fact. Only a balance report may have a pod as sender, named `pod:` and its owner."""
    sender = fields["sender"]
    if name in FACT_FORMATS:
        if sender is not None:
            raise MalformedTrace(f"{where}.sender", f"nobody sends a {name} step")
        record = FACT_FORMATS[name].arguments
        return record.read(fields["args"], f"{where}.args", world.names)
    format = ACTION_FORMATS[name]
    is_report = format.make is RecordBeaconChainEthBalanceUpdate
    if not (is_report and isinstance(sender, str) and sender.startswith(POD_OF)):
        account = ACCOUNT.read(sender, f"{where}.sender", world.names)
        return format.read(account, fields["args"], f"{where}.args", world.names)
    owner = ACCOUNT.read(sender.removeprefix(POD_OF), f"{where}.sender", world.names)
    report = cast(RecordBeaconChainEthBalanceUpdate, format.read(owner, fields["args"], f"{where}.args", world.names))
    return RecordBeaconChainEthBalanceUpdate(
        sender=report.sender,
        pod_owner=report.pod_owner,
        prev_restaked_balance_wei=report.prev_restaked_balance_wei,
        balance_delta_wei=report.balance_delta_wei,
        is_from_pod=True,
    )


ERRORS: Final = tuple([reason.value for reason in Reason])


def observe(state: State, world: object, context: object) -> Json:
    """The whole state, as `post` of the world's kind of trace: the whole protocol, with or without rewards, or rewards
    alone.
    """
    if isinstance(world, RewardsWorld):
        return observe_rewards_trace(state, world)
    seen = as_object(observation.observe(state, world, context), "post")
    if isinstance(world, WorldWithRewards):
        seen["rewards"] = observe_rewards(state, world.accounts, world.accounts)
    return seen


def observe_final(state: State, world: object) -> Json:
    """The histories at the end of a trace of the whole protocol; None for a trace of rewards alone."""
    return None if isinstance(world, RewardsWorld) else observation.observe_final(state, world)


def check_post(post: Json, world: object, where: str) -> None:
    """Raise MalformedTrace if a recorded state violates the format. Its values are not compared with the
    specification's.
    """
    if isinstance(world, RewardsWorld):
        check_rewards_post(post, world, where)
    elif isinstance(world, WorldWithRewards):
        fields = dict(as_object(post, where))
        REWARDS_POST.read(fields.pop("rewards", None), f"{where}.rewards", world.names)
        observation.check_post(fields, world, where)
    else:
        observation.check_post(post, world, where)
