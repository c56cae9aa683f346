"""Finality thresholds, cheapest coalitions, and the path from a slash to a failure of consensus.

They are compared with brute force and with their definitions.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import chain, combinations, permutations
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st

from risk import ethereum, finality
from risk.attack import AttackVerdict
from risk.base_layer import (
    THIRD,
    Cheapest,
    cheapest_coalition,
    finalises,
    removal_until,
    slashable_overlap,
    weight_needed,
)
from risk.finality import BaseLayer, Consensus, Obligations, Service, is_path, shortest_path
from risk.program import Claim
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

ZERO, ONE, HALF = Fraction(0), Fraction(1), Fraction(1, 2)

WEIGHTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=1, max_size=8)

Coalition = Callable[[Sequence[int], Sequence[Fraction], int], Cheapest | None]


def cheapest(find: Coalition) -> Callable[[list[tuple[int, int]], Fraction], None]:
    def prop(rows: list[tuple[int, int]], threshold: Fraction) -> None:
        weights, costs = [weight for weight, _ in rows], [Fraction(weight * part, 10) for weight, part in rows]
        needed = weight_needed(weights, threshold)
        found = find(weights, costs, needed)
        subsets = chain.from_iterable(combinations(range(len(rows)), size) for size in range(len(rows) + 1))
        best = min(
            (sum((costs[i] for i in s), ZERO) for s in subsets if sum(weights[i] for i in s) >= needed), default=None
        )
        assert found is not None
        assert found.is_exact
        assert found.cost == best == sum((costs[i] for i in found.members), ZERO)
        assert sum(weights[i] for i in found.members) >= needed

    return prop


THRESHOLDS = st.sampled_from([THIRD, HALF, Fraction(2, 3), ONE])


def greedily(weights: Sequence[int], costs: Sequence[Fraction], needed: int) -> Cheapest:
    """Broken: takes validators by their cost per weight, and calls the result the cheapest coalition."""
    members, weight = [], 0
    for i in sorted((i for i in range(len(weights)) if weights[i]), key=lambda i: costs[i] / weights[i]):
        if weight < needed:
            members.append(i)
            weight += weights[i]
    cost = sum((costs[i] for i in members), ZERO)
    return Cheapest(members, cost, cost)


def test_the_cheapest_coalition_is_the_cheapest() -> None:
    holds(cheapest(cheapest_coalition), WEIGHTS, THRESHOLDS)
    breaks(cheapest(greedily), WEIGHTS, THRESHOLDS)


def test_a_search_cut_short_says_so_and_is_never_wrong() -> None:
    weights = [7, 11, 13, 17, 19, 23]
    costs = [Fraction(w * c, 10) for w, c in zip(weights, (9, 8, 7, 9, 8, 7), strict=True)]
    whole, cut = (cheapest_coalition(weights, costs, 44, states) for states in (1 << 15, 0))
    assert whole is not None
    assert cut is not None
    assert not cut.is_exact
    assert cut.at_least <= whole.cost <= cut.cost
    assert cheapest_coalition(weights, costs, 91) is None


def finality_is_monotone(predicate: Callable[..., bool]) -> Callable[[int, int, int, int], None]:
    """Property P18: validators that come back online never break finality.

    Nor does the removal of offline validators from the total.
    """

    def prop(total: int, offline: int, removed: int, back: int) -> None:
        offline, removed = min(offline, total), min(removed, total - min(offline, total))
        rows = [Fraction(x) for x in (total, offline, removed)]
        if predicate(*rows):
            assert predicate(rows[0], rows[1] - min(back, offline), rows[2])
            assert predicate(rows[0], max(ZERO, rows[1] - back), rows[2] + min(back, offline))

    return prop


def test_p18_finality_is_monotone_in_the_weight_online() -> None:
    small = st.integers(0, 30)
    holds(finality_is_monotone(finalises), small, small, small, small, examples=100)
    wrong_way = finality_is_monotone(lambda total, offline, removed: 3 * offline >= total - removed)
    breaks(wrong_way, small, small, small, small)


def test_the_boundary_of_finality_is_a_third() -> None:
    assert finalises(Fraction(300), Fraction(100))
    assert not finalises(Fraction(300), Fraction(101))
    assert removal_until(Fraction(1, 4), THIRD) == Fraction(1, 4)
    assert removal_until(HALF, THIRD) == 0
    assert slashable_overlap(HALF) == 0


def test_a_leak_that_need_not_begin_takes_no_time() -> None:
    assert ethereum.epochs_to_finality(THIRD, 32 * 10**9) == 0
    assert ethereum.epochs_to_ejection(16 * 10**9) == (0, 16 * 10**9)


def test_a_lone_slashing_costs_nothing_before_electra_and_something_after() -> None:
    terms = (32 * 10**9, 32 * 10**9, 2**25 * 10**9, 3)
    assert ethereum.correlation_penalty_gwei(*terms, by_increment=False) == 0
    assert ethereum.correlation_penalty_gwei(*terms, by_increment=True) == 91_552
    assert ethereum.correlation_penalty_gwei(*terms[:1], 2**25 * 10**9, *terms[2:], by_increment=True) == 32 * 10**9


# --- the path from a slash to a failure ---

STAKES = ("a", "b", "c", "d")


@st.composite
def layers(draw: st.DrawFn) -> BaseLayer:
    stakes = {name: Fraction(draw(st.integers(0, 20))) for name in STAKES}
    services = {}
    for index in range(draw(st.integers(1, 4))):
        members = draw(st.sets(st.sampled_from(STAKES), min_size=1))
        allocations = {name: min(stakes[name], Fraction(draw(st.integers(1, 20)))) for name in sorted(members)}
        services[f"s{index}"] = Service(
            Fraction(draw(st.integers(0, 15))), draw(st.sampled_from([THIRD, HALF, ONE])), allocations
        )
    held = sum(stakes.values(), ZERO)
    consensus = Consensus(held + 30, Fraction(draw(st.integers(0, 12))), Fraction(draw(st.integers(0, 12))), HALF)
    return BaseLayer(Obligations(stakes, services), consensus)


def fewest_by_hand(layer: BaseLayer, shock: dict[str, Fraction]) -> int | None:
    """The fewest services whose profitable corruption, one at a time in some order, breaks consensus. None if no order
    does.

    `shock` is the amount that each stake loses first.
    """
    best: int | None = None
    for order in permutations(layer.services):
        left = {stake: max(ZERO, amount - shock.get(stake, ZERO)) for stake, amount in layer.stakes.items()}
        for count, name in enumerate(("", *order)):
            if name:
                service = layer.services[name]
                held = sum((min(amount, left[stake]) for stake, amount in service.allocations.items()), ZERO)
                if not service.profit > service.threshold * held:
                    break
                for stake, amount in service.allocations.items():
                    left[stake] = max(ZERO, left[stake] - amount)
            if layer.condition(left).broken:
                best = count if best is None else min(best, count)
                break
    return best


Find = Callable[[BaseLayer, dict[str, Fraction]], Any]


def shortest(find: Find) -> Callable[[BaseLayer, str], None]:
    def prop(layer: BaseLayer, stake: str) -> None:
        shock = {stake: layer.stakes[stake]}
        path = find(layer, shock)
        fewest = fewest_by_hand(layer, shock)
        if fewest is not None:
            assert path.verdict == "FAILS"
            assert path.shortest
            assert len(path.steps) == fewest + 1
        if path.verdict == "FAILS":
            assert is_path(layer, path)
        if path.verdict == "HOLDS":
            assert fewest is None
            if not layer.condition(layer.left(shock, layer.services)).broken:
                return
            fallen = [name for step in path.steps for name in step.services]
            left = layer.left(shock, fallen)
            assert nothing_gains(layer, left, [name for name in layer.services if name not in fallen])

    return prop


def nothing_gains(layer: BaseLayer, left: dict[str, Fraction], standing: Sequence[str], exactly: bool = False) -> bool:
    """True if no attack on some of the services in `standing` is profitable; with `exactly`, no attack on all of them.

    `left` is the amount of each stake that is left. The check tries every choice of stakes that are used whole. The
    others are used only as far as is still needed.
    """
    for size in range(len(standing) if exactly else 1, len(standing) + 1):
        for names in combinations(standing, size):
            profit = sum((layer.services[name].profit for name in names), ZERO)
            held = {name: layer.held(name, left) for name in names}
            for all_in in chain.from_iterable(combinations(STAKES, count) for count in range(len(STAKES) + 1)):
                cost = sum((left[stake] for stake in all_in), ZERO)
                for name in names:
                    carried = sum((held[name].get(stake, ZERO) for stake in all_in), ZERO)
                    needed = layer.services[name].threshold * sum(held[name].values(), ZERO)
                    cost += layer.services[name].slash * max(ZERO, needed - carried)
                if profit > cost:
                    return False
    return True


def in_the_order_of_the_file(layer: BaseLayer, shock: dict[str, Fraction]) -> Any:
    """Broken: corrupts services in the order of the file, which need not be the shortest path."""
    order, _ = layer._closure(shock, frozenset())
    for count in range(len(order) + 1):
        if layer.condition(layer.left(shock, order[:count])).broken:
            return layer._told(shock, [(name,) for name in order[:count]], True)
    return layer._beyond(shock)


def test_the_path_to_a_failure_is_the_shortest_and_checks() -> None:
    holds(shortest(BaseLayer.path), layers(), st.sampled_from(STAKES), examples=120)
    breaks(shortest(in_the_order_of_the_file), layers(), st.sampled_from(STAKES), examples=1000)


def dominoes() -> BaseLayer:
    stakes = {name: Fraction(10) for name in STAKES}
    services = {
        f"{x}{y}": Service(Fraction(6), HALF, {x: Fraction(10), y: Fraction(10)})
        for x, y in (("a", "b"), ("b", "c"), ("c", "d"))
    }
    return BaseLayer(Obligations(stakes, services), Consensus(Fraction(100), ZERO, ZERO, HALF))


def test_one_slash_brings_down_a_row_of_services_and_then_finality() -> None:
    path = dominoes().path({"a": Fraction(10)})
    assert path.verdict == "FAILS"
    assert [step.services for step in path.steps] == [(), ("ab",), ("bc",), ("cd",)]
    assert [condition.offline for condition in path.conditions] == [10, 20, 30, 40]
    assert path.conditions[-1].broken == ("liveness",)


def test_a_path_with_one_thing_changed_is_refused() -> None:
    layer = dominoes()
    path = layer.path({"a": Fraction(10)})
    assert is_path(layer, path)
    first, second, *rest = path.steps
    changes: list[Any] = [
        attrs.evolve(path, steps=(first, attrs.evolve(second, cost=second.cost - 1), *rest)),
        attrs.evolve(path, steps=(first, attrs.evolve(second, profit=second.profit + 1), *rest)),
        attrs.evolve(path, steps=(first, *rest)),
        attrs.evolve(path, steps=(first, second, second, *rest)),
        attrs.evolve(path, steps=path.steps[:-1]),
        attrs.evolve(path, shock={"a": Fraction(9)}),
        attrs.evolve(path, conditions=path.conditions[:-1]),
    ]
    assert [is_path(layer, changed) for changed in changes] == [False] * len(changes)


def test_services_that_only_fall_together_are_found() -> None:
    """Corrupting either of two services costs more than its profit. Both use the same stake, and together cost less
    than both profits.
    """
    stakes = {"a": Fraction(10), "b": Fraction(10)}
    services = {name: Service(Fraction(8), ONE, {"a": Fraction(10)}) for name in ("x", "y")}
    layer = BaseLayer(Obligations(stakes, services), Consensus(Fraction(25), ZERO, ZERO, HALF))
    path = layer.path({})
    assert path.steps[-1].services == ("x", "y")
    assert path.steps[-1].cost == 10
    assert path.steps[-1].profit == 16
    assert path.verdict == "FAILS"


def many(profit: int) -> BaseLayer:
    """A layer of two services with twenty shared stakes of 10. Corruption of either alone costs 200."""
    stakes = {f"v{i}": Fraction(10) for i in range(20)}
    services = {name: Service(Fraction(profit), ONE, dict(stakes)) for name in ("x", "y")}
    return BaseLayer(Obligations(stakes, services), Consensus(Fraction(500), ZERO, ZERO, HALF))


def test_among_many_stakes_joint_attacks_are_found_and_their_absence_is_proved() -> None:
    path = many(101).path({})
    assert path.verdict == "FAILS"
    assert path.steps[-1].services == ("x", "y")
    assert path.steps[-1].cost == 200
    assert is_path(many(101), path)
    assert not is_path(many(101), attrs.evolve(path, steps=(path.steps[0], attrs.evolve(path.steps[1], cost=ZERO))))
    assert many(99).path({}).verdict == "HOLDS"


def test_what_no_solver_decides_is_unknown_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    undecided = AttackVerdict("NOT-CERTIFIED", "", Claim())
    monkeypatch.setattr(finality, "security", lambda *_, **__: undecided)
    staggered = many(99)
    services = {**staggered.services, "z": Service(Fraction(99), ONE, {f"v{i}": Fraction(9) for i in range(15)})}
    layer = BaseLayer(Obligations(staggered.stakes, services), staggered.consensus)
    assert layer.path({}).verdict == "UNKNOWN"


def test_few_stakes_by_brute_force_and_by_the_solver_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def prop(layer: BaseLayer) -> None:
        tried = layer.path({})
        monkeypatch.setattr(finality, "MOST_ALL_IN", 0)
        solved = layer.path({})
        monkeypatch.setattr(finality, "MOST_ALL_IN", 12)
        # By the solver fewer orders are ruled out, which may leave an answer unknown.
        assert solved.verdict != "HOLDS" or tried.verdict == "HOLDS"
        assert tried.verdict != "HOLDS" or solved.verdict != "FAILS"
        assert solved.verdict != "FAILS" or is_path(layer, solved)

    holds(prop, layers(), examples=25)


def test_the_operator_whose_slash_is_worst_is_named() -> None:
    layer = dominoes()
    operator, path = shortest_path(layer, {name: {name: Fraction(10)} for name in STAKES})
    assert path.verdict == "FAILS"
    assert len(path.steps) == min(len(layer.path({name: Fraction(10)}).steps) for name in STAKES)
    assert operator in STAKES


def test_what_others_profits_pay_for_is_not_held() -> None:
    """Corrupting the bridge alone does not pay. Together with the oracle, which is corrupted anyway, it pays and
    liveness fails.

    The verdict therefore has to be UNKNOWN, not HOLDS.
    """
    stakes = {"a": Fraction(2), "b": Fraction(10)}
    services = {
        "oracle": Service(Fraction(10), HALF, {"a": Fraction(2)}),
        "bridge": Service(Fraction(1), HALF, {"b": Fraction(10)}),
    }
    layer = BaseLayer(Obligations(stakes, services), Consensus(Fraction(20), ZERO, ZERO, HALF))
    path = layer.path({})
    assert path.verdict == "UNKNOWN"
    assert path.why.endswith("another order of attacks is not ruled out")
    both = layer.left({}, services)
    cost = layer.cost("oracle", stakes) + layer.cost("bridge", stakes)
    used = {("a", "oracle"): ONE, ("b", "bridge"): Fraction(5)}
    steps = (path.steps[0], finality.Step(("oracle", "bridge"), cost, Fraction(11), stakes, used))
    conditions = (path.conditions[0], layer.condition(both))
    assert is_path(layer, attrs.evolve(path, steps=steps, conditions=conditions))
    dear = attrs.evolve(services["bridge"], profit=ZERO, threshold=ONE)
    kept = Obligations(stakes, {**services, "bridge": dear})
    assert BaseLayer(kept, layer.consensus).path({}).verdict == "HOLDS"


@pytest.mark.parametrize("members", [0, 12])
def test_what_holds_is_reached_by_no_order_of_attacks(members: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finality, "MOST_ALL_IN", members)

    def prop(layer: BaseLayer, slashed: Fraction) -> None:
        services = {name: attrs.evolve(about, slash=slashed) for name, about in layer.services.items()}
        layer = BaseLayer(Obligations(layer.stakes, services), layer.consensus)
        path = layer.path({})
        waiting, seen = [frozenset[str]()], set[frozenset[str]]()
        while waiting and path.verdict == "HOLDS":
            fallen = waiting.pop()
            seen.add(fallen)
            left = layer.left({}, fallen)
            assert not layer.condition(left).broken
            standing = [name for name in services if name not in fallen]
            for count in range(1, len(standing) + 1):
                waiting += [
                    fallen | {*names}
                    for names in combinations(standing, count)
                    if fallen | {*names} not in seen and not nothing_gains(layer, left, names, exactly=True)
                ]

    holds(prop, layers(), st.sampled_from([ONE, HALF]), examples=100)
    monkeypatch.setattr(BaseLayer, "_most_fallen", lambda _self, _shock, fallen: fallen)
    breaks(prop, layers(), st.sampled_from([ONE, HALF]), examples=1000)


def test_a_slash_of_a_part_makes_corruption_cheaper() -> None:
    """Five of ten units are used and half of these lost, which is less than the profit of 3."""
    services = {"x": Service(Fraction(3), HALF, {"a": Fraction(10)}, HALF)}
    layer = BaseLayer(Obligations({"a": Fraction(10)}, services), Consensus(Fraction(20), ZERO, ZERO, HALF))
    path = layer.path({})
    assert path.verdict == "FAILS"
    assert path.steps[-1].cost == Fraction(5, 2)
    assert is_path(layer, path)
