"""EigenLayer's states as JSON in traces: every stored row, and every view's answer in the current block."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

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
    Record,
    SignedAmount,
    shown,
)
from spec.eigenlayer import views
from spec.eigenlayer.allocation import is_operator_slashable
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.pod_observation import (
    POD_OWNER_FIELDS,
    PODS_FIELDS,
    observe_native_shares,
    observe_pod_owner,
    observe_pods,
)
from spec.eigenlayer.shares import is_operator
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    AVSS,
    CLOCK,
    CUMULATIVE_SCALED_SHARES,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
    Pair,
)
from spec.eigenlayer.view_answers import VIEW_ANSWER, queued_shares_answer, withdrawable_shares_answer
from spec.history import HistoryTable
from spec.machine import SINGLETON, Draft, State

ACCOUNT: Final = Name("account")
ACCOUNT_OR_NULL: Final = Name("account", null=ZERO_ADDRESS)
STRATEGY: Final = Name("strategy")
TOKEN: Final = Name("token")
PAID_TOKEN: Final = Name("paid token")
"""A token, or the zero address, which a completion may name where native ETH is paid."""


class OperatorSetName(Format):
    """An operator set, as the string `avs/id`. In Python it is a pair of the AVS and the id."""

    def read(self, value: Json, where: str, names: Names) -> object:
        avs, slash, operator_set_id = value.partition("/") if isinstance(value, str) else ("", "", "")
        if not slash:
            raise MalformedTrace(where, f"expected an operator set such as 'avs0/1', found {shown(value)}")
        return (Name("account").read(avs, where, names), Amount(32).read(operator_set_id, where, names))

    def write(self, value: object) -> Json:
        return operator_set_name(cast(OperatorSet, value))


def operator_set_name(operator_set: OperatorSet) -> str:
    """An operator set as the string `avs/id`."""
    return f"{operator_set[0]}/{operator_set[1]}"


class World:
    """The accounts and names that a trace declares. They select the rows that its states show.

    `parties` are the accounts whose staker rows are shown, `operators` those whose operator rows are. `avss` are those
    whose metadata is. `has_native_eth` is True if the trace declares the beacon chain strategy; its states then show
    pods.
    """

    def __init__(
        self,
        names: Names,
        parties: tuple[str, ...],
        operators: tuple[str, ...],
        avss: tuple[str, ...],
        delays_slashes: bool,
        has_native_eth: bool,
    ) -> None:
        self.names: Final = names
        self.parties: Final = parties
        self.operators: Final = operators
        self.avss: Final = avss
        self.delays_slashes: Final = delays_slashes
        """True if the trace's release has a slash resolution delay. Only then do states show resolution blocks."""
        self.has_native_eth: Final = has_native_eth


def observe(state: State, world: object, _context: object) -> Json:
    """The whole state as a trace's `post` shows it, with views in the current block. `_context` is not used."""
    seen = cast(World, world)
    draft = Draft(state)
    observed: dict[str, Json] = {
        "block": state.rows(CLOCK)[SINGLETON].block,
        "token_balances": _observe_balances(state, seen),
        "strategies": {
            strategy: {
                "total_shares": str(pool.total_shares),
                "whitelisted": pool.is_whitelisted,
                "legacy_burnable_shares": str(pool.legacy_burnable_shares),
            }
            for strategy, pool in sorted(state.rows(STRATEGIES).items())
            if strategy != BEACON_CHAIN_ETH
        },
        "stakers": {party: _observe_staker(state, draft, party, seen) for party in seen.parties},
        "queued_withdrawals": _observe_withdrawals(state, draft),
        "operators": _observe_operators(state, draft, seen),
        "operator_sets": _observe_operator_sets(state, draft),
        "avs_metadata": {avs: draft.get(AVSS, avs).has_metadata for avs in seen.avss},
        "burn_or_redistributable_shares": _observe_slashes(state),
        "pending_operator_sets": sorted(
            {operator_set_name(operator_set) for operator_set, _, _ in _pending_slashes(state)}
        ),
    }
    if seen.delays_slashes:
        observed[RESOLUTION_BLOCKS] = _observe_resolution_blocks(state, draft)
    if seen.has_native_eth:
        observed.update(observe_pods(state, draft))
    return observed


def _observe_balances(state: State, world: World) -> Json:
    balances: dict[str, dict[str, str]] = {token: {} for token in sorted(world.names["token"])}
    for (token, account), balance in state.rows(TOKEN_BALANCES).items():
        if balance.amount:
            balances[token][account] = str(balance.amount)
    return balances


def _observe_staker(state: State, draft: Draft, party: str, world: World) -> Json:
    staker = draft.get(STAKERS, party)
    held: dict[str, Json] = {}
    for strategy in state.rows(STRATEGIES):
        shares = draft.get(STAKER_SHARES, (party, strategy))
        if shares != STAKER_SHARES.default:
            held[strategy] = {
                "deposit_shares": str(shares.deposit_shares),
                "deposit_scaling_factor": str(shares.deposit_scaling_factor_wad),
                "withdrawable_shares": withdrawable_shares_answer(draft, party, strategy),
            }
    observed: dict[str, Json] = {
        "delegated_to": ACCOUNT_OR_NULL.write(staker.delegated_to),
        "withdrawals_queued": str(staker.withdrawals_queued),
        "strategy_list": list(staker.strategy_list),
        "strategies": held,
    }
    if world.has_native_eth:
        held.update(observe_native_shares(draft, party))
        observed.update(observe_pod_owner(draft, party))
    return observed


def _observe_withdrawals(state: State, draft: Draft) -> Json:
    observed: list[Json] = []
    for (staker, nonce), withdrawal in sorted(state.rows(WITHDRAWALS).items()):
        if not withdrawal.is_pending:
            continue
        positions = range(withdrawal.strategy_count)
        rows = [draft.get(QUEUED_SHARES, (staker, nonce, position)) for position in positions]
        observed.append(
            {
                "staker": staker,
                "nonce": str(nonce),
                "delegated_to": ACCOUNT_OR_NULL.write(rows[0].operator),
                "start_block": withdrawal.start_block,
                "strategies": [row.strategy for row in rows],
                "scaled_shares": [str(row.scaled_shares) for row in rows],
                "shares": [queued_shares_answer(draft, staker, nonce, position) for position in positions],
            }
        )
    return observed


def _observe_operators(state: State, draft: Draft, world: World) -> Json:
    """The JSON of all operators, with their registrations and allocations. It reads each table once."""
    registered: dict[str, list[str]] = {}
    registrations: dict[str, dict[str, Json]] = {}
    for (operator, operator_set), registration in state.rows(REGISTRATIONS).items():
        name = operator_set_name(operator_set)
        if registration.is_registered:
            registered.setdefault(operator, []).append(name)
        registrations.setdefault(operator, {})[name] = {
            "registered": registration.is_registered,
            "slashable_until": registration.slashable_until_block,
            "is_slashable": is_operator_slashable(draft, operator, operator_set),
        }
    allocated: dict[str, dict[str, list[str]]] = {}
    allocations: dict[str, dict[str, dict[str, Json]]] = {}
    for (operator, operator_set, strategy), stored in state.rows(ALLOCATIONS).items():
        name = operator_set_name(operator_set)
        if stored.current_magnitude or stored.pending_diff_magnitude:
            allocated.setdefault(operator, {}).setdefault(name, []).append(strategy)
        if stored == ALLOCATIONS.default:
            continue
        settled = views.allocation_of(draft, operator, operator_set, strategy)
        allocations.setdefault(operator, {}).setdefault(name, {})[strategy] = {
            "current": str(settled.current_magnitude),
            "pending_diff": str(settled.pending_diff_magnitude),
            "effect_block": settled.effect_block,
            "allocated_stake": str(views.allocated_stake(draft, operator, operator_set, strategy)),
            "stored": {
                "current": str(stored.current_magnitude),
                "pending_diff": str(stored.pending_diff_magnitude),
                "effect_block": stored.effect_block,
            },
        }
    return {
        operator: {
            "is_operator": is_operator(draft, operator),
            "delegation_approver": ACCOUNT_OR_NULL.write(draft.get(OPERATOR_DETAILS, operator).delegation_approver),
            **_observe_allocation_delay(draft, operator),
            "registered_sets": sorted(registered.get(operator, [])),
            "allocated_sets": sorted(allocated.get(operator, {})),
            "strategies": {
                strategy: _observe_operator_strategy(draft, operator, strategy)
                for strategy in sorted(state.rows(STRATEGIES))
            },
            "registrations": registrations.get(operator, {}),
            "allocated_strategies": {
                name: sorted(strategies) for name, strategies in allocated.get(operator, {}).items()
            },
            "allocations": allocations.get(operator, {}),
        }
        for operator in world.operators
    }


def _observe_allocation_delay(draft: Draft, operator: str) -> dict[str, Json]:
    stored = draft.get(ALLOCATION_DELAYS, operator)
    effective = views.allocation_delay_of(draft, operator)
    return {
        "allocation_delay": {"is_set": effective.is_set, "delay": effective.delay_blocks},
        "allocation_delay_stored": {
            "delay": stored.delay_blocks,
            "is_set": stored.is_set,
            "pending_delay": stored.pending_delay_blocks,
            "effect_block": stored.effect_block,
        },
    }


def _observe_operator_strategy(draft: Draft, operator: str, strategy: str) -> Json:
    queue = draft.get(DEALLOCATION_QUEUES, (operator, strategy))
    return {
        "shares": str(draft.get(OPERATOR_SHARES, (operator, strategy)).shares),
        "max_magnitude": str(MAX_MAGNITUDES.latest(draft, (operator, strategy))),
        "encumbered_magnitude": str(views.encumbered_magnitude_of(draft, operator, strategy)),
        "allocatable_magnitude": str(views.allocatable_magnitude_of(draft, operator, strategy)),
        "encumbered_magnitude_stored": str(draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude),
        "slashable_shares_in_queue": str(views.slashable_shares_in_queue(draft, operator, strategy)),
        "cumulative_scaled_shares": str(CUMULATIVE_SCALED_SHARES.latest(draft, (operator, strategy))),
        "deallocation_queue": [
            operator_set_name(draft.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set)
            for position in range(queue.first, queue.end)
        ],
    }


def _observe_operator_sets(state: State, draft: Draft) -> Json:
    strategies: dict[OperatorSet, list[str]] = {}
    for (operator_set, strategy), membership in state.rows(OPERATOR_SET_STRATEGIES).items():
        if membership.is_member:
            strategies.setdefault(operator_set, []).append(strategy)
    members: dict[OperatorSet, list[str]] = {}
    for (operator, operator_set), registration in state.rows(REGISTRATIONS).items():
        if registration.is_registered:
            members.setdefault(operator_set, []).append(operator)
    pending: dict[OperatorSet, list[int]] = {}
    for operator_set, slash_id, _ in _pending_slashes(state):
        pending.setdefault(operator_set, []).append(slash_id)
    block = state.rows(CLOCK)[SINGLETON].block
    observed: dict[str, Json] = {}
    for operator_set, details in state.rows(OPERATOR_SETS).items():
        slasher = draft.get(SLASHERS, operator_set)
        is_pending = block < slasher.effect_block
        observed[operator_set_name(operator_set)] = {
            "strategies": sorted(strategies.get(operator_set, [])),
            "slasher": views.slasher_of(draft, operator_set),
            "pending_slasher": slasher.pending_slasher if is_pending else None,
            "pending_slasher_effect_block": slasher.effect_block if is_pending else 0,
            "redistribution_recipient": details.redistribution_recipient,
            "slash_count": str(details.slash_count),
            "members": sorted(members.get(operator_set, [])),
            "pending_slash_ids": [str(slash_id) for slash_id in sorted(pending.get(operator_set, []))],
        }
    return observed


def _pending_slashes(state: State) -> Iterator[tuple[OperatorSet, int, tuple[str, ...]]]:
    for (operator_set, slash_id), slash in state.rows(SLASHES).items():
        if slash.strategies:
            yield operator_set, slash_id, slash.strategies


def _observe_slashes(state: State) -> Json:
    observed: dict[str, dict[str, Json]] = {}
    for operator_set, slash_id, strategies in _pending_slashes(state):
        observed.setdefault(operator_set_name(operator_set), {})[str(slash_id)] = {
            strategy: str(state.rows(SLASHED_SHARES)[(operator_set, slash_id, strategy)].shares)
            for strategy in strategies
        }
    return observed


def _observe_resolution_blocks(state: State, draft: Draft) -> Json:
    observed: dict[str, dict[str, Json]] = {}
    for operator_set, slash_id, _ in _pending_slashes(state):
        observed.setdefault(operator_set_name(operator_set), {})[str(slash_id)] = {
            "resolution_block": views.slash_resolution_block_of(draft, operator_set, slash_id)
        }
    return observed


def observe_final(state: State, world: object) -> Json:
    """The histories of max magnitudes and of cumulative scaled shares, as JSON by operator and strategy.

    Each history is a list of checkpoints `[block, value]`, oldest first, with the value as a decimal string.
    """
    operators = cast(World, world).operators
    return {
        "max_magnitude": _observe_history(state, MAX_MAGNITUDES, operators),
        "cumulative_scaled_shares": _observe_history(state, CUMULATIVE_SCALED_SHARES, operators),
    }


def _observe_history(state: State, history: HistoryTable[Pair], operators: tuple[str, ...]) -> Json:
    observed: dict[str, dict[str, Json]] = {}
    checkpoints = state.rows(history.checkpoints)
    for (operator, strategy), head in state.rows(history.heads).items():
        if operator in operators:
            rows = [checkpoints[((operator, strategy), position)] for position in range(head.count)]
            observed.setdefault(operator, {})[strategy] = [[row.point, str(row.value)] for row in rows]
    return observed


def _shape(optional: tuple[str, ...] = (), **fields: Format) -> Record:
    return Record(_nothing, [(name, name, format) for name, format in fields.items()], dict.fromkeys(optional))


def _nothing(*_: object) -> object:
    """A constructor for records that are read only to check their form: it returns None."""
    return None


OPERATOR_SET: Final = OperatorSetName()
AMOUNTS: Final = ListOf(Amount())
BLOCK: Final = Number(32)
MAGNITUDE: Final = Amount(64)
SIGNED_MAGNITUDE: Final = SignedAmount(128)

RESOLUTION_BLOCKS: Final = "pending_slashes"

POST: Final = _shape(
    optional=(RESOLUTION_BLOCKS, *PODS_FIELDS),
    block=BLOCK,
    token_balances=MapOf(TOKEN, MapOf(ACCOUNT, Amount())),
    strategies=MapOf(STRATEGY, _shape(total_shares=Amount(), whitelisted=Flag(), legacy_burnable_shares=Amount())),
    stakers=MapOf(
        ACCOUNT,
        _shape(
            optional=tuple(POD_OWNER_FIELDS),
            delegated_to=ACCOUNT_OR_NULL,
            withdrawals_queued=Amount(),
            strategy_list=ListOf(STRATEGY),
            strategies=MapOf(
                STRATEGY,
                _shape(deposit_shares=Amount(), deposit_scaling_factor=Amount(), withdrawable_shares=VIEW_ANSWER),
            ),
            **POD_OWNER_FIELDS,
        ),
    ),
    queued_withdrawals=ListOf(
        _shape(
            staker=ACCOUNT,
            nonce=Amount(),
            delegated_to=ACCOUNT_OR_NULL,
            start_block=BLOCK,
            strategies=ListOf(STRATEGY),
            scaled_shares=AMOUNTS,
            shares=ListOf(VIEW_ANSWER),
        )
    ),
    operators=MapOf(
        ACCOUNT,
        _shape(
            is_operator=Flag(),
            delegation_approver=ACCOUNT_OR_NULL,
            allocation_delay=_shape(is_set=Flag(), delay=BLOCK),
            allocation_delay_stored=_shape(delay=BLOCK, is_set=Flag(), pending_delay=BLOCK, effect_block=BLOCK),
            registered_sets=ListOf(OPERATOR_SET),
            allocated_sets=ListOf(OPERATOR_SET),
            strategies=MapOf(
                STRATEGY,
                _shape(
                    shares=Amount(),
                    max_magnitude=MAGNITUDE,
                    encumbered_magnitude=MAGNITUDE,
                    allocatable_magnitude=MAGNITUDE,
                    encumbered_magnitude_stored=MAGNITUDE,
                    slashable_shares_in_queue=Amount(),
                    cumulative_scaled_shares=Amount(224),
                    deallocation_queue=ListOf(OPERATOR_SET),
                ),
            ),
            registrations=MapOf(OPERATOR_SET, _shape(registered=Flag(), slashable_until=BLOCK, is_slashable=Flag())),
            allocated_strategies=MapOf(OPERATOR_SET, ListOf(STRATEGY)),
            allocations=MapOf(
                OPERATOR_SET,
                MapOf(
                    STRATEGY,
                    _shape(
                        current=MAGNITUDE,
                        pending_diff=SIGNED_MAGNITUDE,
                        effect_block=BLOCK,
                        allocated_stake=Amount(),
                        stored=_shape(current=MAGNITUDE, pending_diff=SIGNED_MAGNITUDE, effect_block=BLOCK),
                    ),
                ),
            ),
        ),
    ),
    operator_sets=MapOf(
        OPERATOR_SET,
        _shape(
            strategies=ListOf(STRATEGY),
            slasher=ACCOUNT,
            pending_slasher=ACCOUNT_OR_NULL,
            pending_slasher_effect_block=BLOCK,
            redistribution_recipient=ACCOUNT,
            slash_count=Amount(),
            members=ListOf(ACCOUNT),
            pending_slash_ids=AMOUNTS,
        ),
    ),
    avs_metadata=MapOf(ACCOUNT, Flag()),
    burn_or_redistributable_shares=MapOf(OPERATOR_SET, MapOf(Amount(), MapOf(STRATEGY, Amount()))),
    pending_slashes=MapOf(OPERATOR_SET, MapOf(Amount(), _shape(resolution_block=BLOCK))),
    pending_operator_sets=ListOf(OPERATOR_SET),
    num_pods=Amount(),
    burnable_eth_shares=Amount(),
    pods=MapOf(ACCOUNT, _shape(withdrawable_gwei=Amount(64), eth_balance=Amount())),
    eth_balances=MapOf(ACCOUNT, Amount()),
)
"""The format of a state in a trace. Each record has exactly its fields. Resolution blocks are there exactly if the
trace's release has a slash resolution delay.
"""


def check_post(post: Json, world: object, where: str) -> None:
    """Raise MalformedTrace if a recorded state violates the format. Its values are not compared with the
    specification's.
    """
    seen = cast(World, world)
    if isinstance(post, dict) and (RESOLUTION_BLOCKS in post) != seen.delays_slashes:
        missing = "missing" if seen.delays_slashes else "not a field of the trace's release"
        raise MalformedTrace(f"{where}.{RESOLUTION_BLOCKS}" if where else RESOLUTION_BLOCKS, missing)
    POST.read(post, where, seen.names)
    _check_fields_of_pods(cast("dict[str, dict[str, dict[str, Json]]]", post), seen, where)


def _check_fields_of_pods(post: dict[str, dict[str, dict[str, Json]]], world: World, where: str) -> None:
    """Raise MalformedTrace if a state shows pods in a trace without native ETH, or lacks them in a trace with it."""
    places: list[tuple[str, Mapping[str, object], tuple[str, ...]]] = [(where, post, PODS_FIELDS)]
    for party, row in post["stakers"].items():
        places.append((f"{where}.stakers.{party}", row, tuple(POD_OWNER_FIELDS)))
    for place, fields, names in places:
        for name in names:
            if (name in fields) != world.has_native_eth:
                missing = "missing" if world.has_native_eth else "not a field of a trace without native ETH"
                raise MalformedTrace(f"{place}.{name}", missing)
