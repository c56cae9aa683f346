"""EigenLayer's scenarios: walks through worlds made for situations that ordinary walks hardly reach.

Examples are strategies with so few shares that dust blocks a withdrawal, more strategies than one staker may hold, and
more tokens than a strategy accepts.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer import due_changes
from invariants.eigenlayer.batched_calls import BATCHED
from invariants.eigenlayer.deficits import DEFICITS
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.native_walk import NATIVE
from invariants.eigenlayer.rewards_edges import REWARDS_EDGES
from invariants.eigenlayer.rewards_walk import FIRST_SECONDS, LAST_SECONDS, REWARDS
from invariants.eigenlayer.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import UINT256_MAX, WAD, mul_div_floor
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    ClearBurnOrRedistributableShares,
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
    TransferToken,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, MAX_TOTAL_SHARES, SHARES_OFFSET, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.state import (
    OPERATOR_SETS,
    OPERATOR_SHARES,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
)
from spec.machine import Draft

STAKERS_: Final = ("staker0", "staker1")
OPERATORS: Final = ("operator0", "operator1", "operator2")
STRATEGY: Final = "strategy0"
TOKEN: Final = "token0"
WIDE: Final = tuple([f"strategy{number}" for number in range(34)])
"""The strategies of the world with many strategies: two more than one staker may hold."""

GIANTS: Final = 32
"""The number of strategies in the world where accounts hold more tokens than a strategy accepts."""

LAST_CALL_BLOCK: Final = 1150
"""The block from which on nobody deposits any more, so that everybody exits."""

MOST_REPORTABLE: Final = mul_div_floor(UINT256_MAX, 1, WAD) - BALANCE_OFFSET
"""The largest token balance of a strategy whose exchange rate the contract can still emit."""


def _world(
    name: str,
    stakers: tuple[str, ...],
    operators: tuple[str, ...],
    strategies: tuple[str, ...],
    balance: int = 10**6,
) -> dict[str, Json]:
    """A world with these stakers, operators and strategies, and one token, of which every staker and operator has
    `balance`.
    """
    accounts = (*stakers, *operators)
    return {
        **WORLD,
        "name": name,
        "genesis": {
            **cast("dict[str, Json]", WORLD["genesis"]),
            "stakers": [*stakers],
            "operators": [*operators],
            "tokens": [TOKEN],
            "strategies": {strategy: {"underlying_token": TOKEN, "whitelisted": True} for strategy in strategies},
            "strategy_address_order": [*strategies],
            "operator_set_universe": ["avs0/1"],
            "token_balances": {TOKEN: dict.fromkeys(accounts, str(balance))},
            "infinite_allowance_to_strategy_manager": [*accounts],
        },
    }


def _tight_opening() -> list[Action]:
    """The walk's opening calls: one operator set that can slash the whole magnitude of three operators."""
    actions: list[Action] = [
        UpdateAvsMetadata("avs0", "avs0"),
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, (STRATEGY,), "avs0"),)),
    ]
    for operator in OPERATORS:
        allocation = AllocationRequest(("avs0", 1), (STRATEGY,), (WAD,))
        actions += [
            RegisterAsOperator(operator, ZERO_ADDRESS, 0),
            RegisterForOperatorSets(operator, operator, "avs0", (1,)),
            ModifyAllocations(operator, operator, (allocation,)),
        ]
    return actions


def _tight_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: small deposits for a while, slashes of half or all, payouts, and withdrawals that list
    the strategy once for each share.
    """
    party, operator = choices.pick((*STAKERS_, *OPERATORS)), choices.pick(OPERATORS)
    held = draft.get(STAKER_SHARES, (party, STRATEGY)).deposit_shares
    slashes = draft.get(OPERATOR_SETS, ("avs0", 1)).slash_count
    kind = choices.below(12)
    if kind < 3 and current_block(draft) < LAST_CALL_BLOCK and draft.get(STRATEGIES, STRATEGY).total_shares < 8:
        return DepositIntoStrategy(party, STRATEGY, TOKEN, 1 + choices.below(3))
    if kind < 4:
        return MineBlocks(choices.pick((1, 11)))
    if kind == 4 and draft.get(OPERATOR_SHARES, (operator, STRATEGY)).shares:
        fraction_wad = choices.pick((WAD >> 1, WAD))
        return SlashOperator("avs0", "avs0", operator, 1, (STRATEGY,), (fraction_wad,))
    slash_id = max(slashes - choices.below(3), 1)
    if 4 < kind < 8 and draft.get(SLASHES, (("avs0", 1), slash_id)).strategies:
        return ClearBurnOrRedistributableShares(party, ("avs0", 1), slash_id)
    if kind == 8:
        return DelegateTo(STAKERS_[0], operator, NO_APPROVAL)
    if kind < 11 and held:
        return QueueWithdrawals(party, (WithdrawalRequest((STRATEGY,) * held, (1,) * held),))
    for leaving in (party, *STAKERS_, *OPERATORS):
        queued = draft.get(STAKERS, leaving).withdrawals_queued
        for nonce in range(max(queued - 8, 0), queued):
            row = draft.get(WITHDRAWALS, (leaving, nonce))
            if row.is_pending:
                tokens = (TOKEN,) * row.strategy_count
                return CompleteQueuedWithdrawal(leaving, Completion(leaving, nonce, tokens, receive_as_tokens=True))
    return MineBlocks(1)


def _short_opening() -> list[Action]:
    """The walk's opening calls, with a run that docs/findings explains: the last staker to exit cannot, for lack of one
    share.

    It works in any release. One withdrawal lists the strategy twice. Each listing has 3.96 shares left, for which the
    operator gives up three. A slash then leaves each 3.168, and books one share from the queue. The withdrawal still
    pays three for each, so nobody bears the booked share. The operator's last shares are slashed, too.
    """
    allocation = AllocationRequest(("avs0", 1), (STRATEGY,), (WAD,))
    fractions_wad = (mul_div_floor(WAD, 1, 100), mul_div_floor(WAD, 1, 5), WAD)
    slashes = [SlashOperator("avs0", "avs0", "operator0", 1, (STRATEGY,), (fraction,)) for fraction in fractions_wad]
    return [
        UpdateAvsMetadata("avs0", "avs0"),
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, (STRATEGY,), "avs0"),)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        RegisterForOperatorSets("operator0", "operator0", "avs0", (1,)),
        ModifyAllocations("operator0", "operator0", (allocation,)),
        DepositIntoStrategy("operator0", STRATEGY, TOKEN, 8),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, 1),
        slashes[0],
        QueueWithdrawals("operator0", (WithdrawalRequest((STRATEGY, STRATEGY), (4, 4)),)),
        QueueWithdrawals("staker0", (WithdrawalRequest((STRATEGY,), (1,)),)),
        slashes[1],
        MineBlocks(11),
        CompleteQueuedWithdrawal("operator0", Completion("operator0", 0, (TOKEN, TOKEN), receive_as_tokens=True)),
        slashes[2],
        MineBlocks(7),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 2),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 3),
    ]


def _short_before_v1_13_1_opening() -> list[Action]:
    """The walk's opening calls, with the shortest run, before v1.13.1, after which the last staker lacks one share.

    All scaled shares counted for slashes then. In newer releases the run leaves nobody a share short.
    """
    allocation = AllocationRequest(("avs0", 1), (STRATEGY,), (WAD,))
    return [
        UpdateAvsMetadata("avs0", "avs0"),
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, (STRATEGY,), "avs0"),)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        RegisterForOperatorSets("operator0", "operator0", "avs0", (1,)),
        ModifyAllocations("operator0", "operator0", (allocation,)),
        DepositIntoStrategy("operator0", STRATEGY, TOKEN, 2),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, 1),
        SlashOperator("avs0", "avs0", "operator0", 1, (STRATEGY,), (WAD >> 1,)),
        QueueWithdrawals("operator0", (WithdrawalRequest((STRATEGY, STRATEGY), (1, 1)),)),
        SlashOperator("avs0", "avs0", "operator0", 1, (STRATEGY,), (WAD,)),
        MineBlocks(7),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 1),
        ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 2),
        QueueWithdrawals("staker0", (WithdrawalRequest((STRATEGY,), (1,)),)),
        MineBlocks(11),
    ]


def _giant_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: a deposit at the limit of shares or one token above, or donations until the exchange rate
    overflows.
    """
    strategy = choices.pick(WIDE[:GIANTS])
    total_shares = draft.get(STRATEGIES, strategy).total_shares
    held = draft.get(TOKEN_BALANCES, (TOKEN, strategy)).amount
    left = max(MOST_REPORTABLE - held, 0)
    kind = choices.below(6)
    if kind == 0:
        return TransferToken("staker1", TOKEN, strategy, choices.pick((left >> 1, 7, left, 1, MOST_REPORTABLE)))
    if choices.one_in(6):
        return _giant_exit(choices, draft, strategy)
    if kind < 3:
        return DepositIntoStrategy("staker1", strategy, TOKEN, left + choices.below(2))
    most = mul_div_floor(MAX_TOTAL_SHARES - total_shares, held + BALANCE_OFFSET, total_shares + SHARES_OFFSET)
    return DepositIntoStrategy("staker0", strategy, TOKEN, choices.pick((most >> 1, most, most + 1, most << 1, 1)))


def _giant_exit(choices: Choices, draft: Draft, strategy: str) -> Action:
    """A call that queues or completes a withdrawal from a strategy with a huge balance.

    The payment's product may exceed 256 bits, or the exchange rate may be impossible to emit afterwards.
    """
    party = choices.pick(("staker0", "staker1"))
    nonce = draft.get(STAKERS, party).withdrawals_queued - 1
    if nonce >= 0 and draft.get(WITHDRAWALS, (party, nonce)).is_pending:
        row = draft.get(WITHDRAWALS, (party, nonce))
        if current_block(draft) <= row.start_block + 10:
            return MineBlocks(11)
        if choices.one_in(4):
            return TransferToken("staker1", TOKEN, strategy, MOST_REPORTABLE)
        if not choices.one_in(4):
            return CompleteQueuedWithdrawal(party, Completion(party, nonce, (TOKEN,), receive_as_tokens=True))
    held = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares
    return QueueWithdrawals(party, (WithdrawalRequest((strategy,), (choices.pick((1, 1, held, held >> 1)),)),))


def _worthless_opening() -> list[Action]:
    """The walk's opening calls: a staker's scaling factor is slightly below one by rounding, and its operator has one
    unit of magnitude.

    One more deposited share would give the staker a scaling factor of zero.
    """

    def allocates(magnitude: int) -> Action:
        return ModifyAllocations("operator0", "operator0", (AllocationRequest(("avs0", 1), (STRATEGY,), (magnitude,)),))

    return [
        UpdateAvsMetadata("avs0", "avs0"),
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, (STRATEGY,), "avs0"),)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        RegisterForOperatorSets("operator0", "operator0", "avs0", (1,)),
        allocates(1),
        SlashOperator("avs0", "avs0", "operator0", 1, (STRATEGY,), (WAD,)),
        allocates(WAD - 2),
        DelegateTo("staker0", "operator0", NO_APPROVAL),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, 1),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, 1),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, WAD),
        SlashOperator("avs0", "avs0", "operator0", 1, (STRATEGY,), (WAD,)),
        DepositIntoStrategy("staker0", STRATEGY, TOKEN, 1),
    ]


def _worthless_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: the staker deposits or withdraws one share, or a few WAD of shares."""
    kind = choices.below(8)
    if kind < 5:
        return DepositIntoStrategy("staker0", STRATEGY, TOKEN, choices.pick((1, 1, 2, WAD - 3, WAD, 3 * WAD)))
    if kind == 5:
        held = draft.get(STAKER_SHARES, ("staker0", STRATEGY)).deposit_shares
        shares = choices.pick((1, held, held % WAD, max(held - WAD, 1)))
        return QueueWithdrawals("staker0", (WithdrawalRequest((STRATEGY,), (shares,)),))
    nonce = max(draft.get(STAKERS, "staker0").withdrawals_queued - 1 - choices.below(2), 0)
    if draft.get(WITHDRAWALS, ("staker0", nonce)).is_pending:
        completion = Completion("staker0", nonce, (TOKEN,), choices.one_in(2))
        return CompleteQueuedWithdrawal("staker0", completion)
    return MineBlocks(11)


def _wide_action(choices: Choices, _draft: Draft) -> Action:
    """The walk's next action: one staker deposits in any strategy, or queues one share of it."""
    strategy = choices.pick(WIDE)
    if choices.one_in(8):
        return QueueWithdrawals("staker0", (WithdrawalRequest((strategy,), (1,)),))
    return DepositIntoStrategy("staker0", strategy, TOKEN, 1)


TIGHT: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("a strategy of few shares", STAKERS_, OPERATORS, (STRATEGY,)),
    _tight_opening,
    _tight_action,
)
MANY_STRATEGIES: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("more strategies than one staker may hold", ("staker0",), (), WIDE),
    lambda: [DepositIntoStrategy("staker0", strategy, TOKEN, 1) for strategy in WIDE],
    _wide_action,
)
LAST_EXIT: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("dust keeps the last one in", STAKERS_, OPERATORS, (STRATEGY,)),
    _short_opening,
    _tight_action,
)
OLD_LAST_EXIT: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("dust kept the last one in before v1.13.1", STAKERS_, OPERATORS, (STRATEGY,)),
    _short_before_v1_13_1_opening,
    _tight_action,
)
GIANT: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("more tokens than a strategy takes", STAKERS_, (), WIDE[:GIANTS], 10**62),
    list,
    _giant_action,
)
WORTHLESS: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("a factor of nearly nothing", STAKERS_, OPERATORS, (STRATEGY,), 10**24),
    _worthless_opening,
    _worthless_action,
)
DUE: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    _world("changes that are due", STAKERS_, OPERATORS, (STRATEGY,)),
    due_changes.opening,
    due_changes.next_action,
)
SCENARIOS: Final = (
    BATCHED,
    REWARDS,
    TIGHT,
    NATIVE,
    MANY_STRATEGIES,
    BATCHED,
    LAST_EXIT,
    REWARDS_EDGES,
    GIANT,
    DEFICITS,
    REWARDS,
    NATIVE,
    WORTHLESS,
    DUE,
    OLD_LAST_EXIT,
    LAST_SECONDS,
    FIRST_SECONDS,
)
