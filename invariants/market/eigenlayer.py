"""The market on EigenLayer: its laws, and walks through both."""

from typing import Any, Final, cast

from invariants.choices import Choices
from invariants.eigenlayer import bounded_model
from invariants.eigenlayer.laws import CATALOGUE as BASE_CATALOGUE
from invariants.eigenlayer.walk import OPERATORS, POOLS, SETS, STAKERS_, TOKENS
from invariants.eigenlayer.walk import WALK as BASE_WALK
from invariants.exploring import BoundedModel
from invariants.market.base_laws import with_base_laws
from invariants.market.books import BookLaws
from invariants.market.fees import FeeLaws
from invariants.market.walk import Cast, market_action
from invariants.market.witnesses import WITNESSES
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer import PROTOCOL as BASE
from spec.eigenlayer.actions import (
    AllocationRequest,
    DelegateTo,
    DepositIntoStrategy,
    MineBlocks,
    ModifyAllocations,
    SlashOperator,
    Undelegate,
)
from spec.eigenlayer.codec import NO_APPROVAL
from spec.eigenlayer.state import TOKEN_BALANCES
from spec.machine import Draft
from spec.market.actions import (
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    FundOffer,
    Join,
    OpenOffer,
    StepRate,
)
from spec.market.eigenlayer import PORT, PROTOCOL
from spec.market.rates import BASE_FEE
from spec.market.state import Risk, Terms
from spec.market.transition import ACCOUNT

BOOKS: Final = BookLaws(PORT, TOKEN_BALANCES)
LAWS: Final = FeeLaws(PORT)
CATALOGUE: Final = with_base_laws(
    BASE_CATALOGUE,
    BASE.actions,
    BOOKS.sums,
    BOOKS.state_laws(),
    LAWS.step_laws(),
    LAWS.rejection_laws(),
    WITNESSES,
)

CAST: Final = Cast(
    services=SETS[:2],
    pools=POOLS,
    operators=OPERATORS,
    holders=STAKERS_,
    payers=("avs0", *STAKERS_),
    group=PORT.group,
)


def head(base: dict[str, Json], delay: int) -> dict[str, Json]:
    """The head of a trace: a market that is paid in the first token, in a world of the base that has its account."""
    genesis = cast("dict[str, Json]", base["genesis"])
    others = [*cast("list[Json]", genesis["others"]), ACCOUNT]
    return {
        "protocol": PROTOCOL.name,
        "base": {**base, "genesis": {**genesis, "others": others}},
        "market": {"fee_token": "token0", "commission_delay_points": delay},
    }


def prelude() -> list[Any]:
    """After the base's opening: stakers have delegated, and either operator has allocated to both sets."""
    actions: list[Any] = [MineBlocks(6)]
    for operator, staker in zip(OPERATORS, STAKERS_, strict=False):
        actions += [DepositIntoStrategy(staker, pool, TOKENS[pool], 10**18) for pool in POOLS]
        requests = tuple([AllocationRequest(each, POOLS, (WAD // 4, WAD // 4)) for each in SETS[:2]])
        actions += [DelegateTo(staker, operator, NO_APPROVAL), ModifyAllocations(operator, operator, requests)]
    return [*actions, MineBlocks(2)]


def _above(base: Walk) -> Walk:
    """A walk of the base, with calls of the market between its own."""

    def next_action(choices: Choices, draft: Draft) -> Any:
        return market_action(CAST, choices, draft) if choices.one_in(2) else base.next_action(choices, draft)

    return Walk(PROTOCOL, CATALOGUE, head(base.world, 20), lambda: [*base.opening(), *prelude()], next_action)


def _drawn_walk(number: int) -> Walk:
    """The same in a drawn world of the base."""
    assert BASE_WALK.worlds is not None
    return _above(BASE_WALK.worlds(number))


_WALK: Final = _above(BASE_WALK)
WALK: Final = Walk(PROTOCOL, CATALOGUE, _WALK.world, _WALK.opening, _WALK.next_action, worlds=_drawn_walk)

SERVICE: Final = bounded_model.BURNING
POOL: Final = bounded_model.STRATEGY
TERMS: Final = Terms(
    is_open=False,
    curve=BASE_FEE,
    target_stake=10,
    divisor=2,
    floor_rate=WAD // 10,
    cap_rate=WAD,
    max_step_wad=WAD // 2,
    period_points=2,
)
GROUP: Final = PORT.group("operator0", POOL)


def small_opening() -> list[Any]:
    """The base's bounded opening, and an offer with three tokens for it."""
    return [
        *bounded_model.opening(),
        OpenOffer("avs0", SERVICE, POOL, TERMS, Risk()),
        FundOffer("staker1", SERVICE, POOL, 3),
    ]


CALLS: Final[list[Any]] = [
    MineBlocks(1, 12),
    MineBlocks(3, 41),
    Enrol("operator0", SERVICE, POOL, WAD // 3),
    Join("staker0", GROUP),
    Join("staker1", GROUP),
    StepRate("staker0", SERVICE, POOL),
    CountPosition("staker0", SERVICE, POOL, "operator0"),
    CountHolding("staker1", GROUP, "staker0"),
    ClaimFees("staker0"),
    ClaimFees("operator0"),
    DelegateTo("staker1", "operator0", NO_APPROVAL),
    Undelegate("staker0", "staker0"),
    SlashOperator("avs0", "avs0", "operator0", 1, (POOL,), (WAD >> 1,)),
]
"""One or two calls of everything that earns, shares and claims fees, and that takes stake away meanwhile."""


def _any_call(choices: Choices, _draft: Draft) -> Any:
    """Any of the calls."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(
    Walk(PROTOCOL, CATALOGUE, head(bounded_model.WORLD, 2), small_opening, _any_call), CALLS
)
