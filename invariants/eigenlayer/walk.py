"""Random walks through EigenLayer: a small world in which everything meets everything."""

from typing import Final

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToOperatorSet,
    AllocationRequest,
    Approval,
    ClearBurnOrRedistributableShares,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    Completion,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    QueueWithdrawals,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATIONS,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SETS,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import Draft

STAKERS_: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
PARTIES: Final = (*STAKERS_, *OPERATORS)
POOLS: Final = ("strategy0", "strategy1")
TOKENS: Final = {"strategy0": "token0", "strategy1": "token1"}
SETS: Final[tuple[OperatorSet, ...]] = (("avs0", 1), ("avs0", 2), ("avs1", 1))
NO_APPROVAL: Final = Approval(ZERO_ADDRESS, 0, False)
AMOUNTS: Final = (1, 2, 3, 7, 10, 999, 10**6, 10**18, 123456789012345678901)
FRACTIONS_WAD: Final = (1, 10**9, WAD // 10, WAD // 3, WAD // 2, WAD - 1, WAD)
WAITS: Final = (1, 1, 1, 2, 5, 9, 10, 11)


def opening() -> list[Action]:
    """Both operators, three operator sets that slash everything, and everybody registered."""
    plain = tuple(OperatorSetRequest(number, POOLS, "avs0") for number in (1, 2))
    actions: list[Action] = [
        UpdateAvsMetadata("avs0", "avs0"),
        UpdateAvsMetadata("avs1", "avs1"),
        CreateOperatorSets("avs0", "avs0", plain),
        CreateRedistributingOperatorSets("avs1", "avs1", (OperatorSetRequest(1, POOLS, "avs1"),), ("recipient",)),
    ]
    for delay_blocks, operator in enumerate(OPERATORS):
        actions.append(RegisterAsOperator(operator, ZERO_ADDRESS, delay_blocks))
        actions += [RegisterForOperatorSets(operator, operator, avs, (number,)) for avs, number in SETS]
    return actions


def next_action(choices: Choices, draft: Draft) -> Action:
    """Draw one of the calls, weighted so that stake comes, is committed, is slashed, and leaves."""
    kind = choices.below(100)
    if kind < 20:
        return MineBlocks(choices.pick(WAITS))
    if kind < 36:
        strategy = choices.pick(POOLS)
        return DepositIntoStrategy(choices.pick(PARTIES), strategy, TOKENS[strategy], choices.pick(AMOUNTS))
    if kind < 46:
        return _queue(choices, draft)
    if kind < 58:
        return _complete(choices, draft)
    if kind < 72:
        return _allocate(choices, draft)
    if kind < 82:
        return _slash(choices)
    return _rare(choices, draft)


def _queue(choices: Choices, draft: Draft) -> Action:
    """All, half, all but one or one of what a party holds in one strategy."""
    party, strategy = choices.pick(PARTIES), choices.pick(POOLS)
    held = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares
    shares = choices.pick((held, held, held >> 1, max(held - 1, 0), 1))
    return QueueWithdrawals(party, (WithdrawalRequest((strategy,), (shares,)),))


def _complete(choices: Choices, draft: Draft) -> Action:
    """The oldest withdrawal of a party that still waits, if any of the last few does."""
    party = choices.pick(PARTIES)
    queued = draft.get(STAKERS, party).withdrawals_queued
    nonce = max(queued - 1, 0)
    for earlier in range(max(queued - 8, 0), queued):
        if draft.get(WITHDRAWALS, (party, earlier)).is_pending:
            nonce = earlier
            break
    count = draft.get(WITHDRAWALS, (party, nonce)).strategy_count
    strategies = [draft.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
    tokens = tuple([TOKENS.get(strategy, "token0") for strategy in strategies])
    return CompleteQueuedWithdrawal(party, Completion(party, nonce, tokens, choices.one_in(2)))


def _allocate(choices: Choices, draft: Draft) -> Action:
    """More, up to all that is left and once too much, or less, down to nothing."""
    operator, operator_set, strategy = choices.pick(OPERATORS), choices.pick(SETS), choices.pick(POOLS)
    current_magnitude = draft.get(ALLOCATIONS, (operator, operator_set, strategy)).current_magnitude
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    free_magnitude = max_magnitude - draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
    magnitude = choices.pick(
        (
            current_magnitude + free_magnitude,
            current_magnitude + free_magnitude + 1,
            current_magnitude + (free_magnitude >> 1),
            current_magnitude + min(free_magnitude, 1),
            current_magnitude >> 1,
            max(current_magnitude - 1, 0),
            0,
        )
    )
    return ModifyAllocations(operator, operator, (AllocationRequest(operator_set, (strategy,), (magnitude,)),))


def _slash(choices: Choices) -> Action:
    """One strategy or both, mostly small fractions, so that there is something left to slash."""
    avs, number = choices.pick(SETS)
    strategies = POOLS if choices.one_in(3) else (choices.pick(POOLS),)
    fraction_wad = FRACTIONS_WAD[min(choices.below(len(FRACTIONS_WAD)), choices.below(len(FRACTIONS_WAD)))]
    return SlashOperator(avs, avs, choices.pick(OPERATORS), number, strategies, (fraction_wad,) * len(strategies))


def _rare(choices: Choices, draft: Draft) -> Action:
    """Everything else, each about as often."""
    party, operator, (avs, number) = choices.pick(PARTIES), choices.pick(OPERATORS), choices.pick(SETS)
    strategy = choices.pick(POOLS)
    slash_id = draft.get(OPERATOR_SETS, (avs, number)).slash_count - choices.below(3)
    others: tuple[Action, ...] = (
        DelegateTo(party, operator, NO_APPROVAL),
        DelegateTo(party, operator, NO_APPROVAL),
        DelegateTo(party, operator, NO_APPROVAL),
        Undelegate(party, party),
        Redelegate(party, operator, NO_APPROVAL),
        ClearBurnOrRedistributableShares(party, (avs, number), max(slash_id, 0)),
        ClearBurnOrRedistributableShares(party, (avs, number), max(slash_id, 0)),
        ClearDeallocationQueue(party, operator, (strategy,), (choices.below(3),)),
        RegisterForOperatorSets(operator, operator, avs, (number,)),
        DeregisterFromOperatorSets(operator, operator, avs, (number,)),
        SetAllocationDelay(operator, operator, choices.below(4)),
        TransferToken(party, TOKENS[strategy], strategy, choices.pick(AMOUNTS)),
        AddStrategiesToOperatorSet(avs, avs, number, (strategy,)),
        RemoveStrategiesFromOperatorSet(avs, avs, number, (strategy,)),
    )
    return choices.pick(others)


WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action)
