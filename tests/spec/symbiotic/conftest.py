"""A chain for tests of single rules: a vault for each delegator and slasher, two networks, two operators, and
a clock.
"""

from collections.abc import Callable

import pytest

from spec.arithmetic import UINT256_MAX
from spec.machine import SINGLETON, Delta, Draft, State, commit
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Deposit,
    OptInNetwork,
    OptInVault,
    RegisterNetwork,
    RegisterOperator,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
)
from spec.symbiotic.config import (
    COLLATERAL,
    DELEGATORS,
    FULL_RESTAKE,
    NETWORK_RESTAKE,
    OPERATOR_NETWORK_SPECIFIC,
    SLASHERS,
    VaultConfig,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ALLOWANCES,
    CLOCK,
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
from spec.symbiotic.transition import transition

OPERATORS = ("operator", "partner")
MIDDLEWARES = {"network": "middleware", "neighbour": "neighbour middleware"}


class Chain:
    """A state on which actions are executed. `now` reads it, `do` demands acceptance, and `try_` allows a rejection.

    The vaults are named after their delegator and slasher, such as "full_restake veto". Their first epoch begins at
    `start`. An epoch takes 100 seconds, a veto period 20. A specific delegator serves "operator" and "network".
    """

    def __init__(self, start: int = 1000, burner: str = "burner", resolver_set_epochs_delay: int = 3) -> None:
        self.state: State = SCHEMA.empty_state()
        self.state.rows(CLOCK)[SINGLETON] = Clock(start)
        for delegator in DELEGATORS:
            for slasher in SLASHERS:
                vault = f"{delegator} {slasher}"
                self.state.rows(VAULT_FACTORY)[vault] = Entity(True)
                self.state.rows(VAULTS)[vault] = VaultConfig(
                    burner=burner,
                    epoch_duration_init_timestamp=start,
                    epoch_duration_seconds=100,
                    delegator=delegator,
                    delegator_operator="operator",
                    delegator_network="network",
                    slasher=slasher,
                    veto_duration_seconds=20,
                    resolver_set_epochs_delay=resolver_set_epochs_delay,
                    admin="admin",
                )
                for account in ("staker", "other"):
                    self.state.rows(ALLOWANCES)[(COLLATERAL, account, vault)] = Allowance(True)
        for account in ("staker", "other"):
            self.give(account, 10**30)
        for network, middleware in MIDDLEWARES.items():
            self.do(RegisterNetwork(network), SetMiddleware(network, middleware))
        for operator in OPERATORS:
            self.do(RegisterOperator(operator), *[OptInNetwork(operator, network) for network in MIDDLEWARES])

    @property
    def now(self) -> Draft:
        return Draft(self.state)

    def try_(self, action: Action) -> object:
        """Executes a call. Returns the reason of its rejection, or the return value of an accepted call.

        It checks that the transition changes no row by itself.
        """
        before = self.state.copy()
        outcome = transition(Draft(self.state), action)
        assert self.state.tables == before.tables
        if isinstance(outcome, Delta):
            commit(self.state, outcome)
            return outcome.returns
        return outcome

    def do(self, *actions: Action) -> object:
        returned: object = None
        for action in actions:
            returned = self.try_(action)
            assert not isinstance(returned, Reason), (action, returned)
        return returned

    def at(self, timestamp: int, *actions: Action) -> object:
        """Advances time to `timestamp`, then executes the actions, all of which must be accepted."""
        return self.do(AdvanceTime(timestamp - self.now.get(CLOCK, SINGLETON).timestamp), *actions)

    def give(self, account: str, amount: int) -> None:
        """Sets the collateral of an account to this amount, without a transfer."""
        self.state.rows(TOKEN_BALANCES)[(COLLATERAL, account)] = TokenBalance(amount)

    def balance(self, account: str) -> int:
        return self.now.get(TOKEN_BALANCES, (COLLATERAL, account)).amount

    def deposit(self, vault: str, amount: int, staker: str = "staker") -> object:
        return self.do(Deposit(staker, vault, staker, amount))

    def opted_in(self, vault: str) -> None:
        """Opts both operators in to the vault."""
        self.do(*[OptInVault(operator, vault) for operator in OPERATORS])

    def limited(
        self,
        vault: str,
        subnetwork: Subnetwork = ("network", 1),
        limit: int = UINT256_MAX,
        shares: tuple[int, int] = (1, 0),
    ) -> None:
        """Sets the limit of a subnetwork in the vault and, depending on the delegator, of each operator.

        In a network restake delegator the two operators get `shares` instead.
        """
        delegator = self.now.get(VAULTS, vault).delegator
        network, identifier = subnetwork
        self.do(SetMaxNetworkLimit(network, vault, identifier, limit))
        if delegator != OPERATOR_NETWORK_SPECIFIC:
            self.do(SetNetworkLimit("admin", vault, subnetwork, limit))
        for operator, share in zip(OPERATORS, shares, strict=True):
            if delegator == NETWORK_RESTAKE and share > 0:
                self.do(SetOperatorNetworkShares("admin", vault, subnetwork, operator, share))
            if delegator == FULL_RESTAKE:
                self.do(SetOperatorNetworkLimit("admin", vault, subnetwork, operator, limit))

    def secured(self, vault: str, stake: int = 1000) -> None:
        """Deposits stake of the staker, all of which secures the first subnetwork of "network" through "operator"."""
        self.opted_in(vault)
        self.limited(vault)
        self.deposit(vault, stake)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def make_chain() -> Callable[..., Chain]:
    return Chain
