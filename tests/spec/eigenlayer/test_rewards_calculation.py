"""The calculation of rewards off the chain: by hand for small numbers, by bounds for large ones, and the known dust."""

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec.eigenlayer.actions import (
    AllocationRequest,
    DelegateTo,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromOperatorSet,
    Undelegate,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.rewards_actions import (
    CreateOperatorDirectedOperatorSetRewardsSubmission,
    CreateTotalStakeRewardsSubmission,
    CreateUniqueStakeRewardsSubmission,
    OperatorDirectedRewardsSubmission,
    OperatorReward,
    RewardsSubmission,
    StrategyAndMultiplier,
)
from spec.eigenlayer.rewards_calculation import (
    DAY_SECONDS,
    OPERATOR,
    REFUND,
    STAKER,
    Day,
    Payment,
    calculate,
    leaves,
    part_of,
    tokens_per_day,
)
from spec.eigenlayer.rewards_config import RewardsConfig
from spec.eigenlayer.rewards_state import AddressRank, Permission, RewardsSettings
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    ALLOWANCES,
    CLOCK,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_SETTINGS,
    TOKEN_BALANCES,
    Allowance,
    Clock,
    TokenBalance,
)
from spec.machine import SINGLETON
from spec.postgres_numeric import Numeric
from tests.spec.eigenlayer.conftest import WAD, Chain

if TYPE_CHECKING:
    from collections.abc import Callable

    from spec.eigenlayer.rewards_actions import RewardsAction

SET = ("avs", 1)
START = 20_000 * DAY_SECONDS
WEIGHTED = (StrategyAndMultiplier("strategy0", 1),)


def begun() -> Chain:
    """A chain whose operator has half its magnitude in a set, with two stakers of 1000 and 2000 shares."""
    chain = Chain()
    chain.secured(magnitude=WAD // 2)
    rows = chain.state.rows
    rows(REWARDS_CONFIG)[SINGLETON] = RewardsConfig(DAY_SECONDS, 100 * DAY_SECONDS, 100 * DAY_SECONDS, 0, 0)
    rows(REWARDS_SETTINGS)[SINGLETON] = RewardsSettings("updater", "fees", 0, 1000)
    rows(CLOCK)[SINGLETON] = Clock(2000, START)
    rows(REWARDS_ALLOWANCES)["avs"] = Permission(True)
    rows(TOKEN_BALANCES)[("paid", "avs")] = TokenBalance(10**38)
    rows(ADDRESS_RANKS)["operator"] = AddressRank(1)
    chain.do(DelegateTo("other", "operator", NO_APPROVAL))
    chain.deposit("other", 0, 2000)
    return chain


def history(chain: Chain, days: int, during: "dict[int, Callable[[], object]] | None" = None) -> list[Day]:
    """Consecutive days with their opening and closing states. `during` holds, by day number, an action taken
    at noon.
    """
    lived: list[Day] = []
    for number in range(1, days + 1):
        chain.do(MineBlocks(1, DAY_SECONDS // 2))
        chain.do(MineBlocks(1, DAY_SECONDS // 2))
        opening = chain.state.copy()
        if during and number in during:
            during[number]()
        lived.append(Day(START + number * DAY_SECONDS, opening, chain.state.copy()))
    return lived


def paid(payments: list[Payment]) -> dict[tuple[str, str], int]:
    """Earnings by role and account, in wei."""
    found: dict[tuple[str, str], int] = {}
    for payment in payments:
        key = (payment.role, payment.earner)
        found[key] = found.get(key, 0) + payment.amount
    return found


def plain(kind: type, amount: int, days: int) -> "RewardsAction":
    submission = RewardsSubmission(WEIGHTED, "paid", amount, START, days * DAY_SECONDS)
    return kind("avs", SET, (submission,))  # type: ignore[no-any-return]  # either of two classes


def named(amount: int, days: int, operator: str = "operator") -> "RewardsAction":
    submission = OperatorDirectedRewardsSubmission(
        WEIGHTED, "paid", (OperatorReward(operator, amount),), START, days * DAY_SECONDS
    )
    return CreateOperatorDirectedOperatorSetRewardsSubmission("avs", SET, (submission,))


@pytest.mark.parametrize("kind", [CreateUniqueStakeRewardsSubmission, CreateTotalStakeRewardsSubmission])
def test_a_tenth_goes_to_the_operator_and_stakers_share_by_shares(kind: type) -> None:
    chain = begun()
    chain.do(plain(kind, 3000, 3))
    payments = calculate(chain.state, history(chain, 4))
    # 1000 a day: 100 to the operator, and of 900 a third to each 1000 shares, of which 15 decimals are kept.
    assert paid(payments) == {(OPERATOR, "operator"): 300, (STAKER, "staker"): 3 * 299, (STAKER, "other"): 3 * 599}
    assert leaves(payments) == {"operator": {"paid": 300}, "other": {"paid": 1797}, "staker": {"paid": 897}}


def test_named_operators_are_paid_for_the_days_on_which_they_are_in_the_set() -> None:
    chain = begun()
    days = history(chain, 4, {3: lambda: chain.do(DeregisterFromOperatorSets("operator", "operator", "avs", (1,)))})
    chain.do(named(3000, 3))
    # The day of leaving is lost, so that there are two: 1500 each.
    payments = calculate(chain.state, days)
    assert {payment.day_timestamp for payment in payments} == {START + DAY_SECONDS, START + 2 * DAY_SECONDS}
    assert paid(payments)[(OPERATOR, "operator")] == 300


def test_who_was_never_in_the_set_earns_nothing_and_the_avs_is_paid_back() -> None:
    chain = begun()
    days = history(chain, 4)
    chain.do(named(3001, 3, "other"))
    assert paid(calculate(chain.state, days)) == {(REFUND, "avs"): 3000}


def test_stake_that_no_set_can_slash_is_paid_back_to_the_avs() -> None:
    chain = begun()
    chain.do(RemoveStrategiesFromOperatorSet("avs", "avs", 1, ("strategy0",)))
    days = history(chain, 2)
    chain.do(named(100, 1))
    assert paid(calculate(chain.state, days)) == {(OPERATOR, "operator"): 10, (REFUND, "avs"): 90}


def test_what_is_not_allocated_earns_nothing_by_unique_stake() -> None:
    chain = begun()
    take_back = ModifyAllocations("operator", "operator", (AllocationRequest(SET, ("strategy0",), (0,)),))
    chain.do(take_back, MineBlocks(20), plain(CreateUniqueStakeRewardsSubmission, 700, 1))
    assert paid(calculate(chain.state, history(chain, 2))) == {(REFUND, "avs"): 700}


def test_a_deposit_counts_from_the_next_day() -> None:
    chain = begun()
    chain.do(plain(CreateTotalStakeRewardsSubmission, 2000, 2))
    days = history(chain, 3, {1: lambda: chain.deposit("other", 0, 10**9)})
    first, second = (
        sum(row.amount for row in calculate(chain.state, days) if row.earner == "other" and row.day_timestamp == at)
        for at in (START + DAY_SECONDS, START + 2 * DAY_SECONDS)
    )
    assert (first, second) == (599, 899)


@pytest.mark.parametrize(
    ("amount", "days", "more"),
    [
        (3 * 10**16 + 1, 2, 1),
        (3 * 10**16 - 1, 2, -1),
        (8 * 10**16, 7, 3),
        (8 * 10**16 - 1, 7, -3),
        (10**17, 7, 2),
        (10**21, 7, 1),
    ],
)
def test_more_is_paid_than_was_submitted(amount: int, days: int, more: int) -> None:
    """An operator and its only staker are paid `more` wei in excess of `amount`; docs/laws.md gives the least such
    amount.
    """
    chain = begun()
    submission = RewardsSubmission(WEIGHTED, "paid", amount, START, days * DAY_SECONDS)
    chain.do(CreateTotalStakeRewardsSubmission("avs", SET, (submission,)))
    chain.do(Undelegate("other", "other"))
    payments = calculate(chain.state, history(chain, days))
    assert sum(payment.amount for payment in payments) - amount == more


@pytest.mark.parametrize("days", range(2, 101))
def test_no_smaller_amount_pays_more_than_was_submitted(days: int) -> None:
    """The greatest amounts below (days + 1) * 10^16 wei pay no more than was submitted. One of the next `days` amounts
    does.
    """
    for amount in range(max((days + 1) * 10**16 - 2 * days, 1), (days + 1) * 10**16):
        assert tokens_per_day(amount, days) * days <= amount
    least = next(
        amount for amount in range((days + 1) * 10**16, (days + 1) * 10**16 + days) if 2 * (amount % days) >= days
    )
    assert tokens_per_day(least, days) * days > least


@given(st.integers(1, 10**38 - 1), st.integers(1, 100))
@settings(max_examples=300, deadline=None)
def test_a_day_pays_half_a_wei_too_much_at_most(amount: int, days: int) -> None:
    assert Fraction(tokens_per_day(amount, days)) - Fraction(amount, days) <= Fraction(1, 2)


@given(st.lists(st.integers(1, 10**30), min_size=1, max_size=6), st.integers(0, 10**38))
@settings(max_examples=300, deadline=None)
def test_parts_are_no_more_than_the_whole(weights: list[int], amount: int) -> None:
    total = Numeric(sum(weights))
    assert sum(part_of(Numeric(weight), total, amount) for weight in weights) <= amount


@given(
    st.lists(st.integers(1, 10**24), min_size=1, max_size=3),
    st.integers(1, 10**25),
    st.integers(1, 14),
    st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_the_dust_is_half_a_wei_a_day_and_one_for_each_operator(
    stakes: list[int], amount: int, days: int, is_unique: bool
) -> None:
    chain = begun()
    for number, stake in enumerate(stakes):
        operator = f"operator{number}"
        chain.state.rows(TOKEN_BALANCES)[("token0", operator)] = TokenBalance(10**30)
        chain.do(
            RegisterAsOperator(operator, ZERO_ADDRESS, 0),
            RegisterForOperatorSets(operator, operator, "avs", (1,)),
            ModifyAllocations(operator, operator, (AllocationRequest(SET, ("strategy0",), (WAD // 3,)),)),
            DelegateTo(f"staker{number}", operator, NO_APPROVAL),
        )
        chain.state.rows(TOKEN_BALANCES)[("token0", f"staker{number}")] = TokenBalance(10**30)
        chain.state.rows(ALLOWANCES)[f"staker{number}"] = Allowance(True)
        chain.deposit(f"staker{number}", 0, stake)
    kind = CreateUniqueStakeRewardsSubmission if is_unique else CreateTotalStakeRewardsSubmission
    chain.do(plain(kind, amount, days))
    payments = calculate(chain.state, history(chain, days))
    excess = sum(payment.amount for payment in payments) - amount
    assert 2 * excess <= days * (1 + len(stakes) + 1)
