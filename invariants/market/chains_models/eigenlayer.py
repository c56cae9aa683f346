"""The bounded model of other chains on EigenLayer: magnitude, shares or the operator leave, with different delays."""

from typing import Any, Final, cast

from invariants.eigenlayer.bounded_model import BURNING, STRATEGY, TOKEN, WORLD, opening
from invariants.exploring import BoundedModel
from invariants.market.chains_models import model_on
from invariants.market.eigenlayer import head
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer.actions import (
    AllocationRequest,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    QueueWithdrawals,
    SlashOperator,
    WithdrawalRequest,
)
from spec.market.chains_actions import CheckCertificate, DeliverTable, OpenChannel, SendTable
from spec.market.chains_state import ChannelTerms
from spec.market.eigenlayer import PORT, PROTOCOL
from spec.market.recourses.eigenlayer import RECOURSE

WINDOW: Final = 3
"""The number of blocks until a deallocation takes effect; withdrawals wait for one more."""


def calls_of(reaction: int) -> tuple[list[Any], list[Any]]:
    """The model's opening calls, and the calls among which it chooses. `reaction` is the home chain's reaction time, in
    blocks.

    The opening sends a table of half of the operator's magnitude in block 106.
    """
    service, pool, chain = BURNING, STRATEGY, "rollup"
    terms = ChannelTerms(delay_points=1, staleness_points=1, reaction_points=reaction, is_bounded=False)
    beginning = [
        *opening(),
        DepositIntoStrategy("staker0", pool, TOKEN, 7),
        MineBlocks(4, 48),
        OpenChannel("avs0", service, pool, chain, terms),
        SendTable("avs0", service, pool, chain, ("operator0",)),
    ]
    calls = [
        MineBlocks(1, 12),
        MineBlocks(1 + reaction, 12 * (1 + reaction)),
        ModifyAllocations("operator0", "operator0", (AllocationRequest(service, (pool,), (0,)),)),
        DeregisterFromOperatorSets("operator0", "operator0", "avs0", (1,)),
        QueueWithdrawals("staker0", (WithdrawalRequest((pool,), (6,)),)),
        SlashOperator("avs0", "avs0", "operator0", 1, (pool,), (WAD >> 1,)),
        DeliverTable("anybody", service, pool, chain, 106),
        CheckCertificate("anybody", service, pool, chain, 106, ("operator0",), 1),
    ]
    return beginning, calls


def on_eigenlayer(reaction: int) -> BoundedModel:
    """The bounded model on EigenLayer, with a window of three blocks, and a reaction time of `reaction` blocks."""
    config = cast("dict[str, Json]", WORLD["config"])
    delays: dict[str, Json] = {
        "DEALLOCATION_DELAY": WINDOW,
        "MIN_WITHDRAWAL_DELAY_BLOCKS": WINDOW + 1,
    }
    world = head({**WORLD, "config": {**config, **delays}}, 2)
    beginning, calls = calls_of(reaction)
    return model_on(PROTOCOL, PORT, RECOURSE, world, beginning, calls)
