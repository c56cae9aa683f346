"""Networks with many operators whose profits are near the point where attacks begin to pay: the hardest to decide."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from risk.network import Network, Terms
from risk.sources import graph

SERVICES = 30
PROFITS = (Fraction(7, 100), Fraction(9, 100), Fraction(12, 100))
"""The profit of a service as a fraction of the cost to corrupt it alone: below the point where attacks on many services
begin to pay, at it, and beyond it.
"""


def near_critical(operators: int, profit: Fraction, seed: int = 1) -> Network:
    """A network with this many operators, each securing about a third of the services. A service's profit is the
    fraction `profit` of the cost to corrupt it alone, varied at random by up to a half.
    """
    chance = Random(seed)
    stakes = {f"operator{n}": Fraction(chance.randint(1, 1000)) for n in range(operators)}
    services = {}
    for n in range(SERVICES):
        behind = [name for name in stakes if chance.random() < 0.3]
        threshold = chance.choice([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3)])
        cost = threshold * sum((stakes[name] for name in behind), Fraction(0))
        services[f"service{n}"] = (
            Terms(Fraction(int(cost * profit * chance.randint(50, 150) / 100)), threshold),
            behind,
        )
    return graph(stakes, services)


def questions(operators: int) -> Iterator[Network]:
    """The network of `near_critical` at each of the three levels of profit in PROFITS."""
    for profit in PROFITS:
        yield near_critical(operators, profit)
