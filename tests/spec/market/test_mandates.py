"""Mandates and their plans, call by call: whole rows, and each reason of rejection in its order."""

from typing import Any

import attr
import pytest

from spec.eigenlayer import actions as el
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.state import ALLOCATIONS, REGISTRATIONS, TOKEN_BALANCES, Allocation, TokenBalance
from spec.machine import Delta, Draft
from spec.market.actions import (
    AdoptPlan,
    EnrolMandate,
    FundOffer,
    OpenMandate,
    OpenOffer,
    OpenReceiptVault,
    ProposePlan,
    Rebalance,
)
from spec.market.authority import Allocated
from spec.market.eigenlayer import AUTHORITY as ON_EIGENLAYER
from spec.market.mandates_state import (
    MANDATES,
    PACES,
    PENDING_PLANS,
    WEIGHTS,
    Cap,
    Mandate,
    Pace,
    PendingPlan,
    Plan,
    Target,
    Weight,
)
from spec.market.plans import MAX_TARGETS, in_force, pending, plan_at
from spec.market.reasons import Reason
from spec.market.state import COMMISSIONS, METERS, POSITIONS, Commission, Counted, Risk
from spec.market.symbiotic import AUTHORITY as ON_SYMBIOTIC
from spec.market.symbiotic import PROTOCOL
from spec.symbiotic import actions as sym
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.state import VAULTS
from tests.spec.market.conftest import MANDATED as ACCOUNT
from tests.spec.market.conftest import NEIGHBOUR, VAULT, WAD, Chain, terms
from tests.spec.market.conftest import SERVICE as NETWORK

A, B, C = Target(NETWORK, "operator"), Target(NETWORK, "partner"), Target(NEIGHBOUR, "operator")
OPEN = OpenMandate("governor", "main", VAULT, 20)
PLAN = ProposePlan("governor", "main", (A, B, C), (Cap((NETWORK,), (), WAD // 2),), WAD // 4, 10)
REBALANCE = Rebalance("anybody", "main")


@pytest.fixture
def vault(curated: Chain) -> Chain:
    return curated


def limits(chain: Chain, *targets: Target) -> tuple[int, ...]:
    """The amount of the vault's stake that the mandate's account has assigned to each target, in the order of the
    targets.
    """
    return tuple(ON_SYMBIOTIC.allocated(chain.now, ACCOUNT, VAULT, target).amount for target in targets)


def followed(chain: Chain, plan: ProposePlan = PLAN) -> Chain:
    chain.do(OPEN, plan, sym.AdvanceTime(20), AdoptPlan("anybody", "main"))
    return chain


def test_a_mandate_opens_once_and_where_its_account_has_the_power(vault: Chain) -> None:
    assert vault.try_(attr.evolve(OPEN, mandate="")) is Reason.INVALID_MANDATE
    assert vault.try_(attr.evolve(OPEN, delay_points=-1)) is Reason.INVALID_MANDATE
    assert vault.try_(attr.evolve(OPEN, mandate="other")) is Reason.NO_AUTHORITY
    assert vault.try_(attr.evolve(OPEN, pool="network_restake instant")) is Reason.NO_AUTHORITY
    vault.state.rows(VAULTS)["network_restake instant"] = attr.evolve(
        vault.now.get(VAULTS, "network_restake instant"), admin=ACCOUNT
    )
    assert vault.try_(attr.evolve(OPEN, pool="network_restake instant")) is Reason.NO_AUTHORITY
    assert vault.try_(OPEN) is None
    assert vault.now.get(MANDATES, "main") == Mandate(True, "governor", VAULT, 20)
    assert vault.try_(attr.evolve(OPEN, mandate="main", delay_points=-1)) is Reason.MANDATE_IS_OPEN


@pytest.mark.parametrize(
    "changed",
    [
        {"targets": ()},
        {"targets": (A, B, A)},
        {"targets": (A, Target(NETWORK, "operator", 1))},
        {"targets": (Target(NETWORK, "operator", -1),)},
        {"targets": tuple(Target(("network", number), "operator") for number in range(MAX_TARGETS + 1))},
        {"caps": (Cap((), (), 0),) * (MAX_TARGETS + 1)},
        {"caps": (Cap((NETWORK,), (), -1),)},
        {"caps": (Cap((NETWORK,), (), WAD + 1),)},
        {"step_wad": 0},
        {"step_wad": WAD + 1},
        {"period_points": 0},
    ],
)
def test_a_plan_by_which_nothing_can_be_split_is_none(vault: Chain, changed: dict[str, Any]) -> None:
    vault.do(OPEN)
    assert vault.try_(attr.evolve(PLAN, **changed)) is Reason.INVALID_PLAN
    assert vault.try_(attr.evolve(PLAN, step_wad=WAD)) is None


def test_a_plan_waits_and_then_anybody_brings_it_into_force(vault: Chain) -> None:
    assert vault.try_(PLAN) is Reason.NO_SUCH_MANDATE
    assert vault.try_(AdoptPlan("anybody", "main")) is Reason.NO_PLAN_PENDING
    vault.do(OPEN)
    assert vault.try_(attr.evolve(PLAN, sender="anybody", targets=())) is Reason.NOT_THE_GOVERNOR
    assert vault.try_(REBALANCE) is Reason.NO_PLAN_IN_FORCE
    assert vault.try_(attr.evolve(PLAN, period_points=7)) is None
    vault.do(sym.AdvanceTime(19), PLAN)
    plan = Plan(PLAN.targets, PLAN.caps, WAD // 4, 10)
    assert vault.now.get(PENDING_PLANS, "main") == PendingPlan(True, 2, 1039)
    assert plan_at(vault.now, pending(vault.now, "main")) == plan
    assert plan_at(vault.now, in_force(vault.now, "main")) == Plan()
    vault.do(sym.AdvanceTime(19))
    assert vault.try_(AdoptPlan("anybody", "main")) is Reason.TOO_EARLY
    assert vault.try_(REBALANCE) is Reason.NO_PLAN_IN_FORCE
    vault.do(sym.AdvanceTime(1), AdoptPlan("anybody", "main"))
    assert vault.now.get(PENDING_PLANS, "main") == PendingPlan()
    assert plan_at(vault.now, in_force(vault.now, "main")) == plan
    assert limits(vault, A, B, C) == (0, 0, 0)
    for targets in ((A, B), (A, C, B), (A, B, Target(NEIGHBOUR, "partner"))):
        assert vault.try_(attr.evolve(PLAN, targets=targets)) is Reason.INVALID_PLAN
    assert (
        vault.try_(attr.evolve(PLAN, targets=(A, B, attr.evolve(C, loss_rate=5), Target(NEIGHBOUR, "partner")))) is None
    )


def test_a_rebalancing_moves_a_step_in_a_period(vault: Chain) -> None:
    """Both networks pay alike. The first may have half of the stake, for its two operators; the second has the rest."""
    followed(vault)
    assert vault.do(REBALANCE) == 250
    assert limits(vault, A, B, C) == (250, 0, 0)
    assert [vault.now.get(WEIGHTS, ("main", place)) for place in range(3)] == [Weight(WAD // 4)] * 2 + [
        Weight(WAD // 2)
    ]
    assert vault.now.get(PACES, "main") == Pace(reserve_wad=0, next_point=1030)
    vault.do(sym.AdvanceTime(9))
    assert vault.try_(REBALANCE) is Reason.TOO_EARLY
    for expected in ((250, 250, 0), (250, 250, 250), (250, 250, 500)):
        vault.do(sym.AdvanceTime(10))
        assert vault.do(REBALANCE) == 250
        assert limits(vault, A, B, C) == expected
    vault.do(sym.AdvanceTime(10))
    assert vault.try_(REBALANCE) is Reason.NOTHING_TO_MOVE
    now = 1069
    assert [stake_at(vault.now, VAULT, one.service, one.operator, now) for one in (A, B, C)] == [250, 250, 500]


def settled(vault: Chain, plan: ProposePlan = PLAN) -> Chain:
    """The vault after it has adopted the plan and moved all the stake that the plan asks for."""
    followed(vault, attr.evolve(plan, step_wad=WAD)).do(REBALANCE, sym.AdvanceTime(10))
    return vault


def test_what_is_lost_is_split_anew(vault: Chain) -> None:
    settled(vault)
    assert limits(vault, A, B, C) == (250, 250, 500)
    vault.do(sym.Slash("middleware", VAULT, NETWORK, "operator", 200, 1029))
    assert vault.do(REBALANCE) == 200
    assert limits(vault, A, B, C) == (200, 200, 400)


def test_a_plan_moves_stake_from_one_to_another_by_no_more_than_a_step_each(vault: Chain) -> None:
    """A new plan gives the second operator nothing, with a step of a tenth of the stake."""
    settled(vault)
    plan = attr.evolve(PLAN, caps=(Cap((), ("partner",), 0),), step_wad=WAD // 10)
    vault.do(plan, sym.AdvanceTime(20))
    assert vault.try_(REBALANCE) is Reason.NOTHING_TO_MOVE  # for the plan waits
    vault.do(AdoptPlan("anybody", "main"))
    assert vault.do(REBALANCE) == 200
    assert limits(vault, A, B, C) == (350, 150, 500)
    vault.do(sym.AdvanceTime(10), Rebalance("other", "main"))
    assert limits(vault, A, B, C) == (450, 50, 500)
    vault.do(sym.AdvanceTime(10), REBALANCE)
    assert limits(vault, A, B, C) == (500, 0, 500)


def test_a_group_of_operators_and_services_is_capped_together(vault: Chain) -> None:
    group = Cap((NEIGHBOUR,), ("partner",), WAD // 5)
    settled(vault, attr.evolve(PLAN, caps=(group,)))
    assert limits(vault, A, B, C) == (800, 100, 100)
    everything = Cap((NETWORK, NEIGHBOUR), (), WAD // 2)
    vault.do(
        attr.evolve(PLAN, caps=(group, everything), step_wad=WAD), sym.AdvanceTime(20), AdoptPlan("anybody", "main")
    )
    vault.do(REBALANCE)
    assert limits(vault, A, B, C) == (300, 100, 100)
    assert vault.now.get(PACES, "main").reserve_wad == WAD // 2


def test_what_one_target_is_given_leaves_less_room_to_the_next(vault: Chain) -> None:
    """The first target's decrease uses up the step. The second thus keeps more than its goal, and leaves the third only
    50.
    """
    second = ("network", 2)
    vault.do(sym.SetMaxNetworkLimit("network", VAULT, 2, 10**6), OpenOffer("network", second, VAULT, terms(), Risk()))
    vault.do(FundOffer("network", second, VAULT, 1000))
    targets = (C, A, Target(second, "operator"), Target(second, "partner"))
    caps = (Cap((NEIGHBOUR,), (), WAD // 2), Cap((NETWORK,), (), WAD * 45 // 100), Cap((second,), (), 0))
    settled(vault, attr.evolve(PLAN, targets=targets, caps=caps))
    assert limits(vault, *targets) == (500, 450, 0, 0)
    group = (Cap((NEIGHBOUR,), (), WAD * 3 // 10), Cap((NETWORK, second), (), WAD // 2))
    plan = attr.evolve(PLAN, targets=targets, caps=group, step_wad=WAD // 10)
    vault.do(plan, sym.AdvanceTime(20), AdoptPlan("anybody", "main"), REBALANCE)
    assert limits(vault, *targets) == (400, 450, 50, 0)


def test_a_weight_is_the_fee_less_the_larger_loss(vault: Chain) -> None:
    """The rate is a thousandth of a token. One network's declared loss takes a quarter of it.

    The governor's expected loss for one operator takes half.
    """
    rate = WAD // 1000
    declared = Risk(WAD // 4000, WAD // 4000, 0, WAD, 1)
    service = ("network", 2)
    vault.do(
        sym.SetMaxNetworkLimit("network", VAULT, 2, 10**6), OpenOffer("network", service, VAULT, terms(), declared)
    )
    vault.do(FundOffer("network", service, VAULT, 1000))
    targets = (Target(NETWORK, "operator"), Target(NETWORK, "partner", rate // 2), Target(service, "operator", 1))
    settled(vault, attr.evolve(PLAN, targets=targets, caps=()))
    weights = [vault.now.get(WEIGHTS, ("main", place)).wad for place in range(3)]
    assert weights == [WAD * 4 // 9 + 1, WAD * 2 // 9, WAD * 3 // 9]
    assert limits(vault, *targets) == (444, 222, 333)  # rounded down: what is left stays back


def test_who_does_not_pay_gets_nothing(vault: Chain) -> None:
    """A target whose offer has an empty budget loses its stake. A target whose offer was never opened gets none."""
    stranger = Target(("network", 7), "operator")
    settled(vault, attr.evolve(PLAN, targets=(A, C, stranger), caps=(Cap((NEIGHBOUR,), (), WAD // 2),)))
    assert limits(vault, A, C, stranger) == (500, 500, 0)
    vault.state.rows(METERS)[(NETWORK, VAULT)] = attr.evolve(vault.now.get(METERS, (NETWORK, VAULT)), budget_grains=0)
    assert vault.do(REBALANCE) == 500
    assert limits(vault, A, C, stranger) == (0, 500, 0)
    assert vault.now.get(PACES, "main").reserve_wad == WAD // 2


def test_no_target_gets_more_than_its_network_accepts(vault: Chain) -> None:
    vault.do(sym.SetMaxNetworkLimit("neighbour", VAULT, 1, 30))
    settled(vault)
    assert limits(vault, A, B, C) == (250, 250, 30)
    vault.do(sym.SetMaxNetworkLimit("neighbour", VAULT, 1, 10))
    assert vault.try_(REBALANCE) is Reason.NOTHING_TO_MOVE
    assert limits(vault, C) == (30,)


def test_what_a_network_took_back_and_accepts_again_is_backed_again(vault: Chain) -> None:
    """The subnetwork's limit falls with the network's own maximum. It rises again only by a rebalancing."""
    settled(vault)
    accepts = [sym.SetMaxNetworkLimit("neighbour", VAULT, 1, amount) for amount in (300, 10**6)]
    vault.do(accepts[0])
    assert vault.try_(REBALANCE) is Reason.NOTHING_TO_MOVE
    vault.do(accepts[1])
    assert stake_at(vault.now, VAULT, C.service, C.operator, 1030) == 300
    assert vault.do(REBALANCE) == 0
    assert stake_at(vault.now, VAULT, C.service, C.operator, 1030) == 500
    assert limits(vault, A, B, C) == (250, 250, 500)


@pytest.mark.parametrize("caller", ["governor", "network", ACCOUNT, "zero"])
def test_who_calls_makes_no_difference(vault: Chain, caller: str) -> None:
    followed(vault)
    one, other = [PROTOCOL.transition(Draft(vault.state), Rebalance(who, "main")) for who in ("anybody", caller)]
    assert isinstance(one, Delta)
    assert isinstance(other, Delta)
    assert repr(one.writes) == repr(other.writes)
    assert one.returns == other.returns == 250


SETS = (("avs", 1), ("avs", 2))
T1, T2 = [Target(one, ACCOUNT) for one in SETS]
ON_STRATEGY = OpenMandate("governor", "main", "strategy0", 20)


@pytest.fixture
def operator(on_eigenlayer: Chain) -> Chain:
    """A fixture: a chain with two operator sets of one AVS, whose funded offers pay equal fees. No mandate is
    open yet.
    """
    chain = on_eigenlayer
    second = el.OperatorSetRequest(2, ("strategy0",), "slasher")
    chain.do(el.CreateOperatorSets("avs", "avs", (second,)))
    for service in SETS:
        chain.do(OpenOffer("avs", service, "strategy0", terms(), Risk()), FundOffer("avs", service, "strategy0", 1000))
    return chain


def split_in(chain: Chain, *targets: Target, **changed: Any) -> None:
    plan = ProposePlan("governor", "main", targets, (), WAD, 3)
    chain.do(attr.evolve(plan, **changed), el.MineBlocks(20), AdoptPlan("anybody", "main"))


def test_a_mandate_on_eigenlayer_is_an_operator_that_allocates_itself(operator: Chain) -> None:
    chain = operator
    chain.do(OpenReceiptVault("anybody", "mandates/taken", "strategy0", "operator", ""))
    assert chain.try_(attr.evolve(ON_STRATEGY, mandate="taken")) is Reason.BASE_REFUSES
    chain.do(ON_STRATEGY)
    assert (
        chain.try_(ProposePlan("governor", "main", (Target(SETS[0], "operator"),), (), WAD, 3)) is Reason.INVALID_PLAN
    )
    split_in(chain, T1, T2, caps=(Cap((SETS[0],), (), WAD // 4),), step_wad=WAD // 2)
    now = 1029
    assert chain.do(REBALANCE) == WAD // 2
    first, second = [chain.now.get(ALLOCATIONS, (ACCOUNT, one, "strategy0")) for one in SETS]
    assert (first, second) == (Allocation(0, WAD // 4, now + 2), Allocation(0, WAD // 4, now + 2))
    assert all(chain.now.get(REGISTRATIONS, (ACCOUNT, one)).is_registered for one in SETS)
    assert allocated(chain, T2) == Allocated(WAD // 4, WAD // 4, WAD * 3 // 4, is_fixed=True, is_backed=True)
    chain.do(el.MineBlocks(3))
    assert chain.do(REBALANCE) == WAD // 2
    assert [allocated(chain, one).amount for one in (T1, T2)] == [WAD // 4, WAD * 3 // 4]


def allocated(chain: Chain, target: Target) -> Allocated:
    return ON_EIGENLAYER.allocated(chain.now, ACCOUNT, "strategy0", target)


def test_what_can_still_be_slashed_gives_no_room(operator: Chain) -> None:
    """A deallocation counts until its block of effect. Only then can the other set get more."""
    chain = operator
    chain.do(ON_STRATEGY)
    split_in(chain, T1, T2, caps=(Cap((SETS[1],), (), 0),))
    chain.do(REBALANCE, el.MineBlocks(5))
    split_in(chain, T1, T2, caps=(Cap((SETS[0],), (), WAD // 4),), period_points=1)
    assert chain.do(REBALANCE) == WAD * 3 // 4
    assert allocated(chain, T1) == Allocated(WAD // 4, WAD, WAD // 4, is_fixed=True, is_backed=True)
    chain.do(el.MineBlocks(8))
    assert chain.try_(REBALANCE) is Reason.NOTHING_TO_MOVE
    chain.do(el.MineBlocks(1))
    assert chain.do(REBALANCE) == WAD * 3 // 4
    assert [allocated(chain, one).amount for one in (T1, T2)] == [WAD // 4, WAD * 3 // 4]


def test_a_set_that_puts_the_operator_out_gets_no_more_until_no_slash_reaches_it(operator: Chain) -> None:
    chain = operator
    chain.do(ON_STRATEGY)
    split_in(chain, T1, T2, step_wad=WAD // 4)
    chain.do(REBALANCE, el.DeregisterFromOperatorSets("avs", ACCOUNT, "avs", (1,)), el.MineBlocks(3))
    assert allocated(chain, T1) == Allocated(WAD // 4, WAD // 4, WAD // 4, is_fixed=False, is_backed=True)
    assert chain.do(REBALANCE) == WAD // 4
    assert [allocated(chain, one).amount for one in (T1, T2)] == [WAD // 4, WAD // 4]
    chain.do(el.MineBlocks(9))
    assert chain.do(REBALANCE) == WAD // 4
    assert [allocated(chain, one).amount for one in (T1, T2)] == [WAD // 2, WAD // 4]
    assert chain.now.get(REGISTRATIONS, (ACCOUNT, SETS[0])).is_registered


def test_an_operator_that_was_put_out_registers_anew(operator: Chain) -> None:
    chain = operator
    chain.do(ON_STRATEGY)
    split_in(chain, T1, T2)
    chain.do(REBALANCE, el.DeregisterFromOperatorSets("avs", ACCOUNT, "avs", (1,)), el.MineBlocks(8))
    assert chain.try_(REBALANCE) is Reason.NOTHING_TO_MOVE  # the set can still slash it
    chain.do(el.MineBlocks(1))
    assert not allocated(chain, T1).is_backed
    assert chain.do(REBALANCE) == 0
    assert chain.now.get(REGISTRATIONS, (ACCOUNT, SETS[0])).is_registered
    assert [allocated(chain, one).amount for one in (T1, T2)] == [WAD // 2, WAD // 2]


def test_a_set_that_does_not_exist_or_has_no_registrar_gets_nothing(operator: Chain) -> None:
    chain = operator
    chain.do(ON_STRATEGY)
    nowhere, unanswered = Target(("avs", 9), ACCOUNT), Target(("avs2", 1), ACCOUNT)
    chain.do(el.UpdateAvsMetadata("avs2", "avs2"))
    chain.do(el.CreateOperatorSets("avs2", "avs2", (el.OperatorSetRequest(1, ("strategy0",), "slasher"),)))
    chain.state.rows(TOKEN_BALANCES)[("token2", "avs2")] = TokenBalance(1000)
    for service in (nowhere.service, unanswered.service):
        chain.do(OpenOffer(service[0], service, "strategy0", terms(), Risk()))
        chain.do(FundOffer(service[0], service, "strategy0", 100))
    split_in(chain, nowhere, unanswered, T2)
    chain.do(REBALANCE)
    amounts = [allocated(chain, one).amount for one in (nowhere, unanswered, T2)]
    assert amounts == [0, 0, WAD // 3]
    assert allocated(chain, nowhere).is_fixed


def test_nothing_moves_at_the_end_of_time(operator: Chain) -> None:
    chain = operator
    chain.do(ON_STRATEGY)
    split_in(chain, T1)
    chain.do(el.MineBlocks(2**32 - 1 - 1029 - 8))
    assert chain.try_(REBALANCE) is Reason.NOTHING_TO_MOVE


def test_the_operator_is_enrolled_without_commission(operator: Chain) -> None:
    chain = operator
    enrol = EnrolMandate("anybody", "main", SETS[0])
    assert chain.try_(enrol) is Reason.NO_SUCH_TARGET
    chain.do(ON_STRATEGY)
    split_in(chain, T2)
    assert chain.try_(enrol) is Reason.NO_SUCH_TARGET
    enrol = EnrolMandate("anybody", "main", SETS[1])
    chain.do(REBALANCE, el.MineBlocks(2), el.DelegateTo("other", ACCOUNT, NO_APPROVAL))
    chain.do(el.DepositIntoStrategy("other", "strategy0", "token0", 500))
    assert chain.do(enrol) == 500
    position = ((SETS[1], "strategy0"), ACCOUNT)
    assert chain.now.get(POSITIONS, position) == Counted(True, 500, 0)
    assert chain.now.get(COMMISSIONS, position) == Commission()
    assert chain.try_(enrol) is Reason.ALREADY_COUNTED


def test_on_symbiotic_nobody_is_enrolled_but_itself(vault: Chain) -> None:
    followed(vault)
    assert vault.try_(EnrolMandate("anybody", "main", NETWORK)) is Reason.NO_SUCH_TARGET
