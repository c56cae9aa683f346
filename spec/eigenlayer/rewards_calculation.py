"""Rewards computed off chain: from submissions and the days of a history to the leaves of a root, exact to the wei.

Only submissions to an operator set are specified: operator-directed ones, and those by unique and by total stake. A day
counts with the state at its beginning: an event counts from the next day on. There are two exceptions, which count on
the day itself. An operator that leaves a set earns nothing, and a reduced allocation counts reduced. A staker's shares
are its withdrawable shares. EigenLayer's sidecar adds up events instead, and deviates from these shares by the
roundings of slashes. It also sees an operator leave a set and join it again on one day. States do not show this.
Source: EigenLayer sidecar 4.1.1 (rewards 2.2), whose arithmetic is that of PostgreSQL's `numeric`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import attr

from spec.arithmetic import div_floor, mul_div_floor
from spec.eigenlayer import views
from spec.eigenlayer.rewards_config import (
    ONE_HUNDRED_IN_BIPS,
    OPERATOR_DIRECTED_OPERATOR_SET,
    TOTAL_STAKE,
    UNIQUE_STAKE,
)
from spec.eigenlayer.rewards_splits import split_in_force
from spec.eigenlayer.rewards_state import Submission
from spec.eigenlayer.state import (
    MAX_MAGNITUDES,
    OPERATOR_SET_SPLITS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SHARES,
    REGISTRATIONS,
    REWARDED_OPERATORS,
    REWARDED_STRATEGIES,
    STAKERS,
    SUBMISSIONS,
    OperatorSet,
)
from spec.machine import Draft, State
from spec.postgres_numeric import Numeric, add, divide, floor, multiply

DAY_SECONDS: Final = 86_400
PROPORTION: Final = Numeric(10**15)
"""Proportions are rounded down to a multiple of one part in this number."""

OPERATOR: Final = "operator"
STAKER: Final = "staker"
REFUND: Final = "refund"
"""The role of the AVS in a payment of rewards that nobody earned: they go back to the AVS."""

Weighted = tuple[tuple[str, int], ...]
"""The strategies of a submission, each with its multiplier."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Day:
    """One day: the timestamp of its midnight, and the states at its beginning (`opening`) and its end (`closing`)."""

    timestamp: Final[int]
    opening: Final[State]
    closing: Final[State]

    def __init__(self, timestamp: int, opening: State, closing: State) -> None:
        self.timestamp = timestamp
        self.opening = opening
        self.closing = closing


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Payment:
    """One payment: the amount that `earner` earns on one day from one submission, in one role.

    The submission has number `nonce` among those made for `account`. `operator` is the operator whose commission this
    is, or to which the paid staker is delegated. `amount` is in the token's smallest unit.
    """

    account: Final[str]
    nonce: Final[int]
    day_timestamp: Final[int]
    role: Final[str]
    earner: Final[str]
    operator: Final[str]
    token: Final[str]
    amount: Final[int]

    def __init__(
        self,
        account: str,
        nonce: int,
        day_timestamp: int,
        role: str,
        earner: str,
        operator: str,
        token: str,
        amount: int,
    ) -> None:
        self.account = account
        self.nonce = nonce
        self.day_timestamp = day_timestamp
        self.role = role
        self.earner = earner
        self.operator = operator
        self.token = token
        self.amount = amount


def tokens_per_day(amount: int, days: int) -> int:
    """The tokens of one day, out of `amount` for `days` days, rounded down after PostgreSQL has rounded the quotient.

    So the result may exceed the exact quotient, by at most half of the token's smallest unit.
    """
    return floor(divide(Numeric(amount), Numeric(days)))


def part_of(weight: Numeric, total: Numeric, amount: int) -> int:
    """The part of `amount` for `weight` out of `total`, rounded down. First, the proportion is cut to fifteen
    decimals.
    """
    cut = floor(multiply(divide(weight, total), PROPORTION))
    return mul_div_floor(cut, amount, 10**15)


def operator_part(amount: int, split_bips: int) -> int:
    """The operator's commission on an amount: the fraction `split_bips`, in hundredths of a percent. Rounds down."""
    return mul_div_floor(amount, split_bips, ONE_HUNDRED_IN_BIPS)


def calculate(state: State, days: Sequence[Day]) -> list[Payment]:
    """All payments of submissions to operator sets, for the given days. `state` holds the submissions, paid in their
    order.
    """
    payments: list[Payment] = []
    by_midnight = {day.timestamp: day for day in days}
    for (account, nonce), row in sorted(state.rows(SUBMISSIONS).items(), key=lambda item: item[1].position):
        paid_days = _reward_days(row, by_midnight)
        weighted = _weighted(state, account, nonce, row)
        if row.kind == OPERATOR_DIRECTED_OPERATOR_SET:
            payments += _directed(state, account, nonce, row, weighted, paid_days)
        elif row.kind in (UNIQUE_STAKE, TOTAL_STAKE):
            per_day = tokens_per_day(row.amount, div_floor(row.duration_seconds, DAY_SECONDS))
            for day in paid_days:
                payments += _by_stake(account, nonce, row, weighted, per_day, day)
    return payments


def leaves(payments: Sequence[Payment]) -> dict[str, dict[str, int]]:
    """Cumulative earnings by earner, then by token, both sorted: the leaves of a root. Zero payments are left out."""
    earned: dict[str, dict[str, int]] = {}
    for payment in sorted(payments, key=lambda paid: (paid.earner, paid.token)):
        if payment.amount > 0:
            of_earner = earned.setdefault(payment.earner, {})
            of_earner[payment.token] = of_earner.get(payment.token, 0) + payment.amount
    return earned


def _reward_days(row: Submission, days: Mapping[int, Day]) -> list[Day]:
    """The days that a submission pays, among the given ones: midnights after its start, up to and including its end.
    `row` is the submission, and `days` maps the timestamps of the given days to them.
    """
    midnights = range(row.start_timestamp + DAY_SECONDS, row.start_timestamp + row.duration_seconds + 1, DAY_SECONDS)
    return [days[midnight] for midnight in midnights if midnight in days]


def _weighted(state: State, account: str, nonce: int, row: Submission) -> Weighted:
    entries = [state.rows(REWARDED_STRATEGIES)[(account, nonce, place)] for place in range(row.strategy_count)]
    return tuple([(entry.strategy, entry.multiplier) for entry in entries])


def _is_registered(day: Day, operator: str, operator_set: OperatorSet) -> bool:
    """True if the operator is registered for the set at the beginning and at the end of the day."""
    key = (operator, operator_set)
    opening, closing = Draft(day.opening), Draft(day.closing)
    return opening.get(REGISTRATIONS, key).is_registered and closing.get(REGISTRATIONS, key).is_registered


def _split_bips(day: Day, operator: str, operator_set: OperatorSet) -> int:
    rows = Draft(day.opening)
    return split_in_force(rows, rows.get(OPERATOR_SET_SPLITS, (operator, operator_set)))


def _magnitude(day: Day, operator: str, operator_set: OperatorSet, strategy: str) -> int:
    """The magnitude that an operator allocates to the set on a day. An increase counts from the next day on, a decrease
    on the same day.
    """
    found = [
        views.allocation_of(Draft(state), operator, operator_set, strategy).current_magnitude
        for state in (day.opening, day.closing)
    ]
    return min(found)


def _weight(
    day: Day, operator: str, shares: Mapping[str, int], weighted: Weighted, operator_set: OperatorSet | None
) -> Numeric:
    """The weight of shares: the sum over strategies of shares times multiplier. `shares` maps strategies to shares.

    With an operator set (unique stake), only the fraction of the shares that is allocated to the set counts. A strategy
    without magnitude adds nothing.
    """
    total = Numeric(0)
    for strategy, multiplier in weighted:
        stake = Numeric(shares[strategy])
        if operator_set is not None:
            most = MAX_MAGNITUDES.latest(Draft(day.opening), (operator, strategy))
            magnitude = _magnitude(day, operator, operator_set, strategy)
            if most == 0 or magnitude == 0:
                continue
            stake = divide(Numeric(shares[strategy] * magnitude), Numeric(most))
        total = add(total, multiply(stake, Numeric(multiplier)))
    return total


def _to_stakers(
    day: Day,
    payment: Payment,
    amount: int,
    weighted: Weighted,
    operator_set: OperatorSet | None,
) -> list[Payment]:
    """The payments to an operator's stakers, which share `amount` by weight: shares times multiplier, summed over
    strategies. Each part is rounded down, and the remainder is paid to nobody.

    `payment` is the operator's own payment. The stakers' payments copy its submission, day, operator and token.
    """
    rows = Draft(day.opening)
    weights: list[tuple[str, Numeric]] = []
    total = Numeric(0)
    for staker, row in sorted(day.opening.rows(STAKERS).items()):
        if row.delegated_to == payment.operator:
            shares = {strategy: views.withdrawable_shares_of(rows, staker, strategy) for strategy, _ in weighted}
            weight = _weight(day, payment.operator, shares, weighted, operator_set)
            if weight.unscaled > 0:
                weights.append((staker, weight))
                total = add(total, weight)
    return [_as(payment, STAKER, staker, part_of(weight, total, amount)) for staker, weight in weights]


def _as(payment: Payment, role: str, earner: str, amount: int) -> Payment:
    return Payment(
        payment.account,
        payment.nonce,
        payment.day_timestamp,
        role,
        earner,
        payment.operator,
        payment.token,
        amount,
    )


def _directed(
    state: State, account: str, nonce: int, row: Submission, weighted: Weighted, days: Sequence[Day]
) -> list[Payment]:
    """The payments of an operator-directed submission: each operator's amount, spread over its days in the set.

    The amount of an operator that is never in the set goes back to the AVS. So does the stakers' part of a day on which
    no strategy of the submission is in the set. `row` is the submission, made for `account` with the number `nonce`,
    and `weighted` its strategies.
    """
    payments: list[Payment] = []
    for place in range(row.operator_count):
        named = state.rows(REWARDED_OPERATORS)[(account, nonce, place)]
        present = [day for day in days if _is_registered(day, named.operator, row.operator_set)]
        if not present:
            per_day = tokens_per_day(named.amount, div_floor(row.duration_seconds, DAY_SECONDS))
            payments += [
                Payment(account, nonce, day.timestamp, REFUND, row.operator_set[0], named.operator, row.token, per_day)
                for day in days
            ]
            continue
        per_day = tokens_per_day(named.amount, len(present))
        for day in present:
            commission = operator_part(per_day, _split_bips(day, named.operator, row.operator_set))
            base = Payment(
                account, nonce, day.timestamp, OPERATOR, named.operator, named.operator, row.token, commission
            )
            rows = Draft(day.opening)
            listed = tuple(
                [
                    (strategy, multiplier)
                    for strategy, multiplier in weighted
                    if rows.get(OPERATOR_SET_STRATEGIES, (row.operator_set, strategy)).is_member
                ]
            )
            payments.append(base)
            rest = per_day - commission
            if listed:
                payments += _to_stakers(day, base, rest, listed, None)
            else:
                payments.append(_as(base, REFUND, row.operator_set[0], rest))
    return payments


def _by_stake(account: str, nonce: int, row: Submission, weighted: Weighted, per_day: int, day: Day) -> list[Payment]:
    """The payments of one day of a submission by stake. The set's operators share the day's tokens, `per_day`, by
    weight, and each one with its stakers. If no operator has any weight, the tokens go back to the AVS. `row` is the
    submission, made for `account` with the number `nonce`, and `weighted` its strategies.
    """
    unique = row.operator_set if row.kind == UNIQUE_STAKE else None
    weights: list[tuple[str, Numeric]] = []
    total = Numeric(0)
    rows = Draft(day.opening)
    for operator, operator_set in sorted(day.opening.rows(REGISTRATIONS)):
        if operator_set != row.operator_set or not _is_registered(day, operator, operator_set):
            continue
        shares = {strategy: rows.get(OPERATOR_SHARES, (operator, strategy)).shares for strategy, _ in weighted}
        weight = _weight(day, operator, shares, weighted, unique)
        if weight.unscaled > 0:
            weights.append((operator, weight))
            total = add(total, weight)
    payments: list[Payment] = []
    for operator, weight in weights:
        amount = floor(divide(multiply(Numeric(per_day), weight), total))
        commission = operator_part(amount, _split_bips(day, operator, row.operator_set))
        base = Payment(account, nonce, day.timestamp, OPERATOR, operator, operator, row.token, commission)
        payments.append(base)
        payments += _to_stakers(day, base, amount - commission, weighted, unique)
    if not weights:
        avs = row.operator_set[0]
        return [Payment(account, nonce, day.timestamp, REFUND, avs, avs, row.token, per_day)]
    return payments
