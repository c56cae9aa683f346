"""Write sets of EigenLayer's calls: the tables that each call may write, and the keys that it may write in each."""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.model.rewards_write_sets import REWARDS_WRITE_SETS
from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    CreateOperatorSets,
    CreatePod,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    FundPod,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    AVSS,
    BURNABLE_ETH,
    CLOCK,
    CUMULATIVE_SCALED_SHARES,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_COUNTS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
)
from spec.machine import Draft, Table

Owns = Callable[[Draft, Any, Any], bool]
"""The type of a function that returns True if a call may write a row's key. It reads the state before the call."""


WriteSet = dict[Table[Any, Any], Owns]


def _any(_rows: Draft, _call: Any, _key: Any) -> bool:
    return True


def _of(*fields: str) -> Owns:
    """A test that a row's key is the value of one field of the call, or the tuple of the values of several fields."""

    def owns(_rows: Draft, call: Any, key: Any) -> bool:
        values = tuple([getattr(call, field) for field in fields])
        return bool(key == (values[0] if len(values) == 1 else values))

    return owns


def _begins_with(field: str) -> Owns:
    """A test that a row's key is a tuple whose first part is the value of a field of the call."""
    return lambda _rows, call, key: key[0] == getattr(call, field)


def _among(field: str) -> Owns:
    """A test that a row's key is one of the values in a field of the call."""
    return lambda _rows, call, key: key in getattr(call, field)


def _of_his_operator(staker: str) -> Owns:
    """A test that a row's key is (operator, strategy) for the operator of a staker before the call.

    `staker` is the name of the field of the call that names the staker.
    """
    return lambda rows, call, key: key[0] == rows.get(STAKERS, getattr(call, staker)).delegated_to


def _checkpoint_of(owns: Owns) -> Owns:
    """A test that a row's key is (key of a history, number of a checkpoint), and that the history's key passes the test
    `owns`.
    """
    return lambda rows, call, key: owns(rows, call, key[0])


def _queues(staker: str) -> dict[Table[Any, Any], Owns]:
    """The write set of a call that queues a staker's withdrawals: for each table, a test of the keys that it may write.

    `staker` is the name of the field of the call that names the staker.
    """
    his_operators = _of_his_operator(staker)
    return {
        STAKERS: _of(staker),
        STAKER_SHARES: _begins_with(staker),
        POD_OWNERS: _of(staker),
        WITHDRAWALS: _begins_with(staker),
        QUEUED_SHARES: _begins_with(staker),
        OPERATOR_SHARES: his_operators,
        CUMULATIVE_SCALED_SHARES.heads: his_operators,
        CUMULATIVE_SCALED_SHARES.checkpoints: _checkpoint_of(his_operators),
    }


def _stakers_of(call: Any) -> list[str]:
    completions = call.completions if isinstance(call, CompleteQueuedWithdrawals) else (call.completion,)
    return [completion.staker for completion in completions]


def _own_balance(rows: Draft, call: Any, key: Any) -> bool:
    """True if a completion may write this token balance: that of a staker of the call, or of a strategy in its own
    underlying token.
    """
    return bool(key[1] in _stakers_of(call) or rows.get(STRATEGIES, key[1]).underlying_token == key[0])


COMPLETES: Final[WriteSet] = {
    WITHDRAWALS: lambda _, call, key: key[0] in _stakers_of(call),
    QUEUED_SHARES: lambda _, call, key: key[0] in _stakers_of(call),
    STAKERS: lambda _, call, key: key in _stakers_of(call),
    STAKER_SHARES: lambda _, call, key: key[0] in _stakers_of(call),
    OPERATOR_SHARES: lambda rows, call, key: key[0] in [rows.get(STAKERS, s).delegated_to for s in _stakers_of(call)],
    STRATEGIES: _any,
    TOKEN_BALANCES: _own_balance,
    PODS: lambda _, call, key: key in _stakers_of(call),
    POD_OWNERS: lambda _, call, key: key in _stakers_of(call),
    ETH_BALANCES: lambda _, call, key: key in _stakers_of(call),
}


def _pays_recipient(rows: Draft, call: Any, key: Any) -> bool:
    """True if a payout of a slash may write this token balance: that of the set's redistribution recipient, or of a
    strategy in its own underlying token.
    """
    recipient = rows.get(OPERATOR_SETS, call.operator_set).redistribution_recipient
    return bool(key[1] == recipient or rows.get(STRATEGIES, key[1]).underlying_token == key[0])


CLEARS: Final[WriteSet] = {
    SLASHES: _of("operator_set", "slash_id"),
    SLASHED_SHARES: lambda _, call, key: key[:2] == (call.operator_set, call.slash_id),
    STRATEGIES: _any,
    TOKEN_BALANCES: _pays_recipient,
}


def _burns(rows: Draft, call: Any, key: Any) -> bool:
    """True if a burn may write this token balance: that of the burnt strategy or the burn address, in the strategy's
    underlying token.
    """
    token = rows.get(STRATEGIES, call.strategy).underlying_token
    return key in ((token, call.strategy), (token, BURN_ADDRESS))


CREATES: Final[WriteSet] = {
    OPERATOR_SETS: _begins_with("avs"),
    OPERATOR_SET_COUNTS: _of("avs"),
    SLASHERS: _begins_with("avs"),
    OPERATOR_SET_STRATEGIES: lambda _, call, key: key[0][0] == call.avs,
}


def _slashed_strategy(_rows: Draft, call: Any, key: Any) -> bool:
    return key[0] == call.operator and key[1] in call.strategies


WRITE_SETS: Final[dict[type[Any], WriteSet]] = {
    MineBlocks: {CLOCK: _any},
    TransferToken: {TOKEN_BALANCES: lambda _, call, key: key in ((call.token, call.sender), (call.token, call.to))},
    AddStrategiesToDepositWhitelist: {STRATEGIES: _among("strategies")},
    RemoveStrategiesFromDepositWhitelist: {STRATEGIES: _among("strategies")},
    DepositIntoStrategy: {
        TOKEN_BALANCES: lambda _, call, key: key in ((call.token, call.sender), (call.token, call.strategy)),
        STRATEGIES: _of("strategy"),
        STAKERS: _of("sender"),
        STAKER_SHARES: _of("sender", "strategy"),
        OPERATOR_SHARES: lambda rows, call, key: key == (rows.get(STAKERS, call.sender).delegated_to, call.strategy),
    },
    RegisterAsOperator: {
        ALLOCATION_DELAYS: _of("sender"),
        OPERATOR_DETAILS: _of("sender"),
        STAKERS: _of("sender"),
        STAKER_SHARES: _begins_with("sender"),
        POD_OWNERS: _of("sender"),
        OPERATOR_SHARES: _begins_with("sender"),
    },
    ModifyOperatorDetails: {OPERATOR_DETAILS: _of("operator")},
    DelegateTo: {
        STAKERS: _of("sender"),
        STAKER_SHARES: _begins_with("sender"),
        POD_OWNERS: _of("sender"),
        OPERATOR_SHARES: _begins_with("operator"),
        SPENT_SALTS: lambda rows, call, key: (
            key == (rows.get(OPERATOR_DETAILS, call.operator).delegation_approver, call.approval.salt)
        ),
    },
    Undelegate: _queues("staker"),
    Redelegate: {
        **_queues("sender"),
        SPENT_SALTS: lambda rows, call, key: (
            key == (rows.get(OPERATOR_DETAILS, call.operator).delegation_approver, call.approval.salt)
        ),
    },
    QueueWithdrawals: _queues("sender"),
    CompleteQueuedWithdrawal: COMPLETES,
    CompleteQueuedWithdrawals: COMPLETES,
    UpdateAvsMetadata: {AVSS: _of("avs")},
    CreateOperatorSets: CREATES,
    CreateRedistributingOperatorSets: CREATES,
    AddStrategiesToOperatorSet: {
        OPERATOR_SET_STRATEGIES: lambda _, call, key: key[0] == (call.avs, call.operator_set_id)
    },
    RemoveStrategiesFromOperatorSet: {
        OPERATOR_SET_STRATEGIES: lambda _, call, key: key[0] == (call.avs, call.operator_set_id)
    },
    UpdateSlasher: {SLASHERS: _of("operator_set")},
    RegisterForOperatorSets: {
        REGISTRATIONS: lambda _, call, key: key[0] == call.operator and key[1][0] == call.avs,
    },
    DeregisterFromOperatorSets: {
        REGISTRATIONS: lambda _, call, key: key[0] == call.operator and key[1][0] == call.avs,
    },
    SetAllocationDelay: {ALLOCATION_DELAYS: _of("operator")},
    ModifyAllocations: {
        ALLOCATIONS: _begins_with("operator"),
        ENCUMBERED_MAGNITUDES: _begins_with("operator"),
        DEALLOCATION_QUEUES: _begins_with("operator"),
        QUEUED_DEALLOCATIONS: _begins_with("operator"),
    },
    ClearDeallocationQueue: {
        ALLOCATIONS: lambda _, call, key: key[0] == call.operator and key[2] in call.strategies,
        ENCUMBERED_MAGNITUDES: _slashed_strategy,
        DEALLOCATION_QUEUES: _slashed_strategy,
    },
    SlashOperator: {
        OPERATOR_SETS: _of("avs", "operator_set_id"),
        ALLOCATIONS: lambda _, call, key: key[:2] == (call.operator, (call.avs, call.operator_set_id)),
        ENCUMBERED_MAGNITUDES: _begins_with("operator"),
        MAX_MAGNITUDES.heads: _begins_with("operator"),
        MAX_MAGNITUDES.checkpoints: _checkpoint_of(_begins_with("operator")),
        OPERATOR_SHARES: _begins_with("operator"),
        SLASHES: lambda _, call, key: key[0] == (call.avs, call.operator_set_id),
        SLASHED_SHARES: lambda _, call, key: key[0] == (call.avs, call.operator_set_id),
        BURNABLE_ETH: lambda _rows, call, _key: BEACON_CHAIN_ETH in call.strategies,
    },
    ClearBurnOrRedistributableShares: CLEARS,
    ClearBurnOrRedistributableSharesByStrategy: CLEARS,
    BurnShares: {STRATEGIES: _of("strategy"), TOKEN_BALANCES: _burns},
    **REWARDS_WRITE_SETS,
    CreatePod: {PODS: _of("sender")},
    RecordBeaconChainEthBalanceUpdate: {
        POD_OWNERS: _of("pod_owner"),
        OPERATOR_SHARES: lambda rows, call, key: (
            key == (rows.get(STAKERS, call.pod_owner).delegated_to, BEACON_CHAIN_ETH)
        ),
    },
    FundPod: {PODS: _of("pod_owner")},
    PlantPodOwnerDepositShares: {POD_OWNERS: _of("staker")},
}


SLASHED_STRATEGIES: Final[dict[Table[Any, Any], Callable[[Any], str]]] = {
    ALLOCATIONS: lambda key: key[2],
    ENCUMBERED_MAGNITUDES: lambda key: key[1],
    MAX_MAGNITUDES.heads: lambda key: key[1],
    MAX_MAGNITUDES.checkpoints: lambda key: key[0][1],
    OPERATOR_SHARES: lambda key: key[1],
    SLASHED_SHARES: lambda key: key[2],
}
"""For each table that a slash writes and whose keys name a strategy, a function from a row's key to that strategy.

The strategy must be among those of the call.
"""


def _are_of_its_strategies(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash writes only rows of the strategies that it names. Their names are put into a set, for speed."""
    strategies = set(step.action.strategies)
    for write in step.delta.writes:
        strategy_of = SLASHED_STRATEGIES.get(write.table)
        if strategy_of is not None and strategy_of(write.key) not in strategies:
            return False
    return True


def _writes_its_own_rows(step: AnyStep) -> bool:
    write_set = WRITE_SETS[type(step.action)]
    for write in step.delta.writes:
        owns = write_set.get(write.table)
        if owns is None or not owns(step.before.rows, step.action, write.key):
            return False
    return not isinstance(step.action, SlashOperator) or _are_of_its_strategies(step)


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "FRAME-01",
        "A call writes only rows of its own subject: no other account, operator, set or strategy is touched.",
        "EigenLayer Certora: the parametric rules; ELIP-002, unique stake",
        _writes_its_own_rows,
        Scope(tuple(WRITE_SETS)),
    ),
]
