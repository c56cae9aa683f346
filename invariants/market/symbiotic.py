"""The market on Symbiotic: its laws, and walks through both."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.exploring import BoundedModel
from invariants.market.base_laws import with_base_laws
from invariants.market.books import BookLaws
from invariants.market.fees import FeeLaws
from invariants.market.walk import Cast, market_action
from invariants.market.witnesses import WITNESSES
from invariants.symbiotic import bounded_model
from invariants.symbiotic.laws import CATALOGUE as BASE_CATALOGUE
from invariants.symbiotic.walk import OPERATORS, SINGLE, STAKERS, SUBNETWORKS, UNSLASHED, VETOED
from invariants.symbiotic.walk import RESTAKING as SHARED
from invariants.symbiotic.walk import WALK as BASE_WALK
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
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
from spec.market.rates import BASE_FEE
from spec.market.state import Risk, Terms
from spec.market.symbiotic import PORT, PROTOCOL
from spec.symbiotic import PROTOCOL as BASE
from spec.symbiotic.actions import AdvanceTime, Deposit, OptOutVault, Redeem, Slash
from spec.symbiotic.state import TOKEN_BALANCES

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
    services=SUBNETWORKS[:2],
    pools=(SHARED, VETOED, SHARED, UNSLASHED),
    operators=OPERATORS,
    holders=STAKERS,
    payers=STAKERS,
    group=PORT.group,
)


def head(base: dict[str, Json], delay: int) -> dict[str, Json]:
    """The head of a trace: a market that is paid in collateral, in a world of the base."""
    return {
        "protocol": PROTOCOL.name,
        "base": base,
        "market": {"fee_token": "collateral", "commission_delay_points": delay},
    }


def prelude() -> list[Any]:
    """After the base's opening: two stakers are in every vault where something can be slashed."""
    return [Deposit(staker, vault, staker, 10**18) for staker in STAKERS[:2] for vault in (SHARED, VETOED, SINGLE)]


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

SERVICE: Final = ("network0", 0)
VAULT: Final = bounded_model.SHARED
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
GROUP: Final = PORT.group("operator0", VAULT)


def small_opening() -> list[Any]:
    """The base's bounded opening, and an offer with three of collateral for it."""
    return [
        *bounded_model.opening(),
        OpenOffer("network0", SERVICE, VAULT, TERMS, Risk()),
        FundOffer("staker0", SERVICE, VAULT, 3),
    ]


CALLS: Final[list[Any]] = [
    AdvanceTime(1),
    AdvanceTime(3),
    Enrol("operator0", SERVICE, VAULT, WAD // 3),
    Join("staker0", GROUP),
    Join("staker1", GROUP),
    StepRate("staker0", SERVICE, VAULT),
    CountPosition("staker0", SERVICE, VAULT, "operator0"),
    CountHolding("staker1", GROUP, "staker0"),
    ClaimFees("staker0"),
    ClaimFees("operator0"),
    Redeem("staker0", VAULT, "staker0", 2),
    OptOutVault("operator0", VAULT),
    Slash("middleware0", VAULT, SERVICE, "operator0", 2, bounded_model.START),
]
"""One or two calls of everything that earns, shares and claims fees, and that takes stake away meanwhile."""


def _any_call(choices: Choices, _draft: Draft) -> Any:
    """Any of the calls."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(
    Walk(PROTOCOL, CATALOGUE, head(bounded_model.WORLD, 2), small_opening, _any_call), CALLS
)
