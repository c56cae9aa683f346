"""Cascades: the theorems hold on random graphs, published examples are reproduced, and lies are noticed."""

import random
from fractions import Fraction
from typing import Any

import pytest

from risk.cascade import Cascades, TooLargeError, bound
from risk.cascade_search import attack_with, search, without
from risk.network import Network, Terms
from risk.sources import graph
from tests.risk.test_attack import COUNT, graph_of, random_graph

pytestmark = pytest.mark.source  # nothing here is compiled

PSIS = [Fraction(1, 20), Fraction(1, 5), Fraction(2, 5)]


def triangle() -> Network:
    """The graph of the paper's Theorem 6 with slack (gamma) 1/10 and profit 1 for each service: a coalition of two
    services can lose nearly all its stake.
    """
    gamma, profit = Fraction(1, 10), Fraction(1)
    stakes = [Fraction(3, 2), 2 * (1 + gamma) * profit, 2 * (1 + gamma) * profit]
    return graph_of(stakes, {"x": (1, 1, "ab"), "y": (1, 1, "bc"), "z": (1, 1, "ca")})


def test_examples_of_the_literature() -> None:
    tight = graph_of([1, "99/10", "891/10"], {"x": ("109/11", 1, "ab")})
    worst = Cascades(tight).worst(Fraction(1, 100))
    assert (worst.paper, worst.realised, worst.shock) == (Fraction(109, 1000), Fraction(109, 1000), ("a",))
    assert [(strike.services, strike.stakes) for strike in worst.strikes] == [(("x",), ("b",))]
    assert bound(Fraction(1, 10), Fraction(1, 1000)) == Fraction(11, 1000)
    assert bound(Fraction(0), Fraction(1, 1000)) is None
    chain = graph_of([1, 1, 1, 1], {"x": ("13/10", 1, "ab"), "y": ("13/10", 1, "bc"), "z": ("13/10", 1, "cd")})
    told = Cascades(chain).worst(Fraction(1, 4))
    assert told.realised == 1
    assert len(told.strikes) == Cascades(chain).longest(Fraction(1, 4)) == 3


def test_local_security_of_a_coalition() -> None:
    fig4 = graph_of([100, 1, 99], {"green": (1, 1, "a"), "blue": (101, 1, "bc")})
    assert Cascades(fig4).local(["green"], Fraction(0)) == 0
    assert Cascades(fig4).local(["green"], Fraction(0), only_stable=False) == 1
    corner = triangle()
    assert Cascades(corner).exclusive(["x", "z"]) == 1, "only a serves none but x and z"
    assert Cascades(corner).local(["x", "z"], Fraction(0)) == 1


def follows(network: Network, shock: tuple[str, ...], strikes: Any) -> bool:
    """True if each attack of a cascade is profitable on the stake left by the shock and the earlier attacks.

    `strikes` are the attacks, in order. Their value is computed by the checker, not by the search for cascades.
    """
    removed, used = set(shock), set[str]()
    for strike in strikes:
        if removed & set(strike.stakes) or used & set(strike.services):
            return False
        if attack_with(without(network, removed), set(strike.stakes), set(strike.services)) is None:
            return False
        removed |= set(strike.stakes)
        used |= set(strike.services)
    return True


def test_the_search_finds_the_worst_and_what_it_tells_follows() -> None:
    multiple = 0
    for seed in range(COUNT // 7):
        network = random_graph(random.Random(seed), size=4)
        found = Cascades(network)
        for psi in PSIS:
            worst = found.worst(psi)
            assert follows(network, worst.shock, worst.strikes)
            multiple += len(worst.strikes) > 1
            searched = search(network, psi, 10)
            assert searched.at_least == worst.realised
            assert follows(network, searched.shock, searched.strikes)
            if searched.at_most is not None:
                assert searched.at_least < searched.at_most
    assert multiple


def test_a_bound_without_slack_would_be_noticed() -> None:
    """For a slack greater than the true one, the tight example of Theorem 1 exceeds the bound."""
    tight = graph_of([1, "99/10", "891/10"], {"x": ("109/11", 1, "ab")})
    limit = bound(Fraction(2, 10), Fraction(1, 100))
    assert limit is not None
    assert Cascades(tight).worst(Fraction(1, 100)).paper >= limit


def test_a_story_in_the_wrong_order_is_noticed() -> None:
    chain = graph_of([1, 1, 1, 1], {"x": ("13/10", 1, "ab"), "y": ("13/10", 1, "bc"), "z": ("13/10", 1, "cd")})
    worst = Cascades(chain).worst(Fraction(1, 4))
    assert follows(chain, worst.shock, worst.strikes)
    assert not follows(chain, worst.shock, worst.strikes[::-1])
    assert not follows(chain, (), worst.strikes)


def test_what_is_too_large_is_said_and_not_guessed() -> None:
    many = graph({f"v{n}": Fraction(1) for n in range(20)}, {"x": (Terms(Fraction(1), Fraction(1)), ["v0"])})
    with pytest.raises(TooLargeError, match="20 stakes"):
        Cascades(many)
    assert search(many, Fraction(1, 4), 10).at_least == Fraction(1, 4)
