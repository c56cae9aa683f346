"""Symbiotic's small world: a vault that two networks share, and one where slashes can be vetoed."""

from typing import Final

from invariants.choices import Choices
from invariants.exploring import SmallWorld
from invariants.symbiotic.laws import CATALOGUE
from invariants.walker import Walk
from spec.machine import ONLY, Draft, State
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutVault,
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
from spec.symbiotic.config import COLLATERAL, FULL_RESTAKE, INSTANT_SLASHER, NETWORK_RESTAKE, VETO_SLASHER, VaultConfig
from spec.symbiotic.state import (
    ALLOWANCES,
    CLOCK,
    NETWORK_REGISTRY,
    OPERATOR_REGISTRY,
    SCHEMA,
    TOKEN_BALANCES,
    VAULT_FACTORY,
    VAULTS,
    Allowance,
    Clock,
    Entity,
    TokenBalance,
)

START: Final = 1_000
EPOCH_SECONDS: Final = 4
STAKERS: Final = ("staker0", "staker1")
NETWORKS: Final = ("network0", "network1")
MIDDLEWARES: Final = {"network0": "middleware0", "network1": "middleware1"}
SHARED: Final = "vault0"
VETOED: Final = "vault1"
VAULT_NAMES: Final = (SHARED, VETOED)


def genesis() -> State:
    """Both vaults with epochs of four seconds, everybody registered, and two stakers with ten of collateral each."""
    state = SCHEMA.empty_state()
    state.rows(CLOCK)[ONLY] = Clock(START)
    state.rows(VAULTS)[SHARED] = VaultConfig(
        COLLATERAL, "burner0", START, EPOCH_SECONDS, FULL_RESTAKE, slasher=INSTANT_SLASHER, admin="admin0"
    )
    state.rows(VAULTS)[VETOED] = VaultConfig(
        COLLATERAL,
        "burner0",
        START,
        EPOCH_SECONDS,
        NETWORK_RESTAKE,
        slasher=VETO_SLASHER,
        veto_duration_seconds=2,
        admin="admin0",
    )
    state.rows(OPERATOR_REGISTRY)["operator0"] = Entity(True)
    for network in NETWORKS:
        state.rows(NETWORK_REGISTRY)[network] = Entity(True)
    for vault in VAULT_NAMES:
        state.rows(VAULT_FACTORY)[vault] = Entity(True)
        for staker in STAKERS:
            state.rows(ALLOWANCES)[(COLLATERAL, staker, vault)] = Allowance(True)
    for staker in STAKERS:
        state.rows(TOKEN_BALANCES)[(COLLATERAL, staker)] = TokenBalance(10)
    return state


def opening() -> list[Action]:
    """Both networks may take all that a vault holds; both stakers deposit three, the first in either vault."""
    actions: list[Action] = []
    for network in NETWORKS:
        actions += [SetMiddleware(network, MIDDLEWARES[network]), OptInNetwork("operator0", network)]
    for vault in VAULT_NAMES:
        actions.append(OptInVault("operator0", vault))
        for network in NETWORKS:
            actions.append(SetMaxNetworkLimit(network, vault, 0, 10))
            actions.append(SetNetworkLimit("admin0", vault, (network, 0), 10))
    for network in NETWORKS:
        actions.append(SetOperatorNetworkLimit("admin0", SHARED, (network, 0), "operator0", 10))
        actions.append(SetOperatorNetworkShares("admin0", VETOED, (network, 0), "operator0", 1))
    return [
        *actions,
        SetResolver("network0", VETOED, 0, "resolver0"),
        Deposit("staker0", SHARED, "staker0", 3),
        Deposit("staker1", SHARED, "staker1", 3),
        Deposit("staker0", VETOED, "staker0", 3),
        AdvanceTime(1),
    ]


def _slash(network: str, amount: int, capture_timestamp: int) -> Action:
    return Slash(MIDDLEWARES[network], SHARED, (network, 0), "operator0", amount, capture_timestamp)


CALLS: Final[list[Action]] = [
    AdvanceTime(1),
    AdvanceTime(EPOCH_SECONDS),
    Deposit("staker0", SHARED, "staker0", 2),
    Redeem("staker0", SHARED, "staker0", 3),
    Withdraw("staker1", SHARED, "staker1", 1),
    Claim("staker0", SHARED, "staker0", 1),
    Claim("staker1", SHARED, "staker1", 1),
    _slash("network0", 2, START),
    _slash("network1", 10, START),
    _slash("network0", 10, START + EPOCH_SECONDS),
    SetNetworkLimit("admin0", SHARED, ("network0", 0), 1),
    OptOutVault("operator0", SHARED),
    SetOperatorNetworkShares("admin0", VETOED, ("network0", 0), "operator0", 0),
    Redeem("staker0", VETOED, "staker0", 2),
    Claim("staker0", VETOED, "staker0", 1),
    RequestSlash("middleware0", VETOED, ("network0", 0), "operator0", 2, START),
    VetoSlash("resolver0", VETOED, 0),
    ExecuteSlash("middleware0", VETOED, 0),
]
"""One or two ways of everything that moves stake: in, out, and away, at once or after a veto's time."""


def next_action(choices: Choices, _draft: Draft) -> Action:
    """Any of the calls."""
    return choices.pick(CALLS)


SMALL_WORLD: Final = SmallWorld(Walk(PROTOCOL, CATALOGUE, genesis, opening, next_action), CALLS)
