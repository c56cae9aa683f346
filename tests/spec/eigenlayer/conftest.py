"""A chain for tests of single rules: a few accounts, strategies with their own tokens, and a clock."""

from collections.abc import Callable

import pytest

from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    CreateOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    ModifyAllocations,
    OperatorSetRequest,
    RegisterAsOperator,
    RegisterForOperatorSets,
    UpdateAvsMetadata,
)
from spec.eigenlayer.config import ZERO_ADDRESS, Config
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOWANCES,
    AVSS,
    CLOCK,
    CONFIG,
    SCHEMA,
    STRATEGIES,
    TOKEN_BALANCES,
    Allowance,
    Avs,
    Clock,
    Strategy,
    TokenBalance,
)
from spec.eigenlayer.transition import transition
from spec.machine import SINGLETON, Delta, Draft, State, commit

WAD = 10**18


class Chain:
    """A state on which actions are executed. `now` reads it, `do` demands acceptance, and `try_` allows a rejection."""

    def __init__(self, strategies: int = 3, block: int = 1000) -> None:
        self.state: State = SCHEMA.empty_state()
        self.state.rows(CONFIG)[SINGLETON] = Config(10, 8, 5, 5, "whitelister")
        self.state.rows(CLOCK)[SINGLETON] = Clock(block)
        self.state.rows(AVSS)["avs"] = Avs(has_registrar=True)
        for rank in range(strategies):
            self.state.rows(STRATEGIES)[f"strategy{rank}"] = Strategy(f"token{rank}", rank, True)
            for account in ("staker", "other", "operator"):
                self.state.rows(TOKEN_BALANCES)[(f"token{rank}", account)] = TokenBalance(10**30)
        for account in ("staker", "other", "operator"):
            self.state.rows(ALLOWANCES)[account] = Allowance(True)

    @property
    def now(self) -> Draft:
        return Draft(self.state)

    def try_(self, action: Action) -> object:
        """Executes a call. Returns the reason of its rejection, or the return value of an accepted call."""
        outcome = transition(Draft(self.state), action)
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

    def deposit(self, staker: str, strategy: int, amount: int) -> object:
        return self.do(DepositIntoStrategy(staker, f"strategy{strategy}", f"token{strategy}", amount))

    def secured(self, magnitude: int = WAD) -> None:
        """Registers the operator for operator set (avs, 1), and allocates this magnitude to it in strategy 0.

        One staker with 1000 shares delegates to the operator.
        """
        self.do(
            UpdateAvsMetadata("avs", "avs"),
            CreateOperatorSets("avs", "avs", (OperatorSetRequest(1, ("strategy0", "strategy1"), "slasher"),)),
            RegisterAsOperator("operator", ZERO_ADDRESS, 0),
            RegisterForOperatorSets("operator", "operator", "avs", (1,)),
            ModifyAllocations("operator", "operator", (AllocationRequest(("avs", 1), ("strategy0",), (magnitude,)),)),
            DelegateTo("staker", "operator", NO_APPROVAL),
        )
        self.deposit("staker", 0, 1000)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def make_chain() -> Callable[..., Chain]:
    return Chain
