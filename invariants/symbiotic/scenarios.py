"""Symbiotic's scenarios: walks through worlds made for situations that ordinary walks hardly reach.

Examples are shares that multiply until they overflow, and calls in the very second in which a resolver changes.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.symbiotic.laws import CATALOGUE
from invariants.symbiotic.state_queries import balance, held_shares, resolver_of
from invariants.symbiotic.world import VAULT, WORLD
from invariants.walker import Walk
from spec.arithmetic import UINT256_MAX, mul_div_floor
from spec.codec import Json
from spec.machine import Draft
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    Redeem,
    RequestSlash,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    WITHDRAWAL_BUCKETS,
    Subnetwork,
)

STAKERS: Final = ("staker0", "staker1")
OPERATOR: Final = "operator0"
NETWORK: Final = "network0"
SUBNETWORK: Final[Subnetwork] = (NETWORK, 0)
MIDDLEWARE: Final = "middleware0"
ADMIN: Final = "admin0"
VAULT_NAME: Final = "vault0"
RICH: Final = 10**60
OLD: Final = 2**47
"""A timestamp that needs all 48 bits."""


def _world(name: str, vault: dict[str, Json]) -> dict[str, Json]:
    """A world of one vault, one network and one operator, at a time so late that timestamps need all their bits."""
    return {
        **WORLD,
        "config": {
            **cast("dict[str, Json]", WORLD["config"]),
            "name": name,
            "stakers": [*STAKERS],
            "holders": [*STAKERS],
            "operators": [OPERATOR],
            "networks": [NETWORK],
            "subnetworks": ["network0/sub0"],
            "stakerBalance": str(RICH),
            "preRegistered": {"operators": [OPERATOR], "networks": [NETWORK]},
            "genesisTimestamp": OLD,
            "vaults": {VAULT_NAME: {**VAULT, "epochDurationInit": OLD - 995, **vault}},
        },
    }


def _opening() -> list[Action]:
    """The walk's opening calls: the operator opts in, and the network's limits are the largest possible."""
    return [
        SetMiddleware(NETWORK, MIDDLEWARE),
        OptInNetwork(OPERATOR, NETWORK),
        OptInVault(OPERATOR, VAULT_NAME),
        SetMaxNetworkLimit(NETWORK, VAULT_NAME, 0, UINT256_MAX),
        SetNetworkLimit(ADMIN, VAULT_NAME, SUBNETWORK, UINT256_MAX),
    ]


def _overflowing_opening() -> list[Action]:
    return [*_opening(), SetOperatorNetworkShares(ADMIN, VAULT_NAME, SUBNETWORK, OPERATOR, 1)]


def _edge(choices: Choices, shares: int, assets: int, most: int) -> int:
    """An amount to deposit for which the new shares alone, or with all existing ones, just fit 256 bits or just do not.

    If it is 0 or above `most`, a few plain amounts take its place. `shares` and `assets` are the totals of the pool.
    """
    amounts = (
        mul_div_floor(UINT256_MAX - shares, assets + 1, shares + 1),
        mul_div_floor(UINT256_MAX - shares, assets + 1, shares + 1) + 1,
        mul_div_floor(UINT256_MAX, assets + 1, shares + 1),
        mul_div_floor(UINT256_MAX, assets + 1, shares + 1) + 1,
    )
    amount = choices.pick(amounts)
    return amount if 0 < amount <= most else choices.pick((1, 10**18, most >> 1, most))


def _overflowing_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action. Slashes take all stake, after which each deposit multiplies the shares, and each
    withdrawal those of its bucket.
    """
    kind, staker = choices.below(8), choices.pick(STAKERS)
    shares, stake = ACTIVE_SHARES.latest(draft, VAULT_NAME), ACTIVE_STAKE.latest(draft, VAULT_NAME)
    held = held_shares(draft, VAULT_NAME, staker)
    worth = mul_div_floor(held, stake + 1, shares + 1)
    if kind < 2 or worth == 0:
        amount = _edge(choices, shares, stake, min(balance(draft, VAULT_NAME, staker) >> 4, RICH))
        return AdvanceTime(1) if choices.one_in(3) else Deposit(staker, VAULT_NAME, staker, amount)
    if kind == 2:
        capture = current_timestamp(draft) - 1
        return Slash(MIDDLEWARE, VAULT_NAME, SUBNETWORK, OPERATOR, UINT256_MAX, capture)
    if kind == 3:
        return AdvanceTime(choices.pick((1, 1, 1, 1, 1, 1, 1, 20)))
    if kind == 4:
        return Redeem(staker, VAULT_NAME, staker, max(held >> choices.below(4), 1))
    epoch = current_epoch(draft, VAULT_NAME)
    if kind == 5 and choices.one_in(3):
        return Claim(staker, VAULT_NAME, staker, epoch - 1 - choices.below(2))
    bucket = draft.get(WITHDRAWAL_BUCKETS, (VAULT_NAME, epoch + 1))
    return Withdraw(staker, VAULT_NAME, staker, _edge(choices, bucket.shares, bucket.amount, worth))


FOURTH_ROOT: Final = 2**64 - 1
"""An amount that makes all shares that fit 256 bits, if deposited four times with a slash of all stake in between."""


def _full_opening() -> list[Action]:
    """The walk's opening calls, which fill the pool of shares, and leave a withdrawal to claim.

    The claim is an accepted call in that state, after which laws of views are checked.
    """
    staker, other = STAKERS
    actions: list[Action] = [
        *_overflowing_opening(),
        Deposit(other, VAULT_NAME, other, 3),
        Redeem(other, VAULT_NAME, other, 3),
        AdvanceTime(40),
    ]
    for capture in range(OLD + 40, OLD + 43):
        actions += [
            Deposit(staker, VAULT_NAME, staker, FOURTH_ROOT),
            AdvanceTime(1),
            Slash(MIDDLEWARE, VAULT_NAME, SUBNETWORK, OPERATOR, UINT256_MAX, capture),
        ]
    return [*actions, Deposit(staker, VAULT_NAME, staker, FOURTH_ROOT), Claim(other, VAULT_NAME, other, 50)]


def _limited_opening() -> list[Action]:
    """The walk's opening calls, in a world in which the network's own maximum limit alone bounds the
    slashable stake.
    """
    return [
        SetMiddleware(NETWORK, MIDDLEWARE),
        OptInNetwork(OPERATOR, NETWORK),
        OptInVault(OPERATOR, VAULT_NAME),
        Deposit(STAKERS[0], VAULT_NAME, STAKERS[0], 1000),
    ]


def _limited_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: the network raises or lowers its maximum limit between a capture and its slash."""
    kind, stake = choices.below(8), ACTIVE_STAKE.latest(draft, VAULT_NAME)
    if kind < 2:
        return AdvanceTime(choices.pick((1, 1, 2, 7)))
    if kind < 4:
        return SetMaxNetworkLimit(NETWORK, VAULT_NAME, 0, choices.pick((stake >> 1, stake >> 2, stake + 1, 7, 0)))
    if kind == 4:
        return Deposit(STAKERS[0], VAULT_NAME, STAKERS[0], 1 + choices.below(1000))
    if kind == 5:
        return Withdraw(STAKERS[0], VAULT_NAME, STAKERS[0], max(stake >> 3, 1))
    capture = current_timestamp(draft) - 1 - choices.below(5)
    return Slash(MIDDLEWARE, VAULT_NAME, SUBNETWORK, OPERATOR, choices.pick((1, stake >> 2, UINT256_MAX)), capture)


def _changing_opening() -> list[Action]:
    return [
        *_opening(),
        SetOperatorNetworkLimit(ADMIN, VAULT_NAME, SUBNETWORK, OPERATOR, UINT256_MAX),
        Deposit(STAKERS[0], VAULT_NAME, STAKERS[0], 10**18),
        SetResolver(NETWORK, VAULT_NAME, 0, "resolver0"),
        AdvanceTime(1),
    ]


def _changing_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: a resolver is set or removed, a slash is requested, executed or vetoed, or time passes.

    Slash calls fall within a few seconds of the second in which the resolver changes.
    """
    missing_seconds = RESOLVER_ORDINALS.latest_point(draft, (VAULT_NAME, SUBNETWORK)) - current_timestamp(draft)
    count = draft.get(SLASH_REQUEST_COUNTS, VAULT_NAME).count
    if missing_seconds > 3:
        return AdvanceTime(missing_seconds - 1 - choices.below(3))
    if missing_seconds < -2 or (missing_seconds < 0 and choices.one_in(4)):
        ordinal = RESOLVER_ORDINALS.latest(draft, (VAULT_NAME, SUBNETWORK))
        is_nobody = draft.get(RESOLVERS, (VAULT_NAME, SUBNETWORK, ordinal)).account == ZERO_ADDRESS
        return SetResolver(
            NETWORK, VAULT_NAME, 0, choices.pick(("resolver0", "resolver1")) if is_nobody else ZERO_ADDRESS
        )
    kind = choices.below(6)
    if kind == 0:
        return AdvanceTime(1)
    if count == 0 or (missing_seconds > 0 and kind < 4):
        capture = current_timestamp(draft) - 1 - choices.below(2)
        return RequestSlash(MIDDLEWARE, VAULT_NAME, SUBNETWORK, OPERATOR, 1, capture)
    index = count - 1 - choices.below(min(count, 3))
    if kind < 4:
        return ExecuteSlash(MIDDLEWARE, VAULT_NAME, index)
    request = draft.get(SLASH_REQUESTS, (VAULT_NAME, index))
    vetoer = resolver_of(draft, VAULT_NAME, SUBNETWORK, request.capture_timestamp)
    return VetoSlash("resolver0" if vetoer == ZERO_ADDRESS or choices.one_in(6) else vetoer, VAULT_NAME, index)


OVERFLOWING: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("shares that overflow", {"delegator": "network_restake", "slasher": "instant"}),
    _overflowing_opening,
    _overflowing_action,
)
CHANGING: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world(
        "resolvers that come and go",
        {"delegator": "full_restake", "slasher": "veto", "vetoDuration": 5, "resolverSetEpochsDelay": 3},
    ),
    _changing_opening,
    _changing_action,
)
FULL: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("a full pool", {"delegator": "network_restake", "slasher": "instant"}),
    _full_opening,
    _overflowing_action,
)
LIMITED: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world(
        "a limit that moves",
        {
            "delegator": "operator_network_specific",
            "delegatorOperator": OPERATOR,
            "delegatorNetwork": NETWORK,
            "slasher": "instant",
        },
    ),
    _limited_opening,
    _limited_action,
)
SCENARIOS: Final = (CHANGING, OVERFLOWING, LIMITED, OVERFLOWING, FULL, OVERFLOWING)
