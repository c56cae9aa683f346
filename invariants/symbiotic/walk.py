"""Random walks through Symbiotic: two vaults that share their networks and operators, so that an over-slash can
happen.
"""

from typing import Final

from invariants.choices import Choices
from invariants.symbiotic.laws import CATALOGUE
from invariants.symbiotic.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import div_floor
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
    RequestSlash,
    SetDepositLimit,
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
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    SLASH_REQUEST_COUNTS,
    Subnetwork,
)

STAKERS: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
NETWORKS: Final = ("network0", "network1")
MIDDLEWARES: Final = {"network0": "middleware0", "network1": "middleware1"}
SUBNETWORKS: Final[tuple[Subnetwork, ...]] = (("network0", 0), ("network0", 1), ("network1", 0))
RESTAKING: Final = "vault0"
VETOED: Final = "vault1"
VAULT_NAMES: Final = (RESTAKING, VETOED)
AMOUNTS: Final = (1, 2, 3, 7, 10, 999, 10**6, 10**18, 123456789012345678901)
WAITS: Final = (0, 1, 1, 1, 2, 5, 13, 20, 21)


def opening() -> list[Action]:
    """Middlewares, limits of everything a vault can hold, opt-ins, and a resolver for one subnetwork."""
    actions: list[Action] = [SetMiddleware(network, middleware) for network, middleware in MIDDLEWARES.items()]
    actions += [OptInNetwork(operator, network) for operator in OPERATORS for network in NETWORKS]
    for vault in VAULT_NAMES:
        actions += [OptInVault(operator, vault) for operator in OPERATORS]
        for network, identifier in SUBNETWORKS:
            actions.append(SetMaxNetworkLimit(network, vault, identifier, 10**22))
            actions.append(SetNetworkLimit("admin0", vault, (network, identifier), 10**22))
    for operator in OPERATORS:
        for subnetwork in SUBNETWORKS:
            actions.append(SetOperatorNetworkShares("admin0", RESTAKING, subnetwork, operator, 10))
            actions.append(SetOperatorNetworkLimit("admin0", VETOED, subnetwork, operator, 10**22))
    actions.append(SetResolver("network0", VETOED, 0, "resolver0"))
    return actions


def next_action(choices: Choices, draft: Draft) -> Action:
    """Draw one of the calls, weighted so that stake comes, is shared, is slashed more than once, and leaves."""
    kind = choices.below(100)
    vault = choices.pick(VAULT_NAMES)
    staker = choices.pick(STAKERS)
    if kind < 20:
        return AdvanceTime(choices.pick(WAITS))
    if kind < 38:
        return Deposit(staker, vault, choices.pick(STAKERS), choices.pick(AMOUNTS))
    if kind < 54:
        return _exit(choices, draft, vault, staker)
    if kind < 64:
        epoch = max(current_epoch(draft, vault) - 1 - choices.below(2), 0)
        if choices.one_in(5):
            return ClaimBatch(staker, vault, staker, (epoch, epoch + 1))
        return Claim(staker, vault, staker, epoch)
    if kind < 84:
        return _slash(choices, draft, vault)
    return _rare(choices, vault, staker)


def _exit(choices: Choices, draft: Draft, vault: str, staker: str) -> Action:
    """All, half or one of a staker's shares, or an amount."""
    shares = ACTIVE_SHARES_OF.latest(draft, (vault, staker))
    if choices.one_in(2):
        return Redeem(staker, vault, staker, choices.pick((shares, shares >> 1, max(shares - 1, 0), 1)))
    return Withdraw(staker, vault, staker, choices.pick((1, 2, choices.pick(AMOUNTS), shares >> 1)))


def _slash(choices: Choices, draft: Draft, vault: str) -> Action:
    """A slash, or what a veto slasher has in its place, with a capture in this epoch or the one before."""
    subnetwork, operator = choices.pick(SUBNETWORKS), choices.pick(OPERATORS)
    middleware = MIDDLEWARES[subnetwork[0]]
    capture = current_timestamp(draft) - choices.pick((1, 1, 2, 5, 10, 14, 19, 20))
    stake = ACTIVE_STAKE.latest(draft, vault)
    amount = choices.pick((1, 2, div_floor(stake, 10), div_floor(stake, 3), stake, 10**24))
    if vault == RESTAKING:
        return Slash(middleware, vault, subnetwork, operator, amount, capture)
    count = draft.get(SLASH_REQUEST_COUNTS, vault).count
    index = max(count - 1 - choices.below(4), 0)
    kind = choices.below(100)
    if kind < 40:
        return RequestSlash(middleware, vault, subnetwork, operator, amount, capture)
    if kind < 50:
        return VetoSlash("resolver0", vault, index)
    return ExecuteSlash(middleware, vault, index)


def _rare(choices: Choices, vault: str, staker: str) -> Action:
    """Everything else, each about as often."""
    subnetwork, operator, network = choices.pick(SUBNETWORKS), choices.pick(OPERATORS), choices.pick(NETWORKS)
    limit = choices.pick((0, 1, 10**18, 10**21, 10**22))
    others: tuple[Action, ...] = (
        OptInVault(operator, vault),
        OptInVault(operator, vault),
        OptOutVault(operator, vault),
        OptInNetwork(operator, network),
        OptInNetwork(operator, network),
        OptOutNetwork(operator, network),
        SetMaxNetworkLimit(subnetwork[0], vault, subnetwork[1], limit or 10**22),
        SetNetworkLimit("admin0", vault, subnetwork, limit),
        SetOperatorNetworkShares("admin0", RESTAKING, subnetwork, operator, choices.below(20)),
        SetOperatorNetworkLimit("admin0", VETOED, subnetwork, operator, limit),
        SetResolver(subnetwork[0], VETOED, subnetwork[1], choices.pick(("resolver0", "resolver1", "zero"))),
        SetDepositLimit("admin0", vault, limit),
        SetIsDepositLimit("admin0", vault, choices.one_in(5)),
        TransferCollateral(staker, vault, choices.pick(AMOUNTS)),
    )
    return choices.pick(others)


WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action)
