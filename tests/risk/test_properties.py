"""Properties P1 to P12, P17 and P19 of graphs, attacks and cascades. The others are tested beside their subject.

Each property is a function of the implementation. It holds of the real one, and fails on one broken on purpose.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.optimize import linprog

from harness.protocols import known_walks
from invariants.choices import Seeded
from risk import cut
from risk.attack import Attack, best_attack, gamma_eigenlayer, greatest_ratio, security, slack
from risk.cascade import Cascades, Worst, bound
from risk.cascade_search import attack_with, without
from risk.network import Network, Terms
from risk.sources import elastic, graph
from spec.eigenlayer.views import withdrawable_shares_of
from spec.machine import Delta, Draft, commit
from tests.risk import brute
from tests.risk.canaries import Property, breaks, holds
from tests.risk.test_accounting import Withdrawable, uncovered

pytestmark = pytest.mark.source  # the compiled rules are tried by test_accounting

Slack = Callable[[Network], Fraction | None]
ONE = Fraction(1)
THRESHOLDS = [Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), ONE]


@st.composite
def graphs(draw: st.DrawFn, most_stakes: int = 4, thresholds: tuple[Fraction, ...] = tuple(THRESHOLDS)) -> Network:
    """Random graphs of at least two validators and two or three services, each with at least one validator."""
    names = "abcdef"[: draw(st.integers(2, most_stakes))]
    return graph(
        {name: Fraction(draw(st.integers(1, 12))) for name in names},
        {
            f"s{n}": (
                Terms(Fraction(draw(st.integers(1, 14))), draw(st.sampled_from(thresholds))),
                sorted(draw(st.sets(st.sampled_from(names), min_size=1))),
            )
            for n in range(draw(st.integers(2, 3)))
        },
    )


@st.composite
def tight_graphs(draw: st.DrawFn) -> tuple[Network, Fraction]:
    """Durvasula and Roughgarden's third theorem: a graph, and the share of total stake whose loss makes an attack pay.

    The slack is drawn. The shock takes the first validator; the attack uses the second.
    """
    gamma = Fraction(draw(st.integers(1, 20)), draw(st.integers(1, 20)))
    other = Fraction(draw(st.integers(90, 99)), 100) / gamma
    apart = Fraction(draw(st.integers(1, 20)))
    profit = (1 + other) / (1 + gamma)
    found = graph({"a": ONE, "b": other, "c": apart}, {"x": (Terms(profit, ONE), ["a", "b"])})
    return found, 1 / (1 + other + apart)


PSI = st.integers(0, 20).map(lambda n: Fraction(n, 20))


def exact(network: Network) -> Fraction | None:
    return slack(network)[0]


def at_least(one: Fraction | None, other: Fraction | None) -> bool:
    """True if the first slack is at least the second. None stands for infinite slack: no attack has a profit."""
    return one is None or (other is not None and one >= other)


# --- changes that a property compares ---


def scaled(network: Network, factor: Fraction) -> Network:
    return attrs.evolve(
        network,
        prices={token: price * factor for token, price in network.prices.items()},
        terms={s: attrs.evolve(row, profit=row.profit * factor) for s, row in network.terms.items()},
    )


def split(network: Network) -> Network:
    """The network with its first validator split in two, both behind the same services."""
    first = network.stakes[0]
    part = first.amount / 3
    stakes = [attrs.evolve(first, amount=first.amount - part), attrs.evolve(first, stake_id="new", amount=part)]
    rows = []
    for row in network.commitments:
        if row.stake_id == first.stake_id:
            rows.append(attrs.evolve(row, amount=first.amount - part))
            rows.append(attrs.evolve(row, stake_id="new", operator="new", amount=part))
        else:
            rows.append(row)
    return attrs.evolve(network, stakes=(*stakes, *network.stakes[1:]), commitments=tuple(rows))


def richer(network: Network) -> Network:
    """The network with the first validator's stake doubled."""
    first = network.stakes[0].stake_id
    return attrs.evolve(
        network,
        stakes=tuple(attrs.evolve(s, amount=s.amount * (1 + (s.stake_id == first))) for s in network.stakes),
        commitments=tuple(attrs.evolve(r, amount=r.amount * (1 + (r.stake_id == first))) for r in network.commitments),
    )


def dearer(network: Network) -> Network:
    """The network with a profit one higher from its first service."""
    return network.with_terms(s0=attrs.evolve(network.terms["s0"], profit=network.terms["s0"].profit + 1))


def renamed_backwards(network: Network) -> Network:
    """The network in reverse order and under other names."""
    return attrs.evolve(
        network,
        stakes=tuple(attrs.evolve(s, stake_id=f"new {s.stake_id}") for s in network.stakes[::-1]),
        commitments=tuple(
            attrs.evolve(r, stake_id=f"new {r.stake_id}", operator=f"new {r.operator}", service=f"new {r.service}")
            for r in network.commitments[::-1]
        ),
        terms={f"new {s}": terms for s, terms in [*network.terms.items()][::-1]},
    )


# --- slack ---


def p1_certifies_no_more_than_there_is(condition: Slack) -> Property:
    def prop(network: Network) -> None:
        found = condition(network)
        assert found is None or at_least(exact(network), found)

    return prop


def p5_splitting_never_helps(gamma: Slack) -> Property:
    def prop(network: Network) -> None:
        assert at_least(gamma(network), gamma(split(network)))
        assert gamma_eigenlayer(split(network)) == gamma_eigenlayer(network)

    return prop


def p6_scale_is_nothing(gamma: Slack) -> Property:
    def prop(network: Network) -> None:
        assert gamma(scaled(network, Fraction(7, 3))) == gamma(network)

    return prop


def p7_profit_never_helps(gamma: Slack) -> Property:
    def prop(network: Network) -> None:
        assert at_least(gamma(network), gamma(dearer(network)))

    return prop


def p8_grows_with_stake(gamma: Slack) -> Property:
    def prop(network: Network) -> None:
        assert at_least(gamma(richer(network)), gamma(network))

    return prop


def p9_names_and_order_are_nothing(gamma: Slack) -> Property:
    def prop(network: Network) -> None:
        assert gamma(renamed_backwards(network)) == gamma(network)

    return prop


def without_threshold(network: Network) -> Fraction | None:
    """Broken: EigenLayer's sufficient condition, computed as if every threshold were 1."""
    changed = {s: attrs.evolve(row, threshold=ONE) for s, row in network.terms.items()}
    return gamma_eigenlayer(network.with_terms(**changed))


SLACK: list[tuple[Callable[[Slack], Property], list[Slack], Slack]] = [
    (p1_certifies_no_more_than_there_is, [gamma_eigenlayer], without_threshold),
    (p5_splitting_never_helps, [exact], lambda network: Fraction(len(network.stakes))),
    (p6_scale_is_nothing, [exact, gamma_eigenlayer], lambda network: sum(network.values.values(), Fraction(0))),
    (p7_profit_never_helps, [exact, gamma_eigenlayer], lambda network: network.terms["s0"].profit),
    (p8_grows_with_stake, [gamma_eigenlayer], exact),
    (p9_names_and_order_are_nothing, [exact, gamma_eigenlayer], lambda network: network.stakes[0].amount),
]
"""Each property, the measures that have it, and one that lacks it. Exact slack, like security, need not grow with
stake.
"""


@pytest.mark.parametrize(("prop", "right", "broken"), SLACK, ids=[prop.__name__ for prop, _, _ in SLACK])
def test_slack(prop: Callable[[Slack], Property], right: list[Slack], broken: Slack) -> None:
    for gamma in right:
        holds(prop(gamma), graphs(), examples=20)
    breaks(prop(broken), graphs())


# --- cascades ---


def p2_stays_below_the_bound(limit: Callable[[Fraction, Fraction], Fraction | None]) -> Property:
    def prop(drawn: tuple[Network, Fraction]) -> None:
        network, psi = drawn
        gamma = exact(network)
        if gamma is not None and gamma > 0 and psi > 0:
            most = limit(gamma, psi)
            assert most is not None
            assert Cascades(network).worst(psi).paper < most

    return prop


def test_p2_a_cascade_is_bounded_by_slack() -> None:
    holds(p2_stays_below_the_bound(bound), st.tuples(graphs(), PSI))
    holds(p2_stays_below_the_bound(bound), tight_graphs())
    breaks(p2_stays_below_the_bound(lambda gamma, psi: bound(gamma * Fraction(6, 5), psi)), tight_graphs())


Find = Callable[[Network, Fraction], Worst]


def worst(network: Network, psi: Fraction) -> Worst:
    return Cascades(network).worst(psi)


def p3_realised_is_less_and_both_grow(find: Find) -> Property:
    def prop(network: Network, psi: Fraction, more: Fraction) -> None:
        small, large = (find(network, part) for part in sorted((psi, more)))
        for found in (small, large):
            assert found.realised <= found.paper
        assert small.paper <= large.paper
        assert small.realised <= large.realised

    return prop


def after_the_first_attack(network: Network, psi: Fraction) -> Worst:
    """Broken: both figures of a cascade's losses omit those of its shock, and so shrink as the shock grows."""
    found = worst(network, psi)
    return attrs.evolve(found, paper=found.paper - psi, realised=found.realised - psi)


def with_no_more_than_the_shock(network: Network, psi: Fraction) -> Worst:
    """Broken: the losses as the literature counts them omit those of the shock, the realised losses do not."""
    found = worst(network, psi)
    return attrs.evolve(found, paper=found.paper - psi)


def test_p3_what_is_realised_is_no_more_than_what_is_counted() -> None:
    holds(p3_realised_is_less_and_both_grow(worst), graphs(), PSI, PSI)
    for broken in (after_the_first_attack, with_no_more_than_the_shock):
        breaks(p3_realised_is_less_and_both_grow(broken), graphs(), PSI, PSI)


def p4_its_union_is_one_attack(find: Find) -> Property:
    def prop(network: Network, psi: Fraction) -> None:
        found = find(network, psi)
        union = {stake for strike in found.strikes for stake in strike.stakes}
        assert not union or attack_with(without(network, set(found.shock)), union) is not None

    return prop


def without_its_first_stake(network: Network, psi: Fraction) -> Worst:
    """Broken: the first strike of the cascade lacks its first stake."""
    found = worst(network, psi)
    strikes = [attrs.evolve(strike, stakes=strike.stakes[n == 0 :]) for n, strike in enumerate(found.strikes)]
    return attrs.evolve(found, strikes=tuple(strikes))


def test_p4_a_cascade_is_one_attack_on_what_the_shock_leaves() -> None:
    holds(p4_its_union_is_one_attack(worst), graphs(), PSI)
    breaks(p4_its_union_is_one_attack(without_its_first_stake), graphs(), PSI)


def p6_cascades_know_no_scale(find: Find) -> Property:
    def prop(network: Network, psi: Fraction) -> None:
        assert find(scaled(network, Fraction(7, 3)), psi) == find(network, psi)

    return prop


def test_p6_a_cascade_is_the_same_at_any_scale() -> None:
    def in_units(network: Network, psi: Fraction) -> Worst:
        found = worst(network, psi)
        return attrs.evolve(found, realised=found.realised * sum(network.values.values(), Fraction(0)))

    holds(p6_cascades_know_no_scale(worst), graphs(), PSI, examples=20)
    breaks(p6_cascades_know_no_scale(in_units), graphs(), PSI)


# --- three special cases ---

Gain = Callable[[Network], Fraction]


def gain_by_cut(network: Network) -> Fraction:
    services, _ = cut.best_attack(network)
    lost = {row.stake_id for row in network.commitments if row.service in services}
    profit = sum((network.terms[s].profit for s in services), Fraction(0))
    return profit - sum((network.values[stake] for stake in lost), Fraction(0))


def gain_of_each_alone(network: Network) -> Fraction:
    """Broken: sums the gains of attacks on single services, without the saving on stake that is lost once for
    several.
    """
    found = Fraction(0)
    for service, terms in network.terms.items():
        lost = {row.stake_id for row in network.commitments if row.service == service}
        found += max(Fraction(0), terms.profit - sum((network.values[stake] for stake in lost), Fraction(0)))
    return found


def p10_equals_the_solver(gain: Gain) -> Property:
    def prop(network: Network) -> None:
        attack = best_attack(network).attack
        assert attack is not None
        assert gain(network) == max(Fraction(0), attack.value) == max(Fraction(0), brute.best_value(network))

    return prop


def test_p10_where_every_threshold_is_1_a_minimum_cut_is_the_best_attack() -> None:
    holds(p10_equals_the_solver(gain_by_cut), graphs(thresholds=(ONE,)), examples=30)
    breaks(p10_equals_the_solver(gain_of_each_alone), graphs(thresholds=(ONE,)))


def relaxed_gain(network: Network) -> float:
    """The optimum of the textbook linear relaxation, without cuts or caps."""
    values, behind = network.values, network.secured_by
    stakes, services = [*values], [*network.terms]
    costs = [-float(network.terms[s].profit) for s in services] + [float(values[stake]) for stake in stakes]
    rows = np.zeros((len(services), len(costs)))
    for s, service in enumerate(services):
        rows[s, s] = float(network.terms[service].threshold * behind[service])
        for edge in network.commitments:
            if edge.service == service:
                rows[s, len(services) + stakes.index(edge.stake_id)] = -float(values[edge.stake_id])
    return -float(linprog(costs, A_ub=rows, b_ub=np.zeros(len(services)), bounds=(0, 1)).fun)


def p11_is_the_relaxation(condition: Callable[[Network], bool]) -> Property:
    def prop(network: Network) -> None:
        assert condition(network) == (relaxed_gain(network) < 1e-7)

    return prop


def test_p11_the_sufficient_condition_is_that_the_relaxation_gains_nothing() -> None:
    holds(p11_is_the_relaxation(lambda network: greatest_ratio(network) <= 1), graphs())
    breaks(p11_is_the_relaxation(lambda network: security(network).word == "SECURE"), graphs())


Spread = Callable[[Fraction, int], list[list[Fraction]]]


def evenly(stake: Fraction, count: int) -> list[list[Fraction]]:
    return [[stake / count] * count] * count


def p12_spreading_is_nothing(spread: Spread) -> Property:
    """Property P12: with stake promised once, concentration on one service each or an even spread yields the
    same gain.
    """

    def prop(stake: int, prize: int, threshold: Fraction, count: int) -> None:
        amount, prizes, thresholds = Fraction(stake), [Fraction(prize)] * count, [threshold] * count
        apart = [[amount if v == s else Fraction(0) for s in range(count)] for v in range(count)]
        gains = []
        for rows in (apart, spread(amount, count)):
            attack = best_attack(elastic([amount] * count, rows, prizes, thresholds)).attack
            assert attack is not None
            gains.append(attack.value)
        assert gains[0] == gains[1]

    return prop


def test_p12_elastic_stake_of_degree_1_may_be_spread() -> None:
    drawn = st.integers(1, 9), st.integers(1, 9), st.sampled_from(THRESHOLDS), st.integers(1, 3)
    holds(p12_spreading_is_nothing(evenly), *drawn, examples=20)
    breaks(p12_spreading_is_nothing(lambda stake, count: [[stake] * count] * count), *drawn)


# --- accounts, and reports ---

EIGENLAYER = known_walks()["eigenlayer"]


def p17_an_operator_covers_its_stakers(withdrawable: Withdrawable) -> Property:
    def prop(seed: int, steps: int) -> None:
        choices, state, opening = Seeded(seed), EIGENLAYER.genesis(), EIGENLAYER.opening()
        for position in range(len(opening) + steps):
            draft = Draft(state)
            action = opening[position] if position < len(opening) else EIGENLAYER.next_action(choices, draft)
            outcome = EIGENLAYER.protocol.transition(draft, action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
        assert uncovered(state, withdrawable) == {}

    return prop


def test_p17_after_any_calls_an_operator_has_what_its_stakers_could_withdraw() -> None:
    drawn = st.integers(0, 2**32), st.integers(0, 150)
    holds(p17_an_operator_covers_its_stakers(withdrawable_shares_of), *drawn, examples=20)
    breaks(p17_an_operator_covers_its_stakers(lambda *about: withdrawable_shares_of(*about) + 1), *drawn)


def is_worth(network: Network, attack: Attack) -> Fraction | None:
    """The gain of an attack on a graph by the definitions alone. None if the stake does not corrupt every service."""
    values = network.values
    lost = {use.stake_id for use in attack.uses}
    for service in attack.services:
        behind = {row.stake_id for row in network.commitments if row.service == service}
        held = sum((values[stake] for stake in behind & lost), Fraction(0))
        if held < network.terms[service].threshold * sum((values[stake] for stake in behind), Fraction(0)):
            return None
    profit = sum((network.terms[service].profit for service in {*attack.services}), Fraction(0))
    return profit - sum((values[stake] for stake in lost), Fraction(0))


def p19_is_what_it_says(report: Callable[[Network], Attack | None]) -> Property:
    def prop(network: Network) -> None:
        attack = report(network)
        assert attack is None or is_worth(network, attack) == attack.value

    return prop


def with_less(network: Network) -> Attack | None:
    """Broken: the best attack without one of the stakes that it needs."""
    attack = best_attack(network).attack
    assert attack is not None
    return attrs.evolve(attack, uses=tuple(use for use in attack.uses if use.stake_id != attack.uses[0].stake_id))


def test_p19_a_reported_attack_is_what_twenty_lines_say() -> None:
    reports: list[Callable[[Network], Any]] = [
        lambda network: best_attack(network).attack,
        lambda network: security(network).attack,
        lambda network: security(network, "weak", Fraction(2)).attack,
    ]
    for report in reports:
        holds(p19_is_what_it_says(report), graphs(), examples=20)
    breaks(p19_is_what_it_says(with_less), graphs())
