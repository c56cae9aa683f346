"""The head of EigenLayer's traces: reads the release, the configuration and the genesis that a file declares."""

from collections.abc import Mapping
from typing import Final, cast

from spec.arithmetic import UINT256_MAX, WAD
from spec.codec import (
    Amount,
    Flag,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Number,
    Text,
    as_object,
    check_fields,
    shown,
)
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
    STRATEGY,
    TOKEN,
    OperatorSetName,
    World,
)
from spec.eigenlayer.presets import RELEASES, UNNAMED, Release
from spec.eigenlayer.rewards_codec import (
    read_rewards_genesis,
)
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
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
from spec.machine import SINGLETON, Draft, State, commit

FORMAT_VERSION: Final = 1
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


def read_head(document: Mapping[str, Json]) -> tuple[str, State, World]:
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
        if sum(amounts.values()) > UINT256_MAX:
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
    """The beacon chain strategy as a tuple of one. The tuple is empty for a trace without the extension for
    native ETH.
    """
    field = "beacon_chain_eth_strategy"
    if ("extension" in document) != (field in genesis):
        raise MalformedTrace(f"genesis.{field}", GOES_WITH_EXTENSION)
    if field not in genesis:
        return ()
    if genesis[field] != BEACON_CHAIN_ETH:
        raise MalformedTrace(f"genesis.{field}", f"expected {BEACON_CHAIN_ETH!r}, found {shown(genesis[field])}")
    return (BEACON_CHAIN_ETH,)
