"""Standard metrics of a network, of each stake (vault), operator and service; each metric is defined once.

All values are exact, in the unit of the declared prices. If an operator's commitments exceed the stake,
the stake is the amount at risk.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import attrs

from risk import network
from risk.concentration import effective_number, gini, nakamoto
from risk.linear import ZERO
from spec import security

THIRD: Final = Fraction(1, 3)


@attrs.frozen
class Metric:
    """A metric: its name, its unit, its definition, and the source of the definition."""

    name: str
    unit: str
    definition: str
    source: str


VALUE: Final = "value"
RATIO: Final = "ratio"
COUNT: Final = "count"

METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("stake", VALUE, "the stake that can be lost", "the protocol's state, at declared prices"),
        Metric("committed", VALUE, "the stake that services may slash, summed over all commitments",
               "the protocol's state"),
        Metric("over_slash", VALUE, "the part of committed that exceeds the stake: promised, and never paid",
               "definition"),
        Metric("utilisation", RATIO, "the smaller of committed and stake, over the stake", "definition"),
        Metric("leverage", RATIO, "committed over stake: how often a unit is promised", "Bar-Zur and Eyal: degree"),
        Metric("at_risk", VALUE, "the most that an operator's faults can lose", "definition"),
        Metric("services", COUNT, "services that may slash", "the protocol's state"),
        Metric("operators", COUNT, "operators with stake at risk", "the protocol's state"),
        Metric("condition", RATIO, "the sum over services of profit over (threshold x secured), times the part of the "
               "stake committed to the service. If it is at most 1 for every operator, no attack pays, provided that "
               "each operator has one stake, its own, lost whole, and each service with a profit has stake behind it",
               "Durvasula and Roughgarden, Claim 1"),
        Metric("secured", VALUE, "the stake that the service counts: the sum of all commitments to it",
               "the protocol's state"),
        Metric("profit", VALUE, "the profit from corrupting the service", "declared"),
        Metric("cost_of_corruption", VALUE, "threshold x secured: the least of secured that an attack uses; its loss "
               "too, if slashes take everything and no stake is counted twice", "STAKESURE"),
        Metric("slack", RATIO, "cost of corruption over profit, less 1; if it is negative and stake is divisible, an "
               "attack on this service alone pays", "Durvasula and Roughgarden: gamma of one service"),
        Metric("coverage", RATIO, "secured over profit", "definition"),
        Metric("hhi", RATIO, "sum of squared shares of operators", "Herfindahl and Hirschman"),
        Metric("effective_operators", RATIO, "1 over hhi: as many equal operators", "definition"),
        Metric("gini", RATIO, "half the mean difference of two operators over the mean", "Gini"),
        Metric("nakamoto", COUNT, "fewest operators with the threshold of the stake, or a third of all", "Srinivasan"),
        Metric("overlap", RATIO, "stake behind both of two services over stake behind either", "weighted Jaccard"),
        Metric("exit", "block or timestamp", "the last moment at which all of the commitments that end can be slashed",
               "the protocol's state"),
    )
}  # fmt: skip
"""The metrics by name. Expected loss and shortfall are in `risk.losses`, the best attack in `risk.attack`."""


StakeRow = security.Stake | network.Stake
CommitmentRow = security.Commitment | network.Commitment


@attrs.frozen
class Part:
    """The numbers of one stake that enter the sums of the metrics. `value` is the stake's value at the declared prices.

    `until` is the last block or timestamp at which a commitment that ends can be slashed, by operator and service.
    """

    value: Fraction
    committed: Mapping[tuple[str, str], Fraction]
    """The value of the stake's commitments, by operator and service."""
    until: Mapping[tuple[str, str], int]

    def total(self) -> Fraction:
        """The sum of all commitments of the stake."""
        return sum(self.committed.values(), ZERO)

    def at_risk(self) -> dict[str, Fraction]:
        """The stake at risk for each operator: the value of its commitments, at most that of the stake."""
        risk: dict[str, Fraction] = {}
        for (operator, _), amount in self.committed.items():
            risk[operator] = risk.get(operator, ZERO) + amount
        return {operator: min(amount, self.value) for operator, amount in risk.items()}


def parts(
    stakes: Iterable[StakeRow], commitments: Iterable[CommitmentRow], prices: Mapping[str, Fraction]
) -> dict[str, Part]:
    """The contribution of every stake, by stake id; values are amounts at these prices."""
    price = {}
    value = {}
    for stake in stakes:
        price[stake.stake_id] = prices[stake.token]
        value[stake.stake_id] = stake.amount * prices[stake.token]
    committed: dict[str, dict[tuple[str, str], Fraction]] = {stake_id: {} for stake_id in value}
    until: dict[str, dict[tuple[str, str], int]] = {stake_id: {} for stake_id in value}
    for row in commitments:
        key = (row.operator, row.service)
        amount = row.amount * price[row.stake_id]
        if not amount:
            continue  # nothing can be slashed
        committed[row.stake_id][key] = amount
        if row.until is not None:
            until[row.stake_id][key] = row.until
    return {stake_id: Part(value[stake_id], committed[stake_id], until[stake_id]) for stake_id in value}


class Sums:
    """Sums over all stakes, from which the metrics are computed. They are updated as stakes change; an update costs
    time in proportion to the stake's commitments.

    Rational sums are exact, so adding and removing a stake restores the earlier sums.
    """

    def __init__(self) -> None:
        self.parts: Final[dict[str, Part]] = {}
        self.stake = ZERO
        self.committed = ZERO
        self.over_slash = ZERO
        self.used = ZERO
        self.by_operator: Final[dict[str, Fraction]] = {}
        self.squares = ZERO
        self.secured: Final[dict[str, Fraction]] = {}
        self.secured_by: Final[dict[str, dict[str, Fraction]]] = {}
        self.promised_by: Final[dict[str, dict[str, Fraction]]] = {}
        self.held_by: Final[dict[str, dict[str, Fraction]]] = {}

    def set(self, stake_id: str, part: Part | None) -> None:
        """Add, replace or (with None) remove the contribution of one stake."""
        before = self.parts.get(stake_id)
        if before is not None and part is not None and (before.value, before.committed) == (part.value, part.committed):
            self.parts[stake_id] = part
            return
        if before is not None:
            self._count(stake_id, before, -1)
            del self.parts[stake_id]
        if part is not None:
            self.parts[stake_id] = part
            self._count(stake_id, part, 1)

    def follow(self, now: Mapping[str, Part]) -> None:
        """Update the sums to these contributions of all stakes; only those that changed are recounted."""
        for stake_id in [known for known in self.parts if known not in now]:
            self.set(stake_id, None)
        for stake_id, part in now.items():
            self.set(stake_id, part)

    def _count(self, stake_id: str, part: Part, sign: int) -> None:
        total = part.total()
        self.stake += sign * part.value
        self.committed += sign * total
        self.over_slash += sign * max(ZERO, total - part.value)
        self.used += sign * min(total, part.value)
        for operator, risk in part.at_risk().items():
            before = self.by_operator.get(operator, ZERO)
            self.squares += (before + sign * risk) ** 2 - before**2
            _add(self.by_operator, operator, sign * risk)
            held = self.held_by.setdefault(operator, {})
            _add(held, stake_id, sign * part.value)
            if not held:
                del self.held_by[operator]
        for (operator, service), amount in part.committed.items():
            _add(self.secured, service, sign * amount)
            for table, outer, inner in ((self.secured_by, service, operator), (self.promised_by, operator, service)):
                row = table.setdefault(outer, {})
                _add(row, inner, sign * amount)
                if not row:
                    del table[outer]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sums) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it is mutable

    def whole(self) -> dict[str, Fraction | int]:
        """The metrics of the whole network, by name (see METRICS)."""
        at_risk = sum(self.by_operator.values(), ZERO)
        hhi = self.squares / at_risk**2 if at_risk else ZERO
        return {
            "stake": self.stake,
            "committed": self.committed,
            "over_slash": self.over_slash,
            "utilisation": _ratio(self.used, self.stake),
            "leverage": _ratio(self.committed, self.stake),
            "operators": len(self.by_operator),
            "services": len(self.secured),
            "hhi": hhi,
            "effective_operators": 1 / hhi if hhi else ZERO,
            "gini": gini(list(self.by_operator.values())),
            "nakamoto": nakamoto(list(self.by_operator.values()), THIRD),
        }

    def of_stake(self, stake_id: str) -> dict[str, Fraction | int]:
        """The metrics, by name (see METRICS), of one stake: a vault, or an operator's stake in one strategy."""
        part = self.parts[stake_id]
        total = part.total()
        metrics: dict[str, Fraction | int] = {
            "stake": part.value,
            "committed": total,
            "over_slash": max(ZERO, total - part.value),
            "utilisation": _ratio(min(total, part.value), part.value),
            "leverage": _ratio(total, part.value),
            "operators": len(part.at_risk()),
            "services": len({service for _, service in part.committed}),
        }
        return metrics | ({"exit": max(part.until.values())} if part.until else {})

    def of_operator(self, operator: str, terms: Mapping[str, network.Terms]) -> dict[str, Fraction | int]:
        """The metrics of one operator, by name (see METRICS). `condition` is among them only if the operator has stake,
        and all its services have declared terms.
        """
        promised = self.promised_by.get(operator, {})
        held = sum(self.held_by.get(operator, {}).values(), ZERO)
        total = sum(promised.values(), ZERO)
        metrics: dict[str, Fraction | int] = {
            "at_risk": self.by_operator.get(operator, ZERO),
            "committed": total,
            "leverage": _ratio(total, held),
            "services": len(promised),
        }
        if held and all(service in terms for service in promised):
            metrics["condition"] = (
                sum(
                    (
                        amount * terms[service].profit / (terms[service].threshold * self.secured[service])
                        for service, amount in promised.items()
                    ),
                    ZERO,
                )
                / held
            )
        return metrics

    def of_service(self, service: str, terms: network.Terms | None) -> dict[str, Fraction | int]:
        """The metrics of one service, by name (see METRICS); without declared terms, only those that the state
        determines.
        """
        members = list(self.secured_by.get(service, {}).values())
        secured = self.secured.get(service, ZERO)
        metrics: dict[str, Fraction | int] = {
            "secured": secured,
            "operators": len(members),
            "hhi": 1 / effective_number(members) if secured else ZERO,
            "effective_operators": effective_number(members),
            "gini": gini(members),
        }
        if terms is not None:
            cost = terms.threshold * secured
            metrics |= {
                "nakamoto": nakamoto(members, terms.threshold),
                "profit": terms.profit,
                "cost_of_corruption": cost,
            }
            if terms.profit:
                metrics |= {"slack": cost / terms.profit - 1, "coverage": secured / terms.profit}
        return metrics

    def overlap(self, service: str, other: str) -> Fraction:
        """The overlap of two services: the sum of the smaller commitments divided by the sum of the larger ones.

        Both sums are over all stakes and operators; each term compares the commitments to the two services.
        """
        both = either = ZERO
        for part in self.parts.values():
            for operator in {name for name, _ in part.committed}:
                one = part.committed.get((operator, service), ZERO)
                two = part.committed.get((operator, other), ZERO)
                both += min(one, two)
                either += max(one, two)
        return _ratio(both, either)


def full(stakes: Sequence[StakeRow], commitments: Sequence[CommitmentRow], prices: Mapping[str, Fraction]) -> Sums:
    """The sums over all stakes at these prices, computed from scratch."""
    sums = Sums()
    sums.follow(parts(stakes, commitments, prices))
    return sums


def _add(table: dict[str, Fraction], key: str, amount: Fraction) -> None:
    """Add an amount to an entry of a table of sums. The entry is removed if it becomes 0."""
    left = table.get(key, ZERO) + amount
    if left:
        table[key] = left
    else:
        table.pop(key, None)


def _ratio(part: Fraction, whole: Fraction) -> Fraction:
    return part / whole if whole else ZERO
