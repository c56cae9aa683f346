"""EigenLayer's bounded model: one strategy, one operator, two stakers, and two operator sets of that operator."""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import WORLD as WALKED
from invariants.exploring import BoundedModel
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
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    QueueWithdrawals,
    RegisterAsOperator,
    RegisterForOperatorSets,
    SlashOperator,
    Undelegate,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.codec import RESOLUTION_DELAY
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import OperatorSet
from spec.machine import Draft

STAKERS_: Final = ("staker0", "staker1")
STRATEGY: Final = "strategy0"
TOKEN: Final = "token0"
BURNING: Final[OperatorSet] = ("avs0", 1)
REDISTRIBUTING: Final[OperatorSet] = ("avs1", 1)
HALF_WAD: Final = 500_000_000_000_000_000
NO_APPROVAL: Final = Approval(ZERO_ADDRESS, 0, False)


WORLD: Final[dict[str, Json]] = {
    **WALKED,
    "config": {
        **cast("dict[str, Json]", WALKED["config"]),
        "MIN_WITHDRAWAL_DELAY_BLOCKS": 2,
        "DEALLOCATION_DELAY": 1,
        "ALLOCATION_CONFIGURATION_DELAY": 1,
        "SLASHER_CONFIGURATION_DELAY": 1,
        RESOLUTION_DELAY: 1,
    },
    "genesis": {
        **cast("dict[str, Json]", WALKED["genesis"]),
        "block": 100,
        "stakers": [*STAKERS_],
        "operators": ["operator0"],
        "tokens": [TOKEN],
        "strategies": {STRATEGY: {"underlying_token": TOKEN, "whitelisted": True}},
        "strategy_address_order": [STRATEGY],
        "operator_set_universe": ["avs0/1", "avs1/1"],
        "token_balances": {TOKEN: dict.fromkeys(STAKERS_, "10")},
        "infinite_allowance_to_strategy_manager": [*STAKERS_],
    },
}
"""One open strategy, delays of one block and of two for withdrawals, and two stakers with ten tokens each."""


def opening() -> list[Action]:
    """Both stakers deposit three tokens, the first delegates, and each set gets half the operator's magnitude."""
    actions: list[Action] = [UpdateAvsMetadata(avs, avs) for avs, _ in (BURNING, REDISTRIBUTING)]
    actions += [
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, (STRATEGY,), "avs0"),)),
        CreateRedistributingOperatorSets("avs1", "avs1", (OperatorSetRequest(1, (STRATEGY,), "avs1"),), ("recipient",)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        MineBlocks(2),
    ]
    actions += [RegisterForOperatorSets("operator0", "operator0", avs, (1,)) for avs in ("avs0", "avs1")]
    actions += [_allocate(operator_set, HALF_WAD) for operator_set in (BURNING, REDISTRIBUTING)]
    actions += [_deposit(staker, 3) for staker in STAKERS_]
    return [*actions, DelegateTo("staker0", "operator0", NO_APPROVAL)]


def _deposit(staker: str, amount: int) -> Action:
    return DepositIntoStrategy(staker, STRATEGY, TOKEN, amount)


def _queue(staker: str, shares: int) -> Action:
    return QueueWithdrawals(staker, (WithdrawalRequest((STRATEGY,), (shares,)),))


def _complete(staker: str, receive_as_tokens: bool) -> Action:
    """The first withdrawal that a staker queued."""
    return CompleteQueuedWithdrawal(staker, Completion(staker, 0, (TOKEN,), receive_as_tokens))


def _slash(operator_set: OperatorSet, wad_to_slash: int) -> Action:
    avs, number = operator_set
    return SlashOperator(avs, avs, "operator0", number, (STRATEGY,), (wad_to_slash,))


def _allocate(operator_set: OperatorSet, magnitude: int) -> Action:
    return ModifyAllocations("operator0", "operator0", (AllocationRequest(operator_set, (STRATEGY,), (magnitude,)),))


CALLS: Final[list[Action]] = [
    MineBlocks(1),
    MineBlocks(3),
    _deposit("staker0", 2),
    DelegateTo("staker1", "operator0", NO_APPROVAL),
    Undelegate("staker0", "staker0"),
    _queue("staker0", 2),
    _queue("staker1", 3),
    _complete("staker0", True),
    _complete("staker0", False),
    _complete("staker1", True),
    _slash(BURNING, HALF_WAD),
    _slash(REDISTRIBUTING, WAD),
    ClearBurnOrRedistributableShares("anybody", BURNING, 1),
    ClearBurnOrRedistributableShares("anybody", REDISTRIBUTING, 1),
    _allocate(BURNING, 0),
    _allocate(BURNING, WAD),
    DeregisterFromOperatorSets("operator0", "operator0", "avs0", (1,)),
]
"""One or two ways of everything that moves stake: in, out, to an operator, to a set, and away."""


def next_action(choices: Choices, _draft: Draft) -> Action:
    """Any of the calls."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action), CALLS)
