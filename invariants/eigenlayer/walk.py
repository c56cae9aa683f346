"""Random walks through EigenLayer: a small world in which everything meets everything."""

from typing import Any, Final

import attr

from invariants.choices import Choices
from invariants.eigenlayer.calls import slasher_in_force
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    AllocationRequest,
    Approval,
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    OperatorSetRequest,
    QueueWithdrawals,
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
APPROVER: Final = "approver0"
ACCOUNTS: Final = (*PARTIES, "avs0", "avs1", "recipient", APPROVER, "anybody", ZERO_ADDRESS)
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
    """Draw one of the calls; now and then one part of it is wrong, so that every check is put to the test."""
    action = _drawn(choices, draft)
    if choices.one_in(12):
        action = _spoilt(choices, action)
    return action


def _spoilt(choices: Choices, action: Any) -> Any:
    """The same call with another name, or a small number, in one place."""
    fields = [field.name for field in attr.fields(type(action)) if field.name != "blocks"]
    if not fields:
        return action
    name = choices.pick(fields)
    value = getattr(action, name)
    if isinstance(value, str):
        others = POOLS if name == "strategy" else tuple(TOKENS.values()) if name == "token" else ACCOUNTS
        return attr.evolve(action, **{name: choices.pick(others)})
    if isinstance(value, int):
        return attr.evolve(action, **{name: choices.below(3)})
    return action


def _drawn(choices: Choices, draft: Draft) -> Action:
    """Weighted so that stake comes, is committed, is slashed, and leaves."""
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
        return _slash(choices, draft)
    return _rare(choices, draft)


def _queue(choices: Choices, draft: Draft) -> Action:
    """All, half, all but one or one of what a party holds in one strategy."""
    party, strategy = choices.pick(PARTIES), choices.pick(POOLS)
    held = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares
    shares = choices.pick((held, held, held >> 1, max(held - 1, 0), 1))
    return QueueWithdrawals(party, (WithdrawalRequest((strategy,), (shares,)),))


def _complete(choices: Choices, draft: Draft) -> Action:
    party = choices.pick(PARTIES)
    return CompleteQueuedWithdrawal(party, _completion(choices, draft, party))


def _completion(choices: Choices, draft: Draft, party: str) -> Completion:
    """The oldest withdrawal of a party that still waits, if any of the last few does."""
    queued = draft.get(STAKERS, party).withdrawals_queued
    nonce = max(queued - 1, 0)
    for earlier in range(max(queued - 8, 0), queued):
        if draft.get(WITHDRAWALS, (party, earlier)).is_pending:
            nonce = earlier
            break
    count = draft.get(WITHDRAWALS, (party, nonce)).strategy_count
    strategies = [draft.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
    tokens = tuple([TOKENS.get(strategy, "token0") for strategy in strategies])
    return Completion(party, nonce, tokens, choices.one_in(2))


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


def _slash(choices: Choices, draft: Draft) -> Action:
    """One strategy or both, mostly small fractions, so that there is something left to slash; by who may slash now."""
    avs, number = choices.pick(SETS)
    strategies = POOLS if choices.one_in(3) else (choices.pick(POOLS),)
    fraction_wad = FRACTIONS_WAD[min(choices.below(len(FRACTIONS_WAD)), choices.below(len(FRACTIONS_WAD)))]
    slasher = slasher_in_force(draft, (avs, number))
    return SlashOperator(slasher, avs, choices.pick(OPERATORS), number, strategies, (fraction_wad,) * len(strategies))


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
        DelegateTo(party, operator, Approval(APPROVER, choices.below(5), choices.one_in(5))),
        UpdateSlasher(avs, (avs, number), choices.pick(("avs0", "avs1"))),
        ModifyOperatorDetails(operator, operator, choices.pick((ZERO_ADDRESS, ZERO_ADDRESS, APPROVER))),
        AddStrategiesToDepositWhitelist("whitelister", POOLS),
        AddStrategiesToDepositWhitelist("whitelister", POOLS),
        RemoveStrategiesFromDepositWhitelist("whitelister", (strategy,)),
        ClearBurnOrRedistributableSharesByStrategy(party, (avs, number), max(slash_id, 0), strategy),
        CompleteQueuedWithdrawals(party, tuple([_completion(choices, draft, party) for _ in range(choices.below(3))])),
        CreateOperatorSets(avs, avs, (OperatorSetRequest(choices.below(3), (strategy,), avs),)),
        BurnShares(party, strategy),
    )
    return choices.pick(others)


WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action)
