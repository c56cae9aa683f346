"""Errors in profits and thresholds: the verdict changes at the reported margin, and not before."""

import random
from fractions import Fraction

import attrs
import pytest

from risk.attack import security
from risk.network import Network
from risk.sensitivity import profit_limit, threshold_limit
from tests.risk import brute
from tests.risk.test_attack import COUNT, graph_of, random_graph

pytestmark = pytest.mark.source  # nothing here is compiled

GRAIN = Fraction(1, 10**6)


def word(network: Network, service: str, **changes: Fraction) -> str:
    return security(network.with_terms(**{service: attrs.evolve(network.terms[service], **changes)})).word


def test_limits_of_an_example() -> None:
    network = graph_of([5, 5], {"x": (9, "3/5", "ab")})
    most, least = profit_limit(network, "x"), threshold_limit(network, "x")
    assert most is not None
    assert least is not None
    assert (most.limit, most.is_exact) == (Fraction(10), True)
    assert (least.insecure, least.secure, least.is_exact) == (Fraction(1, 2), Fraction(3, 5), True)


def test_the_answer_changes_at_the_limits_and_not_before() -> None:
    flips = 0
    for seed in range(COUNT // 14):
        network = random_graph(random.Random(seed), size=4)
        most, least = profit_limit(network, "s0"), threshold_limit(network, "s0")
        if most is not None and most.is_exact and most.limit >= 0:
            assert word(network, "s0", profit=most.limit + GRAIN) == "INSECURE"
            assert brute.best_value(network.with_terms(s0=attrs.evolve(network.terms["s0"], profit=most.limit))) >= 0
        if least is not None and least.is_exact:
            flips += least.insecure is not None and least.secure is not None
            if least.insecure is not None:
                assert word(network, "s0", threshold=least.insecure) == "INSECURE"
            if least.secure is not None:
                assert word(network, "s0", threshold=least.secure) == "SECURE"
                if least.insecure is not None:
                    between = (least.secure + least.insecure) / 2
                    assert word(network, "s0", threshold=between) == "SECURE"
    assert flips
