"""A long, deterministic run of EigenLayer actions for benchmarks: many stakers, few operators, all common calls.

It is generated without executing it: amounts are chosen so that most calls are accepted, and some are meant to be
rejected.
"""

import random
from collections.abc import Callable
from typing import Final

from harness.workloads import named
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    CompleteQueuedWithdrawal,
    Completion,
    CreateOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    QueueWithdrawals,
    RegisterAsOperator,
    RegisterForOperatorSets,
    SlashOperator,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.config import ZERO_ADDRESS, Config
from spec.eigenlayer.formats import NO_APPROVAL
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
from spec.machine import SINGLETON, State

STAKERS: Final = 1_000
OPERATORS: Final = 20
STRATEGIES_COUNT: Final = 3
ETHER: Final = 10**18


def genesis(stakers: int = STAKERS) -> State:
    """The initial state: strategies open for deposits, and stakers who own tokens and have approved the
    StrategyManager.
    """
    state = SCHEMA.empty_state()
    state.rows(CONFIG)[SINGLETON] = Config(10, 10, 5, 5, "whitelister", 50_400, queue_counts_whole_shares=True)
    state.rows(CLOCK)[SINGLETON] = Clock(1000)
    state.rows(AVSS)["avs0"] = Avs(has_registrar=True)
    for rank in range(STRATEGIES_COUNT):
        state.rows(STRATEGIES)[named("strategy", rank)] = Strategy(named("token", rank), rank, is_whitelisted=True)
    for i in range(stakers):
        state.rows(ALLOWANCES)[named("staker", i)] = Allowance(is_infinite=True)
        state.rows(TOKEN_BALANCES)[(named("token", i % 3), named("staker", i))] = TokenBalance(10**6 * ETHER)
    return state


def opening(stakers: int = STAKERS) -> list[Action]:
    """The actions that set up operators, an operator set each, and allocations, then have every staker deposit and
    delegate.
    """
    strategies = tuple(named("strategy", rank) for rank in range(STRATEGIES_COUNT))
    actions: list[Action] = [UpdateAvsMetadata("avs0", "avs0")]
    for i in range(OPERATORS):
        operator = named("operator", i)
        operator_set = ("avs0", i)
        actions += [
            RegisterAsOperator(operator, ZERO_ADDRESS, 0),
            CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(i, strategies, "avs0"),)),
            ModifyAllocations(operator, operator, (AllocationRequest(operator_set, strategies, (ETHER // 2,) * 3),)),
            RegisterForOperatorSets(operator, operator, "avs0", (i,)),
        ]
    for i in range(stakers):
        staker = named("staker", i)
        actions.append(DepositIntoStrategy(staker, named("strategy", i % 3), named("token", i % 3), 1000 * ETHER))
        actions.append(DelegateTo(staker, named("operator", i % OPERATORS), NO_APPROVAL))
    return actions


def traffic(steps: int, seed: int = 0, stakers: int = STAKERS) -> list[Action]:
    """The given number of actions: deposits, withdrawals queued and completed, allocations and slashes, by stakers
    drawn at random.

    The proportions are those of recorded traces: nearly every second action mines blocks, and about every fourth call
    is rejected.
    """
    random_source = random.Random(seed)
    queued: list[tuple[int, int]] = []
    nonces: dict[int, int] = {}
    actions: list[Action] = []
    while len(actions) < steps:
        if random_source.random() < 0.8:
            actions.append(MineBlocks(random_source.choice((1, 1, 1, 12))))
        if random_source.random() < 0.25:
            actions.append(_rejected_call(random_source, stakers))
            continue
        kind = random_source.random()
        i = random_source.randrange(stakers)
        staker, strategy, token = named("staker", i), named("strategy", i % 3), named("token", i % 3)
        operator, operator_set_id = named("operator", i % OPERATORS), i % OPERATORS
        if kind < 0.40:
            actions.append(DepositIntoStrategy(staker, strategy, token, random_source.randrange(1, ETHER)))
        elif kind < 0.62:
            request = WithdrawalRequest((strategy,), (random_source.randrange(1, ETHER),))
            actions.append(QueueWithdrawals(staker, (request,)))
            queued.append((i, nonces.get(i, 0)))
            nonces[i] = nonces.get(i, 0) + 1
        elif kind < 0.84 and queued:
            i, nonce = queued.pop(0 if random_source.random() < 0.9 else -1)
            completion = Completion(named("staker", i), nonce, (named("token", i % 3),), random_source.random() < 0.5)
            actions.append(CompleteQueuedWithdrawal(named("staker", i), completion))
        elif kind < 0.94:
            magnitudes = (random_source.randrange(ETHER // 1000), random_source.randrange(ETHER // 1000))
            allocation = AllocationRequest(("avs0", operator_set_id), ("strategy0", "strategy1"), magnitudes)
            actions.append(ModifyAllocations(operator, operator, (allocation,)))
        else:
            wad = random_source.randrange(1, ETHER // 1000)
            actions.append(SlashOperator("avs0", "avs0", operator, operator_set_id, (strategy,), (wad,)))
    return actions[:steps]


def _rejected_call(random_source: random.Random, stakers: int) -> Action:
    """A random call that is rejected: an excessive amount, too few shares, a wrong caller, or an unknown withdrawal."""
    i = random_source.randrange(stakers)
    staker, strategy, token = named("staker", i), named("strategy", i % 3), named("token", i % 3)
    return random_source.choice(REJECTED_CALLS)(staker, strategy, token, named("operator", i % OPERATORS))


REJECTED_CALLS: Final[list[Callable[[str, str, str, str], Action]]] = [
    lambda staker, strategy, token, _: DepositIntoStrategy(staker, strategy, token, 10**30),
    lambda staker, strategy, _, __: QueueWithdrawals(staker, (WithdrawalRequest((strategy,), (10**24,)),)),
    lambda staker, _, token, __: CompleteQueuedWithdrawal(
        staker, Completion(staker, 10**9, (token,), receive_as_tokens=True)
    ),
    lambda staker, _, __, operator: DelegateTo(staker, operator, NO_APPROVAL),
    lambda staker, strategy, _, operator: SlashOperator(staker, "avs0", operator, 0, (strategy,), (1,)),
    lambda staker, _, __, operator: ModifyAllocations(staker, operator, ()),
]
