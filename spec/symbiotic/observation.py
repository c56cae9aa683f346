"""Symbiotic's states as JSON in traces: the rows of the declared accounts and vaults, and every view's
current answer.
"""

from collections.abc import Callable, Iterable
from typing import Final, cast

from spec.codec import (
    REVERT,
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
    ViewAnswer,
    shown,
)
from spec.machine import SINGLETON, Draft, State
from spec.symbiotic import views
from spec.symbiotic.clock import current_epoch
from spec.symbiotic.config import (
    COLLATERAL,
    FULL_RESTAKE,
    NETWORK_RESTAKE,
    NO_SLASHER,
    OPERATOR_NETWORK_SPECIFIC,
    VETO_SLASHER,
    VaultConfig,
)
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.rewards_observation import RewardsWorld, observe_rewards, rewards_formats
from spec.symbiotic.slashing import slashable_stake
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_REGISTRY,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    SlashRequest,
    Subnetwork,
)
from spec.symbiotic.withdrawals import withdrawals_of

ACCOUNT: Final = Name("account")
SENDER: Final = Name("sender")
VAULT: Final = Name("vault")


class SubnetworkName(Format):
    """A subnetwork, as the string `network/subIDENTIFIER`. In Python it is a pair of the network and the identifier."""

    def read(self, value: Json, where: str, names: Names) -> object:
        network, separator, identifier = value.partition("/sub") if isinstance(value, str) else ("", "", "")
        if not separator:
            raise MalformedTrace(where, f"expected a subnetwork such as 'network0/sub1', found {shown(value)}")
        return (ACCOUNT.read(network, where, names), Amount(96).read(identifier, where, names))

    def write(self, value: object) -> Json:
        return subnetwork_name(cast(Subnetwork, value))


def subnetwork_name(subnetwork: Subnetwork) -> str:
    """A subnetwork as the string `network/subIDENTIFIER`, such as `network0/sub1`."""
    return f"{subnetwork[0]}/sub{subnetwork[1]}"


class Absent(Format):
    """JSON null, which is None in Python. It stands for the slasher of a vault that has none."""

    def read(self, value: Json, where: str, names: Names) -> object:
        if value is not None:
            raise MalformedTrace(where, f"expected null, found {shown(value)}")
        return None

    def write(self, value: object) -> Json:
        return None


class World:
    """The vaults, accounts and names that a trace declares. They select the rows that its states show.

    `holders` are the accounts whose shares are shown, `balances` those whose tokens are. `operators`, `networks` and
    `subnetworks` are those whose opt-ins, limits and stakes are shown. `rewards` is None for a trace without rewards.
    """

    def __init__(
        self,
        names: Names,
        vaults: dict[str, VaultConfig],
        holders: tuple[str, ...],
        balances: tuple[str, ...],
        operators: tuple[str, ...],
        networks: tuple[str, ...],
        subnetworks: tuple[Subnetwork, ...],
        rewards: RewardsWorld | None = None,
    ) -> None:
        self.names: Final = names
        self.vaults: Final = vaults
        self.holders: Final = holders
        self.balances: Final = balances
        self.operators: Final = operators
        self.networks: Final = networks
        self.subnetworks: Final = subnetworks
        self.rewards: Final = rewards


Captures = dict[str, tuple[int, ...]]
"""The map from each vault to the capture timestamps of its latest slash calls. The state after a step shows stakes at
these timestamps, too.
"""


def observe(state: State, world: object, context: object) -> Json:
    """The whole state as a trace's `post` shows it. Views are evaluated at the current timestamp.

    `context` is the step's Captures, or None before the first step.
    """
    seen = cast(World, world)
    captures = {} if context is None else cast(Captures, context)
    draft = Draft(state)
    rewards: dict[str, Json] = {}
    if seen.rewards is not None:
        rewards = observe_rewards(state, seen.rewards, seen.holders, seen.operators, seen.networks)
    return {
        "timestamp": state.rows(CLOCK)[SINGLETON].timestamp,
        "balances": _by(seen.balances, lambda account: str(draft.get(TOKEN_BALANCES, (COLLATERAL, account)).amount)),
        "registry": {
            "operators": _by(seen.operators, lambda operator: draft.get(OPERATOR_REGISTRY, operator).is_entity),
            "networks": _by(seen.networks, lambda network: draft.get(NETWORK_REGISTRY, network).is_entity),
            "middleware": _by(seen.networks, lambda network: draft.get(MIDDLEWARES, network).account),
        },
        "optInNetwork": {
            operator: {network: views.is_opted_in_network(draft, operator, network) for network in seen.networks}
            for operator in seen.operators
        },
        "vaults": {vault: _observe_vault(draft, seen, vault, captures.get(vault, ())) for vault in seen.vaults},
        **rewards,
    }


def observe_final(_state: State, _world: object) -> Json:
    """None, because Symbiotic's traces have no final state beside the last step's `post`."""
    return None


def _by(names: Iterable[str], value: Callable[[str], Json]) -> dict[str, Json]:
    return {name: value(name) for name in names}


def _by_subnetwork(world: World, value: Callable[[Subnetwork], Json]) -> dict[str, Json]:
    return {subnetwork_name(subnetwork): value(subnetwork) for subnetwork in world.subnetworks}


def _by_operator(world: World, value: Callable[[Subnetwork, str], Json]) -> dict[str, Json]:
    """A value for each subnetwork and operator, as nested JSON objects."""
    return {
        subnetwork_name(subnetwork): {operator: value(subnetwork, operator) for operator in world.operators}
        for subnetwork in world.subnetworks
    }


def _observe_vault(draft: Draft, world: World, vault: str, captures: tuple[int, ...]) -> Json:
    config = world.vaults[vault]
    policy = draft.get(DEPOSIT_POLICIES, vault)
    now = draft.get(CLOCK, SINGLETON).timestamp
    probed = [now - 1, *[timestamp for timestamp in captures if timestamp != now - 1]]
    return {
        "epoch": current_epoch(draft, vault),
        "activeStake": str(ACTIVE_STAKE.latest(draft, vault)),
        "activeShares": str(ACTIVE_SHARES.latest(draft, vault)),
        "totalStake": str(views.total_stake(draft, vault)),
        "collateral": str(draft.get(TOKEN_BALANCES, (config.collateral, vault)).amount),
        **_observe_collateral(draft, world, config),
        "depositWhitelist": policy.deposit_whitelist,
        "isDepositLimit": policy.is_deposit_limit,
        "depositLimit": str(policy.deposit_limit),
        "activeSharesOf": _by(world.holders, lambda holder: str(ACTIVE_SHARES_OF.latest(draft, (vault, holder)))),
        "activeBalanceOf": _by(world.holders, lambda holder: _answer(views.active_balance_of(draft, vault, holder))),
        "slashableBalanceOf": _by(
            world.holders, lambda holder: _answer(views.slashable_balance_of(draft, vault, holder))
        ),
        "isDepositorWhitelisted": _by(
            world.holders, lambda holder: draft.get(DEPOSITORS, (vault, holder)).is_whitelisted
        ),
        **_observe_withdrawals(draft, world, vault),
        "optIn": _by(world.operators, lambda operator: views.is_opted_in_vault(draft, operator, vault)),
        "delegator": _observe_delegator(draft, world, vault, config),
        "slasher": None if config.slasher == NO_SLASHER else _observe_slasher(draft, world, vault, config),
        "probes": [_observe_past(draft, world, vault, config, timestamp) for timestamp in probed],
    }


def _observe_collateral(draft: Draft, world: World, config: VaultConfig) -> dict[str, Json]:
    """The balances of a vault's collateral, as a field of the vault in a state. Empty if the collateral is the default
    token: the state shows that token's balances once for all vaults.
    """
    if config.collateral == COLLATERAL:
        return {}
    return {
        "collateralOf": _by(
            world.balances, lambda account: str(draft.get(TOKEN_BALANCES, (config.collateral, account)).amount)
        )
    }


def _observe_withdrawals(draft: Draft, world: World, vault: str) -> dict[str, Json]:
    """The withdrawal buckets of a vault as fields of a state: every bucket up to the next epoch's. The shares of
    holders are shown only for buckets in which a holder has any.
    """
    epochs = range(current_epoch(draft, vault) + 2)
    buckets = {str(epoch): draft.get(WITHDRAWAL_BUCKETS, (vault, epoch)) for epoch in epochs}
    held = [
        epoch
        for epoch in epochs
        if any(draft.get(WITHDRAWALS, (vault, epoch, holder)).shares for holder in world.holders)
    ]

    def of_holders(value: Callable[[int, str], Json]) -> Json:
        return {str(epoch): {holder: value(epoch, holder) for holder in world.holders} for epoch in held}

    return {
        "withdrawals": {epoch: str(bucket.amount) for epoch, bucket in buckets.items()},
        "withdrawalShares": {epoch: str(bucket.shares) for epoch, bucket in buckets.items()},
        "withdrawalSharesOf": of_holders(
            lambda epoch, holder: str(draft.get(WITHDRAWALS, (vault, epoch, holder)).shares)
        ),
        "withdrawalsOf": of_holders(lambda epoch, holder: _answer(withdrawals_of(draft, vault, epoch, holder))),
        "isWithdrawalsClaimed": of_holders(
            lambda epoch, holder: draft.get(WITHDRAWALS, (vault, epoch, holder)).is_claimed
        ),
    }


def _observe_delegator(draft: Draft, world: World, vault: str, config: VaultConfig) -> Json:
    observed: dict[str, Json] = {
        "maxNetworkLimit": _by_subnetwork(
            world, lambda subnetwork: str(MAX_NETWORK_LIMITS.latest(draft, (vault, subnetwork)))
        ),
        "stake": _by_operator(world, lambda subnetwork, operator: str(views.stake(draft, vault, subnetwork, operator))),
    }
    if config.delegator != OPERATOR_NETWORK_SPECIFIC:
        observed["networkLimit"] = _by_subnetwork(
            world, lambda subnetwork: str(NETWORK_LIMITS.latest(draft, (vault, subnetwork)))
        )
    if config.delegator == NETWORK_RESTAKE:
        observed["totalOperatorNetworkShares"] = _by_subnetwork(
            world, lambda subnetwork: str(TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, (vault, subnetwork)))
        )
        observed["operatorNetworkShares"] = _by_operator(
            world,
            lambda subnetwork, operator: str(OPERATOR_NETWORK_SHARES.latest(draft, (vault, subnetwork, operator))),
        )
    if config.delegator == FULL_RESTAKE:
        observed["operatorNetworkLimit"] = _by_operator(
            world,
            lambda subnetwork, operator: str(OPERATOR_NETWORK_LIMITS.latest(draft, (vault, subnetwork, operator))),
        )
    return observed


def _observe_slasher(draft: Draft, world: World, vault: str, config: VaultConfig) -> Json:
    observed: dict[str, Json] = {
        "cumulativeSlash": _by_operator(
            world, lambda subnetwork, operator: str(CUMULATIVE_SLASHES.latest(draft, (vault, subnetwork, operator)))
        ),
        "latestSlashedCaptureTimestamp": _by_operator(
            world, lambda subnetwork, operator: draft.get(LATEST_CAPTURES, (vault, subnetwork, operator)).timestamp
        ),
    }
    if config.slasher == VETO_SLASHER:
        observed["resolver"] = _by_subnetwork(world, lambda subnetwork: views.resolver(draft, vault, subnetwork))
        observed["resolverPending"] = _by_subnetwork(
            world, lambda subnetwork: views.pending_resolver(draft, vault, subnetwork)
        )
        observed["slashRequests"] = [
            _observe_request(draft.get(SLASH_REQUESTS, (vault, slash_index)))
            for slash_index in range(draft.get(SLASH_REQUEST_COUNTS, vault).count)
        ]
    return observed


def _observe_request(request: SlashRequest) -> Json:
    return {
        "subnetwork": subnetwork_name(request.subnetwork),
        "operator": request.operator,
        "amount": str(request.amount),
        "captureTimestamp": request.capture_timestamp,
        "vetoDeadline": request.veto_deadline_timestamp,
        "completed": request.is_completed,
    }


def _observe_past(draft: Draft, world: World, vault: str, config: VaultConfig, timestamp: int) -> Json:
    observed: dict[str, Json] = {
        "timestamp": timestamp,
        "activeStakeAt": str(ACTIVE_STAKE.value_at(draft, vault, timestamp)),
        "activeSharesAt": str(ACTIVE_SHARES.value_at(draft, vault, timestamp)),
        "stakeAt": _by_operator(
            world, lambda subnetwork, operator: str(stake_at(draft, vault, subnetwork, operator, timestamp))
        ),
    }
    if config.slasher != NO_SLASHER:
        observed["slashableStake"] = _by_operator(
            world,
            lambda subnetwork, operator: _answer(slashable_stake(draft, vault, subnetwork, operator, timestamp)),
        )
        observed["cumulativeSlashAt"] = _by_operator(
            world,
            lambda subnetwork, operator: str(
                CUMULATIVE_SLASHES.value_at(draft, (vault, subnetwork, operator), timestamp)
            ),
        )
    return observed


def _answer(value: int | Reason) -> str:
    """A view's answer as traces write it: an amount, or `revert:` and the error's name."""
    return REVERT + value.value if isinstance(value, Reason) else str(value)


def _shape(fields: dict[str, Format]) -> Record:
    return Record(_nothing, [(name, name, format) for name, format in fields.items()])


def _nothing(*_: object) -> object:
    """A constructor for records that are read only to check their form: it returns None."""
    return None


def check_post(post: Json, world: object, where: str) -> None:
    """Raise MalformedTrace if a recorded state violates the format. Its values are not compared with the
    specification's.

    The fields depend on the trace's declarations, and on each vault's delegator and slasher.
    """
    seen = cast(World, world)
    _post_format(seen).read(post, where, seen.names)


def _post_format(world: World) -> Format:
    def of(names: Iterable[str], format: Format) -> Format:
        return _shape(dict.fromkeys(names, format))

    operators = world.operators
    networks = world.networks
    return _shape(
        {
            "timestamp": TIMESTAMP,
            "balances": of(world.balances, Amount()),
            "registry": _shape(
                {
                    "operators": of(operators, Flag()),
                    "networks": of(networks, Flag()),
                    "middleware": of(networks, ACCOUNT),
                }
            ),
            "optInNetwork": of(operators, of(networks, Flag())),
            "vaults": _shape({vault: _vault_format(world, config) for vault, config in world.vaults.items()}),
            **({} if world.rewards is None else rewards_formats(world.rewards, networks)),
        }
    )


def _vault_format(world: World, config: VaultConfig) -> Format:
    def of_holders(format: Format) -> Format:
        return _shape(dict.fromkeys(world.holders, format))

    def of_operators(format: Format) -> Format:
        return _shape(dict.fromkeys(world.operators, format))

    def of_subnetworks(format: Format) -> Format:
        return _shape(dict.fromkeys([subnetwork_name(subnetwork) for subnetwork in world.subnetworks], format))

    delegator = {"maxNetworkLimit": of_subnetworks(Amount()), "stake": of_subnetworks(of_operators(Amount()))}
    if config.delegator != OPERATOR_NETWORK_SPECIFIC:
        delegator["networkLimit"] = of_subnetworks(Amount())
    if config.delegator == NETWORK_RESTAKE:
        delegator["totalOperatorNetworkShares"] = of_subnetworks(Amount())
        delegator["operatorNetworkShares"] = of_subnetworks(of_operators(Amount()))
    if config.delegator == FULL_RESTAKE:
        delegator["operatorNetworkLimit"] = of_subnetworks(of_operators(Amount()))
    slasher = {
        "cumulativeSlash": of_subnetworks(of_operators(Amount())),
        "latestSlashedCaptureTimestamp": of_subnetworks(of_operators(TIMESTAMP)),
    }
    if config.slasher == VETO_SLASHER:
        slasher["resolver"] = of_subnetworks(ACCOUNT)
        slasher["resolverPending"] = of_subnetworks(ACCOUNT)
        slasher["slashRequests"] = ListOf(SLASH_REQUEST)
    probe = {
        "timestamp": TIMESTAMP,
        "activeStakeAt": Amount(),
        "activeSharesAt": Amount(),
        "stakeAt": of_subnetworks(of_operators(Amount())),
    }
    if config.slasher != NO_SLASHER:
        probe["slashableStake"] = of_subnetworks(of_operators(ANSWER))
        probe["cumulativeSlashAt"] = of_subnetworks(of_operators(Amount()))
    return _shape(
        {
            "epoch": TIMESTAMP,
            "activeStake": Amount(),
            "activeShares": Amount(),
            "totalStake": Amount(),
            "collateral": Amount(),
            **(
                {}
                if config.collateral == COLLATERAL
                else {"collateralOf": _shape(dict.fromkeys(world.balances, Amount()))}
            ),
            "depositWhitelist": Flag(),
            "isDepositLimit": Flag(),
            "depositLimit": Amount(),
            "activeSharesOf": of_holders(Amount()),
            "activeBalanceOf": of_holders(ANSWER),
            "slashableBalanceOf": of_holders(ANSWER),
            "isDepositorWhitelisted": of_holders(Flag()),
            "withdrawals": MapOf(Amount(48), Amount()),
            "withdrawalShares": MapOf(Amount(48), Amount()),
            "withdrawalSharesOf": MapOf(Amount(48), of_holders(Amount())),
            "withdrawalsOf": MapOf(Amount(48), of_holders(ANSWER)),
            "isWithdrawalsClaimed": MapOf(Amount(48), of_holders(Flag())),
            "optIn": of_operators(Flag()),
            "delegator": _shape(delegator),
            "slasher": Absent() if config.slasher == NO_SLASHER else _shape(slasher),
            "probes": ListOf(_shape(probe)),
        }
    )


TIMESTAMP: Final = Number(48)
SLASH_REQUEST: Final = _shape(
    {
        "subnetwork": SubnetworkName(),
        "operator": ACCOUNT,
        "amount": Amount(),
        "captureTimestamp": TIMESTAMP,
        "vetoDeadline": TIMESTAMP,
        "completed": Flag(),
    }
)
ERRORS: Final = tuple([reason.value for reason in Reason])
ANSWER: Final = ViewAnswer(sorted(ERRORS))
