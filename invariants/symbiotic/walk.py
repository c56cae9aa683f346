"""Symbiotic's ordinary random walk, through vaults that share networks and operators, so that over-slashes
can occur.
"""

from typing import Any, Final, cast

import attr

from invariants.choices import Choices, Seeded
from invariants.symbiotic.laws import CATALOGUE
from invariants.symbiotic.rewards_walk import reward_action
from invariants.symbiotic.scenarios import SCENARIOS
from invariants.symbiotic.world import WORLD, drawn_world, rewarded
from invariants.walker import Walk
from spec.arithmetic import UINT256_MAX, div_floor
from spec.codec import Json
from spec.machine import Draft
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    ClaimBatch,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    TransferCollateral,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.config import VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.slashing import resolver_at, slashable_stake
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    DEPOSIT_POLICIES,
    MAX_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWALS,
    Subnetwork,
)
from spec.symbiotic.state import MIDDLEWARES as MIDDLEWARE_ROWS
from spec.symbiotic.views import active_balance_of
from spec.symbiotic.withdrawals import withdrawals_of

STAKERS: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
NETWORKS: Final = ("network0", "network1")
MIDDLEWARES: Final = {"network0": "middleware0", "network1": "middleware1"}
SUBNETWORKS: Final[tuple[Subnetwork, ...]] = (("network0", 0), ("network0", 1), ("network1", 0))
RESTAKING: Final = "vault0"
VETOED: Final = "vault1"
SINGLE: Final = "vault2"
FIXED: Final = "vault3"
UNSLASHED: Final = "vault4"
VAULT_NAMES: Final = (RESTAKING, VETOED, SINGLE, FIXED, UNSLASHED)
OFTEN: Final = (RESTAKING, VETOED, RESTAKING, VETOED, RESTAKING, VETOED, SINGLE, FIXED, SINGLE, FIXED, UNSLASHED)
"""The vaults in the proportions in which they are drawn; vaults whose stake is shared come most often."""
SLASHED: Final = (RESTAKING, VETOED, RESTAKING, VETOED, RESTAKING, VETOED, SINGLE, FIXED)
SENDERS: Final = (*STAKERS, *OPERATORS, *NETWORKS, "operator2", "outsider0", "middleware0", "middleware1", "admin0")
ACCOUNTS: Final = (*SENDERS, "burner0", *VAULT_NAMES, ZERO_ADDRESS)
ADMIN: Final = "admin0"
AMOUNTS: Final = (1, 2, 3, 7, 10, 999, 10**6, 10**18, 123456789012345678901)
LIMITS: Final = (10**22, 10**21, 10**18, 10**22, 1, 0)
WAITS: Final = (1, 1, 1, 2, 2, 5, 5, 7, 13, 20, 21, 0)
CAPTURES: Final = (1, 1, 2, 3, 5, 7, 10, 14, 19, 20)
"""The seconds between a slash and its capture, as walks draw them."""


def opening() -> list[Action]:
    """The walk's opening calls: middlewares, opt-ins, limits above any stake, and resolvers of one subnetwork in two
    vaults.
    """
    actions: list[Action] = [SetMiddleware(network, middleware) for network, middleware in MIDDLEWARES.items()]
    actions += [OptInNetwork(operator, network) for operator in OPERATORS for network in NETWORKS]
    for vault in (RESTAKING, VETOED, SINGLE):
        actions += [OptInVault(operator, vault) for operator in (OPERATORS if vault != SINGLE else OPERATORS[:1])]
        for network, identifier in SUBNETWORKS:
            actions.append(SetMaxNetworkLimit(network, vault, identifier, 10**22))
            actions.append(SetNetworkLimit(ADMIN, vault, (network, identifier), 10**22))
    actions += [OptInVault(OPERATORS[0], FIXED), SetMaxNetworkLimit("network0", FIXED, 0, 10**22)]
    for operator in OPERATORS:
        for subnetwork in SUBNETWORKS:
            actions.append(SetOperatorNetworkShares(ADMIN, RESTAKING, subnetwork, operator, 10))
            actions.append(SetOperatorNetworkLimit(ADMIN, VETOED, subnetwork, operator, 10**22))
    return [*actions, SetResolver("network0", VETOED, 0, "resolver0"), SetResolver("network0", SINGLE, 0, "resolver0")]


def admin_of(draft: Draft, vault: str) -> str:
    """The account that has all roles of a vault."""
    return draft.get(VAULTS, vault).admin


def next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action; one in twelve has one or two wrong arguments, so that every check is tested."""
    action = _drawn(choices, draft)
    if choices.one_in(12):
        action = _spoilt(choices, action)
        if choices.one_in(2):
            action = _spoilt(choices, action)
    return action


def _spoilt(choices: Choices, action: Any) -> Any:
    """A copy of the call with one argument changed to another name, number, flag, subnetwork or list of epochs.

    A call without arguments to change is returned as it is.
    """
    fields = [field.name for field in attr.fields(type(action)) if field.name not in ("seconds", "collateral")]
    if not fields:
        return action
    name = choices.pick(fields)
    value = getattr(action, name)
    if isinstance(value, str):
        if name == "vault" and not isinstance(action, OptInVault | OptOutVault):
            others: tuple[str, ...] = VAULT_NAMES
        else:
            others = SENDERS if name == "sender" else ACCOUNTS
        return attr.evolve(action, **{name: choices.pick(others)})
    if isinstance(value, bool):
        return attr.evolve(action, **{name: not value})
    if isinstance(value, int):
        is_amount = name in ("amount", "shares", "limit")
        return attr.evolve(action, **{name: choices.pick((0, 1, 2, UINT256_MAX if is_amount else 3))})
    if name == "epochs":
        return attr.evolve(action, epochs=choices.pick(((), value + value, (*value, 1))))
    return attr.evolve(action, subnetwork=choices.pick(SUBNETWORKS))


def _drawn(choices: Choices, draft: Draft) -> Action:
    """The walk's next action, without arguments that are wrong on purpose.

    Stake arrives, is shared, is slashed more than once, or is withdrawn.
    """
    kind = choices.below(100)
    if kind < 18:
        return AdvanceTime(_wait(choices, draft))
    vault = choices.pick(OFTEN)
    staker = choices.pick(STAKERS)
    if kind < 36:
        return Deposit(staker, vault, choices.pick(STAKERS), _amount(choices, draft, vault))
    if kind < 46:
        return _exit(choices, draft, vault, staker)
    if kind < 58:
        return _claim(choices, draft, vault, staker)
    if kind < 80:
        return _slash(choices, draft, choices.pick(SLASHED))
    return _rare(choices, draft, vault, staker)


def _wait(choices: Choices, draft: Draft) -> int:
    """A number of seconds to wait: a random one, or as many as are left until the latest request's veto deadline or
    last executable second.
    """
    if choices.one_in(5):
        vault = choices.pick((VETOED, VETOED, SINGLE))
        count = draft.get(SLASH_REQUEST_COUNTS, vault).count
        if count > 0:
            request = draft.get(SLASH_REQUESTS, (vault, count - 1))
            last = request.capture_timestamp + draft.get(VAULTS, vault).epoch_duration_seconds
            then = choices.pick((request.veto_deadline_timestamp, last, request.veto_deadline_timestamp, last + 1))
            if then > current_timestamp(draft):
                return then - current_timestamp(draft)
    return choices.pick(WAITS)


def _amount(choices: Choices, draft: Draft, vault: str) -> int:
    """An amount to deposit. If the vault limits deposits, it is often the remaining amount or one wei more."""
    policy = draft.get(DEPOSIT_POLICIES, vault)
    left = policy.deposit_limit - ACTIVE_STAKE.latest(draft, vault)
    if policy.is_deposit_limit and left > 0 and choices.one_in(2):
        return left + choices.pick((0, 0, 1))
    return choices.pick(AMOUNTS)


def _exit(choices: Choices, draft: Draft, vault: str, staker: str) -> Action:
    """A call that redeems or withdraws a staker's shares: some of them, all, or one too many.

    A staker without shares mostly deposits instead.
    """
    shares = ACTIVE_SHARES_OF.latest(draft, (vault, staker))
    if shares == 0 and not choices.one_in(6):
        return Deposit(staker, vault, staker, choices.pick(AMOUNTS))
    if choices.one_in(2):
        return Redeem(
            staker,
            vault,
            staker,
            choices.pick((shares, shares, max(shares >> 1, 1), max(shares >> 2, 1), max(shares - 1, 1), 1, shares + 1)),
        )
    worth = active_balance_of(draft, vault, staker)
    largest = worth if isinstance(worth, int) else 0
    return Withdraw(
        staker, vault, staker, choices.pick((1, largest, max(largest >> 1, 1), min(largest, 2), largest + 1))
    )


def _claim(choices: Choices, draft: Draft, vault: str, staker: str) -> Action:
    """A claim of one or all unclaimed withdrawals of the last six epochs. If this staker has none in the vault, other
    stakers and vaults are tried.

    If none is found, a staker withdraws instead.
    """
    for _ in range(4):
        epoch = current_epoch(draft, vault)
        end = epoch + 1 if choices.one_in(12) else epoch
        waiting = [earlier for earlier in range(max(end - 6, 0), end) if _is_waiting(draft, vault, earlier, staker)]
        if waiting:
            if choices.one_in(4):
                return ClaimBatch(staker, vault, staker, tuple(waiting))
            return Claim(staker, vault, staker, waiting[0])
        if choices.one_in(100):
            return Claim(staker, vault, staker, max(epoch - 1, 0))
        vault, staker = choices.pick(OFTEN), choices.pick(STAKERS)
    return _exit(choices, draft, vault, staker)


def _is_waiting(draft: Draft, vault: str, epoch: int, staker: str) -> bool:
    withdrawal = draft.get(WITHDRAWALS, (vault, epoch, staker))
    return withdrawal.shares > 0 and not withdrawal.is_claimed and withdrawals_of(draft, vault, epoch, staker) != 0


def _slash(choices: Choices, draft: Draft, vault: str) -> Action:
    """A slash, or for a veto slasher a slash request, an execution or a veto.

    If the network's middleware cannot send calls, the slash is mostly replaced by a call that sets one that can.
    """
    config = draft.get(VAULTS, vault)
    if config.slasher == VETO_SLASHER:
        index = _open_request(choices, draft, vault)
        if (index >= 0 and not choices.one_in(3)) or choices.one_in(16):
            count = draft.get(SLASH_REQUEST_COUNTS, vault).count
            return _decide(choices, draft, vault, count if index < 0 else index)
    longest_seconds = config.epoch_duration_seconds - config.veto_duration_seconds
    changing = _changing(draft, vault)
    for _ in range(4):
        subnetwork, operator = choices.pick(changing or SUBNETWORKS), choices.pick(OPERATORS)
        age_seconds = choices.pick(CAPTURES)
        if age_seconds > longest_seconds:
            age_seconds = longest_seconds
        if choices.one_in(16):
            age_seconds = choices.pick((0, longest_seconds + 1))
        capture = current_timestamp(draft) - age_seconds
        count = draft.get(SLASH_REQUEST_COUNTS, vault).count
        if count > 0 and choices.one_in(3):
            request = draft.get(SLASH_REQUESTS, (vault, count - 1))
            subnetwork, operator = request.subnetwork, request.operator
            capture = max(capture, request.capture_timestamp)
        capture = max(capture, 0)
        slashable = slashable_stake(draft, vault, subnetwork, operator, capture)
        if isinstance(slashable, int) and slashable > 0:
            break
    else:
        slashable = 1
    part = slashable if isinstance(slashable, int) else 0
    amount = choices.pick((1, 2, div_floor(part, 10), div_floor(part, 3), max(part - 1, 1), part, 10**24))
    sender = _middleware(draft, subnetwork[0])
    if draft.get(MIDDLEWARE_ROWS, subnetwork[0]).account not in SENDERS and not choices.one_in(6):
        return SetMiddleware(subnetwork[0], MIDDLEWARES[subnetwork[0]])
    if config.slasher == VETO_SLASHER:
        return RequestSlash(sender, vault, subnetwork, operator, max(amount, 1), capture)
    return Slash(sender, vault, subnetwork, operator, max(amount, 1), capture)


def _changing(draft: Draft, vault: str) -> tuple[Subnetwork, ...]:
    """The subnetworks of a vault whose resolver changed in the last 3 seconds, or changes in the next 5."""
    second = current_timestamp(draft)
    return tuple([of for of in SUBNETWORKS if -3 <= RESOLVER_ORDINALS.latest_point(draft, (vault, of)) - second <= 5])


def _open_request(choices: Choices, draft: Draft, vault: str) -> int:
    """The index of the oldest of the last six slash requests that can still be executed, or -1 if there is none.

    Seldom it is one that can no longer be executed.
    """
    count = draft.get(SLASH_REQUEST_COUNTS, vault).count
    for index in range(max(count - 6, 0), count):
        request = draft.get(SLASH_REQUESTS, (vault, index))
        age_seconds = current_timestamp(draft) - request.capture_timestamp
        is_late = request.is_completed or age_seconds > draft.get(VAULTS, vault).epoch_duration_seconds
        if is_late == choices.one_in(120):
            return index
    return -1


def _decide(choices: Choices, draft: Draft, vault: str, index: int) -> Action:
    """A call that executes or vetoes a slash request, or lets time pass towards its veto deadline or its resolver's
    change.

    If the network's middleware cannot send calls, the execution is mostly replaced by a call that sets one that can.
    """
    request = draft.get(SLASH_REQUESTS, (vault, index))
    resolver = resolver_at(draft, vault, request.subnetwork, request.capture_timestamp)
    missing_seconds = request.veto_deadline_timestamp - current_timestamp(draft)
    change_seconds = RESOLVER_ORDINALS.latest_point(draft, (vault, request.subnetwork)) - current_timestamp(draft)
    if missing_seconds > 0 and -2 <= change_seconds <= 5 and choices.one_in(2):
        if change_seconds > 1:
            return AdvanceTime(change_seconds - choices.below(2))
        if choices.one_in(2):
            return ExecuteSlash(_middleware(draft, request.subnetwork[0]), vault, index)
        return VetoSlash(resolver if resolver != ZERO_ADDRESS else "resolver0", vault, index)
    if resolver != ZERO_ADDRESS and missing_seconds > 0 and not choices.one_in(2 if missing_seconds == 1 else 8):
        if choices.one_in(3):
            return VetoSlash("resolver1" if choices.one_in(8) else resolver, vault, index)
        return AdvanceTime(choices.pick((missing_seconds, max(missing_seconds - 1, 1), missing_seconds + 1)))
    if choices.one_in(12):
        return VetoSlash(resolver if resolver != ZERO_ADDRESS else "resolver0", vault, index)
    network = request.subnetwork[0]
    if draft.get(MIDDLEWARE_ROWS, network).account not in SENDERS and network in MIDDLEWARES:
        return SetMiddleware(network, MIDDLEWARES[network])
    return ExecuteSlash(_middleware(draft, network), vault, index)


def _middleware(draft: Draft, network: str) -> str:
    """The current middleware of a network, or the one that the walk's opening set if the current one cannot
    send calls.
    """
    middleware = draft.get(MIDDLEWARE_ROWS, network).account
    return middleware if middleware in SENDERS else MIDDLEWARES.get(network, "middleware0")


def _opt(choices: Choices, draft: Draft, vault: str) -> Action:
    """A call by which an operator opts in to a vault or network, or now and then opts out of it."""
    operator, network = choices.pick(OPERATORS), choices.pick(NETWORKS)
    leaves = choices.one_in(3)
    if choices.one_in(2):
        if OPERATOR_VAULT_OPT_INS.latest(draft, (operator, vault)) == 1 and leaves:
            return OptOutVault(operator, vault)
        return OptInVault(operator, vault)
    if OPERATOR_NETWORK_OPT_INS.latest(draft, (operator, network)) == 1 and leaves:
        return OptOutNetwork(operator, network)
    return OptInNetwork(operator, network)


def _deposit_policy(choices: Choices, draft: Draft, vault: str, staker: str) -> Action:
    """A call that changes a vault's deposit limit or whitelist.

    A whitelist that is on is mostly turned off, and a limit that is on in a third of the cases.
    """
    policy = draft.get(DEPOSIT_POLICIES, vault)
    kind = choices.below(6)
    if policy.deposit_whitelist and kind < 5:
        return SetDepositWhitelist(admin_of(draft, vault), vault, status=False)
    if policy.is_deposit_limit and kind < 2:
        return SetIsDepositLimit(admin_of(draft, vault), vault, status=False)
    stake = ACTIVE_STAKE.latest(draft, vault)
    if kind < 2 or (kind == 2 and policy.deposit_limit <= stake):
        limits = (10**22, 10**22, stake + 10**21, stake + 1000, stake)
        return SetDepositLimit(admin_of(draft, vault), vault, choices.pick(limits))
    if kind == 2:
        return SetIsDepositLimit(admin_of(draft, vault), vault, status=True)
    if kind == 3:
        return SetDepositWhitelist(admin_of(draft, vault), vault, status=True)
    account = ZERO_ADDRESS if choices.one_in(12) else staker
    return SetDepositorWhitelistStatus(admin_of(draft, vault), vault, account, not choices.one_in(4))


def _limit(choices: Choices, draft: Draft, vault: str) -> Action:
    """A call that sets a limit, mostly above any stake, or operator shares.

    Network limits are set in `vault`, operator shares always in the vault RESTAKING, and operator limits in VETOED.
    """
    subnetwork, operator = choices.pick(SUBNETWORKS), choices.pick(OPERATORS)
    kind = choices.below(4)
    if kind == 0 or (kind == 1 and vault == FIXED and not choices.one_in(6)):
        if vault == FIXED and not choices.one_in(6):
            subnetwork = SUBNETWORKS[0]
        return SetMaxNetworkLimit(subnetwork[0], vault, subnetwork[1], choices.pick(LIMITS) or 10**22)
    if kind == 1:
        largest = MAX_NETWORK_LIMITS.latest(draft, (vault, subnetwork))
        return SetNetworkLimit(
            admin_of(draft, vault), vault, subnetwork, choices.pick((largest, largest, largest >> 1, 10**18, 0))
        )
    if kind == 2:
        shares = choices.pick((10, 1, 0, 1, 2, 3, 7, 19))
        if choices.one_in(40):
            others = TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, (RESTAKING, subnetwork)) - (
                OPERATOR_NETWORK_SHARES.latest(draft, (RESTAKING, subnetwork, operator))
            )
            shares = UINT256_MAX - others + choices.below(2)
        return SetOperatorNetworkShares(admin_of(draft, RESTAKING), RESTAKING, subnetwork, operator, shares)
    return SetOperatorNetworkLimit(admin_of(draft, VETOED), VETOED, subnetwork, operator, choices.pick(LIMITS))


def _resolver(choices: Choices, draft: Draft) -> Action:
    """A call that sets a drawn resolver. If a change is pending, mostly time passes towards it instead."""
    vault, subnetwork = choices.pick((VETOED, VETOED, SINGLE)), choices.pick(SUBNETWORKS)
    seconds = RESOLVER_ORDINALS.latest_point(draft, (vault, subnetwork)) - current_timestamp(draft)
    if seconds > 0 and not choices.one_in(4):
        return AdvanceTime(max(seconds - choices.pick((5, 3, 2, 1, 0)), 1))
    resolver = choices.pick(("resolver0", ZERO_ADDRESS, "resolver1", "resolver0", ZERO_ADDRESS))
    return SetResolver(subnetwork[0], vault, subnetwork[1], resolver)


def _rare(choices: Choices, draft: Draft, vault: str, staker: str) -> Action:
    """A rare call: a limit, an opt-in, a deposit policy, a resolver, a transfer, a middleware or a registration.

    A deposit whitelist that is on is often turned off first.
    """
    policy = draft.get(DEPOSIT_POLICIES, vault)
    if policy.deposit_whitelist and choices.one_in(2):
        return _deposit_policy(choices, draft, vault, staker)
    kind = choices.below(20)
    if kind < 7:
        return _limit(choices, draft, vault)
    if kind < 10:
        return _opt(choices, draft, vault)
    if kind < 13:
        return _deposit_policy(choices, draft, vault, staker)
    if kind < 17:
        return _resolver(choices, draft)
    network, recipient = choices.pick(NETWORKS), choices.pick((vault, vault, staker, "outsider0", ZERO_ADDRESS))
    others: tuple[Action, ...] = (
        TransferCollateral(staker, recipient, choices.pick(AMOUNTS)),
        SetMiddleware(network, MIDDLEWARES[network]),
        SetMiddleware(network, choices.pick(("middleware0", "middleware1", ZERO_ADDRESS))),
        RegisterOperator(choices.pick(("operator2", "outsider0"))),
        RegisterNetwork(choices.pick(("outsider0", "resolver1"))),
    )
    return choices.pick(others)


def next_action_with_rewards(choices: Choices, draft: Draft) -> Action:
    """The walk's next action; one in three is about rewards."""
    return reward_action(choices, draft) if choices.one_in(3) else next_action(choices, draft)


def _drawn_walk(number: int) -> Walk:
    """The walk through the variant of the world with this number; one variant in four has rewards contracts."""
    has_rewards = number % 4 == 2
    world = rewarded(drawn_world(number), Seeded(number)) if has_rewards else drawn_world(number)
    vaults = cast("dict[str, dict[str, str]]", cast("dict[str, Json]", world["config"])["vaults"])

    def opened() -> list[Action]:
        return [
            attr.evolve(action, sender=vaults[action.vault]["admin"])
            if isinstance(action, SetNetworkLimit | SetOperatorNetworkShares | SetOperatorNetworkLimit)
            else action
            for action in opening()
        ]

    return Walk(PROTOCOL, CATALOGUE, world, opened, next_action_with_rewards if has_rewards else next_action)


WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action, SCENARIOS, _drawn_walk)
