"""Walks through worlds made for what an ordinary walk hardly meets: shares so few that dust keeps somebody in, and more
strategies than one staker may hold.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import WORLD
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    Approval,
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
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    OPERATOR_SETS,
    OPERATOR_SHARES,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    WITHDRAWALS,
)
from spec.machine import Draft

STAKERS_: Final = ("staker0", "staker1")
OPERATORS: Final = ("operator0", "operator1", "operator2")
STRATEGY: Final = "strategy0"
TOKEN: Final = "token0"
WIDE: Final = tuple([f"strategy{number}" for number in range(34)])
"""Two more than one staker may hold."""

LAST_CALL_BLOCK: Final = 1150
"""From here on everybody leaves."""

NO_APPROVAL: Final = Approval(ZERO_ADDRESS, 0, False)


def _world(
    name: str, stakers: tuple[str, ...], operators: tuple[str, ...], strategies: tuple[str, ...]
) -> dict[str, Json]:
    """A world of one token, of which everybody has a million."""
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
            "token_balances": {TOKEN: dict.fromkeys(accounts, str(10**6))},
            "infinite_allowance_to_strategy_manager": [*accounts],
        },
    }


def _tight_opening() -> list[Action]:
    """One set that slashes everything of three operators."""
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
    """A few shares come while there are few, and none after a while; operators are slashed by half, and of everything;
    everybody leaves, each share in a position of its own.
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
                return CompleteQueuedWithdrawal(leaving, Completion(leaving, nonce, tokens, True))
    return MineBlocks(1)


def _wide_action(choices: Choices, _draft: Draft) -> Action:
    """One staker deposits into any of the strategies, and takes something out again."""
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
DETOURS: Final = (TIGHT, MANY_STRATEGIES)
