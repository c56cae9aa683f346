"""Symbiotic's reader of observed states: it reconstructs the rows described by a whole `post` of a trace.

The past is not observed: each history gets its current value only, as one checkpoint at the current second.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from conformance.states import StateReader
from spec.codec import Json, MalformedTrace
from spec.history import Checkpoint, History, HistoryTable
from spec.machine import SINGLETON, State, Table
from spec.symbiotic import PROTOCOL
from spec.symbiotic import state as rows
from spec.symbiotic.config import COLLATERAL, VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.observation import SubnetworkName, World

TIMES: Final = frozenset({"timestamp", "epoch", "captureTimestamp", "vetoDeadline", "latestSlashedCaptureTimestamp"})
"""The fields of a state that are JSON integers in a trace, or contain such integers."""

HISTORIES: Final[tuple[HistoryTable[Any], ...]] = (
    rows.OPERATOR_VAULT_OPT_INS,
    rows.OPERATOR_NETWORK_OPT_INS,
    rows.ACTIVE_STAKE,
    rows.ACTIVE_SHARES,
    rows.ACTIVE_SHARES_OF,
    rows.MAX_NETWORK_LIMITS,
    rows.NETWORK_LIMITS,
    rows.TOTAL_OPERATOR_NETWORK_SHARES,
    rows.OPERATOR_NETWORK_SHARES,
    rows.OPERATOR_NETWORK_LIMITS,
    rows.CUMULATIVE_SLASHES,
)

READ: Final[tuple[Table[Any, Any], ...]] = (
    rows.CLOCK,
    rows.TOKEN_BALANCES,
    rows.OPERATOR_REGISTRY,
    rows.NETWORK_REGISTRY,
    rows.VAULT_FACTORY,
    rows.MIDDLEWARES,
    rows.VAULTS,
    rows.DEPOSIT_POLICIES,
    rows.DEPOSITORS,
    rows.WITHDRAWAL_BUCKETS,
    rows.WITHDRAWALS,
    rows.LATEST_CAPTURES,
    rows.SLASH_REQUEST_COUNTS,
    rows.SLASH_REQUESTS,
    *[history.heads for history in HISTORIES],
)
"""The tables whose rows a `post` describes. Other tables are not observed, so laws that read them cannot be checked."""

REWARDS: Final[tuple[Table[Any, Any], ...]] = (
    rows.STAKER_REWARDS,
    rows.ADMIN_FEES,
    rows.CLAIMABLE_ADMIN_FEES,
    rows.DISTRIBUTION_COUNTS,
    rows.DISTRIBUTIONS,
    rows.REWARDS_DONE,
    rows.CACHED_SHARES,
    rows.OPERATOR_ROOTS,
    rows.OPERATOR_REWARD_BALANCES,
    rows.OPERATOR_REWARDS_CLAIMED,
)
"""The tables of rewards contracts. A deployment read from a `post` has none of these contracts.

So the tables are empty, and laws about them hold trivially.
"""

RESOLVERS: Final[tuple[Table[Any, Any], ...]] = (
    rows.RESOLVER_ORDINALS.heads,
    rows.RESOLVER_ORDINALS.checkpoints,
    rows.RESOLVERS,
)
"""The tables of resolvers. They are empty, and so known, in a world without veto slashers."""


def tables_read(world: object) -> tuple[Table[Any, Any], ...]:
    """The tables whose rows are known from a `post` in a world. The tables of resolvers are among them only if no vault
    of the world has a veto slasher.
    """
    has_vetoes = any(vault.slasher == VETO_SLASHER for vault in cast(World, world).vaults.values())
    return (*READ, *REWARDS) if has_vetoes else (*READ, *REWARDS, *RESOLVERS)


def trace_form(post: Json) -> Json:
    """A state in the form of traces, from its JSON on the wire: the fields in TIMES hold JSON integers instead of
    decimal strings.
    """
    if isinstance(post, dict):
        return {name: _integers(value) if name in TIMES else trace_form(value) for name, value in post.items()}
    return [trace_form(item) for item in post] if isinstance(post, list) else post


def _integers(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _integers(item) for name, item in value.items()}
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def read_state(head: Mapping[str, Json], post: Json) -> tuple[State, object]:
    """The state described by a trace's head and a whole `post`, and its world. Raises MalformedTrace if the input is
    invalid, or the timestamp of `post` is not the genesis timestamp of the head.
    """
    trace = PROTOCOL.read_trace(PROTOCOL.write_trace(head, []))
    world = cast(World, trace.world)
    PROTOCOL.check_post(post, world, "state")
    state = trace.genesis
    seen = cast("dict[str, Any]", post)
    if seen["timestamp"] != state.rows(rows.CLOCK)[SINGLETON].timestamp:
        raise MalformedTrace("state.timestamp", "another than config.genesisTimestamp")
    state.rows(rows.ALLOWANCES).clear()
    for name, amount in seen["balances"].items():
        state.rows(rows.TOKEN_BALANCES)[(COLLATERAL, name)] = rows.TokenBalance(int(amount))
    for field, registry in (("operators", rows.OPERATOR_REGISTRY), ("networks", rows.NETWORK_REGISTRY)):
        for name, is_entity in seen["registry"][field].items():
            state.rows(registry)[name] = rows.Entity(is_entity)
    for name, account in seen["registry"]["middleware"].items():
        state.rows(rows.MIDDLEWARES)[name] = rows.Middleware(account)
    for operator, networks in seen["optInNetwork"].items():
        for network, is_in in networks.items():
            _put(state, rows.OPERATOR_NETWORK_OPT_INS, (operator, network), int(is_in))
    for vault, fields in seen["vaults"].items():
        _read_vault(state, world, vault, fields)
    return state, world


def _put(state: State, history: HistoryTable[Any], key: Any, value: int) -> None:
    """Give the history of a key one checkpoint at the current second. If the value is the default, the history stays
    empty.
    """
    if value != history.default:
        now = state.rows(rows.CLOCK)[SINGLETON].timestamp
        state.rows(history.heads)[key] = History(1, value)
        state.rows(history.checkpoints)[(key, 0)] = Checkpoint(now, value)


def _read_vault(state: State, world: World, vault: str, seen: Mapping[str, Any]) -> None:
    config = world.vaults[vault]
    balances = state.rows(rows.TOKEN_BALANCES)
    for holder, amount in seen.get("collateralOf", {}).items():
        balances[(config.collateral, holder)] = rows.TokenBalance(int(amount))
    balances[(config.collateral, vault)] = rows.TokenBalance(int(seen["collateral"]))
    state.rows(rows.DEPOSIT_POLICIES)[vault] = rows.DepositPolicy(
        seen["depositWhitelist"], seen["isDepositLimit"], int(seen["depositLimit"])
    )
    _put(state, rows.ACTIVE_STAKE, vault, int(seen["activeStake"]))
    _put(state, rows.ACTIVE_SHARES, vault, int(seen["activeShares"]))
    for holder, shares in seen["activeSharesOf"].items():
        _put(state, rows.ACTIVE_SHARES_OF, (vault, holder), int(shares))
    for holder, is_whitelisted in seen["isDepositorWhitelisted"].items():
        state.rows(rows.DEPOSITORS)[(vault, holder)] = rows.Depositor(is_whitelisted)
    for operator, is_in in seen["optIn"].items():
        _put(state, rows.OPERATOR_VAULT_OPT_INS, (operator, vault), int(is_in))
    _read_withdrawals(state, vault, seen)
    _read_delegator(state, world, vault, seen["delegator"])
    if seen["slasher"] is not None:
        _read_slasher(state, world, vault, seen["slasher"])


def _read_withdrawals(state: State, vault: str, seen: Mapping[str, Any]) -> None:
    for epoch, amount in seen["withdrawals"].items():
        shares = int(seen["withdrawalShares"].get(epoch, 0))
        if int(amount) or shares:
            state.rows(rows.WITHDRAWAL_BUCKETS)[(vault, int(epoch))] = rows.WithdrawalBucket(int(amount), shares)
    for epoch, held in seen["withdrawalSharesOf"].items():
        claimed = seen["isWithdrawalsClaimed"].get(epoch, {})
        for holder, shares in held.items():
            if int(shares) or claimed.get(holder):
                row = rows.Withdrawal(int(shares), bool(claimed.get(holder)))
                state.rows(rows.WITHDRAWALS)[(vault, int(epoch), holder)] = row


def _read_delegator(state: State, world: World, vault: str, seen: Mapping[str, Any]) -> None:
    for field, history in (
        ("maxNetworkLimit", rows.MAX_NETWORK_LIMITS),
        ("networkLimit", rows.NETWORK_LIMITS),
        ("totalOperatorNetworkShares", rows.TOTAL_OPERATOR_NETWORK_SHARES),
    ):
        for name, value in seen.get(field, {}).items():
            _put(state, history, (vault, _subnetwork(world, name)), int(value))
    for field, by_operator in (
        ("operatorNetworkShares", rows.OPERATOR_NETWORK_SHARES),
        ("operatorNetworkLimit", rows.OPERATOR_NETWORK_LIMITS),
    ):
        for name, of_operators in seen.get(field, {}).items():
            for operator, value in of_operators.items():
                _put(state, by_operator, (vault, _subnetwork(world, name), operator), int(value))


def _read_slasher(state: State, world: World, vault: str, seen: Mapping[str, Any]) -> None:
    for name, of_operators in seen["cumulativeSlash"].items():
        for operator, value in of_operators.items():
            key = (vault, _subnetwork(world, name), operator)
            _put(state, rows.CUMULATIVE_SLASHES, key, int(value))
            latest = seen["latestSlashedCaptureTimestamp"][name][operator]
            state.rows(rows.LATEST_CAPTURES)[key] = rows.LatestCapture(latest)
    if world.vaults[vault].slasher != VETO_SLASHER:
        return
    for name, resolver in seen["resolver"].items():
        _read_resolvers(state, (vault, _subnetwork(world, name)), resolver, seen["resolverPending"][name])
    state.rows(rows.SLASH_REQUEST_COUNTS)[vault] = rows.SlashRequestCount(len(seen["slashRequests"]))
    for index, request in enumerate(seen["slashRequests"]):
        state.rows(rows.SLASH_REQUESTS)[(vault, index)] = rows.SlashRequest(
            _subnetwork(world, request["subnetwork"]),
            request["operator"],
            int(request["amount"]),
            request["captureTimestamp"],
            request["vetoDeadline"],
            request["completed"],
        )


def _read_resolvers(state: State, key: tuple[str, Any], resolver: str, pending: str) -> None:
    """Write the current resolver of `key`, a (vault, subnetwork), to the state, and the pending resolver if it differs.

    A `post` does not show when the pending resolver takes over, so one second later is assumed.
    """
    now = state.rows(rows.CLOCK)[SINGLETON].timestamp
    named = [(now, resolver)] if resolver != ZERO_ADDRESS or pending != ZERO_ADDRESS else []
    if pending != resolver:
        named.append((now + 1, pending))
    for position, (timestamp, account) in enumerate(named):
        state.rows(rows.RESOLVER_ORDINALS.checkpoints)[(key, position)] = Checkpoint(timestamp, position + 1)
        state.rows(rows.RESOLVERS)[(*key, position + 1)] = rows.Resolver(account)
    if named:
        state.rows(rows.RESOLVER_ORDINALS.heads)[key] = History(len(named), len(named))


def _subnetwork(world: World, name: str) -> Any:
    return SubnetworkName().read(name, "state", world.names)


STATE: Final = StateReader(read_state, tables_read)
