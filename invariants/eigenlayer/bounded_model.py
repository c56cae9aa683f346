"""EigenLayer's bounded model.

It has one token strategy and native ETH, one operator in two operator sets, and two stakers, one of them with a pod.
One AVS pays rewards, and one staker claims them.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import WORLD as WALKED
from invariants.eigenlayer.world import with_native_eth
from invariants.exploring import BoundedModel
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    ClearBurnOrRedistributableShares,
    CompleteQueuedWithdrawal,
    Completion,
    CreateOperatorSets,
    CreatePod,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    FundPod,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    SlashOperator,
    Undelegate,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.rewards_actions import (
    Claim,
    CreateAvsRewardsSubmission,
    ProcessClaim,
    RewardsSubmission,
    SetOperatorAvsSplit,
    StrategyAndMultiplier,
    SubmitRoot,
    TokenClaim,
)
from spec.eigenlayer.rewards_config import PROOF_OK
from spec.eigenlayer.state import OperatorSet
from spec.eigenlayer.trace_head import RESOLUTION_DELAY
from spec.machine import Draft

STAKERS_: Final = ("staker0", "staker1")
STRATEGY: Final = "strategy0"
TOKEN: Final = "token0"
BOTH: Final = (STRATEGY, BEACON_CHAIN_ETH)
POD_WEI: Final = 4 * GWEI_TO_WEI
REWARD: Final = 4
BURNING: Final[OperatorSet] = ("avs0", 1)
REDISTRIBUTING: Final[OperatorSet] = ("avs1", 1)
HALF_WAD: Final = 500_000_000_000_000_000


WORLD: Final = with_native_eth(
    {
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
            "token_balances": {TOKEN: {**dict.fromkeys(STAKERS_, "10"), "avs0": str(2 * REWARD)}},
            "infinite_allowance_to_strategy_manager": [*STAKERS_],
        },
    }
)
"""The world: one whitelisted strategy and native ETH, two stakers with ten tokens each, an AVS that can pay twice.

Delays are one block, and two for withdrawals.
"""


def opening() -> list[Action]:
    """The opening calls of the model: each staker deposits three tokens; the first also has ETH in a pod and delegates.

    Each operator set has half of the operator's magnitude in the token strategy; the set that burns slashed shares also
    has half in native ETH. One rewards submission was paid, and one root is active.
    """
    actions: list[Action] = [UpdateAvsMetadata(avs, avs) for avs, _ in (BURNING, REDISTRIBUTING)]
    actions += [
        CreateOperatorSets("avs0", "avs0", (OperatorSetRequest(1, BOTH, "avs0"),)),
        CreateRedistributingOperatorSets("avs1", "avs1", (OperatorSetRequest(1, (STRATEGY,), "avs1"),), ("recipient",)),
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        _pay(),
        _publish("tree0", 5_000),
        MineBlocks(2, 60),
    ]
    actions += [RegisterForOperatorSets("operator0", "operator0", avs, (1,)) for avs in ("avs0", "avs1")]
    native = AllocationRequest(BURNING, (BEACON_CHAIN_ETH,), (HALF_WAD,))
    actions += [_allocate(operator_set, HALF_WAD) for operator_set in (BURNING, REDISTRIBUTING)]
    actions += [ModifyAllocations("operator0", "operator0", (native,))]
    actions += [_deposit(staker, 3) for staker in STAKERS_]
    actions += [CreatePod("staker0"), FundPod("staker0", POD_WEI), _report(0, POD_WEI)]
    return [*actions, DelegateTo("staker0", "operator0", NO_APPROVAL)]


def _deposit(staker: str, amount: int) -> Action:
    return DepositIntoStrategy(staker, STRATEGY, TOKEN, amount)


def _report(balance_wei: int, delta_wei: int) -> Action:
    return RecordBeaconChainEthBalanceUpdate("staker0", "staker0", balance_wei, delta_wei, is_from_pod=True)


def _pay() -> Action:
    """A call that submits rewards of half of the AVS's initial tokens."""
    strategies = (StrategyAndMultiplier(STRATEGY, 1),)
    return CreateAvsRewardsSubmission("avs0", (RewardsSubmission(strategies, TOKEN, REWARD, 5_000, 100),))


def _publish(tree: str, calculation_end_timestamp: int) -> Action:
    return SubmitRoot("updater", tree, calculation_end_timestamp)


def _claim() -> Action:
    claim = Claim(0, "staker0", PROOF_OK, (TokenClaim(TOKEN, REWARD - 1, PROOF_OK),), 1, 1)
    return ProcessClaim("staker0", claim, "staker0")


def _queue(staker: str, shares: int, strategy: str = STRATEGY) -> Action:
    return QueueWithdrawals(staker, (WithdrawalRequest((strategy,), (shares,)),))


def _complete(staker: str, receive_as_tokens: bool) -> Action:
    """A call that completes the first withdrawal that a staker queued, in tokens or in shares."""
    return CompleteQueuedWithdrawal(staker, Completion(staker, 0, (TOKEN,), receive_as_tokens))


def _slash(operator_set: OperatorSet, strategies: tuple[str, ...], wad_to_slash: int) -> Action:
    avs, number = operator_set
    return SlashOperator(avs, avs, "operator0", number, strategies, (wad_to_slash,) * len(strategies))


def _allocate(operator_set: OperatorSet, magnitude: int) -> Action:
    return ModifyAllocations("operator0", "operator0", (AllocationRequest(operator_set, (STRATEGY,), (magnitude,)),))


CALLS: Final[list[Action]] = [
    MineBlocks(1, 12),
    MineBlocks(3, 41),
    _deposit("staker0", 2),
    DelegateTo("staker1", "operator0", NO_APPROVAL),
    Undelegate("staker0", "staker0"),
    _queue("staker0", 2),
    _queue("staker1", 3),
    _complete("staker0", receive_as_tokens=True),
    _complete("staker0", receive_as_tokens=False),
    _complete("staker1", receive_as_tokens=True),
    _slash(BURNING, BOTH, HALF_WAD),
    _slash(REDISTRIBUTING, (STRATEGY,), WAD),
    ClearBurnOrRedistributableShares("anybody", BURNING, 1),
    ClearBurnOrRedistributableShares("anybody", REDISTRIBUTING, 1),
    _allocate(BURNING, 0),
    _allocate(BURNING, WAD),
    DeregisterFromOperatorSets("operator0", "operator0", "avs0", (1,)),
    _report(POD_WEI, -(POD_WEI >> 1)),
    _queue("staker0", POD_WEI >> 1, BEACON_CHAIN_ETH),
    _pay(),
    _publish("tree1", 5_050),
    _claim(),
    SetOperatorAvsSplit("operator0", "operator0", "avs0", 5_000),
]
"""The calls of the model: one or two of every kind that moves stake, and one of most kinds for native ETH
and rewards.
"""


def next_action(choices: Choices, _draft: Draft) -> Action:
    """One of the model's calls, drawn at random."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action), CALLS)
