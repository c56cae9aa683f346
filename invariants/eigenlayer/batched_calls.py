"""A scenario of calls over several elements, and of calls from accounts without authority.

The calls of an ordinary walk mostly name one strategy and one operator set, and come from authorized senders. Here
lists have two or more elements with different amounts. Withdrawals contain several strategies and are completed several
at a time. Accounts that are no operators try calls of operators.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.state_queries import due_magnitude, settled_magnitudes, slasher_in_force
from invariants.eigenlayer.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToOperatorSet,
    AllocationRequest,
    Approval,
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
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
    WithdrawalRequest,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft

STAKERS_: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
NEWCOMER: Final = "newcomer"
"""An account that deposits, may delegate to an operator, and later becomes an operator itself."""

PARTIES: Final = (*STAKERS_, NEWCOMER, *OPERATORS)
TOKENS: Final = {"strategy0": "token0", "strategy1": "token1", "strategy2": "token0", "strategy3": "token1"}
POOLS: Final = tuple(TOKENS)
SETS: Final[tuple[OperatorSet, ...]] = (("avs0", 1), ("avs0", 2), ("avs1", 1), ("avs1", 2))
APPROVER: Final = "approver0"
STRANGER: Final = "anybody"
"""An account without deposits that is no operator."""

FRACTIONS_WAD: Final = (WAD // 10, 1, WAD // 3, WAD // 2)
RECALLED: Final = 12
"""The number of an account's latest withdrawals that the walk considers for completion."""

_WORLD: Final[dict[str, Json]] = {
    **WORLD,
    "name": "several at once, and strangers",
    "genesis": {
        **cast("dict[str, Json]", WORLD["genesis"]),
        "strategies": {
            strategy: {"underlying_token": token, "whitelisted": True} for strategy, token in TOKENS.items()
        },
        "strategy_address_order": [*POOLS],
        "stakers": [*STAKERS_, NEWCOMER],
        "token_balances": {token: dict.fromkeys(PARTIES, str(10**6)) for token in ("token0", "token1")},
        "infinite_allowance_to_strategy_manager": [*PARTIES],
    },
}


def _opening() -> list[Action]:
    """The walk's opening calls: two operators, one with an approver, register for four operator sets that contain every
    strategy.

    Two sets burn slashed shares; the other two pay them to two different recipients.
    """
    plain = tuple([OperatorSetRequest(number, POOLS, "avs0") for number in (1, 2)])
    paying = tuple([OperatorSetRequest(number, POOLS, "avs1") for number in (1, 2)])
    actions: list[Action] = [
        UpdateAvsMetadata("avs0", "avs0"),
        UpdateAvsMetadata("avs1", "avs1"),
        CreateOperatorSets("avs0", "avs0", plain),
        CreateRedistributingOperatorSets("avs1", "avs1", paying, ("recipient", "staker0")),
        RegisterAsOperator(OPERATORS[0], APPROVER, 1),
        RegisterAsOperator(OPERATORS[1], ZERO_ADDRESS, 0),
        MineBlocks(1),
    ]
    for operator in OPERATORS:
        actions += [
            RegisterForOperatorSets(operator, operator, "avs0", (1, 2)),
            RegisterForOperatorSets(operator, operator, "avs1", (1, 2)),
        ]
    return actions


def _two(choices: Choices) -> tuple[str, str]:
    """Two different strategies, drawn at random, in the order of their addresses."""
    first = choices.below(len(POOLS) - 1)
    return POOLS[first], POOLS[first + 1 + choices.below(len(POOLS) - 1 - first)]


def _action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action. About half are deposits, withdrawals, allocations and delegations over several
    strategies.
    """
    kind, party = choices.below(20), choices.pick(PARTIES)
    if kind < 3:
        return MineBlocks(choices.pick((1, 1, 9, 11)))
    if kind < 5:
        strategy = choices.pick(POOLS)
        return DepositIntoStrategy(party, strategy, TOKENS[strategy], 1 + choices.below(20))
    if kind < 7:
        return _queue(choices, draft, party)
    if kind < 10:
        return _complete(choices, draft, party)
    if kind < 12:
        return _allocate(choices, draft)
    if kind == 12:
        return _clear(choices, draft, party)
    if kind < 15:
        return _delegate(choices, draft)
    if kind == 15:
        return _strange(choices, draft)
    return _of_sets(choices, draft)


def _queue(choices: Choices, draft: Draft, party: str) -> Action:
    """A QueueWithdrawals call of `party`, an account, for part of its shares in each of its strategies.

    The parts differ. The call makes one withdrawal or two in all, or up to three for each strategy.
    """
    if choices.one_in(3):
        return _queue_many(draft, party)
    asked: list[tuple[str, int]] = []
    for strategy in draft.get(STAKERS, party).strategy_list:
        held = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares
        asked.append((strategy, 1 + choices.below(min(held, 30))))
    split = choices.below(len(asked) + 1)
    requests = [
        WithdrawalRequest(tuple([strategy for strategy, _ in part]), tuple([shares for _, shares in part]))
        for part in (asked[:split], asked[split:])
        if part
    ]
    return QueueWithdrawals(party, tuple(requests))


def _queue_many(draft: Draft, party: str) -> Action:
    """A QueueWithdrawals call of `party` with three withdrawals per strategy, or one where it holds few shares. Their
    joint completion writes many rows.
    """
    requests: list[WithdrawalRequest] = []
    for strategy in draft.get(STAKERS, party).strategy_list:
        quarter = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares >> 2
        requests += [WithdrawalRequest((strategy,), (max(quarter, 1),))] * (3 if quarter else 1)
    return QueueWithdrawals(party, tuple(requests))


def _complete(choices: Choices, draft: Draft, party: str) -> Action:
    """A call that completes one or several withdrawals, in half of the cases for the account with most of them due.

    Seldom it includes withdrawals that are not due yet, or has another sender.
    """
    last_block = current_block(draft) - draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    if choices.one_in(8):
        last_block = current_block(draft) + 1
    nonces = _pending(draft, party, last_block)
    if choices.one_in(2):
        for other in PARTIES:
            others = _pending(draft, other, last_block)
            if len(others) > len(nonces):
                party, nonces = other, others
    completions = [_completion(choices, draft, party, nonce) for nonce in nonces or [0]]
    sender = choices.pick(PARTIES) if choices.one_in(6) else party
    if choices.one_in(4):
        return CompleteQueuedWithdrawal(sender, completions[0])
    count = 1 + choices.below(2) if choices.one_in(4) else len(completions)
    return CompleteQueuedWithdrawals(sender, tuple(completions[:count]))


def _pending(draft: Draft, party: str, before_block: int) -> list[int]:
    """The nonces of an account's pending withdrawals that were queued before a block. Only the last RECALLED
    withdrawals that it ever queued, pending or not, are looked at.
    """
    queued = draft.get(STAKERS, party).withdrawals_queued
    nonces: list[int] = []
    for nonce in range(max(queued - RECALLED, 0), queued):
        row = draft.get(WITHDRAWALS, (party, nonce))
        if row.is_pending and row.start_block < before_block:
            nonces.append(nonce)
    return nonces


def _completion(choices: Choices, draft: Draft, party: str, nonce: int) -> Completion:
    count = draft.get(WITHDRAWALS, (party, nonce)).strategy_count
    strategies = [draft.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
    return Completion(
        party, nonce, tuple([TOKENS.get(strategy, "token0") for strategy in strategies]), choices.one_in(2)
    )


def _magnitude(choices: Choices, draft: Draft, operator: str, operator_set: OperatorSet, strategy: str) -> int:
    """A new magnitude of an operator's allocation, higher or lower than the current one where possible."""
    magnitude, _, _ = settled_magnitudes(draft, operator, operator_set, strategy)
    free_magnitude = (
        MAX_MAGNITUDES.latest(draft, (operator, strategy))
        - draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
        + due_magnitude(draft, operator, strategy)
    )
    magnitudes = [
        changed
        for changed in (
            magnitude + (free_magnitude >> 1),
            magnitude >> 1,
            magnitude + min(free_magnitude, 7),
            0,
        )
        if changed != magnitude
    ]
    return choices.pick(magnitudes) if magnitudes else magnitude


def _allocate(choices: Choices, draft: Draft) -> Action:
    """A ModifyAllocations call for two strategies of one operator set, or for one strategy in each of two sets."""
    operator, (one, other) = choices.pick(OPERATORS), _two(choices)
    first, second = choices.pick(((SETS[0], SETS[0]), (SETS[1], SETS[2]), (SETS[3], SETS[1]), (SETS[3], SETS[3])))
    magnitudes = (
        _magnitude(choices, draft, operator, first, one),
        _magnitude(choices, draft, operator, second, other),
    )
    if first == second:
        return ModifyAllocations(operator, operator, (AllocationRequest(first, (one, other), magnitudes),))
    requests = (
        AllocationRequest(first, (one,), magnitudes[:1]),
        AllocationRequest(second, (other,), magnitudes[1:]),
    )
    return ModifyAllocations(operator, operator, requests)


def _clear(choices: Choices, draft: Draft, party: str) -> Action:
    """A ClearDeallocationQueue call for two strategies, with a different number of deallocations to clear for each.

    Both strategies have due changes if some operator has two such strategies.
    """
    numbers = choices.pick(((0, 2), (1, 2), (0, 1)))
    for operator in OPERATORS:
        due = [strategy for strategy in POOLS if due_magnitude(draft, operator, strategy) > 0]
        if len(due) > 1:
            return ClearDeallocationQueue(party, operator, (due[0], due[1]), numbers)
    return ClearDeallocationQueue(party, choices.pick(OPERATORS), _two(choices), numbers)


def _delegate(choices: Choices, draft: Draft) -> Action:
    """A call by which a staker delegates, redelegates or is undelegated. The approval mostly has an unused salt."""
    staker = NEWCOMER if choices.one_in(8) else choices.pick(STAKERS_)
    operator = choices.pick(OPERATORS)
    salt = choices.below(3) if choices.one_in(3) else choices.below(10_000)
    approval = Approval(APPROVER if operator == OPERATORS[0] else ZERO_ADDRESS, salt, is_expired=False)
    if draft.get(STAKERS, staker).delegated_to == ZERO_ADDRESS:
        return DelegateTo(staker, operator, approval)
    if choices.one_in(2):
        return Redelegate(staker, operator, approval)
    return Undelegate(choices.pick((staker, APPROVER, STRANGER)), staker)


def _strange(choices: Choices, draft: Draft) -> Action:
    """A call that only an operator may make, from an account that is none; or a change of a slasher; or a registration
    as operator.

    A staker that has delegated may try to register, too.
    """
    approver = choices.pick((ZERO_ADDRESS, APPROVER))
    others: tuple[Action, ...] = (
        RegisterForOperatorSets(STRANGER, STRANGER, "avs0", (1,)),
        ModifyOperatorDetails(STRANGER, STRANGER, approver),
        SetAllocationDelay(STRANGER, STRANGER, choices.below(3)),
        ModifyAllocations(STRANGER, STRANGER, (AllocationRequest(SETS[0], POOLS[:1], (1,)),)),
        UpdateSlasher("avs0", SETS[0], choices.pick(("avs0", "avs1", ZERO_ADDRESS))),
    )
    delegated = [staker for staker in STAKERS_ if draft.get(STAKERS, staker).delegated_to != ZERO_ADDRESS]
    newcomer = draft.get(STAKERS, NEWCOMER)
    if newcomer.strategy_list and choices.one_in(2 if newcomer.delegated_to == ZERO_ADDRESS else 12):
        return RegisterAsOperator(NEWCOMER, approver, choices.below(3))
    if delegated and choices.one_in(2):
        return RegisterAsOperator(delegated[0], approver, 0)
    return choices.pick(others)


def _slash(choices: Choices, draft: Draft, operator: str, operator_set: OperatorSet) -> Action:
    """A slash of up to three strategies of an operator set, each by its own fraction.

    Seldom, or if the set has none of the three drawn strategies, the call names two of them whether they are in the set
    or not.
    """
    first = choices.below(len(POOLS) - 2)
    listed = [
        strategy
        for strategy in POOLS[first : first + 3]
        if draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
    ]
    strategies = POOLS[first : first + 2] if len(listed) == 0 or choices.one_in(8) else tuple(listed)
    fractions = tuple([choices.pick(FRACTIONS_WAD) for _ in strategies])
    slasher = slasher_in_force(draft, operator_set)
    return SlashOperator(slasher, operator_set[0], operator, operator_set[1], strategies, fractions)


def _of_sets(choices: Choices, draft: Draft) -> Action:
    """A call about operator sets: to join or leave two, create two, change their strategies, slash, or pay
    out a slash.
    """
    kind, operator, (one, other) = choices.below(8), choices.pick(OPERATORS), _two(choices)
    operator_set = choices.pick(SETS)
    if kind < 3:
        return _slash(choices, draft, operator, operator_set)
    if kind == 3:
        if draft.get(REGISTRATIONS, (operator, SETS[0])).is_registered:
            return DeregisterFromOperatorSets(operator, operator, "avs0", (1, 2))
        return RegisterForOperatorSets(operator, operator, "avs0", (1, 2))
    if kind == 4:
        first, second = 1 + choices.below(4), 4 + choices.below(1000)
        requests = (
            OperatorSetRequest(second, (one,), "avs1"),
            OperatorSetRequest(first, () if choices.one_in(2) else (one, other), "avs1"),
        )
        if choices.one_in(2):
            requests = (OperatorSetRequest(second, (one, other), "avs1"), OperatorSetRequest(second + 1, (), "avs1"))
        if choices.one_in(3):
            return CreateOperatorSets("avs1", "avs1", requests)
        return CreateRedistributingOperatorSets("avs1", "avs1", requests, ("recipient", "staker0"))
    if kind == 5:
        avs, number = operator_set
        if draft.get(OPERATOR_SET_STRATEGIES, (operator_set, one)).is_member and choices.one_in(2):
            return RemoveStrategiesFromOperatorSet(avs, avs, number, (one, other))
        return AddStrategiesToOperatorSet(avs, avs, number, (one,) if choices.one_in(2) else (one, other))
    slash_count = draft.get(OPERATOR_SETS, operator_set).slash_count
    slash_id = slash_count
    for earlier in range(max(slash_count - 3, 1), slash_count):
        if draft.get(SLASHES, (operator_set, earlier)).strategies:
            slash_id = earlier
    if kind == 6 and choices.one_in(2):
        return ClearBurnOrRedistributableSharesByStrategy(STRANGER, operator_set, slash_id, one)
    return ClearBurnOrRedistributableShares(STRANGER, operator_set, slash_id)


BATCHED: Final = Walk(PROTOCOL, CATALOGUE, _WORLD, _opening, _action)
