"""Metrics: each equals its definition, and its incremental update along every trace equals a fresh computation."""

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from harness.protocols import known_protocols
from harness.traces import load_trace
from risk.attack import best_attack
from risk.concentration import effective_number, gini, herfindahl, nakamoto
from risk.metrics import METRICS, Part, Sums, full, parts
from risk.network import Commitment, Stake, Terms, read
from spec.machine import Delta, Draft, commit
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source

ONE = Fraction(1)
PRICES: Mapping[str, Fraction] = {"x": ONE, "y": Fraction(3, 2)}


class Priced(dict[str, Fraction]):
    """Prices of all tokens, computed from their names, so that most tokens differ in price."""

    def __missing__(self, token: str) -> Fraction:
        return Fraction(len(token) + sum(map(ord, token)) % 7, 5)


def test_metrics_of_every_step_of_every_trace_equal_the_full_computation(golden_trace: Path) -> None:
    protocol, trace = load_trace(golden_trace, known_protocols())
    assert protocol.security is not None
    prices = Priced()
    state, sums = trace.genesis.copy(), Sums()
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
        security = protocol.security(state)
        sums.follow(parts(security.stakes, security.commitments, prices))
        anew = full(security.stakes, security.commitments, prices)
        assert sums == anew
        assert sums.whole() == anew.whole()
        assert sums.stake == sum((stake.amount * prices[stake.token] for stake in security.stakes), Fraction(0))
        for service in security.services:
            assert sums.of_service(service, None) == anew.of_service(service, None)
        assert sum(sums.secured.values(), Fraction(0)) == sums.committed


Network = tuple[list[Stake], list[Commitment]]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    stakes = [
        Stake(f"u{i}", draw(st.sampled_from("xy")), Fraction(draw(st.integers(0, 9))))
        for i in range(draw(st.integers(0, 4)))
    ]
    rows = []
    for stake in stakes:
        for operator in draw(st.sets(st.sampled_from("opq"))):
            for service in draw(st.sets(st.sampled_from("st"))):
                amount = Fraction(draw(st.integers(0, 9)))
                rows.append(Commitment(stake.stake_id, operator, service, min(amount, stake.amount)))
    return stakes, rows


Follow = Callable[[Sums, Mapping[str, Part]], None]


def follows(follow: Follow) -> Callable[[list[Network]], None]:
    def prop(history: list[Network]) -> None:
        sums = Sums()
        for stakes, commitments in history:
            follow(sums, parts(stakes, commitments, PRICES))
            anew = full(stakes, commitments, PRICES)
            assert sums == anew
            assert sums.whole() == by_definition(stakes, commitments)

    return prop


def never_forgets(sums: Sums, now: Mapping[str, Part]) -> None:
    """Broken: a stake that has vanished stays counted."""
    for stake_id, part in now.items():
        sums.set(stake_id, part)


def by_definition(stakes: list[Stake], commitments: list[Commitment]) -> dict[str, Any]:
    """All metrics of a network, each computed from its definition over all rows."""
    value = {stake.stake_id: stake.amount * PRICES[stake.token] for stake in stakes}
    price = {stake.stake_id: PRICES[stake.token] for stake in stakes}
    promised = {u: sum((r.amount * price[u] for r in commitments if r.stake_id == u), Fraction(0)) for u in value}
    total, committed = sum(value.values(), Fraction(0)), sum(promised.values(), Fraction(0))
    at_risk = {
        operator: sum(
            (
                min(
                    value[u],
                    sum(
                        (r.amount * price[u] for r in commitments if (r.stake_id, r.operator) == (u, operator)),
                        Fraction(0),
                    ),
                )
                for u in value
            ),
            Fraction(0),
        )
        for operator in "opq"
    }
    shares = [amount for amount in at_risk.values() if amount]
    used = sum((min(value[u], promised[u]) for u in value), Fraction(0))
    return {
        "stake": total,
        "committed": committed,
        "over_slash": sum((max(Fraction(0), promised[u] - value[u]) for u in value), Fraction(0)),
        "utilisation": used / total if total else Fraction(0),
        "leverage": committed / total if total else Fraction(0),
        "operators": len(shares),
        "services": len({r.service for r in commitments if r.amount}),
        "hhi": herfindahl(shares),
        "effective_operators": effective_number(shares),
        "gini": gini(shares),
        "nakamoto": nakamoto(shares, Fraction(1, 3)),
    }


def test_sums_follow_whatever_changes() -> None:
    holds(follows(Sums.follow), st.lists(networks(), max_size=4))
    breaks(follows(never_forgets), st.lists(networks(), max_size=4))


def shared() -> tuple[Sums, dict[str, Terms]]:
    stakes = [Stake("v", "x", Fraction(100)), Stake("w", "x", Fraction(50))]
    rows = [
        Commitment("v", "o", "s", Fraction(80), until=7),
        Commitment("v", "o", "t", Fraction(60), until=9),
        Commitment("v", "p", "s", Fraction(20)),
        Commitment("w", "p", "s", Fraction(50)),
    ]
    return full(stakes, rows, PRICES), {"s": Terms(Fraction(30), Fraction(1, 2)), "t": Terms(Fraction(0), ONE)}


def test_metrics_of_a_stake_an_operator_and_a_service() -> None:
    sums, terms = shared()
    assert sums.of_stake("v") == {
        "stake": 100,
        "committed": 160,
        "over_slash": 60,
        "utilisation": 1,
        "leverage": Fraction(8, 5),
        "operators": 2,
        "services": 2,
        "exit": 9,
    }
    assert sums.of_operator("p", terms) == {
        "at_risk": 70,
        "committed": 70,
        "leverage": Fraction(7, 15),
        "services": 1,
        "condition": Fraction(70 * 30, 75 * 150),
    }
    assert sums.of_service("s", terms["s"]) == {
        "secured": 150,
        "operators": 2,
        "hhi": Fraction(80**2 + 70**2, 150**2),
        "effective_operators": Fraction(150**2, 80**2 + 70**2),
        "gini": Fraction(1, 30),
        "nakamoto": 1,
        "profit": 30,
        "cost_of_corruption": 75,
        "slack": Fraction(3, 2),
        "coverage": 5,
    }
    assert "slack" not in sums.of_service("t", terms["t"])
    assert sums.overlap("s", "t") == Fraction(60, 80 + 20 + 50)
    assert sums.of_service("nobody's", None)["secured"] == 0


def test_every_metric_shown_is_defined() -> None:
    sums, terms = shared()
    shown = {*sums.whole(), *sums.of_stake("v"), *sums.of_operator("o", terms), *sums.of_service("s", terms["s"])}
    assert shown | {"overlap"} == set(METRICS)
    assert all(metric.unit and metric.definition and metric.source for metric in METRICS.values())


@pytest.mark.parametrize("holders", [1, 2, 5])
def test_equal_holders_are_as_many_as_they_are(holders: int) -> None:
    stakes = [Fraction(7)] * holders
    assert effective_number(stakes) == holders
    assert gini(stakes) == 0
    assert nakamoto(stakes, ONE) == holders


def test_nothing_is_not_concentrated() -> None:
    assert [herfindahl([]), effective_number([]), gini([]), nakamoto([], ONE)] == [0, 0, 0, 0]


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    for seed in range(20):
        drawn = random.Random(seed)
        stakes = [Fraction(drawn.randint(0, 20)) for _ in range(drawn.randint(1, 6))]
        pairs = sum((abs(a - b) for a in stakes for b in stakes), Fraction(0))
        total = sum(stakes, Fraction(0))
        assert gini(stakes) == (pairs / (2 * len(stakes) * total) if total else 0)


def test_conditions_and_the_cost_of_corruption_promise_no_more_than_they_say() -> None:
    """One vault of 100 backs two operators. Each condition is below 1 and the cost is 200, but an attack loses only
    100.
    """
    document: dict[str, Any] = {
        "origin": {}, "losses": "sum", "divisible": False, "operators": ["p", "q"],
        "stakes": [{"id": "v", "token": "t", "amount": "100"}],
        "commitments": [{"stake": "v", "operator": name, "service": "s", "amount": "100"} for name in ("p", "q")],
    }  # fmt: skip
    declared = {"prices": {"t": "1"}, "services": {"s": {"profit": "150", "threshold": "1"}}}
    vault = read({"format": "restake-network", "version": 1, "sourced": document, "declared": declared})
    sums = full(vault.stakes, vault.commitments, vault.prices)
    assert [sums.of_operator(name, vault.terms)["condition"] for name in ("p", "q")] == [Fraction(3, 4)] * 2
    assert sums.of_service("s", vault.terms["s"])["cost_of_corruption"] == 200
    attack = best_attack(vault).attack
    assert attack is not None
    assert attack.value == 50
    assert "one stake, its own, lost whole" in METRICS["condition"].definition
    assert "no stake is counted twice" in METRICS["cost_of_corruption"].definition


def test_a_commitment_of_nothing_is_nobody_at_risk() -> None:
    rows = [Commitment("v", "p", "s", Fraction(0), until=9), Commitment("v", "q", "t", Fraction(2))]
    metrics = full([Stake("v", "x", Fraction(5))], rows, PRICES).of_stake("v")
    assert (metrics["operators"], metrics["services"], "exit" in metrics) == (1, 1, False)
