"""A long run of Symbiotic actions on one vault: checkpoints of every kind grow with it, and claims and slashes read
them.

It is generated without executing it: amounts are chosen so that most calls are accepted.
"""

import random
from typing import Final

from harness.workloads import named
from spec.machine import SINGLETON, State
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    Deposit,
    OptInNetwork,
    OptInVault,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkShares,
    Slash,
    Withdraw,
)
from spec.symbiotic.config import COLLATERAL, INSTANT_SLASHER, NETWORK_RESTAKE, VaultConfig
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
    Subnetwork,
    TokenBalance,
)

START: Final = 1_700_000_000
EPOCH_SECONDS: Final = 1_000
STAKERS: Final = 200
OPERATORS: Final = 10
ETHER: Final = 10**18
VAULT: Final = "vault0"
SUBNETWORK: Final[Subnetwork] = ("network0", 0)


def genesis() -> State:
    """The initial state: one vault with an instant slasher, its stakers, its operators and a network, all
    registered.
    """
    state = SCHEMA.empty_state()
    state.rows(CLOCK)[SINGLETON] = Clock(START)
    state.rows(VAULT_FACTORY)[VAULT] = Entity(is_entity=True)
    state.rows(VAULTS)[VAULT] = VaultConfig(
        COLLATERAL, "burner0", START, EPOCH_SECONDS, NETWORK_RESTAKE, slasher=INSTANT_SLASHER, admin="admin0"
    )
    state.rows(NETWORK_REGISTRY)[SUBNETWORK[0]] = Entity(is_entity=True)
    for i in range(OPERATORS):
        state.rows(OPERATOR_REGISTRY)[named("operator", i)] = Entity(is_entity=True)
    for i in range(STAKERS):
        state.rows(ALLOWANCES)[(COLLATERAL, named("staker", i), VAULT)] = Allowance(is_infinite=True)
        state.rows(TOKEN_BALANCES)[(COLLATERAL, named("staker", i))] = TokenBalance(10**9 * ETHER)
    return state


def opening() -> list[Action]:
    """The actions by which network, vault and operators opt in, and every staker deposits."""
    actions: list[Action] = [
        SetMiddleware(SUBNETWORK[0], "middleware0"),
        SetMaxNetworkLimit(SUBNETWORK[0], VAULT, SUBNETWORK[1], 10**12 * ETHER),
        SetNetworkLimit("admin0", VAULT, SUBNETWORK, 10**12 * ETHER),
    ]
    for i in range(OPERATORS):
        operator = named("operator", i)
        actions += [
            OptInVault(operator, VAULT),
            OptInNetwork(operator, SUBNETWORK[0]),
            SetOperatorNetworkShares("admin0", VAULT, SUBNETWORK, operator, 1000),
        ]
    actions += [Deposit(named("staker", i), VAULT, named("staker", i), 10**6 * ETHER) for i in range(STAKERS)]
    actions.append(AdvanceTime(1))
    return actions


def traffic(steps: int, seed: int = 0) -> list[Action]:
    """The given number of actions: deposits, withdrawals, claims, slashes and changed shares, some of them in the same
    second.
    """
    random_source = random.Random(seed)
    now = START + 1
    actions: list[Action] = []
    while len(actions) < steps:
        if random_source.random() < 0.8:
            seconds = random_source.choice((1, 1, 1, 12))
            now += seconds
            actions.append(AdvanceTime(seconds))
        kind = random_source.random()
        staker = named("staker", random_source.randrange(STAKERS))
        operator = named("operator", random_source.randrange(OPERATORS))
        if kind < 0.35:
            actions.append(Deposit(staker, VAULT, staker, random_source.randrange(1, ETHER)))
        elif kind < 0.65:
            actions.append(Withdraw(staker, VAULT, staker, random_source.randrange(1, ETHER)))
        elif kind < 0.80:
            epoch = max(0, (now - START) // EPOCH_SECONDS - 1 - random_source.randrange(3))
            actions.append(Claim(staker, VAULT, staker, epoch))
        elif kind < 0.90:
            shares = random_source.randrange(500, 1500)
            actions.append(SetOperatorNetworkShares("admin0", VAULT, SUBNETWORK, operator, shares))
        else:
            capture = now - random_source.randrange(1, 50)
            amount = random_source.randrange(1, ETHER)
            actions.append(Slash("middleware0", VAULT, SUBNETWORK, operator, amount, capture))
    return actions[:steps]
