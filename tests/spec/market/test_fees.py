"""The rules of fees on both base protocols, call by call: whole rows, and each reason of rejection in its order."""

import pytest

from spec.eigenlayer import actions as el
from spec.machine import SINGLETON
from spec.market.actions import (
    ApplyCommission,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    FundOffer,
    Join,
    OpenOffer,
    ProposeCommission,
    StepRate,
)
from spec.market.counting import MAX_COUNTED
from spec.market.port import ANY_OPERATOR
from spec.market.rates import EXPONENTIAL
from spec.market.reasons import Reason
from spec.market.state import (
    CLAIMABLES,
    COMMISSIONS,
    FEEDS,
    GROUPS,
    HOLDINGS,
    METERS,
    POSITIONS,
    POSITIONS_BY_ROW,
    RISKS,
    TERMS,
    TREASURY,
    Claimable,
    Commission,
    Counted,
    ListedPosition,
    Meter,
    Risk,
    Shared,
    Terms,
    Treasury,
)
from spec.market.transition import ACCOUNT
from spec.symbiotic.actions import (
    AdvanceTime,
    Deposit,
    OptInVault,
    OptOutVault,
    Redeem,
    SetMaxNetworkLimit,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    Slash,
)
from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import ACTIVE_STAKE, TOKEN_BALANCES
from tests.spec.market.conftest import DELAY, NO_RISK, VAULT, WAD, Chain, terms

SERVICE = ("network", 1)
OFFER = (SERVICE, VAULT)
POSITION = (OFFER, "operator")
GROUP = (ANY_OPERATOR, VAULT)
RATE = WAD // 1000
OPEN = OpenOffer("network", SERVICE, VAULT, terms(), NO_RISK)


def running(chain: Chain, budget: int = 100, commission_wad: int = WAD // 10) -> None:
    """A funded offer with the operator's position and the staker in its group, at one fee unit per second.

    `budget` is in fee tokens, `commission_wad` the operator's fraction of the fees.
    """
    chain.do(OPEN, FundOffer("network", SERVICE, VAULT, budget), Enrol("operator", SERVICE, VAULT, commission_wad))
    assert chain.do(Join("staker", GROUP)) == 1000


def test_an_offer_opens_at_its_floor(on_symbiotic: Chain) -> None:
    chain, risk = on_symbiotic, Risk(WAD // 200, WAD // 10, WAD // 8, WAD, 31_557_600)
    exponential = terms(EXPONENTIAL)
    assert chain.try_(OpenOffer("network", SERVICE, VAULT, exponential, risk)) is None
    opened = Terms(True, EXPONENTIAL, 2000, 8, RATE, WAD // 250, WAD // 10, 10)
    assert chain.now.get(TERMS, OFFER) == opened
    assert chain.now.get(RISKS, OFFER) == risk
    assert chain.now.get(METERS, OFFER) == Meter(rate=RATE, updated_point=1000, stepped_point=1000)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (OpenOffer("outsider", SERVICE, VAULT, Terms(), NO_RISK), Reason.NOT_THE_SERVICE),
        (OpenOffer("network", SERVICE, VAULT, Terms(curve="steep"), NO_RISK), Reason.UNKNOWN_CURVE),
        (OpenOffer("network", SERVICE, VAULT, terms(target_stake=0), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(divisor=0), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(period_points=0), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(floor_rate=0), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(cap_rate=RATE - 1), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(max_step_wad=0), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(max_step_wad=WAD + 1), Risk(1)), Reason.INVALID_TERMS),
        (OpenOffer("network", SERVICE, VAULT, terms(), Risk(WAD, WAD - 1, 0, WAD)), Reason.INVALID_RISK),
        (OpenOffer("network", SERVICE, VAULT, terms(), Risk(WAD, WAD, 0, WAD, 0)), Reason.INVALID_RISK),
        (
            OpenOffer("network", SERVICE, VAULT, terms(), Risk(RATE + 1, RATE + 1, 0, WAD)),
            Reason.FLOOR_BELOW_BREAK_EVEN,
        ),
        (OpenOffer("network", SERVICE, VAULT, terms(), Risk(RATE, RATE, 0, WAD)), None),
    ],
)
def test_what_an_offer_is_refused_for(on_symbiotic: Chain, action: OpenOffer, reason: Reason | None) -> None:
    assert on_symbiotic.try_(action) is reason


def test_an_offer_is_opened_once(on_symbiotic: Chain) -> None:
    on_symbiotic.do(OPEN)
    assert on_symbiotic.try_(OpenOffer("network", SERVICE, VAULT, Terms(), NO_RISK)) is Reason.OFFER_IS_OPEN


def test_a_budget_is_paid_in_by_the_bases_own_transfer(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(FundOffer("network", SERVICE, VAULT, 0)) is Reason.NO_SUCH_OFFER
    chain.do(OPEN)
    assert chain.try_(FundOffer("network", SERVICE, VAULT, 0)) is Reason.NOTHING_TO_PAY_IN
    assert chain.try_(FundOffer("network", SERVICE, VAULT, 10**6 + 1)) is Reason.PAYMENT_FAILED
    chain.do(AdvanceTime(3), FundOffer("network", SERVICE, VAULT, 100), FundOffer("staker", SERVICE, VAULT, 7))
    assert chain.now.get(METERS, OFFER) == Meter(107 * WAD, rate=RATE, updated_point=1003, stepped_point=1000)
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded=107, paid=0)
    assert chain.now.get(TOKEN_BALANCES, (COLLATERAL, ACCOUNT)).amount == 107


def test_a_position_earns_by_the_second_and_the_unit(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    running(chain)
    assert FEEDS.members(chain.now, GROUP) == [ListedPosition(POSITION)]
    chain.do(AdvanceTime(10))
    assert chain.do(CountPosition("anybody", SERVICE, VAULT, "operator")) == 1000
    assert chain.now.get(METERS, OFFER) == Meter(90 * WAD, 0, 10 * RATE, RATE, 0, 1000, 1010, 1000)
    assert chain.now.get(POSITIONS, POSITION) == Counted(True, 1000, 10 * RATE)
    assert chain.now.get(CLAIMABLES, "operator") == Claimable(WAD)
    assert chain.now.get(GROUPS, GROUP) == Shared(1000, 9 * WAD // 1000, 9 * WAD, 0)
    assert chain.do(CountHolding("anybody", GROUP, "staker")) == 1000
    assert chain.now.get(GROUPS, GROUP) == Shared(1000, 9 * WAD // 1000, 0, 0)
    assert chain.do(ClaimFees("staker")) == 9
    assert chain.now.get(TREASURY, SINGLETON) == Treasury(funded=100, paid=9)
    assert chain.try_(ClaimFees("staker")) is Reason.NOTHING_TO_CLAIM


def test_an_empty_budget_stops_accrual_and_nothing_else(on_symbiotic: Chain) -> None:
    """A point is paid in full or not at all, so that half a second's fees stay. A later budget pays no
    earlier point.
    """
    chain = on_symbiotic
    running(chain, budget=5)
    chain.do(AdvanceTime(100), CountPosition("anybody", SERVICE, VAULT, "operator"))
    assert chain.now.get(METERS, OFFER) == Meter(0, 0, 5 * RATE, RATE, 0, 1000, 1100, 1000)
    assert chain.do(StepRate("anybody", SERVICE, VAULT)) == RATE + RATE // 16
    chain.do(Deposit("staker", VAULT, "staker", 500), AdvanceTime(7), FundOffer("network", SERVICE, VAULT, 2))
    chain.do(AdvanceTime(1), CountPosition("anybody", SERVICE, VAULT, "operator"))
    burn = (RATE + RATE // 16) * 1500
    assert chain.now.get(METERS, OFFER).budget_grains == 2 * WAD - burn
    chain.do(AdvanceTime(100), CountPosition("anybody", SERVICE, VAULT, "operator"))
    assert chain.now.get(METERS, OFFER).budget_grains == 2 * WAD - burn > 0


def test_what_nobody_has_joined_for_goes_back_to_the_budget(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(OPEN, FundOffer("network", SERVICE, VAULT, 100), Enrol("operator", SERVICE, VAULT, WAD // 4))
    chain.do(AdvanceTime(8))
    chain.do(Join("staker", GROUP))
    assert chain.now.get(METERS, OFFER) == Meter(98 * WAD, 0, 8 * RATE, RATE, 0, 1000, 1008, 1000)
    assert chain.now.get(CLAIMABLES, "operator") == Claimable(2 * WAD)
    assert chain.now.get(GROUPS, GROUP) == Shared(weight=1000)


def test_a_base_call_settles_what_it_changes_before_it_does(on_symbiotic: Chain) -> None:
    """A holder that joins or deposits has no share in earlier fees. A slash lowers the counted stake at once."""
    chain = on_symbiotic
    running(chain, commission_wad=0)
    chain.do(AdvanceTime(6), Deposit("other", VAULT, "other", 2000), Join("other", GROUP))
    assert chain.now.get(CLAIMABLES, "other") == Claimable(0)
    assert chain.now.get(POSITIONS, POSITION) == Counted(True, 3000, 6 * RATE)
    assert chain.now.get(GROUPS, GROUP) == Shared(3000, 6 * WAD // 1000, 6 * WAD, 0)
    chain.do(AdvanceTime(4), Slash("middleware", VAULT, SERVICE, "operator", 600, 1009))
    assert ACTIVE_STAKE.latest(chain.now, VAULT) == 2400
    assert chain.now.get(POSITIONS, POSITION) == Counted(True, 2400, 10 * RATE)
    assert chain.now.get(METERS, OFFER).stake == 2400
    chain.do(Redeem("other", VAULT, "other", 2000))
    assert chain.now.get(HOLDINGS, (GROUP, "other")) == Counted(True, 0, 10 * WAD // 1000)
    assert chain.now.get(CLAIMABLES, "other") == Claimable(8 * WAD)
    assert chain.now.get(GROUPS, GROUP) == Shared(1000, 10 * WAD // 1000, 10 * WAD, 0)
    chain.do(OptOutVault("operator", VAULT))
    assert chain.now.get(POSITIONS, POSITION) == Counted(True, 0, 10 * RATE)
    chain.do(OptInVault("operator", VAULT))
    assert chain.now.get(METERS, OFFER).stake == 800


def test_a_group_carries_what_does_not_go_round(on_symbiotic: Chain) -> None:
    """At a rate of one grain, 1000 of 1001 units of weight back the operator. The remainder of each division is carried
    over.
    """
    chain = on_symbiotic
    service, offer = ("network", 2), (("network", 2), "full_restake instant")
    chain.do(
        SetMaxNetworkLimit("network", VAULT, 2, 1000),
        SetNetworkLimit("admin", VAULT, service, 1000),
        SetOperatorNetworkLimit("admin", VAULT, service, "operator", 1000),
        Deposit("staker", VAULT, "staker", 1),
        OpenOffer("network", service, VAULT, terms(floor_rate=1), NO_RISK),
        FundOffer("network", service, VAULT, 1),
        Enrol("operator", service, VAULT, 0),
        Join("staker", GROUP),
        AdvanceTime(1),
        CountHolding("anybody", GROUP, "staker"),
    )
    assert chain.now.get(METERS, offer).budget_grains == WAD - 1000
    assert chain.now.get(GROUPS, GROUP) == Shared(1001, 0, 1000, 1000)
    chain.do(AdvanceTime(1), CountHolding("anybody", GROUP, "staker"))
    assert chain.now.get(GROUPS, GROUP) == Shared(1001, 1, 999, 999)
    assert chain.now.get(CLAIMABLES, "staker") == Claimable(1001)
    assert chain.try_(ClaimFees("staker")) is Reason.NOTHING_TO_CLAIM


def test_a_commission_changes_after_its_delay_and_not_for_the_past(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(ProposeCommission("operator", SERVICE, VAULT, WAD + 1)) is Reason.NOT_COUNTED
    assert chain.try_(ApplyCommission("anybody", SERVICE, VAULT, "operator")) is Reason.NO_COMMISSION_PENDING
    running(chain, commission_wad=0)
    assert chain.try_(ProposeCommission("operator", SERVICE, VAULT, WAD + 1)) is Reason.INVALID_COMMISSION
    chain.do(ProposeCommission("operator", SERVICE, VAULT, WAD))
    assert chain.now.get(COMMISSIONS, POSITION) == Commission(0, True, WAD, 1000 + DELAY)
    chain.do(AdvanceTime(DELAY - 1))
    assert chain.try_(ApplyCommission("anybody", SERVICE, VAULT, "operator")) is Reason.TOO_EARLY
    chain.do(AdvanceTime(1), ApplyCommission("anybody", SERVICE, VAULT, "operator"))
    assert chain.now.get(COMMISSIONS, POSITION) == Commission(WAD)
    assert chain.now.get(CLAIMABLES, "operator") == Claimable(0)
    assert chain.now.get(GROUPS, GROUP).held_grains == DELAY * WAD
    chain.do(AdvanceTime(3), CountPosition("anybody", SERVICE, VAULT, "operator"))
    assert chain.now.get(CLAIMABLES, "operator") == Claimable(3 * WAD)


def test_the_rate_takes_one_step_a_period(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(StepRate("anybody", SERVICE, VAULT)) is Reason.NO_SUCH_OFFER
    running(chain)
    chain.do(AdvanceTime(9))
    assert chain.try_(StepRate("anybody", SERVICE, VAULT)) is Reason.TOO_EARLY
    chain.do(AdvanceTime(1))
    assert chain.do(StepRate("anybody", SERVICE, VAULT)) == RATE + RATE // 16
    assert chain.try_(StepRate("anybody", SERVICE, VAULT)) is Reason.TOO_EARLY
    assert chain.now.get(METERS, OFFER) == Meter(90 * WAD, 10 * WAD, 10 * RATE, RATE + RATE // 16, 0, 1000, 1010, 1010)


def test_what_counting_is_refused_for(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    assert chain.try_(Enrol("operator", SERVICE, VAULT, WAD + 1)) is Reason.NO_SUCH_OFFER
    assert chain.try_(CountPosition("anybody", SERVICE, VAULT, "operator")) is Reason.NOT_COUNTED
    assert chain.try_(CountHolding("anybody", GROUP, "staker")) is Reason.NOT_COUNTED
    running(chain)
    assert chain.try_(Enrol("operator", SERVICE, VAULT, WAD + 1)) is Reason.ALREADY_COUNTED
    assert chain.try_(Enrol("partner", SERVICE, VAULT, WAD + 1)) is Reason.INVALID_COMMISSION
    assert chain.try_(Join("staker", GROUP)) is Reason.ALREADY_COUNTED


def test_a_row_of_the_base_carries_no_more_than_a_call_can_settle(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(OPEN)
    for number in range(MAX_COUNTED):
        chain.do(Enrol(f"operator{number}", SERVICE, VAULT, 0))
    assert POSITIONS_BY_ROW.size(chain.now, ("active_stake", VAULT)) == MAX_COUNTED
    assert chain.try_(Enrol("operator", SERVICE, VAULT, 0)) is Reason.TOO_MANY_COUNTED


def test_claims_commute(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    running(chain)
    chain.do(AdvanceTime(10), CountHolding("anybody", GROUP, "staker"))
    start = chain.state.copy()
    assert [chain.do(ClaimFees(account)) for account in ("operator", "staker")] == [1, 9]
    end, chain.state = chain.state, start
    assert [chain.do(ClaimFees(account)) for account in ("staker", "operator")] == [9, 1]
    assert chain.state.tables == end.tables


def test_on_eigenlayer_stake_on_its_way_out_earns_nothing(on_eigenlayer: Chain) -> None:
    """Stake under a pending deallocation is still slashable, but earns no more fees. A slash lowers the counted stake
    at once.
    """
    chain, service, pool, offer = on_eigenlayer, ("avs", 1), "strategy0", (("avs", 1), "strategy0")
    chain.do(
        OpenOffer("avs", service, pool, terms(), NO_RISK),
        FundOffer("avs", service, pool, 100),
        Join("staker", ("operator", pool)),
    )
    assert chain.do(Enrol("operator", service, pool, 0)) == 1000
    chain.do(el.MineBlocks(4))
    request = el.AllocationRequest(service, (pool,), (WAD // 4,))
    chain.do(el.ModifyAllocations("operator", "operator", (request,)))
    assert chain.now.get(POSITIONS, (offer, "operator")) == Counted(True, 250, 4 * RATE)
    chain.do(el.SlashOperator("slasher", "avs", "operator", 1, (pool,), (WAD // 10,)))
    assert chain.now.get(POSITIONS, (offer, "operator")) == Counted(True, 225, 4 * RATE)
    chain.do(el.DeregisterFromOperatorSets("operator", "operator", "avs", (1,)))
    assert chain.now.get(METERS, offer) == Meter(96 * WAD, 0, 4 * RATE, RATE, 0, 0, 1013, 1009)
    chain.do(el.Undelegate("staker", "staker"))
    assert chain.now.get(HOLDINGS, (("operator", pool), "staker")) == Counted(True, 0, 4 * RATE)
    assert chain.do(ClaimFees("staker")) == 4
